"""Staging and the ops models on raw rows that a test writes itself, through dbt, without ingestion."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.declarations import SourceObject, load_declarations
from tests.conftest import run_dbt

PROJECT = Path(__file__).resolve().parents[2]
DECLARATIONS = {declared.label: declared for declared in load_declarations(PROJECT)}
STAGING_AND_OPS = ["path:models/staging", "cast_failures", "conflicts", "orphans"]
AS_OF = "2024-06-30"


def build(folder: Path, *selected: str) -> None:
    """`dbt build` of the selection and the seeds it reads; fails the test with dbt's own words."""
    selection = [f"+{name}" for name in selected]
    done = run_dbt(
        folder / "build.duckdb", AS_OF, "build", "--exclude-resource-type", "unit_test", "test", "--select", *selection
    )
    assert done.returncode == 0, done.stdout[-6000:]


def create_raw(connection: duckdb.DuckDBPyConnection, declared: SourceObject) -> None:
    """An empty raw relation of the declared shape."""
    columns = ", ".join(f'"{name}" varchar' for name in declared.column_names)
    connection.execute(f"create schema if not exists raw_{declared.source}")
    connection.execute(
        f'create table raw_{declared.source}."{declared.name}" ({columns}, _extra varchar, _file_name varchar, '
        "_file_sha256 varchar, _line_number bigint, _row_hash varchar)"
    )


def land(
    connection: duckdb.DuckDBPyConnection, label: str, rows: list[Mapping[str, str]], file_name: str = "export.csv"
) -> None:
    """Rows as ingestion would have accepted them: text, null where absent, with their place and fingerprint."""
    declared = DECLARATIONS[label]
    unknown = {name for row in rows for name in row} - set(declared.column_names)
    assert not unknown, f"{label} does not declare {sorted(unknown)}"
    for line, row in enumerate(rows, start=2):
        content = [row.get(name) for name in declared.column_names]
        fingerprint = hashlib.md5(repr(content).encode(), usedforsecurity=False).hexdigest()
        values = [*content, None, file_name, "sha-of-" + file_name, line, fingerprint]
        connection.execute(
            f'insert into raw_{declared.source}."{declared.name}" values ({", ".join("?" * len(values))})', values
        )


@pytest.fixture(scope="module")
def empty_build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Staging and ops of a company that landed nothing at all."""
    folder = tmp_path_factory.mktemp("empty")
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        for declared in DECLARATIONS.values():
            create_raw(connection, declared)
    build(folder, *STAGING_AND_OPS)
    with duckdb.connect(str(folder / "build.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def dirty_build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ops models of extracts with values that do not cast, ties, and references to nothing."""
    folder = tmp_path_factory.mktemp("dirty")
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        for declared in DECLARATIONS.values():
            create_raw(connection, declared)
        land(
            connection,
            "generic.accounts",
            [
                {"account_id": "A", "created_at": "2024-01-01", "updated_at": "2024-01-01"},
                {"account_id": "B", "created_at": "the year dot", "parent_account_id": "A"},
                {"account_id": "C", "created_at": "   ", "is_deleted": "perhaps", "parent_account_id": "nobody"},
            ],
            "accounts.csv",
        )
        land(
            connection,
            "salesforce.account",
            [{"Id": "001", "SystemModstamp": "2024-01-01T00:00:00.000Z", "AnnualRevenue": "lots"}],
        )
        land(
            connection,
            "generic.subscriptions",
            [
                {"subscription_id": "S1", "account_id": "A", "start_date": "2024-02-30", "amount": "12,50"},
                {"subscription_id": "S2", "account_id": "salesforce:001", "start_date": "2024-02-29", "amount": "1"},
                {"subscription_id": "S3", "account_id": "gone", "start_date": "2024-02-29", "renewed_from_id": "S0"},
                {"subscription_id": "S4", "account_id": "A", "start_date": "2024-03-01", "renewed_from_id": "S1"},
            ],
        )
        land(
            connection,
            "generic.usage",
            [
                {"account_id": "A", "product": "P", "feature": "F", "usage_date": "2024-05-01", "active_users": "few"},
                {"account_id": "Z", "product": "P", "feature": "F", "usage_date": "2024-05-01", "active_users": "1"},
            ],
        )
        land(
            connection,
            "generic.orders",
            [
                # One cursor in two spellings and two contents: a conflict. The same content twice is none.
                {"order_id": "tie", "account_id": "A", "status": "x", "updated_at": "2024-01-01T00:00:00Z"},
                {"order_id": "tie", "account_id": "A", "status": "y", "updated_at": "2024-01-01T01:00:00+01:00"},
                {"order_id": "twice", "account_id": "A", "status": "x", "updated_at": "2024-01-01"},
                {"order_id": "twice", "account_id": "A", "status": "x", "updated_at": "2024-01-01"},
                {"order_id": "newer", "account_id": "A", "status": "x", "updated_at": "2024-01-01"},
                {"order_id": "newer", "account_id": "A", "status": "y", "updated_at": "2024-01-02"},
                {"order_id": "undated", "account_id": "A", "status": "x"},
                {"order_id": "undated", "account_id": "A", "status": "y"},
                {"order_id": "undated", "account_id": "A", "status": "z"},
            ],
        )
        land(connection, "zendesk.organizations", [{"id": "7", "updated_at": "2024-01-01T00:00:00Z"}])
        land(
            connection,
            "zendesk.tickets",
            [
                {"id": "1", "status": "open", "organization_id": "7", "via": "{broken", "generated_timestamp": "soon"},
                {"id": "2", "status": "open", "organization_id": "8", "via": '{"channel": "web"}'},
            ],
            "tickets.json",
        )
        land(connection, "zendesk.ticket_audits", [{"id": "10", "ticket_id": "1"}, {"id": "11", "ticket_id": "3"}])
        land(
            connection,
            "qualtrics.responses",
            [{"ResponseId": "R", "LocationLatitude": "46 north", "account_id": "zendesk:7", "case_id": "zendesk:9"}],
        )
    build(folder, "cast_failures", "conflicts", "orphans")
    with duckdb.connect(str(folder / "build.duckdb"), read_only=True) as connection:
        yield connection


def test_every_declared_object_has_a_staging_model() -> None:
    files = [path.read_text() for path in (PROJECT / "models/staging").glob("*/stg_*.sql")]
    read = {f"{source}.{name}" for text in files for source, name in re.findall(r"source\('(\w+)', '(\w+)'\)", text)}
    assert read == set(DECLARATIONS)


def test_nothing_landed_builds_every_staging_model_empty(empty_build: duckdb.DuckDBPyConnection) -> None:
    built = {
        name
        for (name,) in empty_build.execute(
            "select table_name from information_schema.tables where table_schema in ('staging', 'ops')"
        ).fetchall()
    }
    expected = {path.stem for path in (PROJECT / "models/staging").glob("*/stg_*.sql")}
    assert built >= expected | {"cast_failures", "conflicts", "orphans"}
    for schema, names in (("staging", expected), ("ops", {"cast_failures", "conflicts", "orphans"})):
        for name in sorted(names):
            assert empty_build.execute(f"select count(*) from {schema}.{name}").fetchone() == (0,), name


def test_every_staging_model_ends_with_version_and_origin(empty_build: duckdb.DuckDBPyConnection) -> None:
    tail = ["updated_at", "first_known_at", "_row_hash", "_file_name", "_line_number"]
    for path in (PROJECT / "models/staging").glob("*/stg_*.sql"):
        columns = [row[0] for row in empty_build.execute(f"describe staging.{path.stem}").fetchall()]
        assert columns[-5:] == tail, path.stem


@pytest.mark.parametrize("entity", sorted(name for name in DECLARATIONS if name.startswith("generic.")))
def test_generic_staging_keeps_the_declared_columns_and_types(
    entity: str, empty_build: duckdb.DuckDBPyConnection
) -> None:
    types = {"varchar": "VARCHAR", "timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN"}
    types |= {"decimal": "DECIMAL(18,6)", "integer": "BIGINT"}
    declared = DECLARATIONS[entity]
    built = empty_build.execute(f"describe staging.stg_generic__{declared.name}").fetchall()
    found = {column: data_type for column, data_type, *_ in built if not column.startswith("_")}
    assert found.pop("first_known_at") == "TIMESTAMP"
    assert found == {column.name: types[column.data_type] for column in declared.columns}


def test_cast_failures_list_each_value_that_is_present_and_not_what_was_declared(
    dirty_build: duckdb.DuckDBPyConnection,
) -> None:
    found = dirty_build.execute(
        "select source, object, column_name, row_key, value_text, file_name, line_number from ops.cast_failures"
    ).fetchall()
    assert sorted(found) == sorted(
        [
            ("generic", "accounts", "created_at", "B", "the year dot", "accounts.csv", 3),
            ("generic", "accounts", "is_deleted", "C", "perhaps", "accounts.csv", 4),
            ("generic", "subscriptions", "start_date", "S1", "2024-02-30", "export.csv", 2),
            ("generic", "subscriptions", "amount", "S1", "12,50", "export.csv", 2),
            ("generic", "usage", "active_users", "A|P|F|2024-05-01", "few", "export.csv", 2),
            ("salesforce", "account", "AnnualRevenue", "salesforce:001", "lots", "export.csv", 2),
            ("zendesk", "tickets", "via", "zendesk:1", "{broken", "tickets.json", 2),
            ("zendesk", "tickets", "generated_timestamp", "zendesk:1", "soon", "tickets.json", 2),
            ("qualtrics", "responses", "LocationLatitude", "qualtrics:R", "[withheld]", "export.csv", 2),
        ]
    )


def test_conflicts_list_ties_with_different_content_only(dirty_build: duckdb.DuckDBPyConnection) -> None:
    found = dirty_build.execute(
        "select source, object, row_key, cast(cursor_value as varchar), versions from ops.conflicts order by row_key"
    ).fetchall()
    assert found == [
        ("generic", "orders", "tie", "2024-01-01 00:00:00", 2),
        ("generic", "orders", "undated", None, 3),
    ]


def test_the_winner_of_a_conflict_is_the_version_that_staging_shows(dirty_build: duckdb.DuckDBPyConnection) -> None:
    apart = dirty_build.execute(
        "select conflicts.row_key from ops.conflicts as conflicts "
        "join staging.stg_generic__orders as orders on orders.order_id = conflicts.row_key "
        "where orders._row_hash <> conflicts.winner_row_hash"
    ).fetchall()
    assert apart == []


def test_orphans_list_references_to_what_never_landed_in_any_source(dirty_build: duckdb.DuckDBPyConnection) -> None:
    found = dirty_build.execute(
        "select source, object, row_key, column_name, referred_object, referred_id from ops.orphans"
    ).fetchall()
    assert sorted(found) == sorted(
        [
            ("generic", "accounts", "C", "parent_account_id", "accounts", "nobody"),
            ("generic", "subscriptions", "S3", "account_id", "accounts", "gone"),
            ("generic", "subscriptions", "S3", "renewed_from_id", "subscriptions", "S0"),
            ("generic", "usage", "Z|P|F|2024-05-01", "account_id", "accounts", "Z"),
            ("zendesk", "tickets", "zendesk:2", "organization_id", "accounts", "zendesk:8"),
            ("zendesk", "ticket_audits", "zendesk:11", "case_id", "cases", "zendesk:3"),
            ("qualtrics", "responses", "qualtrics:R", "case_id", "cases", "zendesk:9"),
        ]
    )


@pytest.mark.parametrize(
    ("as_of", "complaint"),
    [("", "No as-of date"), ("30.06.2024", "must be an ISO date")],
    ids=["missing", "not ISO"],
)
def test_a_run_without_a_usable_as_of_date_is_refused_with_a_clear_error(
    as_of: str, complaint: str, tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        create_raw(connection, DECLARATIONS["generic.agents"])
    done = run_dbt(tmp_path / "build.duckdb", as_of, "run", "--select", "stg_generic__agents")
    assert done.returncode != 0
    assert complaint in done.stdout

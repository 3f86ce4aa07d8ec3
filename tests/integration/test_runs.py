"""What a run promises its readers, shown on whole runs: nothing depends on how files landed, nothing half-done is seen."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import SAMPLE_AS_OF, Company, copy_project, export_marts, write_sample
from tests.integration.built import build

ACCOUNTS = ("--accounts", "100", "--seed", "11")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company's base export and its next three days, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("exports")
    write_sample(folder / "base", *ACCOUNTS)
    write_sample(folder / "days", *ACCOUNTS, "--days-after", "3")
    return folder


def land_base(company: Company, exports: Path) -> None:
    shutil.copytree(exports / "base", company.landing, dirs_exist_ok=True)


def day_files(exports: Path) -> dict[str, list[Path]]:
    """Export day → its files; a file's name carries its date."""
    days: dict[str, list[Path]] = {}
    for path in sorted((exports / "days").glob("*/*/*")):
        found = re.search(r"\d{4}-\d{2}-\d{2}", path.name)
        assert found, path.name
        days.setdefault(found.group(), []).append(path)
    return days


def land_day(company: Company, exports: Path, files: list[Path]) -> None:
    for path in files:
        target = company.landing / path.relative_to(exports / "days")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, exports: Path) -> Company:
    """A company whose base export was run once. Tests copy it and never run in it."""
    company = Company(tmp_path_factory.mktemp("published"))
    land_base(company, exports)
    company.run()
    return company


@pytest.fixture
def continued(published: Company, tmp_path: Path) -> Company:
    """A copy of `published`, to run on."""
    company = Company(tmp_path / "continued")
    shutil.copytree(published.root, company.root)
    return company


def differing(left: dict[str, str], right: dict[str, str]) -> list[str]:
    """Marts that are not the same byte for byte, with their first differing rows."""
    found = []
    for table in sorted(left.keys() | right.keys()):
        if left.get(table) != right.get(table):
            pairs = zip(left.get(table, "").split("\n"), right.get(table, "").split("\n"), strict=False)
            first = next(((one, two) for one, two in pairs if one != two), ("(shorter)", "(longer)"))
            found.append(f"{table}: {first[0]} != {first[1]}")
    return found


def test_splitting_renaming_reordering_and_repeating_files_changes_no_mart(
    published_sample: Company, company: Company
) -> None:
    for number, path in enumerate(sorted(published_sample.landing.glob("*/*/*"), reverse=True)):
        folder = f"{path.parent.parent.name}/{path.parent.name}"
        content = path.read_bytes()
        company.land(f"{folder}/z{number}{path.suffix}", content)
        company.land(f"{folder}/again_{number}{path.suffix}", content)
        if path.suffix == ".csv" and path.parent.parent.name == "generic":
            (company.landing / folder / f"z{number}.csv").unlink()
            (company.landing / folder / f"again_{number}.csv").unlink()
            header, *rows = content.splitlines(keepends=True)
            half = len(rows) // 2
            company.land(f"{folder}/b.csv", header + b"".join(reversed(rows[:half])))
            company.land(f"{folder}/a.csv", header + b"".join(rows[half:]))
        elif path.suffix == ".ndjson":
            lines = content.splitlines(keepends=True)
            company.land(f"{folder}/second_half.jsonl", b"".join(reversed(lines[len(lines) // 2 :])))
    database = build(company, SAMPLE_AS_OF.isoformat(), "path:models/marts")
    assert differing(export_marts(published_sample.warehouse / "marts.duckdb"), export_marts(database)) == []
    with duckdb.connect(str(database), read_only=True) as built:
        assert built.execute("select count(*) from ops.conflicts").fetchone() == (0,)


class Reader(threading.Thread):
    """Queries the published file over and over, as a dashboard would, and keeps what it saw."""

    def __init__(self, database: Path) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.stopped = threading.Event()
        self.seen: list[tuple[object, ...]] = []
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                with duckdb.connect(str(self.database), read_only=True) as connection:
                    version = connection.execute(
                        "select version from ops.published_versions where is_current"
                    ).fetchall()
                    sums = connection.execute(
                        "select (select sum(closing_mrr) from marts.fct_mrr_movements),"
                        " (select sum(churned_mrr) from marts.fct_mrr_movements),"
                        " (select sum(starting_mrr) from marts.retention_monthly),"
                        " (select count(*) from marts.fct_account_health)"
                    ).fetchone()
                self.seen.append((*version, sums))
            except duckdb.Error as error:
                self.failures.append(str(error))
            time.sleep(0.02)


@pytest.mark.long
def test_daily_deltas_equal_one_landing_and_a_reader_sees_only_whole_versions(
    continued: Company, company: Company, exports: Path
) -> None:
    days = day_files(exports)
    assert len(days) == 3
    reader = Reader(continued.warehouse / "evergreen.duckdb")
    reader.start()
    for day in sorted(days):
        land_day(continued, exports, days[day])
        continued.run(in_place=True)
    reader.stopped.set()
    reader.join(10)
    assert reader.failures == []
    assert len(reader.seen) > 50
    versions = {row[0] for row in reader.seen}
    assert versions == {(1,), (2,), (3,), (4,)}
    assert len(set(reader.seen)) == len(versions), "one version showed two states"

    land_base(company, exports)
    for files in days.values():
        land_day(company, exports, files)
    company.run()
    assert (
        differing(export_marts(continued.warehouse / "marts.duckdb"), export_marts(company.warehouse / "marts.duckdb"))
        == []
    )

    with continued.ops() as ops:
        history = ops.execute("select version, is_current from ops.published_versions order by 1").fetchall()
    assert history == [(1, False), (2, False), (3, False), (4, True)]
    rollback = continued.command("rollback")
    assert rollback.returncode == 0, rollback.stdout
    with continued.marts() as marts:
        assert marts.execute("select version from ops.published_versions where is_current").fetchall() == [(3,)]


def test_a_refused_run_changes_nothing_and_the_repaired_one_equals_one_that_never_saw_it(
    published_sample: Company, tmp_path: Path
) -> None:
    continued = Company(tmp_path / "continued")
    shutil.copytree(published_sample.root, continued.root)
    as_of = SAMPLE_AS_OF.isoformat()
    before = export_marts(continued.warehouse / "marts.duckdb")
    header = "account_id,account_name,segment,updated_at"
    bad = continued.land("generic/accounts/accounts.csv", f"{header},segment\n1,Bad,x,2026-06-30,y\n")
    also = continued.land("generic/cases/cases.csv", "case_id,created_at,status\nbad-1,2026-06-29T10:00:00Z,open\n")
    output = continued.run(as_of, expect_success=False)
    assert "accounts.csv has the column segment more than once" in output
    assert export_marts(continued.warehouse / "marts.duckdb") == before
    with continued.ops() as ops:
        assert ops.execute("select outcome from ops.runs order by started_at").fetchall() == [
            ("published",),
            ("refused",),
        ]
        refused = ops.execute("select file_name, detail from ops.extract_loads where status = 'refused'").fetchall()
    assert [name for name, _ in refused] == ["accounts.csv"]
    assert not list((continued.warehouse / "build").iterdir())

    bad.unlink()
    also.unlink()
    continued.run(as_of)
    assert differing(before, export_marts(continued.warehouse / "marts.duckdb")) == []
    with continued.marts() as marts:
        files = marts.execute(
            "select count(*) from ops.lake_files where source = 'generic' and object in ('accounts', 'cases')"
        )
        assert files.fetchone() == (0,)


# Each place is a rename or a step; the process ends itself there as the kernel's out-of-memory killer would.
KILL_PLACES = [
    "before rename raw/generic/usage",
    "after rename raw/zendesk/tickets",
    "after build database",
    "during dbt",
    "before rename gate results",
    "before rename versions",
    "after rename versions",
    "before rename marts.duckdb",
    "after rename marts.duckdb",
    "after rename ops.duckdb",
]


@pytest.mark.long
def test_kill_9_anywhere_leaves_one_whole_version_and_the_next_run_ends_as_if_nothing_had_happened(
    continued: Company, exports: Path, tmp_path: Path
) -> None:
    before = export_marts(continued.warehouse / "marts.duckdb")
    for files in day_files(exports).values():
        land_day(continued, exports, files)
    undisturbed = Company(tmp_path / "undisturbed")
    shutil.copytree(continued.root, undisturbed.root)
    undisturbed.run()
    after = export_marts(undisturbed.warehouse / "marts.duckdb")
    assert differing(before, after), "the three days change something, or this test shows nothing"
    for place in KILL_PLACES:
        process = continued.start({"EVERGREEN_TEST_KILL": place}, module="tests.integration.killed_run")
        output, _ = process.communicate()
        assert process.returncode == -9, f"{place}: {process.returncode}\n{output[-3000:]}"
        seen = export_marts(continued.warehouse / "marts.duckdb")
        published = place in ("after rename marts.duckdb", "after rename ops.duckdb")
        assert differing(seen, after if published or differing(seen, before) else before) == [], place
    continued.run()
    assert differing(export_marts(continued.warehouse / "marts.duckdb"), after) == []
    with continued.marts() as marts:
        assert marts.execute("select count(*) from ops.published_versions where is_current").fetchone() == (1,)
    leftovers = [path for path in continued.warehouse.rglob("*") if "partial" in path.name]
    assert leftovers == []
    with sqlite3.connect(continued.root / "dagster" / "runs.db") as dagster_runs:
        ended = dagster_runs.execute("select status, count(*) from runs group by status").fetchall()
    assert dict(ended) == {"SUCCESS": 2, "FAILURE": len(KILL_PLACES)}


def broken_project(target: Path, model: str, change: Callable[[str], str]) -> Path:
    """A copy of the project in which one model is broken on purpose."""
    copy_project(target)
    path = next((target / "models").rglob(f"{model}.sql"))
    path.write_text(change(path.read_text()))
    return target


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[str]]]:
    """A listening webhook: its address and what arrived."""
    import json
    from http.server import BaseHTTPRequestHandler, HTTPServer

    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(json.loads(body)["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/alert", received
    server.shutdown()
    server.server_close()


BREAKAGES = {
    "a negative MRR": (
        "fct_mrr_movements",
        "select * replace (-closing_mrr as closing_mrr) from ({})",
        "fct_mrr_movements",
    ),
    "a duplicate key": (
        "dim_accounts",
        "select * from ({0}) union all select * from ({0}) where is_active",
        "dim_accounts",
    ),
    "a deleted third of the rows": (
        "fct_renewals",
        "select * from ({}) where hash(subscription_id) % 3 <> 0",
        "fct_renewals",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_mart_broken_on_purpose_is_not_published_and_the_alert_arrives(
    breakage: str, continued: Company, tmp_path: Path, webhook: tuple[str, list[str]]
) -> None:
    model, sql, named = BREAKAGES[breakage]
    before = export_marts(continued.warehouse / "marts.duckdb")
    address, received = webhook
    project = broken_project(tmp_path / "project", model, lambda text: sql.format(text))
    broken = Company(continued.root, project, {"EVERGREEN_ALERT_WEBHOOK_URL": address})
    output = broken.run(expect_success=False)
    assert export_marts(continued.warehouse / "marts.duckdb") == before, "the old version did not stay"
    assert named in output
    assert len(received) == 1
    assert named in received[0]
    assert "What to do" in received[0]
    with continued.ops() as ops:
        failed = ops.execute(
            "select count(*) from ops.check_results where status <> 'passed' and severity = 'critical'"
        ).fetchone()
    assert failed is not None
    assert failed[0] > 0

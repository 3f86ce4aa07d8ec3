"""What happened in each run: the schema `ops`, kept in `<warehouse>/ops.duckdb` and copied into every published version.

Both files are replaced in one atomic rename, so that a reader never sees half of a run and never blocks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.lake import LAKE_FILES_COLUMNS
from orchestration.ingestion.loading import FileLoad, connect
from orchestration.ingestion.sql import identifier, literal
from orchestration.settings import Settings
from orchestration.validation.results import CheckResult

# Tables that grow by one run's rows at a time; the others describe one build and are replaced with it.
RUN_TABLES: dict[str, dict[str, str]] = {
    "runs": {
        "run_id": "varchar",
        "started_at": "varchar",
        "finished_at": "varchar",
        "as_of_date": "date",
        "outcome": "varchar",
        "detail": "varchar",
    },
    "extract_loads": {
        "run_id": "varchar",
        "source": "varchar",
        "object": "varchar",
        "file_name": "varchar",
        "file_sha256": "varchar",
        "rows_read": "bigint",
        "rows_loaded": "bigint",
        "rows_quarantined": "bigint",
        "loaded_at": "varchar",
        "status": "varchar",
        "detail": "varchar",
        "undeclared_columns": "varchar",
        "missing_columns": "varchar",
    },
    "quarantined_rows": {
        "run_id": "varchar",
        "source": "varchar",
        "object": "varchar",
        "file_name": "varchar",
        "line_number": "bigint",
        "reason": "varchar",
        "row_text": "varchar",
    },
    "check_results": {
        "run_id": "varchar",
        "check_name": "varchar",
        "target": "varchar",
        "severity": "varchar",
        "status": "varchar",
        "observed": "varchar",
        "detail": "varchar",
    },
    "published_versions": {
        "version": "bigint",
        "run_id": "varchar",
        "as_of_date": "date",
        "published_at": "varchar",
        "file_name": "varchar",
        "is_current": "boolean",
    },
    # The health models that were ever published, a row set per version, by the first run that published it: comparing two
    # versions of a score takes the weights of both. Small, and never forgotten.
    "health_models": {
        "run_id": "varchar",
        "as_of_date": "date",
        "model_version": "varchar",
        "component": "varchar",
        "segment": "varchar",
        "weight": "double",
        "low": "double",
        "high": "double",
        "direction": "varchar",
        "coverage_floor": "double",
    },
    "health_model_bands": {
        "run_id": "varchar",
        "as_of_date": "date",
        "model_version": "varchar",
        "segment": "varchar",
        "risk_band": "varchar",
        "from_score": "double",
        "to_score": "double",
    },
}
# What a row set of the history is known by, where that is not the run.
SET_KEYS = {
    "published_versions": "version",
    "health_models": "model_version",
    "health_model_bands": "model_version",
}
# DuckDB names a database after its file: in ops.duckdb a schema of the same name would make `ops.runs` ambiguous, so the
# tables stand in the main schema there and are `ops.runs` all the same.
OPS_DATABASE_SCHEMA = "main"
BUILD_TABLES = ("cast_failures", "conflicts", "orphans")
# The name under which a run's build is attached here.
BUILD = "finished_build"
WITHHELD = "(withheld: this object holds personal data; see the lake's quarantine folder)"


@dataclass
class RunRecord:
    """One run, as it is written to the history. `outcome`: published, refused (by the gate) or failed (broke off)."""

    run_id: str
    started_at: datetime
    outcome: str
    detail: str = ""
    as_of_date: str | None = None
    loads: list[FileLoad] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    files: list[FileLoad] = field(default_factory=list)
    version: int | None = None
    version_file: str = ""


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _insert(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    columns: dict[str, str],
    rows: Iterable[Sequence[object]],
) -> None:
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    if frame.empty:
        return
    connection.register("new_rows", frame)
    values = ", ".join(f"cast({identifier(name)} as {kind})" for name, kind in columns.items())
    connection.execute(f"insert into {schema}.{table} select {values} from new_rows")
    connection.unregister("new_rows")


def _create_tables(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    connection.execute(f"create schema if not exists {schema}")
    for table, columns in {**RUN_TABLES, "lake_files": LAKE_FILES_COLUMNS}.items():
        shape = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns.items())
        connection.execute(f"create table {schema}.{table} ({shape})")


def kept_histories(settings: Settings) -> list[tuple[Path, str]]:
    """The files that know of earlier runs, and the schema of the history in each; ops.duckdb first."""
    files = [(settings.ops_database, OPS_DATABASE_SCHEMA), (settings.published_database, "ops")]
    return [(path, schema) for path, schema in files if path.exists()]


def _carry_over(connection: duckdb.DuckDBPyConnection, schema: str, settings: Settings, run_id: str) -> None:
    """Take the history of runs before `run_id`: of the first file that knows a run, so a run that was killed before it
    could write ops.duckdb is still known from the version it published."""
    for number, (path, earlier_schema) in enumerate(kept_histories(settings)):
        connection.execute(f"attach {literal(path)} as earlier_{number} (read_only)")
        found = _tables(connection, f"earlier_{number}", earlier_schema)
        for table, columns in RUN_TABLES.items():
            if table not in found:
                continue  # the file is of a release that did not keep it
            key = SET_KEYS.get(table, "run_id")
            names = ", ".join(identifier(name) for name in columns)
            connection.execute(
                f"insert into {schema}.{table} select {names} from earlier_{number}.{earlier_schema}.{table}"
                f" where run_id <> {literal(run_id)} and {key} not in (select {key} from {schema}.{table})"
            )
        connection.execute(f"detach earlier_{number}")


def _note_what_readers_see(connection: duckdb.DuckDBPyConnection, schema: str, settings: Settings) -> None:
    """The published file says itself which version it is, whatever a run that was killed could still write."""
    if not settings.published_database.exists():
        return
    connection.execute(f"attach {literal(settings.published_database)} as shown (read_only)")
    connection.execute(
        f"update {schema}.published_versions"
        " set is_current = version in (select version from shown.ops.published_versions where is_current)"
    )
    connection.execute("detach shown")


def _forget_old_runs(connection: duckdb.DuckDBPyConnection, schema: str, runs_kept: int) -> None:
    connection.execute(
        f"""create temp table forgotten as
        select run_id from {schema}.runs order by started_at desc, run_id offset {runs_kept}"""
    )
    for table in ("runs", "extract_loads", "quarantined_rows", "check_results"):
        connection.execute(f"delete from {schema}.{table} where run_id in (select run_id from forgotten)")
    connection.execute("drop table forgotten")


def _add_run(
    connection: duckdb.DuckDBPyConnection, schema: str, settings: Settings, record: RunRecord, finished_at: datetime
) -> None:
    _insert(
        connection,
        schema,
        "runs",
        RUN_TABLES["runs"],
        [
            (
                record.run_id,
                timestamp(record.started_at),
                timestamp(finished_at),
                record.as_of_date,
                record.outcome,
                record.detail,
            )
        ],
    )
    _insert(
        connection,
        schema,
        "extract_loads",
        RUN_TABLES["extract_loads"],
        [
            (
                record.run_id,
                load.source,
                load.object,
                load.file_name,
                load.file_sha256,
                load.rows_read,
                load.rows_loaded,
                load.rows_quarantined,
                load.loaded_at,
                load.status,
                load.detail,
                ", ".join(load.undeclared_columns),
                ", ".join(load.missing_columns),
            )
            for load in record.loads
        ],
    )
    for load in record.loads:
        if load.rows_quarantined:
            path = settings.quarantine_dir / load.source / load.object / f"{load.file_sha256}.parquet"
            connection.execute(
                f"""insert into {schema}.quarantined_rows
                select {literal(record.run_id)}, source, object, file_name, line_number, reason, row_text
                from read_parquet({literal(path)})"""
            )
    _insert(
        connection,
        schema,
        "check_results",
        RUN_TABLES["check_results"],
        [
            (
                record.run_id,
                _unique_name(check),
                check.target,
                check.severity,
                check.status,
                check.observed,
                check.detail,
            )
            for check in record.checks
        ],
    )
    if record.version is not None:
        connection.execute(f"update {schema}.published_versions set is_current = false")
        _insert(
            connection,
            schema,
            "published_versions",
            RUN_TABLES["published_versions"],
            [(record.version, record.run_id, record.as_of_date, timestamp(finished_at), record.version_file, True)],
        )
    _insert(
        connection,
        schema,
        "lake_files",
        LAKE_FILES_COLUMNS,
        [tuple(getattr(load, name) for name in LAKE_FILES_COLUMNS) for load in record.files],
    )


def _add_health_model(connection: duckdb.DuckDBPyConnection, schema: str, record: RunRecord) -> None:
    """The weights, bounds and bands behind the published health scores, unless an earlier run published the same."""
    if record.version is None or "fct_account_health" not in _tables(connection, BUILD, "marts"):
        return
    about = f"{literal(record.run_id)}, cast({literal(record.as_of_date or '')} as date), versions.model_version"
    of_new_version = f"""(
        select max(model_version) as model_version from {BUILD}.marts.fct_account_health
    ) as versions
    where versions.model_version is not null
        and versions.model_version not in (select model_version from {schema}.{{table}})"""
    connection.execute(
        f"""insert into {schema}.health_models
        select {about}, seed.component, seed.segment, seed.weight, seed.low, seed.high, seed.direction, (
            select value from {BUILD}.seeds.metric_thresholds where name = 'health_coverage_floor'
        )
        from {BUILD}.seeds.health_score_weights as seed, {of_new_version.format(table="health_models")}"""
    )
    connection.execute(
        f"""insert into {schema}.health_model_bands
        select {about}, seed.segment, seed.risk_band, seed.from_score, seed.to_score
        from {BUILD}.seeds.health_bands as seed, {of_new_version.format(table="health_model_bands")}"""
    )


def _tables(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> set[str]:
    return {
        row[0]
        for row in connection.execute(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = ?", [database, schema]
        ).fetchall()
    }


def _copy_build_tables(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """The row-grain findings of the build (dbt models of schema ops), where it got that far."""
    found = _tables(connection, BUILD, "ops")
    for table in BUILD_TABLES:
        if table in found:
            connection.execute(f"create table {schema}.{table} as select * from {BUILD}.ops.{table}")


def _add_findings(connection: duckdb.DuckDBPyConnection, schema: str, record: RunRecord, build: Path) -> None:
    try:
        connection.execute(f"attach {literal(build)} as {BUILD} (read_only)")
    except duckdb.IOException:
        # Another process has the file open, which is why this run failed: that it did is still worth writing down.
        if record.outcome == "published":
            raise
        return
    _add_health_model(connection, schema, record)
    _copy_build_tables(connection, schema)
    connection.execute(f"detach {BUILD}")


def _unique_name(check: CheckResult) -> str:
    """Ingestion's checks have one name for all objects; in the history a name stands once per run."""
    return f"{check.target}.{check.check_name}" if check.check_name.startswith("extract_") else check.check_name


def write_history(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    settings: Settings,
    record: RunRecord,
    build: Path | None,
    withhold: Sequence[SourceObject] = (),
) -> None:
    """Create the tables of the history in `schema`: the kept runs, this run, and the build's findings.

    `withhold`: the objects whose refused rows must not be shown (the published copy shows no personal data).
    """
    _create_tables(connection, schema)
    _carry_over(connection, schema, settings, record.run_id)
    _note_what_readers_see(connection, schema, settings)
    _add_run(connection, schema, settings, record, datetime.now(UTC))
    _forget_old_runs(connection, schema, settings.runs_kept)
    if build is not None and build.exists():
        _add_findings(connection, schema, record, build)
    for declared in withhold:
        connection.execute(
            f"update {schema}.quarantined_rows set row_text = ? where source = ? and object = ?",
            [WITHHELD, declared.source, declared.name],
        )


def write_ops_database(settings: Settings, record: RunRecord, build: Path | None) -> None:
    """Replace `<warehouse>/ops.duckdb` with the history including this run."""
    partial = settings.warehouse_dir / ".history.partial"
    partial.unlink(missing_ok=True)
    with connect(settings, str(partial)) as connection:
        write_history(connection, OPS_DATABASE_SCHEMA, settings, record, build)
    partial.replace(settings.ops_database)


def mark_current(settings: Settings, version: int) -> None:
    """Note in ops.duckdb that `version` is what readers see (after a rollback)."""
    if not settings.ops_database.exists():
        return
    partial = settings.warehouse_dir / ".history.partial"
    partial.write_bytes(settings.ops_database.read_bytes())
    with connect(settings, str(partial)) as connection:
        connection.execute(f"update {OPS_DATABASE_SCHEMA}.published_versions set is_current = (version = ?)", [version])
    partial.replace(settings.ops_database)

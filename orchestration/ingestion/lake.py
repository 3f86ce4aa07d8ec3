"""The lake as one run sees it: the files behind the published version, and those this run accepted. Nothing else counts.

A file that only a refused run has read is in neither set, so it leaves no trace in the next one.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.loading import TECHNICAL_COLUMNS, FileLoad, connect
from orchestration.ingestion.sql import identifier, literal
from orchestration.settings import Settings

LAKE_FILES_COLUMNS = {
    "source": "varchar",
    "object": "varchar",
    "file_sha256": "varchar",
    "file_name": "varchar",
    "loaded_at": "varchar",
    "rows_read": "bigint",
    "rows_loaded": "bigint",
    "rows_quarantined": "bigint",
    "fingerprint": "varchar",
    "newest_event_date": "varchar",
}


class LakeError(RuntimeError):
    """The lake cannot serve a run; the message says what is missing and what to do."""


def raw_file(settings: Settings, load: FileLoad) -> Path:
    return settings.raw_dir / load.source / load.object / f"{load.file_sha256}.parquet"


def accepted_files(settings: Settings) -> list[FileLoad]:
    """The files behind the published version (its table ops.lake_files); none before the first publication."""
    if not settings.published_database.exists():
        return []
    columns = ", ".join(LAKE_FILES_COLUMNS)
    with duckdb.connect(str(settings.published_database), read_only=True) as connection:
        rows = connection.execute(f"select {columns} from ops.lake_files order by all").fetchall()
    return [FileLoad(status="loaded", **dict(zip(LAKE_FILES_COLUMNS, row, strict=True))) for row in rows]


def accepted_of(settings: Settings, declared: SourceObject) -> dict[str, FileLoad]:
    """Content hash → load, for one object; a file whose Parquet is gone counts as not accepted, so that it is read again."""
    return {
        load.file_sha256: load
        for load in accepted_files(settings)
        if (load.source, load.object) == (declared.source, declared.name) and raw_file(settings, load).exists()
    }


def lake_files(settings: Settings, loads: list[FileLoad]) -> list[FileLoad]:
    """The files a build stands on: those behind the published version and those this run loaded."""
    files = {(load.source, load.object, load.file_sha256): load for load in accepted_files(settings)}
    for load in loads:
        if load.status == "loaded":
            files[load.source, load.object, load.file_sha256] = load
    for load in files.values():
        if not raw_file(settings, load).exists():
            raise LakeError(
                f"{raw_file(settings, load)} is gone, but the published version stands on it ({load.file_name} of "
                f"{load.source}.{load.object}). Land that file again, or restore the lake from a backup"
            )
    return [files[key] for key in sorted(files)]


def newest_event_date(files: list[FileLoad]) -> date | None:
    """The default as-of date: the newest event in the extracts, never the clock."""
    dates = [date.fromisoformat(load.newest_event_date) for load in files if load.newest_event_date]
    return max(dates, default=None)


def _view(settings: Settings, declared: SourceObject, files: list[FileLoad]) -> str:
    names = [identifier(name) for name in declared.column_names]
    if not files:
        values = ", ".join(f"cast(null as varchar) as {name}" for name in (*names, *TECHNICAL_COLUMNS[:3]))
        return f"select {values}, cast(null as bigint) as _line_number, cast(null as varchar) as _row_hash where false"
    paths = "[" + ", ".join(literal(raw_file(settings, load)) for load in files) + "]"
    older = any(load.fingerprint != declared.fingerprint for load in files)
    if older:
        # A column that was declared after a file landed lies in that file's _extra.
        names = [
            f"coalesce(raw.{name}, json_extract_string(raw._extra, {literal(f'$.{name}')})) as {name}" for name in names
        ]
        shape = ", ".join(f"cast(null as varchar) as {identifier(name)}" for name in declared.column_names)
        relation = (
            f"(select {shape} where false union all by name"
            f" select * from read_parquet({paths}, union_by_name = true, file_row_number = true)) as raw"
        )
    else:
        relation = f"read_parquet({paths}, file_row_number = true) as raw"
    # Files with one line per row carry no line numbers: they follow from the position.
    return (
        f"select {', '.join(names)}, _extra, _file_name, _file_sha256,"
        f" coalesce(_line_number, _first_line + file_row_number) as _line_number, _row_hash from {relation}"
    )


def create_build_database(
    settings: Settings, path: Path, declarations: list[SourceObject], files: list[FileLoad]
) -> None:
    """Write a new build database whose views `raw_<source>.<object>` show exactly `files`. Absent is empty."""
    by_object: dict[tuple[str, str], list[FileLoad]] = defaultdict(list)
    for load in files:
        by_object[load.source, load.object].append(load)
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in (path, path.with_name(path.name + ".wal")):
        stale.unlink(missing_ok=True)
    with connect(settings, str(path)) as connection:
        for source in sorted({declared.source for declared in declarations}):
            connection.execute(f"create schema {identifier(f'raw_{source}')}")
        for declared in declarations:
            view = f"{identifier(f'raw_{declared.source}')}.{identifier(declared.name)}"
            connection.execute(
                f"create view {view} as {_view(settings, declared, by_object[declared.source, declared.name])}"
            )


def remove_unused_raw_files(settings: Settings, kept: list[FileLoad]) -> int:
    """Delete Parquet files that no kept version stands on (left by refused or killed runs). Returns how many."""
    used = {raw_file(settings, load) for load in kept}
    stale = [path for path in settings.raw_dir.glob("*/*/*.parquet") if path not in used]
    stale += settings.raw_dir.glob("*/*/.*.partial")
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)

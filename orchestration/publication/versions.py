"""Published versions: each a whole DuckDB file; the one that readers open is replaced in one atomic rename."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.lake import LAKE_FILES_COLUMNS, remove_unused_raw_files
from orchestration.ingestion.loading import FileLoad, connect
from orchestration.ingestion.sql import identifier, literal
from orchestration.publication.history import RunRecord, kept_histories, mark_current, write_history
from orchestration.settings import Settings

VERSION_FILE = re.compile(r"marts-(\d{6})\.duckdb")


class NothingToRollBackTo(RuntimeError):
    """There is no older version; the message says what is kept."""


@dataclass(frozen=True)
class Version:
    number: int
    path: Path


def kept_versions(settings: Settings) -> list[Version]:
    """Version files on disk, oldest first."""
    found = []
    for path in settings.versions_dir.glob("marts-*.duckdb"):
        match = VERSION_FILE.fullmatch(path.name)
        if match:
            found.append(Version(int(match.group(1)), path))
    return sorted(found, key=lambda version: version.number)


def current_version(settings: Settings) -> int | None:
    """The version readers see, asked of the published file itself; None before the first publication."""
    if not settings.published_database.exists():
        return None
    with duckdb.connect(str(settings.published_database), read_only=True) as connection:
        row = connection.execute("select version from ops.published_versions where is_current").fetchone()
    return int(row[0]) if row else None


def published_as_of(settings: Settings) -> date | None:
    """The as-of date of the version readers see; None before the first publication."""
    if not settings.published_database.exists():
        return None
    with duckdb.connect(str(settings.published_database), read_only=True) as connection:
        row = connection.execute("select as_of_date from ops.published_versions where is_current").fetchone()
    return row[0] if row else None


def _show(settings: Settings, version_file: Path) -> None:
    """Make `version_file` what readers open. A hard link costs no copy; where there are none, a copy is renamed."""
    partial = settings.warehouse_dir / ".shown.partial"
    for name in (settings.published_database, settings.published_alias):
        partial.unlink(missing_ok=True)
        try:
            os.link(version_file, partial)
        except OSError:
            shutil.copyfile(version_file, partial)
        partial.replace(name)


def _remove_strays(settings: Settings) -> None:
    """Delete version files that a killed run wrote and never showed: the history does not know them."""
    known: set[int] = set()
    for path, schema in kept_histories(settings):
        with duckdb.connect(str(path), read_only=True) as connection:
            known |= {
                int(row[0]) for row in connection.execute(f"select version from {schema}.published_versions").fetchall()
            }
    for stale in settings.versions_dir.glob(".*.partial*"):
        stale.unlink()
    for version in kept_versions(settings):
        if version.number not in known:
            version.path.unlink()


def publish(settings: Settings, record: RunRecord, build: Path, declarations: list[SourceObject]) -> Version:
    """Copy schemas marts and ops of a validated build into a new version and show it. `record` gets the version."""
    settings.versions_dir.mkdir(parents=True, exist_ok=True)
    _remove_strays(settings)
    numbers = [version.number for version in kept_versions(settings)] + [current_version(settings) or 0]
    number = max(numbers) + 1
    target = settings.versions_dir / f"marts-{number:06d}.duckdb"
    partial = settings.versions_dir / f".{target.name}.partial"
    record.version, record.version_file = number, f"versions/{target.name}"
    with connect(settings, str(partial)) as connection:
        connection.execute(f"attach {literal(build)} as build (read_only)")
        connection.execute("create schema marts")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'build' and schema_name = 'marts' order by 1"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"create table marts.{identifier(table)} as from build.marts.{identifier(table)}")
        connection.execute("detach build")
        write_history(
            connection, "ops", settings, record, build, withhold=[each for each in declarations if each.has_pii]
        )
        connection.execute("checkpoint")
    with partial.open("rb") as handle:
        os.fsync(handle.fileno())
    partial.replace(target)
    _show(settings, target)
    return Version(number, target)


def forget_old_versions(settings: Settings) -> None:
    """Keep the newest versions (EVERGREEN_VERSIONS_KEPT) and the current one, and the lake files they stand on."""
    versions = kept_versions(settings)
    current = current_version(settings)
    kept = [version for version in versions[-settings.versions_kept :] if version.number != current]
    kept += [version for version in versions if version.number == current]
    for version in versions:
        if version not in kept:
            version.path.unlink()
    columns = ", ".join(LAKE_FILES_COLUMNS)
    needed: list[FileLoad] = []
    for version in kept:
        with duckdb.connect(str(version.path), read_only=True) as connection:
            rows = connection.execute(f"select {columns} from ops.lake_files").fetchall()
        needed += [FileLoad(status="loaded", **dict(zip(LAKE_FILES_COLUMNS, row, strict=True))) for row in rows]
    remove_unused_raw_files(settings, needed)


def roll_back(settings: Settings) -> Version:
    """Show the version before the current one. Raises NothingToRollBackTo."""
    current = current_version(settings)
    older = [version for version in kept_versions(settings) if current is not None and version.number < current]
    if not older:
        kept = ", ".join(str(version.number) for version in kept_versions(settings)) or "none"
        raise NothingToRollBackTo(f"no version older than {current} is kept in {settings.versions_dir} (kept: {kept})")
    _show(settings, older[-1].path)
    mark_current(settings, older[-1].number)
    return older[-1]

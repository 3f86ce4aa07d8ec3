"""Where Evergreen reads and writes, and the few things an operator may set. Values come from the environment only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent


class SettingError(ValueError):
    """An environment variable or run-config value that cannot be used; the message names it and says what is expected."""


def parse_as_of_date(value: str | None, setting: str) -> date | None:
    """An ISO date, or None when empty. Raises SettingError naming `setting` otherwise."""
    if not value or not value.strip():
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise SettingError(f"{setting} is {value!r}; expected an ISO date such as 2026-06-30, or nothing") from None


def _positive_integer(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise SettingError(f"{name} is {text!r}; expected a whole number of at least 1")
    return int(text)


@dataclass(frozen=True)
class Settings:
    """All paths are absolute. `as_of_date` None means: the newest event date found in the extracts."""

    project_dir: Path
    landing_dir: Path
    warehouse_dir: Path
    as_of_date: date | None = None
    versions_kept: int = 7
    runs_kept: int = 30
    memory_limit: str = "2GB"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read EVERGREEN_* variables. Relative folders are relative to the project. Raises SettingError."""
        env = os.environ if environment is None else environment
        project = Path(env.get("EVERGREEN_PROJECT_DIR") or PROJECT_DIR).resolve()

        def folder(name: str, default: str) -> Path:
            return (project / (env.get(name) or default)).resolve()

        return cls(
            project_dir=project,
            landing_dir=folder("EVERGREEN_LANDING_DIR", "landing"),
            warehouse_dir=folder("EVERGREEN_WAREHOUSE_DIR", "warehouse"),
            as_of_date=parse_as_of_date(env.get("EVERGREEN_AS_OF_DATE"), "EVERGREEN_AS_OF_DATE"),
            versions_kept=_positive_integer(env, "EVERGREEN_VERSIONS_KEPT", 7),
            runs_kept=_positive_integer(env, "EVERGREEN_RUNS_KEPT", 30),
            memory_limit=env.get("EVERGREEN_MEMORY_LIMIT") or "2GB",
        )

    def with_as_of(self, as_of_date: date | None) -> Settings:
        return replace(self, as_of_date=as_of_date) if as_of_date else self

    @property
    def raw_dir(self) -> Path:
        return self.warehouse_dir / "lake" / "raw"

    @property
    def quarantine_dir(self) -> Path:
        return self.warehouse_dir / "lake" / "quarantine"

    @property
    def build_dir(self) -> Path:
        """Private to the one run that holds the lock, and emptied when it starts and ends."""
        return self.warehouse_dir / "build"

    @property
    def versions_dir(self) -> Path:
        return self.warehouse_dir / "versions"

    @property
    def temp_dir(self) -> Path:
        return self.warehouse_dir / "tmp"

    @property
    def docs_dir(self) -> Path:
        return self.warehouse_dir / "data_docs"

    @property
    def published_database(self) -> Path:
        return self.warehouse_dir / "marts.duckdb"

    @property
    def published_alias(self) -> Path:
        """The same file under another name. DuckDB names a database after its file, and in one called `marts` the schema
        `marts` must be written `marts.marts`; opened under this name, `marts.fct_renewals` is enough, as BI tools write it.
        """
        return self.warehouse_dir / "evergreen.duckdb"

    @property
    def ops_database(self) -> Path:
        return self.warehouse_dir / "ops.duckdb"

    @property
    def lock_file(self) -> Path:
        return self.warehouse_dir / "run.lock"

    @property
    def build_database(self) -> Path:
        return self.build_dir / "build.duckdb"

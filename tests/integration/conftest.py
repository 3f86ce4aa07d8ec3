"""Fixtures of tests that build a part of the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company
from tests.integration.built import build


@pytest.fixture
def build_health(tmp_path: Path) -> Iterator[Callable[[Path, str], duckdb.DuckDBPyConnection]]:
    """`build_health(landing_dir, as_of)` builds the health marts of a landing folder, each time in a warehouse of its own."""
    connections: list[duckdb.DuckDBPyConnection] = []

    def run(landing_dir: Path, as_of: str) -> duckdb.DuckDBPyConnection:
        place = Company(tmp_path / f"run_{len(connections)}", environment={"EVERGREEN_LANDING_DIR": str(landing_dir)})
        database = build(place, as_of, "fct_account_health", "fct_account_health_components")
        connections.append(duckdb.connect(str(database), read_only=True))
        return connections[-1]

    yield run
    for connection in connections:
        connection.close()

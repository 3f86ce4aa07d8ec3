"""Fixtures of tests that build a part of the warehouse."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from tests.conftest import SAMPLE_AS_OF, Company
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


@pytest.fixture(scope="session")
def built_sample(published_sample: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build database behind `published_sample`, with its intermediate tables: made once for all test files. Read it, or
    take a copy."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = Company(shared / "built_sample", environment={"EVERGREEN_LANDING_DIR": str(published_sample.landing)})
    done = shared / "built_sample.duckdb"
    with FileLock(shared / "built_sample.lock"):
        if not done.exists():
            marts = ("customer_actions", "dim_agents", "health_backtest", "health_backtest_bands")
            build(place, SAMPLE_AS_OF.isoformat(), *marts, "fct_account_health_components").rename(done)
    return done

"""Shared fixtures: whole runs of the daily job in processes of their own, on landing folders that a test makes."""

from __future__ import annotations

import atexit
import csv
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from orchestration.settings import Settings
from orchestration.transformation.dbt import dbt_executable, environment

PROJECT = Path(__file__).resolve().parent.parent


def without_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that are no settings of Evergreen's."""
    return {name: text for name, text in variables.items() if not name.startswith("EVERGREEN_")}


@dataclass(frozen=True)
class Workbench:
    """Where this process runs and builds, one after the other, before what came of it is moved to its own place: dbt parses
    the whole project anew, for twenty seconds, for every new path of its database."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    def target(self, project: Path) -> Path:
        return self.folder / "target" if project == PROJECT else project / "target"

    def environment(self, as_of: str, project: Path) -> dict[str, str]:
        places = {"EVERGREEN_PROJECT_DIR": str(project), "EVERGREEN_WAREHOUSE_DIR": str(self.warehouse)}
        return {
            **without_settings(os.environ),
            **environment(Settings.from_environment(places)),
            "DBT_TARGET_PATH": str(self.target(project)),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "PYTHONPATH": str(project),
            "EVERGREEN_PROJECT_DIR": str(project),
            "EVERGREEN_AS_OF_DATE": as_of,
        }

    def dbt(self, as_of: str, *arguments: str, project: Path = PROJECT) -> subprocess.CompletedProcess[str]:
        """One dbt command on the build database that lies here: in a process of its own where `project` is a copy, which dbt
        must parse, otherwise by the server that has parsed it."""
        environment = self.environment(as_of, project)
        command = ["--no-use-colors", *arguments]
        if project != PROJECT:
            return subprocess.run(
                [dbt_executable(), *command], cwd=project, env=environment, capture_output=True, text=True, check=False
            )
        output = self.folder / "output.txt"
        request = {"arguments": command, "environment": environment, "output": str(output)}
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        print(json.dumps(request), file=self.server.stdin, flush=True)
        answer = self.server.stdout.readline()
        assert answer, "the dbt server ended; what it said last is above"
        return subprocess.CompletedProcess(command, int(answer), output.read_text(encoding="utf-8"), "")

    @functools.cached_property
    def server(self) -> subprocess.Popen[str]:
        # Python clears up what forks leave of semaphores, and would say so at the end.
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore:resource_tracker", "-m", "tests.dbt_server"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(server.communicate)
        return server

    def parsed(self) -> Path:
        """What dbt remembers of the project, as parsed for a database that lies here."""
        memory = self.target(PROJECT) / "partial_parse.msgpack"
        if not memory.exists():
            finished = self.dbt("", "--quiet", "parse")
            assert finished.returncode == 0, finished.stdout[-4000:]
        return memory

    def compiled_tests(self, *names: str) -> dict[str, str]:
        """The SQL of dbt's singular tests, by name, as the daily run asks it: a test of other rows is then a query."""
        done = self.dbt("2024-06-30", "compile", "--no-introspect", "--no-populate-cache", "--select", *names)
        assert done.returncode == 0, done.stdout[-4000:]
        (compiled,) = (self.target(PROJECT) / "compiled").glob("*/tests/dbt")
        return {name: (compiled / f"{name}.sql").read_text(encoding="utf-8") for name in names}


@functools.cache
def workbench() -> Workbench:
    folder = Path(tempfile.mkdtemp(prefix="evergreen-workbench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Workbench(folder)


def run_dbt(database: Path, as_of: str, *arguments: str, project: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """One dbt command on a build database, which lies on the workbench meanwhile."""
    bench = workbench()
    place = bench.warehouse / "build" / "build.duckdb"
    place.parent.mkdir(parents=True)
    shutil.move(database, place)
    try:
        return bench.dbt(as_of, *arguments, project=project)
    finally:
        shutil.move(place, database)
        shutil.rmtree(bench.warehouse)


@dataclass
class Company:
    """One landing folder and one warehouse. `run()` is what `make run` does on them."""

    root: Path
    project: Path = PROJECT
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    def process_environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return {
            **without_settings(os.environ),
            "PYTHONPATH": str(self.project),
            "DAGSTER_HOME": str(self.project),
            "EVERGREEN_PROJECT_DIR": str(self.project),
            "EVERGREEN_LANDING_DIR": str(self.landing),
            "EVERGREEN_WAREHOUSE_DIR": str(self.warehouse),
            "EVERGREEN_DAGSTER_DIR": str(self.root / "dagster"),
            **self.environment,
            **(extra or {}),
        }

    def start(self, extra: Mapping[str, str] | None = None, module: str = "orchestration") -> subprocess.Popen[str]:
        self.landing.mkdir(parents=True, exist_ok=True)
        (self.root / "dagster").mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-m", module, "run"],
            cwd=self.project,
            env=self.process_environment(extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def command(self, name: str) -> subprocess.CompletedProcess[str]:
        """`python -m orchestration <name>` on this company."""
        return subprocess.run(
            [sys.executable, "-m", "orchestration", name],
            cwd=self.project,
            env=self.process_environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def _on_the_workbench(self) -> Iterator[dict[str, str]]:
        place = workbench().warehouse
        if self.warehouse.exists():
            shutil.move(self.warehouse, place)
        try:
            parsed = {"DBT_PARTIAL_PARSE_FILE_PATH": str(workbench().parsed())} if self.project == PROJECT else {}
            yield {"EVERGREEN_WAREHOUSE_DIR": str(place), **parsed}
        finally:
            if place.exists():
                shutil.move(place, self.warehouse)

    def run(self, as_of: str | None = None, expect_success: bool = True, in_place: bool = False) -> str:
        """The run's output; fails the test when the exit code is not the expected one.

        The warehouse lies on the workbench meanwhile, unless `in_place`, for those who watch it during the run.
        """
        with nullcontext({}) if in_place else self._on_the_workbench() as place:
            process = self.start({**place, **({"EVERGREEN_AS_OF_DATE": as_of} if as_of else {})})
            output, _ = process.communicate()
        assert (process.returncode == 0) is expect_success, output[-6000:]
        return output

    def land(self, path: str, content: str | bytes) -> Path:
        """Write one file under the landing folder, as a vendor's tool would leave it there."""
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return target

    def marts(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.warehouse / "evergreen.duckdb"), read_only=True)

    def ops(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.warehouse / "ops.duckdb"), read_only=True)


def copy_project(target: Path) -> Path:
    """A copy of the project that a test may change."""
    for part in ("models", "macros", "seeds", "expectations", "orchestration", "sample"):
        shutil.copytree(PROJECT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "tests" / "dbt", target / "tests" / "dbt")
    for name in ("dbt_project.yml", "profiles.yml", "dagster.yaml"):
        shutil.copy(PROJECT / name, target / name)
    return target


def export_marts(database: Path) -> dict[str, str]:
    """Every published mart as CSV text in the order of all its columns, to compare two versions byte for byte. An empty text
    is quoted, a null is not."""
    exported = {}
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        connection.execute(f"attach '{database}' as published (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        for (table,) in tables:
            file = Path(folder) / f"{table}.csv"
            connection.execute(f"copy (select * from published.marts.\"{table}\" order by all) to '{file}' (header)")
            exported[table] = file.read_text(encoding="utf-8")
    return exported


def write_rows(path: Path, rows: Iterable[Mapping[str, object]], columns: Sequence[str] | None = None) -> None:
    """One CSV file, its folder too. Without `columns`, those of all rows in the order in which they first appear; a cell that
    a row does not have is empty."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(dict.fromkeys(name for row in rows for name in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_sample(target: Path, *arguments: str) -> None:
    """The sample company's exports, as `python -m sample` writes them."""
    subprocess.run(
        [sys.executable, "-m", "sample", "--out", str(target), *arguments], cwd=PROJECT, check=True, capture_output=True
    )


# In the middle of a month and before the newest export: the running month and "as known by then" are looked at too.
SAMPLE_AS_OF = date(2026, 5, 17)


@pytest.fixture(scope="session")
def published_sample(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Seven hundred accounts, published as of SAMPLE_AS_OF: run once for all test files, in whichever process asks first.

    Tests read what is published; one that writes, or must be the only reader, takes a copy of the warehouse.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    company = Company(shared / "published_sample")
    with FileLock(shared / "published_sample.lock"):
        if not (company.warehouse / "evergreen.duckdb").exists():
            write_sample(company.landing, "--accounts", "700", "--seed", "5")
            company.run(SAMPLE_AS_OF.isoformat())
    return company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)

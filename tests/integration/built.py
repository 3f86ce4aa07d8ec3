"""A build database of a landing folder without orchestration: ingestion and chosen dbt models, in a few seconds.

For tests that look at intermediate tables, which are not published. What blocks publication is not looked at here.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from datetime import date
from pathlib import Path

from orchestration.ingestion.declarations import load_declarations
from orchestration.ingestion.lake import create_build_database
from orchestration.ingestion.loading import ingest_object
from orchestration.settings import Settings
from orchestration.transformation.dbt import dbt_executable, environment
from tests.conftest import PROJECT, Company


@functools.cache
def _workbench() -> Path:
    """Where this process builds: dbt parses the whole project anew for every new path of its database."""
    folder = Path(tempfile.mkdtemp(prefix="evergreen-built-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def build(company: Company, as_of: str, *models: str) -> Path:
    """The build database in which the given models and all that they stand on have been built."""
    settings = Settings.from_environment(company.process_environment())
    settings.build_dir.mkdir(parents=True)
    settings.temp_dir.mkdir(parents=True)
    declarations = load_declarations(settings.project_dir)
    files = [load for declared in declarations for load in ingest_object(settings, declared, {})]
    database = _workbench() / settings.build_database.name
    create_build_database(settings, database, declarations, [load for load in files if load.status == "loaded"])
    finished = subprocess.run(
        [
            dbt_executable(), "build", "--target-path", str(_workbench() / "target"), "--exclude-resource-type", "test",
            "--exclude-resource-type", "unit_test", "--select", *(f"+{model}" for model in models),
        ],
        cwd=PROJECT,
        env={
            **company.process_environment(),
            **environment(settings, date.fromisoformat(as_of)),
            "EVERGREEN_BUILD_DB": str(database),
            "EVERGREEN_TEMP_DIR": str(_workbench() / "tmp"),
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-4000:]
    shutil.move(database, settings.build_database)
    return settings.build_database

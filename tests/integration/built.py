"""A build database of a landing folder without orchestration: ingestion and chosen dbt models, in a few seconds.

For tests that look at intermediate tables, which are not published. What blocks publication is not looked at here.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.ingestion.declarations import load_declarations
from orchestration.ingestion.lake import create_build_database
from orchestration.ingestion.loading import ingest_object
from orchestration.settings import Settings
from tests.conftest import Company, run_dbt


def build(company: Company, as_of: str, *models: str) -> Path:
    """The build database in which the given models and all that they stand on have been built."""
    settings = Settings.from_environment(company.process_environment())
    settings.build_dir.mkdir(parents=True)
    settings.temp_dir.mkdir(parents=True)
    declarations = load_declarations(settings.project_dir)
    files = [load for declared in declarations for load in ingest_object(settings, declared, {})]
    loaded = [load for load in files if load.status == "loaded"]
    create_build_database(settings, settings.build_database, declarations, loaded)
    finished = run_dbt(
        settings.build_database, as_of, "--no-write-json", "build", "--exclude-resource-type", "test",
        "--exclude-resource-type", "unit_test", "--select", *(f"+{model}" for model in models),
        project=settings.project_dir,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-4000:]
    return settings.build_database

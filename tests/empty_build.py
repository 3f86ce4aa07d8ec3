"""`python -m tests.empty_build`: a build database in which every declared object is absent, for dbt's unit tests."""

from __future__ import annotations

from orchestration.ingestion.declarations import load_declarations
from orchestration.ingestion.lake import create_build_database
from orchestration.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment()
    create_build_database(settings, settings.build_database, load_declarations(settings.project_dir), [])

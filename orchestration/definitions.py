"""The code location: assembly only. What each part does lies in the folder of its concern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.automation import daily_job, daily_schedule, files_landed
from orchestration.ingestion.assets import build_landing_specs, build_raw_asset
from orchestration.ingestion.declarations import load_declarations
from orchestration.publication.assets import build_published_asset
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.transformation.assets import build_dbt_assets, build_dbt_resource
from orchestration.transformation.dbt import ensure_manifest
from orchestration.validation.checks import build_gate_checks, build_validation_asset
from orchestration.validation.suites import load_suites


def build_definitions(settings: Settings, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Fresh definitions of one project folder. A broken declaration, model or suite fails here, naming file and line."""
    ensure_manifest(settings)
    declarations = load_declarations(settings.project_dir)
    dbt_models = build_dbt_assets(settings)
    suites = load_suites(settings.project_dir / "expectations")
    marts = sorted(key for key in dbt_models.keys if key.path[0] in ("marts", "ops"))
    return dg.Definitions(
        assets=[
            *build_landing_specs(declarations),
            *(build_raw_asset(declared) for declared in declarations),
            dbt_models,
            build_validation_asset(declarations, suites, marts),
            build_published_asset(marts),
        ],
        asset_checks=[build_gate_checks(declarations, suites)],
        jobs=[daily_job],
        schedules=[daily_schedule],
        sensors=[files_landed],
        resources={"warehouse": Warehouse(), "dbt": build_dbt_resource(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


defs = build_definitions(Settings.from_environment())

"""dbt's seeds and models as Dagster assets, its data tests as asset checks."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from packaging.version import Version

from orchestration.ingestion.lake import create_build_database, newest_event_date
from orchestration.naming import OWNERS, model_key, raw_key
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.transformation.dbt import (
    RUN_PROCESS,
    build_arguments,
    dbt_executable,
    environment,
    load_json,
    manifest_path,
    read_check_results,
)
from orchestration.validation.results import write_results
from orchestration.validation.runner import warm_up


class Translator(DagsterDbtTranslator):
    """Asset key = schema and name; group = layer and folder; a dbt source is the raw asset that ingestion makes."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return raw_key(dbt_resource_props["source_name"], dbt_resource_props["name"])
        return model_key(dbt_resource_props["schema"], dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return "_".join(dbt_resource_props["fqn"][1:-1]) or "seeds"

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description") or "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS


class DbtCommandLine(DbtCliResource):
    """dagster-dbt's resource without two things it does before each command, which took eight seconds of a run.

    `dbt --version` also asks the package registry for newer releases, and a run downloads nothing; the handle to the
    adapter serves only row counts, which the run's own checks give.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def build_dbt_resource(settings: Settings) -> DbtCliResource:
    return DbtCommandLine(
        project_dir=str(settings.project_dir),
        profiles_dir=str(settings.project_dir),
        dbt_executable=dbt_executable(),
    )


def build_dbt_assets(settings: Settings) -> dg.AssetsDefinition:
    """All of dbt as one step: one dbt process builds everything and tests it."""

    @dbt_assets(
        manifest=manifest_path(settings),
        dagster_dbt_translator=Translator(),
        project=DbtProject(project_dir=settings.project_dir, profiles_dir=settings.project_dir),
        name="dbt_build",
    )
    def dbt_build(context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse) -> Iterator[Any]:
        settings = warehouse.settings
        files = warehouse.files
        as_of = settings.as_of_date or newest_event_date(files)
        if as_of is None:
            raise warehouse.refuse(
                context.run_id,
                f"There is nothing to build: no extract with a date was found in {settings.landing_dir}. Land files as "
                "<source>/<object>/<any name>, or set EVERGREEN_AS_OF_DATE",
                outcome="failed",
            )
        os.environ.update(environment(settings, as_of))
        os.environ[RUN_PROCESS] = str(os.getpid())
        context.log.info(f"building as of {as_of.isoformat()} from {len(files)} files")
        create_build_database(settings, settings.build_database, warehouse.declarations, files)
        warm_up()
        target = settings.build_dir / "dbt"
        invocation = dbt.cli(build_arguments(), context=context, raise_on_error=False, target_path=target)
        yield from invocation.stream()
        results_file = Path(invocation.target_path) / "run_results.json"
        if not results_file.exists():
            raise warehouse.refuse(
                context.run_id,
                f"dbt stopped before it built anything: {invocation.get_error()}; run `make lint` for the whole message",
                outcome="failed",
            )
        manifest = load_json(Path(invocation.target_path) / "manifest.json")
        results = read_check_results(load_json(results_file), manifest)
        write_results(results, settings.build_dir / "checks" / "dbt.json")
        if any(result.is_blocking for result in results):
            raise warehouse.refuse(context.run_id, "The build does not hold what its dbt tests promise:")

    return dbt_build

"""The gate as Dagster asset checks: what Great Expectations and the build's own lists find, per table."""

from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration.ingestion.assets import as_dagster_check
from orchestration.ingestion.declarations import SourceObject
from orchestration.naming import BUILT_CHECK, OWNERS, SUITE_CHECK, VALIDATED, model_key, raw_key_of
from orchestration.publication.versions import published_as_of
from orchestration.resources import Warehouse
from orchestration.validation.docs import write_docs
from orchestration.validation.extract_checks import BUILD_CHECKS, QualityLimits, check_build
from orchestration.validation.results import CheckResult, load_results, write_results
from orchestration.validation.runner import Parameters, row_counts, validate
from orchestration.validation.suites import Suite

GATE_RESULTS = "gate.json"


def build_validation_asset(
    declarations: list[SourceObject], suites: Sequence[Suite], marts: list[dg.AssetKey]
) -> dg.AssetsDefinition:
    """The asset that evaluates every suite on the build database. It judges and never raises for what it finds: the
    published asset refuses, so that all results reach people first."""

    @dg.asset(
        key=VALIDATED,
        deps=marts,
        group_name="published",
        description="Data Docs: what was checked in the build, why, and what was found, written for people. "
        "Great Expectations runs the suites of `expectations/` as SQL on the build database.",
        kinds={"greatexpectations", "duckdb"},
        owners=OWNERS,
    )
    def data_docs(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult[None]:
        settings = warehouse.settings
        as_of = warehouse.build_as_of
        if as_of is None or not settings.build_database.exists():
            raise dg.Failure(
                "There is no build to validate: run the whole job, not this asset alone", allow_retries=False
            )
        limits = QualityLimits.read(settings.project_dir / "seeds" / "quality_limits.csv")
        listed = check_build(settings.build_database, declarations, warehouse.files, limits)
        previous = published_as_of(settings)
        evaluated = validate(
            settings.build_database,
            suites,
            Parameters(
                as_of_date=as_of,
                previous_as_of_date=previous,
                previous_row_counts=row_counts(settings.published_database, "marts"),
                private_columns=frozenset(
                    column.name.lower() for declared in declarations for column in declared.columns if column.is_pii
                ),
            ),
            engine_options={"memory_limit": settings.memory_limit, "temp_directory": str(settings.temp_dir)},
        )
        write_results([*listed, *evaluated], settings.build_dir / "checks" / GATE_RESULTS)
        checks = warehouse.checks
        page = write_docs(settings.docs_dir, suites, checks, as_of_date=as_of)
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.path(str(page)),
                "checks": len(checks),
                "passed": sum(check.passed for check in checks),
                "warnings": sum(not check.passed and not check.is_blocking for check in checks),
                "blocking": sum(check.is_blocking for check in checks),
            }
        )

    return data_docs


def build_gate_checks(declarations: list[SourceObject], suites: Sequence[Suite]) -> dg.AssetChecksDefinition:
    """What the validation found, as asset checks of the tables and objects it is about."""
    keys = {declared.label: (raw_key_of(declared), BUILT_CHECK) for declared in declarations}
    keys |= {suite.table: (model_key(*suite.table.split(".", 1)), SUITE_CHECK) for suite in suites}
    texts = {declared.label: " ".join(BUILD_CHECKS.values()) for declared in declarations}
    texts |= {
        suite.table: "\n".join(f"- {check.severity}: {check.expected}. {check.why}" for check in suite.checks)
        for suite in suites
    }
    specs = [
        dg.AssetCheckSpec(name, asset=key, description=texts[target], additional_deps=[VALIDATED])
        for target, (key, name) in keys.items()
    ]

    @dg.multi_asset_check(name="gate", specs=specs)
    def gate(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        results: dict[str, list[CheckResult]] = {target: [] for target in keys}
        for result in load_results(warehouse.settings.build_dir / "checks" / GATE_RESULTS):
            results[result.target].append(result)
        for target, (key, name) in keys.items():
            yield as_dagster_check(name, key, results[target])

    return gate

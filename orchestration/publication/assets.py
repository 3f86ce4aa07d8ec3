"""The published version as a Dagster asset, downstream of every mart and of the checks that may block it."""

import dagster as dg

from orchestration.naming import OWNERS, PUBLISHED, VALIDATED
from orchestration.publication.history import write_ops_database
from orchestration.publication.versions import forget_old_versions, publish
from orchestration.resources import Warehouse
from orchestration.validation.runner import row_counts


def build_published_asset(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """`marts`: the asset keys that must be built and checked before anything is published."""

    @dg.asset(
        key=PUBLISHED,
        deps=[*marts, VALIDATED],
        group_name="published",
        description="`<warehouse>/marts.duckdb`, schemas `marts` and `ops`: what BI and the dashboard read. "
        "Replaced in one atomic rename, only after every critical check has passed; older versions are kept.",
        kinds={"duckdb"},
        owners=OWNERS,
    )
    def published_marts(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult[None]:
        settings = warehouse.settings
        if not settings.build_database.exists() or not (settings.build_dir / "checks" / "gate.json").exists():
            raise dg.Failure(
                "There is no validated build to publish: run the whole job, not this asset alone", allow_retries=False
            )
        blocking = [check for check in warehouse.checks if check.is_blocking]
        if blocking:
            raise warehouse.refuse(context.run_id, "Critical checks failed:")
        record = warehouse.record(context.run_id, "published")
        version = publish(settings, record, settings.build_database, warehouse.declarations)
        write_ops_database(settings, record, settings.build_database)
        forget_old_versions(settings)
        rows = row_counts(version.path, "marts")
        context.log.info(f"published version {version.number} as of {record.as_of_date}")
        return dg.MaterializeResult(
            metadata={
                "version": version.number,
                "as_of_date": str(record.as_of_date),
                "path": dg.MetadataValue.path(str(settings.published_database)),
                "bytes": version.path.stat().st_size,
                "rows": dg.MetadataValue.json(rows),
                "checks_passed": sum(check.passed for check in record.checks),
                "warnings": sum(not check.passed for check in record.checks),
            }
        )

    return published_marts

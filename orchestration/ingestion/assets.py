"""One Dagster asset per declared object. What is read and how lies in `loading`; here it only gets a name and a face."""

import time
from collections.abc import Iterator, Sequence

import dagster as dg
import duckdb

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.lake import accepted_of, raw_file
from orchestration.ingestion.loading import FileLoad, ingest_object, write_loads
from orchestration.ingestion.sql import literal
from orchestration.naming import LANDED_CHECK, OWNERS, landing_key, raw_key_of
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.validation.extract_checks import LANDED_CHECKS, QualityLimits, check_landed
from orchestration.validation.results import CheckResult, write_results

PREVIEW_ROWS = 5


def as_dagster_check(name: str, key: dg.AssetKey, results: Sequence[CheckResult]) -> dg.AssetCheckResult:
    """Several results about one asset as one asset check, since Dagster keeps each check's every evaluation as several
    rows. What did not hold is in the metadata, by name."""
    failed = [result for result in results if not result.passed]
    metadata: dict[str, dg.MetadataValue] = {"evaluated": dg.MetadataValue.int(len(results))}
    metadata |= {
        result.check_name.rsplit(".", 1)[-1]: dg.MetadataValue.text(
            f"{result.severity}, {result.status}: {result.detail or result.observed}"
        )
        for result in failed
    }
    critical = any(result.is_blocking for result in failed)
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=key,
        check_name=name,
        severity=dg.AssetCheckSeverity.ERROR if critical else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _preview(settings: Settings, declared: SourceObject, loads: list[FileLoad]) -> str:
    """A few of the newly loaded rows as Markdown, without the columns that hold personal data."""
    loaded = [load for load in loads if load.status == "loaded" and load.rows_loaded]
    if not loaded:
        return ""
    names = [column.name for column in declared.columns if not column.is_pii][:8]
    columns = ", ".join(f'left("{name}", 60) as "{name}"' for name in names)
    frame = duckdb.sql(
        f"select {columns} from read_parquet({literal(raw_file(settings, loaded[-1]))}) limit {PREVIEW_ROWS}"
    ).df()
    return str(frame.to_markdown(index=False))


def build_raw_asset(declared: SourceObject) -> dg.AssetsDefinition:
    """The asset `raw/<source>/<object>` of one declaration, with ingestion's own checks."""
    key = raw_key_of(declared)

    @dg.asset(
        key=key,
        deps=[landing_key(declared.source, declared.name)],
        group_name=f"raw_{declared.source}",
        description=f"{declared.description}\n\nDeclared at `{declared.declared_at}`; key: {', '.join(declared.key)}.",
        kinds={"duckdb", "parquet"},
        owners=OWNERS,
        metadata={"dagster/uri": f"lake/raw/{declared.source}/{declared.name}/", "columns": len(declared.columns)},
        check_specs=[dg.AssetCheckSpec(LANDED_CHECK, asset=key, description=" ".join(LANDED_CHECKS.values()))],
        # A landing folder is often a network mount; a row or file that is wrong never raises, so retries are for that.
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL),
        op_tags={"source": declared.source},
    )
    def raw(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        settings = warehouse.settings
        started = time.perf_counter()
        accepted = accepted_of(settings, declared)
        loads = ingest_object(settings, declared, accepted, context.log.info)
        write_loads(loads, settings.build_dir / "loads" / f"{declared.label}.json")
        limits = QualityLimits.read(settings.project_dir / "seeds" / "quality_limits.csv")
        results = check_landed(declared, loads, limits, accepted.values())
        write_results(results, settings.build_dir / "checks" / f"{declared.label}.json")
        files = [raw_file(settings, load) for load in loads if load.status == "loaded"]
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/row_count": sum(load.rows_loaded for load in loads),
                "files": len(loads),
                "files_refused": sum(load.status == "refused" for load in loads),
                "files_duplicate": sum(load.status == "duplicate" for load in loads),
                "rows_read": sum(load.rows_read for load in loads),
                "rows_quarantined": sum(load.rows_quarantined for load in loads),
                "bytes_written": sum(path.stat().st_size for path in files),
                "seconds": round(time.perf_counter() - started, 3),
                "preview": dg.MetadataValue.md(_preview(settings, declared, loads)),
            },
        )
        yield as_dagster_check(LANDED_CHECK, key, results)

    return raw


def build_landing_specs(declarations: list[SourceObject]) -> list[dg.AssetSpec]:
    """What others put into the landing folder, so that lineage begins at the files."""
    return [
        dg.AssetSpec(
            landing_key(declared.source, declared.name),
            description=f"Files in `landing/{declared.source}/{declared.name}/`, exactly as the vendor exported them.",
            group_name=f"landing_{declared.source}",
            kinds={"file"},
            owners=OWNERS,
        )
        for declared in declarations
    ]

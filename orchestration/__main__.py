"""The command line behind `make run`, `rollback`, `metrics`, `actions`, `tune-health` and `compare-health`."""

from __future__ import annotations

import argparse
import os
import sys
import time

import duckdb
from tabulate import tabulate

from orchestration.ingestion.declarations import DeclarationError
from orchestration.metrics.actions import page
from orchestration.metrics.sample import MetricsUnavailable, sample
from orchestration.publication.versions import NothingToRollBackTo, roll_back
from orchestration.scoring.health_models import HealthUnavailable
from orchestration.settings import SettingError, Settings
from orchestration.transformation.dbt import ProjectDoesNotParse
from orchestration.validation.runner import row_counts
from orchestration.validation.suites import SuiteError


def _summary(settings: Settings, seconds: float) -> str:
    """What was published, for the person who started the run."""
    counts = row_counts(settings.published_database, "marts")
    with duckdb.connect(str(settings.published_database), read_only=True) as connection:
        version = connection.execute(
            "select version, run_id, as_of_date from ops.published_versions where is_current"
        ).fetchone()
        assert version is not None
        number, run_id, as_of = version
        passed, warnings = connection.execute(
            "select count(*) filter (where status = 'passed'), count(*) filter (where status <> 'passed')"
            " from ops.check_results where run_id = ?",
            [run_id],
        ).fetchone() or (0, 0)
        read, loaded, quarantined = connection.execute(
            "select coalesce(sum(rows_read), 0), coalesce(sum(rows_loaded), 0), coalesce(sum(rows_quarantined), 0)"
            " from ops.extract_loads where run_id = ?",
            [run_id],
        ).fetchone() or (0, 0, 0)
    marts = tabulate(sorted(counts.items()), headers=["mart", "rows"], intfmt=",", tablefmt="simple")
    facts = tabulate(
        [
            ("as of", as_of),
            ("version", number),
            ("checks", f"{passed:,} passed, {warnings:,} warnings"),
            ("rows", f"{int(read):,} read = {int(loaded):,} loaded + {int(quarantined):,} quarantined"),
            ("published", f"{settings.published_database} (also as {settings.published_alias.name})"),
            ("took", f"{seconds:.0f} s"),
            ("open next", f"{settings.docs_dir / 'index.html'} (what was checked), `make ui` (Dagster)"),
        ],
        tablefmt="plain",
    )
    return f"\n{marts}\n\n{facts}\n"


def run(settings: Settings) -> int:
    """One daily run in this process. 0 when a version was published, 1 otherwise."""
    started = time.perf_counter()
    os.environ.setdefault("DAGSTER_HOME", str(settings.project_dir))
    os.environ.setdefault("EVERGREEN_DAGSTER_DIR", str(settings.warehouse_dir / "dagster"))
    print("starting: reading declarations, models and suites", file=sys.stderr, flush=True)

    import dagster as dg

    from orchestration.definitions import defs
    from orchestration.naming import JOB

    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(JOB).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
        )
    if not result.success:
        print("\nThe run did not publish; readers see what they saw before.", file=sys.stderr)
        for event in result.get_step_failure_events():
            failure = event.step_failure_data
            user = failure.user_failure_data
            cause = failure.error.cause if failure.error else None
            text = (user.description if user else None) or (cause or failure.error).message  # type: ignore[union-attr]
            print(f"\n{event.step_key}: {text}", file=sys.stderr)
        return 1
    print(_summary(settings, time.perf_counter() - started))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description="Evergreen's daily run")
    parser.add_argument("command", choices=["run", "rollback", "metrics", "actions", "tune-health", "compare-health"])
    parser.add_argument("--write", action="store_true", help="tune-health: put the new weights into the seed")
    parser.add_argument("--version", help="compare-health: the version to compare with the published one, or `seeds`")
    arguments = parser.parse_args()
    try:
        settings = Settings.from_environment()
        if arguments.command == "run":
            return run(settings)
        if arguments.command == "metrics":
            print(sample(settings))
            return 0
        if arguments.command == "actions":
            print(page(settings))
            return 0
        if arguments.command in ("tune-health", "compare-health"):
            from orchestration.scoring import health_commands  # SciPy takes a second that no other command needs

            if arguments.command == "tune-health":
                print(health_commands.tune(settings, arguments.write))
            else:
                print(health_commands.compare_versions(settings, arguments.version))
            return 0
        version = roll_back(settings)
        print(f"readers now see version {version.number} ({version.path})")
    except (
        SettingError,
        DeclarationError,
        ProjectDoesNotParse,
        SuiteError,
        NothingToRollBackTo,
        MetricsUnavailable,
        HealthUnavailable,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

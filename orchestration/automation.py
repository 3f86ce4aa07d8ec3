"""When runs start and who hears of a failure: the daily job, its schedule, the landing sensor and the alert."""

import hashlib

import dagster as dg

from orchestration.alerting import alert
from orchestration.naming import JOB
from orchestration.settings import Settings


@dg.failure_hook(name="alert_on_failure")
def alert_on_failure(context: dg.HookContext) -> None:
    """Sends the alert from inside the run, so that it needs no daemon."""
    error = context.op_exception
    reason = (error.description if isinstance(error, dg.Failure) else str(error)) or type(error).__name__
    context.log.info(alert(context.job_name, context.run_id, context.step_key, reason))


daily_job = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Ingest what landed, build every model, validate, publish. Backfill: set as_of_date of the resource "
    "`warehouse` in the run config to an ISO date.",
    hooks={alert_on_failure},
    executor_def=dg.in_process_executor,
)

daily_schedule = dg.ScheduleDefinition(
    name="daily_at_six",
    job=daily_job,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every day at 06:00 UTC, after the nightly exports.",
)


def landing_fingerprint(settings: Settings) -> str:
    """Changes when a file lands, changes or goes; empty while nothing has landed. Hidden files are work in progress."""
    digest = hashlib.sha256()
    files = sorted(
        path for path in settings.landing_dir.glob("*/*/*") if not path.name.startswith(".") and path.is_file()
    )
    for path in files:
        status = path.stat()
        digest.update(f"{path.relative_to(settings.landing_dir)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest() if files else ""


@dg.sensor(
    name="files_landed",
    job=daily_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Starts a run once new files have landed and stayed unchanged for one interval. Off by default, because "
    "the schedule already reads what landed; turn it on where exports arrive at any time.",
)
def files_landed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    found = landing_fingerprint(Settings.from_environment())
    seen, _, started = (context.cursor or "").partition(" ")
    if not found:
        return dg.SkipReason("nothing has landed")
    if found == started:
        return dg.SkipReason("nothing new since the last run")
    if found != seen:
        # A file may still be growing: wait until one interval has passed without a change.
        context.update_cursor(f"{found} {started}")
        return dg.SkipReason("files are arriving; waiting until they stay unchanged")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=found)], cursor=f"{found} {found}")

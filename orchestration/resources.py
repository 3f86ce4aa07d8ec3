"""The warehouse as a Dagster resource: settings, declarations, and the lock that keeps two runs apart."""

import fcntl
import logging
import os
import shutil
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cached_property
from typing import IO

import dagster as dg
from pydantic import PrivateAttr

from orchestration.alerting import alert
from orchestration.ingestion.declarations import SourceObject, load_declarations
from orchestration.ingestion.lake import lake_files
from orchestration.ingestion.loading import FileLoad, read_loads
from orchestration.naming import JOB
from orchestration.publication.history import RunRecord, write_ops_database
from orchestration.settings import Settings, parse_as_of_date
from orchestration.transformation.dbt import environment
from orchestration.validation.results import CheckResult, read_results

LOGGER = logging.getLogger("evergreen.run")


class AnotherRunIsActive(RuntimeError):
    """Two runs cannot write one warehouse; the message says who holds the lock."""


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Held by one run at a time. `as_of_date` (ISO) overrides EVERGREEN_AS_OF_DATE: that is how one backfills."""

    as_of_date: str = ""

    _lock: IO[str] | None = PrivateAttr(default=None)
    _started_at: datetime = PrivateAttr(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def settings(self) -> Settings:
        return Settings.from_environment().with_as_of(parse_as_of_date(self.as_of_date, "as_of_date of the run config"))

    @cached_property
    def declarations(self) -> list[SourceObject]:
        return load_declarations(self.settings.project_dir)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        try:
            self._begin(context)
        except Exception as error:
            # No step has begun yet, so Dagster calls no failure hook.
            LOGGER.info(alert(JOB, context.run.run_id if context.run else "", "its start", str(error)))
            raise

    def _begin(self, context: dg.InitResourceContext) -> None:
        settings = self.settings
        settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
        lock = settings.lock_file.open("a+", encoding="utf-8")
        try:
            # The kernel drops the lock with the process, so a killed run never blocks the next one.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise AnotherRunIsActive(
                f"another run (process {holder}) is writing {settings.warehouse_dir}; wait until it ends and start again"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self._started_at = datetime.now(UTC)
        self._clear()
        self._fail_killed_runs(context)
        os.environ.update(environment(settings, settings.as_of_date))

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        self._clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _fail_killed_runs(self, context: dg.InitResourceContext) -> None:
        """The holder of the lock is the only live run. What Dagster still calls started was killed, and would hold up the
        queue for ever."""
        if context.instance is None or context.run is None:
            return
        started = dg.RunsFilter(job_name=JOB, statuses=[dg.DagsterRunStatus.STARTED])
        for record in context.instance.get_run_records(started):
            if record.dagster_run.run_id != context.run.run_id:
                context.instance.report_run_failed(
                    record.dagster_run,
                    "The process of this run ended without a word: it was killed or the machine went down.",
                )

    def _clear(self) -> None:
        for folder in (self.settings.build_dir, self.settings.temp_dir):
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)
        self.settings.build_dir.mkdir(parents=True, exist_ok=True)
        self.settings.temp_dir.mkdir(parents=True, exist_ok=True)

    # what the steps of one run hand to each other lies in the private build folder

    @property
    def loads(self) -> list[FileLoad]:
        return read_loads(self.settings.build_dir / "loads")

    @property
    def checks(self) -> list[CheckResult]:
        return read_results(self.settings.build_dir / "checks")

    @property
    def files(self) -> list[FileLoad]:
        return lake_files(self.settings, self.loads)

    @property
    def build_as_of(self) -> date | None:
        return parse_as_of_date(os.environ.get("EVERGREEN_AS_OF_DATE"), "EVERGREEN_AS_OF_DATE")

    def record(self, run_id: str, outcome: str, detail: str = "") -> RunRecord:
        """The run so far, for the history."""
        as_of = self.build_as_of
        return RunRecord(
            run_id=run_id,
            started_at=self._started_at,
            outcome=outcome,
            detail=detail,
            as_of_date=as_of.isoformat() if as_of else None,
            loads=self.loads,
            checks=self.checks,
            files=self.files if outcome == "published" else [],
        )

    def refuse(self, run_id: str, what: str, outcome: str = "refused") -> dg.Failure:
        """Write the run to the history and give the failure to raise; the published version stays as it is."""
        blocking = [check for check in self.checks if check.is_blocking]
        lines = [f"{check.check_name} on {check.target}: {check.detail or check.observed}" for check in blocking]
        detail = "\n".join([what, *(f"  - {line}" for line in lines[:20])])
        if len(lines) > 20:
            detail += f"\n  … and {len(lines) - 20} more, see ops.check_results in {self.settings.ops_database}"
        write_ops_database(self.settings, self.record(run_id, outcome, detail), self.settings.build_database)
        detail += f"\nNothing was published; readers keep the version before. Details: {self.settings.ops_database}"
        return dg.Failure(description=detail, allow_retries=False)

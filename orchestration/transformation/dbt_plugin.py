"""A dbt-duckdb plugin (profiles.yml): what a dbt process needs before its threads run models. dbt-duckdb loads plugins when
it first opens the database, before it takes the lock on the file and before any model runs.

1. PyArrow is imported. While that happens, its class MapScalar exists for a moment as a Mapping that answers as a Sequence
   does. Whoever asks in another thread just then whether a list or a tuple is a Mapping is told yes, and Python remembers it
   until the process ends: afterwards `pyarrow.schema([...])` and `dict([...])` fail. A Python model's own import comes too
   late.
2. dbt ends with the run that started it. A run that is killed cannot stop its dbt; left alone, that would go on building,
   and could take the lock on the database that the next run makes under the same name.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import pyarrow as pyarrow
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.transformation.dbt import RUN_PROCESS

SECONDS_BETWEEN_LOOKS = 0.2


class Plugin(BasePlugin):
    """Watches the run from a thread of its own, until the process ends."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        if RUN_PROCESS in os.environ:
            run = int(os.environ[RUN_PROCESS])
            _end_if_orphaned(run)
            threading.Thread(target=_watch, args=(run,), daemon=True).start()


def _end_if_orphaned(run: int) -> None:
    if os.getppid() != run:
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(run: int) -> None:
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        _end_if_orphaned(run)

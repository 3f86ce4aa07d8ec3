"""Runs dbt commands in forks of one process that has dbt imported and the project parsed: `python -m tests.dbt_server`.

A dbt command of its own spends six seconds on both before it builds anything, and tests run dozens. A fork starts with them
done, and leaves nothing behind: neither settings nor connections nor what it changed in the parsed project.

Reads one request a line, {"arguments": […], "environment": {…}, "output": "<file>"}, and answers each with its exit code. The
project is parsed with the environment of the first.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

import pyarrow as pyarrow  # here once, not in each fork
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest


def _parse() -> Manifest:
    parsed = dbtRunner().invoke(["--quiet", "parse"])
    if not isinstance(parsed.result, Manifest):
        raise SystemExit(f"dbt could not parse the project: {parsed.exception}")
    return parsed.result


def _exit_code(done: dbtRunnerResult) -> int:
    """As dbt's command line has it: 1 where a node failed, 2 where dbt itself did, which is then said."""
    if done.exception is not None:
        print(done.exception)
        return 2
    return 0 if done.success else 1


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # What dbt says while it parses is no answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    manifest: Manifest | None = None
    for line in sys.stdin:
        request = json.loads(line)
        os.environ.clear()
        os.environ.update(request["environment"])
        manifest = manifest or _parse()
        child = os.fork()
        if not child:
            output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(output, stream.fileno())
            code = 1
            try:
                code = _exit_code(dbtRunner(manifest=manifest).invoke(request["arguments"]))
                DuckDBConnectionManager.close_all_connections()
            except Exception:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)  # an orderly end would join threads that only the parent has
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


if __name__ == "__main__":
    main()

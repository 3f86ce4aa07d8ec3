"""`python -m tests.integration.killed_run run`: the daily run, which ends itself with SIGKILL at EVERGREEN_TEST_KILL."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

PLACE = os.environ["EVERGREEN_TEST_KILL"]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def describe(target: Path) -> str:
    """What a rename makes visible, in the words of KILL_PLACES."""
    if "raw" in target.parts:
        return f"raw/{target.parent.parent.name}/{target.parent.name}"
    return "versions" if target.parent.name == "versions" else target.name


def main() -> int:
    original_replace = Path.replace

    def replace(self: Path, target: Any) -> Path:
        what = describe(Path(target))
        if f"before rename {what}" == PLACE:
            die()
        replaced = original_replace(self, target)
        if f"after rename {what}" == PLACE:
            die()
        return replaced

    Path.replace = replace  # type: ignore[method-assign]

    from orchestration.transformation import assets as transformation
    from orchestration.validation import checks

    create = transformation.create_build_database

    def create_then_die(*arguments: Any) -> None:
        create(*arguments)
        if PLACE == "after build database":
            die()
        if PLACE == "during dbt":
            import threading

            threading.Timer(8, die).start()

    transformation.create_build_database = create_then_die
    write = checks.write_results

    def die_before_writing(*arguments: Any) -> None:
        if PLACE == "before rename gate results":
            die()
        write(*arguments)

    checks.write_results = die_before_writing

    from orchestration.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())

"""The outcome of one check, whoever evaluated it: Great Expectations, dbt or ingestion's own accounting."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class CheckResult:
    """One check of one table or object (`target`). `severity` is critical or warning.

    `status` is passed, failed or error; what could not be evaluated is an error and counts as failed.
    """

    check_name: str
    target: str
    severity: str
    status: str
    observed: str = ""
    detail: str = ""
    expected: str = ""
    why: str = ""

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    @property
    def is_blocking(self) -> bool:
        """Whether this result alone keeps a build from being published."""
        return not self.passed and self.severity == "critical"


def write_results(results: Iterable[CheckResult], path: Path) -> None:
    """Keep results for the later steps of the same run, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")


def load_results(path: Path) -> list[CheckResult]:
    """Results as `write_results` kept them."""
    return [CheckResult(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def read_results(folder: Path) -> list[CheckResult]:
    """All results written under `folder`, in a fixed order."""
    return [result for path in sorted(folder.glob("*.json")) for result in load_results(path)]

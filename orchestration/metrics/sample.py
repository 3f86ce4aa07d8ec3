"""`make metrics`: the last twelve months of the main metrics, asked of the published data as anybody would: with `mf`."""

from __future__ import annotations

import csv
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tabulate import tabulate

from orchestration.publication.versions import published_as_of
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.transformation.dbt import ensure_manifest

OFFLINE = Path(__file__).with_name("offline")
MONTHS = 12
# What the table shows: metric, heading, and whether it is a rate.
COLUMNS = (
    ("mrr", "MRR", False),
    ("net_revenue_retention", "NRR\n12 months", True),
    ("gross_revenue_retention", "GRR\n12 months", True),
    ("logo_retention_rate", "logos kept\n12 months", True),
    ("logo_churn_rate", "logo\nchurn", True),
    ("gross_mrr_churn_rate", "gross MRR\nchurn", True),
    ("net_mrr_churn_rate", "net MRR\nchurn", True),
    ("renewal_rate_count", "renewed\ncount", True),
    ("renewal_rate_gross", "renewed\ngross", True),
    ("renewal_rate_net", "renewed\nnet", True),
)
EXAMPLE = (
    *("query", "--metrics", "mrr,net_revenue_retention", "--group-by", "metric_time__quarter,segment"),
    *("--order", "metric_time__quarter,segment"),
)


class MetricsUnavailable(RuntimeError):
    """The published data cannot answer; the message says what to do."""


def environment(settings: Settings) -> dict[str, str]:
    """What `mf` needs: dbt's target `published` of profiles.yml, and no question to a package registry."""
    return {
        "DBT_TARGET": "published",
        "DBT_PROFILES_DIR": str(settings.project_dir),
        "DBT_PROJECT_DIR": str(settings.project_dir),
        "EVERGREEN_WAREHOUSE_DIR": str(settings.warehouse_dir),
        "PYTHONPATH": str(OFFLINE),
    }


def mf_executable() -> str:
    """mf beside the running Python, so that no other installation is taken."""
    return str(Path(sys.executable).with_name("mf"))


def command_line(settings: Settings, arguments: Sequence[str]) -> str:
    """What a person pastes in the project's folder to run `mf` with `arguments`."""
    words = [f"PYTHONPATH={OFFLINE.relative_to(PROJECT_DIR)}", "DBT_TARGET=published"]
    if settings.warehouse_dir != settings.project_dir / "warehouse":
        words.insert(0, f"EVERGREEN_WAREHOUSE_DIR={shlex.quote(str(settings.warehouse_dir))}")
    return " ".join([*words, ".venv/bin/mf", *map(shlex.quote, arguments)])


def ask(
    settings: Settings, metrics: Sequence[str], group_by: Sequence[str], further: Sequence[str] = ()
) -> list[dict[str, str]]:
    """One row per combination of `group_by`, as text; an empty text is no value. `further`: more arguments of `mf query`.

    Raises MetricsUnavailable when nothing is published or `mf` fails.
    """
    if not settings.published_alias.exists():
        raise MetricsUnavailable(f"nothing has been published in {settings.warehouse_dir} yet: `make run` first")
    ensure_manifest(settings)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.csv"
        question = ["--metrics", ",".join(metrics), "--group-by", ",".join(group_by), *further]
        finished = subprocess.run(
            [mf_executable(), "query", "--quiet", "--csv", str(answer), *question],
            cwd=settings.project_dir,
            env={**os.environ, **environment(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            raise MetricsUnavailable(
                f"mf could not answer:\n{(finished.stdout + finished.stderr).strip()[-3000:]}\n"
                "If a table is missing, what is published is older than the metrics: `make run` first"
            )
        # `mf` writes no file for an answer without rows.
        if not answer.exists():
            return []
        with answer.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))


def first_month(as_of: date) -> date:
    """First day of the month with which the sample begins."""
    number = as_of.year * 12 + as_of.month - MONTHS
    return date(number // 12, number % 12 + 1, 1)


def shown(text: str, is_rate: bool) -> str:
    """A value for people: rates as percent, amounts in whole units, a dash where there is none."""
    if not text:
        return "–"
    value = f"{float(text):.1%}" if is_rate else f"{float(text):,.0f}"
    return value.removeprefix("-") if not value.strip("-0.%") else value


def sample(settings: Settings) -> str:
    """The table and how to ask for more. Raises MetricsUnavailable."""
    as_of = published_as_of(settings)
    if as_of is None:
        raise MetricsUnavailable(f"nothing has been published in {settings.warehouse_dir} yet: `make run` first")
    rows = ask(
        settings,
        [metric for metric, _, _ in COLUMNS],
        ["metric_time__month"],
        ["--order", "metric_time__month", "--start-time", first_month(as_of).isoformat()],
    )
    table = tabulate(
        [
            [row["metric_time__month"][:7], *(shown(row[metric], is_rate) for metric, _, is_rate in COLUMNS)]
            for row in rows
        ],
        headers=["month", *(heading for _, heading, _ in COLUMNS)],
        disable_numparse=True,
        colalign=["left", *("right" for _ in COLUMNS)] if rows else None,
        tablefmt="simple",
    )
    return (
        f"\n{table}\n\nAs of {as_of.isoformat()}: the month of that day holds what was known by then. "
        "Churn is of one month; renewals are those due in the month.\n"
        "Ask for other metrics, months or groups (segment, region, product, support_plan, customer_type):\n\n"
        f"  {command_line(settings, EXAMPLE)}\n  {command_line(settings, ('list', 'metrics'))}\n"
    )

"""What is passed to dbt, and what it found: pure functions, no Dagster. dbt itself runs as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.settings import Settings
from orchestration.validation.results import CheckResult

PARSED_FOLDERS = ("models", "macros", "seeds", "tests/dbt", "dbt_project.yml", "profiles.yml")
# The variable in which dbt finds the process id of the run that started it (dbt_plugin.py); not set where it is called by hand.
RUN_PROCESS = "EVERGREEN_RUN_PROCESS"


class ProjectDoesNotParse(RuntimeError):
    """dbt refused the project; the message holds dbt's own words."""


def dbt_executable() -> str:
    """dbt beside the running Python, so that no other installation is taken."""
    return str(Path(sys.executable).with_name("dbt"))


def build_arguments() -> list[str]:
    """One call builds seeds and models and runs the data tests; unit tests belong to `make test`."""
    return ["build", "--exclude-resource-type", "unit_test"]


def environment(settings: Settings, as_of_date: date | None = None) -> dict[str, str]:
    """Variables that profiles.yml and the macro as_of_date read. Only the date changes between runs, so that dbt's
    partial parsing holds."""
    return {
        "DBT_PROFILES_DIR": str(settings.project_dir),
        # Not what a shell in which metrics were asked for still has.
        "DBT_TARGET": "duckdb",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "EVERGREEN_BUILD_DB": str(settings.build_database),
        "EVERGREEN_TEMP_DIR": str(settings.temp_dir),
        "EVERGREEN_MEMORY_LIMIT": settings.memory_limit,
        "EVERGREEN_AS_OF_DATE": as_of_date.isoformat() if as_of_date else "",
    }


def manifest_path(settings: Settings) -> Path:
    return settings.project_dir / "target" / "manifest.json"


def semantic_manifest_path(settings: Settings) -> Path:
    """Where MetricFlow looks for the metrics: beside the manifest, whatever --target-path a command was given."""
    return manifest_path(settings).with_name("semantic_manifest.json")


def _names_the_build_database(settings: Settings) -> bool:
    """Whether metrics are asked of the database that profiles.yml shows them; one parsed by hand may name another."""
    path = semantic_manifest_path(settings)
    if not path.exists():
        return False
    tables = [model["node_relation"] for model in load_json(path)["semantic_models"]]
    return all(table["database"] == settings.build_database.stem for table in tables)


def _is_stale(settings: Settings, manifest: Path) -> bool:
    if not manifest.exists() or not _names_the_build_database(settings):
        return True
    written = manifest.stat().st_mtime
    for part in PARSED_FOLDERS:
        root = settings.project_dir / part
        files = [root, *root.rglob("*")] if root.is_dir() else [root]
        if any(file.exists() and file.stat().st_mtime > written for file in files):
            return True
    return False


def ensure_manifest(settings: Settings) -> Path:
    """Parse the dbt project when something in it changed since the last time. Raises ProjectDoesNotParse."""
    manifest = manifest_path(settings)
    if _is_stale(settings, manifest):
        finished = subprocess.run(
            [dbt_executable(), "--quiet", "parse", "--project-dir", str(settings.project_dir)],
            cwd=settings.project_dir,
            env={**os.environ, **environment(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode or not manifest.exists():
            raise ProjectDoesNotParse(f"dbt could not parse the project:\n{finished.stdout}{finished.stderr}".strip())
        manifest.touch()
    return manifest


def read_check_results(run_results: dict[str, Any], manifest: dict[str, Any]) -> list[CheckResult]:
    """dbt's run_results as check results: every test, and every model or seed that could not be built.

    A node that was skipped because of an earlier one could not be evaluated, so it counts as an error.
    """
    results = []
    for entry in run_results.get("results", []):
        unique_id = entry["unique_id"]
        node = manifest["nodes"].get(unique_id, {})
        kind = unique_id.split(".", 1)[0]
        status = entry["status"]
        message = " ".join((entry.get("message") or "").split())
        if kind == "test":
            severity = (
                "warning" if str(node.get("config", {}).get("severity", "error")).lower() == "warn" else "critical"
            )
            attached = (node.get("attached_node") or "").split(".")[-1]
            parents = [parent.split(".")[-1] for parent in node.get("depends_on", {}).get("nodes", [])]
            outcome = {"pass": "passed", "fail": "failed", "warn": "failed"}.get(status, "error")
            failures = entry.get("failures")
            results.append(
                CheckResult(
                    check_name=node.get("name", unique_id),
                    target=attached or (parents[0] if parents else ""),
                    severity="warning" if status == "warn" else severity,
                    status=outcome,
                    observed="" if failures is None else f"{failures} failing rows",
                    detail="" if outcome == "passed" else f"{node.get('description') or ''} {message}".strip(),
                )
            )
        elif status not in ("success", "no-op"):
            results.append(
                CheckResult(
                    check_name=f"{kind}_built",
                    target=node.get("name", unique_id),
                    severity="critical",
                    status="error",
                    observed=status,
                    detail=message,
                )
            )
    return results


def load_json(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded

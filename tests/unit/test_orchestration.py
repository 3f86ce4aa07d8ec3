"""The code location as Dagster loads it, and the pure parts around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.alerting import failure_message, send_alert
from orchestration.automation import files_landed, landing_fingerprint
from orchestration.ingestion.declarations import load_declarations
from orchestration.ingestion.loading import FileLoad
from orchestration.settings import PROJECT_DIR, SettingError, Settings
from orchestration.transformation.dbt import RUN_PROCESS, build_arguments, environment, read_check_results
from orchestration.validation.extract_checks import QUARANTINE, QualityLimits, check_landed

SNAPSHOT = Path(__file__).with_name("definitions_snapshot.txt")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    from orchestration.definitions import build_definitions

    return build_definitions(Settings.from_environment({}))


def describe(definitions: dg.Definitions) -> str:
    """Asset keys with their groups and checks, jobs, schedules and sensors, one a line."""
    graph = definitions.resolve_asset_graph()
    checks: dict[dg.AssetKey, int] = {}
    for key in graph.asset_check_keys:
        checks[key.asset_key] = checks.get(key.asset_key, 0) + 1
    lines = [
        f"asset {key.to_user_string()} [{graph.get(key).group_name}] checks={checks.get(key, 0)}"
        for key in sorted(graph.get_all_asset_keys())
    ]
    lines += sorted(f"job {job.name}" for job in definitions.resolve_all_job_defs() if not job.name.startswith("__"))
    lines += sorted(f"schedule {each.name} {each.cron_schedule}" for each in definitions.schedules or [])
    lines += sorted(f"sensor {each.name}" for each in definitions.sensors or [])
    return "\n".join(lines) + "\n"


def test_the_code_location_is_the_reviewed_one(definitions: dg.Definitions) -> None:
    found = describe(definitions)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8"), "look at the difference, then run with UPDATE_SNAPSHOTS=1"


def test_every_declared_object_has_lineage_from_file_to_published_mart(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    published = dg.AssetKey(["published", "marts"])
    upstream = set(graph.upstream_key_iterator(published))
    for declared in load_declarations(PROJECT_DIR):
        assert dg.AssetKey(["landing", declared.source, declared.name]) in upstream, declared.label


def test_assets_carry_what_their_users_look_for(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, f"{key} has no description"
        assert node.group_name, f"{key} has no group"
        assert node.owners, f"{key} has no owner"


def test_the_job_takes_an_as_of_date(definitions: dg.Definitions, tmp_path: Path, monkeypatch: Any) -> None:
    from orchestration.resources import Warehouse

    monkeypatch.setenv("EVERGREEN_WAREHOUSE_DIR", str(tmp_path))
    assert str(Warehouse(as_of_date="2026-03-31").settings.as_of_date) == "2026-03-31"
    with pytest.raises(SettingError, match="as_of_date of the run config is 'soon'"):
        _ = Warehouse(as_of_date="soon").settings
    config = definitions.resolve_job_def("daily").run_config_schema
    assert "warehouse" in str(config.config_type.fields["resources"].config_type.fields.keys())  # type: ignore[attr-defined]


def test_a_second_run_is_turned_away_while_one_holds_the_lock(tmp_path: Path, monkeypatch: Any) -> None:
    from orchestration.resources import AnotherRunIsActive, Warehouse

    monkeypatch.setenv("EVERGREEN_WAREHOUSE_DIR", str(tmp_path))
    context = dg.build_init_resource_context()
    first, second = Warehouse(), Warehouse()
    first.setup_for_execution(context)
    with pytest.raises(AnotherRunIsActive, match=rf"process {os.getpid()}\) is writing"):
        second.setup_for_execution(context)
    first.teardown_after_execution(context)
    second.setup_for_execution(context)
    second.teardown_after_execution(context)


def test_a_run_that_cannot_start_alerts_too(tmp_path: Path, monkeypatch: Any) -> None:
    from orchestration import alerting
    from orchestration.resources import Warehouse

    sent: list[str] = []
    monkeypatch.setenv("EVERGREEN_WAREHOUSE_DIR", str(tmp_path))
    monkeypatch.setenv("EVERGREEN_ALERT_WEBHOOK_URL", "http://127.0.0.1:9/alert")
    monkeypatch.setattr(alerting, "send_alert", lambda url, text: bool(sent.append(text)) or True)
    with pytest.raises(SettingError, match="'soon'"):
        Warehouse(as_of_date="soon").setup_for_execution(dg.build_init_resource_context())
    [text] = sent
    assert "failed at its start" in text
    assert "as_of_date of the run config is 'soon'" in text
    monkeypatch.delenv("EVERGREEN_ALERT_WEBHOOK_URL")
    assert alerting.alert("daily", "1", "gate", "x") == "no alert was sent: EVERGREEN_ALERT_WEBHOOK_URL is not set"


def test_a_run_that_was_killed_is_marked_failed_by_the_next_one(tmp_path: Path, monkeypatch: Any) -> None:
    from orchestration.resources import Warehouse

    monkeypatch.setenv("EVERGREEN_WAREHOUSE_DIR", str(tmp_path))
    with dg.instance_for_test() as instance:
        killed = instance.create_run_for_job(
            dg.GraphDefinition(name="daily").to_job(), status=dg.DagsterRunStatus.STARTED
        )
        other = instance.create_run_for_job(
            dg.GraphDefinition(name="other").to_job(), status=dg.DagsterRunStatus.STARTED
        )

        @dg.op(required_resource_keys={"warehouse"})
        def step() -> None:
            pass

        @dg.job(name="daily", resource_defs={"warehouse": Warehouse()})
        def daily() -> None:
            step()

        next_run = daily.execute_in_process(instance=instance)
        assert {run.run_id: run.status for run in instance.get_runs()} == {
            killed.run_id: dg.DagsterRunStatus.FAILURE,
            other.run_id: dg.DagsterRunStatus.STARTED,
            next_run.run_id: dg.DagsterRunStatus.SUCCESS,
        }


def test_the_sensor_waits_until_files_stay_unchanged_and_asks_once(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("EVERGREEN_LANDING_DIR", str(tmp_path))
    cursor = None

    def tick() -> Any:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor)
        result = files_landed(context)
        cursor = result.cursor if isinstance(result, dg.SensorResult) else context.cursor
        return result

    assert isinstance(tick(), dg.SkipReason)
    folder = tmp_path / "generic" / "accounts"
    folder.mkdir(parents=True)
    (folder / ".half.csv").write_text("x")
    assert landing_fingerprint(Settings.from_environment()) == ""
    (folder / "a.csv").write_text("account_id\n1\n")
    assert isinstance(tick(), dg.SkipReason)
    (folder / "a.csv").write_text("account_id\n1\n2\n")
    assert isinstance(tick(), dg.SkipReason)
    asked = tick()
    assert isinstance(asked, dg.SensorResult)
    assert len(asked.run_requests or []) == 1
    assert isinstance(tick(), dg.SkipReason)


def test_what_dbt_is_given_follows_from_the_settings(tmp_path: Path) -> None:
    from datetime import date

    settings = Settings(PROJECT_DIR, tmp_path / "landing", tmp_path / "warehouse")
    given = environment(settings, date(2026, 6, 30))
    assert given["EVERGREEN_AS_OF_DATE"] == "2026-06-30"
    assert given["EVERGREEN_BUILD_DB"] == str(tmp_path / "warehouse" / "build" / "build.duckdb")
    assert {name: text for name, text in environment(settings, None).items() if text != given[name]} == {
        "EVERGREEN_AS_OF_DATE": ""
    }
    assert build_arguments() == ["build", "--exclude-resource-type", "unit_test"]


def test_dbt_results_become_check_results() -> None:
    manifest = {
        "nodes": {
            "test.e.unique": {"name": "unique_a", "config": {"severity": "error"}, "attached_node": "model.e.a"},
            "test.e.soft": {"name": "soft", "config": {"severity": "warn"}, "depends_on": {"nodes": ["model.e.b"]}},
            "model.e.a": {"name": "a"},
        }
    }
    results = [
        {"unique_id": "test.e.unique", "status": "fail", "failures": 3, "message": "Got 3 results"},
        {"unique_id": "test.e.soft", "status": "warn", "failures": 1, "message": "Got 1 result"},
        {"unique_id": "model.e.a", "status": "error", "message": "Binder Error"},
        {"unique_id": "test.e.unique", "status": "skipped", "message": None},
        {"unique_id": "test.e.soft", "status": "pass", "failures": 0, "message": None},
        {"unique_id": "model.e.a", "status": "success", "message": "OK"},
    ]
    found = read_check_results({"results": results}, manifest)
    assert [(each.target, each.severity, each.status, each.is_blocking) for each in found] == [
        ("a", "critical", "failed", True),
        ("b", "warning", "failed", False),
        ("a", "critical", "error", True),
        ("a", "critical", "error", True),
        ("b", "warning", "passed", False),
    ]


def loads(read: int, quarantined: int) -> list[FileLoad]:
    return [
        FileLoad(
            "generic",
            "accounts",
            "a.csv",
            "loaded",
            file_sha256="1",
            rows_read=read,
            rows_loaded=read - quarantined,
            rows_quarantined=quarantined,
        )
    ]


@pytest.mark.parametrize(
    ("read", "quarantined", "expected"),
    [(100, 0, ("passed", False)), (100, 1, ("failed", False)), (100, 2, ("failed", True)), (0, 0, ("passed", False))],
)
def test_the_quarantine_limit_warns_up_to_it_and_blocks_beyond(
    read: int, quarantined: int, expected: tuple[str, bool]
) -> None:
    declared = next(each for each in load_declarations(PROJECT_DIR) if each.label == "generic.accounts")
    limits = QualityLimits({("*", "*"): (0.01, 0.01)})
    [result] = [
        each for each in check_landed(declared, loads(read, quarantined), limits) if each.check_name == QUARANTINE
    ]
    assert (result.status, result.is_blocking) == expected


def test_a_limit_that_is_no_share_is_refused_with_file_and_row(tmp_path: Path) -> None:
    path = tmp_path / "quality_limits.csv"
    path.write_text("source,object,max_quarantined_share,max_cast_failure_share\n*,*,0.01,0.01\ngeneric,cases,2,0\n")
    with pytest.raises(SettingError, match=r"quality_limits.csv:3: .*must be numbers from 0 to 1"):
        QualityLimits.read(path)


def test_an_alert_that_cannot_be_delivered_does_not_hide_the_failure() -> None:
    assert send_alert("http://127.0.0.1:9/nobody", "text") is False
    assert send_alert("file:///etc/passwd", "text") is False
    message = failure_message("daily", "run-1", "published__marts", "a check failed")
    for part in ("run-1", "daily", "published__marts", "a check failed", "What to do"):
        assert part in message


def test_pyarrow_is_imported_when_dbt_opens_its_database_and_no_model_runs_yet(tmp_path: Path) -> None:
    # Imported beside other threads it can make a list pass for a Mapping: orchestration/transformation/dbt_plugin.py.
    program = (
        "import sys; from dbt.cli.main import dbtRunner; assert 'pyarrow' not in sys.modules;"
        "assert dbtRunner().invoke(['--quiet', 'debug', '--connection']).success; assert 'pyarrow.lib' in sys.modules"
    )
    settings = Settings.from_environment({"EVERGREEN_WAREHOUSE_DIR": str(tmp_path)})
    settings.build_database.parent.mkdir(parents=True)
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment(settings), "DBT_LOG_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


# What dbt does first: its database is not open yet.
LOADS_THE_PLUGIN = """
import sys, time
from orchestration.transformation.dbt_plugin import Plugin
Plugin("evergreen", {})
print("loaded", flush=True)
time.sleep(60)
"""


def test_dbt_ends_with_a_run_that_is_killed() -> None:
    run = (
        "import os, signal, subprocess, sys;"
        "dbt = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE, text=True,"
        " env={**os.environ, sys.argv[2]: str(os.getpid())});"
        "assert dbt.stdout.readline() == 'loaded\\n'; os.kill(os.getpid(), signal.SIGKILL)"
    )
    # Both hold the pipe, so it ends when both have ended.
    finished = subprocess.run(
        [sys.executable, "-c", run, LOADS_THE_PLUGIN, RUN_PROCESS],
        cwd=PROJECT_DIR,
        stderr=subprocess.PIPE,
        text=True,
        timeout=45,
    )
    assert (finished.returncode, finished.stderr) == (-9, "")


def test_dbt_does_not_open_the_database_when_its_run_was_killed_before() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", LOADS_THE_PLUGIN],
        cwd=PROJECT_DIR,
        env={**os.environ, RUN_PROCESS: "1"},
        capture_output=True,
        text=True,
        timeout=45,
    )
    assert (finished.returncode, finished.stdout) == (-9, "")


def test_a_broken_declaration_stops_the_command_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "staging" / "shop"
    folder.mkdir(parents=True)
    (folder / "_shop__sources.yml").write_text("sources:\n  - name: shop\n    tables:\n      - name: things\n")
    for name in ("dbt_project.yml", "profiles.yml", "dagster.yaml"):
        (tmp_path / name).write_text((PROJECT_DIR / name).read_text())
    manifest = tmp_path / "target" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_text(json.dumps({}))
    os.utime(manifest, (4_000_000_000, 4_000_000_000))
    finished = subprocess.run(
        [sys.executable, "-m", "orchestration", "run"],
        cwd=PROJECT_DIR,
        env={**os.environ, "PYTHONPATH": str(PROJECT_DIR), "EVERGREEN_PROJECT_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "models/staging/shop/_shop__sources.yml:4: shop.things has no config.meta.extract" in finished.stderr

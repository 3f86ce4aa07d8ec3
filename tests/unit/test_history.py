"""The history of runs: which health models were published, whatever became of the files in between."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.publication.history import RunRecord, write_ops_database
from orchestration.publication.versions import publish, roll_back
from orchestration.scoring.health_models import HealthUnavailable, published_models
from orchestration.settings import Settings


@pytest.fixture
def warehouse(tmp_path: Path) -> Settings:
    settings = Settings(
        project_dir=tmp_path, landing_dir=tmp_path / "landing", warehouse_dir=tmp_path / "warehouse", runs_kept=2
    )
    for folder in (settings.build_dir, settings.temp_dir, settings.raw_dir):
        folder.mkdir(parents=True)
    return settings


def built(settings: Settings, version: str, weight: float) -> Path:
    """A build in which only what the history reads is there."""
    settings.build_database.unlink(missing_ok=True)
    with duckdb.connect(str(settings.build_database)) as connection:
        connection.execute(f"""
            create schema marts;
            create schema seeds;
            create table marts.fct_account_health as select 'a' as account_id, '{version}' as model_version;
            create table seeds.health_score_weights as
                select component, 'default' as segment, cast(weight as decimal(9, 6)) as weight,
                    cast(0 as decimal(18, 6)) as low, cast(1 as decimal(18, 6)) as high, 'high_is_good' as direction
                from (values ('adoption', {weight}), ('service', {1 - weight})) as weights(component, weight);
            create table seeds.health_bands as
                select 'default' as segment, 'at_risk' as risk_band, 0.0 as from_score, cast(null as double) as to_score;
            create table seeds.metric_thresholds as select 'health_coverage_floor' as name, 0.5 as value
        """)
    return settings.build_database


def run(settings: Settings, number: int, version: str, weight: float, killed: bool = False) -> None:
    """A run that publishes, and is killed before it has written ops.duckdb where `killed`."""
    record = RunRecord(
        f"run {number}", datetime(2026, 1, number, tzinfo=UTC), "published", as_of_date=f"2026-01-{number:02}"
    )
    build = built(settings, version, weight)
    publish(settings, record, build, [])
    if not killed:
        write_ops_database(settings, record, build)


def kept(settings: Settings, name: str = "ops.duckdb") -> list[tuple[str, str, date, float]]:
    """(run, version, as-of date, weight of adoption) of each health model."""
    schema = "main" if name == "ops.duckdb" else "ops"
    with duckdb.connect(str(settings.warehouse_dir / name), read_only=True) as connection:
        return connection.execute(
            f"select run_id, model_version, as_of_date, weight from {schema}.health_models"
            " where component = 'adoption' order by as_of_date"
        ).fetchall()


FIRST = ("run 1", "v1", date(2026, 1, 1), 0.25)
SECOND = ("run 3", "v2", date(2026, 1, 3), 0.75)


def test_the_same_weights_are_one_row_set_and_edited_ones_another(warehouse: Settings) -> None:
    run(warehouse, 1, "v1", 0.25)
    run(warehouse, 2, "v1", 0.25)
    assert kept(warehouse) == kept(warehouse, "marts.duckdb") == [FIRST]
    run(warehouse, 3, "v2", 0.75)
    run(warehouse, 4, "v1", 0.25)
    assert kept(warehouse) == kept(warehouse, "marts.duckdb") == [FIRST, SECOND]
    models = published_models(warehouse)
    assert list(models) == ["v1", "v2"]
    assert models["v2"].weights["default"].tolist() == [0.75, 0.25]
    assert models["v2"].bands == {"default": [("at_risk", 0.0, float("inf"))]}


def test_health_models_outlive_the_runs_that_published_them(warehouse: Settings) -> None:
    for number in range(1, 6):
        run(warehouse, number, "v1" if number < 3 else "v2", 0.25 if number < 3 else 0.75)
    with duckdb.connect(str(warehouse.ops_database), read_only=True) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (2,)
    assert kept(warehouse) == [FIRST, SECOND]


def test_a_published_model_is_known_without_ops_database_and_after_a_kill(warehouse: Settings) -> None:
    run(warehouse, 1, "v1", 0.25)
    warehouse.ops_database.unlink()
    run(warehouse, 2, "v1", 0.25)
    assert kept(warehouse) == [FIRST]
    run(warehouse, 3, "v2", 0.75, killed=True)
    assert kept(warehouse) == [FIRST]
    run(warehouse, 4, "v1", 0.25)
    assert kept(warehouse) == [FIRST, SECOND]


def test_a_rollback_keeps_the_newer_model(warehouse: Settings) -> None:
    run(warehouse, 1, "v1", 0.25)
    run(warehouse, 3, "v2", 0.75)
    roll_back(warehouse)
    assert kept(warehouse) == [FIRST, SECOND]
    assert kept(warehouse, "marts.duckdb") == [FIRST]
    assert list(published_models(warehouse)) == ["v1", "v2"]
    run(warehouse, 5, "v1", 0.25)
    assert kept(warehouse) == kept(warehouse, "marts.duckdb") == [FIRST, SECOND]


def test_a_refused_run_leaves_no_model(warehouse: Settings) -> None:
    record = RunRecord("run 1", datetime(2026, 1, 1, tzinfo=UTC), "refused", as_of_date="2026-01-01")
    write_ops_database(warehouse, record, built(warehouse, "v1", 0.25))
    assert kept(warehouse) == []


def test_files_of_a_release_that_kept_no_models_are_read(warehouse: Settings) -> None:
    run(warehouse, 1, "v1", 0.25)
    for name, schema in (("ops.duckdb", "main"), ("marts.duckdb", "ops")):
        with duckdb.connect(str(warehouse.warehouse_dir / name)) as connection:
            connection.execute(f"drop table {schema}.health_models; drop table {schema}.health_model_bands")
    assert published_models(warehouse) == {}
    run(warehouse, 2, "v1", 0.25)
    assert [row[:2] for row in kept(warehouse)] == [("run 2", "v1")]


def test_a_build_without_health_scores_has_no_model(warehouse: Settings) -> None:
    build = built(warehouse, "v1", 0.25)
    with duckdb.connect(str(build)) as connection:
        connection.execute("delete from marts.fct_account_health")
    record = RunRecord("run 1", datetime(2026, 1, 1, tzinfo=UTC), "published", as_of_date="2026-01-01")
    publish(warehouse, record, build, [])
    assert kept(warehouse, "marts.duckdb") == []


def test_nothing_published_says_what_to_do(warehouse: Settings) -> None:
    from orchestration.scoring.health_commands import compare_versions, tune

    seeds = warehouse.project_dir / "seeds"
    seeds.mkdir()
    (seeds / "metric_thresholds.csv").write_text(
        "name,value\n" + "".join(f"{name},1\n" for name in (
            "health_backtest_short_horizon_days", "health_backtest_prior_accounts", "confidence_standard_errors",
            "health_backtest_training_losses", "health_coverage_floor",
        ))
    )  # fmt: skip
    for command in (tune, compare_versions):
        with pytest.raises(HealthUnavailable, match="run `make run` first"):
            command(warehouse)


def test_a_failed_run_is_written_down_although_its_build_is_open_elsewhere(warehouse: Settings) -> None:
    build = built(warehouse, "v1", 0.5)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(build)!r}); print('open', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    try:
        write_ops_database(warehouse, RunRecord("run 1", datetime(2026, 1, 1, tzinfo=UTC), "failed", "locked"), build)
        with pytest.raises(duckdb.IOException, match="lock"):
            write_ops_database(warehouse, RunRecord("run 2", datetime(2026, 1, 2, tzinfo=UTC), "published"), build)
    finally:
        holder.communicate("\n")
    with duckdb.connect(str(warehouse.ops_database), read_only=True) as connection:
        assert connection.execute("select run_id, outcome, detail from runs").fetchall() == [
            ("run 1", "failed", "locked")
        ]

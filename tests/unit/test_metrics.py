"""The declarations of the semantic layer, and what `make metrics` makes of an answer."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.metrics import sample
from orchestration.settings import PROJECT_DIR, Settings

FOLDER = PROJECT_DIR / "models" / "marts" / "metrics"
METRICS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "_metrics__metrics.yml").read_text())["metrics"]
SEMANTIC_MODELS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "_metrics__semantic_models.yml").read_text())[
    "semantic_models"
]
MEASURES = [measure for model in SEMANTIC_MODELS for measure in model.get("measures", [])]


def repeated(values: list[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric["name"])
def test_every_metric_has_a_label_and_says_what_it_is(metric: dict[str, Any]) -> None:
    assert metric["label"]
    assert len(metric["description"]) >= 10
    if metric["type"] == "ratio":
        parts = metric["type_params"]
        assert f"Numerator {parts['numerator']}:" in metric["description"].replace(".", ":")
        assert f"Denominator {parts['denominator']}:" in metric["description"].replace(".", ":")


def test_no_two_metrics_are_the_same() -> None:
    parts = [metric["type_params"] for metric in METRICS]
    assert repeated([metric["name"] for metric in METRICS]) == []
    assert repeated([metric["label"] for metric in METRICS]) == []
    assert repeated([(each["numerator"], each["denominator"]) for each in parts if "numerator" in each]) == []
    assert repeated([each["measure"] for each in parts if "measure" in each]) == []
    assert repeated([re.sub(r"\s", "", each["expr"]) for each in parts if "expr" in each]) == []
    assert (
        repeated(
            [
                (model["model"], each.get("expr", each["name"]), str(each.get("non_additive_dimension")))
                for model in SEMANTIC_MODELS
                for each in model.get("measures", [])
            ]
        )
        == []
    )


def test_every_measure_serves_one_metric() -> None:
    assert sorted(metric["type_params"]["measure"] for metric in METRICS if metric["type"] == "simple") == sorted(
        measure["name"] for measure in MEASURES
    )


def test_no_metric_is_an_average_and_none_is_summed_over_rows_that_repeat_accounts() -> None:
    """Tables with `dimension` and `dimension_value` hold each account once per dimension and once in total."""
    assert {measure["agg"] for measure in MEASURES} == {"sum", "sum_boolean"}
    columns = {
        model["name"]: {column["name"] for column in model.get("columns", [])}
        for path in (PROJECT_DIR / "models" / "marts").rglob("*__models.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    }
    for model in SEMANTIC_MODELS:
        table = re.fullmatch(r"ref\('(\w+)'\)", model["model"])
        assert table, model["model"]
        assert "dimension_value" not in columns[table.group(1)], model["name"]


def test_balances_are_never_added_over_months() -> None:
    balances = {measure["name"] for measure in MEASURES if "non_additive_dimension" in measure}
    assert "closing_mrr" in balances
    assert {measure["name"] for measure in MEASURES if measure["name"].endswith("_12_months")} < balances


def test_a_value_is_shown_for_people() -> None:
    assert sample.shown("0.98237", True) == "98.2%"
    assert sample.shown("-0.0312", True) == "-3.1%"
    assert sample.shown("-0.0004", True) == "0.0%"
    assert sample.shown("1724957.113", False) == "1,724,957"
    assert sample.shown("", True) == "–"


@pytest.mark.parametrize(
    ("as_of", "first"), [("2026-06-30", "2025-07-01"), ("2026-12-01", "2026-01-01"), ("2026-01-31", "2025-02-01")]
)
def test_the_sample_is_the_month_of_the_as_of_date_and_the_eleven_before(as_of: str, first: str) -> None:
    assert sample.first_month(date.fromisoformat(as_of)).isoformat() == first


def test_the_line_to_paste_names_another_warehouse_only_when_there_is_one(tmp_path: Path) -> None:
    usual = sample.command_line(Settings.from_environment({}), ["list", "metrics"])
    assert usual == "PYTHONPATH=orchestration/metrics/offline DBT_TARGET=published .venv/bin/mf list metrics"
    other = Settings.from_environment({"EVERGREEN_WAREHOUSE_DIR": str(tmp_path / "my data")})
    assert sample.command_line(other, ["list", "metrics"]) == f"EVERGREEN_WAREHOUSE_DIR='{tmp_path}/my data' {usual}"


def test_what_stands_in_for_the_update_check_has_the_interface_that_mf_uses() -> None:
    specification = importlib.util.spec_from_file_location("stand_in", sample.OFFLINE / "update_checker.py")
    assert specification
    assert specification.loader
    stand_in = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(stand_in)
    import update_checker

    assert {name for name in vars(stand_in) if not name.startswith("_")} <= set(vars(update_checker))
    assert stand_in.UpdateChecker().check("dbt-metricflow", "0.15.0") is None

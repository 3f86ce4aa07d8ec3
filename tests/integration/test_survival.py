"""Survival curves equal those of lifelines, on lives that are worked out here once more from the subscriptions."""

from __future__ import annotations

import json
import random
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from tests.conftest import run_dbt

AS_OF = date(2025, 6, 15)
MODELS = ("int_service_spells", "int_customer_lives", "churn_survival")
Curve = dict[int, tuple[int, int, int, float | None, float | None]]


@dataclass(frozen=True)
class Life:
    """First spell of an account: segment, first day in service, first day out of it (None while it lasts)."""

    segment: str
    started: date
    ended: date | None


def plus_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def whole_months(first: date, second: date) -> int:
    months = 0
    while plus_months(first, months + 1) <= second:
        months += 1
    return months


def company(accounts: int) -> tuple[list[tuple[object, ...]], list[Life]]:
    """Subscription rows of random customers and their first spells; some renew without a gap, some come back later."""
    draw = random.Random(5)
    rows: list[tuple[object, ...]] = []
    lives = []
    for number in range(accounts):
        account, segment = f"a{number:04}", draw.choice(["small", "middle", "middle", "large", "large", "large"])
        start = date(2019, 1, 1) + timedelta(days=draw.randrange((AS_OF - date(2019, 1, 1)).days + 1))
        stay = int(draw.expovariate(1 / {"small": 300, "middle": 700, "large": 1500}[segment]))
        end = start + timedelta(days=max(stay, 1))
        left = end if end <= AS_OF else None
        lives.append(Life(segment, start, left))
        middle = start + (end - start) / 2
        if draw.random() < 0.4 and start < middle < min(end, AS_OF):
            rows.append((f"{account}-1", account, segment, start, middle))
            rows.append((f"{account}-2", account, segment, middle, end))
        else:
            rows.append((f"{account}-1", account, segment, start, end if draw.random() < 0.5 or left else None))
        if left and draw.random() < 0.3:
            rows.append((f"{account}-3", account, segment, plus_months(end.replace(day=1), 2), None))
    return rows, lives


def in_view(lives: list[Life], data_start: date | None) -> list[tuple[str, int, int, bool]]:
    """Segment, tenure on entry, tenure at the end, and whether it ended, of those who can be at risk."""
    seen = []
    for life in lives:
        if data_start and life.ended and life.ended <= data_start:
            continue
        entry = whole_months(life.started, data_start) if data_start and life.started < data_start else 0
        tenure = whole_months(life.started, life.ended or AS_OF + timedelta(days=1))
        # Who enters and leaves in the same month of tenure is seen for no whole month; lifelines has no place for it.
        if entry == 0 or entry < tenure:
            seen.append((life.segment, entry, tenure, life.ended is not None))
    return seen


@pytest.fixture(scope="module", params=[None, date(2021, 9, 10)], ids=["seen_from_the_start", "left_truncated"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[tuple[str, str], Curve], list[tuple[str, int, int, bool]]]:
    """Curves as dbt builds them from the subscriptions, and the lives behind them."""
    folder = tmp_path_factory.mktemp("survival")
    data_start: date | None = request.param
    rows, lives = company(1200)
    database = folder / "build.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema intermediate; create schema marts")
        connection.execute(
            "create table intermediate.int_subscriptions (subscription_id varchar, account_id varchar, product varchar, "
            "service_start_date date, service_end_date date, mrr_native decimal(18, 6), currency varchar)"
        )
        connection.executemany(
            "insert into intermediate.int_subscriptions values (?, ?, 'suite', ?, ?, 100, 'USD')",
            [(key, account, start, end) for key, account, _, start, end in rows],
        )
        connection.execute(
            "create table intermediate.int_exchange_rates_monthly as select cast(month as date) as month, "
            "'USD' as currency, cast(1 as decimal(18, 10)) as rate_to_reporting "
            "from generate_series(date '2019-01-01', date '2025-06-01', interval 1 month) as months(month)"
        )
        connection.execute(
            "create table intermediate.int_account_versions (account_id varchar, segment varchar, region varchar, "
            "support_plan varchar, customer_type varchar, valid_from timestamp, valid_to timestamp)"
        )
        connection.executemany(
            "insert into intermediate.int_account_versions values (?, ?, 'r', 'p', 'c', '1900-01-01', '9999-12-31')",
            [(f"a{number:04}", life.segment) for number, life in enumerate(lives)],
        )
    variables = {"as_of_date": AS_OF.isoformat(), "data_start_date": data_start.isoformat() if data_start else None}
    finished = run_dbt(
        database, AS_OF.isoformat(), "--quiet", "run", "--vars", json.dumps(variables), "--select", *MODELS
    )
    assert finished.returncode == 0, finished.stdout[-3000:]
    curves: dict[tuple[str, str], Curve] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for dimension, value, month, *figures in connection.execute(
            "select dimension, dimension_value, tenure_month, at_risk, churned, censored, survival, std_error "
            "from marts.churn_survival"
        ).fetchall():
            curves.setdefault((dimension, value), {})[month] = tuple(figures)
    return curves, in_view(lives, data_start)


@pytest.mark.parametrize("segment", ["all", "small", "middle", "large"])
def test_survival_and_its_errors_equal_those_of_lifelines(
    built: tuple[dict[tuple[str, str], Curve], list[tuple[str, int, int, bool]]], segment: str
) -> None:
    curves, lives = built
    curve = curves[("all", "all") if segment == "all" else ("segment", segment)]
    entry, tenure, ended = (
        np.array(values) for values in zip(*[life[1:] for life in lives if segment in ("all", life[0])], strict=True)
    )
    fitter = KaplanMeierFitter().fit(tenure, ended, entry=entry)
    months = sorted(curve)
    assert months == list(range(max(tenure) + 1))
    # lifelines states Greenwood's sum without the factor S(t)², and carries its curve on to months without an event.
    survival = fitter.survival_function_at_times(months).to_numpy()
    greenwood = fitter._cumulative_sq_.reindex(months, method="pad").to_numpy()
    assert [curve[month][3] for month in months] == pytest.approx(survival, abs=1e-9)
    assert [curve[month][4] for month in months] == pytest.approx(survival * np.sqrt(greenwood), abs=1e-9)
    table = fitter.event_table.reindex(months).fillna(0)
    assert [curve[month][1] for month in months] == list(table["observed"])
    assert [curve[month][2] for month in months] == list(table["censored"])
    # Those who enter at a tie are at risk from the next month on, except at the very start.
    late = table["entrance"].where(table.index > 0, 0)
    at_risk = table["entrance"].cumsum() - table["removed"].cumsum().shift(1, fill_value=0) - late
    assert [curve[month][0] for month in months] == list(at_risk)


def test_every_dimension_holds_the_same_customers(
    built: tuple[dict[tuple[str, str], Curve], list[tuple[str, int, int, bool]]],
) -> None:
    curves, lives = built
    assert {dimension for dimension, _ in curves} == {
        "all", "segment", "region", "product", "support_plan", "customer_type",
    }  # fmt: skip
    assert curves["all", "all"] == curves["region", "r"] == curves["product", "suite"]
    assert sum(figures[1] for figures in curves["all", "all"].values()) == sum(life[3] for life in lives)
    assert sum(figures[2] for figures in curves["all", "all"].values()) == sum(not life[3] for life in lives)

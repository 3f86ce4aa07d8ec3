"""The scorecard of the sample company, worked out again in plain Python from the marts and the seed, and what a seed that
cannot be used is told. The golden figures of small cases are dbt's unit tests beside the models."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, SAMPLE_AS_OF, Company, workbench

MONTHS = {"month": 1, "trailing_3_months": 3, "trailing_12_months": 12}
TARGETS = list(csv.DictReader((PROJECT / "seeds" / "kpi_targets.csv").open(encoding="utf-8")))
CLOSE_SHARE = Fraction(
    next(
        row["value"]
        for row in csv.DictReader((PROJECT / "seeds" / "metric_thresholds.csv").open(encoding="utf-8"))
        if row["name"] == "scorecard_close_share"
    )
)

# Month, numerator and denominator of KPIs that are summed, one of each mart; no denominator for amounts.
SUMMED = {
    "new_mrr": "select month, sum(new_mrr), null from marts.fct_mrr_movements group by month",
    "logo_churn_rate": "select month, churned_accounts, starting_accounts from marts.churn_monthly where dimension = 'all'",
    "net_mrr_churn_rate": """
        select month, churned_mrr + contraction_mrr - expansion_mrr - reactivation_mrr, starting_mrr
        from marts.churn_monthly where dimension = 'all'
    """,
    "renewal_rate_gross": """
        select month, gross_renewed_arr, due_arr from marts.renewal_rates_monthly where dimension = 'all'
    """,
    "cost_per_retained_account": "select month, retention_cost, retained_accounts from marts.retention_cost_monthly",
    "adoption_rate": """
        select month, sum(adopting_accounts), sum(entitled_accounts) from marts.adoption_rates_monthly
        where is_usage_known group by month
    """,
    "first_contact_resolution_rate": """
        select month, fcr_resolved, fcr_eligible from marts.service_metrics_monthly where dimension = 'all'
    """,
    "sla_compliance_rate": """
        select month, sla_met, sla_met + sla_breached from marts.service_metrics_monthly where dimension = 'all'
    """,
    "reopen_rate": "select month, reopened_cases, cases_solved from marts.service_metrics_monthly where dimension = 'all'",
    "csat_top_box_rate": """
        select month, csat_top_box_count, csat_top_box_responses from marts.voice_of_customer_monthly
        where dimension = 'all' and survey_type = 'csat'
    """,
    "survey_response_rate": """
        select month, sum(answered), sum(sent) from marts.voice_of_customer_monthly
        where dimension = 'all' and survey_type in ('nps', 'csat', 'ces') group by month
    """,
    "deflection_rate_sessions": """
        select month, sum(sessions_without_case), sum(sessions_without_case) + sum(sessions_with_case)
        from marts.self_service_monthly group by month
    """,
    "saved_cost": "select month, sum(saved_cost), null from marts.self_service_monthly group by month",
    "attrition_rate": "select month, sum(left_agents), sum(starting_agents) from marts.team_attrition_monthly group by month",
    "quality_review_score": """
        select month, sum(quality_review_score_sum), sum(quality_review_responses)
        from marts.agent_performance_monthly group by month
    """,
}
# Month and value of KPIs that stand, as their marts publish them.
STANDING = {
    "mrr": "select month, sum(closing_mrr) from marts.fct_mrr_movements group by month",
    "net_revenue_retention": """
        select month, net_revenue_retention from marts.retention_monthly where window_months = 12 and dimension = 'all'
    """,
    "logo_retention_rate": """
        select month, logo_retention_rate from marts.retention_monthly where window_months = 12 and dimension = 'all'
    """,
    "median_time_to_resolve_seconds": """
        select month, median_time_to_resolve_seconds from marts.service_metrics_monthly where dimension = 'all'
    """,
    "closing_backlog": "select month, closing_backlog from marts.service_metrics_monthly where dimension = 'all'",
    "at_risk_share_of_mrr": """
        with newest as (select max(as_of_date) as as_of_date from marts.fct_account_health group by date_trunc('month', as_of_date))
        select month, sum(closing_mrr) filter (risk_band = 'at_risk') / sum(closing_mrr)
        from newest
        join marts.fct_account_health as health using (as_of_date)
        join marts.fct_mrr_movements as movements
            on health.account_id = movements.account_id and movements.month = date_trunc('month', as_of_date)
        where risk_band <> 'unknown'
        group by month
    """,
    "health_score_auc": """
        select distinct on (month) month, auc
        from (select distinct month from marts.fct_mrr_movements)
        join marts.health_backtest on as_of_date + horizon_days < month + interval 1 month
        where horizon_days = 90
        order by month, as_of_date desc
    """,
}

Values = dict[date, Fraction | None]


@pytest.fixture(scope="module")
def marts(published_sample: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    copy = tmp_path_factory.mktemp("scorecard") / "evergreen.duckdb"
    shutil.copy(published_sample.warehouse / "evergreen.duckdb", copy)
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection


def earlier(month: date, months: int) -> date:
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def targets_of(month: date) -> list[dict[str, str]]:
    last_day = (earlier(month, -1) - timedelta(1)).isoformat()
    return [row for row in TARGETS if row["starts_on"] <= last_day <= row["due_on"]]


def exact(value: int | float | Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def summed(marts: duckdb.DuckDBPyConnection, kpi: str, months: int) -> Values:
    """The KPI by month over so many months, once so many have gone by since its first."""
    rows: dict[date, tuple[Fraction, Fraction | None]] = {}
    for month, numerator, denominator in marts.execute(SUMMED[kpi]).fetchall():
        if numerator is not None:
            rows[month] = (Fraction(numerator), exact(denominator))
    values: Values = {}
    month = earlier(min(rows), 1 - months)
    while month <= max(rows):
        period = [rows[back] for back in (earlier(month, ago) for ago in range(months)) if back in rows]
        over = [denominator for _, denominator in period if denominator is not None]
        total = sum((numerator for numerator, _ in period), Fraction(0))
        if over and not sum(over):
            values[month] = None
        else:
            values[month] = total / sum(over) if over else total
        month = earlier(month, -1)
    return values


def judged(target: Fraction, actual: Fraction, direction: str) -> str:
    shortfall = target - actual if direction == "high_is_good" else actual - target
    if shortfall <= Fraction(1, 10**9):
        return "met"
    return "close" if shortfall <= CLOSE_SHARE * abs(target) + Fraction(1, 10**9) else "missed"


def near(found: float | None, expected: Fraction | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    return abs(found - float(expected)) <= 1e-9 * max(1.0, abs(float(expected)))


@pytest.mark.parametrize("kpi", [*SUMMED, *STANDING])
def test_the_scorecard_is_what_the_marts_say(kpi: str, marts: duckdb.DuckDBPyConnection) -> None:
    period, direction = next((row["period"], row["direction"]) for row in TARGETS if row["kpi"] == kpi)
    if kpi in SUMMED:
        values = summed(marts, kpi, MONTHS[period])
    else:
        values = {month: exact(value) for month, value in marts.execute(STANDING[kpi]).fetchall()}
    found = marts.execute(
        "select month, actual, target, previous, attainment, status, trend from marts.kpi_scorecard where kpi = ?",
        [kpi],
    ).fetchall()
    assert found

    for month, actual, target, previous, attainment, status, trend in found:
        row = next((row for row in targets_of(month) if row["kpi"] == kpi), None)
        expected, before = values.get(month), values.get(earlier(month, MONTHS[period]))
        assert near(actual, expected), (month, actual, expected)
        assert near(previous, None if expected is None else before), (month, previous, before)
        assert near(target, Fraction(row["target"]) if row else None)
        if row is None:
            assert (status, attainment) == (None, None), month
        elif expected is None:
            assert (status, attainment) == ("no_data", None), month
        else:
            aim = Fraction(row["target"])
            assert status == judged(aim, expected, direction), (month, actual, target)
            over, under = (expected, aim) if direction == "high_is_good" else (aim, expected)
            assert near(attainment, over / under if under > 0 else None), month
        if actual is None or previous is None:
            assert trend is None, month
        else:
            gain = round(actual - previous if direction == "high_is_good" else previous - actual, 9)
            assert trend == ("better" if gain > 0 else "worse" if gain < 0 else "same"), month
    shown = {month for month, actual, *_ in found if actual is not None}
    assert shown == {month for month, value in values.items() if value is not None}


def test_every_target_is_in_every_month_in_which_it_holds(marts: duckdb.DuckDBPyConnection) -> None:
    newest = date(SAMPLE_AS_OF.year, SAMPLE_AS_OF.month, 1)
    for month in (newest, earlier(newest, 1)):
        found = marts.execute(
            "select kpi, is_complete from marts.kpi_scorecard where month = ? and target is not null", [month]
        ).fetchall()
        assert sorted(found) == sorted((row["kpi"], month < newest) for row in targets_of(month))


@pytest.fixture(scope="module")
def seed_tests() -> dict[str, str]:
    return workbench().compiled_tests("assert_kpi_targets_usable", "assert_every_kpi_has_a_target")


def answer(query: str, rows: list[dict[str, str]], folder: Path) -> list[tuple[object, ...]]:
    """The test's answer about a seed of these rows; a failing test raises what it says."""
    columns = list(TARGETS[0])
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        connection.execute("create schema seeds")
        connection.execute(f"create table seeds.kpi_targets ({', '.join(f'{name} varchar' for name in columns)})")
        connection.executemany(
            f"insert into seeds.kpi_targets values ({', '.join('?' for _ in columns)})",
            [[row[name] or None for name in columns] for row in rows],
        )
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kpi": "npz"}, 'kpi "npz", starts_on 2026-01-01: is no KPI of macros/scorecard.sql'),
        ({"goal": " "}, "goal is empty"),
        ({"owner": ""}, "owner is empty"),
        ({"target": "a lot"}, 'target is "a lot"; expected a number'),
        ({"target": ""}, 'target is ""; expected a number'),
        ({"direction": "up"}, 'direction is "up"; expected high_is_good or low_is_good'),
        ({"period": "week"}, 'period is "week"; expected month, trailing_3_months, trailing_12_months'),
        ({"unit": "euros"}, 'unit is "euros"; expected share,'),
        ({"starts_on": "1 May"}, 'starts_on is "1 May"; expected an ISO date'),
        ({"due_on": ""}, 'due_on is ""; expected an ISO date'),
        ({"due_on": "2025-12-31"}, "due_on 2025-12-31 is before starts_on"),
        ({"kpi": "mrr", "period": "trailing_3_months"}, 'period is "trailing_3_months"; this KPI has month only'),
    ],
)
def test_a_target_that_cannot_be_used_is_named(
    changed: dict[str, str], message: str, seed_tests: dict[str, str], tmp_path: Path
) -> None:
    rows = [row for row in TARGETS if row["kpi"] == "nps"]
    with pytest.raises(duckdb.Error) as error:
        answer(seed_tests["assert_kpi_targets_usable"], [{**rows[0], **changed}], tmp_path)
    assert message in str(error.value)
    assert "kpi_targets, kpi" in str(error.value)


def test_two_targets_at_a_time_are_refused(seed_tests: dict[str, str], tmp_path: Path) -> None:
    rows = [row for row in TARGETS if row["kpi"] == "nps"]
    twice = [*rows, {**rows[0], "starts_on": rows[0]["due_on"], "due_on": "2027-12-31"}]
    with pytest.raises(duckdb.Error, match="begins before the KPI's earlier target is due"):
        answer(seed_tests["assert_kpi_targets_usable"], twice, tmp_path)


def test_the_seed_as_it_is_passes_and_a_kpi_without_a_target_is_named(
    seed_tests: dict[str, str], tmp_path: Path
) -> None:
    for number, query in enumerate(seed_tests.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert answer(query, TARGETS, folder) == []
    without = [row for row in TARGETS if row["kpi"] not in ("mrr", "nps")]
    with pytest.raises(duckdb.Error, match="has no target for: mrr;nps"):
        answer(seed_tests["assert_every_kpi_has_a_target"], without, tmp_path)

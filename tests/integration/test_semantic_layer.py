"""The metrics, asked through MetricFlow of a published company, are the numbers of the marts."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.metrics.sample import environment
from orchestration.settings import Settings
from tests.conftest import PROJECT, SAMPLE_AS_OF, Company, without_settings

AS_OF = SAMPLE_AS_OF.isoformat()
MOVEMENTS = (
    *("opening_mrr", "new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr", "fx_mrr"),
)
RATES_OF_RETENTION = ("net_revenue_retention", "gross_revenue_retention", "logo_retention_rate")
PARTS_OF_RETENTION = (
    *("starting_accounts", "retained_accounts", "starting_mrr", "gross_retained_mrr", "net_retained_mrr"),
)
RENEWALS = (
    *("due_count", "renewed_count", "pending_count", "due_arr", "gross_renewed_arr", "net_renewed_arr"),
    *("renewal_rate_count", "renewal_rate_gross", "renewal_rate_net"),
)
FOLDER = PROJECT / "models" / "marts" / "metrics"
METRICS = [metric["name"] for metric in yaml.safe_load((FOLDER / "_metrics__metrics.yml").read_text())["metrics"]]
# Metrics of service, of the customer's voice and of health.
CASES = (
    *("cases_created", "case_cost", "cost_per_case"),
    *("first_reply_count", "first_reply_seconds_sum", "mean_first_reply_seconds"),
    *("first_reply_business_count", "first_reply_business_seconds_sum", "mean_first_reply_business_seconds"),
    *("cases_solved", "resolution_count", "resolution_seconds_sum", "mean_time_to_resolve_seconds"),
    *("resolution_business_count", "resolution_business_seconds_sum", "mean_time_to_resolve_business_seconds"),
    *("approvals", "approval_wait_seconds_sum", "mean_approval_wait_seconds"),
    *("fcr_eligible", "fcr_resolved", "first_contact_resolution_rate"),
)
SLAS = (
    *("sla_met", "sla_breached", "sla_decided", "sla_compliance_rate"),
    *("internal_sla_met", "internal_sla_breached", "internal_sla_decided", "internal_sla_compliance_rate"),
)
BACKLOG = ("closing_backlog", "stale_5_days", "stale_share_of_backlog")
VOICE = (
    *("nps_responses", "promoters", "passives", "detractors", "nps"),
    *("csat_top_box_responses", "csat_top_box_count", "csat_top_box_rate"),
    *("csat_mean_responses", "csat_score_sum", "csat_mean"),
    *("ces_easy_responses", "ces_easy_count", "ces_easy_rate"),
    *("ces_mean_responses", "ces_score_sum", "ces_mean"),
    *("surveys_sent", "surveys_answered", "survey_response_rate"),
)
RESPONSE_RATE = VOICE[-3:]
HEALTH = (
    *("scored_accounts", "healthy_accounts", "at_risk_accounts", "health_score_sum"),
    *("healthy_share", "at_risk_share", "mean_health_score"),
)
REVENUE = tuple(name for name in METRICS if name not in {*CASES, *SLAS, *BACKLOG, *VOICE, *HEALTH})
# What can be grouped by, and the metrics of which a mart has the number: several tables answer one question. What only
# the case knows of a commitment is reached through the case.
SERVED = {
    **dict.fromkeys(("segment", "region", "customer_type"), (*REVENUE, *VOICE)),
    "product": REVENUE,
    "support_plan": (*REVENUE, *CASES, *VOICE),
    "topic": (*CASES, *VOICE),
    **dict.fromkeys(("channel", "service_process"), (*CASES, *BACKLOG, *VOICE)),
    "team": (*CASES, *SLAS, *BACKLOG, *VOICE),
    **{f"service_case__{name}": (*CASES, *SLAS) for name in ("support_plan", "channel", "priority", "case_type")},
    "account__industry": HEALTH,
}
GRAINS = ("month", "quarter", "year")
Answer = list[dict[str, Any]]
Numbers = dict[tuple[str, ...], dict[str, float]]


@pytest.fixture(scope="module")
def company(published_sample: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """What was published, for these tests alone: they ask whether anybody holds the file."""
    company = Company(tmp_path_factory.mktemp("metrics"))
    shutil.copytree(published_sample.warehouse, company.warehouse, ignore=shutil.ignore_patterns("lake", "build"))
    return company


@pytest.fixture(scope="module")
def marts(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy, so that this process holds no lock on what is published."""
    copy = tmp_path_factory.mktemp("copy") / "evergreen.duckdb"
    shutil.copy(company.warehouse / "evergreen.duckdb", copy)
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection


def ask(company: Company, questions: list[dict[str, Any]]) -> list[Any]:
    settings = Settings.from_environment(company.process_environment())
    finished = subprocess.run(
        [sys.executable, "-m", "tests.integration.ask_metrics"],
        cwd=PROJECT,
        env={**company.process_environment(environment(settings)), "PYTHONPATH": str(PROJECT)},
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-4000:]
    answers: list[Any] = json.loads(finished.stdout)
    return answers


def question(*group_by: str, metrics: Sequence[str] = METRICS) -> dict[str, Any]:
    return {"metric_names": list(metrics), "group_by_names": list(group_by)}


@pytest.fixture(scope="module")
def answers(company: Company) -> dict[tuple[str, ...], Answer]:
    """What MetricFlow says of every metric that has what it was grouped by, by that."""
    groups: dict[tuple[str, ...], Sequence[str]] = {(f"metric_time__{grain}",): METRICS for grain in GRAINS}
    groups |= {("metric_time__month", dimension): metrics for dimension, metrics in SERVED.items()}
    groups |= {("metric_time__month", "segment"): (*REVENUE, *CASES, *VOICE)}
    groups |= {("metric_time__quarter", "segment"): REVENUE, ("metric_time__month", "region", "product"): REVENUE}
    groups |= {("metric_time__month", "case_sla__sla_metric"): SLAS}
    groups |= {("metric_time__month", "survey_response__survey_type"): RESPONSE_RATE}
    questions = [question(*group, metrics=metrics) for group, metrics in groups.items()]
    return dict(zip(groups, ask(company, questions), strict=True))


def numbers(rows: Answer, keys: tuple[str, ...]) -> Numbers:
    """The rows by their keys; what has no value, or a value of nothing, is left out."""
    found: Numbers = {}
    for row in rows:
        values = {name: float(row[name]) for name in row if name not in keys and row[name] is not None}
        key = tuple(str(row[name])[:10] if name.startswith("metric_time") else row[name] for name in keys)
        found[key] = {name: value for name, value in values.items() if value}
    return {key: values for key, values in found.items() if values}


def assert_same(found: Numbers, expected: Numbers, metrics: list[str]) -> None:
    """Every metric of every group is the expected one, to a billionth of it; none is missing and none too many."""
    for metric in metrics:
        ours = {key: values[metric] for key, values in found.items() if metric in values}
        theirs = {key: values[metric] for key, values in expected.items() if metric in values}
        assert theirs, f"nothing to compare {metric} with"
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9), metric


def queries(dimension: str) -> dict[str, str]:
    """What the marts say by month and value of `dimension` (`all`: in total), by a metric that it is asked for."""
    group = "'all'" if dimension == "all" else dimension
    of_dimension = f"where dimension = '{dimension}'"
    voice = [
        f"max(case when survey_type = '{survey_type}' then {column} end) as {metric}"
        for survey_type, column, metric in (
            ("nps", "responses", "nps_responses"),
            *(("nps", name, name) for name in ("promoters", "passives", "detractors", "nps")),
            *(("csat", f"csat_top_box_{name}", f"csat_top_box_{name}") for name in ("responses", "count", "rate")),
            *(("ces", f"ces_easy_{name}", f"ces_easy_{name}") for name in ("responses", "count", "rate")),
            *(("csat", "mean_responses", "csat_mean_responses"), ("csat", "score_sum", "csat_score_sum")),
            *(("csat", "mean_score", "csat_mean"), ("ces", "mean_responses", "ces_mean_responses")),
            *(("ces", "score_sum", "ces_score_sum"), ("ces", "ces_mean", "ces_mean")),
        )
    ]
    asked = {
        "mrr": f"select month, {group} as value, sum(closing_mrr) as mrr, 12 * sum(closing_mrr) as arr, "
        + ", ".join(f"sum({name}) as {name}" for name in MOVEMENTS)
        + " from marts.fct_mrr_movements group by all",
        "opening_accounts": "select month, dimension_value, starting_accounts as opening_accounts, churned_accounts, "
        "logo_churn_rate, gross_mrr_churn_rate, net_mrr_churn_rate, churned_mrr + contraction_mrr as lost_mrr, "
        "churned_mrr + contraction_mrr - expansion_mrr - reactivation_mrr as net_lost_mrr "
        f"from marts.churn_monthly {of_dimension}",
        "due_count": f"select month, dimension_value, {', '.join(RENEWALS)} "
        f"from marts.renewal_rates_monthly {of_dimension}",
        "cases_created": "select month, dimension_value, cost as case_cost, "
        + ", ".join(name for name in CASES if name != "case_cost")
        + f" from marts.service_metrics_monthly {of_dimension}",
        "sla_met": "select month, dimension_value, "
        "sla_met, sla_breached, sla_met + sla_breached as sla_decided, sla_compliance_rate, "
        "internal_sla_met, internal_sla_breached, internal_sla_met + internal_sla_breached as internal_sla_decided, "
        f"internal_sla_compliance_rate from marts.service_metrics_monthly {of_dimension}",
        "closing_backlog": "select month, dimension_value, closing_backlog "
        f"from marts.service_metrics_monthly {of_dimension}",
        "stale_5_days": f"select cast(date_trunc('month', date) as date), {group} as value, "
        "sum(stale_5_days) as stale_5_days, "
        "sum(stale_5_days) / nullif(sum(closing_backlog), 0) as stale_share_of_backlog "
        "from marts.case_backlog_daily where date in "
        "(select max(date) from marts.case_backlog_daily group by date_trunc('month', date)) group by all",
        "nps": "select month, dimension_value, "
        + ", ".join(voice)
        + ", sum(sent) as surveys_sent, sum(answered) as surveys_answered, "
        "sum(answered) / nullif(sum(sent), 0) as survey_response_rate from marts.voice_of_customer_monthly "
        f"{of_dimension} and survey_type in ('nps', 'csat', 'ces') group by month, dimension_value",
        "scored_accounts": f"select cast(date_trunc('month', as_of_date) as date), {group} as value, "
        "count(health_score) as scored_accounts, "
        "count(case when risk_band = 'healthy' then 1 end) as healthy_accounts, "
        "count(case when risk_band = 'at_risk' then 1 end) as at_risk_accounts, "
        "sum(cast(health_score as decimal(18, 6))) as health_score_sum, "
        "healthy_accounts / nullif(scored_accounts, 0) as healthy_share, "
        "at_risk_accounts / nullif(scored_accounts, 0) as at_risk_share, "
        "health_score_sum / nullif(scored_accounts, 0) as mean_health_score "
        "from marts.fct_account_health left join marts.dim_accounts using (account_id) where as_of_date in "
        "(select max(as_of_date) from marts.fct_account_health group by date_trunc('month', as_of_date)) group by 1, 2",
    }
    for window, suffix, tail in ((12, "", "12_months"), (1, "_1_month", "1_month")):
        asked[f"starting_mrr_{tail}"] = (
            "select month, dimension_value, "
            + ", ".join(f"{name} as {name}{suffix}" for name in RATES_OF_RETENTION)
            + ", "
            + ", ".join(f"{name} as {name}_{tail}" for name in PARTS_OF_RETENTION)
            + f" from marts.retention_monthly {of_dimension} and window_months = {window}"
        )
    return asked


def expected_numbers(
    marts: duckdb.DuckDBPyConnection, dimension: str, metrics: Sequence[str] = METRICS
) -> tuple[Numbers, list[str]]:
    """What the marts say by month and value of `dimension` (`all`: in total), and which metrics they know."""
    expected: Numbers = {}
    known: list[str] = []
    for asked_for, query in queries(dimension).items():
        if asked_for not in metrics:
            continue
        cursor = marts.execute(query)
        names = [column[0] for column in cursor.description or []]
        known += names[2:]
        for month, value, *values in cursor.fetchall():
            key = (month.isoformat(),) if dimension == "all" else (month.isoformat(), value)
            expected.setdefault(key, {}).update(
                {name: float(each) for name, each in zip(names[2:], values, strict=True) if each}
            )
    return expected, known


def test_every_metric_by_month_is_the_number_of_the_mart(
    answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    expected, known = expected_numbers(marts, "all")
    assert sorted(known) == sorted(METRICS), "a metric that nothing is compared with"
    assert_same(numbers(answers["metric_time__month",], ("metric_time__month",)), expected, METRICS)


@pytest.mark.parametrize("dimension", SERVED)
def test_every_metric_by_month_and_group_is_the_number_of_the_mart(
    dimension: str, answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    group = ("metric_time__month", dimension)
    metrics = SERVED[dimension]
    expected, known = expected_numbers(marts, dimension.split("__")[-1], metrics)
    assert sorted(known) == sorted(metrics)
    assert_same(numbers(answers[group], group), expected, list(metrics))


def test_no_metric_has_a_row_without_a_month(answers: dict[tuple[str, ...], Answer]) -> None:
    """Cases that are not solved, commitments that still run and answers that do not count have no day."""
    for group, rows in answers.items():
        assert all(row[group[0]] is not None for row in rows), group


def test_cases_by_segment_are_the_sums_of_their_rows(
    answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    """No mart cuts them by segment; asked beside MRR and CSAT, which marts do."""
    expected: Numbers = {}
    sums = {
        "cases_created": ("created_at", "count(*)"),
        "case_cost": ("created_at", "sum(case_cost)"),
        "fcr_eligible": ("last_solved_at", "count(is_first_contact_resolution)"),
        "first_contact_resolution_rate": ("last_solved_at", "avg(cast(is_first_contact_resolution as integer))"),
    }
    for metric, (instant, total) in sums.items():
        rows = marts.execute(
            f"select cast(date_trunc('month', {instant}) as date) as month, segment, {total} as total "
            "from marts.fct_cases where not is_deleted and not is_merged and month is not null "
            "group by all having total > 0"
        ).fetchall()
        for month, segment, value in rows:
            expected.setdefault((month.isoformat(), segment), {})[metric] = float(value)
    group = ("metric_time__month", "segment")
    assert_same(numbers(answers[group], group), expected, list(sums))


def test_each_kind_of_survey_has_its_response_rate(
    answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select month, survey_type, sent, answered, response_rate from marts.voice_of_customer_monthly "
        "where dimension = 'all' and survey_type in ('nps', 'csat', 'ces')"
    ).fetchall()
    expected: Numbers = {
        (month.isoformat(), survey_type): {
            name: float(value) for name, value in zip(RESPONSE_RATE, values, strict=True) if value
        }
        for month, survey_type, *values in rows
    }
    group = ("metric_time__month", "survey_response__survey_type")
    assert_same(numbers(answers[group], group), expected, list(RESPONSE_RATE))


def test_health_and_the_backlog_are_those_of_the_scorecard(
    answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    kpis = ["mean_health_score", "healthy_share", "at_risk_share", "closing_backlog", "stale_share_of_backlog"]
    rows = marts.execute(
        "select month, kpi, actual from marts.kpi_scorecard where period = 'month' and actual <> 0"
    ).fetchall()
    found = numbers(answers["metric_time__month",], ("metric_time__month",))
    scorecard = [(month.isoformat(), kpi, actual) for month, kpi, actual in rows if kpi in kpis]
    assert {kpi for _, kpi, _ in scorecard} == set(kpis)
    for month, kpi, actual in scorecard:
        assert found[month,][kpi] == pytest.approx(actual, rel=1e-9), (month, kpi)


@pytest.mark.parametrize(
    ("row", "without"),
    [
        ({}, set()),
        ({"is_deleted": "true"}, {"created_on", "first_replied_on", "solved_on"}),
        ({"is_merged": "true"}, {"created_on", "first_replied_on", "solved_on"}),
        ({"is_valid": "false"}, {"answered_on"}),
        ({"invalid_reason": "'preview, test or spam'"}, {"sent_on"}),
        ({"survey_type": "'engagement'"}, {"sent_on"}),
    ],
)
def test_what_does_not_count_has_no_day(row: dict[str, str], without: set[str]) -> None:
    """The sample has no spam and no answer beside its scale, so the expressions are asked of a row that has."""
    models = yaml.safe_load((FOLDER / "_metrics__semantic_models.yml").read_text())["semantic_models"]
    days = ("created_on", "first_replied_on", "solved_on", "decided_on", "responded_on", "sent_on")
    counts = {"is_deleted": "false", "is_merged": "false", "is_valid": "true", "survey_type": "'nps'"}
    counts |= {"invalid_reason": "null", **dict.fromkeys(days, "date '2024-06-30'")}
    columns = ", ".join(f"{value} as {name}" for name, value in (counts | row).items())
    expressions = {
        dimension["name"]: dimension.get("expr", dimension["name"])
        for model in models
        for dimension in model["dimensions"]
        if dimension["name"].endswith("_on")
    }
    assert len(expressions) == len(days)
    asked = ", ".join(f"{expression} as {name}" for name, expression in expressions.items())
    with duckdb.connect() as connection:
        [found] = connection.execute(f"select {asked} from (select {columns})").fetchall()
    assert {name for name, day in zip(expressions, found, strict=True) if day is None} == without


@pytest.mark.parametrize("grain", ["quarter", "year"])
def test_a_balance_of_a_longer_period_is_that_of_its_last_month(
    grain: str, answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    """MRR, windows of twelve months, the backlog and health; sums and rates of one month are pooled."""
    monthly, _ = expected_numbers(marts, "all")
    periods: dict[tuple[str, ...], list[dict[str, float]]] = {}
    for (month,), values in sorted(monthly.items()):
        day = date.fromisoformat(month)
        first = day.replace(day=1, month=1 if grain == "year" else day.month - (day.month - 1) % 3)
        periods.setdefault((first.isoformat(),), []).append(values)
    found = numbers(answers[f"metric_time__{grain}",], (f"metric_time__{grain}",))

    balances = ["mrr", "arr", *RATES_OF_RETENTION, *(f"{name}_12_months" for name in PARTS_OF_RETENTION)]
    balances += [*BACKLOG, *HEALTH]
    assert_same(found, {period: months[-1] for period, months in periods.items()}, balances)

    sums = ["new_mrr", "lost_mrr", "net_lost_mrr", "opening_mrr", "due_arr", "net_renewed_arr", "churned_accounts"]
    sums += ["opening_accounts", "net_retained_mrr_1_month", "starting_mrr_1_month"]
    sums += ["case_cost", "cases_created", "fcr_resolved", "fcr_eligible", "sla_met", "sla_decided"]
    sums += ["csat_top_box_count", "csat_top_box_responses", "surveys_answered", "surveys_sent"]
    pooled = {
        period: {name: sum(month.get(name, 0) for month in months) for name in sums}
        for period, months in periods.items()
    }
    assert_same(
        found,
        {period: {name: value for name, value in values.items() if value} for period, values in pooled.items()},
        sums,
    )
    ratios = {
        "gross_mrr_churn_rate": ("lost_mrr", "opening_mrr"),
        "net_mrr_churn_rate": ("net_lost_mrr", "opening_mrr"),
        "logo_churn_rate": ("churned_accounts", "opening_accounts"),
        "renewal_rate_net": ("net_renewed_arr", "due_arr"),
        "net_revenue_retention_1_month": ("net_retained_mrr_1_month", "starting_mrr_1_month"),
        "cost_per_case": ("case_cost", "cases_created"),
        "first_contact_resolution_rate": ("fcr_resolved", "fcr_eligible"),
        "sla_compliance_rate": ("sla_met", "sla_decided"),
        "csat_top_box_rate": ("csat_top_box_count", "csat_top_box_responses"),
        "survey_response_rate": ("surveys_answered", "surveys_sent"),
    }
    rates = {
        period: {rate: values[above] / values[below] for rate, (above, below) in ratios.items() if values[above]}
        for period, values in pooled.items()
    }
    assert_same(found, rates, list(ratios))


@pytest.mark.parametrize(
    ("group", "additive"),
    [
        (
            ("region", "product"),
            ["mrr", "due_count", "starting_accounts_12_months", "net_retained_mrr_1_month", "churned_accounts"],
        ),
        (("case_sla__sla_metric",), ["sla_met", "sla_breached", "internal_sla_met", "internal_sla_decided"]),
    ],
)
def test_groups_add_up_to_the_total_whatever_they_are_cut_by(
    group: tuple[str, ...], additive: list[str], answers: dict[tuple[str, ...], Answer]
) -> None:
    total = numbers(answers["metric_time__month",], ("metric_time__month",))
    summed: Numbers = {}
    for row in answers["metric_time__month", *group]:
        values = summed.setdefault((row["metric_time__month"][:10],), dict.fromkeys(additive, 0.0))
        for name in additive:
            values[name] += float(row[name] or 0)
    assert_same(
        {month: {name: value for name, value in values.items() if value} for month, values in summed.items()},
        total,
        additive,
    )


def test_a_group_that_is_gone_in_the_last_month_has_no_balance_in_the_period(
    answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    group = ("metric_time__quarter", "segment")
    last_months = marts.execute(
        """
        select date_trunc('quarter', month), segment, sum(closing_mrr)
        from marts.fct_mrr_movements
        where month in (select max(month) from marts.fct_mrr_movements group by date_trunc('quarter', month))
        group by all having sum(closing_mrr) > 0
        """
    ).fetchall()
    expected = {(quarter.isoformat()[:10], segment): {"mrr": float(mrr)} for quarter, segment, mrr in last_months}
    assert_same(numbers(answers[group], group), expected, ["mrr"])


def test_metrics_of_the_present_and_by_what_is_known_of_accounts_today(
    company: Company, marts: duckdb.DuckDBPyConnection
) -> None:
    [[now], industries, refused] = ask(
        company,
        [
            {"metric_names": ["mrr"]},
            {"metric_names": ["mrr"], "group_by_names": ["metric_time__month", "account__industry"]},
            {"execute": "create table build.marts.written (x integer)"},
        ],
    )
    (present,) = marts.execute("select sum(current_mrr) from marts.dim_accounts").fetchone() or (None,)
    assert float(now["mrr"]) == pytest.approx(float(present), rel=1e-9)
    last = [row for row in industries if row["metric_time__month"].startswith(AS_OF[:7])]
    assert len(last) > 1
    assert sum(float(row["mrr"]) for row in last) == pytest.approx(float(present), rel=1e-9)
    assert "read-only" in refused


def test_asking_neither_changes_nor_locks_the_published_file(company: Company) -> None:
    names = ("evergreen.duckdb", "marts.duckdb", "ops.duckdb")
    before = {name: hashlib.sha256((company.warehouse / name).read_bytes()).hexdigest() for name in names}
    files = sorted(path.name for path in company.warehouse.iterdir())
    shown = company.command("metrics")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert {name: hashlib.sha256((company.warehouse / name).read_bytes()).hexdigest() for name in names} == before
    assert sorted(path.name for path in company.warehouse.iterdir()) == files
    # a writer: fails while any reader is left
    with duckdb.connect(str(company.warehouse / "evergreen.duckdb")) as connection:
        connection.execute("select 1 from marts.fct_mrr_movements limit 1")


def test_make_metrics_shows_a_year_and_a_command_that_works_offline_when_pasted(
    company: Company, tmp_path: Path, marts: duckdb.DuckDBPyConnection
) -> None:
    shown = company.command("metrics").stdout
    months = re.findall(r"^(20\d\d-\d\d) ", shown, flags=re.MULTILINE)
    assert months == [f"2025-{month:02}" for month in range(6, 13)] + [f"2026-{month:02}" for month in range(1, 6)]
    (nrr,) = marts.execute(
        "select net_revenue_retention from marts.retention_monthly"
        " where month = '2026-05-01' and window_months = 12 and dimension = 'all'"
    ).fetchone() or (None,)
    [last_line] = [line for line in shown.splitlines() if line.startswith("2026-05")]
    assert f" {nrr:.1%} " in last_line

    # Python tells of every connection that is looked up or opened; the file is read by whatever process imports it.
    log = tmp_path / "connections.txt"
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname'):\n"
        f"        open({str(log)!r}, 'a').write(f'{{event}} {{arguments}}\\n')\n"
        f"open({str(log)!r}, 'a').close()\n"
        "sys.addaudithook(hook)\n"
    )
    commands = [line.strip() for line in shown.splitlines() if "mf " in line]
    assert len(commands) == 2
    environment = without_settings(company.process_environment())
    del environment["PYTHONPATH"]
    for command in commands:
        pasted = command.replace("PYTHONPATH=", f"PYTHONPATH={tmp_path}:")
        finished = subprocess.run(
            pasted, shell=True, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        assert "net_revenue_retention" in finished.stdout
    assert log.read_text() == "", "mf opened a connection"


def test_metrics_without_a_published_version_say_what_to_do(tmp_path: Path) -> None:
    refused = Company(tmp_path).command("metrics")
    assert refused.returncode == 1
    assert re.search(r"error: nothing has been published in .* yet: `make run` first", refused.stderr)

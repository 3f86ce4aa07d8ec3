"""The metrics, asked through MetricFlow of a published company, are the numbers of the marts."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
DIMENSIONS = ("segment", "region", "product", "support_plan", "customer_type")
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
METRICS = [
    metric["name"]
    for metric in yaml.safe_load((PROJECT / "models/marts/metrics/_metrics__metrics.yml").read_text())["metrics"]
]
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


def question(*group_by: str) -> dict[str, Any]:
    return {"metric_names": METRICS, "group_by_names": list(group_by)}


@pytest.fixture(scope="module")
def answers(company: Company) -> dict[tuple[str, ...], Answer]:
    """What MetricFlow says of every metric, by what it was grouped by."""
    groups: list[tuple[str, ...]] = [("metric_time__month",), ("metric_time__quarter",), ("metric_time__year",)]
    groups += [("metric_time__month", dimension) for dimension in DIMENSIONS]
    groups += [("metric_time__quarter", "segment"), ("metric_time__month", "region", "product")]
    return dict(zip(groups, ask(company, [question(*group) for group in groups]), strict=True))


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


def expected_numbers(marts: duckdb.DuckDBPyConnection, dimension: str) -> tuple[Numbers, list[str]]:
    """What the marts say by month and value of `dimension` (`all`: in total), and which metrics they know."""
    group = "'all'" if dimension == "all" else dimension
    queries = [
        "select month, {group} as value, sum(closing_mrr) as mrr, 12 * sum(closing_mrr) as arr, "
        + ", ".join(f"sum({name}) as {name}" for name in MOVEMENTS)
        + " from marts.fct_mrr_movements group by all",
        "select month, dimension_value, starting_accounts as opening_accounts, churned_accounts, logo_churn_rate, "
        "gross_mrr_churn_rate, net_mrr_churn_rate, churned_mrr + contraction_mrr as lost_mrr, "
        "churned_mrr + contraction_mrr - expansion_mrr - reactivation_mrr as net_lost_mrr "
        "from marts.churn_monthly where dimension = '{dimension}'",
        "select month, dimension_value, "
        + ", ".join(RENEWALS)
        + " from marts.renewal_rates_monthly where dimension = '{dimension}'",
    ]
    for window, suffix, tail in ((12, "", "12_months"), (1, "_1_month", "1_month")):
        queries.append(
            "select month, dimension_value, "
            + ", ".join(f"{name} as {name}{suffix}" for name in RATES_OF_RETENTION)
            + ", "
            + ", ".join(f"{name} as {name}_{tail}" for name in PARTS_OF_RETENTION)
            + f" from marts.retention_monthly where window_months = {window} and dimension = '{{dimension}}'"
        )
    expected: Numbers = {}
    known: list[str] = []
    for query in queries:
        cursor = marts.execute(query.format(group=group, dimension=dimension))
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


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_metric_by_month_and_group_is_the_number_of_the_mart(
    dimension: str, answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    group = ("metric_time__month", dimension)
    assert_same(numbers(answers[group], group), expected_numbers(marts, dimension)[0], METRICS)


@pytest.mark.parametrize("grain", ["quarter", "year"])
def test_a_balance_of_a_longer_period_is_that_of_its_last_month(
    grain: str, answers: dict[tuple[str, ...], Answer], marts: duckdb.DuckDBPyConnection
) -> None:
    """MRR, and everything about windows of twelve months; sums and rates of one month are pooled."""
    monthly, _ = expected_numbers(marts, "all")
    periods: dict[tuple[str, ...], list[dict[str, float]]] = {}
    for (month,), values in sorted(monthly.items()):
        day = date.fromisoformat(month)
        first = day.replace(day=1, month=1 if grain == "year" else day.month - (day.month - 1) % 3)
        periods.setdefault((first.isoformat(),), []).append(values)
    found = numbers(answers[f"metric_time__{grain}",], (f"metric_time__{grain}",))

    balances = ["mrr", "arr", *RATES_OF_RETENTION, *(f"{name}_12_months" for name in PARTS_OF_RETENTION)]
    assert_same(found, {period: months[-1] for period, months in periods.items()}, balances)

    sums = ["new_mrr", "lost_mrr", "net_lost_mrr", "opening_mrr", "due_arr", "net_renewed_arr", "churned_accounts"]
    sums += ["opening_accounts", "net_retained_mrr_1_month", "starting_mrr_1_month"]
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
    }
    rates = {
        period: {rate: values[above] / values[below] for rate, (above, below) in ratios.items() if values[above]}
        for period, values in pooled.items()
    }
    assert_same(found, rates, list(ratios))


def test_groups_add_up_to_the_total_whatever_they_are_cut_by(answers: dict[tuple[str, ...], Answer]) -> None:
    total = numbers(answers["metric_time__month",], ("metric_time__month",))
    additive = ["mrr", "due_count", "starting_accounts_12_months", "net_retained_mrr_1_month", "churned_accounts"]
    summed: Numbers = {}
    for row in answers["metric_time__month", "region", "product"]:
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

"""200 random small companies: the revenue marts equal a recomputation from their files, however these were delivered.

`EVERGREEN_TEST_SEED=<number>` draws other companies than the usual ones, to hunt for what these do not show.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company, export_marts
from tests.integration import random_companies
from tests.integration.built import build
from tests.integration.random_companies import AS_OF, RandomCompany, company_of
from tests.integration.recompute_renewals import ONE_DAY, Renewals, whole_months
from tests.integration.recompute_revenue import Line
from tests.integration.recomputed_marts import COLUMNS, Recomputed, differences

# What was exported by this day is the first of two deliveries.
HALF_WAY = "2024-06-30"


def rows_of(company: RandomCompany) -> str:
    """The rows of a company as a person reads them: empty fields left out."""
    lines = []
    for entity in ("accounts", "subscriptions", "opportunities"):
        for row in getattr(company, entity):
            lines.append(
                f"  {entity}: " + " ".join(f"{name}={text}" for name, text in row.items() if text not in ("", "false"))
            )
    return "\n".join([f"{'Salesforce' if company.is_vendor else 'generic'} company, local ids:", *lines])


def features(recomputed: Recomputed, companies: list[RandomCompany]) -> Counter[str]:
    """What happens in how many companies, as the rows and the recomputation show it."""
    found: dict[str, set[str]] = defaultdict(set)
    for number, company in enumerate(companies):
        name = f"c{number:03}"
        for story, happened in rows_tell(company).items():
            if happened:
                found[story].add(name)
    for line in recomputed.revenue.lines:
        for story, happened in line_tells(line, recomputed.renewals).items():
            if happened:
                found[story].add(company_of(line.account_id))
    for (account, _), kept in recomputed.revenue.native.items():
        if len(kept) > 1:
            found["several subscriptions at once"].add(company_of(account))
    for account, lines in recomputed.revenue.by_account.items():
        if len({line.currency for line in lines}) > 1:
            found["several currencies of one account"].add(company_of(account))
    for (account, _), movement in recomputed.churns.movements.items():
        found[f"movement {movement.name}"].add(company_of(account))
        if movement.fx and movement.name in ("expansion", "contraction"):
            found["exchange rates beside expansion or contraction"].add(company_of(account))
    for (name, _), renewal in recomputed.renewed.items():
        company_name = company_of(name)
        found[f"renewal {renewal.outcome}"].add(company_name)
        if renewal.timing:
            found[f"renewal {renewal.timing}"].add(company_name)
        if renewal.due_number > 1:
            found["renewal of a term that rolled over"].add(company_name)
        if renewal.outcome in ("expanded", "contracted") and renewal.renewed_by in recomputed.renewals.lines:
            successor = recomputed.renewals.lines[renewal.renewed_by]
            if successor.currency != recomputed.renewals.lines[name].currency:
                found["renewal in another currency"].add(company_name)
    for name, (other, _) in recomputed.renewals.merged_into.items():
        found["merged contracts"].add(company_of(name))
        if len({merged for merged, (into, _) in recomputed.renewals.merged_into.items() if into == other}) > 1:
            found["three contracts merged into one"].add(company_of(name))
    for name, succession in recomputed.renewals.successions.items():
        if len(succession.lines) > 1:
            found["split contract"].add(company_of(name))
    for name in recomputed.renewals.amended:
        found["amendment"].add(company_of(name))
    for name, due in recomputed.renewals.opportunities:
        for opportunity in recomputed.renewals.opportunities[name, due]:
            found[f"renewal opportunity {opportunity.state}"].add(company_of(name))
    for (account, _), churn in recomputed.churned.items():
        found["churn"].add(company_of(account))
        if not churn.is_voluntary:
            found["involuntary churn"].add(company_of(account))
        if churn.returned_on:
            found["win-back"].add(company_of(account))
            if whole_months(churn.churned_on, churn.returned_on) >= 12:
                found["win-back after a year"].add(company_of(account))
        if not churn.was_seen_at_month_end:
            found["service inside one month"].add(company_of(account))
    return Counter({story: len(names) for story, names in found.items()})


def rows_tell(company: RandomCompany) -> dict[str, bool]:
    def versions(rows: list[dict[str, str]], key: str, column: str) -> int:
        """The most values of a column that the versions of one row have."""
        values: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            values[row[key]].add(row.get(column, ""))
        return max((len(kept) for kept in values.values()), default=0)

    subscriptions = company.subscriptions
    return {
        "Salesforce company": company.is_vendor,
        "several accounts": len({row["account_id"] for row in company.accounts}) > 1,
        "parent account": any(row["parent_account_id"] for row in company.accounts),
        "account that changes segment": versions(company.accounts, "account_id", "segment") > 1,
        "deleted account": any(row["is_deleted"] == "true" for row in company.accounts),
        "account that was never exported": bool(
            {row["account_id"] for row in subscriptions} - {row["account_id"] for row in company.accounts}
        ),
        "contract with older versions": versions(subscriptions, "subscription_id", "updated_at") > 1,
        "contract exported after the as-of date": any(row["updated_at"] >= "2025-06-16" for row in subscriptions),
        "opportunity with older versions": versions(company.opportunities, "opportunity_id", "updated_at") > 1,
        **{
            f"billed by {period or 'nothing'}": any(row["billing_period"] == period for row in subscriptions)
            for period in ("month", "year", "quarter", "week", "day", "")
        },
        **{
            f"currency {currency or 'none'}": any(row["currency"] == currency for row in subscriptions)
            for currency in ("USD", "EUR", "GBP", "JPY", "usd", "")
        },
    }


def line_tells(line: Line, renewals: Renewals) -> dict[str, bool]:
    before = renewals.lines.get(line.predecessor)
    taken_over = before is not None and before.taken_over_on == line.first_day
    return {
        "trial": line.mrr == 0,
        "credit": line.mrr < 0,
        "open-ended": line.stated_end is None,
        "term that ends before it starts": line.stated_end is not None and line.term_end is None,
        "term repeats": line.repeats,
        "notice on a repeating term": line.repeats and line.noticed_on is not None,
        "notice on an open-ended contract": line.stated_end is None and line.noticed_on is not None,
        "ended on another day than its term": line.ended_on not in (None, line.stated_end),
        "replacement reason": renewals.reasons.is_replacement(line.reason),
        "unknown reason": line.reason == "moon phase",
        "deleted contract": line.deleted_on is not None,
        "back-dated": line.first_known.date() > line.first_day,
        "starts on the leap day": (line.first_day.month, line.first_day.day) == (2, 29),
        "starts at the end of a month": (line.first_day + ONE_DAY).day == 1,
        "successor not started yet": before is not None and line.first_day > AS_OF,
        "swap on the day of the start": taken_over and before is not None and before.first_day == line.first_day,
        "swap inside a term": taken_over
        and before is not None
        and before.term_end is not None
        and before.first_day < line.first_day <= before.term_end,
        "overlap": any(
            other is not line
            and other.account_id == line.account_id
            and other.product == line.product
            and other.subscription_id != line.predecessor
            and other.first_day < line.first_day
            and other.runs_on(line.first_day)
            for other in renewals.revenue.by_account[line.account_id]
        ),
    }


# Feature → companies of the 200 that must show it. About half of what the generator gives: one that no longer draws
# something fails here before it proves nothing.
AT_LEAST = {
    "Salesforce company": 32,
    "account that changes segment": 58,
    "account that was never exported": 14,
    "amendment": 37,
    "back-dated": 38,
    "billed by nothing": 10,
    "billed by day": 61,
    "billed by month": 93,
    "billed by quarter": 62,
    "billed by week": 54,
    "billed by year": 54,
    "churn": 64,
    "contract exported after the as-of date": 41,
    "contract with older versions": 68,
    "credit": 32,
    "currency EUR": 76,
    "currency none": 10,
    "currency GBP": 43,
    "currency JPY": 56,
    "currency USD": 83,
    "currency usd": 18,
    "deleted account": 12,
    "deleted contract": 11,
    "ended on another day than its term": 61,
    "exchange rates beside expansion or contraction": 83,
    "involuntary churn": 5,
    "merged contracts": 35,
    "movement churn": 62,
    "movement contraction": 91,
    "movement expansion": 94,
    "movement fx": 88,
    "movement new": 99,
    "movement none": 69,
    "movement reactivation": 44,
    "notice on a repeating term": 25,
    "notice on an open-ended contract": 8,
    "open-ended": 61,
    "opportunity with older versions": 38,
    "overlap": 93,
    "parent account": 47,
    "renewal churned": 88,
    "renewal contracted": 55,
    "renewal early": 74,
    "renewal expanded": 71,
    "renewal in another currency": 18,
    "renewal late": 62,
    "renewal of a term that rolled over": 66,
    "renewal on_time": 95,
    "renewal opportunity lost": 37,
    "renewal opportunity open": 64,
    "renewal opportunity won": 44,
    "renewal pending": 96,
    "renewal renewed": 90,
    "replacement reason": 55,
    "service inside one month": 8,
    "several accounts": 73,
    "several currencies of one account": 77,
    "several subscriptions at once": 94,
    "split contract": 31,
    "starts at the end of a month": 84,
    "starts on the leap day": 22,
    "successor not started yet": 83,
    "swap inside a term": 60,
    "swap on the day of the start": 46,
    "term repeats": 83,
    "term that ends before it starts": 14,
    "three contracts merged into one": 5,
    "trial": 49,
    "unknown reason": 34,
    "win-back": 45,
    "win-back after a year": 13,
}


def seed_of_today() -> int | None:
    text = os.environ.get("EVERGREEN_TEST_SEED", "")
    return int(text) if text else None


@pytest.fixture(scope="module")
def companies() -> list[RandomCompany]:
    return random_companies.draw_companies(200, seed_of_today())


@pytest.fixture(scope="module")
def landed(companies: list[RandomCompany], tmp_path_factory: pytest.TempPathFactory) -> Company:
    """All companies, landed at once."""
    company = Company(tmp_path_factory.mktemp("random"))
    random_companies.write(companies, company.landing)
    return company


@pytest.fixture(scope="module")
def marts(landed: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(build(landed, AS_OF.isoformat(), *COLUMNS)), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def recomputed(landed: Company) -> Recomputed:
    return Recomputed(landed.landing, AS_OF)


def test_the_companies_show_everything_that_the_comparison_is_meant_to_prove(
    recomputed: Recomputed, companies: list[RandomCompany]
) -> None:
    counts = features(recomputed, companies)
    assert len(companies) == 200
    assert {story: counts[story] for story, least in AT_LEAST.items() if counts[story] < least} == {}


@pytest.mark.parametrize("mart", COLUMNS)
def test_mart_equals_the_recomputation(
    mart: str, marts: duckdb.DuckDBPyConnection, recomputed: Recomputed, companies: list[RandomCompany]
) -> None:
    wrong = differences(marts, mart, recomputed)
    told = {name for line in wrong for name in re.findall(r"\bc(\d{3})(?=-)", line)}
    stories = [f"c{name}: {rows_of(companies[int(name)])}" for name in sorted(told)[:3]]
    assert wrong == [], "\n".join([f"{mart}: {len(wrong)} rows differ", *wrong[:20], *stories])


@pytest.mark.long
def test_two_deliveries_equal_one(companies: list[RandomCompany], tmp_path: Path) -> None:
    """All marts and columns, when what was exported later arrives after a run on the rest."""
    at_once = Company(tmp_path / "at_once")
    random_companies.write(companies, at_once.landing)
    at_once.run(AS_OF.isoformat())
    company = Company(tmp_path / "twice")
    random_companies.write(companies, company.landing, "first", until=HALF_WAY)
    company.run(HALF_WAY)
    before = export_marts(company.warehouse / "marts.duckdb")
    random_companies.write(companies, company.landing, "second", after=HALF_WAY)
    company.run(AS_OF.isoformat())
    found = export_marts(company.warehouse / "marts.duckdb")
    expected = export_marts(at_once.warehouse / "marts.duckdb")
    assert [mart for mart in COLUMNS if found[mart] == before[mart]] == [], "the second delivery changes nothing"
    assert found.keys() == expected.keys()
    assert [mart for mart in expected if found[mart] != expected[mart]] == []

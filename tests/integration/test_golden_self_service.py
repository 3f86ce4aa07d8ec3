"""Self-service, topics and product issues: figures known beforehand, and both once more in plain Python.

The golden company tells a few visits and cases whose figures are worked out by hand, all of known accounts, beside
thousands of cases of nobody whose topics come and go by chance: what is a spike is judged on those.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.conftest import SAMPLE_AS_OF, Company, write_rows
from tests.integration.built import build
from tests.integration.recompute_revenue import instant, is_true, records, versions_by_key

AS_OF = date(2025, 7, 2)  # a Wednesday; self-service of the sample company was launched on 2025-01-01
WEEKS = 156
FIRST_WEEK = date(2022, 7, 4)
OUTAGE_WEEK = date(2024, 10, 21)
ISSUES = ("bug", "feature_request", "known_limitation")
TREND_WEEKS, GROWTH_PRIOR, Z_SCORE, MINIMUM, QUIET_WEEKS = 8, 20, 3, 5, 8
PHONE, ONLINE = 55, Decimal("0.5")

Weeks = dict[str, dict[date, int]]


# -- the golden company ----------------------------------------------------------------------------------------------


def rates() -> dict[str, list[float]]:
    """Mean cases of each topic in each week: even ones, one with an outage, and one with a season that grows."""
    expected = {f"even_{rate}_{number}": [float(rate)] * WEEKS for rate in (1, 3, 9) for number in range(4)}
    expected["outage"] = [36.0 if monday(week) == OUTAGE_WEEK else 9.0 for week in range(WEEKS)]
    expected["season"] = [
        (30.0 if 11 <= monday(week).isocalendar().week <= 17 else 6.0) * 1.3 ** (week / 52) for week in range(WEEKS)
    ]
    return expected


def monday(week: int) -> date:
    return FIRST_WEEK + timedelta(weeks=week)


def chance_cases() -> list[dict[str, object]]:
    rng = np.random.default_rng(20_250_702)
    rows: list[dict[str, object]] = []
    for topic, means in rates().items():
        for week, count in enumerate(rng.poisson(means)):
            for second in rng.integers(0, 7 * 86_400, count):
                created = datetime.combine(monday(week), datetime.min.time()) + timedelta(seconds=int(second))
                if created.date() <= AS_OF:
                    rows.append({"case_id": f"chance-{len(rows)}", "created_at": created.isoformat(), "topic": topic})
    return rows


def case(case_id: str, created_at: str, account: str, contact: str = "", **columns: str) -> dict[str, object]:
    return {
        "case_id": case_id, "created_at": created_at, "account_id": account, "contact_id": contact, "product": "Ledger",
        "topic": "login", "case_type": "question", "channel": "phone", "status": "open", **columns,
    }  # fmt: skip


SOLVED = {"status": "solved", "solved_at": "2024-02-20T00:00:00"}
SOLVED_LATER = {"status": "solved", "solved_at": "2025-02-20T00:00:00", "channel": "web"}
CASES = [
    case("one second less than a day", "2025-05-07T09:59:59", "b1", "c1", case_type="bug"),
    case("of a colleague", "2025-05-12T12:00:00", "b1", "c2", case_type="bug"),
    case("first of all", "2025-05-02T12:00:00", "b2", case_type="bug"),
    case("past midnight", "2025-06-01T00:10:00", "i1", "c3", case_type="feature_request", channel="web"),
    case("nameless", "2025-05-02T13:00:00", "b2", case_type="known_limitation", product="", topic=""),
    case("gone", "2025-05-05T11:00:00", "b1", "c1", case_type="bug", is_deleted="true"),
    case("called 1", "2024-02-01T10:00:00", "i1", "c3", **SOLVED),
    case("called 2", "2024-02-02T10:00:00", "i1", "c3", **SOLVED),
    case("called 3", "2024-02-03T10:00:00", "i1", "c3", **SOLVED),
    case("after the window", "2024-07-01T00:00:00", "i1", "c3"),
    case("wrote", "2025-02-03T10:00:00", "i1", "c3", **SOLVED_LATER),
]
EVENTS = [
    # session, account, contact, time, kind, resolved
    ("deflected", "b1", "c1", "2025-05-05T10:00:00", "search", ""),
    ("deflected", "b1", "c1", "2025-05-05T10:05:00", "article_view", "true"),
    ("followed", "b1", "c1", "2025-05-06T10:00:00", "article_view", "false"),
    ("of the account", "b1", "", "2025-05-12T10:00:00", "bot_session", "true"),
    ("in the community", "b1", "c2", "2025-05-20T12:00:00", "community_post", ""),
    ("in the community", "b1", "c2", "2025-05-20T12:30:00", "community_answer", ""),
    ("", "", "c2", "2025-05-25T12:00:00", "portal_login", ""),
    ("late", "i1", "c3", "2025-05-31T23:30:00", "search", ""),
    ("nobody", "", "", "2025-05-10T12:00:00", "search", "true"),
    ("not over", "b1", "c1", "2025-07-02T15:00:00", "search", ""),
    ("helped", "i1", "c3", "2025-03-03T12:00:00", "article_view", "true"),
]
CSAT = [
    ("2024-02-05", 5),
    ("2024-02-05", 3),
    ("2025-02-05", 4),
    ("2025-02-05", 5),
    ("2025-02-05", 5),
    ("2025-02-05", 1),
]


def write(landing: Path, entity: str, rows: list[Any]) -> None:
    known = ({"updated_at": "2022-01-01T00:00:00", **row} for row in rows)
    write_rows(landing / "generic" / entity / "golden.csv", known)


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("self_service"))
    landing = company.landing
    write(landing, "accounts", [
        {"account_id": "b1", "customer_type": "business"}, {"account_id": "b2", "customer_type": "business"},
        {"account_id": "i1", "customer_type": "individual"},
    ])  # fmt: skip
    write(landing, "contacts", [
        {"contact_id": "c1", "account_id": "b1"}, {"contact_id": "c2", "account_id": "b1"},
        {"contact_id": "c3", "account_id": "i1"},
    ])  # fmt: skip
    write(landing, "subscriptions", [
        {"subscription_id": f"s{account}", "account_id": account, "product": "Ledger", "start_date": "2022-01-01",
         "billing_period": "month", "amount": amount, "currency": "USD"}
        for account, amount in (("b1", 100), ("b2", 300), ("i1", 10))
    ])  # fmt: skip
    chance = [{"status": "open", "case_type": "question", **row} for row in chance_cases()]
    write(landing, "cases", [*CASES, *chance])
    names = ("session_id", "account_id", "contact_id", "occurred_at", "kind", "resolved")
    write(landing, "self_service_events", [
        {"event_id": f"e{number}", **dict(zip(names, event, strict=True))} for number, event in enumerate(EVENTS)
    ])  # fmt: skip
    write(landing, "survey_responses", [
        {"response_id": f"r{number}", "survey_type": "csat", "account_id": "i1", "responded_at": f"{day}T12:00:00",
         "score": score, "scale_min": 1, "scale_max": 5, "high_is_good": "true"}
        for number, (day, score) in enumerate(CSAT)
    ])  # fmt: skip
    database = build(
        company, AS_OF.isoformat(),
        "self_service_monthly", "self_service_before_after", "topic_trends_weekly", "product_issues",
    )  # fmt: skip
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def test_visits_without_a_case_are_deflected(golden: duckdb.DuckDBPyConnection) -> None:
    """May: five visits of b1, three without a case; two resolved something, and cases cost 55 or 0.50."""
    found = golden.execute("""
        select
            strftime(month, '%Y-%m'), customer_type, is_complete, self_service_sessions, sessions_without_case,
            sessions_with_case, pending_sessions, anonymous_sessions, deflection_rate_sessions,
            self_service_resolutions, cases, self_service_share, saved_cost, community_posts, community_answers
        from marts.self_service_monthly
        where month >= '2025-05-01' and customer_type <> 'unknown' or month = '2025-05-01'
        order by month, customer_type
    """).fetchall()
    chance = sum(1 for row in chance_cases() if str(row["created_at"]).startswith("2025-05"))
    assert found == [
        ("2025-05", "business", True, 5, 3, 2, 0, 0, 0.6, 2, 4, 2 / 6, Decimal(109), 1, 1),
        ("2025-05", "individual", True, 1, 0, 1, 0, 0, 0.0, 0, 0, None, 0, 0, 0),
        ("2025-05", "unknown", True, 1, 0, 0, 0, 1, None, 1, chance, 1 / (1 + chance), Decimal("54.5"), 0, 0),
        ("2025-06", "business", True, 0, 0, 0, 0, 0, None, 0, 0, None, 0, 0, 0),
        ("2025-06", "individual", True, 0, 0, 0, 0, 0, None, 0, 1, 0.0, 0, 0, 0),
        ("2025-07", "business", False, 1, 0, 0, 1, 0, None, 0, 0, None, 0, 0, 0),
        ("2025-07", "individual", False, 0, 0, 0, 0, 0, None, 0, 0, None, 0, 0, 0),
    ]


def test_half_a_year_before_and_after_the_launch(golden: duckdb.DuckDBPyConnection) -> None:
    """January to June of both years: three calls against two written cases, one of them solved."""
    found = golden.execute("""
        select metric, window_months, strftime(before_from, '%Y-%m-%d'), before_value, after_value, change
        from marts.self_service_before_after
        where customer_type = 'individual'
        order by metric
    """).fetchall()
    window = (6, "2024-01-01")
    assert found == [
        ("cases_per_active_account", *window, 0.5, 2 / 6, 2 / 6 - 0.5),
        ("cases_solved_per_month", *window, 0.5, 1 / 6, 1 / 6 - 0.5),
        ("cost_per_case", *window, 55.0, 0.5, -54.5),
        ("cost_per_month", *window, 27.5, 1 / 6, 1 / 6 - 27.5),
        ("csat_top_box_rate", *window, 0.5, 0.75, 0.25),
        ("self_service_share", *window, 0.0, 1 / 3, 1 / 3),
    ]


def test_issues_are_ranked_by_the_accounts_they_affect(golden: duckdb.DuckDBPyConnection) -> None:
    found = golden.execute("""
        select rank, product, topic, case_type, cases, open_cases, affected_accounts, affected_mrr,
            strftime(first_seen_at, '%m-%d %H:%M'), strftime(last_seen_at, '%m-%d %H:%M')
        from marts.product_issues
        order by rank
    """).fetchall()
    assert found == [
        (1, "Ledger", "login", "bug", 3, 3, 2, 400, "05-02 12:00", "05-12 12:00"),
        (2, "unknown", "unknown", "known_limitation", 1, 1, 1, 300, "05-02 13:00", "05-02 13:00"),
        (3, "Ledger", "login", "feature_request", 1, 1, 1, 10, "06-01 00:10", "06-01 00:10"),
    ]


# -- what is a spike -------------------------------------------------------------------------------------------------


def test_chance_is_seldom_called_a_spike(golden: duckdb.DuckDBPyConnection) -> None:
    judged, spikes = golden.execute("""
        select count(*), count(case when is_spike then 1 end)
        from marts.topic_trends_weekly
        where topic like 'even_%' and expectation <> 'none'
    """).fetchall()[0]
    assert judged > 1_700
    assert spikes / judged < 0.01


def test_an_outage_is_a_spike_told_once(golden: duckdb.DuckDBPyConnection) -> None:
    found = golden.execute(
        "select week, is_new_spike from marts.topic_trends_weekly where topic = 'outage' and is_spike"
    ).fetchall()
    assert found == [(OUTAGE_WEEK, True)]


def test_a_season_is_a_spike_in_its_first_year_alone(golden: duckdb.DuckDBPyConnection) -> None:
    """Its spikes are one for those who are told, and growth alone is none in the years after."""
    found = golden.execute("""
        select expectation, count(*), count(case when is_new_spike then 1 end)
        from marts.topic_trends_weekly
        where topic = 'season' and is_spike and week >= '2023-01-01'
        group by expectation
    """).fetchall()
    assert [(expectation, new) for expectation, _, new in found] == [("trailing_weeks", 1)]
    assert found[0][1] >= 3


def test_the_running_week_is_shown_and_not_complete(golden: duckdb.DuckDBPyConnection) -> None:
    found = golden.execute("""
        select distinct week, is_complete from marts.topic_trends_weekly where week >= '2025-06-23' order by week
    """).fetchall()
    assert found == [(date(2025, 6, 23), True), (date(2025, 6, 30), False)]


# -- once more in plain Python ---------------------------------------------------------------------------------------


def weekly_counts(created: list[tuple[str | None, datetime]], as_of: date) -> Weeks:
    """Cases by topic and Monday, from the first week of all to that of the as-of date."""
    counted = Counter((topic or "unknown", at.date() - timedelta(days=at.weekday())) for topic, at in created)
    first = min(week for _, week in counted)
    weeks = [first + timedelta(weeks=number) for number in range((as_of - first).days // 7 + 1)]
    return {topic: {week: counted[topic, week] for week in weeks} for topic in {topic for topic, _ in counted}}


def trends(counts: Mapping[date, int]) -> Iterator[tuple[date, int, float | None, float | None, bool, date | None]]:
    """Week, cases, expected cases, z-score, spike and its beginning, from the definitions and nothing else."""
    weeks = sorted(counts)
    cases = [counts[week] for week in weeks]
    usual: list[float] = []
    for number, count in enumerate(cases):
        mean = sum(cases[number - TREND_WEEKS : number]) / TREND_WEEKS
        limit = mean + Z_SCORE * math.sqrt(max(1, mean * (1 + 1 / TREND_WEEKS)))
        usual.append(count if number < TREND_WEEKS else min(count, round(limit, 6)))

    def level(number: int) -> float | None:
        return sum(usual[number - TREND_WEEKS : number]) if number >= TREND_WEEKS else None

    last_spike, started = None, None
    for number, count in enumerate(cases):
        now, then = level(number), level(number - 52) if number > 52 else None
        growth_noise = 0.0
        if number > 52:
            base, ratio = float(cases[number - 52]), 1.0
            if now is not None and then is not None:
                ratio = (now + GROWTH_PRIOR) / (then + GROWTH_PRIOR)
                growth_noise = 1 / (now + GROWTH_PRIOR) + 1 / (then + GROWTH_PRIOR)
        elif now is not None:
            base, ratio = now, 1 / TREND_WEEKS
        else:
            yield weeks[number], count, None, None, False, None
            continue
        expected = ratio * base
        score = (count - expected) / math.sqrt(max(1.0, ratio * (count + base) + expected**2 * growth_noise))
        spike = score >= Z_SCORE and count >= MINIMUM
        if spike:
            if last_spike is None or number - last_spike > QUIET_WEEKS:
                started = weeks[number]
            last_spike = number
        yield weeks[number], count, expected, score, spike, started if spike else None


def wrong_trends(connection: duckdb.DuckDBPyConnection, as_of: date) -> list[Any]:
    created = connection.execute(
        "select topic, created_at from marts.fct_cases where not is_deleted and not is_merged"
    ).fetchall()
    published = {
        (topic, week): rest
        for topic, week, *rest in connection.execute(
            "select topic, week, cases, expected_cases, z_score, is_spike, spike_started_on, is_new_spike "
            "from marts.topic_trends_weekly"
        ).fetchall()
    }
    wrong: list[Any] = []
    for topic, counts in weekly_counts(created, as_of).items():
        begun = False
        for week, cases, *expected, spike, started in trends(counts):
            begun = begun or cases > 0
            found = published.pop((topic, week), None)
            if not begun:
                if found is not None:
                    wrong.append((topic, week, found))
            elif (
                found is None
                or [found[0], *found[3:]] != [cases, spike, started, spike and started == week]
                or found[1:3] != [None if number is None else pytest.approx(number, abs=1e-5) for number in expected]
            ):
                wrong.append((topic, week, found, cases, expected, spike, started))
    return wrong + list(published)


def test_golden_trends_equal_the_recomputation(golden: duckdb.DuckDBPyConnection) -> None:
    assert wrong_trends(golden, AS_OF) == []


@pytest.fixture(scope="module")
def sample(published_sample: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with published_sample.marts() as connection:
        yield connection


def test_sample_trends_equal_the_recomputation(sample: duckdb.DuckDBPyConnection) -> None:
    assert wrong_trends(sample, SAMPLE_AS_OF) == []


def test_the_sample_tax_season_is_no_spike_in_later_years(sample: duckdb.DuckDBPyConnection) -> None:
    weeks, spikes, tax_spikes = sample.execute("""
        select
            count(*), count(case when is_spike then 1 end),
            count(case when is_spike and topic = 'tax_filing' then 1 end)
        from marts.topic_trends_weekly
        where expectation = 'last_year'
    """).fetchall()[0]
    assert weeks > 500
    assert tax_spikes == 0
    assert spikes / weeks < 0.01


def test_sample_issues_equal_the_recomputation(sample: duckdb.DuckDBPyConnection) -> None:
    cases = sample.execute("""
        select product, topic, case_type, account_id, created_at, is_open
        from marts.fct_cases where not is_deleted and not is_merged
    """).fetchall()
    mrr = dict(sample.execute("select account_id, current_mrr from marts.dim_accounts").fetchall())
    issues: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for product, topic, case_type, *rest in cases:
        if case_type in ISSUES:
            issues[product or "unknown", topic or "unknown", case_type].append(rest)
    expected = []
    for key, reported in issues.items():
        accounts = {account for account, _, _ in reported if account}
        times = [created for _, created, _ in reported]
        expected.append((
            *key, len(reported), sum(is_open for *_, is_open in reported), len(accounts),
            sum((mrr.get(account, Decimal(0)) for account in accounts), Decimal(0)), min(times), max(times),
        ))  # fmt: skip
    expected.sort(key=lambda row: (-row[5], -row[6], -row[3], row[:3]))
    assert len(expected) > 50
    found = sample.execute("""
        select
            product, topic, case_type, cases, open_cases, affected_accounts, affected_mrr, first_seen_at, last_seen_at
        from marts.product_issues order by rank
    """).fetchall()
    assert found == expected


def customer_types(landing: Path) -> dict[str, list[tuple[datetime, str]]]:
    """What each account was, from when on."""
    versions = versions_by_key(records(landing, "salesforce", "account"), "Id", "SystemModstamp")
    return {
        f"salesforce:{key}": [
            (instant(row["SystemModstamp"]), row["Customer_Type__c"].lower() or "unknown")
            for row in rows
            if not is_true(row["IsDeleted"])
        ]
        for key, rows in versions.items()
    }


def test_sample_self_service_equals_the_recomputation(
    sample: duckdb.DuckDBPyConnection, published_sample: Company
) -> None:
    """From the raw events; visits and cases name contacts by ids of two systems, so accounts are compared."""
    types = customer_types(published_sample.landing)
    end = datetime.combine(SAMPLE_AS_OF, datetime.min.time(), UTC) + timedelta(days=1)

    def type_of(account: str | None, at: datetime) -> str:
        known = types.get(account or "", [])
        return ([name for since, name in known if since <= at] or [name for _, name in known[:1]] or ["unknown"])[-1]

    visits: dict[str, list[dict[str, str]]] = defaultdict(list)
    events = versions_by_key(
        records(published_sample.landing, "generic", "self_service_events"), "event_id", "updated_at"
    )
    for versions in events.values():
        known = [row for row in versions if instant(row["updated_at"]) < end] or versions[:1]
        if instant(known[-1]["occurred_at"]) < end:
            visits[known[-1]["session_id"]].append(known[-1])
    cases = [
        (account, created.replace(tzinfo=UTC))
        for account, created in sample.execute(
            "select account_id, created_at from marts.fct_cases where not is_deleted and not is_merged"
        ).fetchall()
    ]
    by_account: dict[str, list[datetime]] = defaultdict(list)
    for account, created in cases:
        by_account[account].append(created)

    expected: Counter[tuple[date, str, str]] = Counter()
    for rows in visits.values():
        times = sorted(instant(row["occurred_at"]) for row in rows)
        account = next((row["account_id"] for row in rows if row["account_id"]), "")
        until = times[-1].replace(microsecond=0) + timedelta(days=1)
        if not account:
            outcome = "anonymous_sessions"
        elif until > end:
            outcome = "pending_sessions"
        elif any(times[0] <= created < until for created in by_account[account]):
            outcome = "sessions_with_case"
        else:
            outcome = "sessions_without_case"
        cell = times[0].date().replace(day=1), type_of(account, times[0])
        expected[*cell, outcome] += 1
        expected[*cell, "self_service_sessions"] += 1
        expected[*cell, "self_service_resolutions"] += any(row["resolved"] == "true" for row in rows)
        for kind, column in (("community_post", "community_posts"), ("community_answer", "community_answers")):
            expected[*cell, column] += sum(row["kind"] == kind for row in rows)
    for account, created in cases:
        expected[created.date().replace(day=1), type_of(account, created), "cases"] += 1

    columns = sorted({name for *_, name in expected})
    assert len(columns) >= 8
    wrong = []
    for month, customer_type, deflection, share, saved, *values in sample.execute(
        "select month, customer_type, deflection_rate_sessions, self_service_share, saved_cost, "
        f"{', '.join(columns)} from marts.self_service_monthly"
    ).fetchall():
        found = dict(zip(columns, values, strict=True))
        wanted = {name: expected.pop((month, customer_type, name), 0) for name in columns}
        judged = wanted["sessions_without_case"] + wanted["sessions_with_case"]
        answered = wanted["self_service_resolutions"] + wanted["cases"]
        if (
            found != wanted
            or deflection != (wanted["sessions_without_case"] / judged if judged else None)
            or share != (wanted["self_service_resolutions"] / answered if answered else None)
            or saved != wanted["self_service_resolutions"] * (PHONE - ONLINE)
        ):
            wrong.append((month, customer_type, found, wanted))
    assert wrong == []
    assert +expected == Counter()

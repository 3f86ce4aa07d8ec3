"""Health of a small company with late, corrected and withdrawn rows equals an independent recomputation."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.conftest import write_rows
from tests.integration.recompute_health import COMPONENTS, Company, Record

BuildHealth = Callable[[Path, str], duckdb.DuckDBPyConnection]

AS_OF = date(2026, 6, 17)
FIRST_DAY = date(2025, 3, 1)
SEGMENTS = ("Enterprise", "Mid-Market", "Small Business", "SMALL-BUSINESS", "")


def stamp(on: date, hour: int = 12) -> str:
    return f"{on.isoformat()}T{hour:02d}:00:00Z"


def random_company(rng: random.Random) -> dict[str, list[Record]]:
    """Forty accounts and what they did in sixteen months; a tenth of it is exported late, moved or corrected."""
    tables: dict[str, list[Record]] = {
        name: []
        for name in (
            "accounts",
            "subscriptions",
            "orders",
            "cases",
            "case_events",
            "survey_responses",
            "interactions",
            "usage",
        )
    }
    accounts = [f"a{number:02d}" for number in range(40)]

    def some_day() -> date:
        return FIRST_DAY + timedelta(days=rng.randrange((AS_OF - FIRST_DAY).days + 1))

    def learnt(on: date) -> date:
        return on + timedelta(days=rng.choice([0, 0, 0, 0, 0, 0, 0, 0, 1, rng.randrange(2, 60)]))

    def add(table: str, moves: object = False, **row: object) -> None:
        first = {name: "" if value is None else str(value) for name, value in row.items()}
        tables[table].append(first)
        if rng.random() < 0.1:
            later = dict(first)
            if moves:
                later["account_id"] = rng.choice(accounts)
            later["updated_at"] = stamp(
                date.fromisoformat(first["updated_at"][:10]) + timedelta(days=rng.randrange(1, 90))
            )
            tables[table].append(later)

    def add_terms(subscription: dict[str, object], start: date) -> None:
        """A contract of half a year and those that follow it; a third of them go on by themselves. They are signed some
        time before they begin, a few of them only afterwards, and some leave a gap."""
        is_repeating = rng.random() < 0.3
        for term in range(1, 4):
            end = start + timedelta(days=rng.randrange(120, 240))
            add("subscriptions", **{**subscription, "start_date": start.isoformat(), "end_date": end.isoformat(),
                "auto_renew": "true" if is_repeating else "false"})  # fmt: skip
            if is_repeating or rng.random() < 0.3 or end >= AS_OF + timedelta(days=30):
                return
            predecessor = subscription["subscription_id"]
            start = end + timedelta(days=rng.choice([1, 1, 1, 20]))
            subscription = {**subscription, "subscription_id": f"{predecessor}-{term}", "renewed_from_id": predecessor,
                "amount": rng.randrange(1_000, 90_000), "updated_at": stamp(start - timedelta(days=rng.randrange(-15, 100)))}  # fmt: skip

    for account in accounts:
        add("accounts", account_id=account, segment=rng.choice(SEGMENTS), updated_at=stamp(FIRST_DAY))
        if rng.random() < 0.3:
            tables["accounts"].append(
                {"account_id": account, "segment": rng.choice(SEGMENTS), "updated_at": stamp(some_day(), 13)}
            )
        for number in range(rng.randrange(1, 4)):
            start = some_day() if number or rng.random() < 0.5 else FIRST_DAY
            subscription: dict[str, object] = {
                "subscription_id": f"s-{account}-{number}", "account_id": account, "product": "P", "start_date": start.isoformat(),
                "amount": rng.randrange(1_000, 90_000), "billing_period": "month", "currency": rng.choice(["USD", "EUR", "JPY"]),
                "seats": rng.randrange(1, 40), "is_trial": "true" if rng.random() < 0.1 else "false", "cancelled_at": None, "ended_at": None,
                "end_date": None, "auto_renew": None, "renewed_from_id": None, "updated_at": stamp(learnt(start)),
            }  # fmt: skip
            if rng.random() < 0.5:
                add_terms(subscription, start)
                continue
            add("subscriptions", **subscription)
            if rng.random() < 0.35 and start < AS_OF - timedelta(days=80):
                notice = start + timedelta(days=rng.randrange(60, (AS_OF - start).days))
                subscription["cancelled_at"] = stamp(notice)
                subscription["ended_at"] = (notice + timedelta(days=rng.randrange(0, 60))).isoformat()
                subscription["updated_at"] = stamp(
                    max(notice, date.fromisoformat(str(subscription["updated_at"])[:10])), 14
                )
                tables["subscriptions"].append(
                    {name: "" if value is None else str(value) for name, value in subscription.items()}
                )
        if rng.random() < 0.9:
            for used in sorted({some_day() for _ in range(20)}):
                for feature in ("one", "two")[: rng.randrange(1, 3)]:
                    add("usage", account_id=account, product=rng.choice(["P", "Q"]), feature=feature, usage_date=used.isoformat(),
                        active_users=rng.randrange(0, 20), licensed_seats=rng.choice([None, 20, 30]), updated_at=stamp(learnt(used)))  # fmt: skip
    # Two rows of one key and cursor would be a tie.
    tables["usage"] = list(
        {
            tuple(row[name] for name in ("account_id", "product", "feature", "usage_date", "updated_at")): row
            for row in tables["usage"]
        }.values()
    )
    for number in range(260):
        opened = some_day()
        case_id = f"c{number:03d}"
        add("cases", moves=True, case_id=case_id, account_id=rng.choice(accounts), created_at=stamp(opened, 8), status="open",
            is_deleted="true" if rng.random() < 0.05 else "false", updated_at=stamp(learnt(opened), 9))  # fmt: skip
        at, status = opened, "new"
        for step in range(rng.randrange(1, 6)):
            tables["case_events"].append({
                "event_id": f"{case_id}-{step}", "case_id": case_id, "event_type": "status" if step else "created", "to_value": status,
                "occurred_at": stamp(at, 10), "updated_at": stamp(learnt(at), 11),
            })  # fmt: skip
            at, status = (
                at + timedelta(days=rng.randrange(0, 25)),
                rng.choice(["open", "solved", "solved", "pending", "closed"]),
            )
        if rng.random() < 0.05:
            tables["case_events"].append(
                {
                    "event_id": f"{case_id}-m",
                    "case_id": case_id,
                    "event_type": "merged",
                    "to_value": "c000",
                    "occurred_at": stamp(at, 15),
                    "updated_at": stamp(learnt(at), 16),
                }
            )
    for number in range(150):
        answered = some_day()
        kind, highest = rng.choice([("nps", 12), ("csat", 5), ("ces", 7)])
        add("survey_responses", moves=True, response_id=f"r{number:03d}", survey_type=kind, account_id=rng.choice(accounts), score=rng.randrange(0, highest + 1),
            high_is_good="false" if kind == "ces" else "", responded_at=stamp(answered), updated_at=stamp(learnt(answered), 13))  # fmt: skip
    statuses = ["paid", "open", "overdue", "Past Due", "charged-back", "disputed"]
    for number in range(200):
        ordered = some_day()
        order_id, learnt_on = f"o{number:03d}", learnt(ordered)
        add("orders", moves=True, order_id=order_id, account_id=rng.choice(accounts), ordered_at=stamp(ordered),
            status=rng.choice(statuses), updated_at=stamp(learnt_on, 13))  # fmt: skip
        if rng.random() < 0.4:
            later = {**tables["orders"][-1], "status": rng.choice(statuses)}
            later["updated_at"] = stamp(learnt_on + timedelta(days=rng.randrange(1, 120)), 14)
            tables["orders"].append(later)
    for number in range(450):
        happened = some_day()
        add("interactions", moves=True, interaction_id=f"i{number:03d}", account_id=rng.choice(accounts),
            kind=rng.choice(["call", "email", "chat", "meeting", "note"]), occurred_at=stamp(happened),
            updated_at=stamp(learnt(happened), 13))  # fmt: skip
    # Nothing that is exported after the as-of date is known by it.
    return {name: [row for row in rows if row["updated_at"][:10] <= AS_OF.isoformat()] for name, rows in tables.items()}


def land(landing: Path, tables: dict[str, list[Record]]) -> None:
    for name, rows in tables.items():
        write_rows(landing / "generic" / name / f"{name}.csv", rows)


def same(published: float | None, expected: float | None) -> bool:
    """Equal but for the sixth place to which money is converted; nothing equals only nothing."""
    if published is None or expected is None:
        return published is expected
    return math.isclose(published, expected, rel_tol=1e-6, abs_tol=1e-5)


def test_health_equals_the_recomputation(tmp_path: Path, build_health: BuildHealth) -> None:
    tables = random_company(random.Random(20260617))
    land(tmp_path / "landing", tables)
    marts = build_health(tmp_path / "landing", AS_OF.isoformat())
    company = Company(tables)
    owners = sorted({row["account_id"] for row in tables["subscriptions"]})

    published = {
        (row[0], row[1]): row[2:]
        for row in marts.execute(
            "select account_id, as_of_date, health_score, coverage, risk_band, score_4_weeks_ago, is_restated from marts.fct_account_health"
        ).fetchall()
    }
    parts = {
        (row[0], row[1], row[2]): row[3:]
        for row in marts.execute(
            "select account_id, as_of_date, component, raw_value, contribution from marts.fct_account_health_components"
        ).fetchall()
    }
    days = sorted({on for _, on in published})
    assert len(days) > 30
    compared = restated = incomplete = due = troubled = 0
    for account in owners:
        for on in days:
            expected = company.health(account, on)
            row = published.get((account, on))
            assert (row is None) == (expected is None), (account, on)
            if expected is None or row is None:
                continue
            where = (account, on)
            score, coverage, band, earlier_score, is_restated = row
            for name in COMPONENTS:
                raw, contribution = parts[account, on, name]
                assert same(raw, expected.values[name]), (*where, name)
                assert same(contribution, expected.contributions[name]), (*where, name)
            assert same(score, expected.score), where
            assert coverage == pytest.approx(expected.coverage), where
            assert band == expected.band, where
            earlier = company.health(account, on - timedelta(days=28))
            assert same(earlier_score, earlier.score if earlier else None), where
            latest = max(expected.known_on, earlier.known_on) if earlier else expected.known_on
            assert is_restated == (latest > on), where
            compared += 1
            restated += is_restated
            incomplete += coverage < 0.999
            due += expected.commercial.renewal_ahead > 0
            troubled += expected.commercial.trouble > 0
    assert compared > 800
    assert restated > 50
    assert incomplete > 50
    assert due > 100
    assert troubled > 100

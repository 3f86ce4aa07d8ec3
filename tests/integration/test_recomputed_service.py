"""A random support company of 1,500 cases: the service marts equal a recomputation from its rows, however these arrived.

`EVERGREEN_TEST_SEED=<number>` draws another company than the usual one, to hunt for what this one does not show.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from tests.conftest import Company as LandedCompany
from tests.integration import random_tickets
from tests.integration.built import build
from tests.integration.random_tickets import AS_OF
from tests.integration.recompute_cases import Company
from tests.integration.recompute_service import Service

# Mart → its key.
KEYS = {
    "fct_cases": ("case_id",),
    "case_backlog_daily": ("date", "channel", "team", "service_process"),
    "cost_to_serve_monthly": ("account_id", "month"),
    "fct_case_slas": ("case_id", "policy", "metric", "applied_at"),
    "case_slas_at_risk": ("case_id", "policy", "metric", "applied_at"),
    "service_metrics_monthly": ("month", "dimension", "dimension_value"),
}

# Feature → cases of the 1,500, or targets, that must show it.
AT_LEAST = {
    "Support agreement: first_reply": 489,
    "Support agreement: resolution": 566,
    "Team goal: approval": 43,
    "Team goal: first_reply": 811,
    "Team goal: next_reply": 43,
    "Team goal: resolution": 968,
    "account by its contact alone": 57,
    "account never exported": 11,
    "account that changes plan": 337,
    "account that changes process": 50,
    "another creation": 5,
    "approval rejected": 51,
    "approval running": 44,
    "approval waited for": 85,
    "asked again within days": 62,
    "back after a deletion": 25,
    "business time in a zone": 232,
    "closed without solving": 164,
    "comes in solved": 40,
    "creation not told": 54,
    "deleted": 50,
    "deleted by its row alone": 23,
    "event at the instant of another": 473,
    "event before the creation": 4,
    "event with several versions": 219,
    "first contact enough": 165,
    "first contact not enough": 83,
    "first contact not known yet": 34,
    "listed as at_risk": 50,
    "listed as breached": 1000,
    "listed as on_track": 70,
    "listed as paused": 150,
    "merged": 25,
    "merged and closed at one instant": 14,
    "no account": 42,
    "no channel": 70,
    "no events": 87,
    "no topic": 164,
    "opened by an agent": 89,
    "part of a second": 86,
    "priority changed": 128,
    "priority from none": 54,
    "reassigned": 89,
    "reopened": 118,
    "reopened from closed": 31,
    "reopened more than once": 11,
    "reply of a bot": 37,
    "reply of somebody who had left": 47,
    "row without a cursor": 35,
    "satisfaction answer": 116,
    "solved while deleted": 7,
    "target breached": 1390,
    "target breached while it runs": 805,
    "target cancelled": 287,
    "target ended by None": 979,
    "target ended by cancelled": 152,
    "target ended by priority_change": 195,
    "target ended by solved": 538,
    "target ended by stop": 943,
    "target ended by unknown": 26,
    "target met": 1038,
    "target paused": 224,
    "target running": 158,
    "target unknown": 26,
    "team changed": 42,
    "unknown status": 29,
    "visit of a case with another visit": 30,
    "work order": 178,
}

Table = dict[tuple[Any, ...], dict[str, Any]]


def published(database: duckdb.DuckDBPyConnection, mart: str) -> Table:
    cursor = database.execute(f"select * from marts.{mart}")
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found = {tuple(row[name] for name in KEYS[mart]): row for row in rows}
    assert len(found) == len(rows), f"{mart} has two rows of one key"
    return found


def same(found: Any, expected: Any) -> bool:
    """Doubles within rounding, everything else exactly."""
    if isinstance(expected, Fraction | float) and found is not None:
        return math.isclose(float(found), float(expected), rel_tol=1e-9)
    if isinstance(expected, datetime):
        return bool(found == expected.replace(tzinfo=None))
    return bool(found == expected)


def differences(database: duckdb.DuckDBPyConnection, mart: str, service: Service) -> list[str]:
    """What a mart says otherwise than the recomputation, a line per row, and what happened to the case."""
    found, expected = published(database, mart), getattr(service, mart)()
    wrong = []
    for key in sorted(found.keys() | expected.keys(), key=repr):
        if key not in found or key not in expected:
            wrong.append(f"{key} {'is missing' if key in expected else 'should not be there'}")
            continue
        told = [
            f"{name} is {found[key][name]!r}, not {value!r}"
            for name, value in expected[key].items()
            if not same(found[key][name], value)
        ]
        if told:
            wrong.append(f"{key}: {'; '.join(told)}{story(service.company, key)}")
    return wrong


def story(company: Company, key: tuple[Any, ...]) -> str:
    case = company.cases.get(key[0])
    if case is None:
        return ""
    row = " ".join(f"{name}={text}" for name, text in case.row.items() if text)
    lines = [
        f"{event.at:%Y-%m-%d %H:%M:%S} {event.event_id} {event.kind} by {event.actor_type} {event.actor_id}: "
        f"{event.before!r} to {event.after!r}"
        for event in case.events
    ]
    return "\n    ".join(["", row, *lines])


@pytest.fixture(scope="module")
def tables() -> dict[str, list[random_tickets.Row]]:
    return random_tickets.random_tickets(Random(int(os.environ.get("EVERGREEN_TEST_SEED") or "1")))


@pytest.fixture(scope="module")
def built(tables: dict[str, list[random_tickets.Row]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    landed = LandedCompany(tmp_path_factory.mktemp("tickets"))
    random_tickets.write(tables, landed.landing)
    return build(landed, AS_OF.isoformat(), *KEYS)


@pytest.fixture(scope="module")
def database(built: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def service(tables: dict[str, list[random_tickets.Row]]) -> Service:
    return Service(Company(tables, AS_OF))


def features(tables: dict[str, list[random_tickets.Row]], service: Service) -> Counter[str]:
    """What happens in how many cases."""
    found: Counter[str] = Counter()
    written = Counter(row["event_id"] for row in tables["case_events"])
    promises = service.fct_case_slas()
    for case in service.company.cases.values():
        row = service.rows[case.case_id]
        kinds = Counter(event.kind for event in case.events)
        told = service.company.told.get(case.case_id, [])
        turns = [turn.name for turn in case.turns]
        instants = [event.at for event in case.events]
        changes = [event for event in case.events if event.kind == "status"]
        stories = {
            "no account": not case.account_id,
            "account by its contact alone": case.account_id and not case.row["account_id"],
            "account never exported": case.account_id and case.account_id not in service.company.accounts,
            "account that changes plan": len(
                {version["support_plan"] for version in service.company.accounts.get(case.account_id, [])}
            ) > 1,
            "account that changes process": not case.row["service_process"] and len(
                {version["service_process"] for version in service.company.accounts.get(case.account_id, [])}
            ) > 1,
            "no topic": row["topic"] is None,
            "no channel": row["channel"] is None,
            "no events": not told,
            "creation not told": told and all(event["event_type"].lower() != "created" for event in told),
            "row without a cursor": not case.row["updated_at"],
            "event at the instant of another": len(set(instants)) < len(instants),
            "event before the creation": any(at < case.created_at for at in instants),
            "event with several versions": any(written[event["event_id"]] > 1 for event in told),
            "part of a second": any(at.microsecond for at in instants),
            "another creation": kinds["created"] > 1,
            "comes in solved": turns[:2] == ["created", "solved"] and case.turns[0].event_id == case.turns[1].event_id,
            "closed without solving": any(
                event.after == "closed" and event.event_id in {turn.event_id for turn in case.turns if turn.name == "solved"}
                for event in changes
            ),
            "reopened": "reopened" in turns,
            "reopened from closed": any(
                later.kind == "status" and earlier.after == "closed" and later.after in ("open", "pending")
                for earlier, later in pairwise(changes)
            ) and "reopened" in turns,
            "reopened more than once": turns.count("reopened") > 1,
            "unknown status": any(event.after == "moon phase" for event in changes),
            "merged": case.merged_at is not None,
            "merged and closed at one instant": any(
                event.at == case.merged_at and event.after == "closed" for event in changes
            ),
            "deleted": case.is_deleted,
            "deleted by its row alone": case.is_deleted and not kinds["undeleted"] and all(
                event["event_type"] != "deleted" for event in told
            ),
            "back after a deletion": "undeleted" in turns,
            "solved while deleted": any(turn.name == "undeleted" and turn.is_solved for turn in case.turns),
            "reassigned": row["reassignment_count"] > 0,
            "team changed": row["team_change_count"] > 0,
            "priority changed": kinds["priority"] > 0,
            "priority from none": any(event.kind == "priority" and not event.before for event in case.events),
            "approval waited for": row["approval_wait_seconds"] > 0,
            "approval rejected": kinds["rejected"] > 0,
            "approval running": row["approval_wait_seconds"] > 0 and case.is_open and not kinds["approved"],
            "reply of a bot": any(event.kind == "public_reply" and event.actor_type == "bot" for event in case.events),
            "reply of somebody who had left": kinds["public_reply"] > len(case.replies) and any(
                event.kind == "public_reply" and service.company.agents.get(event.actor_id, {}).get("left_at")
                for event in case.events
            ),
            "opened by an agent": case.opened_by == "agent",
            "work order": row["case_type"] == "work_order",
            "visit of a case with another visit": row["case_type"] == "work_order"
            and row["is_first_contact_resolution"] is False
            and row["reopen_count"] == 0,
            "first contact enough": row["is_first_contact_resolution"] is True,
            "first contact not enough": row["is_first_contact_resolution"] is False,
            "first contact not known yet": case.is_solved and not case.left_out and row["is_first_contact_resolution"] is None,
            "asked again within days": row["is_first_contact_resolution"] is False and row["reopen_count"] == 0,
            "satisfaction answer": row["csat_score"] is not None,
            "business time in a zone": row["schedule"] != "around_the_clock" and bool(row["full_resolution_business_seconds"]),
        }  # fmt: skip
        found.update(story for story, happened in stories.items() if happened)
    for (_, policy, metric, _), promise in promises.items():
        found.update(
            [f"{policy}: {metric}", f"target {promise['outcome']}", f"target ended by {promise['completed_by']}"]
        )
        found["target paused"] += bool(promise["paused_seconds"])
        found["target breached while it runs"] += promise["is_active"] and promise["is_breached"]
    found.update(f"listed as {row['risk']}" for row in service.case_slas_at_risk().values())
    return found


def test_the_company_shows_everything_that_the_comparison_is_meant_to_prove(
    tables: dict[str, list[random_tickets.Row]], service: Service
) -> None:
    counts = features(tables, service)
    assert {story: counts[story] for story, least in AT_LEAST.items() if counts[story] < least} == {}
    assert counts.keys() - AT_LEAST.keys() == set()


@pytest.mark.parametrize("mart", KEYS)
def test_mart_equals_the_recomputation(mart: str, database: duckdb.DuckDBPyConnection, service: Service) -> None:
    wrong = differences(database, mart, service)
    assert wrong == [], "\n".join([f"{mart}: {len(wrong)} rows differ", *wrong[:10]])


def test_rows_in_another_order_and_other_files_give_the_same_marts(
    tables: dict[str, list[random_tickets.Row]], database: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Late, early, twice, in whatever file: what the rows say is all that counts."""
    landed = LandedCompany(tmp_path)
    random_tickets.write(tables, landed.landing, pieces=3, draw=Random(7))
    with duckdb.connect(str(build(landed, AS_OF.isoformat(), *KEYS)), read_only=True) as other:
        for mart in KEYS:
            rows = [
                sorted(map(repr, connection.execute(f"select * from marts.{mart}").fetchall()))
                for connection in (database, other)
            ]
            assert rows[0] == rows[1], mart

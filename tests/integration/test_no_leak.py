"""Health of a day says what was known on that day, whatever is exported later."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.conftest import write_sample
from tests.integration.leak_company import CHANGED, LATE, LATER, MONDAY, Exports, after_monday, by_monday

BuildHealth = Callable[[Path, str], duckdb.DuckDBPyConnection]
Row = tuple[object, ...]

CRM_ACCOUNT = "salesforce:001000000000001AAA"


def health(connection: duckdb.DuckDBPyConnection, day: str) -> dict[str, Row]:
    """Account → everything that the health marts say about it on a day, without the mark of restated rows."""
    rows = connection.execute(
        """
        select
            health.account_id,
            health.* exclude (account_id, is_restated),
            (
                select list(row(components.component, components.raw_value, components.contribution) order by component)
                from marts.fct_account_health_components as components
                where components.account_id = health.account_id and components.as_of_date = health.as_of_date
            )
        from marts.fct_account_health as health
        where health.as_of_date = ?
        """,
        [day],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def restated(connection: duckdb.DuckDBPyConnection, day: str) -> set[str]:
    rows = connection.execute(
        "select account_id from marts.fct_account_health where as_of_date = ? and is_restated", [day]
    ).fetchall()
    return {row[0] for row in rows}


def component(connection: duckdb.DuckDBPyConnection, day: str, account: str, name: str) -> float | None:
    row = connection.execute(
        "select raw_value from marts.fct_account_health_components where as_of_date = ? and account_id = ? and component = ?",
        [day, account, name],
    ).fetchone()
    assert row is not None
    value: float | None = row[0]
    return value


def both_tables(connection: duckdb.DuckDBPyConnection) -> str:
    """Every row and column of the health marts as text in order of key, marks of restated rows included."""
    return "\n".join(
        repr(row)
        for table in ("fct_account_health", "fct_account_health_components")
        for row in connection.execute(f"select * from marts.{table} order by all").fetchall()
    )


def test_later_exports_change_health_only_by_late_events(tmp_path: Path, build_health: BuildHealth) -> None:
    landing = tmp_path / "landing"
    by_monday().write(landing, "by_monday")
    then = build_health(landing, MONDAY)
    after_monday().write(landing, "after_monday")
    now = build_health(landing, LATER)

    assert restated(then, MONDAY) == set(), "on the day itself nothing can be late"
    assert restated(now, MONDAY) == LATE
    said_then, says_now = health(then, MONDAY), health(now, MONDAY)
    assert {*CHANGED, "quiet", CRM_ACCOUNT} <= says_now.keys()
    unchanged = says_now.keys() - LATE
    assert unchanged == said_then.keys() - LATE
    for account in sorted(unchanged):
        assert says_now[account] == said_then[account], account

    # The late ones did arrive: each is what it would have been, had it been known.
    assert component(now, MONDAY, "late_case", "service") == 2
    assert component(now, MONDAY, "late_reopen", "service") == 2
    assert component(now, MONDAY, "late_match", "service") == 2
    assert component(now, MONDAY, "late_interaction", "relationship") == 2
    assert component(now, MONDAY, "late_usage", "adoption") == 0.9
    assert component(now, MONDAY, "corrected_usage", "adoption") == 0.9
    assert component(now, MONDAY, "late_subscription", "commercial") == 10
    assert component(now, MONDAY, "late_order", "commercial") == 0.875
    assert component(now, MONDAY, "signed_later", "commercial") == 0.75, "nobody knew that it would be renewed"
    assert component(now, MONDAY, "taken_over", "commercial") == 0.75
    assert component(now, MONDAY, "order_leaves", "commercial") == 0.875
    assert component(now, MONDAY, CRM_ACCOUNT, "commercial") == 0.875
    assert component(now, MONDAY, "told_as_note", "relationship") == 1

    # And what changed afterwards did change what is said of afterwards.
    assert component(now, LATER, "new_case", "service") == 2
    assert component(now, LATER, "reopened", "service") == 2
    assert component(now, LATER, "case_leaves", "service") == 0
    assert component(now, LATER, "case_arrives", "service") == 2
    assert component(now, LATER, "case_deleted", "service") == 0
    assert component(now, LATER, "case_merged", "service") == 0
    assert component(now, LATER, "case_restored", "service") == 1
    assert component(now, LATER, "ticket_leaves", "service") == 1
    assert component(now, LATER, "ticket_arrives", "service") == 3
    assert component(now, LATER, CRM_ACCOUNT, "service") == 0
    assert component(now, LATER, CRM_ACCOUNT, "relationship") == 0
    assert component(now, LATER, "corrected_survey", "sentiment") == 0
    assert component(now, LATER, "survey_leaves", "sentiment") is None
    assert component(now, LATER, "interaction_leaves", "relationship") == 0
    assert component(now, LATER, "noticed", "commercial") == 0
    for account in ("signed_later", "taken_over", "order_leaves", CRM_ACCOUNT):
        assert component(now, LATER, account, "commercial") == 1, account
    assert component(now, LATER, "unpaid_later", "commercial") == 0.875
    assert component(now, LATER, "order_arrives", "commercial") == 0.875
    assert component(now, LATER, "told_as_note", "relationship") == 0
    assert component(now, LATER, "new_usage", "adoption") == 0.9
    # An answer stays with the account that the contact belonged to when answering.
    assert component(now, LATER, "contact_leaves", "sentiment") != component(now, LATER, "quiet", "sentiment")
    assert component(now, LATER, "contact_leaves", "service") == 2

    # Told twice, each time with the rows in other files and in another order, a day is told in the same bytes.
    for as_of, exports, told in ((MONDAY, (by_monday(), Exports()), then), (LATER, (by_monday(), after_monday()), now)):
        scattered = tmp_path / f"scattered_{as_of}"
        for number, part in enumerate(exports[0].scattered(exports[1], random.Random(as_of))):
            part.write(scattered, f"part_{number}")
        assert both_tables(build_health(scattered, as_of)) == both_tables(told), as_of


@pytest.mark.long
def test_forty_days_of_the_sample_company_leave_a_monday_as_it_was(tmp_path: Path, build_health: BuildHealth) -> None:
    landing = tmp_path / "landing"
    monday = "2026-07-06"
    write_sample(landing, "--accounts", "100")
    write_sample(landing, "--accounts", "100", "--days-after", "40")
    later_files: dict[Path, bytes] = {}
    for path in sorted(landing.glob("*/*/*")):
        day = date.fromisoformat(next(part[:10] for part in path.name.split("_") if part[:2] == "20"))
        if day > date.fromisoformat(monday):
            later_files[path] = path.read_bytes()
            path.unlink()
    then = build_health(landing, monday)
    for path, content in later_files.items():
        path.write_bytes(content)
    now = build_health(landing, "2026-08-09")

    late = restated(now, monday)
    said_then, says_now = health(then, monday), health(now, monday)
    assert len(said_then) > 60
    assert 0 < len(late) < len(says_now) / 2, "some things reach us late, most do not"
    assert says_now.keys() - late == said_then.keys() - late
    for account in sorted(says_now.keys() - late):
        assert says_now[account] == said_then[account], account
    assert any(says_now.get(account) != said_then.get(account) for account in late), "what came late counts"

    # The Mondays before it were told of in both runs too.
    days = now.execute(
        "select distinct as_of_date::varchar from marts.fct_account_health where as_of_date < ? and as_of_date >= '2026-03-01'",
        [monday],
    ).fetchall()
    assert len(days) > 10
    for (day,) in days:
        before, after, marked = health(then, day), health(now, day), restated(now, day)
        for account in sorted(after.keys() - marked):
            assert after[account] == before[account], (account, day)

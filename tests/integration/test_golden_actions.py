"""The list of customer actions of a small company, ranked by hand; the page that people see of it; and the list of a sample
company, put together once more in plain Python."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.conftest import SAMPLE_AS_OF, Company, write_rows
from tests.integration.built import build
from tests.integration.recompute_actions import Actions

AS_OF = "2024-06-30"
LONG_AGO = "2023-01-01T00:00:00Z"


class Exports:
    """Rows of the generic entities, by entity."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {}

    def add(self, entity: str, **columns: str) -> None:
        self.rows.setdefault(entity, []).append({"updated_at": LONG_AGO, **columns})

    def account(self, account_id: str, amount: str = "", **columns: str) -> None:
        """An account, and a monthly contract without an end since long ago when an amount is given."""
        self.add("accounts", account_id=account_id, account_name=account_id.title(), owner_id="olga", **columns)
        if amount:
            self.contract(account_id, amount)

    def contract(self, account_id: str, amount: str, start: str = "2023-01-01", **columns: str) -> None:
        terms = {"billing_period": "month", "currency": "USD", "product": "Ledger", **columns}
        number = len(self.rows.get("subscriptions", []))
        self.add(
            "subscriptions", subscription_id=f"s{number}", account_id=account_id, start_date=start, amount=amount, **terms
        )  # fmt: skip

    def answer(self, account_id: str, at: str, score: str, survey_type: str = "nps", top: str = "10") -> None:
        self.add(
            "survey_responses", response_id=f"r-{account_id}-{at}", account_id=account_id, survey_type=survey_type,
            sent_at=at, responded_at=at, score=score, scale_min="0" if top == "10" else "1", scale_max=top,
            high_is_good="true", updated_at=at,
        )  # fmt: skip

    def contact(self, account_id: str, at: str, kind: str = "call", direction: str = "outbound") -> None:
        self.add(
            "interactions", interaction_id=f"i-{account_id}-{at}", account_id=account_id, occurred_at=at, kind=kind,
            direction=direction, updated_at=at,
        )  # fmt: skip

    def case(self, case_id: str, account_id: str, at: str, replied_at: str = "") -> None:
        """A case that its customer opened and that is open still, with an agent's public reply."""
        self.add(
            "cases", case_id=case_id, account_id=account_id, created_at=at, status="open", channel="email", topic=case_id,
            updated_at=at,
        )  # fmt: skip
        self.event(case_id, at, "created", "customer")
        if replied_at:
            self.event(case_id, replied_at, "public_reply", "agent")

    def event(self, case_id: str, at: str, event_type: str, actor_type: str) -> None:
        self.add(
            "case_events", event_id=f"{case_id}-{event_type}", case_id=case_id, occurred_at=at, event_type=event_type,
            actor_type=actor_type, actor_id="ann", updated_at=at,
        )  # fmt: skip

    def usage(self, account_id: str, day: str, active_users: int, seats: int) -> None:
        self.add(
            "usage", account_id=account_id, product="Ledger", feature="entries", usage_date=day,
            active_users=str(active_users), licensed_seats=str(seats), event_count="100", updated_at=f"{day}T23:00:00Z",
        )  # fmt: skip

    def write(self, landing: Path) -> None:
        for entity, rows in self.rows.items():
            write_rows(landing / "generic" / entity / f"{entity}.csv", rows)


def company_of_stories() -> Exports:
    told = Exports()
    told.add("agents", agent_id="olga", full_name="Olga Owner", is_bot="false")
    told.add("agents", agent_id="ann", full_name="Ann Agent", is_bot="false")

    # Renewals: notice until 1 July, 30 July, 29 June (too late) and 31 July (too far); to sign by 5 July and by 31 July; one
    # that ended on 10 June and is still being talked about, so that nothing is paid any more.
    for name, amount, end, automatic in (
        ("notice", "48000", "2024-07-31", "true"),
        ("notice in 30 days", "18000", "2024-08-29", "true"),
        ("notice yesterday", "48000", "2024-07-29", "true"),
        ("notice in 31 days", "48000", "2024-08-30", "true"),
        ("signature", "24000", "2024-07-05", "false"),
        ("signature in 31 days", "24000", "2024-07-31", "false"),
        ("overdue", "12000", "2024-06-10", "false"),
    ):
        told.account(name)
        told.contract(
            name, amount, start=f"2023{date.fromisoformat(end).isoformat()[4:]}", end_date=end, billing_period="year",
            auto_renew=automatic, notice_days="30",
        )  # fmt: skip
    told.add(
        "opportunities", opportunity_id="o", account_id="overdue", type="renewal", stage="talking", amount="12000",
        currency="USD", created_at="2024-05-01T00:00:00Z", close_date="2024-07-15", is_closed="false", is_won="false",
        subscription_id="s6",
    )  # fmt: skip

    # Premium promises a first reply in 60 minutes and a resolution in 72 hours by the clock. Who left is promised nothing.
    told.account("promised", "300", support_plan="premium")
    told.case("late at night", "promised", "2024-06-30T23:30:00Z")
    told.account("broken", "250", support_plan="premium")
    told.case("without end", "broken", "2024-06-26T12:00:00Z", replied_at="2024-06-26T12:30:00Z")
    told.account("long broken", "250", support_plan="premium")
    told.case("old one", "long broken", "2024-06-20T23:00:00Z", replied_at="2024-06-20T23:30:00Z")
    told.account("former", support_plan="premium")
    told.contract("former", "9000", end_date="2024-03-31", ended_at="2024-03-31", cancelled_at="2024-02-01T00:00:00Z")
    told.case("asks again", "former", "2024-06-30T23:30:00Z")
    told.answer("former", "2024-06-25T10:00:00Z", "0")

    # Answers. The detractor was called before and not after.
    told.account("detractor", "900")
    told.contact("detractor", "2024-06-20T10:00:00Z")
    told.answer("detractor", "2024-06-25T10:00:00Z", "3")
    for name, amount in (
        ("called", "800"),
        ("replied", "800"),
        ("exactly", "500"),
        ("small", "499.99"),
        ("old", "800"),
    ):
        told.account(name, amount)
    told.answer("called", "2024-06-25T10:00:00Z", "3")
    told.contact("called", "2024-06-25T15:00:00Z")
    told.answer("replied", "2024-06-25T10:00:00Z", "1", survey_type="csat", top="5")
    told.case("another matter", "replied", "2024-06-26T10:00:00Z", replied_at="2024-06-26T11:00:00Z")
    told.answer("exactly", "2024-06-17T10:00:00Z", "2", survey_type="csat", top="5")
    told.answer("small", "2024-06-25T10:00:00Z", "0")
    told.answer("old", "2024-06-16T10:00:00Z", "0")

    # Health without survey answers is usage 0.30, service 0.15, contact 0.15 and revenue 0.20 of 0.80. With all seats in use,
    # no case, no contact and the same revenue: 65 / 0.8 = 81.25. When the use of 20 May is more than 35 days ago and there
    # is a tenth of it, or none: 35 / 0.8 = 43.75. A contact and a case of somebody's make both known to be none.
    told.account("nobody of interest", "1")
    told.contact("nobody of interest", "2024-01-15T10:00:00Z")
    told.case("first case", "nobody of interest", "2024-01-15T10:00:00Z", replied_at="2024-01-15T10:10:00Z")
    told.account("fading", "600")
    told.usage("fading", "2024-05-20", 10, 10)
    told.usage("fading", "2024-06-25", 1, 10)
    # Of two products one is not used any more; nothing is known of the other.
    told.account("silent", "700")
    told.contract("silent", "300", product="Tax")
    told.usage("silent", "2024-05-20", 10, 10)
    told.account("full", "5000")
    told.account("nearly full", "5000")
    for day in ("2024-05-31", "2024-06-15"):
        told.usage("full", day, 18, 20)
        told.usage("nearly full", day, 17, 20)
    return told


# By hand: due by 1 July first, then by 7 July, then later; within each by money.
RANKED = [
    ("notice", "renewal_within_notice", "now", 4000, "2024-07-01",
     "Renewal of USD 48,000 a year, due 2024-07-31; notice possible until 2024-07-01; renewal probability unknown"),
    ("overdue", "renewal_to_sign", "now", 1000, "2024-06-10",
     "Renewal of USD 12,000 a year, due 2024-06-10; overdue and not signed; renewal probability unknown"),
    ("detractor", "unhappy_answer", "now", 900, "2024-06-27",
     "NPS 3 on a scale of 0 to 10, answered 2024-06-25; no contact since"),
    ("exactly", "unhappy_answer", "now", 500, "2024-06-19",
     "CSAT 2 on a scale of 1 to 5, answered 2024-06-17; no contact since"),
    ("promised", "sla_at_risk", "now", 300, "2024-07-01",
     "Case late at night: the promised first reply is due by 2024-07-01 00:30 UTC"),
    ("broken", "sla_breached", "now", 250, "2024-06-30",
     "Case without end: the promised resolution was missed at 2024-06-29 12:00 UTC"),
    ("signature", "renewal_to_sign", "soon", 2000, "2024-07-05",
     "Renewal of USD 24,000 a year, due 2024-07-05; must be signed; renewal probability unknown"),
    ("silent", "health_fell", "soon", 1000, "2024-07-07", "Health fell from 81 to 44 in four weeks; usage"),
    # Without usage, (15 + 20) / 0.5 = 70. The worst answer and one contact of three make (15 + 5 + 20) / 0.7 = 57, without a
    # contact 50, with a case of eight instead (13.125 + 20) / 0.7 = 47: somebody was in touch, and they are not happier yet.
    ("detractor", "health_fell", "soon", 900, "2024-07-07", "Health fell from 70 to 57 in four weeks; surveys"),
    ("called", "health_fell", "soon", 800, "2024-07-07", "Health fell from 70 to 57 in four weeks; surveys"),
    ("old", "health_fell", "soon", 800, "2024-07-07", "Health fell from 70 to 50 in four weeks; surveys"),
    ("replied", "health_fell", "soon", 800, "2024-07-07", "Health fell from 70 to 47 in four weeks; surveys"),
    ("silent", "usage_stopped", "soon", 700, "2024-07-07", "Nobody has used Ledger since 2024-05-20"),
    ("fading", "health_fell", "soon", 600, "2024-07-07", "Health fell from 81 to 44 in four weeks; usage"),
    ("exactly", "health_fell", "soon", 500, "2024-07-07", "Health fell from 70 to 50 in four weeks; surveys"),
    ("full", "expansion_signal", "later", 5000, "2024-07-30", "18 of 20 seats of Ledger used in 2024-06"),
    ("notice in 30 days", "renewal_within_notice", "later", 1500, "2024-07-30",
     "Renewal of USD 18,000 a year, due 2024-08-29; notice possible until 2024-07-30; renewal probability unknown"),
]  # fmt: skip


def published(company: Company) -> Path:
    return company.warehouse / "evergreen.duckdb"


def show(company: Company) -> None:
    """Give the database its other name too."""
    shutil.copy(published(company), company.warehouse / "marts.duckdb")


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The stories, built but not published."""
    company = Company(tmp_path_factory.mktemp("actions"))
    company_of_stories().write(company.landing)
    shutil.copy(build(company, AS_OF, "customer_actions", "dim_agents"), published(company))
    with duckdb.connect(str(published(company))) as connection:
        connection.execute("create schema if not exists ops")
        connection.execute(
            "create table ops.published_versions as select 1 as version, ?::date as as_of_date, true as is_current",
            [AS_OF],
        )
    show(company)
    return company


def test_the_whole_list_is_ranked_as_by_hand(golden: Company) -> None:
    with duckdb.connect(str(published(golden)), read_only=True) as connection:
        found = connection.execute(
            "select account_id, action, urgency, mrr_at_stake, cast(due_date as varchar), reason, priority, owner_id, "
            "cast(as_of_date as varchar) from marts.customer_actions order by priority"
        ).fetchall()
    # What moved a score is told in the words of fct_account_health, whose tests look at them.
    told = [
        (*row[:5], row[5].split(":")[0].split(" fell by")[0] if row[1] == "health_fell" else row[5]) for row in found
    ]
    assert told == RANKED
    assert [row[6:] for row in found] == [(rank, "olga", AS_OF) for rank in range(1, len(RANKED) + 1)]


def test_the_page_shows_each_account_once(golden: Company) -> None:
    with duckdb.connect(str(published(golden)), read_only=True) as connection:
        found = connection.execute(
            "select account_id, action, actions_of_account from marts.customer_actions where is_on_page order by priority"
        ).fetchall()
    first = {account: action for account, action, *_ in reversed(RANKED)}
    assert found == [
        (account, action, sum(row[0] == account for row in RANKED))
        for account, action, *_ in RANKED
        if first[account] == action
    ]
    assert len(found) == 14


def test_the_command_prints_the_page(golden: Company) -> None:
    shown = golden.command("actions")
    assert shown.returncode == 0, shown.stderr
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    first = (
        "1 Notice renewal within notice Renewal of USD 48,000 a year, due 2024-07-31; notice possible 4,000 2024-07-01"
    )
    assert f"{first} Olga Owner" in lines
    assert (
        "6 Broken SLA breached Case without end: the promised resolution was missed at 250 2024-06-30 Olga Owner"
        in lines
    )
    assert sum("(+1 more)" in line for line in lines) == 3
    assert "As of 2024-06-30: 14 of 14 accounts with 17 actions in all (marts.customer_actions)." in lines


def test_the_command_says_when_there_is_nothing_to_do(golden: Company, tmp_path: Path) -> None:
    idle = Company(tmp_path)
    idle.warehouse.mkdir()
    shutil.copy(published(golden), published(idle))
    with duckdb.connect(str(published(idle))) as connection:
        connection.execute("delete from marts.customer_actions")
    show(idle)
    shown = idle.command("actions")
    assert shown.returncode == 0, shown.stderr
    assert "Nothing to do as of 2024-06-30" in shown.stdout
    with duckdb.connect(str(published(idle))) as connection:
        connection.execute("drop table marts.customer_actions")
    refused = idle.command("actions")
    assert refused.returncode == 1
    assert "error: what is published is older than the list of customer actions: `make run` first" in refused.stderr


def test_the_command_without_a_published_version_says_what_to_do(tmp_path: Path) -> None:
    refused = Company(tmp_path).command("actions")
    assert refused.returncode == 1
    assert "error: nothing has been published in" in refused.stderr
    assert "`make run` first" in refused.stderr


@pytest.fixture(scope="module")
def sample(built_sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_sample), read_only=True) as connection:
        yield connection


def test_the_rules_find_what_the_second_opinion_finds(sample: duckdb.DuckDBPyConnection) -> None:
    found = {
        (account, action): (due, mrr, reason)
        for subject in ("renewals", "service", "voice", "health", "usage")
        for account, action, due, mrr, reason in sample.execute(
            f"select account_id, action, due_date, mrr_at_stake, reason from intermediate.int_actions_{subject}"
        ).fetchall()
    }
    expected = {(each.account_id, each.action): each for each in Actions(sample, SAMPLE_AS_OF).found()}
    assert found.keys() == expected.keys()
    assert len({action for _, action in found}) >= 6
    for key, each in expected.items():
        due, mrr, reason = found[key]
        assert (due, mrr) == (each.due_date, each.mrr_at_stake), key
        assert all(part in reason for part in each.figures), (key, reason)


def test_the_list_of_a_sample_is_ranked_as_the_second_opinion_ranks(sample: duckdb.DuckDBPyConnection) -> None:
    found = sample.execute(
        "select account_id, action, urgency, mrr_at_stake, due_date, owner_id, is_on_page from marts.customer_actions "
        "order by priority"
    ).fetchall()
    assert found == Actions(sample, SAMPLE_AS_OF).ranked()
    assert {row[2] for row in found} == {"now", "soon", "later"}
    assert len({row[1] for row in found}) >= 5

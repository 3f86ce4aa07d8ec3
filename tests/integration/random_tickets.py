"""A random support company: generic rows of accounts, people, cases and what happened to them, for the service marts and
their recomputation to agree on.

One company holds many small cases, because one build then tests all of them. A case is a walk: creation, then moves drawn
with weights and mostly, not always, sensible; each moves some seconds to weeks after the one before, often at the same
instant. Rows are then spoiled as exports are: earlier and later versions, missing creations, no `from_value` or a wrong
one, moves that come after the as-of date, cases of nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.conftest import write_rows

AS_OF = date(2025, 6, 15)
FIRST_DAY = date(2024, 10, 1)
KNOWN_BEFORE = "2024-01-01T00:00:00Z"

Row = dict[str, str]
Choice = TypeVar("Choice")

COLUMNS = {
    "accounts": (
        "account_id", "account_name", "customer_type", "segment", "region", "support_plan", "service_process",
        "is_deleted", "updated_at",
    ),
    "contacts": ("contact_id", "account_id", "is_deleted", "updated_at"),
    "subscriptions": (
        "subscription_id", "account_id", "product", "start_date", "billing_period", "amount", "currency", "ended_at",
        "updated_at",
    ),
    "agents": ("agent_id", "full_name", "team", "role", "is_bot", "hired_at", "left_at", "updated_at"),
    "cases": (
        "case_id", "account_id", "contact_id", "created_at", "status", "priority", "channel", "topic", "product",
        "case_type", "team", "assignee_id", "service_process", "parent_case_id", "first_replied_at", "solved_at",
        "closed_at", "is_deleted", "updated_at",
    ),
    "case_events": (
        "event_id", "case_id", "occurred_at", "event_type", "actor_type", "actor_id", "from_value", "to_value",
        "handle_seconds", "updated_at",
    ),
    "survey_responses": (
        "response_id", "survey_type", "account_id", "contact_id", "case_id", "agent_id", "sent_at", "responded_at",
        "score", "scale_min", "scale_max", "high_is_good", "updated_at",
    ),
}  # fmt: skip

TEAMS = ["Front line", "Technical", "Billing", "Tax desk", "Partner desk", "Night watch", ""]
CHANNELS = ["phone", "email", "email", "chat", "web", "Portal", "community", "pigeon", ""]
TOPICS = ["billing", "invoice", "login", "Password", "bank_feed", "how-to", "moon", "", ""]
PRODUCTS = ["Books", "Payroll", ""]
CASE_TYPES = ["question", "problem", "Bug", "feature_request", "known_limitation", "work_order", "work_order", ""]
PRIORITIES = ["low", "normal", "normal", "high", "High", "urgent", "urgent", "p9", ""]
PROCESSES = ["retail", "wholesale", "wholesale", "", ""]
OPEN_WORDS = ["new", "open", "open", "OPEN", "in progress", "working", "reopened"]
WAITING_WORDS = ["pending", "waiting_on_customer", "on_hold", "on hold"]
DONE_WORDS = ["solved", "solved", "Resolved", "closed", "cancelled"]
UNKNOWN_WORDS = ["moon phase"]

# Instants at which days, months, opening hours and clocks change, in the zones that schedules and reports may have.
EDGES = [
    "2024-10-27T00:59:59", "2024-10-27T01:00:00", "2024-10-31T23:59:59", "2024-11-01T00:00:00", "2024-11-03T05:30:00",
    "2024-11-03T06:30:00", "2024-11-30T23:30:00", "2024-12-24T16:00:00", "2024-12-25T12:00:00", "2024-12-31T23:59:59",
    "2025-01-01T00:00:00", "2025-01-31T23:59:59", "2025-03-07T21:00:00", "2025-03-09T06:59:59", "2025-03-09T07:00:00",
    "2025-03-10T13:00:00", "2025-03-30T00:59:59", "2025-03-30T01:00:00", "2025-03-31T08:00:00", "2025-04-18T10:00:00",
    "2025-05-31T23:59:59", "2025-06-08T00:00:00", "2025-06-08T23:59:59", "2025-06-09T00:00:00", "2025-06-15T00:00:00",
    "2025-06-15T23:59:59",
]  # fmt: skip


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Teller:
    """Draws one company; `tables` holds its rows."""

    def __init__(self, draw: Random, cases: int) -> None:
        self.draw = draw
        self.tables: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self.accounts = [f"a{number:02d}" for number in range(45)]
        self.people()
        self.agents()
        self.case_ids = [f"c{number:04d}" for number in range(cases)]
        self.event_number = 0
        for case_id in self.case_ids:
            self.case(case_id)
        for entity in ("cases", "case_events", "survey_responses"):
            self.draw.shuffle(self.tables[entity])

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        return self.draw.choice(choices)

    def happens(self, percent: float) -> bool:
        return self.draw.random() * 100 < percent

    def add(self, table: str, **row: str) -> Row:
        self.tables[table].append(row)
        return row

    # -- whose cases they are -----------------------------------------------------------------------------------------

    def day(self) -> date:
        return FIRST_DAY + timedelta(days=self.draw.randrange((AS_OF - FIRST_DAY).days))

    def people(self) -> None:
        for account in self.accounts:
            row = {
                "account_id": account,
                "account_name": account,
                "customer_type": self.one_of(["business", "individual", ""]),
                "segment": self.one_of(["Enterprise", "Small Business", ""]),
                "region": self.one_of(["Europe", "Asia", ""]),
                "support_plan": self.one_of(["basic", "Standard", "premium", ""]),
                "service_process": self.one_of(PROCESSES),
                "updated_at": self.one_of([KNOWN_BEFORE, KNOWN_BEFORE, f"{self.day()}T10:00:00Z"]),
            }
            # One is known by its cases alone.
            if account != self.accounts[-1]:
                self.add("accounts", **row)
                for _ in range(self.one_of([0, 0, 1, 2])):
                    moved = {
                        "support_plan": self.one_of(["basic", "Standard", "premium", ""]),
                        "segment": self.one_of(["Enterprise", "Mid-Market", ""]),
                        "service_process": self.one_of(PROCESSES),
                    }
                    self.add(
                        "accounts",
                        **{**row, **moved, "updated_at": f"{self.day()}T{self.one_of(['00:00:00', '12:34:56'])}Z"},
                    )
                if self.happens(20):
                    self.add(
                        "accounts",
                        **{**row, "support_plan": "unborn", "segment": "unborn", "updated_at": "2025-06-18T00:00:00Z"},
                    )
                if self.happens(5):
                    self.add("accounts", **{**row, "is_deleted": "true", "updated_at": "2025-05-05T05:05:05Z"})
            for number in range(2):
                contact = {"contact_id": f"p-{account}-{number}", "account_id": account, "updated_at": KNOWN_BEFORE}
                self.add("contacts", **contact)
                if self.happens(20):
                    self.add(
                        "contacts",
                        **{
                            **contact,
                            "account_id": self.one_of(self.accounts),
                            "updated_at": f"{self.day()}T00:00:00Z",
                        },
                    )
            for number in range(self.one_of([0, 1, 1, 2])):
                self.add(
                    "subscriptions",
                    subscription_id=f"s-{account}-{number}",
                    account_id=account,
                    product="Books",
                    start_date=self.one_of(["2024-01-01", "2024-12-01", "2025-02-11"]),
                    billing_period="month",
                    amount=self.one_of(["100", "33.35", "12", "999.99"]),
                    currency="USD",
                    ended_at=self.one_of(["", "", "2025-03-31", "2025-06-10"]),
                    updated_at=KNOWN_BEFORE,
                )

    def agents(self) -> None:
        self.agent_ids = [f"g{number:02d}" for number in range(14)]
        self.bots = ["bot1", "bot2"]
        for number, agent in enumerate(self.agent_ids):
            left = f"{self.day()}T{self.one_of(['00:00:00', '17:00:00'])}Z" if number % 4 == 0 else ""
            self.add(
                "agents", agent_id=agent, full_name=f"Agent {number}", team=self.one_of(TEAMS), role="agent",
                is_bot=self.one_of(["false", ""]), hired_at="2023-01-01T00:00:00Z", left_at=left, updated_at=KNOWN_BEFORE,
            )  # fmt: skip
        for agent in self.bots:
            self.add("agents", agent_id=agent, full_name=agent, is_bot="true", updated_at=KNOWN_BEFORE)

    # -- cases --------------------------------------------------------------------------------------------------------

    def instant(self) -> datetime:
        if self.happens(12):
            return datetime.fromisoformat(self.one_of(EDGES)).replace(tzinfo=UTC)
        days = (AS_OF - FIRST_DAY).days + 1
        at = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(
            seconds=self.draw.randrange(days * 86_400)
        )
        # The last weeks are where spans are still running, and a few cases are opened after the as-of date.
        if self.happens(15):
            at = datetime(2025, 5, 25, tzinfo=UTC) + timedelta(seconds=self.draw.randrange(23 * 86_400))
        return at.replace(minute=0, second=0) if self.happens(20) else at

    def gap(self) -> timedelta:
        kind = self.draw.random()
        if kind < 0.22:
            return timedelta(0)
        if kind < 0.45:
            return timedelta(seconds=self.draw.randrange(1, 3_600))
        if kind < 0.75:
            return timedelta(seconds=self.draw.randrange(3_600, 2 * 86_400))
        if kind < 0.85:
            return timedelta(hours=self.one_of([1, 4, 8, 24, 72, 168]))
        return timedelta(seconds=self.draw.randrange(2 * 86_400, 40 * 86_400))

    def case(self, case_id: str) -> None:
        self.case_id = case_id
        self.created = self.at = self.instant()
        self.state: dict[str, str] = {
            "status": "new",
            "priority": self.one_of(PRIORITIES),
            "team": self.one_of(TEAMS),
            "assignment": self.one_of([*self.agent_ids, "", "", "", ""]),
        }
        self.is_deleted = False
        self.stamps: dict[str, str] = {}
        account = self.one_of(self.accounts) if self.happens(85) else ""
        contact = f"p-{self.one_of(self.accounts)}-{self.one_of('01')}" if self.happens(60) else ""
        row = {
            "case_id": case_id,
            "account_id": account,
            "contact_id": contact,
            "created_at": written(self.created),
            "status": "new",
            "priority": self.state["priority"],
            "channel": self.one_of(CHANNELS),
            "topic": self.one_of(TOPICS),
            "product": self.one_of(PRODUCTS),
            "case_type": self.one_of(CASE_TYPES),
            "team": self.state["team"],
            "assignee_id": self.state["assignment"],
            "service_process": self.one_of(PROCESSES),
            "is_deleted": "false",
            "updated_at": written(self.created),
        }
        if row["case_type"] == "work_order" and self.happens(60):
            row["parent_case_id"] = self.one_of(self.case_ids[:40])
        style = self.one_of(["told"] * 16 + ["silent"] * 2 + ["short"] * 2 + ["undated"])
        if style == "silent":
            self.silent(row)
        elif style == "undated":
            self.undated(row)
        elif style == "short":
            self.first_contact(row)
        else:
            self.told(row)
        self.answers(row)

    def silent(self, row: Row) -> None:
        """A case without events: only what its own row states, in one or more versions."""
        for column in ("first_replied_at", "solved_at", "closed_at"):
            self.at += self.gap()
            if self.happens(65):
                row[column] = written(self.at)
        row["status"] = self.one_of(["closed", "solved"]) if row.get("closed_at") or row.get("solved_at") else "open"
        self.versions(row)

    def undated(self, row: Row) -> None:
        """One row that does not say when it was written."""
        if self.happens(50):
            self.event("created", "customer", to_value=self.one_of(["new", "open", ""]))
        if self.happens(30):
            row["solved_at"] = written(self.at + self.gap())
        status = self.one_of(["new", "open", "pending", "solved", "closed", "cancelled", "moon phase"])
        self.add("cases", **{**row, "status": status, "updated_at": ""})

    def first_contact(self, row: Row) -> None:
        """Asked, answered once or not at all, solved: what first-contact resolution is about, with repeats near by."""
        self.event("created", "customer", to_value="new")
        if self.happens(60):
            self.at += self.gap()
            self.event("public_reply", "agent", actor_id=self.one_of(self.agent_ids))
        self.at += timedelta(seconds=self.draw.randrange(60, 86_400))
        self.move("status", self.one_of(["solved", "closed"]))
        solved = self.at
        self.versions(row)
        if row["account_id"] and self.happens(50):
            again = solved + self.one_of(
                [timedelta(0), timedelta(seconds=1), timedelta(days=3), timedelta(days=7), timedelta(days=7, seconds=1)]
            )
            self.case_id = f"{row['case_id']}r"
            self.created = self.at = again
            twin = {
                **row, "case_id": self.case_id, "created_at": written(again), "status": "new", "updated_at": written(again),
            }  # fmt: skip
            if self.happens(20):
                twin["topic"] = self.one_of(TOPICS)
            self.is_deleted = False
            self.event("created", "customer", to_value="new")
            if self.happens(15):
                self.event(self.one_of(["deleted", "merged"]), "system", to_value=row["case_id"])
            self.versions(twin)

    def told(self, row: Row) -> None:
        opener = self.one_of(["customer"] * 6 + ["agent", "agent", "", "system"])
        tells_creation = self.happens(88)
        if tells_creation:
            opened_by = self.one_of(self.agent_ids) if opener == "agent" else row["contact_id"]
            as_what = self.one_of(["new"] * 6 + ["open", "OPEN", "", "pending", "solved", "moon phase"])
            self.state["status"] = as_what or "new"
            self.event("created", opener, actor_id=opened_by, to_value=as_what)
            if opener == "agent" and self.happens(70):
                self.event("public_reply", "agent", actor_id=opened_by)
        if self.happens(3):
            self.at -= timedelta(hours=2)
        for _ in range(self.draw.randrange(0, 11)):
            self.at += self.gap()
            self.step()
        self.versions(row)

    def step(self) -> None:
        kind = self.draw.choices(
            [
                "reply", "note", "customer", "open", "wait", "done", "unknown", "assign", "team", "priority", "approval",
                "decision", "merge", "delete", "undelete", "handling", "work", "created again",
            ],
            [12, 4, 8, 13, 10, 20, 1.2, 10, 6, 8, 6, 6, 1.2, 3, 3 + 30 * self.is_deleted, 6, 2, 0.4],
        )[0]  # fmt: skip
        agent = self.one_of(self.agent_ids)
        if kind == "reply":
            actor = self.one_of(
                [("agent", agent)] * 6
                + [
                    ("bot", "bot1"),
                    ("agent", "bot2"),
                    ("", agent),
                    ("agent", ""),
                    ("system", ""),
                    ("Agent", "stranger"),
                ]
            )
            self.event(
                self.one_of(["public_reply", "public_reply", "Public_Reply"]),
                actor[0],
                actor_id=actor[1],
                handle_seconds=self.one_of(["", "", "90"]),
            )
        elif kind == "note":
            self.event("internal_note", "agent", actor_id=agent)
        elif kind == "customer":
            self.event("customer_reply", "customer", actor_id="p-a00-0")
            if self.happens(40):
                self.move("status", "open")
        elif kind == "open":
            self.move("status", self.one_of(OPEN_WORDS))
        elif kind == "wait":
            self.move("status", self.one_of(WAITING_WORDS))
        elif kind == "done":
            self.move("status", self.one_of(DONE_WORDS))
        elif kind == "unknown":
            self.move("status", self.one_of(UNKNOWN_WORDS))
        elif kind == "assign":
            self.move("assignment", self.one_of([*self.agent_ids, ""]))
        elif kind == "team":
            self.move("team", self.one_of(TEAMS))
        elif kind == "priority":
            self.move("priority", self.one_of(PRIORITIES))
        elif kind == "approval":
            self.event("approval_requested", "agent", actor_id=agent)
        elif kind == "decision":
            self.event(self.one_of(["approved", "rejected"]), "agent", actor_id=agent)
        elif kind == "merge":
            self.event("merged", "agent", actor_id=agent, to_value=self.one_of(self.case_ids))
            if self.happens(70):
                self.move("status", "closed")
        elif kind == "delete":
            self.is_deleted = True
            self.event("deleted", "system")
        elif kind == "undelete":
            self.is_deleted = False
            self.event("undeleted", "system")
        elif kind == "handling":
            self.event("handling", "agent", actor_id=agent, handle_seconds=self.one_of(["60", "600", "1234", "", "0"]))
        elif kind == "work":
            self.event("status_note", "agent", actor_id=agent)
        else:
            self.event("created", "customer", to_value="open")

    def move(self, what: str, to_value: str) -> None:
        before = self.state[what]
        stated = self.one_of([before] * 6 + ["", "", ""])
        if self.happens(2):
            stated = {"status": "solved", "team": "Billing", "priority": "low", "assignment": "g01"}[what]
        self.state[what] = to_value
        self.event(what, self.one_of(["agent", "system", "customer"]), from_value=stated, to_value=to_value)

    def event(self, event_type: str, actor_type: str, **columns: str) -> None:
        """Ids say nothing of the order, except that of equal times."""
        self.event_number += 1
        row = {
            "event_id": f"e{self.draw.randrange(10**5):05d}-{self.event_number:05d}",
            "case_id": self.case_id,
            "occurred_at": written(self.at),
            "event_type": event_type,
            "actor_type": actor_type,
            "updated_at": written(self.at),
            **columns,
        }
        if self.happens(8):
            row["occurred_at"] = (self.at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")
        if self.happens(10):
            row["updated_at"] = written(self.at + self.one_of([timedelta(hours=3), timedelta(days=9)]))
        if self.happens(3):
            row["occurred_at"] = row["occurred_at"].replace("Z", ".750Z").replace("+02", ".250+02")
        self.add("case_events", **row)
        if self.happens(5):
            slip = {
                "occurred_at": written(
                    self.at + self.one_of([-timedelta(days=1), timedelta(hours=1), timedelta(days=400)])
                ),
                "event_type": self.one_of([event_type, event_type, "internal_note"]),
                "updated_at": written(self.at - timedelta(minutes=1)),
            }
            self.add("case_events", **{**row, **slip})
        if self.happens(3):
            # Corrected after the as-of date, which nobody knew on it.
            self.add("case_events", **{**row, "event_type": "internal_note", "updated_at": "2025-07-01T00:00:00Z"})

    def versions(self, row: Row) -> None:
        """The case's row as it stood at its creation and at its end, and sometimes once more or less."""
        if self.happens(70):
            self.add("cases", **row)
        latest = {
            **row,
            "priority": self.state["priority"],
            "team": self.state["team"],
            "assignee_id": self.state["assignment"],
            "updated_at": written(max(self.at, self.created + timedelta(seconds=1))),
        }
        if self.state["status"] != "new":
            latest["status"] = self.state["status"]
        if self.happens(4):
            latest["account_id"] = self.one_of(self.accounts)
        # That a case was deleted may stand on its row alone.
        if self.happens(4):
            latest["is_deleted"] = "true"
        self.add("cases", **latest)
        if self.happens(3):
            later = self.at + timedelta(days=self.draw.randrange(1, 9))
            self.add("cases", **{**latest, "is_deleted": "false", "updated_at": written(later)})
        if self.happens(3):
            self.add(
                "cases", **{**latest, "team": "Unborn", "priority": "unborn", "updated_at": "2025-06-30T00:00:00Z"}
            )

    def answers(self, row: Row) -> None:
        for number in range(self.one_of([0, 0, 0, 0, 1, 1, 2])):
            answered = self.at + self.gap()
            low, high = self.one_of([("", ""), ("", ""), ("1", "5"), ("0", "10"), ("5", "1")])
            score = self.one_of(["1", "2", "3", "4", "5", "5", "0", "11", "4.5", ""])
            response = {
                "response_id": f"r-{row['case_id']}-{number}",
                "survey_type": self.one_of(["csat", "csat", "csat", "CSAT", "nps"]),
                "account_id": "",
                "contact_id": row["contact_id"],
                "case_id": row["case_id"],
                "agent_id": self.one_of(["", *self.agent_ids]),
                "sent_at": written(self.at),
                "responded_at": written(answered) if self.happens(90) else "",
                "score": score,
                "scale_min": low,
                "scale_max": high,
                "high_is_good": self.one_of(["", "", "true", "false"]),
                "updated_at": written(answered),
            }
            self.add("survey_responses", **response)
            if self.happens(10):
                changed = {"score": "3", "updated_at": written(answered + timedelta(hours=1))}
                self.add("survey_responses", **{**response, **changed})


def random_tickets(draw: Random, cases: int = 1500) -> dict[str, list[Row]]:
    return Teller(draw, cases).tables


def write(tables: dict[str, list[Row]], landing: Path, pieces: int = 1, draw: Random | None = None) -> None:
    """One CSV file per entity, or the rows in another order, split over several files that share some rows."""
    for entity, rows in tables.items():
        folder = landing / "generic" / entity
        if draw is None:
            write_rows(folder / f"{entity}.csv", rows, COLUMNS[entity])
            continue
        mixed = draw.sample(rows, len(rows))
        for piece in range(pieces):
            again = draw.sample(rows, len(rows) // 20)
            name = f"{draw.randrange(10**6):06d}-{piece}.csv"
            write_rows(folder / name, mixed[piece::pieces] + again, COLUMNS[entity])

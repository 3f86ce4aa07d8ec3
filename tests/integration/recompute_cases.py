"""The lives of cases once more, in plain Python, straight from the rows of generic files.

A second opinion written from the metric dictionary: no SQL, no data frame, no code of the project. Each case is replayed
event by event; opening hours are looked up minute by minute. Slow, and meant to be.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
OPEN = ("new", "open", "pending", "on_hold")
DONE = ("solved", "closed")

Record = dict[str, str]


def instant(text: str) -> datetime:
    """An ISO 8601 instant; an empty one lies before all others."""
    if not text:
        return BEGINNING
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def maybe_instant(text: str | None) -> datetime | None:
    return instant(text) if text else None


def seconds(start: datetime, end: datetime) -> int:
    """Whole seconds between two instants, each without its parts of a second."""
    return int((end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds())


def is_true(text: str | None) -> bool:
    return (text or "").lower() == "true"


def seed(name: str) -> list[Record]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def threshold(name: str) -> float:
    return next(float(row["value"]) for row in seed("metric_thresholds") if row["name"] == name)


# -- versions --------------------------------------------------------------------------------------------------------


def versions_by_key(rows: Iterable[Record], key: str) -> dict[str, list[Record]]:
    """All versions of each key, oldest first; the same row twice is one version."""
    found: dict[str, dict[datetime, Record]] = defaultdict(dict)
    for row in rows:
        at = instant(row.get("updated_at", ""))
        assert found[row[key]].setdefault(at, row) == row, f"two versions of one instant: {row}"
    return {name: [versions[at] for at in sorted(versions)] for name, versions in found.items()}


def known_at(versions: list[Record], end: datetime) -> Record:
    """The newest version written before an instant, else the first one."""
    known = [version for version in versions if instant(version.get("updated_at", "")) < end]
    return known[-1] if known else versions[0]


def valid_at(versions: list[Record], at: datetime) -> Record:
    """The newest version written by an instant, else the first one."""
    known = [version for version in versions if instant(version.get("updated_at", "")) <= at]
    return known[-1] if known else versions[0]


# -- business time ---------------------------------------------------------------------------------------------------


# Windows and the zones' offsets begin and end at quarters of an hour, so each is open or closed as a whole.
QUARTER = timedelta(minutes=15)


class OpeningHours:
    """Quarters of an hour at which a schedule is open, each looked up on the wall clock of its own."""

    def __init__(self, schedule: str, first: date, last: date) -> None:
        self.windows = [row for row in seed("business_schedules") if row["schedule"] == schedule]
        self.holidays = {
            date.fromisoformat(row["holiday_date"]) for row in seed("holidays") if row["schedule"] == schedule
        }
        self.zones = {row["time_zone"]: ZoneInfo(row["time_zone"]) for row in self.windows}
        self.start = datetime.combine(first, time(), UTC)
        edges = [int(row[name][3:]) for row in self.windows for name in ("opens", "closes")]
        assert all(minute % 15 == 0 for minute in edges), "the test looks at quarters of an hour only"
        flags = (self.is_open(self.start + QUARTER * number) for number in range((last - first).days * 96))
        # Open seconds before each quarter.
        self.before = [0, *(900 * count for count in accumulate(flags))]

    @cached_property
    def holding(self) -> dict[tuple[str, date], list[tuple[int, int]]]:
        return {}

    def opened_on(self, zone: str, day: date) -> list[tuple[int, int]]:
        """Windows that open on a local day, in minutes since its midnight; one past midnight ends after 1440."""
        if (zone, day) not in self.holding:
            found = []
            for row in self.windows:
                if row["time_zone"] != zone or int(row["weekday"]) != day.isoweekday():
                    continue
                if row["valid_from"] and day < date.fromisoformat(row["valid_from"]):
                    continue
                if row["valid_to"] and day > date.fromisoformat(row["valid_to"]):
                    continue
                opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in (row["opens"], row["closes"]))
                found.append((opens, closes if closes > opens else closes + 1440))
            self.holding[zone, day] = found
        return self.holding[zone, day]

    def is_open(self, at: datetime) -> bool:
        for name, zone in self.zones.items():
            local = at.astimezone(zone)
            day, minute = local.date(), local.hour * 60 + local.minute
            if day in self.holidays:
                continue
            if any(opens <= minute < closes for opens, closes in self.opened_on(name, day)):
                return True
            if any(minute + 1440 < closes for _, closes in self.opened_on(name, day - timedelta(days=1))):
                return True
        return False

    def until(self, at: datetime) -> int:
        """Open seconds from the beginning to an instant."""
        quarter, rest = divmod(seconds(self.start, at), 900)
        is_open = self.before[quarter + 1] > self.before[quarter]
        return self.before[quarter] + (rest if is_open else 0)

    def between(self, start: datetime, end: datetime) -> int:
        return self.until(end) - self.until(start)

    def after(self, start: datetime, open_seconds: int) -> datetime | None:
        """The first instant by which so many open seconds have gone by; None when that is beyond the days looked at."""
        wanted = self.until(start) + open_seconds
        if open_seconds <= 0:
            return start
        if wanted > self.before[-1]:
            return None
        quarter = bisect_left(self.before, wanted) - 1
        return self.start + QUARTER * quarter + timedelta(seconds=wanted - self.before[quarter])


@cache
def opening_hours(schedule: str, first: date, last: date) -> OpeningHours:
    return OpeningHours(schedule, first, last)


# -- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Something that happened to a case; `actor_type` is what the actor is known to be."""

    at: datetime
    event_id: str
    kind: str
    actor_type: str
    actor_id: str
    before: str
    after: str
    handle_seconds: int | None
    is_dated: bool = True

    @property
    def order(self) -> tuple[datetime, str]:
        return self.at, self.event_id


@dataclass(frozen=True)
class Span:
    """A case's time in one status, half-open."""

    start: datetime
    end: datetime
    status: str
    is_current: bool

    @property
    def seconds(self) -> int:
        return seconds(self.start, self.end)


@dataclass(frozen=True)
class Turn:
    """A change of being in the backlog, or of being solved."""

    at: datetime
    event_id: str
    name: str
    backlog_change: int
    is_solved: bool
    is_dated: bool


@dataclass
class Case:
    """One case as known at the end of the as-of date."""

    case_id: str
    row: Record
    account_id: str
    events: list[Event]
    created_at: datetime
    turns: list[Turn] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    replies: list[Event] = field(default_factory=list)
    status: str = ""
    opened_by: str = ""
    is_open: bool = False
    is_solved: bool = False
    is_deleted: bool = False
    deleted_at: datetime | None = None
    merged_at: datetime | None = None
    merged_into: str | None = None
    closed_at: datetime | None = None

    def times(self, name: str) -> list[datetime]:
        return [turn.at for turn in self.turns if turn.name == name]

    @property
    def left_out(self) -> bool:
        return self.is_deleted or self.merged_at is not None

    @property
    def first_solved_at(self) -> datetime | None:
        return next((turn.at for turn in self.turns if turn.name == "solved" and turn.is_dated), None)

    @property
    def last_solved_at(self) -> datetime | None:
        return next((turn.at for turn in reversed(self.turns) if turn.name == "solved" and turn.is_dated), None)

    def waited(self, *statuses: str) -> int:
        return sum(span.seconds for span in self.spans if span.status in statuses)


class Company:
    """`tables`: entity → rows as exported, values as text."""

    def __init__(self, tables: dict[str, list[Record]], as_of: date, zone: str = "UTC") -> None:
        self.as_of = as_of
        self.end = datetime.combine(as_of + timedelta(days=1), time(), UTC)
        self.zone = ZoneInfo(zone)
        self.accounts = versions_by_key(tables.get("accounts", []), "account_id")
        self.contacts = versions_by_key(tables.get("contacts", []), "contact_id")
        self.case_versions = versions_by_key(tables["cases"], "case_id")
        self.agents = {
            name: known_at(versions, self.end)
            for name, versions in versions_by_key(tables.get("agents", []), "agent_id").items()
        }
        self.responses = versions_by_key(tables.get("survey_responses", []), "response_id")
        self.subscriptions = versions_by_key(tables.get("subscriptions", []), "subscription_id")
        self.statuses = {row["vendor_value"]: row["status"] for row in seed("status_map") if row["source"] == "generic"}
        self.topics = {row["vendor_value"]: row["topic"] for row in seed("topic_map") if row["source"] == "generic"}
        self.told: dict[str, list[Record]] = defaultdict(list)
        for versions in versions_by_key(tables.get("case_events", []), "event_id").values():
            row = known_at(versions, self.end)
            self.told[row["case_id"]].append(row)
        self.cases = {
            case.case_id: case
            for name, versions in self.case_versions.items()
            if (case := self.read_case(name, versions)) is not None
        }

    def day(self, at: datetime) -> date:
        """The day of reports on which an instant lies."""
        return at.astimezone(self.zone).date()

    def status_of(self, word: str) -> str:
        return self.statuses.get(word.lower(), word.lower())

    # -- one case ----------------------------------------------------------------------------------------------------

    def read_case(self, case_id: str, versions: list[Record]) -> Case | None:
        row = known_at(versions, self.end)
        if instant(row["created_at"]) >= self.end:
            return None
        events = sorted(
            (event for event in self.events_of(case_id, row, versions) if event.at < self.end),
            key=lambda event: event.order,
        )
        case = Case(case_id, row, self.account_of(row), events, instant(row["created_at"]))
        self.replay(case)
        return case

    def account_of(self, row: Record) -> str:
        """The account that a case names, else that of its contact as known on the day of its creation."""
        if row.get("account_id"):
            return row["account_id"]
        versions = self.contacts.get(row.get("contact_id", ""))
        if not versions:
            return ""
        day = instant(row["created_at"]).date()
        known = [version for version in versions if instant(version.get("updated_at", "")).date() <= day]
        return (known[-1] if known else versions[0])["account_id"]

    def events_of(self, case_id: str, row: Record, versions: list[Record]) -> Iterator[Event]:
        told = self.told.get(case_id, [])
        kinds = {event["event_type"].lower() for event in told}
        yield from (self.as_event(event) for event in told)
        stamps = [
            ("1-created", "created", "created_at", "customer", "new"),
            ("2-replied", "public_reply", "first_replied_at", "agent", ""),
            ("3-solved", "status", "solved_at", "agent", "solved"),
            ("4-closed", "status", "closed_at", "system", "closed"),
        ]
        stamps = [stamp for stamp in stamps if stamp[1] not in kinds]
        # What only the row tells, and not since when, holds from the creation.
        is_silent = "status" not in kinds and not row.get("solved_at") and not row.get("closed_at")
        at, status = instant(row["created_at"]), self.status_of(row["status"])
        if is_silent and status != "new" and not any(version.get("updated_at") for version in versions):
            yield Event(at, f"{case_id}:status", "status", "system", "", "", status, None, is_dated=False)
        if "status" not in kinds:
            held = "new"
            for version in versions:
                status = self.status_of(version["status"])
                if status != held and version.get("updated_at"):
                    at = instant(version["updated_at"])
                    yield Event(
                        at, f"{case_id}:status-{at:%Y-%m-%d %H:%M:%S}", "status", "system", "", "", status, None
                    )
                held = status
        for number, kind, column, actor_type, after in stamps:
            if row.get(column):
                actor = {"customer": "contact_id", "agent": "assignee_id"}.get(actor_type, "")
                yield Event(
                    instant(row[column]), f"{case_id}:{number}", kind, actor_type, row.get(actor, ""), "", after, None
                )
        # A deletion that only the row tells counts too; one that it tells after its restoring was told is another.
        told_deletions = [(instant(event["occurred_at"]), event["event_type"].lower()) for event in told]
        told_deletions = sorted(one for one in told_deletions if one[1] in ("deleted", "undeleted"))
        was_deleted = False
        for version in versions:
            now_deleted = is_true(version.get("is_deleted"))
            if now_deleted != was_deleted and version.get("updated_at"):
                kind, at = "deleted" if now_deleted else "undeleted", instant(version["updated_at"])
                again = told_deletions and now_deleted and told_deletions[-1][1] == "undeleted"
                if not told_deletions or (again and at > told_deletions[-1][0]):
                    yield Event(at, f"{case_id}:{kind}-{at:%Y-%m-%d %H:%M:%S}", kind, "system", "", "", "", None)
            was_deleted = now_deleted

    def as_event(self, row: Record) -> Event:
        agent = self.agents.get(row.get("actor_id", ""))
        kind = row["event_type"].lower()
        if agent is not None and is_true(agent.get("is_bot")):
            actor_type = "bot"
        else:
            actor_type = row.get("actor_type", "").lower() or ("agent" if agent is not None else "system")
        before, after = row.get("from_value", ""), row.get("to_value", "")
        if kind in ("created", "status"):
            before, after = self.status_of(before), self.status_of(after)
        handled = row.get("handle_seconds", "")
        return Event(
            instant(row["occurred_at"]), row["event_id"], kind, actor_type, row.get("actor_id", ""), before, after,
            int(handled) if handled else None,
        )  # fmt: skip

    # -- its life ----------------------------------------------------------------------------------------------------

    def replay(self, case: Case) -> None:
        """Walks through the events. What is told of the time before the creation holds from the creation on."""
        created = next((event for event in case.events if event.kind == "created"), None)
        if created is None:
            # It is told to have been opened after the as-of date, and its row knows better.
            created = Event(case.created_at, "", "created", "", "", "", "new", None)
        case.opened_by = created.actor_type
        merge = next((event for event in case.events if event.kind == "merged"), None)
        moves = [event for event in case.events if event.kind in ("status", "deleted", "undeleted")]
        # The creation comes first, and a merge before whatever else happens at its instant.
        story = [created, *(event for event in moves if merge is None or event.at < merge.at)]
        if merge is not None:
            story += [merge, *(event for event in moves if event.at >= merge.at)]

        since: datetime | None = None
        is_solved = is_counted = False

        def turn(event: Event, at: datetime, name: str, is_in: bool) -> None:
            nonlocal is_counted
            change = int(is_in) - int(is_counted)
            case.turns.append(Turn(at, event.event_id, name, change, is_solved, event.is_dated))
            is_counted = is_in

        def span(until: datetime, is_current: bool = False) -> None:
            if since is not None and until > since:
                case.spans.append(Span(since, until, case.status, is_current))

        for event in story:
            at = max(event.at, case.created_at)
            if event.kind == "created":
                case.status, since = event.after or "new", case.created_at
                turn(event, since, "created", True)
                if case.status in DONE:
                    is_solved = True
                    turn(event, since, "solved", False)
            elif event.kind == "status" and event.after:
                if since is not None and event.after != case.status:
                    span(at)
                    since = at
                if event.after == "closed" and case.status != "closed":
                    case.closed_at = at if event.is_dated else None
                case.status = event.after if case.merged_at is None else "closed"
                now_solved = case.status in DONE or (is_solved and case.status not in OPEN)
                was_solved, is_solved = is_solved, now_solved
                if since is not None and now_solved != was_solved:
                    turn(event, at, "solved" if now_solved else "reopened", not now_solved)
            elif event.kind == "deleted" and not case.is_deleted:
                span(at)
                since = None
                case.is_deleted, case.deleted_at = True, at
                turn(event, at, "deleted", False)
            elif event.kind == "undeleted" and case.is_deleted:
                since = at if case.merged_at is None else None
                case.is_deleted, case.deleted_at = False, None
                turn(event, at, "undeleted", not is_solved and case.merged_at is None)
            elif event.kind == "merged":
                span(at)
                since = None
                if case.status != "closed":
                    case.closed_at = at
                case.status, case.merged_at, case.merged_into = "closed", at, event.after
                turn(event, at, "merged", False)
        span(self.end, is_current=True)
        case.is_open, case.is_solved = is_counted, is_solved
        if case.status != "closed":
            case.closed_at = None
        case.replies = list(self.replies_of(case, created))

    def replies_of(self, case: Case, created: Event) -> Iterator[Event]:
        """Public replies of people of ours who had not left, without the message that opened the case."""
        opening = created.actor_type == "agent"
        for event in case.events:
            if event.kind != "public_reply" or event.actor_type != "agent":
                continue
            if opening and event.at <= created.at:
                opening = False
                continue
            left = maybe_instant(self.agents.get(event.actor_id, {}).get("left_at"))
            if left is not None and left.time() == time.min:
                left += timedelta(days=1)  # a date without a time is the last day
            if left is None or event.at < left:
                yield event

    # -- its figures -------------------------------------------------------------------------------------------------

    @cached_property
    def schedules(self) -> dict[str, str]:
        return {row["team"]: row["schedule"] for row in seed("team_schedules")}

    @cached_property
    def costs(self) -> dict[str, Decimal]:
        return {row["channel"]: Decimal(row["cost_per_case"]) for row in seed("channel_costs")}

    def hours(self, team: str | None) -> OpeningHours:
        schedule = self.schedules.get(team or "", self.schedules["default"])
        days_ahead = timedelta(days=threshold("business_calendar_days_ahead"))
        return opening_hours(schedule, self.first_day, self.as_of + days_ahead)

    @cached_property
    def first_day(self) -> date:
        return min(case.created_at for case in self.cases.values()).date()

    @staticmethod
    def last_told(case: Case, kind: str, otherwise: str) -> str:
        told = [event.after for event in case.events if event.kind == kind]
        return told[-1] if told else otherwise

    @staticmethod
    def changes(case: Case, kind: str) -> int:
        """Changes from one agent or team to another, by what held before."""
        found, held = 0, ""
        for event in case.events:
            if event.kind == kind:
                before = event.before or held
                found += bool(before and event.after and before != event.after)
                held = event.after
        return found

    def approval_wait(self, case: Case) -> int:
        """Seconds from requests to their next answers; what nobody answered ends when the case is closed or gone."""
        found, since = 0, None
        for event in case.events:
            if event.kind == "approval_requested":
                since = since or event.at
            elif event.kind in ("approved", "rejected") and since is not None:
                found += seconds(since, event.at)
                since = None
        if since is not None:
            gone = case.deleted_at if case.is_deleted else None
            ends = [at for at in (case.closed_at, case.merged_at, gone, self.end) if at is not None]
            found += seconds(since, max(min(ends), since))
        return found

    def account_then(self, case: Case) -> Record:
        """What was known of its account when the case was created."""
        versions = [row for row in self.accounts.get(case.account_id, []) if not is_true(row.get("is_deleted"))]
        return valid_at(versions, case.created_at) if versions else {}

    def attributes(self, case: Case) -> Record:
        row = self.account_then(case)
        return {name: row.get(name, "") or "unknown" for name in ("customer_type", "segment", "region", "support_plan")}

    def topic(self, case: Case) -> str:
        word = case.row.get("topic", "").lower()
        return self.topics.get(word, word)

    def is_fixed_at_first_contact(self, case: Case) -> bool | None:
        """None while it cannot be known."""
        window = timedelta(days=threshold("fcr_window_days"))
        solved = [turn.at for turn in case.turns if turn.name == "solved" and turn.is_dated]
        if case.left_out or not solved or not case.is_solved or solved[-1] > self.end - window:
            return None
        if case.times("reopened"):
            return False
        is_visit = self.case_type(case) == "work_order"
        if not is_visit and len(case.replies) > (0 if self.channel(case) == "phone" else 1):
            return False
        return not any(
            self.is_another_try(case, other, is_visit, solved[0] < other.created_at <= solved[0] + window)
            for other in self.related(case)
            if not other.left_out
        )

    def related(self, case: Case) -> Iterator[Case]:
        """Other cases of its account, or of the case that it belongs to."""
        for other in {id(one): one for key in self.relations(case) for one in self.by_relation[key]}.values():
            if other is not case:
                yield other

    @staticmethod
    def relations(case: Case) -> list[tuple[str, str]]:
        keys = [("account", case.account_id), ("parent", case.row.get("parent_case_id", ""))]
        return [key for key in keys if key[1]]

    @cached_property
    def by_relation(self) -> dict[tuple[str, str], list[Case]]:
        found = defaultdict(list)
        for case in self.cases.values():
            for key in self.relations(case):
                found[key].append(case)
        return found

    def is_another_try(self, case: Case, other: Case, is_visit: bool, soon_after: bool) -> bool:
        """Another case about the same soon after; for a visit another visit, at any time where both are of one case."""
        same = case.account_id == other.account_id != "" and self.topic(case) == self.topic(other) != ""
        if not is_visit:
            return same and soon_after
        parent = case.row.get("parent_case_id", "")
        same_parent = bool(parent) and parent == other.row.get("parent_case_id", "")
        return self.case_type(other) == "work_order" and (same_parent or (same and soon_after))

    @staticmethod
    def case_type(case: Case) -> str:
        return case.row.get("case_type", "").lower()

    @staticmethod
    def channel(case: Case) -> str:
        return case.row.get("channel", "").lower()

    @cached_property
    def answers(self) -> dict[str, list[tuple[datetime, str, Decimal, Decimal, Decimal, bool]]]:
        """Valid satisfaction answers of each case: when, id, score, scale, and whether high is good."""
        usual = next(
            row for row in seed("survey_questions") if (row["source"], row["survey_type"]) == ("generic", "csat")
        )
        found = defaultdict(list)
        for name, versions in self.responses.items():
            row = known_at(versions, self.end)
            if row["survey_type"].lower() != "csat" or not row["score"] or not row["responded_at"]:
                continue
            score, at = Decimal(row["score"]), instant(row["responded_at"])
            low = Decimal(row["scale_min"] or usual["scale_min"])
            high = Decimal(row["scale_max"] or usual["scale_max"])
            if at >= self.end or not low <= score <= high or score != score.to_integral_value():
                continue
            high_is_good = row.get("high_is_good", "") != "false"
            found[row["case_id"]].append((at, name, score, low, high, high_is_good))
        return found

    def fct_cases(self) -> dict[str, dict[str, Any]]:
        return {name: self.figures(case) for name, case in self.cases.items()}

    def figures(self, case: Case) -> dict[str, Any]:
        """The row of fct_cases."""
        row = case.row
        team = self.last_told(case, "team", row.get("team", ""))
        hours = self.hours(team)
        replied = max(case.replies[0].at, case.created_at) if case.replies else None
        handled = sum(event.handle_seconds or 0 for event in case.events)
        answer = max(self.answers.get(case.case_id, []), default=None)
        attributes = self.attributes(case)
        first, last = case.first_solved_at, case.last_solved_at

        def since(at: datetime | None) -> int | None:
            return None if at is None else seconds(case.created_at, at)

        def open_since(at: datetime | None) -> int | None:
            return None if at is None else hours.between(case.created_at, at)

        return {
            "account_id": case.account_id or None,
            "contact_id": row.get("contact_id") or None,
            "parent_case_id": row.get("parent_case_id") or None,
            "merged_into_case_id": case.merged_into or None,
            "source": "generic",
            "status": case.status,
            "priority": self.last_told(case, "priority", row.get("priority", "")).lower() or None,
            "channel": self.channel(case) or None,
            "topic": self.topic(case) or None,
            "product": row.get("product") or None,
            "case_type": self.case_type(case) or None,
            "service_process": row.get("service_process") or self.account_then(case).get("service_process") or None,
            "team": team or None,
            "assignee_id": self.last_told(case, "assignment", row.get("assignee_id", "")) or None,
            "schedule": self.schedules.get(team, self.schedules["default"]),
            "opened_by": case.opened_by or None,
            **attributes,
            "created_at": case.created_at,
            "first_reply_at": replied,
            "first_solved_at": first,
            "last_solved_at": last,
            "closed_at": case.closed_at,
            "merged_at": case.merged_at,
            "deleted_at": case.deleted_at,
            "is_open": case.is_open,
            "is_merged": case.merged_at is not None,
            "is_deleted": case.is_deleted,
            "first_reply_seconds": since(replied),
            "first_reply_business_seconds": open_since(replied),
            "first_resolution_seconds": since(first),
            "full_resolution_seconds": since(last),
            "full_resolution_business_seconds": open_since(last),
            "requester_wait_seconds": case.waited("new", "open", "on_hold"),
            "agent_work_seconds": case.waited("new", "open"),
            "on_hold_seconds": case.waited("on_hold"),
            "approval_wait_seconds": self.approval_wait(case),
            "handle_seconds": handled,
            "handled": handled > 0,
            "public_replies": len(case.replies),
            "customer_replies": sum(event.kind == "customer_reply" for event in case.events),
            "internal_notes": sum(event.kind == "internal_note" for event in case.events),
            "reopen_count": len(case.times("reopened")),
            "reassignment_count": self.changes(case, "assignment"),
            "team_change_count": self.changes(case, "team"),
            "is_first_contact_resolution": self.is_fixed_at_first_contact(case),
            "csat_score": answer[2] if answer else None,
            "csat_scale_min": answer[3] if answer else None,
            "csat_scale_max": answer[4] if answer else None,
            "csat_normalised_score": normalised(*answer[2:]) if answer else None,
            "case_cost": self.costs.get(self.channel(case), self.costs["default"]),
        }


def normalised(score: Decimal, low: Decimal, high: Decimal, high_is_good: bool) -> Decimal:
    share = (score - low if high_is_good else high - score) * 100 / (high - low)
    return share.quantize(Decimal("0.000001"))

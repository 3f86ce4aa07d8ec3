"""The renewal forecast once more, in plain Python: a second opinion on each probability, written from the column
descriptions and DECISIONS.md ("Renewal forecast").

It starts from what fct_renewals says of each contract and from contracts, opportunities and health bands as the build has
them; those have second opinions of their own.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

HISTORY = timedelta(days=730)
SETTLED = timedelta(days=31)
ONE_DAY = timedelta(days=1)
PRIOR = 20
MINIMUM = 30
LEAD_TIMES = (
    (-1, "past_due"),
    (30, "within_30_days"),
    (90, "within_90_days"),
    (180, "within_180_days"),
    (365, "within_365_days"),
    (1_000_000, "later"),
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """A renewal that was open at the end of day `on`. Outcome and `settled_on` are None while it is open today."""

    on: date
    subscription_id: str
    days_until_due: int
    kind: str
    band: str
    is_renewed: bool | None
    settled_on: date | None

    @property
    def lead_time(self) -> str:
        return next(name for highest, name in LEAD_TIMES if self.days_until_due <= highest)

    @property
    def group(self) -> tuple[str, str]:
        return self.kind, self.lead_time


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = connection.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def days_to_forecast_on(first: date, as_of: date) -> list[date]:
    """The last day of each month from that of `first` on, and the as-of date."""
    days = []
    year, month = first.year, first.month
    while date(year, month, 1) <= as_of:
        days.append(min(date(year, month, monthrange(year, month)[1]), as_of))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return days


class Renewals:
    """What was open when, in a build as of a date."""

    def __init__(self, build: duckdb.DuckDBPyConnection, as_of: date) -> None:
        self.as_of = as_of
        self.contracts = {row["subscription_id"]: row for row in rows_of(build, "from intermediate.int_subscriptions")}
        self.renewals = rows_of(build, "from marts.fct_renewals order by subscription_id, due_date")
        self.bands = {
            (row["account_id"], row["as_of_date"]): row["risk_band"]
            for row in rows_of(build, "select account_id, as_of_date, risk_band from intermediate.int_health_scores")
        }
        self.successors: dict[str, list[Row]] = defaultdict(list)
        for row in self.contracts.values():
            if row["renewed_from_id"] and row["deleted_on"] is None:
                self.successors[row["renewed_from_id"]].append(row)
        self.opportunities = self.nearest(
            rows_of(
                build,
                "from intermediate.int_opportunities where opportunity_type = 'renewal' "
                "and subscription_id is not null and not is_deleted",
            )
        )

    def nearest(self, opportunities: list[Row]) -> dict[tuple[str, date], list[Row]]:
        """Opportunities by the due date that is nearest to their close."""
        dues: dict[str, list[date]] = defaultdict(list)
        for row in self.renewals:
            dues[row["subscription_id"]].append(row["due_date"])
        found: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for row in opportunities:
            close = row["close_date"] or self.as_of
            if days := dues.get(row["subscription_id"]):
                nearest = min(days, key=lambda due: (abs((due - close).days), due))
                found[row["subscription_id"], nearest].append(row)
        return found

    def last_day_open(self, row: Row, won: set[date], lost: set[date]) -> date:
        """The day before the decision; the due date itself when it decided and nobody acted."""
        if row["decided_on"] is None:
            return self.as_of
        if row["is_auto_renewal"] and row["decided_on"] > row["due_date"]:
            # Signed for after it had rolled over: by then the next term was the open one.
            return row["due_date"]
        if row["decided_on"] == row["due_date"] and row["renewed_by_subscription_id"] is None:
            contract = self.contracts[row["subscription_id"]]
            acts = set(won)
            if row["outcome"] == "churned":
                acts |= {contract["notice_given_on"], contract["ended_on"]}
                acts |= set() if contract["is_repeating"] else lost
            if row["due_date"] not in acts:
                return row["due_date"]
        return row["decided_on"] - ONE_DAY

    def is_kept_open(self, row: Row, on: date) -> bool:
        """Whether something keeps a renewal open after its due date."""
        own = self.opportunities.get((row["subscription_id"], row["due_date"]), [])
        return (
            row["outcome"] == "pending"
            or any(
                (each["created_at"] is None or each["created_at"].date() <= on)
                and (not each["is_closed"] or each["close_date"] > on)
                for each in own
            )
            or any(
                each["first_known_at"].date() <= on < each["service_start_date"]
                for each in self.successors.get(row["subscription_id"], [])
            )
        )

    def seen(self) -> Iterator[Seen]:
        days = days_to_forecast_on(
            min(row["service_start_date"] for row in self.contracts.values() if row["mrr_native"] > 0), self.as_of
        )
        earlier_due: dict[str, date] = {}
        for row in self.renewals:
            name, due = row["subscription_id"], row["due_date"]
            contract = self.contracts[name]
            begins = earlier_due[name] + ONE_DAY if name in earlier_due else contract["service_start_date"]
            earlier_due[name] = due
            closed = [each for each in self.opportunities.get((name, due), []) if each["is_closed"]]
            last = self.last_day_open(
                row,
                won={each["close_date"] for each in closed if each["is_won"]},
                lost={each["close_date"] for each in closed if not each["is_won"]},
            )
            deadline = due - timedelta(days=contract["notice_days"])
            for on in days:
                if not begins <= on <= last or (on > due and not self.is_kept_open(row, on)):
                    continue
                kind = "automatic" if contract["is_repeating"] else "to_sign"
                yield Seen(
                    on=on,
                    subscription_id=name,
                    days_until_due=(due - on).days,
                    kind="automatic_past_notice" if contract["is_repeating"] and on > deadline else kind,
                    band=self.bands.get((row["account_id"], on), "unknown"),
                    is_renewed=None if row["outcome"] == "pending" else row["outcome"] != "churned",
                    settled_on=None if row["outcome"] == "pending" else max(last + ONE_DAY, due + SETTLED),
                )


def smoothed(renewed: int, compared: int, wider: float) -> float:
    return (renewed + PRIOR * wider) / (compared + PRIOR)


def probabilities(seen: list[Seen], on: date) -> dict[str, float | None]:
    """The forecast of one date: subscription → probability, from what was settled by then and not two years before."""
    compared: Counter[tuple[str, ...]] = Counter()
    renewed: Counter[tuple[str, ...]] = Counter()
    for each in seen:
        if each.settled_on is not None and on - HISTORY < each.settled_on <= on:
            for group in ((), each.group, (*each.group, each.band)):
                compared[group] += 1
                renewed[group] += bool(each.is_renewed)
    found: dict[str, float | None] = {}
    for each in seen:
        if each.on != on:
            continue
        if compared[()] < MINIMUM:
            found[each.subscription_id] = None
            continue
        wider = smoothed(renewed[each.group], compared[each.group], renewed[()] / compared[()])
        narrow = (*each.group, each.band)
        found[each.subscription_id] = smoothed(renewed[narrow], compared[narrow], wider)
    return found

"""Adoption once more, in plain Python, straight from the rows of generic files of usage and subscriptions.

A second opinion written from the metric dictionary: no SQL, no data frame, no code of the project. When a contract is in
service says recompute_revenue, a second opinion itself; here every account, product and day is looked at on its own. Slow,
and meant to be. Amounts are in the reporting currency.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from tests.integration.recompute_revenue import (
    Line,
    Record,
    is_true,
    known_at,
    last_day_of,
    months_between,
    plus_months,
    read_lines,
    records,
    versions_by_key,
)  # fmt: skip

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
ONE_DAY = timedelta(days=1)


def seed(name: str) -> list[Record]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def share(part: int | None, whole: int | None) -> Fraction | None:
    return Fraction(part, whole) if part is not None and whole else None


def whole_number(text: str) -> int | None:
    return int(text) if text else None


@dataclass
class Use:
    """What the usage rows of one account, product and day say."""

    people: list[int] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)
    events: int = 0
    features: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Contract:
    """A line of a product that gives a right of use, or lets somebody try it."""

    line: Line
    seats: int | None
    is_trial: bool


Row = dict[str, object]


class Adoption:
    """`months`: (account, product, month) → the columns of product_adoption_monthly; `rates`: (product, month) → those of
    adoption_rates_monthly."""

    def __init__(self, landing: Path, as_of: date) -> None:
        self.as_of = as_of
        self.listed: dict[str, set[str]] = defaultdict(set)
        for row in seed("product_features"):
            self.listed[row["product"].lower()].add(row["feature"].lower())
        self.thresholds = {row["product"].lower(): row for row in seed("product_adoption_thresholds")}
        self.sold_as: dict[str, set[str]] = defaultdict(set)
        self.used_as: dict[str, set[str]] = defaultdict(set)
        self.first_seen: dict[tuple[str, str], date] = {}
        self.usage_begins: date | None = None
        self.contracts = self.read_contracts(landing)
        self.mrr = self.read_mrr(landing)
        self.uses = self.read_uses(landing)
        self.months = dict(self.every_month())
        self.rates = self.count()

    # -- reading -----------------------------------------------------------------------------------------------------

    def read_contracts(self, landing: Path) -> dict[tuple[str, str], list[Contract]]:
        rows = {
            name: known_at(versions, "updated_at", self.as_of + ONE_DAY)
            for name, versions in versions_by_key(
                records(landing, "generic", "subscriptions"), "subscription_id", "updated_at"
            ).items()
        }
        found: dict[tuple[str, str], list[Contract]] = defaultdict(list)
        for line in read_lines(landing, self.as_of, "USD"):
            row = rows[line.subscription_id]
            product = row["product"].strip()
            lasted = line.last_day is None or line.last_day >= line.first_day
            if not product or line.mrr < 0 or line.first_day > self.as_of or not lasted:
                continue
            seats = whole_number(row["seats"])
            found[line.account_id, product.lower()].append(
                Contract(line, seats if seats and seats > 0 else None, is_true(row["is_trial"]))
            )
            self.sold_as[product.lower()].add(product)
        return dict(found)

    def read_mrr(self, landing: Path) -> dict[tuple[str, str, date], Fraction]:
        """Of every line that stands at the end of the month, credits too."""
        found: dict[tuple[str, str, date], Fraction] = defaultdict(Fraction)
        for line in read_lines(landing, self.as_of, "USD"):
            if line.first_day > self.as_of:
                continue
            for month in months_between(line.first_day, min(line.last_day or self.as_of, self.as_of)):
                if line.runs_on(last_day_of(month, self.as_of)):
                    found[line.account_id, line.product.strip().lower(), month] += line.mrr
        return dict(found)

    def read_uses(self, landing: Path) -> dict[tuple[str, str], dict[date, Use]]:
        found: dict[tuple[str, str], dict[date, Use]] = defaultdict(lambda: defaultdict(Use))
        keyed = (
            {**row, "key": "|".join(row[name].strip() for name in ("account_id", "product", "feature", "usage_date"))}
            for row in records(landing, "generic", "usage")
        )
        for versions in versions_by_key(keyed, "key", "updated_at").values():
            row = known_at(versions, "updated_at", self.as_of + ONE_DAY)
            on = date.fromisoformat(row["usage_date"])
            if on > self.as_of:
                continue
            product, feature = row["product"].strip().lower(), row["feature"].strip().lower()
            self.used_as[product].add(row["product"].strip())
            self.first_seen[product, feature] = min(on, self.first_seen.get((product, feature), on))
            self.usage_begins = min(on, self.usage_begins or on)
            use = found[row["account_id"], product][on]
            people, events = whole_number(row["active_users"]), whole_number(row["event_count"])
            seats = whole_number(row["licensed_seats"])
            if people is not None:
                use.people.append(max(people, 0))
            if seats is not None and seats > 0:
                use.seats.append(seats)
            use.events += max(events or 0, 0)
            if (people or 0) > 0 or (events or 0) > 0 or (people is None and events is None):
                use.features.add(feature)
        return {key: dict(days) for key, days in found.items()}

    # -- one account, product and month ------------------------------------------------------------------------------

    def entitled_on(self, account: str, product: str, day: date) -> list[Contract]:
        contracts = self.contracts.get((account, product), [])
        return [each for each in contracts if not each.is_trial and each.line.runs_on(day)]

    def every_month(self) -> Iterator[tuple[tuple[str, str, date], Row]]:
        for account, product in sorted({*self.contracts, *self.uses}):
            contracts = self.contracts.get((account, product), [])
            used = self.uses.get((account, product), {})
            entitled_days = [
                day
                for each in contracts
                if not each.is_trial
                for day in days_of(each.line.first_day, min(each.line.last_day or self.as_of, self.as_of))
            ]
            first_day = min(entitled_days, default=None)
            first_use = min(
                (day for day, use in used.items() if use.features and self.entitled_on(account, product, day)),
                default=None,
            )
            starts = [each.line.first_day for each in contracts] + list(used)
            for month in months_between(min(starts), self.as_of):
                row = self.month(account, product, month, first_day, first_use)
                if row is not None:
                    name = min(self.sold_as.get(product) or self.used_as[product])
                    yield (account, name, month), row

    def month(
        self, account: str, product: str, month: date, first_day: date | None, first_use: date | None
    ) -> Row | None:
        """None when the product was neither bought nor used."""
        following = plus_months(month, 1)
        days = list(days_of(month, min(following - ONE_DAY, self.as_of)))
        uses = [self.uses.get((account, product), {}).get(day, Use()) for day in days]
        rights = [self.entitled_on(account, product, day) for day in days]
        is_entitled = any(rights)
        active_days = sum(bool(use.features) for use in uses)
        if not is_entitled and not active_days:
            return None
        known = self.usage_begins is not None and month >= self.usage_begins.replace(day=1)
        stated = [seats for use in uses for seats in use.seats]
        bought = [sum(each.seats for each in each_day if each.seats) for each_day in rights]
        seats = max(stated or bought, default=0) or None
        people = [number for use in uses for number in use.people]
        active_users = None if active_days and not people else max(people, default=0)
        active_user_days = sum(max(use.people, default=0) for use in uses)
        if product in self.listed:
            features = self.listed[product]
        else:
            features = {
                name for (owner, name), seen in self.first_seen.items() if owner == product and seen < following
            }
        features_used = len(set().union(*(use.features for use in uses)) & features)
        utilisation = share(active_users, seats)
        limit = self.thresholds.get(product, self.thresholds["default"])
        conditions = [
            (utilisation, Fraction(limit["minimum_seat_utilisation"] or 0)),
            (active_users, Fraction(limit["minimum_active_users"] or 0)),
            (active_days, Fraction(limit["minimum_active_days"] or 0)),
        ]
        adopted = (
            is_entitled and active_days > 0 and all(found is None or found >= least for found, least in conditions)
        )
        shown_use = first_use if first_use and first_use < following else None
        trials = [each for each in self.contracts.get((account, product), []) if each.is_trial]
        row: Row = {
            "is_complete": following - ONE_DAY <= self.as_of,
            "is_usage_known": known,
            "is_entitled": is_entitled,
            "is_trial": any(each.line.runs_on(day) for each in trials for day in days),
            "is_first_month": is_entitled and first_day is not None and first_day.replace(day=1) == month,
            "closing_mrr": self.mrr.get((account, product, month), Fraction(0)),
            "licensed_seats": seats,
            "active_users": active_users,
            "unused_seats": max(seats - active_users, 0)
            if is_entitled and seats is not None and active_users is not None
            else None,
            "seat_utilisation": utilisation,
            "event_count": sum(use.events for use in uses),
            "features_entitled": len(features),
            "features_used": features_used,
            "feature_breadth": share(features_used, len(features)),
            "active_days": active_days,
            "active_user_days": active_user_days,
            "days": len(days),
            "stickiness": share(active_user_days, active_users * len(days)) if active_users is not None else None,
            "is_adopted": adopted,
            "first_entitled_on": first_day if first_day and first_day < following else None,
            "first_value_at": shown_use,
            "days_to_first_value": (shown_use - first_day).days
            if shown_use and first_day and self.usage_begins and first_day >= self.usage_begins.replace(day=1)
            else None,
        }
        if not known:
            unknown = (
                "active_users", "unused_seats", "seat_utilisation", "event_count", "features_used", "feature_breadth",
                "active_days", "active_user_days", "stickiness", "is_adopted",
            )  # fmt: skip
            row.update(dict.fromkeys(unknown))
        return row

    def count(self) -> dict[tuple[str, date], Row]:
        groups: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for (_, product, month), row in self.months.items():
            groups[product, month].append(row)
        found = {}
        for key, rows in groups.items():
            entitled = [row for row in rows if row["is_entitled"]]
            adopting = [row for row in rows if row["is_adopted"]]
            seated = [row for row in entitled if row["unused_seats"] is not None]
            known = rows[0]["is_usage_known"]
            paid, adopted_paid = total(entitled, "closing_mrr"), total(adopting, "closing_mrr")
            found[key] = {
                "is_complete": rows[0]["is_complete"],
                "is_usage_known": known,
                "entitled_accounts": len(entitled),
                "using_accounts": sum(bool(row["active_days"]) for row in entitled) if known else None,
                "adopting_accounts": len(adopting) if known else None,
                "adoption_rate": share(len(adopting), len(entitled)) if known else None,
                "new_accounts": sum(bool(row["is_first_month"]) for row in rows),
                "trial_accounts": sum(bool(row["is_trial"]) for row in rows if not row["is_entitled"]),
                "unentitled_accounts": sum(not row["is_trial"] for row in rows if not row["is_entitled"]),
                "licensed_seats": total(seated, "licensed_seats") if seated else None,
                "seated_active_users": total(seated, "active_users") if seated else None,
                "unused_seats": total(seated, "unused_seats") if seated else None,
                "seat_utilisation": total(seated, "active_users") / total(seated, "licensed_seats") if seated else None,
                "entitled_mrr": paid,
                "adopted_mrr": adopted_paid if known else None,
                "adopted_mrr_share": adopted_paid / paid if known and paid else None,
            }
        return found


def total(rows: list[Row], column: str) -> Fraction:
    return sum((Fraction(str(row[column])) for row in rows), Fraction(0))


def days_of(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)

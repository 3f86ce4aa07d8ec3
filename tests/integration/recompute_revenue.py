"""MRR movements and retention once more, in plain Python, straight from the files of a landing folder.

This is a second opinion, written from the metric dictionary alone: no SQL, no data frame, no code of the project. It
reads CSV files of `salesforce/account`, `salesforce/subscription`, `generic/accounts` and `generic/subscriptions` as
they were exported, keeps whole numbers and fractions exact, and goes through months one by one. It is slow and meant to
be.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import count
from pathlib import Path

BEGINNING = datetime.min.replace(tzinfo=UTC)
WORDS_FOR_PERIODS = {"monthly": "month", "quarterly": "quarter", "annual": "year", "weekly": "week", "daily": "day"}
PER_MONTH = {
    "month": Fraction(1),
    "quarter": Fraction(1, 3),
    "year": Fraction(1, 12),
    "week": Fraction(52, 12),
    "day": Fraction(365, 12),
}
DIMENSIONS = ("segment", "region", "product", "support_plan", "customer_type")

Record = dict[str, str]


@dataclass(frozen=True)
class Line:
    """A subscription as known at the as-of date; `mrr` in its own currency (0 for trials), `last_day` None while it runs.

    `term_end` is the last day of the first term (None when it ends before it starts), `taken_over_on` the first day of
    its earliest started successor.
    """

    subscription_id: str
    account_id: str
    product: str
    currency: str
    mrr: Fraction
    first_day: date
    last_day: date | None
    stated_end: date | None
    term_end: date | None
    repeats: bool
    noticed_on: date | None
    ended_on: date | None
    reason: str
    predecessor: str
    taken_over_on: date | None
    deleted_on: date | None
    first_known: datetime

    def runs_on(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True)
class Movement:
    """One account's month in reporting currency; losses are positive."""

    opening: Fraction
    new: Fraction
    reactivation: Fraction
    expansion: Fraction
    contraction: Fraction
    churned: Fraction
    fx: Fraction
    closing: Fraction
    name: str


@dataclass
class Retained:
    """A cohort of a window: accounts, and MRR in reporting currency."""

    starting_accounts: int = 0
    retained_accounts: int = 0
    starting_mrr: Fraction = Fraction(0)
    gross_retained_mrr: Fraction = Fraction(0)
    net_retained_mrr: Fraction = Fraction(0)

    def add(self, starting: Fraction, ending: Fraction) -> None:
        """One more account: what it paid when the window opened, and at its end."""
        self.starting_accounts += 1
        self.retained_accounts += ending > 0
        self.starting_mrr += starting
        self.gross_retained_mrr += min(starting, ending)
        self.net_retained_mrr += ending


# -- reading ---------------------------------------------------------------------------------------------------------


def records(landing: Path, source: str, name: str) -> Iterator[Record]:
    for path in sorted((landing / source / name).glob("*.csv")):
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from csv.DictReader(file)


def instant(text: str) -> datetime:
    """An ISO 8601 instant; an empty one lies before all others."""
    if not text:
        return BEGINNING
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(text: str) -> date | None:
    return instant(text).date() if text else None


def versions_by_key(rows: Iterator[Record], key: str, cursor: str) -> dict[str, list[Record]]:
    """All versions of each key, oldest first."""
    found: dict[str, dict[datetime, Record]] = defaultdict(dict)
    for row in rows:
        found[row[key]][instant(row[cursor])] = row
    return {name: [versions[at] for at in sorted(versions)] for name, versions in found.items()}


def known_at(versions: list[Record], cursor: str, after: date) -> Record:
    """The newest version written before the day `after` begins, else the first one."""
    end = datetime(after.year, after.month, after.day, tzinfo=UTC)
    known = [version for version in versions if instant(version[cursor]) < end]
    return known[-1] if known else versions[0]


# -- subscriptions ---------------------------------------------------------------------------------------------------


@cache
def plus_months(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def ends_of_repeating_term(start: date, end: date) -> Iterator[date]:
    """Last day of the first run of a repeating term, of the second, and so on."""
    following = end + timedelta(days=1)
    months = next((n for n in range(1, 241) if plus_months(start, n) in (following, end)), None)
    for run in count(1):
        if months is None:
            yield start + (following - start) * run - timedelta(days=1)
        else:
            yield plus_months(start, months * run) + (following - plus_months(start, months)) - timedelta(days=1)


def end_of_running_term(start: date, end: date, on: date) -> date:
    """Last day of the run of a repeating term in which a day lies, the first run for a day before it."""
    return next(last for last in ends_of_repeating_term(start, end) if last >= on)


def as_generic(row: Record) -> Record:
    """A Salesforce CPQ line with the names of the generic entity."""

    def reference(text: str) -> str:
        return f"salesforce:{text}" if text else ""

    return {
        "subscription_id": reference(row["Id"]),
        "account_id": reference(row["SBQQ__Account__c"]),
        "product": row["SBQQ__ProductName__c"],
        "start_date": row["SBQQ__SubscriptionStartDate__c"],
        "end_date": row["SBQQ__SubscriptionEndDate__c"],
        "billing_period": WORDS_FOR_PERIODS[row["SBQQ__BillingFrequency__c"].lower()],
        "amount": str(Fraction(row["SBQQ__NetPrice__c"]) * Fraction(row["SBQQ__Quantity__c"] or "1")),
        "currency": row["CurrencyIsoCode"],
        "auto_renew": row["Auto_Renew__c"],
        "notice_days": row["Notice_Days__c"],
        "renewed_from_id": reference(row["SBQQ__RevisedSubscription__c"]),
        "cancelled_at": row["Cancelled_At__c"],
        "cancel_reason": row["Cancel_Reason__c"],
        "ended_at": row["SBQQ__TerminatedDate__c"],
        "is_trial": row["Is_Trial__c"],
    }


def is_true(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def read_lines(landing: Path, as_of: date, reporting_currency: str) -> list[Line]:
    """All subscriptions as known at the end of the as-of date."""
    tomorrow = as_of + timedelta(days=1)
    current: dict[str, Record] = {}
    deleted_on: dict[str, date] = {}
    first_known: dict[str, datetime] = {}
    for versions in versions_by_key(
        records(landing, "generic", "subscriptions"), "subscription_id", "updated_at"
    ).values():
        row = known_at(versions, "updated_at", tomorrow)
        current[row["subscription_id"]] = row
        first_known[row["subscription_id"]] = instant(versions[0]["updated_at"])
    for versions in versions_by_key(records(landing, "salesforce", "subscription"), "Id", "SystemModstamp").values():
        row = known_at(versions, "SystemModstamp", tomorrow)
        living = [version for version in versions if not is_true(version["IsDeleted"])]
        generic = as_generic(row)
        if is_true(row["IsDeleted"]):
            before = [
                version for version in living if instant(version["SystemModstamp"]) < instant(row["SystemModstamp"])
            ]
            generic = as_generic(before[-1]) if before else generic
            tombstones = [
                instant(version["SystemModstamp"])
                for version in versions
                if is_true(version["IsDeleted"])
                and (not before or instant(version["SystemModstamp"]) > instant(before[-1]["SystemModstamp"]))
            ]
            deleted_on[generic["subscription_id"]] = min(tombstones).date()
        current[generic["subscription_id"]] = generic
        first_known[generic["subscription_id"]] = instant(versions[0]["SystemModstamp"])

    started_successors: dict[str, date] = {}
    for name, row in current.items():
        start = day(row["start_date"])
        predecessor = row.get("renewed_from_id", "")
        if predecessor in ("", name) or start is None or start > as_of or deleted_on.get(name, date.max) <= start:
            continue
        started_successors[predecessor] = min(start, started_successors.get(predecessor, date.max))

    lines = []
    for name, row in current.items():
        start = day(row["start_date"])
        if start is None:
            continue
        end = day(row["end_date"])
        notice = day(row["cancelled_at"])
        if notice is not None and notice > as_of:
            notice = None
        # A term that ends before it starts is a slip, and cannot repeat.
        repeats = is_true(row["auto_renew"]) and end is not None and end >= start
        ended = last = day(row["ended_at"])
        if last is None and end is None:
            last = notice + timedelta(days=int(row["notice_days"] or 0)) if notice else None
        elif last is None and repeats:
            last = end_of_running_term(start, end or start, notice) if notice else None
        elif last is None:
            last = end
        for taken_over in (started_successors.get(name), deleted_on.get(name)):
            if taken_over is not None:
                last = min(last or date.max, taken_over - timedelta(days=1))
        lines.append(
            Line(
                subscription_id=name,
                account_id=row["account_id"],
                product=row["product"] or "unknown",
                currency=(row["currency"] or reporting_currency).upper(),
                mrr=Fraction(0)
                if is_true(row.get("is_trial", ""))
                else Fraction(row["amount"] or "0") * PER_MONTH[row["billing_period"] or "month"],
                first_day=start,
                last_day=last,
                stated_end=end,
                term_end=end if end is not None and end >= start else None,
                repeats=repeats,
                noticed_on=notice,
                ended_on=ended,
                reason=row.get("cancel_reason", ""),
                predecessor=row.get("renewed_from_id", ""),
                taken_over_on=started_successors.get(name),
                deleted_on=deleted_on.get(name),
                first_known=first_known[name],
            )
        )
    return lines


# -- months ----------------------------------------------------------------------------------------------------------


def months_between(first: date, last: date) -> list[date]:
    return [
        plus_months(first.replace(day=1), n)
        for n in range((last.year - first.year) * 12 + last.month - first.month + 1)
    ]


def last_day_of(month: date, as_of: date) -> date:
    """The day at whose end a month is judged: its last one, or the as-of date in the running month."""
    return min(date(month.year, month.month, monthrange(month.year, month.month)[1]), as_of)


def rate_reader(rates_file: Path, reporting_currency: str) -> Callable[[str, date], Fraction]:
    """A function of currency and day: the newest rate dated by then, before the first one that."""
    rates: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
    with rates_file.open(newline="") as file:
        for row in csv.DictReader(file):
            rates[row["currency"]].append((date.fromisoformat(row["date"]), Fraction(row["rate"])))

    def base_rate(currency: str, on: date) -> Fraction:
        dated = sorted(rates[currency])
        return next((rate for at, rate in reversed(dated) if at <= on), dated[0][1])

    @cache
    def rate(currency: str, on: date) -> Fraction:
        if currency == reporting_currency:
            return Fraction(1)
        return base_rate(currency, on) / base_rate(reporting_currency, on)

    return rate


def native_by_month(lines: list[Line], as_of: date) -> dict[tuple[str, date], list[tuple[str, str, Fraction]]]:
    """Account and month → (product, currency, MRR in that currency) of each line in service at the month's end."""
    found: dict[tuple[str, date], list[tuple[str, str, Fraction]]] = defaultdict(list)
    for line in lines:
        if line.mrr == 0 or line.first_day > as_of:
            continue
        for month in months_between(line.first_day, min(line.last_day or as_of, as_of)):
            if line.runs_on(last_day_of(month, as_of)):
                found[line.account_id, month].append((line.product, line.currency, line.mrr))
    return found


class Revenue:
    """What the accounts of a landing folder paid, month by month, as known at the end of the as-of date."""

    def __init__(self, landing: Path, as_of: date, rates_file: Path, reporting_currency: str = "USD") -> None:
        self.as_of = as_of
        self.landing = landing
        self.rate = rate_reader(rates_file, reporting_currency)
        self.lines = read_lines(landing, as_of, reporting_currency)
        self.by_account: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            self.by_account[line.account_id].append(line)
        self.native = native_by_month(self.lines, as_of)
        self.mrr = {key: value for key in self.native if (value := self.valued(key, key[1])) > 0}
        self.versions = self.read_account_versions()
        self.known: dict[tuple[str, date], dict[str, str]] = {}

    def valued(self, key: tuple[str, date], rate_month: date) -> Fraction:
        """The MRR of an account at a month's end, at the rates of another month; credits never make it negative."""
        on = last_day_of(rate_month, self.as_of)
        return max(
            Fraction(0), sum((mrr * self.rate(currency, on) for _, currency, mrr in self.native[key]), Fraction(0))
        )

    def movements(self) -> dict[tuple[str, date], Movement]:
        """Every account and month with an opening or closing amount."""
        found = {}
        first: dict[str, date] = {}
        for account, month in self.mrr:
            first[account] = min(month, first.get(account, date.max))
        touched = set(self.mrr) | {(account, plus_months(month, 1)) for account, month in self.mrr}
        for account, month in touched:
            if month > self.as_of:
                continue
            opening = self.mrr.get((account, plus_months(month, -1)), Fraction(0))
            closing = self.mrr.get((account, month), Fraction(0))
            found[account, month] = self.classified(account, month, opening, closing, first[account])
        return found

    def classified(self, account: str, month: date, opening: Fraction, closing: Fraction, first: date) -> Movement:
        zero = Fraction(0)
        parts = dict.fromkeys(("new", "reactivation", "expansion", "contraction", "churned", "fx"), zero)
        if opening == 0:
            name = "new" if month == first else "reactivation"
            parts[name] = closing
        elif closing == 0:
            name = "churn"
            parts["churned"] = opening
        else:
            parts["fx"] = self.valued((account, plus_months(month, -1)), month) - opening
            change = closing - opening - parts["fx"]
            if abs(change) < Fraction(1, 200_000):
                name = "fx" if abs(parts["fx"]) > Fraction(1, 200_000) else "none"
            else:
                name = "expansion" if change > 0 else "contraction"
                parts[name] = abs(change)
        return Movement(opening=opening, closing=closing, name=name, **parts)

    def retention(self) -> dict[tuple[date, int, str, str], Retained]:
        """Every month, window of 1 or 12 months, dimension and value in which somebody paid when the window opened."""
        found: dict[tuple[date, int, str, str], Retained] = defaultdict(Retained)
        for (account, before), starting in self.mrr.items():
            values = self.attributes(account, before)
            for window in (1, 12):
                month = plus_months(before, window)
                if month > self.as_of:
                    continue
                ending = self.mrr.get((account, month), Fraction(0))
                for dimension, value in (("all", "all"), *values.items()):
                    found[month, window, dimension, value].add(starting, ending)
        return found

    def read_account_versions(self) -> dict[str, list[tuple[datetime, Record]]]:
        found = {}
        generic = versions_by_key(records(self.landing, "generic", "accounts"), "account_id", "updated_at")
        for name, versions in generic.items():
            found[name] = [
                (instant(version["updated_at"]), version)
                for version in versions
                if not is_true(version.get("is_deleted", ""))
            ]
        vendor = versions_by_key(records(self.landing, "salesforce", "account"), "Id", "SystemModstamp")
        for name, versions in vendor.items():
            found[f"salesforce:{name}"] = [
                (
                    instant(version["SystemModstamp"]),
                    {
                        "segment": version["Segment__c"],
                        "region": version["Region__c"],
                        "support_plan": version["Support_Plan__c"],
                        "customer_type": version["Customer_Type__c"].lower(),
                    },
                )
                for version in versions
                if not is_true(version["IsDeleted"])
            ]
        return found

    def attributes(self, account: str, month: date) -> dict[str, str]:
        """The account's dimension values known at the end of a month, and its largest product then."""
        return {**self.described(account, plus_months(month, 1)), "product": self.largest_product(account, month)}

    def described(self, account: str, on: date) -> dict[str, str]:
        """The account's dimension values known when a day begins, without the product."""
        if (account, on) in self.known:
            return self.known[account, on]
        begin = datetime(on.year, on.month, on.day, tzinfo=UTC)
        versions = self.versions.get(account, [])
        known = [version for at, version in versions if at < begin] or [version for _, version in versions[:1]]
        self.known[account, on] = {
            name: (known[-1].get(name, "") if known else "") or "unknown" for name in DIMENSIONS if name != "product"
        }
        return self.known[account, on]

    def largest_product(self, account: str, month: date) -> str:
        by_product: dict[str, Fraction] = defaultdict(Fraction)
        for product, currency, mrr in self.native[account, month]:
            by_product[product] += mrr * self.rate(currency, last_day_of(month, self.as_of))
        return min(by_product, key=lambda product: (-by_product[product], product))

    def cohorts(self) -> dict[tuple[date, int], Retained]:
        """Every month in which accounts first paid, and month since."""
        first: dict[str, date] = {}
        for account, month in self.mrr:
            first[account] = min(month, first.get(account, date.max))
        found: dict[tuple[date, int], Retained] = defaultdict(Retained)
        for account, start in first.items():
            starting = self.mrr[account, start]
            for number, month in enumerate(months_between(start, self.as_of)):
                ending = self.mrr.get((account, month), Fraction(0))
                found[start, number].add(starting, ending)
        return found

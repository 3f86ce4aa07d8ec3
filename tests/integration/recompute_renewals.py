"""Renewals and churn once more, in plain Python, on top of `recompute_revenue`: the same slow and exact second opinion.

Written from the metric dictionary, the column descriptions and DECISIONS.md ("Revenue").
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from tests.integration.recompute_revenue import (
    Line,
    Movement,
    Revenue,
    day,
    ends_of_repeating_term,
    instant,
    is_true,
    known_at,
    last_day_of,
    months_between,
    plus_months,
    records,
    versions_by_key,
)

ZERO = Fraction(0)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Renewal:
    """A contract that fell due; the value it was renewed for is None while pending. Amounts in reporting currency."""

    subscription_id: str
    due_date: date
    account_id: str
    product: str
    due_number: int
    due_mrr: Fraction
    outcome: str
    decided_on: date | None
    renewed_mrr: Fraction | None
    timing: str | None
    is_auto_renewal: bool
    renewed_by: str | None


@dataclass(frozen=True)
class Opportunity:
    subscription_id: str
    close: date | None
    state: str


@dataclass(frozen=True)
class Succession:
    """What took a contract over by name: the first successor, its first day, and what all are worth a month."""

    first_id: str
    started_on: date
    lines: tuple[Line, ...]


@dataclass
class RenewalRates:
    due: int = 0
    renewed: int = 0
    pending: int = 0
    due_arr: Fraction = ZERO
    gross_renewed_arr: Fraction = ZERO
    net_renewed_arr: Fraction = ZERO


@dataclass(frozen=True)
class Churn:
    """An account that left; `churned_on` is the first day out of service. `churned_mrr` in reporting currency."""

    account_id: str
    churned_on: date
    churned_mrr: Fraction
    tenure_months: int
    reason: str
    is_voluntary: bool
    returned_on: date | None
    was_seen_at_month_end: bool


@dataclass
class ChurnRates:
    starting_accounts: int = 0
    churned_accounts: int = 0
    starting_mrr: Fraction = ZERO
    churned_mrr: Fraction = ZERO
    contraction_mrr: Fraction = ZERO
    expansion_mrr: Fraction = ZERO
    reactivation_mrr: Fraction = ZERO


def month_of(on: date) -> date:
    return on.replace(day=1)


def in_cents(amount: Fraction) -> int:
    """Rounded half away from zero."""
    return int(abs(amount) * 100 + Fraction(1, 2)) * (1 if amount >= 0 else -1)


def whole_months(first: date, last: date) -> int:
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - (plus_months(first, months) > last)


def rows_of_seed(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class Reasons:
    """The seed churn_reasons; reasons are compared in lower case with underscores."""

    def __init__(self, seeds: Path) -> None:
        self.rows = {row["cancel_reason"]: row for row in rows_of_seed(seeds / "churn_reasons.csv")}

    def row(self, reason: str) -> dict[str, str]:
        return self.rows.get(reason.strip().lower().replace(" ", "_").replace("-", "_"), {})

    def is_voluntary(self, reason: str) -> bool:
        return self.row(reason).get("is_voluntary", "true") == "true"

    def is_replacement(self, reason: str) -> bool:
        return self.row(reason).get("is_replacement", "false") == "true"


# -- renewals --------------------------------------------------------------------------------------------------------


class Renewals:
    """What fell due up to the as-of date, or will at the end of the running term."""

    def __init__(self, revenue: Revenue, seeds: Path) -> None:
        self.revenue = revenue
        self.as_of = revenue.as_of
        self.reasons = Reasons(seeds)
        numbers = {row["name"]: row["value"] for row in rows_of_seed(seeds / "metric_thresholds.csv")}
        self.on_time_days = int(numbers["renewal_on_time_days"])
        self.merge_days = int(numbers["renewal_merge_days"])
        self.grace_days = int(numbers["renewal_grace_days"])
        self.lines = {line.subscription_id: line for line in revenue.lines}
        self.named: dict[str, list[Line]] = defaultdict(list)
        for line in revenue.lines:
            if line.predecessor not in ("", line.subscription_id):
                self.named[line.predecessor].append(line)
        self.successions = {name: found for name in self.named if (found := self.succession(name))}
        self.terms = {name: ends for name, line in self.lines.items() if (ends := self.term_ends(line))}
        self.amended = {name for name, ends in self.terms.items() if self.ends_with_its_successors(name, ends[-1])}
        self.opportunities = self.opportunities_by_due_date()
        self.merged_into: dict[str, tuple[str, Fraction]] = {}
        self.given_away: dict[str, Fraction] = defaultdict(Fraction)
        self.match_by_value()

    def mrr_in(self, month: date, *lines: Line) -> Fraction:
        """What lines are worth a month at the rates of a month, the running month's for one to come."""
        on = last_day_of(min(month_of(month), month_of(self.as_of)), self.as_of)
        return sum((line.mrr * self.revenue.rate(line.currency, on) for line in lines), ZERO)

    def started_successors(self, name: str) -> list[Line]:
        return [
            line
            for line in self.named.get(name, [])
            if line.first_day <= self.as_of and (line.deleted_on is None or line.deleted_on > line.first_day)
        ]

    def succession(self, name: str) -> Succession | None:
        """The successors that started within the seeded number of days from the first."""
        started = sorted(self.started_successors(name), key=lambda line: (line.first_day, line.subscription_id))
        if not started:
            return None
        first = started[0]
        near = tuple(line for line in started if (line.first_day - first.first_day).days <= self.merge_days)
        return Succession(first.subscription_id, first.first_day, near)

    def term_ends(self, line: Line) -> list[date]:
        """Last days of the terms that have run or are running."""
        if line.mrr <= 0 or line.term_end is None or line.first_day > self.as_of:
            return []
        if line.last_day is not None and line.last_day < line.first_day:
            return []
        if not line.repeats:
            return [line.term_end]
        last_known = min(line.last_day or self.as_of, self.as_of)
        ends = []
        for end in ends_of_repeating_term(line.first_day, line.term_end):
            ends.append(end)
            if end >= last_known:
                break
        if (
            len(ends) > 1
            and line.taken_over_on is not None
            and line.last_day == line.taken_over_on - ONE_DAY
            and (line.taken_over_on - ends[-2]).days <= self.grace_days
            and (ends[-1] - ends[-2]).days > 2 * self.grace_days
        ):
            ends.pop()
        return ends

    def ends_with_its_successors(self, name: str, due: date) -> bool:
        """Whether all that took the contract over ends with it or before, and so is due in its place."""
        successors = self.started_successors(name)
        if not successors:
            return False
        for line in successors:
            end = line.stated_end
            if end is None or end > due or (line.repeats and end < due):
                return False
        return True

    def read_opportunities(self) -> list[Opportunity]:
        tomorrow = self.as_of + ONE_DAY
        found = []
        generic = versions_by_key(
            records(self.revenue.landing, "generic", "opportunities"), "opportunity_id", "updated_at"
        )
        for versions in generic.values():
            row = known_at(versions, "updated_at", tomorrow)
            columns = ("type", "subscription_id", "created_at", "close_date", "is_closed", "is_won")
            found.append([row[column] for column in columns])
        vendor = versions_by_key(records(self.revenue.landing, "salesforce", "opportunity"), "Id", "SystemModstamp")
        for versions in vendor.values():
            row = known_at(versions, "SystemModstamp", tomorrow)
            if not is_true(row["IsDeleted"]):
                reference = f"salesforce:{row['Subscription__c']}" if row["Subscription__c"] else ""
                fields = ("CreatedDate", "CloseDate", "IsClosed", "IsWon")
                found.append([row["Type"], reference, *(row[name] for name in fields)])
        end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
        opportunities = []
        for kind, subscription_id, created, close, closed, won in found:
            if kind.lower() != "renewal" or not subscription_id or instant(created) >= end:
                continue
            closed_on = day(close)
            decided = is_true(closed) and closed_on is not None and closed_on <= self.as_of
            state = "open" if not decided else "won" if is_true(won) else "lost"
            opportunities.append(Opportunity(subscription_id, closed_on, state))
        return opportunities

    def opportunities_by_due_date(self) -> dict[tuple[str, date], list[Opportunity]]:
        """Each renewal opportunity with the due date nearest to its close, the earlier one at a tie."""
        found = defaultdict(list)
        for opportunity in self.read_opportunities():
            name = opportunity.subscription_id
            dues = [due for due, is_last in self.dues(name) if not (is_last and name in self.amended)]
            if dues:
                close = opportunity.close or self.as_of
                found[name, min(dues, key=lambda due: (abs((close - due).days), due))].append(opportunity)
        return found

    def dues(self, name: str) -> list[tuple[date, bool]]:
        """Due dates of a contract and whether each is its last; a record deleted before one never fell due then."""
        deleted = self.lines[name].deleted_on if name in self.lines else None
        ends = self.terms.get(name, [])
        return [(due, due == ends[-1]) for due in ends if deleted is None or due < deleted]

    def match_by_value(self) -> None:
        """What a successor is worth above the contract it names renews others that ended at about that time."""
        excesses: dict[str, Fraction] = {}
        last_due: dict[str, date] = {}
        for name in self.terms:
            for due, is_last in self.dues(name):
                if is_last:
                    last_due[name] = due
        for name in last_due:
            if name in self.successions:
                succession = self.successions[name]
                worth = max(ZERO, self.mrr_in(succession.started_on, *succession.lines))
                excess = worth - self.mrr_in(succession.started_on, self.lines[name])
                if excess > 0:
                    excesses[name] = excess
        waiting: dict[str, list[str]] = defaultdict(list)
        for name, due in last_due.items():
            line = self.lines[name]
            out = line.last_day + ONE_DAY if line.last_day else None
            signed = any(found.state == "won" for found in self.opportunities.get((name, due), []))
            if name in self.successions or signed or out is None or out > self.as_of:
                continue
            if line.reason and not self.reasons.is_replacement(line.reason):
                continue
            candidates = []
            for other in excesses:
                start = self.successions[other].started_on
                apart = abs((start - out).days)
                is_same_account = self.lines[other].account_id == line.account_id
                # What began with the successor, or after it, cannot have been merged into it.
                if is_same_account and apart <= self.merge_days and line.first_day < start:
                    candidates.append((apart, start, other))
            if candidates:
                waiting[min(candidates)[2]].append(name)
        for other, names in waiting.items():
            left = excesses[other]
            for name in sorted(names, key=lambda name: (last_due[name], name)):
                worth = self.mrr_in(self.successions[other].started_on, self.lines[name])
                given = min(worth, left)
                if given > 0:
                    self.merged_into[name] = (other, given / worth)
                    self.given_away[other] += given
                left -= given

    def signed_on(self, name: str, due: date) -> date | None:
        return min(self.closed_on(name, due, "won"), default=None)

    def closed_on(self, name: str, due: date, state: str) -> list[date]:
        found = self.opportunities.get((name, due), [])
        return [opportunity.close for opportunity in found if opportunity.state == state and opportunity.close]

    def taken_over_decision(self, name: str, due: date) -> date:
        return self.signed_on(name, due) or self.successions[name].started_on

    def all(self) -> dict[tuple[str, date], Renewal]:
        found = {}
        for name in self.terms:
            for number, (due, is_last) in enumerate(self.dues(name), start=1):
                if not (is_last and name in self.amended):
                    found[name, due] = self.judged(name, due, number, is_last)
        return found

    def judged(self, name: str, due: date, number: int, is_last: bool) -> Renewal:
        line = self.lines[name]
        worth = self.mrr_in(due, line)
        verdict = self.verdict(name, due, is_last)
        decided: date | None = None
        renewed: Fraction | None = None
        by = None
        if verdict == "rolled over":
            decided, renewed = self.signed_on(name, due) or due, worth
        elif verdict == "signed":
            decided, renewed = self.signed_on(name, due), worth
        elif verdict == "replaced":
            succession = self.successions[name]
            by, decided = succession.first_id, self.taken_over_decision(name, due)
            renewed = max(ZERO, self.mrr_in(due, *succession.lines))
            if given := self.given_away.get(name):
                at_start = self.mrr_in(succession.started_on, *succession.lines)
                renewed *= (at_start - given) / at_start
        elif verdict == "merged":
            other, share = self.merged_into[name]
            by = self.successions[other].first_id
            decided, renewed = self.taken_over_decision(other, self.terms[other][-1]), worth * share
        elif verdict == "left":
            decided, renewed = self.left_on(name, due), ZERO
        return Renewal(
            subscription_id=name,
            due_date=due,
            account_id=line.account_id,
            product=line.product,
            due_number=number,
            due_mrr=worth,
            outcome=self.outcome(worth, renewed),
            decided_on=decided,
            renewed_mrr=renewed,
            timing=self.timing(due, decided),
            is_auto_renewal=verdict == "rolled over" or (verdict == "open" and line.repeats),
            renewed_by=by,
        )

    def verdict(self, name: str, due: date, is_last: bool) -> str:
        """In the order of DECISIONS.md: successor, merge, won opportunity, announced successor, explicit leaving, open
        opportunity, lost opportunity, due date."""
        line = self.lines[name]
        states = {found.state for found in self.opportunities.get((name, due), [])}
        signed = self.signed_on(name, due)
        tomorrow = datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC) + ONE_DAY
        still_runs = due >= self.as_of
        goes_on_after = line.last_day is None or line.last_day > due
        if not is_last:
            return "rolled over"
        if name in self.successions:
            return "replaced"
        if name in self.merged_into:
            return "merged"
        if signed and (line.noticed_on is None or line.noticed_on <= signed):
            return "signed"
        if any(
            other.first_day > self.as_of and other.first_known < tomorrow and other.deleted_on is None
            for other in self.named.get(name, [])
        ):
            return "open"
        if line.ended_on is not None and line.ended_on <= self.as_of:
            return "left"
        if line.noticed_on is not None and not (goes_on_after and line.repeats and still_runs):
            return "left"
        if line.repeats and still_runs:
            return "open"
        if "open" in states:
            return "open"
        if "lost" in states:
            return "left"
        return "open" if still_runs else "left"

    def left_on(self, name: str, due: date) -> date:
        line = self.lines[name]
        lost = self.closed_on(name, due, "lost")
        if line.noticed_on is not None:
            return line.noticed_on
        if lost:
            return max(lost)
        if line.ended_on is not None and line.ended_on <= self.as_of:
            return line.ended_on
        return due

    @staticmethod
    def outcome(due: Fraction, renewed: Fraction | None) -> str:
        if renewed is None:
            return "pending"
        if in_cents(renewed) <= 0:
            return "churned"
        if in_cents(renewed) == in_cents(due):
            return "renewed"
        return "expanded" if renewed > due else "contracted"

    def timing(self, due: date, decided: date | None) -> str | None:
        if decided is None:
            return None
        if decided < due:
            return "early"
        return "on_time" if (decided - due).days <= self.on_time_days else "late"

    def rates(self) -> dict[tuple[date, str, str], RenewalRates]:
        """By month due up to the running one, dimension and value; attributes as known when the month opened."""
        found: dict[tuple[date, str, str], RenewalRates] = defaultdict(RenewalRates)
        for renewal in self.all().values():
            month = month_of(renewal.due_date)
            if month > self.as_of:
                continue
            values = {**self.revenue.described(renewal.account_id, month), "product": renewal.product}
            for dimension, value in (("all", "all"), *values.items()):
                cell = found[month, dimension, value]
                if renewal.renewed_mrr is None:
                    cell.pending += 1
                    continue
                cell.due += 1
                cell.renewed += renewal.outcome != "churned"
                cell.due_arr += 12 * renewal.due_mrr
                cell.gross_renewed_arr += 12 * min(renewal.due_mrr, renewal.renewed_mrr)
                cell.net_renewed_arr += 12 * renewal.renewed_mrr
        return found


# -- churn -----------------------------------------------------------------------------------------------------------


class Churns:
    """Accounts that left, and churn by month."""

    def __init__(self, revenue: Revenue, seeds: Path) -> None:
        self.revenue = revenue
        self.as_of = revenue.as_of
        self.reasons = Reasons(seeds)
        self.by_account: dict[str, list[Line]] = defaultdict(list)
        for line in revenue.lines:
            if (
                line.mrr != 0
                and line.first_day <= self.as_of
                and (line.last_day is None or line.last_day >= line.first_day)
            ):
                self.by_account[line.account_id].append(line)
        self.movements: dict[tuple[str, date], Movement] = revenue.movements()

    def worth(self, lines: list[Line], month: date) -> Fraction:
        on = last_day_of(month_of(month), self.as_of)
        return sum((line.mrr * self.revenue.rate(line.currency, on) for line in lines), ZERO)

    def spells(self, account: str) -> list[tuple[date, date | None]]:
        """[first day paid for, first day out) of each unbroken service, None while it goes on."""
        lines = self.by_account[account]
        turns = {line.first_day for line in lines}
        turns |= {line.last_day + ONE_DAY for line in lines if line.last_day is not None and line.last_day < self.as_of}
        # Where there are credits, exchange rates too may decide whether an account pays anything.
        if any(line.mrr < 0 for line in lines):
            turns |= set(months_between(min(turns), self.as_of)) - {month_of(min(turns))}
        found: list[tuple[date, date | None]] = []
        for on in sorted(turns):
            pays = self.worth([line for line in lines if line.runs_on(on)], on) > 0
            is_in = bool(found) and found[-1][1] is None
            if pays and not is_in:
                found.append((on, None))
            elif is_in and not pays:
                found[-1] = (found[-1][0], on)
        return found

    def all(self) -> dict[tuple[str, date], Churn]:
        found = {}
        for account in self.by_account:
            spells = self.spells(account)
            for number, (_, out) in enumerate(spells):
                if out is None:
                    continue
                back = spells[number + 1][0] if number + 1 < len(spells) else None
                # A gap that neither a month end nor the as-of date saw is none.
                if back is None or month_of(back) > month_of(out):
                    found[account, out] = self.churn(account, spells[0][0], out, back)
        return found

    def churn(self, account: str, first: date, out: date, back: date | None) -> Churn:
        movement = self.movements.get((account, month_of(out)))
        seen = movement is not None and movement.name == "churn"
        in_service = [line for line in self.by_account[account] if line.runs_on(out - ONE_DAY)]
        given = [line for line in in_service if line.last_day == out - ONE_DAY and line.reason]
        reason = "unknown"
        if given:
            reason = min(given, key=lambda line: (-self.worth([line], out), line.subscription_id)).reason
        return Churn(
            account_id=account,
            churned_on=out,
            churned_mrr=movement.churned if movement and seen else self.worth(in_service, out),
            tenure_months=whole_months(first, out),
            reason=reason,
            is_voluntary=self.reasons.is_voluntary(reason),
            returned_on=back,
            was_seen_at_month_end=seen,
        )

    def rates(self) -> dict[tuple[date, str, str], ChurnRates]:
        """By month, dimension and value; new accounts are left out."""
        found: dict[tuple[date, str, str], ChurnRates] = defaultdict(ChurnRates)
        for (account, month), movement in self.movements.items():
            if movement.name == "new":
                continue
            product = self.revenue.largest_product(account, plus_months(month, -1) if movement.opening else month)
            values = {**self.revenue.described(account, month), "product": product}
            for dimension, value in (("all", "all"), *values.items()):
                cell = found[month, dimension, value]
                cell.starting_accounts += movement.opening > 0
                cell.churned_accounts += movement.name == "churn"
                cell.starting_mrr += movement.opening
                cell.churned_mrr += movement.churned
                cell.contraction_mrr += movement.contraction
                cell.expansion_mrr += movement.expansion
                cell.reactivation_mrr += movement.reactivation
        return found

"""The service marts once more, in plain Python: backlog by day, figures by month, promises, what an account costs.

A second opinion written from the metric dictionary, on top of the lives that recompute_cases replays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from statistics import median
from typing import Any

import numpy as np

from tests.integration.recompute_cases import Case, Company, seed, threshold
from tests.integration.recompute_slas import Promises

ONE_DAY = timedelta(days=1)
DIMENSIONS = ("channel", "topic", "case_type", "priority", "team", "service_process", "support_plan")
FLOWS = ("created", "reopened", "undeleted", "solved", "deleted", "merged")


def month_of(day: date) -> date:
    return day.replace(day=1)


def months(first: date, last: date) -> Iterator[date]:
    month = month_of(first)
    while month <= last:
        yield month
        month = month_of(month + timedelta(days=32))


class Service:
    """All tables of the second opinion, as key → column → value."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.rows = company.fct_cases()
        # The newest day of reports that has begun when the as-of date ends.
        self.today = company.day(company.end - timedelta(seconds=1))
        self.tomorrow = company.day(company.end)

    def end_of(self, day: date) -> datetime:
        """The first instant after a day of reports, or the end of the as-of date."""
        midnight = datetime.combine(day + ONE_DAY, time(), self.company.zone).astimezone(UTC)
        return min(midnight, self.company.end)

    # -- backlog -----------------------------------------------------------------------------------------------------

    def case_backlog_daily(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        by_place: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
        for name, row in self.rows.items():
            channel, team, process = (row[column] or "unknown" for column in ("channel", "team", "service_process"))
            by_place[channel, team, process].append(self.company.cases[name])
        found = {}
        stale_days = timedelta(days=threshold("backlog_stale_days") - 1)
        for place, cases in by_place.items():
            flows: dict[date, Counter[str]] = defaultdict(Counter)
            for case in cases:
                for turn in case.turns:
                    flows[self.company.day(turn.at)][turn.name] += abs(turn.backlog_change)
            touched = {case.case_id: self.days_touched(case) for case in cases}
            day, backlog = min(flows), 0
            while day <= self.today:
                counts = flows[day]
                opening = backlog
                backlog += counts["created"] + counts["reopened"] + counts["undeleted"]
                backlog -= counts["solved"] + counts["deleted"] + counts["merged"]
                end = self.end_of(day)
                waiting = [case for case in cases if self.is_in_backlog(case, end)]
                found[(day, *place)] = {
                    "is_complete": day < self.tomorrow,
                    "opening_backlog": opening,
                    **{name: counts[name] for name in FLOWS},
                    "closing_backlog": backlog,
                    "unassigned": sum(not self.held_by(case, end) for case in waiting),
                    "stale_5_days": sum(
                        not any(day - stale_days <= touch <= day for touch in touched[case.case_id]) for case in waiting
                    ),
                }
                assert backlog == len(waiting), (day, place)
                day += ONE_DAY
        return found

    @staticmethod
    def is_in_backlog(case: Case, end: datetime) -> bool:
        return sum(turn.backlog_change for turn in case.turns if turn.at < end) == 1

    def days_touched(self, case: Case) -> set[date]:
        return {self.company.day(case.created_at)} | {
            self.company.day(max(event.at, case.created_at))
            for event in case.events
            if event.actor_type in ("agent", "customer")
        }

    @staticmethod
    def held_by(case: Case, end: datetime) -> str:
        """Who held a case just before an instant: as told last, else as the next change says, else as its row says."""
        told = [event for event in case.events if event.kind == "assignment"]
        before = [event for event in told if event.at < end]
        if before:
            return before[-1].after
        return told[0].before if told else case.row.get("assignee_id", "")

    # -- cost --------------------------------------------------------------------------------------------------------

    def mrr(self, account_id: str, on: date) -> Decimal:
        found = Decimal(0)
        for versions in self.company.subscriptions.values():
            row = versions[-1]
            if row["account_id"] != account_id or date.fromisoformat(row["start_date"]) > on:
                continue
            if not row["ended_at"] or date.fromisoformat(row["ended_at"]) >= on:
                found += Decimal(row["amount"])
        return found

    def cost_to_serve_monthly(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        grouped: dict[tuple[str, date], list[Decimal]] = defaultdict(list)
        for name, row in self.rows.items():
            case = self.company.cases[name]
            if case.account_id and not case.left_out:
                grouped[case.account_id, month_of(self.company.day(case.created_at))].append(row["case_cost"])
        found = {}
        for (account_id, month), costs in grouped.items():
            month_end = month_of(month + timedelta(days=32)) - ONE_DAY
            cost = sum(costs, Decimal(0))
            mrr = self.mrr(account_id, min(month_end, self.company.as_of))
            earlier = self.mrr(account_id, month - ONE_DAY)
            found[account_id, month] = {
                "is_complete": month_end < self.tomorrow,
                "cases": len(costs),
                "case_cost": cost,
                "closing_mrr": mrr if mrr or earlier else None,
                "cost_share_of_mrr": Fraction(cost) / Fraction(mrr) if mrr else None,
            }
        return found

    def fct_cases(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {(name,): row for name, row in self.rows.items()}

    def fct_case_slas(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {(*key[:3], key[3].replace(tzinfo=None)): row for key, row in self.promises.items()}

    def case_slas_at_risk(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        soon = self.company.end + timedelta(hours=threshold("sla_at_risk_hours"))
        share_left = threshold("sla_at_risk_share")
        found = {}
        for key, promise in self.fct_case_slas().items():
            if not promise["is_active"]:
                continue
            left, breach_at = promise["remaining_seconds"], promise["breach_at"]
            if promise["outcome"] == "unknown":
                risk = "unknown"
            elif promise["is_breached"]:
                risk = "breached"
            elif promise["is_paused"]:
                risk = "paused"
            elif left <= share_left * promise["target_seconds"] or (breach_at and breach_at <= soon):
                risk = "at_risk"
            else:
                risk = "on_track"
            case = self.rows[key[0]]
            found[key] = {
                **{
                    name: promise[name]
                    for name in (
                        "commitment", "calendar", "account_id", "team", "assignee_id", "priority_applied", "target_seconds",
                        "elapsed_seconds", "remaining_seconds", "breach_at", "is_breached", "is_paused",
                    )
                },
                **{name: case[name] for name in ("priority", "status", "channel", "topic")},
                "risk": risk,
            }  # fmt: skip

        def place(key: tuple[Any, ...]) -> tuple[Any, ...]:
            row = found[key]
            urgency = ("at_risk", "breached", "on_track", "paused", "unknown").index(row["risk"])
            late = row["breach_at"] or datetime.max.replace(tzinfo=UTC)
            return urgency, late, row["commitment"], *key[:3]

        for position, key in enumerate(sorted(found, key=place), start=1):
            found[key]["list_position"] = position
        return found

    # -- months ------------------------------------------------------------------------------------------------------

    def service_metrics_monthly(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        months_by_value: dict[tuple[str, str], dict[date, Month]] = {}
        for name, row in self.rows.items():
            case = self.company.cases[name]
            for value in (("all", "all"), *((column, str(row[column] or "unknown")) for column in DIMENSIONS)):
                cells = months_by_value.setdefault(value, defaultdict(Month))
                self.count_case(cells, case, row)
        for (name, _, _, _), promise in self.promises.items():
            row = self.rows[name]
            for value in (("all", "all"), *((column, str(row[column] or "unknown")) for column in DIMENSIONS)):
                if promise["decided_at"] is not None:
                    kept = (promise["commitment"], promise["outcome"])
                    months_by_value[value][self.month(promise["decided_at"])].promises[kept] += 1
        return {
            (month, *value): self.told(cells[month], month, value)
            for value, cells in months_by_value.items()
            for month in months(min(cells), self.today)
        }

    def month(self, at: datetime) -> date:
        return month_of(self.company.day(at))

    def count_case(self, cells: dict[date, Month], case: Case, row: dict[str, Any]) -> None:
        cells[self.month(case.created_at)].cases.append(case)
        for month in months(self.month(case.created_at), self.today):
            end = self.end_of(month_of(month + timedelta(days=32)) - ONE_DAY)
            cells[month].backlog += self.is_in_backlog(case, end)
        if case.left_out:
            return
        opened = cells[self.month(case.created_at)]
        opened.created += 1
        opened.cost += row["case_cost"]
        if row["first_reply_at"] is not None:
            cell = cells[self.month(row["first_reply_at"])]
            cell.replies.append(row["first_reply_seconds"])
            cell.business_replies.append(row["first_reply_business_seconds"])
        if row["last_solved_at"] is not None:
            cell = cells[self.month(row["last_solved_at"])]
            cell.resolutions.append(row["full_resolution_seconds"])
            cell.business_resolutions.append(row["full_resolution_business_seconds"])
            if row["approval_wait_seconds"]:
                cell.approvals.append(row["approval_wait_seconds"])
            if row["is_first_contact_resolution"] is not None:
                cell.first_contacts.append(row["is_first_contact_resolution"])
        for month in {self.month(at) for at in case.times("reopened")}:
            cells[month].reopened += 1
        worked: Counter[date] = Counter()
        for event in case.events:
            worked[self.month(max(event.at, case.created_at))] += event.handle_seconds or 0
        for month, handled in worked.items():
            if handled > 0:
                cells[month].handled.append(handled)

    def told(self, cell: Month, month: date, value: tuple[str, str]) -> dict[str, Any]:
        month_end = month_of(month + timedelta(days=32)) - ONE_DAY
        met, breached = cell.promises["contractual", "met"], cell.promises["contractual", "breached"]
        internal_met, internal_breached = cell.promises["internal", "met"], cell.promises["internal", "breached"]
        return {
            "is_complete": month_end < self.tomorrow,
            "cases_created": cell.created,
            "cases_solved": len(cell.resolutions),
            "closing_backlog": cell.backlog,
            "resolution_seconds_sum": sum(cell.resolutions),
            "resolution_count": len(cell.resolutions),
            "mean_time_to_resolve_seconds": mean(cell.resolutions),
            "median_time_to_resolve_seconds": float(median(cell.resolutions)) if cell.resolutions else None,
            "p90_time_to_resolve_seconds": ninety(cell.resolutions),
            "resolution_business_seconds_sum": sum(cell.business_resolutions),
            "resolution_business_count": len(cell.business_resolutions),
            "mean_time_to_resolve_business_seconds": mean(cell.business_resolutions),
            "approval_wait_seconds_sum": sum(cell.approvals),
            "approvals": len(cell.approvals),
            "mean_approval_wait_seconds": mean(cell.approvals),
            "first_reply_seconds_sum": sum(cell.replies),
            "first_reply_count": len(cell.replies),
            "mean_first_reply_seconds": mean(cell.replies),
            "median_first_reply_seconds": float(median(cell.replies)) if cell.replies else None,
            "p90_first_reply_seconds": ninety(cell.replies),
            "first_reply_business_seconds_sum": sum(cell.business_replies),
            "first_reply_business_count": len(cell.business_replies),
            "mean_first_reply_business_seconds": mean(cell.business_replies),
            "handle_seconds_sum": sum(cell.handled),
            "handled_cases": len(cell.handled),
            "average_handle_seconds": mean(cell.handled),
            "fcr_eligible": len(cell.first_contacts),
            "fcr_resolved": sum(cell.first_contacts),
            "first_contact_resolution_rate": mean(cell.first_contacts),
            "sla_met": met,
            "sla_breached": breached,
            "sla_compliance_rate": share(met, met + breached),
            "internal_sla_met": internal_met,
            "internal_sla_breached": internal_breached,
            "internal_sla_compliance_rate": share(internal_met, internal_met + internal_breached),
            "reopened_cases": cell.reopened,
            "reopen_rate": share(cell.reopened, len(cell.resolutions)),
            "cost": cell.cost,
            "cost_per_case": share(cell.cost, cell.created),
            **self.support_cost(month if value == ("all", "all") else None, cell.created),
        }

    @staticmethod
    def support_cost(month: date | None, created: int) -> dict[str, Any]:
        """What the company spent on support in a month; not known of a part of the cases."""
        counted = {row["category"] for row in seed("cost_categories") if row["is_support_cost"] == "true"}
        spent = [
            Decimal(row["amount"])
            for row in seed("cost_centres")
            if month is not None and row["month"] == month.isoformat() and row["category"] in counted
        ]
        cost = sum(spent, Decimal(0)) if spent else None
        return {"support_cost": cost, "fully_loaded_cost_per_case": None if cost is None else share(cost, created)}

    @cached_property
    def promises(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        return Promises(self.company, self.rows).all()


@dataclass
class Month:
    """What happened in a month to the cases of one value of a dimension."""

    cases: list[Case] = field(default_factory=list)
    created: int = 0
    backlog: int = 0
    reopened: int = 0
    cost: Decimal = Decimal(0)
    resolutions: list[int] = field(default_factory=list)
    business_resolutions: list[int] = field(default_factory=list)
    approvals: list[int] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)
    business_replies: list[int] = field(default_factory=list)
    handled: list[int] = field(default_factory=list)
    first_contacts: list[bool] = field(default_factory=list)
    promises: Counter[tuple[str, str]] = field(default_factory=Counter)


def share(part: Decimal | int, whole: int) -> Fraction | None:
    return Fraction(part) / whole if whole else None


def mean(values: list[int] | list[bool]) -> Fraction | None:
    return share(sum(values), len(values))


def ninety(values: list[int]) -> float | None:
    return float(np.percentile(values, 90, method="linear")) if values else None

"""Promises once more: what each policy asked of each case, and whether it was kept.

A second opinion written from the descriptions of seed sla_policies, int_case_sla_runs and fct_case_slas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.integration.recompute_cases import Case, Company, Record, Span, seconds, seed, valid_at


@dataclass(frozen=True)
class Run:
    """A stretch over which the condition of a metric holds; `end` None while it does."""

    metric: str
    start: datetime
    end: datetime | None
    ended_by: str | None


def gone_at(case: Case) -> datetime | None:
    """When a case left the system for good, as far as is known."""
    gone = None
    is_merged = False
    for turn in case.turns:
        is_merged = is_merged or turn.name == "merged"
        if turn.name in ("deleted", "merged"):
            gone = gone or turn.at
        elif turn.name == "undeleted" and not is_merged:
            gone = None
    return gone


def cut(case: Case, runs: Iterator[Run]) -> Iterator[Run]:
    """Runs of a case that left the system are cancelled there; what had no time to run never did."""
    gone = gone_at(case)
    for run in runs:
        if gone is None or (run.start < gone and run.end is not None and run.end <= gone):
            yield run
        elif run.start < gone:
            yield Run(run.metric, run.start, gone, "cancelled")


def runs_of(case: Case) -> Iterator[Run]:
    yield from cut(case, uncut_runs(case))


def uncut_runs(case: Case) -> Iterator[Run]:
    """All that was to be done about a case, had it stayed in the system."""
    solved, unsolved = [], []
    was_solved = False
    for number, turn in enumerate(case.turns):
        # What happened to a case while it was deleted counts when it comes back.
        comes_back_another = turn.name == "undeleted" and turn.is_solved != was_solved
        if turn.name == "solved" or (comes_back_another and turn.is_solved):
            solved.append((number, turn.at, turn.is_dated))
        elif turn.name in ("created", "reopened") or comes_back_another:
            unsolved.append((number, turn.at))
        was_solved = turn.is_solved
    for number, at in unsolved:
        end, is_dated = next(((done, dated) for later, done, dated in solved if later > number), (None, True))
        yield Run("resolution", at, end, None if end is None else "stop" if is_dated else "unknown")

    replies = sorted(max(event.at, case.created_at) for event in case.replies)
    ends = sorted(
        [(at, 0, "stop") for at in replies]
        + [(at, 1, "solved" if is_dated else "unknown") for _, at, is_dated in solved]
    )
    first = ends[0] if ends else None
    yield Run("first_reply", case.created_at, first[0] if first else None, first[2] if first else None)

    def asked(kind: str) -> list[datetime]:
        return [max(event.at, case.created_at) for event in case.events if event.kind == kind]

    solved_at = [at for _, at, _ in solved]
    if first is not None:
        questions = [at for at in asked("customer_reply") if at >= first[0]]
        yield from waits(case, "next_reply", questions, replies, solved_at)
    yield from waits(case, "approval", asked("approval_requested"), asked("approved") + asked("rejected"), solved_at)


def waits(
    case: Case, metric: str, questions: list[datetime], answers: list[datetime], solved: list[datetime]
) -> Iterator[Run]:
    """Runs from a question to its answer or the next solving; one asked while the case is solved waits for the reopening."""
    is_asked, since = False, None
    for at in sorted({*questions, *answers, *(turn.at for turn in case.turns)}):
        is_open = sum(turn.backlog_change for turn in case.turns if turn.at <= at) == 1
        is_answered, is_solved = at in answers, at in solved
        if since is not None and (is_answered or is_solved):
            yield Run(metric, since, at, "stop" if is_answered else "solved")
            is_asked, since = False, None
        if is_answered or is_solved:
            is_asked = False
        elif at in questions:
            is_asked = True
        if is_asked and since is None and is_open:
            since = at
    if since is not None:
        yield Run(metric, since, None, None)


class Promises:
    """`fct_case_slas` of a company."""

    def __init__(self, company: Company, rows: dict[str, dict[str, Any]]) -> None:
        self.company = company
        self.rows = rows
        self.policies = seed("sla_policies")

    def all(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {
            (case.case_id, policy["policy"], run.metric, applied): self.promise(
                case, policy, applied, until, by, priority
            )
            for case in self.company.cases.values()
            for run in self.last_of_each_start(case)
            for applied, until, by, priority in self.pieces(case, run)
            for policy in self.fitting(case, run.metric, applied, priority)
        }

    @staticmethod
    def last_of_each_start(case: Case) -> list[Run]:
        return list({(run.metric, run.start): run for run in runs_of(case)}.values())

    def pieces(self, case: Case, run: Run) -> Iterator[tuple[datetime, datetime | None, str | None, str]]:
        """A run cut where the priority changes."""
        start, priority = run.start, self.priority_at(case, run.start)
        for at in sorted({event.at for event in case.events if event.kind == "priority"}):
            if at > start and at > run.start and (run.end is None or at < run.end):
                later = self.priority_at(case, at)
                if later != priority:
                    yield start, at, "priority_change", priority
                    start, priority = at, later
        yield start, run.end, run.ended_by, priority

    def priority_at(self, case: Case, at: datetime) -> str:
        told = [event for event in case.events if event.kind == "priority"]
        before = [event for event in told if event.at <= at]
        if before:
            return before[-1].after.lower()
        return (told[0].before if told else case.row.get("priority", "")).lower()

    def fitting(self, case: Case, metric: str, at: datetime, priority: str) -> Iterator[Record]:
        """Of each policy the most specific row that fits."""
        versions = [
            row for row in self.company.accounts.get(case.account_id, []) if (row.get("is_deleted") or "") != "true"
        ]
        plan = (valid_at(versions, at).get("support_plan", "") if versions else "").lower()
        process = str(self.rows[case.case_id]["service_process"] or "").lower()
        best: dict[str, tuple[tuple[bool, bool, bool], Record]] = {}
        for row in self.policies:
            named = (row["support_plan"], plan), (row["priority"], priority), (row["service_process"], process)
            if row["metric"] != metric or any(asked not in ("*", value) for asked, value in named):
                continue
            rank = (named[0][0] != "*", named[1][0] != "*", named[2][0] != "*")
            if row["policy"] not in best or rank > best[row["policy"]][0]:
                best[row["policy"]] = (rank, row)
        yield from (row for _, row in best.values())

    def promise(
        self, case: Case, policy: Record, applied: datetime, until: datetime | None, by: str | None, priority: str
    ) -> dict[str, Any]:
        row = self.rows[case.case_id]
        pausing = policy["pausing_statuses"].split("|")
        end = until or self.company.end
        hours = self.company.hours(row["team"])

        def counted(start: datetime, stop: datetime) -> int:
            return seconds(start, stop) if policy["calendar"] == "calendar" else hours.between(start, stop)

        def later(start: datetime, wanted: int) -> datetime | None:
            if policy["calendar"] == "calendar":
                return start + timedelta(seconds=wanted)
            return hours.after(start, wanted)

        spans = [
            Span(max(span.start, applied), min(span.end, end), span.status, span.is_current)
            for span in case.spans
            if max(span.start, applied) < min(span.end, end)
        ]
        target = int(policy["target_minutes"]) * 60
        elapsed = paused = 0
        reached = None
        for span in spans:
            length = counted(span.start, span.end)
            if span.status in pausing:
                paused += length
                continue
            if reached is None and elapsed + length >= target:
                reached = later(span.start.replace(microsecond=0), target - elapsed)
            elapsed += length
        is_active = until is None
        is_paused = is_active and case.status in pausing
        is_breached = elapsed > target
        breach_at = None
        if is_breached:
            breach_at = reached
        elif is_active and not is_paused:
            breach_at = reached or later(self.company.end, target - elapsed)
        outcome = "breached" if is_breached else "running" if is_active else "met"
        if case.left_out or by == "cancelled":
            outcome = "cancelled"
        told = {
            "commitment": policy["commitment"],
            "calendar": policy["calendar"],
            "account_id": row["account_id"],
            "team": row["team"],
            "assignee_id": row["assignee_id"],
            "priority_applied": priority or None,
            "target_seconds": target,
            "elapsed_seconds": elapsed,
            "paused_seconds": paused,
            "remaining_seconds": target - elapsed if is_active else None,
            "breach_at": breach_at,
            "completed_at": until,
            "completed_by": by,
            "is_active": is_active,
            "is_paused": is_paused,
            "is_breached": is_breached,
            "outcome": outcome,
            "decided_at": breach_at if outcome == "breached" else until if outcome == "met" else None,
        }
        if by == "unknown":
            # It was completed, and nobody knows when.
            times = ("elapsed_seconds", "paused_seconds", "breach_at", "completed_at", "is_breached", "decided_at")
            told.update(dict.fromkeys(times), outcome="cancelled" if case.left_out else "unknown")
        return told

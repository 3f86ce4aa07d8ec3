"""What the company knows about its own agents: how content they are, and how good their work is when looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.service import CLOSED, MERGE, SOLVED, Service, Staff
from sample.text import Array

NO_ANSWER = -1


@dataclass
class Engagement:
    """One row per agent and quarterly survey, ordered by survey. Those who do not answer have no score."""

    agent: Array
    asked_at: Array
    answered_at: Array
    score: Array


@dataclass
class Reviews:
    """One row per solved ticket that somebody read again, ordered by ticket."""

    ticket: Array
    agent: Array
    reviewed_at: Array
    score: Array


def make_engagement(request: s.Request, staff: Staff) -> Engagement:
    """The same people in every chunk. Who is about to leave is less content than the others."""
    rng = s.stream(request.seed, 0, "hr")
    came_at, gone_at = staff.came_at(), staff.gone_at()
    quarters = (
        s.add_months(np.array([s.HISTORY_START]), 3 * np.arange(-(-s.EXPORT_MONTHS // 3))) + s.ENGAGEMENT_SURVEY_DAY
    )
    asked_at = np.repeat(quarters * s.SECONDS_PER_DAY + 9 * 3_600, len(came_at))
    agent = np.tile(np.arange(len(came_at)), len(quarters))
    count = len(agent)
    content = np.repeat(rng.normal(0, 0.6, (1, len(came_at))), len(quarters), axis=0).ravel()
    leaving = gone_at[agent] - asked_at < 200 * s.SECONDS_PER_DAY
    score = np.clip(np.round(3.9 + content - 1.2 * leaving + rng.normal(0, 0.5, count)), 1, 5).astype(np.int64)
    answered_at = asked_at + rng.integers(3_600, 12 * s.SECONDS_PER_DAY, count)
    answers = (rng.random(count) < 0.87) & (answered_at < gone_at[agent])
    there = (came_at[agent] < asked_at) & (gone_at[agent] > asked_at)
    return Engagement(
        agent=agent[there],
        asked_at=asked_at[there],
        answered_at=np.where(answers, answered_at, s.NEVER_AT)[there],
        score=np.where(answers, score, NO_ANSWER)[there],
    )


def make_reviews(request: s.Request, chunk: int, staff: Staff, service: Service) -> Reviews:
    """A share of the tickets that an agent solved, each read within a week."""
    skill = s.stream(request.seed, 0, "skill").normal(0, 6, len(staff.came_at()))
    rng = s.stream(request.seed, chunk, "quality")
    tickets, audits = service.tickets, service.audits
    done = (SOLVED, CLOSED)
    solved = np.isin(audits.after["status"], done) & np.isin(audits.before["status"], done, invert=True)
    chosen = solved & (audits.step != MERGE) & (audits.author >= 0) & (rng.random(len(audits)) < s.REVIEWED_SHARE)
    rows = np.flatnonzero(chosen & (tickets.deleted_at[audits.ticket] == s.NEVER_AT))
    agent = audits.author[rows]
    return Reviews(
        ticket=audits.ticket[rows],
        agent=agent,
        reviewed_at=audits.at[rows] + rng.integers(s.SECONDS_PER_DAY, 7 * s.SECONDS_PER_DAY, len(rows)),
        score=np.clip(np.round(82 + skill[agent] + rng.normal(0, 8, len(rows))), 0, 100).astype(np.int64),
    )

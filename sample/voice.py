"""Answers to surveys: how likely customers are to recommend us, how content they are with a case, how easy it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.accounts import Accounts, Contacts
from sample.draws import in_order
from sample.engagement import Presence, happen, someone
from sample.service import CREATE, RATE, Service
from sample.text import Array

NO_ANSWER = -1


@dataclass
class Responses:
    """One row per recorded response, ordered by the time of answering."""

    account: Array
    contact: Array
    ticket: Array  # position of the ticket asked about, -1 = about the relation
    started_at: Array
    ended_at: Array
    recorded_at: Array
    finished: Array
    nps: Array
    csat: Array
    ces: Array
    comment: Array  # position in the list of comments for its tone, -1 = none


def make_responses(
    request: s.Request, chunk: int, accounts: Accounts, contacts: Contacts, presence: Presence, service: Service
) -> Responses:
    """Relationship surveys some times a year; case surveys after closing some cases."""
    rng = s.stream(request.seed, chunk, "surveys")
    mood = accounts.satisfaction
    # The very unhappy and the very happy answer more often.
    asked = happen(rng, presence, 0.075 * (0.85 + 0.15 * mood**2))
    tickets, audits = service.tickets, service.audits
    last = audits.first + audits.count - 1
    done = np.flatnonzero(
        (tickets.merged_into < 0) & (tickets.deleted_at == s.NEVER_AT) & (rng.random(len(tickets)) < 0.24)
    )
    done = done[np.isin(audits.step[last[done]], (CREATE, RATE), invert=True)]
    done_at = audits.at[last[done]] + rng.integers(1_800, 4 * s.SECONDS_PER_DAY, len(done))
    account = np.concatenate([asked.account, tickets.account[done]])
    ticket = np.concatenate([np.full(len(asked), -1), done])
    started = np.concatenate([asked.at, done_at])
    contact = np.concatenate([someone(rng, contacts, asked.account, asked.at), tickets.requester[done]])
    count = len(account)
    satisfied = mood[account, np.minimum(s.month_index(started // s.SECONDS_PER_DAY), s.MONTHS - 1)]
    about_case = ticket >= 0
    finished = rng.random(count) < 0.95
    noise = rng.normal(0, 1, count)
    nps = np.clip(np.round(7.6 + 1.7 * satisfied + 1.2 * noise), 0, 10)
    slow = np.zeros(count)
    slow[about_case] = np.minimum((audits.at[last[done]] - tickets.created_at[done]) / 864_000, 1.0)
    csat = np.clip(np.round(3.9 + 0.7 * satisfied - 0.6 * slow + 0.8 * noise), 1, 5)
    ces = np.clip(np.round(5.0 + 0.9 * satisfied - 1.2 * slow + 1.2 * rng.normal(0, 1, count)), 1, 7)
    asks_both = rng.random(count)
    # An unfinished response has no answer to the last question.
    nps = np.where(~about_case & finished, nps, NO_ANSWER).astype(np.int64)
    csat = np.where(about_case & (asks_both < 0.8), csat, NO_ANSWER).astype(np.int64)
    ces = np.where(about_case & (asks_both > 0.55) & finished, ces, NO_ANSWER).astype(np.int64)
    seconds = rng.integers(20, 600, count)
    # Answers on paper or by phone are typed in days later.
    lag = np.where(rng.random(count) < 0.02, rng.integers(1, 10, count) * s.SECONDS_PER_DAY, 1)
    comment = np.where(finished & (rng.random(count) < 0.45), rng.integers(0, 1_000, count), -1)
    rows = Responses(
        account=account,
        contact=contact,
        ticket=ticket,
        started_at=started,
        ended_at=started + seconds,
        recorded_at=started + seconds + lag,
        finished=finished,
        nps=nps,
        csat=csat,
        ces=ces,
        comment=comment,
    )
    return in_order(rows, np.lexsort((account, started)))

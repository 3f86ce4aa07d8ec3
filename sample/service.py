"""Support cases: tickets, the audits that every change of them leaves behind, and satisfaction ratings.

A ticket's life is a series of steps (asked, answered, waiting, approved, solved, reopened, closed …). Each step that
happens is one audit with the ticket's state before and after it, so the state at any instant is that of the last audit
before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.accounts import Accounts, Contacts
from sample.contracts import Contracts, Table
from sample.draws import draw
from sample.engagement import Presence, happen, someone, topic_shares
from sample.text import Array

NEW, OPEN, PENDING, HOLD, SOLVED, CLOSED = range(6)
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
NO_APPROVAL, REQUESTED, APPROVED, REJECTED = range(4)
APPROVALS = ("", "requested", "approved", "rejected")
UNOFFERED, OFFERED, GOOD, BAD = range(4)
SCORES = ("unoffered", "offered", "good", "bad")
NO_COMMENT, PRIVATE, PUBLIC = range(3)

(
    CREATE,
    AUTO_REPLY,
    REPLY,
    NOTE,
    RAISE,
    HAND_OVER,
    ESCALATE,
    CUSTOMER,
    PARK,
    UNPARK,
    REQUEST,
    DECIDE,
    REQUEST_AGAIN,
    DECIDE_AGAIN,
    SOLVE,
    REOPEN,
    SOLVE_AGAIN,
    RATE,
    CLOSE,
    MERGE,
    MERGE_IN,
) = range(21)
# Who writes an audit that no person of the company writes.
BY_REQUESTER, BY_BOT, BY_SYSTEM = -2, -3, -1
STATE = ("status", "assignee", "group", "priority", "approval", "score")


@dataclass
class Staff:
    """Desks in customer service. Desk p belongs to group p mod 5; its second holder follows when the first leaves."""

    left_day: Array  # per desk: last day of its first holder, NEVER = still there
    hired_day: Array  # per desk: first day of its first holder

    def holder(self, desk: Array, day: Array) -> Array:
        """Number of the agent at the desk on that day."""
        return 2 * desk + (day > self.left_day[desk])

    def came_at(self) -> Array:
        """When each agent began; never for a second holder of a desk that the first one keeps."""
        agent = np.arange(2 * len(self.left_day))
        left = self.left_day[agent // 2]
        return np.where(agent % 2 == 0, self.hired_day[agent // 2], left + 1) * s.SECONDS_PER_DAY + 25_200

    def gone_at(self) -> Array:
        """When each agent left, in the evening of the last day."""
        agent = np.arange(2 * len(self.left_day))
        left = self.left_day[agent // 2]
        return np.where((agent % 2 == 0) & (left < s.NEVER), left * s.SECONDS_PER_DAY + 64_800, s.NEVER_AT)

    def team(self, agents: Array) -> Array:
        """Number of the group that each agent belongs to."""
        return agents // 2 % len(s.GROUPS)


@dataclass
class Tickets:
    """One row per ticket, ordered by creation."""

    account: Array
    key: Array
    requester: Array  # position of the contact
    created_at: Array
    channel: Array
    topic: Array
    product: Array
    case_type: Array
    by_agent: Array  # an agent wrote it down (calls)
    call_seconds: Array
    subject: Array
    merged_into: Array  # position of the other ticket, -1 = not merged
    deleted_at: Array
    restored_at: Array
    offered_at: Array
    rated_at: Array
    rating_is_good: Array
    rating_comment: Array

    def __len__(self) -> int:
        return len(self.account)


@dataclass
class Audits:
    """One row per audit, ordered by ticket and time. `before` and `after` hold the ticket's state, by name of STATE."""

    ticket: Array
    at: Array
    step: Array
    author: Array  # agent number, or one of BY_…
    comment: Array
    wording: Array
    before: dict[str, Array]
    after: dict[str, Array]
    first: Array  # per ticket: position of its first audit
    count: Array  # per ticket

    def __len__(self) -> int:
        return len(self.ticket)

    def last_before(self, tickets: Array, instant: int) -> Array:
        """Position of the last audit of each ticket before the instant; its first where there is none."""
        known = np.concatenate([[0], np.cumsum(self.at < instant)])
        counts = known[self.first + self.count] - known[self.first]
        return np.asarray(self.first[tickets] + np.maximum(counts[tickets], 1) - 1)


@dataclass
class Service:
    tickets: Tickets
    audits: Audits


def make_staff(request: s.Request) -> Staff:
    """The same people in every chunk."""
    rng = s.stream(request.seed, 0, "staff")
    desks = request.staff_positions
    leaves = rng.random(desks) < 0.35
    left = rng.integers(s.HISTORY_START + 60, s.HISTORY_END + 60, desks)
    return Staff(left_day=np.where(leaves, left, s.NEVER), hired_day=s.HISTORY_START - rng.integers(30, 1_500, desks))


def _log_normal(rng: np.random.Generator, count: int, median_hours: Array | float, spread: float) -> Array:
    return np.maximum(30, 3_600 * median_hours * np.exp(rng.normal(0, spread, count))).astype(np.int64)


class _Lives:
    """Records the steps of all tickets of a chunk, step by step."""

    def __init__(self, tickets: int, group: Array, priority: Array) -> None:
        self.state = {
            "status": np.full(tickets, NEW),
            "assignee": np.full(tickets, -1),
            "group": group.copy(),
            "priority": priority.copy(),
            "approval": np.full(tickets, NO_APPROVAL),
            "score": np.full(tickets, UNOFFERED),
        }
        self.table = Table()

    def step(
        self,
        step: int,
        happens: Array,
        at: Array,
        author: Array | int,
        comment: Array | int = NO_COMMENT,
        wording: Array | int = 0,
        **changes: Array | int,
    ) -> None:
        """One step for the tickets where it happens; columns have one value per ticket."""
        rows = np.flatnonzero(happens)
        values: dict[str, Array | int] = {}
        for name, state in self.state.items():
            values[f"{name}_before"] = state[rows]
            if name in changes:
                state[rows] = np.broadcast_to(np.asarray(changes[name]), len(state))[rows]
            values[f"{name}_after"] = state[rows]

        def of_rows(column: Array | int) -> Array:
            return np.broadcast_to(np.asarray(column), happens.shape)[rows]

        self.table.add(
            len(rows),
            ticket=rows,
            at=at[rows],
            step=step,
            author=of_rows(author),
            comment=of_rows(comment),
            wording=of_rows(wording),
            **values,
        )


def make_service(
    request: s.Request,
    chunk: int,
    accounts: Accounts,
    contacts: Contacts,
    contracts: Contracts,
    presence: Presence,
    staff: Staff,
) -> Service:
    """The tickets of one chunk of accounts, with all their audits."""
    rng = s.stream(request.seed, chunk, "service")
    mood = accounts.satisfaction
    season = 0.8 + 0.2 * s.SEASON[s.MONTH_OF_YEAR[: s.MONTHS], 0][None, :]
    rate = 0.34 * np.array([2.2, 1.25, 0.85, 0.55])[accounts.segment][:, None] * season * np.exp(-0.5 * mood - 0.1)
    moments = happen(rng, presence, rate)
    count = len(moments)
    account, created = moments.account, moments.at
    satisfied = mood[account, moments.month]
    created_day = created // s.SECONDS_PER_DAY

    product = _owned_product(rng, accounts, contracts, account, created_day)
    topic = draw(rng, topic_shares(product, s.MONTH_OF_YEAR[moments.month]))
    channel = draw(rng, np.broadcast_to(s.CHANNEL_SHARE, (count, len(s.CHANNEL_SHARE))))
    case_type = draw(rng, np.broadcast_to(s.CASE_TYPE_SHARE, (count, len(s.CASE_TYPE_SHARE))))
    wholesale = accounts.service_process[account] == 1
    priority = np.clip(np.digitize(rng.normal(0, 1, count) - 0.35 * satisfied, [-0.6, 0.8, 1.7]), 0, 3)
    group = np.where(wholesale & (rng.random(count) < 0.7), s.PARTNER_DESK, s.TOPIC_GROUP[topic])
    requester = someone(rng, contacts, account, created)
    by_agent = (channel == s.VOICE) & (rng.random(count) < 0.7)
    spoken = (channel == s.VOICE) | (channel == s.CHAT)

    def agent(of_group: Array, instant: Array) -> Array:
        desks_of_group = (request.staff_positions - of_group + 4) // 5
        desk = of_group + 5 * (rng.random(count) * desks_of_group).astype(np.int64)
        return staff.holder(desk, instant // s.SECONDS_PER_DAY)

    def chance(probability: Array | float) -> Array:
        return rng.random(count) < probability

    lives = _Lives(count, group, priority)
    wording = rng.integers(0, 1_000, count)
    first_agent = agent(group, created)
    lives.step(
        CREATE, np.ones(count, dtype=bool), created, np.where(by_agent, first_agent, BY_REQUESTER), PUBLIC, wording,
    )  # fmt: skip
    lives.step(AUTO_REPLY, ~spoken & chance(0.3), created + rng.integers(2, 20, count), BY_BOT, PUBLIC, wording)

    # First answer; every second case is answered and done at once.
    promptness = np.array([1.5, 1.0, 0.6, 0.3])[priority] * np.array([1.5, 1.0, 0.55])[accounts.support_plan[account]]
    unhurried = _log_normal(rng, count, 2.6 * promptness, 0.9)
    now = created + np.where(spoken, rng.integers(40, 900, count), unhurried)
    simple = chance(0.66) & ~wholesale | chance(0.35)
    retail_at_once = ~wholesale & chance(0.7)
    reopens = ~retail_at_once & chance(0.13 * np.exp(-0.4 * satisfied))
    at_once = simple & retail_at_once
    solved_now = simple & ~wholesale
    asks = ~simple & chance(0.55)
    lives.step(
        REPLY, np.ones(count, dtype=bool), now, first_agent, PUBLIC, wording,
        assignee=first_agent,
        status=np.select([at_once, solved_now, asks], [CLOSED, SOLVED, PENDING], OPEN),
        score=np.where(solved_now & ~at_once, OFFERED, UNOFFERED),
    )  # fmt: skip
    current = first_agent
    working = ~solved_now

    def later(happens: Array, median_hours: float, spread: float = 0.9) -> None:
        nonlocal now
        now = now + np.where(happens, _log_normal(rng, count, median_hours, spread), 0)

    step = asks
    later(step, 9.0, 1.1)
    lives.step(CUSTOMER, step, now, BY_REQUESTER, PUBLIC, wording + 1, status=OPEN)
    step = ~simple & chance(0.22)
    later(step, 0.7)
    lives.step(NOTE, step, now, current, PRIVATE, wording)
    step = ~simple & chance(0.14) & (priority < 3)
    later(step, 0.5)
    lives.step(RAISE, step, now, current, priority=np.minimum(priority + 1, 3))
    step = ~simple & chance(0.2)
    later(step, 1.5)
    colleague = agent(group, now)
    step = step & (colleague != current)
    lives.step(HAND_OVER, step, now, current, assignee=colleague)
    current = np.where(step, colleague, current)
    step = ~simple & chance(0.12) & (group != s.TECHNICAL)
    later(step, 2.0)
    expert = agent(np.full(count, s.TECHNICAL), now)
    lives.step(ESCALATE, step, now, current, PRIVATE, wording + 2, group=s.TECHNICAL, assignee=expert)
    current = np.where(step, expert, current)
    step = ~simple & chance(0.1)
    later(step, 1.0)
    lives.step(PARK, step, now, current, status=HOLD)
    later(step, 30.0)
    lives.step(UNPARK, step, now, current, status=OPEN)

    # Wholesale cases may close only after a manager's approval.
    approves = wholesale & working
    later(approves, 1.5)
    lives.step(REQUEST, approves, now, current, approval=REQUESTED)
    later(approves, 7.0, 1.0)
    manager = agent(np.full(count, s.PARTNER_DESK), now)
    refused = approves & chance(0.12)
    lives.step(
        DECIDE,
        approves,
        now,
        manager,
        np.where(refused, PRIVATE, NO_COMMENT),
        wording,
        approval=np.where(refused, REJECTED, APPROVED),
    )
    later(refused, 5.0)
    lives.step(REQUEST_AGAIN, refused, now, current, approval=REQUESTED)
    later(refused, 6.0)
    lives.step(DECIDE_AGAIN, refused, now, manager, approval=APPROVED)

    effort = np.array([1.0, 1.4, 2.5, 2.2, 1.6, 3.0])[case_type]
    now = now + np.where(working, _log_normal(rng, count, 4.0 * effort, 1.0), 0)
    closes_now = working & retail_at_once
    # Some cases are not finished when the history ends.
    abandoned = working & chance(0.01)
    step = working & ~abandoned
    lives.step(
        SOLVE,
        step,
        now,
        current,
        PUBLIC,
        wording + 3,
        status=np.where(closes_now, CLOSED, SOLVED),
        score=np.where(closes_now, UNOFFERED, OFFERED),
    )
    reopens &= ~abandoned
    later(reopens, 20.0, 0.7)
    lives.step(REOPEN, reopens, now, BY_REQUESTER, PUBLIC, wording + 2, status=OPEN)
    later(reopens, 8.0)
    lives.step(SOLVE_AGAIN, reopens, now, current, PUBLIC, wording + 4, status=SOLVED, score=OFFERED)
    finished = ~at_once & ~closes_now & ~abandoned
    solved_at = now.copy()
    offered = finished & chance(0.75)
    rates = offered & chance(0.38)
    good = rng.random(count) < 1 / (1 + np.exp(-(1.5 + 1.1 * satisfied)))
    rated_at = solved_at + rng.integers(1_800, 70 * 3_600, count)
    lives.step(RATE, rates, rated_at, BY_REQUESTER, score=np.where(good, GOOD, BAD))
    lives.step(CLOSE, finished, solved_at + 96 * 3_600 + rng.integers(0, 3_600, count), BY_SYSTEM, status=CLOSED)
    ended_at = np.where(finished, solved_at + 96 * 3_600, np.where(abandoned, s.NEVER_AT, solved_at))

    deleted_at = np.where(chance(0.006), created + rng.integers(1_800, 60 * 3_600, count), s.NEVER_AT)
    restored_at = np.full(count, s.NEVER_AT)
    _delete_afterwards(rng, created, deleted_at, restored_at)
    merged_into, merged_at = _merges(rng, account, created, ended_at, deleted_at)

    tickets = Tickets(
        account=account,
        key=chunk * s.KEYS_PER_CHUNK + np.arange(1, count + 1),
        requester=requester,
        created_at=created,
        channel=channel,
        topic=topic,
        product=product,
        case_type=case_type,
        by_agent=by_agent,
        call_seconds=np.where(channel == s.VOICE, rng.gamma(2.0, 200, count), 0).astype(np.int64),
        subject=rng.integers(0, 1_000, count),
        merged_into=merged_into,
        deleted_at=deleted_at,
        restored_at=restored_at,
        offered_at=np.where(offered & (merged_into < 0), solved_at + 60, s.NEVER_AT),
        rated_at=np.where(rates & (merged_into < 0), rated_at, s.NEVER_AT),
        rating_is_good=good,
        rating_comment=rng.integers(0, 1_000, count),
    )
    return Service(tickets, _audits(lives, tickets, merged_at, first_agent))


def _owned_product(
    rng: np.random.Generator, accounts: Accounts, contracts: Contracts, account: Array, day: Array
) -> Array:
    """A product that the account has in service that day (any of them)."""
    subscriptions = contracts.subscriptions
    months = s.month_index(day)
    owned = np.zeros((len(accounts), s.EXPORT_MONTHS, len(s.PRODUCTS)), dtype=bool)
    for month in range(s.EXPORT_MONTHS):
        rows = np.flatnonzero(
            (subscriptions.start <= s.MONTH_END[month]) & (subscriptions.stop >= s.MONTH_START[month])
        )
        owned[subscriptions.account[rows], month, subscriptions.product[rows]] = True
    taste = rng.random((len(account), len(s.PRODUCTS)))
    return np.asarray(np.where(owned[account, months], taste, -1.0).argmax(axis=1))


def _delete_afterwards(rng: np.random.Generator, created: Array, deleted_at: Array, restored_at: Array) -> None:
    """On every third day after the history a ticket is deleted; every fourth of those is restored three days later."""
    days = np.arange(s.HISTORY_END + 1, s.LAST_DAY - 2, 3)
    old = np.flatnonzero((created < s.HISTORY_CLOSE - 86_400) & (deleted_at == s.NEVER_AT))
    chosen = old[rng.permutation(len(old))[: len(days)]]
    at = days[: len(chosen)] * s.SECONDS_PER_DAY + rng.integers(30_000, 60_000, len(chosen))
    deleted_at[chosen] = at
    restored_at[chosen[::4]] = at[::4] + 3 * s.SECONDS_PER_DAY


def _merges(
    rng: np.random.Generator, account: Array, created: Array, ended_at: Array, deleted_at: Array
) -> tuple[Array, Array]:
    """A second ticket about the same thing is merged into the account's earlier one while that is unfinished."""
    count = len(account)
    order = np.lexsort((created, account))
    before = np.full(count, -1)
    same = account[order][1:] == account[order][:-1]
    before[order[1:]] = np.where(same, order[:-1], -1)
    merged_at = created + rng.integers(900, 3 * 3_600, count)
    possible = (
        (before >= 0)
        & (ended_at[before] > merged_at + 3_600)
        & (deleted_at == s.NEVER_AT)
        & (deleted_at[before] == s.NEVER_AT)
    )
    merges = possible & (rng.random(count) < 0.3)
    # Into a ticket that is not merged itself.
    merges &= ~merges[before]
    return np.where(merges, before, -1), np.where(merges, merged_at, s.NEVER_AT)


def _audits(lives: _Lives, tickets: Tickets, merged_at: Array, agent: Array) -> Audits:
    """All audits in order, with what merging and deleting did to them."""
    table = lives.table
    names = list(table.columns)
    columns = {name: table.column(name) for name in names}
    merged = tickets.merged_into >= 0
    keep = ~(merged[columns["ticket"]] & (columns["step"] > AUTO_REPLY))
    keep &= (columns["at"] < tickets.deleted_at[columns["ticket"]]) | (columns["step"] == CREATE)
    columns = {name: values[keep] for name, values in columns.items()}

    source = np.flatnonzero(merged)
    created = np.flatnonzero(columns["step"] == CREATE)
    start = created[np.argsort(columns["ticket"][created], kind="stable")]  # position of each ticket's first audit

    def extra(step: int, of: Array, at: Array, comment: int) -> dict[str, Array]:
        rows = {name: columns[name][start[of]].copy() for name in names}
        for state in STATE:
            rows[f"{state}_before"] = rows[f"{state}_after"].copy()
        rows["at"], rows["author"] = at, agent[source]
        rows["step"], rows["comment"] = np.full(len(of), step), np.full(len(of), comment)
        rows["wording"] = source  # the ticket that was merged
        return rows

    out = extra(MERGE, source, merged_at[source], PRIVATE)
    out["status_after"] = np.full(len(source), CLOSED)
    into = extra(MERGE_IN, tickets.merged_into[source], merged_at[source], PRIVATE)
    columns = {name: np.concatenate([columns[name], out[name], into[name]]) for name in names}
    order = np.lexsort((columns["step"], columns["at"], columns["ticket"]))
    columns = {name: values[order] for name, values in columns.items()}
    # Where another ticket was merged in, the state stays as it was.
    position = np.arange(len(order))
    known = np.maximum.accumulate(np.where(columns["step"] == MERGE_IN, 0, position))
    for state in STATE:
        after = columns[f"{state}_after"][known]
        columns[f"{state}_before"] = np.where(columns["step"] == MERGE_IN, after, columns[f"{state}_before"])
        columns[f"{state}_after"] = after
    count = np.bincount(columns["ticket"], minlength=len(tickets))
    return Audits(
        **{name: columns[name] for name in ("ticket", "at", "step", "author", "comment", "wording")},
        before={state: columns[f"{state}_before"] for state in STATE},
        after={state: columns[f"{state}_after"] for state in STATE},
        first=np.cumsum(count) - count,
        count=count,
    )

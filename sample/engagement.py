"""What customers do with the products and with us: usage, calls and meetings, self-service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.accounts import Accounts, Contacts
from sample.contracts import Contracts
from sample.draws import draw, in_order, office_hours
from sample.text import Array


@dataclass
class Presence:
    """Account × month: first and last day in service within the month (last < first: none)."""

    first_day: Array
    last_day: Array

    @property
    def share(self) -> Array:
        """Part of the month in service, 0 … 1."""
        return np.clip((self.last_day - self.first_day + 1) / 30.5, 0, 1)


@dataclass
class Moments:
    """Things that happen at an account: account, month and instant, ordered by time."""

    account: Array
    month: Array
    at: Array

    def __len__(self) -> int:
        return len(self.account)


@dataclass
class Usage:
    """One row per account, product, feature and month end."""

    account: Array
    product: Array
    feature: Array
    day: Array
    active_users: Array
    event_count: Array
    seats: Array
    known_at: Array


@dataclass
class Interactions:
    """Calls, mails, chats, meetings and notes, whatever system holds them."""

    account: Array
    contact: Array  # position of the contact, -1 = none noted
    owner: Array
    kind: Array  # position in KINDS
    system: Array  # position in SYSTEMS
    inbound: Array
    at: Array
    seconds: Array
    known_at: Array
    deleted_at: Array


KINDS = ("call", "email", "chat", "meeting", "note")
CALL, MAIL, TALK, MEETING, NOTE = range(5)
GENERIC, TASK, EVENT = range(3)


@dataclass
class SelfService:
    """Visits to the help centre; several events make a session."""

    account: Array
    contact: Array
    session: Array
    kind: Array
    topic: Array
    resolved: Array
    at: Array
    known_at: Array


def make_presence(accounts: Accounts, contracts: Contracts) -> Presence:
    """When each account has any subscription in service."""
    subscriptions = contracts.subscriptions
    first_day = np.full((len(accounts), s.MONTHS), s.NEVER)
    last_day = np.zeros((len(accounts), s.MONTHS), dtype=np.int64)
    for month in range(s.EXPORT_MONTHS):
        start, end = s.MONTH_START[month], s.MONTH_END[month]
        rows = np.flatnonzero((subscriptions.start <= end) & (subscriptions.stop >= start))
        np.minimum.at(first_day[:, month], subscriptions.account[rows], np.maximum(subscriptions.start[rows], start))
        np.maximum.at(last_day[:, month], subscriptions.account[rows], np.minimum(subscriptions.stop[rows], end))
    return Presence(first_day, last_day)


def happen(rng: np.random.Generator, presence: Presence, rate: Array) -> Moments:
    """Poisson arrivals at `rate` (account × month, per full month) while the account is in service."""
    counts = rng.poisson(rate * presence.share)
    account, month = np.nonzero(counts)
    times = counts[account, month]
    account, month = np.repeat(account, times), np.repeat(month, times)
    first, last = presence.first_day[account, month], presence.last_day[account, month]
    day = first + (rng.random(len(account)) * (last - first + 1)).astype(np.int64)
    at = day * s.SECONDS_PER_DAY + office_hours(rng, len(day))
    order = np.lexsort((account, at))
    return Moments(account[order], month[order], at[order])


def someone(rng: np.random.Generator, contacts: Contacts, account: Array, at: Array) -> Array:
    """A contact of each account who was known by then."""
    chosen = contacts.first[account] + (rng.random(len(account)) * contacts.count[account]).astype(np.int64)
    known = (contacts.created_at[chosen] < at) & (contacts.deleted_at[chosen] > at)
    return np.where(known, chosen, contacts.first[account])


def make_usage(request: s.Request, chunk: int, accounts: Accounts, contracts: Contracts) -> Usage:
    """Month-end rows for the features in use; a satisfied customer uses more features, with more of its seats."""
    rng = s.stream(request.seed, chunk, "usage")
    subscriptions = contracts.subscriptions
    count, products, features = len(accounts), len(s.PRODUCTS), len(s.FEATURES[0])
    wanted = rng.random((count, products, features))
    easy = np.array([0.9, 0.0, -0.3, -1.2])  # some features are for everybody
    habit = rng.normal(0, 0.35, (count, products))
    parts: list[tuple[Array, ...]] = []
    for month in range(s.EXPORT_MONTHS):
        end = s.MONTH_END[month]
        seats = np.zeros((count, products), dtype=np.int64)
        rows = np.flatnonzero((subscriptions.start <= end) & (subscriptions.stop >= end))
        seats[subscriptions.account[rows], subscriptions.product[rows]] = subscriptions.seats[rows]
        mood = accounts.satisfaction[:, month]
        adopted = wanted < 1 / (1 + np.exp(-(easy[None, None, :] + 0.9 * mood[:, None, None])))
        account, product, feature = np.nonzero(adopted & (seats > 0)[:, :, None])
        bought = seats[account, product]
        level = 0.35 + 0.85 * mood[account] + habit[account, product] - 0.3 * feature + rng.normal(0, 0.3, len(account))
        share = 0.05 + 0.95 / (1 + np.exp(-level))
        active = np.clip(np.round(share * bought + rng.uniform(-0.3, 0.3, len(account))), 1, bought).astype(np.int64)
        season = np.where(product == 1, s.SEASON[s.MONTH_OF_YEAR[month], 0] ** 0.5, 1.0)
        events = rng.poisson(active * 14 * season * np.exp(0.35 * mood[account]))
        # Exported in the evening of the month's last day; one row in a hundred comes some days late.
        lag = np.where(rng.random(len(account)) < 0.01, rng.integers(1, 6, len(account)), 0)
        known = (end + lag) * s.SECONDS_PER_DAY + 21 * 3600 + rng.integers(0, 7_200, len(account))
        parts.append((account, product, feature, np.full(len(account), end), active, events, bought, known))
    return Usage(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def make_interactions(
    request: s.Request, chunk: int, accounts: Accounts, contacts: Contacts, presence: Presence
) -> Interactions:
    """Unhappy customers call; happy ones meet. A few are written down days later."""
    rng = s.stream(request.seed, chunk, "interactions")
    mood = accounts.satisfaction
    weight = np.array([1.9, 1.3, 0.85, 0.55])[accounts.segment][:, None]
    kinds: list[Array] = []
    moments: list[Moments] = []
    for code, rate, pull in (
        (CALL, 0.14, -0.45),
        (MAIL, 0.2, -0.15),
        (TALK, 0.06, -0.3),
        (MEETING, 0.15, 0.45),
        (NOTE, 0.05, 0.0),
    ):
        some = happen(rng, presence, rate * weight * np.exp(pull * mood - 0.5 * pull**2))
        moments.append(some)
        kinds.append(np.full(len(some), code))
    # On every day after the history some reach us late, however small the company is.
    per_day = max(1, accounts.exported // 2_000)
    days = np.repeat(np.arange(s.HISTORY_END + 1, s.LAST_DAY + 1), per_day)
    there = np.flatnonzero(presence.last_day[: accounts.exported, 35] >= s.MONTH_END[35])
    late_account = there[rng.integers(0, len(there), len(days))] if len(there) else np.zeros(len(days), dtype=np.int64)
    late_at = (days - rng.integers(2, 21, len(days))) * s.SECONDS_PER_DAY + office_hours(rng, len(days))
    account = np.concatenate([*(some.account for some in moments), late_account])
    at = np.concatenate([*(some.at for some in moments), late_at])
    kind = np.concatenate([*kinds, np.full(len(days), CALL)])
    count = len(account)
    soon, late = rng.integers(60, 7_200, count), rng.integers(1, 9, count) * s.SECONDS_PER_DAY
    lag = np.where(rng.random(count) < 0.02, late, soon)
    seconds = np.select(
        [kind == CALL, kind == TALK, kind == MEETING],
        [rng.gamma(2.0, 260, count), rng.gamma(2.0, 380, count), 900 * rng.integers(1, 7, count)],
        0,
    ).astype(np.int64)
    known_at = at + seconds + lag
    known_at[count - len(days) :] = days * s.SECONDS_PER_DAY + office_hours(rng, len(days))
    system = np.select(
        [kind == MEETING, kind == MAIL, kind == CALL],
        [
            np.where(rng.random(count) < 0.9, EVENT, GENERIC),
            np.where(rng.random(count) < 0.75, TASK, GENERIC),
            np.where(rng.random(count) < 0.65, TASK, GENERIC),
        ],
        GENERIC,
    )
    system[count - len(days) :] = GENERIC
    deleted_at = np.where(
        rng.random(count) < 0.004, known_at + rng.integers(1, 200, count) * s.SECONDS_PER_DAY, s.NEVER_AT
    )
    tasks = np.flatnonzero((system == TASK) & (known_at < s.HISTORY_CLOSE) & (deleted_at == s.NEVER_AT))
    deletion_days = np.arange(s.HISTORY_END + 2, s.LAST_DAY + 1, 2)
    chosen = tasks[rng.permutation(len(tasks))[: len(deletion_days)]]
    deleted_at[chosen] = deletion_days[: len(chosen)] * s.SECONDS_PER_DAY + office_hours(rng, len(chosen))
    noted = rng.random(count) < 0.85
    usual = rng.random(count) < 0.8
    rows = Interactions(
        account=account,
        contact=np.where(noted, someone(rng, contacts, account, at), -1),
        owner=np.where(usual, accounts.owner[account], rng.integers(0, request.owners, count)),
        kind=kind,
        system=system,
        inbound=rng.random(count) < np.where(kind == CALL, 0.6, 0.45),
        at=at,
        seconds=seconds,
        known_at=known_at,
        deleted_at=deleted_at,
    )
    return in_order(rows, np.lexsort((account, at)))


def make_self_service(
    request: s.Request, chunk: int, accounts: Accounts, contacts: Contacts, presence: Presence
) -> SelfService:
    """Sessions of one to four events, fewer before the launch; one in ten cannot be traced to an account."""
    rng = s.stream(request.seed, chunk, "self service")
    season = 0.7 + 0.3 * s.SEASON[s.MONTH_OF_YEAR[: s.MONTHS], 0][None, :]
    weight = np.array([1.4, 1.1, 0.95, 0.9])[accounts.segment][:, None]
    sessions = happen(rng, presence, 0.115 * weight * season * np.ones_like(accounts.satisfaction))
    events = 1 + rng.binomial(3, 0.33, len(sessions))
    session = np.repeat(np.arange(len(sessions)), events)
    step = np.arange(len(session)) - np.repeat(np.cumsum(events) - events, events)
    count = len(session)
    at = sessions.at[session] + step * rng.integers(20, 240, len(sessions))[session] + rng.integers(0, 15, count)
    known = rng.random(len(sessions)) < 0.9
    person = someone(rng, contacts, sessions.account, sessions.at)
    mood = accounts.satisfaction[sessions.account, sessions.month][session]
    topic = draw(rng, topic_shares(np.zeros(len(sessions), dtype=np.int64), s.MONTH_OF_YEAR[sessions.month]))[session]
    lag = np.where(rng.random(len(sessions)) < 0.02, rng.integers(1, 4, len(sessions)) * s.SECONDS_PER_DAY, 1_800)
    every = SelfService(
        account=np.where(known, sessions.account, -1)[session],
        contact=np.where(known, person, -1)[session],
        session=session,
        kind=draw(rng, np.broadcast_to(s.SELF_SERVICE_SHARE, (count, len(s.SELF_SERVICE_SHARE)))),
        topic=topic,
        resolved=rng.random(count) < 1 / (1 + np.exp(-(0.2 + 0.5 * mood))),
        at=at,
        known_at=at + lag[session],
    )
    launch = s.stream(request.seed, chunk, "self service launch")
    came = (sessions.at >= s.SELF_SERVICE_LAUNCH * s.SECONDS_PER_DAY) | (
        launch.random(len(sessions)) < s.SELF_SERVICE_BEFORE_LAUNCH
    )
    return in_order(every, np.flatnonzero(came[session]))


_TOPIC_EDGES = s.TOPIC_WEIGHT[:, None, :] * s.SEASON[None, :, :]
_TOPIC_EDGES = _TOPIC_EDGES / _TOPIC_EDGES.sum(axis=2, keepdims=True)


def topic_shares(product: Array, month_of_year: Array) -> Array:
    """Share of each topic for a product in a month of the year: row × topic."""
    return np.asarray(_TOPIC_EDGES[product, month_of_year])

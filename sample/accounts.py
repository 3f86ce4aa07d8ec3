"""Who the customers are, how satisfied they are (the hidden cause), and their contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.draws import draw, office_hours
from sample.text import Array

SATISFACTION_PERSISTENCE = 0.93
SATISFACTION_SPREAD = 0.6  # of the slow random walk, in the long run
LASTING_SPREAD = 0.6  # between accounts
DROP_CHANCE = 0.014  # per month: a new boss, an outage, a bad release


@dataclass
class Accounts:
    """One chunk of accounts; all columns have one value per account. The first `exported` are those asked for; the
    rest become customers after the history's end."""

    exported: int
    key: Array  # number that no other account has
    segment: Array
    region: Array
    country: Array
    currency: Array
    industry: Array
    owner: Array
    support_plan: Array
    service_process: Array
    parent: Array  # position of the parent, -1 = none
    name_first: Array
    name_second: Array
    name_ending: Array
    created_at: Array
    start_day: (
        Array  # first day of service of the first product (of the running term, for customers of before the history)
    )
    is_prospect: Array  # never buys
    was_customer: Array  # already a customer when the history begins
    satisfaction: Array  # account × simulated month, standard-normal-like

    def __len__(self) -> int:
        return len(self.key)


@dataclass
class AccountChanges:
    """Versions of accounts: one row per account and change (the first: its creation), ordered by account and time."""

    account: Array
    at: Array
    segment: Array
    support_plan: Array
    owner: Array
    deleted: Array


@dataclass
class Contacts:
    """People at the accounts; every account has at least one, and its contacts stand next to each other."""

    account: Array
    key: Array
    given_name: Array
    family_name: Array
    title: Array
    created_at: Array
    changed_at: Array  # a new title; NEVER_AT = not yet
    deleted_at: Array
    first: Array  # per account: position of its first contact
    count: Array  # per account


def hidden_satisfaction(rng: np.random.Generator, count: int) -> Array:
    """Account × month: a lasting level, a slow random walk around it, and now and then a drop that heals slowly."""
    lasting = rng.normal(0, LASTING_SPREAD, count)
    walk = rng.normal(0, SATISFACTION_SPREAD, count)
    drop = np.zeros(count)
    path = np.empty((count, s.MONTHS), dtype=np.float64)
    step = SATISFACTION_SPREAD * np.sqrt(1 - SATISFACTION_PERSISTENCE**2)
    for month in range(s.MONTHS):
        walk = SATISFACTION_PERSISTENCE * walk + rng.normal(0, step, count)
        falls = rng.random(count) < DROP_CHANCE
        drop = np.where(falls, rng.uniform(1.0, 2.4, count), drop * 0.9)
        path[:, month] = lasting + walk - drop + 0.1
    return path


def make_accounts(request: s.Request, chunk: int) -> Accounts:
    """The accounts of one chunk."""
    rng = s.stream(request.seed, chunk, "accounts")
    exported = request.accounts_in(chunk)
    later = max(8, exported * 8 // 100)
    count = exported + later
    segment = draw(rng, np.broadcast_to(s.SEGMENT_SHARE, (count, 4)))
    # Every currency occurs, however small the company is.
    region = draw(rng, np.broadcast_to(s.REGION_SHARE, (count, 4)))
    region[:4] = np.arange(4)
    country = draw(rng, s.COUNTRY_SHARE_BY_REGION[region])
    was_customer = rng.random(count) < 0.56
    was_customer[exported:] = False
    is_prospect = (rng.random(count) < 0.04) & ~was_customer
    joined = rng.integers(s.HISTORY_START, s.HISTORY_END - 20, count)
    joined[exported:] = s.HISTORY_END + 1 + (np.arange(later) * s.MAX_DAYS_AFTER) // later
    first_of_month = rng.random(count) < 0.4
    start_day = np.where(first_of_month & ~was_customer, joined - s.days_into_month(joined), joined)
    start_day = np.where(np.arange(count) < exported, np.maximum(start_day, s.HISTORY_START), joined)
    lead = rng.integers(15, 70, count)  # days from first contact to first service
    created_day = np.where(was_customer, s.HISTORY_START - rng.integers(1_120, 2_600, count), start_day - lead)
    created_day[exported:] = np.maximum(created_day[exported:], s.HISTORY_END + 1)
    start_day[exported:] = np.maximum(start_day[exported:], created_day[exported:])
    created_at = created_day * s.SECONDS_PER_DAY + office_hours(rng, count)
    parent: Array = np.full(count, -1)
    heads = np.flatnonzero((segment == s.ENTERPRISE) & (np.arange(count) < exported))
    if len(heads):
        is_child = (rng.random(count) < 0.07) & (segment != s.INDIVIDUAL)
        is_child[heads] = False
        candidate = heads[rng.integers(0, len(heads), count)]
        parent = np.where(is_child & (created_at[candidate] < created_at), candidate, -1)
        # A few chains of three: a head that belongs to an older head.
        for head, above in zip(heads[1:], heads[:-1], strict=True):
            if head % 11 == 0 and created_at[above] < created_at[head] and parent[above] < 0:
                parent[head] = above
    return Accounts(
        exported=exported,
        key=chunk * s.KEYS_PER_CHUNK + np.arange(1, count + 1),
        segment=segment,
        region=region,
        country=country,
        currency=s.COUNTRY_CURRENCY[country],
        industry=rng.integers(0, len(s.INDUSTRIES), count),
        owner=rng.integers(0, request.owners, count),
        support_plan=draw(rng, s.SUPPORT_PLAN_SHARE[segment]),
        service_process=(rng.random(count) < s.WHOLESALE_SHARE[segment]).astype(np.int64),
        parent=parent,
        name_first=rng.integers(0, len(s.NAME_FIRST), count),
        name_second=rng.integers(0, len(s.NAME_SECOND), count),
        name_ending=rng.integers(0, len(s.NAME_ENDING), count),
        created_at=created_at,
        start_day=np.where(is_prospect, s.NEVER, start_day),
        is_prospect=is_prospect,
        was_customer=was_customer,
        satisfaction=hidden_satisfaction(rng, count),
    )


def make_account_changes(request: s.Request, chunk: int, accounts: Accounts) -> AccountChanges:
    """Segments grow, support plans are bought, owners move on; prospects are sometimes deleted as duplicates."""
    rng = s.stream(request.seed, chunk, "account changes")
    count = len(accounts)
    who: list[Array] = [np.arange(count)]
    when: list[Array] = [accounts.created_at]
    kind: list[Array] = [np.zeros(count, dtype=np.int64)]
    chances = {1: 0.0035, 2: 0.003, 3: 0.006}  # per month: segment, support plan, owner
    for month in range(s.EXPORT_MONTHS):
        length = int(s.MONTH_END[month] - s.MONTH_START[month] + 1)
        for change_kind, chance in chances.items():
            rows = np.flatnonzero(rng.random(count) < chance)
            at = (s.MONTH_START[month] + rng.integers(0, length, len(rows))) * s.SECONDS_PER_DAY
            who.append(rows)
            when.append(at + office_hours(rng, len(rows)))
            kind.append(np.full(len(rows), change_kind))
    # However small the company is, some account changes on every day after the history.
    per_day = max(1, accounts.exported // 2_000)
    days = np.repeat(np.arange(s.HISTORY_END + 1, s.LAST_DAY + 1), per_day)
    who.append(rng.integers(0, accounts.exported, len(days)))
    when.append(days * s.SECONDS_PER_DAY + office_hours(rng, len(days)))
    kind.append(rng.integers(1, 4, len(days)))
    prospects = np.flatnonzero(accounts.is_prospect & (rng.random(count) < 0.15))
    who.append(prospects)
    when.append(accounts.created_at[prospects] + rng.integers(20, 900, len(prospects)) * s.SECONDS_PER_DAY)
    kind.append(np.full(len(prospects), 4))

    account, at, change = np.concatenate(who), np.concatenate(when), np.concatenate(kind)
    keep = at >= accounts.created_at[account]
    account, at, change = account[keep], at[keep], change[keep]
    order = np.lexsort((change, at, account))
    account, at, change = account[order], at[order], change[order]
    later_step = np.flatnonzero(change > 0)
    segment, plan, owner = (
        column[account].copy() for column in (accounts.segment, accounts.support_plan, accounts.owner)
    )
    deleted = change == 4
    new_owner = rng.integers(0, request.owners, len(change))
    up = rng.random(len(change)) < 0.7
    for row in later_step.tolist():  # few rows, and each depends on the one before it
        segment[row], plan[row], owner[row] = segment[row - 1], plan[row - 1], owner[row - 1]
        deleted[row] |= deleted[row - 1]
        if change[row] == 1 and segment[row] != s.INDIVIDUAL:
            segment[row] = np.clip(segment[row] + (-1 if up[row] else 1), s.ENTERPRISE, s.SMALL_BUSINESS)
        elif change[row] in (1, 2):
            plan[row] = (plan[row] + (1 if up[row] else 2)) % 3
        elif change[row] == 3:
            owner[row] = new_owner[row]
    return AccountChanges(account=account, at=at, segment=segment, support_plan=plan, owner=owner, deleted=deleted)


def make_contacts(request: s.Request, chunk: int, accounts: Accounts) -> Contacts:
    """One to five people per account."""
    rng = s.stream(request.seed, chunk, "contacts")
    extra = rng.poisson(np.array([2.2, 1.4, 0.6, 0.0])[accounts.segment])
    per_account = 1 + np.minimum(extra, 4)
    account = np.repeat(np.arange(len(accounts)), per_account)
    count = len(account)
    first = np.cumsum(per_account) - per_account
    is_first = np.zeros(count, dtype=bool)
    is_first[first] = True
    after = np.where(is_first, 0, rng.integers(0, 400, count)) * s.SECONDS_PER_DAY
    created_at = accounts.created_at[account] + after + rng.integers(0, 3_600, count)
    created_at = np.minimum(created_at, np.maximum(accounts.created_at[account], s.HISTORY_CLOSE - 86_400))
    changed_at = np.where(
        rng.random(count) < 0.1, created_at + rng.integers(30, 900, count) * s.SECONDS_PER_DAY, s.NEVER_AT
    )
    deleted_at = np.where(
        ~is_first & (rng.random(count) < 0.02),
        created_at + rng.integers(60, 900, count) * s.SECONDS_PER_DAY,
        s.NEVER_AT,
    )
    # A few are deleted on every second day after the history.
    later = np.flatnonzero(~is_first & (created_at < s.HISTORY_CLOSE) & (deleted_at == s.NEVER_AT))
    days = np.arange(s.HISTORY_END + 1, s.LAST_DAY + 1, 2)
    chosen = later[rng.permutation(len(later))[: len(days)]]
    deleted_at[chosen] = days[: len(chosen)] * s.SECONDS_PER_DAY + office_hours(rng, len(chosen))
    return Contacts(
        account=account,
        key=chunk * s.KEYS_PER_CHUNK + np.arange(1, count + 1),
        given_name=rng.integers(0, len(s.GIVEN_NAMES), count),
        family_name=rng.integers(0, len(s.FAMILY_NAMES), count),
        title=rng.integers(0, len(s.TITLES), count),
        created_at=created_at,
        changed_at=changed_at,
        deleted_at=deleted_at,
        first=first,
        count=per_account,
    )

"""What sales writes down about contracts: opportunities and orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.accounts import Accounts
from sample.contracts import Contracts, Subscriptions
from sample.text import Array

NEW_BUSINESS, EXPANSION, RENEWAL = range(3)
TYPES = ("New Business", "Expansion", "Renewal")
STAGES = ("Qualification", "Negotiation/Review", "Closed Won", "Closed Lost")
STAGE_PROBABILITY = ("20", "70", "100", "0")


@dataclass
class Opportunities:
    """One row per opportunity; `closed_at` is NEVER_AT while nobody has decided."""

    account: Array
    kind: Array
    subscription: Array  # the one that is due, or that came of it; -1 = none
    amount: Array  # minor units, a year's worth
    amount_due: Array  # the same while it is open: for renewals what is due, not what will come of it
    created_at: Array
    negotiated_at: Array
    closed_at: Array
    won: Array
    planned_day: Array
    owner: Array
    deleted_at: Array


@dataclass
class Orders:
    """One row per order: first terms, renewals, amendments, and repeated terms of a quarter or more."""

    account: Array
    subscription: Array
    amount: Array  # minor units, for the term
    effective_day: Array
    created_at: Array
    activated_at: Array


def term_months(subscriptions: Subscriptions) -> Array:
    """Length of the first term in months, rounded; 1 for open-ended ones."""
    days = np.where(subscriptions.end < s.NEVER, subscriptions.end - subscriptions.start + 1, 30)
    return np.maximum(1, np.round(days / 30.4)).astype(np.int64)


def _yearly_amount(subscriptions: Subscriptions, rows: Array) -> Array:
    per_period = subscriptions.seats[rows] * subscriptions.price[rows]
    return np.asarray(per_period * 12 // s.BILLING_MONTHS[subscriptions.billing[rows]])


def make_opportunities(request: s.Request, chunk: int, accounts: Accounts, contracts: Contracts) -> Opportunities:
    """Won and lost deals; every renewal that people decide on has one, and some that repeat by themselves."""
    rng = s.stream(request.seed, chunk, "opportunities")
    subscriptions, decisions = contracts.subscriptions, contracts.decisions
    day = s.SECONDS_PER_DAY
    parts: list[dict[str, Array]] = []

    def add(
        account: Array,
        kind: int,
        subscription: Array,
        amount: Array,
        created_at: Array,
        closed_at: Array,
        won: Array,
        planned: Array,
        amount_due: Array | None = None,
    ) -> None:
        born = accounts.created_at[account] + 900
        created_at = np.maximum(np.minimum(created_at, closed_at - 1_200), np.minimum(born, closed_at - 1_200))
        parts.append(
            {
                "account": account,
                "kind": np.full(len(account), kind),
                "subscription": subscription,
                "amount": amount,
                "amount_due": amount if amount_due is None else amount_due,
                "created_at": created_at,
                "closed_at": closed_at,
                "won": np.broadcast_to(won, len(account)),
                "planned_day": planned,
            }
        )

    sold = contracts.first_sale
    closed = subscriptions.created_at[sold] + 300
    add(
        subscriptions.account[sold], NEW_BUSINESS, sold, _yearly_amount(subscriptions, sold),
        closed - rng.integers(10, 75, len(sold)) * day, closed, np.array(True), subscriptions.start[sold],
    )  # fmt: skip
    grown = contracts.expansions
    closed = subscriptions.created_at[grown] + 300
    add(
        subscriptions.account[grown], EXPANSION, grown, _yearly_amount(subscriptions, grown) // 4,
        closed - rng.integers(5, 60, len(grown)) * day, closed, np.array(True), subscriptions.start[grown],
    )  # fmt: skip
    # Attempts to sell more that came to nothing, or are still open.
    tried = np.flatnonzero(
        (rng.random(len(subscriptions)) < 0.15)
        & (subscriptions.start > s.HISTORY_START)
        & (subscriptions.deleted_at == s.NEVER_AT)
    )
    created = (subscriptions.start[tried] + rng.integers(20, 200, len(tried))) * day + rng.integers(
        30_000, 60_000, len(tried)
    )
    add(
        subscriptions.account[tried], EXPANSION, np.full(len(tried), -1), _yearly_amount(subscriptions, tried) // 5,
        created, created + rng.integers(10, 120, len(tried)) * day, np.array(False), created // day + 60,
    )  # fmt: skip
    due = decisions.due
    add(
        subscriptions.account[decisions.subscription], RENEWAL, decisions.subscription,
        _yearly_amount(subscriptions, np.where(decisions.won > 0, decisions.successor, decisions.subscription)),
        (due - rng.integers(60, 95, len(due))) * day + rng.integers(30_000, 60_000, len(due)),
        decisions.decided_at + 300, decisions.won > 0, due, _yearly_amount(subscriptions, decisions.subscription),
    )  # fmt: skip
    # Terms that repeat by themselves: sales notes the longer ones.
    rows = np.flatnonzero(
        (term_months(subscriptions)[contracts.repeats_of] >= 12) & (rng.random(len(contracts.repeats_of)) < 0.35)
    )
    repeated, on = contracts.repeats_of[rows], contracts.repeats_on[rows]
    closed = (on - rng.integers(1, 10, len(on))) * day + rng.integers(30_000, 60_000, len(on))
    add(
        subscriptions.account[repeated], RENEWAL, repeated, _yearly_amount(subscriptions, repeated),
        closed - rng.integers(20, 60, len(on)) * day, closed, np.array(True), on - 1,
    )  # fmt: skip
    prospects = np.flatnonzero(accounts.is_prospect)
    created = accounts.created_at[prospects] + rng.integers(1, 30, len(prospects)) * day
    lost_at = np.where(
        rng.random(len(prospects)) < 0.7, created + rng.integers(20, 200, len(prospects)) * day, s.NEVER_AT
    )
    add(
        prospects, NEW_BUSINESS, np.full(len(prospects), -1), rng.integers(50_000, 5_000_000, len(prospects)),
        created, lost_at, np.array(False), created // day + 90,
    )  # fmt: skip

    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    count = len(columns["account"])
    order = np.lexsort((columns["account"], columns["created_at"]))
    columns = {name: values[order] for name, values in columns.items()}
    until = np.minimum(columns["closed_at"], columns["created_at"] + 90 * day)
    deleted_at = np.where(
        rng.random(count) < 0.003, columns["created_at"] + rng.integers(1, 300, count) * day, s.NEVER_AT
    )
    lost = np.flatnonzero((columns["closed_at"] < s.HISTORY_CLOSE) & ~columns["won"] & (deleted_at == s.NEVER_AT))
    days = np.arange(s.HISTORY_END + 2, s.LAST_DAY + 1, 4)
    chosen = lost[rng.permutation(len(lost))[: len(days)]]
    deleted_at[chosen] = days[: len(chosen)] * day + rng.integers(30_000, 60_000, len(chosen))
    return Opportunities(
        negotiated_at=columns["created_at"]
        + ((until - columns["created_at"]) * rng.uniform(0.3, 0.8, count)).astype(np.int64),
        owner=accounts.owner[columns["account"]],
        deleted_at=deleted_at,
        **columns,
    )


def make_orders(request: s.Request, chunk: int, contracts: Contracts) -> Orders:
    """Orders become active on the first day of what they pay for, or when they are signed later."""
    rng = s.stream(request.seed, chunk, "orders")
    subscriptions = contracts.subscriptions
    day = s.SECONDS_PER_DAY
    months = term_months(subscriptions)
    paid = np.flatnonzero((subscriptions.is_trial == 0) & (subscriptions.deleted_at == s.NEVER_AT))
    again = months[contracts.repeats_of] >= 3
    repeated, on = contracts.repeats_of[again], contracts.repeats_on[again]
    rows = np.concatenate([paid, repeated])
    effective = np.concatenate([subscriptions.start[paid], on])
    created = np.concatenate([subscriptions.created_at[paid] + 1_800, on * day + rng.integers(3_600, 20_000, len(on))])
    periods = np.maximum(1, months[rows] // s.BILLING_MONTHS[subscriptions.billing[rows]])
    order = np.lexsort((rows, created))
    return Orders(
        account=subscriptions.account[rows][order],
        subscription=rows[order],
        amount=(subscriptions.seats[rows] * subscriptions.price[rows] * periods)[order],
        effective_day=effective[order],
        created_at=created[order],
        activated_at=np.maximum(created + 3_600, effective * day + 21_600)[order],
    )

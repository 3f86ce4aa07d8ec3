"""Subscriptions, simulated month by month: terms, renewals, changes, cancellations, win-backs.

An account has one to three *lines*, one per product; a line's running subscription is replaced by its renewals and
amendments. When the first line is cancelled the account leaves with all its lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sample import settings as s
from sample.accounts import Accounts
from sample.draws import draw, office_hours
from sample.text import Array

# How strongly satisfaction decides, and the level of the decision for a term of each length.
LEAVE_SENSITIVITY = 1.45
LEAVE_LEVEL = {0: 0.0042, 1: 0.0042, 3: 0.0125, 12: 0.05, 24: 0.075, 36: 0.095}
DROP_LEVEL = {0: 0.005, 1: 0.005, 3: 0.014, 12: 0.055, 24: 0.08, 36: 0.1}
NOTICE_ROOM = 125  # days before a term's end in which nothing but the decision happens


@dataclass
class Table:
    """Columns that grow by batches of rows."""

    columns: dict[str, list[Array]] = field(default_factory=dict)
    count: int = 0

    def add(self, count: int, **values: Array | int) -> Array:
        """Appends rows; a single number stands for all of them. Returns the positions of the new rows."""
        for name, value in values.items():
            self.columns.setdefault(name, []).append(np.broadcast_to(np.asarray(value, dtype=np.int64), count))
        self.count += count
        return np.arange(self.count - count, self.count)

    def column(self, name: str) -> Array:
        """One column of all rows; further rows may follow."""
        parts = self.columns[name]
        if len(parts) > 1:
            self.columns[name] = parts = [np.concatenate(parts)]
        return parts[0]


@dataclass
class Subscriptions:
    """One row per subscription. Days in service are `start` … `stop`, both included; `stop` is NEVER while it runs."""

    account: Array
    product: Array
    plan: Array
    start: Array
    end: Array  # last day of the (first) term; NEVER = open-ended
    stop: Array
    billing: Array  # position in BILLING_NAMES
    seats: Array
    price: Array  # minor units per seat and billing period
    auto_renew: Array
    notice_days: Array
    renews: Array  # position of the subscription that this one renews or amends, -1 = none
    is_trial: Array
    created_at: Array
    cancelled_at: Array  # when notice was given and known
    terminated_at: Array  # when it became known that the last day in service is `terminated`
    terminated: Array
    reason: Array
    deleted_at: Array

    def __len__(self) -> int:
        return len(self.account)


@dataclass
class Decisions:
    """One row per term that came to its end and was decided on by people."""

    subscription: Array
    due: Array
    won: Array
    decided_at: Array
    successor: Array


@dataclass
class Contracts:
    subscriptions: Subscriptions
    decisions: Decisions
    first_sale: Array  # positions of subscriptions that began a relation (not migrated ones, not trials)
    expansions: Array  # positions of subscriptions that amended another upwards
    repeats_of: Array  # subscriptions whose term repeated by itself …
    repeats_on: Array  # … and the first day of the repeated term
    left_on: Array  # account: last day in service of the latest departure, NEVER = none


class _Simulation:
    def __init__(self, request: s.Request, chunk: int, accounts: Accounts) -> None:
        self.rng = s.stream(request.seed, chunk, "contracts")
        self.accounts = accounts
        rng = self.rng
        lines = 1 + (
            rng.random((len(accounts), 2))
            < np.array([[0.6, 0.35], [0.5, 0.25], [0.3, 0.1], [0.06, 0.0]])[accounts.segment]
        ).sum(axis=1)
        lines[accounts.is_prospect] = 0
        self.account = np.repeat(np.arange(len(accounts)), lines)
        count = len(self.account)
        first = np.cumsum(lines) - lines
        self.rank = np.arange(count) - first[self.account]
        self.first_line = np.where(lines > 0, first, -1)
        offset = rng.integers(0, 3, len(accounts))
        self.product = np.where(
            rng.random(len(accounts))[self.account] < 0.5, self.rank, (self.rank + offset[self.account])
        ) % 3  # fmt: skip
        segment = accounts.segment[self.account]
        self.months = s.TERM_MONTHS[draw(rng, s.TERM_SHARE[segment])]
        self.auto = (
            rng.random(count)
            < np.array([s.AUTO_RENEW_SHARE[int(term)] for term in s.TERM_MONTHS])[
                np.searchsorted(s.TERM_MONTHS, self.months)
            ]
        )
        yearly = draw(rng, np.broadcast_to([0.35, 0.25, 0.4], (count, 3)))
        long = draw(rng, np.broadcast_to([0.05, 0.2, 0.75], (count, 3)))
        self.billing = np.select(
            [self.months <= 1, self.months == 3, self.months == 12], [0, rng.integers(0, 2, count), yearly], long
        )
        self.notice = np.select(
            [self.months == 0, self.months == 1, self.months == 3],
            [30, 7 * rng.integers(1, 3, count), 30],
            30 * rng.integers(1, 4, count),
        )
        self.notice = np.where((self.months == 1) & (self.notice > 14), 14, self.notice)
        typical = np.array([90.0, 28.0, 9.0, 1.6])[segment]
        self.seats = np.maximum(
            np.array([20, 8, 3, 1])[segment], np.round(typical * rng.lognormal(-0.1, 0.5, count))
        ).astype(np.int64)
        self.plan = np.clip(
            np.array([3, 2, 1, 0])[segment] + (rng.random(count) < 0.25) - (rng.random(count) < 0.25), 0, 3
        )
        self.uplift = np.ones(count)  # price increases so far
        self.discount = rng.uniform(0.8, 1.0, count)
        self.on = np.zeros(count, dtype=bool)
        self.running = np.full(count, -1)  # position of the running subscription
        self.shortened = np.zeros(count, dtype=bool)  # amended: its first term is the rest of another's
        self.term_start = np.full(count, s.NEVER)
        self.term_end = np.full(count, s.NEVER)
        # Further products are bought with the first or some months after it.
        wait = np.where((self.rank == 0) | (rng.random(count) < 0.6), 0, 30 * rng.integers(2, 24, count))
        start = accounts.start_day[self.account]
        self.start = np.where(start < s.NEVER, start + wait, s.NEVER)
        self.left_on = np.full(len(accounts), s.NEVER)
        self.left_by_choice = np.zeros(len(accounts), dtype=bool)
        self.table = Table()
        self.decisions = Table()
        self.first_sale: list[Array] = []
        self.expansions: list[Array] = []
        self.repeats: list[tuple[Array, Array]] = []
        self.updates: list[tuple[str, Array, Array]] = []

    # -- small pieces

    def at(self, days: Array) -> Array:
        """An instant in office hours of each day."""
        return days * s.SECONDS_PER_DAY + office_hours(self.rng, len(days))

    def mood(self, lines: Array, month: int) -> Array:
        return np.asarray(self.accounts.satisfaction[self.account[lines], month])

    def price(self, lines: Array) -> Array:
        currency = self.accounts.currency[self.account[lines]]
        discount = s.by_term(s.TERM_DISCOUNT, self.months[lines])
        monthly = (
            s.LIST_PRICE[self.product[lines], self.plan[lines]]
            * s.CURRENCY_PRICE[currency]
            * discount
            * self.discount[lines]
            * self.uplift[lines]
        )
        return np.asarray(np.maximum(1, np.round(monthly * s.BILLING_MONTHS[self.billing[lines]])), dtype=np.int64)

    def leave_chance(self, lines: Array, month: int, levels: dict[int, float], exponent: float) -> Array:
        level = s.by_term(levels, self.months[lines])
        return np.asarray(np.minimum(0.9, level * np.exp(-exponent * self.mood(lines, max(month - 1, 0)))))

    def open(
        self, lines: Array, start: Array, end: Array, created_at: Array, renews: Array | int = -1, trial: int = 0
    ) -> Array:
        """New subscriptions for these lines, in service from `start`."""
        rows = self.table.add(
            len(lines),
            account=self.account[lines],
            product=self.product[lines],
            plan=self.plan[lines],
            start=start,
            end=end,
            stop=s.NEVER,
            billing=self.billing[lines],
            seats=self.seats[lines],
            price=0 if trial else self.price(lines),
            auto_renew=0 if trial else self.auto[lines],
            notice_days=0 if trial else self.notice[lines],
            renews=renews,
            is_trial=trial,
            created_at=created_at,
            cancelled_at=s.NEVER_AT,
            terminated_at=s.NEVER_AT,
            terminated=s.NEVER,
            reason=-1,
            deleted_at=s.NEVER_AT,
        )
        self.running[lines] = rows
        self.shortened[lines] = False
        self.term_start[lines] = start
        self.term_end[lines] = end
        self.on[lines] = True
        return rows

    def update(self, column: str, rows: Array, values: Array | int) -> None:
        """A later change of subscriptions, applied in order when the simulation is over."""
        self.updates.append((column, rows, np.broadcast_to(np.asarray(values, dtype=np.int64), len(rows))))

    def first_term(self, lines: Array, start: Array) -> Array:
        end = s.add_months(start, self.months[lines]) - 1
        return np.where(self.months[lines] == 0, s.NEVER, end)

    def reasons(self, count: int, mood: Array) -> Array:
        """Unhappy customers name the competition and the support; happy ones the price, or no need any more."""
        unhappy = self.rng.random(count) < 1 / (1 + np.exp(1.5 * mood))
        sad = np.array([1, 2, 3, 8, 0])[self.rng.integers(0, 5, count)]
        content = np.array([0, 4, 5, 4, 2])[self.rng.integers(0, 5, count)]
        return np.where(unhappy, sad, content)

    # -- a month

    def begin(self) -> None:
        """Customers of before the history: their running terms."""
        rng = self.rng
        old = np.flatnonzero(
            self.accounts.was_customer[self.account] & (self.rank == 0)
            | (self.accounts.was_customer[self.account] & (rng.random(len(self.account)) < 0.55))
        )
        months = self.months[old]
        length = np.where(months == 0, 540, months * 30)
        back = (rng.random(len(old)) * length).astype(np.int64)
        start = s.HISTORY_START - back
        in_month = s.days_into_month(start)
        start = np.where(rng.random(len(old)) < 0.45, start - in_month, np.where(in_month > 27, start - 3, start))
        end = self.first_term(old, start)
        gone = end < s.HISTORY_START + 1
        start = np.where(gone, s.add_months(start, np.maximum(months, 1)), start)
        end = self.first_term(old, start)
        created = self.at(np.minimum(start - rng.integers(0, 30, len(old)), s.HISTORY_START - 1))
        self.open(old, start, end, created)
        self.start[old] = s.NEVER
        waiting = np.flatnonzero(self.accounts.was_customer[self.account] & ~self.on)
        self.start[waiting] = s.HISTORY_START + rng.integers(20, 900, len(waiting))

    def begin_new(self, month: int) -> None:
        """First and further products of new customers; some try before they buy."""
        rng = self.rng
        due = np.flatnonzero((self.start >= s.MONTH_START[month]) & (self.start <= s.MONTH_END[month]) & ~self.on)
        customers = np.zeros(len(self.accounts), dtype=bool)
        customers[self.account[self.on]] = True
        due = due[
            (self.rank[due] == 0)
            | customers[self.account[due]]
            | (self.start[due] == self.accounts.start_day[self.account[due]])
        ]
        start = self.start[due]
        tries = (self.rank[due] == 0) & (rng.random(len(due)) < 0.16)
        length = np.where(rng.random(len(due)) < 0.5, 14, 30)
        if tries.any():
            lines = due[tries]
            end = start[tries] + length[tries] - 1
            born = self.accounts.created_at[self.account[lines]] + 600
            rows = self.open(lines, start[tries], end, np.maximum(self.at(start[tries]), born), trial=1)
            self.update("stop", rows, end)
            self.on[lines] = False
            buys = rng.random(len(lines)) < 0.72
            siblings = np.isin(self.account, self.account[lines]) & (self.rank > 0)
            self.start[siblings & (self.start < s.NEVER)] += 35
            lost = np.isin(self.account, self.account[lines[~buys]])
            self.start[lost] = s.NEVER
            self.start[lines] = np.where(buys, end + 1, s.NEVER)
            self.tried[lines] = True
            again = (self.start[lines] <= s.MONTH_END[month]) & buys
            due, start = (
                np.concatenate([due[~tries], lines[again]]),
                np.concatenate([start[~tries], self.start[lines[again]]]),
            )
        self.sell(due, start)
        self.start[due] = s.NEVER

    def sell(self, lines: Array, start: Array) -> None:
        """First subscriptions, signed some days before service starts."""
        if not len(lines):
            return
        # Terms begin on day 1 … 28, so that "the same day some months later" always exists.
        start = np.where(s.days_into_month(start) > 27, s.add_months(start - s.days_into_month(start), 1), start)
        created_day = start - self.rng.integers(0, 12, len(lines))
        account_day = self.accounts.created_at[self.account[lines]] // s.SECONDS_PER_DAY
        created_day = np.clip(created_day, np.minimum(account_day + 1, start), start)
        created = self.at(created_day)
        created = np.maximum(created, self.accounts.created_at[self.account[lines]] + 600)
        self.first_sale.append(self.open(lines, start, self.first_term(lines, start), created))

    def amend(self, month: int) -> None:
        """Seats are added, rarely given back, in the middle of a term: the old subscription ends the day before."""
        rng = self.rng
        lines = np.flatnonzero(self.on)
        day = s.MONTH_START[month] + rng.integers(0, 10, len(lines))
        room = (self.term_end[lines] - day > NOTICE_ROOM) & (day - self.term_start[lines] > 45)
        mood = self.mood(lines, month)
        up = rng.random(len(lines)) < 0.011 * np.exp(0.4 * mood)
        down = ~up & (rng.random(len(lines)) < 0.002 * np.exp(-0.6 * mood)) & (self.seats[lines] > 2)
        chosen = room & (up | down)
        lines, day, up = lines[chosen], day[chosen], up[chosen]
        if not len(lines):
            return
        factor = np.where(up, rng.uniform(1.1, 1.6, len(lines)), rng.uniform(0.6, 0.9, len(lines)))
        seats = self.seats[lines]
        changed = np.maximum(1, np.round(seats * factor)).astype(np.int64)
        self.seats[lines] = np.where(up, np.maximum(changed, seats + 1), np.minimum(changed, seats - 1))
        self.plan[lines] = np.where(
            up & (rng.random(len(lines)) < 0.2), np.minimum(self.plan[lines] + 1, 3), self.plan[lines]
        )
        at = self.at(day)
        old = self.running[lines].copy()
        self.update("stop", old, day - 1)
        self.update("terminated", old, day - 1)
        self.update("terminated_at", old, at)
        new = self.open(lines, day, self.term_end[lines].copy(), at, renews=old)
        self.shortened[lines] = True
        self.expansions.append(new[up])

    def fail(self, month: int) -> None:
        """Involuntary departures: cards that fail, firms that go under. Satisfaction has no part in it."""
        rng = self.rng
        accounts = np.zeros(len(self.accounts), dtype=bool)
        accounts[self.account[self.on]] = True
        chance = np.array([0.0002, 0.0005, 0.001, 0.0016])[self.accounts.segment]
        hit = np.flatnonzero(accounts & (rng.random(len(accounts)) < chance))
        if not len(hit):
            return
        day_of = np.zeros(len(self.accounts), dtype=np.int64)
        day_of[hit] = s.MONTH_START[month] + rng.integers(14, 27, len(hit))
        cause = np.zeros(len(self.accounts), dtype=np.int64)
        cause[hit] = np.where(rng.random(len(hit)) < 0.75, s.PAYMENT_FAILURE, s.BANKRUPTCY)
        lines = np.flatnonzero(self.on & (day_of[self.account] > 0))
        day = day_of[self.account[lines]]
        # Only where the day lies well inside every term of the account.
        signed = self.table.column("created_at")[self.running[lines]] // s.SECONDS_PER_DAY
        inside = (day > self.term_start[lines] + 5) & (day < self.term_end[lines] - 5) & (day > signed)
        spared = np.zeros(len(self.accounts), dtype=bool)
        spared[self.account[lines[~inside]]] = True
        lines = lines[~spared[self.account[lines]]]
        day = day_of[self.account[lines]]
        self.end_lines(lines, day, self.at(day), cause[self.account[lines]], terminate=np.ones(len(lines), dtype=bool))
        self.left_on[self.account[lines]] = day
        self.left_by_choice[self.account[lines]] = False

    def end_lines(self, lines: Array, last: Array, notice_at: Array, reason: Array, terminate: Array) -> None:
        """Lines that end with `last`; notice is known from `notice_at` (NEVER_AT: nobody wrote it down)."""
        rows = self.running[lines]
        self.update("stop", rows, last)
        known = notice_at < s.NEVER_AT
        self.update("cancelled_at", rows[known], notice_at[known])
        self.update("reason", rows[known], reason[known])
        cut = terminate & known
        self.update("terminated", rows[cut], last[cut])
        self.update("terminated_at", rows[cut], notice_at[cut])
        self.on[lines] = False

    def decide(self, month: int) -> None:
        """Terms that end this month: leave, drop a product, or renew; open-ended ones may be cancelled on any day."""
        rng = self.rng
        lines = np.flatnonzero(self.on & ((self.term_end <= s.MONTH_END[month]) | (self.months == 0)))
        if not len(lines):
            return
        open_ended = self.months[lines] == 0
        first = self.rank[lines] == 0
        chance = np.where(
            first,
            self.leave_chance(lines, month, LEAVE_LEVEL, LEAVE_SENSITIVITY),
            self.leave_chance(lines, month, DROP_LEVEL, 1.0),
        )
        ends = rng.random(len(lines)) < chance
        # Open-ended: notice on a day of this month, service for the notice period.
        cancel_day = s.MONTH_START[month] + rng.integers(11, 27, len(lines))
        ends &= ~open_ended | (cancel_day > self.term_start[lines] + 40)
        last = np.where(open_ended, cancel_day + self.notice[lines], self.term_end[lines])
        # Auto-renewing terms need notice in time; others may say so, or simply lapse.
        short = self.months[lines] == 1
        early = self.notice[lines] + np.where(short, rng.integers(0, 12, len(lines)), rng.integers(0, 30, len(lines)))
        spoken = rng.integers(0, 60, len(lines))
        silent = ~self.auto[lines] & ~open_ended & (rng.random(len(lines)) < 0.3)
        before = np.where(self.auto[lines], early, spoken)
        notice_day = np.where(open_ended, cancel_day, np.maximum(last - before, self.term_start[lines] + 1))
        notice_at = np.where(silent, s.NEVER_AT, self.at(notice_day))
        reason = self.reasons(len(lines), self.mood(lines, month))

        leaving = ends & first
        leavers = self.account[lines[leaving]]
        gone = np.zeros(len(self.accounts), dtype=bool)
        gone[leavers] = True
        of_leaver = gone[self.account[lines]] & ~first
        dropping = ends & ~first & ~of_leaver
        ending = leaving | dropping
        by_person = (~open_ended) & (self.months[lines] >= 3)
        self.lose(lines[ending], last[ending], notice_at[ending], reason[ending], open_ended[ending], by_person[ending])
        self.left_on[leavers] = last[leaving]
        self.left_by_choice[leavers] = True
        # The other products of those who leave end on the same day, or at their own term's end if that is earlier.
        said = np.full(len(self.accounts), s.NEVER_AT)
        said[leavers] = np.where(silent[leaving], last[leaving] * s.SECONDS_PER_DAY + 64_800, notice_at[leaving])
        why = np.zeros(len(self.accounts), dtype=np.int64)
        why[leavers] = reason[leaving]
        others = np.flatnonzero(self.on & gone[self.account] & (self.rank > 0))
        if len(others):
            day = self.left_on[self.account[others]]
            own = self.term_end[others]
            last_other = np.maximum(np.minimum(day, own), self.term_start[others])
            created = self.table.column("created_at")[self.running[others]]
            by_last_day = np.minimum(said[self.account[others]], last_other * s.SECONDS_PER_DAY + 64_800)
            notice_other = np.maximum(by_last_day, created + 3_600)
            self.end_lines(
                others, last_other, notice_other, why[self.account[others]], terminate=np.ones(len(others), dtype=bool)
            )

        staying = np.flatnonzero(~ends & ~open_ended & ~of_leaver)
        self.renew(lines[staying], month)

    def lose(
        self, lines: Array, last: Array, notice_at: Array, reason: Array, open_ended: Array, by_person: Array
    ) -> None:
        rows = self.running[lines].copy()
        self.end_lines(lines, last, notice_at, reason, terminate=open_ended)
        decided = np.where(
            notice_at < s.NEVER_AT, notice_at + 7_200, self.at(last + self.rng.integers(3, 25, len(lines)))
        )
        self.decisions.add(
            int(by_person.sum()),
            subscription=rows[by_person],
            due=last[by_person],
            won=0,
            decided_at=decided[by_person],
            successor=-1,
        )

    def renew(self, lines: Array, month: int) -> None:
        """Terms that repeat by themselves, and renewals with a new subscription: early, on time or late."""
        rng = self.rng
        end = self.term_end[lines]
        repeats = self.auto[lines] & (rng.random(len(lines)) < np.where(self.months[lines] <= 3, 0.93, 0.66))
        # What "the same term again" would be is not clear after an amendment, so people sign a new one.
        repeats &= ~self.shortened[lines]
        again = lines[repeats]
        start = self.term_end[again] + 1
        self.term_start[again] = start
        self.term_end[again] = s.add_months(start, self.months[again]) - 1
        self.repeats.append((self.running[again].copy(), start))

        lines, end = lines[~repeats], end[~repeats]
        if not len(lines):
            return
        count = len(lines)
        mood = self.mood(lines, month)
        kind = rng.random(count)
        span = np.minimum(45, self.months[lines] * 8)
        ahead = end - 2 - (rng.random(count) * span).astype(np.int64)
        on_time = end + rng.integers(-1, 2, count)
        behind = end + rng.integers(3, 40, count)
        late = (kind > 0.86) & ~self.auto[lines] & (self.months[lines] >= 3)
        early = (kind < 0.36) & (self.months[lines] >= 3)
        signed = np.select(
            [early, late], [ahead, behind], np.where(self.auto[lines], np.minimum(on_time, end), on_time)
        )
        old = self.running[lines].copy()
        created = self.table.column("created_at")[old]
        signed_at = np.maximum(self.at(signed), created + 7_200)
        gap = late & (rng.random(count) < 0.2)
        start = np.where(gap, signed, end + 1)
        # Price rise, seats and plan.
        self.uplift[lines] *= np.where(rng.random(count) < 0.7, rng.uniform(1.0, 1.06, count), 1.0)
        grows = rng.random(count) < 0.2 * np.exp(0.3 * mood)
        shrinks = ~grows & (rng.random(count) < 0.09 * np.exp(-0.6 * mood))
        factor = np.select([grows, shrinks], [rng.uniform(1.05, 1.5, count), rng.uniform(0.55, 0.95, count)], 1.0)
        self.seats[lines] = np.maximum(1, np.round(self.seats[lines] * factor)).astype(np.int64)
        step = (rng.random(count) < 0.05).astype(int) - (rng.random(count) < 0.03)
        self.plan[lines] = np.clip(self.plan[lines] + step, 0, 3)
        longer = (rng.random(count) < 0.06) & (self.months[lines] == 12)
        self.months[lines] = np.where(longer, 24, self.months[lines])
        self.update("stop", old, np.where(gap, end, start - 1))
        new = self.open(lines, start, s.add_months(start, self.months[lines]) - 1, signed_at, renews=old)
        asked = self.months[lines] >= 3
        self.decisions.add(
            int(asked.sum()),
            subscription=old[asked],
            due=end[asked],
            won=1,
            decided_at=signed_at[asked],
            successor=new[asked],
        )

    def win_back(self, month: int) -> None:
        """Some who left come back, with a subscription that renews nothing."""
        rng = self.rng
        away = self.left_by_choice & (self.left_on < s.MONTH_START[month] - 45)
        mood = self.accounts.satisfaction[:, month]
        back = np.flatnonzero(away & (rng.random(len(away)) < 0.009 * np.exp(0.5 * mood)))
        back = back[self.first_line[back] >= 0]
        lines = self.first_line[back]
        lines = lines[~self.on[lines]]
        start = s.MONTH_START[month] + rng.integers(0, 28, len(lines))
        self.sell(lines, start)
        self.left_on[self.account[lines]] = s.NEVER
        self.left_by_choice[self.account[lines]] = False

    # -- all of it

    def run(self) -> Contracts:
        self.tried = np.zeros(len(self.account), dtype=bool)
        self.begin()
        for month in range(s.MONTHS):
            self.begin_new(month)
            self.amend(month)
            self.fail(month)
            self.decide(month)
            self.win_back(month)
        columns = {name: self.table.column(name).copy() for name in self.table.columns}
        for column, rows, values in self.updates:
            columns[column][rows] = values
        self.duplicate(columns)
        subscriptions = Subscriptions(**columns)
        empty = np.zeros(0, dtype=np.int64)
        decisions = {
            name: self.decisions.column(name) if self.decisions.count else empty
            for name in ("subscription", "due", "won", "decided_at", "successor")
        }
        return Contracts(
            subscriptions=subscriptions,
            decisions=Decisions(**decisions),
            first_sale=np.concatenate([empty, *self.first_sale]),
            expansions=np.concatenate([empty, *self.expansions]),
            repeats_of=np.concatenate([empty, *(rows for rows, _ in self.repeats)]),
            repeats_on=np.concatenate([empty, *(days for _, days in self.repeats)]),
            left_on=self.left_on,
        )

    def duplicate(self, columns: dict[str, Array]) -> None:
        """Subscriptions typed in twice by mistake, and deleted some days later."""
        rng = self.rng
        normal = np.flatnonzero((columns["is_trial"] == 0) & (columns["start"] > s.HISTORY_START))
        chosen = normal[rng.random(len(normal)) < 0.004]
        for name, values in columns.items():
            columns[name] = np.concatenate([values, values[chosen]])
        copies = np.arange(len(columns["account"]) - len(chosen), len(columns["account"]))
        columns["created_at"][copies] += rng.integers(600, 7_200, len(copies))
        columns["deleted_at"][copies] = (
            columns["created_at"][copies] + rng.integers(1, 6, len(copies)) * s.SECONDS_PER_DAY
        )
        columns["renews"][copies] = -1
        columns["stop"][copies] = columns["start"][copies] - 1
        for name, value in (
            ("cancelled_at", s.NEVER_AT),
            ("terminated_at", s.NEVER_AT),
            ("terminated", s.NEVER),
            ("reason", -1),
        ):
            columns[name][copies] = value


def make_contracts(request: s.Request, chunk: int, accounts: Accounts) -> Contracts:
    """The subscriptions of one chunk of accounts."""
    return _Simulation(request, chunk, accounts).run()

"""Health once more, in plain Python, straight from the rows of a small company's generic files.

A second opinion written from the metric dictionary: no SQL, no data frame, no code of the project. Every account and date
is looked at on its own, by going through all rows. Subscriptions end on `ended_at`, or with a term that does not go on by
itself; a successor begins no earlier than the day after its predecessor's last. Slow, and meant to be.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
COMPONENTS = ("adoption", "service", "sentiment", "relationship", "commercial")
LONG_AGO = date(1900, 1, 1)

Record = dict[str, str]


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day(text: str) -> date:
    return instant(text).astimezone(UTC).date()


def seed(name: str) -> list[Record]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def spelt(status: str) -> str:
    """A status or a segment as seeds have it, however a system writes it."""
    return "_".join(status.lower().replace("-", " ").replace("_", " ").split())


def last_day(row: Record) -> date | None:
    """The last day in service that a contract states; None when it goes on."""
    if row["ended_at"]:
        return day(row["ended_at"])
    return date.fromisoformat(row["end_date"]) if row["end_date"] and row["auto_renew"] != "true" else None


@dataclass
class Health:
    """What is said of one account and date. `known_on`: the newest day on which anything that went into it was learnt."""

    values: dict[str, float | None]
    contributions: dict[str, float | None]
    score: float | None
    coverage: float
    band: str
    known_on: date
    commercial: Commercial


@dataclass
class Commercial:
    """MRR in service against that of before, less what lies ahead."""

    value: float
    renewal_ahead: Fraction
    trouble: Fraction
    seats: int
    known_on: date


@dataclass
class Versions:
    """All exported versions of one thing, oldest first."""

    rows: list[Record] = field(default_factory=list)

    def at(self, on: date) -> Record:
        """The newest one known at the end of the day, else the first."""
        known = [row for row in self.rows if day(row["updated_at"]) <= on]
        return known[-1] if known else self.rows[0]

    @property
    def known_on(self) -> date:
        return day(self.rows[0]["updated_at"])


def by_key(rows: Iterable[Record], key: str) -> dict[str, Versions]:
    found: dict[str, Versions] = defaultdict(Versions)
    for row in sorted(rows, key=lambda row: instant(row["updated_at"])):
        found[row[key]].rows.append(row)
    return dict(found)


class Company:
    """`tables`: entity → rows as exported, values as text."""

    def __init__(self, tables: dict[str, list[Record]]) -> None:
        self.accounts = by_key(tables["accounts"], "account_id")
        self.subscriptions = by_key(tables["subscriptions"], "subscription_id")
        self.successors: dict[str, list[Versions]] = defaultdict(list)
        for versions in self.subscriptions.values():
            for number in {row["renewed_from_id"] for row in versions.rows if row["renewed_from_id"]}:
                self.successors[number].append(versions)
        self.cases = by_key(tables["cases"], "case_id")
        self.responses = by_key(tables["survey_responses"], "response_id")
        self.interactions = by_key(tables["interactions"], "interaction_id")
        self.orders = by_key(tables["orders"], "order_id")
        self.events = tables["case_events"]
        usage: dict[tuple[str, ...], Versions] = defaultdict(Versions)
        for row in sorted(tables["usage"], key=lambda row: instant(row["updated_at"])):
            usage[row["account_id"], row["product"], row["feature"], row["usage_date"]].rows.append(row)
        self.usage = dict(usage)
        self.settings = {row["name"]: Fraction(row["value"]) for row in seed("metric_thresholds")}
        self.weights = seed("health_score_weights")
        self.bands = seed("health_bands")
        self.troubles = {spelt(row["status"]): Fraction(row["severity"]) for row in seed("payment_troubles")}
        self.rates = seed("exchange_rates")
        starts = [day(row["start_date"]) for each in self.subscriptions.values() for row in each.rows]
        self.first_month = min(starts).replace(day=1)

    def days(self, name: str) -> int:
        return int(self.settings[f"health_{name}_days"])

    def rate(self, currency: str, on: date) -> Fraction:
        """Value of one unit in USD at the end of the month before the date."""
        month_end = on.replace(day=1) - timedelta(days=1)
        if month_end < self.first_month:
            month_end = (self.first_month + timedelta(days=32)).replace(day=1) - timedelta(days=1)

        def of(name: str) -> Fraction:
            rows = sorted((row["date"], row["rate"]) for row in self.rates if row["currency"] == name)
            past = [rate for dated, rate in rows if date.fromisoformat(dated) <= month_end]
            return Fraction(past[-1] if past else rows[0][1])

        return of(currency) / of("USD")

    def commercial(self, account: str, on: date) -> Commercial | None:
        """None without MRR in service."""
        reference = on - timedelta(days=self.days("commercial"))
        horizon = on + timedelta(days=self.days("renewal_ahead"))
        now = secured = then = ahead = Fraction(0)
        seats = 0
        known = LONG_AGO
        first: dict[date, Fraction] = defaultdict(Fraction)
        for number, versions in self.subscriptions.items():
            row = versions.at(on)
            start = day(row["start_date"])
            last = last_day(row)
            if row["account_id"] != account or row["is_trial"] == "true" or start > on:
                continue
            if last is not None and last < reference:
                continue
            amount = Fraction(row["amount"]) * self.rate(row["currency"], on)
            known = max(known, versions.known_on, self.late_successor_known_on(number, on))
            first[start] += amount
            if start <= reference:
                then += amount
            if last is None or last >= on:
                now += amount
                seats += int(row["seats"])
                if not (row["cancelled_at"] and day(row["cancelled_at"]) <= on):
                    secured += amount
                    if last is not None and last <= horizon and not self.is_renewed(number, on):
                        ahead += amount
        if now <= 0:
            return None
        base = then if then > 0 else first[min(first)]
        trouble, payment_known = self.payment_trouble(account, on)
        value = (
            secured / base
            - self.settings["health_renewal_ahead_weight"] * ahead / now
            - self.settings["health_payment_weight"] * trouble
        )
        return Commercial(max(0.0, float(value)), ahead / now, trouble, seats, max(known, payment_known))

    def is_renewed(self, number: str, on: date) -> bool:
        """Whether a contract that names this one had been exported by the date."""
        return any(
            versions.known_on <= on and versions.at(on)["renewed_from_id"] == number
            for versions in self.successors[number]
        )

    def late_successor_known_on(self, number: str, on: date) -> date:
        """When it was learnt, after the fact, that another contract had taken over from this one."""
        late = [
            (day(row["start_date"]), versions.known_on)
            for versions in self.successors[number]
            for row in versions.rows
            if row["renewed_from_id"] == number and versions.known_on > day(row["start_date"])
        ]
        if not late or min(start for start, _ in late) > on:
            return LONG_AGO
        return max(learnt for _, learnt in late)

    def payment_trouble(self, account: str, on: date) -> tuple[Fraction, date]:
        """Severity of the worst order of the account, and when the last of those that are troubled was learnt of."""
        worst, known = Fraction(0), LONG_AGO
        for versions in self.orders.values():
            row = versions.at(on)
            severity = self.troubles.get(spelt(row["status"]), Fraction(0))
            ordered = day(row["ordered_at"])
            if row["account_id"] == account and severity and on - timedelta(days=self.days("payment")) < ordered <= on:
                worst = max(worst, severity)
                known = max(known, versions.known_on)
        return worst, known

    def adoption(self, account: str, on: date, seats: int) -> tuple[float | None, date]:
        by_day: dict[date, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
        known = LONG_AGO
        first_known: date | None = None
        for (owner, product, _, used_on), versions in self.usage.items():
            used = date.fromisoformat(used_on)
            if owner != account or used > on:
                continue
            learnt = max(used, versions.known_on)
            first_known = learnt if first_known is None else min(first_known, learnt)
            if used > on - timedelta(days=self.days("adoption")):
                # Usage shows the newest version there is; one that came later marks the date.
                row = versions.rows[-1]
                by_day[used][product].append(row)
                known = max(known, day(row["updated_at"]))
        if first_known is None:
            return None, LONG_AGO
        known = max(known, first_known)
        shares = [Fraction(0)] if not by_day else []
        for products in by_day.values():
            active = sum(max(int(row["active_users"]) for row in rows) for rows in products.values())
            stated = [
                max((int(row["licensed_seats"]) for row in rows if row["licensed_seats"]), default=None)
                for rows in products.values()
            ]
            bought = seats if None in stated else sum(number for number in stated if number is not None)
            if bought:
                shares.append(Fraction(active, bought))
        return (float(max(shares)) if shares else None), known

    def service(self, account: str, on: date) -> tuple[float | None, date]:
        window = on - timedelta(days=self.days("service"))
        opened = [
            (day(row["created_at"]), max(day(row["created_at"]), day(row["updated_at"])))
            for each in self.cases.values()
            for row in each.rows
        ]
        if not opened or min(opened)[0] > on:
            return None, LONG_AGO
        known = min(learnt for _, learnt in opened)
        count = Fraction(0)
        for case_id, versions in self.cases.items():
            row = versions.at(on)
            if row["account_id"] != account or row["is_deleted"] == "true":
                continue
            events = sorted(
                (event for event in self.events if event["case_id"] == case_id),
                key=lambda event: (instant(event["occurred_at"]), event["event_id"]),
            )
            merges = [event for event in events if event["event_type"] == "merged" and day(event["occurred_at"]) <= on]
            happenings: list[tuple[date, date, Fraction]] = [
                (day(row["created_at"]), versions.known_on, self.settings["health_service_case_weight"])
            ]
            before = ""
            before_known = LONG_AGO
            for event in events:
                if event["event_type"] not in ("created", "status"):
                    continue
                if event["event_type"] == "status":
                    reopens = before in ("solved", "closed") and event["to_value"] not in ("solved", "closed")
                    learnt = max(day(event["updated_at"]), before_known)
                    if reopens or learnt > day(event["occurred_at"]):
                        happenings.append(
                            (
                                day(event["occurred_at"]),
                                max(learnt, versions.known_on),
                                self.settings["health_service_reopen_weight"] * reopens,
                            )
                        )
                before, before_known = event["to_value"], day(event["updated_at"])
            for happened, learnt, weight in happenings:
                if window < happened <= on:
                    count += 0 if merges else weight
                    known = max(
                        [
                            known,
                            learnt,
                            *(max(day(event["occurred_at"]), day(event["updated_at"])) for event in merges[:1]),
                        ]
                    )
        return float(count), known

    def sentiment(self, account: str, on: date) -> tuple[float | None, date]:
        total = weights = 0.0
        known = LONG_AGO
        for versions in self.responses.values():
            row = versions.at(on)
            if row["account_id"] != account or not row["score"]:
                continue
            low, high = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}[row["survey_type"]]
            score = float(row["score"])
            age = (on - day(row["responded_at"])).days
            if not low <= score <= high or score != int(score) or not 0 <= age < self.days("sentiment"):
                continue
            share = 100 * (score - low) / (high - low)
            weight = 0.5 ** (age / float(self.settings["health_sentiment_half_life_days"]))
            total += weight * (share if row["high_is_good"] != "false" else 100 - share)
            weights += weight
            known = max(known, versions.known_on)
        return (total / weights if weights else None), known

    def relationship(self, account: str, on: date) -> tuple[float | None, date]:
        rows = [
            (day(row["occurred_at"]), max(day(row["occurred_at"]), day(row["updated_at"])))
            for each in self.interactions.values()
            for row in each.rows
            if row["kind"] != "note"
        ]
        if not rows or min(rows)[0] > on:
            return None, LONG_AGO
        known = min(learnt for _, learnt in rows)
        count = 0
        for versions in self.interactions.values():
            row = versions.at(on)
            if (
                row["account_id"] == account
                and row["kind"] != "note"
                and on - timedelta(days=self.days("relationship")) < day(row["occurred_at"]) <= on
            ):
                count += 1
                known = max(known, versions.known_on)
        return float(count), known

    def health(self, account: str, on: date) -> Health | None:
        """Everything about one account and date; None when it has no MRR in service."""
        commercial = self.commercial(account, on)
        if commercial is None:
            return None
        parts = {
            "adoption": self.adoption(account, on, commercial.seats),
            "service": self.service(account, on),
            "sentiment": self.sentiment(account, on),
            "relationship": self.relationship(account, on),
            "commercial": (commercial.value, commercial.known_on),
        }
        segment = "default"
        known = max(learnt for _, learnt in parts.values())
        if account in self.accounts:
            named = spelt(self.accounts[account].at(on)["segment"])
            if any(spelt(row["segment"]) == named for row in [*self.weights, *self.bands]):
                segment = named
                known = max(known, self.accounts[account].known_on)
        values = {name: value for name, (value, _) in parts.items()}
        scores: dict[str, float] = {}
        weight: dict[str, float] = {}
        for name in COMPONENTS:
            rows = {spelt(row["segment"]): row for row in self.weights if row["component"] == name}
            rule = rows.get(segment, rows["default"])
            value = values[name]
            if value is None:
                continue
            share = max(0.0, min(1.0, (value - float(rule["low"])) / (float(rule["high"]) - float(rule["low"]))))
            scores[name] = 100 * (1 - share if rule["direction"] == "low_is_good" else share)
            weight[name] = float(rule["weight"])
        coverage = sum(weight.values())
        enough = coverage >= float(self.settings["health_coverage_floor"]) - 1e-12
        contributions = {
            name: weight[name] / coverage * scores[name] if enough and name in scores else None for name in COMPONENTS
        }
        score = sum(part for part in contributions.values() if part is not None) if enough else None
        band = "unknown"
        if score is not None:
            own = [row for row in self.bands if spelt(row["segment"]) == segment] or [
                row for row in self.bands if row["segment"] == "default"
            ]
            held = [
                row
                for row in own
                if float(row["from_score"]) <= score + 1e-9
                and (not row["to_score"] or score + 1e-9 < float(row["to_score"]))
            ]
            band = held[0]["risk_band"]
        return Health(values, contributions, score, coverage, band, known, commercial)

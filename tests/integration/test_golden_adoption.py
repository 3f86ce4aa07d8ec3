"""Adoption: numbers worked out by hand, and a random company that equals a recomputation from its files.

Both are landed and built together; the products of the stories are nobody else's. `EVERGREEN_TEST_SEED=<number>` draws
another random company than the usual one, to hunt for what this one does not show.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import duckdb
import pytest

from tests.conftest import Company, write_rows
from tests.integration import built
from tests.integration.recompute_adoption import Adoption, Row

# The running month; February of this year is a day longer.
AS_OF = date(2024, 3, 17)
BEFORE_ALL = "2022-01-01T00:00:00Z"
AFTER_ALL = "2024-03-18T00:00:00Z"
# Only the seed lists features of Ledger; nobody sells Widget, and Gadget is bought and never used.
SPELLINGS = {
    "Ledger": ["Ledger", "ledger", " LEDGER "], "Suite": ["Suite", "suite"], "addon": ["Addon"], "Widget": ["Widget"],
}  # fmt: skip
FEATURES = {"Ledger": ["invoicing", "Invoicing", "reports", "secret"]}
ACCOUNTS = 60

Rows = list[dict[str, str]]


def told() -> tuple[Rows, Rows]:
    """Subscriptions and usage rows of the stories."""
    subscriptions: Rows = []
    usage: Rows = []

    def buys(account: str, product: str, start: str, end: str = "", **columns: str) -> None:
        row = {"subscription_id": f"{account} {len(subscriptions)}", "account_id": account, "product": product}
        terms = {"start_date": start, "end_date": end, "billing_period": "month", "amount": "100", "currency": "USD"}
        subscriptions.append({**row, **terms, "updated_at": BEFORE_ALL, **columns})

    def uses(account: str, product: str, day: str, feature: str, people: str, events: str = "", seats: str = "",
             updated_at: str = "") -> None:  # fmt: skip
        row = {"account_id": account, "product": product, "feature": feature, "usage_date": day}
        counts = {"active_users": people, "event_count": events, "licensed_seats": seats}
        usage.append({**row, **counts, "updated_at": updated_at or f"{day}T20:00:00Z"})

    # A February of 29 days; features that others have shown by then; seats that usage rows state, and those of the contract.
    buys("leap", "Alpha", "2023-12-10", seats="10")
    uses("leap", "Alpha", "2023-12-31", "chat", "3", "30")
    uses("leap", "Alpha", "2024-02-01", "chat", "8", "80", "20")
    uses("leap", "Alpha", "2024-02-01", "mail", "5", "20", "20")
    uses("leap", "Alpha", "2024-02-15", "chat", "4", "10")
    uses("leap", "Alpha", "2024-02-29", "mail", "16", "5", "18")
    uses("nosy", "Alpha", "2024-02-10", "search", "1", "5")
    uses("nosy", "Alpha", "2024-03-05", "export", "0", "0")

    # Tried, bought in the middle of a month, renewed and extended in the middle of the next, and used after the end.
    buys("half", "Beta", "2023-12-01", "2023-12-14", is_trial="true", seats="50")
    buys("half", "Beta", "2023-12-15", "2024-01-14", seats="5")
    buys("half", "Beta", "2024-01-15", "2024-02-10", seats="8", renewed_from_id=subscriptions[-1]["subscription_id"])
    buys("half", "Beta", "2024-01-20", "2024-02-10", seats="2", amount="10")
    uses("half", "Beta", "2023-12-05", "go", "2", "1")
    uses("half", "Beta", "2023-12-20", "go", "3", "1")
    uses("half", "Beta", "2024-02-20", "go", "4", "1")
    uses("half", "Beta", "2024-03-02", "go", "1", "1")
    buys("tries", "Beta", "2024-02-01", "2024-02-29", is_trial="true")
    uses("tries", "Beta", "2024-02-10", "go", "1", "1")
    buys("tries not", "Beta", "2024-02-01", "2024-02-29", is_trial="true")

    # Nobody states seats; nobody states people.
    buys("no seats", "Gamma", "2024-02-01")
    uses("no seats", "Gamma", "2024-02-05", "go", "5", "1")
    buys("no people", "Gamma", "2024-02-01", seats="4")
    uses("no people", "Gamma", "2024-02-05", "go", "", "9")

    # One product and feature, however it is written.
    buys("names", "Delta", "2024-02-01", seats="4")
    uses("names", "DELTA", "2024-02-05", "X", "2", "1")
    uses("names", " delta ", "2024-02-05", "x", "3", "1")

    # Delivered again with another number, and once more after the as-of date.
    buys("again", "Epsilon", "2024-02-01", seats="10")
    uses("again", "Epsilon", "2024-02-03", "go", "50", "500", updated_at="2024-02-04T01:00:00Z")
    uses("again", "Epsilon", "2024-02-03", "go", "3", "30", updated_at="2024-02-06T01:00:00Z")
    uses("again", "Epsilon", "2024-02-03", "go", "99", "990", updated_at=AFTER_ALL)

    # The seed says what Tax has.
    buys("listed", "Tax", "2024-02-01", seats="10")
    uses("listed", "Tax", "2024-02-03", "return_filing", "9", "1")
    uses("listed", "Tax", "2024-02-03", "secret", "9", "1")

    # Bought long before anybody's use was recorded.
    buys("early", "Zeta", "2023-08-20", seats="10")
    uses("early", "Zeta", "2023-12-20", "go", "10", "1")
    return subscriptions, usage


# Account and product → columns, and their values from the first month that the story is about.
GOLDEN: dict[tuple[str, str], tuple[str, list[tuple[object, ...]]]] = {
    ("leap", "Alpha"): (
        "month, licensed_seats, active_users, unused_seats, seat_utilisation, event_count, features_used, "
        "features_entitled, feature_breadth, active_days, active_user_days, days, stickiness, is_adopted, is_first_month, "
        "is_complete",
        [
            ("2023-12-01", 10, 3, 7, 0.3, 30, 1, 1, 1.0, 1, 3, 31, 1 / 31, False, True, True),
            ("2024-01-01", 10, 0, 10, 0.0, 0, 0, 1, 0.0, 0, 0, 31, None, False, False, True),
            ("2024-02-01", 20, 16, 4, 0.8, 115, 2, 3, 2 / 3, 3, 28, 29, 28 / 29 / 16, True, False, True),
            ("2024-03-01", 10, 0, 10, 0.0, 0, 0, 4, 0.0, 0, 0, 17, None, False, False, False),
        ],
    ),
    ("nosy", "Alpha"): (
        "month, is_entitled, is_trial, licensed_seats, active_users, unused_seats, is_adopted, first_value_at",
        [("2024-02-01", False, False, None, 1, None, False, None)],
    ),
    ("half", "Beta"): (
        "month, is_entitled, is_trial, licensed_seats, active_users, seat_utilisation, is_adopted, closing_mrr, "
        "first_value_at, days_to_first_value, first_entitled_on",
        [
            ("2023-12-01", True, True, 5, 3, 0.6, True, 100.0, "2023-12-20", 5, "2023-12-15"),
            ("2024-01-01", True, False, 10, 0, 0.0, False, 110.0, "2023-12-20", 5, "2023-12-15"),
            # As many as the threshold asks for are enough.
            ("2024-02-01", True, False, 10, 4, 0.4, True, 0.0, "2023-12-20", 5, "2023-12-15"),
            ("2024-03-01", False, False, None, 1, None, False, 0.0, "2023-12-20", 5, "2023-12-15"),
        ],
    ),
    ("tries", "Beta"): ("month, is_entitled, is_trial, is_adopted", [("2024-02-01", False, True, False)]),
    ("tries not", "Beta"): ("month", []),
    ("no seats", "Gamma"): (
        "month, licensed_seats, active_users, seat_utilisation, unused_seats, is_adopted",
        [("2024-02-01", None, 5, None, None, True), ("2024-03-01", None, 0, None, None, False)],
    ),
    ("no people", "Gamma"): (
        "month, active_users, active_days, seat_utilisation, unused_seats, stickiness, is_adopted",
        [("2024-02-01", None, 1, None, None, None, True), ("2024-03-01", 0, 0, 0.0, 4, None, False)],
    ),
    ("names", "Delta"): (
        "month, active_users, event_count, features_used, features_entitled",
        [("2024-02-01", 3, 2, 1, 1), ("2024-03-01", 0, 0, 0, 1)],
    ),
    ("again", "Epsilon"): (
        "month, active_users, event_count, is_adopted", [("2024-02-01", 3, 30, False), ("2024-03-01", 0, 0, False)],
    ),
    ("listed", "Tax"): (
        "month, features_used, features_entitled, feature_breadth",
        [("2024-02-01", 1, 4, 0.25), ("2024-03-01", 0, 4, 0.0)],
    ),
    ("early", "Zeta"): (
        "month, is_usage_known, active_users, unused_seats, is_adopted, first_value_at, days_to_first_value",
        [
            ("2023-08-01", False, None, None, None, None, None),
            ("2023-09-01", False, None, None, None, None, None),
            ("2023-10-01", True, 0, 10, False, None, None),
            ("2023-11-01", True, 0, 10, False, None, None),
            ("2023-12-01", True, 10, 0, True, "2023-12-20", None),
            ("2024-01-01", True, 0, 10, False, "2023-12-20", None),
            ("2024-02-01", True, 0, 10, False, "2023-12-20", None),
            ("2024-03-01", True, 0, 10, False, "2023-12-20", None),
        ],
    ),
}  # fmt: skip
GOLDEN_RATES: dict[str, tuple[str, list[tuple[object, ...]]]] = {
    "Beta": (
        "month, entitled_accounts, using_accounts, adopting_accounts, adoption_rate, trial_accounts, unentitled_accounts, "
        "licensed_seats, unused_seats, seat_utilisation, entitled_mrr, adopted_mrr",
        [
            ("2023-12-01", 1, 1, 1, 1.0, 0, 0, 5, 2, 0.6, 100.0, 100.0),
            ("2024-01-01", 1, 0, 0, 0.0, 0, 0, 10, 10, 0.0, 110.0, 0.0),
            ("2024-02-01", 1, 1, 1, 1.0, 1, 0, 10, 6, 0.4, 0.0, 0.0),
            ("2024-03-01", 0, 0, 0, None, 0, 1, None, None, None, 0.0, 0.0),
        ],
    ),
    "Zeta": (
        "month, entitled_accounts, using_accounts, adopting_accounts, adoption_rate, licensed_seats, adopted_mrr",
        [
            ("2023-08-01", 1, None, None, None, None, None),
            ("2023-09-01", 1, None, None, None, None, None),
            ("2023-10-01", 1, 0, 0, 0.0, 10, 0.0),
            ("2023-11-01", 1, 0, 0, 0.0, 10, 0.0),
            ("2023-12-01", 1, 1, 1, 1.0, 10, 100.0),
            ("2024-01-01", 1, 0, 0, 0.0, 10, 0.0),
            ("2024-02-01", 1, 0, 0, 0.0, 10, 0.0),
            ("2024-03-01", 1, 0, 0, 0.0, 10, 0.0),
        ],
    ),
    "Gamma": (
        "month, entitled_accounts, adopting_accounts, adoption_rate, licensed_seats, seated_active_users, seat_utilisation",
        [("2024-02-01", 2, 2, 1.0, None, None, None), ("2024-03-01", 2, 0, 0.0, 4, 0, 0.0)],
    ),
}


class Teller:
    """Draws rows of the generic entities."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self.subscriptions: list[dict[str, str]] = []
        self.usage: list[dict[str, str]] = []
        for number in range(ACCOUNTS):
            for product in ("Ledger", "Suite", "addon", "Gadget", ""):
                if self.happens(35):
                    self.chain(f"a{number}", product)
            for product in ("Ledger", "Suite", "addon", "Widget"):
                if self.happens(60):
                    self.use(f"a{number}", product)

    def happens(self, percent: int) -> bool:
        return self.draw.randrange(100) < percent

    def day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.draw.randint(0, max(0, (last - first).days)))

    def chain(self, account: str, product: str) -> None:
        """A trial or not, contracts that follow each other with or without a gap, sometimes two at once."""
        start = self.day(date(2023, 8, 1), date(2024, 3, 25))
        before = ""
        for number in range(self.draw.randint(1, 4)):
            length = self.draw.choice([0, 6, 13, 30, 45, 120])
            row = {
                "subscription_id": f"s{len(self.subscriptions)}",
                "account_id": account,
                "product": self.draw.choice([product, product, product.upper()]),
                "start_date": start.isoformat(),
                "end_date": "" if self.happens(20) else (start + timedelta(days=length)).isoformat(),
                "billing_period": "month",
                "amount": self.draw.choice(["100", "60", "0", "-20"]),
                "currency": "USD",
                "seats": self.draw.choice(["", "0", "5", "8", "20"]),
                "auto_renew": "true" if self.happens(30) else "false",
                "notice_days": "",
                "renewed_from_id": before if self.happens(50) else "",
                "cancelled_at": self.day(start, AS_OF).isoformat() if self.happens(15) else "",
                "ended_at": self.day(start - timedelta(days=1), AS_OF).isoformat() if self.happens(15) else "",
                "is_trial": "true" if number == 0 and self.happens(40) else "false",
                "updated_at": self.draw.choice([BEFORE_ALL, "2023-12-31T23:59:59Z"]),
            }
            self.subscriptions.append(row)
            if self.happens(10):
                self.subscriptions.append({**row, "seats": "99", "is_trial": "true", "updated_at": AFTER_ALL})
            if self.happens(10):
                self.subscriptions.append({**row, "seats": "77", "ended_at": "", "updated_at": "2024-01-15T08:00:00Z"})
            before = row["subscription_id"]
            start += timedelta(days=self.draw.choice([0, length, length + 1, length + 1, length + 40]))

    def use(self, account: str, product: str) -> None:
        for _ in range(self.draw.randint(1, 25)):
            on = self.day(date(2023, 10, 9), date(2024, 3, 20))
            row = {
                "account_id": account,
                "product": self.draw.choice(SPELLINGS[product]),
                "feature": self.draw.choice(FEATURES.get(product, ["a", "b", "B", "c"])),
                "usage_date": on.isoformat(),
                "active_users": self.draw.choice(["", "0", "1", "3", "6", "12", "-2"]),
                "event_count": self.draw.choice(["", "0", "4", "40", "-1"]),
                "licensed_seats": self.draw.choice(["", "", "", "0", "10", "15"]),
                "updated_at": f"{on + timedelta(days=1)}T03:00:00Z",
            }
            self.usage.append(row)
            if self.happens(15):
                self.usage.append({**row, "active_users": "7", "updated_at": f"{on + timedelta(days=3)}T03:00:00Z"})
            if self.happens(5):
                self.usage.append({**row, "active_users": "50", "updated_at": "2024-03-20T03:00:00Z"})
            if self.happens(5):
                self.usage.append(row)


def distinct(rows: list[dict[str, str]], *key: str) -> list[dict[str, str]]:
    """Without rows that tie: which of them wins is no question of adoption."""
    return list({tuple(row[name].strip() for name in key): row for row in rows}.values())


@pytest.fixture(scope="module")
def drawn() -> Teller:
    return Teller(Random(int(os.environ.get("EVERGREEN_TEST_SEED", "7"))))


@pytest.fixture(scope="module")
def landed(drawn: Teller, tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("adoption"))
    generic = company.landing / "generic"
    subscriptions, told_usage = told()
    usage = distinct(drawn.usage + told_usage, "account_id", "product", "feature", "usage_date", "updated_at")
    write_rows(generic / "subscriptions" / "subscriptions.csv", drawn.subscriptions + subscriptions)
    write_rows(generic / "usage" / "first.csv", usage[::2])
    # The second file repeats rows of the first.
    write_rows(generic / "usage" / "second.csv", usage[1::2] + usage[::6])
    return company


@pytest.fixture(scope="module")
def recomputed(landed: Company) -> Adoption:
    return Adoption(landed.landing, AS_OF)


@pytest.fixture(scope="module")
def database(landed: Company) -> Path:
    return built.build(landed, AS_OF.isoformat(), "adoption_rates_monthly")


def plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else float(value) if isinstance(value, Decimal) else value


def read(database: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return [tuple(map(plain, row)) for row in connection.execute(query, values).fetchall()]


@pytest.mark.parametrize("key", GOLDEN, ids=" and ".join)
def test_golden_adoption(key: tuple[str, str], database: Path) -> None:
    columns, expected = GOLDEN[key]
    query = f"select {columns} from marts.product_adoption_monthly where account_id = ? and product = ? order by month"
    assert read(database, query, *key) == expected


@pytest.mark.parametrize("product", GOLDEN_RATES)
def test_golden_adoption_rates(product: str, database: Path) -> None:
    columns, expected = GOLDEN_RATES[product]
    query = f"select {columns} from marts.adoption_rates_monthly where product = ? order by month"
    assert read(database, query, product) == expected


def published(database: Path, table: str, keys: int) -> dict[tuple[object, ...], Row]:
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(f"select * from marts.{table}")
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {tuple(row.pop(name) for name in names[:keys]): row for row in rows}


def differences(found: dict[tuple[object, ...], Row], expected: dict[tuple[object, ...], Row]) -> list[object]:
    def same(value: object, other: object) -> bool:
        if isinstance(other, Fraction):
            return value is not None and abs(float(str(value)) - float(other)) < 1e-9
        return value == other

    return [
        (key, column, row[column], expected[key][column])
        for key, row in found.items()
        if key in expected
        for column in row
        if not same(row[column], expected[key][column])
    ] + sorted(map(str, found.keys() ^ expected.keys()))


def test_every_kind_of_month_is_drawn(recomputed: Adoption) -> None:
    rows = recomputed.months.values()
    kinds = {
        "adopted": [row["is_adopted"] for row in rows],
        "bought and not used": [row["is_entitled"] and row["active_days"] == 0 for row in rows],
        "used and not adopted": [row["is_entitled"] and row["active_days"] and not row["is_adopted"] for row in rows],
        "used and not bought": [not row["is_entitled"] and not row["is_trial"] for row in rows],
        "tried": [not row["is_entitled"] and row["is_trial"] for row in rows],
        "tried and bought": [row["is_entitled"] and row["is_trial"] for row in rows],
        "nobody states seats": [row["is_entitled"] and row["licensed_seats"] is None for row in rows],
        "nobody states people": [row["active_days"] and row["active_users"] is None for row in rows],
        "more people than seats": [(row["seat_utilisation"] or Fraction(0)) > Fraction(1) for row in rows],
        "before usage was recorded": [not row["is_usage_known"] for row in rows],
        "running": [not row["is_complete"] for row in rows],
        "leap February": [row["days"] == 29 for row in rows],
        "first use on a later day": [row["days_to_first_value"] not in (None, 0) for row in rows],
        "a feature beside the list": [
            product.lower() == "ledger" and row["active_days"] and row["features_used"] == 0
            for (_, product, _), row in recomputed.months.items()
        ],
        "bought and nowhere used": [product.lower() == "gadget" for _, product, _ in recomputed.months],
    }
    assert [kind for kind, found in kinds.items() if sum(map(bool, found)) < 3] == []


def test_adoption_equals_the_recomputation(database: Path, recomputed: Adoption) -> None:
    assert differences(published(database, "product_adoption_monthly", 3), dict(recomputed.months)) == []


def test_rates_equal_the_recomputation(database: Path, recomputed: Adoption) -> None:
    assert differences(published(database, "adoption_rates_monthly", 2), dict(recomputed.rates)) == []

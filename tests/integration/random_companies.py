"""Small random companies with contracts: generic and Salesforce rows for the marts and their recomputation to agree on.

A company is one to five accounts with a few chains of contracts each. A chain tells a story a CRM could tell (a renewal,
early, late or split; a swap; a gap; notice); stray contracts with fields drawn apart from each other tell the rest.
Ids are local to a company until it is written, so that companies do not know each other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.integration.recompute_revenue import plus_months

AS_OF = date(2025, 6, 15)
BEFORE_ALL = "2020-01-01T00:00:00Z"
AFTER_ALL = "2025-06-20T08:00:00Z"

Row = dict[str, str]
Choice = TypeVar("Choice")

# Ends of months, the leap day, and the first and last days that a term can be miscounted by.
TRICKY_STARTS = [
    date(2022, 2, 28), date(2022, 12, 31), date(2023, 1, 31), date(2023, 2, 28), date(2023, 7, 1), date(2023, 8, 30),
    date(2023, 12, 1), date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1),
    date(2024, 4, 30), date(2024, 6, 15), date(2024, 6, 16), date(2025, 1, 31), date(2025, 2, 28), date(2025, 5, 31),
]  # fmt: skip
REASONS = ["", "", "", "price", "payment failure", "Bankruptcy", "plan_change", "merged", "moon phase"]
WORDS_FOR_PERIODS = {"month": "Monthly", "quarter": "Quarterly", "year": "Annual", "week": "Weekly", "day": "Daily"}


@dataclass
class RandomCompany:
    """Rows of the generic entities with local ids; a vendor's company is written as Salesforce exports it."""

    accounts: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    opportunities: list[Row] = field(default_factory=list)
    is_vendor: bool = False


class Teller:
    """Draws one company."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self.company = RandomCompany()

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        return self.draw.choice(choices)

    def number(self, lowest: int, highest: int) -> int:
        return self.draw.randint(lowest, highest)

    def happens(self, percent: int) -> bool:
        return self.number(0, 99) < percent

    def tell(self) -> RandomCompany:
        self.company.is_vendor = self.happens(30)
        for number in range(1, self.number(1, 5) + 1):
            self.account(f"a{number}", number)
        return self.company

    # -- accounts ----------------------------------------------------------------------------------------------------

    def account(self, account: str, number: int) -> None:
        row = {
            "account_id": account,
            "account_name": account,
            "parent_account_id": f"a{self.number(1, number - 1)}" if number > 1 and self.happens(40) else "",
            "customer_type": self.one_of(["business", "individual", ""]),
            "segment": self.one_of(["small", "large"]),
            "region": self.one_of(["Europe", "Asia", ""]),
            "support_plan": self.one_of(["basic", "plus"]),
            "is_deleted": "false",
            "updated_at": self.one_of([BEFORE_ALL, "2023-06-30T23:59:59Z", "2024-01-01T00:00:00Z"]),
        }
        if not self.happens(5):
            self.company.accounts.append(row)
            if self.happens(40):
                moved = {
                    **row,
                    "segment": self.one_of(["small", "large", "moved"]),
                    "region": self.one_of(["Europe", "Africa"]),
                }
                self.company.accounts.append({**moved, "updated_at": self.instant(date(2024, 1, 2), AS_OF)})
                if self.happens(30):
                    self.company.accounts.append({**moved, "segment": "unborn", "updated_at": AFTER_ALL})
            if self.happens(5):
                self.company.accounts.append(
                    {**row, "is_deleted": "true", "updated_at": self.instant(date(2025, 1, 1), AS_OF)}
                )
        self.currency = self.one_of(["USD", "USD", "EUR", "JPY", "GBP"])
        for _ in range(self.number(1, 3)):
            self.chain(account)
        if self.happens(25):
            self.merge(account)
        if self.happens(30):
            self.stray(account)
        if self.happens(12):
            self.credit(account)

    def instant(self, first: date, last: date) -> str:
        on = first + timedelta(days=self.number(0, max(0, (last - first).days)))
        return f"{on}T{self.one_of(['00:00:00', '09:30:00', '23:59:59'])}Z"

    # -- contracts ---------------------------------------------------------------------------------------------------

    def start(self) -> date:
        if self.happens(45):
            return self.one_of(TRICKY_STARTS)
        return date(2022, 3, 1) + timedelta(days=self.number(0, 1170))

    def end(self, start: date) -> date:
        """Last day of a term: the day before the anniversary, the anniversary itself, or some days later."""
        months = self.one_of([1, 1, 3, 6, 12, 12, 12, 24, 36, 0, 0])
        if months == 0:
            return start + timedelta(days=self.one_of([0, 4, 6, 9, 19, 39, 99]))
        anniversary = plus_months(start, months)
        return anniversary if self.happens(15) else anniversary - timedelta(days=1)

    def price(self, currency: str) -> str:
        if currency == "JPY":
            return self.one_of(["12000", "9999", "15000", "30000"])
        return self.one_of(["100", "60", "99.99", "120", "50", "1200", "33.35"])

    def subscription(self, account: str, start: date, end: date | None, **columns: str) -> Row:
        currency = self.one_of(["USD", "EUR", "JPY"]) if self.happens(15) else self.currency
        row = {
            "subscription_id": f"s{len(self.company.subscriptions) + 1}",
            "account_id": account,
            "product": self.one_of(["suite", "suite", "addon", "extra", ""]),
            "start_date": start.isoformat(),
            "end_date": end.isoformat() if end else "",
            "billing_period": self.one_of(["month", "month", "month", "year", "quarter", "week", "day"]),
            "amount": self.price(columns.get("currency", currency)),
            "currency": currency,
            "auto_renew": "false",
            "is_deleted": "false",
            "updated_at": BEFORE_ALL,
            **columns,
        }
        self.company.subscriptions.append(row)
        return row

    def heir(self, row: Row, start: date, end: date | None, **columns: str) -> Row:
        """A contract that goes on from another at the same, a higher or a lower price."""
        factor = self.one_of([100, 100, 100, 120, 150, 80, 50])
        cents = round(float(row["amount"]) * factor)
        amount = str(cents // 100) if row["currency"] == "JPY" else f"{cents / 100:.2f}"
        same = {name: row[name] for name in ("product", "billing_period", "currency", "auto_renew")}
        if self.happens(10):
            same["currency"] = self.one_of(["USD", "EUR"])
        return self.subscription(row["account_id"], start, end, **{**same, "amount": amount, **columns})

    def chain(self, account: str) -> None:
        start = self.start()
        end: date | None = None if self.happens(15) else self.end(start)
        row = self.subscription(account, start, end, auto_renew="true" if end and self.happens(35) else "false")
        if self.happens(12):
            row["is_trial"] = "true"
            row["amount"] = self.one_of(["0", row["amount"]])
        for _ in range(self.number(0, 4)):
            end = date.fromisoformat(row["end_date"]) if row["end_date"] else None
            row = self.next_chapter(row, date.fromisoformat(row["start_date"]), end)
        self.ending(row)
        self.history(row)

    def next_chapter(self, row: Row, start: date, end: date | None) -> Row:
        named = {"renewed_from_id": row["subscription_id"]}
        due = end or start + timedelta(days=self.number(20, 400))
        if row["auto_renew"] == "true" and self.happens(50):
            due = due + timedelta(days=self.number(1, 420))
        inside = start + timedelta(days=self.number(1, max(1, (due - start).days)))
        kind = self.one_of(
            ["renewal", "renewal", "renewal", "late", "early", "amendment", "swap", "same day", "overlap", "gap", "split", "inside a month"]
        )  # fmt: skip
        if kind == "late":
            begin = due + timedelta(days=self.number(2, 70))
            return self.heir(row, begin, self.end(begin), **named)
        if kind == "early":
            begin = max(start + timedelta(days=1), due - timedelta(days=self.number(1, 40)))
            return self.heir(row, begin, max(begin, due) + timedelta(days=365), **named)
        if kind == "amendment" and end and inside <= end:
            return self.heir(row, inside, end, **named)
        if kind == "swap":
            row["ended_at"] = (inside - timedelta(days=1)).isoformat() if self.happens(50) else ""
            return self.heir(row, inside, self.end(inside), **(named if self.happens(50) else {}))
        if kind == "same day":
            return self.heir(row, start, self.end(start), **named)
        if kind == "overlap":
            return self.heir(row, inside, self.end(inside))
        if kind == "gap":
            begin = due + timedelta(days=self.number(2, 600))
            return self.heir(row, begin, self.end(begin), **(named if self.happens(20) else {}))
        if kind == "split":
            begin = due + timedelta(days=1)
            self.heir(
                row, begin + timedelta(days=self.one_of([0, 0, 5, 31, 32])), self.end(begin), **named, product="addon"
            )
            return self.heir(row, begin, self.end(begin), **named)
        if kind == "inside a month":
            begin = plus_months(due.replace(day=1), self.number(1, 3))
            return self.heir(
                row, begin + timedelta(days=3), begin + timedelta(days=self.number(3, 26)), auto_renew="false"
            )
        begin = due + timedelta(days=1)
        return self.heir(row, begin, self.end(begin), **named)

    def merge(self, account: str) -> None:
        """Contracts that end at about one time and become one, which names the first of them."""
        end = date(2023, 1, 1) + timedelta(days=self.number(0, 850))
        style = {"billing_period": "month", "currency": self.currency}
        first = self.subscription(account, plus_months(end, -12) + timedelta(days=1), end, **style)
        total = float(first["amount"])
        for _ in range(self.number(1, 2)):
            near = end + timedelta(days=self.number(-33, 33))
            other = self.subscription(
                account, plus_months(near, -12), near, **style, cancel_reason=self.one_of(REASONS)
            )
            total += float(other["amount"])
        cents = round(total * self.one_of([100, 100, 110, 80, 60]))
        amount = str(cents // 100) if self.currency == "JPY" else f"{cents / 100:.2f}"
        begin = end + timedelta(days=1)
        self.subscription(
            account,
            begin,
            plus_months(begin, 24) - timedelta(days=1),
            **style,
            amount=amount,
            renewed_from_id=first["subscription_id"],
        )

    def credit(self, account: str) -> None:
        """A line below zero, which may be more than the account pays for."""
        start = self.start()
        end = None if self.happens(30) else self.end(start)
        currency = self.one_of([self.currency, self.currency, "USD"])
        amount = self.one_of(["-20", "-50", "-109", "-5000"])
        self.subscription(account, start, end, amount=amount, billing_period="month", currency=currency)

    def stray(self, account: str) -> None:
        """A contract whose fields were drawn one by one, as if somebody had typed them in haste."""
        start = self.start()
        others = [row["subscription_id"] for row in self.company.subscriptions]
        row = self.subscription(
            account,
            start,
            None if self.happens(20) else start + timedelta(days=self.number(-3, 500)),
            auto_renew=self.one_of(["true", "false"]),
            renewed_from_id=self.one_of(others) if self.happens(50) else "",
            is_trial="true" if self.happens(10) else "false",
            currency=self.one_of(["", "usd", "EUR"]),
            product=self.one_of(["suite", "addon", ""]),
        )
        if not self.company.is_vendor and self.happens(20):
            row["billing_period"] = ""
        self.ending(row)
        self.history(row)

    def ending(self, row: Row) -> None:
        """Notice, a day of ending that differs from the term's, a reason, and what sales made of it."""
        start = date.fromisoformat(row["start_date"])
        end = date.fromisoformat(row["end_date"]) if row["end_date"] else None
        if self.happens(35 if row["auto_renew"] == "true" or not end else 10):
            row["cancelled_at"] = self.instant(start, start + timedelta(days=500))
            row["notice_days"] = self.one_of(["", "0", "30"])
            row["cancel_reason"] = self.one_of(REASONS)
        if self.happens(12):
            row["ended_at"] = (start + timedelta(days=self.number(0, 450))).isoformat()
            row["cancel_reason"] = self.one_of(REASONS)
        if self.happens(25):
            row["cancel_reason"] = self.one_of(REASONS)
        for _ in range(self.one_of([0, 0, 1, 1, 2])):
            self.opportunity(row, end or start)

    def opportunity(self, row: Row, due: date) -> None:
        state = self.one_of(["won", "lost", "open"])
        close = due + timedelta(days=self.number(-40, 40) + (self.one_of([0, 0, 365])))
        known = self.one_of([BEFORE_ALL, "2024-12-31T12:00:00Z"])
        opportunity = {
            "opportunity_id": f"o{len(self.company.opportunities) + 1}",
            "account_id": row["account_id"],
            "name": "Renewal",
            "type": "renewal" if self.happens(90) else "expansion",
            "stage": state,
            "amount": row["amount"],
            "currency": row["currency"],
            "created_at": BEFORE_ALL,
            "close_date": "" if state == "open" and self.happens(20) else close.isoformat(),
            "is_closed": "false" if state == "open" else "true",
            "is_won": "true" if state == "won" else "false",
            "subscription_id": row["subscription_id"],
            "updated_at": known,
        }
        self.company.opportunities.append(opportunity)
        if self.happens(10):
            later = {
                "is_closed": "true",
                "is_won": "true",
                "updated_at": self.one_of(["2025-02-03T04:05:06Z", AFTER_ALL]),
            }
            self.company.opportunities.append({**opportunity, **later})

    def history(self, row: Row) -> None:
        """When the row was known: entered late, with older versions, with newer ones than the as-of date, deleted."""
        start = date.fromisoformat(row["start_date"])
        if self.happens(25):
            row["updated_at"] = (
                self.instant(start, min(start + timedelta(days=120), AS_OF)) if start < AS_OF else BEFORE_ALL
            )
            if self.happens(50):
                older = {"amount": "77", "auto_renew": "false", "cancelled_at": "", "ended_at": ""}
                self.company.subscriptions.append({**row, **older, "updated_at": "2021-01-01T00:00:00Z"})
        if self.happens(8):
            self.company.subscriptions.append({**row, "amount": "1", "end_date": "", "updated_at": AFTER_ALL})
        if self.company.is_vendor and self.happens(12):
            deleted = {**row, "is_deleted": "true", "updated_at": self.instant(max(start, date(2023, 1, 1)), AS_OF)}
            if deleted["updated_at"] > row["updated_at"]:
                self.company.subscriptions.append(deleted)


def companies() -> st.SearchStrategy[RandomCompany]:
    """Hypothesis draws the seed of each company and not its every choice: it would otherwise make every other company a
    near copy of the one before, and 200 of them would be far fewer."""
    return st.randoms(use_true_random=True).map(lambda draw: Teller(draw).tell())


def draw_companies(count: int, start_from: int | None = None) -> list[RandomCompany]:
    """The same companies every time; other ones for each number to start from."""
    found: list[RandomCompany] = []

    @settings(
        max_examples=count,
        derandomize=start_from is None,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(companies())
    def collect(company: RandomCompany) -> None:
        found.append(company)

    if start_from is None:
        collect()
    else:
        seed(start_from)(collect)()
    return found


# -- writing ---------------------------------------------------------------------------------------------------------

ID_COLUMNS = ("account_id", "parent_account_id", "subscription_id", "renewed_from_id", "opportunity_id")
GENERIC_COLUMNS = {
    "accounts": (
        "account_id", "account_name", "parent_account_id", "customer_type", "segment", "region", "support_plan",
        "is_deleted", "updated_at",
    ),
    "subscriptions": (
        "subscription_id", "account_id", "product", "start_date", "end_date", "billing_period", "amount", "currency",
        "auto_renew", "notice_days", "renewed_from_id", "cancelled_at", "ended_at", "cancel_reason", "is_trial",
        "updated_at",
    ),
    "opportunities": (
        "opportunity_id", "account_id", "name", "type", "stage", "amount", "currency", "created_at", "close_date",
        "is_closed", "is_won", "subscription_id", "updated_at",
    ),
}  # fmt: skip
# Generic column → Salesforce field.
VENDOR_COLUMNS = {
    "accounts": {
        "account_id": "Id", "is_deleted": "IsDeleted", "account_name": "Name", "parent_account_id": "ParentId",
        "customer_type": "Customer_Type__c", "segment": "Segment__c", "region": "Region__c",
        "support_plan": "Support_Plan__c", "updated_at": "SystemModstamp",
    },
    "subscriptions": {
        "subscription_id": "Id", "is_deleted": "IsDeleted", "account_id": "SBQQ__Account__c",
        "product": "SBQQ__ProductName__c", "start_date": "SBQQ__SubscriptionStartDate__c",
        "end_date": "SBQQ__SubscriptionEndDate__c", "billing_period": "SBQQ__BillingFrequency__c",
        "quantity": "SBQQ__Quantity__c", "amount": "SBQQ__NetPrice__c", "currency": "CurrencyIsoCode",
        "auto_renew": "Auto_Renew__c", "notice_days": "Notice_Days__c",
        "renewed_from_id": "SBQQ__RevisedSubscription__c", "cancelled_at": "Cancelled_At__c",
        "ended_at": "SBQQ__TerminatedDate__c", "cancel_reason": "Cancel_Reason__c", "is_trial": "Is_Trial__c",
        "updated_at": "SystemModstamp",
    },
    "opportunities": {
        "opportunity_id": "Id", "is_deleted": "IsDeleted", "account_id": "AccountId", "name": "Name", "type": "Type",
        "stage": "StageName", "amount": "Amount", "currency": "CurrencyIsoCode", "created_at": "CreatedDate",
        "close_date": "CloseDate", "is_closed": "IsClosed", "is_won": "IsWon", "subscription_id": "Subscription__c",
        "updated_at": "SystemModstamp",
    },
}  # fmt: skip
VENDOR_OBJECTS = {"accounts": "account", "subscriptions": "subscription", "opportunities": "opportunity"}


def company_of(name: str) -> str:
    """The company that an account or subscription of the marts belongs to."""
    return name.removeprefix("salesforce:").split("-")[0]


def with_company(row: Row, company: str) -> Row:
    """A row whose ids and segment are the company's own."""
    changed = {name: f"{company}-{row[name]}" for name in (*ID_COLUMNS, "segment") if row.get(name)}
    return {**row, **changed}


def as_vendor(entity: str, row: Row) -> Row:
    named = {field: row.get(column, "") for column, field in VENDOR_COLUMNS[entity].items()}
    if entity == "subscriptions":
        named["SBQQ__BillingFrequency__c"] = WORDS_FOR_PERIODS[row["billing_period"]]
        named["SBQQ__Quantity__c"] = "1"
    if entity == "opportunities":
        named["IsDeleted"] = "false"
        named["Type"] = row["type"].capitalize()
    return named


def write(
    companies: Iterable[RandomCompany], landing: Path, file_name: str = "random", after: str = "", until: str = "9999"
) -> None:
    """Writes one CSV file per object: the rows with `after` <= updated_at < `until`."""
    tables: dict[tuple[str, str], list[Row]] = {}
    for number, company in enumerate(companies):
        name = f"c{number:03}"
        for entity in GENERIC_COLUMNS:
            rows = [with_company(row, name) for row in getattr(company, entity) if after <= row["updated_at"] < until]
            if company.is_vendor:
                place = ("salesforce", VENDOR_OBJECTS[entity])
                rows = [as_vendor(entity, row) for row in rows]
            else:
                place = ("generic", entity)
            tables.setdefault(place, []).extend(rows)
    for (source, name), rows in tables.items():
        entity = next((key for key, value in VENDOR_OBJECTS.items() if source == "salesforce" and value == name), name)
        columns = GENERIC_COLUMNS[entity] if source == "generic" else tuple(VENDOR_COLUMNS[entity].values())
        folder = landing / source / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{file_name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

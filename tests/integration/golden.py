"""Generic extracts whose revenue figures are known beforehand, and those figures.

Every scenario is a small story about one or a few customers. All of them land together, so one run of the job answers
every question: a scenario's accounts share a segment of their own, and its figures are read from that segment. Cohorts
are not cut by segment; the scenario about them has a start month that no other scenario uses.

Expected values are worked out by hand from the definitions in the metric dictionary; only exchange rates are read, from
the seed that the job reads too.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.conftest import write_rows

AS_OF = date(2025, 6, 15)
RATES = Path(__file__).resolve().parents[2] / "seeds" / "exchange_rates.csv"

Row = dict[str, str]
Value = str | int | float | bool | date | Decimal | None

ACCOUNT_COLUMNS = (
    "account_id",
    "account_name",
    "parent_account_id",
    "customer_type",
    "segment",
    "region",
    "support_plan",
    "updated_at",
)
SUBSCRIPTION_COLUMNS = (
    "subscription_id",
    "account_id",
    "product",
    "plan",
    "start_date",
    "end_date",
    "billing_period",
    "amount",
    "currency",
    "seats",
    "auto_renew",
    "notice_days",
    "renewed_from_id",
    "cancelled_at",
    "ended_at",
    "cancel_reason",
    "is_trial",
    "updated_at",
)
OPPORTUNITY_COLUMNS = (
    "opportunity_id",
    "account_id",
    "name",
    "type",
    "stage",
    "amount",
    "currency",
    "created_at",
    "close_date",
    "is_closed",
    "is_won",
    "subscription_id",
    "updated_at",
)
KNOWN_BEFORE = "2020-01-01T00:00:00Z"


@dataclass(frozen=True)
class Expected:
    """What a query on the published marts must answer, row by row in its order; `claim` says it in words."""

    claim: str
    query: str
    rows: list[tuple[Value, ...]]


@dataclass
class Scenario:
    """Rows of the generic entities and what the marts must make of them."""

    name: str
    accounts: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    opportunities: list[Row] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)

    def account(self, account_id: str, updated_at: str = KNOWN_BEFORE, **columns: str) -> str:
        """Adds an account (or a further version of one) of this scenario's segment and returns its id."""
        full_id = f"{self.name}-{account_id}"
        row = {"account_id": full_id, "account_name": full_id, "segment": self.name, "updated_at": updated_at}
        self.accounts.append({**row, **columns})
        return full_id

    def subscription(self, account_id: str, subscription_id: str, start: str, end: str = "", **columns: str) -> str:
        """Adds a monthly subscription of 100 USD, unless `columns` say otherwise, and returns its id."""
        full_id = f"{account_id}-{subscription_id}"
        row = {
            "subscription_id": full_id,
            "account_id": account_id,
            "product": "suite",
            "start_date": start,
            "end_date": end,
            "billing_period": "month",
            "amount": "100",
            "currency": "USD",
            "updated_at": KNOWN_BEFORE,
        }
        self.subscriptions.append({**row, **columns})
        return full_id

    def renewal_opportunity(self, account_id: str, subscription_id: str, close: str, outcome: str) -> None:
        """Adds a renewal opportunity of a subscription; `outcome` is won, lost or open."""
        self.opportunities.append(
            {
                "opportunity_id": f"{subscription_id}-renewal",
                "account_id": account_id,
                "name": "Renewal",
                "type": "renewal",
                "stage": outcome,
                "currency": "USD",
                "created_at": KNOWN_BEFORE,
                "close_date": close,
                "is_closed": "false" if outcome == "open" else "true",
                "is_won": "true" if outcome == "won" else "false",
                "subscription_id": subscription_id,
                "updated_at": KNOWN_BEFORE,
            }
        )

    def expect(self, claim: str, query: str, *rows: tuple[Value, ...]) -> None:
        self.expected.append(Expected(claim, query, list(rows)))

    def expect_movements(self, claim: str, account_id: str, *rows: tuple[str, str, int | float | Decimal]) -> None:
        """Expects all movements of an account up to May 2025 that are not `none`: month, movement, closing MRR."""
        self.expect(
            claim,
            "select strftime(month, '%Y-%m'), movement, closing_mrr from marts.fct_mrr_movements "
            f"where account_id = '{account_id}' and movement <> 'none' and is_complete order by month",
            *rows,
        )

    def expect_renewals(
        self, claim: str, account_id: str, *rows: tuple[str, str, str, str | None, float | None, str | None]
    ) -> None:
        """Expects all renewals of an account: subscription, due date, outcome, decided on, renewed MRR, timing."""
        self.expect(
            claim,
            f"select substr(subscription_id, {len(account_id) + 2}), cast(due_date as varchar), outcome, "
            "cast(decided_on as varchar), renewed_mrr, timing from marts.fct_renewals "
            f"where account_id = '{account_id}' order by due_date, subscription_id",
            *rows,
        )

    def expect_churn(self, claim: str, account_id: str, *rows: tuple[str, float, int, str, bool, str | None]) -> None:
        """Expects all churns of an account: first day out, MRR, tenure in months, reason, voluntary, returned on."""
        self.expect(
            claim,
            "select cast(churned_on as varchar), churned_mrr, tenure_months, churn_reason, is_voluntary, "
            f"cast(returned_on as varchar) from marts.fct_churn where account_id = '{account_id}' order by churned_on",
            *rows,
        )


def rate(currency: str, month: str) -> Decimal:
    """Value of one unit of a currency in US dollars, from the seed's entry of the first of a month (YYYY-MM)."""
    with RATES.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["currency"] == currency and row["date"] == f"{month}-01":
                return Decimal(row["rate"])
    raise KeyError(f"{RATES} has no rate of {currency} for {month}")


# -- recurring revenue -----------------------------------------------------------------------------------------------


def movements_over_a_gap() -> Scenario:
    scenario = Scenario("gap")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", "2024-01-31")
    scenario.subscription(account, "2", "2024-04-01")
    scenario.expect_movements(
        "100, 0, 0, 100 is new, churn, nothing, reactivation",
        account,
        ("2024-01", "new", 100),
        ("2024-02", "churn", 0),
        ("2024-04", "reactivation", 100),
    )
    scenario.expect(
        "a month without an opening or closing amount has no row",
        f"select count(*) from marts.fct_mrr_movements where account_id = '{account}' and month = date '2024-03-01'",
        (0,),
    )
    scenario.expect(
        "the running month is there and says that it is not complete",
        "select cast(max(month) as varchar), bool_and(is_complete) from marts.fct_mrr_movements "
        f"where account_id = '{account}' and month >= date '2025-06-01'",
        ("2025-06-01", False),
    )
    return scenario


def monthly_normalisation() -> Scenario:
    scenario = Scenario("normal")
    for number in range(100):
        scenario.subscription(scenario.account(f"m{number:03}"), "1", "2024-01-01", amount="100")
    for number in range(50):
        account = scenario.account(f"y{number:03}")
        scenario.subscription(account, "1", "2024-01-01", billing_period="year", amount="600")
    scenario.expect(
        "100 subscriptions of 100 a month and 50 of 600 a year are an MRR of 12,500",
        "select sum(closing_mrr) from marts.fct_mrr_movements where segment = 'normal' and month = date '2024-01-01'",
        (12_500,),
    )
    return scenario


def billing_periods() -> Scenario:
    scenario = Scenario("periods")
    for period, amount in (("week", "12"), ("day", "12"), ("quarter", "300"), ("", "40")):
        account = scenario.account(period or "none")
        scenario.subscription(account, "1", "2024-01-01", billing_period=period, amount=amount)
    scenario.expect(
        "a week counts 52/12, a day 365/12, a quarter 1/3, and an amount without a period is monthly",
        "select account_id, closing_mrr from marts.fct_mrr_movements "
        "where segment = 'periods' and month = date '2024-01-01' order by account_id",
        ("periods-day", 365),
        ("periods-none", 40),
        ("periods-quarter", 100),
        ("periods-week", 52),
    )
    return scenario


def trial_month() -> Scenario:
    scenario = Scenario("trial")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", "2024-01-31", amount="0", is_trial="true")
    scenario.subscription(account, "2", "2024-02-01")
    priced = scenario.account("b")
    scenario.subscription(priced, "1", "2024-01-01", "2024-01-31", amount="30", is_trial="true")
    scenario.subscription(priced, "2", "2024-02-01")
    scenario.expect_movements("a free trial month does not use up new", account, ("2024-02", "new", 100))
    scenario.expect_movements("a trial with a price is no recurring revenue either", priced, ("2024-02", "new", 100))
    scenario.expect_renewals("a trial is not a contract to renew", account)
    return scenario


def several_subscriptions() -> Scenario:
    scenario = Scenario("several")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", amount="60")
    scenario.subscription(account, "2", "2024-01-01", "2024-03-31", amount="40", product="addon")
    scenario.expect_movements(
        "dropping one of several subscriptions is contraction, not churn",
        account,
        ("2024-01", "new", 100),
        ("2024-04", "contraction", 60),
    )
    scenario.expect_churn("an account that keeps a subscription has not churned", account)
    return scenario


def plan_swaps() -> Scenario:
    scenario = Scenario("swap")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", ended_at="2024-03-14", plan="basic")
    scenario.subscription(account, "2", "2024-03-15", plan="plus")
    scenario.expect_movements("a plan swap from one day to the next moves nothing", account, ("2024-01", "new", 100))
    scenario.expect_churn("a plan swap is not churn", account)
    named = scenario.account("b")
    first = scenario.subscription(named, "1", "2024-01-01", "2024-12-31", plan="basic")
    scenario.subscription(named, "2", "2024-03-15", "2025-03-14", plan="plus", amount="120", renewed_from_id=first)
    scenario.expect_movements(
        "a successor takes over on its first day and is not counted beside its predecessor",
        named,
        ("2024-01", "new", 100),
        ("2024-03", "expansion", 120),
        ("2025-03", "churn", 0),
    )
    same_day = scenario.account("c")
    first = scenario.subscription(same_day, "1", "2024-05-10", plan="basic")
    scenario.subscription(same_day, "2", "2024-05-10", plan="plus", amount="150", renewed_from_id=first)
    scenario.expect_movements(
        "a swap on the day of the start counts the successor only", same_day, ("2024-05", "new", 150)
    )
    return scenario


def short_gaps() -> Scenario:
    scenario = Scenario("shortgap")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", "2024-03-10")
    scenario.subscription(account, "2", "2024-03-20")
    scenario.expect_movements("a gap that no month end saw moves nothing", account, ("2024-01", "new", 100))
    scenario.expect_churn("a gap that no month end saw is not churn", account)
    inside = scenario.account("b")
    scenario.subscription(inside, "1", "2024-03-05", "2024-03-20")
    scenario.expect_movements("a service inside one month has no movement", inside)
    scenario.expect_churn(
        "a service inside one month is a churn all the same",
        inside,
        ("2024-03-21", 100, 0, "unknown", True, None),
    )
    scenario.expect(
        "a service inside one month was a customer",
        f"select cast(customer_since as varchar), current_mrr from marts.dim_accounts where account_id = '{inside}'",
        ("2024-03-05", 0),
    )
    scenario.expect(
        "a service inside one month has a lifetime value",
        f"select account_id, historic_revenue from marts.account_lifetime_value where account_id = '{inside}'",
        (inside, 0),
    )
    return scenario


def overlapping_terms() -> Scenario:
    scenario = Scenario("overlap")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", "2024-03-31")
    scenario.subscription(account, "2", "2024-03-15", "2024-06-30", amount="70")
    scenario.expect_movements(
        "terms that overlap without naming each other add up for as long as both run",
        account,
        ("2024-01", "new", 100),
        ("2024-03", "expansion", 170),
        ("2024-04", "contraction", 70),
        ("2024-07", "churn", 0),
    )
    scenario.expect_churn(
        "an overlap is one service, and ends once", account, ("2024-07-01", 70, 6, "unknown", True, None)
    )
    return scenario


def credits() -> Scenario:
    scenario = Scenario("credit")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2023-12-01", amount="40", product="addon")
    scenario.subscription(account, "2", "2024-01-01", "2024-02-29", amount="-50", product="extra")
    scenario.subscription(account, "3", "2024-03-01", amount="200", product="suite")
    scenario.expect_movements(
        "an account whose credits take all it pays has left, and comes back when they end",
        account,
        ("2023-12", "new", 40),
        ("2024-01", "churn", 0),
        ("2024-03", "reactivation", 240),
    )
    scenario.expect(
        "an account that comes back counts under the largest product it comes back with",
        f"select product from marts.fct_mrr_movements where account_id = '{account}' and month = date '2024-03-01'",
        ("suite",),
    )
    inside = scenario.account("b")
    scenario.subscription(inside, "1", "2024-03-05")
    scenario.subscription(inside, "2", "2024-03-20", amount="-100")
    scenario.expect_churn(
        "a credit over all that an account pays ends its service on the credit's first day",
        inside,
        ("2024-03-20", 100, 0, "unknown", True, None),
    )
    mixed = scenario.account("c")
    scenario.subscription(mixed, "1", "2024-01-01", "2024-03-31", currency="EUR")
    scenario.subscription(mixed, "2", "2024-01-01", "2024-03-31", amount="-109")
    left = 100 * rate("EUR", "2024-01") - 109
    scenario.expect_movements(
        "a credit in another currency is set against prices at the month's rate",
        mixed,
        ("2024-01", "new", left),
        ("2024-02", "churn", 0),
    )
    scenario.expect_churn(
        "an account that pays nothing because of exchange rates has left with the month",
        mixed,
        ("2024-02-01", float(left), 1, "unknown", True, None),
    )
    return scenario


def exchange_rates() -> Scenario:
    scenario = Scenario("fx")
    euro = scenario.account("eur")
    scenario.subscription(euro, "1", "2024-01-01", currency="EUR")
    yen = scenario.account("jpy")
    first = scenario.subscription(yen, "1", "2024-01-01", "2024-01-31", currency="JPY", amount="10000")
    scenario.subscription(yen, "2", "2024-02-01", currency="JPY", amount="12000", renewed_from_id=first)
    both = scenario.account("both")
    scenario.subscription(both, "1", "2024-01-01", currency="EUR")
    scenario.subscription(both, "2", "2024-01-01", currency="JPY", amount="10000", product="addon")
    eur = rate("EUR", "2024-01"), rate("EUR", "2024-02")
    jpy = rate("JPY", "2024-01"), rate("JPY", "2024-02")
    query = (
        "select opening_mrr, expansion_mrr, contraction_mrr, fx_mrr, closing_mrr, movement "
        "from marts.fct_mrr_movements where account_id = '{}' and month = date '2024-02-01'"
    )
    scenario.expect(
        "a flat contract in euros moves by exchange rates alone",
        query.format(euro),
        (100 * eur[0], 0, 0, 100 * (eur[1] - eur[0]), 100 * eur[1], "fx"),
    )
    scenario.expect(
        "growth in yen is expansion at the new rate, the rest is exchange rates",
        query.format(yen),
        (10_000 * jpy[0], 2_000 * jpy[1], 0, 10_000 * (jpy[1] - jpy[0]), 12_000 * jpy[1], "expansion"),
    )
    scenario.expect(
        "currencies of one account are converted before its movement is classified",
        query.format(both),
        (
            100 * eur[0] + 10_000 * jpy[0],
            0,
            0,
            100 * (eur[1] - eur[0]) + 10_000 * (jpy[1] - jpy[0]),
            100 * eur[1] + 10_000 * jpy[1],
            "fx",
        ),
    )
    leaves = scenario.account("leaves")
    scenario.subscription(leaves, "1", "2024-01-01", "2024-02-20", currency="EUR")
    scenario.expect(
        "an account that leaves loses what it opened with, and exchange rates have no part in it",
        "select opening_mrr, churned_mrr, fx_mrr, closing_mrr, movement "
        f"from marts.fct_mrr_movements where account_id = '{leaves}' and month = date '2024-02-01'",
        (100 * eur[0], 100 * eur[0], 0, 0, "churn"),
    )
    swaps = scenario.account("swaps")
    scenario.subscription(swaps, "1", "2024-01-01", amount="33.35", currency="EUR")
    first = scenario.subscription(swaps, "2", "2024-01-01", "2024-02-29", amount="60.02", currency="EUR")
    scenario.subscription(
        swaps, "3", "2024-03-01", amount="60.02", currency="EUR", product="addon", renewed_from_id=first
    )
    scenario.expect(
        "a contract in euros that moves to another product at its price moves by exchange rates alone",
        "select expansion_mrr, movement from marts.fct_mrr_movements "
        f"where account_id = '{swaps}' and month = date '2024-03-01'",
        (0, "fx"),
    )
    contract = scenario.account("contract")
    first = scenario.subscription(contract, "1", "2023-02-01", "2024-01-31", currency="EUR")
    scenario.subscription(contract, "2", "2024-02-01", "2025-01-31", currency="EUR", renewed_from_id=first)
    scenario.expect(
        "a renewal at the same price in euros is neither expanded nor contracted",
        "select outcome, due_mrr, renewed_mrr from marts.fct_renewals "
        f"where subscription_id = '{first}' and due_date = date '2024-01-31'",
        ("renewed", 100 * eur[0], 100 * eur[0]),
    )
    return scenario


# -- retention and churn ---------------------------------------------------------------------------------------------


def retention() -> Scenario:
    scenario = Scenario("retention")
    for name, before, after in (("a", "100", "130"), ("b", "200", "150"), ("d", "150", "150")):
        account = scenario.account(name)
        first = scenario.subscription(account, "1", "2024-01-01", "2024-03-14", amount=before)
        scenario.subscription(account, "2", "2024-03-15", amount=after, renewed_from_id=first)
    scenario.subscription(scenario.account("c"), "1", "2024-01-01", "2024-03-14", amount="50")
    scenario.subscription(scenario.account("e"), "1", "2024-03-20", amount="80")
    for month, window in (("2024-03", 1), ("2025-02", 12)):
        scenario.expect(
            f"A 100→130, B 200→150, C 50→0, D 150→150, E new: 86 %, 80 %, 75 % over {window} months",
            "select starting_accounts, retained_accounts, starting_mrr, gross_retained_mrr, net_retained_mrr, "
            "net_revenue_retention, gross_revenue_retention, logo_retention_rate from marts.retention_monthly "
            f"where dimension = 'segment' and dimension_value = 'retention' and month = date '{month}-01' "
            f"and window_months = {window}",
            (4, 3, 500, 400, 430, 0.86, 0.80, 0.75),
        )
    return scenario


def left_and_came_back() -> Scenario:
    scenario = Scenario("comeback")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-01", "2024-04-30")
    scenario.subscription(account, "2", "2024-08-10", amount="70")
    scenario.expect(
        "an account that left and came back inside the window counts by its end",
        "select starting_accounts, retained_accounts, gross_retained_mrr, net_retained_mrr "
        "from marts.retention_monthly where dimension = 'segment' and dimension_value = 'comeback' "
        "and month = date '2025-01-01' and window_months = 12",
        (1, 1, 70, 70),
    )
    scenario.expect_churn(
        "a win-back says when the account returned, and the churn stays",
        account,
        ("2024-05-01", 100, 4, "unknown", True, "2024-08-10"),
    )
    scenario.expect_movements(
        "a win-back is reactivation",
        account,
        ("2024-01", "new", 100),
        ("2024-05", "churn", 0),
        ("2024-08", "reactivation", 70),
    )
    return scenario


def won_back_after_a_year() -> Scenario:
    scenario = Scenario("wonback")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2023-01-01", "2023-02-28")
    scenario.subscription(account, "2", "2024-05-10", amount="70")
    scenario.expect_movements(
        "a win-back after more than a year is reactivation and not new",
        account,
        ("2023-01", "new", 100),
        ("2023-03", "churn", 0),
        ("2024-05", "reactivation", 70),
    )
    scenario.expect_churn(
        "a churn says when the account returned, however long after",
        account,
        ("2023-03-01", 100, 2, "unknown", True, "2024-05-10"),
    )
    scenario.expect(
        "an account that was away when the window of a year opened is not in it",
        "select cast(min(month) as varchar), cast(max(month) as varchar), sum(retained_accounts) "
        "from marts.retention_monthly where dimension = 'segment' and dimension_value = 'wonback' "
        "and window_months = 12 and month < date '2025-05-01'",
        ("2024-01-01", "2024-02-01", 0),
    )
    return scenario


def churn_rates() -> Scenario:
    scenario = Scenario("churnrates")
    scenario.subscription(scenario.account("leaves"), "1", "2024-01-01", "2024-03-14", amount="10")
    for name, before, after in (("less", "30", "20"), ("more", "20", "30"), ("same", "40", "40")):
        account = scenario.account(name)
        first = scenario.subscription(account, "1", "2024-01-01", "2024-03-14", amount=before)
        scenario.subscription(account, "2", "2024-03-15", amount=after, renewed_from_id=first)
    scenario.expect(
        "opening 100, churn 10, contraction 10, expansion 10: gross 20 %, net 10 %",
        "select starting_accounts, churned_accounts, starting_mrr, churned_mrr, contraction_mrr, expansion_mrr, "
        "reactivation_mrr, logo_churn_rate, gross_mrr_churn_rate, net_mrr_churn_rate from marts.churn_monthly "
        "where dimension = 'segment' and dimension_value = 'churnrates' and month = date '2024-03-01'",
        (4, 1, 100, 10, 10, 10, 0, 0.25, 0.20, 0.10),
    )
    return scenario


def moving_between_segments() -> Scenario:
    scenario = Scenario("moving")
    account = scenario.account("a")
    scenario.account("a", updated_at="2024-03-10T09:00:00Z", segment="moved")
    scenario.subscription(account, "1", "2024-01-01", "2024-04-20")
    scenario.expect(
        "an account counts under the segment that it had when the window opened",
        "select cast(month as varchar), dimension_value, retained_accounts from marts.retention_monthly "
        "where dimension = 'segment' and dimension_value in ('moving', 'moved') and window_months = 1 "
        "order by month",
        ("2024-02-01", "moving", 1),
        ("2024-03-01", "moving", 1),
        ("2024-04-01", "moved", 0),
    )
    scenario.expect(
        "a churn carries the segment of the last day of service",
        f"select segment from marts.fct_churn where account_id = '{account}'",
        ("moved",),
    )
    return scenario


def cohorts() -> Scenario:
    scenario = Scenario("cohort")
    grows = scenario.account("grows")
    first = scenario.subscription(grows, "1", "2021-03-05", "2021-05-09")
    scenario.subscription(grows, "2", "2021-05-10", amount="150", renewed_from_id=first)
    scenario.subscription(scenario.account("leaves"), "1", "2021-03-20", "2021-05-31")
    scenario.expect(
        "a cohort is the accounts of one start month, compared with what they paid at its end",
        "select months_since_start, cohort_accounts, retained_accounts, cohort_mrr, gross_retained_mrr, "
        "net_retained_mrr from marts.retention_cohorts "
        "where cohort_month = date '2021-03-01' and months_since_start in (0, 2, 3, 51) "
        "order by months_since_start",
        (0, 2, 2, 200, 200, 200),
        (2, 2, 2, 200, 200, 250),
        (3, 2, 1, 200, 100, 150),
        (51, 2, 1, 200, 100, 150),
    )
    return scenario


def reasons() -> Scenario:
    scenario = Scenario("reasons")
    for name, reason in (("pays", "payment failure"), ("price", "price"), ("other", "moon phase")):
        scenario.subscription(
            scenario.account(name),
            "1",
            "2023-01-31",
            cancelled_at="2024-02-10T15:00:00Z",
            notice_days="19",
            cancel_reason=reason,
        )
    scenario.expect(
        "churn is voluntary unless the reason says otherwise, and dated at the end of service, not at the notice",
        "select account_id, cast(churned_on as varchar), churn_reason, is_voluntary, tenure_months "
        "from marts.fct_churn where segment = 'reasons' order by account_id",
        ("reasons-other", "2024-03-01", "moon phase", True, 13),
        ("reasons-pays", "2024-03-01", "payment failure", False, 13),
        ("reasons-price", "2024-03-01", "price", True, 13),
    )
    return scenario


def survival() -> Scenario:
    scenario = Scenario("survival")
    scenario.subscription(scenario.account("a"), "1", "2025-01-15", "2025-01-31")
    scenario.subscription(scenario.account("b"), "1", "2025-05-16")
    returns = scenario.account("c")
    scenario.subscription(returns, "1", "2025-01-15", "2025-03-14")
    scenario.subscription(returns, "2", "2025-05-01")
    scenario.subscription(scenario.account("d"), "1", "2025-03-01")
    scenario.subscription(scenario.account("e"), "1", "2025-01-31", "2025-02-27")
    # Tenure runs to the first day out of service or to 16 June: a 0, b 1 and there, c 2, d 3 and there, e 1.
    scenario.expect(
        "survival falls by the share of those at risk who leave, those last seen in a month being at risk in it",
        "select tenure_month, at_risk, churned, censored, survival, std_error from marts.churn_survival "
        "where dimension = 'segment' and dimension_value = 'survival' order by tenure_month",
        (0, 5, 1, 0, 0.8, 0.8 * (1 / 20) ** 0.5),
        (1, 4, 1, 1, 0.6, 0.6 * (1 / 20 + 1 / 12) ** 0.5),
        (2, 2, 1, 0, 0.3, 0.3 * (1 / 20 + 1 / 12 + 1 / 2) ** 0.5),
        (3, 1, 0, 1, 0.3, 0.3 * (1 / 20 + 1 / 12 + 1 / 2) ** 0.5),
    )
    return scenario


# -- terms and renewals ----------------------------------------------------------------------------------------------


def renewal_signed_late() -> Scenario:
    scenario = Scenario("signed")
    january = scenario.account("january")
    first = scenario.subscription(january, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(january, "2", "2024-02-01", "2025-01-31", renewed_from_id=first)
    scenario.renewal_opportunity(january, first, "2024-02-12", "won")
    february = scenario.account("february")
    first = scenario.subscription(february, "1", "2023-03-01", "2024-02-29")
    scenario.subscription(february, "2", "2024-03-01", "2025-02-28", renewed_from_id=first)
    scenario.expect(
        "two contracts of 100 due in January and February, January's signed in February: 100 % and 100 %",
        "select cast(month as varchar), due_count, renewed_count, pending_count, due_arr, gross_renewed_arr, "
        "net_renewed_arr, renewal_rate_count, renewal_rate_gross, renewal_rate_net from marts.renewal_rates_monthly "
        "where dimension = 'segment' and dimension_value = 'signed' and month < date '2024-06-01' order by month",
        ("2024-01-01", 1, 1, 0, 1200, 1200, 1200, 1, 1, 1),
        ("2024-02-01", 1, 1, 0, 1200, 1200, 1200, 1, 1, 1),
    )
    scenario.expect_renewals(
        "a late signature is restated into the month it was due",
        january,
        ("1", "2024-01-31", "renewed", "2024-02-12", 100, "late"),
        ("2", "2025-01-31", "churned", "2025-01-31", 0, "on_time"),
    )
    return scenario


def renewal_timing() -> Scenario:
    scenario = Scenario("timing")
    for name, signed, timing in (
        ("early", "2024-01-30", "early"),
        ("theday", "2024-01-31", "on_time"),
        ("nextday", "2024-02-01", "on_time"),
        ("late", "2024-02-02", "late"),
    ):
        account = scenario.account(name)
        first = scenario.subscription(account, "1", "2023-02-01", "2024-01-31")
        scenario.subscription(account, "2", "2024-02-01", amount="110", renewed_from_id=first)
        scenario.renewal_opportunity(account, first, signed, "won")
        scenario.expect_renewals(
            f"a renewal signed on {signed} for 2024-01-31 is {timing}",
            account,
            ("1", "2024-01-31", "expanded", signed, 110, timing),
        )
    scenario.expect(
        "whenever they are signed, renewals count in the month they were due",
        "select cast(month as varchar), due_count, renewed_count from marts.renewal_rates_monthly "
        "where dimension = 'segment' and dimension_value = 'timing' and month <= date '2024-06-01'",
        ("2024-01-01", 5, 5),
    )
    unsigned = scenario.account("unsigned")
    first = scenario.subscription(unsigned, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(unsigned, "2", "2024-02-10", amount="90", renewed_from_id=first)
    scenario.expect_renewals(
        "without an opportunity a renewal is decided when the successor starts",
        unsigned,
        ("1", "2024-01-31", "contracted", "2024-02-10", 90, "late"),
    )
    scenario.expect_churn("a gap of days between two contracts is not churn", unsigned)
    return scenario


def merged_contracts() -> Scenario:
    scenario = Scenario("merged")
    for name, amount, named, other in (
        ("ample", "170", ("expanded", 110), ("renewed", 60)),
        ("exact", "160", ("renewed", 100), ("renewed", 60)),
        ("scant", "130", ("renewed", 100), ("contracted", 30)),
        ("none", "95", ("contracted", 95), ("churned", 0)),
    ):
        account = scenario.account(name)
        first = scenario.subscription(account, "1", "2023-02-01", "2024-01-31")
        scenario.subscription(account, "2", "2023-02-15", "2024-02-14", amount="60", product="addon")
        scenario.subscription(account, "3", "2024-02-01", "2026-01-31", amount=amount, renewed_from_id=first)
        decided = "2024-02-14" if other[0] == "churned" else "2024-02-01"
        scenario.expect_renewals(
            f"contracts of 100 and 60 that become one of {amount} are matched by value",
            account,
            ("1", "2024-01-31", named[0], "2024-02-01", named[1], "on_time"),
            ("2", "2024-02-14", other[0], decided, other[1], "on_time" if other[0] == "churned" else "early"),
            ("3", "2026-01-31", "pending", None, None, None),
        )
    lost = scenario.account("lost")
    first = scenario.subscription(lost, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(lost, "2", "2023-02-01", "2024-01-31", amount="60", cancel_reason="price", product="addon")
    scenario.subscription(lost, "3", "2024-02-01", "2026-01-31", amount="170", renewed_from_id=first)
    scenario.expect_renewals(
        "a contract left for a reason was lost, whatever another one gained",
        lost,
        ("1", "2024-01-31", "expanded", "2024-02-01", 170, "on_time"),
        ("2", "2024-01-31", "churned", "2024-01-31", 0, "on_time"),
        ("3", "2026-01-31", "pending", None, None, None),
    )
    far = scenario.account("far")
    first = scenario.subscription(far, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(far, "2", "2022-12-31", "2023-12-30", amount="60", product="addon")
    scenario.subscription(far, "3", "2024-02-01", "2026-01-31", amount="170", renewed_from_id=first)
    scenario.expect_renewals(
        "a contract that ended more than 31 days before the successor started is not matched",
        far,
        ("2", "2023-12-30", "churned", "2023-12-30", 0, "on_time"),
        ("1", "2024-01-31", "expanded", "2024-02-01", 170, "on_time"),
        ("3", "2026-01-31", "pending", None, None, None),
    )
    queue = scenario.account("queue")
    first = scenario.subscription(queue, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(queue, "2", "2023-02-01", "2024-01-31", amount="60", product="addon")
    scenario.subscription(queue, "3", "2023-01-25", "2024-01-24", amount="50", product="extra")
    scenario.subscription(queue, "4", "2024-02-01", "2026-01-31", amount="180", renewed_from_id=first)
    scenario.expect_renewals(
        "what a successor is worth goes to the contract it names, then to the others in order of due date",
        queue,
        ("3", "2024-01-24", "renewed", "2024-02-01", 50, "late"),
        ("1", "2024-01-31", "renewed", "2024-02-01", 100, "on_time"),
        ("2", "2024-01-31", "contracted", "2024-02-01", 30, "on_time"),
        ("4", "2026-01-31", "pending", None, None, None),
    )
    return scenario


def upgraded_for_a_month() -> Scenario:
    scenario = Scenario("oncemore")
    account = scenario.account("a")
    first = scenario.subscription(account, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(account, "2", "2024-02-01", "2024-02-29", amount="150", renewed_from_id=first)
    scenario.expect_renewals(
        "a successor that ends within days is lost, and not merged into itself",
        account,
        ("1", "2024-01-31", "expanded", "2024-02-01", 150, "on_time"),
        ("2", "2024-02-29", "churned", "2024-02-29", 0, "on_time"),
    )
    return scenario


def split_contract() -> Scenario:
    scenario = Scenario("split")
    account = scenario.account("a")
    first = scenario.subscription(account, "1", "2023-02-01", "2024-01-31")
    scenario.subscription(account, "2", "2024-02-01", amount="60", renewed_from_id=first)
    scenario.subscription(account, "3", "2024-02-01", amount="50", renewed_from_id=first, product="addon")
    scenario.expect_renewals(
        "one contract that becomes several is renewed by their sum",
        account,
        ("1", "2024-01-31", "expanded", "2024-02-01", 110, "on_time"),
    )
    return scenario


def auto_renewal() -> Scenario:
    scenario = Scenario("auto")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2022-05-01", "2023-04-30", auto_renew="true")
    scenario.expect_renewals(
        "a term that renews by itself is due every time it ends, and renewed",
        account,
        ("1", "2023-04-30", "renewed", "2023-04-30", 100, "on_time"),
        ("1", "2024-04-30", "renewed", "2024-04-30", 100, "on_time"),
        ("1", "2025-04-30", "renewed", "2025-04-30", 100, "on_time"),
        ("1", "2026-04-30", "pending", None, None, None),
    )
    noticed = scenario.account("noticed")
    scenario.subscription(
        noticed,
        "1",
        "2022-05-01",
        "2023-04-30",
        auto_renew="true",
        cancelled_at="2024-09-10T08:00:00Z",
        cancel_reason="price",
    )
    scenario.expect_renewals(
        "notice ends the term in which it is given",
        noticed,
        ("1", "2023-04-30", "renewed", "2023-04-30", 100, "on_time"),
        ("1", "2024-04-30", "renewed", "2024-04-30", 100, "on_time"),
        ("1", "2025-04-30", "churned", "2024-09-10", 0, "early"),
    )
    scenario.expect_churn(
        "notice is not churn before the service ends", noticed, ("2025-05-01", 100, 36, "price", True, None)
    )
    first_term = scenario.account("first")
    scenario.subscription(
        first_term, "1", "2024-07-01", "2025-06-30", auto_renew="true", cancelled_at="2025-05-02T08:00:00Z"
    )
    scenario.expect_renewals(
        "notice for a term that still runs is decided already",
        first_term,
        ("1", "2025-06-30", "churned", "2025-05-02", 0, "early"),
    )
    scenario.expect_churn("an account under notice is still in service", first_term)
    monthly = scenario.account("monthly")
    scenario.subscription(monthly, "1", "2025-01-31", "2025-02-27", auto_renew="true")
    scenario.expect(
        "a monthly term repeats by calendar months, whatever day it starts on",
        "select cast(due_date as varchar), outcome from marts.fct_renewals "
        f"where account_id = '{monthly}' order by due_date",
        ("2025-02-27", "renewed"),
        ("2025-03-30", "renewed"),
        ("2025-04-29", "renewed"),
        ("2025-05-30", "renewed"),
        ("2025-06-29", "pending"),
    )
    replaced = scenario.account("replaced")
    first = scenario.subscription(replaced, "1", "2022-05-01", "2023-04-30", auto_renew="true")
    scenario.subscription(replaced, "2", "2024-05-01", "2026-04-30", amount="130", renewed_from_id=first)
    scenario.expect_renewals(
        "a successor ends the repetition",
        replaced,
        ("1", "2023-04-30", "renewed", "2023-04-30", 100, "on_time"),
        ("1", "2024-04-30", "expanded", "2024-05-01", 130, "on_time"),
        ("2", "2026-04-30", "pending", None, None, None),
    )
    late = scenario.account("late")
    first = scenario.subscription(late, "1", "2023-02-01", "2024-01-31", auto_renew="true")
    scenario.subscription(late, "2", "2024-02-10", "2026-02-09", amount="130", renewed_from_id=first)
    scenario.expect_renewals(
        "a successor signed days after a term rolled over renews that term, late",
        late,
        ("1", "2024-01-31", "expanded", "2024-02-10", 130, "late"),
        ("2", "2026-02-09", "pending", None, None, None),
    )
    return scenario


def term_lengths() -> Scenario:
    scenario = Scenario("terms")
    years = scenario.account("years")
    scenario.subscription(years, "1", "2021-07-01", "2024-06-30", billing_period="year", amount="1200")
    scenario.expect_renewals(
        "a contract of three years is due once, at its end",
        years,
        ("1", "2024-06-30", "churned", "2024-06-30", 0, "on_time"),
    )
    before = scenario.account("before")
    scenario.subscription(before, "1", "2024-01-01", "2024-12-31", ended_at="2024-05-20")
    scenario.expect_renewals(
        "a contract broken off is lost at its due date and decided when it ended",
        before,
        ("1", "2024-12-31", "churned", "2024-05-20", 0, "early"),
    )
    scenario.expect_churn(
        "service that ends before the term ends it", before, ("2024-05-21", 100, 4, "unknown", True, None)
    )
    after = scenario.account("after")
    scenario.subscription(after, "1", "2024-01-01", "2024-06-30", ended_at="2024-08-15")
    scenario.expect_renewals(
        "a contract that runs on for a while without renewal is lost",
        after,
        ("1", "2024-06-30", "churned", "2024-08-15", 0, "late"),
    )
    scenario.expect_movements(
        "service that ends after the term counts until it ends",
        after,
        ("2024-01", "new", 100),
        ("2024-08", "churn", 0),
    )
    last_day = scenario.account("lastday")
    scenario.subscription(last_day, "1", "2024-01-01", "2024-03-31")
    scenario.expect_movements(
        "the last day of a term is a day in service",
        last_day,
        ("2024-01", "new", 100),
        ("2024-04", "churn", 0),
    )
    open_ended = scenario.account("open")
    scenario.subscription(open_ended, "1", "2024-01-01", cancelled_at="2024-09-10T10:00:00Z", notice_days="30")
    scenario.expect_renewals("an open-ended subscription is never due", open_ended)
    scenario.expect_churn(
        "an open-ended subscription ends when its notice period does",
        open_ended,
        ("2024-10-11", 100, 9, "unknown", True, None),
    )
    return scenario


def back_dated() -> Scenario:
    scenario = Scenario("backdated")
    account = scenario.account("a")
    scenario.subscription(account, "1", "2024-01-15", updated_at="2024-03-20T10:00:00Z")
    scenario.expect_movements(
        "a subscription entered in March for January counts from January", account, ("2024-01", "new", 100)
    )
    return scenario


def amendments() -> Scenario:
    scenario = Scenario("amended")
    account = scenario.account("a")
    first = scenario.subscription(account, "1", "2023-02-01", "2024-01-31")
    second = scenario.subscription(account, "2", "2023-08-01", "2024-01-31", amount="140", renewed_from_id=first)
    scenario.subscription(account, "3", "2024-02-01", "2026-01-31", amount="140", renewed_from_id=second)
    scenario.expect_renewals(
        "an amendment that ends with its contract is due with it, once",
        account,
        ("2", "2024-01-31", "renewed", "2024-02-01", 140, "on_time"),
        ("3", "2026-01-31", "pending", None, None, None),
    )
    return scenario


def pending() -> Scenario:
    scenario = Scenario("pending")
    future = scenario.account("future")
    scenario.subscription(future, "1", "2024-07-01", "2025-06-30")
    scenario.expect_renewals("what is due later is open", future, ("1", "2025-06-30", "pending", None, None, None))
    talks = scenario.account("talks")
    first = scenario.subscription(talks, "1", "2024-05-01", "2025-04-30")
    scenario.renewal_opportunity(talks, first, "2025-07-31", "open")
    scenario.expect_renewals(
        "what is past due and still negotiated is open", talks, ("1", "2025-04-30", "pending", None, None, None)
    )
    lost = scenario.account("lost")
    first = scenario.subscription(lost, "1", "2024-05-01", "2025-04-30")
    scenario.renewal_opportunity(lost, first, "2025-04-02", "lost")
    scenario.expect_renewals(
        "a lost opportunity decides", lost, ("1", "2025-04-30", "churned", "2025-04-02", 0, "early")
    )
    signed = scenario.account("signed")
    first = scenario.subscription(signed, "1", "2024-07-01", "2025-06-30")
    scenario.subscription(signed, "2", "2025-07-01", "2026-06-30", amount="120", renewed_from_id=first)
    scenario.expect_renewals(
        "a successor that has not started leaves the contract open, without a signature",
        signed,
        ("1", "2025-06-30", "pending", None, None, None),
    )
    scenario.expect(
        "open renewals are in neither side of a rate",
        "select cast(month as varchar), due_count, renewed_count, pending_count, renewal_rate_count "
        "from marts.renewal_rates_monthly where dimension = 'segment' and dimension_value = 'pending' order by month",
        ("2025-04-01", 1, 0, 1, 0.0),
        ("2025-06-01", 0, 0, 2, None),
    )
    return scenario


# -- lifetime value --------------------------------------------------------------------------------------------------


def lifetime_value() -> Scenario:
    scenario = Scenario("value")
    for number in range(9):
        scenario.subscription(scenario.account(f"stays{number}"), "1", "2024-01-01")
    scenario.subscription(scenario.account("leaves"), "1", "2024-01-01", "2024-11-30")
    # Twelve complete months to May 2025: ten accounts open June to December, nine the five months after, one leaves.
    scenario.expect(
        "simple lifetime value is the monthly margin over the segment's monthly churn of twelve complete months; an "
        "open-ended contract has no renewals to expect, and one that is over has nothing to come",
        "select account_id, historic_revenue, historic_margin, simple_ltv, simple_ltv_to_cac, acquisition_cost, method, "
        "expected_remaining_value, lifetime_value, ltv_to_cac from marts.account_lifetime_value "
        "where account_id in ('value-stays0', 'value-leaves') order by account_id",
        ("value-leaves", 1100, 825, 0, 0, 4000, "historic", 0, 825, 825 / 4000),
        ("value-stays0", 1700, 1275, 75 * 115, 75 * 115 / 4000, 4000, "simple", None, None, None),
    )
    scenario.expect(
        "there is no simple lifetime value where nobody leaves",
        "select simple_ltv from marts.account_lifetime_value where account_id = 'normal-m000'",
        (None,),
    )
    return scenario


# -- groups of accounts ----------------------------------------------------------------------------------------------


def groups() -> Scenario:
    scenario = Scenario("groups")
    mother = scenario.account("mother", region="groups-m")
    one = scenario.account("one", parent_account_id=mother, region="groups-m")
    two = scenario.account("two", parent_account_id=mother, region="groups-m")
    scenario.subscription(mother, "1", "2024-01-01", amount="50")
    scenario.subscription(one, "1", "2024-02-01", "2024-04-30")
    scenario.subscription(two, "1", "2024-05-01", "2024-08-31")
    query = (
        "select strftime(month, '%Y-%m'), movement, opening_mrr, closing_mrr, opening_accounts, closing_accounts "
        "from marts.fct_parent_mrr_movements where ultimate_parent_account_id = '{}' and movement <> 'none' "
        "and is_complete order by month"
    )
    scenario.expect(
        "a contract that moves from one daughter to another moves nothing, and a daughter that leaves is contraction",
        query.format(mother),
        ("2024-01", "new", 0, 50, 0, 1),
        ("2024-02", "expansion", 50, 150, 1, 2),
        ("2024-09", "contraction", 150, 50, 2, 1),
    )
    scenario.expect_movements("the daughter herself has churned", one, ("2024-02", "new", 100), ("2024-05", "churn", 0))
    scenario.expect(
        "a group is retained where its accounts are not",
        "select 'accounts', starting_accounts, retained_accounts, starting_mrr, gross_retained_mrr, net_retained_mrr "
        "from marts.retention_monthly where dimension_value = 'groups-m' and month = date '2024-05-01' "
        "and window_months = 1 union all "
        "select 'parents', starting_parents, retained_parents, starting_mrr, gross_retained_mrr, net_retained_mrr "
        "from marts.parent_retention_monthly where dimension_value = 'groups-m' and month = date '2024-05-01' "
        "and window_months = 1 order by 1",
        ("accounts", 2, 1, 150, 50, 50),
        ("parents", 1, 1, 150, 150, 150),
    )
    holding = scenario.account("holding")
    bought = scenario.account("bought")
    scenario.account("bought", updated_at="2024-07-01T00:00:00Z", parent_account_id=holding)
    scenario.subscription(bought, "1", "2024-01-01", amount="30")
    scenario.expect(
        "an account that changed owners counts with its present one in all months, also when the owner buys nothing",
        query.format(holding),
        ("2024-01", "new", 0, 30, 0, 1),
    )
    first = scenario.account("circle1", parent_account_id="groups-circle2")
    second = scenario.account("circle2", parent_account_id="groups-circle1")
    orphan = scenario.account("orphan", parent_account_id="groups-nobody")
    for account in (first, second, orphan):
        scenario.subscription(account, "1", "2024-01-01", amount="10")
        scenario.expect(
            f"{account} has no parent above it and is a group of its own",
            query.format(account),
            ("2024-01", "new", 0, 10, 0, 1),
        )
    euro = scenario.account("euro")
    before = scenario.account("euro1", parent_account_id=euro)
    after = scenario.account("euro2", parent_account_id=euro)
    scenario.subscription(before, "1", "2024-01-01", "2024-03-31", currency="EUR")
    scenario.subscription(after, "1", "2024-04-01", currency="EUR")
    march, april = rate("EUR", "2024-03"), rate("EUR", "2024-04")
    scenario.expect(
        "of a contract in euros that moves to a sister, exchange rates are all that moves",
        "select opening_mrr, new_mrr, churned_mrr, expansion_mrr, contraction_mrr, fx_mrr, closing_mrr, movement "
        f"from marts.fct_parent_mrr_movements where ultimate_parent_account_id = '{euro}' "
        "and month = date '2024-04-01'",
        (100 * march, 0, 0, 0, 0, 100 * (april - march), 100 * april, "fx"),
    )
    return scenario


def open_renewals() -> Scenario:
    scenario = Scenario("forecast")
    terms = {
        "past_notice": {"end": "2025-07-14", "auto_renew": "true", "notice_days": "30"},
        "last_day": {"end": "2025-07-15", "auto_renew": "true", "notice_days": "30"},
        "to_sign": {"end": "2025-09-30", "notice_days": "30"},
        "negotiated": {"end": "2025-06-10"},
        "noticed": {"end": "2025-08-31", "auto_renew": "true", "cancelled_at": "2025-06-15T09:00:00Z"},
    }
    account = scenario.account("a")
    for name, columns in terms.items():
        scenario.subscription(account, name, "2024-08-01", **columns)
    scenario.renewal_opportunity(account, "forecast-a-negotiated", "2025-07-31", "open")
    scenario.expect(
        "open renewals are forecast, with the last day on which notice can still be given",
        "select substr(subscription_id, 12), cast(due_date as varchar), days_until_due, due_arr, renewal_kind, "
        "cast(notice_deadline as varchar), is_notice_deadline_past, lead_time "
        "from marts.renewal_forecast where account_id = 'forecast-a' order by due_date",
        ("negotiated", "2025-06-10", -5, 1200, "to_sign", None, None, "past_due"),
        ("past_notice", "2025-07-14", 29, 1200, "automatic_past_notice", "2025-06-14", True, "within_30_days"),
        ("last_day", "2025-07-15", 30, 1200, "automatic", "2025-06-15", False, "within_30_days"),
        ("to_sign", "2025-09-30", 107, 1200, "to_sign", None, None, "within_180_days"),
    )
    scenario.expect(
        "what is expected of them is what is due times a probability that is neither 0 nor 1",
        "select count(*), bool_and(abs(expected_arr - due_arr * renewal_probability) < 0.000001), "
        "bool_and(renewal_probability > 0 and renewal_probability < 1) "
        "from marts.renewal_forecast where account_id = 'forecast-a'",
        (4, True, True),
    )
    return scenario


SCENARIOS: tuple[Callable[[], Scenario], ...] = (
    movements_over_a_gap,
    monthly_normalisation,
    billing_periods,
    trial_month,
    several_subscriptions,
    plan_swaps,
    short_gaps,
    overlapping_terms,
    credits,
    exchange_rates,
    retention,
    left_and_came_back,
    won_back_after_a_year,
    churn_rates,
    moving_between_segments,
    cohorts,
    reasons,
    survival,
    renewal_signed_late,
    renewal_timing,
    merged_contracts,
    upgraded_for_a_month,
    split_contract,
    auto_renewal,
    term_lengths,
    back_dated,
    amendments,
    pending,
    lifetime_value,
    groups,
    open_renewals,
)


def write(scenarios: Iterable[Scenario], landing: Path) -> None:
    """Writes the generic extracts of all scenarios: one CSV file per entity."""
    tables: dict[str, tuple[tuple[str, ...], list[Row]]] = {
        "accounts": (ACCOUNT_COLUMNS, []),
        "subscriptions": (SUBSCRIPTION_COLUMNS, []),
        "opportunities": (OPPORTUNITY_COLUMNS, []),
    }
    for scenario in scenarios:
        tables["accounts"][1].extend(scenario.accounts)
        tables["subscriptions"][1].extend(scenario.subscriptions)
        tables["opportunities"][1].extend(scenario.opportunities)
    for name, (columns, rows) in tables.items():
        write_rows(landing / "generic" / name / "golden.csv", rows, columns)

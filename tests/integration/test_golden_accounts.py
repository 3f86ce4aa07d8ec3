"""A company of five customers as generic and Zendesk extracts, with every column of account_360 and every entry of
account_timeline as they follow from it by hand; beside it a small sample company, whose account_360 is made once more in Python.

Health, churn risk, forecasts and lifetime value are proven where they are made: here they must be those of their own tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from tests.conftest import Company, write_rows, write_sample
from tests.integration.built import build
from tests.integration.recompute_accounts import Accounts, same

AS_OF = "2024-06-30"  # a Sunday

Row = dict[str, object]

# acme has everything, bolt left and came back, crisp left for good, dorm is only a row of the CRM, and of organization 990001
# only the help desk knows. What lies after the as-of date, was deleted or was merged must not show.
ROWS: dict[str, list[Row]] = {
    "accounts": [
        {
            "account_id": "acme", "account_name": "Acme", "customer_type": "business", "segment": "Enterprise",
            "industry": "Retail", "region": "EMEA", "country": "DE", "owner_id": "ann", "support_plan": "premium",
            "service_process": "retail",
        },
        {"account_id": "bolt", "account_name": "Bolt", "segment": "SMB", "owner_id": "nobody known", "parent_account_id": "acme"},
        {"account_id": "crisp", "account_name": "Crisp", "segment": "SMB"},
        {"account_id": "dorm", "account_name": "Dorm"},
        {"account_id": "erased", "account_name": "Erased", "is_deleted": "true"},
    ],
    "agents": [{"agent_id": "ann", "full_name": "Ann Lee", "is_bot": "false"}],
    "subscriptions": [
        {
            "subscription_id": "ledger-1", "account_id": "acme", "product": "Ledger", "plan": "pro", "amount": 24000,
            "start_date": "2023-01-01", "end_date": "2023-12-31", "billing_period": "year", "seats": 20,
        },
        {
            "subscription_id": "ledger-2", "account_id": "acme", "product": "Ledger", "plan": "pro", "amount": 26400,
            "start_date": "2024-01-01", "end_date": "2024-12-31", "billing_period": "year", "seats": 25,
            "renewed_from_id": "ledger-1",
        },
        {
            "subscription_id": "payroll", "account_id": "acme", "product": "Payroll", "amount": 300, "currency": "EUR",
            "start_date": "2024-01-15", "end_date": "2024-02-14", "billing_period": "month", "auto_renew": "true",
            "notice_days": 10, "seats": 1,
        },
        {
            "subscription_id": "trial", "account_id": "acme", "product": "Tax", "amount": 0, "is_trial": "true",
            "start_date": "2024-06-20", "end_date": "2024-07-19", "seats": 50,
        },
        {
            "subscription_id": "later", "account_id": "acme", "product": "Bank", "amount": 100, "start_date": "2024-07-01",
        },
        {
            "subscription_id": "bolt-1", "account_id": "bolt", "product": "Ledger", "amount": 100, "start_date": "2023-01-01",
            "cancelled_at": "2023-06-15T12:00:00Z", "ended_at": "2023-06-30", "cancel_reason": "Too Expensive",
        },
        {"subscription_id": "bolt-2", "account_id": "bolt", "product": "Ledger", "amount": 120, "start_date": "2023-10-01"},
        {
            "subscription_id": "crisp-1", "account_id": "crisp", "product": "Ledger", "amount": 1200,
            "start_date": "2023-02-01", "end_date": "2024-01-31", "billing_period": "year",
            "ended_at": "2024-01-31", "cancel_reason": "payment failed",
        },
    ],
    "opportunities": [
        {
            "opportunity_id": "renewal", "account_id": "acme", "type": "renewal", "amount": 26400, "subscription_id": "ledger-1",
            "created_at": "2023-11-01T10:00:00Z", "close_date": "2023-12-11", "is_closed": "true", "is_won": "true",
            "name": "Talk to Maria Quaxley",
        },
        {
            "opportunity_id": "open", "account_id": "acme", "type": "expansion", "amount": 1000, "currency": "EUR",
            "created_at": "2024-06-01T10:00:00Z", "close_date": "2024-05-01", "is_closed": "false",
        },
        {
            "opportunity_id": "to close", "account_id": "acme", "type": "expansion", "amount": 500,
            "created_at": "2024-06-01T10:00:00Z", "close_date": "2024-07-05", "is_closed": "true", "is_won": "true",
        },
        {
            "opportunity_id": "lost", "account_id": "acme", "type": "expansion", "amount": 800,
            "created_at": "2024-04-01T10:00:00Z", "close_date": "2024-04-10", "is_closed": "true", "is_won": "false",
        },
    ],
    "orders": [
        # The day twelve months before is not in the last twelve months, the one after it is.
        {"order_id": "a year ago", "account_id": "acme", "ordered_at": "2023-06-30T23:59:59Z", "amount": 500},
        {"order_id": "first", "account_id": "acme", "ordered_at": "2023-07-01T00:00:00Z", "amount": 4200},
        {
            "order_id": "in euros", "account_id": "acme", "ordered_at": "2024-02-10T12:00:00Z", "amount": 1500,
            "currency": "EUR", "status": "Activated",
        },
        {
            "order_id": "taken back", "account_id": "acme", "ordered_at": "2024-05-05T12:00:00Z", "amount": 999,
            "status": "Cancelled",
        },
        {"order_id": "to come", "account_id": "acme", "ordered_at": "2024-07-01T00:00:00Z", "amount": 7},
        {"order_id": "of nobody", "account_id": "erased", "ordered_at": "2024-05-05T12:00:00Z", "amount": 8},
    ],
    "cases": [
        {
            "case_id": "c1", "account_id": "acme", "created_at": "2023-03-01T09:00:00Z", "status": "solved", "channel": "phone",
            "topic": "billing", "solved_at": "2023-03-01T11:00:00Z",
        },
        {
            "case_id": "c2", "account_id": "acme", "created_at": "2024-06-20T10:00:00Z", "status": "open", "channel": "email",
            "topic": "login", "priority": "high", "case_type": "known_limitation", "team": "Front line",
        },
        {
            "case_id": "c3", "account_id": "acme", "created_at": "2024-05-02T09:00:00Z", "status": "solved",
            "channel": "phone", "topic": "billing", "priority": "normal",
        },
        {"case_id": "deleted", "account_id": "acme", "created_at": "2024-05-02T09:00:00Z", "status": "open", "is_deleted": "true"},
        {"case_id": "merged", "account_id": "acme", "created_at": "2024-05-02T09:00:00Z", "status": "open", "topic": "billing"},
        # Ninety days before, which is one too many; opened and solved at once.
        {
            "case_id": "c4", "account_id": "acme", "created_at": "2024-04-01T23:00:00Z", "status": "solved", "channel": "web",
            "topic": "login", "solved_at": "2024-04-01T23:00:00Z",
        },
    ],
    "case_events": [
        {"event_id": "e1", "case_id": "c3", "occurred_at": "2024-05-02T12:30:00Z", "event_type": "status", "to_value": "solved"},
        {"event_id": "e2", "case_id": "c3", "occurred_at": "2024-05-04T09:00:00Z", "event_type": "status", "to_value": "open"},
        {"event_id": "e3", "case_id": "c3", "occurred_at": "2024-05-04T10:00:00Z", "event_type": "status", "to_value": "solved"},
        {"event_id": "e4", "case_id": "merged", "occurred_at": "2024-05-02T10:00:00Z", "event_type": "merged", "to_value": "c3"},
    ],
    "survey_responses": [
        {"response_id": "r1", "survey_type": "nps", "score": 9, "responded_at": "2024-03-01T10:00:00Z"},
        {
            "response_id": "r2", "survey_type": "nps", "score": 6, "responded_at": "2024-06-01T08:00:00Z",
            "comment": "Call me: ann@acme.example",
        },
        {"response_id": "r3", "survey_type": "nps", "score": 10, "responded_at": "2024-07-01T00:00:00Z"},
        {
            "response_id": "r4", "survey_type": "csat", "score": 4, "scale_min": 1, "scale_max": 5, "case_id": "c3",
            "responded_at": "2024-05-04T11:00:00Z",
        },
        {
            "response_id": "r5", "survey_type": "csat", "score": 0, "scale_min": 0, "scale_max": 1,
            "responded_at": "2023-03-02T11:00:00Z",
        },
        {"response_id": "r6", "survey_type": "csat", "score": 11, "scale_min": 1, "scale_max": 5, "responded_at": "2024-06-29"},
        {"response_id": "r7", "survey_type": "ces", "score": 2, "responded_at": "2024-02-01T08:00:00Z"},
        {"response_id": "r8", "survey_type": "quality_review", "score": 5, "scale_max": 100, "responded_at": "2024-06-29"},
        {"response_id": "r9", "survey_type": "nps", "sent_at": "2024-06-28"},
    ],
    "usage": [
        # Thirty-five days before is one too many; a day without a user is no use.
        {"account_id": "acme", "product": "Ledger", "feature": "books", "usage_date": "2024-05-26", "active_users": 99},
        {"account_id": "acme", "product": "Ledger", "feature": "books", "usage_date": "2024-05-27", "active_users": 23},
        {"account_id": "acme", "product": "Ledger", "feature": "books", "usage_date": "2024-06-10", "active_users": 21},
        {"account_id": "acme", "product": "Ledger", "feature": "books", "usage_date": "2024-06-29", "active_users": 0},
    ],
    "interactions": [
        {
            "interaction_id": "i1", "account_id": "acme", "kind": "call", "direction": "outbound", "owner_id": "ann",
            "occurred_at": "2024-06-15T14:00:00Z", "duration_seconds": 1500, "subject": "Maria Quaxley about prices",
        },
        {
            "interaction_id": "i2", "account_id": "acme", "kind": "email", "direction": "inbound",
            "occurred_at": "2024-06-20T09:00:00Z",
        },
        {"interaction_id": "i3", "account_id": "acme", "kind": "meeting", "occurred_at": "2024-07-02T09:00:00Z"},
        {
            "interaction_id": "i4", "account_id": "dorm", "kind": "meeting", "duration_seconds": 7200, "owner_id": "ann",
            "occurred_at": "2024-07-01T00:00:00Z",
        },
    ],
}  # fmt: skip

ORGANIZATION = {
    "id": 990001,
    "name": "Echo",
    "created_at": "2024-06-01T08:00:00Z",
    "updated_at": "2024-06-01T08:00:00Z",
}
TICKET = {
    "id": 990071, "organization_id": 990001, "requester_id": 1, "created_at": "2024-06-29T12:00:00Z", "tags": [],
    "updated_at": "2024-06-29T12:00:00Z", "status": "open", "generated_timestamp": 1719662400, "via": {"channel": "email"},
}  # fmt: skip

# Columns that are taken as they are from a table with a test of its own.
TAKEN_OVER = {
    "health_score", "risk_band", "health_trend", "health_main_driver", "churn_probability", "churn_drivers",
    "next_renewal_probability", "lifetime_value",
}  # fmt: skip

NOTHING: Row = {
    "as_of_date": date(2024, 6, 30), "account_name": None, "ultimate_parent_account_id": None, "customer_type": None,
    "segment": None, "industry": None, "region": None, "country": None, "owner_id": None, "owner_name": None,
    "support_plan": None, "service_process": None, "is_active": False, "customer_since": None, "tenure_months": None,
    "last_churned_on": None, "last_churn_reason": None, "returned_on": None, "current_mrr": 0, "arr": 0, "products": None,
    "seats": None, "active_users": None, "last_used_on": None, "notice_given_on": None, "next_renewal_date": None,
    "next_renewal_arr": None, "next_notice_deadline": None, "overdue_renewals": 0,
    "overdue_renewal_arr": 0, "open_opportunities": 0, "open_opportunity_amount": 0, "orders_last_12_months": 0,
    "order_amount_last_12_months": 0, "open_cases": 0, "oldest_open_case_days": None, "cases_last_90_days": 0,
    "cases_lifetime": 0, "top_case_topic": None, "open_contractual_sla_breaches": 0, "open_internal_sla_breaches": 0,
    "last_interaction_at": None, "last_interaction_kind": None, "last_nps_score": None, "last_nps_at": None,
    "last_csat_score": None, "last_csat_scale_min": None, "last_csat_scale_max": None, "last_csat_at": None,
    "last_unhappy_survey_type": None, "last_unhappy_answer_at": None,
    "cost_to_serve_last_12_months": 0,
}  # fmt: skip

VIEWS: dict[str, Row] = {
    "acme": {
        "account_name": "Acme", "ultimate_parent_account_id": "acme", "customer_type": "business", "segment": "Enterprise",
        "industry": "Retail", "region": "EMEA", "country": "DE", "owner_id": "ann", "owner_name": "Ann Lee",
        "support_plan": "premium", "service_process": "retail", "is_active": True,
        # 2023-01-01 to the day after the as-of date.
        "customer_since": date(2023, 1, 1), "tenure_months": 18,
        # 26,400 / 12 and 300 euros at 1.086428; the trial adds neither money nor seats nor a product.
        "current_mrr": 2525.9284, "arr": 30311.1408, "products": "Ledger, Payroll", "seats": 26, "active_users": 23,
        "last_used_on": date(2024, 6, 10),
        # The month of Payroll that runs ends on 14 July, and notice must come ten days before.
        "next_renewal_date": date(2024, 7, 14), "next_renewal_arr": 3911.1408, "next_notice_deadline": date(2024, 7, 4),
        # 1,000 euros and 500: closed on a day to come is open.
        "open_opportunities": 2, "open_opportunity_amount": 1586.428,
        # 4,200 and 1,500 euros at the rate of February.
        "orders_last_12_months": 2, "order_amount_last_12_months": 5822.007,
        "open_cases": 1, "oldest_open_case_days": 10, "cases_last_90_days": 2, "cases_lifetime": 4, "top_case_topic": "login",
        # First reply and resolution of c2, promised and meant.
        "open_contractual_sla_breaches": 2, "open_internal_sla_breaches": 2,
        "last_interaction_at": datetime(2024, 6, 20, 9), "last_interaction_kind": "email",
        "last_nps_score": 6, "last_nps_at": datetime(2024, 6, 1, 8),
        "last_csat_score": 4, "last_csat_scale_min": 1, "last_csat_scale_max": 5, "last_csat_at": datetime(2024, 5, 4, 11),
        "last_unhappy_survey_type": "nps", "last_unhappy_answer_at": datetime(2024, 6, 1, 8),
        # A call at 55 and two messages at 0.50; the call of March 2023 is too old.
        "cost_to_serve_last_12_months": 56,
    },
    "bolt": {
        "account_name": "Bolt", "ultimate_parent_account_id": "acme", "segment": "SMB", "owner_id": "nobody known",
        "is_active": True, "customer_since": date(2023, 1, 1), "tenure_months": 18, "last_churned_on": date(2023, 7, 1),
        "last_churn_reason": "Too Expensive", "returned_on": date(2023, 10, 1), "current_mrr": 120, "arr": 1440,
        "products": "Ledger",
    },
    "crisp": {
        "account_name": "Crisp", "ultimate_parent_account_id": "crisp", "segment": "SMB", "customer_since": date(2023, 2, 1),
        "tenure_months": 12, "last_churned_on": date(2024, 2, 1), "last_churn_reason": "payment failed",
    },
    "dorm": {"account_name": "Dorm", "ultimate_parent_account_id": "dorm"},
    "zendesk:990001": {
        "account_name": "Echo", "ultimate_parent_account_id": "zendesk:990001", "open_cases": 1, "oldest_open_case_days": 1,
        "cases_last_90_days": 1, "cases_lifetime": 1, "cost_to_serve_last_12_months": 0.5,
    },
}  # fmt: skip

TIMELINES: dict[str, list[tuple[str, str, str, str | None, str]]] = {
    "acme": [
        ("2023-01-01 00:00:00", "subscription_started", "Ledger started",
         "24,000 USD a year; 20 seats; plan pro; term to 2023-12-31", "ledger-1"),
        ("2023-03-01 09:00:00", "case_opened", "Case opened: billing", "by phone", "c1"),
        ("2023-03-01 11:00:00", "case_solved", "Case solved: billing", "2 hours after opening", "c1"),
        ("2023-03-02 11:00:00", "survey_answer", "CSAT 0 on 0–1: dissatisfied", None, "r5"),
        ("2023-06-30 23:59:59", "order_placed", "Order of 500 USD", None, "a year ago"),
        ("2023-07-01 00:00:00", "order_placed", "Order of 4,200 USD", None, "first"),
        ("2023-12-11 00:00:00", "opportunity_won", "Renewal won: 26,400 USD", "after 40 days", "renewal"),
        ("2023-12-11 00:00:00", "renewal_decided", "Renewed for 12 months: 24,000 → 26,400 USD a year",
         "Ledger; due 2023-12-31, decided 20 days before", "ledger-1"),
        ("2024-01-01 00:00:00", "subscription_started", "Ledger goes on under a new contract",
         "26,400 USD a year; 25 seats; plan pro; term to 2024-12-31", "ledger-2"),
        ("2024-01-15 00:00:00", "subscription_started", "Payroll started", "300 EUR a month; 1 seat; term to 2024-02-14",
         "payroll"),
        ("2024-02-01 08:00:00", "survey_answer", "CES 2 on 1–7: hard", None, "r7"),
        ("2024-02-10 12:00:00", "order_placed", "Order of 1,500 EUR", None, "in euros"),
        ("2024-03-01 10:00:00", "survey_answer", "NPS 9 on 0–10: promoter", None, "r1"),
        ("2024-04-01 23:00:00", "case_opened", "Case opened: login", "by web", "c4"),
        ("2024-04-01 23:00:00", "case_solved", "Case solved: login", "less than a minute after opening", "c4"),
        ("2024-04-10 00:00:00", "opportunity_lost", "Expansion lost: 800 USD", "after 9 days", "lost"),
        ("2024-05-02 09:00:00", "case_opened", "Case opened: billing", "normal priority; by phone", "c3"),
        ("2024-05-02 12:30:00", "case_solved", "Case solved: billing", "3 hours after opening", "c3"),
        ("2024-05-04 09:00:00", "case_reopened", "Case reopened: billing", "2 days after opening", "c3"),
        ("2024-05-04 10:00:00", "case_solved", "Case solved: billing", "2 days after opening", "c3"),
        ("2024-05-04 11:00:00", "survey_answer", "CSAT 4 on 1–5: satisfied", None, "r4"),
        ("2024-06-01 08:00:00", "survey_answer", "NPS 6 on 0–10: detractor", "Call me: [removed]", "r2"),
        ("2024-06-15 14:00:00", "interaction", "Call to the customer", "25 minutes; by Ann Lee", "i1"),
        ("2024-06-20 00:00:00", "subscription_started", "Trial of Tax started", "50 seats; term to 2024-07-19", "trial"),
        ("2024-06-20 09:00:00", "interaction", "E-mail from the customer", None, "i2"),
        ("2024-06-20 10:00:00", "case_opened", "Case opened: login",
         "known limitation; high priority; by email; Front line", "c2"),
    ],
    "bolt": [
        ("2023-01-01 00:00:00", "subscription_started", "Ledger started", "100 USD a month", "bolt-1"),
        ("2023-06-15 00:00:00", "notice_given", "Notice given on Ledger",
         "last day of service 2023-06-30; reason: too expensive", "bolt-1"),
        ("2023-07-01 00:00:00", "subscription_ended", "Ledger ended", "last day of service 2023-06-30; reason: too expensive",
         "bolt-1"),
        ("2023-07-01 00:00:00", "customer_left", "Customer left: 100 USD a month lost",
         "after 6 months; reason: too expensive", "bolt"),
        ("2023-10-01 00:00:00", "subscription_started", "Ledger started", "120 USD a month", "bolt-2"),
        ("2023-10-01 00:00:00", "customer_returned", "Customer came back", "after 92 days", "bolt"),
    ],
    "crisp": [
        ("2023-02-01 00:00:00", "subscription_started", "Ledger started", "1,200 USD a year; term to 2024-01-31", "crisp-1"),
        ("2024-01-31 00:00:00", "renewal_decided", "Not renewed: 1,200 USD a year", "Ledger; due 2024-01-31", "crisp-1"),
        ("2024-02-01 00:00:00", "subscription_ended", "Ledger ended",
         "last day of service 2024-01-31; reason: payment failed", "crisp-1"),
        ("2024-02-01 00:00:00", "customer_left", "Customer left: 100 USD a month lost",
         "after 12 months; reason: payment failed; not by choice", "crisp"),
    ],
    "zendesk:990001": [("2024-06-29 12:00:00", "case_opened", "Case opened", "by email", "zendesk:990071")],
}  # fmt: skip


def land(company: Company) -> None:
    for entity, rows in ROWS.items():
        defaults: Row = {"updated_at": "2024-06-30T12:00:00Z"}
        if entity == "survey_responses":
            defaults["account_id"] = "acme"
        if entity == "accounts":
            defaults["created_at"] = "2022-12-01"
        if entity == "subscriptions":
            defaults |= {"currency": "USD", "billing_period": "month", "auto_renew": "false"}
        write_rows(company.landing / "generic" / entity / "rows.csv", [{**defaults, **row} for row in rows])
    company.land("zendesk/organizations/page.json", json.dumps({"organizations": [ORGANIZATION]}))
    company.land("zendesk/tickets/page.json", json.dumps({"tickets": [TICKET]}))


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("accounts"))
    write_sample(company.landing, "--accounts", "100")
    land(company)
    with duckdb.connect(str(build(company, AS_OF, "account_360", "account_timeline")), read_only=True) as connection:
        yield connection


def plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def test_every_account_that_is_not_deleted_has_a_row(golden: duckdb.DuckDBPyConnection) -> None:
    landed = golden.execute("select account_id from marts.account_360 where account_id not like '%:%'").fetchall()
    assert {"erased", *VIEWS} - {row[0] for row in landed} == {"erased", "zendesk:990001"}


@pytest.mark.parametrize("account_id", VIEWS)
def test_golden_view_of_an_account(account_id: str, golden: duckdb.DuckDBPyConnection) -> None:
    cursor = golden.execute("select * exclude (account_id) from marts.account_360 where account_id = ?", [account_id])
    names = [column[0] for column in cursor.description or []]
    (found,) = cursor.fetchall()
    told = {name: plain(value) for name, value in zip(names, found, strict=True) if name not in TAKEN_OVER}
    assert told == {**NOTHING, **VIEWS[account_id]}


def test_recomputed_view_of_every_account(golden: duckdb.DuckDBPyConnection) -> None:
    cursor = golden.execute("select * from marts.account_360")
    names = [column[0] for column in cursor.description or []]
    found = {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in cursor.fetchall()}
    recomputed = Accounts(golden, date.fromisoformat(AS_OF)).all()
    assert found.keys() == recomputed.keys()
    assert [
        f"{account_id}: {name} is {found[account_id][name]}, not {row.get(name)}"
        for account_id, row in recomputed.items()
        for name in row.keys() | found[account_id].keys()
        if not same(found[account_id][name], row[name])
    ] == []
    # The comparison means something only where there is something to compare.
    filled = {name for row in recomputed.values() for name, value in row.items() if value}
    assert filled == set(names[1:]) - {"overdue_renewals", "overdue_renewal_arr", "churn_drivers"}


@pytest.mark.parametrize("account_id", VIEWS)
def test_golden_timeline_of_an_account(account_id: str, golden: duckdb.DuckDBPyConnection) -> None:
    found = golden.execute(
        "select cast(occurred_at as varchar), kind, title, detail, reference_id from marts.account_timeline "
        "where account_id = ? and kind <> 'risk_band_changed' order by account_id, occurred_at, entry_id",
        [account_id],
    ).fetchall()
    assert found == TIMELINES.get(account_id, [])


def test_no_personal_text_is_told(golden: duckdb.DuckDBPyConnection) -> None:
    for table in ("account_360", "account_timeline"):
        text = json.dumps(golden.execute(f"select * from marts.{table}").fetchall(), default=str, ensure_ascii=False)
        assert "Quaxley" not in text, table
        assert "acme.example" not in text, table

"""account_360 once more, customer by customer in plain Python, from the facts that it is taken from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb

Row = dict[str, Any]

USAGE_DAYS = 35  # health_adoption_days
NOT_ORDERED = {"draft", "quote", "cancelled", "canceled", "rejected", "void", "deleted"}
TABLES = {
    "accounts": "marts.dim_accounts", "agents": "marts.dim_agents", "subscriptions": "intermediate.int_subscriptions",
    "churn": "marts.fct_churn", "usage": "intermediate.int_usage_account_days", "health": "marts.fct_account_health",
    "risk": "marts.account_churn_risk", "renewals": "marts.fct_renewals", "forecast": "marts.renewal_forecast",
    "opportunities": "intermediate.int_opportunities", "orders": "intermediate.int_orders",
    "rates": "intermediate.int_exchange_rates_monthly", "cases": "marts.fct_cases", "slas": "marts.fct_case_slas",
    "interactions": "intermediate.int_interactions", "answers": "marts.fct_survey_responses",
    "values": "marts.account_lifetime_value",
}  # fmt: skip


def months_between(first: date, last: date) -> int:
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - (1 if first.day > last.day and (last + timedelta(days=1)).month == last.month else 0)


def a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


class Accounts:
    def __init__(self, database: duckdb.DuckDBPyConnection, as_of: date) -> None:
        self.as_of = as_of
        self.end = datetime.combine(as_of + timedelta(days=1), time())
        self.by_account: dict[str, dict[str, list[Row]]] = {}
        self.rows: dict[str, list[Row]] = {}
        for name, table in TABLES.items():
            cursor = database.execute(f"select * from {table}")
            columns = [column[0] for column in cursor.description or []]
            self.rows[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
            self.by_account[name] = defaultdict(list)
            for row in self.rows[name]:
                self.by_account[name][row.get("account_id")].append(row)
        self.agents = {row["agent_id"]: row["full_name"] for row in self.rows["agents"]}
        self.rates = {(row["month"], row["currency"]): row["rate_to_reporting"] for row in self.rows["rates"]}
        self.expected = {row["subscription_id"]: row for row in self.rows["forecast"]}
        # The twelve months before the running one, or with it where the as-of date ends it.
        last = self.end.date().replace(day=1)
        self.cost_until, self.cost_from = last, last.replace(year=last.year - 1)

    def all(self) -> dict[str, Row]:
        return {row["account_id"]: self.view(row) for row in self.rows["accounts"]}

    def view(self, account: Row) -> Row:
        of: Callable[[str], list[Row]] = lambda name: self.by_account[name][account["account_id"]]  # noqa: E731
        view = {
            name: account[name]
            for name in (
                "account_name", "ultimate_parent_account_id", "customer_type", "segment", "industry", "region", "country",
                "owner_id", "support_plan", "service_process", "is_active", "customer_since", "current_mrr",
            )
        }  # fmt: skip
        view |= {
            "as_of_date": self.as_of,
            "owner_name": self.agents.get(account["owner_id"]),
            "arr": account["current_mrr"] * 12,
        }
        view |= self.service(of("subscriptions"), of("churn"), account)
        view |= self.usage(of("usage"))
        view |= self.standing(of("health"), of("risk"))
        view |= self.commerce(of("renewals"), of("opportunities"), of("orders"))
        view |= self.support(of("cases"), of("slas"))
        view |= self.voice(of("interactions"), of("answers"))
        (value,) = of("values") or [{"lifetime_value": None}]
        return view | {"lifetime_value": value["lifetime_value"]}

    def service(self, subscriptions: list[Row], churn: list[Row], account: Row) -> Row:
        running = [
            row
            for row in subscriptions
            if row["service_start_date"] <= self.as_of
            and (row["service_end_date"] is None or row["service_end_date"] > self.as_of)
            and not row["is_trial"]
        ]
        loss = max(churn, key=lambda row: row["churned_on"], default=None)
        tenure = None
        if loss and not loss["returned_on"]:
            tenure = loss["tenure_months"]
        elif account["customer_since"]:
            tenure = months_between(account["customer_since"], self.end.date())
        seats = [row["seats"] for row in running if row["seats"] is not None]
        return {
            "tenure_months": tenure,
            "last_churned_on": loss and loss["churned_on"],
            "last_churn_reason": loss and loss["churn_reason"],
            "returned_on": loss and loss["returned_on"],
            "products": ", ".join(sorted({row["product"] for row in running if row["product"]})) or None,
            "seats": sum(seats) if seats else None,
            "notice_given_on": min((row["notice_given_on"] for row in running if row["notice_given_on"]), default=None),
        }

    def usage(self, days: list[Row]) -> Row:
        used = [row for row in days if row["active_users"] > 0 and row["usage_date"] <= self.as_of]
        recent = [row["active_users"] for row in used if (self.as_of - row["usage_date"]).days < USAGE_DAYS]
        return {
            "active_users": max(recent, default=None),
            "last_used_on": max((row["usage_date"] for row in used), default=None),
        }

    def standing(self, health: list[Row], risk: list[Row]) -> Row:
        now = next((row for row in health if row["as_of_date"] == self.as_of), {})
        danger = next((row for row in risk if row["as_of_date"] == self.as_of), {})
        return {
            "health_score": now.get("health_score"), "risk_band": now.get("risk_band"), "health_trend": now.get("trend"),
            "health_main_driver": now.get("main_driver"), "churn_probability": danger.get("churn_probability"),
            "churn_drivers": danger.get("top_drivers"),
        }  # fmt: skip

    def commerce(self, renewals: list[Row], opportunities: list[Row], orders: list[Row]) -> Row:
        pending = [row for row in renewals if row["outcome"] == "pending"]
        next_date = min((row["due_date"] for row in pending if row["due_date"] >= self.as_of), default=None)
        due = [row for row in pending if row["due_date"] == next_date]
        forecasts = [self.expected[row["subscription_id"]] for row in due]
        likely = [row["expected_arr"] for row in forecasts if row["expected_arr"] is not None]
        overdue = [row["due_arr"] for row in pending if row["due_date"] < self.as_of]
        still_open = [
            row["amount_reporting"] or 0
            for row in opportunities
            if not row["is_deleted"]
            and (not row["is_closed"] or (row["close_date"] is not None and row["close_date"] > self.as_of))
        ]
        placed = [
            row
            for row in orders
            if not row["is_deleted"]
            and (row["status"] or "") not in NOT_ORDERED
            and row["ordered_at"].date() > a_year_before(self.as_of)
        ]
        return {
            "next_renewal_date": next_date,
            "next_renewal_arr": sum(row["due_arr"] for row in due) if due else None,
            "next_renewal_probability": (
                float(sum(likely)) / float(sum(row["due_arr"] for row in due))
                if due and len(likely) == len(due)
                else None
            ),
            "next_notice_deadline": min(
                (row["notice_deadline"] for row in forecasts if row["notice_deadline"]), default=None
            ),
            "overdue_renewals": len(overdue),
            "overdue_renewal_arr": sum(overdue),
            "open_opportunities": len(still_open),
            "open_opportunity_amount": sum(still_open),
            "orders_last_12_months": len(placed),
            "order_amount_last_12_months": sum(
                (row["amount"] or 0) * self.rates[row["ordered_at"].date().replace(day=1), row["currency"]]
                for row in placed
            ),
        }

    def support(self, cases: list[Row], slas: list[Row]) -> Row:
        counted = [row for row in cases if not row["is_deleted"] and not row["is_merged"]]
        days = {row["case_id"]: (self.as_of - row["created_at"].date()).days for row in counted}
        topics = Counter(
            row["topic"] for row in counted if row["topic"] and row["created_at"].date() > a_year_before(self.as_of)
        )
        late = [row for row in slas if row["is_active"] and row["is_breached"]]
        return {
            "open_cases": sum(row["is_open"] for row in counted),
            "oldest_open_case_days": max((days[row["case_id"]] for row in counted if row["is_open"]), default=None),
            "cases_last_90_days": sum(days[row["case_id"]] < 90 for row in counted),
            "cases_lifetime": len(counted),
            "top_case_topic": min(topics, key=lambda topic: (-topics[topic], topic), default=None),
            "open_contractual_sla_breaches": sum(row["commitment"] == "contractual" for row in late),
            "open_internal_sla_breaches": sum(row["commitment"] == "internal" for row in late),
            "cost_to_serve_last_12_months": sum(
                row["case_cost"]
                for row in counted
                if self.cost_from <= row["created_at"].date() < self.cost_until
            ),
        }  # fmt: skip

    def voice(self, interactions: list[Row], answers: list[Row]) -> Row:
        contact = newest((row for row in interactions if row["deleted_at"] is None), "occurred_at", "interaction_id")
        valid = [row for row in answers if row["is_valid"] and row["responded_at"]]
        nps, csat, unhappy = (
            newest((row for row in valid if wanted(row)), "responded_at", "response_id")
            for wanted in (
                lambda row: row["survey_type"] == "nps",
                lambda row: row["survey_type"] == "csat",
                lambda row: row["answer_group"] == "bad",
            )
        )
        return {
            "last_interaction_at": contact.get("occurred_at"), "last_interaction_kind": contact.get("kind"),
            "last_nps_score": nps.get("score"), "last_nps_at": nps.get("responded_at"),
            "last_csat_score": csat.get("score"), "last_csat_scale_min": csat.get("scale_min"),
            "last_csat_scale_max": csat.get("scale_max"), "last_csat_at": csat.get("responded_at"),
            "last_unhappy_survey_type": unhappy.get("survey_type"), "last_unhappy_answer_at": unhappy.get("responded_at"),
        }  # fmt: skip


def newest(rows: Iterable[Row], at: str, key: str) -> Row:
    return max(rows, key=lambda row: (row[at], row[key]), default={})


def same(found: Any, expected: Any) -> bool:
    """Amounts within what rounding each of their parts to a millionth can do, rates within 1e-9, all else exactly."""
    if isinstance(expected, float) and found is not None:
        return abs(float(found) - expected) <= 1e-9
    if isinstance(found, Decimal) and expected is not None:
        return abs(found - Decimal(expected)) <= Decimal("0.0001")
    return bool(found == expected)

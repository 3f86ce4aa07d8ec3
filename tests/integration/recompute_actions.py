"""The list of customer actions once more, in plain Python, from the tables of a build that it stands on.

A second opinion on rules, amounts, dates and ranks, written from the seed's words. `found()` is what the rules find of any
account, `ranked()` the list.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
CENT = Decimal("0.000001")

Row = dict[str, Any]


class Action(NamedTuple):
    account_id: str
    action: str
    due_date: date
    mrr_at_stake: Decimal | None
    figures: tuple[str, ...]  # parts that the reason must have


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def days(number: float) -> timedelta:
    return timedelta(days=int(number))


def by_account(rows: list[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["account_id"] is not None:
            grouped[row["account_id"]].append(row)
    return grouped


class Actions:
    def __init__(self, connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
        self.connection = connection
        self.as_of = as_of
        self.rules = {row["action"]: row for row in seed("customer_action_rules")}
        self.thresholds = {
            row["name"]: int(float(row["value"])) for row in seed("metric_thresholds") if "actions" in row["name"]
        }

    def rows(self, table: str) -> list[Row]:
        cursor = self.connection.execute(f"select * from {table}")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def number(self, action: str, name: str) -> float:
        return float(self.rules[action][name])

    def found(self) -> list[Action]:
        sources = (self.renewals, self.promises, self.answers, self.health, self.churn, self.stopped, self.full)
        return [action for source in sources for action in source()]

    # -- what each rule finds --------------------------------------------------------------------------------------------

    def renewals(self) -> Iterator[Action]:
        for account, renewals in by_account(self.rows("marts.renewal_forecast")).items():
            for action, automatic in (("renewal_within_notice", True), ("renewal_to_sign", False)):
                last = self.as_of + days(self.number(action, "days"))
                chosen = []
                for row in renewals:
                    due = row["notice_deadline"] if automatic else row["due_date"]
                    likely = row["renewal_probability"]
                    if row["is_auto_renewal"] is not automatic or due > last or (automatic and due < self.as_of):
                        continue
                    if likely is None or likely <= self.number(action, "threshold"):
                        chosen.append((due, row))
                if chosen:
                    arr = sum((row["due_arr"] for _, row in chosen), Decimal())
                    due = min(due for due, _ in chosen)
                    yield Action(
                        account, action, due, (arr / 12).quantize(CENT, ROUND_HALF_UP),
                        (f"{arr.quantize(Decimal(1), ROUND_HALF_UP):,} a year", min(row["due_date"] for _, row in chosen).isoformat()),
                    )  # fmt: skip

    def promises(self) -> Iterator[Action]:
        running = [row for row in self.rows("marts.case_slas_at_risk") if row["commitment"] == "contractual"]
        after = self.as_of - days(self.number("sla_breached", "days"))
        for account, rows in by_account(running).items():
            kept = [row["breach_at"] for row in rows if row["risk"] == "at_risk"]
            broken = [row["breach_at"] for row in rows if row["risk"] == "breached" and row["breach_at"].date() > after]
            if kept:
                yield Action(account, "sla_at_risk", min(kept).date(), None, (f"{min(kept):%Y-%m-%d %H:%M}",))
            if broken:
                due = min(broken).date() + days(self.number("sla_breached", "days_to_act"))
                yield Action(account, "sla_breached", due, None, (f"{min(broken):%Y-%m-%d %H:%M}",))

    def contacts(self) -> dict[str, list[datetime]]:
        contacts: dict[str, list[datetime]] = defaultdict(list)
        for row in self.rows("intermediate.int_interactions"):
            own_mail = row["kind"] == "email" and row["direction"] == "inbound"
            if row["deleted_at"] is None and row["kind"] != "note" and not own_mail:
                at = row["occurred_at"]
                contacts[row["account_id"]].append(at + days(1) if at.time() == time() else at)
        accounts = {row["case_id"]: row["account_id"] for row in self.rows("marts.fct_cases")}
        for row in self.rows("intermediate.int_case_messages"):
            if row["is_reply"]:
                contacts[accounts[row["case_id"]]].append(row["occurred_at"])
        return contacts

    def answers(self) -> Iterator[Action]:
        contacts = self.contacts()
        after = self.as_of - days(self.number("unhappy_answer", "days"))
        for account, rows in by_account(self.rows("marts.fct_survey_responses")).items():
            open_answers = [
                row["responded_at"].date()
                for row in rows
                if row["answer_group"] == "bad"
                and row["survey_type"] in ("nps", "csat", "ces")
                and row["responded_at"].date() > after
                and not any(at > row["responded_at"] for at in contacts[account])
            ]
            if open_answers:
                due = min(open_answers) + days(self.number("unhappy_answer", "days_to_act"))
                yield Action(account, "unhappy_answer", due, None, (f"answered {min(open_answers)}",))

    def today(self, table: str) -> list[Row]:
        return [row for row in self.rows(table) if row["as_of_date"] == self.as_of]

    def health(self) -> Iterator[Action]:
        due = self.as_of + days(self.number("health_fell", "days_to_act"))
        for row in self.today("marts.fct_account_health"):
            now, then = row["health_score"], row["score_4_weeks_ago"]
            if now is None or then is None or row["risk_band"] == "healthy":
                continue
            if round(then - now, 9) >= self.number("health_fell", "threshold"):
                yield Action(row["account_id"], "health_fell", due, None, ("in four weeks",))

    def churn(self) -> Iterator[Action]:
        due = self.as_of + days(self.number("churn_risk_high", "days_to_act"))
        for row in self.today("marts.account_churn_risk"):
            if row["risk_rank"] and row["churn_probability"] >= self.number("churn_risk_high", "threshold"):
                yield Action(row["account_id"], "churn_risk_high", due, None, (row["top_drivers"],))

    def paid(self) -> dict[tuple[str, str], Decimal]:
        """What an account pays for a product now."""
        paid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in self.rows("intermediate.int_account_product_mrr_months"):
            if row["month"] == self.as_of.replace(day=1):
                paid[row["account_id"], row["product"].lower()] += row["mrr"]
        return paid

    def summed(self, action: str, found: dict[str, list[tuple[Decimal, str]]]) -> Iterator[Action]:
        due = self.as_of + days(self.number(action, "days_to_act"))
        for account, products in found.items():
            amount = sum((mrr for mrr, _ in products), Decimal())
            yield Action(account, action, due, amount, tuple(words for _, words in products))

    def stopped(self) -> Iterator[Action]:
        used: dict[tuple[str, str], date] = {}
        newest: dict[str, date] = {}
        for row in self.rows("staging.stg_generic__usage"):
            is_used = (row["active_users"] or 0) > 0 or (row["event_count"] or 0) > 0
            if row["usage_date"] <= self.as_of and is_used:
                key = row["account_id"], row["product"].lower()
                used[key] = max(used.get(key, row["usage_date"]), row["usage_date"])
                newest[key[1]] = max(newest.get(key[1], row["usage_date"]), row["usage_date"])
        quiet, before = self.number("usage_stopped", "days"), self.number("usage_stopped", "threshold")
        found = defaultdict(list)
        for (account, product), mrr in self.paid().items():
            last = used.get((account, product))
            if last and quiet <= (newest[product] - last).days < quiet + before:
                found[account].append((mrr, f"since {last}"))
        yield from self.summed("usage_stopped", found)

    def full(self) -> Iterator[Action]:
        paid = self.paid()
        healthy = {row["account_id"] for row in self.today("marts.fct_account_health") if row["risk_band"] == "healthy"}
        months = [row for row in self.rows("marts.product_adoption_monthly") if row["is_complete"]]
        newest = max(row["month"] for row in months)
        found = defaultdict(list)
        for row in months:
            key = row["account_id"], row["product"].lower()
            if row["month"] != newest or not row["is_entitled"] or not row["licensed_seats"] or key not in paid:
                continue
            share = row["active_users"] / row["licensed_seats"] if row["active_users"] is not None else 0
            if share >= self.number("expansion_signal", "threshold") and key[0] in healthy:
                found[key[0]].append((paid[key], f"{row['active_users']} of {row['licensed_seats']} seats"))
        yield from self.summed("expansion_signal", found)

    # -- the list ------------------------------------------------------------------------------------------------------

    def ranked(self) -> list[tuple[str, str, str, Decimal, date, str | None, bool]]:
        """Account, action, urgency, amount, due date, owner and whether the page shows it, first things first."""
        accounts = {row["account_id"]: row for row in self.rows("marts.dim_accounts")}
        listed = []
        for found in self.found():
            account = accounts.get(found.account_id)
            if account is None:
                continue
            amount = found.mrr_at_stake if found.mrr_at_stake is not None else account["current_mrr"]
            if amount <= 0 or amount < Decimal(self.rules[found.action]["minimum_mrr"]):
                continue
            ahead = (found.due_date - self.as_of).days
            urgency = 0 if ahead <= self.thresholds["actions_now_days"] else 1
            urgency += ahead > self.thresholds["actions_soon_days"]
            listed.append(
                (urgency, -amount, found.due_date, int(self.rules[found.action]["position"]), found.account_id,
                 found.action, account["owner_id"])
            )  # fmt: skip
        shown: list[str] = []
        rows = []
        for urgency, amount, due, _, account_id, action, owner in sorted(listed):
            is_shown = account_id not in shown and len(shown) < self.thresholds["actions_page_rows"]
            if account_id not in shown:
                shown.append(account_id)
            rows.append((account_id, action, ("now", "soon", "later")[urgency], -amount, due, owner, is_shown))
        return rows

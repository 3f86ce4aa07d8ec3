"""Revenue marts beside their recomputation: the same tables from both, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from tests.integration.recompute_renewals import Churns, Renewals
from tests.integration.recompute_revenue import Retained, Revenue

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
CENT = 0.005
# Of the rate itself: stored rates are quotients of amounts rounded to a millionth, and some amounts are small.
RATE = 1e-5

Table = Mapping[tuple[object, ...], tuple[object, ...]]


class Recomputed:
    """All tables of the second opinion, as key → the other columns that are compared."""

    def __init__(self, landing: Path, as_of: date) -> None:
        self.revenue = Revenue(landing, as_of, SEEDS / "exchange_rates.csv")
        self.renewals = Renewals(self.revenue, SEEDS)
        self.churns = Churns(self.revenue, SEEDS)
        self.renewed = self.renewals.all()
        self.churned = self.churns.all()

    def fct_mrr_movements(self) -> Table:
        return {
            key: (
                found.name, found.opening, found.new, found.reactivation, found.expansion, found.contraction,
                found.churned, found.fx, found.closing,
            )
            for key, found in self.churns.movements.items()
        }  # fmt: skip

    def retention_monthly(self) -> Table:
        return {key: retained(cell) for key, cell in self.revenue.retention().items()}

    def retention_cohorts(self) -> Table:
        return {key: retained(cell) for key, cell in self.revenue.cohorts().items()}

    def fct_renewals(self) -> Table:
        return {
            key: (
                found.account_id, found.product, found.due_number, found.due_mrr, 12 * found.due_mrr, found.outcome,
                found.decided_on, found.renewed_mrr, None if found.renewed_mrr is None else 12 * found.renewed_mrr,
                None if found.decided_on is None else (found.decided_on - found.due_date).days, found.timing,
                found.is_auto_renewal, found.renewed_by,
            )
            for key, found in self.renewed.items()
        }  # fmt: skip

    def renewal_rates_monthly(self) -> Table:
        return {
            key: (
                cell.due, cell.renewed, cell.pending, cell.due_arr, cell.gross_renewed_arr, cell.net_renewed_arr,
                rate(cell.renewed, cell.due), rate(cell.gross_renewed_arr, cell.due_arr),
                rate(cell.net_renewed_arr, cell.due_arr),
            )
            for key, cell in self.renewals.rates().items()
        }  # fmt: skip

    def fct_churn(self) -> Table:
        return {
            key: (
                found.churned_mrr, found.tenure_months, found.reason, found.is_voluntary, found.returned_on,
                found.was_seen_at_month_end,
            )
            for key, found in self.churned.items()
        }  # fmt: skip

    def churn_monthly(self) -> Table:
        return {
            key: (
                cell.starting_accounts, cell.churned_accounts, cell.starting_mrr, cell.churned_mrr,
                cell.contraction_mrr, cell.expansion_mrr, cell.reactivation_mrr,
                rate(cell.churned_accounts, cell.starting_accounts),
                rate(cell.churned_mrr + cell.contraction_mrr, cell.starting_mrr),
                rate(cell.churned_mrr + cell.contraction_mrr - cell.expansion_mrr - cell.reactivation_mrr, cell.starting_mrr),
            )
            for key, cell in self.churns.rates().items()
        }  # fmt: skip


# Mart → its key and the columns compared, in the order of the tables above.
COLUMNS = {
    "fct_mrr_movements": (
        "account_id, month",
        "movement, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churned_mrr, fx_mrr, "
        "closing_mrr",
    ),
    "retention_monthly": (
        "month, window_months, dimension, dimension_value",
        "starting_accounts, retained_accounts, starting_mrr, gross_retained_mrr, net_retained_mrr, "
        "logo_retention_rate, gross_revenue_retention, net_revenue_retention",
    ),
    "retention_cohorts": (
        "cohort_month, months_since_start",
        "cohort_accounts, retained_accounts, cohort_mrr, gross_retained_mrr, net_retained_mrr, "
        "logo_retention_rate, gross_revenue_retention, net_revenue_retention",
    ),
    "fct_renewals": (
        "subscription_id, due_date",
        "account_id, product, due_number, due_mrr, due_arr, outcome, decided_on, renewed_mrr, renewed_arr, "
        "days_from_due, timing, is_auto_renewal, renewed_by_subscription_id",
    ),
    "renewal_rates_monthly": (
        "month, dimension, dimension_value",
        "due_count, renewed_count, pending_count, due_arr, gross_renewed_arr, net_renewed_arr, renewal_rate_count, "
        "renewal_rate_gross, renewal_rate_net",
    ),
    "fct_churn": (
        "account_id, churned_on",
        "churned_mrr, tenure_months, churn_reason, is_voluntary, returned_on, is_seen_at_month_end",
    ),
    "churn_monthly": (
        "month, dimension, dimension_value",
        "starting_accounts, churned_accounts, starting_mrr, churned_mrr, contraction_mrr, expansion_mrr, "
        "reactivation_mrr, logo_churn_rate, gross_mrr_churn_rate, net_mrr_churn_rate",
    ),
}


def rate(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    return Fraction(part) / Fraction(whole) if whole else None


def retained(cell: Retained) -> tuple[object, ...]:
    return (
        cell.starting_accounts,
        cell.retained_accounts,
        cell.starting_mrr,
        cell.gross_retained_mrr,
        cell.net_retained_mrr,
        rate(cell.retained_accounts, cell.starting_accounts),
        rate(cell.gross_retained_mrr, cell.starting_mrr),
        rate(cell.net_retained_mrr, cell.starting_mrr),
    )


def published(marts: duckdb.DuckDBPyConnection, mart: str) -> Table:
    key, columns = COLUMNS[mart]
    width = len(key.split(","))
    rows = marts.execute(f"select {key}, {columns} from marts.{mart}").fetchall()
    found = {row[:width]: row[width:] for row in rows}
    assert len(found) == len(rows), f"{mart} has two rows of one key"
    return found


def same(column: str, found: Any, expected: Any) -> bool:
    """Amounts within half a cent, rates within the last stored digit of their parts, everything else exactly."""
    if isinstance(expected, Fraction) and found is not None:
        is_rate = "rate" in column or "retention" in column
        return abs(float(found) - float(expected)) <= (RATE * max(1.0, abs(float(expected))) if is_rate else CENT)
    return bool(found == expected)


def differences(marts: duckdb.DuckDBPyConnection, mart: str, recomputed: Recomputed) -> list[str]:
    """What a mart says otherwise than the recomputation, a line per row."""
    columns = [column.strip() for column in COLUMNS[mart][1].split(",")]
    expected: Table = getattr(recomputed, mart)()
    found = published(marts, mart)
    wrong = []
    for key in sorted(found.keys() | expected.keys(), key=repr):
        if key not in found or key not in expected:
            wrong.append(f"{readable(key)} {'is missing' if key in expected else 'should not be there'}: "
                         f"{readable(expected.get(key) or found[key])}")  # fmt: skip
            continue
        cells = zip(columns, found[key], expected[key], strict=True)
        if told := [
            f"{name} is {one}, not {readable((other,))}" for name, one, other in cells if not same(name, one, other)
        ]:
            wrong.append(f"{readable(key)}: {'; '.join(told)}")
    return wrong


def readable(cells: tuple[object, ...]) -> str:
    return ", ".join(f"{float(cell):.6f}" if isinstance(cell, Fraction) else str(cell) for cell in cells)

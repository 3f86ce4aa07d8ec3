"""The revenue marts of a sample company equal an independent recomputation from its raw files, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import SAMPLE_AS_OF, Company
from tests.integration import recompute_revenue
from tests.integration.recomputed_marts import Recomputed, differences

RATES = Path(__file__).resolve().parents[2] / "seeds" / "exchange_rates.csv"
CENT = 0.005

MOVEMENT_COLUMNS = (
    "opening_mrr",
    "new_mrr",
    "reactivation_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churned_mrr",
    "fx_mrr",
    "closing_mrr",
)


@pytest.fixture(scope="module")
def marts(published_sample: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with published_sample.marts() as connection:
        yield connection


@pytest.fixture(scope="module")
def recomputed(published_sample: Company) -> recompute_revenue.Revenue:
    return recompute_revenue.Revenue(published_sample.landing, SAMPLE_AS_OF, RATES)


def test_movements_equal_the_recomputation(
    marts: duckdb.DuckDBPyConnection, recomputed: recompute_revenue.Revenue
) -> None:
    rows = marts.execute(
        f"select account_id, month, movement, {', '.join(MOVEMENT_COLUMNS)} from marts.fct_mrr_movements"
    ).fetchall()
    published = {(row[0], row[1]): row[2:] for row in rows}
    expected = recomputed.movements()
    assert len(expected) > 500, "too small a sample to prove anything"
    assert {movement.name for movement in expected.values()} == {
        "new", "reactivation", "churn", "expansion", "contraction", "fx", "none",
    }  # fmt: skip
    assert published.keys() == expected.keys()
    wrong = []
    for key, movement in expected.items():
        name, *amounts = published[key]
        parts = (
            movement.opening,
            movement.new,
            movement.reactivation,
            movement.expansion,
            movement.contraction,
            movement.churned,
            movement.fx,
            movement.closing,
        )
        # On amounts of a fraction of a cent, exchange rates may or may not move the last stored digit.
        same_name = name == movement.name or ({name, movement.name} == {"fx", "none"} and abs(movement.fx) < CENT)
        same_amounts = all(abs(float(found) - float(part)) <= CENT for found, part in zip(amounts, parts, strict=True))
        if not (same_name and same_amounts):
            wrong.append((key, published[key], movement))
    assert wrong == []


def test_retention_equals_the_recomputation(
    marts: duckdb.DuckDBPyConnection, recomputed: recompute_revenue.Revenue
) -> None:
    rows = marts.execute(
        "select month, window_months, dimension, dimension_value, starting_accounts, retained_accounts, starting_mrr, "
        "gross_retained_mrr, net_retained_mrr, logo_retention_rate, gross_revenue_retention, net_revenue_retention "
        "from marts.retention_monthly"
    ).fetchall()
    published = {row[:4]: row[4:] for row in rows}
    expected = recomputed.retention()
    assert published.keys() == expected.keys()
    for key, cell in expected.items():
        accounts, retained, starting, gross, net, logo_rate, gross_rate, net_rate = published[key]
        assert (accounts, retained) == (cell.starting_accounts, cell.retained_accounts), key
        assert float(starting) == pytest.approx(float(cell.starting_mrr), abs=CENT), key
        assert float(gross) == pytest.approx(float(cell.gross_retained_mrr), abs=CENT), key
        assert float(net) == pytest.approx(float(cell.net_retained_mrr), abs=CENT), key
        assert logo_rate == pytest.approx(cell.retained_accounts / cell.starting_accounts), key
        assert gross_rate == pytest.approx(float(cell.gross_retained_mrr / cell.starting_mrr), abs=1e-6), key
        assert net_rate == pytest.approx(float(cell.net_retained_mrr / cell.starting_mrr), abs=1e-6), key


@pytest.fixture(scope="module")
def recomputed_marts(published_sample: Company) -> Recomputed:
    return Recomputed(published_sample.landing, SAMPLE_AS_OF)


@pytest.mark.parametrize(
    "mart", ["retention_cohorts", "fct_renewals", "renewal_rates_monthly", "fct_churn", "churn_monthly"]
)
def test_mart_equals_the_recomputation(
    mart: str, marts: duckdb.DuckDBPyConnection, recomputed_marts: Recomputed
) -> None:
    assert len(getattr(recomputed_marts, mart)()) > 25, "too small a sample to prove anything"
    assert differences(marts, mart, recomputed_marts) == []

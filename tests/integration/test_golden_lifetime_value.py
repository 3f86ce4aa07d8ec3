"""The published example of the renewal model, from generic extracts to its parameters, and to what accounts are worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.scoring.lifetime_value import expected_periods
from tests.conftest import Company, write_rows
from tests.integration.built import build
from tests.integration.golden import ACCOUNT_COLUMNS, KNOWN_BEFORE, SUBSCRIPTION_COLUMNS, Row

# The "Regular" customers of Fader and Hardie (2007): alive after year 0 … 7 of contracts that began in 2018.
ALIVE = (1000, 631, 468, 382, 326, 289, 262, 241)
FIRST_YEAR = 2018
AS_OF = date(2025, 6, 30)
SMALL_SEGMENT = 12


def contracts_of(account: str, last_year: int | None, form: str) -> list[Row]:
    """Yearly contracts of 1,200 until the end of `last_year` (None: to this day), as one of three systems keeps them."""

    def contract(number: int, year: int, **columns: str) -> Row:
        row = {
            "subscription_id": f"{account}-{number}",
            "account_id": account,
            "product": "suite",
            "start_date": f"{year}-01-01",
            "end_date": f"{year}-12-31",
            "billing_period": "year",
            "amount": "1200",
            "currency": "USD",
            "updated_at": KNOWN_BEFORE,
        }
        return row | columns

    end = last_year or AS_OF.year
    if form == "one that repeats":
        notice = {"cancelled_at": f"{last_year}-10-01T09:00:00Z", "cancel_reason": "price"} if last_year else {}
        return [contract(1, FIRST_YEAR, auto_renew="true", **notice)]
    rows = []
    for number, year in enumerate(range(FIRST_YEAR, end + 1), start=1):
        before = {"renewed_from_id": f"{account}-{number - 1}"} if number > 1 else {}
        rows.append(contract(number, year, **before))
    if form == "amended half-way" and len(rows) > 1:
        # In the second year an amendment takes over and ends with it; the third year renews the amendment.
        rows.append(
            contract(
                99,
                FIRST_YEAR + 1,
                start_date=f"{FIRST_YEAR + 1}-07-01",
                amount="1200",
                renewed_from_id=f"{account}-2",
            )
        )
        if len(rows) > 3:
            rows[2]["renewed_from_id"] = f"{account}-99"
    return rows


def write(landing: Path) -> None:
    forms = ("one that repeats", "one after another", "amended half-way")
    accounts: list[Row] = []
    subscriptions: list[Row] = []
    lost_after = [FIRST_YEAR + year for year in range(7) for _ in range(ALIVE[year] - ALIVE[year + 1])]
    last_years: list[tuple[str, int | None]] = [("regular", year) for year in lost_after]
    last_years += [("regular", None)] * ALIVE[-1]
    last_years += [("small", None)] * SMALL_SEGMENT
    for number, (segment, last_year) in enumerate(last_years):
        account = f"{segment}-{number:04}"
        accounts.append({"account_id": account, "segment": segment, "updated_at": KNOWN_BEFORE})
        subscriptions += contracts_of(account, last_year, forms[number % 3])
    for name, columns, rows in (
        ("accounts", ACCOUNT_COLUMNS, accounts),
        ("subscriptions", SUBSCRIPTION_COLUMNS, subscriptions),
    ):
        write_rows(landing / "generic" / name / "regular.csv", rows, columns)


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("regular"))
    write(company.landing)
    database = build(company, AS_OF.isoformat(), "account_lifetime_value", "ltv_parameters", "churn_survival")
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def test_contracts_are_fitted_to_the_published_parameters(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select alpha, beta, log_likelihood, customers, periods_observed, renewals_observed, losses_observed, "
        "discount_rate, cast(gross_margin as double), fitted_on, method, cast(period_months as double) "
        "from marts.ltv_parameters where segment = 'regular'"
    ).fetchall()
    assert found == [
        (
            pytest.approx(0.704, abs=5e-4),
            pytest.approx(1.182, abs=5e-4),
            pytest.approx(-1680.27, abs=5e-3),
            1000,
            7,
            sum(ALIVE[:-1]),
            1000 - 241,
            pytest.approx(0.1),
            0.75,
            AS_OF,
            "sbg_segment",
            12.0,
        )
    ]


def test_who_is_left_is_worth_what_the_model_expects_before_the_eighth_renewal(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    ((alpha, beta),) = marts.execute(
        "select alpha, beta from marts.ltv_parameters where segment = 'regular'"
    ).fetchall()
    periods = expected_periods(alpha, beta, 8, 0.1)[-1]
    margin, months = 1200 * 0.75, (AS_OF.year - FIRST_YEAR) * 12 + 6
    found = marts.execute(
        "select count(*), min(expected_remaining_periods), max(expected_remaining_periods), "
        "min(cast(margin_per_period as double)), max(cast(expected_remaining_value as double)), "
        "min(cast(historic_margin as double)), max(cast(lifetime_value as double)), max(ltv_to_cac) "
        "from marts.account_lifetime_value where method = 'sbg_segment'"
    ).fetchone()
    assert found is not None
    assert found[0] == ALIVE[-1]
    assert found[1:3] == pytest.approx((periods, periods), abs=1e-6)
    assert found[3:] == pytest.approx(
        (
            margin,
            periods * margin,
            months * margin / 12,
            months * margin / 12 + periods * margin,
            (months * margin / 12 + periods * margin) / 4000,
        ),
        abs=0.01,
    )


def test_who_has_left_is_worth_what_it_was(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select count(*), max(expected_remaining_value), bool_and(lifetime_value = historic_margin) "
        "from marts.account_lifetime_value where method = 'historic'"
    ).fetchone()
    assert found == (1000 - ALIVE[-1], 0, True)


def test_a_segment_with_too_few_renewals_takes_the_fit_of_all(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select method, is_pooled, customers, renewals_observed, segment_renewals_observed, segment_fit_status "
        "from marts.ltv_parameters_by_period where segment = 'small'"
    ).fetchall()
    few = SMALL_SEGMENT * 7
    assert found == [("sbg_pooled", True, 1000 + SMALL_SEGMENT, sum(ALIVE[:-1]) + few, few, "too_few")]
    methods = marts.execute(
        "select distinct method from marts.account_lifetime_value where segment = 'small'"
    ).fetchall()
    assert methods == [("sbg_pooled",)]


def test_the_survival_curve_of_years_is_that_of_the_cohort(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select tenure_month, survival from marts.churn_survival "
        "where dimension = 'segment' and dimension_value = 'regular' and tenure_month % 12 = 0 order by tenure_month"
    ).fetchall()
    assert found == [(12 * year, pytest.approx(alive / 1000)) for year, alive in enumerate(ALIVE)]

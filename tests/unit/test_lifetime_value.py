"""The renewal model against the published example, against sums done the long way, and on cohorts whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import betaln, hyp2f1

from orchestration.scoring.lifetime_value import (
    DECIMALS,
    DIGITS,
    discount_per_period,
    expectations,
    expected_periods,
    fit,
    fit_segments,
    log_likelihood,
    renewal_probability,
    survival,
)

# The "Regular" customers of Fader and Hardie (2007): alive after year 0 … 7.
REGULAR = np.array([1000, 631, 468, 382, 326, 289, 262, 241])
YEARS = np.arange(1, 8)
RENEWED, LOST = REGULAR[1:], REGULAR[:-1] - REGULAR[1:]
THRESHOLDS = {"ltv_discount_rate": 0.1, "ltv_minimum_renewals": 100, "ltv_minimum_losses": 20}

Ints = npt.NDArray[np.int64]


def opportunities(*groups: tuple[str, float, Ints, Ints, Ints]) -> pd.DataFrame:
    """Counts by segment, length of term and renewal number as the warehouse aggregates them."""
    return pd.concat(
        pd.DataFrame(
            {"segment": name, "period_months": months, "renewal_number": number, "renewed": renewed, "lost": lost}
        )
        for name, months, number, renewed, lost in groups
    ).reset_index(drop=True)


# --- the published example ------------------------------------------------------------------------------------------


def test_the_published_example_is_fitted_to_its_published_parameters() -> None:
    found = fit(YEARS, RENEWED, LOST)
    assert found.status == "fitted"
    assert found.alpha == pytest.approx(0.704, abs=5e-4)
    assert found.beta == pytest.approx(1.182, abs=5e-4)
    assert found.log_likelihood == pytest.approx(-1680.27, abs=5e-3)


def test_the_fit_is_where_a_general_optimiser_ends() -> None:
    cases = [(RENEWED, LOST), (np.array([950, 960, 980, 985]), np.array([60, 45, 30, 22]))]
    for renewed, lost in cases:
        numbers = np.arange(1.0, len(renewed) + 1)

        def cost(logs: npt.NDArray[np.float64]) -> float:
            return -log_likelihood(math.exp(logs[0]), math.exp(logs[1]), numbers, renewed, lost)  # noqa: B023

        found = fit(numbers, renewed, lost)
        general = minimize(cost, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10})
        assert np.exp(general.x) == pytest.approx([found.alpha, found.beta], rel=1e-4)
        assert -general.fun == pytest.approx(found.log_likelihood, abs=1e-5)
        # Standard errors are those of the curvature, here by differences of the log-likelihood itself.
        step = 1e-3
        logs = np.log([found.alpha, found.beta])
        second = np.array(
            [
                [
                    (
                        cost(logs + step * (a + b))
                        - cost(logs + step * (a - b))
                        - cost(logs - step * (a - b))
                        + cost(logs - step * (a + b))
                    )
                    / (4 * step**2)
                    for b in np.eye(2)
                ]
                for a in np.eye(2)
            ]
        )
        errors = np.sqrt(np.diag(np.linalg.inv(second))) * np.exp(logs)
        assert [found.alpha_std_error, found.beta_std_error] == pytest.approx(errors, rel=1e-3)


def test_the_published_example_projects_its_published_survival() -> None:
    found = fit(YEARS, RENEWED, LOST)
    assert 100 * survival(found.alpha, found.beta, 12)[8:] == pytest.approx([22.0, 20.4, 19.1, 18.0, 17.0], abs=0.05)


def test_the_published_example_expects_its_published_lifetimes() -> None:
    published = [2.965, 4.104, 4.870, 5.442, 5.894]
    assert expected_periods(0.704, 1.182, 5, 0.1) == pytest.approx(published, abs=1e-3)
    found = fit(YEARS, RENEWED, LOST)
    assert expected_periods(found.alpha, found.beta, 5, 0.1) == pytest.approx(published, abs=1e-3)


def test_the_likelihood_of_renewals_is_that_of_lifetimes_in_the_paper() -> None:
    # Σ lost(t) · ln P(T = t) + alive · ln S(7), written with beta functions as in the paper.
    alpha, beta = 0.9, 2.3
    lifetimes = betaln(alpha + 1, beta + YEARS - 1) - betaln(alpha, beta)
    still_there = betaln(alpha, beta + 7) - betaln(alpha, beta)
    expected = np.sum(LOST * lifetimes) + REGULAR[-1] * still_there
    assert log_likelihood(alpha, beta, YEARS.astype(float), RENEWED.astype(float), LOST.astype(float)) == pytest.approx(
        expected, rel=1e-12
    )


def test_probabilities_follow_the_recursion_of_the_paper() -> None:
    alpha, beta = 0.704, 1.182
    dies_at = [alpha / (alpha + beta)]
    for year in range(2, 40):
        dies_at.append(dies_at[-1] * (beta + year - 2) / (alpha + beta + year - 1))
    assert 1 - np.cumsum(dies_at) == pytest.approx(survival(alpha, beta, 39)[1:], rel=1e-12)


# --- expected lifetimes ---------------------------------------------------------------------------------------------


def test_expected_periods_equal_the_hypergeometric_function_where_that_can_be_computed() -> None:
    for alpha, beta, discount in [(0.704, 1.182, 0.1), (0.3, 7.7, 0.05), (2.5, 3.3, 0.21), (1.4, 9.1, 0.02)]:
        n = np.arange(1, 15)
        series = hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + discount))
        assert expected_periods(alpha, beta, 14, discount) == pytest.approx(
            (beta + n - 1) / (alpha + beta + n - 1) * series, rel=1e-10
        )


@settings(deadline=None, max_examples=60)
@given(
    alpha=st.floats(1e-3, 5e4),
    beta=st.floats(1e-3, 5e4),
    discount=st.sampled_from([0.331, 0.1, 0.0241, 0.00797, 0.001]),
    number=st.integers(1, 200),
)
def test_expected_periods_equal_the_sum_of_discounted_survival(
    alpha: float, beta: float, discount: float, number: int
) -> None:
    terms = math.ceil(45 / math.log1p(discount))
    renewing = renewal_probability(alpha, beta, np.arange(number, number + terms))
    directly = np.sum(np.cumprod(renewing) * (1 + discount) ** -np.arange(float(terms)))
    assert expected_periods(alpha, beta, number, discount)[-1] == pytest.approx(directly, rel=1e-9)


def test_without_a_discount_there_is_no_expected_lifetime() -> None:
    for discount in (0.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="must be above 0"):
            expected_periods(0.704, 1.182, 3, discount)


@pytest.mark.parametrize("yearly", [0.0, -0.05, math.nan])
def test_a_useless_discount_is_refused_by_the_name_of_its_seed_row(yearly: float) -> None:
    data = opportunities(("s", 12.0, YEARS, RENEWED, LOST))
    nothing = data.iloc[:0]
    for counts in (data, nothing):
        with pytest.raises(
            ValueError, match=r"seed metric_thresholds, row ltv_discount_rate|no number in a row ltv_dis"
        ):
            expectations(fit_segments(counts, THRESHOLDS), counts, {**THRESHOLDS, "ltv_discount_rate": yearly})


def test_a_missing_threshold_is_named() -> None:
    data = opportunities(("s", 12.0, YEARS, RENEWED, LOST))
    with pytest.raises(ValueError, match="metric_thresholds has no number in a row ltv_minimum_losses"):
        fit_segments(data, {"ltv_minimum_renewals": 1})


@pytest.mark.parametrize("months", [1.0, 3.0, 12.0, 24.0, 36.0, 0.23])
def test_discounts_of_periods_compound_to_that_of_a_year(months: float) -> None:
    assert (1 + discount_per_period(0.1, months)) ** (12 / months) == pytest.approx(1.1)


# --- fits -----------------------------------------------------------------------------------------------------------


def cohort(
    rng: np.random.Generator, alpha: float, beta: float, customers: int, periods: int, enters_late: bool
) -> tuple[Ints, Ints]:
    """Renewed and lost by renewal number, of customers seen for random spans of their first `periods` renewals.

    Each customer's history is cut off at a random renewal (right censoring). With `enters_late`, what comes before a random
    renewal is not seen either, and whoever left before it is not seen at all (left truncation).
    """
    chance_to_leave = rng.beta(alpha, beta, customers)
    lifetime = rng.geometric(chance_to_leave)
    last_seen = rng.integers(1, periods + 1, customers)
    first_seen = rng.integers(1, periods + 1, customers) if enters_late else np.ones(customers, dtype=np.int64)
    renewed, lost = np.zeros(periods, dtype=np.int64), np.zeros(periods, dtype=np.int64)
    for number in range(1, periods + 1):
        in_view = (lifetime >= number) & (first_seen <= number) & (number <= last_seen)
        lost[number - 1] = np.sum(in_view & (lifetime == number))
        renewed[number - 1] = np.sum(in_view) - lost[number - 1]
    return renewed, lost


@pytest.mark.parametrize("enters_late", [False, True], ids=["censored", "censored_and_truncated"])
@pytest.mark.parametrize(("alpha", "beta"), [(0.704, 1.182), (1.5, 8.0), (0.5, 12.0)])
def test_known_parameters_are_recovered_within_sampling_error(alpha: float, beta: float, enters_late: bool) -> None:
    # Thirty cohorts: distances from the truth, in the standard errors that the fits state, are those of a normal variable.
    distances = []
    for seed in range(30):
        renewed, lost = cohort(np.random.default_rng(seed), alpha, beta, 20_000, 10, enters_late)
        found = fit(np.arange(1, 11), renewed, lost)
        assert found.status == "fitted"
        distances.append(math.log(found.alpha / alpha) * found.alpha / found.alpha_std_error)
        distances.append(math.log(found.beta / beta) * found.beta / found.beta_std_error)
    squares = np.square(distances).reshape(30, 2)
    assert np.max(np.abs(distances)) < 4.5
    assert np.all(squares.mean(axis=0) > 0.4), "the stated errors are too large"
    assert np.all(squares.mean(axis=0) < 2.0), "the stated errors are too small, or the fits are biased"


def test_who_left_before_the_extracts_begin_does_not_bias_the_fit() -> None:
    # Those seen late are survivors: taken as if they had been seen from their first renewal they would look too loyal.
    renewed, lost = cohort(np.random.default_rng(1), 1.5, 8.0, 100_000, 10, enters_late=True)
    conditional = fit(np.arange(1, 11), renewed, lost)
    assert conditional.alpha / (conditional.alpha + conditional.beta) == pytest.approx(1.5 / 9.5, rel=0.05)


def test_neither_order_nor_grouping_of_rows_moves_a_digit() -> None:
    data = opportunities(("a", 12.0, YEARS, RENEWED, LOST), ("b", 12.0, YEARS, RENEWED * 2, LOST))
    whole = fit_segments(data, THRESHOLDS)
    halves = data.assign(renewed=data["renewed"] // 2, lost=data["lost"] // 2)
    others = data.assign(renewed=data["renewed"] - halves["renewed"], lost=data["lost"] - halves["lost"])
    shuffled = pd.concat([halves, others]).sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(fit_segments(shuffled, THRESHOLDS), whole, check_exact=True)
    pd.testing.assert_frame_equal(
        expectations(whole, shuffled, THRESHOLDS), expectations(whole, data, THRESHOLDS), check_exact=True
    )


def test_published_figures_are_rounded() -> None:
    data = opportunities(("a", 12.0, YEARS, RENEWED, LOST))
    fits = fit_segments(data, THRESHOLDS)
    grid = expectations(fits, data, THRESHOLDS)
    for column in ("alpha", "beta", "alpha_std_error", "beta_std_error"):
        assert [float(f"{value:.{DIGITS}g}") for value in fits[column]] == list(fits[column])
    for column in ("renewal_probability", "expected_periods", "expected_periods_if_renewed"):
        assert (grid[column] == grid[column].round(DECIMALS)).all()


@pytest.mark.parametrize(
    ("renewed", "lost", "status"),
    [
        ([50, 29], [10, 10], "too_few"),
        ([500, 400], [10, 9], "too_few"),
        ([500, 0], [30, 0], "no_spread"),
        ([0, 0], [100, 20], "no_spread"),
    ],
    ids=["99 renewals", "19 losses", "one renewal number", "nothing but losses"],
)
def test_too_little_to_tell_two_parameters_apart_is_not_fitted(
    renewed: list[int], lost: list[int], status: str
) -> None:
    found = fit([1, 2], renewed, lost, 100, 20)
    assert found.status == status
    assert math.isnan(found.alpha)
    assert math.isnan(found.log_likelihood)


def test_at_the_minimum_a_segment_is_fitted() -> None:
    assert fit([1, 2], [40, 40], [14, 6], 100, 20).status == "fitted"


def test_a_renewal_rate_that_does_not_grow_is_no_beta_distribution() -> None:
    constant = fit(YEARS, [900] * 7, [100] * 7)
    falling = fit(YEARS, [950, 940, 930, 920, 910, 900, 890], [50, 60, 70, 80, 90, 100, 110])
    assert constant.status in ("at_boundary", "not_converged")
    assert falling.status in ("at_boundary", "not_converged")


def test_segments_and_lengths_of_term_are_fitted_apart_and_pooled_by_length() -> None:
    months = np.arange(1, 5)
    data = opportunities(
        ("a", 12.0, YEARS, RENEWED, LOST),
        ("b", 12.0, YEARS, RENEWED // 50, LOST // 50),
        ("a", 1.0, months, np.array([990, 985, 982, 980]), np.array([40, 25, 18, 12])),
    )
    fits = fit_segments(data, THRESHOLDS).set_index(["is_pooled", "period_months", "segment"])
    assert fits.loc[(False, 12.0, "a"), "alpha"] == fit(YEARS, RENEWED, LOST).alpha
    assert fits.loc[(False, 12.0, "b"), "status"] == "too_few"
    renewed, lost = RENEWED + RENEWED // 50, LOST + LOST // 50
    pooled = fit(YEARS, renewed, lost)
    yearly = fits.loc[True].loc[12.0].iloc[0]
    assert (yearly["alpha"], yearly["renewals_observed"]) == (pooled.alpha, renewed.sum() + lost.sum())
    assert yearly["periods_observed"] == 7
    assert fits.loc[True].loc[1.0].iloc[0]["alpha"] == fits.loc[(False, 1.0, "a"), "alpha"]


def test_where_all_segments_show_no_trend_one_renewal_rate_holds_for_all() -> None:
    data = opportunities(("a", 24.0, YEARS, np.full(7, 800), np.full(7, 200)))
    fits = fit_segments(data, THRESHOLDS)
    grid = expectations(fits, data, THRESHOLDS)
    assert set(fits["status"]) <= {"at_boundary", "not_converged"}
    assert grid["is_pooled"].all(), "a segment without a fit of its own goes with all"
    discount = 1.1**2 - 1
    assert grid["expected_periods"].to_numpy() == pytest.approx(0.8 / (1 - 0.8 / (1 + discount)))
    # It is the limit of the model: alpha and beta large, their ratio kept.
    assert expected_periods(2e6, 8e6, 1, discount)[0] == pytest.approx(grid["expected_periods"].iloc[0], rel=1e-5)


def test_too_few_renewals_of_all_together_give_no_expectation() -> None:
    data = opportunities(("a", 36.0, YEARS[:1], np.array([40]), np.array([30])))
    assert expectations(fit_segments(data, THRESHOLDS), data, THRESHOLDS).empty


def test_a_renewal_known_to_be_signed_is_worth_its_period_and_what_follows() -> None:
    data = opportunities(("a", 12.0, YEARS, RENEWED, LOST))
    grid = expectations(fit_segments(data, THRESHOLDS), data, THRESHOLDS)
    own = grid[~grid["is_pooled"].astype(bool)].set_index("renewal_number")
    assert list(own.index) == list(range(1, 9)), "one more than anybody has come to"
    for number in range(1, 8):
        signed = own.loc[number, "expected_periods_if_renewed"]
        assert signed == pytest.approx(1 + own.loc[number + 1, "expected_periods"] / 1.1, abs=1e-8)
        assert own.loc[number, "renewal_probability"] * signed == pytest.approx(
            own.loc[number, "expected_periods"], abs=1e-8
        )


def test_without_any_renewal_there_are_empty_tables_of_the_same_columns() -> None:
    nothing = opportunities(("a", 12.0, YEARS, RENEWED, LOST)).iloc[:0]
    fits = fit_segments(nothing, THRESHOLDS)
    grid = expectations(fits, nothing, THRESHOLDS)
    assert (len(fits), len(grid)) == (0, 0)
    assert {"segment", "status", "alpha"} <= set(fits.columns)
    assert {"renewal_number", "expected_periods"} <= set(grid.columns)

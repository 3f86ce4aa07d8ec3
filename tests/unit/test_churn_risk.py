"""The churn model finds what is in the data, says probabilities that come true, and never looks ahead."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from orchestration.scoring.churn_risk import Fit, fit, fit_all

THRESHOLDS = {
    "churn_risk_horizon_days": 90.0,
    "churn_risk_training_months": 24.0,
    "churn_risk_step_months": 3.0,
    "churn_risk_minimum_churned": 30.0,
}
TRUE_INTERCEPT, TRUE_WEIGHTS = -2.5, np.array([1.0, -0.8, 0.0])


def probabilities(model: Fit, values: np.ndarray) -> np.ndarray:
    """What int_churn_risk_scores computes in SQL."""
    centered = np.where(np.isnan(values), 0.0, values - model.centers)
    return 1 / (1 + np.exp(-(model.intercept + centered @ model.coefficients)))


def simulated(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of different scales, outcomes drawn from known log-odds, and the odds themselves."""
    random = np.random.default_rng(seed)
    standard = random.normal(size=(rows, 3))
    odds = TRUE_INTERCEPT + standard @ TRUE_WEIGHTS
    churned = random.random(rows) < 1 / (1 + np.exp(-odds))
    return standard * [1, 20, 0.1] + [0, 70, 3], churned, odds


def history(months: int = 30, accounts: int = 300, seed: int = 3) -> pd.DataFrame:
    """Accounts at month ends whose outcome follows `adoption`, and hardly the health score."""
    random = np.random.default_rng(seed)
    frames = []
    for month_end in pd.date_range("2023-01-31", periods=months, freq="ME"):
        adoption = random.random(accounts)
        odds = -1 - 4 * (adoption - 0.5)
        frames.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{number:04}" for number in range(accounts)],
                    "as_of_date": month_end,
                    "health_score": 50 + 10 * adoption + 20 * random.random(accounts),
                    "adoption": adoption,
                    "noise": random.random(accounts),
                    "is_churned": random.random(accounts) < 1 / (1 + np.exp(-odds)),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("seed", range(5))
def test_known_coefficients_are_recovered_within_sampling_error(seed: int) -> None:
    rows = 20_000
    values, churned, odds = simulated(rows, seed)
    found = fit(values, churned, np.arange(rows).astype(object))
    # Standard errors of a logistic regression: the inverse of the Fisher information at the true odds.
    design = np.column_stack([np.ones(rows), (values - [0, 70, 3]) / [1, 20, 0.1]])
    chances = 1 / (1 + np.exp(-odds))
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (chances * (1 - chances))[:, None]))))
    on_true_scale = found.coefficients * [1, 20, 0.1]
    intercept = found.intercept - (found.centers - [0, 70, 3]) @ found.coefficients
    assert abs(intercept - TRUE_INTERCEPT) < 4.5 * errors[0]
    assert np.all(np.abs(on_true_scale - TRUE_WEIGHTS) < 4.5 * errors[1:])


def test_stated_probabilities_come_true_on_accounts_never_seen() -> None:
    values, churned, _ = simulated(20_000, 1)
    model = fit(values, churned, np.arange(len(values)).astype(object))
    unseen, left, odds = simulated(40_000, 2)
    stated = probabilities(model, unseen)
    for tenth in np.array_split(np.argsort(stated), 10):
        expected, spread = stated[tenth].sum(), np.sqrt((stated[tenth] * (1 - stated[tenth])).sum())
        assert abs(left[tenth].sum() - expected) < 4 * spread
    best = brier_score_loss(left, 1 / (1 + np.exp(-odds)))
    assert brier_score_loss(left, stated) < best * 1.01


def test_shuffled_outcomes_teach_nothing() -> None:
    values, churned, _ = simulated(20_000, 1)
    shuffled = np.random.default_rng(9).permutation(churned)
    model = fit(values, shuffled, np.arange(len(values)).astype(object))
    unseen, left, _ = simulated(20_000, 2)
    mixed = np.random.default_rng(10).permutation(left)
    error = np.sqrt((1 / left.sum() + 1 / (~left).sum()) / 12)
    assert abs(roc_auc_score(mixed, probabilities(model, unseen)) - 0.5) < 4 * error


def test_accounts_seen_many_times_do_not_make_the_model_sure_of_itself() -> None:
    """Months of one account are alike; folds that tore it apart would find noise that tells accounts apart useful."""
    random = np.random.default_rng(5)
    noise = np.repeat(random.normal(size=(60, 40)), 24, axis=0)
    churned = np.repeat(random.random(60) < 0.3, 24)
    model = fit(noise, churned, np.repeat(np.arange(60), 24).astype(object))
    stated = probabilities(model, noise)
    assert stated.max() < 0.9
    assert stated.min() > 0.02


def test_missing_values_and_features_that_never_vary_weigh_nothing() -> None:
    values, churned, _ = simulated(5_000, 4)
    silent = np.full((len(values), 1), np.nan)
    same = np.full((len(values), 1), 7.0)
    model = fit(np.hstack([values, silent, same]), churned, np.arange(len(values)).astype(object))
    assert list(model.coefficients[3:]) == [0, 0]
    nothing_known = probabilities(model, np.full((1, 5), np.nan))[0]
    assert nothing_known == pytest.approx(1 / (1 + np.exp(-model.intercept)))


def test_a_date_learns_only_from_what_was_over_by_then() -> None:
    training = history()
    day = date(2024, 12, 31)
    told = fit_all(training, [day], THRESHOLDS)
    later = training["as_of_date"] > pd.Timestamp("2024-10-02")
    too_old = training["as_of_date"] <= pd.Timestamp("2022-10-02")
    other = training.copy()
    other.loc[later | too_old, "is_churned"] = ~other.loc[later | too_old, "is_churned"]
    other.loc[later | too_old, "adoption"] = 0.5
    pd.testing.assert_frame_equal(told, fit_all(other, [day], THRESHOLDS))
    assert set(told["trained_to"]) == {date(2024, 9, 30)}
    assert set(told["trained_from"]) == {date(2023, 3, 31)}
    assert set(told["training_rows"]) == {7 * 300}, "March, June, September and December"
    between = training["as_of_date"].dt.month % 3 != 0
    overlapping = training.copy()
    overlapping.loc[between, "is_churned"] = ~overlapping.loc[between, "is_churned"]
    pd.testing.assert_frame_equal(told, fit_all(overlapping, [day], THRESHOLDS))
    changed = training.copy()
    changed.loc[training["as_of_date"] == pd.Timestamp("2024-09-30"), "adoption"] = 0.5
    assert not told.equals(fit_all(changed, [day], THRESHOLDS)), "the newest month end that is over counts"


def test_all_models_are_fitted_side_by_side() -> None:
    told = fit_all(history(), [date(2025, 6, 30)], THRESHOLDS)
    assert told.groupby("model")["feature"].apply(list).to_dict() == {
        "constant": ["intercept"],
        "health_score": ["intercept", "health_score"],
        "logistic": ["intercept", "adoption", "noise"],
    }
    weights = told.set_index(["model", "feature"])["coefficient"]
    assert weights["logistic", "adoption"] == pytest.approx(-4, abs=0.6)
    assert weights["logistic", "noise"] == pytest.approx(0, abs=0.6)
    assert weights["health_score", "health_score"] < 0
    past = history()[lambda rows: rows["as_of_date"] <= pd.Timestamp("2025-04-01")]
    past = past[(past["as_of_date"] > pd.Timestamp("2023-04-01")) & (past["as_of_date"].dt.month % 3 == 0)]
    share = 1 / (1 + np.exp(-weights["constant", "intercept"]))
    assert share == pytest.approx(past["is_churned"].mean(), abs=0.001)


def test_too_few_losses_leave_only_the_constant_and_no_past_leaves_nothing() -> None:
    training = history(accounts=29)
    training["is_churned"] = True
    training.loc[training["as_of_date"] > pd.Timestamp("2023-06-30"), "is_churned"] = False
    day = date(2024, 12, 31)
    assert set(fit_all(training, [day], THRESHOLDS)["model"]) == {"constant"}
    assert fit_all(training, [date(2023, 1, 31)], THRESHOLDS).empty
    assert fit_all(training.iloc[:0], [day], THRESHOLDS).empty
    nobody_left = history()
    nobody_left["is_churned"] = False
    found = fit_all(nobody_left, [day], THRESHOLDS)
    assert set(found["model"]) == {"constant"}
    assert 0 < 1 / (1 + np.exp(-found["coefficient"].iloc[0])) < 0.001


def test_a_missing_threshold_is_named() -> None:
    few = {name: value for name, value in THRESHOLDS.items() if name != "churn_risk_training_months"}
    with pytest.raises(ValueError, match="metric_thresholds has no row churn_risk_training_months"):
        fit_all(history(), [date(2024, 12, 31)], few)

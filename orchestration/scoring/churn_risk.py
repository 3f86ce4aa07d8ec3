"""The probability that an account leaves within the horizon: logistic regression, trained on the past of each date.

For each date D to be scored only month ends are learnt from whose horizon was over by D, so that nothing that happened
after D is known to the model of D; they lie a horizon apart, so that each loss is one loss. Three models are fitted side by side:

- `logistic`: all features;
- `health_score`: the health score alone, which is what a model has to beat;
- `constant`: the share of accounts that left, which is what any score has to beat.

Probabilities are calibrated by Platt's sigmoid (Platt 1999, "Probabilistic outputs for support vector machines") on
scores that were predicted across folds of accounts, never on accounts that the scored fold was fitted to. The sigmoid is
folded into the coefficients, so that what is published is one intercept and one coefficient a feature, on the feature's
own scale: log-odds = intercept + Σ coefficient · (value − center), a missing value counting as the center.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

Array = NDArray[np.float64]

NOT_FEATURES = ("account_id", "as_of_date", "health_score", "is_churned")
THRESHOLDS = (
    "churn_risk_horizon_days",
    "churn_risk_training_months",
    "churn_risk_step_months",
    "churn_risk_minimum_churned",
)
FOLDS = 5
# Far more than a dozen standardised features need; a fit that has not converged by then is an error, not a model.
ITERATIONS = 1000
DECIMALS = 9
COLUMNS = (
    "as_of_date",
    "model",
    "feature",
    "coefficient",
    "center",
    "training_rows",
    "training_churned",
    "trained_from",
    "trained_to",
)


@dataclass(frozen=True)
class Fit:
    """log-odds = intercept + Σ coefficients · (value − centers); arrays have one entry a feature, in their order."""

    intercept: float
    coefficients: Array
    centers: Array


def fit_all(training: pd.DataFrame, dates: Iterable[date], thresholds: Mapping[str, float]) -> pd.DataFrame:
    """Fit all models for each date.

    `training` has a row per account and month end: `account_id`, `as_of_date`, `health_score` (0–100), `is_churned`
    (whether it left within the horizon) and a column per feature, missing values as NaN. `thresholds` are the rows of
    seed metric_thresholds by name, among them those of THRESHOLDS.

    Returns a row per date, model and feature, and one for its `intercept`. A date with fewer churned accounts than the
    minimum has only the constant; one without any past has no row at all.

    Raises ValueError when a threshold is missing or a regression does not converge.
    """
    for name in THRESHOLDS:
        if name not in thresholds:
            raise ValueError(
                f"seed metric_thresholds has no row {name}: add it, or restore it from the project's history"
            )
    horizon, months, step, minimum_churned = (int(thresholds[name]) for name in THRESHOLDS)
    features = [name for name in training.columns if name not in NOT_FEATURES]
    month_ends = pd.to_datetime(training["as_of_date"])
    rows: list[tuple[object, ...]] = []
    for scored_on in (pd.Timestamp(on) for on in dates):
        newest = scored_on - timedelta(days=horizon)
        oldest = newest - pd.DateOffset(months=months)
        past = training[(month_ends <= newest) & (month_ends > oldest)]
        if past.empty:
            continue
        # A step apart, so that no loss lies in the horizon of two of them and counts twice.
        numbers = month_ends[past.index].dt.year * 12 + month_ends[past.index].dt.month
        past = past[(numbers.max() - numbers) % step == 0]
        churned = past["is_churned"].to_numpy(dtype=bool)
        about = (
            len(past),
            int(churned.sum()),
            pd.Timestamp(past["as_of_date"].min()).date(),
            pd.Timestamp(past["as_of_date"].max()).date(),
        )
        models: dict[str, tuple[list[str], Fit]] = {"constant": ([], constant(churned))}
        losers = past.loc[churned, "account_id"].nunique()
        if losers >= max(minimum_churned, FOLDS) and not churned.all():
            accounts = past["account_id"].to_numpy()
            for name, columns in (("health_score", ["health_score"]), ("logistic", features)):
                models[name] = (columns, fit(past[columns].to_numpy(dtype=float), churned, accounts))
        for name, (columns, fitted) in models.items():
            rows.append((scored_on.date(), name, "intercept", round(fitted.intercept, DECIMALS), 0.0, *about))
            rows.extend(
                (scored_on.date(), name, column, round(float(weight), DECIMALS), round(float(center), DECIMALS), *about)
                for column, weight, center in zip(columns, fitted.coefficients, fitted.centers, strict=True)
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def constant(churned: NDArray[np.bool_]) -> Fit:
    """The model that knows only how many leave. Half a loss is added to both sides: never is not what has been seen."""
    share = (churned.sum() + 0.5) / (len(churned) + 1)
    return Fit(float(np.log(share / (1 - share))), np.empty(0), np.empty(0))


def fit(values: Array, churned: NDArray[np.bool_], accounts: NDArray[np.object_]) -> Fit:
    """A calibrated logistic regression on `values` (rows × features, NaN for missing).

    Features are standardised, so that the ridge penalty (scikit-learn's default, C = 1) treats them alike; missing
    values take the mean, and a feature that never varies, or was never seen, weighs nothing. Folds hold whole accounts:
    the months of one account are too much alike to test each other.

    Raises ValueError when the regression does not converge.
    """
    seen = ~np.isnan(values)
    counts = np.maximum(seen.sum(axis=0), 1)
    centers = np.where(seen, values, 0.0).sum(axis=0) / counts
    centered = np.where(seen, values - centers, 0.0)
    spreads = np.sqrt((centered**2).sum(axis=0) / len(values))
    scales = np.where(spreads > 0, spreads, 1.0)
    scaled = centered / scales
    folds = list(GroupKFold(n_splits=FOLDS).split(scaled, churned, accounts))
    calibrated = CalibratedClassifierCV(
        LogisticRegression(solver="newton-cholesky", max_iter=ITERATIONS), method="sigmoid", cv=folds, ensemble=False
    ).fit(scaled, churned)
    regression = calibrated.calibrated_classifiers_[0].estimator
    if int(regression.n_iter_[0]) >= ITERATIONS:
        raise ValueError(f"the churn model did not converge in {ITERATIONS} iterations on {len(values)} rows")
    sigmoid = calibrated.calibrated_classifiers_[0].calibrators[0]
    # Platt's form is 1 / (1 + exp(a·score + b)); with log-odds = −a·score − b the sigmoid joins the regression.
    return Fit(
        intercept=float(-sigmoid.a_ * regression.intercept_[0] - sigmoid.b_),
        coefficients=-sigmoid.a_ * regression.coef_[0] / scales,
        centers=centers,
    )

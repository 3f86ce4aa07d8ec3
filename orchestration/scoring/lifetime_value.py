"""The shifted-beta-geometric model of contract renewal: fitting it, and what it expects of customers still there.

Each customer loses interest with a probability of its own at every renewal; over customers that probability is beta
distributed with parameters alpha and beta. Of those who have renewed t − 1 times, the share r(t) = (β + t − 1) /
(α + β + t − 1) renews once more: it grows with t because the doubtful leave first, not because anybody changes.

Sources: P. Fader and B. Hardie, "How to project customer retention", Journal of Interactive Marketing 21 (2007), for the
model; the same, "Customer-base valuation in a contractual setting", Marketing Science 29 (2010), for its expectations.

No database and no clock: arrays and data frames in, data frames out. Every figure is rounded, parameters to DIGITS, all
else to DECIMALS, so that neither the order of rows nor a machine's last digits show in what is published.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

DECIMALS = 9
# Of parameters; along the ridge of a flat likelihood more of them would be noise, and none of these is certain.
DIGITS = 7
# Beyond these bounds a fit says that customers do not differ, or differ without limit: no beta distribution is that.
LOWEST, HIGHEST = 1e-4, 1e5
CENTRE = (math.log(LOWEST) + math.log(HIGHEST)) / 2
REACH = (math.log(HIGHEST) - math.log(LOWEST)) / 2
LOWEST_DISCOUNT = 0.001
STARTS = ((1.0, 1.0), (0.5, 5.0), (5.0, 0.5), (0.1, 0.1), (2.0, 50.0), (50.0, 500.0))

FIT_COLUMNS = {
    "segment": "string",
    "period_months": "float64",
    "is_pooled": "bool",
    "status": "string",
    "renewal_rate": "float64",
    "alpha": "float64",
    "beta": "float64",
    "alpha_std_error": "float64",
    "beta_std_error": "float64",
    "log_likelihood": "float64",
    "renewals_observed": "int64",
    "losses_observed": "int64",
    "periods_observed": "int64",
}
EXPECTATION_COLUMNS = {
    "segment": "string",
    "period_months": "float64",
    "is_pooled": "bool",
    "renewal_number": "int64",
    "renewal_probability": "float64",
    "expected_periods": "float64",
    "expected_periods_if_renewed": "float64",
}


@dataclass(frozen=True)
class Fit:
    """What came of a fit; the numbers are nan unless `status` is fitted.

    too_few: fewer decided renewals or losses than the minimum. no_spread: a single renewal number, no loss or no renewal,
    from which two parameters cannot be told. at_boundary, not_converged: the likelihood has no top inside the bounds, as
    when the renewal rate does not grow with the renewal number.
    """

    status: str
    alpha: float = math.nan
    beta: float = math.nan
    log_likelihood: float = math.nan
    alpha_std_error: float = math.nan
    beta_std_error: float = math.nan


def renewal_probability(alpha: float, beta: float, number: npt.ArrayLike) -> Floats:
    """r(n): the share of those due for their n-th renewal that renew; n counts from 1."""
    before = np.asarray(number, dtype=np.float64) - 1
    return np.asarray((beta + before) / (alpha + beta + before))


def survival(alpha: float, beta: float, periods: int) -> Floats:
    """S(0) … S(periods): the share of new customers that is still there after as many renewals."""
    steps = renewal_probability(alpha, beta, np.arange(1, periods + 1))
    return np.concatenate([[1.0], np.cumprod(steps)])


def expected_periods(alpha: float, beta: float, last_number: int, discount: float) -> Floats:
    """Discounted expected residual lifetime just before renewal 1, 2, … last_number, in periods; `discount` is per period.

    DERL(n) = r(n) · ₂F₁(1, β + n; α + β + n; 1 / (1 + d)): the n-th renewal counts in full, each later one by a further
    discount. Summed backwards as r(n) · (1 + DERL(n + 1) / (1 + d)), because numerical libraries lose the hypergeometric
    function where α is a whole number, a parameter is large or d is small. The recursion begins so far out that what it
    assumes there, a renewal rate that stays as it is, has no weight left. With α ≤ 1 the sum has no limit at d = 0, so a
    discount that is not above 0 is refused.
    """
    if not discount > 0:
        raise ValueError(f"the discount per period must be above 0, not {discount}: without it the sum may be infinite")
    kept_weight = 1.0 / (1.0 + discount)
    far = last_number + math.ceil(40.0 / math.log1p(discount))
    at_the_end = float(renewal_probability(alpha, beta, far))
    ahead = at_the_end / (1.0 - at_the_end * kept_weight)
    found = np.empty(last_number)
    for number in range(far, 0, -1):
        before = number - 1.0
        ahead = (beta + before) / (alpha + beta + before) * (1.0 + kept_weight * ahead)
        if number <= last_number:
            found[number - 1] = ahead
    return found


def discount_per_period(yearly: float, period_months: float) -> float:
    """The rate that compounds to `yearly` over as many periods as a year has."""
    if not yearly >= LOWEST_DISCOUNT:
        raise ValueError(
            f"seed metric_thresholds, row ltv_discount_rate: must be at least {LOWEST_DISCOUNT} a year, not {yearly}; "
            "an undiscounted lifetime may be infinite"
        )
    return float((1.0 + yearly) ** (period_months / 12.0) - 1.0)


def log_likelihood(alpha: float, beta: float, numbers: Floats, renewed: Floats, lost: Floats) -> float:
    """Σ renewed · ln r(t) + lost · ln (1 − r(t)) over the renewals that were observed.

    Each renewal is judged given that the customer was there to be asked. So a customer who is still there simply has no
    further terms (right censoring), and one whose first renewals lie before the extracts has no terms for them (left
    truncation). Where all are observed from the start this is the likelihood of Fader and Hardie, term by term.
    """
    odds_to_leave = alpha / (beta + numbers - 1)
    return float(-np.sum(renewed * np.log1p(odds_to_leave)) - np.sum(lost * np.log1p(1.0 / odds_to_leave)))


def _derivatives(logs: Floats, numbers: Floats, renewed: Floats, lost: Floats) -> tuple[Floats, Floats]:
    """Gradient and Hessian of the negative log-likelihood in (ln α, ln β).

    With r = r(t) and s = β / (β + t − 1), written so that nothing cancels where α and β are large: d/d ln α is
    Σ lost · r − renewed · (1 − r), and d/d ln β is Σ s · (renewed · (1 − r) − lost · r).
    """
    alpha, beta = np.exp(logs)
    kept = beta + numbers - 1
    stays, leaves, share = kept / (alpha + kept), alpha / (alpha + kept), beta / kept
    excess = renewed * leaves - lost * stays
    spread = (renewed + lost) * stays * leaves
    by_alpha, by_beta = -np.sum(excess), np.sum(share * excess)
    alpha_alpha = -np.sum(spread)
    alpha_beta = np.sum(share * spread)
    beta_beta = np.sum(share * (1 - share) * excess - share**2 * spread)
    return -np.array([by_alpha, by_beta]), -np.array([[alpha_alpha, alpha_beta], [alpha_beta, beta_beta]])


def _lowest_eigenvalue(matrix: Floats) -> float:
    """Of a symmetric matrix of two rows; written out, as a library's call costs more than a whole step."""
    half_difference = (matrix[0, 0] - matrix[1, 1]) / 2
    return float((matrix[0, 0] + matrix[1, 1]) / 2 - math.hypot(half_difference, matrix[0, 1]))


def _solved(matrix: Floats, right: Floats) -> Floats:
    """x in matrix · x = right, for two rows."""
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2
    return np.array(
        [
            (right[0] * matrix[1, 1] - right[1] * matrix[0, 1]) / determinant,
            (right[1] * matrix[0, 0] - right[0] * matrix[0, 1]) / determinant,
        ]
    )


def _climbed(start: tuple[float, float], numbers: Floats, renewed: Floats, lost: Floats) -> tuple[float, Floats]:
    """Cost (the negative log-likelihood) and (ln α, ln β) where Newton's steps, damped, come to rest or leave the bounds."""

    def cost_at(logs: Floats) -> float:
        return -log_likelihood(math.exp(logs[0]), math.exp(logs[1]), numbers, renewed, lost)

    logs = np.log(np.asarray(start, dtype=np.float64))
    cost = cost_at(logs)
    for _ in range(200):
        gradient, hessian = _derivatives(logs, numbers, renewed, lost)
        lowest = _lowest_eigenvalue(hessian)
        damping = 0.0 if lowest > 0 else 1e-3 * float(np.abs(hessian).max()) - lowest
        step = _solved(hessian + damping * np.eye(2), gradient)
        step = step / max(1.0, float(np.abs(step).max()))
        # Rounding hides gains this small, which would stop the climb just below the top.
        tolerance = 1e-14 * abs(cost)
        share = 1.0
        while cost_at(logs - share * step) > cost + tolerance and share > 1e-6:
            share /= 2
        if share <= 1e-6:
            break
        logs = logs - share * step
        cost = cost_at(logs)
        if np.abs(share * step).max() < 1e-13 or not np.all(np.abs(logs - CENTRE) < REACH):
            break
    return cost, logs


def fit(
    numbers: npt.ArrayLike,
    renewed: npt.ArrayLike,
    lost: npt.ArrayLike,
    minimum_renewals: int = 0,
    minimum_losses: int = 0,
) -> Fit:
    """Maximum likelihood from counts by renewal number: how many renewed and how many were lost at their n-th renewal.

    Fit says what else than `fitted` may come of it.
    """
    t, kept, gone = (np.asarray(values, dtype=np.float64) for values in (numbers, renewed, lost))
    order = np.argsort(t, kind="stable")
    t, kept, gone = t[order], kept[order], gone[order]
    seen = kept + gone > 0
    t, kept, gone = t[seen], kept[seen], gone[seen]
    decided, losses = kept.sum() + gone.sum(), gone.sum()
    if decided < minimum_renewals or losses < minimum_losses:
        return Fit("too_few")
    if losses == 0 or losses == decided or len(np.unique(t)) < 2:
        return Fit("no_spread")

    _, top = min((_climbed(start, t, kept, gone) for start in STARTS), key=lambda found: found[0])
    if np.any(np.abs(top - CENTRE) >= REACH):
        return Fit("at_boundary")
    gradient, hessian = _derivatives(top, t, kept, gone)
    # At a top the surface curves, and a further step moves no published digit.
    if _lowest_eigenvalue(hessian) <= 0 or np.abs(_solved(hessian, gradient)).max() > 0.1**DIGITS / 10:
        return Fit("not_converged")
    alpha, beta = (float(value) for value in np.exp(top))
    alpha_variance, beta_variance = (float(_solved(hessian, unit)[row]) for row, unit in enumerate(np.eye(2)))
    return Fit(
        "fitted",
        _significant(alpha),
        _significant(beta),
        round(log_likelihood(alpha, beta, t, kept, gone), 6),
        _significant(alpha * math.sqrt(alpha_variance)),
        _significant(beta * math.sqrt(beta_variance)),
    )


def fit_segments(opportunities: pd.DataFrame, thresholds: Mapping[str, float]) -> pd.DataFrame:
    """One fit per segment and length of term, and one per length of term over all segments (is_pooled, no segment).

    `opportunities` has segment, period_months, renewal_number, renewed and lost: counts. Terms of different length are
    never put together: to have stayed twelve months means something else after one yearly renewal than after twelve
    monthly ones.
    """
    minimum_renewals = int(_threshold(thresholds, "ltv_minimum_renewals"))
    minimum_losses = int(_threshold(thresholds, "ltv_minimum_losses"))
    counts = opportunities.astype({"period_months": "float64"})
    rows = []
    for is_pooled, keys in ((False, ["segment", "period_months"]), (True, ["period_months"])):
        summed = counts.groupby([*keys, "renewal_number"], sort=True)[["renewed", "lost"]].sum().reset_index()
        for key, group in summed.groupby(keys, sort=True):
            renewed, lost = group["renewed"].to_numpy(), group["lost"].to_numpy()
            seen = renewed + lost > 0
            found = fit(group["renewal_number"].to_numpy(), renewed, lost, minimum_renewals, minimum_losses)
            rows.append(
                {
                    "segment": None if is_pooled else key[0],
                    "period_months": key[-1],
                    "is_pooled": is_pooled,
                    "status": found.status,
                    "renewal_rate": _share(renewed.sum(), renewed.sum() + lost.sum()),
                    "alpha": found.alpha,
                    "beta": found.beta,
                    "alpha_std_error": found.alpha_std_error,
                    "beta_std_error": found.beta_std_error,
                    "log_likelihood": found.log_likelihood,
                    "renewals_observed": int(renewed.sum() + lost.sum()),
                    "losses_observed": int(lost.sum()),
                    "periods_observed": int(group["renewal_number"].to_numpy()[seen].max(initial=0)),
                }
            )
    return pd.DataFrame(rows, columns=list(FIT_COLUMNS)).astype(FIT_COLUMNS)


def expectations(fits: pd.DataFrame, opportunities: pd.DataFrame, thresholds: Mapping[str, float]) -> pd.DataFrame:
    """For each fit, what it expects just before the n-th renewal, up to one more than anybody has come to.

    `expected_periods` is DERL; `expected_periods_if_renewed` the same once the n-th renewal is known to be signed: that
    period in full, and what follows a period later.

    Where even all segments together show no trend over renewal numbers, the limit of the model holds for that length of
    term: one renewal rate for all, whose expectation is r / (1 − r / (1 + d)).
    """
    yearly = _threshold(thresholds, "ltv_discount_rate")
    # Also where nothing is fitted yet, so that a useless rate is found on the day it is written.
    discount_per_period(yearly, 12.0)
    last = opportunities.astype({"period_months": "float64"}).groupby("period_months")["renewal_number"].max()
    frames = []
    for row in fits.to_dict("records"):
        has_no_trend = row["is_pooled"] and row["status"] != "too_few" and row["renewal_rate"] < 1
        if row["status"] != "fitted" and not has_no_trend:
            continue
        period_months = float(row["period_months"])
        discount = discount_per_period(yearly, period_months)
        count = int(last.get(period_months, 0)) + 1
        numbers = np.arange(1, count + 1)
        if row["status"] == "fitted":
            alpha, beta = float(row["alpha"]), float(row["beta"])
            probability = renewal_probability(alpha, beta, numbers)
            ahead = expected_periods(alpha, beta, count + 1, discount)
        else:
            rate = float(row["renewal_rate"])
            probability = np.full(count, rate)
            ahead = np.full(count + 1, rate / (1.0 - rate / (1.0 + discount)))
        frames.append(
            pd.DataFrame(
                {
                    "segment": row["segment"],
                    "period_months": period_months,
                    "is_pooled": row["is_pooled"],
                    "renewal_number": numbers,
                    "renewal_probability": probability.round(DECIMALS),
                    "expected_periods": ahead[:-1].round(DECIMALS),
                    "expected_periods_if_renewed": (1.0 + ahead[1:] / (1.0 + discount)).round(DECIMALS),
                }
            ).astype(EXPECTATION_COLUMNS)
        )
    if not frames:
        return pd.DataFrame(columns=list(EXPECTATION_COLUMNS)).astype(EXPECTATION_COLUMNS)
    return pd.concat(frames, ignore_index=True)


def _significant(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _share(part: float, whole: float) -> float:
    """part / whole, nan when there is nothing to divide by."""
    return round(float(part / whole), DECIMALS) if whole else math.nan


def _threshold(thresholds: Mapping[str, float], name: str) -> float:
    """A number from seed metric_thresholds. Raises ValueError with the row's name when it is missing."""
    if name not in thresholds or not math.isfinite(thresholds[name]):
        raise ValueError(f"seed metric_thresholds has no number in a row {name}")
    return float(thresholds[name])

"""Weights of the health score learnt from who left, and how they come into seed health_score_weights.

`make tune-health` fits on dates before a cut and judges on dates whose horizons begin when those of the training dates are
over, so that no loss is both learnt from and judged.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from orchestration.scoring.health_models import (
    DEFAULT,
    SAME,
    Array,
    Day,
    Flags,
    HealthModel,
    HealthUnavailable,
    seed_key,
)

CENT = 100  # proposed weights are whole hundredths: more digits than the losses can tell help nobody
# Beyond this slope ten points of health would multiply the odds of leaving by more than 100: a perfect split, no fit.
STEEPEST = 50.0


def span(dates: Sequence[date]) -> str:
    return f"{len(dates)} dates, {dates[0]} to {dates[-1]}" if len(dates) > 1 else f"{dates[0]}"


def fit_weights(scores: Array, churned: Flags, start: Array) -> Array:
    """The weights (≥ 0, sum 1) under which the health score tells best who left: maximum likelihood of a logistic
    regression of the outcome on the score, whose slope is free and not negative.

    `scores`: rows × components, 0 to 100, NaN where nothing is known, which takes no part in the row's mean, as in the
    health score. `start`: weights to begin from. Rows without any component are left out.

    Raises HealthUnavailable when the fit does not converge.
    """
    known = ~np.isnan(scores)
    rows = known.any(axis=1)
    known, values, left = known[rows].astype(float), np.nan_to_num(scores[rows]) / 100, churned[rows].astype(float)
    share = np.clip(left.mean(), 1e-6, 1 - 1e-6)

    def loss(parameters: Array) -> tuple[float, Array]:
        parts = parameters[1:] + SAME  # a row whose only component weighs nothing still has a mean
        weight = known @ parts
        mean = (known * values) @ parts / weight
        slope = parts.sum()
        odds = parameters[0] - slope * mean
        error = 1 / (1 + np.exp(-odds)) - left
        # d(slope · mean)/d(part) = mean + slope · (value − mean) · known / weight
        pull = slope * known * (values - mean[:, None]) / weight[:, None] + mean[:, None]
        count = len(left)
        gradient = np.concatenate([[error.sum()], -(error[:, None] * pull).sum(axis=0)]) / count
        return float((np.logaddexp(0, odds) - left * odds).sum() / count), gradient

    first = np.concatenate([[np.log(share / (1 - share)) + 3.0], np.maximum(start, 0.02) * 4])
    found = minimize(
        loss, first, jac=True, method="L-BFGS-B", bounds=[(None, None), *[(0.0, STEEPEST)] * scores.shape[1]],
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-9},
    )  # fmt: skip
    if not found.success and found.status != 2:  # 2: the last step could not be told from rounding
        raise HealthUnavailable(f"the weights did not converge on {len(left):,} rows: {found.message}")
    parts = np.asarray(found.x[1:], dtype=float)
    return parts / parts.sum() if parts.sum() > 0 else np.asarray(start, dtype=float)


def in_hundredths(weights: Array, total: float = 1.0) -> Array:
    """Whole hundredths that sum to `total` hundredths exactly; what is cut off most gets one back first."""
    exact = weights / weights.sum() * round(total * CENT) if weights.sum() > 0 else weights
    if weights.sum() <= 0:
        exact = np.full(len(weights), round(total * CENT) / len(weights))
    whole = np.floor(exact + SAME)
    missing = int(round(total * CENT) - whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:missing]] += 1
    return np.asarray(whole / CENT)


@dataclass(frozen=True)
class Proposal:
    model: HealthModel
    told: Mapping[str, str]  # segment → what its weights stand on


def propose(
    old: HealthModel, seeded: Sequence[Mapping[str, str]], training: Sequence[Day], minimum: int, prior: float
) -> Proposal:
    """Weights learnt from the training days: `default` from all accounts, drawn towards its old weights, then those of each
    segment with `minimum` losses, drawn towards the new default; what they are drawn to counts as `prior` losses. A segment
    with fewer losses takes the new default: with old weights beside new ones its scores would be on another scale.

    `seeded`: rows of the seed; a component that a segment does not mention goes on following the default.

    Raises HealthUnavailable when fewer than `minimum` accounts left.
    """
    values = np.vstack([old.component_scores(day.values, day.segments) for day in training])
    churned = np.concatenate([day.churned for day in training])
    own = np.concatenate([old.own_segments(day.segments) for day in training])
    losses = int(churned.sum())
    if losses < minimum:
        raise HealthUnavailable(
            f"too few losses to learn from: {losses} accounts left within the horizon of the training dates"
            f" ({span([day.as_of for day in training])}), {minimum} are needed (seed metric_thresholds,"
            " health_backtest_training_losses). Wait for more history, or land older extracts"
        )

    def learnt(rows: Flags, wider: Array) -> Array:
        count = int(churned[rows].sum())
        return (count * fit_weights(values[rows], churned[rows], wider) + prior * wider) / (count + prior)

    default = in_hundredths(learnt(np.ones(len(own), dtype=bool), old.weights[DEFAULT]))
    weights = {DEFAULT: default}
    told = {DEFAULT: f"{losses} losses of all accounts"}
    for segment in old.weights:
        if segment == DEFAULT:
            continue
        rows = own == segment
        lost = int(churned[rows].sum())
        named = [old.components.index(row["component"]) for row in seeded if seed_key(row["segment"]) == segment]
        wanted = learnt(rows, default) if lost >= minimum else default
        told[segment] = (
            f"{lost} losses of its own" if lost >= minimum else f"as default: {lost} losses, {minimum} are needed"
        )
        mixed = default.copy()
        mixed[named] = in_hundredths(wanted[named], float(1 - np.delete(default, named).sum()))
        weights[segment] = mixed
    return Proposal(old.with_weights("proposed", weights), told)


def cut(days: Sequence[Day], share: float) -> int:
    """How many of the days are for training: the fewest that hold this share of the losses, one day left at least."""
    losses = np.cumsum([day.churned.sum() for day in days])
    return int(min(np.searchsorted(losses, share * losses[-1]) + 1, len(days) - 1))


def write_weights(seed_file: Path, model: HealthModel) -> None:
    """Put the model's weights into the seed; every other cell, the order of rows and the line ends stay."""
    text = seed_file.read_bytes().decode("utf-8")
    ending = "\r\n" if "\r\n" in text else "\n"
    rows = list(csv.reader(io.StringIO(text, newline="")))
    names = rows[0]
    segment, component, weight = (names.index(name) for name in ("segment", "component", "weight"))
    for row in rows[1:]:
        if row:
            at = model.components.index(row[component])
            learnt = float(model.weights[seed_key(row[segment])][at])
            if abs(float(row[weight]) - learnt) > SAME:
                row[weight] = f"{learnt:.2f}"
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ending).writerows(rows)
    partial = seed_file.with_suffix(".partial")
    partial.write_bytes(out.getvalue().encode("utf-8"))
    partial.replace(seed_file)

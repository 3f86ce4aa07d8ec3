"""How well health scores told who would leave: two models on the same accounts, dates and losses.

Sources: E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
characteristic curves", Biometrics 44 (1988); N. Obuchowski, "Nonparametric analysis of clustered ROC curve data",
Biometrics 53 (1997), because an account that is judged on several dates is not several accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

from orchestration.scoring.health_models import Array, Day, Flags, HealthModel, Texts

DECILES = 10


def deciles(score: Array) -> NDArray[np.int64]:
    """0 for the tenth with the lowest scores, to 9; equal scores share the decile of their mean rank."""
    twice_rank = np.round(2 * rankdata(score)).astype(np.int64)
    return np.asarray(5 * (twice_rank - 1) // max(len(score), 1))


def placements(score: Array, churned: Flags) -> Array:
    """For each account the share of those that did the other thing which the score puts on the right side, ties as half.

    The mean over the churned, and over the stayers, is the AUC. Both kinds must be there.
    """
    among_all = rankdata(score)
    among_own = np.empty(len(score))
    among_own[churned] = rankdata(score[churned])
    among_own[~churned] = rankdata(score[~churned])
    below = among_all - among_own  # of the other kind, ties as half
    left, stayed = int(churned.sum()), int((~churned).sum())
    return np.asarray(np.where(churned, 1 - below / stayed, below / left))


@dataclass(frozen=True)
class Auc:
    """Share of the pairs of one that left and one that stayed on the same date in the right order, over all dates."""

    value: float
    influence: Mapping[str, float]  # what each account moves it by

    @property
    def std_error(self) -> float:
        return _cluster_error(np.array(list(self.influence.values())))

    def error_of_difference(self, other: Auc) -> float:
        return _cluster_error(np.array([self.influence[key] - other.influence[key] for key in self.influence]))


def _cluster_error(influence: Array) -> float:
    count = len(influence)
    return float(np.sqrt((influence**2).sum() * count / (count - 1))) if count > 1 else float("nan")


def pooled_auc(judged: Sequence[tuple[Texts, Array, Flags]]) -> Auc | None:
    """`judged`: accounts, scores and outcomes of each date. None unless somebody left and somebody stayed."""
    usable = [(accounts, score, churned) for accounts, score, churned in judged if 0 < churned.sum() < len(churned)]
    pairs = float(sum(int(churned.sum()) * int((~churned).sum()) for _, _, churned in usable))
    if not pairs:
        return None
    placed = [placements(score, churned) for _, score, churned in usable]
    value = (
        sum(
            float(place[churned].sum()) * int((~churned).sum())
            for place, (_, _, churned) in zip(placed, usable, strict=True)
        )
        / pairs
    )
    influence: dict[str, float] = {}
    for place, (accounts, _, churned) in zip(placed, usable, strict=True):
        others = np.where(churned, (~churned).sum(), churned.sum())
        for account, moved in zip(accounts, (place - value) * others / pairs, strict=True):
            influence[account] = influence.get(account, 0.0) + float(moved)
    return Auc(value, influence)


@dataclass
class Judgement:
    """How well one model's scores told who would leave, over all judged dates."""

    name: str
    auc: Auc | None
    accounts: int = 0
    churned: int = 0
    unscored: int = 0
    at_risk: int = 0
    at_risk_churned: int = 0
    squared_error: float = 0.0
    squared_error_constant: float = 0.0
    predicted: int = 0  # accounts with a probability
    by_decile: Array = field(
        default_factory=lambda: np.zeros((DECILES, 4))
    )  # accounts, churned, predicted, Σ probability

    @property
    def brier(self) -> float | None:
        return self.squared_error / self.predicted if self.predicted else None

    @property
    def brier_constant(self) -> float | None:
        return self.squared_error_constant / self.predicted if self.predicted else None

    @property
    def precision(self) -> float | None:
        return self.at_risk_churned / self.at_risk if self.at_risk else None

    @property
    def recall(self) -> float | None:
        return self.at_risk_churned / self.churned if self.churned else None


@dataclass(frozen=True)
class Comparison:
    """Two models on the same accounts, dates and losses."""

    old: Judgement
    new: Judgement
    dates: Sequence[date]
    listed: int  # accounts that the old model calls at risk: the length of the lists of the lowest scores of both
    on_both: int  # of those that left: on both lists …
    only_old: int  # … on the old model's only …
    only_new: int  # … and on the new model's only

    @property
    def chance_of_lists(self) -> float | None:
        """Probability that lists of equal worth differ by so much in who of the leavers is on them (McNemar's exact test)."""
        told_apart = self.only_old + self.only_new
        return float(binomtest(self.only_new, told_apart).pvalue) if told_apart else None

    @property
    def difference(self) -> float | None:
        return self.new.auc.value - self.old.auc.value if self.new.auc and self.old.auc else None

    def interval(self, errors: float) -> tuple[float, float] | None:
        """95 % interval of the difference of AUC; `errors`: half its width in standard errors."""
        if self.difference is None or self.new.auc is None or self.old.auc is None:
            return None
        half = errors * self.new.auc.error_of_difference(self.old.auc)
        return self.difference - half, self.difference + half


@dataclass(frozen=True)
class View:
    """One date as one model sees it: the accounts that both models score."""

    as_of: date
    accounts: Texts
    churned: Flags
    score: Array
    band: Texts

    def lowest(self, count: int) -> Flags:
        """The accounts with the lowest scores; of equals at the end of the list, the first by key."""
        listed = np.zeros(len(self.score), dtype=bool)
        listed[np.lexsort((self.accounts.astype(str), self.score))[:count]] = True
        return listed


def judge(name: str, views: Sequence[View], judged_from: date, horizon: int, prior: float) -> Judgement:
    """The probability of an account is the churn rate of its score's decile over earlier views whose horizon was over by
    then, drawn towards the rate of all by `prior` accounts, as in health_backtest."""
    judged = [view for view in views if view.as_of >= judged_from]
    result = Judgement(name, pooled_auc([(view.accounts, view.score, view.churned) for view in judged]))
    for view in judged:
        tenth, at_risk = deciles(view.score), view.band == "at_risk"
        result.accounts += len(tenth)
        result.churned += int(view.churned.sum())
        result.at_risk += int(at_risk.sum())
        result.at_risk_churned += int((at_risk & view.churned).sum())
        result.by_decile[:, 0] += np.bincount(tenth, minlength=DECILES)
        result.by_decile[:, 1] += np.bincount(tenth, view.churned, DECILES)
        earlier = [each for each in views if each.as_of + timedelta(days=horizon) <= view.as_of]
        if not sum(len(each.score) for each in earlier):
            continue
        seen = np.concatenate([deciles(each.score) for each in earlier])
        left = np.concatenate([each.churned for each in earlier])
        overall = float(left.mean())
        rates = (np.bincount(seen, left, DECILES) + prior * overall) / (np.bincount(seen, minlength=DECILES) + prior)
        result.predicted += len(tenth)
        result.squared_error += float(((rates[tenth] - view.churned) ** 2).sum())
        result.squared_error_constant += float(((overall - view.churned) ** 2).sum())
        result.by_decile[:, 2] += np.bincount(tenth, minlength=DECILES)
        result.by_decile[:, 3] += np.bincount(tenth, rates[tenth], DECILES)
    return result


def compare(
    old: HealthModel, new: HealthModel, days: Sequence[Day], horizon: int, prior: float, judged_from: date | None = None
) -> Comparison:
    """Judge both models on the days from `judged_from` on, earlier ones only teach the probabilities. Only accounts that both
    models score are judged."""
    since = judged_from or days[0].as_of
    views: tuple[list[View], list[View]] = ([], [])
    unscored = [0, 0]
    for day in days:
        scored = [model.score(day.values, day.segments) for model in (old, new)]
        both = ~np.isnan(scored[0].score) & ~np.isnan(scored[1].score)
        for side, each in enumerate(scored):
            views[side].append(
                View(day.as_of, day.accounts[both], day.churned[both], each.score[both], each.band[both])
            )
            unscored[side] += int(np.isnan(each.score).sum()) if day.as_of >= since else 0
    listed = on_both = only_old = only_new = 0
    for of_old, of_new in zip(*views, strict=True):
        if of_old.as_of >= since:
            count = int((of_old.band == "at_risk").sum())
            by_old, by_new = of_old.lowest(count) & of_old.churned, of_new.lowest(count) & of_new.churned
            listed += count
            on_both += int((by_old & by_new).sum())
            only_old += int((by_old & ~by_new).sum())
            only_new += int((by_new & ~by_old).sum())
    judgements = [judge(model.name, seen, since, horizon, prior) for model, seen in zip((old, new), views, strict=True)]
    for judgement, count in zip(judgements, unscored, strict=True):
        judgement.unscored = count
    return Comparison(
        judgements[0],
        judgements[1],
        [day.as_of for day in days if day.as_of >= since],
        listed,
        on_both,
        only_old,
        only_new,
    )

"""What `make tune-health` and `make compare-health` print: two health models side by side, from the published database."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence

import numpy as np
from tabulate import tabulate

from orchestration.scoring.health_judgement import DECILES, Comparison, Judgement, compare
from orchestration.scoring.health_models import (
    DEFAULT,
    SEEDS,
    Day,
    HealthModel,
    HealthUnavailable,
    judged_dates,
    open_published,
    published_models,
    published_version,
    read_day,
    read_thresholds,
    seeded_model,
    threshold,
)
from orchestration.scoring.health_picture import Curve, write_picture
from orchestration.scoring.health_weights import cut, propose, span, write_weights
from orchestration.settings import Settings

MOVES_SHOWN = 10


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _rate(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def figures(comparison: Comparison, errors: float, headings: tuple[str, str]) -> str:
    """Both judgements side by side."""
    rows: list[tuple[str, str, str]] = []

    def row(label: str, tell: Callable[[Judgement], str]) -> None:
        rows.append((label, tell(comparison.old), tell(comparison.new)))

    def auc(judgement: Judgement) -> str:
        if judgement.auc is None:
            return "–"
        half = errors * judgement.auc.std_error
        return f"{judgement.auc.value:.3f} (± {half:.3f})"

    row("accounts judged, each once a date", lambda each: f"{each.accounts:,}")
    row("of these churned", lambda each: f"{each.churned:,}")
    row("without a score", lambda each: f"{each.unscored:,}")
    row("AUC (0.5 is chance)", auc)
    row("Brier score (lower is better)", lambda each: _rate(each.brier, 5))
    row("… of one rate for all", lambda each: _rate(each.brier_constant, 5))
    row("at risk: accounts", lambda each: f"{each.at_risk:,}")
    row("at risk: precision", lambda each: _rate(each.precision))
    row("at risk: recall", lambda each: _rate(each.recall))
    rows.append(
        (
            f"churned of the {comparison.listed:,} with the lowest scores",
            f"{comparison.on_both + comparison.only_old:,}",
            f"{comparison.on_both + comparison.only_new:,}",
        )
    )
    rates = [
        (
            decile + 1,
            *(
                _rate(float(each[1] / each[0]) if each[0] else None)
                for each in (comparison.old.by_decile[decile], comparison.new.by_decile[decile])
            ),
        )
        for decile in range(DECILES)
    ]
    return (
        tabulate(rows, headers=["", *headings], tablefmt="simple", disable_numparse=True)
        + "\n\n"
        + tabulate(
            rates,
            headers=["score decile (1 lowest)", *(f"churn rate, {name}" for name in headings)],
            disable_numparse=True,
        )
    )


def verdict(comparison: Comparison, errors: float) -> str:
    """In words, whether the new scores are better, and whether that is more than chance."""
    interval = comparison.interval(errors)
    if interval is None or comparison.difference is None or comparison.new.auc is None:
        return "Nothing can be said: on the judged dates nobody left, or everybody did."
    low, high = interval
    said = (
        f"Difference of AUC: {comparison.difference:+.3f} (95 % interval {low:+.3f} to {high:+.3f}), on {span(comparison.dates)}"
        f" with {comparison.new.churned:,} losses.\n"
    )
    if low > 0:
        said += "Over all accounts the new scores are better than the old ones, and by more than chance explains."
    elif high < 0:
        said += "Over all accounts the new scores are worse than the old ones, and by more than chance explains."
    else:
        said += "Over all accounts the new scores are neither better nor worse than chance could explain."
    chance = comparison.chance_of_lists
    if chance is not None:
        ahead = "better" if comparison.only_new > comparison.only_old else "worse"
        said += (
            f"\nAt the low end, among the {comparison.listed:,} accounts that the old scores call at risk and as many by the new:"
            f" {comparison.only_new:,} that left are on the new list only, {comparison.only_old:,} on the old one only. "
            + (
                f"The new list is {ahead}, by more than chance explains."
                if chance < 0.05
                else "Chance could explain that."
            )
            + (" (p < 0.001)" if chance < 0.001 else f" (p = {chance:.3f})")
        )
    own = comparison.new.auc
    if own.value - errors * own.std_error <= 0.5:
        said += "\nThe new score itself is no better than chance: its interval reaches 0.5."
    return said


def weights_table(models: Sequence[HealthModel], headings: Sequence[str]) -> str:
    rows = []
    for segment in dict.fromkeys(segment for model in models for segment in model.weights):
        for component in dict.fromkeys(component for model in models for component in model.components):
            cells = []
            for model in models:
                if component not in model.components:
                    cells.append("–")
                    continue
                at = model.components.index(component)
                own = segment if segment in model.weights else DEFAULT
                cells.append(f"{model.weights[own][at]:.2f}  ({model.low[own][at]:g} to {model.high[own][at]:g})")
            rows.append((segment, component, *cells))
    return tabulate(
        rows, headers=["segment", "component", *(f"{name} (bounds)" for name in headings)], disable_numparse=True
    )


def curves(comparison: Comparison, headings: tuple[str, str]) -> list[Curve]:
    return [
        Curve(
            name,
            [float(row[1] / row[0]) if row[0] else None for row in each.by_decile],
            [float(row[3] / row[2]) if row[2] else None for row in each.by_decile],
        )
        for name, each in zip(headings, (comparison.old, comparison.new), strict=True)
    ]


def _read_days(
    settings: Settings, model: HealthModel, published: HealthModel, horizon: int, with_newest: bool = False
) -> tuple[list[Day], Day | None]:
    with open_published(settings) as connection:
        dates = judged_dates(connection, horizon)
        if not dates:
            raise HealthUnavailable(
                f"no published date with health scores lies {horizon} days or more before the newest one, so nobody knows yet"
                " who left: wait, or land older extracts"
            )
        say(f"reading health on {span(dates)}, and who churned within {horizon} days")
        days = [read_day(connection, model, published, day, horizon) for day in dates]
        newest = None
        if with_newest:
            (last,) = connection.execute("select max(as_of_date) from marts.fct_account_health").fetchone() or (None,)
            newest = read_day(connection, model, published, last, horizon)
    again = [published.score(day.values, day.segments).score for day in days]
    off = sum(
        int((~np.isclose(mine, day.published_score, rtol=0, atol=1e-6, equal_nan=True)).sum())
        for mine, day in zip(again, days, strict=True)
    )
    if off:
        say(
            f"note: {off:,} published scores are not what {published.name} gives; the seeds were changed since the last run"
        )
    return days, newest


def published_model(settings: Settings) -> HealthModel:
    """The model of the published scores; that of the seeds where the published file is of an older release."""
    with open_published(settings) as connection:
        version = published_version(connection)
    return published_models(settings).get(version) or seeded_model(settings)


def tune(settings: Settings, write: bool = False) -> str:
    """What `make tune-health` prints. Raises HealthUnavailable."""
    thresholds = read_thresholds(settings)
    horizon = int(threshold(thresholds, "health_backtest_short_horizon_days"))
    prior = threshold(thresholds, "health_backtest_prior_accounts")
    errors = threshold(thresholds, "confidence_standard_errors")
    minimum = int(threshold(thresholds, "health_backtest_training_losses"))
    published = published_model(settings)
    old = seeded_model(settings)
    seed_file = settings.project_dir / "seeds" / "health_score_weights.csv"
    days, _ = _read_days(settings, old, published, horizon)
    if len(days) < 2:
        raise HealthUnavailable(
            f"only one published date ({days[0].as_of}) has a horizon of {horizon} days that is over: two are needed, one to"
            " learn from and one to judge. Wait for more history, or land older extracts"
        )
    learnt = cut(days, threshold(thresholds, "health_backtest_training_share"))
    training, later = days[:learnt], days[learnt:]
    say(f"learning from {span([day.as_of for day in training])}")
    with seed_file.open(newline="", encoding="utf-8") as file:
        seeded = list(csv.DictReader(file))
    proposal = propose(old, seeded, training, minimum, threshold(thresholds, "health_backtest_prior_losses"))
    say(f"judging on {span([day.as_of for day in later])}")
    comparison = compare(old, proposal.model, days, horizon, prior, later[0].as_of)
    headings = ("old", "new")
    picture = settings.warehouse_dir / "tune_health.svg"
    write_picture(
        picture, f"Health scores, old and new weights: who left within {horizon} days", curves(comparison, headings)
    )
    parts = [
        weights_table([old, proposal.model], headings),
        "\n".join(f"{segment}: {told}" for segment, told in proposal.told.items()),
        figures(comparison, errors, headings),
        verdict(comparison, errors),
        f"Learnt from {span([day.as_of for day in training])}; judged on later dates whose {horizon} days begin when those"
        f" are over. Drawn in {picture}",
    ]
    if write:
        write_weights(seed_file, proposal.model)
        parts.append(
            f"Written: the column `weight` of {seed_file}. Look at the change, run `make run`, then `make compare-health`."
        )
    else:
        parts.append(
            "Nothing was written. `make tune-health WRITE=1` puts the new weights into seeds/health_score_weights.csv."
        )
    return "\n\n".join(parts)


def compare_versions(settings: Settings, version: str | None = None) -> str:
    """What `make compare-health` prints: the published model against another version. Raises HealthUnavailable."""
    thresholds = read_thresholds(settings)
    horizon = int(threshold(thresholds, "health_backtest_short_horizon_days"))
    errors = threshold(thresholds, "confidence_standard_errors")
    with open_published(settings) as connection:
        current = published_version(connection)
    models = published_models(settings)
    if current not in models:
        raise HealthUnavailable(
            f"the weights of the published version {current} were not kept, because an older release published it:"
            " run `make run` once, then change seeds/health_score_weights.csv and run again"
        )
    others = [name for name in models if name != current]
    known = ", ".join([*others, f"{current} (published)", f"{SEEDS} (the seed files as they are now)"])
    if version is None and not others:
        raise HealthUnavailable(
            f"there is no other version than {current} yet: change a weight, a bound or a band in"
            " seeds/health_score_weights.csv or seeds/health_bands.csv and run `make run`;"
            f" `make compare-health VERSION={SEEDS}` compares before that"
        )
    if version is not None and version != SEEDS and version not in others:
        raise HealthUnavailable(f"version {version!r} is not one to compare {current} with. Known: {known}")
    # What was published earlier is the old one; the seed files are what would come next.
    if version == SEEDS:
        old, new = models[current], seeded_model(settings)
    else:
        old, new = models[version or others[-1]], models[current]
    if old.scores_like(new):
        raise HealthUnavailable(
            f"{old.name} and {new.name} have the same weights, bounds, bands and coverage floor: if they differ, then in"
            " thresholds of seed metric_thresholds that say how values are measured, which the published values do not show"
        )
    if old.components != new.components:
        raise HealthUnavailable(
            f"{old.name} has the components {', '.join(old.components)}, {new.name} {', '.join(new.components)}:"
            " published values do not have both"
        )
    days, newest = _read_days(settings, old, models[current], horizon, with_newest=True)
    assert newest is not None
    say(f"judging {old.name} and {new.name}")
    comparison = compare(old, new, days, horizon, threshold(thresholds, "health_backtest_prior_accounts"))
    headings = (f"old: {old.name}", f"new: {new.name}")
    picture = settings.warehouse_dir / "compare_health.svg"
    write_picture(
        picture,
        f"Health scores of {old.name} and {new.name}: who left within {horizon} days",
        curves(comparison, headings),
    )
    return "\n\n".join(
        [
            weights_table([old, new], headings),
            figures(comparison, errors, headings),
            verdict(comparison, errors),
            moves(settings, old, new, newest),
            f"Both are scored from the published values of {current}. Known versions: {known}. Drawn in {picture}",
        ]
    )


def moves(settings: Settings, old: HealthModel, new: HealthModel, day: Day) -> str:
    """Who changes band on the newest date, and the largest moves of the score."""
    before, after = old.score(day.values, day.segments), new.score(day.values, day.segments)
    changed = before.band != after.band
    kinds: dict[tuple[str, str], int] = {}
    for was, now in zip(before.band[changed], after.band[changed], strict=True):
        kinds[was, now] = kinds.get((was, now), 0) + 1
    counts = ", ".join(
        f"{count:,} {was} → {now}" for (was, now), count in sorted(kinds.items(), key=lambda each: (-each[1], each[0]))
    )
    moved = np.nan_to_num(after.score - before.score)
    largest = [at for at in np.argsort(-np.abs(moved), kind="stable")[:MOVES_SHOWN] if moved[at]]
    with open_published(settings) as connection:
        names = dict(connection.execute("select account_id, account_name from marts.dim_accounts").fetchall())
    table = tabulate(
        [
            (
                day.accounts[at], names.get(day.accounts[at]), f"{before.score[at]:.1f}", f"{after.score[at]:.1f}",
                f"{moved[at]:+.1f}", before.band[at] if not changed[at] else f"{before.band[at]} → {after.band[at]}",
            )
            for at in largest
        ],
        headers=["account", "name", "old", "new", "move", "band"],
        disable_numparse=True,
    )  # fmt: skip
    return (
        f"On {day.as_of} {int(changed.sum()):,} of {len(changed):,} accounts change band"
        + (f": {counts}" if counts else "")
        + (f"\n\nLargest moves:\n{table}" if largest else "")
    )

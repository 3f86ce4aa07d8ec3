"""The back-test of the health score on a sample company: every figure again in plain Python from the published tables, and
the commands that tune and compare it."""

from __future__ import annotations

import csv
import math
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from orchestration.publication.history import RunRecord, write_ops_database
from orchestration.publication.versions import publish
from orchestration.scoring.health_commands import compare_versions, tune
from orchestration.scoring.health_models import (
    SEEDS,
    HealthUnavailable,
    judged_dates,
    open_published,
    published_models,
    published_version,
    read_day,
)
from orchestration.settings import Settings
from tests.conftest import PROJECT, SAMPLE_AS_OF, Company

HORIZONS = (90, 180)
PRIOR = 100


@pytest.fixture(scope="module")
def settings(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A sample company, published with two versions of its health model: evenly weighed first, then as seeded."""
    root = tmp_path_factory.mktemp("backtest")
    shutil.copytree(PROJECT / "seeds", root / "project" / "seeds")
    company = Company(root)
    database = root / "seeded.duckdb"
    shutil.copy(built_sample, database)
    settings = Settings.from_environment(
        {**company.process_environment(), "EVERGREEN_PROJECT_DIR": str(root / "project")}
    )
    earlier = root / "earlier.duckdb"
    shutil.copy(database, earlier)
    with duckdb.connect(str(earlier)) as connection:
        connection.execute("update marts.fct_account_health set model_version = 'evenly'")
        connection.execute("update seeds.health_score_weights set weight = 0.2")
    for number, path in enumerate((earlier, database), start=1):
        record = RunRecord(
            f"run {number}", datetime(2026, 7, number, tzinfo=UTC), "published", as_of_date=SAMPLE_AS_OF.isoformat()
        )
        publish(settings, record, path, [])
        write_ops_database(settings, record, path)
    return settings


@pytest.fixture(scope="module")
def marts(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(settings) as connection:
        yield connection


@pytest.fixture(scope="module")
def judged(marts: duckdb.DuckDBPyConnection) -> dict[tuple[date, int], list[tuple[float | None, str, bool]]]:
    """(date, horizon) → score, band and whether it churned, of each account."""
    left = defaultdict(list)
    for account, churned_on in marts.execute("select account_id, churned_on from marts.fct_churn").fetchall():
        left[account].append(churned_on)
    found = defaultdict(list)
    for account, day, score, band in marts.execute(
        "select account_id, as_of_date, health_score, risk_band from marts.fct_account_health order by all"
    ).fetchall():
        for horizon in HORIZONS:
            end = day + timedelta(days=horizon)
            if end <= SAMPLE_AS_OF:
                found[day, horizon].append((score, band, any(day < each <= end for each in left[account])))
    return dict(found)


def decile_of(score: float, scores: list[float]) -> int:
    below, equal = sum(each < score for each in scores), scores.count(score)
    # Mid-rank r = below + (equal + 1) / 2; decile = 1 + ⌊10 (r − ½) / n⌋.
    return 1 + (10 * (2 * below + equal)) // (2 * len(scores))


@pytest.fixture(scope="module")
def by_decile(
    judged: dict[tuple[date, int], list[tuple[float | None, str, bool]]],
) -> dict[tuple[date, int], list[tuple[int, float, bool]]]:
    """(date, horizon) → decile, score and outcome of each scored account."""
    found = {}
    for key, rows in judged.items():
        scores = [score for score, _, _ in rows if score is not None]
        decile = {score: decile_of(score, scores) for score in set(scores)}
        found[key] = [(decile[score], score, left) for score, _, left in rows if score is not None]
    return found


def test_every_figure_of_the_backtest_again(
    marts: duckdb.DuckDBPyConnection,
    judged: dict[tuple[date, int], list[tuple[float | None, str, bool]]],
    by_decile: dict[tuple[date, int], list[tuple[int, float, bool]]],
) -> None:
    rows = marts.execute("select * exclude (auc_std_error) from marts.health_backtest order by all").fetchall()
    names = [column[0] for column in marts.description or []]
    assert {(row[0], row[1]) for row in rows} == set(judged)
    with_auc = with_brier = 0
    for row in rows:
        told = dict(zip(names, row, strict=True))
        day, horizon = told["as_of_date"], told["horizon_days"]
        scored = [each for each in judged[day, horizon] if each[0] is not None]
        unscored = [each for each in judged[day, horizon] if each[0] is None]
        assert (told["accounts"], told["churned"]) == (len(scored), sum(left for _, _, left in scored))
        assert (told["unscored_accounts"], told["unscored_churned"]) == (
            len(unscored),
            sum(each[2] for each in unscored),
        )
        leavers = [score for score, _, left in scored if left and score is not None]
        stayers = [score for score, _, left in scored if not left and score is not None]
        if leavers and stayers:
            with_auc += 1
            expected = mannwhitneyu(stayers, leavers).statistic / (len(leavers) * len(stayers))
            assert told["auc"] == pytest.approx(expected, abs=1e-12)
            if with_auc % 10 == 1:
                in_order = sum(one < other for one in leavers for other in stayers)
                tied = sum(one == other for one in leavers for other in stayers)
                assert told["auc"] == pytest.approx((in_order + tied / 2) / (len(leavers) * len(stayers)), abs=1e-12)
        else:
            assert told["auc"] is None
        at_risk = [left for _, band, left in scored if band == "at_risk"]
        assert told["at_risk_accounts"] == len(at_risk)
        assert told["at_risk_precision"] == (pytest.approx(sum(at_risk) / len(at_risk)) if at_risk else None)
        assert told["at_risk_recall"] == (pytest.approx(sum(at_risk) / len(leavers)) if leavers else None)
        past = [
            each
            for (earlier, of_horizon), rows_then in by_decile.items()
            if of_horizon == horizon and earlier + timedelta(days=horizon) <= day
            for each in rows_then
        ]
        assert told["earlier_accounts"] == len(past)
        if past and scored:
            with_brier += 1
            rate = sum(left for _, _, left in past) / len(past)
            seen = {tenth: [left for each, _, left in past if each == tenth] for tenth in range(1, 11)}
            stated = {tenth: (sum(lefts) + PRIOR * rate) / (len(lefts) + PRIOR) for tenth, lefts in seen.items()}
            errors = [(stated[tenth] - left) ** 2 for tenth, _, left in by_decile[day, horizon]]
            assert told["brier_score"] == pytest.approx(math.fsum(errors) / len(errors), abs=1e-9)
            constant = [(rate - left) ** 2 for _, _, left in by_decile[day, horizon]]
            assert told["brier_constant"] == pytest.approx(math.fsum(constant) / len(constant), abs=1e-9)
        else:
            assert told["brier_score"] is None
    assert with_auc > 30
    assert with_brier > 20


def test_every_figure_of_the_deciles_again(
    marts: duckdb.DuckDBPyConnection, by_decile: dict[tuple[date, int], list[tuple[int, float, bool]]]
) -> None:
    rows = marts.execute("select * from marts.health_backtest_bands order by all").fetchall()
    names = [column[0] for column in marts.description or []]
    assert [(row[0], row[1]) for row in rows] == [(horizon, tenth) for horizon in HORIZONS for tenth in range(1, 11)]
    for row in rows:
        told = dict(zip(names, row, strict=True))
        inside = [
            each
            for (_, horizon), scored in by_decile.items()
            if horizon == told["horizon_days"]
            for each in scored
            if each[0] == told["score_decile"]
        ]
        churned = sum(left for _, _, left in inside)
        assert (told["accounts"], told["churned"]) == (len(inside), churned)
        assert told["churn_rate"] == pytest.approx(churned / len(inside))
        scores = [score for _, score, _ in inside]
        assert (told["score_from"], told["score_to"]) == (min(scores), max(scores))
        assert told["mean_score"] == pytest.approx(math.fsum(scores) / len(scores), abs=1e-9)
        # Wilson's interval of so many fewer accounts.
        trials, z = len(inside) / told["dates_per_loss"], 1.96
        share = churned / len(inside)
        middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
        half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
        assert told["churn_rate_lower"] == pytest.approx(middle - half if churned else 0, abs=1e-9)
        assert told["churn_rate_upper"] == pytest.approx(middle + half, abs=1e-9)


def test_a_loss_is_seen_from_as_many_dates_as_stated(marts: duckdb.DuckDBPyConnection) -> None:
    for horizon, told in marts.execute(
        "select distinct horizon_days, dates_per_loss from marts.health_backtest_bands"
    ).fetchall():
        seen = marts.execute(
            """
            select health.account_id, min(churn.churned_on) as churned_on
            from marts.fct_account_health as health
            inner join marts.fct_churn as churn
                on churn.account_id = health.account_id and churn.churned_on > health.as_of_date
                and churn.churned_on <= health.as_of_date + $horizon::integer
            where health.health_score is not null and health.as_of_date + $horizon::integer <= $as_of
            group by health.account_id, health.as_of_date
            """,
            {"horizon": horizon, "as_of": SAMPLE_AS_OF},
        ).fetchall()
        assert told == pytest.approx(len(seen) / len(set(seen)), rel=1e-6)
        assert told > 2


def test_the_score_tells_who_leaves_and_shuffled_outcomes_do_not(
    by_decile: dict[tuple[date, int], list[tuple[int, float, bool]]],
) -> None:
    random = np.random.default_rng(11)
    true, shuffled, pairs, variance = 0.0, 0.0, 0.0, 0.0
    for (_, horizon), rows in by_decile.items():
        score, left = np.array([each[1] for each in rows]), np.array([each[2] for each in rows], dtype=bool)
        if horizon != 90 or not 0 < left.sum() < len(left):
            continue
        mixed = random.permutation(left)
        true += mannwhitneyu(score[~left], score[left]).statistic
        shuffled += mannwhitneyu(score[~mixed], score[mixed]).statistic
        of_date = float(left.sum() * (~left).sum())
        pairs += of_date
        variance += of_date * (len(left) + 1) / 12
    assert abs(shuffled / pairs - 0.5) < 4 * math.sqrt(variance) / pairs
    assert true / pairs > 0.6


def test_published_values_under_published_weights_give_published_scores(
    settings: Settings, marts: duckdb.DuckDBPyConnection
) -> None:
    model = published_models(settings)[published_version(marts)]
    compared = 0
    for day in judged_dates(marts, 90):
        read = read_day(marts, model, model, day, 90)
        scored = model.score(read.values, read.segments)
        np.testing.assert_allclose(scored.score, read.published_score, atol=1e-6)
        bands = marts.execute(
            "select risk_band from marts.fct_account_health where as_of_date = ? order by account_id", [day]
        ).fetchall()
        assert scored.band.tolist() == [band for (band,) in bands]
        compared += len(bands)
    assert compared > 2_000


def test_tuning_changes_nothing_until_it_is_told_to(settings: Settings) -> None:
    path = settings.project_dir / "seeds" / "health_score_weights.csv"
    before = path.read_text(encoding="utf-8")
    said = tune(settings)
    assert "Nothing was written" in said
    assert path.read_text(encoding="utf-8") == before
    for words in (
        "AUC (0.5 is chance)",
        "Brier score",
        "at risk: precision",
        "at risk: recall",
        "95 % interval",
        "explain",
    ):
        assert words in said
    assert (settings.warehouse_dir / "tune_health.svg").read_text(encoding="utf-8").startswith("<svg")
    try:
        assert "Written: the column `weight`" in tune(settings, write=True)
        old, new = (list(csv.DictReader(text.splitlines())) for text in (before, path.read_text(encoding="utf-8")))
        assert [{**row, "weight": ""} for row in old] == [{**row, "weight": ""} for row in new]
        assert old != new
        totals: dict[str, float] = defaultdict(float)
        for row in new:
            assert float(row["weight"]) >= 0
            totals[row["segment"]] += float(row["weight"])
        assert all(total == pytest.approx(1) for total in totals.values())
        assert "new: seeds" in compare_versions(settings, SEEDS)
    finally:
        path.write_text(before, encoding="utf-8")


def test_two_published_versions_are_set_side_by_side(settings: Settings, marts: duckdb.DuckDBPyConnection) -> None:
    current = published_version(marts)
    said = compare_versions(settings)
    assert "old: evenly" in said
    assert f"new: {current}" in said
    assert f"On {SAMPLE_AS_OF}" in said
    assert "accounts change band" in said
    assert said == compare_versions(settings, "evenly")
    moves = said.split("Largest moves:\n")[1].split("\n\n")[0].splitlines()[2:]
    assert len(moves) == 10
    sizes = [abs(float(line.split()[-2] if "→" not in line else line.split()[-4])) for line in moves]
    assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(HealthUnavailable, match=f"'other' is not one.*evenly, {current} \\(published\\), seeds"):
        compare_versions(settings, "other")
    with pytest.raises(HealthUnavailable, match="have the same weights, bounds, bands and coverage floor"):
        compare_versions(settings, SEEDS)


def test_a_first_version_has_nothing_to_be_compared_with(settings: Settings, tmp_path: Path) -> None:
    alone = Settings(settings.project_dir, settings.landing_dir, tmp_path)
    shutil.copy(settings.warehouse_dir / "versions" / "marts-000001.duckdb", alone.published_database)
    with pytest.raises(HealthUnavailable, match=r"no other version than evenly yet: change a weight.*run `make run`"):
        compare_versions(alone)

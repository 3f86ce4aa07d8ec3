"""The tuner finds the weights that are in the data, and the evaluator finds nothing where there is nothing."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from orchestration.scoring.health_commands import figures, verdict
from orchestration.scoring.health_judgement import compare, deciles, placements, pooled_auc
from orchestration.scoring.health_models import Day, HealthModel, HealthUnavailable, segments_then
from orchestration.scoring.health_picture import Curve, write_picture
from orchestration.scoring.health_weights import cut, fit_weights, in_hundredths, propose, write_weights

PARTS = ("adoption", "service", "sentiment", "relationship", "commercial")
BANDS = [
    {"segment": "default", "risk_band": "at_risk", "from_score": "0", "to_score": "45"},
    {"segment": "default", "risk_band": "watch", "from_score": "45", "to_score": "70"},
    {"segment": "default", "risk_band": "healthy", "from_score": "70", "to_score": ""},
]
EVENLY = dict.fromkeys(PARTS, 0.2)
HORIZON = 90


def rows_of(weights: dict[str, float], segment: str = "default") -> list[dict[str, str]]:
    """Seed rows whose raw values are scores: 0 to 100, high is good."""
    return [
        {"component": part, "segment": segment, "weight": str(weight), "low": "0", "high": "100",
         "direction": "high_is_good"}
        for part, weight in weights.items()
    ]  # fmt: skip


def model_of(*rows: dict[str, str], name: str = "old") -> HealthModel:
    return HealthModel.from_rows(name, rows, BANDS, 0.5)


def simulated(
    weights: Sequence[float], dates: int = 6, accounts: int = 3_000, seed: int = 1, slope: float = 0.09,
    segment: str = "default", missing: float = 0.15,
) -> list[Day]:  # fmt: skip
    """Accounts that leave by a score with these weights; some components of some accounts are not known."""
    random = np.random.default_rng(seed)
    days = []
    for number in range(dates):
        values = random.uniform(0, 100, (accounts, len(PARTS)))
        values[:, :3][random.random((accounts, 3)) < missing] = np.nan
        known = np.where(np.isnan(values), 0, np.asarray(weights))
        health = (known * np.nan_to_num(values)).sum(axis=1) / np.maximum(known.sum(axis=1), 1e-9)
        days.append(
            Day(
                as_of=date(2024, 1, 31) + timedelta(days=HORIZON * number),
                accounts=np.array([f"a{at:05}" for at in range(accounts)], dtype=object),
                values=values,
                segments=np.full(accounts, segment, dtype=object),
                churned=random.random(accounts) < 1 / (1 + np.exp(-(0.4 - slope * (health - 20)))),
                published_score=health,
            )
        )
    return days


def scores_of(days: Sequence[Day]) -> tuple[np.ndarray, np.ndarray]:
    return np.vstack([day.values for day in days]), np.concatenate([day.churned for day in days])


# -- the evaluator


scored_accounts = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=25).filter(
    lambda rows: 0 < sum(left for _, left in rows) < len(rows)
)


@given(st.lists(scored_accounts, min_size=1, max_size=3))
def test_auc_is_the_share_of_pairs_in_order(dates: list[list[tuple[int, bool]]]) -> None:
    in_order = pairs = 0.0
    for rows in dates:
        for left, stayed in itertools.product(rows, rows):
            if left[1] and not stayed[1]:
                pairs += 1
                in_order += 1 if left[0] < stayed[0] else 0.5 if left[0] == stayed[0] else 0
    found = pooled_auc(
        [
            (
                np.array([str(at) for at in range(len(rows))], dtype=object),
                np.array([score for score, _ in rows], dtype=float),
                np.array([left for _, left in rows]),
            )
            for rows in dates
        ]
    )
    assert found is not None
    assert found.value == pytest.approx(in_order / pairs)
    assert sum(found.influence.values()) == pytest.approx(0, abs=1e-9)


@given(scored_accounts)
def test_auc_of_a_date_is_mann_and_whitneys(rows: list[tuple[int, bool]]) -> None:
    score, left = np.array([each for each, _ in rows], dtype=float), np.array([each for _, each in rows])
    statistic = mannwhitneyu(score[~left], score[left]).statistic / (left.sum() * (~left).sum())
    assert placements(score, left)[left].mean() == pytest.approx(statistic)
    assert placements(score, left)[~left].mean() == pytest.approx(statistic)


def test_no_churner_or_only_churners_have_no_auc() -> None:
    accounts, score = np.array(["a", "b"], dtype=object), np.array([1.0, 2.0])
    assert pooled_auc([(accounts, score, np.array([False, False])), (accounts, score, np.array([True, True]))]) is None
    assert pooled_auc([(accounts[:1], score[:1], np.array([True]))]) is None
    assert pooled_auc([]) is None


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_equal_scores_share_a_decile_and_deciles_rise(scores: list[int]) -> None:
    found = deciles(np.array(scores, dtype=float))
    assert found.min() >= 0
    assert found.max() <= 9
    for score, decile in zip(scores, found, strict=True):
        below, equal = sum(each < score for each in scores), scores.count(score)
        assert decile == int(10 * (below + equal / 2) / len(scores) + 1e-9)


def test_hundred_different_scores_are_ten_in_each_decile() -> None:
    assert np.bincount(deciles(np.random.default_rng(1).permutation(100).astype(float))).tolist() == [10] * 10


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_outcomes_have_an_auc_of_a_half(seed: int) -> None:
    days = simulated([0.2] * 5, seed=seed)
    random = np.random.default_rng(seed + 100)
    judged = [(day.accounts, day.published_score, random.permutation(day.churned)) for day in days]
    found = pooled_auc(judged)
    assert found is not None
    assert abs(found.value - 0.5) < 4 * found.std_error
    true = pooled_auc([(day.accounts, day.published_score, day.churned) for day in days])
    assert true is not None
    assert true.value - 0.5 > 10 * true.std_error


def test_the_error_of_a_difference_is_what_drawing_accounts_anew_gives() -> None:
    """Accounts whose months are alike: taken as so many independent rows the error would be told too small."""
    random = np.random.default_rng(3)
    accounts = np.array([f"a{at:03}" for at in range(400)], dtype=object)
    hidden, habit = random.normal(size=400), random.normal(size=400)
    dates = []
    for _ in range(4):
        churned = random.random(400) < 1 / (1 + np.exp(2.5 + hidden))
        dates.append((churned, hidden + habit, hidden + 0.5 * habit + 0.2 * random.normal(size=400)))

    def difference(chosen: np.ndarray) -> float:
        values = []
        for which in (1, 2):
            found = pooled_auc(
                [(chosen.astype(str).astype(object), each[which][chosen], each[0][chosen]) for each in dates]
            )
            assert found is not None
            values.append(found.value)
        return values[1] - values[0]

    drawn = [difference(random.integers(0, 400, 400)) for _ in range(200)]
    old, new = (pooled_auc([(accounts, each[which], each[0]) for each in dates]) for which in (1, 2))
    assert old is not None
    assert new is not None
    assert new.error_of_difference(old) == pytest.approx(np.std(drawn), rel=0.2)
    assert new.error_of_difference(new) == 0


# -- the model


def test_scores_are_those_of_the_definition() -> None:
    rows = [
        {"component": "adoption", "segment": "default", "weight": "0.6", "low": "0.1", "high": "0.6",
         "direction": "high_is_good"},
        {"component": "service", "segment": "default", "weight": "0.4", "low": "0", "high": "8",
         "direction": "low_is_good"},
        {"component": "service", "segment": "Enterprise ", "weight": "0.4", "low": "0", "high": "16",
         "direction": "low_is_good"},
    ]  # fmt: skip
    model = HealthModel.from_rows("v1", rows, BANDS, 0.5)
    values = np.array([[0.35, 2], [0.35, 2], [9, np.nan], [np.nan, 2], [np.nan, np.nan], [0.0, 16]])
    segments = np.array(["smb", "enterprise", "smb", "smb", "smb", "smb"], dtype=object)
    scored = model.score(values, segments)
    expected = [0.6 * 50 + 0.4 * 75, 0.6 * 50 + 0.4 * 87.5, 100, np.nan, np.nan, 0]
    np.testing.assert_allclose(scored.score, expected, atol=1e-9)
    assert scored.band.tolist() == ["watch", "watch", "healthy", "unknown", "unknown", "at_risk"]


def test_a_model_without_a_default_says_what_is_missing() -> None:
    with pytest.raises(HealthUnavailable, match="no row for segment default of adoption"):
        model_of(*rows_of({"adoption": 1.0}, "smb"))


def test_the_order_of_the_rows_does_not_matter() -> None:
    weights = dict(zip(PARTS, (0.1, 0.15, 0.2, 0.25, 0.3), strict=True))
    backwards = dict(reversed(weights.items()))
    assert model_of(*rows_of(weights)).scores_like(model_of(*rows_of(backwards)))
    assert not model_of(*rows_of(weights)).scores_like(model_of(*rows_of(EVENLY)))


def test_the_segment_of_the_time_follows_from_its_weights() -> None:
    model = model_of(*rows_of(EVENLY), *rows_of({"adoption": 0.4, "service": 0.0}, "enterprise"))
    weights = np.array([[0.2] * 5, [0.4, 0, 0.2, 0.2, 0.2], [0.2] * 5, [0.9] * 5])
    today = np.array(["smb", "smb", "enterprise", "enterprise"], dtype=object)
    assert segments_then(model, weights, today).tolist() == ["smb", "enterprise", "default", "enterprise"]


# -- the tuner


@pytest.mark.parametrize("seed", range(6))
def test_random_weights_are_recovered(seed: int) -> None:
    true = np.random.default_rng(seed).dirichlet(np.full(5, 1.5))
    values, churned = scores_of(simulated(true, seed=seed + 50))
    found = fit_weights(values, churned, np.full(5, 0.2))
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, true, atol=0.05)


def test_what_tells_the_wrong_way_round_weighs_nothing() -> None:
    days = simulated([0.5, 0.5, 0, 0, 0], missing=0)
    values, churned = scores_of(days)
    values[:, 4] = np.where(churned, 100 - values[:, 4] * 0.3, values[:, 4])
    found = fit_weights(values, churned, np.full(5, 0.2))
    assert found[4] == pytest.approx(0, abs=0.001)
    np.testing.assert_allclose(found[:2], 0.5, atol=0.05)


def test_shuffled_outcomes_propose_nothing_that_is_better_than_chance() -> None:
    days = simulated([0.5, 0.3, 0.2, 0, 0])
    random = np.random.default_rng(7)
    shuffled = [Day(**{**vars(day), "churned": random.permutation(day.churned)}) for day in days]
    old = model_of(*rows_of(EVENLY))
    proposed = propose(old, rows_of(EVENLY), shuffled[:4], 50, 100.0).model
    comparison = compare(old, proposed, shuffled, HORIZON, 100.0, shuffled[4].as_of)
    assert comparison.new.auc is not None
    assert abs(comparison.new.auc.value - 0.5) < 4 * comparison.new.auc.std_error
    assert "no better than chance" in verdict(comparison, 1.96)


def test_weights_in_the_data_beat_a_guess_out_of_time() -> None:
    true = {"adoption": 0.7, "service": 0.2, "sentiment": 0.1, "relationship": 0.0, "commercial": 0.0}
    days = simulated(list(true.values()))
    old = model_of(*rows_of(EVENLY))
    learnt = cut(days, 0.6)
    proposal = propose(old, rows_of(EVENLY), days[:learnt], 50, 100.0)
    comparison = compare(old, proposal.model, days, HORIZON, 100.0, days[learnt].as_of)
    said = verdict(comparison, 1.96)
    assert "the new scores are better than the old ones, and by more than chance explains" in said
    assert "no better than chance" not in said
    assert proposal.told == {"default": f"{sum(day.churned.sum() for day in days[:learnt])} losses of all accounts"}
    backwards = verdict(compare(proposal.model, old, days, HORIZON, 100.0, days[learnt].as_of), 1.96)
    assert "worse than the old ones, and by more than chance explains" in backwards
    table = figures(comparison, 1.96, ("old", "new"))
    assert f"{comparison.old.churned:,}" in table
    assert comparison.old.brier is not None
    assert comparison.new.brier is not None
    assert comparison.new.brier < comparison.old.brier < (comparison.old.brier_constant or 0)


def test_two_models_are_judged_on_the_same_accounts() -> None:
    days = simulated([0.2] * 5, dates=2, accounts=400)
    for day in days:
        day.values[:100, :4] = np.nan
    heavy = model_of(*rows_of({**EVENLY, "commercial": 0.6, "adoption": 0.0, "service": 0.0}), name="new")
    comparison = compare(model_of(*rows_of(EVENLY)), heavy, days, HORIZON, 100.0)
    assert comparison.old.accounts == comparison.new.accounts <= 600
    assert comparison.old.unscored >= 200
    assert comparison.new.unscored < 200
    assert comparison.old.brier_constant == comparison.new.brier_constant


def test_brier_score_and_bands_in_plain_python() -> None:
    days = simulated([0.2] * 5, dates=3, accounts=200, missing=0)
    model = model_of(*rows_of(EVENLY))
    found = compare(model, model, days, HORIZON, 20.0).old
    errors, judged, at_risk, caught = 0.0, 0, 0, 0
    for number, day in enumerate(days):
        at_risk += sum(score < 45 for score in day.published_score)
        caught += sum(score < 45 and left for score, left in zip(day.published_score, day.churned, strict=True))
        past = [
            (10 * sorted(each.published_score).index(score) // 200, left)
            for each in days[:number]
            for score, left in zip(each.published_score, each.churned, strict=True)
        ]
        if not past:
            continue
        rate = sum(left for _, left in past) / len(past)
        for score, left in zip(day.published_score, day.churned, strict=True):
            alike = [other for decile, other in past if decile == 10 * sorted(day.published_score).index(score) // 200]
            errors += ((sum(alike) + 20 * rate) / (len(alike) + 20) - left) ** 2
            judged += 1
    assert (found.at_risk, found.at_risk_churned) == (at_risk, caught)
    assert found.brier == pytest.approx(errors / judged)
    assert found.precision == pytest.approx(caught / at_risk)
    assert found.recall == pytest.approx(caught / found.churned)


def test_segments_with_enough_losses_are_drawn_towards_all_and_others_follow() -> None:
    everybody = simulated([0.5, 0.5, 0, 0, 0], accounts=1_500, seed=1)
    own = simulated([0, 0, 0.5, 0.5, 0], accounts=700, seed=2, segment="enterprise")
    few = simulated([0, 0, 0, 0, 1], accounts=10, seed=3, segment="smb")
    days = [
        Day(
            each[0].as_of,
            *(
                np.concatenate([getattr(part, name) for part in each])
                for name in ("accounts", "values", "segments", "churned", "published_score")
            ),
        )
        for each in zip(everybody, own, few, strict=True)
    ]
    seeded = [*rows_of(EVENLY), *rows_of(EVENLY, "enterprise"), *rows_of({"adoption": 0.1, "service": 0.3}, "SMB")]
    weights = propose(model_of(*seeded), seeded, days, 200, 100.0)
    alone = propose(model_of(*seeded), seeded, days, 200, 1e9)
    found = weights.model.weights
    for segment in found:
        assert found[segment].sum() == pytest.approx(1)
        assert np.allclose(found[segment] * 100, np.round(found[segment] * 100))
    assert found["enterprise"][2:4].sum() > found["default"][2:4].sum() + 0.2
    assert np.array_equal(alone.model.weights["enterprise"], alone.model.weights["default"])
    np.testing.assert_allclose(found["smb"][2:], found["default"][2:])
    np.testing.assert_allclose(found["smb"], found["default"], atol=0.011)
    assert "200 are needed" in weights.told["smb"]


def test_too_few_losses_say_how_many_and_how_many_are_needed() -> None:
    days = simulated([0.2] * 5, dates=1, accounts=100)
    with pytest.raises(HealthUnavailable, match=rf"{days[0].churned.sum()} accounts left .*, 5000 are needed"):
        propose(model_of(*rows_of(EVENLY)), rows_of(EVENLY), days, 5_000, 100.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7), st.integers(1, 100))
def test_hundredths_sum_to_the_total(weights: list[float], total: int) -> None:
    found = in_hundredths(np.array(weights), total / 100)
    assert round(float(found.sum()) * 100, 9) == total
    assert (found >= 0).all()
    assert all(abs(each * 100 - round(each * 100)) < 1e-9 for each in found)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=12), st.floats(0.1, 0.9))
def test_some_dates_are_left_to_judge(losses: list[int], share: float) -> None:
    days = [
        Day(date(2024, 1, 1), *[np.empty(0)] * 3, np.ones(count, dtype=bool), np.empty(0))  # type: ignore[arg-type]
        for count in losses
    ]
    learnt = cut(days, share)
    assert 1 <= learnt < len(days)
    assert learnt == len(days) - 1 or sum(losses[:learnt]) >= share * sum(losses) - 1e-9


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_only_weights_are_written(tmp_path: Path, ending: str) -> None:
    lines = [
        "component,segment,weight,low,high,direction,note",
        'commercial,default,0.20,0.5,1,high_is_good,"a, b"',
        "adoption,default,0.800,0.10,0.8,high_is_good,",
        "adoption,Enterprise,0.3,0.1,0.8,high_is_good,",
    ]
    seed = tmp_path / "health_score_weights.csv"
    seed.write_bytes((ending.join(lines) + ending).encode())
    rows = [dict(zip(lines[0].split(","), line.replace('"a, b"', "").split(","), strict=True)) for line in lines[1:]]
    model = HealthModel.from_rows("old", rows, BANDS, 0.5)
    write_weights(seed, model)
    assert seed.read_bytes() == (ending.join(lines) + ending).encode(), "what does not change keeps its digits"
    write_weights(
        seed, model.with_weights("new", {"default": np.array([0.75, 0.25]), "enterprise": np.array([0.3, 0.7])})
    )
    lines[1] = lines[1].replace("0.20", "0.25")
    lines[2] = lines[2].replace("0.800", "0.75")
    assert seed.read_bytes() == (ending.join(lines) + ending).encode()
    assert [path.name for path in tmp_path.iterdir()] == [seed.name]


def test_the_picture_is_drawn_also_where_nothing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    some = Curve("new <1>", [0.1, None, *[0.01] * 8], [0.09, None, *[0.02] * 8])
    write_picture(path, "Old & new", [Curve("old", [None] * 10, [None] * 10), some])
    drawn = ElementTree.parse(path).getroot()
    assert "Old & new" in "".join(drawn.itertext())
    assert len([each for each in drawn.iter() if each.tag.endswith("circle")]) == 2 + 2 * 9

"""A mistake in a seed of the health score is told with the row, what was found, what is expected and what to do."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from tests.conftest import PROJECT, workbench

# Seed → the test that reads it, and the columns that are numbers.
SEEDS = {
    "health_score_weights": ("assert_health_weights_usable", ("weight", "low", "high")),
    "health_bands": ("assert_health_bands_cover_every_score", ("from_score", "to_score")),
    "payment_troubles": ("assert_payment_troubles_usable", ("severity",)),
}

Row = dict[str, str]
Edit = Callable[[list[Row]], object]


@pytest.fixture(scope="module")
def queries() -> dict[str, str]:
    """The SQL of each seed's test, as the daily run asks it."""
    compiled = workbench().compiled_tests(*(test for test, _ in SEEDS.values()))
    return {seed: compiled[test] for seed, (test, _) in SEEDS.items()}


def complaint(queries: dict[str, str], seed: str, edit: Edit | None = None) -> str:
    """What the test of a seed says about its file after an edit; empty when nothing."""
    with (PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    if edit:
        edit(rows)
    _, numbers = SEEDS[seed]
    columns = ", ".join(f"{name} {'decimal(18, 6)' if name in numbers else 'varchar'}" for name in names)
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as build")
        connection.execute("create schema build.seeds")
        connection.execute(f"create table build.seeds.{seed} ({columns})")
        for row in rows:
            values = [(Decimal(row[name]) if name in numbers else row[name]) if row[name] else None for name in names]
            connection.execute(f"insert into build.seeds.{seed} values ({', '.join('?' * len(names))})", values)
        try:
            assert connection.execute(queries[seed]).fetchall() == []
        except duckdb.Error as error:
            return str(error)
    return ""


def put(place: int, **cells: str) -> Edit:
    return lambda rows: rows[place].update(cells)


def add(**cells: str) -> Edit:
    return lambda rows: rows.append({**rows[0], **cells})


def remove(*places: int) -> Edit:
    def edit(rows: list[Row]) -> None:
        for place in sorted(places, reverse=True):
            del rows[place]

    return edit


def keep(count: int, **cells: str) -> Edit:
    """The first rows only, the last of them changed."""

    def edit(rows: list[Row]) -> None:
        del rows[count:]
        rows[-1].update(cells)

    return edit


@pytest.mark.parametrize("seed", SEEDS)
def test_the_seeds_as_they_stand_are_usable(seed: str, queries: dict[str, str]) -> None:
    assert complaint(queries, seed) == ""


WEIGHT = 'health_score_weights, component "adoption", segment "default": '


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (put(0, weight="-0.1"), WEIGHT + 'weight is "-0.1"; expected a number from 0 to 1'),
        (put(0, weight="1.1"), WEIGHT + 'weight is "1.1"; expected a number from 0 to 1'),
        (put(0, weight=""), WEIGHT + 'weight is ""; expected a number from 0 to 1'),
        (put(0, low="0.8"), WEIGHT + 'low is "0.8" and high is "0.8"; expected low below high'),
        (put(0, low="0.9"), WEIGHT + 'low is "0.9" and high is "0.8"; expected low below high'),
        (put(0, high=""), WEIGHT + 'low is "0.1" and high is ""; expected low below high'),
        (put(0, direction="up"), WEIGHT + 'direction is "up"; expected high_is_good or low_is_good'),
        (put(0, direction=""), WEIGHT + 'direction is ""; expected high_is_good or low_is_good'),
        (put(0, component="adoptoin"), '"adoptoin", segment "default": unknown component; expected adoption, service'),
        (put(0, component="adoptoin"), WEIGHT + "there is no such row; expected one"),
        (put(0, component=""), 'component "", segment "default": unknown component'),
        (put(0, segment=""), 'component "adoption", segment "": the segment is empty'),
        (remove(0), WEIGHT + "there is no such row; expected one"),
        (remove(0, 1, 2, 3, 4), 'component "commercial", segment "default": there is no such row'),
        (add(segment=" Default"), 'segment " Default": stands 2 times; expected once'),
        (put(0, weight="0.31"), 'segment "default": weights sum to 1.01 (adoption 0.31;commercial 0.2;'),
        (put(5, weight="0.2"), 'segment "enterprise": weights sum to 0.95 (adoption 0.2;'),
        # What a segment does not name is weighed as by default.
        (remove(5), 'segment "enterprise": weights sum to 1.05 (adoption 0.3;'),
        (add(segment="Public Sector", weight="0.4"), 'segment "public_sector": weights sum to 1.1 (adoption 0.4;'),
    ],
)  # fmt: skip
def test_a_wrong_weight_names_its_row(edit: Edit, told: str, queries: dict[str, str]) -> None:
    assert told in complaint(queries, "health_score_weights", edit)


BAND = 'health_bands, segment "default", band '


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (put(1, to_score="75"), BAND + '"healthy": from_score is "70.0"; expected that of band "watch" to end there, which has to_score "75.0"'),
        (put(1, to_score="65"), BAND + '"healthy": from_score is "70.0"; expected that of band "watch" to end there, which has to_score "65.0"'),
        (put(1, to_score=""), BAND + '"healthy": from_score is "70.0"; expected that of band "watch" to end there, which has to_score ""'),
        (put(0, from_score="10"), BAND + '"at_risk": from_score is "10.0"; expected 0 for the lowest band'),
        (put(0, from_score="-5"), BAND + '"at_risk": from_score is "-5.0"; expected 0 for the lowest band'),
        (put(2, to_score="100"), BAND + '"healthy": to_score is "100.0"; expected none, or one above 100'),
        (put(1, from_score=""), BAND + '"watch": from_score is "" and to_score is "70.0"; expected from_score below to_score'),
        (put(1, from_score="70"), BAND + '"watch": from_score is "70.0" and to_score is "70.0"; expected from_score below to_score'),
        (put(1, risk_band="careful"), BAND + '"careful": unknown band; expected healthy, watch or at_risk'),
        (put(0, segment=""), 'segment "", band "at_risk": the segment is empty'),
        (add(segment="DEFAULT"), 'segment "DEFAULT", band "at_risk": stands 2 times; expected once'),
        (remove(2), BAND + '"watch": to_score is "70.0"; expected none, or one above 100'),
        (keep(1, segment="smb", to_score=""), 'health_bands, segment "default": there is no such row'),
        (remove(0, 1, 2), 'health_bands, segment "default": there is no such row'),
        # One segment's bands do not make up for another's.
        (add(segment="smb"), 'segment "smb", band "at_risk": to_score is "45.0"; expected none'),
    ],
)  # fmt: skip
def test_a_wrong_band_names_its_row(edit: Edit, told: str, queries: dict[str, str]) -> None:
    assert told in complaint(queries, "health_bands", edit)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (put(0, severity="1.5"), 'payment_troubles, status "overdue": severity is "1.5"; expected a number above 0 and up to 1'),
        (put(0, severity="0"), 'payment_troubles, status "overdue": severity is "0.0"; expected a number above 0 and up to 1'),
        (put(0, severity=""), 'payment_troubles, status "overdue": severity is ""; expected a number above 0 and up to 1'),
        (put(0, status=""), 'payment_troubles, status "": the status is empty'),
        (add(status="Past-Due "), 'payment_troubles, status "Past-Due ": stands 2 times'),
    ],
)  # fmt: skip
def test_a_wrong_payment_trouble_names_its_row(edit: Edit, told: str, queries: dict[str, str]) -> None:
    assert told in complaint(queries, "payment_troubles", edit)


def test_all_mistakes_are_told_at_once_and_with_what_to_do(queries: dict[str, str]) -> None:
    def edit(rows: list[Row]) -> None:
        rows[0]["direction"] = "up"
        rows[6]["low"] = "99"

    said = complaint(queries, "health_score_weights", edit)
    assert 'component "adoption", segment "default"' in said
    assert 'component "service", segment "enterprise"' in said
    assert len(re.findall(r"Correct the (bounds|direction)", said)) == 2


def test_no_payment_troubles_are_no_mistake(queries: dict[str, str]) -> None:
    assert complaint(queries, "payment_troubles", lambda rows: rows.clear()) == ""

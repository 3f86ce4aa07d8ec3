"""The golden numbers of the revenue marts, from generic extracts through ingestion and all models that they stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from tests.conftest import Company
from tests.integration import golden
from tests.integration.built import build

SCENARIOS = [scenario() for scenario in golden.SCENARIOS]
CASES = [
    pytest.param(expected, id=f"{scenario.name}: {expected.claim}")
    for scenario in SCENARIOS
    for expected in scenario.expected
]


@pytest.fixture(scope="module")
def golden_marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts that are asked, built from all scenarios at once."""
    company = Company(tmp_path_factory.mktemp("golden"))
    golden.write(SCENARIOS, company.landing)
    asked = {mart for expected in CASES for mart in re.findall(r"\bmarts\.(\w+)", expected.values[0].query)}
    with duckdb.connect(str(build(company, golden.AS_OF.isoformat(), *sorted(asked))), read_only=True) as connection:
        yield connection


def comparable(value: golden.Value) -> object:
    """Numbers within a millionth of a unit are the same; everything else must be equal."""
    if isinstance(value, bool) or value is None or isinstance(value, str | date):
        return value
    return pytest.approx(float(value), abs=2e-6)


@pytest.mark.parametrize("expected", CASES)
def test_golden_number(expected: golden.Expected, golden_marts: duckdb.DuckDBPyConnection) -> None:
    found = golden_marts.execute(expected.query).fetchall()
    plain = [tuple(float(value) if isinstance(value, Decimal) else value for value in row) for row in found]
    assert plain == [tuple(comparable(value) for value in row) for row in expected.rows], expected.claim

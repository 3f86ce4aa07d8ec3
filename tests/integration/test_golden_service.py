"""The golden numbers of the service marts, from generic extracts that tell stories about cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from tests.conftest import Company
from tests.integration import built, service_company

STORIES = service_company.tell_all()
MODELS = ("fct_cases", "case_backlog_daily", "service_metrics_monthly", "cost_to_serve_monthly")


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build database of all stories at once."""
    company = Company(tmp_path_factory.mktemp("service"))
    STORIES.write(company.landing)
    with duckdb.connect(str(built.build(company, service_company.AS_OF, *MODELS)), read_only=True) as connection:
        yield connection


def plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


@pytest.mark.parametrize(
    ("case_id", "expected"), [pytest.param(*case, id=f"{case[0]}: {', '.join(case[1])}") for case in STORIES.cases]
)
def test_golden_case(
    case_id: str, expected: dict[str, service_company.Value], golden: duckdb.DuckDBPyConnection
) -> None:
    columns = ", ".join(expected)
    (found,) = golden.execute(f"select {columns} from marts.fct_cases where case_id = ?", [case_id]).fetchall()
    assert dict(zip(expected, map(plain, found), strict=True)) == expected


@pytest.mark.parametrize(("claim", "query", "rows"), [pytest.param(*query, id=query[0]) for query in STORIES.queries])
def test_golden_rows(
    claim: str, query: str, rows: list[tuple[service_company.Value, ...]], golden: duckdb.DuckDBPyConnection
) -> None:
    found = golden.execute(query).fetchall()
    assert [tuple(map(plain, row)) for row in found] == rows, claim


def test_every_case_is_kept(golden: duckdb.DuckDBPyConnection) -> None:
    landed = {row["case_id"] for row in STORIES.rows["cases"]}
    assert {row[0] for row in golden.execute("select case_id from marts.fct_cases").fetchall()} == landed

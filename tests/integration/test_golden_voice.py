"""The golden numbers of the voice of the customer, from generic extracts to the marts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.conftest import Company
from tests.integration.built import build

MARTS = (
    "voice_of_customer_monthly",
    "voice_of_customer_by_scale_monthly",
    "feedback_themes_monthly",
    "support_plan_effect",
)


def as_csv(columns: str, rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns.split(","))
    writer.writerows(rows)
    return text.getvalue()


def answers() -> Iterator[tuple[Any, ...]]:
    """survey_type, account, case, sent, responded, score, low, high, high_is_good, comment."""
    sent, came = "2024-03-04T09:00:00Z", "2024-03-05T10:00:00Z"
    for score in [10, 9, 9, 10, 9, 0, 6, 3, 5]:
        yield "nps", "acme", "", sent, came, score, "", "", "", ""
    for _ in range(3):
        yield "nps", "acme", "", sent, "", "", "", "", "", ""
    # Not on the scale, not a whole number, no score: no responses.
    for text in ["11", "-1", "8.5", ""]:
        yield "nps", "acme", "", "", came, text, "", "", "", ""
    # Asked in one month and answered in the next; answered after the as-of date.
    yield "nps", "acme", "", "2024-03-31T23:00:00Z", "2024-04-01T08:00:00Z", 8, "", "", "", ""
    yield "nps", "acme", "", "2024-06-29T09:00:00Z", "2024-07-01T00:00:00Z", 0, "", "", "", ""
    # One detractor among two hundred is half a point: away from zero.
    for number in range(200):
        yield "nps", "bolt", "", "", "2024-05-06T10:00:00Z", 8 if number else 6, "", "", "", ""
    for score, count in zip((5, 4, 3, 2, 1), (9, 4, 3, 2, 1), strict=True):
        for _ in range(count):
            yield "csat", "acme", "case-1", "", came, score, 1, 5, "", ""
    for score in (1, 1, 1, 0):
        yield "csat", "bolt", "", "", came, score, 0, 1, "", ""
    for score, count in enumerate((80, 210, 140, 110, 160, 180, 120), start=1):
        for _ in range(count):
            yield "ces", "acme", "case-1", "", came, score, "", "", "", ""
    for score in (1, 2, 5):
        yield "ces", "acme", "", "", came, score, 1, 5, "false", ""
    yield (
        "csat", "acme", "case-1", "", "2024-04-09T10:00:00Z", 2, 1, 5, "",
        "Viel zu TEUER, and the pricing confuses. Call +1 555 010 9999 or ann@acme.example",
    )  # fmt: skip
    yield "csat", "bolt", "", "", "2024-04-09T10:00:00Z", 4, 1, 5, "", "価格が高すぎます"
    yield "csat", "bolt", "", "", "2024-04-09T10:00:00Z", 5, 1, 5, "", "👍"


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("voice"))
    company.land(
        "generic/accounts/accounts.csv",
        as_csv(
            "account_id,account_name,customer_type,segment,region,support_plan,created_at,updated_at",
            [
                ("acme", "Acme", "business", "Enterprise", "EMEA", "premium", "2023-01-01", "2023-01-01"),
                ("bolt", "Bolt", "business", "Mid-Market", "AMER", "basic", "2023-01-01", "2023-01-01"),
            ],
        ),
    )
    company.land(
        "generic/subscriptions/subscriptions.csv",
        as_csv(
            "subscription_id,account_id,product,start_date,end_date,billing_period,amount,currency,updated_at",
            [
                ("s1", "acme", "ledger", "2023-01-01", "2024-05-31", "month", 100, "USD", "2023-01-01"),
                ("s2", "bolt", "ledger", "2023-01-01", "", "month", 100, "USD", "2023-01-01"),
            ],
        ),
    )
    company.land(
        "generic/cases/cases.csv",
        as_csv(
            "case_id,account_id,created_at,status,priority,channel,topic,team,service_process,first_replied_at,solved_at,updated_at",
            [
                (
                    "case-1", "acme", "2024-03-01T09:00:00Z", "solved", "normal", "email", "billing", "Billing", "retail",
                    "2024-03-01T10:00:00Z", "2024-03-01T12:00:00Z", "2024-03-01T12:00:00Z",
                ),
                (
                    "case-2", "acme", "2024-03-02T09:00:00Z", "solved", "normal", "email", "payroll", "Billing", "retail",
                    "2024-03-02T10:00:01Z", "2024-03-02T12:00:00Z", "2024-03-02T12:00:00Z",
                ),
            ],
        ),
    )  # fmt: skip
    company.land(
        "generic/survey_responses/responses.csv",
        as_csv(
            "response_id,survey_type,account_id,case_id,sent_at,responded_at,score,scale_min,scale_max,high_is_good,comment",
            [(f"r{number:05}", *one) for number, one in enumerate(answers())],
        ),
    )
    with duckdb.connect(str(build(company, "2024-06-30", *MARTS)), read_only=True) as connection:
        yield connection


MONTHLY = (
    "select {} from marts.voice_of_customer_monthly "
    "where month = '{}' and survey_type = '{}' and dimension = '{}' and dimension_value = '{}'"
)


@pytest.mark.parametrize(
    ("month", "survey_type", "dimension", "value", "columns", "expected"),
    [
        pytest.param(
            "2024-03-01", "nps", "all", "all", "promoters, passives, detractors, responses, nps, nps_margin_of_error",
            (5, 0, 4, 9, 11, 196 * (80 / 81 / 9) ** 0.5), id="5 promoters and 4 detractors of 9 are 11",
        ),
        pytest.param(
            "2024-03-01", "nps", "all", "all", "sent, answered, response_rate", (13, 10, 10 / 13),
            id="the rate is of those sent in the month, whenever they answered",
        ),
        pytest.param(
            "2024-04-01", "nps", "all", "all", "sent, responses, response_rate, nps", (0, 1, None, 0),
            id="an answer counts in the month it came",
        ),
        pytest.param(
            "2024-06-01", "nps", "all", "all", "sent, answered, responses, response_rate, nps", (1, 0, 0, 0, None),
            id="an answer after the as-of date is not known yet",
        ),
        pytest.param(
            "2024-05-01", "nps", "segment", "Mid-Market", "responses, nps", (200, -1), id="halves go away from zero"
        ),
        pytest.param(
            "2024-03-01", "csat", "topic", "billing", "csat_top_box_count, csat_top_box_rate, mean_score, scale_max",
            (13, 13 / 19, 75 / 19, 5), id="68.4 % of 19 are in the top box and the mean is 3.947",
        ),
        pytest.param(
            "2024-03-01", "csat", "all", "all", "responses, mean_responses, csat_top_box_responses, mean_score",
            (23, 19, 19, 75 / 19), id="thumbs are counted and not averaged with stars",
        ),
        pytest.param(
            "2024-03-01", "ces", "support_plan", "premium", "ces_mean, ces_easy_rate, responses, mean_responses",
            (4.08, 0.46, 1003, 1000), id="effort is 4.08 and easy for 46.0 %",
        ),
        pytest.param(
            "2024-03-01", "ces", "channel", "unknown", "responses, mean_responses, ces_mean, ces_easy_rate",
            (3, 0, None, None), id="answers on another scale have no mean here",
        ),
    ],
)  # fmt: skip
def test_golden_number(
    marts: duckdb.DuckDBPyConnection,
    month: str,
    survey_type: str,
    dimension: str,
    value: str,
    columns: str,
    expected: tuple[float | None, ...],
) -> None:
    found = marts.execute(MONTHLY.format(columns, month, survey_type, dimension, value)).fetchall()
    assert [tuple(None if part is None else float(part) for part in row) for row in found] == [pytest.approx(expected)]


def test_each_scale_has_its_own_figures(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select survey_type, cast(scale_max as integer), high_is_good, responses, csat_top_box_rate, mean_score, "
        "ces_easy_rate from marts.voice_of_customer_by_scale_monthly "
        "where month = '2024-03-01' and dimension = 'all' and not is_leading_scale order by all"
    ).fetchall()
    assert found == [
        ("ces", 5, False, 3, None, pytest.approx(8 / 3), pytest.approx(2 / 3)),
        ("csat", 1, True, 4, 0.75, 0.75, None),
    ]


def test_what_does_not_count_is_listed_with_its_reason(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "select invalid_reason, count(*) from marts.fct_survey_responses where not is_valid group by all order by all"
    ).fetchall()
    assert found == [("not a whole number", 1), ("not answered", 5), ("out of the scale", 2)]


def test_themes_are_found_in_any_language_and_samples_carry_no_contact_details(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = marts.execute(
        "select theme, mentions, accounts, mean_normalised_score, sample_comment from marts.feedback_themes_monthly "
        "where theme in ('price', 'other') order by theme desc"
    ).fetchall()
    assert found == [
        ("price", 2, 2, 50.0, "Viel zu TEUER, and the pricing confuses. Call [removed] or [removed]"),
        ("other", 1, 1, 100.0, "👍"),
    ]


def test_plans_are_compared_on_accounts_replies_and_contacts(marts: duckdb.DuckDBPyConnection) -> None:
    """Acme was content in March and left on 1 June, 88 days after; bolt stays and has no case."""
    found = marts.execute(
        "select support_plan, window_start, accounts, churned_accounts, first_reply_within_promise_rate, "
        "good_contact_accounts, churn_after_good_contact_rate, bad_contact_accounts, churn_after_bad_contact_rate "
        "from marts.support_plan_effect order by 1"
    ).fetchall()
    assert [(row[0], str(row[1]), *row[2:]) for row in found] == [
        ("basic", "2023-07-01", 1, 0, None, 0, None, 0, None),
        ("premium", "2023-07-01", 1, 1, 0.5, 1, 1.0, 1, 1.0),
    ]

"""Two accounts whose health is worked out by hand: with the seeds as they stand, and after a business user edits them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Company, copy_project, run_dbt, write_rows
from tests.integration.built import build

AS_OF = "2026-06-30"
MARTS = ("fct_account_health", "fct_account_health_components")


def land(landing: Path) -> None:
    """`late payer` is a third of the way everywhere; `renewing` has no answers, and its one contract ends in a month."""
    rows: dict[str, list[dict[str, object]]] = {
        "accounts": [{"account_id": account, "segment": "Mid-Market"} for account in ("late payer", "renewing")],
        "subscriptions": [
            {"subscription_id": "s1", "account_id": "late payer", "end_date": ""},
            {"subscription_id": "s2", "account_id": "renewing", "end_date": "2026-07-31"},
        ],
        "usage": [
            {"account_id": "late payer", "active_users": 45},
            {"account_id": "renewing", "active_users": 80},
        ],
        "cases": [
            {"case_id": f"c{number}", "account_id": "renewing", "created_at": "2026-06-10T10:00:00Z", "status": "open"}
            for number in range(4)
        ],
        "survey_responses": [
            {
                "response_id": "r1",
                "account_id": "late payer",
                "survey_type": "nps",
                "score": 6,
                "responded_at": "2026-06-01",
            }
        ],
        "interactions": [
            {"interaction_id": f"i{number}", "account_id": account, "kind": kind, "occurred_at": "2026-06-15T10:00:00Z"}
            for number, (account, kind) in enumerate(
                [("late payer", "call"), ("late payer", "note"), *[("renewing", "meeting")] * 3]
            )
        ],
        "orders": [{"order_id": "o1", "account_id": "late payer", "ordered_at": "2026-05-01", "status": "Overdue"}],
    }
    for row in rows["subscriptions"]:
        row |= {"product": "P", "start_date": "2025-01-01", "amount": 100, "billing_period": "month", "currency": "USD"}
    for row in rows["usage"]:
        row |= {"product": "P", "feature": "f", "usage_date": "2026-06-20", "licensed_seats": 100}
    for entity, written in rows.items():
        write_rows(landing / "generic" / entity / f"{entity}.csv", written)


def edit_seed(project: Path, name: str, change: Callable[[list[dict[str, str]]], None]) -> None:
    path = project / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    write_rows(path, rows)


def health(database: Path) -> dict[str, tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select account_id, health_score, risk_band, main_driver, model_version from marts.fct_account_health where as_of_date = ?",
            [AS_OF],
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def components(database: Path, account: str) -> Mapping[str, tuple[float | None, float | None]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select component, raw_value, component_score from marts.fct_account_health_components "
            "where as_of_date = ? and account_id = ?",
            [AS_OF, account],
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_figures_edited_in_a_seed_change_health_as_by_hand(tmp_path: Path) -> None:
    land(tmp_path / "landing")
    environment = {"EVERGREEN_LANDING_DIR": str(tmp_path / "landing")}
    before = build(Company(tmp_path / "before", environment=environment), AS_OF, *MARTS)

    assert components(before, "late payer") == {
        "adoption": (0.45, pytest.approx(50)),
        "service": (0, 100),
        "sentiment": (60, 50),
        "relationship": (1, pytest.approx(100 / 3)),
        # one overdue order, severity one half, takes half of a quarter
        "commercial": (0.875, 75),
    }
    assert components(before, "renewing") == {
        "adoption": (0.8, pytest.approx(100)),
        "service": (4, 50),
        "sentiment": (None, None),
        "relationship": (3, 100),
        # all of it has to be renewed
        "commercial": (0.75, 50),
    }
    told = health(before)
    # 0.3 x 50 + 0.15 x 100 + 0.2 x 50 + 0.15 x 33.3 + 0.2 x 75
    assert told["late payer"][0] == pytest.approx(60)
    # (0.3 x 100 + 0.15 x 50 + 0.15 x 100 + 0.2 x 50) / 0.8
    assert told["renewing"][0] == pytest.approx(78.125)
    assert [told[account][1] for account in ("late payer", "renewing")] == ["watch", "healthy"]
    assert told["late payer"][2] == "usage: 45 % of seats active in the last 35 days, lowers the score by 15 points"
    assert (
        told["renewing"][2]
        == "revenue: a renewal of 100 % of it comes due in the next 90 days, lowers the score by 13 points"
    )

    project = copy_project(tmp_path / "project")

    def weights(rows: list[dict[str, str]]) -> None:
        heavy = {"adoption": "0.5", "service": "0.1", "sentiment": "0.1", "relationship": "0.1", "commercial": "0.2"}
        for row in rows:
            if row["segment"] == "default":
                row["weight"] = heavy[row["component"]]
                row["low"] = "0" if row["component"] == "commercial" else row["low"]

    def bands(rows: list[dict[str, str]]) -> None:
        rows[0]["to_score"] = rows[1]["from_score"] = "60"
        rows[1]["to_score"] = rows[2]["from_score"] = "80"

    def troubles(rows: list[dict[str, str]]) -> None:
        next(row for row in rows if row["status"] == "overdue")["severity"] = "1"

    edit_seed(project, "health_score_weights", weights)
    edit_seed(project, "health_bands", bands)
    edit_seed(project, "payment_troubles", troubles)
    edited = Company(tmp_path / "after", project=project, environment=environment)
    after = build(edited, AS_OF, *MARTS)

    assert components(after, "late payer")["commercial"] == (0.75, 75)
    now = health(after)
    # 0.5 x 50 + 0.1 x 100 + 0.1 x 50 + 0.1 x 33.3 + 0.2 x 75
    assert now["late payer"][0] == pytest.approx(58 + 1 / 3)
    # (0.5 x 100 + 0.1 x 50 + 0.1 x 100 + 0.2 x 75) / 0.9
    assert now["renewing"][0] == pytest.approx(80 / 0.9)
    assert [now[account][1] for account in ("late payer", "renewing")] == ["at_risk", "healthy"]
    assert {row[3] for row in now.values()} != {row[3] for row in told.values()}

    # A mistake stops the run before anything is scored with it, and names the row.
    edit_seed(project, "health_score_weights", lambda rows: rows[0].update(weight="0.6"))
    done = run_dbt(
        after, AS_OF, "build", "--exclude-resource-type", "unit_test", "--select", "health_score_weights",
        "int_health_weights", project=project,
    )  # fmt: skip
    assert done.returncode != 0
    assert 'health_score_weights, segment "default": weights sum to 1.1' in done.stdout, done.stdout
    assert "SKIP relation intermediate.int_health_weights" in done.stdout

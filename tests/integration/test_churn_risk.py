"""Churn risk of a sample company: judged as scikit-learn judges it, and what it says of a day is what it said then."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import duckdb
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from tests.conftest import PROJECT, SAMPLE_AS_OF, Company
from tests.integration.built import build

NOW, THEN = SAMPLE_AS_OF.isoformat(), "2026-01-31"


@pytest.fixture(scope="module")
def now(published_sample: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with published_sample.marts() as connection:
        yield connection


@pytest.fixture(scope="module")
def then(published_sample: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same landing folder, months before."""
    earlier = Company(
        tmp_path_factory.mktemp("then"), environment={"EVERGREEN_LANDING_DIR": str(published_sample.landing)}
    )
    with duckdb.connect(str(build(earlier, THEN, "account_churn_risk")), read_only=True) as connection:
        yield connection


def test_every_paying_account_has_a_probability_and_a_reason(now: duckdb.DuckDBPyConnection) -> None:
    rows = now.execute(
        """
        select accounts.account_id, risk.churn_probability, risk.risk_rank, risk.top_drivers, risk.model_version
        from marts.dim_accounts as accounts
        full join (from marts.account_churn_risk where as_of_date = ?) as risk using (account_id)
        where accounts.is_active or risk.account_id is not null
        order by risk.risk_rank
        """,
        [NOW],
    ).fetchall()
    assert len(rows) > 300
    assert [rank for _, _, rank, _, _ in rows] == list(range(1, len(rows) + 1))
    chances = [probability for _, probability, _, _, _ in rows]
    assert chances == sorted(chances, reverse=True)
    assert all(0 < probability < 1 for probability in chances)
    assert all(drivers for _, _, _, drivers, _ in rows)
    assert len({version for *_, version in rows}) == 1


def test_reasons_are_told_in_the_words_of_the_seed(now: duckdb.DuckDBPyConnection) -> None:
    with (PROJECT / "seeds" / "churn_risk_features.csv").open(newline="") as file:
        phrases = {
            row[side].replace("{days}", "90") for row in csv.DictReader(file) for side in ("when_high", "when_low")
        }
    told = now.execute(
        "select distinct unnest(string_split(top_drivers, '; ')) from marts.account_churn_risk where model = 'logistic'"
    ).fetchall()
    assert len(told) > 20
    for (reason,) in told:
        assert reason == "nothing raises the risk" or any(reason.startswith(phrase) for phrase in phrases), reason


def test_backtests_judge_as_scikit_learn_does(now: duckdb.DuckDBPyConnection) -> None:
    backtests = now.execute(
        "select as_of_date, model, accounts, churned, expected_churned, auc, brier_score, top_churned, top_accounts, lift "
        "from marts.churn_risk_backtest"
    ).fetchall()
    compared = 0
    for day, model, accounts, churned, expected, auc, brier, top_churned, top_accounts, lift in backtests:
        rows = now.execute(
            "select is_churned, churn_probability from marts.account_churn_risk where as_of_date = ? and model = ? "
            "order by risk_rank",
            [day, model],
        ).fetchall()
        if not rows:
            continue
        compared += 1
        left, stated = [row[0] for row in rows], [row[1] for row in rows]
        assert (len(left), sum(left)) == (accounts, churned)
        assert expected == pytest.approx(sum(stated), abs=1e-6)
        assert auc == pytest.approx(roc_auc_score(left, stated), abs=1e-9)
        assert brier == pytest.approx(brier_score_loss(left, stated), abs=1e-9)
        assert top_accounts == -(-len(left) // 10)
        # Accounts of the same probability are ranked by revenue here and by key there.
        if stated[top_accounts - 1] != stated[top_accounts]:
            assert top_churned == sum(left[:top_accounts])
            assert lift == pytest.approx((top_churned / top_accounts) / (churned / accounts), abs=1e-9)
    assert compared >= 5


def test_outcomes_are_those_of_the_churn_table(now: duckdb.DuckDBPyConnection) -> None:
    wrong = now.execute(
        """
        select risk.account_id, risk.as_of_date
        from marts.account_churn_risk as risk
        where risk.as_of_date < ?
            and risk.is_churned <> exists (
                from marts.fct_churn as churn
                where churn.account_id = risk.account_id
                    and churn.churned_on > risk.as_of_date and churn.churned_on <= risk.as_of_date + 90
            )
        """,
        [NOW],
    ).fetchall()
    assert wrong == []
    assert now.execute(
        "select count(*) filter (is_churned), count(*) filter (is_churned is null and as_of_date < ?) "
        "from marts.account_churn_risk",
        [NOW],
    ).fetchone() >= (50, 0)


def test_no_model_has_seen_what_it_is_judged_on(now: duckdb.DuckDBPyConnection) -> None:
    dates = now.execute(
        "select distinct as_of_date, trained_to, trained_from from marts.churn_risk_coefficients"
    ).fetchall()
    assert len(dates) >= 6
    for day, trained_to, trained_from in dates:
        assert (day - trained_to).days >= 90
        assert trained_from < trained_to


def test_on_the_sample_the_model_beats_the_health_score_which_beats_a_constant(
    now: duckdb.DuckDBPyConnection,
) -> None:
    pooled = {
        model: (auc, brier)
        for model, auc, brier in now.execute(
            "select model, avg(auc), sum(brier_score * accounts) / sum(accounts) from marts.churn_risk_backtest group by 1"
        ).fetchall()
    }
    assert pooled["logistic"][0] > pooled["health_score"][0] > 0.6
    assert pooled["constant"][0] == 0.5
    assert pooled["logistic"][1] < pooled["health_score"][1] < pooled["constant"][1]
    used = now.execute("select distinct model from marts.account_churn_risk where as_of_date = ?", [NOW]).fetchall()
    assert used == [("logistic",)]


def test_probabilities_add_up_to_what_happened(now: duckdb.DuckDBPyConnection) -> None:
    expected, happened = now.execute(
        "select sum(expected_churned), sum(churned) from marts.churn_risk_backtest where model = 'logistic'"
    ).fetchone() or (0, 0)
    assert happened > 40
    assert abs(expected - happened) < 4 * expected**0.5
    first, last = now.execute(
        "select max(churn_rate) filter (risk_decile = 1), max(churn_rate) filter (risk_decile = 10) "
        "from marts.churn_risk_calibration where model = 'logistic'"
    ).fetchone() or (0, 0)
    assert first > 5 * last


def test_what_is_said_of_a_day_later_was_said_on_it(
    now: duckdb.DuckDBPyConnection, then: duckdb.DuckDBPyConnection
) -> None:
    query = (
        "select account_id, churn_probability, risk_rank, top_drivers, model, model_version "
        "from marts.account_churn_risk where as_of_date = ? order by account_id"
    )
    said_then = then.execute(query, [THEN]).fetchall()
    assert len(said_then) > 300
    assert now.execute(query, [THEN]).fetchall() == said_then

"""The renewal forecast equals a second opinion, is judged as scikit-learn judges it, and uses nothing learnt later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from tests.conftest import Company, write_sample
from tests.integration.built import build
from tests.integration.leak_company import Exports
from tests.integration.recompute_renewal_forecast import Renewals, Seen, probabilities

AS_OF = date(2026, 6, 30)
THEN, NOW = "2025-03-31", "2025-10-15"
MARTS = ("renewal_forecast", "renewal_forecast_backtest", "renewal_forecast_calibration")


def open_build(company: Company, as_of: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(build(company, as_of, *MARTS)), read_only=True)


@pytest.fixture(scope="module")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("forecast"))
    write_sample(company.landing, "--accounts", "300", "--seed", "3")
    with open_build(company, AS_OF.isoformat()) as connection:
        yield connection


@pytest.fixture(scope="module")
def seen(sample_build: duckdb.DuckDBPyConnection) -> list[Seen]:
    return list(Renewals(sample_build, AS_OF).seen())


def test_what_was_open_when_equals_the_second_opinion(
    sample_build: duckdb.DuckDBPyConnection, seen: list[Seen]
) -> None:
    found = sample_build.execute(
        "select as_of_date, subscription_id, days_until_due, renewal_kind, lead_time, risk_band, is_renewed, settled_on "
        "from intermediate.int_renewal_snapshots"
    ).fetchall()
    expected = [
        (each.on, each.subscription_id, each.days_until_due, each.kind, each.lead_time, each.band, each.is_renewed,
         each.settled_on)
        for each in seen
    ]  # fmt: skip
    assert len(found) > 5_000
    assert set(found) == set(expected)
    assert len(found) == len(expected)
    assert {row[3] for row in found} == {"to_sign", "automatic", "automatic_past_notice"}
    assert {"past_due", "within_30_days", "later"} <= {row[4] for row in found}
    assert {"healthy", "watch", "at_risk", "unknown"} <= {row[5] for row in found}


@pytest.mark.parametrize("on", [AS_OF, date(2026, 3, 31), date(2025, 6, 30), date(2024, 2, 29)])
def test_every_probability_equals_the_second_opinion(
    sample_build: duckdb.DuckDBPyConnection, seen: list[Seen], on: date
) -> None:
    found = dict(
        sample_build.execute(
            "select subscription_id, renewal_probability from intermediate.int_renewal_forecasts where as_of_date = ?",
            [on],
        ).fetchall()
    )
    expected = probabilities(seen, on)
    assert len(found) > 50
    assert found.keys() == expected.keys()
    for name, probability in expected.items():
        assert probability is not None
        assert found[name] == pytest.approx(probability, abs=1e-9), (name, on)


def test_the_first_dates_have_no_probability(sample_build: duckdb.DuckDBPyConnection, seen: list[Seen]) -> None:
    days = sorted({each.on for each in seen})
    early = [on for on in days if None in probabilities(seen, on).values()]
    without = sample_build.execute(
        "select distinct as_of_date from intermediate.int_renewal_forecasts where renewal_probability is null order by 1"
    ).fetchall()
    assert early
    assert early == days[: len(early)]
    assert [on for (on,) in without] == early


def test_todays_forecast_is_that_of_the_newest_date(sample_build: duckdb.DuckDBPyConnection, seen: list[Seen]) -> None:
    found = sample_build.execute(
        "select subscription_id, renewal_probability, due_arr, expected_arr from marts.renewal_forecast"
    ).fetchall()
    expected = probabilities(seen, AS_OF)
    assert {name for name, *_ in found} == expected.keys()
    for name, probability, due, amount in found:
        assert probability == pytest.approx(expected[name], abs=1e-9)
        assert float(amount) == pytest.approx(float(due) * probability, abs=1e-6)


def test_the_backtest_judges_as_scikit_learn_does(sample_build: duckdb.DuckDBPyConnection, seen: list[Seen]) -> None:
    rows = sample_build.execute(
        "select as_of_date, horizon_days, renewals, renewed, expected_renewals, brier_score, auc "
        "from marts.renewal_forecast_backtest"
    ).fetchall()
    assert {horizon for _, horizon, *_ in rows} == {90, 180}
    compared = 0
    for on, horizon, renewals, renewed, expected_renewals, brier, auc in rows:
        assert on + timedelta(days=horizon) <= AS_OF
        forecast = probabilities(seen, on)
        judged = [
            (int(each.is_renewed), forecast[each.subscription_id])
            for each in seen
            if each.on == on and each.days_until_due <= horizon and each.is_renewed is not None
        ]
        outcomes = [outcome for outcome, _ in judged]
        chances = [chance for _, chance in judged if chance is not None]
        assert (renewals, renewed) == (len(judged), sum(outcomes))
        assert expected_renewals == pytest.approx(sum(chances), abs=1e-8)
        assert brier == pytest.approx(brier_score_loss(outcomes, chances), abs=1e-9)
        if len(set(outcomes)) == 1:
            assert auc is None
        else:
            assert auc == pytest.approx(roc_auc_score(outcomes, chances), abs=1e-9)
            compared += 1
    assert compared > 20


def test_the_forecast_beats_a_constant_and_is_calibrated(sample_build: duckdb.DuckDBPyConnection) -> None:
    for horizon, brier, constant, error in sample_build.execute(
        """
        select
            horizon_days,
            sum(renewals * brier_score) / sum(renewals),
            sum(renewals * brier_score_constant) / sum(renewals),
            sum(expected_arr - renewed_due_arr) / sum(due_arr)
        from marts.renewal_forecast_backtest
        group by horizon_days
        """
    ).fetchall():
        assert brier < constant, horizon
        assert abs(error) < 0.05, horizon
    bands = sample_build.execute(
        "select mean_probability, renewed_share from marts.renewal_forecast_calibration where renewals >= 500"
    ).fetchall()
    assert len(bands) > 4
    for mean, share in bands:
        assert mean == pytest.approx(share, abs=0.05)


# -- nothing learnt later ---------------------------------------------------------------------------------------------


def first_of(month: int) -> date:
    """The first day of a month counted from January 2022."""
    return date(2022 + month // 12, month % 12 + 1, 1)


def exported(accounts: int) -> tuple[Exports, Exports]:
    """What had been exported by THEN, and what came after it.

    Each account has a contract a year, from 2022 on, that begins in a month of its own. Odd ones renew by themselves.
    Two of nine leave at the end of the contract that is due after THEN, by a notice that takes the auto-renewal away in
    its first year, or by a lost opportunity.
    """
    by_then, after = Exports(), Exports()
    limit = date.fromisoformat(THEN)
    for number in range(accounts):
        account = f"a{number:03}"
        by_then.add(
            "accounts", account_id=account, segment="Mid-Market", created_at="2022-01-01", updated_at="2022-01-01"
        )
        for month in range(24, 46):
            used = first_of(month) + timedelta(days=20)
            # Use goes up and down by account, so that bands differ; what is used after THEN differs from before.
            active = (number * 7 + month * (number % 4)) % 10 if used <= limit else 9 - number % 10
            (by_then if used <= limit else after).add(
                "usage", account_id=account, product="P", feature="f", usage_date=used, active_users=active,
                licensed_seats=10, updated_at=f"{used}T20:00:00Z",
            )  # fmt: skip
        repeats = number % 2 == 1
        contract = {
            "account_id": account, "product": "P", "billing_period": "month", "currency": "USD", "seats": 10,
            "amount": 100 + number, "auto_renew": str(repeats).lower(), "notice_days": 30,
        }  # fmt: skip
        begins = first_of(number % 12)
        if repeats:
            due = date(2025, begins.month, 1) - timedelta(days=1)
            due = due if due >= limit else date(2026, begins.month, 1) - timedelta(days=1)
            leaves = number % 9 in (1, 5)
            starts = date(due.year - 1, begins.month, 1) if leaves else begins
            rolling = {
                **contract,
                "subscription_id": f"s-{account}",
                "start_date": starts,
                "end_date": date(starts.year + 1, starts.month, 1) - timedelta(days=1),
            }
            by_then.add("subscriptions", **rolling, updated_at="2022-01-01T00:00:00Z")
            if leaves:
                notice = min(due, limit + timedelta(days=40 + number))
                after.add(
                    "subscriptions",
                    **{**rolling, "auto_renew": "false", "notice_days": 90},
                    cancelled_at=f"{notice}T09:00:00Z",
                    cancel_reason="price",
                    updated_at=f"{notice}T09:00:00Z",
                )
            elif number % 9 == 4 and begins.month == 2:
                # Known by THEN: notice in the running term.
                by_then.add(
                    "subscriptions",
                    **rolling,
                    cancelled_at="2025-03-10T09:00:00Z",
                    updated_at="2025-03-10T09:00:00Z",
                )
            continue
        for year in range(5):
            starts = date(begins.year + year, begins.month, 1)
            ends = date(begins.year + year + 1, begins.month, 1) - timedelta(days=1)
            if starts > limit:
                signed = starts - timedelta(days=5)
                if signed > limit and starts <= date.fromisoformat(NOW) and number % 9 not in (2, 6):
                    after.add(
                        "subscriptions", **contract, subscription_id=f"s-{account}-{year}", start_date=starts,
                        end_date=ends, renewed_from_id=f"s-{account}-{year - 1}", updated_at=f"{signed}T09:00:00Z",
                    )  # fmt: skip
                break
            if year == 2 and number % 9 == 4:
                break
            by_then.add(
                "subscriptions", **contract, subscription_id=f"s-{account}-{year}", start_date=starts, end_date=ends,
                renewed_from_id=f"s-{account}-{year - 1}" if year else "", updated_at=f"{starts}T00:00:00Z",
            )  # fmt: skip
        else:
            year = 5
        last = year - 1
        due = date(begins.year + last + 1, begins.month, 1) - timedelta(days=1)
        opportunity = {
            "opportunity_id": f"o-{account}", "account_id": account, "name": "Renewal", "type": "renewal",
            "subscription_id": f"s-{account}-{last}", "created_at": "2025-02-01T09:00:00Z",
        }  # fmt: skip
        if number % 9 in (2, 6) and due > limit:
            by_then.add("opportunities", **opportunity, stage="open", close_date=due, is_closed="false", is_won="false",
                        updated_at="2025-02-01T09:00:00Z")  # fmt: skip
            after.add("opportunities", **opportunity, stage="lost", close_date=limit + timedelta(days=20),
                      is_closed="true", is_won="false", updated_at="2025-04-20T09:00:00Z")  # fmt: skip
    # Past due and negotiated on the day; signed weeks later, by a contract that begins when it is signed.
    base = {
        "account_id": "late", "product": "P", "billing_period": "month", "currency": "USD", "amount": 100,
        "auto_renew": "false",
    }  # fmt: skip
    by_then.add("accounts", account_id="late", segment="Mid-Market", created_at="2024-01-01", updated_at="2024-01-01")
    by_then.add("subscriptions", **base, subscription_id="s-late", start_date="2024-03-21", end_date="2025-03-20",
                updated_at="2024-03-21T00:00:00Z")  # fmt: skip
    talk = {
        "opportunity_id": "o-late", "account_id": "late", "name": "Renewal", "type": "renewal",
        "subscription_id": "s-late", "created_at": "2025-02-01T09:00:00Z",
    }  # fmt: skip
    by_then.add("opportunities", **talk, stage="open", close_date="2025-03-20", is_closed="false", is_won="false",
                updated_at="2025-02-01T09:00:00Z")  # fmt: skip
    after.add("opportunities", **talk, stage="won", close_date="2025-04-20", is_closed="true", is_won="true",
              updated_at="2025-04-20T09:00:00Z")  # fmt: skip
    after.add("subscriptions", **base, subscription_id="s-late-2", start_date="2025-04-21", end_date="2026-04-20",
              renewed_from_id="s-late", updated_at="2025-04-20T09:00:00Z")  # fmt: skip
    return by_then, after


def test_a_forecast_of_then_is_what_was_forecast_then(tmp_path: Path) -> None:
    by_then, after = exported(108)
    landing = tmp_path / "landing"
    places = []
    for name in ("then", "now"):
        (tmp_path / name).mkdir()
        places.append(Company(tmp_path / name, environment={"EVERGREEN_LANDING_DIR": str(landing)}))
    by_then.write(landing, "by_then")
    then = open_build(places[0], THEN)
    after.write(landing, "after")
    now = open_build(places[1], NOW)

    told = (
        "due_date, due_arr, days_until_due, is_auto_renewal, notice_deadline, health_score, risk_band, renewal_kind, "
        "lead_time, compared_renewals, compared_renewed, renewal_probability, expected_arr"
    )
    published = then.execute(f"select subscription_id, {told} from marts.renewal_forecast").fetchall()
    rebuilt = now.execute(
        f"select subscription_id, {told} from intermediate.int_renewal_forecasts where as_of_date = ?", [THEN]
    ).fetchall()
    said_then, says_now = {row[0]: row[1:] for row in published}, {row[0]: row[1:] for row in rebuilt}
    assert says_now.keys() == said_then.keys()
    for name, said in said_then.items():
        assert says_now[name] == said, name

    # It is a forecast of many kinds, and much of it was decided since.
    assert len(said_then) > 80
    assert len({said[11] for said in said_then.values()}) > 5
    assert {said[7] for said in said_then.values()} == {"to_sign", "automatic", "automatic_past_notice"}
    assert said_then["s-late"][8] == "past_due"
    outcomes = now.execute(
        "select outcome, count(*) from marts.fct_renewals where decided_on > ? group by 1", [THEN]
    ).fetchall()
    assert dict(outcomes)["churned"] > 5
    flipped = now.execute(
        "select count(*) from intermediate.int_renewal_forecasts as forecasts "
        "inner join intermediate.int_subscriptions as contracts using (subscription_id) "
        "where forecasts.as_of_date = ? and forecasts.is_auto_renewal and not contracts.auto_renew",
        [THEN],
    ).fetchone()
    assert flipped is not None
    assert flipped[0] > 3, "some contracts have lost their auto-renewal since"

    # The back-test judges exactly those forecasts.
    for horizon, renewals, expected in now.execute(
        "select horizon_days, renewals, expected_renewals from marts.renewal_forecast_backtest where as_of_date = ?",
        [THEN],
    ).fetchall():
        due = [said for said in said_then.values() if said[2] <= horizon]
        assert renewals == len(due)
        assert expected == pytest.approx(sum(said[11] for said in due), abs=1e-9)
        if horizon == 90:
            assert len(due) > 20

"""A thousand real incidents of a ServiceNow instance come through the warehouse with the figures known of them.

The log is the first thousand incidents of the UCI "Incident management process enriched event log" (Amaral, Fantinato,
Peres; CC BY 4.0): one row per change, in the order of the changes, `?` for null, day/month/year to the minute. It is read
where it lies and lands in two ways at once, told apart by their process:

- `stamps`: an incident as a case without events. It was solved at `resolved_at`; the 31 without one, at `closed_at`.
- `changes`: the same incident as a case with an event for each change between two rows.

What the figures count, as worked out from the file:

- Reopened (11): `reopen_count` above 0. The rows show each time how Resolved went back to Active (12 times in all).
- Reassigned (434): `reassignment_count` above 0. It counts hand-overs between groups: wherever two rows name different
  groups it has grown. In 421 incidents both groups are named; in 13 the group before or after is null or the step lies
  between two rows, and only the count tells it. A change of the analyst inside a group does not count. In our words it is a
  change of teams, and a reassignment is what changes the analyst.
- Opened to resolved: over the 969 incidents with `resolved_at`.
- `made_sla`: false on 451. That is the judgement of the instance by rules that nobody knows, so that no policy of ours can
  come to it; it is carried as the case's product, to see that it arrives with its case.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import duckdb
import pandas as pd
import pytest

from tests.conftest import PROJECT, Company
from tests.integration.built import build

LOG = PROJECT.parent / "shared" / "data" / "incident_log" / "incidents_first_1000.csv"
AS_OF = "2017-02-28"
HOUR = 3600

pytestmark = pytest.mark.skipif(not LOG.exists(), reason=f"the real incident log is not at {LOG}")

STATUS = {
    "New": "new",
    "Active": "open",
    "Awaiting User Info": "pending",
    "Awaiting Problem": "on_hold",
    "Awaiting Vendor": "on_hold",
    "Awaiting Evidence": "pending",
    "Resolved": "solved",
    "Closed": "closed",
}


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """The rows in the order of the file, null where it has `?`, instants as such."""
    rows = pd.read_csv(LOG, na_values="?")
    for name in ("opened_at", "sys_updated_at", "resolved_at", "closed_at"):
        rows[name] = pd.to_datetime(rows[name], format="%d/%m/%Y %H:%M")
    return rows


@pytest.fixture(scope="module")
def incidents(log: pd.DataFrame) -> pd.DataFrame:
    """The last row of each incident."""
    return log.groupby("number", as_index=False).nth(-1).set_index("number")


def as_cases(incidents: pd.DataFrame, process: str) -> pd.DataFrame:
    """The incidents as generic cases whose ids and accounts are the way's own."""
    return pd.DataFrame(
        {
            "case_id": [f"{process}-{number}" for number in incidents.index],
            "account_id": f"{process}-" + incidents["caller_id"],
            "created_at": incidents["opened_at"],
            "status": incidents["incident_state"],
            "priority": incidents["priority"].str.split(" - ").str[1].str.lower(),
            "channel": incidents["contact_type"],
            "topic": incidents["category"],
            "product": "made_sla " + incidents["made_sla"].astype(str).str.lower(),
            "case_type": "incident",
            "team": incidents["assignment_group"],
            "assignee_id": incidents["assigned_to"],
            "service_process": process,
            "solved_at": incidents["resolved_at"] if process == "stamps" else None,
            "closed_at": incidents["closed_at"] if process == "stamps" else None,
            "updated_at": incidents["closed_at"],
        }
    )


def as_events(log: pd.DataFrame) -> pd.DataFrame:
    """What changed between the rows of an incident, at the time of the later row; ids keep the order of the file."""
    events: list[dict[str, object]] = []
    told_of = groupby(log.astype(object).where(log.notna(), None).to_dict("records"), lambda row: row["number"])
    for number, rows in told_of:
        case_id = f"changes-{number}"
        told: list[dict[Any, Any]] = list(rows)

        def tell(at: pd.Timestamp, kind: str, before: object, after: object, case_id: str = case_id) -> None:
            events.append(
                {
                    "event_id": f"{case_id}-{len(events):06d}",
                    "case_id": case_id,
                    "occurred_at": at,
                    "event_type": kind,
                    "actor_type": "agent",
                    "from_value": before,
                    "to_value": after,
                    "updated_at": at,
                }
            )

        tell(told[0]["opened_at"], "created", None, "New")
        status, group, analyst, count = "New", told[0]["assignment_group"], told[0]["assigned_to"], 0
        for row in told:
            at, next_group, next_analyst = row["sys_updated_at"], row["assignment_group"], row["assigned_to"]
            if row["incident_state"] != status:
                tell(at, "status", STATUS[status], STATUS[row["incident_state"]])
                status = row["incident_state"]
            for step in range(count + 1, row["reassignment_count"] + 1):
                # Of several hand-overs between two rows, and of one to nobody named, only the number is known.
                is_named = step == row["reassignment_count"] and next_group not in (group, None)
                after = next_group if is_named else f"hand-over {step}"
                tell(at, "team", group or "unnamed", after)
                group = after
            count = row["reassignment_count"]
            if next_analyst and next_analyst != analyst:
                tell(at, "assignment", analyst, next_analyst)
                analyst = next_analyst
    return pd.DataFrame(events)


@pytest.fixture(scope="module")
def database(
    log: pd.DataFrame, incidents: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("incidents"))
    cases = pd.concat([as_cases(incidents, "stamps"), as_cases(incidents, "changes")])
    for name, rows in (("cases", cases), ("case_events", as_events(log))):
        company.land(f"generic/{name}/{name}.csv", rows.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ"))
    database = build(company, AS_OF, "service_metrics_monthly", "case_backlog_daily")
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def number(database: duckdb.DuckDBPyConnection, expression: str, process: str, condition: str = "true") -> object:
    found = database.execute(
        f"select {expression} from marts.fct_cases where service_process = ? and {condition}", [process]
    ).fetchone()
    assert found is not None
    return found[0]


def test_the_log_is_the_one_whose_figures_are_known(log: pd.DataFrame, incidents: pd.DataFrame) -> None:
    hours = (incidents["resolved_at"] - incidents["opened_at"]).dt.total_seconds() / HOUR
    assert (len(log), len(incidents)) == (6_784, 1_000)
    assert (incidents["incident_state"] == "Closed").all()
    assert incidents["resolved_at"].isna().sum() == 31
    assert (incidents["reopen_count"] > 0).sum() == 11
    assert (incidents["reassignment_count"] > 0).sum() == 434
    assert (~incidents["made_sla"]).sum() == 451
    assert round(hours.mean(), 4) == 303.3021
    assert hours.median() == 54.4
    named = log.groupby("number")["assignment_group"].nunique() > 1
    assert named.sum() == 421
    assert (incidents["reassignment_count"] > 0)[named[named].index].all()


@pytest.mark.parametrize("process", ["stamps", "changes"])
def test_every_incident_is_closed_and_keeps_its_attributes(database: duckdb.DuckDBPyConnection, process: str) -> None:
    assert number(database, "count(*)", process) == 1_000
    assert number(database, "count(*)", process, "status = 'closed' and not is_open and not is_deleted") == 1_000
    assert number(database, "count(*)", process, "channel = 'phone'") == 1_000
    assert number(database, "count(*)", process, "product = 'made_sla false'") == 451
    priorities = database.execute(
        "select priority, count(*) from marts.fct_cases where service_process = ? group by all", [process]
    ).fetchall()
    assert dict(priorities) == {"moderate": 853, "low": 92, "high": 37, "critical": 18}


def test_times_to_resolve_follow_from_the_stamps(database: duckdb.DuckDBPyConnection, incidents: pd.DataFrame) -> None:
    stated = {f"stamps-{name}" for name in incidents.index[incidents["resolved_at"].notna()]}
    found = dict(
        database.execute(
            "select case_id, full_resolution_seconds from marts.fct_cases where service_process = 'stamps'"
        ).fetchall()
    )
    hours = pd.Series([seconds / HOUR for name, seconds in found.items() if name in stated])
    assert len(hours) == 969
    assert round(hours.mean(), 4) == 303.3021
    assert hours.median() == 54.4
    # Those without a time of resolving were solved by their closing.
    closings = (incidents["closed_at"] - incidents["opened_at"]).dt.total_seconds()
    for name in incidents.index[incidents["resolved_at"].isna()]:
        assert found[f"stamps-{name}"] == closings[name]


def test_months_add_up_to_the_log(database: duckdb.DuckDBPyConnection, incidents: pd.DataFrame) -> None:
    solved_at = incidents["resolved_at"].fillna(incidents["closed_at"])
    seconds = (solved_at - incidents["opened_at"]).dt.total_seconds().astype(int)
    expected = pd.DataFrame({"month": solved_at.dt.to_period("M").dt.start_time.dt.date, "seconds": seconds})
    by_month = expected.groupby("month")["seconds"].agg(["count", "sum", "mean", "median"])
    found = database.execute(
        "select month, resolution_count, resolution_seconds_sum, mean_time_to_resolve_seconds, "
        "median_time_to_resolve_seconds, cases_created, closing_backlog from marts.service_metrics_monthly "
        "where dimension = 'service_process' and dimension_value = 'stamps' order by month"
    ).fetchall()
    for month, count, total, mean, median, _, _ in found:
        if count:
            row = by_month.loc[month]
            assert (count, total, median) == (row["count"], row["sum"], row["median"]), month
            assert mean == pytest.approx(row["mean"])
    assert sum(row[1] for row in found) == 1_000
    # The 969 whose resolving is stated, and the 31 that were closed.
    stated = incidents["resolved_at"].notna()
    assert seconds[stated].sum() / 969 / HOUR == pytest.approx(303.3021, abs=5e-5)
    assert sum(row[2] for row in found) == seconds.sum()
    assert [row[5] for row in found if row[5]] == list(
        incidents["opened_at"].dt.to_period("M").value_counts(sort=False)
    )
    assert found[-1][6] == 0


def test_changes_tell_who_was_reopened_and_reassigned(
    database: duckdb.DuckDBPyConnection, log: pd.DataFrame, incidents: pd.DataFrame
) -> None:
    assert number(database, "count(*)", "changes", "reopen_count > 0") == 11
    assert number(database, "sum(reopen_count)", "changes") == incidents["reopen_count"].sum() == 12
    assert number(database, "count(*)", "changes", "team_change_count > 0") == 434
    assert number(database, "sum(team_change_count)", "changes") == incidents["reassignment_count"].sum()
    analysts = log.dropna(subset=["assigned_to"]).groupby("number")["assigned_to"]
    handed = analysts.apply(lambda names: int((names != names.shift()).sum()) - 1)
    assert number(database, "count(*)", "changes", "reassignment_count > 0") == (handed > 0).sum() == 135
    assert number(database, "sum(reassignment_count)", "changes") == handed.sum()
    assert number(database, "max(reopen_count)", "stamps") == 0


def test_changes_and_stamps_agree_on_when_an_incident_was_resolved(
    database: duckdb.DuckDBPyConnection, log: pd.DataFrame, incidents: pd.DataFrame
) -> None:
    """`resolved_at` is the time of the last row in Resolved; solved it was at the first such row since it was last open.

    They differ for the 22 incidents whose row was touched again while it was resolved.
    """
    is_new_stretch = (log["incident_state"] != log["incident_state"].shift()) | (log["number"] != log["number"].shift())
    resolved = log.assign(stretch=is_new_stretch.cumsum())[log["incident_state"] == "Resolved"]
    last = resolved[resolved["stretch"] == resolved.groupby("number")["stretch"].transform("max")].groupby("number")
    begun, ended = last["sys_updated_at"].first(), last["sys_updated_at"].last()
    found = database.execute(
        "select case_id, last_solved_at from marts.fct_cases where service_process = 'changes'"
    ).fetchall()
    assert {name.removeprefix("changes-"): at for name, at in found} == begun.to_dict()
    stated = incidents["resolved_at"].dropna()
    assert ended[stated.index].equals(stated)
    assert (begun[stated.index] != stated).sum() == 22


def test_all_incidents_go_through_the_backlog(database: duckdb.DuckDBPyConnection) -> None:
    flows = database.execute(
        "select service_process, sum(created), sum(reopened), sum(solved), sum(deleted) + sum(merged), "
        "max(case when date = (select max(date) from marts.case_backlog_daily) then closing_backlog end) "
        "from marts.case_backlog_daily group by 1 order by 1"
    ).fetchall()
    assert flows == [("changes", 1_000, 12, 1_012, 0, 0), ("stamps", 1_000, 0, 1_000, 0, 0)]

"""Agents, teams and activities: figures that are known beforehand, and a random company recomputed in plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import duckdb
import pytest

from tests.conftest import Company, write_rows
from tests.integration.built import build

AS_OF = date(2024, 5, 15)
DESK = "Golden desk"
TEAMS = ("Front line", "Technical", "Night watch", "")
LEADING_SCALES = {"csat": ("1", "5"), "quality_review": ("0", "100"), "engagement": ("1", "5")}

Row = dict[str, str]
Record = dict[str, Any]


class Rows:
    """Rows of the generic entities, written as one CSV file each."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = defaultdict(list)

    def add(self, entity: str, **columns: object) -> None:
        row = {name: "" if value is None else str(value) for name, value in columns.items()}
        self.tables[entity].append({"updated_at": "2023-01-01T00:00:00Z", **row})

    def agent(
        self, agent_id: str, team: str, hired_at: str = "2023-01-01", left_at: str = "", is_bot: str = ""
    ) -> None:
        self.add("agents", agent_id=agent_id, team=team, hired_at=hired_at, left_at=left_at, is_bot=is_bot)

    def case(self, case_id: str, channel: str, account_id: str = "", assignee_id: str = "") -> None:
        created_at = "2024-02-01T00:00:00Z"
        self.add("cases", case_id=case_id, account_id=account_id, channel=channel, created_at=created_at, status="open",
                 assignee_id=assignee_id)  # fmt: skip
        self.event(case_id, created_at, "created", "customer", to_value="new")

    def event(self, case_id: str, occurred_at: str, event_type: str, actor_type: str, **columns: object) -> None:
        # In the order of writing, which decides between equal times.
        event_id = f"e{len(self.tables['case_events']):06d}"
        self.add("case_events", event_id=event_id, case_id=case_id, occurred_at=occurred_at, event_type=event_type,
                 actor_type=actor_type, **{"handle_seconds": "", "from_value": "", "to_value": "", "actor_id": "", **columns})  # fmt: skip

    def solve(self, case_id: str, occurred_at: str, agent_id: str) -> None:
        self.event(case_id, occurred_at, "assignment", "system", to_value=agent_id)
        self.event(case_id, occurred_at, "status", "agent", actor_id=agent_id, from_value="open", to_value="solved")

    def interaction(self, kind: str, occurred_at: str, owner_id: str, account_id: str, seconds: object = "") -> None:
        interaction_id = f"i{len(self.tables['interactions'])}"
        self.add("interactions", interaction_id=interaction_id, account_id=account_id, kind=kind, owner_id=owner_id,
                 occurred_at=occurred_at, duration_seconds=seconds)  # fmt: skip

    def answer(self, kind: str, at: str, score: object, agent_id: str = "", case_id: str = "", scale: str = "") -> None:
        low, high = scale.split("-") if scale else LEADING_SCALES[kind]
        response_id = f"r{len(self.tables['survey_responses'])}"
        self.add("survey_responses", response_id=response_id, survey_type=kind, agent_id=agent_id, case_id=case_id,
                 responded_at=at, score=score, scale_min=low, scale_max=high, high_is_good="true")  # fmt: skip

    def write(self, landing: Path) -> None:
        for entity, rows in self.tables.items():
            write_rows(landing / "generic" / entity / "teams.csv", rows)


def golden(rows: Rows) -> None:
    """One desk: ten agents of whom one leaves in March, three of whom work in April."""
    for number in range(10):
        left_at = {9: "2024-03-20", 8: "2024-05-31T18:00:00Z"}.get(number, "")
        rows.agent(f"g{number}", DESK, left_at=left_at)
    rows.agent("g10", DESK, hired_at="2024-03-05")
    rows.agent("g11", DESK, hired_at="2024-04-02", left_at="2024-04-20")
    rows.agent("g12", DESK, hired_at="2024-05-20")
    rows.agent("gbot", DESK, is_bot="true")
    rows.add("accounts", account_id="ga", account_name="A", segment="Golden")
    rows.add("accounts", account_id="gb", account_name="B", segment="Golden")
    for number, (agent_id, at) in enumerate(
        [("g0", "2024-04-02T09:00:00Z")] * 2 + [("g0", "2024-04-03T09:00:00Z")] * 2
        + [("g1", "2024-04-02T09:00:00Z")] + [("g2", "2024-04-30T23:59:59Z")] * 3
    ):  # fmt: skip
        rows.case(f"g{number}", "phone", "ga")
        rows.solve(f"g{number}", at, agent_id)
    for case_id, agent_id, seconds in (("g0", "g0", 400), ("g2", "g0", 200), ("g4", "g1", 60), ("g4", "g1", 40)):
        rows.event(case_id, "2024-04-02T08:00:00Z", "handling", "agent", actor_id=agent_id, handle_seconds=seconds)
    rows.event("g4", "2024-04-02T08:30:00Z", "public_reply", "agent", actor_id="g1")
    rows.event("g4", "2024-04-02T08:31:00Z", "public_reply", "bot", actor_id="gbot")
    rows.event("g4", "2024-04-02T08:32:00Z", "internal_note", "agent", actor_id="g1")
    rows.interaction("call", "2024-04-02T12:00:00Z", "g0", "gb", 90)
    rows.interaction("chat", "2024-04-03T12:00:00Z", "g0", "gb", 300)
    rows.answer("csat", "2024-04-05T00:00:00Z", 5, agent_id="g0")
    rows.answer("csat", "2024-04-05T00:00:00Z", 4, case_id="g3")
    rows.answer("quality_review", "2024-04-05T00:00:00Z", 90, agent_id="g1")
    rows.answer("engagement", "2024-04-05T00:00:00Z", 4, agent_id="g2")
    rows.answer("engagement", "2024-04-05T00:00:00Z", 3, agent_id="g1")


def random_company(rows: Rows, seed: int) -> None:
    """Agents who come and go, cases that go from hand to hand, and answers on several scales."""
    draw = Random(seed)
    begin, end = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 5, 25, tzinfo=UTC)

    def moment(after: datetime = begin) -> datetime:
        # Half of them at the edge of a day, where months and days are miscounted.
        at = after + (end - after) * draw.random()
        if draw.random() < 0.5:
            at = at.replace(hour=0, minute=0, second=0) + timedelta(seconds=draw.choice([-1, 0]))
        return max(after, at.replace(microsecond=0))

    def written(at: datetime) -> str:
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    agents = [f"a{number}" for number in range(14)]
    for agent_id in agents:
        hired = draw.choice(["", "2022-05-01", written(moment()), str(moment().date())])
        left = draw.choice(["", "", written(moment()), str(moment().date())])
        rows.agent(agent_id, draw.choice(TEAMS), hired, left, draw.choice(["", "", "", "false", "true"]))
    accounts = [f"c{number}" for number in range(6)]
    for account_id in accounts:
        rows.add("accounts", account_id=account_id, account_name=account_id, segment=draw.choice(["Big", "Small", ""]))
        if draw.random() < 0.5:
            rows.add("accounts", account_id=account_id, account_name=account_id, segment="Grown",
                     updated_at=written(moment()))  # fmt: skip
    people = [*agents, "stranger"]
    for number in range(120):
        case_id, at = f"r{number}", moment()
        rows.case(
            case_id, draw.choice(["phone", "chat", "email"]), draw.choice([*accounts, ""]), draw.choice(["", *people])
        )
        holder, status = "", "new"
        for _ in range(draw.randint(0, 8)):
            at = draw.choice([at, moment(at)])
            actor = draw.choice(people)
            kind = draw.choice(["assignment", "status", "public_reply", "internal_note", "handling", "deleted"])
            if kind == "assignment":
                held = draw.choice(["", *people])
                told = draw.choice([holder, ""])
                rows.event(case_id, written(at), kind, "system", from_value=told, to_value=held)
                holder = held
            elif kind == "status":
                new_status = draw.choice(["open", "solved", "closed", "pending"])
                actor_type = draw.choice(["agent", "system"])
                rows.event(
                    case_id, written(at), kind, actor_type, actor_id=actor, from_value=status, to_value=new_status
                )
                status = new_status
            elif kind != "deleted":
                seconds = draw.choice(["", "0", "60", "600"])
                actor_type = draw.choice(["agent", "agent", "customer", "bot", ""])
                rows.event(case_id, written(at), kind, actor_type, actor_id=actor, handle_seconds=seconds)
            elif draw.random() < 0.2:
                rows.event(case_id, written(at), kind, "system")
    for _ in range(150):
        kind = draw.choice(["call", "email", "chat", "meeting", "note"])
        owner, seconds = draw.choice(["", *people]), draw.choice(["", 30, 4000])
        rows.interaction(kind, written(moment()), owner, draw.choice(accounts), seconds)
    for _ in range(200):
        kind = draw.choice(["csat", "quality_review", "engagement"])
        scale = "" if kind == "quality_review" or draw.random() < 0.8 else "0-1"
        high = int(scale[-1]) if scale else int(LEADING_SCALES[kind][1])
        by_case = kind == "csat" and draw.random() < 0.6
        rows.answer(
            kind, written(moment()), draw.randint(1, high), "" if by_case else draw.choice(people),
            f"r{draw.randrange(120)}" if by_case else "", scale,
        )  # fmt: skip


@pytest.fixture(scope="module")
def extracts() -> Rows:
    rows = Rows()
    golden(rows)
    random_company(rows, 7)
    return rows


@pytest.fixture(scope="module")
def built(extracts: Rows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = Company(tmp_path_factory.mktemp("teams"))
    extracts.write(company.landing)
    database = build(
        company, AS_OF.isoformat(), "dim_agents", "agent_performance_monthly", "team_attrition_monthly",
        "activity_metrics_monthly",
    )  # fmt: skip
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def records(built: duckdb.DuckDBPyConnection, query: str) -> list[Record]:
    found = built.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


# --- golden numbers -------------------------------------------------------------------------------------------------


def test_one_of_ten_agents_left_is_ten_percent(built: duckdb.DuckDBPyConnection) -> None:
    found = built.execute(
        "select cast(month as varchar), starting_agents, joined_agents, left_agents, joined_and_left_agents, ending_agents, "
        "round(attrition_rate, 6), engagement_score, is_complete from marts.team_attrition_monthly "
        f"where team = '{DESK}' and month >= '2024-03-01' order by month"
    ).fetchall()
    assert found == [
        ("2024-03-01", 10, 1, 1, 0, 10, 0.1, None, True),
        ("2024-04-01", 10, 1, 0, 1, 10, 0.0, 3.5, True),
        ("2024-05-01", 10, 0, 0, 0, 10, 0.0, None, False),
    ]


def test_agents_of_a_date_do_not_know_the_future(built: duckdb.DuckDBPyConnection) -> None:
    found = built.execute(
        "select agent_id, cast(hired_on as varchar), cast(left_on as varchar) from marts.dim_agents "
        "where agent_id in ('g8', 'g9', 'g11', 'g12') order by agent_id"
    ).fetchall()
    assert found == [
        ("g11", "2024-04-02", "2024-04-20"),
        ("g8", "2023-01-01", None),
        ("g9", "2023-01-01", "2024-03-20"),
    ]


def test_an_agent_stands_beside_the_median_of_the_team(built: duckdb.DuckDBPyConnection) -> None:
    found = built.execute(
        "select agent_id, cases_solved, days_worked, cases_per_day, vs_team, average_handle_seconds, "
        "team_median_cases_per_day, team_median_handle_seconds, chats_handled, csat_score, quality_review_score, "
        f"engagement_score from marts.agent_performance_monthly where team = '{DESK}' and month = '2024-04-01' order by 1"
    ).fetchall()
    assert found == [
        ("g0", 4, 2, 2.0, 1.0, 300.0, 2.0, 200.0, 1, 4.5, None, None),
        ("g1", 1, 1, 1.0, 0.5, 100.0, 2.0, 200.0, 0, None, 90.0, 3.0),
        ("g2", 3, 1, 3.0, 1.5, None, 2.0, 200.0, 0, None, None, 4.0),
    ]


def test_activities_of_a_team_in_a_month(built: duckdb.DuckDBPyConnection) -> None:
    found = built.execute(
        "select kind, dimension_value, activities, duration_seconds_sum, accounts_touched "
        "from marts.activity_metrics_monthly where month = '2024-04-01' "
        f"and dimension_value in ('{DESK}', 'Golden') order by kind, dimension_value"
    ).fetchall()
    both = [("call", 5, 790, 2), ("chat", 1, 300, 1), ("note", 1, 0, 1), ("reply", 1, 0, 1)]
    assert found == [(kind, group, *figures) for kind, *figures in both for group in ("Golden", DESK)]


# --- recomputed from the extracts -----------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    """A time of an extract as the warehouse holds it, in UTC without a zone."""
    return datetime.fromisoformat(text.replace("Z", ""))


def month_of(day: date) -> date:
    return date(day.year, day.month, 1)


class Recomputed:
    """The four marts, from the rows of the extracts, and from fct_cases and the replies that count."""

    def __init__(self, tables: Mapping[str, Sequence[Row]], built: duckdb.DuckDBPyConnection) -> None:
        self.end = datetime.combine(AS_OF + timedelta(days=1), datetime.min.time())
        self.agents: dict[str, Record] = {}
        for row in tables["agents"]:
            hired, left = (instant(row[name]) if row[name] else None for name in ("hired_at", "left_at"))
            if left and hired and left.date() < hired.date():
                left = None
            if hired is None or hired < self.end:
                self.agents[row["agent_id"]] = {
                    "team": row["team"] or None,
                    "is_bot": row["is_bot"] == "true",
                    "hired": hired.date() if hired else None,
                    "left": left.date() if left and left < self.end else None,
                }
        self.segments: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for row in tables["accounts"]:
            self.segments[row["account_id"]].append((instant(row["updated_at"]), row["segment"] or "unknown"))
        bots = {row["agent_id"] for row in tables["agents"] if row["is_bot"] == "true"}
        everybody = {row["agent_id"] for row in tables["agents"]}
        self.events: list[Record] = []
        for row in tables["case_events"]:
            actor_type = row["actor_type"] or ("agent" if row["actor_id"] in everybody else "system")
            event: Record = {
                **row,
                "at": instant(row["occurred_at"]),
                "actor_type": "bot" if row["actor_id"] in bots else actor_type,
                "seconds": int(row["handle_seconds"] or 0),
            }
            if event["at"] < self.end:
                self.events.append(event)
        self.events.sort(key=lambda event: (event["at"], event["event_id"]))
        self.interactions = [row for row in tables["interactions"] if instant(row["occurred_at"]) < self.end]
        self.answers = [row for row in tables["survey_responses"] if instant(row["responded_at"]) < self.end]
        self.cases = {
            row["case_id"]: row
            for row in records(built, "select * from marts.fct_cases where not is_deleted and not is_merged")
        }
        self.replies = {
            row["event_id"]: row["occurred_at"]
            for row in records(built, "select event_id, occurred_at from intermediate.int_case_messages where is_reply")
        }

    def is_person(self, agent_id: str) -> bool:
        return agent_id not in self.agents or not self.agents[agent_id]["is_bot"]

    def team(self, agent_id: str) -> str | None:
        return self.agents[agent_id]["team"] if agent_id in self.agents else None

    def holder(self, case_id: str, at: datetime) -> str | None:
        changes = [
            event for event in self.events if event["case_id"] == case_id and event["event_type"] == "assignment"
        ]
        before = [event for event in changes if event["at"] <= at]
        if before:
            held: str | None = before[-1]["to_value"]
        else:
            held = changes[0]["from_value"] if changes else self.cases[case_id]["assignee_id"]
        solvers = [
            event["actor_id"]
            for event in self.events
            if event["case_id"] == case_id
            and event["at"] == at
            and event["event_type"] == "status"
            and event["to_value"] in ("solved", "closed")
            and event["actor_type"] == "agent"
        ]
        return held or max(solvers, default=None)

    def performance(self) -> dict[tuple[str, date], Record]:
        found: dict[tuple[str, date], Record] = defaultdict(lambda: defaultdict(list))

        def note(agent_id: str | None, at: datetime, name: str, value: object) -> None:
            if agent_id and self.is_person(agent_id):
                found[agent_id, month_of(at.date())][name].append(value)

        for case_id, case in self.cases.items():
            if case["last_solved_at"]:
                note(self.holder(case_id, case["last_solved_at"]), case["last_solved_at"], "solved", case_id)
        chats: dict[tuple[str, str], datetime] = {}
        for event in self.events:
            if event["actor_type"] == "agent":
                note(event["actor_id"], event["at"], "days", event["at"].date())
            if event["case_id"] not in self.cases:
                continue
            if event["actor_type"] == "agent" and event["seconds"] > 0:
                note(event["actor_id"], event["at"], "handled", (event["case_id"], event["seconds"]))
            replied_at = self.replies.get(event["event_id"])
            is_handled = event["actor_type"] == "agent" and event["seconds"] > 0
            if self.cases[event["case_id"]]["channel"] == "chat" and (replied_at or is_handled):
                key = event["actor_id"], event["case_id"]
                chats[key] = min(chats.get(key, self.end), replied_at or event["at"])
        for row in self.interactions:
            note(row["owner_id"], instant(row["occurred_at"]), "days", instant(row["occurred_at"]).date())
            if row["kind"] == "chat" and row["owner_id"]:
                chats[row["owner_id"], row["interaction_id"]] = instant(row["occurred_at"])
        for (agent_id, _), at in chats.items():
            note(agent_id, at, "chats", 1)
        for row in self.answers:
            if (row["scale_min"], row["scale_max"]) != LEADING_SCALES[row["survey_type"]]:
                continue
            at = instant(row["responded_at"])
            agent_id = row["agent_id"]
            if not agent_id and row["case_id"] in self.cases:
                agent_id = self.holder(row["case_id"], at) or ""
            note(agent_id, at, row["survey_type"], int(row["score"]))
        return found

    def activities(self) -> list[tuple[date, str, str, str, int, str]]:
        """Month, kind, team, segment, seconds and account of each activity."""
        found = []

        def note(kind: str, at: datetime, agent_id: str, account_id: str, seconds: int) -> None:
            if self.is_person(agent_id):
                known = [segment for since, segment in self.segments.get(account_id, []) if since <= at]
                segment = known[-1] if known else "unknown"
                found.append(
                    (month_of(at.date()), kind, self.team(agent_id) or "unknown", segment, seconds, account_id)
                )

        for event in self.events:
            if event["case_id"] not in self.cases or event["actor_type"] == "bot":
                continue
            case = self.cases[event["case_id"]]
            kind = {"phone": "call", "chat": "chat"}.get(case["channel"]) if event["seconds"] > 0 else None
            if event["event_type"] == "internal_note" and event["actor_type"] == "agent":
                kind = "note"
            if event["event_id"] in self.replies:
                kind = "reply"
            if kind:
                at = self.replies.get(event["event_id"], event["at"])
                note(kind, at, event["actor_id"], case["account_id"] or "", event["seconds"])
        for row in self.interactions:
            seconds = int(row["duration_seconds"] or 0)
            note(row["kind"], instant(row["occurred_at"]), row["owner_id"], row["account_id"], seconds)
        return found


@pytest.fixture(scope="module")
def recomputed(extracts: Rows, built: duckdb.DuckDBPyConnection) -> Recomputed:
    return Recomputed(extracts.tables, built)


def mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def test_performance_is_what_the_extracts_tell(built: duckdb.DuckDBPyConnection, recomputed: Recomputed) -> None:
    expected = recomputed.performance()
    found = {(row["agent_id"], row["month"]): row for row in records(built, "from marts.agent_performance_monthly")}
    assert set(found) == set(expected)
    assert len(found) > 40
    figures: dict[tuple[str, date], tuple[float | None, float | None]] = {}
    for key, told in expected.items():
        row, days = found[key], len(set(told["days"]))
        cases, seconds = {case for case, _ in told["handled"]}, sum(seconds for _, seconds in told["handled"])
        figures[key] = (len(told["solved"]) / days if days else None, seconds / len(cases) if cases else None)
        assert (row["cases_solved"], row["days_worked"]) == (len(told["solved"]), days), key
        assert (row["chats_handled"], row["handled_cases"]) == (len(told["chats"]), len(cases)), key
        assert row["handle_seconds_sum"] == seconds, key
        assert (row["cases_per_day"], row["average_handle_seconds"]) == pytest.approx(figures[key]), key
        for kind, (low, high) in LEADING_SCALES.items():
            assert row[f"{kind}_responses"] == len(told[kind]), key
            assert row[f"{kind}_score"] == pytest.approx(mean(told[kind])), key
            scale = (int(low), int(high)) if told[kind] else (None, None)
            assert (row[f"{kind}_scale_min"], row[f"{kind}_scale_max"]) == scale, key
    for key, row in found.items():
        agent_id, month = key
        team = recomputed.team(agent_id)
        assert row["team"] == team
        assert row["is_complete"] == (month < month_of(AS_OF))
        peers = [figures[other] for other in found if team and other[1] == month and recomputed.team(other[0]) == team]
        for place, name in enumerate(("team_median_cases_per_day", "team_median_handle_seconds")):
            values = [value for peer in peers if (value := peer[place]) is not None]
            assert row[name] == pytest.approx(median(values) if values else None), key
        usual = row["team_median_cases_per_day"]
        own = figures[key][0]
        assert row["vs_team"] == pytest.approx(own / usual if usual and own is not None else None), key


def test_people_come_and_go_as_the_extracts_tell(built: duckdb.DuckDBPyConnection, recomputed: Recomputed) -> None:
    found = {(row["team"], row["month"]): row for row in records(built, "from marts.team_attrition_monthly")}
    people = [agent for agent in recomputed.agents.values() if not agent["is_bot"]]
    months = [date(2024, month, 1) for month in range(2, 6)]
    assert set(found) == {(agent["team"] or "unknown", month) for agent in people for month in months}
    for (team, month), row in found.items():
        following = month_of(month + timedelta(days=31))
        counts: Counter[str] = Counter()
        for agent in people:
            if (agent["team"] or "unknown") != team:
                continue
            hired, left = agent["hired"] or date.min, agent["left"] or date.max
            was_there = hired < month <= left
            counts["starting"] += was_there
            counts["joined"] += month <= hired < following
            counts["left"] += was_there and left < following
            counts["passing"] += month <= hired <= left < following
            counts["ending"] += hired < following <= left
        names = ("starting_agents", "joined_agents", "left_agents", "joined_and_left_agents", "ending_agents")
        assert [row[name] for name in names] == [counts[name.split("_")[0]] for name in names[:3]] + [
            counts["passing"], counts["ending"],
        ]  # fmt: skip
        assert row["attrition_rate"] == pytest.approx(
            counts["left"] / counts["starting"] if counts["starting"] else None
        )
        scores = [
            int(answer["score"])
            for answer in recomputed.answers
            if answer["survey_type"] == "engagement"
            and (answer["scale_min"], answer["scale_max"]) == LEADING_SCALES["engagement"]
            and month_of(instant(answer["responded_at"]).date()) == month
            and answer["agent_id"] in recomputed.agents
            and recomputed.is_person(answer["agent_id"])
            and (recomputed.team(answer["agent_id"]) or "unknown") == team
        ]
        assert row["engagement_score"] == pytest.approx(mean(scores))


def test_activities_are_those_of_the_extracts(built: duckdb.DuckDBPyConnection, recomputed: Recomputed) -> None:
    expected: dict[tuple[date, str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for month, kind, team, segment, seconds, account_id in recomputed.activities():
        for dimension, value in (("all", "all"), ("team", team), ("segment", segment)):
            expected[month, kind, dimension, value].append((seconds, account_id))
    found = {
        (row["month"], row["kind"], row["dimension"], row["dimension_value"]): (
            row["activities"], row["duration_seconds_sum"], row["accounts_touched"],
        )
        for row in records(built, "from marts.activity_metrics_monthly")
    }  # fmt: skip
    assert found == {
        key: (len(told), sum(seconds for seconds, _ in told), len({account for _, account in told if account}))
        for key, told in expected.items()
    }
    assert {kind for _, kind, _, _ in found} == {"call", "email", "chat", "meeting", "note", "reply"}

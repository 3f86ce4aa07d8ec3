"""A company of stories about cases, as generic extracts, with the figures that follow from each story by hand.

A story is a function that adds rows to a `ServiceCompany` and says what must come out; add one by decorating it with
`@story`. All stories land together and are built once, so each keeps to cases, accounts and topics of its own. Times are UTC;
a case without a team is in the schedule `office_hours`: Monday to Friday 9 to 17 in New York (UTC-4 in summer).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import write_rows

AS_OF = "2024-06-30"

Value = str | int | float | bool | None


@dataclass
class ServiceCompany:
    """Rows of the generic entities by entity, and what is expected of single cases and of queries."""

    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    cases: list[tuple[str, dict[str, Value]]] = field(default_factory=list)
    queries: list[tuple[str, str, list[tuple[Value, ...]]]] = field(default_factory=list)

    def add(self, entity: str, **columns: str) -> None:
        self.rows.setdefault(entity, []).append(columns)

    def case(self, case_id: str, created_at: str, **columns: str) -> str:
        """A case, whose row was written on the day after the as-of date unless said otherwise, and so tells no status."""
        row = {"case_id": case_id, "created_at": created_at, "status": "open", "updated_at": "2024-07-01T12:00:00Z"}
        self.add("cases", **{**row, **columns})
        return case_id

    def events(self, case_id: str, *events: str) -> None:
        """Events of a case, each written `time type [actor] [from>to] [seconds]`; the actor is `agent:ann`, `bot`, ….

        A time without a date is on the day of the event before.
        """
        day = ""
        for number, text in enumerate(events):
            at, event_type, *rest = text.split()
            day = at[:10] if "T" in at else day
            columns = {
                "event_id": f"{case_id}-{number:02d}",
                "case_id": case_id,
                "occurred_at": f"{at}Z" if "T" in at else f"{day}T{at}Z",
                "event_type": event_type,
                "updated_at": f"{at}Z" if "T" in at else f"{day}T{at}Z",
            }
            for part in rest:
                if ">" in part:
                    columns["from_value"], columns["to_value"] = part.split(">")
                elif part.isdigit():
                    columns["handle_seconds"] = part
                else:
                    columns["actor_type"], _, columns["actor_id"] = part.partition(":")
            self.add("case_events", **columns)

    def expect(self, case_id: str, **columns: Value) -> None:
        """What fct_cases must say about the case."""
        self.cases.append((case_id, columns))

    def expect_rows(self, claim: str, query: str, *rows: tuple[Value, ...]) -> None:
        """What a query on the build database must answer, in its order."""
        self.queries.append((claim, query, list(rows)))

    def write(self, landing: Path) -> None:
        for entity, rows in self.rows.items():
            write_rows(landing / "generic" / entity / f"{entity}.csv", rows)


STORIES: list[Callable[[ServiceCompany], None]] = []


def story(tell: Callable[[ServiceCompany], None]) -> Callable[[ServiceCompany], None]:
    STORIES.append(tell)
    return tell


def tell_all() -> ServiceCompany:
    company = ServiceCompany()
    for tell in STORIES:
        tell(company)
    return company


@story
def people(company: ServiceCompany) -> None:
    for agent in ("ann", "bob"):
        company.add("agents", agent_id=agent, full_name=agent, is_bot="false", hired_at="2023-01-01T00:00:00Z")
    company.add("agents", agent_id="robo", full_name="Robo", is_bot="true", hired_at="2023-01-01T00:00:00Z")
    company.add(
        "agents", agent_id="lee", full_name="Lee", is_bot="false", hired_at="2023-01-01T00:00:00Z",
        left_at="2024-06-01T00:00:00Z",
    )  # fmt: skip


@story
def a_reply_after_the_weekend(company: ServiceCompany) -> None:
    # Friday 16:00 in New York (UTC-5) to Monday 12:00 (UTC-4, the clocks went forward): 1 h and 3 h of business, 67 h.
    company.case("friday", "2024-03-08T21:00:00Z")
    company.events(
        "friday", "2024-03-08T21:00:00 created customer:c", "2024-03-11T16:00:00 public_reply agent:ann"
    )  # fmt: skip
    company.expect(
        "friday", first_reply_seconds=67 * 3600, first_reply_business_seconds=4 * 3600, schedule="office_hours"
    )
    company.case("new york", "2024-03-08T21:00:00Z")
    company.events("new york", "2024-03-11T14:00:00 status agent:ann new>solved")
    company.expect(
        "new york",
        full_resolution_seconds=65 * 3600,
        full_resolution_business_seconds=2 * 3600,
        first_reply_seconds=None,
        first_reply_business_seconds=None,
    )


@story
def only_people_of_ours_reply(company: ServiceCompany) -> None:
    company.case("who replied", "2024-06-03T14:00:00Z")
    company.events(
        "who replied",
        "2024-06-03T14:00:00 created customer:c >new",
        "14:05:00 public_reply agent:robo",
        "14:06:00 public_reply bot",
        "14:10:00 internal_note agent:ann",
        "14:15:00 public_reply agent:lee",
        "14:20:00 customer_reply customer:c",
        "14:30:00 public_reply agent:ann",
        "15:00:00 public_reply agent:bob",
    )
    company.expect(
        "who replied", first_reply_seconds=1800, first_reply_business_seconds=1800, public_replies=2,
        customer_replies=1, internal_notes=1, opened_by="customer",
    )  # fmt: skip
    company.case("before lee left", "2024-05-31T14:00:00Z")
    company.events("before lee left", "2024-05-31T15:00:00 public_reply agent:lee")
    company.expect("before lee left", first_reply_seconds=3600, public_replies=1)


@story
def an_opening_message_is_no_reply(company: ServiceCompany) -> None:
    company.case("opened by us", "2024-06-03T14:00:00Z")
    company.events(
        "opened by us",
        "2024-06-03T14:00:00 created agent:ann >new",
        "14:00:00 public_reply agent:ann",
        "15:00:00 public_reply agent:bob",
    )
    company.expect("opened by us", first_reply_seconds=3600, public_replies=1, opened_by="agent")


@story
def waits_of_a_reopened_case(company: ServiceCompany) -> None:
    # New 10-11, open 11-12, pending 12-14, open 14-15, on hold 15-17, solved; next day open 17-18, closed unsolved.
    company.case("reopened", "2024-06-03T10:00:00Z")
    company.events(
        "reopened",
        "2024-06-03T10:00:00 created customer:c >new",
        "11:00:00 status agent:ann new>open",
        "12:00:00 status agent:ann open>pending",
        "14:00:00 status customer:c pending>open",
        "15:00:00 status agent:ann open>on_hold",
        "17:00:00 status agent:ann on_hold>solved",
        "2024-06-04T17:00:00 customer_reply customer:c",
        "17:00:00 status customer:c solved>open",
        "18:00:00 status agent:ann open>closed",
        "2024-06-08T18:00:00 status system closed>closed",
    )
    company.expect(
        "reopened", status="closed", is_open=False, first_resolution_seconds=7 * 3600, full_resolution_seconds=32 * 3600,
        # The whole first day, and 9:00 to 14:00 on the second: 18:00 UTC is 14:00 in New York.
        full_resolution_business_seconds=(8 + 5) * 3600, agent_work_seconds=4 * 3600, on_hold_seconds=2 * 3600,
        requester_wait_seconds=6 * 3600, reopen_count=1, is_first_contact_resolution=False, public_replies=0,
    )  # fmt: skip
    company.expect_rows(
        "each entry and exit of the backlog once",
        "select transition, backlog_change from intermediate.int_case_transitions where case_id = 'reopened' order by sequence",
        ("created", 1), ("solved", -1), ("reopened", 1), ("solved", -1),
    )  # fmt: skip


@story
def a_running_case(company: ServiceCompany) -> None:
    # Events and the row of the next day are not known yet: on hold since the 29th, 48 hours before the end of the 30th.
    company.case("running", "2024-06-28T00:00:00Z", status="solved", solved_at="2024-07-01T09:00:00Z")
    company.events(
        "running",
        "2024-06-28T00:00:00 created customer:c >open",
        "2024-06-29T00:00:00 status agent:ann open>on_hold",
        "2024-07-01T00:00:00 status agent:ann on_hold>solved",
        "2024-07-01T00:00:00 public_reply agent:ann",
    )
    company.expect(
        "running", status="on_hold", is_open=True, first_solved_at=None, public_replies=0, agent_work_seconds=86400,
        on_hold_seconds=2 * 86400, requester_wait_seconds=3 * 86400, is_first_contact_resolution=None,
    )  # fmt: skip


@story
def hands_it_went_through(company: ServiceCompany) -> None:
    company.case("handed on", "2024-06-03T10:00:00Z", team="Row", assignee_id="row", priority="low")
    company.events(
        "handed on",
        "2024-06-03T10:00:00 assignment agent:ann >ann",
        "10:00:00 team agent:ann >Tier1",
        "11:00:00 assignment agent:ann ann>bob",
        "11:00:00 team agent:ann Tier1>Tier2",
        "12:00:00 assignment agent:bob bob>",
        "13:00:00 assignment agent:ann >ann",
        "13:00:00 priority agent:ann low>high",
    )
    company.expect(
        "handed on", reassignment_count=1, team_change_count=1, team="Tier2", assignee_id="ann", priority="high"
    )


@story
def approvals(company: ServiceCompany) -> None:
    # Refused after one hour, asked again an hour later, twice, approved three hours after that.
    company.case("approved", "2024-06-03T10:00:00Z", service_process="wholesale")
    company.events(
        "approved",
        "2024-06-03T10:00:00 approval_requested agent:ann",
        "11:00:00 rejected agent:bob",
        "12:00:00 approval_requested agent:ann",
        "13:00:00 approval_requested agent:ann",
        "14:00:00 status agent:ann new>solved",
        "15:00:00 approved agent:bob",
    )
    company.expect("approved", approval_wait_seconds=4 * 3600, agent_work_seconds=4 * 3600, service_process="wholesale")
    company.case("waiting for approval", "2024-06-30T10:00:00Z")
    company.events("waiting for approval", "2024-06-30T22:00:00 approval_requested agent:ann")
    company.expect("waiting for approval", approval_wait_seconds=2 * 3600)


@story
def work_and_cost(company: ServiceCompany) -> None:
    company.case("a call", "2024-06-03T10:00:00Z", channel="phone")
    company.events("a call", "2024-06-03T10:00:00 handling agent:ann 240", "10:10:00 handling agent:ann 60")
    company.expect("a call", handle_seconds=300, handled=True, case_cost=55.0)
    company.case("a click", "2024-06-03T10:00:00Z", channel="web")
    company.expect("a click", handle_seconds=0, handled=False, case_cost=0.5, csat_score=None)
    for answer, (day, score) in enumerate([("04", "5"), ("06", "2"), ("05", "4"), ("07", "9")]):
        company.add(
            "survey_responses", response_id=f"answer-{answer}", survey_type="csat", case_id="a call", score=score,
            responded_at=f"2024-06-{day}T10:00:00Z", scale_min="1", scale_max="5", high_is_good="true",
            updated_at=f"2024-06-{day}T10:00:00Z",
        )  # fmt: skip
    company.expect("a call", csat_score=2.0, csat_scale_min=1.0, csat_scale_max=5.0, csat_normalised_score=25.0)


@story
def gone_and_back(company: ServiceCompany) -> None:
    company.case("merged", "2024-06-03T10:00:00Z")
    company.events(
        "merged", "2024-06-03T12:00:00 merged agent:ann >friday", "12:00:00 status agent:ann new>closed",
        "13:00:00 status customer:c closed>open",
    )  # fmt: skip
    company.expect(
        "merged", is_merged=True, merged_into_case_id="friday", is_open=False, status="closed", first_solved_at=None,
        requester_wait_seconds=2 * 3600, is_first_contact_resolution=None,
    )  # fmt: skip
    company.case("deleted", "2024-06-03T10:00:00Z", is_deleted="true", updated_at="2024-06-03T12:00:00Z")
    company.expect("deleted", is_deleted=True, is_open=False, requester_wait_seconds=2 * 3600)
    company.case("back", "2024-06-30T10:00:00Z")
    company.events(
        "back", "2024-06-30T12:00:00 deleted agent:ann", "13:00:00 status agent:ann new>on_hold",
        "14:00:00 undeleted agent:ann",
    )  # fmt: skip
    company.expect(
        "back", is_deleted=False, is_open=True, status="on_hold", agent_work_seconds=2 * 3600,
        on_hold_seconds=10 * 3600,
    )  # fmt: skip
    company.expect_rows(
        "a case leaves the backlog once, whichever way",
        """
        select case_id, transition, backlog_change from intermediate.int_case_transitions
        where case_id in ('merged', 'deleted', 'back') order by case_id, sequence
        """,
        ("back", "created", 1), ("back", "deleted", -1), ("back", "undeleted", 1),
        ("deleted", "created", 1), ("deleted", "deleted", -1),
        ("merged", "created", 1), ("merged", "merged", -1),
    )  # fmt: skip


@story
def what_events_do_not_tell(company: ServiceCompany) -> None:
    company.case(
        "timestamps", "2024-06-03T10:00:00Z", status="closed", first_replied_at="2024-06-03T11:00:00Z",
        solved_at="2024-06-03T12:00:00Z", closed_at="2024-06-05T12:00:00Z",
    )  # fmt: skip
    company.expect(
        "timestamps", status="closed", first_reply_seconds=3600, first_resolution_seconds=7200,
        full_resolution_seconds=7200, agent_work_seconds=7200, public_replies=1, is_first_contact_resolution=True,
    )  # fmt: skip
    company.case("only a reply", "2024-06-03T10:00:00Z", status="solved", solved_at="2024-06-03T12:00:00Z")
    company.events("only a reply", "2024-06-03T11:00:00 public_reply agent:ann")
    company.expect("only a reply", status="solved", first_reply_seconds=3600, full_resolution_seconds=7200)
    company.case("only a row", "2024-06-03T10:00:00Z", status="resolved", updated_at="")
    company.expect("only a row", status="solved", is_open=False, last_solved_at=None, is_first_contact_resolution=None)
    for status, at in (
        ("open", "2024-06-03T11:00:00Z"),
        ("solved", "2024-06-03T12:00:00Z"),
        ("open", "2024-06-04T12:00:00Z"),
    ):
        company.case("versions", "2024-06-03T10:00:00Z", status=status, updated_at=at)
    company.expect("versions", status="open", is_open=True, full_resolution_seconds=7200, reopen_count=1)
    company.case("odd words", "2024-06-03T10:00:00Z")
    company.events(
        "odd words", "2024-06-03T10:00:00 created customer:c >Limbo", "11:00:00 status agent:ann Limbo>solved",
        "12:00:00 status agent:ann solved>Limbo",
    )  # fmt: skip
    company.expect("odd words", status="limbo", is_open=False, reopen_count=0, full_resolution_seconds=3600)


@story
def clocks_that_differ(company: ServiceCompany) -> None:
    company.case("clocks", "2024-06-03T10:00:00Z")
    company.events(
        "clocks", "2024-06-03T09:59:50 public_reply agent:ann", "09:59:55 status agent:ann >pending",
        "2024-06-03T10:00:00 created customer:c >new", "11:00:00 status agent:ann >open", "11:00:00 status agent:ann >solved",
    )  # fmt: skip
    company.expect("clocks", first_reply_seconds=0, agent_work_seconds=0, full_resolution_seconds=3600, status="solved")


@story
def an_account_that_grew(company: ServiceCompany) -> None:
    for segment, plan, at in (("small", "basic", "2024-02-01T00:00:00Z"), ("large", "premium", "2024-06-10T00:00:00Z")):
        company.add(
            "accounts", account_id="grown", account_name="Grown", segment=segment, support_plan=plan, updated_at=at
        )  # fmt: skip
    for case_id, at in (("first", "2024-01-01"), ("second", "2024-06-09"), ("third", "2024-06-10")):
        company.case(f"{case_id} of grown", f"{at}T10:00:00Z", account_id="grown", topic=case_id)
    company.expect("first of grown", segment="small", support_plan="basic", region="unknown")
    company.expect("second of grown", segment="small", support_plan="basic")
    company.expect("third of grown", segment="large", support_plan="premium")


@story
def first_contact_resolution(company: ServiceCompany) -> None:
    # 400 solved in May: 280 as they should be; 40 took two replies, 30 were reopened, 30 asked again within a week, 20 were
    # calls that needed a reply. Those who asked again are still open, and ten were solved only three days ago: not judged.
    kinds = ["fine"] * 280 + ["twice"] * 40 + ["reopened"] * 30 + ["again"] * 30 + ["call"] * 20 + ["late"] * 10
    for number, kind in enumerate(kinds):
        case_id, day = f"fcr-{number:03d}", "2024-06-27" if kind == "late" else "2024-05-06"
        channel = "phone" if kind == "call" else "email"
        company.case(case_id, f"{day}T10:00:00Z", account_id=f"fcr-{number}", topic="billing", channel=channel)
        company.events(
            case_id,
            f"{day}T10:00:00 created customer:c >new",
            *["10:30:00 public_reply agent:ann"] * (2 if kind == "twice" else 1),
            "11:00:00 status agent:ann new>solved",
            *(
                ["12:00:00 status customer:c solved>open", "13:00:00 status agent:ann open>solved"]
                * (kind == "reopened")
            ),
        )
        if kind == "again":
            company.case(f"{case_id}-b", "2024-05-13T11:00:00Z", account_id=f"fcr-{number}", topic="billing")
        elif number < 10:
            # A second too late, or about something else.
            company.case(f"{case_id}-b", "2024-05-13T11:00:01Z", account_id=f"fcr-{number}", topic="billing")
            company.case(f"{case_id}-c", "2024-05-10T11:00:00Z", account_id=f"fcr-{number}", topic="login")
    company.expect_rows(
        "280 of 400 are 70 %",
        """
        select count(is_first_contact_resolution), sum(case when is_first_contact_resolution then 1 else 0 end)
        from marts.fct_cases where case_id like 'fcr-%'
        """,
        (400, 280),
    )


@story
def first_visits(company: ServiceCompany) -> None:
    for visit, parent, day in (("v1", "p1", "03"), ("v2", "p2", "03"), ("v3", "p2", "14")):
        company.case(visit, f"2024-06-{day}T10:00:00Z", case_type="work_order", parent_case_id=parent, channel="phone")
        company.events(
            visit, f"2024-06-{day}T10:30:00 public_reply agent:ann", "10:40:00 public_reply agent:ann",
            "11:00:00 status agent:ann new>solved",
        )  # fmt: skip
    company.expect("v1", is_first_contact_resolution=True, public_replies=2)
    company.expect("v2", is_first_contact_resolution=False)
    company.expect("v3", is_first_contact_resolution=False)


@story
def a_month_of_service(company: ServiceCompany) -> None:
    # Solved after 100, 200, 300, 400 and 1100 seconds: nine of ten within 400 + 0.6 * 700. Work of 250 + 150 s on one case
    # and of 200 s on another. The deleted case counts nowhere, the one of April only there.
    for number, seconds in enumerate((100, 200, 300, 400, 1100)):
        case_id = company.case(f"month-{number}", "2024-03-05T10:00:00Z", team="Month", channel="phone")
        company.events(
            case_id,
            "2024-03-05T10:00:00 created customer:c >new",
            *(["10:00:30 handling agent:ann 250", "10:00:40 handling agent:ann 150"] * (number == 0)),
            *(["10:00:30 handling agent:ann 200"] * (number == 1)),
            f"10:{seconds // 60:02d}:{seconds % 60:02d} status agent:ann new>solved",
        )
    company.events(company.case("month-deleted", "2024-03-05T10:00:00Z", team="Month"), "2024-03-06T10:00:00 deleted")
    company.case("month-after", "2024-04-01T00:00:00Z", team="Month", channel="email")
    company.expect_rows(
        "mean, median and nine of ten of five solutions; handle time; cost",
        """
        select
            cast(month as varchar), cases_created, cases_solved, closing_backlog, mean_time_to_resolve_seconds,
            median_time_to_resolve_seconds, p90_time_to_resolve_seconds, handled_cases, average_handle_seconds, cost
        from marts.service_metrics_monthly
        where dimension = 'team' and dimension_value = 'Month' and month < date '2024-05-01'
        order by month
        """,
        ("2024-03-01", 5, 5, 0, 420.0, 300.0, 820.0, 2, 300.0, 275.0),
        ("2024-04-01", 1, 0, 1, None, None, None, 0, None, 0.5),
    )
    company.expect_rows(
        "70 % of the month's solutions took one contact",
        """
        select fcr_eligible, fcr_resolved, first_contact_resolution_rate from marts.service_metrics_monthly
        where dimension = 'topic' and dimension_value = 'billing' and month = date '2024-05-01'
        """,
        (400, 280, 0.7),
    )


@story
def days_of_a_backlog(company: ServiceCompany) -> None:
    # One case is reopened, one is merged, one is deleted and restored; the robot's word does not count as a touch.
    for name in ("reopened", "merged", "restored"):
        company.case(f"days-{name}", "2024-06-21T10:00:00Z", team="Days", channel="web", service_process="retail")
    company.events(
        "days-reopened",
        "2024-06-21T10:00:00 created customer:c >new",
        "2024-06-22T10:00:00 assignment agent:ann >ann",
        "2024-06-23T10:00:00 status agent:ann new>solved",
        "2024-06-25T10:00:00 status customer:c solved>open",
        "2024-06-28T10:00:00 public_reply agent:robo",
    )
    company.events(
        "days-merged", "2024-06-21T10:00:00 created customer:c >new", "2024-06-24T10:00:00 merged system >days-reopened"
    )
    company.events(
        "days-restored",
        "2024-06-21T10:00:00 created customer:c >new",
        "2024-06-22T10:00:00 deleted system",
        "2024-06-24T10:00:00 undeleted system",
    )
    company.expect_rows(
        "every day closes with what it opened with, what came and what went",
        """
        select
            cast(date as varchar), opening_backlog, created, reopened, undeleted, solved, deleted, merged,
            closing_backlog, unassigned, stale_5_days
        from marts.case_backlog_daily
        where channel = 'web' and team = 'Days' and service_process = 'retail'
        order by date
        """,
        ("2024-06-21", 0, 3, 0, 0, 0, 0, 0, 3, 3, 0),
        ("2024-06-22", 3, 0, 0, 0, 0, 1, 0, 2, 1, 0),
        ("2024-06-23", 2, 0, 0, 0, 1, 0, 0, 1, 1, 0),
        ("2024-06-24", 1, 0, 0, 1, 0, 0, 1, 1, 1, 0),
        ("2024-06-25", 1, 0, 1, 0, 0, 0, 0, 2, 1, 0),
        ("2024-06-26", 2, 0, 0, 0, 0, 0, 0, 2, 1, 1),
        ("2024-06-27", 2, 0, 0, 0, 0, 0, 0, 2, 1, 1),
        ("2024-06-28", 2, 0, 0, 0, 0, 0, 0, 2, 1, 1),
        ("2024-06-29", 2, 0, 0, 0, 0, 0, 0, 2, 1, 1),
        ("2024-06-30", 2, 0, 0, 0, 0, 0, 0, 2, 1, 2),
    )


@story
def what_an_account_costs(company: ServiceCompany) -> None:
    # A call at 55 and a message at 0.50 against 222 a month; the one of June is in a month of its own.
    company.add("accounts", account_id="costs", account_name="Costs", updated_at="2024-01-01T00:00:00Z")
    company.add(
        "subscriptions", subscription_id="costs", account_id="costs", start_date="2024-01-01", billing_period="month",
        amount="222", currency="USD", updated_at="2024-01-01T00:00:00Z",
    )  # fmt: skip
    for number, (day, channel) in enumerate((("05-31", "phone"), ("05-01", "web"), ("06-01", "phone"))):
        company.case(f"costs-{number}", f"2024-{day}T10:00:00Z", account_id="costs", channel=channel, topic=channel)
    company.expect_rows(
        "an account costs what its cases cost",
        """
        select cast(month as varchar), cases, case_cost, cost_share_of_mrr from marts.cost_to_serve_monthly
        where account_id = 'costs' order by month
        """,
        ("2024-05-01", 2, 55.5, 0.25),
        ("2024-06-01", 1, 55.0, 55 / 222),
    )

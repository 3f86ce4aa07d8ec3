"""A small company whose later exports try to change the past: what was landed by a Monday, and what landed after it.

Each account has one later export that a careless model would let into the Monday's health. Only those in `LATE` got one
about something that had happened by the Monday; they alone may change, and are marked as restated.
"""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

MONDAY = "2026-03-02"
LATER = "2026-03-31"  # a month's end within 26 weeks of it; the Monday is among its health dates

LATE = {
    "late_case",
    "late_survey",
    "late_interaction",
    "late_usage",
    "late_subscription",
    "corrected_usage",
    "late_reopen",
    "late_match",
    "late_account",
    "late_order",
}
# What changed after the Monday, without being late.
CHANGED = {
    "new_segment", "noticed", "repriced", "bought_more", "new_case", "case_leaves", "case_arrives", "case_deleted", "case_merged",
    "case_restored", "reopened", "corrected_survey", "survey_leaves", "survey_arrives", "interaction_leaves", "interaction_arrives",
    "new_usage", "contact_leaves", "contact_arrives", "rival_domain", "rating_comment", "ticket_leaves", "ticket_arrives", "task_deleted",
    "signed_later", "taken_over", "unpaid_later", "order_leaves", "order_arrives", "told_as_note",
}  # fmt: skip
ACCOUNTS = sorted(LATE | CHANGED | {"quiet"})

Row = dict[str, object]


class Exports:
    """Rows of one export day, written as files of the generic source and of the help desk."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.pages: dict[str, list[Row]] = {}

    def add(self, entity: str, **values: object) -> None:
        self.rows.setdefault(entity, []).append(values)

    def page(self, entity: str, **values: object) -> None:
        self.pages.setdefault(entity, []).append(values)

    def salesforce(self, entity: str, **values: object) -> None:
        self.rows.setdefault(f"salesforce/{entity}", []).append(values)

    def scattered(self, other: Exports, rng: random.Random) -> list[Exports]:
        """The rows of both, in any order, as three exports that tell nothing of when a row was written."""
        parts = [Exports() for _ in range(3)]
        for tables in ("rows", "pages"):
            for entity in {**getattr(self, tables), **getattr(other, tables)}:
                mixed = [*getattr(self, tables).get(entity, []), *getattr(other, tables).get(entity, [])]
                rng.shuffle(mixed)
                for row in mixed:
                    getattr(rng.choice(parts), tables).setdefault(entity, []).append(row)
        return parts

    def write(self, landing: Path, name: str) -> None:
        for entity, rows in self.rows.items():
            folder = landing / (entity if "/" in entity else f"generic/{entity}")
            folder.mkdir(parents=True, exist_ok=True)
            columns = sorted({column for row in rows for column in row})
            text = io.StringIO()
            writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
        for entity, rows in self.pages.items():
            folder = landing / "zendesk" / entity
            folder.mkdir(parents=True, exist_ok=True)
            records = "audits" if entity == "ticket_audits" else entity
            (folder / f"{name}.json").write_text(json.dumps({records: rows}), encoding="utf-8")


def _ticket(
    export: Exports, number: int, organization: int, at: str, generated: int, status: str = "open", **more: object
) -> None:
    export.page(
        "tickets", id=number, organization_id=organization, requester_id=900 + number, created_at=at, updated_at=at,
        status=status, generated_timestamp=generated, tags=[], via={"channel": "email"}, **more,
    )  # fmt: skip


def epoch(day: str) -> int:
    """Seconds since 1970 of noon (UTC) of a day."""
    from datetime import UTC, datetime

    return int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp())


def by_monday() -> Exports:
    """What had been exported by the end of the Monday."""
    export = Exports()
    for account in ACCOUNTS:
        if account == "late_account":
            continue
        export.add(
            "accounts", account_id=account, segment="Mid-Market", created_at="2025-01-01", updated_at="2025-01-01"
        )
    for account in ACCOUNTS:
        export.add(
            "subscriptions", subscription_id=f"s-{account}", account_id=account, product="P", start_date="2025-01-01", amount=100,
            end_date="2026-04-30" if account in ("signed_later", "taken_over") else "",
            billing_period="month", currency="USD", seats=10, updated_at="2025-01-01T00:00:00Z",
        )  # fmt: skip
        export.add(
            "usage", account_id=account, product="P", feature="f", usage_date="2026-02-20", active_users=5, licensed_seats=10,
            updated_at="2026-02-20T20:00:00Z",
        )  # fmt: skip
        export.add(
            "interactions", interaction_id=f"i-{account}", account_id=account, kind="call", occurred_at="2026-02-10T10:00:00Z",
            updated_at="2026-02-10T11:00:00Z",
        )  # fmt: skip
        export.add(
            "cases", case_id=f"c-{account}", account_id=account, created_at="2026-02-11T10:00:00Z", status="solved",
            solved_at="2026-02-12T10:00:00Z", updated_at="2026-02-12T10:00:00Z",
        )  # fmt: skip
        export.add(
            "survey_responses", response_id=f"r-{account}", survey_type="nps", account_id=account, score=8,
            responded_at="2026-02-13T10:00:00Z", updated_at="2026-02-13T10:00:00Z",
        )  # fmt: skip
        if account in ("unpaid_later", "order_leaves"):
            export.add(
                "orders", order_id=f"o-{account}", account_id=account, ordered_at="2026-02-01T10:00:00Z", amount=10,
                status="overdue" if account == "order_leaves" else "open", updated_at="2026-02-01T10:00:00Z",
            )  # fmt: skip
        if account in ("reopened", "late_reopen", "case_merged"):
            export.add(
                "case_events",
                event_id=f"e-{account}-1",
                case_id=f"c-{account}",
                event_type="created",
                occurred_at="2026-02-11T10:00:00Z",
                updated_at="2026-02-11T10:00:00Z",
            )
            export.add(
                "case_events",
                event_id=f"e-{account}-2",
                case_id=f"c-{account}",
                event_type="status",
                to_value="solved",
                occurred_at="2026-02-12T10:00:00Z",
                updated_at="2026-02-12T10:00:00Z",
            )
    # A deletion that is taken back later.
    export.add(
        "cases",
        case_id="c-case_restored",
        account_id="",
        created_at="2026-02-11T10:00:00Z",
        status="solved",
        is_deleted="true",
        updated_at="2026-02-20T10:00:00Z",
    )
    # Answers and a case that only a contact places.
    export.add("contacts", contact_id="p-1", account_id="contact_leaves", updated_at="2025-01-01")
    export.add(
        "survey_responses",
        response_id="r-of-contact",
        survey_type="nps",
        contact_id="p-1",
        score=2,
        responded_at="2026-02-14T10:00:00Z",
        updated_at="2026-02-14T10:00:00Z",
    )
    export.add(
        "cases",
        case_id="c-of-contact",
        contact_id="p-1",
        created_at="2026-02-14T10:00:00Z",
        status="open",
        updated_at="2026-02-14T10:00:00Z",
    )
    # A case whose answer names the case only; the case leaves the account later.
    export.add(
        "survey_responses",
        response_id="r-of-case",
        survey_type="csat",
        case_id="c-case_leaves",
        score=1,
        responded_at="2026-02-15T10:00:00Z",
        updated_at="2026-02-15T10:00:00Z",
    )
    # The help desk: organizations by id and by domain.
    for number, account in ((1, "ticket_leaves"), (2, "ticket_arrives"), (3, "rating_comment")):
        export.page(
            "organizations",
            id=number,
            name=account,
            external_id=account,
            domain_names=[],
            created_at="2025-01-01T00:00:00Z",
            updated_at="2025-01-01T00:00:00Z",
        )
        _ticket(export, number, number, "2026-02-16T10:00:00Z", epoch("2026-02-16"))
    export.page(
        "organizations",
        id=4,
        name="to be linked",
        external_id=None,
        domain_names=[],
        created_at="2025-01-01T00:00:00Z",
        updated_at="2025-01-01T00:00:00Z",
    )
    _ticket(export, 4, 4, "2026-02-16T10:00:00Z", epoch("2026-02-16"))
    export.page(
        "satisfaction_ratings",
        id=1,
        ticket_id=3,
        requester_id=903,
        score="bad",
        comment=None,
        created_at="2026-02-17T10:00:00Z",
        updated_at="2026-02-18T10:00:00Z",
    )
    # The CRM: a domain that is one account's only until another claims it.
    sf_account(export, 1, "https://www.rival.example/path", "2025-01-01T00:00:00.000Z")
    export.add(
        "subscriptions",
        subscription_id="s-crm",
        account_id="salesforce:001000000000001AAA",
        product="P",
        start_date="2025-01-01",
        amount=100,
        billing_period="month",
        currency="USD",
        updated_at="2025-01-01",
    )
    export.page(
        "organizations",
        id=5,
        name="rival",
        external_id=None,
        domain_names=["rival.example"],
        created_at="2025-01-01T00:00:00Z",
        updated_at="2025-01-01T00:00:00Z",
    )
    _ticket(export, 5, 5, "2026-02-16T10:00:00Z", epoch("2026-02-16"))
    sf_order(export, "2026-02-01T10:00:00.000Z", "false")
    export.salesforce(
        "task",
        Id="00T000000000001AAA",
        IsDeleted="false",
        AccountId="001000000000001AAA",
        TaskSubtype="Call",
        CompletedDateTime="2026-02-19T10:00:00.000Z",
        CreatedDate="2026-02-19T10:00:00.000Z",
        SystemModstamp="2026-02-19T10:00:00.000Z",
    )
    return export


def sf_account(export: Exports, number: int, website: str, at: str) -> None:
    export.salesforce(
        "account",
        Id=f"00100000000000{number}AAA",
        IsDeleted="false",
        Name=f"CRM {number}",
        Website=website,
        CreatedDate=at,
        SystemModstamp=at,
    )


def sf_order(export: Exports, at: str, deleted: str) -> None:
    export.salesforce(
        "order", Id="801000000000001AAA", AccountId="001000000000001AAA", EffectiveDate="2026-02-01", Status="Past Due",
        IsDeleted=deleted, SystemModstamp=at,
    )  # fmt: skip


def after_monday() -> Exports:
    """What was exported from the Tuesday on."""
    export = Exports()
    after = "2026-03-10T09:00:00Z"
    before = "2026-02-25T10:00:00Z"
    # Attributes and contracts.
    export.add("accounts", account_id="new_segment", segment="Enterprise", created_at="2025-01-01", updated_at=after)
    export.add("accounts", account_id="late_account", segment="Enterprise", created_at="2025-01-01", updated_at=after)
    base: Row = {"product": "P", "start_date": "2025-01-01", "billing_period": "month", "currency": "USD", "seats": 10}
    export.add(
        "subscriptions",
        **{
            **base,
            "subscription_id": "s-noticed",
            "account_id": "noticed",
            "amount": 100,
            "cancelled_at": after,
            "ended_at": "2026-05-31",
            "updated_at": after,
        },
    )
    export.add(
        "subscriptions",
        **{
            **base,
            "subscription_id": "s-repriced",
            "account_id": "repriced",
            "amount": 20,
            "seats": 99,
            "updated_at": after,
        },
    )
    export.add(
        "subscriptions",
        **{
            **base,
            "subscription_id": "s-more",
            "account_id": "bought_more",
            "amount": 900,
            "start_date": "2026-03-10",
            "updated_at": after,
        },
    )
    export.add(
        "subscriptions",
        **{
            **base,
            "subscription_id": "s-late",
            "account_id": "late_subscription",
            "amount": 900,
            "start_date": "2026-01-15",
            "updated_at": after,
        },
    )
    base = {**base, "amount": 100, "updated_at": after}
    for account, start in (("signed_later", "2026-05-01"), ("taken_over", "2026-03-20")):
        export.add(
            "subscriptions",
            **{**base, "subscription_id": f"s-{account}-2", "account_id": account, "start_date": start},
            renewed_from_id=f"s-{account}",
        )
    # Orders.
    order: Row = {"ordered_at": "2026-02-01T10:00:00Z", "amount": 10, "status": "overdue", "updated_at": after}
    export.add("orders", **{**order, "order_id": "o-unpaid_later", "account_id": "unpaid_later"})
    export.add("orders", **{**order, "order_id": "o-order_leaves", "account_id": "order_arrives"})
    export.add("orders", **{**order, "order_id": "o-late", "account_id": "late_order", "ordered_at": before})
    sf_order(export, "2026-03-10T09:00:00.000Z", "true")
    # Cases.
    case: Row = {
        "created_at": "2026-02-11T10:00:00Z",
        "status": "solved",
        "solved_at": "2026-02-12T10:00:00Z",
        "updated_at": after,
    }
    export.add(
        "cases",
        **{
            **case,
            "case_id": "c-new",
            "account_id": "new_case",
            "created_at": after,
            "status": "open",
            "solved_at": "",
        },
    )
    export.add("cases", **{**case, "case_id": "c-late", "account_id": "late_case", "created_at": before})
    export.add("cases", **{**case, "case_id": "c-case_leaves", "account_id": "case_arrives"})
    export.add("cases", **{**case, "case_id": "c-case_deleted", "account_id": "", "is_deleted": "true"})
    export.add("cases", **{**case, "case_id": "c-case_restored", "account_id": "case_restored", "is_deleted": "false"})
    export.add(
        "case_events",
        event_id="e-merge",
        case_id="c-case_merged",
        event_type="merged",
        occurred_at=after,
        to_value="c-quiet",
        updated_at=after,
    )
    export.add(
        "case_events",
        event_id="e-reopen",
        case_id="c-reopened",
        event_type="status",
        to_value="open",
        occurred_at=after,
        updated_at=after,
    )
    export.add(
        "case_events",
        event_id="e-late-reopen",
        case_id="c-late_reopen",
        event_type="status",
        to_value="open",
        occurred_at=before,
        updated_at=after,
    )
    # Answers.
    answer: Row = {"survey_type": "nps", "responded_at": "2026-02-13T10:00:00Z", "updated_at": after}
    export.add(
        "survey_responses",
        **{**answer, "response_id": "r-corrected_survey", "account_id": "corrected_survey", "score": 0},
    )
    export.add(
        "survey_responses", **{**answer, "response_id": "r-survey_leaves", "account_id": "survey_arrives", "score": 8}
    )
    export.add(
        "survey_responses",
        **{**answer, "response_id": "r-late", "account_id": "late_survey", "score": 0, "responded_at": before},
    )
    export.add("contacts", contact_id="p-1", account_id="contact_arrives", updated_at=after)
    export.page(
        "satisfaction_ratings",
        id=1,
        ticket_id=3,
        requester_id=903,
        score="bad",
        comment="Too slow",
        created_at="2026-02-17T10:00:00Z",
        updated_at=after,
    )
    # Contact and usage.
    export.add(
        "interactions", interaction_id="i-told_as_note", account_id="told_as_note", kind="note",
        occurred_at="2026-02-10T10:00:00Z", updated_at=after,
    )  # fmt: skip
    export.add(
        "interactions",
        interaction_id="i-interaction_leaves",
        account_id="interaction_arrives",
        kind="call",
        occurred_at="2026-02-10T10:00:00Z",
        updated_at=after,
    )
    export.add(
        "interactions",
        interaction_id="i-late",
        account_id="late_interaction",
        kind="call",
        occurred_at=before,
        updated_at=after,
    )
    export.salesforce(
        "task",
        Id="00T000000000001AAA",
        IsDeleted="true",
        AccountId="001000000000001AAA",
        TaskSubtype="Call",
        CompletedDateTime="2026-02-19T10:00:00.000Z",
        CreatedDate="2026-02-19T10:00:00.000Z",
        SystemModstamp="2026-03-10T09:00:00.000Z",
    )
    use: Row = {"product": "P", "feature": "f", "active_users": 9, "licensed_seats": 10, "updated_at": after}
    export.add("usage", **{**use, "account_id": "new_usage", "usage_date": "2026-03-09"})
    export.add("usage", **{**use, "account_id": "late_usage", "usage_date": "2026-02-26"})
    export.add("usage", **{**use, "account_id": "corrected_usage", "usage_date": "2026-02-20"})
    # The help desk: a ticket moves, an organization is linked, a domain gets a second claimant.
    _ticket(export, 1, 2, "2026-02-16T10:00:00Z", epoch("2026-03-10"))
    export.page(
        "organizations",
        id=4,
        name="to be linked",
        external_id="late_match",
        domain_names=[],
        created_at="2025-01-01T00:00:00Z",
        updated_at=after,
    )
    sf_account(export, 2, "http://rival.example", "2026-03-10T09:00:00.000Z")
    return export

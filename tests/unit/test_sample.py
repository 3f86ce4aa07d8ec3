"""What the sample company promises: the same bytes again, the vendors' formats, and a cause in its numbers."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sample import company, settings
from sample.damage import Damage, damages, write_damages
from sample.settings import Request

REPOSITORY = Path(__file__).parents[2]
SIZE = 700


def digests(root: Path) -> dict[str, str]:
    """Relative path → SHA-256 of every file."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@cache
def csv_file(path: Path) -> list[dict[str, str]]:
    """All rows of a CSV file; survey exports without their two further header rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[2 if "qualtrics" in path.parts else 0 :]


@cache
def json_file(path: Path) -> list[dict[str, Any]]:
    """All records of a help-desk file, from pages or lines."""
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [record for document in documents for record in document.get(path.parent.name, [document])]


def rows(root: Path, source: str, object_name: str, pattern: str = "*.csv") -> list[dict[str, str]]:
    """All CSV rows of an object."""
    return [row for path in sorted((root / source / object_name).glob(pattern)) for row in csv_file(path)]


def records(root: Path, object_name: str) -> list[dict[str, Any]]:
    """All records of a help-desk object."""
    return [record for path in sorted((root / "zendesk" / object_name).iterdir()) for record in json_file(path)]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base export; the truth lies beside it."""
    folder = tmp_path_factory.mktemp("sample")
    company.write_company(Request(SIZE, 7), folder / "landing", folder / "truth.parquet")
    return folder / "landing"


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base export of the smallest company."""
    folder = tmp_path_factory.mktemp("smallest")
    company.write_company(Request(100, 7), folder)
    return folder


@pytest.fixture(scope="module")
def ten_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten day exports of a company of 400 accounts."""
    folder = tmp_path_factory.mktemp("days")
    company.write_company(Request(400, 7, days_after=10), folder)
    return folder


@pytest.fixture(scope="module")
def truth(landing: Path) -> dict[tuple[str, date], tuple[float, bool]]:
    """(account, month end) → hidden satisfaction, in service."""
    found = duckdb.sql(f"from read_parquet('{landing.parent / 'truth.parquet'}')").fetchall()
    return {(account, month_end): (satisfaction, active) for account, month_end, satisfaction, active in found}


# -- the same again


def test_same_arguments_write_same_bytes_whatever_the_hash_seed_and_time_zone(tmp_path: Path) -> None:
    for name, hash_seed, zone in (("one", "1", "UTC"), ("two", "2", "Asia/Tokyo")):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone}
        command = [sys.executable, "-m", "sample", "--out", str(tmp_path / name), "--accounts", "100", "--dirty"]
        subprocess.run(command, check=True, cwd=REPOSITORY, env=environment, capture_output=True)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert len(digests(tmp_path / "one")) > 40


def test_another_seed_is_another_company(smallest: Path, tmp_path: Path) -> None:
    company.write_company(Request(100, 8), tmp_path)
    one, other = digests(smallest), digests(tmp_path)
    assert {path for path in one if one[path] == other.get(path)} == {"zendesk/groups/groups_2026-06-30.json"}


def test_first_days_do_not_depend_on_how_many_days_are_asked_for(ten_days: Path, tmp_path: Path) -> None:
    company.write_company(Request(400, 7, days_after=3), tmp_path)
    three, ten = digests(tmp_path), digests(ten_days)
    first_of_ten = {path: digest for path, digest in ten.items() if any(f"2026-07-0{day}" in path for day in (1, 2, 3))}
    assert three == first_of_ten
    assert len(ten) > len(three) > 20


@pytest.mark.parametrize("request_", [Request(99, 7), Request(2_500_001, 7), Request(100, 7, 185), Request(100, 7, -1)])
def test_request_out_of_bounds_is_refused_and_writes_nothing(request_: Request, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        company.write_company(request_, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_failure_on_the_way_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("sample.generic.files", fail)
    with pytest.raises(OSError, match="disk full"):
        company.write_company(Request(100, 7), tmp_path)
    assert digests(tmp_path) == {}


def test_company_of_several_chunks_has_one_header_a_file_and_no_key_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ACCOUNTS_PER_CHUNK", 40)
    monkeypatch.setattr(settings, "CHUNKS_PER_FILE", 2)
    company.write_company(Request(100, 7), tmp_path)
    parts = sorted(path.name for path in (tmp_path / "generic" / "usage").iterdir())
    assert parts == ["usage_2026-06-30_part-001.csv", "usage_2026-06-30_part-002.csv"]
    for object_name in ("account", "contact", "subscription", "opportunity", "order", "task", "event"):
        ids = [row["Id"] for row in rows(tmp_path, "salesforce", object_name, f"{object_name}_2026*.csv")]
        assert len(set(ids)) == len(ids) > 0
        assert "Id" not in ids
    assert len(rows(tmp_path, "salesforce", "account", "account_2026*.csv")) == 100
    for object_name in ("tickets", "ticket_audits", "users", "organizations", "groups", "satisfaction_ratings"):
        numbers = [record["id"] for record in records(tmp_path, object_name)]
        assert len(set(numbers)) == len(numbers) > 0
    files = sorted((tmp_path / "zendesk" / "tickets").iterdir())
    pages = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert [page["end_of_stream"] for page in pages] == [False, False, True]


# -- what is known when


def stamps(root: Path) -> Iterator[tuple[str, str]]:
    """(file, instant at which the row's version came to be, to the second) of every row."""
    columns = {"salesforce": "SystemModstamp", "qualtrics": "RecordedDate", "generic": "updated_at"}
    for path in sorted(root.rglob("*.csv")):
        for row in csv_file(path):
            yield path.name, row[columns[path.parts[-3]]].replace(" ", "T")[:19]
    for path in sorted((root / "zendesk").rglob("*.*json")):
        for record in json_file(path):
            changed: str = record.get("updated_at", record["created_at"])[:19]
            if "generated_timestamp" in record:
                generated = datetime(1970, 1, 1) + timedelta(seconds=record["generated_timestamp"])
                assert generated.isoformat() >= changed
                changed = generated.isoformat()
            yield path.name, changed


def test_no_row_of_the_base_export_is_later_than_the_history(landing: Path) -> None:
    assert "2026-06-30" < max(text for _, text in stamps(landing)) < "2026-07-01"
    for row in rows(landing, "salesforce", "task") + rows(landing, "salesforce", "event"):
        assert row["CreatedDate"] <= row["SystemModstamp"] < "2026-07"
    for row in rows(landing, "salesforce", "opportunity"):
        assert (row["IsClosed"] == "true") == (row["StageName"].startswith("Closed"))
        assert row["IsClosed"] == "false" or row["CloseDate"] < "2026-07"


def test_base_export_holds_each_thing_once_but_for_the_kept_copies_of_accounts(landing: Path) -> None:
    current = [row["Id"] for row in rows(landing, "salesforce", "account", "account_2026-06-30.csv")]
    assert len(current) == len(set(current)) == SIZE
    older = rows(landing, "salesforce", "account", "account_kept_*.csv")
    newest = {row["Id"]: row for row in rows(landing, "salesforce", "account", "account_2026-06-30.csv")}
    assert older
    assert all(row["SystemModstamp"] < newest[row["Id"]]["SystemModstamp"] for row in older)


def test_day_exports_hold_only_what_became_known_that_day(ten_days: Path) -> None:
    checked = 0
    for name, text in stamps(ten_days):
        day = next(part for part in name.replace(".", "_").split("_") if part.startswith("2026-"))
        if "overtaken" in name:
            assert text[:10] < day
        else:
            assert text[:10] == day, name
        checked += 1
    assert checked > 300


def test_day_exports_hold_late_overtaken_changed_new_and_deleted_rows(ten_days: Path) -> None:
    interactions = rows(ten_days, "generic", "interactions")
    assert any(row["occurred_at"] < "2026-07" for row in interactions)
    assert sum(row["occurred_at"][:10] < row["updated_at"][:10] for row in interactions) >= 10
    overtaken = rows(ten_days, "salesforce", "account", "*_overtaken.csv")
    newer = {
        row["Id"]: row["SystemModstamp"] for row in rows(ten_days, "salesforce", "account", "account_2026-07-??.csv")
    }
    assert overtaken
    assert all(row["SystemModstamp"] < newer[row["Id"]] for row in overtaken)
    for object_name in ("contact", "task", "opportunity", "subscription"):
        changed = rows(ten_days, "salesforce", object_name)
        assert any(row["CreatedDate"] < "2026-07" for row in changed), object_name
        assert any(row["CreatedDate"] > "2026-07" for row in changed), object_name
    for object_name in ("contact", "task", "opportunity"):
        assert any(row["IsDeleted"] == "true" for row in rows(ten_days, "salesforce", object_name)), object_name
    subscriptions = rows(ten_days, "salesforce", "subscription")
    assert any(row["SBQQ__RevisedSubscription__c"] for row in subscriptions)
    assert any(row["Cancelled_At__c"] > "2026-07" for row in subscriptions)
    deleted = [ticket for ticket in records(ten_days, "tickets") if ticket["status"] == "deleted"]
    assert deleted
    # A deletion moves the export's stamp and not the ticket's.
    assert any(ticket["updated_at"] < "2026-07" for ticket in deleted)


# -- formats


def test_salesforce_files_quote_every_value_and_have_valid_ids(landing: Path) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    prefixes = {"account": "001", "contact": "003", "opportunity": "006", "subscription": "a1F", "order": "801"}
    prefixes |= {"task": "00T", "event": "00U", "user": "005"}
    for object_name, prefix in prefixes.items():
        path = landing / "salesforce" / object_name / f"{object_name}_2026-06-30.csv"
        first, second = path.read_text(encoding="utf-8").splitlines()[:2]
        assert first.startswith('"Id","')
        assert second.startswith('"')
        assert ",," not in second
        for row in rows(landing, "salesforce", object_name)[:200]:
            body, checksum = row["Id"][:15], row["Id"][15:]
            blocks = [body[start : start + 5] for start in (0, 5, 10)]
            expected = "".join(
                alphabet[sum(1 << bit for bit, letter in enumerate(block) if letter.isupper())] for block in blocks
            )
            assert body.startswith(prefix)
            assert checksum == expected


def test_money_has_the_places_of_its_currency_and_four_currencies_occur(landing: Path) -> None:
    prices = [(row["CurrencyIsoCode"], row["SBQQ__NetPrice__c"]) for row in rows(landing, "salesforce", "subscription")]
    assert {currency for currency, _ in prices} == {"USD", "EUR", "GBP", "JPY"}
    for currency, price in prices:
        whole, _, cents = price.partition(".")
        assert whole.isdigit()
        assert len(cents) == (0 if currency == "JPY" else 2)


def test_help_desk_pages_hold_a_thousand_tickets_in_the_order_of_export(landing: Path) -> None:
    (path,) = (landing / "zendesk" / "tickets").iterdir()
    pages = [json.loads(line) for line in path.open(encoding="utf-8")]
    assert [page["count"] for page in pages[:-1]] == [1_000] * (len(pages) - 1)
    assert [page["end_of_stream"] for page in pages] == [False] * (len(pages) - 1) + [True]
    stamps_ = [ticket["generated_timestamp"] for page in pages for ticket in page["tickets"]]
    assert stamps_ == sorted(stamps_)
    assert all(page["end_time"] == page["tickets"][-1]["generated_timestamp"] for page in pages)


def test_small_help_desk_export_is_one_json_page(smallest: Path) -> None:
    page = json.loads((smallest / "zendesk/users/users_2026-06-30.json").read_text(encoding="utf-8"))
    assert page["count"] == len(page["users"])
    assert page["end_of_stream"] is True
    assert [user["email"] for user in page["users"] if user["user_fields"]["is_bot"]] == ["bot@fernhill.example"]


def test_survey_export_has_three_header_rows_and_valid_answers(landing: Path) -> None:
    (path,) = (landing / "qualtrics" / "responses").iterdir()
    with path.open(encoding="utf-8", newline="") as file:
        names, questions, identifiers, *answers = list(csv.reader(file))
    assert len(names) == len(questions) == len(identifiers)
    assert all(json.loads(identifier)["ImportId"] for identifier in identifiers)
    valid = {"NPS": {*map(str, range(11)), ""}, "CSAT": {*"12345", ""}, "CES": {*"1234567", ""}}
    groups = {
        "": "",
        **{str(score): "Promoter" if score > 8 else "Passive" if score > 6 else "Detractor" for score in range(11)},
    }
    for answer in answers:
        row = dict(zip(names, answer, strict=True))
        assert all(row[column] in scores for column, scores in valid.items())
        assert row["NPS_NPS_GROUP"] == groups[row["NPS"]]
        assert bool(row["NPS"]) + bool(row["case_id"]) <= 1


def test_tickets_are_in_the_state_that_their_audits_leave(landing: Path) -> None:
    state: dict[int, dict[str, Any]] = defaultdict(dict)
    newest: dict[int, str] = {}
    for audit in sorted(records(landing, "ticket_audits"), key=lambda audit: (audit["created_at"], audit["id"])):
        assert audit["events"]
        newest[audit["ticket_id"]] = audit["created_at"]
        for event in audit["events"]:
            if event["type"] in ("Create", "Change"):
                known = state[audit["ticket_id"]]
                if event["type"] == "Change" and event["field_name"] != "satisfaction_score":
                    assert known.get(event["field_name"]) == event["previous_value"]
                known[event["field_name"]] = event["value"]
    tickets = records(landing, "tickets")
    assert {ticket["id"] for ticket in tickets} == set(state)
    for ticket in tickets:
        known = state[ticket["id"]]
        custom = {entry["id"]: entry["value"] for entry in ticket["custom_fields"]}
        assert ticket["updated_at"] == newest[ticket["id"]]
        assert ticket["status"] in (known["status"], "deleted")
        assert ticket["priority"] == known["priority"]
        assert str(ticket["group_id"]) == known["group_id"]
        assert custom[settings.FIELD_APPROVAL_STATUS] == known.get("approval_status")
        merged = "closed_by_merge" in ticket["tags"]
        if (
            custom[settings.FIELD_SERVICE_PROCESS] == "wholesale"
            and known["status"] in ("solved", "closed")
            and not merged
        ):
            assert known["approval_status"] == "approved"


def test_references_between_exports_resolve(landing: Path) -> None:
    ids = {
        object_name: {row["Id"] for row in rows(landing, "salesforce", object_name)}
        for object_name in ("account", "contact", "subscription", "user")
    }
    references = (
        ("account", "ParentId", "account"),
        ("account", "OwnerId", "user"),
        ("contact", "AccountId", "account"),
        ("subscription", "SBQQ__Account__c", "account"),
        ("subscription", "SBQQ__RevisedSubscription__c", "subscription"),
        ("opportunity", "AccountId", "account"),
        ("opportunity", "Subscription__c", "subscription"),
        ("order", "AccountId", "account"),
        ("task", "WhoId", "contact"),
        ("event", "WhoId", "contact"),
    )
    for object_name, column, target in references:
        found = {row[column] for row in rows(landing, "salesforce", object_name)} - {""}
        assert found, (object_name, column)
        assert found <= ids[target], (object_name, column)
    users = {user["id"] for user in records(landing, "users")}
    organizations = {organization["id"] for organization in records(landing, "organizations")}
    for ticket in records(landing, "tickets"):
        assert {ticket["requester_id"], ticket["submitter_id"], ticket["assignee_id"]} - {None} <= users
        assert ticket["organization_id"] in organizations
    assert {audit["author_id"] for audit in records(landing, "ticket_audits")} - {-1} <= users
    for object_name in ("usage", "interactions", "self_service_events"):
        accounts = {row["account_id"] for row in rows(landing, "generic", object_name)} - {""}
        assert accounts <= {f"salesforce:{account}" for account in ids["account"]}
    surveys = rows(landing, "generic", "survey_responses")
    cases = {row["case_id"] for row in surveys + rows(landing, "qualtrics", "responses")} - {""}
    assert cases <= {f"zendesk:{ticket['id']}" for ticket in records(landing, "tickets")}
    assert {row["agent_id"] for row in surveys} <= {row["agent_id"] for row in rows(landing, "generic", "agents")}


# -- what the company is like


def test_rows_per_account_are_as_promised(landing: Path) -> None:
    events = 0
    for audit in records(landing, "ticket_audits"):
        kinds = Counter(event["type"] for event in audit["events"])
        is_first = kinds["Create"] > 0
        events += kinds["Change"] + (1 if is_first else kinds["Comment"])
    interactions = sum(len(rows(landing, "salesforce", name)) for name in ("task", "event"))
    per_account = {
        "cases": len(records(landing, "tickets")) / SIZE,
        "case events": events / SIZE,
        "survey answers": len(rows(landing, "qualtrics", "responses")) / SIZE,
        "usage": len(rows(landing, "generic", "usage")) / SIZE,
        "interactions": (interactions + len(rows(landing, "generic", "interactions"))) / SIZE,
        "self-service": len(rows(landing, "generic", "self_service_events")) / SIZE,
    }
    promised = {
        "cases": 10,
        "case events": 60,
        "survey answers": 4,
        "usage": 60,
        "interactions": 15,
        "self-service": 6,
    }
    for name, average in promised.items():
        assert 0.8 * average < per_account[name] < 1.2 * average, (name, per_account[name])


def test_contracts_are_of_every_kind(landing: Path) -> None:
    subscriptions = rows(landing, "salesforce", "subscription")
    seen = {
        column: {row[column] for row in subscriptions}
        for column in ("SBQQ__ProductName__c", "Plan__c", "SBQQ__BillingFrequency__c", "Auto_Renew__c", "Is_Trial__c")
    }
    assert [len(values) for values in seen.values()] == [3, 4, 3, 2, 2]
    reasons = {row["Cancel_Reason__c"] for row in subscriptions}
    assert {"payment_failure", "bankruptcy", "price", "competitor"} <= reasons
    by_id = {row["Id"]: row for row in subscriptions}
    months: Counter[int] = Counter()
    timing: Counter[str] = Counter()
    seats: Counter[str] = Counter()
    for row in subscriptions:
        start = date.fromisoformat(row["SBQQ__SubscriptionStartDate__c"])
        if not row["SBQQ__SubscriptionEndDate__c"]:
            months[0] += 1
            continue
        end = date.fromisoformat(row["SBQQ__SubscriptionEndDate__c"])
        months[round((end - start).days / 30.44)] += 1
        old = by_id.get(row["SBQQ__RevisedSubscription__c"])
        if old is None or not old["SBQQ__SubscriptionEndDate__c"]:
            continue
        change = int(row["SBQQ__Quantity__c"]) - int(old["SBQQ__Quantity__c"])
        if old["SBQQ__TerminatedDate__c"]:
            # An amendment: the old subscription ends the day before the new one starts.
            assert date.fromisoformat(old["SBQQ__TerminatedDate__c"]) == start - timedelta(days=1)
            seats["more" if change > 0 else "fewer"] += 1
        elif old["Auto_Renew__c"] == "false":
            signed, due = row["CreatedDate"][:10], old["SBQQ__SubscriptionEndDate__c"]
            timing[
                "early"
                if signed < due
                else "on time"
                if (date.fromisoformat(signed) - date.fromisoformat(due)).days < 2
                else "late"
            ] += 1
            seats["more" if change > 0 else "fewer" if change < 0 else "same"] += 1
    assert all(months[length] for length in (0, 1, 3, 12, 24, 36))
    assert set(timing) == {"early", "on time", "late"}
    assert set(seats) == {"more", "fewer", "same"}
    accounts = rows(landing, "salesforce", "account")
    assert {row["Service_Process__c"] for row in accounts} == {"retail", "wholesale"}
    assert {row["Support_Plan__c"] for row in accounts} == {"basic", "standard", "premium"}
    assert any(row["ParentId"] for row in accounts)


def test_personnel_and_help_desk_tell_of_the_same_people(landing: Path) -> None:
    groups = {group["id"]: group["name"] for group in records(landing, "groups")}
    users = {
        f"zendesk:{user['id']}": (groups[user["default_group_id"]], user["created_at"][:10], user["active"])
        for user in records(landing, "users")
        if user["role"] == "agent" and not user["user_fields"]["is_bot"]
    }
    people = rows(landing, "generic", "agents")
    assert {row["agent_id"]: (row["team"], row["hired_at"], not row["left_at"]) for row in people} == users
    assert {bool(row["left_at"]) for row in people} == {True, False}


def test_agents_answer_while_they_are_there_and_tickets_are_reviewed_once_solved(landing: Path, ten_days: Path) -> None:
    people = {row["agent_id"]: row for row in rows(landing, "generic", "agents")}
    surveys = rows(landing, "generic", "survey_responses")
    asked = [row for row in surveys if row["survey_type"] == "engagement"]
    answered = [row for row in asked if row["responded_at"]]
    assert 0.7 < len(answered) / len(asked) < 1
    for row in asked:
        agent = people[row["agent_id"]]
        assert agent["hired_at"] < row["sent_at"]
        assert not agent["left_at"] or row["responded_at"] < agent["left_at"]
        assert row["score"] in ({*"12345"} if row["responded_at"] else {""})
    reviews = [row for row in surveys if row["survey_type"] == "quality_review"]
    created = {f"zendesk:{ticket['id']}": ticket["created_at"] for ticket in records(landing, "tickets")}
    assert len(reviews) > 200
    for row in reviews:
        assert created[row["case_id"]] < row["responded_at"]
        assert 0 <= int(row["score"]) <= 100
    assert {row["survey_type"] for row in rows(ten_days, "generic", "survey_responses")} == {"quality_review"}


def test_tax_questions_peak_in_spring(landing: Path) -> None:
    tickets = records(landing, "tickets")
    tax = Counter(ticket["created_at"][5:7] for ticket in tickets if "tax_filing" in ticket["tags"])
    assert tax["04"] > 3 * tax["08"]


def add_months(day: date, months: int) -> date:
    """The same day of the month, some months later; no start day in these exports is later than the 28th."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def service_days(subscriptions: list[dict[str, str]]) -> dict[str, list[tuple[date, date]]]:
    """Account → first and last days in service, from the exported rows alone, in plain Python."""
    successor: dict[str, date] = {}
    for row in subscriptions:
        if row["SBQQ__RevisedSubscription__c"]:
            start = date.fromisoformat(row["SBQQ__SubscriptionStartDate__c"])
            successor[row["SBQQ__RevisedSubscription__c"]] = start
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in subscriptions:
        if row["IsDeleted"] == "true":
            continue
        start = date.fromisoformat(row["SBQQ__SubscriptionStartDate__c"])
        last = date.max
        if row["SBQQ__SubscriptionEndDate__c"]:
            last = end = date.fromisoformat(row["SBQQ__SubscriptionEndDate__c"])
            if row["Auto_Renew__c"] == "true":
                after = end + timedelta(days=1)
                length = (after.year - start.year) * 12 + after.month - start.month
                notice = row["Cancelled_At__c"][:10]
                last = date.max
                if notice:
                    terms = 1
                    while add_months(start, terms * length) <= date.fromisoformat(notice):
                        terms += 1
                    last = end if terms == 1 else add_months(start, terms * length) - timedelta(days=1)
        if row["Id"] in successor:
            last = min(last, successor[row["Id"]] - timedelta(days=1))
        if row["SBQQ__TerminatedDate__c"]:
            last = date.fromisoformat(row["SBQQ__TerminatedDate__c"])
        found[row["SBQQ__Account__c"]].append((start, last))
    return found


def test_service_that_the_exports_tell_of_is_the_service_that_was(
    landing: Path, truth: dict[tuple[str, date], tuple[float, bool]]
) -> None:
    served = service_days(rows(landing, "salesforce", "subscription"))
    # Later months may still be renewed backwards by contracts that are signed after the history.
    compared = {key: active for key, (_, active) in truth.items() if key[1] <= date(2026, 4, 30)}
    exported = {row["Id"] for row in rows(landing, "salesforce", "account")}
    duplicates = {
        row["SBQQ__Account__c"] for row in rows(landing, "salesforce", "subscription") if row["IsDeleted"] == "true"
    }
    wrong = [
        (account, day)
        for (account, day), active in compared.items()
        if account in exported
        and account not in duplicates
        and active != any(start <= day <= last for start, last in served.get(account, []))
    ]
    assert len(compared) > 20_000
    assert wrong == []


def test_hidden_satisfaction_tells_who_will_leave(
    landing: Path, truth: dict[tuple[str, date], tuple[float, bool]]
) -> None:
    served = service_days(rows(landing, "salesforce", "subscription"))
    stayed: list[float] = []
    left: list[float] = []
    start_of_year = end_of_year = 0
    for account, days in served.items():

        def serves(day: date, days: list[tuple[date, date]] = days) -> bool:
            return any(start <= day <= last for start, last in days)

        for year, month in (
            (2023, 12),
            (2024, 3),
            (2024, 6),
            (2024, 9),
            (2024, 12),
            (2025, 3),
            (2025, 6),
            (2025, 9),
            (2025, 12),
        ):
            day = add_months(date(year, month, 1), 1) - timedelta(days=1)
            if serves(day):
                (stayed if serves(day + timedelta(days=90)) else left).append(truth[account, day][0])
        if serves(date(2024, 12, 31)):
            start_of_year += 1
            end_of_year += serves(date(2025, 12, 31))
    stayed.sort()
    # The chance that someone who left was less satisfied than someone who stayed; ties do not occur.
    auc = sum(len(stayed) - bisect_left(stayed, score) for score in left) / (len(stayed) * len(left))
    assert len(left) > 80
    assert 0.7 < auc < 0.9
    assert 0.07 < 1 - end_of_year / start_of_year < 0.17


def test_satisfaction_shows_in_usage_and_answers(
    landing: Path, truth: dict[tuple[str, date], tuple[float, bool]]
) -> None:
    use: dict[bool, list[float]] = {True: [], False: []}
    for row in rows(landing, "generic", "usage"):
        active, seats = int(row["active_users"]), int(row["licensed_seats"])
        assert 1 <= active <= seats
        if seats >= 10:
            assert active / seats >= 0.05
            mood = truth[row["account_id"].removeprefix("salesforce:"), date.fromisoformat(row["usage_date"])][0]
            use[mood > 0].append(active / seats)
    assert sum(use[True]) / len(use[True]) > sum(use[False]) / len(use[False]) + 0.1
    scores: dict[bool, list[int]] = {True: [], False: []}
    for row in rows(landing, "qualtrics", "responses"):
        day = date.fromisoformat(row["StartDate"][:10]).replace(day=1)
        if row["NPS"] and day < date(2026, 7, 1):
            month_end = add_months(day, 1) - timedelta(days=1)
            scores[truth[row["account_id"].removeprefix("salesforce:"), month_end][0] > 0].append(int(row["NPS"]))
    assert sum(scores[True]) / len(scores[True]) > sum(scores[False]) / len(scores[False]) + 1


# -- damage


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with every damaged file."""
    root = tmp_path_factory.mktemp("damaged")
    write_damages(root)
    return root


@pytest.mark.parametrize("damage", damages(), ids=lambda damage: damage.name)
def test_every_damage_of_the_manifest_lies_in_the_landing_folder(damage: Damage, damaged: Path) -> None:
    path = damaged / damage.path
    assert path.is_dir() if damage.content is None else path.read_bytes() == damage.content
    assert damage.outcome == "loaded" or damage.loaded == damage.quarantined == 0
    assert damage.what


def test_damages_are_what_they_say(damaged: Path) -> None:
    of = {damage.name: damage for damage in damages()}
    assert len(of) == len(damages())

    def content(name: str) -> bytes:
        return (damaged / of[name].path).read_bytes()

    with pytest.raises(EOFError):
        gzip.decompress(content("truncated_gzip"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(content("truncated_json"))
    with pytest.raises(UnicodeDecodeError):
        content("bad_bytes").decode()
    assert "dirty_bad_bytes_ö" in content("bad_bytes").decode(errors="replace")
    with pytest.raises(UnicodeDecodeError):
        content("windows_1252").decode()
    assert "Genève" in content("windows_1252").decode("cp1252")
    assert content("utf16_little").decode("utf-16").count("\n") == 4
    assert content("utf16_big").decode("utf-16").count("\n") == 4
    assert content("second_copy") == content("column_order")
    assert content("empty_file") == b""
    assert b"\x00" in content("nul_byte")
    assert content("crlf").count(b"\r\n") == 4
    with zipfile.ZipFile(io.BytesIO(content("spreadsheet"))) as archive:
        assert "xl/worksheets/sheet1.xml" in archive.namelist()
    widths = [len(line) for line in csv.reader(io.StringIO(content("too_many_fields").decode()))]
    assert widths == [8, 8, 9, 8]
    widths = [len(line) for line in csv.reader(io.StringIO(content("too_few_fields").decode()))]
    assert widths == [8, 8, 6, 8]
    good = [
        name for name, damage in of.items() if damage.loaded and not damage.quarantined and damage.path.suffix == ".csv"
    ]
    for name in set(good) - {"windows_1252", "utf16_little", "utf16_big", "semicolon", "tab", "stray_quote"}:
        assert len(list(csv.DictReader(io.StringIO(content(name).decode("utf-8-sig"))))) == of[name].loaded


def test_tolerated_damages_refuse_nothing(tmp_path: Path) -> None:
    written = write_damages(tmp_path, refused=False)
    assert {damage.outcome for damage in written} == {"loaded", "duplicate"}
    assert set(digests(tmp_path)) == {damage.path.as_posix() for damage in written}


def test_rows_put_aside_stay_below_one_in_a_hundred_of_the_smallest_sample(smallest: Path) -> None:
    aside: Counter[tuple[str, str]] = Counter()
    for damage in damages():
        aside[damage.source, damage.object_name] += damage.quarantined + damage.either + damage.cast_failures
    for (source, object_name), count in aside.items():
        total = len(records(smallest, object_name)) if source == "zendesk" else len(rows(smallest, source, object_name))
        assert count < total / 100, (source, object_name)

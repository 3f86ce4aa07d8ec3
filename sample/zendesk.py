"""The help desk's exports: pages of the incremental export API, and a line of JSON per ticket audit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow.compute as pc

from sample import salesforce
from sample import settings as s
from sample.service import (
    APPROVALS,
    AUTO_REPLY,
    BY_BOT,
    BY_REQUESTER,
    BY_SYSTEM,
    CLOSE,
    CREATE,
    CUSTOMER,
    DECIDE,
    ESCALATE,
    MERGE,
    MERGE_IN,
    NO_COMMENT,
    NOTE,
    PUBLIC,
    RATE,
    REOPEN,
    SCORES,
    STATUSES,
)
from sample.text import (
    Array,
    Text,
    choose,
    concatenate,
    flags,
    in_quotes,
    instants,
    join,
    json_escape,
    json_object,
    json_string,
    numbers,
    take,
    where,
)
from sample.world import Window, World

RECORDS_PER_EXPORT_PAGE = 1_000
RECORDS_PER_LIST_PAGE = 100  # of the lists that are not incremental exports
SITE = "https://fernhill.zendesk.com/api/v2"

FIRST_GROUP = 360_100_001
FIRST_ORGANIZATION = 370_000_000_000
FIRST_AGENT = 390_000_000_000
FIRST_USER = 400_000_000_000
FIRST_RATING = 500_000_000_000
FIRST_AUDIT = 1_000_000_000_000
BOT = FIRST_AGENT - 1

QUESTIONS = (
    "Hello, it stopped working this morning. Can you help?",
    "How can I change this for the next month?",
    "We see a different total than last week.",
    'The page says "Something went wrong".',
    "Bonjour, je ne trouve pas la facture.",
    "Guten Tag, die Übertragung bricht ab.",
    "先月の帳簿が開けません。",
    "Please look at this soon, the deadline is on Friday 🙏",
    "First line.\nSecond line, after a break.",
    "Is there a way to undo this?",
)
AUTO_REPLIES = ("Thank you for your message. We have received your request and will answer soon.",)
ANSWERS = (
    "Thank you for writing. Here is how to do it: open the settings and choose the month.",
    "I have corrected this for you.",
    "Could you tell me which browser you use?",
    "We found the cause and it is fixed now.",
    "Please try again; it should work.",
    "I have sent you a guide.",
    "Merci, c'est corrigé.",
    "Vielen Dank, das ist behoben.",
)
NOTES = (
    "Seen this before, see the known problems.",
    "Asked the engineers.",
    "Account has premium support.",
    "Needs a second look \\ log attached",
)
REPLIES = (
    "Here is the screenshot.",
    "It still does not work.",
    "Yes, since yesterday.",
    "Thanks, here are the details.",
    "Any news?",
)
# Praise stands at even places.
RATING_COMMENTS = (
    "Quick and friendly",
    "Took too long",
    "Solved at once 👍",
    "I had to explain it three times",
    "Perfekt",
    "",
)


def literals(texts: Sequence[str]) -> list[str]:
    """Texts as JSON strings."""
    return [f'"{json_string(text)}"' for text in texts]


def via(channel: str, rel: str | None = None, rule: tuple[int, str] | None = None) -> str:
    """How something came about: the channel, and the rule that acted where one did."""
    source = {"id": rule[0], "title": rule[1]} if rule else {}
    return json.dumps({"channel": channel, "source": {"from": source, "to": {}, "rel": rel}}, separators=(",", ":"))


VIA = (
    *(via(channel) for channel in s.CHANNELS),
    via("rule", "trigger", (360_050_002, "Auto-reply")),
    via("rule", "automation", (360_050_003, "Close ticket 4 days after status is set to solved")),
    via("web", "merge"),
)
VIA_AUTO_REPLY, VIA_CLOSING, VIA_MERGE = len(s.CHANNELS), len(s.CHANNELS) + 1, len(s.CHANNELS) + 2
VIA_NOTIFICATION = via("rule", "trigger", (360_050_001, "Notify requester of comment update"))

# Object, records, the instant of each, and how many make a page (0: a record a line).
Records: TypeAlias = tuple[str, Text, Array, int]


def spread(text: Text, present: Array) -> Text:
    """The next of `text` for each row where something is present, the empty text elsewhere."""
    return take(concatenate([choose([""], np.zeros(1)), text]), np.where(present, np.cumsum(present), 0))


def user_ids(world: World, contacts: Array) -> Array:
    """Ids of end users."""
    return np.asarray(FIRST_USER + world.contacts.key[contacts])


def agent_ids(agents: Array) -> Array:
    """Ids of agents; -1 where there is none."""
    return np.where(agents >= 0, FIRST_AGENT + agents, -1)


def organization_ids(world: World, accounts: Array) -> Array:
    """Ids of the organisations that the accounts are here."""
    return np.asarray(FIRST_ORGANIZATION + world.accounts.key[accounts])


def or_null(values: Array, as_string: bool = False) -> Text:
    """Whole numbers; null below zero."""
    text = numbers(np.maximum(values, 0))
    return where(values >= 0, in_quotes(text) if as_string else text, "null")


def pages(name: str, records: Text, times: Array, size: int, final: bool) -> Text:
    """Page objects, one per line: what the API answers to one request each."""
    count = len(records)
    if not count:
        return records
    position = np.arange(count)
    first = position % size == 0
    last = (position % size == size - 1) | (position == count - 1)
    in_page = np.minimum(size, count - (position[last] // size) * size)
    at_end = np.zeros(len(in_page), dtype=bool)
    at_end[-1] = final
    rest: dict[str, Text | str]
    if size == RECORDS_PER_EXPORT_PAGE:
        end_time = numbers(times[last])
        following = join(f"{SITE}/incremental/{name}.json?start_time=", end_time)
        rest = {"count": numbers(in_page), "end_of_stream": flags(at_end), "end_time": end_time}
    else:
        following = join(f"{SITE}/{name}.json?page=", numbers(2 + np.arange(len(in_page))))
        rest = {"previous_page": "null", "count": numbers(np.full(len(in_page), count))}
    rest = {"next_page": where(at_end, "null", in_quotes(following)), **rest}
    # The rest of the page stands after its list, so it does without its opening brace.
    ending = join("],", pc.utf8_slice_codeunits(json_object(rest), 1), "\n")
    return join(choose([",", f'{{"{name}":['], first), records, spread(ending, last))


def _subjects(world: World, rows: Array) -> Text:
    """Subjects, escaped for JSON."""
    tickets = world.service.tickets
    endings = [json_string(text) for text in ("", " (urgent)", " – again", ' in "Reports"', " 2025", " ❗", "?")]
    chosen = np.where(tickets.subject[rows] % 3 == 0, tickets.subject[rows] % len(endings), 0)
    return join(choose(s.TOPIC_WORDS, tickets.topic[rows]), choose(endings, chosen))


def tickets(world: World, window: Window) -> Records:
    """The state of each changed ticket at the window's end, in the order of `generated_timestamp`."""
    every, audits = world.service.tickets, world.service.audits
    touched = np.zeros(len(every), dtype=bool)
    touched[audits.ticket[window.changed(audits.at)]] = True
    touched[window.changed(every.deleted_at, every.restored_at)] = True
    rows = np.flatnonzero(touched & window.known(every.created_at))
    updated = audits.at[audits.last_before(rows, window.closes)]
    changed = np.maximum(updated, window.newest(every.deleted_at[rows], every.restored_at[rows]))
    # The export stamps a version soon after the change, and on the same day.
    day_end = (changed // s.SECONDS_PER_DAY + 1) * s.SECONDS_PER_DAY - 1
    generated = np.minimum(changed + 1 + every.key[rows] % 40, day_end)
    order = np.lexsort((every.key[rows], generated))
    rows, updated, generated = rows[order], updated[order], generated[order]
    last = audits.last_before(rows, window.closes)
    state = {name: values[last] for name, values in audits.after.items()}
    deleted = window.known(every.deleted_at[rows]) & ~window.known(every.restored_at[rows])
    account, case_type = every.account[rows], every.case_type[rows]
    requester = user_ids(world, every.requester[rows])
    writer = FIRST_AGENT + audits.author[audits.first[rows]]
    fields = {
        s.FIELD_TOPIC: choose(literals(s.TOPICS), every.topic[rows]),
        s.FIELD_PRODUCT: choose(literals([product.lower() for product in s.PRODUCTS]), every.product[rows]),
        s.FIELD_CASE_TYPE: choose(literals(s.CASE_TYPES), case_type),
        s.FIELD_SERVICE_PROCESS: choose(literals(s.SERVICE_PROCESSES), world.accounts.service_process[account]),
        s.FIELD_APPROVAL_STATUS: choose(["null", *literals(APPROVALS[1:])], state["approval"]),
    }
    custom = [json_object({"id": str(number), "value": value}) for number, value in fields.items()]
    merged = choose(["", ',"closed_by_merge"'], audits.step[last] == MERGE)
    key = numbers(every.key[rows])
    subject = in_quotes(_subjects(world, rows))
    records = json_object(
        {
            "url": in_quotes(join(f"{SITE}/tickets/", key, ".json")),
            "id": key,
            "external_id": "null",
            "via": choose(VIA, every.channel[rows]),
            "created_at": in_quotes(instants(every.created_at[rows])),
            "updated_at": in_quotes(instants(updated)),
            "generated_timestamp": numbers(generated),
            "type": choose(literals(s.TICKET_TYPES), case_type),
            "subject": subject,
            "raw_subject": subject,
            "priority": choose(literals(s.PRIORITIES), state["priority"]),
            "status": where(deleted, '"deleted"', choose(literals(STATUSES), state["status"])),
            "requester_id": numbers(requester),
            "submitter_id": numbers(np.where(every.by_agent[rows], writer, requester)),
            "assignee_id": or_null(agent_ids(state["assignee"])),
            "organization_id": numbers(organization_ids(world, account)),
            "group_id": numbers(FIRST_GROUP + state["group"]),
            "tags": join("[", fields[s.FIELD_TOPIC], merged, "]"),
            "custom_fields": join("[", join(*custom, separator=","), "]"),
            "satisfaction_rating": json_object({"score": choose(literals(SCORES), state["score"])}),
            "is_public": "true",
            "has_incidents": "false",
            "brand_id": "360000000001",
            "allow_attachments": "true",
        }
    )
    return "tickets", records, generated, RECORDS_PER_EXPORT_PAGE


def _bodies(world: World, rows: Array) -> Text:
    """What the comment of each audit says, as JSON strings."""
    audits, every = world.service.audits, world.service.tickets
    step, wording = audits.step[rows], audits.wording[rows]
    groups = (QUESTIONS, AUTO_REPLIES, ANSWERS, NOTES, REPLIES)
    sizes = np.array([len(group) for group in groups])
    kind = np.select(
        [
            step == CREATE,
            step == AUTO_REPLY,
            np.isin(step, (NOTE, ESCALATE, DECIDE)),
            np.isin(step, (CUSTOMER, REOPEN)),
        ],
        [0, 1, 3, 4],
        2,
    )
    texts = literals([text for group in groups for text in group])
    body = choose(texts, (np.cumsum(sizes) - sizes)[kind] + wording % sizes[kind])
    merges = np.isin(step, (MERGE, MERGE_IN))
    if not merges.any():
        return body
    out = step[merges] == MERGE
    other = np.where(out, every.merged_into[audits.ticket[rows][merges]], wording[merges])
    number, title = numbers(every.key[other]), join('\\"', _subjects(world, other), '\\"')
    closed = join("This request was closed and merged into request #", number, " ", title, ".")
    opened = join("Request #", number, " ", title, " was closed and merged into this request.")
    return where(merges, spread(in_quotes(where(out, closed, opened)), merges), body)


def ticket_audits(world: World, window: Window) -> Records:
    """One line per audit in the window, with its events."""
    audits, every = world.service.audits, world.service.tickets
    rows = window.changed(audits.at)
    ticket, step, author = audits.ticket[rows], audits.step[rows], audits.author[rows]
    before = {name: values[rows] for name, values in audits.before.items()}
    after = {name: values[rows] for name, values in audits.after.items()}
    audit = FIRST_AUDIT + world.chunk * 100 * s.KEYS_PER_CHUNK + rows
    audit_text = numbers(audit)
    requester = user_ids(world, every.requester[ticket])
    author_text = numbers(
        np.select(
            [author == BY_REQUESTER, author == BY_BOT, author == BY_SYSTEM],
            [requester, np.full(len(rows), BOT), -1],
            FIRST_AGENT + author,
        )
    )
    creates = step == CREATE
    calls = creates & every.by_agent[ticket]
    comments = (audits.comment[rows] != NO_COMMENT) & ~calls
    pieces: list[Text] = []
    begun = np.zeros(len(rows), dtype=bool)

    def event(present: Array, ordinal: int, kind: str, fields: Mapping[str, Text | str]) -> None:
        """Adds an event to the audits where it is present; `fields` have one value per such audit."""
        nonlocal begun
        if not present.any():
            return
        identifier = numbers(audit[present] * 100 + ordinal)
        body = json_object({"id": identifier, "type": f'"{kind}"', **fields})
        pieces.append(spread(join(choose(["", ","], begun[present]), body), present))
        begun = begun | present

    def created(ordinal: int, name: str, value: Text) -> None:
        event(creates, ordinal, "Create", {"field_name": f'"{name}"', "value": value})

    def changed(
        ordinal: int, name: str, state: str, to_json: Callable[[Array], Text], only: Array | None = None
    ) -> None:
        present = before[state] != after[state]
        if only is not None:
            present &= only
        old, new = to_json(before[state][present]), to_json(after[state][present])
        event(present, ordinal, "Change", {"field_name": f'"{name}"', "previous_value": old, "value": new})

    def message(present: Array) -> dict[str, Text | str]:
        """Who wrote what; calls and comments have it alike."""
        some = np.flatnonzero(present)
        return {
            "author_id": take(author_text, some),
            "body": _bodies(world, rows[some]),
            "public": flags(audits.comment[rows[some]] == PUBLIC),
            "attachments": "[]",
            "audit_id": take(audit_text, some),
        }

    event(comments, 1, "Comment", message(comments))
    data = json_object(
        {
            "call_duration": numbers(every.call_seconds[ticket[calls]]),
            "started_at": in_quotes(instants(audits.at[rows[calls]])),
            "answered_by_id": take(author_text, np.flatnonzero(calls)),
            "transcription_text": "null",
        }
    )
    event(calls, 1, "VoiceComment", {**message(calls), "data": data})
    new = ticket[creates]
    created(2, "subject", in_quotes(_subjects(world, new)))
    created(3, "requester_id", in_quotes(numbers(requester[creates])))
    created(4, "organization_id", in_quotes(numbers(organization_ids(world, every.account[new]))))
    created(5, "type", choose(literals(s.TICKET_TYPES), every.case_type[new]))
    created(6, "priority", choose(literals(s.PRIORITIES), after["priority"][creates]))
    created(7, "status", choose(literals(STATUSES), after["status"][creates]))
    created(8, "group_id", in_quotes(numbers(FIRST_GROUP + after["group"][creates])))
    changed(11, "group_id", "group", lambda values: in_quotes(numbers(FIRST_GROUP + values)))
    changed(12, "assignee_id", "assignee", lambda values: or_null(agent_ids(values), as_string=True))
    changed(13, "priority", "priority", lambda values: choose(literals(s.PRIORITIES), values))
    changed(14, "approval_status", "approval", lambda values: choose(["null", *literals(APPROVALS[1:])], values))
    changed(15, "status", "status", lambda values: choose(literals(STATUSES), values))
    # That a rating was offered leaves no trace here; the answer does.
    changed(16, "satisfaction_score", "score", lambda values: choose(literals(SCORES), values), only=step == RATE)
    notified = comments & (audits.comment[rows] == PUBLIC) & (author != BY_REQUESTER)
    recipients = join("[", numbers(requester[notified]), "]")
    event(notified, 20, "Notification", {"via": VIA_NOTIFICATION, "recipients": recipients})
    channel = np.select(
        [author == BY_BOT, step == CLOSE, np.isin(step, (MERGE, MERGE_IN)), creates, author == BY_REQUESTER],
        [VIA_AUTO_REPLY, VIA_CLOSING, VIA_MERGE, every.channel[ticket], s.EMAIL],
        s.WEB,
    )
    records = json_object(
        {
            "id": audit_text,
            "ticket_id": numbers(every.key[ticket]),
            "created_at": in_quotes(instants(audits.at[rows])),
            "author_id": author_text,
            "metadata": '{"system":{},"custom":{}}',
            "events": join("[", *pieces, "]") if pieces else choose([], rows),
            "via": choose(VIA, channel),
        }
    )
    return "ticket_audits", join(records, "\n"), audits.at[rows], 0


def users(world: World, window: Window) -> Records:
    """End users; with the first chunk the agents and the bot too."""
    contacts, staff = world.contacts, world.staff
    common = {"verified": "true", "suspended": "false", "time_zone": '"UTC"', "locale": '"en-US"', "tags": "[]"}
    born = contacts.created_at + 300
    rows = window.changed(born)
    key = numbers(user_ids(world, rows))
    created = in_quotes(instants(born[rows]))
    linked = where(contacts.key[rows] % 3 == 0, in_quotes(salesforce.contact_ids(world, rows)), "null")
    people = json_object(
        {
            "id": key,
            "url": in_quotes(join(f"{SITE}/users/", key, ".json")),
            "name": in_quotes(salesforce.contact_names(world, rows)),
            "email": in_quotes(salesforce.contact_emails(world, rows)),
            "created_at": created,
            "updated_at": created,
            "role": '"end-user"',
            "organization_id": numbers(organization_ids(world, contacts.account[rows])),
            "external_id": linked,
            "active": "true",
            **common,
            "user_fields": '{"is_bot":false}',
        }
    )
    if world.chunk:
        return "users", people, born[rows], RECORDS_PER_EXPORT_PAGE

    starts, ends = staff.came_at(), staff.gone_at()
    rows = window.changed(starts, ends)
    number = numbers(FIRST_AGENT + rows)
    given = (rows * 7 + 3) % len(s.GIVEN_NAMES)
    family = (rows * 5 + rows // 24) % len(s.FAMILY_NAMES)
    name = join(choose(s.GIVEN_NAMES, given), " ", choose(s.FAMILY_NAMES, family))
    address = join(choose(s.GIVEN_NAMES_ASCII, given), ".", choose(s.FAMILY_NAMES_ASCII, family), numbers(rows))
    updated = window.newest(starts[rows], ends[rows])
    agents = json_object(
        {
            "id": number,
            "url": in_quotes(join(f"{SITE}/users/", number, ".json")),
            "name": in_quotes(name),
            "email": in_quotes(join(address, "@fernhill.example")),
            "created_at": in_quotes(instants(starts[rows])),
            "updated_at": in_quotes(instants(updated)),
            "role": '"agent"',
            "organization_id": "null",
            "default_group_id": numbers(FIRST_GROUP + staff.team(rows)),
            "external_id": "null",
            "active": flags(~window.known(ends[rows])),
            **common,
            "user_fields": '{"is_bot":false}',
        }
    )
    installed = np.array([(s.HISTORY_START - 400) * s.SECONDS_PER_DAY])
    installed = installed[window.changed(installed)]
    since = in_quotes(instants(installed))
    bot = json_object(
        {
            "id": str(BOT),
            "url": f'"{SITE}/users/{BOT}.json"',
            "name": '"Answer Bot"',
            "email": '"bot@fernhill.example"',
            "created_at": since,
            "updated_at": since,
            "role": '"agent"',
            "organization_id": "null",
            "default_group_id": str(FIRST_GROUP),
            "external_id": "null",
            "active": "true",
            **common,
            "user_fields": '{"is_bot":true}',
        }
    )
    times = np.concatenate([born[window.changed(born)], updated, installed])
    return "users", concatenate([people, agents, bot]), times, RECORDS_PER_EXPORT_PAGE


def organizations(world: World, window: Window) -> Records:
    """Most name the CRM's account; of the others most have its domain; a few have nothing to match by."""
    accounts = world.accounts
    born = accounts.created_at + 3_600
    rows = window.changed(born)
    key = numbers(organization_ids(world, rows))
    fate = accounts.key[rows] * 2_654_435_761 % 1_000
    private = accounts.segment[rows] == s.INDIVIDUAL
    linked = (fate < 850) | (private & (fate < 980))
    created = in_quotes(instants(born[rows]))
    records = json_object(
        {
            "id": key,
            "url": in_quotes(join(f"{SITE}/organizations/", key, ".json")),
            "name": in_quotes(json_escape(salesforce.account_names(world, rows))),
            "external_id": where(linked, in_quotes(salesforce.account_ids(world, rows)), "null"),
            "domain_names": join("[", where(~private & (fate < 975), in_quotes(salesforce.domains(world, rows))), "]"),
            "shared_tickets": "false",
            "shared_comments": "false",
            "tags": "[]",
            "organization_fields": "{}",
            "group_id": "null",
            "created_at": created,
            "updated_at": created,
        }
    )
    return "organizations", records, born[rows], RECORDS_PER_EXPORT_PAGE


def groups(world: World, window: Window) -> Records:
    """The teams; written with the first chunk."""
    at = np.full(len(s.GROUPS), (s.HISTORY_START - 400) * s.SECONDS_PER_DAY)
    rows = window.changed(at) if world.chunk == 0 else np.zeros(0, dtype=np.int64)
    key = numbers(FIRST_GROUP + rows)
    created = in_quotes(instants(at[rows]))
    records = json_object(
        {
            "id": key,
            "url": in_quotes(join(f"{SITE}/groups/", key, ".json")),
            "name": choose(literals(s.GROUPS), rows),
            "description": '""',
            "default": flags(rows == 0),
            "deleted": "false",
            "is_public": "true",
            "created_at": created,
            "updated_at": created,
        }
    )
    return "groups", records, at[rows], RECORDS_PER_LIST_PAGE


def satisfaction_ratings(world: World, window: Window) -> Records:
    """Offered after solving, and answered by some."""
    every, audits = world.service.tickets, world.service.audits
    rows = window.changed(every.offered_at, every.rated_at)
    # Nobody was asked about a ticket that was deleted before.
    rows = rows[every.deleted_at[rows] > every.offered_at[rows]]
    rated = window.known(every.rated_at[rows]) & (every.rated_at[rows] < every.deleted_at[rows])
    updated = np.where(rated, every.rated_at[rows], every.offered_at[rows])
    rows, rated, updated = (column[window.holds(updated)] for column in (rows, rated, updated))
    last = audits.last_before(rows, window.closes)
    key = numbers(FIRST_RATING + every.key[rows])
    good = every.rating_is_good[rows]
    words = every.rating_comment[rows] % len(RATING_COMMENTS) // 2 * 2 + ~good
    written = rated & (every.rating_comment[rows] % 5 < 2)
    records = json_object(
        {
            "id": key,
            "url": in_quotes(join(f"{SITE}/satisfaction_ratings/", key, ".json")),
            "ticket_id": numbers(every.key[rows]),
            "requester_id": numbers(user_ids(world, every.requester[rows])),
            "assignee_id": or_null(agent_ids(audits.after["assignee"][last])),
            "group_id": numbers(FIRST_GROUP + audits.after["group"][last]),
            "score": choose(literals(("offered", "bad", "good")), np.where(rated, 1 + good, 0)),
            "comment": where(written, choose(literals(RATING_COMMENTS), words), "null"),
            "reason": "null",
            "created_at": in_quotes(instants(every.offered_at[rows])),
            "updated_at": in_quotes(instants(updated)),
        }
    )
    return "satisfaction_ratings", records, updated, RECORDS_PER_LIST_PAGE


def files(world: World, window: Window, final: bool) -> Iterator[tuple[str, Text, int]]:
    """Object, lines and number of pages (0: a record a line), for each file of a window.

    `final`: this is the last chunk, so its last page ends the stream.
    """
    for make in (tickets, ticket_audits, users, organizations, groups, satisfaction_ratings):
        object_name, records, times, size = make(world, window)
        if size:
            yield object_name, pages(object_name, records, times, size, final), -(-len(records) // size)
        else:
            yield object_name, records, 0

"""The survey tool's export: CSV with three header rows (columns, questions, import ids)."""

from __future__ import annotations

import csv
import io
import json

import numpy as np

from sample import salesforce
from sample import settings as s
from sample.text import Array, Text, choose, constant, fixed_width, instants, join, numbers, plain_csv, where
from sample.voice import NO_ANSWER
from sample.world import Window, World

COLUMNS = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("IPAddress", "IP Address", "ipAddress"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("RecipientLastName", "Recipient Last Name", "recipientLastName"),
    ("RecipientFirstName", "Recipient First Name", "recipientFirstName"),
    ("RecipientEmail", "Recipient Email", "recipientEmail"),
    ("ExternalReference", "External Data Reference", "externalDataReference"),
    ("LocationLatitude", "Location Latitude", "locationLatitude"),
    ("LocationLongitude", "Location Longitude", "locationLongitude"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
    ("NPS_NPS_GROUP", "How likely are you to recommend us to a friend or colleague? - Group", "QID1_NPS_GROUP"),
    ("NPS", "How likely are you to recommend us to a friend or colleague?", "QID1"),
    ("CSAT", "How satisfied are you with the help you received?", "QID2"),
    ("CES", "The company made it easy for me to handle my issue, do you agree?", "QID3"),
    ("COMMENT", "What is the main reason for your answer?", "QID4_TEXT"),
    ("account_id", "account_id", "account_id"),
    ("case_id", "case_id", "case_id"),
    ("contact_id", "contact_id", "contact_id"),
)
PRAISE = (
    "Easy to use, and the support is quick.",
    'The "deadline calendar" saves us every year.',
    "Love it ❤️",
    "Reliable.\nWould buy again.",
    "Sehr zufrieden, schnelle Hilfe",
    "Très bon produit",
    "使いやすいです",
    "Helpful, friendly people",
)
BLAME = (
    "Too expensive for what it does",
    "Support takes days to answer.",
    "The bank feed breaks, again and again",
    'It says "syncing" for hours.',
    "Slow.\nAnd hard to learn.",
    "Die Importe schlagen ständig fehl",
    "Trop de bugs",
    "Pricing is confusing; invoices were wrong",
)


def header() -> bytes:
    """The three header rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _, _ in COLUMNS])
    writer.writerow([question for _, question, _ in COLUMNS])
    writer.writerow([json.dumps({"ImportId": identifier}, separators=(",", ":")) for _, _, identifier in COLUMNS])
    return text.getvalue().encode()


def _csv_literals(texts: tuple[str, ...]) -> list[str]:
    return ['"' + text.replace('"', '""') + '"' for text in texts]


def _response_ids(numbers_: Array) -> Text:
    """`R_` and fifteen characters that look random and never repeat."""
    alphabet = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
    matrix = np.empty((len(numbers_), 17), dtype=np.uint8)
    matrix[:, 0], matrix[:, 1] = ord("R"), ord("_")
    mixed = numbers_.astype(np.uint64) * np.uint64(2_654_435_761)
    rest, digits = numbers_.astype(np.uint64), mixed
    for position in range(2, 10):
        matrix[:, position] = alphabet[(digits % np.uint64(62)).astype(np.int64)]
        digits = digits // np.uint64(7)
    for position in range(10, 17):
        matrix[:, position] = alphabet[(rest % np.uint64(62)).astype(np.int64)]
        rest = rest // np.uint64(62)
    return fixed_width(matrix)


def rows(world: World, window: Window) -> Text:
    """The responses recorded in the window."""
    every = world.responses
    some = window.changed(every.recorded_at)
    account, contact, ticket = every.account[some], every.contact[some], every.ticket[some]
    nps, csat, ces = every.nps[some], every.csat[some], every.ces[some]

    def answer(score: Array) -> Text:
        return where(score != NO_ANSWER, numbers(score))

    def moments(at: Array) -> Text:
        return instants(at, " ", "")

    group = np.select([nps == NO_ANSWER, nps >= 9, nps >= 7], [0, 3, 2], 1)
    praises = np.select([nps != NO_ANSWER, csat != NO_ANSWER], [nps >= 8, csat >= 4], ces >= 5)
    comment = every.comment[some]
    texts = _csv_literals(PRAISE + BLAME)
    spoken = where(
        comment >= 0, choose(texts, np.where(praises, comment % len(PRAISE), len(PRAISE) + comment % len(BLAME)))
    )
    account_id = join("salesforce:", salesforce.account_ids(world, account))
    contact_id = salesforce.contact_ids(world, contact)
    columns = [
        moments(every.started_at[some]),
        moments(every.ended_at[some]),
        constant("IP Address", len(some)),
        join("203.0.113.", numbers(1 + some % 250)),
        where(every.finished[some], "100", "60"),
        numbers(every.ended_at[some] - every.started_at[some]),
        where(every.finished[some], constant("True", len(some)), "False"),
        moments(every.recorded_at[some]),
        _response_ids(world.keys(len(every.account))[some]),
        choose(s.FAMILY_NAMES, world.contacts.family_name[contact]),
        choose(s.GIVEN_NAMES, world.contacts.given_name[contact]),
        salesforce.contact_emails(world, contact),
        contact_id,
        constant("", len(some)),
        constant("", len(some)),
        constant("email", len(some)),
        choose(["EN", "EN", "DE", "FR", "NL", "ES", "EN", "EN", "JA"], world.accounts.country[account]),
        choose(["", "Detractor", "Passive", "Promoter"], group),
        answer(nps),
        answer(csat),
        answer(ces),
        spoken,
        account_id,
        where(ticket >= 0, join("zendesk:", numbers(world.service.tickets.key[np.maximum(ticket, 0)]))),
        join("salesforce:", contact_id),
    ]
    return plain_csv(columns)

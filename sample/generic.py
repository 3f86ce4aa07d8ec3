"""Extracts of the company's own systems, in Evergreen's generic form: usage, interactions, self-service, personnel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sample import salesforce
from sample import settings as s
from sample.engagement import CALL, GENERIC, KINDS, TALK
from sample.text import Array, Text, choose, constant, dates, instants, join, numbers, plain_csv, take, where
from sample.world import Window, World
from sample.zendesk import agent_ids


def _prefixed_accounts(world: World, positions: Array) -> Text:
    every = join("salesforce:", salesforce.account_ids(world, np.arange(len(world.accounts))))
    return where(positions >= 0, take(every, np.maximum(positions, 0)))


def _prefixed_contacts(world: World, positions: Array) -> Text:
    return where(positions >= 0, join("salesforce:", salesforce.contact_ids(world, positions)))


def usage(world: World, window: Window) -> list[tuple[str, Text]]:
    every = world.usage
    rows = window.changed(every.known_at)
    features = [feature for of_product in s.FEATURES for feature in of_product]
    return [
        ("account_id", _prefixed_accounts(world, every.account[rows])),
        ("product", choose(s.PRODUCTS, every.product[rows])),
        ("feature", choose(features, every.product[rows] * len(s.FEATURES[0]) + every.feature[rows])),
        ("usage_date", dates(every.day[rows])),
        ("active_users", numbers(every.active_users[rows])),
        ("event_count", numbers(every.event_count[rows])),
        ("licensed_seats", numbers(every.seats[rows])),
        ("updated_at", instants(every.known_at[rows])),
    ]


def interactions(world: World, window: Window) -> list[tuple[str, Text]]:
    every = world.interactions
    rows = window.changed(every.known_at)
    rows = rows[every.system[rows] == GENERIC]
    kind = every.kind[rows]
    timed = (kind == CALL) | (kind == TALK)
    return [
        ("interaction_id", join("int-", numbers(world.keys(len(every.account))[rows]))),
        ("account_id", _prefixed_accounts(world, every.account[rows])),
        ("contact_id", _prefixed_contacts(world, every.contact[rows])),
        ("kind", choose(KINDS, kind)),
        ("direction", choose(["outbound", "inbound"], every.inbound[rows])),
        ("occurred_at", instants(every.at[rows])),
        ("duration_seconds", where(timed, numbers(every.seconds[rows]))),
        ("owner_id", join("salesforce:", salesforce.user_ids(every.owner[rows]))),
        ("subject", choose(["Phone call", "E-mail", "Chat", "Meeting", "Note"], kind)),
        ("updated_at", instants(every.known_at[rows])),
    ]


def self_service_events(world: World, window: Window) -> list[tuple[str, Text]]:
    every = world.self_service
    rows = window.changed(every.known_at)
    answerable = np.isin(every.kind[rows], (0, 1, 2))
    return [
        ("event_id", join("ss-", numbers(world.keys(len(every.account))[rows]))),
        ("account_id", _prefixed_accounts(world, every.account[rows])),
        ("contact_id", _prefixed_contacts(world, every.contact[rows])),
        ("session_id", join("session-", numbers(world.chunk * s.KEYS_PER_CHUNK + every.session[rows]))),
        ("occurred_at", instants(every.at[rows])),
        ("kind", choose(s.SELF_SERVICE_KINDS, every.kind[rows])),
        ("topic", choose(s.TOPICS, every.topic[rows])),
        ("resolved", where(answerable, choose(["false", "true"], every.resolved[rows]))),
        ("updated_at", instants(every.known_at[rows])),
    ]


def agents(world: World, window: Window) -> list[tuple[str, Text]]:
    """What the personnel system knows about the help desk's agents; written with the first chunk."""
    came_at, gone_at = world.staff.came_at(), world.staff.gone_at()
    rows = window.changed(came_at, gone_at) if world.chunk == 0 else np.zeros(0, dtype=np.int64)
    gone = window.known(gone_at[rows])
    return [
        ("agent_id", join("zendesk:", numbers(agent_ids(rows)))),
        ("full_name", constant("", len(rows))),
        ("team", choose(s.GROUPS, world.staff.team(rows))),
        ("role", choose(s.AGENT_ROLES, np.where(rows % 7 == 0, 2, rows % 3 == 1))),
        ("is_bot", constant("", len(rows))),
        ("hired_at", dates(came_at[rows] // s.SECONDS_PER_DAY)),
        ("left_at", where(gone, instants(np.where(gone, gone_at[rows], came_at[rows])))),
        ("updated_at", instants(window.newest(came_at[rows], gone_at[rows]))),
    ]


def survey_responses(world: World, window: Window) -> list[tuple[str, Text]]:
    """How content agents say they are (with the first chunk), and how good solved tickets were when read again."""
    asked, reviews = world.engagement, world.reviews
    some = window.changed(asked.asked_at, asked.answered_at) if world.chunk == 0 else np.zeros(0, dtype=np.int64)
    read = window.changed(reviews.reviewed_at)
    about_agent = np.arange(len(some) + len(read)) < len(some)
    answered_at = np.concatenate([asked.answered_at[some], reviews.reviewed_at[read]])
    answered = window.known(answered_at)
    asked_at = np.concatenate([asked.asked_at[some], reviews.reviewed_at[read]])
    tickets = np.concatenate([np.zeros(len(some), dtype=np.int64), reviews.ticket[read]])
    agent = np.concatenate([asked.agent[some], reviews.agent[read]])
    number = np.concatenate([some + 1, world.keys(len(reviews.ticket))[read]])
    nothing = constant("", len(number))
    return [
        ("response_id", join(choose(["review-", "engagement-"], about_agent), numbers(number))),
        ("survey_type", choose(["quality_review", "engagement"], about_agent)),
        ("account_id", nothing),
        ("contact_id", nothing),
        ("case_id", where(~about_agent, join("zendesk:", numbers(world.service.tickets.key[tickets])))),
        ("agent_id", join("zendesk:", numbers(agent_ids(agent)))),
        ("sent_at", where(about_agent, instants(asked_at))),
        ("responded_at", where(answered, instants(np.where(answered, answered_at, asked_at)))),
        ("score", where(answered, numbers(np.concatenate([asked.score[some], reviews.score[read]])))),
        ("scale_min", choose(["0", "1"], about_agent)),
        ("scale_max", choose(["100", "5"], about_agent)),
        ("high_is_good", constant("true", len(number))),
        ("comment", nothing),
        ("updated_at", instants(np.where(answered, answered_at, asked_at))),
    ]


def files(world: World, window: Window) -> Iterator[tuple[str, bytes, Text]]:
    """Object, header and rows, for each file of a window."""
    for object_name, columns in (
        ("usage", usage(world, window)),
        ("interactions", interactions(world, window)),
        ("self_service_events", self_service_events(world, window)),
        ("agents", agents(world, window)),
        ("survey_responses", survey_responses(world, window)),
    ):
        header = ",".join(name for name, _ in columns) + "\n"
        yield object_name, header.encode(), plain_csv([values for _, values in columns])

"""Extracts of the product's own systems, in Evergreen's generic form: usage, interactions, self-service."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sample import salesforce
from sample import settings as s
from sample.engagement import CALL, GENERIC, KINDS, TALK
from sample.text import Array, Text, choose, dates, instants, join, numbers, plain_csv, take, where
from sample.world import Window, World


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


def files(world: World, window: Window) -> Iterator[tuple[str, bytes, Text]]:
    """Object, header and rows, for each file of a window."""
    for object_name, columns in (
        ("usage", usage(world, window)),
        ("interactions", interactions(world, window)),
        ("self_service_events", self_service_events(world, window)),
    ):
        header = ",".join(name for name, _ in columns) + "\n"
        yield object_name, header.encode(), plain_csv([values for _, values in columns])

"""The CRM's exports: Data Loader CSV, API field names, every value between quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from sample import settings as s
from sample.engagement import CALL, EVENT, TASK
from sample.sales import STAGE_PROBABILITY, STAGES, TYPES
from sample.text import (
    Array,
    Text,
    choose,
    constant,
    csv_escape,
    dates,
    decimals,
    flags,
    instants,
    join,
    numbers,
    quoted_csv,
    salesforce_ids,
    take,
    where,
)
from sample.world import Window, World

ACCOUNT, CONTACT, USER, OPPORTUNITY, ORDER, TASK_PREFIX, EVENT_PREFIX, SUBSCRIPTION = (
    "001", "003", "005", "006", "801", "00T", "00U", "a1F",
)  # fmt: skip


def stamps(at: Array) -> Text:
    """Date-times as the API writes them; empty where there is none."""
    known = at < s.NEVER_AT
    return where(known, instants(np.where(known, at, 0 + s.HISTORY_CLOSE), "T", ".000Z"))


def days(on: Array) -> Text:
    """Dates; empty where there is none."""
    known = on < s.NEVER
    return where(known, dates(np.where(known, on, s.HISTORY_END)))


def account_ids(world: World, positions: Array) -> Text:
    """Record ids of accounts; empty for -1."""
    return where(positions >= 0, salesforce_ids(ACCOUNT, world.accounts.key[np.maximum(positions, 0)]))


def contact_ids(world: World, positions: Array) -> Text:
    """Record ids of contacts; empty for -1."""
    return where(positions >= 0, salesforce_ids(CONTACT, world.contacts.key[np.maximum(positions, 0)]))


def user_ids(owners: Array) -> Text:
    """Record ids of the people in sales and customer success."""
    return salesforce_ids(USER, owners + 1)


def subscription_ids(world: World, positions: Array) -> Text:
    """Record ids of subscriptions; empty for -1."""
    return where(
        positions >= 0, salesforce_ids(SUBSCRIPTION, world.chunk * s.KEYS_PER_CHUNK + 1 + np.maximum(positions, 0))
    )


def domains(world: World, positions: Array) -> Text:
    """The web domain of each account."""
    accounts = world.accounts
    return join(
        choose(s.NAME_FIRST_ASCII, accounts.name_first[positions]), "-",
        choose([word.lower() for word in s.NAME_SECOND], accounts.name_second[positions]), "-",
        numbers(accounts.key[positions]), ".",
        choose(s.COUNTRY_DOMAIN, accounts.country[positions]),
    )  # fmt: skip


def account_names(world: World, positions: Array) -> Text:
    """Firms have firms' names; individuals those of their first contact."""
    accounts, contacts = world.accounts, world.contacts
    firm = join(
        choose(s.NAME_FIRST, accounts.name_first[positions]), " ",
        choose(s.NAME_SECOND, accounts.name_second[positions]),
        choose(s.NAME_ENDING, accounts.name_ending[positions]),
    )  # fmt: skip
    person = contacts.first[positions]
    return where(accounts.segment[positions] == s.INDIVIDUAL, contact_names(world, person), firm)


def contact_names(world: World, positions: Array) -> Text:
    """Given and family name."""
    contacts = world.contacts
    return join(
        choose(s.GIVEN_NAMES, contacts.given_name[positions]),
        " ",
        choose(s.FAMILY_NAMES, contacts.family_name[positions]),
    )


def contact_emails(world: World, positions: Array) -> Text:
    """Addresses at the account's domain; the number keeps them apart."""
    contacts = world.contacts
    account = contacts.account[positions]
    name = join(
        choose(s.GIVEN_NAMES_ASCII, contacts.given_name[positions]), ".",
        choose(s.FAMILY_NAMES_ASCII, contacts.family_name[positions]),
        numbers(positions - contacts.first[account] + 1),
    )  # fmt: skip
    private = world.accounts.segment[account] == s.INDIVIDUAL
    return where(
        private,
        join(name, "-", numbers(contacts.key[positions]), "@mail.example"),
        join(name, "@", domains(world, account)),
    )


# Object, label (what stands in the file's name instead of the date), columns.
File: TypeAlias = tuple[str, str, list[tuple[str, Text]]]


def _accounts(world: World, rows: Array) -> list[tuple[str, Text]]:
    accounts, changes = world.accounts, world.changes
    account = changes.account[rows]
    individual = accounts.segment[account] == s.INDIVIDUAL
    modified = stamps(changes.at[rows])
    return [
        ("Id", account_ids(world, account)),
        ("IsDeleted", flags(changes.deleted[rows])),
        ("Name", csv_escape(account_names(world, account))),
        ("ParentId", account_ids(world, accounts.parent[account])),
        ("Customer_Type__c", choose(["Business", "Individual"], individual)),
        ("Segment__c", choose(s.SEGMENTS, changes.segment[rows])),
        ("Industry", where(~individual, choose(s.INDUSTRIES, accounts.industry[account]))),
        ("Region__c", choose(s.REGIONS, accounts.region[account])),
        ("BillingCountry", choose(s.COUNTRIES, accounts.country[account])),
        ("OwnerId", user_ids(changes.owner[rows])),
        ("Support_Plan__c", choose(s.SUPPORT_PLANS, changes.support_plan[rows])),
        ("Service_Process__c", choose(s.SERVICE_PROCESSES, accounts.service_process[account])),
        ("CurrencyIsoCode", choose(s.CURRENCIES, accounts.currency[account])),
        ("Website", where(~individual, join("https://www.", domains(world, account), "/"))),
        ("CreatedDate", stamps(accounts.created_at[account])),
        ("LastModifiedDate", modified),
        ("SystemModstamp", modified),
    ]


def _last_per_account(account: Array, rows: Array) -> Array:
    """Of rows ordered by account and time, each account's last."""
    if not len(rows):
        return rows
    last = np.ones(len(rows), dtype=bool)
    last[:-1] = account[rows][1:] != account[rows][:-1]
    return rows[last]


def account_files(world: World, window: Window) -> Iterator[File]:
    """The newest version of each changed account; some older versions in files of their own."""
    changes = world.changes
    newest = _last_per_account(changes.account, window.changed(changes.at))
    yield "account", "", _accounts(world, newest)
    if window.is_base:
        # Yearly copies that were kept of some accounts that changed afterwards.
        for year in ("2024-06-30", "2025-06-30"):
            before = _last_per_account(
                changes.account, np.flatnonzero(changes.at < (s.day(year) + 1) * s.SECONDS_PER_DAY)
            )
            stale = np.setdiff1d(before, newest)
            yield "account", f"kept_{year}", _accounts(world, stale[::3])
    yesterday = window.day_before()
    if yesterday is not None:
        # Versions that were overtaken by those of the day before, and arrive only now.
        changed = _last_per_account(changes.account, yesterday.changed(changes.at))
        has_older = changed[(changed > 0) & (changes.account[changed - 1] == changes.account[changed])]
        yield "account", f"{window.date}_overtaken", _accounts(world, has_older[::4] - 1)


def contact_files(world: World, window: Window) -> Iterator[File]:
    contacts = world.contacts
    rows = window.changed(contacts.created_at, contacts.changed_at, contacts.deleted_at)
    title = contacts.title[rows] + window.known(contacts.changed_at[rows])
    account = contacts.account[rows]
    yield (
        "contact",
        "",
        [
            ("Id", contact_ids(world, rows)),
            ("IsDeleted", flags(window.known(contacts.deleted_at[rows]))),
            ("AccountId", account_ids(world, account)),
            ("Name", contact_names(world, rows)),
            ("FirstName", choose(s.GIVEN_NAMES, contacts.given_name[rows])),
            ("LastName", choose(s.FAMILY_NAMES, contacts.family_name[rows])),
            ("Email", contact_emails(world, rows)),
            ("Phone", join("+1 555 ", numbers(1_000_000 + contacts.key[rows] * 7_919 % 9_000_000))),
            ("Title", where(world.accounts.segment[account] != s.INDIVIDUAL, choose(s.TITLES, title % len(s.TITLES)))),
            ("CreatedDate", stamps(contacts.created_at[rows])),
            (
                "SystemModstamp",
                stamps(window.newest(contacts.created_at[rows], contacts.changed_at[rows], contacts.deleted_at[rows])),
            ),
        ],
    )


def _subscriptions(world: World, rows: Array, window: Window) -> list[tuple[str, Text]]:
    every = world.contracts.subscriptions
    account = every.account[rows]
    currency = world.accounts.currency[account]
    cancelled = window.known(every.cancelled_at[rows])
    terminated = window.known(every.terminated_at[rows])
    trial = every.is_trial[rows] == 1
    return [
        ("Id", subscription_ids(world, rows)),
        ("IsDeleted", flags(window.known(every.deleted_at[rows]))),
        ("Name", join("SUB-", numbers(world.keys(len(every))[rows]))),
        ("SBQQ__Account__c", account_ids(world, account)),
        ("SBQQ__ProductName__c", choose(s.PRODUCTS, every.product[rows])),
        ("Plan__c", choose(s.PLANS, every.plan[rows])),
        ("SBQQ__SubscriptionStartDate__c", days(every.start[rows])),
        ("SBQQ__SubscriptionEndDate__c", days(every.end[rows])),
        ("SBQQ__BillingFrequency__c", choose(s.BILLING_NAMES, every.billing[rows])),
        ("SBQQ__Quantity__c", numbers(every.seats[rows])),
        ("SBQQ__NetPrice__c", decimals(every.price[rows], s.CURRENCY_PLACES[currency])),
        ("CurrencyIsoCode", choose(s.CURRENCIES, currency)),
        ("Auto_Renew__c", flags(every.auto_renew[rows])),
        ("Notice_Days__c", where(~trial, numbers(every.notice_days[rows]))),
        ("SBQQ__RevisedSubscription__c", subscription_ids(world, every.renews[rows])),
        ("Cancelled_At__c", stamps(np.where(cancelled, every.cancelled_at[rows], s.NEVER_AT))),
        ("SBQQ__TerminatedDate__c", days(np.where(terminated, every.terminated[rows], s.NEVER))),
        ("Cancel_Reason__c", where(cancelled, choose(s.CANCEL_REASONS, np.maximum(every.reason[rows], 0)))),
        ("Is_Trial__c", flags(trial)),
        ("CreatedDate", stamps(every.created_at[rows])),
        (
            "SystemModstamp",
            stamps(
                window.newest(
                    every.created_at[rows], every.cancelled_at[rows], every.terminated_at[rows], every.deleted_at[rows]
                )
            ),
        ),
    ]


def subscription_files(world: World, window: Window) -> Iterator[File]:
    """The newest version of each changed subscription; some older versions that arrive after newer ones."""
    every = world.contracts.subscriptions
    stamped = (every.created_at, every.cancelled_at, every.terminated_at, every.deleted_at)
    yield "subscription", "", _subscriptions(world, window.changed(*stamped), window)
    yesterday = window.day_before()
    if yesterday is not None:
        before = Window(-s.NEVER_AT, yesterday.opens)
        overtaken = yesterday.changed(*stamped)
        overtaken = overtaken[before.known(every.created_at[overtaken])]
        yield "subscription", f"{window.date}_overtaken", _subscriptions(world, overtaken[::4], before)


def opportunity_files(world: World, window: Window) -> Iterator[File]:
    every = world.opportunities
    rows = window.changed(every.created_at, every.negotiated_at, every.closed_at, every.deleted_at)
    account = every.account[rows]
    closed = window.known(every.closed_at[rows])
    won = closed & every.won[rows]
    stage = np.select([won, closed, window.known(every.negotiated_at[rows])], [2, 3, 1], 0)
    # A renewal names what is due from the start; a sale names what came of it.
    linked = (every.subscription[rows] >= 0) & ((every.kind[rows] == 2) | won)
    yield (
        "opportunity",
        "",
        [
            ("Id", salesforce_ids(OPPORTUNITY, world.keys(len(every.account))[rows])),
            ("IsDeleted", flags(window.known(every.deleted_at[rows]))),
            ("AccountId", account_ids(world, account)),
            ("Name", join(choose(TYPES, every.kind[rows]), " ", csv_escape(account_names(world, account)))),
            ("Type", choose(TYPES, every.kind[rows])),
            ("StageName", choose(STAGES, stage)),
            (
                "Amount",
                decimals(
                    np.where(closed, every.amount[rows], every.amount_due[rows]),
                    s.CURRENCY_PLACES[world.accounts.currency[account]],
                ),
            ),
            ("CurrencyIsoCode", choose(s.CURRENCIES, world.accounts.currency[account])),
            ("Probability", choose(STAGE_PROBABILITY, stage)),
            ("CreatedDate", stamps(every.created_at[rows])),
            ("CloseDate", days(np.where(closed, every.closed_at[rows] // s.SECONDS_PER_DAY, every.planned_day[rows]))),
            ("IsClosed", flags(closed)),
            ("IsWon", flags(won)),
            ("Subscription__c", subscription_ids(world, np.where(linked, every.subscription[rows], -1))),
            ("OwnerId", user_ids(every.owner[rows])),
            (
                "SystemModstamp",
                stamps(
                    window.newest(
                        every.created_at[rows], every.negotiated_at[rows], every.closed_at[rows], every.deleted_at[rows]
                    )
                ),
            ),
        ],
    )


def order_files(world: World, window: Window) -> Iterator[File]:
    every = world.orders
    rows = window.changed(every.created_at, every.activated_at)
    currency = world.accounts.currency[every.account[rows]]
    active = window.known(every.activated_at[rows])
    yield (
        "order",
        "",
        [
            ("Id", salesforce_ids(ORDER, world.keys(len(every.account))[rows])),
            ("IsDeleted", constant("false", len(rows))),
            ("AccountId", account_ids(world, every.account[rows])),
            ("EffectiveDate", days(every.effective_day[rows])),
            ("ActivatedDate", stamps(np.where(active, every.activated_at[rows], s.NEVER_AT))),
            ("TotalAmount", decimals(every.amount[rows], s.CURRENCY_PLACES[currency])),
            ("CurrencyIsoCode", choose(s.CURRENCIES, currency)),
            ("Status", choose(["Draft", "Activated"], active)),
            ("SystemModstamp", stamps(window.newest(every.created_at[rows], every.activated_at[rows]))),
        ],
    )


TASK_SUBJECTS = (
    "Call: follow-up",
    'Email: "quick question"',
    "Check-in, quarterly",
    "Onboarding",
    "Contract terms",
    "Réunion préparatoire",
)
EVENT_SUBJECTS = ("Business review", "Training", "Kick-off", "Renewal talk", 'Demo of "Payroll"', "要件ヒアリング")


def task_files(world: World, window: Window) -> Iterator[File]:
    every = world.interactions
    rows = window.changed(every.known_at, every.deleted_at)
    rows = rows[every.system[rows] == TASK]
    call = every.kind[rows] == CALL
    key = world.keys(len(every.account))[rows]
    done = every.at[rows] + every.seconds[rows]
    yield (
        "task",
        "",
        [
            ("Id", salesforce_ids(TASK_PREFIX, key)),
            ("IsDeleted", flags(window.known(every.deleted_at[rows]))),
            ("AccountId", account_ids(world, every.account[rows])),
            ("WhoId", contact_ids(world, every.contact[rows])),
            ("Subject", csv_escape(choose(TASK_SUBJECTS, np.where(call, 0, key % len(TASK_SUBJECTS))))),
            ("TaskSubtype", choose(["Email", "Call"], call)),
            ("CallType", where(call, choose(["Outbound", "Inbound"], every.inbound[rows]))),
            ("CallDurationInSeconds", where(call, numbers(every.seconds[rows]))),
            ("ActivityDate", days(every.at[rows] // s.SECONDS_PER_DAY)),
            ("CompletedDateTime", stamps(done)),
            ("OwnerId", user_ids(every.owner[rows])),
            ("CreatedDate", stamps(every.known_at[rows])),
            ("SystemModstamp", stamps(window.newest(every.known_at[rows], every.deleted_at[rows]))),
        ],
    )


def event_files(world: World, window: Window) -> Iterator[File]:
    every = world.interactions
    rows = window.changed(every.known_at, every.deleted_at)
    rows = rows[every.system[rows] == EVENT]
    key = world.keys(len(every.account))[rows]
    yield (
        "event",
        "",
        [
            ("Id", salesforce_ids(EVENT_PREFIX, key)),
            ("IsDeleted", flags(window.known(every.deleted_at[rows]))),
            ("AccountId", account_ids(world, every.account[rows])),
            ("WhoId", contact_ids(world, every.contact[rows])),
            ("Subject", csv_escape(choose(EVENT_SUBJECTS, key % len(EVENT_SUBJECTS)))),
            ("StartDateTime", stamps(every.at[rows])),
            ("EndDateTime", stamps(every.at[rows] + every.seconds[rows])),
            ("DurationInMinutes", numbers(every.seconds[rows] // 60)),
            ("OwnerId", user_ids(every.owner[rows])),
            ("CreatedDate", stamps(every.known_at[rows])),
            ("SystemModstamp", stamps(window.newest(every.known_at[rows], every.deleted_at[rows]))),
        ],
    )


def user_files(world: World, window: Window) -> Iterator[File]:
    """People in sales and customer success; written with the first chunk."""
    if world.chunk:
        return
    rng = s.stream(world.request.seed, 0, "users")
    count = world.request.owners
    hired = (s.HISTORY_START - rng.integers(100, 2_000, count)) * s.SECONDS_PER_DAY + 28_800
    left = np.where(
        rng.random(count) < 0.2, (s.HISTORY_START + rng.integers(200, 1_250, count)) * s.SECONDS_PER_DAY, s.NEVER_AT
    )
    given, family = rng.integers(0, len(s.GIVEN_NAMES), count), rng.integers(0, len(s.FAMILY_NAMES), count)
    role = rng.integers(0, 3, count)
    rows = window.changed(hired, left)
    address = join(
        choose(s.GIVEN_NAMES_ASCII, given),
        ".",
        choose(s.FAMILY_NAMES_ASCII, family),
        numbers(np.arange(count)),
        "@fernhill.example",
    )
    yield (
        "user",
        "",
        [
            ("Id", user_ids(rows)),
            ("Name", take(join(choose(s.GIVEN_NAMES, given), " ", choose(s.FAMILY_NAMES, family)), rows)),
            ("Email", take(address, rows)),
            ("Department", choose(["Customer Success", "Sales", "Customer Success"], role[rows])),
            ("UserRoleName", choose(["Customer Success Manager", "Account Executive", "Renewals Manager"], role[rows])),
            ("IsActive", flags(~window.known(left[rows]))),
            ("CreatedDate", stamps(hired[rows])),
            ("SystemModstamp", stamps(window.newest(hired[rows], left[rows]))),
        ],
    )


def files(world: World, window: Window) -> Iterator[tuple[str, str, bytes, Text]]:
    """Object, label, header and rows, for each file of a window."""
    makers: tuple[Callable[[World, Window], Iterator[File]], ...] = (
        account_files,
        contact_files,
        opportunity_files,
        subscription_files,
        order_files,
        task_files,
        event_files,
        user_files,
    )
    for make in makers:
        for object_name, label, columns in make(world, window):
            header = ",".join(f'"{name}"' for name, _ in columns) + "\n"
            yield object_name, label, header.encode(), quoted_csv([values for _, values in columns])

"""One chunk of the company, simulated to the last day that can be exported, and the windows on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample import settings as s
from sample.accounts import AccountChanges, Accounts, Contacts, make_account_changes, make_accounts, make_contacts
from sample.contracts import Contracts, make_contracts
from sample.engagement import (
    Interactions,
    SelfService,
    Usage,
    make_interactions,
    make_presence,
    make_self_service,
    make_usage,
)
from sample.people import Engagement, Reviews, make_engagement, make_reviews
from sample.sales import Opportunities, Orders, make_opportunities, make_orders
from sample.service import Service, Staff, make_service, make_staff
from sample.text import Array
from sample.voice import Responses, make_responses


@dataclass(frozen=True)
class Window:
    """What became known from `opens` up to, not including, `closes` (seconds). The base export has always been open."""

    opens: int
    closes: int

    @classmethod
    def base(cls) -> Window:
        return cls(-(2**62), s.HISTORY_CLOSE)

    @classmethod
    def day_after(cls, number: int) -> Window:
        opens = s.HISTORY_CLOSE + (number - 1) * s.SECONDS_PER_DAY
        return cls(opens, opens + s.SECONDS_PER_DAY)

    def day_before(self) -> Window | None:
        """The day export before this one; none before the base export and the first day's."""
        if self.opens <= s.HISTORY_CLOSE:
            return None
        return Window(self.opens - s.SECONDS_PER_DAY, self.opens)

    @property
    def date(self) -> str:
        """The window's last day, which stands in the names of its files."""
        return str(np.datetime64(self.closes // s.SECONDS_PER_DAY - 1, "D"))

    @property
    def is_base(self) -> bool:
        return self.opens < 0

    def holds(self, at: Array) -> Array:
        """Whether each instant lies in the window."""
        return (at >= self.opens) & (at < self.closes)

    def changed(self, *stamps: Array) -> Array:
        """Positions of the things that have any of their stamps in the window."""
        any_of = self.holds(stamps[0])
        for stamp in stamps[1:]:
            any_of |= self.holds(stamp)
        return np.flatnonzero(any_of)

    def known(self, at: Array) -> Array:
        """Whether each instant lies before the window's end."""
        return at < self.closes

    def newest(self, *stamps: Array) -> Array:
        """Per thing, the newest of its stamps before the window's end."""
        latest = np.where(self.known(stamps[0]), stamps[0], 0)
        for stamp in stamps[1:]:
            latest = np.maximum(latest, np.where(self.known(stamp), stamp, 0))
        return latest


@dataclass
class World:
    """Everything about one chunk of accounts."""

    request: s.Request
    chunk: int
    accounts: Accounts
    changes: AccountChanges
    contacts: Contacts
    contracts: Contracts
    opportunities: Opportunities
    orders: Orders
    usage: Usage
    interactions: Interactions
    self_service: SelfService
    staff: Staff
    service: Service
    responses: Responses
    engagement: Engagement
    reviews: Reviews

    def keys(self, count: int) -> Array:
        """Numbers for the rows of an object, that no other chunk uses."""
        return self.chunk * s.KEYS_PER_CHUNK + np.arange(1, count + 1)


def make_world(request: s.Request, chunk: int) -> World:
    """Simulates one chunk; the same request and chunk give the same world, whatever is exported of it."""
    accounts = make_accounts(request, chunk)
    contacts = make_contacts(request, chunk, accounts)
    contracts = make_contracts(request, chunk, accounts)
    presence = make_presence(accounts, contracts)
    staff = make_staff(request)
    service = make_service(request, chunk, accounts, contacts, contracts, presence, staff)
    return World(
        request=request,
        chunk=chunk,
        accounts=accounts,
        changes=make_account_changes(request, chunk, accounts),
        contacts=contacts,
        contracts=contracts,
        opportunities=make_opportunities(request, chunk, accounts, contracts),
        orders=make_orders(request, chunk, contracts),
        usage=make_usage(request, chunk, accounts, contracts),
        interactions=make_interactions(request, chunk, accounts, contacts, presence),
        self_service=make_self_service(request, chunk, accounts, contacts, presence),
        staff=staff,
        service=service,
        responses=make_responses(request, chunk, accounts, contacts, presence, service),
        engagement=make_engagement(request, staff),
        reviews=make_reviews(request, chunk, staff, service),
    )

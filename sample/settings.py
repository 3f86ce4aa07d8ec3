"""The invented company: what it sells, to whom, in which words, and when. Edit here to change its character.

Days are counted from 1970-01-01, instants in seconds from then (UTC).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sample.text import Array

SECONDS_PER_DAY = 86_400


def day(text: str) -> int:
    """Days since 1970-01-01 of an ISO date."""
    return int(np.datetime64(text, "D").astype(int))


# The exports cover this history; a day export d covers the d-th day after it.
HISTORY_START = day("2023-07-01")
HISTORY_END = day("2026-06-30")
HISTORY_CLOSE = (HISTORY_END + 1) * SECONDS_PER_DAY  # first second after the history
MAX_DAYS_AFTER = 184  # to 2026-12-31
LAST_DAY = HISTORY_END + MAX_DAYS_AFTER

# Contracts are simulated a little further than anything is exported: a notice given in December belongs to a term that
# ends in spring.
MONTHS = 46
_MONTHS = np.datetime64("2023-07", "M") + np.arange(MONTHS + 1)
MONTH_START: Array = _MONTHS.astype("datetime64[D]").astype(np.int64)
MONTH_END: Array = MONTH_START[1:] - 1
MONTH_OF_YEAR: Array = _MONTHS.astype(np.int64) % 12  # 0 = January
EXPORT_MONTHS = 42  # months in which anything can be exported
NEVER = day("2200-01-01")  # a day that does not come
NEVER_AT = NEVER * SECONDS_PER_DAY

ACCOUNTS_PER_CHUNK = 5_000
CHUNKS_PER_FILE = 10
KEYS_PER_CHUNK = 10_000_000  # room for the rows of one object in one chunk


def stream(seed: int, chunk: int, purpose: str) -> np.random.Generator:
    """Random numbers of one purpose in one chunk: adding a purpose leaves the others as they were."""
    return np.random.Generator(np.random.PCG64([seed, chunk, zlib.crc32(purpose.encode())]))


def add_months(days: Array, months: Array | int) -> Array:
    """The same day of the month, `months` later; the last day where that month is shorter."""
    dates = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    in_month = days_into_month(days)
    target = dates.astype("datetime64[M]") + np.asarray(months, dtype=np.int64).astype("timedelta64[M]")
    length = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64)
    return np.asarray(target.astype("datetime64[D]").astype(np.int64) + np.minimum(in_month, length - 1))


def days_into_month(days: Array) -> Array:
    """0 on the first day of a month."""
    dates = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64))


def by_term(values: Mapping[int, float], months: Array) -> Array:
    """The value that belongs to each term length."""
    return np.asarray(np.array([values[int(term)] for term in TERM_MONTHS])[np.searchsorted(TERM_MONTHS, months)])


def month_index(days: Array) -> Array:
    """Which simulated month a day lies in, within 0 … MONTHS − 1."""
    months = np.asarray(days, dtype=np.int64).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.clip(months - int(_MONTHS[0].astype(np.int64)), 0, MONTHS - 1)


# -- products

PRODUCTS = ("Ledger", "Tax", "Payroll")
FEATURES = (
    ("invoicing", "bank_reconciliation", "reports", "mobile_app"),
    ("return_filing", "deduction_finder", "audit_file", "deadline_calendar"),
    ("pay_runs", "time_tracking", "payslip_portal", "benefits"),
)
PLANS = ("starter", "team", "business", "enterprise")
# US cents per seat and month, product × plan.
LIST_PRICE = np.array([[1200, 1900, 2900, 4400], [900, 1500, 2400, 3900], [700, 1200, 1900, 3100]])
TERM_DISCOUNT = {0: 1.0, 1: 1.0, 3: 0.97, 12: 0.9, 24: 0.85, 36: 0.8}

CURRENCIES = ("USD", "EUR", "GBP", "JPY")
CURRENCY_PLACES = np.array([2, 2, 2, 0])
# Minor units of the currency per US cent in the price list.
CURRENCY_PRICE = np.array([1.0, 0.92, 0.8, 1.5])

# -- customers

SEGMENTS = ("Enterprise", "Mid-Market", "Small Business", "Individual")
SEGMENT_SHARE = np.array([0.08, 0.27, 0.45, 0.20])
ENTERPRISE, MID_MARKET, SMALL_BUSINESS, INDIVIDUAL = range(4)
REGIONS = ("North America", "Europe", "United Kingdom", "Asia Pacific")
REGION_SHARE = np.array([0.45, 0.25, 0.18, 0.12])
COUNTRIES = (
    "United States",
    "Canada",
    "Germany",
    "France",
    "Netherlands",
    "Spain",
    "United Kingdom",
    "Ireland",
    "Japan",
)
COUNTRY_SHARE_BY_REGION = np.array(
    [
        [0.88, 0.12, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0.42, 0.28, 0.16, 0.14, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0.93, 0.07, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 1.0],
    ]
)
COUNTRY_CURRENCY = np.array([0, 0, 1, 1, 1, 1, 2, 1, 3])
COUNTRY_DOMAIN = ("com", "ca", "de", "fr", "nl", "es", "co.uk", "ie", "co.jp")
INDUSTRIES = (
    "Accounting", "Retail", "Manufacturing", "Construction", "Hospitality", "Healthcare", "Nonprofit",
    "Professional Services", "Transportation", "Technology",
)  # fmt: skip
SUPPORT_PLANS = ("basic", "standard", "premium")
SUPPORT_PLAN_SHARE = np.array([[0.05, 0.35, 0.6], [0.2, 0.55, 0.25], [0.55, 0.37, 0.08], [0.85, 0.15, 0.0]])
SERVICE_PROCESSES = ("retail", "wholesale")
WHOLESALE_SHARE = np.array([0.6, 0.3, 0.1, 0.0])

NAME_FIRST = (
    "Alder", "Birch", "Cedar", "Dover", "Elm", "Falcon", "Granite", "Harbor", "Iris", "Juniper", "Kestrel", "Linden",
    "Maple", "Nordlicht", "Orchard", "Pine", "Quarry", "River", "Summit", "Thistle", "Umber", "Valley", "Willow",
    "Yarrow", "Zephyr", "Müller", "Citroën", "Peña", "O'Brien", "東京", "Åkerby", "Söhne",
)  # fmt: skip
NAME_FIRST_ASCII = (
    "alder", "birch", "cedar", "dover", "elm", "falcon", "granite", "harbor", "iris", "juniper", "kestrel", "linden",
    "maple", "nordlicht", "orchard", "pine", "quarry", "river", "summit", "thistle", "umber", "valley", "willow",
    "yarrow", "zephyr", "mueller", "citroen", "pena", "obrien", "tokyo", "akerby", "soehne",
)  # fmt: skip
NAME_SECOND = (
    "Bakery", "Builders", "Clinic", "Consulting", "Dental", "Foods", "Freight", "Garage", "Goods", "Group", "Hotels",
    "Interiors", "Labs", "Legal", "Media", "Motors", "Outfitters", "Partners", "Print", "Studio", "Supply", "Tools",
    "Trading", "Works",
)  # fmt: skip
NAME_ENDING = ("", " Inc", ", LLC", " GmbH", " & Co. KG", " Ltd", " S.A.", ' "The Original"', " KK", " B.V.")
GIVEN_NAMES = (
    "Ada", "Ben", "Chloé", "Diego", "Emma", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Karin", "Liam", "Mei", "Noah",
    "Olga", "Pablo", "Quinn", "Rosa", "Sami", "Tara", "Uma", "Victor", "Wendy", "Xavier", "Yuki", "Zoë",
)  # fmt: skip
GIVEN_NAMES_ASCII = (
    "ada", "ben", "chloe", "diego", "emma", "farid", "grace", "hiro", "ines", "jonas", "karin", "liam", "mei", "noah",
    "olga", "pablo", "quinn", "rosa", "sami", "tara", "uma", "victor", "wendy", "xavier", "yuki", "zoe",
)  # fmt: skip
FAMILY_NAMES = (
    "Abe", "Becker", "Costa", "Dubois", "Evans", "Fischer", "García", "Hughes", "Ito", "Jansen", "Kowalski", "Lopez",
    "Moreau", "Novak", "O'Neil", "Patel", "Rossi", "Schmidt", "Tanaka", "Ueda", "Vogel", "Walker", "Young", "Zhang",
)  # fmt: skip
FAMILY_NAMES_ASCII = (
    "abe", "becker", "costa", "dubois", "evans", "fischer", "garcia", "hughes", "ito", "jansen", "kowalski", "lopez",
    "moreau", "novak", "oneil", "patel", "rossi", "schmidt", "tanaka", "ueda", "vogel", "walker", "young", "zhang",
)  # fmt: skip
TITLES = ("Owner", "Office Manager", "Bookkeeper", "Controller", "CFO", "HR Manager", "IT Manager", "Accountant")

# -- contracts

TERM_MONTHS = np.array([0, 1, 3, 12, 24, 36])  # 0 = open-ended
TERM_SHARE = np.array(
    [
        [0.00, 0.00, 0.00, 0.52, 0.24, 0.24],
        [0.00, 0.08, 0.07, 0.60, 0.15, 0.10],
        [0.07, 0.28, 0.15, 0.48, 0.02, 0.00],
        [0.12, 0.48, 0.10, 0.30, 0.00, 0.00],
    ]
)

AUTO_RENEW_SHARE = {0: 0.0, 1: 0.96, 3: 0.9, 12: 0.55, 24: 0.35, 36: 0.3}
BILLING_MONTHS = np.array([1, 3, 12])
BILLING_NAMES = ("Monthly", "Quarterly", "Annual")
CANCEL_REASONS = (
    "price", "missing_features", "competitor", "poor_support", "no_longer_needed", "business_closed",
    "payment_failure", "bankruptcy", "low_usage",
)  # fmt: skip
VOLUNTARY_REASONS = np.array([0, 1, 2, 3, 4, 5, 8])
PAYMENT_FAILURE, BANKRUPTCY = 6, 7

# -- service

TOPICS = (
    "tax_filing", "payroll_run", "bank_feed", "billing", "login", "data_import", "integration", "reporting",
    "performance", "how_to", "year_end",
)  # fmt: skip
TOPIC_WORDS = (
    "Filing a tax return", "Payroll run", "Bank feed stopped", "Question about an invoice", "Cannot log in",
    "Import of old books", "Connection to another program", "A report shows wrong totals", "Pages load slowly",
    "How do I do this", "Closing the year",
)  # fmt: skip
# Weight of each topic, by product.
TOPIC_WEIGHT = np.array(
    [
        [0.5, 0.2, 3.0, 1.5, 1.2, 1.0, 1.2, 1.4, 0.8, 1.8, 0.5],
        [4.0, 0.2, 0.3, 1.2, 1.2, 0.8, 0.6, 0.8, 0.8, 1.5, 0.8],
        [0.4, 4.0, 0.3, 1.2, 1.2, 0.6, 1.0, 0.8, 0.6, 1.5, 0.9],
    ]
)
# How much more often a topic comes up in a month of the year (January first): the tax season and the year's end.
SEASON = np.ones((12, len(TOPICS)))
SEASON[:, 0] = [2.2, 3.2, 4.0, 4.5, 1.2, 0.6, 0.5, 0.5, 0.7, 0.9, 0.6, 0.8]
SEASON[:, 1] = [1.6, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.6]
SEASON[:, 10] = [3.0, 1.2, 0.8, 0.5, 0.3, 0.4, 0.3, 0.3, 0.4, 0.6, 1.5, 3.5]
CASE_TYPES = ("question", "problem", "bug", "feature_request", "known_limitation", "work_order")
CASE_TYPE_SHARE = np.array([0.46, 0.29, 0.10, 0.08, 0.05, 0.02])
TICKET_TYPES = ("question", "problem", "incident", "question", "incident", "task")  # Zendesk's own, by case type
PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("email", "web", "chat", "voice", "api", "mobile")
CHANNEL_SHARE = np.array([0.36, 0.25, 0.14, 0.18, 0.04, 0.03])
EMAIL, WEB, CHAT, VOICE = 0, 1, 2, 3
GROUPS = ("Front line", "Technical", "Billing", "Tax desk", "Partner desk")
FRONT_LINE, TECHNICAL, BILLING, TAX_DESK, PARTNER_DESK = range(5)
AGENT_ROLES = ("Agent", "Senior agent", "Team lead")
ENGAGEMENT_SURVEY_DAY = 45  # days into each quarter
REVIEWED_SHARE = 0.05  # of the solved tickets
TOPIC_GROUP = np.array(
    [
        TAX_DESK,
        FRONT_LINE,
        TECHNICAL,
        BILLING,
        FRONT_LINE,
        TECHNICAL,
        TECHNICAL,
        FRONT_LINE,
        TECHNICAL,
        FRONT_LINE,
        TAX_DESK,
    ]
)

# Custom fields of the Zendesk account.
FIELD_TOPIC = 360001
FIELD_PRODUCT = 360002
FIELD_CASE_TYPE = 360003
FIELD_SERVICE_PROCESS = 360004
FIELD_APPROVAL_STATUS = 360005

# Self-service as it is now began on this day (self_service_launch_date in dbt_project.yml); before it visits were rarer.
SELF_SERVICE_LAUNCH = day("2025-01-01")
SELF_SERVICE_BEFORE_LAUNCH = 0.6  # share of the visits that came already then
SELF_SERVICE_KINDS = ("article_view", "search", "bot_session", "community_post", "community_answer", "portal_login")
SELF_SERVICE_SHARE = np.array([0.42, 0.2, 0.12, 0.04, 0.05, 0.17])


@dataclass(frozen=True)
class Request:
    """What is asked for: a company of `accounts`, from `seed`; the base export, or the day exports 1 … `days_after`."""

    accounts: int
    seed: int
    days_after: int = 0

    @property
    def chunks(self) -> int:
        return -(-self.accounts // ACCOUNTS_PER_CHUNK)

    def accounts_in(self, chunk: int) -> int:
        return min(ACCOUNTS_PER_CHUNK, self.accounts - chunk * ACCOUNTS_PER_CHUNK)

    @property
    def staff_positions(self) -> int:
        """Desks in customer service; people come and go at them."""
        return int(np.clip(self.accounts // 60, 10, 2_000))

    @property
    def owners(self) -> int:
        """People in sales and customer success."""
        return int(np.clip(self.accounts // 80, 8, 3_000))

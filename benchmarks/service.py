"""A company with many cases and nothing else, to time what all service models take: `python -m benchmarks --service`.

40,000 cases, 475,000 changes of their fields and 106,000 messages over three years, as generic extracts: the size at which
figures for other packages of ticket metrics are known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

CASES = 40_000
CHANGES = 475_000
MESSAGES = 106_000
ACCOUNTS = 5_000
AGENTS = 120
# Of twelve changes of a case six are of its status and one of its priority.
CHANGED = (*("status",) * 6, *("assignment",) * 3, *("team",) * 2, "priority")
TEAMS = ("Front line", "Technical", "Billing", "Tax desk", "Partner desk")
START = np.datetime64("2023-07-01T00:00:00", "s")
SECONDS = 3 * 365 * 86_400
AS_OF = "2026-06-30"


def _labels(prefix: str, numbers: np.ndarray) -> pd.Series:
    return prefix + pd.Series(numbers).astype(str)


def write_company(landing: Path, seed: int = 7) -> None:
    """Accounts, agents, cases, their events and answers about them, one Parquet file each."""
    rng = np.random.default_rng(seed)
    created = np.sort(rng.integers(0, SECONDS, CASES))
    team = rng.integers(0, len(TEAMS), CASES)

    def instants(seconds: np.ndarray) -> pd.Series:
        return pd.Series(np.datetime_as_string(START + seconds.astype("timedelta64[s]"), unit="s")) + "Z"

    def pick(values: tuple[str, ...], count: int) -> np.ndarray:
        return np.array(values)[rng.integers(0, len(values), count)]

    tables: dict[str, pd.DataFrame] = {
        "accounts": pd.DataFrame(
            {
                "account_id": _labels("a", np.arange(ACCOUNTS)),
                "segment": pick(("Enterprise", "Mid-Market", "Small Business"), ACCOUNTS),
                "customer_type": pick(("business", "individual"), ACCOUNTS),
                "support_plan": pick(("basic", "standard", "premium"), ACCOUNTS),
                "updated_at": "2023-01-01T00:00:00Z",
            }
        ),
        "agents": pd.DataFrame(
            {
                "agent_id": _labels("g", np.arange(AGENTS)),
                "team": pick(TEAMS, AGENTS),
                "is_bot": "false",
                "hired_at": "2022-01-01T00:00:00Z",
            }
        ),
        "cases": pd.DataFrame(
            {
                "case_id": _labels("c", np.arange(CASES)),
                "account_id": _labels("a", rng.integers(0, ACCOUNTS, CASES)),
                "created_at": instants(created),
                "status": "open",
                "priority": pick(("low", "normal", "high", "urgent"), CASES),
                "channel": pick(("phone", "email", "chat", "web", "portal"), CASES),
                "topic": pick(("billing", "login", "reporting", "tax_filing", "how_to"), CASES),
                "product": pick(("Ledger", "Tax", "Payroll"), CASES),
                "case_type": pick(("question", "problem", "bug", "feature_request", "work_order"), CASES),
                "team": np.array(TEAMS)[team],
                "assignee_id": _labels("g", rng.integers(0, AGENTS, CASES)),
                "service_process": pick(("retail", "wholesale"), CASES),
                "updated_at": "2026-07-01T00:00:00Z",
            }
        ),
    }
    # Each case has its share of events, at random instants of its life, more of them early: half of the cases live for less
    # than a day, one in ten for longer than five.
    count = CASES + CHANGES + MESSAGES
    case = np.sort(np.concatenate([np.arange(CASES), rng.integers(0, CASES, CHANGES + MESSAGES)]))
    life = rng.lognormal(np.log(86_400), 1.25, CASES)
    at = created[case] + (life[case] * rng.random(count) ** 2).astype(np.int64)
    order = np.lexsort((at, case))
    case, at = case[order], at[order]
    first = np.concatenate([[True], case[1:] != case[:-1]])
    is_message = np.zeros(count, dtype=bool)
    is_message[rng.choice(np.flatnonzero(~first), MESSAGES, replace=False)] = True
    changed = np.array(CHANGED)[rng.integers(0, len(CHANGED), count)]
    said = np.array(("public_reply", "customer_reply", "internal_note"))[rng.integers(0, 3, count)]
    kind = np.where(is_message, said, changed)
    kind = np.where(first, "created", kind)
    # Most cases end: the last status is solved, or the last two are solved and closed; one change in twenty before solves a
    # case that comes back. The others of the newest month, and one in fifty, are still open.
    status_of = case[kind == "status"]
    changes_left = np.bincount(status_of, minlength=CASES)[status_of] - (
        np.arange(len(status_of)) - np.searchsorted(status_of, status_of)
    )
    ends = (created < SECONDS - 30 * 86_400) & (rng.random(CASES) < 0.98)
    closes = rng.random(CASES) < 0.9
    status = np.where(
        rng.random(len(status_of)) < 0.05, "solved", np.array(pick(("open", "pending", "on_hold"), len(status_of)))
    )
    last, last_but_one = ends[status_of] & (changes_left == 1), ends[status_of] & (changes_left == 2)
    status = np.where(last, np.where(closes[status_of], "closed", "solved"), status)
    status = np.where(last_but_one & closes[status_of], "solved", status)
    statuses = np.full(count, "", dtype=status.dtype)
    statuses[kind == "status"] = status
    to_value = np.select(
        [kind == "status", kind == "assignment", kind == "team", kind == "priority", kind == "created"],
        [
            statuses,
            _labels("g", rng.integers(0, AGENTS, count)).to_numpy(dtype=str),
            pick(TEAMS, count),
            pick(("low", "normal", "high", "urgent"), count),
            "new",
        ],
        default="",
    )
    at = np.where(first, created[case], np.minimum(at, SECONDS))
    actor = np.where((kind == "customer_reply") | first, "customer", "agent")
    tables["case_events"] = pd.DataFrame(
        {
            "event_id": _labels("e", np.arange(count)),
            "case_id": _labels("c", case),
            "occurred_at": instants(at),
            "event_type": kind,
            "actor_type": actor,
            "actor_id": np.where(actor == "agent", _labels("g", rng.integers(0, AGENTS, count)), ""),
            "to_value": to_value,
            "handle_seconds": np.where(
                kind == "public_reply", pd.Series(rng.integers(60, 1_800, count)).astype(str), ""
            ),
        }
    )
    answered = rng.choice(CASES, CASES // 4, replace=False)
    tables["survey_responses"] = pd.DataFrame(
        {
            "response_id": _labels("r", np.arange(len(answered))),
            "survey_type": "csat",
            "case_id": _labels("c", answered),
            "sent_at": instants(np.minimum(created[answered] + 8 * 86_400, SECONDS)),
            "responded_at": instants(np.minimum(created[answered] + 9 * 86_400, SECONDS)),
            "score": pd.Series(rng.integers(1, 6, len(answered))).astype(str),
        }
    )
    for name, table in tables.items():
        folder = landing / "generic" / name
        folder.mkdir(parents=True)
        table.astype(str).to_parquet(folder / f"{name}.parquet", index=False)

"""The voice marts of a sample company equal an independent recomputation, mostly from its raw files."""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import PROJECT, SAMPLE_AS_OF, Company

END = datetime.combine(SAMPLE_AS_OF, datetime.min.time()) + timedelta(days=1)
DIMENSIONS = (
    "segment", "region", "customer_type", "support_plan", "channel", "team", "topic", "service_process",
)  # fmt: skip
# From which answer an answer is good, and up to which it is bad.
BOUNDS = {
    ("nps", 0, 10): (9, 6),
    ("csat", 0, 1): (1, 0),
    ("csat", 1, 5): (4, 2),
    ("ces", 1, 7): (5, 3),
}
LETTERS = str.maketrans("đıłø", "dilo")

Cell = dict[str, int | float | Decimal | None]


@dataclass
class Answer:
    response_id: str
    survey_type: str
    sent_at: datetime | None
    responded_at: datetime | None
    score: Decimal | None
    scale: tuple[int, int]
    comment: str | None
    is_valid: bool
    dimensions: dict[str, str]

    @property
    def normalised(self) -> Fraction | None:
        low, high = self.scale
        if not self.is_valid or self.score is None:
            return None
        return Fraction(100) * (Fraction(self.score) - low) / (high - low)


def files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    assert found, f"nothing landed in {folder}"
    return found


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None) if text else None


def as_known(versions: Iterable[tuple[datetime | None, dict[str, Any]]]) -> dict[str, Any]:
    """The version with the newest cursor before the end of the as-of date, else the oldest of all."""
    ordered = sorted(versions, key=lambda version: version[0] or datetime.min)
    known = [row for cursor, row in ordered if (cursor or datetime.min) < END]
    return known[-1] if known else ordered[0][1]


def answer(
    response_id: str,
    survey_type: str,
    sent_at: datetime | None,
    responded_at: datetime | None,
    score: Decimal | None,
    scale: tuple[int, int],
    comment: str | None,
) -> Answer | None:
    """Nothing when it was neither asked nor answered by the as-of date; open when it was asked and answered later."""
    if min(at for at in (sent_at, responded_at) if at) >= END:
        return None
    if responded_at and responded_at >= END:
        responded_at, score, comment = None, None, None
    valid = (
        responded_at is not None
        and score is not None
        and scale[0] <= score <= scale[1]
        and (survey_type not in ("nps", "csat", "ces") or score % 1 == 0)
    )
    return Answer(response_id, survey_type, sent_at, responded_at, score, scale, comment or None, valid, {})


def qualtrics(landing: Path) -> Iterator[Answer | None]:
    rows: dict[str, list[tuple[datetime | None, dict[str, Any]]]] = defaultdict(list)
    for path in files(landing / "qualtrics" / "responses"):
        lines = list(csv.DictReader(text_of(path).splitlines(keepends=True)))
        for row in lines[2:]:
            rows[row["ResponseId"]].append((instant(row["RecordedDate"]), row))
    for response_id, versions in rows.items():
        row = as_known(versions)
        for question, scale in (("NPS", (0, 10)), ("CSAT", (1, 5)), ("CES", (1, 7))):
            if row[question]:
                yield answer(
                    f"qualtrics:{response_id}:{question.lower()}",
                    question.lower(),
                    None,
                    instant(row["RecordedDate"]),
                    Decimal(row[question]),
                    scale,
                    row["COMMENT"],
                )


def ratings(landing: Path) -> Iterator[Answer | None]:
    rows: dict[int, list[tuple[datetime | None, dict[str, Any]]]] = defaultdict(list)
    for path in files(landing / "zendesk" / "satisfaction_ratings"):
        for line in text_of(path).splitlines():
            for row in json.loads(line)["satisfaction_ratings"]:
                rows[row["id"]].append((instant(row["updated_at"]), row))
    scores = {"good": Decimal(1), "bad": Decimal(0)}
    for rating_id, versions in rows.items():
        row = as_known(versions)
        if row["score"] == "unoffered":
            continue
        answered = sorted(at for at, version in versions if at and version["score"] in scores)
        yield answer(
            f"zendesk:{rating_id}",
            "csat",
            instant(row["created_at"]),
            answered[0] if row["score"] in scores else None,
            scores.get(row["score"]),
            (0, 1),
            row["comment"],
        )


def generic(landing: Path) -> Iterator[Answer | None]:
    if not (landing / "generic" / "survey_responses").exists():
        return
    rows: dict[str, list[tuple[datetime | None, dict[str, Any]]]] = defaultdict(list)
    for path in files(landing / "generic" / "survey_responses"):
        for row in csv.DictReader(text_of(path).splitlines(keepends=True)):
            rows[row["response_id"]].append((instant(row.get("updated_at")), row))
    for response_id, versions in rows.items():
        row = as_known(versions)
        yield answer(
            response_id,
            row["survey_type"],
            instant(row["sent_at"]),
            instant(row["responded_at"]),
            Decimal(row["score"]) if row["score"] else None,
            (int(float(row["scale_min"])), int(float(row["scale_max"]))),
            row.get("comment"),
        )


@pytest.fixture(scope="module")
def marts(published_sample: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with published_sample.marts() as connection:
        yield connection


@pytest.fixture(scope="module")
def landed(published_sample: Company) -> list[Answer]:
    landing = published_sample.landing
    return [found for read in (qualtrics, ratings, generic) for found in read(landing) if found]


@pytest.fixture(scope="module")
def listed(marts: duckdb.DuckDBPyConnection) -> list[Answer]:
    """What fct_survey_responses lists, with the attributes that it gives."""
    rows = marts.execute(
        "select response_id, survey_type, sent_at, responded_at, score, scale_min, scale_max, comment, is_valid, "
        f"{', '.join(DIMENSIONS)} from marts.fct_survey_responses"
    ).fetchall()
    return [
        Answer(
            response_id=row[0],
            survey_type=row[1],
            sent_at=row[2],
            responded_at=row[3],
            score=row[4],
            scale=(int(row[5]), int(row[6])),
            comment=row[7],
            is_valid=row[8],
            dimensions=dict(zip(DIMENSIONS, row[9:], strict=True)),
        )
        for row in rows
    ]


def month(at: datetime) -> date:
    return at.date().replace(day=1)


def leading_scales(answers: list[Answer]) -> dict[str, tuple[int, int]]:
    counts: dict[str, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    for one in answers:
        if one.is_valid:
            counts[one.survey_type][one.scale] += 1
    return {kind: max(scales, key=lambda scale: (scales[scale], scale[1], scale[0])) for kind, scales in counts.items()}


def tallied(answers: list[Answer], places: list[tuple[str, str]] | None = None) -> dict[tuple[object, ...], Cell]:
    """The monthly table, by the total alone or by all dimensions as well."""
    leading = leading_scales(answers)
    sent: dict[tuple[object, ...], list[bool]] = defaultdict(list)
    scores: dict[tuple[object, ...], list[Answer]] = defaultdict(list)
    for one in answers:
        for dimension, value in [("all", "all"), *one.dimensions.items()]:
            if one.sent_at and one.sent_at < END:
                sent[month(one.sent_at), one.survey_type, dimension, value].append(one.is_valid)
            if one.is_valid:
                assert one.responded_at
                scores[month(one.responded_at), one.survey_type, dimension, value].append(one)
    cells: dict[tuple[object, ...], Cell] = {}
    for key in sent.keys() | scores.keys():
        kind = str(key[1])
        given = scores[key]
        ours = [one for one in given if one.scale == leading.get(kind)]
        points = [Fraction(one.score or 0) for one in ours]
        good_from, bad_to = BOUNDS.get((kind, *leading.get(kind, (0, 0))), (None, None))
        good = sum(point >= good_from for point in points) if good_from is not None else None
        bad = sum(point <= bad_to for point in points) if bad_to is not None else None
        count = len(points)
        cell: Cell = {
            "sent": len(sent[key]),
            "answered": sum(sent[key]),
            "responses": len(given),
            "response_rate": sum(sent[key]) / len(sent[key]) if sent[key] else None,
            "mean_responses": count,
            "mean_score": float(sum(points) / count) if count else None,
            "promoters": None, "passives": None, "detractors": None, "nps": None, "nps_margin_of_error": None,
            "csat_top_box_count": None, "csat_top_box_rate": None, "ces_mean": None, "ces_easy_rate": None,
        }  # fmt: skip
        if kind == "nps":
            assert good is not None
            assert bad is not None
            cell |= {"promoters": good, "passives": count - good - bad, "detractors": bad}
            if count:
                points_of_100 = Decimal(100 * (good - bad)) / count
                cell["nps"] = int(points_of_100.quantize(Decimal(1), ROUND_HALF_UP))
                for_us, against = good / count, bad / count
                cell["nps_margin_of_error"] = (
                    1.96 * 100 * math.sqrt((for_us + against - (for_us - against) ** 2) / count)
                )
        elif kind == "csat":
            cell["csat_top_box_count"] = good
            cell["csat_top_box_rate"] = (good or 0) / count if count else None
        elif kind == "ces":
            cell["ces_mean"] = cell["mean_score"]
            cell["ces_easy_rate"] = (good or 0) / count if count else None
        cells[key] = cell
    return cells


def published(marts: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> dict[tuple[object, ...], Cell]:
    names = list(columns)
    rows = marts.execute(
        f"select month, survey_type, dimension, dimension_value, {', '.join(names)} from marts.voice_of_customer_monthly"
    ).fetchall()
    return {row[:4]: dict(zip(names, row[4:], strict=True)) for row in rows}


def differing(found: dict[tuple[object, ...], Cell], expected: dict[tuple[object, ...], Cell]) -> list[object]:
    assert found.keys() == expected.keys()
    return [
        (key, name, found[key][name], value)
        for key, cell in expected.items()
        for name, value in cell.items()
        if found[key][name] != (value if value is None else pytest.approx(value, rel=1e-9))
    ]


def test_every_landed_answer_is_listed_as_it_was_given(landed: list[Answer], listed: list[Answer]) -> None:
    def facts(answers: list[Answer]) -> dict[str, tuple[object, ...]]:
        return {
            one.response_id: (one.survey_type, one.sent_at, one.responded_at, one.score, one.scale, one.is_valid)
            for one in answers
        }

    assert len(landed) > 3_000, "too small a sample to prove anything"
    assert facts(listed) == facts(landed)


def test_totals_equal_a_recomputation_from_the_landed_files(
    marts: duckdb.DuckDBPyConnection, landed: list[Answer]
) -> None:
    expected = tallied(landed)
    assert len(expected) > 90, "too small a sample to prove anything"
    columns = next(iter(expected.values()))
    totals = {key: cell for key, cell in published(marts, columns).items() if key[2] == "all"}
    assert differing(totals, expected) == []


def test_dimensions_equal_a_recomputation_from_the_list_of_answers(
    marts: duckdb.DuckDBPyConnection, listed: list[Answer]
) -> None:
    expected = tallied(listed)
    assert len(expected) > 2_000, "too small a sample to prove anything"
    assert differing(published(marts, next(iter(expected.values()))), expected) == []


def plain(text: str) -> str:
    """Lower case, without accents: only those of alphabets, not the marks that make another syllable in Japanese."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    bare = "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(LETTERS)


def test_themes_equal_a_recomputation_with_another_matcher(
    marts: duckdb.DuckDBPyConnection, landed: list[Answer]
) -> None:
    with (PROJECT / "seeds" / "feedback_themes.csv").open(encoding="utf-8") as seed:
        patterns = [
            (
                row["theme"],
                re.compile(
                    ("" if row["pattern"].startswith("*") else r"(?<![^\W_])")
                    + r"[\W_]+".join(map(re.escape, re.findall(r"[^\W_]+", plain(row["pattern"]))))
                    + ("" if row["pattern"].endswith("*") else r"(?![^\W_])")
                ),
            )
            for row in csv.DictReader(seed)
        ]
    themes_of: dict[str, set[str]] = {}
    mentions: dict[tuple[object, ...], list[Answer]] = defaultdict(list)
    for one in landed:
        if one.comment and one.responded_at:
            if one.comment not in themes_of:
                searched = plain(one.comment)
                themes_of[one.comment] = {theme for theme, pattern in patterns if pattern.search(searched)}
            for theme in themes_of[one.comment] or {"other"}:
                mentions[month(one.responded_at), one.survey_type, theme].append(one)
    assert len({key[2] for key in mentions}) > 6, "too few themes to prove anything"
    rows = marts.execute(
        "select month, survey_type, theme, mentions, mean_normalised_score, sample_response_id, sample_comment "
        "from marts.feedback_themes_monthly"
    ).fetchall()
    found = {row[:3]: row[3:] for row in rows}
    assert found.keys() == mentions.keys()
    for key, answers in mentions.items():
        scored = [one.normalised for one in answers if one.normalised is not None]
        sample = min(answers, key=lambda one: one.response_id)
        assert found[key] == (
            len(answers),
            pytest.approx(float(sum(scored) / len(scored)), abs=1e-5) if scored else None,
            sample.response_id,
            sample.comment,
        ), key


def wilson(successes: int, trials: int) -> tuple[float, float] | tuple[None, None]:
    """Wilson's interval, as the two roots of (share - p)² = z² p (1 - p) / n."""
    if not trials:
        return None, None
    share, z2 = successes / trials, 1.96**2
    a, b, c = 1 + z2 / trials, -(2 * share + z2 / trials), share**2
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def test_support_plans_equal_a_recomputation_from_published_tables(marts: duckdb.DuckDBPyConnection) -> None:
    start, last_day, follow_up = date(2025, 5, 1), date(2026, 4, 30), timedelta(days=90)
    gaps: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for account, left, returned in marts.execute(
        "select account_id, churned_on, returned_on from marts.fct_churn"
    ).fetchall():
        gaps[account].append((left, returned or date.max))
    since = dict(
        marts.execute(
            "select account_id, customer_since from marts.dim_accounts where customer_since is not null"
        ).fetchall()
    )
    cohort = marts.execute(
        "select support_plan, account_id, segment from marts.fct_mrr_movements where month = ? and opening_mrr > 0",
        [start],
    ).fetchall()
    lost = {account for account, spans in gaps.items() if any(start <= left <= last_day for left, _ in spans)}
    replies = marts.execute(
        "select support_plan, created_at, first_reply_seconds from marts.fct_cases "
        "where not is_deleted and not is_merged and cast(created_at as date) between ? and ?",
        [start, last_day],
    ).fetchall()
    contacts = marts.execute(
        "select support_plan, account_id, cast(responded_at as date), answer_group from marts.fct_survey_responses "
        "where is_valid and case_id is not null and survey_type in ('csat', 'nps') "
        "and cast(responded_at as date) between ? and ?",
        [start, last_day],
    ).fetchall()
    promises = {"premium": 3_600, "standard": 28_800, "basic": 86_400}
    by_segment: dict[str, list[bool]] = defaultdict(list)
    for _, account, segment in cohort:
        by_segment[segment].append(account in lost)
    segment_rate = {segment: Fraction(sum(left), len(left)) for segment, left in by_segment.items()}
    rows = marts.execute("select * from marts.support_plan_effect").fetchall()
    names = [column[0] for column in marts.description or []]
    assert {row[names.index("support_plan")] for row in rows} >= promises.keys()
    for row in rows:
        found = dict(zip(names, row, strict=True))
        plan = found["support_plan"]
        ours = [(account, segment) for its, account, segment in cohort if its == plan]
        churned = sum(account in lost for account, _ in ours)
        judged = [
            seconds is not None and seconds <= promises[plan]
            for its, created, seconds in replies
            if its == plan
            and plan in promises
            and (seconds is not None or (END - created).total_seconds() > promises[plan])
        ]
        expected: dict[str, object] = {
            "window_start": start,
            "window_end": last_day,
            "accounts": len(ours),
            "churned_accounts": churned,
            "promised_replies": len(judged),
            "replies_within_promise": sum(judged),
            "first_reply_within_promise_rate": sum(judged) / len(judged) if judged else None,
        }
        expected["churn_rate_low"], expected["churn_rate_high"] = wilson(churned, len(ours))
        expected["churn_rate_of_same_segments"] = (
            float(sum(segment_rate[segment] for _, segment in ours)) / len(ours) if ours else None
        )
        for group in ("good", "bad"):
            followed: dict[str, bool] = defaultdict(bool)
            for its, account, day, answered in contacts:
                if its != plan or answered != group or day + follow_up > SAMPLE_AS_OF or account not in since:
                    continue
                if day < since[account] or any(left <= day < returned for left, returned in gaps[account]):
                    continue
                followed[account] |= any(day < left <= day + follow_up for left, _ in gaps[account])
            left_after, seen = sum(followed.values()), len(followed)
            expected[f"{group}_contact_accounts"] = seen
            expected[f"churned_after_{group}_contact"] = left_after
            expected[f"churn_after_{group}_contact_rate"] = left_after / seen if seen else None
            low, high = wilson(left_after, seen)
            expected[f"churn_after_{group}_contact_rate_low"] = low
            expected[f"churn_after_{group}_contact_rate_high"] = high
        for name, value in expected.items():
            comparable = pytest.approx(value, abs=1e-8) if isinstance(value, float) else value
            assert found[name] == comparable, (plan, name)
    assert sum(found_row[names.index("good_contact_accounts")] for found_row in rows) > 50, "too few contacts"

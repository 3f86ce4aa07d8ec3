"""Checks on what landed, from ingestion's own accounting and the seed `quality_limits`. No Dagster here."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.loading import FileLoad
from orchestration.settings import SettingError
from orchestration.validation.results import CheckResult

FILES_ACCEPTED = "extract_files_accepted"
ROWS_RECONCILED = "extract_rows_reconciled"
QUARANTINE = "extract_quarantined_share"
SCHEMA = "extract_schema_unchanged"
CAST_FAILURES = "extract_cast_failure_share"
REFERENCES = "extract_references_resolved"
CONFLICTS = "extract_versions_unambiguous"
LANDED_CHECKS = {
    FILES_ACCEPTED: "Every landed file could be read as a whole; a refused file of a required object stops publication.",
    ROWS_RECONCILED: "Rows read = rows loaded + rows quarantined, for every file.",
    QUARANTINE: "The share of refused rows is within the seed quality_limits; any refused row is a warning.",
    SCHEMA: "No undeclared column arrived; one that did is kept in _extra.",
}
BUILD_CHECKS = {
    CAST_FAILURES: "The share of rows with a value that is not of its column's type is within the seed quality_limits.",
    REFERENCES: "Every reference leads to something that landed; others are listed in ops.orphans.",
    CONFLICTS: "No key has different versions with the same cursor; others are listed in ops.conflicts.",
}


@dataclass(frozen=True)
class QualityLimits:
    """Largest tolerated shares (0–1) per object, from seeds/quality_limits.csv; `*` stands for all others."""

    by_object: dict[tuple[str, str], tuple[float, float]]

    @classmethod
    def read(cls, path: Path) -> QualityLimits:
        """Raises SettingError naming file and row when a share is not a number between 0 and 1, or `*` is missing."""
        limits: dict[tuple[str, str], tuple[float, float]] = {}
        with path.open(encoding="utf-8", newline="") as handle:
            for number, row in enumerate(csv.DictReader(handle), start=2):
                try:
                    shares = float(row["max_quarantined_share"]), float(row["max_cast_failure_share"])
                    if not all(0 <= share <= 1 for share in shares):
                        raise ValueError
                except (KeyError, TypeError, ValueError):
                    raise SettingError(
                        f"{path}:{number}: {row} — max_quarantined_share and max_cast_failure_share must be numbers from 0 to 1"
                    ) from None
                limits[row["source"], row["object"]] = shares
        if ("*", "*") not in limits:
            raise SettingError(f"{path}: the default row (source *, object *) is missing")
        return cls(limits)

    def of(self, source: str, name: str) -> tuple[float, float]:
        """(largest share of quarantined rows, largest share of rows with a value that did not cast)."""
        for key in ((source, name), (source, "*"), ("*", "*")):
            if key in self.by_object:
                return self.by_object[key]
        raise AssertionError("unreachable: read() demands the default row")


def _share_result(name: str, target: str, found: int, total: int, limit: float, what: str, action: str) -> CheckResult:
    share = found / total if total else 0.0
    observed = f"{found:,} of {total:,} ({share:.2%})"
    if not found:
        return CheckResult(name, target, "critical", "passed", observed)
    beyond = share > limit
    return CheckResult(
        name,
        target,
        "critical" if beyond else "warning",
        "failed",
        observed,
        f"{observed} {what}; the seed quality_limits allows {limit:.2%}. {action}",
    )


def check_landed(
    declared: SourceObject, loads: list[FileLoad], limits: QualityLimits, accepted: Iterable[FileLoad] = ()
) -> list[CheckResult]:
    """Results for one object: `loads` are this run's files, `accepted` those the published version stands on.

    The quarantined share is taken over all rows of the object that the build stands on, so that one broken line in a
    small daily file is a warning, and the same share of everything is not.
    """
    target = declared.label
    refused = [load for load in loads if load.status == "refused"]
    results = [
        CheckResult(
            FILES_ACCEPTED,
            target,
            "critical" if declared.is_required else "warning",
            "failed" if refused else "passed",
            f"{len(refused)} of {len(loads)} files refused",
            "; ".join(load.detail for load in refused),
        )
    ]
    unbalanced = [load for load in loads if load.rows_read != load.rows_loaded + load.rows_quarantined]
    results.append(
        CheckResult(
            ROWS_RECONCILED,
            target,
            "critical",
            "failed" if unbalanced else "passed",
            f"{sum(load.rows_read for load in loads):,} rows read",
            "; ".join(
                f"{load.file_name}: {load.rows_read} read, {load.rows_loaded} loaded, {load.rows_quarantined} quarantined"
                for load in unbalanced
            ),
        )
    )
    stands_on = {load.file_sha256: load for load in [*accepted, *loads] if load.status == "loaded"}
    results.append(
        _share_result(
            QUARANTINE,
            target,
            sum(load.rows_quarantined for load in stands_on.values()),
            sum(load.rows_read for load in stands_on.values()),
            limits.of(declared.source, declared.name)[0],
            f"rows of {target} are quarantined",
            "Look at ops.quarantined_rows, mend the export and land it again, or raise the limit",
        )
    )
    undeclared = sorted({name for load in loads for name in load.undeclared_columns})
    missing = sorted({name for load in loads for name in load.missing_columns})
    parts = []
    if undeclared:
        parts.append(
            f"undeclared columns {', '.join(undeclared)} are kept in _extra; declare them at {declared.declared_at} to use them"
        )
    if missing:
        parts.append(f"declared columns {', '.join(missing)} are absent from some file and read as null there")
    results.append(
        CheckResult(
            SCHEMA,
            target,
            "warning",
            "failed" if undeclared else "passed",
            f"{len(undeclared)} undeclared, {len(missing)} missing",
            "; ".join(parts),
        )
    )
    return results


def check_build(
    database: Path, declarations: list[SourceObject], files: Iterable[FileLoad], limits: QualityLimits
) -> list[CheckResult]:
    """Judge what the build listed in schema ops: values that did not cast, references to nothing, tied versions."""
    loaded: Counter[tuple[str, str]] = Counter()
    for load in files:
        loaded[load.source, load.object] += load.rows_loaded
    with duckdb.connect(str(database), read_only=True) as connection:
        failures = {
            (row[0], row[1]): row[2:]
            for row in connection.execute(
                """select source, object, count(distinct row_key || chr(31) || coalesce(file_name, '') || line_number),
                    string_agg(distinct column_name, ', ' order by column_name)
                from ops.cast_failures group by all"""
            ).fetchall()
        }
        orphans = {
            (row[0], row[1]): row[2:]
            for row in connection.execute(
                """select source, object, count(*), string_agg(distinct column_name, ', ' order by column_name), min(referred_id)
                from ops.orphans group by all"""
            ).fetchall()
        }
        conflicts = {
            (row[0], row[1]): row[2:]
            for row in connection.execute(
                "select source, object, count(*), min(row_key) from ops.conflicts group by all"
            ).fetchall()
        }
    results = []
    for declared in declarations:
        key = (declared.source, declared.name)
        found, columns = failures.get(key, (0, ""))
        results.append(
            _share_result(
                CAST_FAILURES,
                declared.label,
                int(found),
                loaded[key],
                limits.of(*key)[1],
                f"rows hold a value that is not of its column's type (columns {columns})",
                "Look at ops.cast_failures, mend the export and land it again, or raise the limit",
            )
        )
        count, columns, example = orphans.get(key, (0, "", ""))
        results.append(
            _warning(
                REFERENCES,
                declared.label,
                int(count),
                f"row(s) refer (in {columns}) to something that never landed, such as {example}; see ops.orphans",
            )
        )
        count, example = conflicts.get(key, (0, ""))
        results.append(
            _warning(
                CONFLICTS,
                declared.label,
                int(count),
                f"key(s) have different versions with the same cursor, such as {example}; see ops.conflicts",
            )
        )
    return results


def _warning(name: str, target: str, count: int, what: str) -> CheckResult:
    if not count:
        return CheckResult(name, target, "warning", "passed", "0 found")
    return CheckResult(name, target, "warning", "failed", f"{count:,} found", f"{count:,} {what}")

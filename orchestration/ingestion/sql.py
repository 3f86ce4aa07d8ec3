"""Rows of a landed file as a DuckDB query over the declared columns: what every format's reader hands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.delimited import BrokenRow


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"


@dataclass
class Rows:
    """`sql` gives the declared columns as text (null when empty), `_extra`, `_line_number` (null: count from `first_line`).

    `expected` rows must come out of it; when fewer do, `retry` gives the rows again by the careful way, and the missing
    ones are those without a required value. `text_column` or `text_at` give the text of a refused row.
    """

    sql: str
    expected: int | None = None
    first_line: int = 1
    broken: list[BrokenRow] = field(default_factory=list)
    undeclared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    text_column: str = "cast(null as varchar)"
    text_at: Callable[[set[int]], dict[int, str]] | None = None
    retry: Callable[[], Rows] | None = None
    absent_columns: list[str] = field(default_factory=list)
    note: str = ""

    @classmethod
    def none(cls, declared: SourceObject, note: str) -> Rows:
        """No rows, in the declared shape."""
        values = ", ".join(f"cast(null as varchar) as {identifier(name)}" for name in declared.column_names)
        return cls(
            f"select {values}, cast(null as varchar) as _extra, cast(null as bigint) as _line_number where false",
            expected=0,
            note=note,
        )

    @classmethod
    def tabular(
        cls,
        declared: SourceObject,
        names: tuple[str, ...],
        relation: str,
        line_number: str = "cast(null as bigint)",
        expected: int | None = None,
        first_line: int = 1,
        broken: list[BrokenRow] | None = None,
        text_at: Callable[[set[int]], dict[int, str]] | None = None,
        retry: Callable[[], Rows] | None = None,
        note: str = "",
    ) -> Rows:
        """Rows of `relation`, whose columns carry the header's `names`, mapped onto the declaration."""
        found = {declared.by_header.get(name.lower()): name for name in names}
        values = [
            f"nullif({identifier(found[name])}, '') as {identifier(name)}"
            if name in found
            else f"cast(null as varchar) as {identifier(name)}"
            for name in declared.column_names
        ]
        extra = [name for name in names if name.lower() not in declared.by_header]
        members = ", ".join(f"{literal(name)}, nullif({identifier(name)}, '')" for name in extra)
        # merge_patch drops the nulls: a column that is empty in every row leaves no trace in the row's content
        extra_sql = (
            f"nullif(cast(json_merge_patch('{{}}', json_object({members})) as varchar), '{{}}')"
            if extra
            else "cast(null as varchar)"
        )
        whole_row = ", ".join(f"{literal(name)}, {identifier(name)}" for name in names)
        return cls(
            f"select {', '.join(values)}, {extra_sql} as _extra, {line_number} as _line_number,"
            f" cast(json_object({whole_row}) as varchar) as _row_text from ({relation})",
            expected=expected,
            first_line=first_line,
            broken=broken or [],
            undeclared=()
            if declared.expects_extra_columns
            else tuple(n for n in extra if not n.startswith("unnamed_")),
            missing=tuple(name for name in declared.column_names if name not in found),
            text_column="_row_text",
            text_at=text_at,
            retry=retry,
            note=note,
        )

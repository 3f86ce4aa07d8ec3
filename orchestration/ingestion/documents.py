"""JSON: page files of vendors' export interfaces, arrays, single records, and one record or page a line."""

from __future__ import annotations

import codecs
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.delimited import BrokenRow, count_lines
from orchestration.ingestion.files import CHUNK_BYTES, PlainFile, RefusedFile
from orchestration.ingestion.sql import Rows, identifier, literal

LOGGER = logging.getLogger("evergreen.ingestion")
# Salesforce's tree form wraps its records so; the declared key of a vendor's pages comes first.
COMMON_RECORDS_KEY = "records"
LARGEST_OBJECT_BYTES = 16 << 20
# Stands for a byte that is not UTF-8; a noncharacter, so no text holds it, and the record that does is refused.
BAD_BYTE = "\ufdd0"

codecs.register_error("evergreen_bad_byte", lambda error: (BAD_BYTE, error.end))  # type: ignore[attr-defined]


def is_one_record_a_line(path: Path) -> bool:
    """Whether a .json file holds JSON lines: its first line is a whole value and another line follows."""
    with path.open("rb") as handle:
        first = handle.readline(LARGEST_OBJECT_BYTES).strip()
        while not first:
            line = handle.readline(LARGEST_OBJECT_BYTES)
            if not line:
                return False
            first = line.strip()
        if not first.startswith(b"{") or not first.endswith(b"}"):
            return False
        try:
            json.loads(first)
        except ValueError:
            return False
        return any(line.strip() for line in handle)


@dataclass(frozen=True)
class _Contents:
    """What a query of JSON values holds: how many, how many are whole objects, and the keys those have."""

    total: int
    whole: int
    keys: frozenset[str]


def _is_whole(has_bad_bytes: bool) -> str:
    is_object = "json_type(document) = 'OBJECT'"
    return (
        f"{is_object} and not contains(cast(document as varchar), {literal(BAD_BYTE)})" if has_bad_bytes else is_object
    )


def _contents(connection: duckdb.DuckDBPyConnection, documents: str, is_whole: str) -> _Contents:
    found = connection.execute(
        f"""select coalesce({is_whole}, false) as is_whole,
            case when json_type(document) = 'OBJECT' then json_keys(document) end as keys, count(*)
        from ({documents}) group by all"""
    ).fetchall()
    return _Contents(
        total=sum(count for _, _, count in found),
        whole=sum(count for whole, _, count in found if whole),
        keys=frozenset(key for _, keys, _ in found for key in keys or ()),
    )


def _sources_of(declared: SourceObject, keys: frozenset[str]) -> dict[str, list[str]]:
    """Declared column → the names it has in these records; an alias with dots leads into nested objects."""
    return {
        column.name: [name for name in (column.name, *column.aliases) if name in keys or name.split(".")[0] in keys]
        for column in declared.columns
    }


def _undeclared_keys(declared: SourceObject, keys: frozenset[str]) -> list[str]:
    names = {name for column in declared.columns for name in (column.name, *column.aliases)}
    return sorted(keys - names)


def _whole_files_of_records(path: Path, declared: SourceObject, contents: _Contents) -> Rows:
    """One record a line, all of them whole, no undeclared keys: DuckDB's reader takes the columns out as it parses."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in declared.column_names)
    values = ", ".join(f"nullif({identifier(name)}, '') as {identifier(name)}" for name in declared.column_names)
    return Rows(
        f"select {values}, cast(null as varchar) as _extra, cast(null as bigint) as _line_number"
        f" from read_json({literal(path)}, format = 'newline_delimited', columns = {{{columns}}},"
        f" maximum_object_size = {LARGEST_OBJECT_BYTES})",
        expected=contents.total,
        missing=tuple(name for name in declared.column_names if name not in contents.keys),
    )


def _rows(
    connection: duckdb.DuckDBPyConnection,
    declared: SourceObject,
    documents: str,
    broken: list[BrokenRow],
    number_records: bool = False,
    has_bad_bytes: bool = False,
) -> Rows:
    """Rows of `documents`, a query of (document JSON, line BIGINT), each document a page or a record."""
    conditions = [
        (f"json_type(document, {path}) = 'ARRAY'", f"from_json(json_extract(document, {path}), '[\"JSON\"]')")
        for path in (literal(f"$.{identifier(key)}") for key in dict.fromkeys((declared.records, COMMON_RECORDS_KEY)))
    ]
    members = " ".join(f"when {condition} then {records}" for condition, records in conditions)
    records = f"select unnest(case {members} else [document] end) as document, line from ({documents})"
    if number_records:
        records = f"select document, row_number() over () as line from ({records})"
    is_whole = _is_whole(has_bad_bytes)
    contents = _contents(connection, records, is_whole)
    if contents.total != contents.whole:
        broken = broken + [
            BrokenRow(
                line,
                "bytes that are not valid UTF-8" if BAD_BYTE in text else "not a JSON object",
                text.replace(BAD_BYTE, "\N{REPLACEMENT CHARACTER}"),
            )
            for line, text in connection.execute(
                f"select line, coalesce(cast(document as varchar), 'null') from ({records})"
                f" where not coalesce({is_whole}, false) order by line"
            ).fetchall()
        ]
    sources = _sources_of(declared, contents.keys)
    plain = {name for names in sources.values() for name in names if name in contents.keys}
    shape = "{" + ", ".join(f'{json.dumps(name)}: "VARCHAR"' for name in sorted(plain)) + "}"

    def value(name: str) -> str:
        if name in plain:
            return f"found.{identifier(name)}"
        path = "$." + ".".join(identifier(part) for part in name.split("."))
        return f"json_extract_string(document, {literal(path)})"

    values = ", ".join(
        f"nullif(coalesce({', '.join(map(value, names))}), '') as {identifier(column)}"
        if names
        else f"cast(null as varchar) as {identifier(column)}"
        for column, names in sources.items()
    )
    extra = "cast(null as varchar)"
    if _undeclared_keys(declared, contents.keys):
        remove = json.dumps(dict.fromkeys(sorted(plain)))
        extra = f"nullif(cast(json_merge_patch(document, {literal(remove)}) as varchar), '{{}}')"
    found = f"json_transform(document, {literal(shape)})" if plain else "null"
    absent = [name for name in declared.required_columns if not sources[name]]
    return Rows(
        f"""select {values}, {extra} as _extra, line as _line_number, cast(document as varchar) as _row_text
        from (select document, line, {found} as found from ({records}) where {is_whole})""",
        expected=contents.whole,
        broken=broken,
        missing=tuple(name for name, names in sources.items() if not names),
        text_column="_row_text",
        absent_columns=absent if contents.whole else [],
    )


def read_document(
    connection: duckdb.DuckDBPyConnection, plain: PlainFile, declared: SourceObject, scratch: Path
) -> Rows:
    """A .json file that is one document: a page, an array of records, or one record. Raises RefusedFile when cut off."""
    path = plain.path
    if plain.has_bad_bytes:
        path = scratch / "marked"
        decoder = codecs.getincrementaldecoder("utf-8")("evergreen_bad_byte")
        with plain.path.open("rb") as reader, path.open("wb") as writer:
            while chunk := reader.read(CHUNK_BYTES):
                writer.write(decoder.decode(chunk).encode("utf-8"))
            writer.write(decoder.decode(b"", final=True).encode("utf-8"))
    with path.open("rb") as handle:
        start = handle.read(CHUNK_BYTES).lstrip()[:1]
    if not start:
        return Rows.none(declared, note="empty file")
    if start not in (b"{", b"["):
        raise RefusedFile("is not a JSON document; expected an object or an array of records. Check what was exported")
    layout = "array" if start == b"[" else "unstructured"
    size = max(LARGEST_OBJECT_BYTES, path.stat().st_size + 1)
    source = (
        "select json as document, cast(1 as bigint) as line from read_json_objects("
        f"{literal(path)}, format = '{layout}', maximum_object_size = {size})"
    )
    try:
        return _rows(connection, declared, source, [], number_records=True, has_bad_bytes=plain.has_bad_bytes)
    except duckdb.InvalidInputException as error:
        raise RefusedFile(
            f"is not a whole JSON document ({str(error).splitlines()[0][:200]}); nothing of it was loaded. Land the whole file again"
        ) from None


def _sieve(plain: PlainFile, target: Path) -> list[BrokenRow]:
    """Copy the lines that are JSON objects to `target` with their numbers; return the others. Blank lines are skipped."""
    broken: list[BrokenRow] = []
    with plain.path.open("rb") as reader, target.open("wb") as writer:
        for number, line in enumerate(reader, start=1):
            text = line.strip()
            if not text:
                continue
            try:
                decoded = text.decode("utf-8")
                json.loads(decoded)
            except UnicodeDecodeError:
                broken.append(
                    BrokenRow(number, "bytes that are not valid UTF-8", text.decode("utf-8", "backslashreplace"))
                )
            except ValueError as error:
                broken.append(BrokenRow(number, f"not JSON: {error}", decoded))
            else:
                writer.write(b'{"line":%d,"document":%s}\n' % (number, text))
    return broken


def read_lines(connection: duckdb.DuckDBPyConnection, plain: PlainFile, declared: SourceObject, scratch: Path) -> Rows:
    """One record or page a line. A line that is not JSON is broken alone."""
    lines = count_lines(plain.path)
    if not lines:
        return Rows.none(declared, note="empty file")
    if not plain.has_bad_bytes:
        reader = (
            f"read_json_objects({literal(plain.path)}, format = 'newline_delimited',"
            f" maximum_object_size = {LARGEST_OBJECT_BYTES})"
        )
        try:
            contents = _contents(connection, f"select json as document from {reader}", _is_whole(False))
            is_paged = bool(contents.keys & {declared.records, COMMON_RECORDS_KEY})
            has_more = bool(_undeclared_keys(declared, contents.keys))
            lacks_required = not contents.keys.issuperset(declared.required_columns)
            if contents.total == lines == contents.whole:
                if not (is_paged or has_more or lacks_required):
                    return _whole_files_of_records(plain.path, declared, contents)
                numbered = f"select json as document, row_number() over () as line from {reader}"
                return _rows(connection, declared, numbered, [])
        except duckdb.InvalidInputException as error:
            LOGGER.debug("%s: looking at each line: %s", plain.path.name, error)
    clean = scratch / "whole_lines"
    broken = _sieve(plain, clean)
    size = max(LARGEST_OBJECT_BYTES, clean.stat().st_size + 1)
    careful = (
        f"select document, line from read_json({literal(clean)}, format = 'newline_delimited',"
        f" columns = {{line: 'BIGINT', document: 'JSON'}}, maximum_object_size = {size})"
    )
    return _rows(connection, declared, careful, broken)

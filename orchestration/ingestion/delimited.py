"""Delimited text: which delimiter, which header, and which rows are whole.

DuckDB reads a clean file directly. Only a file that DuckDB's strict reader will not take goes through `sieve`, which
writes its whole records to a clean copy and hands back the broken ones, so that a broken record costs itself alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.files import RefusedFile

DELIMITERS = (",", ";", "\t", "|")
# A record that opens a quote and does not close it within so many lines is taken as unterminated, not as a long text.
LONGEST_RECORD_LINES = 10_000
HEADER_BYTES = 4 << 20
GENERIC_NAME = re.compile(r"V\d+")
csv.field_size_limit(HEADER_BYTES)


@dataclass(frozen=True)
class Header:
    """`names` as found, one per field; `lines` counts the physical lines that the header records take."""

    delimiter: str
    names: tuple[str, ...]
    lines: int


@dataclass(frozen=True)
class BrokenRow:
    line_number: int
    reason: str
    text: str


@dataclass(frozen=True)
class Sieved:
    """`rows` whole records stand in `path`, each with its line number as first field; `broken` are the others.

    `longest` is the size of the longest whole record in bytes.
    """

    path: Path
    rows: int
    longest: int
    broken: list[BrokenRow]


def read_header(path: Path, declared: SourceObject) -> Header | None:
    """The header of a UTF-8 delimited file, or None when the file is empty.

    The delimiter is the one under which most header fields are declared columns. Some systems (Qualtrics' legacy layout)
    put generic names (`V1`) in the first record and the true ones in the second; the true ones are taken.
    Raises RefusedFile when a column stands twice or a required column is missing.
    """
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
    text = head.decode("utf-8", "replace")
    skipped = len(text) - len(text.lstrip("\r\n"))
    blank_lines = text[:skipped].count("\n")
    text = text[skipped:]
    if not text.strip():
        return None

    def first_records(delimiter: str) -> tuple[list[list[str]], list[int]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        records, ends = [], []
        for record in islice(reader, declared.header_rows):
            records.append(record)
            ends.append(reader.line_num)
        return records, ends

    def known(names: list[str]) -> int:
        return sum(name.strip().lower() in declared.by_header for name in names)

    best, found, delimiter = -1, None, ","
    for candidate in DELIMITERS:
        records, ends = first_records(candidate)
        rank = max(known(record) for record in records)
        if rank > best:
            best, found, delimiter = rank, (records, ends), candidate
    assert found is not None
    records, ends = found
    header_rows = declared.header_rows
    names = records[0]
    if header_rows > 1 and len(records) > 1 and known(records[0]) < known(records[1]):
        names = [
            second if GENERIC_NAME.fullmatch(first) else first
            for first, second in zip(records[0], records[1], strict=False)
        ]
        header_rows = 2
    names = [name.strip() or f"unnamed_{index}" for index, name in enumerate(names, start=1)]
    check_header(names, declared)
    return Header(delimiter, tuple(names), blank_lines + ends[min(header_rows, len(ends)) - 1])


def check_header(names: list[str], declared: SourceObject) -> None:
    """Raises RefusedFile when a column stands twice or a required column is missing."""
    targets = [declared.by_header.get(name.lower(), name.lower()) for name in names]
    twice = sorted({name for name, target in zip(names, targets, strict=True) if targets.count(target) > 1})
    if twice:
        raise RefusedFile(
            f"has the column {', '.join(twice)} more than once in its header; export it with each column once"
        )
    missing = [column for column in declared.required_columns if column not in targets]
    if missing:
        raise RefusedFile(
            f"lacks the required column {', '.join(missing)}; found: {', '.join(names)[:500]}. "
            f"Export it with that column, or declare the name in use as an alias at {declared.declared_at}"
        )


def _record_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """One field: quoted (group 1) or unquoted (group 2; quotes inside are literal), then the delimiter or the end."""
    mark = re.escape(delimiter)
    return re.compile(rb'(?:"((?:[^"]|"")*)"|((?!")[^' + mark + rb"]*))(" + mark + rb"|\Z)")


def _split(record: bytes, pattern: re.Pattern[bytes]) -> list[bytes] | None:
    """The fields of one record, or None when a quote is not closed or is followed by other text."""
    fields: list[bytes] = []
    position = 0
    while True:
        match = pattern.match(record, position)
        if match is None:
            return None
        quoted = match.group(1)
        fields.append(match.group(2) if quoted is None else quoted.replace(b'""', b'"'))
        position = match.end()
        if not match.group(3):
            return fields


def _opens_quote(record: bytes, pattern: re.Pattern[bytes]) -> bool:
    """Whether the record ends inside a quoted field (so that the next line may continue it)."""
    position = 0
    while match := pattern.match(record, position):
        if not match.group(3):
            return False
        position = match.end()
    return record[position : position + 1] == b'"' and record.count(b'"', position) % 2 == 1


def _quoted(field: bytes) -> bytes:
    return b'"' + field.replace(b'"', b'""') + b'"'


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Lines:
    """Physical lines with one-based numbers and look-ahead. Line ends are taken off; a final unended line counts."""

    def __init__(self, path: Path, skip: int) -> None:
        self._handle = path.open("rb")
        self._ahead: list[tuple[bytes, bytes]] = []
        self.number = skip
        for _ in range(skip):
            self._handle.readline()

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def peek(self, index: int) -> tuple[bytes, bytes] | None:
        """(text, line end) of the line `index` places ahead, or None after the last."""
        while len(self._ahead) <= index:
            line = self._handle.readline()
            if not line:
                return None
            end = b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""
            self._ahead.append((line[: len(line) - len(end)], end))
        return self._ahead[index]

    def take(self, count: int) -> None:
        del self._ahead[:count]
        self.number += count


def _fault(fields: list[bytes] | None, width: int) -> str:
    if fields is None:
        return "a quote is not closed, or text follows a closing quote"
    return f"{len(fields)} fields where the header has {width}"


def _records(
    lines: _Lines, header: Header, check_bytes: bool
) -> Iterator[tuple[int, list[bytes] | None, bytes, str | None]]:
    """(line number, fields, text, fault) for each record; fields is None where the text can be written as it stands."""
    delimiter = header.delimiter.encode()
    pattern = _record_pattern(delimiter)
    width = len(header.names)
    while (line := lines.peek(0)) is not None:
        text, end = line
        number = lines.number + 1
        if not text.strip(b" \r") or (width > 1 and not text.strip(b" \t\r")):
            lines.take(1)
            continue
        if check_bytes and not _is_utf8(text):
            lines.take(1)
            yield number, None, text, "bytes that are not valid UTF-8"
            continue
        if b'"' not in text and b"\r" not in text:
            lines.take(1)
            found = text.count(delimiter) + 1
            yield number, None, text, None if found == width else f"{found} fields where the header has {width}"
            continue
        fields = _split(text, pattern)
        used = 1
        if fields is None and _opens_quote(text, pattern):
            # Look for the closing quote further down; without a whole record there, only this line is broken.
            joined = text + end
            while used < LONGEST_RECORD_LINES and (following := lines.peek(used)) is not None:
                used += 1
                if b'"' not in following[0]:
                    joined += following[0] + following[1]
                    continue
                candidate = joined + following[0]
                fields = _split(candidate, pattern)
                if fields is not None or not _opens_quote(candidate, pattern):
                    text = candidate if fields is not None else text
                    break
                joined = candidate + following[1]
            if fields is None:
                used = 1
            elif len(fields) != width:
                following = lines.peek(1)
                alone = _split(following[0], pattern) if following else None
                if alone is not None and len(alone) == width:
                    fields, used, text = None, 1, line[0]
        lines.take(used)
        if fields is not None and len(fields) == width:
            if check_bytes and not _is_utf8(text):
                yield number, None, text, "bytes that are not valid UTF-8"
            else:
                yield number, fields, text, None
        else:
            yield number, None, text, _fault(fields, width)


def sieve(path: Path, header: Header, check_bytes: bool, target: Path) -> Sieved:
    """Copy the whole records of `path` to `target`, comma-separated with the line number first; collect the others."""
    rows = longest = 0
    broken: list[BrokenRow] = []
    mark = header.delimiter.encode()
    with _Lines(path, header.lines) as lines, target.open("wb") as sink:
        for number, fields, text, fault in _records(lines, header, check_bytes):
            if fault is not None:
                broken.append(BrokenRow(number, fault, text.decode("utf-8", "backslashreplace")))
                continue
            rows += 1
            body = text if fields is None else mark.join(_quoted(field) for field in fields)
            sink.write(b"%d%s%s\n" % (number, mark, body))
            longest = max(longest, len(body))
    return Sieved(target, rows, longest, broken)


def lines_at(path: Path, numbers: set[int]) -> dict[int, str]:
    """The physical lines with these one-based numbers, as text."""
    found: dict[int, str] = {}
    last = max(numbers, default=0)
    with path.open("rb") as handle:
        for number, line in enumerate(islice(handle, last), start=1):
            if number in numbers:
                found[number] = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    return found


def count_lines(path: Path) -> int:
    """Physical lines, a last one without a line end included."""
    total, last = 0, b"\n"
    with path.open("rb") as handle:
        while chunk := handle.read(4 << 20):
            total += chunk.count(b"\n")
            last = chunk[-1:]
    return total + (last != b"\n")

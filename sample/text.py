"""Columns of text, built without a Python loop per row.

Every function takes whole columns (NumPy arrays) and returns an Arrow string array of the same length. A file's rows
are one Arrow string array whose values end in a newline: its data buffer *is* the file's bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Array: TypeAlias = npt.NDArray[Any]
Text: TypeAlias = "pa.StringArray"

SECONDS_PER_DAY = 86_400
_FIRST_DAY = int(np.datetime64("2015-01-01", "D").astype(int))
_LAST_DAY = int(np.datetime64("2035-01-01", "D").astype(int))


def _digits(texts: Sequence[str]) -> Array:
    """One row of bytes per text; all texts have the same length."""
    return np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(len(texts), -1)


_DATES = _digits([str(day) for day in np.arange(_FIRST_DAY, _LAST_DAY).astype("datetime64[D]")])
_CLOCK = _digits([f"{second // 60:02d}:{second % 60:02d}" for second in range(3600)])
_HOURS = _digits([f"{hour:02d}" for hour in range(24)])
_BASE62 = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_CHECKSUM = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)


def fixed_width(matrix: Array) -> Text:
    """Text from a matrix of bytes, one row per value, all values of the same width."""
    count, width = matrix.shape
    offsets = (np.arange(count + 1, dtype=np.int64) * width).astype(np.int32)
    data = np.ascontiguousarray(matrix, dtype=np.uint8)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))


def whole_column(values: Array) -> pa.Array:
    """Integers as an Arrow column. `pa.array` would do, but it imports pandas, which takes longer than most runs."""
    values = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def flag_column(values: Array) -> pa.Array:
    """Booleans as an Arrow column."""
    values = np.asarray(values, dtype=bool)
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])


def word_column(words: Sequence[str]) -> Text:
    """A few texts as an Arrow column."""
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *(len(word) for word in encoded)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def dates(days: Array) -> Text:
    """`YYYY-MM-DD` from days since 1970-01-01."""
    return fixed_width(_DATES[np.asarray(days, dtype=np.int64) - _FIRST_DAY])


def instants(seconds: Array, separator: str = "T", ending: str = "Z") -> Text:
    """`YYYY-MM-DD<separator>HH:MM:SS<ending>` from seconds since 1970-01-01 UTC."""
    seconds = np.asarray(seconds, dtype=np.int64)
    days, clock = np.divmod(seconds, SECONDS_PER_DAY)
    hours, rest = np.divmod(clock, 3600)
    tail = ending.encode("ascii")
    matrix = np.empty((len(seconds), 19 + len(tail)), dtype=np.uint8)
    matrix[:, :10] = _DATES[days - _FIRST_DAY]
    matrix[:, 10] = ord(separator)
    matrix[:, 11:13] = _HOURS[hours]
    matrix[:, 13] = ord(":")
    matrix[:, 14:19] = _CLOCK[rest]
    matrix[:, 19:] = np.frombuffer(tail, dtype=np.uint8)
    return fixed_width(matrix)


def salesforce_ids(prefix: str, numbers: Array) -> Text:
    """The 18-character record ids that Salesforce exports: 15 case-sensitive characters and a checksum of three."""
    numbers = np.asarray(numbers, dtype=np.int64)
    matrix = np.empty((len(numbers), 18), dtype=np.uint8)
    matrix[:, :7] = np.frombuffer((prefix + "8d00").encode("ascii"), dtype=np.uint8)
    rest = numbers.copy()
    for position in range(14, 6, -1):
        rest, digit = np.divmod(rest, 62)
        matrix[:, position] = _BASE62[digit]
    upper = (matrix[:, :15] >= ord("A")) & (matrix[:, :15] <= ord("Z"))
    weights = np.array([1, 2, 4, 8, 16])
    for block in range(3):
        matrix[:, 15 + block] = _CHECKSUM[upper[:, 5 * block : 5 * block + 5] @ weights]
    return fixed_width(matrix)


def numbers(values: Array) -> Text:
    """Whole numbers as text."""
    return whole_column(values).cast(pa.string())


def decimals(minor_units: Array, places: Array) -> Text:
    """Amounts from minor units (cents, or yen where `places` is 0), in the places of their currency."""
    minor_units = np.asarray(minor_units, dtype=np.int64)
    whole = numbers(minor_units)
    cents = fixed_width(_CLOCK_LIKE[np.mod(minor_units, 100)])
    with_cents = join(numbers(minor_units // 100), ".", cents)
    return pc.if_else(flag_column(np.asarray(places) == 0), whole, with_cents)


_CLOCK_LIKE = _digits([f"{cents:02d}" for cents in range(100)])


def flags(values: Array) -> Text:
    """`true` / `false`."""
    return choose(["false", "true"], np.asarray(values, dtype=np.int8))


def choose(words: Sequence[str], positions: Array) -> Text:
    """The word at each position."""
    return word_column(words).take(whole_column(positions))


def take(text: Text, positions: Array) -> Text:
    """The values of `text` at `positions`."""
    return text.take(whole_column(positions))


def scalar(part: Text | str) -> pa.Scalar:
    """A single text as an Arrow value; columns as they are."""
    return word_column([part])[0] if isinstance(part, str) else part


def where(present: Array, text: Text | str, otherwise: Text | str = "") -> Text:
    """`text` where present, else `otherwise` (empty)."""
    return pc.if_else(flag_column(present), scalar(text), scalar(otherwise))


def constant(value: str, count: int) -> Text:
    """The same value, `count` times."""
    return choose([value], np.zeros(count, dtype=np.int8))


def join(*parts: Text | str, separator: str = "") -> Text:
    """Values side by side; at least one part is a column."""
    return pc.binary_join_element_wise(*(scalar(part) for part in parts), scalar(separator))


def concatenate(texts: Sequence[Text]) -> Text:
    """One column after another."""
    return pa.concat_arrays(list(texts)) if texts else word_column([])


def csv_escape(text: Text) -> Text:
    """Doubles the quotes of a value that will stand between quotes."""
    return pc.replace_substring(text, '"', '""')


def quoted_csv(columns: Sequence[Text]) -> Text:
    """CSV rows with every value between quotes; values must be escaped already where they can hold a quote."""
    return join('"', join(*columns, separator='","'), '"\n')


def plain_csv(columns: Sequence[Text]) -> Text:
    """CSV rows whose values need no quotes."""
    return join(join(*columns, separator=","), "\n")


def json_string(value: str) -> str:
    """A JSON string literal without its quotes."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def in_quotes(text: Text) -> Text:
    """JSON strings from texts that need no escaping, or have it."""
    return join('"', text, '"')


def json_object(fields: Mapping[str, Text | str]) -> Text:
    """A JSON object per row. Values are JSON already: a column, or a text that is the same in all rows."""
    parts: list[Text | str] = []
    literal = "{"
    for position, (name, value) in enumerate(fields.items()):
        literal += f'{"," if position else ""}"{name}":'
        if isinstance(value, str):
            literal += value
        else:
            parts += [literal, value]
            literal = ""
    return join(*parts, literal + "}")


def json_escape(text: Text) -> Text:
    """Escapes names for JSON: they hold no character that needs it but the quote."""
    return pc.replace_substring(text, '"', '\\"')


def payload(lines: Text) -> memoryview:
    """The bytes of a column of lines, as they stand in memory."""
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)
    start, end = int(offsets[lines.offset]), int(offsets[lines.offset + len(lines)])
    return memoryview(lines.buffers()[2])[start:end] if end > start else memoryview(b"")

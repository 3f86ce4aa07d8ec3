"""From a landed file to plain UTF-8 bytes on disk: content hash, decompression, encoding. No format is parsed here."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 4 << 20
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
COMPRESSIBLE = frozenset({"csv", "json", "lines"})
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A lead byte and its continuation bytes, as UTF-8 defines them: the proof that someone wrote UTF-8 here.
MULTI_BYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Bytes that Windows-1252 leaves undefined become the control characters of the same number, as browsers read them.
WINDOWS_1252 = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)}


class RefusedFile(Exception):
    """A file that cannot be read as a whole. The message says what was found, what was expected and what to do."""


@dataclass(frozen=True)
class PlainFile:
    """A file as UTF-8 bytes. `has_bad_bytes`: some lines are not valid UTF-8; `note` says what was converted."""

    path: Path
    format: str
    has_bad_bytes: bool = False
    note: str = ""


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of the landed bytes: what identifies a file. Raises RefusedFile when it cannot be read."""
    if path.is_dir():
        raise RefusedFile("is a folder; expected a file. Move its files up one level")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise RefusedFile(f"cannot be read ({error.strerror}); check its permissions and land it again") from None
    return digest.hexdigest()


def format_of(path: Path) -> tuple[str, bool]:
    """(format, is gzipped) from the file name. Raises RefusedFile for an ending that is not accepted."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = bool(suffixes) and suffixes[-1] == ".gz"
    ending = suffixes[-2] if zipped and len(suffixes) > 1 else (suffixes[-1] if suffixes and not zipped else "")
    kind = FORMATS.get(ending)
    if kind is None or (zipped and kind not in COMPRESSIBLE):
        raise RefusedFile(
            f"has the ending {''.join(suffixes[-2:]) or '(none)'!r}; accepted are {', '.join(sorted(FORMATS))}, "
            "and .csv, .tsv, .json, .jsonl, .ndjson gzipped (.gz)"
        )
    return kind, zipped


def _decompress(path: Path, target: Path) -> None:
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as sink:
            while chunk := source.read(CHUNK_BYTES):
                sink.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RefusedFile(
            f"is not a whole gzip file ({error}); nothing of it was loaded. Land the whole file again"
        ) from None


def _is_utf8(handle: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := handle.read(CHUNK_BYTES):
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_multi_byte(handle: BinaryIO) -> bool:
    tail = b""
    while chunk := handle.read(CHUNK_BYTES):
        if MULTI_BYTE.search(tail + chunk):
            return True
        tail = chunk[-3:]
    return False


def _has_carriage_returns_only(path: Path) -> bool:
    with path.open("rb") as handle:
        chunk = handle.read(CHUNK_BYTES)
    return b"\n" not in chunk and b"\r" in chunk[:-1]


def _recode(source: Path, target: Path, encoding: str, skip: int) -> None:
    # surrogatepass keeps a broken UTF-16 pair as invalid UTF-8, so that only its row is quarantined later
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass" if encoding.startswith("utf-16") else "strict")
    with source.open("rb") as reader, target.open("wb") as writer:
        reader.seek(skip)
        try:
            while chunk := reader.read(CHUNK_BYTES):
                writer.write(decoder.decode(chunk).encode("utf-8", "surrogatepass"))
            writer.write(decoder.decode(b"", final=True).encode("utf-8", "surrogatepass"))
        except UnicodeDecodeError as error:
            raise RefusedFile(
                f"starts as {encoding.upper()} and breaks off ({error.reason}); land the whole file again"
            ) from None


def _recode_windows_1252(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            writer.write(chunk.decode("latin-1").translate(WINDOWS_1252).encode("utf-8"))


def to_plain_file(path: Path, scratch: Path) -> PlainFile:
    """Give `path` as UTF-8 bytes without a byte order mark, copied to `scratch` only where something must change.

    Encoding rule: a BOM decides; else valid UTF-8 is UTF-8; else, without any valid multi-byte sequence, Windows-1252;
    else UTF-8 with bad rows. Raises RefusedFile.
    """
    kind, zipped = format_of(path)
    if kind not in COMPRESSIBLE:
        return PlainFile(path, kind)
    notes = []
    current = path
    if zipped:
        current = scratch / "decompressed"
        _decompress(path, current)
    with current.open("rb") as handle:
        head = handle.read(4)
    has_mark = False
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            target = scratch / "recoded"
            if encoding == "utf-8":
                with current.open("rb") as reader, target.open("wb") as writer:
                    reader.seek(len(mark))
                    while chunk := reader.read(CHUNK_BYTES):
                        writer.write(chunk)
            else:
                _recode(current, target, encoding, len(mark))
            notes.append(f"{encoding.upper()} with byte order mark")
            current = target
            has_mark = True
            break
    if kind == "csv" and _has_carriage_returns_only(current):
        target = scratch / "line_ends"
        with current.open("rb") as reader, target.open("wb") as writer:
            while chunk := reader.read(CHUNK_BYTES):
                writer.write(chunk.replace(b"\r", b"\n"))
        notes.append("line ends were carriage returns")
        current = target
    with current.open("rb") as handle:
        valid = _is_utf8(handle)
    if valid:
        return PlainFile(current, kind, note="; ".join(notes))
    with current.open("rb") as handle:
        mixed = has_mark or _has_multi_byte(handle)
    if mixed:
        notes.append("UTF-8 with invalid bytes")
        return PlainFile(current, kind, has_bad_bytes=True, note="; ".join(notes))
    target = scratch / "windows-1252"
    _recode_windows_1252(current, target)
    return PlainFile(target, kind, note="read as Windows-1252")

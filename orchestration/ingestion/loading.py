"""One declared object: every landed file becomes one Parquet file of text, or is refused; every row is accounted for.

The lake is content-addressed: `lake/raw/<source>/<object>/<sha256>.parquet`. A file appears there whole or not at all,
and landing the same bytes again writes nothing. Nothing is cast here: what a value means is decided in staging.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingestion import delimited, documents, workbooks
from orchestration.ingestion.declarations import SourceObject
from orchestration.ingestion.delimited import BrokenRow
from orchestration.ingestion.files import PlainFile, RefusedFile, format_of, sha256_of, to_plain_file
from orchestration.ingestion.sql import Rows, identifier, literal
from orchestration.settings import Settings

LOGGER = logging.getLogger("evergreen.ingestion")
USUAL_LINE_BYTES = 2 << 20
TECHNICAL_COLUMNS = ("_extra", "_file_name", "_file_sha256", "_line_number", "_row_hash")


@dataclass(frozen=True)
class FileLoad:
    """What happened to one landed file. rows_read = rows_loaded + rows_quarantined, always."""

    source: str
    object: str
    file_name: str
    status: str
    file_sha256: str = ""
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    loaded_at: str = ""
    detail: str = ""
    fingerprint: str = ""
    newest_event_date: str | None = None
    undeclared_columns: list[str] = field(default_factory=list)
    missing_columns: list[str] = field(default_factory=list)


@contextmanager
def connect(settings: Settings, database: str = ":memory:", **config: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in UTC, within the memory setting, whose temporary files stay under the warehouse folder."""
    settings.temp_dir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        database,
        config={
            "memory_limit": settings.memory_limit,
            "temp_directory": str(settings.temp_dir),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            **config,
        },
    )
    connection.execute("set TimeZone = 'UTC'")
    try:
        yield connection
    finally:
        connection.close()


def _is_present(column: str) -> str:
    return f"nullif(trim({identifier(column)}), '') is not null"


def _row_hash(declared: SourceObject) -> str:
    parts = ", ".join(f"coalesce({identifier(name)}, chr(30))" for name in (*declared.column_names, "_extra"))
    return f"md5(concat_ws(chr(31), {parts}))"


class _FileLoader:
    """Loads one file of one object with one connection; scratch space is private to the file."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        settings: Settings,
        declared: SourceObject,
        path: Path,
        scratch: Path,
    ) -> None:
        self.connection = connection
        self.settings = settings
        self.declared = declared
        self.path = path
        self.scratch = scratch

    def load(self, sha256: str) -> FileLoad:
        """Raises RefusedFile; otherwise the Parquet files of the file's rows are in the lake."""
        plain = to_plain_file(self.path, self.scratch)
        readers: dict[str, Callable[[PlainFile], Rows]] = {
            "csv": self._delimited,
            "json": self._document,
            "lines": self._lines,
            "parquet": self._parquet,
            "xlsx": self._workbook,
        }
        rows = readers[plain.format](plain)
        raw, loaded = self._write_raw(rows, sha256)
        if loaded != rows.expected and rows.retry is not None:
            # Not one line per row: blank lines, texts over several lines, broken rows. Look at each line.
            rows = rows.retry()
            raw, loaded = self._write_raw(rows, sha256)
        if loaded is None:
            raise RefusedFile("has rows that cannot be read; check the file and land it again")
        broken = list(rows.broken)
        if loaded != rows.expected:
            broken += self._rows_without_required_values(rows)
        if rows.absent_columns:
            raise RefusedFile(
                f"has no record with the required column {', '.join(rows.absent_columns)}; "
                f"expected the records of {self.declared.label} as declared at {self.declared.declared_at}"
            )
        undeclared = self._undeclared(raw, rows) if loaded else list(rows.undeclared)
        missing = [name for name in self.declared.column_names if name in rows.missing]
        newest = self._newest_event_date(raw) if loaded else None
        self._write_quarantine(broken, sha256)
        target = self.settings.raw_dir / self.declared.source / self.declared.name / f"{sha256}.parquet"
        raw.replace(target)
        return FileLoad(
            source=self.declared.source,
            object=self.declared.name,
            file_name=self.path.name,
            status="loaded",
            file_sha256=sha256,
            rows_read=loaded + len(broken),
            rows_loaded=loaded,
            rows_quarantined=len(broken),
            loaded_at=datetime.now(UTC).isoformat(timespec="seconds"),
            detail="; ".join(filter(None, [plain.note, rows.note])),
            fingerprint=self.declared.fingerprint,
            newest_event_date=newest.isoformat() if newest else None,
            undeclared_columns=undeclared,
            missing_columns=missing,
        )

    # one reader a format: each gives the rows as SQL over the declared columns

    def _delimited(self, plain: PlainFile) -> Rows:
        header = delimited.read_header(plain.path, self.declared)
        if header is None:
            return Rows.none(self.declared, note="empty file")

        def by_line() -> Rows:
            clean = delimited.sieve(plain.path, header, plain.has_bad_bytes, self.scratch / "whole_records")
            reader = _read_csv(
                clean.path, ("_line_number", *header.names), header.delimiter, skip=0, longest=clean.longest + 64
            )
            return Rows.tabular(
                self.declared,
                header.names,
                f"select * from {reader}",
                line_number="cast(_line_number as bigint)",
                expected=clean.rows,
                broken=clean.broken,
                text_at=lambda numbers: delimited.lines_at(plain.path, numbers),
            )

        if plain.has_bad_bytes:
            return by_line()
        reader = _read_csv(plain.path, header.names, header.delimiter, skip=header.lines)
        return Rows.tabular(
            self.declared,
            header.names,
            f"select * from {reader}",
            first_line=header.lines + 1,
            expected=delimited.count_lines(plain.path) - header.lines,
            retry=by_line,
        )

    def _document(self, plain: PlainFile) -> Rows:
        if documents.is_one_record_a_line(plain.path):
            return self._lines(plain)
        return documents.read_document(self.connection, plain, self.declared, self.scratch)

    def _lines(self, plain: PlainFile) -> Rows:
        return documents.read_lines(self.connection, plain, self.declared, self.scratch)

    def _parquet(self, plain: PlainFile) -> Rows:
        try:
            described = self.connection.execute(
                f"describe select * from read_parquet({literal(plain.path)})"
            ).fetchall()
        except duckdb.Error as error:
            raise RefusedFile(
                f"is not a whole Parquet file ({_first_line(error)}); land the whole file again"
            ) from None
        names = [str(row[0]) for row in described]
        delimited.check_header(names, self.declared)
        nested = ("STRUCT", "MAP", "UNION", "JSON")
        values = ", ".join(
            f"cast({f'to_json({identifier(name)})' if kind.startswith(nested) or kind.endswith(']') else identifier(name)}"
            f" as varchar) as {identifier(name)}"
            for name, kind, *_ in described
        )
        counted = self.connection.execute(f"select count(*) from read_parquet({literal(plain.path)})").fetchone()
        return Rows.tabular(
            self.declared,
            tuple(names),
            f"select {values}, file_row_number + 1 as _line_number"
            f" from read_parquet({literal(plain.path)}, file_row_number = true)",
            line_number="_line_number",
            expected=counted[0] if counted else 0,
        )

    def _workbook(self, plain: PlainFile) -> Rows:
        sheet = workbooks.read_first_sheet(plain.path, self.declared.header_rows)
        if sheet is None:
            return Rows.none(self.declared, note="empty workbook")
        delimited.check_header(list(sheet.frame.columns[1:]), self.declared)
        self.connection.register("workbook_rows", sheet.frame)
        return Rows.tabular(
            self.declared,
            tuple(sheet.frame.columns[1:]),
            "select * from workbook_rows",
            line_number="cast(_line_number as bigint)",
            expected=len(sheet.frame),
            note=sheet.note,
        )

    # what is common to all formats

    def _write_raw(self, rows: Rows, sha256: str) -> tuple[Path, int | None]:
        """(partial Parquet file, rows written), with None for rows where the reader met one it cannot take."""
        folder = self.settings.raw_dir / self.declared.source / self.declared.name
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{sha256}.partial"
        required = " and ".join(_is_present(name) for name in self.declared.required_columns) or "true"
        query = f"""
            select {", ".join(identifier(name) for name in self.declared.column_names)}, _extra,
                {literal(self.path.name)} as _file_name, {literal(sha256)} as _file_sha256,
                _line_number, cast({rows.first_line} as bigint) as _first_line,
                {_row_hash(self.declared)} as _row_hash
            from ({rows.sql}) where {required}"""
        copy = f"copy ({query}) to {literal(partial)} (format parquet, compression zstd)"
        try:
            result = self.connection.execute(copy).fetchone()
        except duckdb.InvalidInputException as error:
            LOGGER.debug("%s: %s", self.path.name, error)
            return partial, None
        return partial, int(result[0]) if result else 0

    def _rows_without_required_values(self, rows: Rows) -> list[BrokenRow]:
        required = self.declared.required_columns
        if not required:
            return []
        names = ", ".join(f"case when not ({_is_present(name)}) then {literal(name)} end" for name in required)
        condition = " and ".join(_is_present(name) for name in required)
        found = self.connection.execute(
            f"select _line_number, concat_ws(', ', {names}), {rows.text_column} from ({rows.sql}) where not ({condition})"
        ).fetchall()
        texts = rows.text_at({row[0] for row in found}) if rows.text_at and found else {}
        return [
            BrokenRow(number, f"no value in the required column {columns}", texts.get(number, text or ""))
            for number, columns, text in found
        ]

    def _undeclared(self, raw: Path, rows: Rows) -> list[str]:
        if self.declared.expects_extra_columns:
            return []
        found = self.connection.execute(
            f"select distinct unnest(json_keys(_extra)) from read_parquet({literal(raw)}) where _extra is not null"
        ).fetchall()
        return sorted({str(row[0]) for row in found} | set(rows.undeclared))

    def _newest_event_date(self, raw: Path) -> date | None:
        if not self.declared.event_times:
            return None
        newest = ", ".join(
            f"max(try_cast({identifier(name)} as timestamp with time zone))" for name in self.declared.event_times
        )
        row = self.connection.execute(
            f"select cast(cast(greatest({newest}) as timestamp) as date) from read_parquet({literal(raw)})"
            if len(self.declared.event_times) > 1
            else f"select cast(cast({newest} as timestamp) as date) from read_parquet({literal(raw)})"
        ).fetchone()
        return row[0] if row else None

    def _write_quarantine(self, broken: list[BrokenRow], sha256: str) -> None:
        folder = self.settings.quarantine_dir / self.declared.source / self.declared.name
        target = folder / f"{sha256}.parquet"
        if not broken:
            target.unlink(missing_ok=True)
            return
        import pandas as pd

        folder.mkdir(parents=True, exist_ok=True)
        frame = pd.DataFrame(  # noqa: F841 (DuckDB reads it by name)
            {
                "source": self.declared.source,
                "object": self.declared.name,
                "file_name": self.path.name,
                "file_sha256": sha256,
                "line_number": [row.line_number for row in broken],
                "reason": [row.reason for row in broken],
                "row_text": [row.text for row in broken],
            }
        )
        partial = folder / f".{sha256}.partial"
        self.connection.execute(
            f"copy (select * from frame order by line_number, reason, row_text) to {literal(partial)} (format parquet, compression zstd)"
        )
        partial.replace(target)


def _read_csv(path: Path, names: tuple[str, ...], delimiter: str, skip: int, longest: int | None = None) -> str:
    """The strict reader. `longest` is given for a sieved file, whose line ends are known too."""
    sieved = "" if longest is None else f", new_line = '\\n', max_line_size = {max(longest, USUAL_LINE_BYTES)}"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(path)}, columns = {{{columns}}}, delim = {literal(delimiter)}, quote = '\"', escape = '\"',"
        f" header = false, skip = {skip}, auto_detect = false, strict_mode = true, null_padding = false{sieved})"
    )


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0][:300]


def landed_files(settings: Settings, declared: SourceObject) -> list[Path]:
    """What lies in the object's landing folder, sorted by name; names that start with a dot are someone's work in progress."""
    folder = settings.landing_dir / declared.source / declared.name
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def undeclared_folders(settings: Settings, declarations: list[SourceObject]) -> list[str]:
    """Folders `<source>/<object>` in landing that no declaration names: nothing reads them, so someone should know."""
    declared = {(each.source, each.name) for each in declarations}
    return sorted(
        f"{folder.parent.name}/{folder.name}"
        for folder in settings.landing_dir.glob("*/*")
        if folder.is_dir() and not folder.name.startswith(".") and (folder.parent.name, folder.name) not in declared
    )


def ingest_object(
    settings: Settings,
    declared: SourceObject,
    accepted: Mapping[str, FileLoad],
    report: Callable[[str], None] = LOGGER.info,
) -> list[FileLoad]:
    """Load every landed file of one object that is not already in `accepted` (content hash → earlier load).

    Returns one FileLoad per landed file. Bad input never raises: a file is refused, a row is quarantined.
    """
    loads: list[FileLoad] = []
    known: dict[str, str] = {sha: load.file_name for sha, load in accepted.items()}
    base = FileLoad(source=declared.source, object=declared.name, file_name="", status="refused")
    with connect(settings) as connection:
        for path in landed_files(settings, declared):
            sha256 = ""
            settings.temp_dir.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix="ingest-", dir=settings.temp_dir))
            try:
                format_of(path) if not path.is_dir() else None
                sha256 = sha256_of(path)
                if sha256 in known:
                    load = replace(
                        base,
                        file_name=path.name,
                        file_sha256=sha256,
                        status="duplicate",
                        detail=f"same bytes as {known[sha256]}, already loaded",
                    )
                else:
                    load = _FileLoader(connection, settings, declared, path, scratch).load(sha256)
                    known[sha256] = path.name
                    report(
                        f"{declared.label}: {path.name}: {load.rows_loaded:,} rows loaded, {load.rows_quarantined:,} quarantined"
                    )
            except RefusedFile as refusal:
                load = replace(
                    base, file_name=path.name, file_sha256=sha256, detail=f"{declared.label}: {path.name} {refusal}"
                )
                report(f"refused {load.detail}")
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            loads.append(load)
    return loads


def write_loads(loads: list[FileLoad], path: Path) -> None:
    """Keep what ingestion found for the later steps of the same run, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(load) for load in loads]), encoding="utf-8")


def read_loads(folder: Path) -> list[FileLoad]:
    """All loads written under `folder`, in a fixed order."""
    return [
        FileLoad(**entry)
        for path in sorted(folder.glob("*.json"))
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]

"""Damaged files: one for every way in which an extract can be wrong, and what is to become of it.

`damages()` is the manifest: it names each file, says what is wrong with it and how many of its rows must be loaded or
quarantined, or that it is refused. The files stand beside the good ones as `dirty_<name>.<ending>`; their rows have
keys of their own.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from sample.landing import Landing
from sample.text import word_column

Outcome = Literal["loaded", "refused", "duplicate"]


@dataclass(frozen=True)
class Damage:
    """One damaged file.

    `outcome` is the status of the file. Of its rows `loaded` are read correctly and `quarantined` are put aside alone;
    `either` of the loaded ones may be quarantined instead. `cast_failures` values become null. A refused file loads
    nothing and, as its object is required, refuses the run.
    """

    name: str
    source: str
    object_name: str
    file_name: str
    what: str
    outcome: Outcome = "loaded"
    loaded: int = 0
    quarantined: int = 0
    either: int = 0
    cast_failures: int = 0
    content: bytes | None = field(default=b"", repr=False)  # None: a directory

    @property
    def path(self) -> Path:
        """Where the file stands, relative to the landing folder."""
        return Path(self.source, self.object_name, self.file_name)


INTERACTION_COLUMNS = (
    "interaction_id", "account_id", "contact_id", "kind", "direction", "occurred_at", "duration_seconds", "owner_id",
    "subject", "updated_at",
)  # fmt: skip
USAGE_COLUMNS = (
    "account_id", "product", "feature", "usage_date", "active_users", "event_count", "licensed_seats", "updated_at",
)  # fmt: skip
TASK_COLUMNS = (
    "Id", "IsDeleted", "AccountId", "WhoId", "Subject", "TaskSubtype", "CallType", "CallDurationInSeconds",
    "ActivityDate", "CompletedDateTime", "OwnerId", "CreatedDate", "SystemModstamp",
)  # fmt: skip
ACCOUNT_IDS = (
    "0018d0000000001AAA",
    "0018d0000000002AAA",
    "0018d0000000003AAA",
)  # the first three accounts of every sample
Row = Mapping[str, str]


def interactions(name: str, *subjects: str, **changes: str) -> list[dict[str, str]]:
    """Good rows, one per subject, with the same changes in all of them."""
    return [
        {
            "interaction_id": f"dirty-{name}-{number}",
            "account_id": f"salesforce:{ACCOUNT_IDS[number % 3]}",
            "contact_id": "",
            "kind": "note",
            "direction": "outbound",
            "occurred_at": f"2026-03-{10 + number}T09:30:00Z",
            "duration_seconds": "60",
            "owner_id": "",
            "subject": subject,
            "updated_at": f"2026-03-{10 + number}T10:00:00Z",
            **changes,
        }
        for number, subject in enumerate(subjects)
    ]


def usage(name: str, count: int) -> list[list[str]]:
    """Good rows of a feature that is named after the damage."""
    return [
        [
            f"salesforce:{ACCOUNT_IDS[number % 3]}",
            "Ledger",
            f"dirty_{name}",
            f"2026-03-{10 + number}",
            "3",
            "40",
            "12",
            "2026-03-20T20:00:00Z",
        ]
        for number in range(count)
    ]


def tasks(name: str, *subjects: str) -> list[list[str]]:
    """Good rows of calls."""
    digits = f"{sum(name.encode()):04d}"[-4:]
    return [
        [
            f"00T9d00000{digits}{number}AAA", "false", ACCOUNT_IDS[number % 3], "", subject, "Call", "Inbound", "120",
            "2026-03-10", "2026-03-10T10:00:00.000Z", "", "2026-03-10T10:00:00.000Z", "2026-03-10T10:00:00.000Z",
        ]
        for number, subject in enumerate(subjects)
    ]  # fmt: skip


def audits(name: str, count: int) -> list[str]:
    """Good audit records as JSON: internal notes on the first ticket."""
    first = 990_000_000_000_000 + sum(name.encode()) * 1_000
    return [
        json.dumps(
            {
                "id": first + number,
                "ticket_id": 1,
                "created_at": f"2026-03-10T10:00:0{number}Z",
                "author_id": -1,
                "metadata": {"system": {}, "custom": {}},
                "events": [
                    {
                        "id": (first + number) * 10,
                        "type": "Comment",
                        "author_id": -1,
                        "body": f"{name} {number}",
                        "public": False,
                    }
                ],
                "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
            },
            separators=(",", ":"),
        )
        for number in range(count)
    ]


def table(
    columns: Sequence[str],
    rows: Sequence[Row | Sequence[str]],
    delimiter: str = ",",
    ending: str = "\n",
    quote: bool = False,
) -> str:
    """CSV text."""
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL
    )
    writer.writerow(columns)
    for row in rows:
        writer.writerow([row.get(column, "") for column in columns] if isinstance(row, Mapping) else row)
    return text.getvalue()


def parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A Parquet file of texts."""
    import pyarrow.parquet as pq  # only here: no other file of the sample is Parquet

    data = pa.Table.from_arrays(
        [word_column([row.get(column, "") for row in rows]) for column in columns], list(columns)
    )
    buffer = io.BytesIO()
    pq.write_table(data, buffer)
    return buffer.getvalue()


def workbook(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A spreadsheet file with one sheet of texts, the same bytes each time."""

    def cell(value: str) -> str:
        escaped = value.replace("&", "&amp;").replace("<", "&lt;")
        return f'<c t="inlineStr"><is><t>{escaped}</t></is></c>' if value else "<c/>"

    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    data = "".join(f"<row>{''.join(cell(value) for value in line)}</row>" for line in lines)
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    schemas = "http://schemas.openxmlformats.org"
    main = f"{schemas}/spreadsheetml/2006/main"
    links = f"{schemas}/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    package_links = "application/vnd.openxmlformats-package.relationships+xml"

    def relation(kind_of_link: str, target: str) -> str:
        link = f'<Relationship Id="rId1" Type="{links}/{kind_of_link}" Target="{target}"/>'
        return f'{head}<Relationships xmlns="{schemas}/package/2006/relationships">{link}</Relationships>'

    parts = {
        "[Content_Types].xml": f'{head}<Types xmlns="{schemas}/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{package_links}"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'{head}<workbook xmlns="{main}" xmlns:r="{links}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def damages() -> list[Damage]:
    """Every damaged file, in the order of the table of what can be wrong."""
    found: list[Damage] = []

    def add(
        name: str,
        what: str,
        content: str | bytes | None,
        ending: str = "csv",
        of: str = "generic/interactions",
        **expected: object,
    ) -> None:
        source, object_name = of.split("/")
        if isinstance(content, str):
            content = content.encode()
        found.append(Damage(name, source, object_name, f"dirty_{name}.{ending}", what, content=content, **expected))  # type: ignore[arg-type]

    plain = ("Frühstück", "plain", "再会")

    # -- columns
    rows = [{**row, "mood": "sunny"} for row in interactions("undeclared_column", "a", "b")]
    add(
        "undeclared_column",
        "a column that nobody declared: kept apart and reported",
        table((*INTERACTION_COLUMNS, "mood"), rows),
        loaded=2,
    )
    fewer = [column for column in INTERACTION_COLUMNS if column != "subject"]
    add(
        "optional_column_missing",
        "an optional column is missing: null",
        table(fewer, interactions("optional_column_missing", "a", "b")),
        loaded=2,
    )
    fewer = [column for column in INTERACTION_COLUMNS if column != "account_id"]
    add(
        "required_column_missing",
        "account_id is missing from the header",
        table(fewer, interactions("required_column_missing", "a", "b")),
        outcome="refused",
    )
    records = [
        {name: value for name, value in row.items() if name != "occurred_at"}
        for row in interactions("required_missing_json", "a", "b")
    ]
    add(
        "required_missing_json",
        "occurred_at is missing from every record",
        "".join(json.dumps(record) + "\n" for record in records),
        "jsonl",
        outcome="refused",
    )
    twice = table(
        (*INTERACTION_COLUMNS, "subject"), [[*row.values(), "again"] for row in interactions("duplicate_column", "a")]
    )
    add("duplicate_column", "subject stands twice in the header", twice, outcome="refused")
    add(
        "column_order",
        "the columns stand in another order",
        table(INTERACTION_COLUMNS[::-1], interactions("column_order", "a", "b")),
        loaded=2,
    )

    # -- encodings and delimiters
    def text(name: str, **how: str) -> str:
        return table(INTERACTION_COLUMNS, interactions(name, *plain), **how)  # type: ignore[arg-type]

    add("bom", "UTF-8 with a byte order mark", text("bom").encode("utf-8-sig"), loaded=3)
    add("crlf", "lines end with carriage return and line feed", text("crlf", ending="\r\n"), loaded=3)
    add("semicolon", "semicolons between the fields", text("semicolon", delimiter=";"), loaded=3)
    add("tab", "tabs between the fields, though it is called .csv", text("tab", delimiter="\t"), loaded=3)
    add("tab_tsv", "tabs between the fields", text("tab_tsv", delimiter="\t"), "tsv", loaded=3)
    add(
        "utf16_little",
        "UTF-16, little-endian, with a byte order mark",
        b"\xff\xfe" + text("utf16_little").encode("utf-16-le"),
        loaded=3,
    )
    add(
        "utf16_big",
        "UTF-16, big-endian, with a byte order mark",
        b"\xfe\xff" + text("utf16_big").encode("utf-16-be"),
        loaded=3,
    )
    calls = table(TASK_COLUMNS, tasks("windows_1252", "Réunion à Genève", "10 € “quoted”"), quote=True)
    add(
        "windows_1252",
        "Windows-1252: invalid as UTF-8 and no valid sequence of several bytes",
        calls.encode("cp1252"),
        of="salesforce/task",
        loaded=2,
    )
    add("gzip", "compressed", gzip.compress(text("gzip").encode(), mtime=0), "csv.gz", loaded=3)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in interactions("json_lines", *plain))
    add("json_lines", "a record a line", lines, "jsonl", loaded=3)
    add(
        "json_lines_gzip",
        "a record a line, compressed",
        gzip.compress(lines.replace("json_lines", "json_lines_gzip").encode(), mtime=0),
        "jsonl.gz",
        loaded=3,
    )
    add(
        "json_array",
        "an array of records",
        json.dumps(interactions("json_array", *plain), ensure_ascii=False),
        "json",
        loaded=3,
    )
    add(
        "spreadsheet",
        "a spreadsheet",
        workbook(INTERACTION_COLUMNS, interactions("spreadsheet", *plain)),
        "xlsx",
        loaded=3,
    )

    add(
        "parquet",
        "a Parquet file",
        parquet(INTERACTION_COLUMNS, interactions("parquet", *plain)),
        "parquet",
        loaded=3,
    )

    # -- values that look like structure
    odd = ("line one\nline two", "commas, here, and there", 'she said "no"', "long " * 20_000, "party 🎉👩‍👩‍👧")
    add(
        "awkward_values",
        "line breaks, delimiters and quotes between quotes, a very long text, emoji",
        table(INTERACTION_COLUMNS, interactions("awkward_values", *odd)),
        loaded=5,
    )
    add(
        "nul_byte",
        "a NUL byte in a value",
        table(INTERACTION_COLUMNS, interactions("nul_byte", "a", "be\x00fore")),
        loaded=2,
        either=1,
    )
    stray = table(INTERACTION_COLUMNS, interactions("stray_quote", "a", "SIZE", "b")).replace("SIZE", '5" pipe')
    add("stray_quote", "a quote inside an unquoted field: read as it stands", stray, loaded=3)
    blank = table(INTERACTION_COLUMNS, interactions("blank_lines", "a", "b")).replace("\n", "\n\n")
    add("blank_lines", "blank lines between the rows", blank, loaded=2)

    # -- rows that cannot be read
    good = usage("too_many_fields", 3)
    add(
        "too_many_fields",
        "a row with a field too many",
        table(USAGE_COLUMNS, [good[0], [*good[1], "9"], good[2]]),
        of="generic/usage",
        loaded=2,
        quarantined=1,
    )
    good = usage("too_few_fields", 3)
    add(
        "too_few_fields",
        "a row with two fields too few",
        table(USAGE_COLUMNS, [good[0], good[1][:-2], good[2]]),
        of="generic/usage",
        loaded=2,
        quarantined=1,
    )
    good = usage("unterminated_quote", 3)
    broken = table(USAGE_COLUMNS, good).replace(
        ",Ledger,dirty_unterminated_quote,2026-03-11", ',"Ledger,dirty_unterminated_quote,2026-03-11'
    )
    add(
        "unterminated_quote",
        "a quote that never ends, in the second of three rows",
        broken,
        of="generic/usage",
        loaded=2,
        quarantined=1,
    )
    good = usage("unterminated_quote_last", 2)
    broken = table(USAGE_COLUMNS, good).replace(
        ",Ledger,dirty_unterminated_quote_last,2026-03-11", ',"Ledger,dirty_unterminated_quote_last,2026-03-11'
    )
    add(
        "unterminated_quote_last",
        "a quote that never ends, in the last row",
        broken,
        of="generic/usage",
        loaded=1,
        quarantined=1,
    )
    good = usage("bad_bytes", 3)
    good[0][2] += "_ö"
    bad = (
        table(USAGE_COLUMNS, good)
        .encode()
        .replace(b"Ledger,dirty_bad_bytes,2026-03-11", b"Ledger,dirty_bad\xff\xfebytes,2026-03-11")
    )
    add(
        "bad_bytes",
        "UTF-8 by its other rows, and bytes in one that are not",
        bad,
        of="generic/usage",
        loaded=2,
        quarantined=1,
    )
    good = usage("empty_key", 3)
    good[1][0] = ""
    add("empty_key", "a row without its key", table(USAGE_COLUMNS, good), of="generic/usage", loaded=2, quarantined=1)
    some = audits("not_json", 3)
    add(
        "not_json",
        "a line that is not JSON",
        f"{some[0]}\n{{'id': 5, oops\n{some[2]}\n",
        "ndjson",
        "zendesk/ticket_audits",
        loaded=2,
        quarantined=1,
    )
    some = audits("cut_last_line", 3)
    add(
        "cut_last_line",
        "the last line is cut off",
        f"{some[0]}\n{some[1]}\n{some[2][:70]}",
        "ndjson",
        "zendesk/ticket_audits",
        loaded=2,
        quarantined=1,
    )
    some = audits("record_without_key", 2)
    keyless = json.dumps({name: value for name, value in json.loads(some[1]).items() if name != "id"})
    add(
        "record_without_key",
        "one record of two has no key",
        f"{some[0]}\n{keyless}\n",
        "ndjson",
        "zendesk/ticket_audits",
        loaded=1,
        quarantined=1,
    )

    # -- values that do not cast
    values = interactions("uncastable", "a", "b", "c")
    values[0]["duration_seconds"], values[1]["duration_seconds"] = "ten", "1e"
    add(
        "uncastable",
        "durations that are not numbers: null, counted and listed",
        table(INTERACTION_COLUMNS, values),
        loaded=3,
        cast_failures=2,
    )
    add(
        "orphan",
        "refers to an account that never landed: kept and counted",
        table(INTERACTION_COLUMNS, interactions("orphan", "a", account_id="salesforce:001000000000000AAA")),
        loaded=1,
    )
    tie = [*interactions("tie", "first"), *interactions("tie", "second")]
    add(
        "tie",
        "two versions with the same key and time: listed as a conflict",
        table(INTERACTION_COLUMNS, tie),
        loaded=2,
    )

    # -- files with nothing in them
    add("empty_file", "no bytes at all", b"")
    add("header_only", "a header and no row", table(INTERACTION_COLUMNS, []))
    add(
        "no_records",
        "a page without records",
        '{"tickets":[],"next_page":null,"count":0,"end_of_stream":true,"end_time":1782864000}',
        "json",
        "zendesk/tickets",
    )

    # -- files that cannot be read
    whole = gzip.compress(table(USAGE_COLUMNS, usage("truncated_gzip", 9)).encode(), mtime=0)
    add(
        "truncated_gzip",
        "a compressed file that is cut off",
        whole[: len(whole) // 2],
        "csv.gz",
        "generic/usage",
        outcome="refused",
    )
    page = '{"users":[{"id":1,"name":"Complete","role":"end-user"},{"id":2,"name":"Cut o'
    add("truncated_json", "a JSON document that is cut off", page, "json", "zendesk/users", outcome="refused")
    add("directory", "a directory with a file's name", None, "csv", "generic/usage", outcome="refused")
    add("not_a_spreadsheet", "called .xlsx and is none", b"this is no workbook", "xlsx", outcome="refused")
    add("not_parquet", "called .parquet and is none", b"PAR1 this is no table", "parquet", outcome="refused")

    # -- the same again
    again = next(damage for damage in found if damage.name == "column_order")
    add("second_copy", "the bytes of dirty_column_order.csv under another name", again.content, outcome="duplicate")
    return found


def write_damages(root: Path, refused: bool = True) -> list[Damage]:
    """Writes the damaged files into a landing folder, those that are refused only if `refused`; returns them."""
    landing = Landing(root)
    written = [damage for damage in damages() if refused or damage.outcome != "refused"]
    for damage in written:
        if damage.content is None:
            (root / damage.path).mkdir(parents=True, exist_ok=True)
        else:
            landing.write(damage.source, damage.object_name, damage.file_name, damage.content)
    landing.publish()
    return written

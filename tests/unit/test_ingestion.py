"""Every line of the damage table of landed files, each as a promise; no dbt, no Dagster."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.ingestion.declarations import DeclarationError, SourceObject, load_declarations
from orchestration.ingestion.delimited import read_header, sieve
from orchestration.ingestion.lake import create_build_database
from orchestration.ingestion.loading import FileLoad, ingest_object
from orchestration.settings import PROJECT_DIR, SettingError, Settings

DECLARATIONS = {(each.source, each.name): each for each in load_declarations(PROJECT_DIR)}
ACCOUNTS = DECLARATIONS["generic", "accounts"]
HEADER = "account_id,account_name,segment\n"
REAL_FILES = PROJECT_DIR.parent / "shared" / "data"


class Landing:
    """One landing and warehouse folder, and what ingestion makes of it."""

    def __init__(self, root: Path, declared: SourceObject = ACCOUNTS) -> None:
        self.declared = declared
        self.settings = Settings(PROJECT_DIR, root / "landing", root / "warehouse")
        self.folder = self.settings.landing_dir / declared.source / declared.name
        self.folder.mkdir(parents=True)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def ingest(self, accepted: dict[str, FileLoad] | None = None) -> dict[str, FileLoad]:
        loads = ingest_object(self.settings, self.declared, accepted or {}, report=lambda _: None)
        assert all(load.rows_read == load.rows_loaded + load.rows_quarantined for load in loads)
        return {load.file_name: load for load in loads}

    def only(self, name: str, content: str | bytes) -> FileLoad:
        self.put(name, content)
        return self.ingest()[name]

    def rows(self, columns: str = "account_id, account_name, segment") -> list[tuple[object, ...]]:
        """The raw relation as dbt sees it, ordered."""
        loads = [load for load in self.ingest().values() if load.status == "loaded"]
        database = self.settings.build_database
        create_build_database(self.settings, database, [self.declared], loads)
        with duckdb.connect(str(database), read_only=True) as connection:
            view = f'raw_{self.declared.source}."{self.declared.name}"'
            return connection.execute(f"select {columns} from {view} order by all").fetchall()

    def quarantined(self) -> list[tuple[int, str, str]]:
        pattern = self.settings.quarantine_dir / self.declared.source / self.declared.name / "*.parquet"
        if not list(pattern.parent.glob("*.parquet")):
            return []
        return duckdb.sql(
            f"select line_number, reason, row_text from read_parquet('{pattern}') order by all"
        ).fetchall()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", (HEADER + "1,Zoë,x\n").encode()),
        ("no_final_line_end.csv", (HEADER + "1,Zoë,x").encode()),
        ("bom.csv", b"\xef\xbb\xbf" + (HEADER + "1,Zoë,x\n").encode()),
        ("crlf.csv", (HEADER + "1,Zoë,x\n").replace("\n", "\r\n").encode()),
        ("carriage_returns.csv", (HEADER + "1,Zoë,x\n").replace("\n", "\r").encode()),
        ("semicolons.csv", (HEADER + "1,Zoë,x\n").replace(",", ";").encode()),
        ("tabs.tsv", (HEADER + "1,Zoë,x\n").replace(",", "\t").encode()),
        ("utf16_little.csv", b"\xff\xfe" + (HEADER + "1,Zoë,x\n").encode("utf-16-le")),
        ("utf16_big.csv", b"\xfe\xff" + (HEADER + "1,Zoë,x\n").encode("utf-16-be")),
        ("windows_1252.csv", (HEADER + "1,Zoë,x\n").encode("cp1252")),
        ("order.csv", "segment,account_id,account_name\nx,1,Zoë\n".encode()),
        ("upper_case.csv", (HEADER.upper() + "1,Zoë,x\n").encode()),
        ("zipped.csv.gz", gzip.compress((HEADER + "1,Zoë,x\n").encode(), mtime=0)),
        ("lines.jsonl", '{"account_id":"1","account_name":"Zoë","segment":"x"}\n'.encode()),
        (
            "lines.json",
            '{"account_id":"1","account_name":"Zoë","segment":"x"}\n\n{"account_id":1,"account_name":"Zoë","segment":"x"}\n'.encode(),
        ),
        ("array.json", '[{"account_id":1,"account_name":"Zoë","segment":"x"}]'.encode()),
        ("page.json", '{"accounts":[{"account_id":1,"account_name":"Zoë","segment":"x"}],"end_time":5}'.encode()),
        (
            "pages.ndjson",
            '{"accounts":[{"account_id":1,"account_name":"Zoë","segment":"x"}]}\n{"accounts":[]}\n'.encode(),
        ),
        ("one.json", '{\n "account_id": 1,\n "account_name": "Zoë", "segment": "x"}\n'.encode()),
        ("zipped.jsonl.gz", gzip.compress('{"account_id":"1","account_name":"Zoë","segment":"x"}\n'.encode(), mtime=0)),
    ],
)
def test_a_file_in_any_accepted_form_gives_the_same_row(landing: Landing, name: str, content: bytes) -> None:
    load = landing.only(name, content)
    assert (load.status, load.rows_quarantined) == ("loaded", 0), load.detail
    assert set(landing.rows()) == {("1", "Zoë", "x")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"two\nlines"', "two\nlines"),
        ('"two\r\nlines"', "two\r\nlines"),
        ('"a,b"', "a,b"),
        ('"says ""yes"""', 'says "yes"'),
        ('5" pipe', '5" pipe'),
        ("😀 emoji", "😀 emoji"),
        ("nul\0byte", "nul\0byte"),
        ("x" * 3_000_000, "x" * 3_000_000),
        ('"' + "long\n" * 5_000 + '"', "long\n" * 5_000),
        ("inner\rreturn", "inner\rreturn"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_unusual_text_is_read_as_it_stands(landing: Landing, text: str, value: str) -> None:
    load = landing.only("odd.csv", f"{HEADER}1,{text},x\n2,next,y\n")
    assert (load.rows_loaded, load.rows_quarantined) == (2, 0), landing.quarantined()
    assert landing.rows() == [("1", value, "x"), ("2", "next", "y")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"7,too few", "2 fields"),
        (b"7,too,many,fields", "4 fields"),
        (b'7,"not closed,x', "quote"),
        (b'7,"closed"too early,x', "quote"),
        (b"7,bad \xff\xfe byte,x", "UTF-8"),
        (b",no key,x", "account_id"),
        (b'"",no key,x', "account_id"),
        (b"  ,no key,x", "account_id"),
    ],
)
@pytest.mark.parametrize("others", [b"8,ok,y\n9,\xc3\xab,z\n", b'8,"ok",y\n9,"\xc3\xab","z"\n'])
def test_a_broken_row_is_quarantined_alone(landing: Landing, row: bytes, reason: str, others: bytes) -> None:
    load = landing.only("broken.csv", HEADER.encode() + b"1,first,x\n" + row + b"\n" + others)
    assert (load.rows_read, load.rows_loaded, load.rows_quarantined) == (4, 3, 1)
    assert [account for account, *_ in landing.rows()] == ["1", "8", "9"]
    [(line, why, text)] = landing.quarantined()
    assert line == 3
    assert reason in why
    assert text == row.decode("utf-8", "backslashreplace")


def test_a_broken_last_row_and_blank_lines_cost_nothing_else(landing: Landing) -> None:
    load = landing.only("ragged.csv", f'{HEADER}\n1,"two\nlines",x\n\n  \n2,b,y\n3,"open')
    assert (load.rows_read, load.rows_loaded, load.rows_quarantined) == (3, 2, 1)
    assert landing.rows("account_id, _line_number") == [("1", 3), ("2", 7)]
    assert landing.quarantined()[0][0] == 8


@pytest.mark.parametrize("content", [HEADER + "1,a,x\n2,b,y\n", HEADER + '1,"a\nb",x\n2,b,y\n'])
def test_line_numbers_are_those_of_the_file(landing: Landing, content: str) -> None:
    path = landing.put("numbered.csv", content)
    lines = path.read_text().split("\n")
    for account, line in landing.rows("account_id, _line_number"):
        assert lines[line - 1].startswith(f"{account},")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"account_id":"2"', "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"account_id":null}', "account_id"),
        ('{"segment":"no key"}', "account_id"),
    ],
)
def test_a_broken_json_line_is_quarantined_alone(landing: Landing, line: str, reason: str) -> None:
    load = landing.only("lines.jsonl", f'{{"account_id":"1"}}\n{line}\n\n{{"account_id":"3"}}\n')
    assert (load.rows_read, load.rows_loaded, load.rows_quarantined) == (3, 2, 1)
    assert [row[0] for row in landing.rows()] == ["1", "3"]
    [(number, why, _)] = landing.quarantined()
    assert number == 2
    assert reason in why


def test_a_cut_last_json_line_and_bad_bytes_are_quarantined_alone(landing: Landing) -> None:
    load = landing.only(
        "cut.jsonl", b'{"account_id":"1"}\n{"account_id":"\xff"}\n{"account_id":"\xc3\xab"}\n{"account_i'
    )
    assert (load.rows_loaded, load.rows_quarantined) == (2, 2)
    assert [row[0] for row in landing.rows()] == ["1", "ë"]


def test_a_bad_record_in_a_json_document_is_quarantined_alone(landing: Landing) -> None:
    content = b'{"accounts":[{"account_id":"1"},7,{"account_id":"\xff"},{"account_id":"\xc3\xab"}]}'
    load = landing.only("page.json", content)
    assert (load.rows_loaded, load.rows_quarantined) == (2, 2)
    assert [row[:2] for row in landing.quarantined()] == [
        (2, "not a JSON object"),
        (3, "bytes that are not valid UTF-8"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("twice.csv", b"account_id,segment,segment\n1,2,3\n", "segment more than once"),
        ("twice_by_case.csv", b"account_id,segment,Segment\n1,2,3\n", "more than once"),
        ("no_key.csv", b"id,segment\n1,2\n", "account_id; found: id, segment"),
        ("no_key.json", b'[{"id":"1"},{"id":"2"}]', "account_id"),
        ("no_key.jsonl", b'{"id":"1"}\n{"id":"2"}\n', "account_id"),
        ("cut.csv.gz", gzip.compress(b"account_id\n" + b"1\n" * 9000, mtime=0)[:-9], "not a whole gzip"),
        ("not_gzip.csv.gz", b"account_id\n1\n", "gzip"),
        ("cut.json", b'{"accounts":[{"account_id":"1"},{"acc', "not a whole JSON document"),
        ("cut_array.json", b'[{"account_id":"1"},{"account_id":"2"}', "not a whole JSON document"),
        ("text.json", b"hello", "not a JSON document"),
        ("cut.parquet", b"PAR1 and nothing else", "not a whole Parquet file"),
        ("cut.xlsx", b"PK and nothing else", "not a whole .xlsx"),
        ("notes.docx", b"hello", ".docx"),
        ("odd_utf16.csv", b"\xff\xfe" + "account_id\n1\n".encode("utf-16-le")[:-1], "UTF-16-LE"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole_and_says_why(
    landing: Landing, name: str, content: bytes, said: str
) -> None:
    landing.put("good.csv", HEADER + "1,a,x\n")
    load = landing.only(name, content)
    assert (load.status, load.rows_read) == ("refused", 0)
    assert f"generic.accounts: {name}" in load.detail
    assert said in load.detail
    assert landing.rows() == [("1", "a", "x")]
    assert not list(landing.settings.temp_dir.iterdir())


def test_a_folder_in_place_of_a_file_is_refused(landing: Landing) -> None:
    (landing.folder / "folder.csv").mkdir()
    load = landing.ingest()["folder.csv"]
    assert load.status == "refused"
    assert "folder" in load.detail


@pytest.mark.parametrize("content", ["", "\n", HEADER, HEADER.strip()])
def test_an_empty_file_gives_no_rows_and_no_error(landing: Landing, content: str) -> None:
    load = landing.only("empty.csv", content)
    assert (load.status, load.rows_read) == ("loaded", 0)
    assert landing.rows() == []


def test_the_same_bytes_under_another_name_are_a_duplicate(landing: Landing) -> None:
    landing.put("a.csv", HEADER + "1,a,x\n")
    landing.put("b.csv", HEADER + "1,a,x\n")
    loads = landing.ingest()
    assert [(load.status, load.rows_read) for load in loads.values()] == [("loaded", 1), ("duplicate", 0)]
    again = landing.ingest({loads["a.csv"].file_sha256: loads["a.csv"]})
    assert {load.status for load in again.values()} == {"duplicate"}


def test_an_undeclared_column_is_kept_and_named(landing: Landing) -> None:
    load = landing.only("drift.csv", "account_id,color,segment\n1,red,x\n2,,y\n")
    assert load.undeclared_columns == ["color"]
    assert "account_name" in load.missing_columns
    assert landing.rows("account_id, account_name, segment, _extra") == [
        ("1", None, "x", '{"color":"red"}'),
        ("2", None, "y", None),
    ]


def test_an_undeclared_json_key_is_kept_and_named(landing: Landing) -> None:
    load = landing.only("drift.jsonl", '{"account_id":"1","color":{"r":1}}\n{"account_id":"2"}\n')
    assert load.undeclared_columns == ["color"]
    assert landing.rows("account_id, _extra") == [("1", '{"color":{"r":1}}'), ("2", None)]


def test_a_column_declared_later_is_found_in_files_that_landed_before(landing: Landing) -> None:
    landing.put("before.csv", "account_id,color\n1,red\n")
    loads = list(landing.ingest().values())
    extended = SourceObject(
        **{
            **{name: getattr(ACCOUNTS, name) for name in ACCOUNTS.__dataclass_fields__},
            "columns": (*ACCOUNTS.columns, type(ACCOUNTS.columns[0])("color", "varchar")),
        }
    )
    database = landing.settings.build_database
    create_build_database(landing.settings, database, [extended], loads)
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select account_id, color from raw_generic.accounts").fetchall() == [("1", "red")]


def test_a_workbook_and_a_parquet_file_are_read_as_text(landing: Landing) -> None:
    frame = pd.DataFrame(
        {
            "account_id": [1, 2, None],
            "created_at": [datetime(2024, 1, 1), datetime(2024, 1, 1, 10, 30), None],
            "segment": ["x", None, "no key"],
        }
    )
    frame.to_excel(landing.folder / "sheet.xlsx", index=False)
    frame.astype({"account_id": "Int64"}).to_parquet(landing.folder / "frame.parquet")
    loads = landing.ingest()
    assert [(load.rows_loaded, load.rows_quarantined) for load in loads.values()] == [(2, 1), (2, 1)]
    assert {(account, segment) for account, _, segment in landing.rows()} == {("1", "x"), ("2", None)}
    assert {load.newest_event_date for load in loads.values()} == {"2024-01-01"}


def test_an_absent_object_is_an_empty_relation_of_the_declared_shape(landing: Landing) -> None:
    assert landing.rows(", ".join(ACCOUNTS.column_names) + ", _extra, _file_name, _line_number, _row_hash") == []


def test_files_being_written_are_left_alone(landing: Landing) -> None:
    landing.put(".half.csv", HEADER + "1,a,x\n")
    assert landing.ingest() == {}


def test_the_same_rows_have_the_same_hash_however_they_landed(landing: Landing) -> None:
    landing.put("a.csv", HEADER + "1,a,\n")
    landing.put("b.jsonl", '{"account_id":"1","account_name":"a"}\n')
    landing.put("c.csv", "account_name;account_id;unknown\na;1;\n")
    assert len({row[0] for row in landing.rows("_row_hash")}) == 1


CELL = st.text(alphabet='ab",;\n\r\té ', max_size=6)


@hypothesis_settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(1, 9), CELL, CELL), max_size=8), crlf=st.booleans())
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]], crlf: bool
) -> None:
    import csv
    import io

    landing = Landing(tmp_path_factory.mktemp("generated"))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n" if crlf else "\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["account_id", "account_name", "segment"])
    writer.writerows(rows)
    load = landing.only("written.csv", buffer.getvalue())
    assert (load.rows_loaded, load.rows_quarantined) == (len(rows), 0), landing.quarantined()
    expected = [(str(key), name or None, segment or None) for key, name, segment in rows]
    assert sorted(landing.rows(), key=repr) == sorted(expected, key=repr)


@hypothesis_settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_loaded_quarantined_or_refused_and_never_lost(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    landing = Landing(tmp_path_factory.mktemp("bytes"))
    for name in ("any.csv", "any.json", "any.jsonl"):
        load = landing.only(name, HEADER.encode() + content if name.endswith("csv") else content)
        assert load.status in ("loaded", "refused", "duplicate")
        assert load.detail or load.status == "loaded"


def test_the_sieve_and_duckdb_agree_on_a_clean_file(landing: Landing) -> None:
    path = landing.put("clean.csv", HEADER + "".join(f'{n},"name ""{n}""",x\n' for n in range(50)))
    header = read_header(path, ACCOUNTS)
    assert header is not None
    sieved = sieve(path, header, False, landing.folder.parent / "sieved")
    assert (sieved.rows, sieved.broken) == (50, [])
    direct = landing.rows()
    landing.put("clean.csv", path.read_text() + "\n")
    assert landing.rows() == direct


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("key: [id]", "key: [other]"), "undeclared columns"),
        (("key: [id]", "kex: [id]"), "unknown keys"),
        (("data_type: varchar", "data_type: text"), "data_type 'text'"),
        (("key: [id]", "records: x"), "no key"),
    ],
)
def test_a_broken_declaration_fails_at_load_with_file_and_line(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    folder = tmp_path / "models" / "staging" / "shop"
    folder.mkdir(parents=True)
    text = (
        "sources:\n  - name: shop\n    tables:\n      - name: things\n        config:\n          meta:\n"
        "            extract: {key: [id]}\n        columns:\n          - name: id\n            data_type: varchar\n"
    )
    (folder / "_shop__sources.yml").write_text(text.replace(*change))
    with pytest.raises(DeclarationError, match=r"models/staging/shop/_shop__sources.yml:\d+: .*" + said):
        load_declarations(tmp_path)


def test_a_setting_that_cannot_be_used_is_named() -> None:
    with pytest.raises(SettingError, match=r"EVERGREEN_AS_OF_DATE is '30\.06\.2026'; expected an ISO date"):
        Settings.from_environment({"EVERGREEN_AS_OF_DATE": "30.06.2026"})
    with pytest.raises(SettingError, match="EVERGREEN_VERSIONS_KEPT is '0'"):
        Settings.from_environment({"EVERGREEN_VERSIONS_KEPT": "0"})


real_files = pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the folder of real exports is not beside the project")


@real_files
@pytest.mark.parametrize(
    ("source", "name", "file", "rows"),
    [
        ("salesforce", "account", "salesforce/accountData.csv", 423),
        ("salesforce", "account", "salesforce/Account.json", 12),
        ("salesforce", "contact", "salesforce/Contact.json", 20),
        ("salesforce", "opportunity", "salesforce/opportunityData.csv", 38),
        ("salesforce", "opportunity", "salesforce/Opportunity.json", 31),
        ("qualtrics", "responses", "qualtrics/sample.csv", 1),
        ("qualtrics", "responses", "qualtrics/sample_legacy.csv", 1),
    ],
)
def test_real_exports_load_whole(tmp_path: Path, source: str, name: str, file: str, rows: int) -> None:
    landing = Landing(tmp_path, DECLARATIONS[source, name])
    path = REAL_FILES / file
    load = landing.only(path.name, path.read_bytes())
    assert (load.status, load.rows_loaded, load.rows_quarantined) == ("loaded", rows, 0), load.detail


@real_files
def test_the_real_accounts_are_windows_1252_and_say_so(tmp_path: Path) -> None:
    landing = Landing(tmp_path, DECLARATIONS["salesforce", "account"])
    path = REAL_FILES / "salesforce" / "accountData.csv"
    load = landing.only(path.name, path.read_bytes())
    assert "Windows-1252" in load.detail
    names = {row[0] for row in landing.rows('"Name"')}
    with path.open(encoding="cp1252", newline="") as handle:
        import csv

        assert names == {row["NAME"] for row in csv.DictReader(handle)}


@real_files
def test_the_real_opportunities_add_up(tmp_path: Path) -> None:
    landing = Landing(tmp_path, DECLARATIONS["salesforce", "opportunity"])
    path = REAL_FILES / "salesforce" / "opportunityData.csv"
    landing.put(path.name, path.read_bytes())
    rows = landing.rows('"IsWon", coalesce(cast("Amount" as decimal(18, 2)), 0)')
    assert sum(amount for _, amount in rows) == 6_270_000
    assert sum(won == "true" for won, _ in rows) == 8
    assert sum(amount for won, amount in rows if won == "true") == 2_200_000


@real_files
def test_both_real_qualtrics_layouts_give_the_same_response(tmp_path: Path) -> None:
    landing = Landing(tmp_path, DECLARATIONS["qualtrics", "responses"])
    for name in ("sample.csv", "sample_legacy.csv"):
        landing.put(name, (REAL_FILES / "qualtrics" / name).read_bytes())
    rows = landing.rows('"ResponseId", "Finished", json_extract_string(_extra, \'$.Q2\')')
    assert set(rows) == {("R_2YPOQ602ER1jkf1", "1", "Hello World!")}
    assert len(rows) == 2

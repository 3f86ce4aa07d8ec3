"""Follows docs/add-a-source.md to the letter: what it says works is tried."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb

from tests.conftest import PROJECT, Company, copy_project

STEP = re.compile(r"^`([^`]+)`( \(append\))?\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def follow(page: str, project: Path) -> list[str]:
    """Write or append every file that the page shows, under `project`; the files' names."""
    written = []
    for name, append, content in STEP.findall(page):
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        earlier = target.read_text() if append else ""
        target.write_text(earlier + content)
        written.append(name)
    return written


def test_the_walk_through_adding_an_object_works_as_written(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    written = follow((PROJECT / "docs" / "add-a-source.md").read_text(), project)
    assert len(written) == 6
    company = Company(tmp_path, project)
    shutil.copytree(project / "landing", company.landing)
    output = company.run()
    assert "chatdesk.chats: chats_2026-06-30.csv: 3 rows loaded, 1 quarantined" in output
    with company.marts() as marts:
        checks = dict(
            marts.execute("select check_name, status from ops.check_results where target like '%chatdesk%'").fetchall()
        )
        reason = marts.execute("select line_number, reason from ops.quarantined_rows").fetchall()
        as_of = marts.execute("select as_of_date from ops.published_versions").fetchone()
    assert reason == [(5, "no value in the required column ChatId")]
    assert checks["chatdesk.chats.extract_rows_reconciled"] == "passed"
    assert checks["chatdesk.chats.extract_quarantined_share"] == "failed", "a warning, because the seed allows it"
    assert any("rating" in name for name in checks)
    assert as_of is not None
    assert str(as_of[0]) == "2026-06-30"
    raw = list((company.warehouse / "lake" / "raw" / "chatdesk" / "chats").glob("*.parquet"))
    assert len(raw) == 1
    assert duckdb.sql(f"select count(*) from read_parquet('{raw[0]}')").fetchone() == (3,)

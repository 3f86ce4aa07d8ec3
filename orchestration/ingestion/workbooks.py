"""Excel workbooks, which DuckDB does not read here: pandas does. The first sheet is the extract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from orchestration.ingestion.files import RefusedFile


@dataclass(frozen=True)
class Sheet:
    """`frame`: `_line_number` (the sheet's row) and one text column per header name, None where a cell is empty."""

    frame: pd.DataFrame
    note: str


def _text(cell: object) -> str | None:
    if cell is None or (isinstance(cell, float) and pd.isna(cell)) or cell is pd.NaT:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def read_first_sheet(path: Path, header_rows: int) -> Sheet | None:
    """The first sheet as text, or None when it is empty. Raises RefusedFile when the workbook cannot be opened."""
    try:
        with pd.ExcelFile(path, engine="openpyxl") as workbook:
            sheets = [str(name) for name in workbook.sheet_names]
            cells = pd.read_excel(workbook, sheet_name=0, header=None, dtype=object, na_filter=False)
    except (BadZipFile, ValueError, KeyError, OSError, EOFError) as error:
        raise RefusedFile(f"is not a whole .xlsx workbook ({error}); save and land it again") from None
    if cells.empty:
        return None
    names = [_text(cell) or f"unnamed_{index}" for index, cell in enumerate(cells.iloc[0], start=1)]
    body = cells.iloc[header_rows:].map(lambda cell: _text(cell) if cell != "" else None)
    body = body[body.notna().any(axis=1)]
    lines = pd.Series(body.index + 1, index=body.index, name="_line_number")
    body.columns = pd.Index(names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedFile(
            f"has the column {', '.join(twice)} more than once in its header; save it with each column once"
        )
    note = f"first sheet {sheets[0]!r} of {len(sheets)}" if len(sheets) > 1 else ""
    return Sheet(pd.concat([lines, body.astype(object)], axis=1), note)

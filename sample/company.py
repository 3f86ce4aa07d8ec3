"""Writes the exports of the invented company, chunk by chunk."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from sample import generic, qualtrics, salesforce, zendesk
from sample import settings as s
from sample.landing import Landing
from sample.text import flag_column, take
from sample.world import Window, World, make_world


def write_window(landing: Landing, world: World, window: Window) -> None:
    """Adds one chunk's rows to the files of a window."""
    request = world.request
    final = world.chunk == request.chunks - 1
    many_parts = request.chunks > s.CHUNKS_PER_FILE
    part = f"_part-{world.chunk // s.CHUNKS_PER_FILE + 1:03d}" if many_parts else ""

    def name(object_name: str, ending: str, label: str = "") -> str:
        return f"{object_name}_{label or window.date}{part}{ending}"

    for object_name, label, header, rows in salesforce.files(world, window):
        landing.append("salesforce", object_name, name(object_name, ".csv", label), rows, header)
    for object_name, lines, pages in zendesk.files(world, window, final):
        single = pages == 1 and request.chunks == 1
        landing.append("zendesk", object_name, name(object_name, ".json" if single else ".ndjson"), lines)
    landing.append(
        "qualtrics", "responses", name("responses", ".csv"), qualtrics.rows(world, window), qualtrics.header()
    )
    for object_name, header, rows in generic.files(world, window):
        landing.append("generic", object_name, name(object_name, ".csv"), rows, header)


def truth(world: World) -> pa.Table:
    """What nobody exports: per account and month end the hidden satisfaction, and whether it is in service then."""
    accounts, subscriptions = world.accounts, world.contracts.subscriptions
    months = s.EXPORT_MONTHS
    in_service = np.zeros((len(accounts), months), dtype=bool)
    for month in range(months):
        day = s.MONTH_END[month]
        in_service[subscriptions.account[(subscriptions.start <= day) & (subscriptions.stop >= day)], month] = True
    ids = take(salesforce.account_ids(world, np.arange(len(accounts))), np.repeat(np.arange(len(accounts)), months))
    month_ends = np.tile(s.MONTH_END[:months], len(accounts)).astype(np.int32)
    satisfaction = np.ascontiguousarray(accounts.satisfaction[:, :months]).ravel()
    count = len(ids)
    return pa.Table.from_arrays(
        [
            ids,
            pa.Array.from_buffers(pa.date32(), count, [None, pa.py_buffer(month_ends)]),
            pa.Array.from_buffers(pa.float64(), count, [None, pa.py_buffer(satisfaction)]),
            flag_column(in_service.ravel()),
        ],
        names=["account_id", "month_end", "satisfaction", "is_in_service"],
    )


def write_company(request: s.Request, out: Path, truth_file: Path | None = None, progress: bool = True) -> list[Path]:
    """Writes the base export, or the day exports where `days_after` is set; returns the files in the order of writing.

    Raises ValueError when the request is out of bounds. On any failure no file of this call is left behind.
    """
    if not 100 <= request.accounts <= 2_500_000:
        raise ValueError(f"accounts must lie between 100 and 2,500,000, not {request.accounts}")
    if not 0 <= request.days_after <= s.MAX_DAYS_AFTER:
        raise ValueError(f"days after the history must lie between 0 and {s.MAX_DAYS_AFTER}, not {request.days_after}")
    windows = [Window.day_after(number) for number in range(1, request.days_after + 1)] or [Window.base()]
    landing = Landing(out)
    truth_writer = None
    started = time.monotonic()
    try:
        for chunk in range(request.chunks):
            world = make_world(request, chunk)
            for window in windows:
                write_window(landing, world, window)
            if truth_file is not None:
                table = truth(world)
                if truth_writer is None:
                    import pyarrow.parquet as pq  # only here: most calls do not ask for the truth

                    truth_file.parent.mkdir(parents=True, exist_ok=True)
                    truth_writer = pq.ParquetWriter(truth_file, table.schema)
                truth_writer.write_table(table)
            if progress and request.chunks > 1:
                done = min(request.accounts, (chunk + 1) * s.ACCOUNTS_PER_CHUNK)
                print(
                    f"sample: {done:,} of {request.accounts:,} accounts, {time.monotonic() - started:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )
        return landing.publish()
    except BaseException:
        landing.discard()
        raise
    finally:
        if truth_writer is not None:
            truth_writer.close()

"""Small things that several parts draw or sort alike."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from sample.text import Array

Rows = TypeVar("Rows")


def draw(rng: np.random.Generator, shares: Array) -> Array:
    """One category per row of `shares` (row × category, rows sum to 1)."""
    edges = np.cumsum(shares, axis=1)
    return np.asarray((rng.random(len(shares))[:, None] >= edges[:, :-1]).sum(axis=1))


def office_hours(rng: np.random.Generator, count: int) -> Array:
    """Seconds of the day, most of them between 08:00 and 18:00 UTC."""
    return np.clip(rng.normal(13.5, 3.2, count) * 3600, 600, 85_800).astype(np.int64)


def in_order(rows: Rows, order: Array) -> Rows:
    """A dataclass of columns, its rows taken in this order."""
    columns: Any = rows
    return type(rows)(**{field.name: getattr(columns, field.name)[order] for field in fields(columns)})

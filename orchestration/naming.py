"""The one place that names Dagster's things."""

from __future__ import annotations

import re

import dagster as dg

from orchestration.ingestion.declarations import SourceObject

JOB = "daily"
PUBLISHED = dg.AssetKey(["published", "marts"])
VALIDATED = dg.AssetKey(["published", "data_docs"])
OWNERS = ["team:data"]


def landing_key(source: str, name: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", source, name])


def raw_key(source: str, name: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", source, name])


def raw_key_of(declared: SourceObject) -> dg.AssetKey:
    return raw_key(declared.source, declared.name)


def model_key(schema: str, name: str) -> dg.AssetKey:
    return dg.AssetKey([schema, name])


def check_name(text: str) -> str:
    """Dagster allows letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")

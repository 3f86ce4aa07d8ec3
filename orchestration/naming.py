"""The one place that names Dagster's things."""

from __future__ import annotations

import dagster as dg

from orchestration.ingestion.declarations import SourceObject

JOB = "daily"
PUBLISHED = dg.AssetKey(["published", "marts"])
VALIDATED = dg.AssetKey(["published", "data_docs"])
OWNERS = ["team:data"]
LANDED_CHECK = "extract_is_sound"
BUILT_CHECK = "extract_values_are_sound"
SUITE_CHECK = "expectations"


def landing_key(source: str, name: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", source, name])


def raw_key(source: str, name: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", source, name])


def raw_key_of(declared: SourceObject) -> dg.AssetKey:
    return raw_key(declared.source, declared.name)


def model_key(schema: str, name: str) -> dg.AssetKey:
    return dg.AssetKey([schema, name])

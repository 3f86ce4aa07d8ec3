"""The dbt source declarations, read as the contract of ingestion.

Each table of `models/staging/<source>/_<source>__sources.yml` declares one landed object: its columns, key, cursor and
format. Nothing about an object is declared anywhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

DATA_TYPES = frozenset({"varchar", "timestamp", "date", "decimal", "integer", "boolean", "json"})
EXTRACT_KEYS = frozenset(
    {
        "format",
        "key",
        "cursor",
        "deleted",
        "deleted_value",
        "event_times",
        "header_rows",
        "records",
        "required",
        "extra_columns",
    }
)
COLUMN_META_KEYS = frozenset({"required", "pii", "aliases"})


class DeclarationError(ValueError):
    """A source declaration that cannot be used; the message starts with file:line."""


@dataclass(frozen=True)
class Column:
    name: str
    data_type: str
    is_required: bool = False
    is_pii: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceObject:
    """One landed object. `key`, `cursor` and `event_times` name columns; `header_rows` counts a CSV's header records."""

    source: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    cursor: tuple[str, ...] = ()
    event_times: tuple[str, ...] = ()
    header_rows: int = 1
    records: str = ""
    is_required: bool = True
    expects_extra_columns: bool = False
    declared_at: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        return f"{self.source}.{self.name}"

    @property
    def has_pii(self) -> bool:
        return any(column.is_pii for column in self.columns)

    @cached_property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_required)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def by_header(self) -> dict[str, str]:
        """Lower-cased header text → declared column name; aliases included."""
        names = {column.name.lower(): column.name for column in self.columns}
        for column in self.columns:
            for alias in column.aliases:
                names.setdefault(alias.lower(), column.name)
        return names

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the set of declared columns changes, so that older Parquet files can be read accordingly."""
        return hashlib.sha256("\x1f".join(self.column_names).encode()).hexdigest()[:16]


class _LineLoader(yaml.SafeLoader):
    """Keeps the line of every mapping under the key `__line__`, so that an error can name it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        mapping["__line__"] = node.start_mark.line + 1
        return mapping


def _without_line(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != "__line__"}


def _as_tuple(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def _check_keys(found: Iterable[str], allowed: frozenset[str], where: str, what: str) -> None:
    unknown = sorted(set(found) - allowed)
    if unknown:
        raise DeclarationError(f"{where}: unknown {what} {unknown}; allowed are {sorted(allowed)}")


def _column(entry: dict[str, Any], path: Path) -> Column:
    where = f"{path}:{entry['__line__']}"
    name = entry.get("name")
    if not name:
        raise DeclarationError(f"{where}: a column has no name")
    data_type = entry.get("data_type", "varchar")
    if data_type not in DATA_TYPES:
        raise DeclarationError(f"{where}: column {name} has data_type {data_type!r}; allowed are {sorted(DATA_TYPES)}")
    meta = _without_line((entry.get("config") or {}).get("meta") or {})
    _check_keys(meta, COLUMN_META_KEYS, where, f"meta of column {name}:")
    return Column(
        name=name,
        data_type=data_type,
        is_required=bool(meta.get("required", False)),
        is_pii=bool(meta.get("pii", False)),
        aliases=_as_tuple(meta.get("aliases")),
    )


def _source_object(source: str, table: dict[str, Any], path: Path) -> SourceObject:
    where = f"{path}:{table['__line__']}"
    name = table.get("name")
    if not name:
        raise DeclarationError(f"{where}: a table of source {source} has no name")
    extract = _without_line(((table.get("config") or {}).get("meta") or {}).get("extract") or {})
    if not extract:
        raise DeclarationError(f"{where}: {source}.{name} has no config.meta.extract; it says how the object lands")
    _check_keys(extract, EXTRACT_KEYS, where, f"keys in the extract of {source}.{name}:")
    columns = tuple(_column(entry, path) for entry in table.get("columns") or [])
    names = [column.name for column in columns]
    repeated = sorted({column for column in names if names.count(column) > 1})
    if repeated:
        raise DeclarationError(f"{where}: {source}.{name} declares {repeated} more than once")
    key, cursor, event_times = (_as_tuple(extract.get(part)) for part in ("key", "cursor", "event_times"))
    if not key:
        raise DeclarationError(f"{where}: {source}.{name} has no key; name the columns that identify a row's thing")
    for part, chosen in (("key", key), ("cursor", cursor), ("event_times", event_times)):
        missing = [column for column in chosen if column not in names]
        if missing:
            raise DeclarationError(f"{where}: {part} of {source}.{name} names undeclared columns {missing}")
    return SourceObject(
        source=source,
        name=name,
        description=" ".join((table.get("description") or "").split()),
        columns=columns,
        key=key,
        cursor=cursor,
        event_times=event_times,
        header_rows=int(extract.get("header_rows", 1)),
        records=extract.get("records") or name,
        is_required=bool(extract.get("required", True)),
        expects_extra_columns=extract.get("extra_columns", "report") == "expected",
        declared_at=where,
    )


def load_declarations(project_dir: Path) -> list[SourceObject]:
    """Every declared object, sorted by source and name. Raises DeclarationError with file and line."""
    objects: list[SourceObject] = []
    seen: dict[tuple[str, str], str] = {}
    files = sorted((project_dir / "models" / "staging").glob("*/_*__sources.yml"))
    if not files:
        raise DeclarationError(f"{project_dir}/models/staging holds no _<source>__sources.yml file")
    for file in files:
        path = file.relative_to(project_dir)
        try:
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=_LineLoader) or {}  # noqa: S506
        except yaml.YAMLError as error:
            raise DeclarationError(f"{path}: not YAML: {error}") from None
        for source in document.get("sources") or []:
            for table in source.get("tables") or []:
                declared = _source_object(source["name"], table, path)
                earlier = seen.setdefault((declared.source, declared.name), declared.declared_at)
                if earlier != declared.declared_at:
                    raise DeclarationError(f"{declared.declared_at}: {declared.label} is already declared at {earlier}")
                objects.append(declared)
    return sorted(objects, key=lambda each: (each.source, each.name))

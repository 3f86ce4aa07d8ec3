"""A SQLAlchemy dialect over a DuckDB file opened read-only: what Great Expectations asks of a database, and no more.

Great Expectations hands a connection back to the pool before it fetches a result, and handing back rolls back. DuckDB
drops a pending result when its transaction ends, so every expectation fails with `IndexError` (Great Expectations
issues 10738 and 11579). A read-only file needs no transactions: begin, commit and rollback do nothing here, and each
statement has a cursor of its own.

`duckdb-engine` is not used. It derives from the psycopg2 dialect and reflects through an emulated PostgreSQL catalogue
with a workaround per SQLAlchemy release; deriving from it would inherit all of that to override three methods.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
from sqlalchemy import pool
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Connection
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.url import URL
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlalchemy.types import NullType

SCHEME = "evergreen_duckdb"


def read_only_url(database: Path, options: Mapping[str, str] | None = None) -> str:
    """The connection string of a DuckDB file; `options` are DuckDB settings such as `memory_limit`.

    The path is encoded: Great Expectations would take a `$` in a folder's name for a variable to fill in.
    """
    path = base64.urlsafe_b64encode(str(database.resolve()).encode()).decode()
    return f"{SCHEME}:///{path}" + (f"?{urlencode(dict(options))}" if options else "")


def read_only_settings(options: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The DuckDB settings of a validation. DuckDB refuses a second connection to a file whose settings differ."""
    return {"autoinstall_known_extensions": "false", **(options or {})}


class _QuoteEverything(IdentifierPreparer):
    """Quotes every name: DuckDB's reserved words are not those that SQLAlchemy knows."""

    def _requires_quotes(self, value: str) -> bool:
        return True


class ReadOnlyDuckDB(DefaultDialect):
    name = "duckdb"
    driver = "duckdb"
    preparer = _QuoteEverything
    default_paramstyle = "qmark"
    supports_native_boolean = True
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        return duckdb

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        # One connection: closing it closes the cursors made from it, so the file is free for a writer afterwards.
        return pool.StaticPool

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        path = base64.urlsafe_b64decode(str(url.database)).decode()
        settings = read_only_settings({key: str(value) for key, value in url.query.items()})
        return [path], {"read_only": True, "config": settings}

    def do_begin(self, dbapi_connection: Any) -> None:
        pass

    def do_commit(self, dbapi_connection: Any) -> None:
        pass

    def do_rollback(self, dbapi_connection: Any) -> None:
        pass

    def get_schema_names(self, connection: Connection, **kw: Any) -> list[str]:
        return [row[0] for row in connection.exec_driver_sql("select schema_name from information_schema.schemata")]

    def get_table_names(self, connection: Connection, schema: str | None = None, **kw: Any) -> list[str]:
        return _names(connection, schema, "BASE TABLE")

    def get_view_names(self, connection: Connection, schema: str | None = None, **kw: Any) -> list[str]:
        return _names(connection, schema, "VIEW")

    def has_table(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        return bool(_columns(connection, table_name, schema))

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> list[ReflectedColumn]:
        # No expectation here compares declared types (dbt contracts do), so SQLAlchemy need not know DuckDB's.
        return [
            {"name": name, "type": NullType(), "nullable": nullable == "YES", "default": None}
            for name, nullable in _columns(connection, table_name, schema)
        ]


def _names(connection: Connection, schema: str | None, table_type: str) -> list[str]:
    query = "select table_name from information_schema.tables where table_schema = ? and table_type = ? order by 1"
    return [row[0] for row in connection.exec_driver_sql(query, (schema or "main", table_type))]


def _columns(connection: Connection, table: str, schema: str | None) -> list[tuple[str, str]]:
    query = """
        select column_name, is_nullable from information_schema.columns
        where table_schema = ? and table_name = ? order by ordinal_position
    """
    return [(row[0], row[1]) for row in connection.exec_driver_sql(query, (schema or "main", table))]


registry.register(SCHEME, __name__, ReadOnlyDuckDB.__name__)

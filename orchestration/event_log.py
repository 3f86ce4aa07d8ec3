"""Where Dagster keeps its events (dagster.yaml names this class)."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine, event


class PooledSqliteEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """Dagster's one-file event log with one engine per process.

    Dagster opens a new engine, and with it a new connection and an empty cache of compiled statements, for each of the
    1,600 events of a run. Kept open, the same events cost a fifth. A commit is not forced to disk one by one: with
    SQLite's write-ahead log nothing is lost when a process dies, and after a power cut at most the last events are.
    """

    @cached_property
    def _engine(self) -> Engine:
        engine = create_engine(self._conn_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})

        @event.listens_for(engine, "connect")
        def _set_pragmas(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.execute("pragma synchronous = normal")

        return engine

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

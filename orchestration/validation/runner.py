"""Runs the suites on a database with Great Expectations, as SQL on the read-only file.

What could not be evaluated has status `error` and counts as failed: a table or column that is missing, a view that does
not run, an expectation that raises, an expectation without a result.
"""

from __future__ import annotations

import importlib
import logging
import math
import os
import re
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.validation.dialect import read_only_settings, read_only_url
from orchestration.validation.results import CheckResult
from orchestration.validation.suites import Check, Suite

SAMPLE_SIZE = 5
_LONGEST_VALUE = 80
_LONGEST_MESSAGE = 400


@dataclass(frozen=True)
class Parameters:
    """What a run knows and a suite file cannot.

    `previous_row_counts` holds the rows of each `schema.table` of the published version, empty when there is none;
    `previous_as_of_date` is that version's date. `private_columns` are column names, in any case, whose values are
    never shown.
    """

    as_of_date: date | None = None
    previous_as_of_date: date | None = None
    previous_row_counts: Mapping[str, int] = field(default_factory=dict)
    private_columns: frozenset[str] = frozenset()

    def is_private(self, column: str) -> bool:
        return column.lower() in {name.lower() for name in self.private_columns}


def warm_up() -> threading.Thread:
    """Starts importing Great Expectations in the background and returns the thread.

    The import takes seconds of one core; started while dbt runs as a process of its own, it costs the run nothing.
    """
    thread = threading.Thread(target=_great_expectations, name="import great_expectations", daemon=True)
    thread.start()
    return thread


def row_counts(database: Path, schema: str) -> dict[str, int]:
    """Rows of each table of `schema`, by `schema.table`; empty when the file does not exist."""
    if not database.exists():
        return {}
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = ? order by 1", [schema]
        ).fetchall()
        return {f"{schema}.{name}": _count(connection, schema, name) for (name,) in names}


def validate(
    database: Path,
    suites: Sequence[Suite],
    parameters: Parameters | None = None,
    *,
    engine_options: Mapping[str, str] | None = None,
) -> list[CheckResult]:
    """The result of every check of every suite, in the order of the suites. Nothing is written to `database`.

    `engine_options` are DuckDB settings (`memory_limit`, `threads`, `temp_directory`); they must be those of any other
    connection that this process holds to the same file. Raises only when the file itself cannot be opened.
    """
    parameters = parameters or Parameters()
    with duckdb.connect(str(database), read_only=True, config=read_only_settings(engine_options)) as connection:
        rows: dict[str, int] = {}
        unreadable: dict[str, str] = {}
        for suite in suites:
            try:
                rows[suite.table] = _count(connection, *suite.table.split("."))
            except duckdb.Error as error:
                unreadable[suite.table] = f"{suite.table} cannot be read: {_reason(str(error))}"
        # Great Expectations refuses a whole data source for one table that it cannot read.
        readable = [suite for suite in suites if suite.table in rows]
        run = _Run(database, connection, readable, parameters, engine_options or {})
        try:
            results = []
            for suite in suites:
                if suite.table in rows:
                    results += run.evaluate(suite, rows[suite.table])
                else:
                    results += [_error(check, suite, unreadable[suite.table]) for check in suite.checks]
            return results
        finally:
            run.close()


class _Run:
    """One Great Expectations data source over one database file."""

    def __init__(
        self,
        database: Path,
        connection: duckdb.DuckDBPyConnection,
        suites: Sequence[Suite],
        parameters: Parameters,
        engine_options: Mapping[str, str],
    ) -> None:
        self._connection = connection
        self._parameters = parameters
        gx = _great_expectations()
        context = gx.get_context(mode="ephemeral")
        progress_bars = importlib.import_module("great_expectations.data_context.types.base").ProgressBarsConfig
        context.variables.progress_bars = progress_bars(globally=False)
        with warnings.catch_warnings():
            # Deprecated in favour of a schema in the connection, which a generic SQL source has no place for.
            warnings.filterwarnings("ignore", "`schema_name` is deprecated", DeprecationWarning)
            # All tables in one call: the context writes out its whole configuration after each change.
            self._source = context.data_sources.add_sql(
                "build",
                connection_string=read_only_url(database, engine_options),
                create_temp_table=False,
                assets=[
                    {
                        "name": suite.table,
                        "type": "table",
                        "schema_name": suite.layer,
                        "table_name": suite.table.split(".")[1],
                        "batch_definitions": [{"name": "whole_table"}],
                    }
                    for suite in suites
                ],
            )

    def close(self) -> None:
        """Closes every connection, so that another process or a writer can open the file."""
        self._source.get_execution_engine().close()
        self._source.get_engine().dispose()

    def evaluate(self, suite: Suite, rows: int) -> list[CheckResult]:
        """First all checks in as few queries as possible, for pass or fail; then each that did not pass, for details.

        Details cost queries per check, and nearly all checks pass. A query that fails takes all that were bundled with
        it down, so only the second look, alone, tells which check could not be evaluated.
        """
        held = self._first_look(suite)
        results = []
        for check in suite.checks:
            if held.get(check.check_name):
                results.append(self._passed(check, suite, rows))
                continue
            second_look = self._second_look(check, suite)
            message = _failure_to_evaluate(second_look)
            if message:
                results.append(_error(check, suite, message, self._expected(check, suite)))
            elif not second_look.success:
                results.append(self._failed(check, suite, rows, second_look.result))
            elif check.check_name not in held:
                results.append(self._passed(check, suite, rows))
            else:
                message = "it did not hold together with the table's other checks, and held alone"
                results.append(_error(check, suite, message, self._expected(check, suite)))
        return results

    def _first_look(self, suite: Suite) -> dict[str, bool]:
        """Whether each check held, by check name, without those that could not be evaluated."""
        expectations = []
        for check in suite.checks:
            try:
                expectations.append(self._expectation(check, suite))
            except Exception:
                # The second look reports it under the check's own name.
                logging.getLogger(__name__).debug("%s cannot be built", check.check_name, exc_info=True)
        try:
            outcome = self._validate(suite, expectations, "BOOLEAN_ONLY")
        except Exception:
            logging.getLogger(__name__).debug("%s cannot be evaluated at once", suite.table, exc_info=True)
            return {}
        return {
            result.expectation_config.meta["check"]: bool(result.success)
            for result in outcome.results
            if not _raised(result.exception_info)
        }

    def _second_look(self, check: Check, suite: Suite) -> Any:
        """The result of one check with its details, or the exception that kept it from being evaluated."""
        key = [column for column in suite.key if not self._parameters.is_private(column)]
        result_format: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": SAMPLE_SIZE}
        if check.kind.shape == "query":
            result_format = {"result_format": "COMPLETE"}
        elif check.kind.shape == "rows" and key:
            result_format["unexpected_index_column_names"] = key
        # A sample is the first rows that a query meets: on several threads they would differ from run to run.
        threads = self._connection.execute("select current_setting('threads')").fetchone()
        self._connection.execute("set threads = 1")
        try:
            (result,) = self._validate(suite, [self._expectation(check, suite)], result_format).results
        except Exception as error:  # whatever it is, it is the reason why this check has no result
            return error
        finally:
            self._connection.execute(f"set threads = {threads[0] if threads else 1}")
        return result

    def _validate(self, suite: Suite, expectations: list[Any], result_format: Any) -> Any:
        batch = self._source.get_asset(suite.table).get_batch_definition("whole_table").get_batch()
        named = _great_expectations().ExpectationSuite(name=suite.table, expectations=expectations)
        minimum = {check.name: self._minimum_rows(check, suite) for check in suite.checks if "share" in check.arguments}
        return batch.validate(named, result_format=result_format, expectation_parameters=minimum)

    def _expectation(self, check: Check, suite: Suite) -> Any:
        arguments = dict(check.arguments)
        if "share" in arguments:
            arguments = {"min_value": {"$PARAMETER": check.name}}
        if "unexpected_rows_query" in arguments and "{as_of_date}" in arguments["unexpected_rows_query"]:
            if self._parameters.as_of_date is None:
                raise ValueError("the query needs the as-of date, and the run has none")
            arguments["unexpected_rows_query"] = arguments["unexpected_rows_query"].replace(
                "{as_of_date}", f"date '{self._parameters.as_of_date.isoformat()}'"
            )
        expectations = importlib.import_module("great_expectations.expectations")
        return getattr(expectations, check.kind.class_name)(
            **arguments, severity=check.severity, meta={"check": check.check_name}
        )

    def _previous_rows(self, suite: Suite) -> tuple[int | None, str]:
        """The count to compare with, or None and the reason why there is nothing to compare with."""
        known = self._parameters
        if not known.previous_row_counts:
            return None, "there is no published version to compare with"
        if suite.table not in known.previous_row_counts:
            return None, "the published version has no such table"
        if known.as_of_date and known.previous_as_of_date and known.as_of_date < known.previous_as_of_date:
            return None, f"the published version is as of a later date, {known.previous_as_of_date}"
        return known.previous_row_counts[suite.table], (
            f"the published version has {known.previous_row_counts[suite.table]:,}"
        )

    def _minimum_rows(self, check: Check, suite: Suite) -> int:
        # A hair below the product, so that nine tenths of ten rows is nine and not 9.000000000000002, which is ten.
        share: float = check.arguments["share"]
        return math.ceil((self._previous_rows(suite)[0] or 0) * share - 1e-9)

    def _expected(self, check: Check, suite: Suite) -> str:
        return f"{check.expected}; {self._previous_rows(suite)[1]}" if "share" in check.arguments else check.expected

    def _passed(self, check: Check, suite: Suite, rows: int) -> CheckResult:
        expected = self._expected(check, suite)
        return CheckResult(
            check_name=check.check_name,
            target=suite.table,
            severity=check.severity,
            status="passed",
            observed=_observed_when_passed(check, rows),
            detail=f"Expected: {expected}.",
            expected=expected,
            why=check.why,
        )

    def _failed(self, check: Check, suite: Suite, rows: int, result: Mapping[str, Any]) -> CheckResult:
        expected = self._expected(check, suite)
        observed, sample = self._found(check, rows, result)
        return CheckResult(
            check_name=check.check_name,
            target=suite.table,
            severity=check.severity,
            status="failed",
            observed=observed,
            detail=f"Expected: {expected}. Found: {observed}{f', such as {sample}' if sample else ''}.",
            expected=expected,
            why=check.why,
        )

    def _found(self, check: Check, rows: int, result: Mapping[str, Any]) -> tuple[str, str]:
        """How much was unexpected, and a sample of it."""
        if check.kind.shape == "count":
            return f"{rows:,} rows", ""
        if check.kind.shape == "columns":
            mismatched = (result.get("details") or {}).get("mismatched") or {}
            parts = [f"missing {', '.join(mismatched.get('missing') or ['none'])}"]
            if check.arguments.get("exact_match", True):
                parts.append(f"not expected {', '.join(mismatched.get('unexpected') or ['none'])}")
            return "; ".join(parts), ""
        if check.kind.shape == "query":
            found = (result.get("details") or {}).get("unexpected_rows") or []
            count = int(result.get("observed_value") or 0)
            return f"{count:,} unexpected row{'' if count == 1 else 's'}", self._sample(found)
        unexpected = result.get("unexpected_count", 0)
        share = f" ({unexpected / rows:.2%})" if rows else ""
        # The key says which row it is; a list of bare values is what is left when the key itself cannot be shown.
        found = result.get("partial_unexpected_index_list") or [
            value if isinstance(value, Mapping) else {_subject(check): value}
            for value in result.get("partial_unexpected_list") or []
        ]
        return f"{unexpected:,} of {rows:,} rows{share}", self._sample(found)

    def _sample(self, found: Iterable[Mapping[str, Any]]) -> str:
        rows = sorted(
            {
                ", ".join(
                    f"{name} = {'(not shown: personal data)' if self._parameters.is_private(name) else _shown(value)}"
                    for name, value in row.items()
                )
                for row in found
            }
        )
        return "; ".join(rows[:SAMPLE_SIZE])


def _great_expectations() -> Any:
    # No telemetry, whatever the user's own configuration says; read when the package is imported.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    return importlib.import_module("great_expectations")


def _subject(check: Check) -> str:
    return str(check.arguments.get("column", "value"))


def _observed_when_passed(check: Check, rows: int) -> str:
    if check.kind.shape == "count":
        return f"{rows:,} rows"
    if check.kind.shape == "columns":
        return "as expected"
    if check.kind.shape == "query":
        return "no unexpected row"
    if check.arguments.get("mostly", 1) != 1:
        return f"within the tolerance, of {rows:,} rows"
    return f"0 of {rows:,} rows"


def _raised(exception_info: Mapping[str, Any] | None) -> list[str]:
    """The messages of the exceptions in a result: one for the expectation, or one for each metric it needed."""
    info = exception_info or {}
    entries = [info] if "raised_exception" in info else [entry for entry in info.values() if isinstance(entry, Mapping)]
    return [
        str(entry.get("exception_message") or "unknown error") for entry in entries if entry.get("raised_exception")
    ]


def _failure_to_evaluate(second_look: Any) -> str:
    """Why the check could not be evaluated; empty when it was, and did not hold."""
    if isinstance(second_look, Exception):
        return _reason(f"{type(second_look).__name__}: {second_look}")
    # An expectation may need several queries; which of them fails first is not the same in every run.
    return min(map(_reason, _raised(second_look.exception_info)), default="")


def _reason(message: str) -> str:
    """An exception's message without the statement and the links that SQLAlchemy and DuckDB append."""
    message = re.split(r"\n+LINE \d+:|\n\[SQL:|\n\(Background|\n?Did you mean", message, maxsplit=1)[0]
    return _shortened(re.sub(r"^\(_duckdb\.\w+\) ", "", message)).rstrip(".! ")


def _error(check: Check, suite: Suite, message: str, expected: str | None = None) -> CheckResult:
    return CheckResult(
        check_name=check.check_name,
        target=suite.table,
        severity=check.severity,
        status="error",
        observed="could not be evaluated",
        detail=f"Expected: {expected or check.expected}. Could not be evaluated: {message}.",
        expected=expected or check.expected,
        why=check.why,
    )


def _shortened(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= longest else f"{one_line[: longest - 1]}…"


def _shown(value: Any) -> str:
    if value is None:
        return "(empty)"
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return _shortened(str(value), _LONGEST_VALUE)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _count(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    catalog = connection.execute("select current_database()").fetchone()
    assert catalog is not None
    # The catalog is named too: in marts.duckdb, `marts.…` alone could mean the database or the schema.
    name = f"{_quoted(catalog[0])}.{_quoted(schema)}.{_quoted(table)}"
    counted = connection.execute(f"select count(*) from {name}").fetchone()
    return int(counted[0]) if counted else 0

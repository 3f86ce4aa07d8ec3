"""The expectation suites: YAML files under `expectations/`, one per table, read into dataclasses.

Reading imports nothing slow, so a suite that is not well formed fails where it is loaded and not an hour later. The
expectations that may be used are listed in `VOCABULARY`, under the names that Great Expectations gives them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Any, Literal, cast

import yaml

Severity = Literal["critical", "warning"]
SEVERITIES: tuple[str, ...] = ("critical", "warning")
QUERY_FIELDS = ("batch", "as_of_date")

_SUITE_KEYS = {"table", "key", "checks"}
_CHECK_KEYS = {"expectation", "arguments", "severity", "why", "name", "expected"}
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_NAME = re.compile(r"[a-z0-9_]{1,120}")


class SuiteError(ValueError):
    """One or more suite files that cannot be used. Each line names file, entry, what is wrong and what is allowed."""


@dataclass(frozen=True)
class Check:
    """One expectation of a suite. `arguments` are Great Expectations' own, checked against `VOCABULARY`.

    `expected` is what must hold, as a clause a person can read.
    """

    check_name: str
    expectation: str
    arguments: Mapping[str, Any]
    severity: Severity
    expected: str
    why: str

    @property
    def kind(self) -> Kind:
        return VOCABULARY[self.expectation]

    @property
    def name(self) -> str:
        """The name without its table: letters, digits and underscores, unique within the table."""
        return self.check_name.rsplit(".", 1)[1]


@dataclass(frozen=True)
class Suite:
    """What one table must satisfy. `table` is `schema.name`; the columns of `key` tell a reader which row it is."""

    table: str
    key: tuple[str, ...]
    checks: tuple[Check, ...]
    path: Path = field(compare=False)

    @property
    def layer(self) -> str:
        return self.table.split(".")[0]


@dataclass(frozen=True)
class Kind:
    """One entry of the vocabulary.

    `class_name` is the class in `great_expectations.expectations` that evaluates it; `shape` says what its result
    holds: `rows` (unexpected rows of the table), `query` (rows a query returned), `count` (the table's row count) or
    `columns` (the table's column names). A query has neither `short_name` nor `sentence`: only its author knows them.
    """

    class_name: str
    shape: Literal["rows", "query", "count", "columns"]
    required: Mapping[str, Callable[[Any], str | None]]
    optional: Mapping[str, Callable[[Any], str | None]]
    short_name: Callable[[Mapping[str, Any]], str] | None
    sentence: Callable[[Mapping[str, Any]], str] | None
    one_of: tuple[str, ...] = ()


# What an argument may be: each returns what it must be when it is not.


def _column(value: Any) -> str | None:
    return None if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else "a column name in lower case"


def _columns(value: Any) -> str | None:
    fine = isinstance(value, list) and len(value) > 1 and not any(map(_column, value)) and len(set(value)) == len(value)
    return None if fine else "a list of two or more different column names in lower case"


def _column_set(value: Any) -> str | None:
    return None if isinstance(value, list) and value and not any(map(_column, value)) else "a list of column names"


def _values(value: Any) -> str | None:
    fine = isinstance(value, list) and value and all(isinstance(item, str | int | float) for item in value)
    return None if fine else "a list of texts or numbers"


def _bound(value: Any) -> str | None:
    # A datetime is a date, a bool is an int: neither stands for a bound that a person meant to write.
    fine = isinstance(value, int | float | date) and not isinstance(value, bool | datetime)
    return None if fine and not (isinstance(value, float) and math.isnan(value)) else "a number or a date"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _share(value: Any) -> str | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1
    return None if fine else "a share above 0 and up to 1"


def _whole(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "a whole number from 0"


def _query(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "a query that returns the rows that must not exist"
    try:
        fields = [name for _, name, _, _ in Formatter().parse(value) if name is not None]
    except ValueError:
        fields = [""]
    if "batch" not in fields or any(name not in QUERY_FIELDS for name in fields):
        return "a query that reads {batch}, may use {as_of_date}, and doubles every other brace"
    if re.search(r"\bselect\s+(distinct\s+)?\*|\.\s*\*", value, re.IGNORECASE):
        return "a query that names its columns: what it returns is shown to people, and `*` may hold personal data"
    return None


# How a check is called and how it reads.


def _join(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _mostly(arguments: Mapping[str, Any]) -> str:
    share = arguments.get("mostly", 1)
    return "" if share == 1 else f" in at least {share:.4%}".rstrip("%").rstrip("0").rstrip(".") + " % of rows"


def _between(subject: str, arguments: Mapping[str, Any]) -> str:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    parts = []
    if low is not None:
        parts.append(f"{'above' if arguments.get('strict_min') else 'at least'} {low}")
    if high == math.inf:
        parts.append("a number (not NaN)")
    elif high is not None:
        parts.append(f"{'below' if arguments.get('strict_max') else 'at most'} {high}")
    return f"{subject} is {' and '.join(parts)}{_mostly(arguments)}"


VOCABULARY: Mapping[str, Kind] = {
    "expect_column_values_to_not_be_null": Kind(
        "ExpectColumnValuesToNotBeNull",
        "rows",
        {"column": _column},
        {"mostly": _share},
        lambda a: f"not_null_{a['column']}",
        lambda a: f"{a['column']} is not empty{_mostly(a)}",
    ),
    "expect_column_values_to_be_unique": Kind(
        "ExpectColumnValuesToBeUnique",
        "rows",
        {"column": _column},
        {},
        lambda a: f"unique_{a['column']}",
        lambda a: f"{a['column']} is unique",
    ),
    "expect_compound_columns_to_be_unique": Kind(
        "ExpectCompoundColumnsToBeUnique",
        "rows",
        {"column_list": _columns},
        {},
        lambda a: f"unique_{'_'.join(a['column_list'])}",
        lambda a: f"{_join(a['column_list'])} are unique together",
    ),
    "expect_column_values_to_be_between": Kind(
        "ExpectColumnValuesToBeBetween",
        "rows",
        {"column": _column},
        {"min_value": _bound, "max_value": _bound, "strict_min": _flag, "strict_max": _flag, "mostly": _share},
        lambda a: f"range_{a['column']}",
        lambda a: _between(a["column"], a),
        one_of=("min_value", "max_value"),
    ),
    "expect_column_values_to_be_in_set": Kind(
        "ExpectColumnValuesToBeInSet",
        "rows",
        {"column": _column, "value_set": _values},
        {"mostly": _share},
        lambda a: f"allowed_{a['column']}",
        lambda a: f"{a['column']} is one of {_join(a['value_set'])}{_mostly(a)}",
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": Kind(
        "ExpectColumnPairValuesAToBeGreaterThanB",
        "rows",
        {"column_A": _column, "column_B": _column},
        {"or_equal": _flag, "mostly": _share},
        lambda a: f"{a['column_A']}_after_{a['column_B']}",
        lambda a: (
            f"{a['column_A']} is {'at least' if a.get('or_equal') else 'greater than'} {a['column_B']}"
            f" where both are present{_mostly(a)}"
        ),
    ),
    "expect_table_columns_to_match_set": Kind(
        "ExpectTableColumnsToMatchSet",
        "columns",
        {"column_set": _column_set},
        {"exact_match": _flag},
        lambda a: "columns",
        lambda a: (
            f"the columns {_join(a['column_set'])} exist" + (" and no others" if a.get("exact_match", True) else "")
        ),
    ),
    "expect_table_row_count_to_be_between": Kind(
        "ExpectTableRowCountToBeBetween",
        "count",
        {},
        {"min_value": _whole, "max_value": _whole},
        lambda a: "row_count",
        lambda a: _between("the number of rows", a),
        one_of=("min_value", "max_value"),
    ),
    # Ours: evaluated as expect_table_row_count_to_be_between, with a minimum that each run supplies.
    "expect_table_row_count_not_to_fall": Kind(
        "ExpectTableRowCountToBeBetween",
        "count",
        {"share": _share},
        {},
        lambda a: "row_count_against_published",
        lambda a: f"at least {a['share']:.0%} as many rows as in the published version",
    ),
    "unexpected_rows_expectation": Kind(
        "UnexpectedRowsExpectation",
        "query",
        {"unexpected_rows_query": _query},
        {},
        None,
        None,
    ),
}


class _StrictLoader(yaml.CSafeLoader):
    """Refuses a key that stands twice, where plain YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load_suites(folder: Path) -> tuple[Suite, ...]:
    """All suites under `folder`/<schema>/<table>.yml, ordered by table.

    Raises SuiteError that lists every problem of every file.
    """
    suites: list[Suite] = []
    problems: list[str] = []
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            suites.append(read_suite(path, folder))
        except SuiteError as error:
            problems.append(str(error))
    if not suites and not problems:
        problems.append(f"{folder}: no suite found; expected <schema>/<table>.yml files")
    if problems:
        raise SuiteError("\n".join(problems))
    return tuple(sorted(suites, key=lambda suite: suite.table))


def read_suite(path: Path, folder: Path) -> Suite:
    """One suite file. Raises SuiteError that lists every problem in it."""
    label = path.relative_to(folder.parent).as_posix()
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)  # noqa: S506  it is a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SuiteError(f"{label}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise SuiteError(f"{label}: expected a mapping with the keys {_join(sorted(_SUITE_KEYS))}")

    problems = _key_problems(document, _SUITE_KEYS, _SUITE_KEYS)
    table, key, entries = document.get("table"), document.get("key"), document.get("checks")
    declared = f"{path.parent.name}.{path.stem}"
    if "table" in document and table != declared:
        problems.append(f"table is {table!r}; expected {declared!r}, as the file's folder and name say")
    if "key" in document and (not isinstance(key, list) or not key or any(map(_column, key))):
        problems.append("key must be a list of column names in lower case")
    if "checks" in document and (not isinstance(entries, list) or not entries):
        problems.append("checks must be a list of at least one expectation")
    if problems:
        raise SuiteError("\n".join(f"{label}: {problem}" for problem in problems))

    checks: list[Check] = []
    taken: dict[str, int] = {}
    for number, entry in enumerate(cast("list[Any]", entries), start=1):
        check, found = _read_check(entry, declared)
        if check is not None and check.name in taken:
            found.append(f"is called {check.name!r} as check {taken[check.name]} is; give it a `name` of its own")
        elif check is not None:
            taken[check.name] = number
            checks.append(check)
        kind = entry.get("expectation") if isinstance(entry, dict) else None
        problems += [f"{label}: check {number}{f' ({kind})' if kind else ''}: {problem}" for problem in found]
    if problems:
        raise SuiteError("\n".join(problems))
    return Suite(declared, tuple(cast("list[str]", key)), tuple(checks), path)


def _key_problems(mapping: Mapping[Any, Any], allowed: set[str], required: set[str]) -> list[str]:
    unknown = [f"unknown key {key!r}; allowed: {_join(sorted(allowed))}" for key in mapping if key not in allowed]
    return unknown + [f"{key} is missing" for key in sorted(required - set(mapping))]


def _read_check(entry: Any, table: str) -> tuple[Check | None, list[str]]:
    if not isinstance(entry, dict):
        return None, [f"expected a mapping with the keys {_join(sorted(_CHECK_KEYS))}"]
    problems = _key_problems(entry, _CHECK_KEYS, {"expectation", "severity", "why"})
    expectation, severity, why, name = (entry.get(key) for key in ("expectation", "severity", "why", "name"))
    arguments = entry.get("arguments", {})
    if "severity" in entry and severity not in SEVERITIES:
        problems.append(f"severity is {severity!r}; allowed: {_join(SEVERITIES)}")
    if "why" in entry and (not isinstance(why, str) or not why.strip()):
        problems.append("why must say what goes wrong for whom when this does not hold")
    if "name" in entry and (not isinstance(name, str) or not _NAME.fullmatch(name)):
        problems.append(f"name is {name!r}; expected lower-case letters, digits and underscores")
    if "expectation" in entry and expectation not in VOCABULARY:
        problems.append(f"unknown expectation {expectation!r}; allowed: {_join(VOCABULARY)}")
    if not isinstance(arguments, dict):
        problems.append("arguments must be a mapping")
    elif expectation in VOCABULARY:
        problems += _argument_problems(VOCABULARY[str(expectation)], arguments)
    if problems:
        return None, problems
    kind = VOCABULARY[str(expectation)]
    short = name or (kind.short_name and kind.short_name(arguments))
    expected = kind.sentence(arguments) if kind.sentence else entry.get("expected")
    if not short or not expected:
        return None, ["a query needs a `name` and, in `expected`, what must hold in words"]
    if kind.sentence and "expected" in entry:
        return None, ["`expected` is for queries; this expectation says in its arguments what must hold"]
    return (
        Check(
            check_name=f"{table}.{short}",
            expected=" ".join(str(expected).split()),
            expectation=str(expectation),
            arguments=arguments,
            severity=cast("Severity", severity),
            why=" ".join(str(why).split()),
        ),
        [],
    )


def _argument_problems(kind: Kind, arguments: Mapping[str, Any]) -> list[str]:
    allowed = {**kind.required, **kind.optional}
    problems = [
        f"unknown argument {name!r}; allowed: {_join(allowed)}" for name in arguments if name not in allowed
    ] + [f"argument {name} is missing" for name in kind.required if name not in arguments]
    if kind.one_of and not any(name in arguments for name in kind.one_of):
        problems.append(f"one of the arguments {_join(kind.one_of)} is needed")
    for name, must_be in allowed.items():
        wanted = must_be(arguments[name]) if name in arguments else None
        if wanted:
            problems.append(f"argument {name} is {arguments[name]!r}; expected {wanted}")
    return problems

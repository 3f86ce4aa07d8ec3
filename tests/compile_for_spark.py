"""Compile every model and test for the Spark adapter, without Spark, and look for SQL that only DuckDB understands.

Python models are left out: dbt-spark's session method runs none, so on Spark what they fit must be computed elsewhere.
dbt-spark's session method refuses a profile when `pyspark` cannot be imported, although compiling never uses it. Where
PySpark is not installed an empty module stands in for it; where it is, it is used.

    python tests/compile_for_spark.py [--target-path target/spark] [further arguments of dbt compile]

Exits 1 when a model does not compile or uses a function of one engine outside the dispatched macros.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import types
from pathlib import Path

from dbt.cli.main import dbtRunner

COMMAND = [
    "--quiet",
    "compile",
    "--target",
    "spark",
    "--no-introspect",
    "--no-populate-cache",
    "--exclude",
    "file:*.py",
]
DUCKDB_ONLY = re.compile(
    r"::\s*\w+|\bqualify\b|\bgroup by all\b|\border by all\b|\bgenerate_series\s*\(|\brange\s*\(|\bunnest\s*\("
    r"|\bregexp_matches\s*\(|\bjson_extract(_string)?\s*\(|\bjson_valid\s*\(|\bstrptime\s*\(|\btry_strptime\s*\("
    r"|\bstrftime\s*\(|\bepoch\s*\(|\barg_max\s*\(|\barg_min\s*\(|\blist_\w+\s*\(|\bstruct_pack\s*\("
    r"|\bmake_timestamp\s*\(|\bstring_agg\s*\(|\bas\s+(hugeint|text)\b|\bexclude\s*\(|\blambda\b",
    re.IGNORECASE,
)


def without_comments_and_literals(sql: str) -> str:
    """The SQL with comments and quoted text blanked, so that words in them are not taken for code."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'", " ", sql, flags=re.DOTALL)


def duckdb_only_words(sql: str) -> list[str]:
    """What in `sql` only DuckDB understands, sorted, each once."""
    return sorted({match.group(0).lower() for match in DUCKDB_ONLY.finditer(without_comments_and_literals(sql))})


def main(arguments: list[str]) -> int:
    if importlib.util.find_spec("pyspark") is None:
        sys.modules["pyspark"] = types.ModuleType("pyspark")
    if "--target-path" not in arguments:
        arguments = ["--target-path", "target/spark", *arguments]
    outcome = dbtRunner().invoke([*COMMAND, *arguments])
    if not outcome.success:
        print(f"not every model compiles for Spark: {outcome.exception or 'see above'}", file=sys.stderr)
        return 1
    compiled = Path(arguments[arguments.index("--target-path") + 1]) / "compiled"
    queries = sorted(path for path in compiled.rglob("*.sql") if path.is_file())
    foreign = {path: words for path in queries if (words := duckdb_only_words(path.read_text(encoding="utf-8")))}
    for path, words in foreign.items():
        print(f"{path.relative_to(compiled)}: only DuckDB understands {', '.join(words)}", file=sys.stderr)
    print(f"{len(queries)} models and tests compile for Spark; {len(foreign)} use what only DuckDB understands")
    return 1 if foreign or not queries else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

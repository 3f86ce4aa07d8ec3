"""Data Docs: one page that says, per table, what was checked, why, and what was found.

Great Expectations' own Data Docs are not used. Their pages load Bootstrap, jQuery, Vega and fonts from five content
networks and are unreadable without them, their static folder is hundreds of files that cannot be replaced in one step,
and they show neither why a check exists nor the checks of ingestion and dbt. This is one file without a script.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from html import escape
from pathlib import Path

from orchestration.validation.results import CheckResult
from orchestration.validation.suites import Check, Suite

PAGE_NAME = "index.html"

_LAYERS = {
    "extracts": ("Extracts", "What landed: whole files, every row accounted for, references that lead somewhere."),
    "staging": ("Staging", "The boundary: one row per thing, plausible values. A warning names what to correct."),
    "marts": ("Marts", "What dashboards read. One critical check that does not hold stops publication."),
    "other": ("Between and beside", "What dbt tests between the boundary and the marts, and in the seeds."),
}
_MARKS = {"passed": "✓ holds", "failed": "✗ does not hold", "error": "! not evaluated"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2a24; --soft: #5d6b64; --line: #d9e0dc; --paper: #fbfcfb; --card: #fff;
  --good: #1f7a4d; --bad: #b3261e; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ece9; --soft: #9fb0a8; --line: #34403a; --paper: #141a17;
  --card: #1b2320; --good: #63c796; --bad: #ff8f85; --warn: #f0bc5e; } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { font-size: 1.7rem; margin: 0 0 .25rem } h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem }
p { margin: .25rem 0 } .soft { color: var(--soft) }
.verdict { margin: 1.25rem 0; padding: .9rem 1.1rem; border: 1px solid var(--line); border-left: .4rem solid;
  background: var(--card); font-size: 1.1rem }
.verdict.passed { border-left-color: var(--good) } .verdict.blocked { border-left-color: var(--bad) }
.verdict.warned { border-left-color: var(--warn) }
nav a { margin-right: 1.2rem } a { color: inherit }
details.table { border: 1px solid var(--line); background: var(--card); margin: .5rem 0 }
details.table > summary { cursor: pointer; padding: .55rem .9rem; display: flex; gap: 1rem; align-items: baseline }
details.table > summary b { flex: 1; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .92rem }
th { text-align: left; color: var(--soft); font-weight: 600 }
th, td { padding: .5rem .9rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
th:nth-child(1) { width: 9.5rem } th:nth-child(2) { width: 32% } th:nth-child(4) { width: 27% }
.state { white-space: nowrap; font-weight: 600 } .passed .state { color: var(--good) }
.failed .state, .error .state { color: var(--bad) } .warning.failed .state, .warning.error .state { color: var(--warn) }
.count-bad { color: var(--bad); font-weight: 600 } .count-warn { color: var(--warn); font-weight: 600 }
pre { white-space: pre-wrap; font-size: .85rem; background: var(--paper); padding: .6rem; margin: .4rem 0 0 }
@media (max-width: 46rem) { table, tbody, tr, td { display: block } thead { display: none }
  td { border: 0; padding: .2rem .9rem } tr { border-top: 1px solid var(--line); padding: .4rem 0; display: block } }
"""


def write_docs(
    folder: Path, suites: Sequence[Suite], results: Iterable[CheckResult], *, as_of_date: date | None = None
) -> Path:
    """Writes `folder`/index.html and returns its path. A reader sees the old page or the new one, never half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    page, draft = folder / PAGE_NAME, folder / f".{PAGE_NAME}.{os.getpid()}"
    draft.write_text(render(suites, list(results), as_of_date), encoding="utf-8")
    draft.replace(page)
    return page


def render(suites: Sequence[Suite], results: Sequence[CheckResult], as_of_date: date | None = None) -> str:
    """The whole page. It loads nothing, and tells the browser to refuse if it should ever try to."""
    checks = {check.check_name: check for suite in suites for check in suite.checks}
    # dbt names its tables without their schema; here each table stands once.
    tables = {suite.table.split(".")[1]: suite.table for suite in suites}
    by_layer: dict[str, dict[str, list[CheckResult]]] = {layer: {} for layer in _LAYERS}
    for result in results:
        target = tables.get(result.target, result.target)
        by_layer[_layer(result, target)].setdefault(target, []).append(replace(result, target=target))
    present = [layer for layer in _LAYERS if by_layer[layer]]
    unmet = [result for layer in present for _, found in sorted(by_layer[layer].items()) for result in found]
    unmet = sorted((result for result in unmet if not result.passed), key=lambda result: not result.is_blocking)
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<title>Evergreen: Data Docs</title><style>{_STYLE}</style></head><body>",
        "<header><h1>Data Docs</h1>",
        f"<p class=soft>What Evergreen checked before it published{_as_of(as_of_date)}.</p></header>",
        _verdict(results),
        "<nav>",
        *(['<a href="#attention">Needs attention</a>'] if unmet else []),
        *(f'<a href="#{layer}">{_LAYERS[layer][0]}</a>' for layer in present),
        "</nav><main>",
    ]
    if unmet:
        parts += [
            "<section id=attention><h2>Needs attention</h2>",
            "<p class=soft>What does not hold, the critical first.</p><details class=table open><summary><b>",
            f"{_plural(len(unmet), 'check')}</b></summary>{_unmet_rows(unmet, checks)}</details></section>",
        ]
    for layer in present:
        title, about = _LAYERS[layer]
        parts.append(f"<section id={layer}><h2>{title}</h2><p class=soft>{about}</p>")
        for target, found in sorted(by_layer[layer].items()):
            parts.append(
                f'<details class=table id="{escape(target)}"><summary><b>{escape(target)}</b>{_counts(found)}</summary>'
                f"{_rows(found, checks)}</details>"
            )
        parts.append("</section>")
    parts.append("</main></body></html>\n")
    return "\n".join(parts)


def _layer(result: CheckResult, target: str) -> str:
    schema, name = target.split(".")[0], target.split(".")[-1]
    if schema in ("staging", "marts"):
        return schema
    if result.check_name.startswith("extract_"):
        return "extracts"
    return "staging" if name.startswith("stg_") else "marts" if name.startswith(("fct_", "dim_")) else "other"


def _as_of(as_of_date: date | None) -> str:
    return f", as of {as_of_date:%d %B %Y}" if as_of_date else ""


def _verdict(results: Sequence[CheckResult]) -> str:
    blocking = sum(result.is_blocking for result in results)
    warnings = sum(not result.passed for result in results) - blocking
    if blocking:
        text = f"{_plural(blocking, 'critical check')} of {len(results):,} did not hold: this build was not published."
        return f"<p class='verdict blocked'>{text} Readers keep the version before it.</p>"
    if warnings:
        text = f"No critical check failed. {_plural(warnings, 'warning')} among {_plural(len(results), 'check')}."
        return f"<p class='verdict warned'>{text}</p>"
    return f"<p class='verdict passed'>Every check holds: {len(results):,} of {len(results):,}.</p>"


def _plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _counts(results: Sequence[CheckResult]) -> str:
    blocking = sum(result.is_blocking for result in results)
    warnings = sum(not result.passed for result in results) - blocking
    parts = [f"<span class=count-bad>{blocking} critical</span>"] if blocking else []
    parts += [f"<span class=count-warn>{_plural(warnings, 'warning')}</span>"] if warnings else []
    return "".join(parts) + f"<span class=soft>{sum(result.passed for result in results)} of {len(results)} hold</span>"


def _rows(results: Sequence[CheckResult], checks: dict[str, Check]) -> str:
    return _table(_row(result, checks.get(result.check_name), with_target=False) for result in results)


def _unmet_rows(results: Sequence[CheckResult], checks: dict[str, Check]) -> str:
    """As `_rows`, with one row for all checks of a table that could not be evaluated for one reason."""
    alike: dict[tuple[str, ...], list[CheckResult]] = {}
    for result in results:
        own = () if result.status == "error" else (result.check_name,)
        alike.setdefault((result.target, result.severity, _found(result), *own), []).append(result)
    return _table(
        _row(group[0], checks.get(group[0].check_name), with_target=True, more_alike=len(group) - 1)
        for group in alike.values()
    )


def _table(rows: Iterable[str]) -> str:
    return (
        "<table><thead><tr><th>Result<th>What must hold<th>Why<th>What was found</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(result: CheckResult, check: Check | None, with_target: bool, more_alike: int = 0) -> str:
    status, severity, target = escape(result.status), escape(result.severity), escape(result.target)
    expected = escape(result.expected or _words(result))
    if with_target:
        expected += f"<br><a class=soft href='#{target}'>{target}</a>"
    query = str(check.arguments.get("unexpected_rows_query", "")).strip() if check else ""
    if query:
        expected += f"<details><summary class=soft>the query</summary><pre>{escape(query)}</pre></details>"
    also = f"<br><span class=soft>and so for {_plural(more_alike, 'other check')} of it</span>" if more_alike else ""
    return (
        f"<tr class='{status} {severity}'>"
        f"<td><span class=state>{_MARKS.get(result.status, status)}</span><br><span class=soft>{severity}</span>"
        f"<td>{expected}<td>{escape(result.why)}<td>{escape(_found(result))}{also}</tr>"
    )


def _found(result: CheckResult) -> str:
    """The result without what stands in its other columns."""
    detail = result.detail.removeprefix(f"Expected: {result.expected}.").strip().removeprefix("Found: ")
    if result.passed or not detail or detail.startswith(result.observed):
        return detail if detail and not result.passed else result.observed
    return detail if result.status == "error" else f"{result.observed}: {detail}"


def _words(result: CheckResult) -> str:
    """A check that has no suite is known by its name only."""
    return result.check_name.rsplit(".", 1)[-1].replace("_", " ")

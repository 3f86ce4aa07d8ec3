"""Two models of the health score as one SVG: churn rate by decile, and what was said against what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

COLOURS = ("#8a8a8a", "#0b5fa5")
SIZE, GAP, TOP = 320, 90, 70


@dataclass(frozen=True)
class Curve:
    """By decile of the score, lowest first: the share that left, and the probability that was stated before."""

    name: str
    left: Sequence[float | None]
    stated: Sequence[float | None]


def write_picture(path: Path, title: str, curves: Sequence[Curve]) -> None:
    rates = [rate for curve in curves for rate in (*curve.left, *curve.stated) if rate is not None]
    top = max([0.01, *rates]) * 1.05
    first, second = GAP, 2 * GAP + SIZE
    parts = [
        *_panel(first, "Churn rate by decile of the score", "decile, 1 lowest", top),
        *(_text(first + SIZE * (decile - 0.5) / 10, TOP + SIZE + 18, str(decile)) for decile in range(1, 11)),
        *_panel(second, "What was said and what happened", "stated probability, % of accounts", top),
        *(_text(second + SIZE * tick / 4, TOP + SIZE + 18, f"{100 * top * tick / 4:.1f}") for tick in range(5)),
        f'<path d="M{second} {TOP + SIZE}L{second + SIZE} {TOP}" stroke="#cccccc" stroke-dasharray="4 4"/>',
    ]
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        by_decile = [(first + SIZE * (at + 0.5) / 10, rate) for at, rate in enumerate(curve.left) if rate is not None]
        calibrated = [
            (second + SIZE * stated / top, rate)
            for stated, rate in zip(curve.stated, curve.left, strict=True)
            if stated is not None and rate is not None
        ]
        height: Callable[[float], float] = lambda rate: TOP + SIZE * (1 - rate / top)  # noqa: E731
        if by_decile:
            line = "L".join(f"{x:.1f} {height(rate):.1f}" for x, rate in by_decile)
            parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{height(rate):.1f}" r="4" fill="{colour}"><title>{escape(curve.name)}: '
            f"{100 * rate:.2f} %</title></circle>"
            for x, rate in (*by_decile, *calibrated)
        ]
        at = first + number * SIZE
        parts.append(f'<circle cx="{at}" cy="{TOP + SIZE + 66}" r="5" fill="{colour}"/>')
        parts.append(_text(at + 12, TOP + SIZE + 70, curve.name, "start"))
    width, depth = second + SIZE + 30, TOP + SIZE + 90
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {depth}" width="{width}" height="{depth}" '
        f'font-family="sans-serif" font-size="12" role="img"><title>{escape(title)}</title>'
        f'<rect width="{width}" height="{depth}" fill="white"/>'
        f'<text x="{GAP}" y="26" font-size="16">{escape(title)}</text>{"".join(parts)}</svg>\n',
        encoding="utf-8",
    )


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _panel(left: int, heading: str, below: str, top: float) -> list[str]:
    """Axes and lines of a panel whose height is the share that left."""
    parts = [
        _text(left, TOP - 14, heading + " (share that left, %)", "start"),
        _text(left + SIZE / 2, TOP + SIZE + 38, below),
    ]
    for tick in range(5):
        y = TOP + SIZE * (1 - tick / 4)
        parts.append(f'<path d="M{left} {y:.1f}h{SIZE}" stroke="#e4e4e4"/>')
        parts.append(_text(left - 8, y + 4, f"{100 * top * tick / 4:.1f}", "end"))
    return parts

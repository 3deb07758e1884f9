"""The main curves of a job as a small SVG picture, for readers without a live view.

It needs neither scripts nor anything from elsewhere. Words have the colour of the text around
them; lines have colours that stand out from light and dark paper alike, and dashes beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from jupyter_platform.core.jobs import MetricsRecord, SeriesPoints

BUCKETS = 150
"""Points of a series to ask for: each is drawn from its lowest to its highest value."""
COLOURS = ("#2f7fc1", "#c9610a", "#14866a", "#b0559a")
"""Contrast of at least 3 with white and with JupyterLab's dark background (#111111)."""
DASHES = ("", "6 3", "2 3", "8 3 2 3")
WIDTH, HEIGHT = 480, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 10, 22, 20

_LOSS = re.compile(r"(.*_)?loss")
_SCORE = re.compile(r"(.*_)?(accuracy|iou|recall|precision|f1|auc|share)(@\d+)?")
_RETURN = re.compile(r"(.*_)?return")
_LEADING = ("loss", "validation_loss", "validation_accuracy", "accuracy")


def curves_svg(metrics: MetricsRecord) -> str:
    """Return the main curves as SVG: losses, and scores or else returns; empty without any.

    Parameters
    ----------
    metrics : MetricsRecord
        Series thinned to `BUCKETS` buckets or so. Values that are not finite leave a gap.
    """
    series = {
        name: points
        for name, points in metrics.series.items()
        if points.rank == 0 and any(value is not None for value in points.mean)
    }
    groups = [_chosen(series, _LOSS), _chosen(series, _SCORE) or _chosen(series, _RETURN)]
    shown = [[(name, series[name]) for name in names] for names in groups if names]
    if not shown:
        return ""
    steps = _bounds(step for lines in shown for _, points in lines for step in points.step)
    plots = [_plot(lines, *steps) for lines in shown]
    height = HEIGHT * len(plots)
    drawn = "".join(
        f'<g transform="translate(0 {HEIGHT * number})">{plot}</g>'
        for number, plot in enumerate(plots)
    )
    told = ", ".join(_words(name) for names in groups for name in names)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Curves: {escape(told)}" '
        f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'style="max-width:100%;height:auto;background:none" font-family="sans-serif" '
        f'font-size="11" fill="currentColor">{drawn}</svg>'
    )


def _chosen(series: Iterable[str], kind: re.Pattern[str]) -> list[str]:
    """Return the series of one kind that fit in a plot, the leading ones first."""
    found = [name for name in series if kind.fullmatch(name)]
    order = {name: place for place, name in enumerate(_LEADING)}
    found.sort(key=lambda name: (order.get(name, len(order)), name))
    return found[: len(COLOURS)]


def _plot(lines: Sequence[tuple[str, SeriesPoints]], left: float, right: float) -> str:
    low, high = _bounds(
        value for _, points in lines for value in (*points.min, *points.max) if value is not None
    )
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def place(step: float, value: float) -> tuple[float, float]:
        across = _share(step, left, right)
        up = _share(value, low, high)
        return round(_LEFT + width * across, 1), round(_TOP + height * (1 - up), 1)

    base = _TOP + height
    parts = [
        f'<path d="M{_LEFT} {_TOP}V{base}H{_LEFT + width}" fill="none" stroke="currentColor" '
        'stroke-opacity="0.5"/>',
        _text(_LEFT - 4, base, f"{low:.4g}", "end"),
        _text(_LEFT, base + 14, f"{left:,}", "start"),
        _text(_LEFT + width, base + 14, f"{right:,}" if right > left else "step", "end"),
    ]
    if high > low:
        parts.append(_text(_LEFT - 4, _TOP + 8, f"{high:.4g}", "end"))
    if right > left:
        parts.append(_text(_LEFT + width / 2, base + 14, "step", "middle"))
    for number, (name, points) in enumerate(lines):
        style = f'stroke="{COLOURS[number]}" stroke-width="1.5"'
        dash = f' stroke-dasharray="{DASHES[number]}"' if DASHES[number] else ""
        across = _LEFT + number * width / len(lines)
        parts.append(f'<path d="M{across:g} 9h18" {style}{dash}/>')
        parts.append(_text(across + 22, 13, _words(name), "start"))
        for run in _runs(points):
            spots = list(dict.fromkeys(place(step, value) for step, value in run))
            if len(spots) == 1:
                (x, y) = spots[0]
                parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="2.5" fill="{COLOURS[number]}"/>')
            else:
                corners = " ".join(f"{x:g},{y:g}" for x, y in spots)
                parts.append(f'<polyline points="{corners}" fill="none" {style}{dash}/>')
    return "".join(parts)


def _runs(points: SeriesPoints) -> list[list[tuple[int, float]]]:
    """Return the parts of a series between what is not finite, each bucket as its extremes."""
    rows = zip(points.step, points.min, points.max, strict=True)
    runs = []
    for is_finite, part in groupby(rows, lambda row: row[1] is not None and row[2] is not None):
        if is_finite:
            runs.append(
                [(step, value) for step, *ends in part for value in ends if value is not None]
            )
    return runs


def _bounds(numbers: Iterable[float]) -> tuple[float, float]:
    found = list(numbers)
    return min(found), max(found)


def _share(value: float, low: float, high: float) -> float:
    """Return where between two bounds a value lies, 0 to 1; in the middle when they are one."""
    # Halves: the distance of two finite numbers may be none itself.
    distance = high / 2 - low / 2
    return (value / 2 - low / 2) / distance if distance > 0 else 0.5


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'

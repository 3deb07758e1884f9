"""A sweep in parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    Range1d,
    ResetTool,
    SaveTool,
)
from bokeh.models.layouts import LayoutDOM
from bokeh.plotting import figure

from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.figures.plot import Line, Plot

if TYPE_CHECKING:
    from jupyter_platform.client.sweeps import Sweep

HEIGHT = 340
"""Pixels."""


def sweep_plot(sweep: Sweep, *, theme: str | None = None) -> Plot:
    """Draw a line for each job through the values of its options to its score.

    The best job is drawn in the second colour and thicker; jobs without a score are left out.

    Parameters
    ----------
    sweep : Sweep
        Whose jobs are drawn.
    theme : str, optional
        ``light`` or ``dark``; that of the page when absent.

    Raises
    ------
    NotFoundError
        If no job has a score yet.
    """
    record = sweep.refresh().record
    metric = record.metric
    rows = [
        {
            **job.record.varied,
            metric or "": job.record.headline.value,
            "job": job.name,
            "best": job.id == record.best,
        }
        for job in sweep.jobs()
        if job.record.headline is not None
        and job.record.headline.name == metric
        and job.record.headline.value is not None
    ]
    if metric is None or not rows:
        raise NotFoundError(f"No job of sweep {sweep.name!r} ({sweep.id}) has a score yet.")
    names = [*record.dimensions, metric]
    rows.sort(key=lambda row: bool(row["best"]))  # the last lies on top
    layout, lines = _draw(names, rows)
    return Plot(layout, lines, f"{len(rows)} jobs of sweep {sweep.name}", theme)


def _draw(
    names: Sequence[str], rows: Sequence[dict[str, Any]]
) -> tuple[LayoutDOM, list[tuple[Line, int]]]:
    axes = [_places([row.get(name) for row in rows]) for name in names]
    plot = figure(
        title=f"{names[-1]} by {', '.join(names[:-1])}",
        height=HEIGHT,
        sizing_mode="stretch_width",
        x_range=Range1d(start=-0.25, end=len(names) - 0.75),
        y_range=Range1d(start=-0.18, end=1.18),
        tools=[ResetTool(), SaveTool(filename="sweep")],
        toolbar_location="above",
    )
    plot.toolbar.logo = None
    plot.xaxis.ticker = FixedTicker(ticks=list(range(len(names))))
    plot.xaxis.major_label_overrides = dict(enumerate(names))
    plot.yaxis.visible = False
    plot.grid.visible = False
    plot.xaxis.major_tick_line_color = None
    plot.xaxis.axis_line_color = None
    lines: list[tuple[Line, int]] = []
    for number, row in enumerate(rows):
        best = bool(row["best"])
        source = ColumnDataSource(
            {
                "x": list(range(len(names))),
                "y": [places[number] for places in axes],
                "job": [row["job"]] * len(names),
                "axis": list(names),
                "value": [_text(row.get(name)) for name in names],
            }
        )
        line = plot.line(
            "x", "y", source=source, line_width=4 if best else 1.5, line_alpha=1 if best else 0.55
        )
        lines.append((line, 1 if best else 0))
    for number, name in enumerate(names):
        _mark_ends(plot, number, [row.get(name) for row in rows])
    plot.add_tools(
        HoverTool(
            renderers=[line for line, _ in lines],
            tooltips=[("job", "@job"), ("", "@axis = @value")],
            line_policy="nearest",
        )
    )
    return plot, lines


def _mark_ends(plot: figure, place: int, values: Sequence[Any]) -> None:
    """Draw an axis, with the text of its lowest and its highest value."""
    plot.segment(x0=[place], y0=[0], x1=[place], y1=[1], line_color="#808080")
    known = [item for item in values if item is not None]
    numbers = [item for item in known if isinstance(item, int | float)]
    ends = (
        [min(numbers), max(numbers)]
        if numbers and len(numbers) == len(known)
        else [known[0], known[-1]]
    )
    places = _places(ends)
    labelled = dict(zip(places, ends, strict=True))
    for height, item in labelled.items():
        plot.text(
            x=[place],
            y=[height],
            text=[_text(item)],
            y_offset=8 if height < 0.5 else -8,
            text_align="center",
            text_font_size="11px",
            text_baseline="top" if height < 0.5 else "bottom",
            text_color="#808080",
        )


def _places(values: Sequence[Any]) -> list[float]:
    """Return where values lie between 0 and 1: numbers to scale, others by their order.

    Numbers above zero that span three decades or more are placed by their logarithm.
    """
    known = [item for item in values if item is not None]
    numeric = all(isinstance(item, int | float) and not isinstance(item, bool) for item in known)
    if not numeric:
        order = list(dict.fromkeys(str(item) for item in values))
        return [order.index(str(item)) / max(len(order) - 1, 1) for item in values]
    numbers = [math.nan if item is None else float(item) for item in values]
    finite = [item for item in numbers if math.isfinite(item)]
    if finite and min(finite) > 0 and max(finite) / min(finite) >= 100:
        numbers = [math.log(item) for item in numbers]
        finite = [math.log(item) for item in finite]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    return [0.5 if high == low else (item - low) / (high - low) for item in numbers]


def _text(item: Any) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    return f"{item:.4g}" if isinstance(item, float) else str(item)

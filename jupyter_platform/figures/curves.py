"""Curves of one job or of many over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, SaveTool
from bokeh.models.tools import BoxZoomTool, CustomAction, PanTool, ResetTool, WheelZoomTool
from bokeh.plotting import figure

from jupyter_platform.core.errors import InvalidRequestError, NotFoundError, nearest
from jupyter_platform.figures.plot import Line, Plot
from jupyter_platform.figures.theme import DOWNLOAD_ICON

if TYPE_CHECKING:
    import pandas as pd

    from jupyter_platform.client import Job

Axis = Literal["step", "time"]

HEIGHT = 260
"""Pixels."""
MOST_POINTS = 4000
"""Points of a line that are drawn; of more, the lowest and the highest of each bucket."""
LEGEND_COLUMNS = 3
DASHES = ("solid", "dashed", "dotted", "dotdash")
"""So that lines are told apart in grey, too."""
_X = {"step": "iteration", "time": "seconds since the start"}


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of one job under the name that a legend shows."""

    label: str
    frame: pd.DataFrame
    """As of `Job.metrics`."""


def job_plot(
    job: Job, series: str | Sequence[str] | None = None, x: Axis = "step", theme: str | None = None
) -> Plot:
    """Return a plot of a job's curves; parameters as of `Job.plot`.

    Parameters
    ----------
    job : Job
        The job.
    series : str or sequence of str, optional
        Names of curves; by default those that matter most.
    x : Axis, optional
        Axis along the curves.
    theme : str, optional
        ``light`` or ``dark``; by default that of the page.
    """
    return curves_plot([Curves(job.name, job.metrics())], series, x, theme)


def frame_plot(
    frame: pd.DataFrame,
    series: str | Sequence[str] | None = None,
    x: Axis = "step",
    theme: str | None = None,
) -> Plot:
    """Return a plot of a table of curves; parameters as of `Job.plot`.

    Parameters
    ----------
    frame : DataFrame
        Columns as `Job.curves` gives them.
    series : str or sequence of str, optional
        Names of curves; by default those that matter most.
    x : Axis, optional
        Axis along the curves.
    theme : str, optional
        ``light`` or ``dark``; by default that of the page.
    """
    return curves_plot([Curves("job", frame)], series, x, theme)


def curves_plot(
    curves: Sequence[Curves],
    series: str | Sequence[str] | None = None,
    x: Axis = "step",
    theme: str | None = None,
) -> Plot:
    """Draw series below each other, in each the lines of all jobs.

    Parameters
    ----------
    curves : sequence of Curves
        In the order of the legend; each has one colour on every plot.
    series : str or sequence of str, optional
        Only these; all when absent. Those of one job that tell of the same, such as ``loss`` and
        ``validation_loss``, share a plot.
    x : str
        ``step``, or ``time``: seconds since the first point of each job.
    theme : str, optional
        ``light`` or ``dark``; that of the page when absent.

    Raises
    ------
    InvalidRequestError
        If `x` is neither.
    NotFoundError
        If no job has such a series, or any at all.
    """
    if x not in _X:
        raise InvalidRequestError(f"x = {x!r} is not accepted; it must be 'step' or 'time'.")
    names = _chosen(curves, series)
    plots: list[figure] = []
    lines: list[tuple[Line, int]] = []
    for group in _groups(names, alone=len(curves) > 1):
        plot, drawn = _plot(curves, group, x)
        if len(curves) > 1 and plots:
            plot.legend.visible = False  # that of the first plot tells, and hides, for all
            _hide_together(lines, drawn)
        plots.append(plot)
        lines += drawn
    shown = ", ".join(names)
    text = f"{shown} of {', '.join(item.label for item in curves)}"
    return Plot(column(*plots, sizing_mode="stretch_width"), lines, text, theme)


def _chosen(curves: Sequence[Curves], series: str | Sequence[str] | None) -> list[str]:
    known = sorted({name for item in curves for name in item.frame.columns} - {"step", "time"})
    wanted = known if series is None else [series] if isinstance(series, str) else list(series)
    for name in wanted:
        if name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {near!r}?" if near else ""
            told = ", ".join(known) or "none yet"
            raise NotFoundError(f"There is no series {name!r}.{hint} There are: {told}.")
    if not wanted:
        raise NotFoundError("There are no curves yet; ask again when a point has been recorded.")
    return wanted


def _groups(names: Sequence[str], *, alone: bool) -> list[list[str]]:
    """Return groups of series that share a plot: names of one job that differ in the first word."""
    if alone:
        return [[name] for name in names]
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.removeprefix("validation_"), []).append(name)
    return list(groups.values())


def _plot(
    curves: Sequence[Curves], names: Sequence[str], x: Axis
) -> tuple[figure, list[tuple[Line, int]]]:
    title = " and ".join(names)
    plot = figure(
        title=title,
        height=HEIGHT,
        sizing_mode="stretch_width",
        x_axis_label=_X[x],
        toolbar_location="above",
        tools=[PanTool(), BoxZoomTool(), WheelZoomTool(dimensions="width"), ResetTool()],
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    drawn: list[tuple[Line, int]] = []
    for number, (label, name, frame) in enumerate(_lines(curves, names)):
        points = _points(frame, name, x)
        source = ColumnDataSource({**points, "name": [label] * len(points["x"])})
        colour = number if len(curves) == 1 else _place(curves, frame)
        line = plot.line(
            "x",
            "y",
            source=source,
            line_width=2,
            line_dash=DASHES[(colour // 6) % len(DASHES)],
            legend_label=label,
        )
        drawn.append((line, colour))
        if len(points["x"]) == 1:
            drawn.append((plot.scatter("x", "y", source=source, size=6), colour))
    plot.add_tools(
        HoverTool(
            tooltips=[("", "@name"), (_X[x], "@x{0,0.[000]}"), (title, "@y{0.[000000]}")],
            mode="vline",
            line_policy="nearest",
        ),
        SaveTool(filename="-".join(names)),
        _download([item for item, _ in drawn], "-".join(names)),
    )
    plot.legend.click_policy = "hide"
    plot.legend.visible = len(drawn) > 1
    if plot.legend.visible:
        legend = plot.legend[0]
        legend.ncols = LEGEND_COLUMNS
        plot.add_layout(legend, "above")
    return plot, drawn


def _hide_together(first: Sequence[tuple[Line, int]], others: Sequence[tuple[Line, int]]) -> None:
    for line, number in others:
        for leading, place in first:
            if place == number:
                leading.js_link("visible", line, "visible")


def _lines(curves: Sequence[Curves], names: Sequence[str]) -> list[tuple[str, str, pd.DataFrame]]:
    return [
        (item.label if len(curves) > 1 else name, name, item.frame)
        for item in curves
        for name in names
        if name in item.frame
    ]


def _place(curves: Sequence[Curves], frame: pd.DataFrame) -> int:
    return next(number for number, item in enumerate(curves) if item.frame is frame)


def _points(frame: pd.DataFrame, name: str, x: Axis) -> Mapping[str, Any]:
    """Return the finite points of a series, thinned so that every extreme is kept."""
    rows = frame[["step", "time", name]].dropna()
    values = rows[name].to_numpy(np.float64)
    where = rows["step"] if x == "step" else rows["time"] - frame["time"].min()
    places = where.to_numpy(np.float64)
    if len(values) > MOST_POINTS:
        kept = _extremes(values, MOST_POINTS // 2)
        places, values = places[kept], values[kept]
    return {"x": places.tolist(), "y": values.tolist()}


def _extremes(values: np.ndarray[Any, np.dtype[np.float64]], buckets: int) -> Any:
    edges = np.arange(buckets + 1) * len(values) // buckets
    kept = {0, len(values) - 1}
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        part = values[start:stop]
        kept |= {int(start + part.argmin()), int(start + part.argmax())}
    return sorted(kept)


_DOWNLOAD = """
const rows = ['job,x,y'];
for (const source of sources) {
  for (let i = 0; i < source.data.x.length; i++) {
    const name = `"${String(source.data.name[i]).replaceAll('"', '""')}"`;
    rows.push(`${name},${source.data.x[i]},${source.data.y[i]}`);
  }
}
const link = document.createElement('a');
link.href = URL.createObjectURL(new Blob([rows.join('\\n') + '\\n'], {type: 'text/csv'}));
link.download = file;
link.click();
setTimeout(() => URL.revokeObjectURL(link.href), 0);
"""


def _download(renderers: Sequence[Line], name: str) -> CustomAction:
    return CustomAction(
        icon=DOWNLOAD_ICON,
        description="Download data (CSV)",
        callback=CustomJS(
            args={
                "sources": [item.data_source for item in renderers],
                "file": f"{name}.csv",
            },
            code=_DOWNLOAD,
        ),
    )

"""Plots of what a host does: the last minutes, live, and the last day."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bokeh.embed import json_item
from bokeh.layouts import row
from bokeh.models import (
    AjaxDataSource,
    BasicTicker,
    BasicTickFormatter,
    CustomAction,
    CustomJS,
    CustomJSHover,
    CustomJSTickFormatter,
    DataRange1d,
    HoverTool,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    Tool,
    WheelZoomTool,
)
from bokeh.models.layouts import Row
from bokeh.models.ranges import Range
from bokeh.plotting import figure

from jupyter_platform.core.hosts import HostRecord
from jupyter_platform.figures.columns import GIGA, LIVE, Span, column_names, span
from jupyter_platform.figures.theme import DOWNLOAD_ICON, bokeh_theme, palette


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot."""

    column: str
    label: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One plot of a host."""

    title: str
    """With the unit."""
    unit: str
    lines: tuple[Line, ...]
    top: float | None
    """Where the axis ends; None: wherever the values do."""


def measures(host: HostRecord) -> list[Measure]:
    """Return the quantities of a host that can be plotted, in the order of display."""
    offer, sample = host.description, host.sample
    memory = sample.memory_total if sample is not None else offer.memory
    disk = sample.disk_total if sample is not None else None
    found = [
        Measure("CPU, % of all cores", "%", (Line("cpu", "CPU"),), 100),
        Measure("Memory in use, GB", "GB", (Line("memory", "Memory"),), memory / GIGA),
    ]
    if offer.gpus:
        busy = tuple(Line(f"gpu{gpu.index}", f"GPU {gpu.index}") for gpu in offer.gpus)
        used = tuple(Line(f"{line.column}_memory", line.label) for line in busy)
        largest = max(gpu.memory for gpu in offer.gpus)
        found.append(Measure("GPU, %", "%", busy, 100))
        found.append(Measure("GPU memory in use, GB", "GB", used, largest / GIGA))
    found.append(
        Measure(
            "Disk in use, GB", "GB", (Line("disk", "Disk"),), None if disk is None else disk / GIGA
        )
    )
    network = (Line("received", "received"), Line("sent", "sent"))
    found.append(Measure("Network, MB/s", "MB/s", network, None))
    return found


def host_figures(host: HostRecord, span_name: str, *, data_root: str, theme: str) -> Row:
    """Return the plots of a host beside each other, as many to a line as there is room for.

    Parameters
    ----------
    host : HostRecord
        What to plot.
    span_name : str
        A name of `jupyter_platform.figures.columns.SPANS`.
    data_root : str
        Address below which the Jupyter server answers with columns of hosts.
    theme : str
        ``light`` or ``dark``.
    """
    name = host.description.name
    address = _address(data_root, name, span_name)
    return _figures(measures(host), _gpus(host), span_name, theme, address, name)


def host_item(host: HostRecord, span_name: str, *, data_root: str, theme: str, key: str) -> str:
    """Return the plots of a host as the JSON that BokehJS embeds.

    Bokeh takes long to make models, so hosts with the same measures share one text.

    Parameters
    ----------
    host, span_name, data_root, theme
        As `host_figures` takes them.
    key : str
        Letters and digits with which the ids of its models begin; no other item of the page has
        the same.
    """
    name = host.description.name
    pieces = _item_pieces(tuple(measures(host)), tuple(_gpus(host)), span_name, theme)
    text = f"{key}p".join(pieces)
    for placeholder, value in ((_ADDRESS, _address(data_root, name, span_name)), (_HOST, name)):
        text = text.replace(placeholder, json.dumps(value)[1:-1])
    return text


_ADDRESS, _HOST = "%address%", "%host%"
"""Stand in a shared text for what differs between hosts."""
_SHARED_TEXTS = 64
"""How many are kept, of about 30 kB each."""


@functools.lru_cache(_SHARED_TEXTS)
def _item_pieces(
    shown: tuple[Measure, ...], gpus: tuple[int, ...], span_name: str, theme: str
) -> list[str]:
    """Return a shared text, divided where the id of a model begins."""
    model = _figures(shown, gpus, span_name, theme, _ADDRESS, _HOST)
    text = json.dumps(json_item(model, theme=bokeh_theme(theme)))
    return re.split(r'(?<=id": ")p(?=\d+")', text)


def _gpus(host: HostRecord) -> list[int]:
    return [gpu.index for gpu in host.description.gpus]


def _address(data_root: str, name: str, span_name: str) -> str:
    return f"{data_root.rstrip('/')}/{quote(name, safe='')}?span={span_name}"


def _figures(
    shown: Iterable[Measure],
    gpus: Iterable[int],
    span_name: str,
    theme: str,
    address: str,
    name: str,
) -> Row:
    reach = span(span_name)
    source = AjaxDataSource(
        data={column: [] for column in column_names(gpus)},
        data_url=address,
        method="GET",
        if_modified=False,
        polling_interval=round(reach.poll_s * 1000),
        mode="replace",
        adapter=CustomJS(code=_MISSING_TO_NAN),
    )
    colours = palette(theme).series
    return row(
        *(_plot(measure, source, reach, colours, name) for measure in shown),
        sizing_mode="stretch_width",
        styles={"flex-wrap": "wrap", "column-gap": "12px", "row-gap": "4px"},
    )


_HEIGHTS = {"minutes": 150, "hours": 220}
"""Pixels."""
_DASHES = ("solid", "dashed", "dotted", "dotdash")
"""So that lines are told apart in grey, too."""

# A missing value is null in JSON, which the browser would draw as zero.
_MISSING_TO_NAN = """
const columns = {};
for (const [name, column] of Object.entries(cb_data.response)) {
  columns[name] = column.map(value => value ?? NaN);
}
return columns;
"""

_DOWNLOAD = """
const names = Object.keys(columns);
const rows = source.data.time.length;
const lines = [names.map(name => columns[name]).join(',')];
for (let i = 0; i < rows; i++) {
  const cells = names.map(name => {
    const value = source.data[name][i];
    return name === 'time' ? new Date(value).toISOString() : Number.isFinite(value) ? value : '';
  });
  lines.push(cells.join(','));
}
const link = document.createElement('a');
link.href = URL.createObjectURL(new Blob([lines.join('\\n') + '\\n'], {type: 'text/csv'}));
link.download = file;
link.click();
setTimeout(() => URL.revokeObjectURL(link.href), 0);
"""

_UTC = "return new Date(value).toISOString().slice(0, 19).replace('T', ' ') + ' UTC'"


def _plot(
    measure: Measure, source: AjaxDataSource, span: Span, colours: Sequence[str], host: str
) -> figure:
    reach = span.hours * 3600 / span.unit_s
    top: Range = (
        DataRange1d(start=0, range_padding=0.1, min_interval=0.1, only_visible=True)
        if measure.top is None
        else Range1d(start=0, end=measure.top, bounds=(0, measure.top))
    )
    plot = figure(
        title=measure.title,
        x_range=Range1d(start=-reach, end=0, bounds=(-reach, 0)),
        y_range=top,
        height=_HEIGHTS[span.unit],
        min_width=240 if span is LIVE else 300,
        sizing_mode="stretch_width",
        tools=_tools(measure, source, span, host),
        toolbar_location="above",
        x_axis_label=f"{span.unit} ago",
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.xgrid.visible = False
    plot.xaxis.ticker = BasicTicker(desired_num_ticks=4)
    plot.yaxis.ticker = BasicTicker(desired_num_ticks=4)
    plot.xaxis.formatter = CustomJSTickFormatter(code="return String(Math.abs(tick))")
    plot.yaxis.formatter = BasicTickFormatter(use_scientific=False)
    for index, line in enumerate(measure.lines):
        plot.line(
            "ago",
            line.column,
            source=source,
            line_width=2,
            color=colours[index % len(colours)],
            line_dash=_DASHES[index % len(_DASHES)],
            legend_label=line.label,
        )
    plot.legend.visible = len(measure.lines) > 1
    plot.legend.location = "top_left"
    plot.legend.orientation = "horizontal"
    return plot


def _tools(measure: Measure, source: AjaxDataSource, span: Span, host: str) -> list[Tool]:
    file = f"{host}-{measure.lines[0].column}-{'live' if span is LIVE else '24h'}"
    headings = {"time": "time (UTC)"}
    headings |= {line.column: f"{line.label} ({measure.unit})" for line in measure.lines}
    values = [(line.label, f"@{line.column}{{0.0}} {measure.unit}") for line in measure.lines]
    return [
        PanTool(dimensions="width"),
        WheelZoomTool(dimensions="width"),
        ResetTool(),
        HoverTool(
            tooltips=[*values, ("time", "@time{custom}")],
            formatters={"@time": CustomJSHover(code=_UTC)},
            mode="vline",
            line_policy="nearest",
        ),
        SaveTool(filename=file, description="Save picture"),
        CustomAction(
            icon=DOWNLOAD_ICON,
            description="Download data (CSV)",
            callback=CustomJS(
                args={"source": source, "columns": headings, "file": f"{file}.csv"}, code=_DOWNLOAD
            ),
        ),
    ]

import json
from urllib.parse import quote

import pytest
from bokeh.document import Document
from bokeh.models import AjaxDataSource, CustomAction, DataRange1d, Line, SaveTool

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.hosts import HostSample
from jupyter_platform.figures.columns import column_names
from jupyter_platform.figures.hosts import host_figures, host_item, measures
from jupyter_platform.figures.theme import PALETTES, bokeh_theme, palette

ROOT = "/user/x/jupyter-platform/api/columns/hosts"


def figures(host, span="live"):
    return host_figures(host, span, data_root=ROOT, theme="light")


def contrast(first, second):
    """Contrast of two colours as WCAG 2 defines it."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_titles_state_the_unit(make_host):
    titles = [measure.title for measure in measures(make_host(gpus=1))]

    assert titles == [
        "CPU, % of all cores",
        "Memory in use, GB",
        "GPU, %",
        "GPU memory in use, GB",
        "Disk in use, GB",
        "Network, MB/s",
    ]


def test_a_host_without_gpu_has_no_gpu_plot(make_host):
    assert not any("GPU" in measure.title for measure in measures(make_host()))


def test_amounts_begin_at_zero_and_end_at_what_there_is(make_host):
    sample = HostSample(
        time=0,
        cpu=0,
        memory_used=1,
        memory_total=32_000_000_000,
        disk_free=1,
        disk_total=500_000_000_000,
        network_sent=0,
        network_received=0,
    )

    cpu, memory, disk, network = figures(make_host(sample=sample)).children

    assert [plot.y_range.start for plot in (cpu, memory, disk, network)] == [0, 0, 0, 0]
    assert [plot.y_range.end for plot in (cpu, memory, disk)] == [100, 32, 500]
    assert isinstance(network.y_range, DataRange1d)


@pytest.mark.parametrize(("span", "start"), [("live", -10), ("day", -24)])
def test_the_time_axis_shows_the_whole_span_without_data(make_host, span, start):
    for plot in figures(make_host(), span).children:
        assert (plot.x_range.start, plot.x_range.end) == (start, 0)


def test_data_come_by_get_from_the_server_with_the_name_escaped(make_host):
    layout = figures(make_host("node 1/ä", gpus=2))

    (source,) = layout.select({"type": AjaxDataSource})

    assert source.data_url == f"{ROOT}/node%201%2F%C3%A4?span=live"
    assert (source.method, source.if_modified, source.mode) == ("GET", False, "replace")
    assert list(source.data) == column_names([0, 1])


def test_every_line_has_a_column_that_the_server_sends(make_host):
    layout = figures(make_host(gpus=2))

    drawn = {line.y for line in layout.select({"type": Line})}

    assert drawn < set(column_names([0, 1]))
    assert {"gpu0", "gpu1", "gpu0_memory", "sent", "received"} < drawn


def test_each_plot_saves_its_picture_and_its_data(make_host):
    for plot in figures(make_host()).children:
        (save,) = plot.select({"type": SaveTool})
        (download,) = plot.select({"type": CustomAction})
        assert save.filename.startswith("node1-")
        assert download.callback.args["file"] == f"{save.filename}.csv"
        assert "time" in download.callback.args["columns"]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_and_lines_stand_out_from_the_background(name):
    colours = palette(name)

    assert contrast(colours.text, colours.background) >= 7
    assert contrast(colours.muted, colours.background) >= 4.5
    assert min(contrast(line, colours.background) for line in colours.series) >= 3


def test_the_dark_theme_leaves_nothing_white():
    attributes = bokeh_theme("dark")._json["attrs"]["Plot"]

    assert attributes["background_fill_color"] == PALETTES["dark"].background
    assert attributes["border_fill_color"] == PALETTES["dark"].background


def test_an_unknown_theme_is_refused():
    with pytest.raises(InvalidRequestError, match="'pink'; accepted: 'light', 'dark'"):
        bokeh_theme("pink")


def model_ids(item) -> list[str]:
    """Ids of the models that an item defines or refers to."""
    if isinstance(item, dict):
        own = [item["id"]] if isinstance(item.get("id"), str) else []
        return own + [found for value in item.values() for found in model_ids(value)]
    return [found for value in item for found in model_ids(value)] if isinstance(item, list) else []


def test_an_item_holds_the_plots_of_its_own_host_and_ids_that_no_other_has(make_host):
    hosts = [make_host(name=name, gpus=1) for name in ("plain", 'q"<uote%host%')]
    items = [
        json.loads(host_item(host, "live", data_root=ROOT, theme="dark", key=f"h{number}"))
        for number, host in enumerate(hosts)
    ]

    ids = [set(model_ids(item)) for item in items]

    assert ids[0].isdisjoint(ids[1])
    for number, (host, item) in enumerate(zip(hosts, items, strict=True)):
        assert item["root_id"] in ids[number]
        text = json.dumps(item)
        assert all(name.startswith(f"h{number}p") for name in ids[number])
        assert json.dumps(f"{host.description.name}-cpu-live")[1:-1] in text
        assert f"{ROOT}/{quote(host.description.name, safe='')}?span=live" in text
        restored = Document.from_json(item["doc"])
        made = host_figures(host, "live", data_root=ROOT, theme="dark")
        titles = [plot.title.text for plot in restored.roots[0].children]
        assert titles == [plot.title.text for plot in made.children]

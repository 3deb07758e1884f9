import json
import re

import numpy as np
import pandas as pd
import pytest
from bokeh.models import GlyphRenderer

from jupyter_platform.core.errors import InvalidRequestError, NotFoundError
from jupyter_platform.figures.curves import MOST_POINTS, Curves, curves_plot, frame_plot
from jupyter_platform.figures.theme import PALETTES


def frame(**series) -> pd.DataFrame:
    length = max(len(values) for values in series.values())
    steps = np.arange(1, length + 1)
    return pd.DataFrame({"step": steps, "time": 100.0 + 2 * steps, **series})


def drawn(plot) -> dict[str, list[tuple[list, list]]]:
    """Return the points of each line by the title of its plot."""
    return {
        item.title.text: [
            (line.data_source.data["x"], line.data_source.data["y"]) for line in item.renderers
        ]
        for item in plot.layout.children
    }


def test_series_that_tell_of_the_same_share_a_plot():
    table = frame(
        loss=[3.0, 2.0, 1.0],
        validation_loss=[np.nan, 2.5, np.nan],
        validation_accuracy=[np.nan, 0.5, 0.75],
    )

    found = drawn(frame_plot(table))

    assert set(found) == {"loss and validation_loss", "validation_accuracy"}
    assert found["loss and validation_loss"][0] == ([1, 2, 3], [3.0, 2.0, 1.0])
    assert found["validation_accuracy"] == [([2, 3], [0.5, 0.75])]


def test_time_counts_from_the_first_point_of_each_job():
    early, late = frame(loss=[1.0, 2.0]), frame(loss=[1.0, 2.0]).assign(time=[900.0, 907.0])

    found = drawn(curves_plot([Curves("a", early), Curves("b", late)], "loss", "time"))

    assert [places for places, _ in found["loss"]] == [[0.0, 2.0], [0.0, 7.0]]


def test_a_job_has_one_colour_on_every_plot():
    table = frame(loss=[1.0, 2.0], accuracy=[0.1, 0.2])
    plot = curves_plot([Curves(name, table.copy()) for name in "abc"])

    colours = [[line.glyph.line_color for line in item.renderers] for item in plot.layout.children]

    assert colours[0] == colours[1] == list(PALETTES["light"].series[:3])


def test_a_long_curve_keeps_its_extremes():
    values = np.sin(np.arange(100_000) / 500.0)
    values[54_321], values[12_345] = 40.0, -40.0

    ((places, heights),) = drawn(frame_plot(frame(loss=values)))["loss"]

    assert len(places) <= MOST_POINTS + 2
    assert (54_322, 40.0) in set(zip(places, heights, strict=True))
    assert (12_346, -40.0) in set(zip(places, heights, strict=True))
    assert places == sorted(places)


def test_what_is_not_there_is_refused_with_what_is():
    table = frame(loss=[1.0])

    with pytest.raises(NotFoundError, match="'los'. Did you mean 'loss'"):
        frame_plot(table, "los")
    with pytest.raises(NotFoundError, match="no curves yet"):
        frame_plot(frame(loss=[1.0])[["step", "time"]])
    with pytest.raises(InvalidRequestError, match="'step' or 'time'"):
        frame_plot(table, x="epoch")


def test_a_notebook_gets_bokeh_once_and_a_file_needs_no_connection(tmp_path):
    table = frame(loss=[1.0, 2.0])

    outputs = [frame_plot(table)._repr_mimebundle_()["text/html"] for _ in range(2)]
    page = frame_plot(table).save(tmp_path / "plot.html").read_text(encoding="utf-8")

    assert len(outputs[1]) < 100_000
    assert not re.search(r"<(script|link)[^>]*(src|href)=", page)
    assert "Bokeh" in page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_that_is_named_is_that_of_the_plot(theme):
    plot = frame_plot(frame(loss=[1.0, 2.0]), theme=theme)

    (line,) = plot.layout.select({"type": GlyphRenderer})
    assert line.glyph.line_color == PALETTES[theme].series[0]
    assert PALETTES[theme].background in json.dumps(plot.layout.document.theme._json)

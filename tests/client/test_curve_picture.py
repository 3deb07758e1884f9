"""The picture of a job's curves that outputs keep."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from jupyter_platform.client.curve_picture import COLOURS, curves_svg
from jupyter_platform.core.jobs import MetricsRecord, SeriesPoints

SVG = "{http://www.w3.org/2000/svg}"


def series(low: list[float | None], high: list[float | None] | None = None, **fields):
    high = low if high is None else high
    steps = [10 * place for place in range(len(low))]
    facts = {"step": steps, "time": steps, "mean": low, "min": low, "max": high}
    return SeriesPoints(points=len(low), **(facts | fields))


def draw(**found: SeriesPoints) -> ElementTree.Element:
    """Return the picture as a reader of XML sees it."""
    return ElementTree.fromstring(curves_svg(MetricsRecord(series=found)))


def corners(line: ElementTree.Element) -> list[tuple[float, float]]:
    return [
        (float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())
    ]


def words(picture: ElementTree.Element) -> list[str]:
    return [str(item.text) for item in picture.iter(f"{SVG}text")]


def test_extremes_and_ends_are_where_they_belong():
    picture = draw(loss=series([4.0, 1.0, 2.0], [5.0, 3.0, 2.0]))

    (line,) = picture.iter(f"{SVG}polyline")
    spots = corners(line)
    assert [x for x, _ in spots] == [62, 62, 266, 266, 470]
    # 5 is at the top, 1 at the bottom, and y grows downwards: 4 is a quarter below the top.
    assert [y for _, y in spots] == [49, 22, 130, 76, 103]
    assert {"1", "5", "0", "20", "step", "loss"} == set(words(picture))


def test_losses_share_a_plot_and_scores_have_one_of_their_own():
    picture = draw(
        learning_rate=series([0.1, 0.01]),
        loss=series([1.0, 0.5]),
        validation_loss=series([1.1, 0.7]),
        validation_accuracy=series([0.5, 0.9]),
        **{"loss@1": series([7.0, 7.0], rank=1)},
    )

    lines = [len(list(plot.iter(f"{SVG}polyline"))) for plot in picture]
    assert lines == [2, 1]
    assert "learning rate" not in words(picture)
    assert "7" not in words(picture)
    told = picture.attrib["aria-label"]
    assert told == "Curves: loss, validation loss, validation accuracy"


def test_returns_are_drawn_where_there_is_no_score():
    picture = draw(**{"return": series([-20.0, 100.0])})

    assert "return" in words(picture)
    assert len(list(picture)) == 1


def test_what_is_not_finite_leaves_a_gap():
    picture = draw(loss=series([3.0, 2.0, None, 1.0, None, 2.0, 3.0]))

    assert [len(corners(line)) for line in picture.iter(f"{SVG}polyline")] == [2, 2]
    assert len(list(picture.iter(f"{SVG}circle"))) == 1
    assert "nan" not in curves_svg(MetricsRecord(series={"loss": series([1.0, None])})).lower()


@pytest.mark.parametrize(
    "found", [{}, {"loss": series([])}, {"loss": series([None, None])}, {"length": series([1.0])}]
)
def test_without_a_curve_there_is_no_picture(found):
    assert curves_svg(MetricsRecord(series=found)) == ""


@pytest.mark.parametrize("values", [[2.0], [2.0, 2.0], [-1e308, 1e308], [0.0, 5e-324]])
def test_every_range_of_numbers_can_be_drawn(values):
    picture = draw(loss=series(values))

    places = [
        float(number)
        for item in picture.iter()
        for key in ("points", "cx", "cy")
        for number in re.findall(r"[^ ,]+", item.attrib.get(key, ""))
    ]
    assert places
    assert all(0 <= place <= 480 for place in places)


def test_names_of_series_are_never_markup():
    evil = "</text><script>alert(1)</script>_loss"

    text = curves_svg(MetricsRecord(series={evil: series([1.0, 2.0])}))

    assert "<script" not in text
    assert evil.replace("_", " ") in words(ElementTree.fromstring(text))


def test_it_is_small_at_the_most_points():
    values = [float(number % 97) for number in range(150)]
    four = {name: series(values) for name in ("loss", "a_loss", "b_loss", "accuracy")}

    assert len(curves_svg(MetricsRecord(series=four))) < 20_000


@pytest.mark.parametrize("paper", ["#ffffff", "#111111"])
@pytest.mark.parametrize("colour", COLOURS)
def test_lines_stand_out_from_light_and_dark_paper(colour, paper):
    one, other = sorted((_luminance(colour), _luminance(paper)))

    assert (other + 0.05) / (one + 0.05) >= 3  # WCAG 2.2, 1.4.11


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

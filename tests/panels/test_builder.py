"""Building and trying networks in panels, against a real platform, by what their widgets hold."""

from __future__ import annotations

import ipywidgets
import numpy as np
import pytest

from jupyter_platform import Platform
from jupyter_platform.core.drafts import DraftRecord, LayerArgument, LayerTypeRecord
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.panels import BuilderPanel, NetworksPanel
from jupyter_platform.panels.draft import START, describe, rows_of, usual_arguments
from jupyter_platform.panels.predictions import picture_html
from jupyter_platform.panels.training import curve
from tests.waiting import DEADLINE_S, until


def found(widget, kind):
    inside = [item for child in getattr(widget, "children", ()) for item in found(child, kind)]
    return [widget, *inside] if isinstance(widget, kind) else inside


def texts(panel):
    return "\n".join(item.value for item in found(panel.widget, ipywidgets.HTML)[1:])


def button(panel, name):
    buttons = found(panel.widget, ipywidgets.Button)
    (item,) = [item for item in buttons if item.description == name]
    return item


def field(panel, name):
    items = [*found(panel.widget, ipywidgets.Text), *found(panel.widget, ipywidgets.Dropdown)]
    (item,) = [item for item in items if item.description == name]
    return item


@pytest.fixture
def builder(platform):
    panel = BuilderPanel(platform)
    until(lambda: panel.draft is not None)
    return panel


def test_it_begins_with_layers_that_fit(builder):
    assert builder.draft.problem is None
    assert "It fits" in texts(builder)
    assert "→ 10" in texts(builder)
    assert not button(builder, "Train a minute").disabled


def test_shapes_follow_what_one_writes_and_errors_stand_at_their_layer(builder):
    arguments = builder._rows[1]._arguments
    arguments.value = "in_features=$features out_features=31"

    until(lambda: builder.draft is not None and builder.draft.problem)
    assert "takes 32 values" in texts(builder)
    assert [row.widget._dom_classes[-1] for row in builder._rows].count("jp-mod-wrong") == 1
    assert button(builder, "Train a minute").disabled

    arguments.value = "in_features="
    until(lambda: 'role="alert"' in texts(builder))
    arguments.value = "in_features=$features out_features=32"
    until(lambda: builder.draft is not None and builder.draft.problem is None)
    assert not button(builder, "Save").disabled


def test_layers_are_added_with_what_they_need_moved_and_taken_away(builder):
    builder.add("Linear")
    assert builder._rows[-1].text == "in_features=10 out_features=32"
    until(lambda: builder.draft is not None and "wants 10" in (builder.draft.problem or ""))

    added = builder._rows[-1]
    builder.move(added, -1)
    assert builder._rows[-2] is added
    builder.remove(added)
    until(lambda: builder.draft is not None and builder.draft.problem is None)
    assert len(builder._rows) == len(START)


def test_a_network_of_the_repository_is_not_replaced_by_chance(builder):
    field(builder, "Name").value = "mlp"
    button(builder, "Save").click()

    assert "There is a network &#x27;mlp&#x27; already" in texts(builder)


def test_a_network_is_saved_trained_and_tried(builder, platform):
    field(builder, "Name").value = "built-by-panel"
    button(builder, "Train a minute").click()
    until(lambda: "data-jupyter-platform-job" in texts(builder))
    until(lambda: builder._training.look() or "<polyline" in texts(builder))

    button(builder, "Stop").click()
    until(lambda: builder._training.look() or "stopped" in texts(builder))
    assert platform.network("built-by-panel").tags
    assert 'data-jupyter-platform-network="built-by-panel"' in texts(builder)

    button(builder, "Try it").click()
    until(lambda: builder._trying.is_shown and builder._trying._canvas is not None)
    builder._trying._canvas.pixels = bytes(range(0, 192, 3))
    until(lambda: "jp-PlatformPanel-bars" in texts(builder))


@pytest.fixture(scope="module")
def learned(shared_paths):
    """A tag whose samples are pictures."""
    with Platform() as hub:
        options = {"tag": "tried", "max_iterations": 20, "validation_interval": 0}
        job = hub.submit("LEARN", "lenet-digits", "digits", **options)
        assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error


def test_a_trained_network_is_tried_on_samples_and_drawings(learned, platform):
    panel = NetworksPanel(platform)
    until(lambda: "<h2>" in texts(panel))
    panel.choose("lenet-digits")
    until(lambda: "tried" in texts(panel))

    button(panel, "Try it").click()
    trying = panel._trying
    trying._weights.value = "tried/last"
    until(lambda: "Draw something" in trying._result.value)
    trying._source.value = "Sample"
    expected = platform.predict("lenet-digits", tag="tried/last", samples=0)
    until(lambda: f"{expected.predicted[0]} <span" in trying._result.value)
    until(lambda: "<img" in trying._picture.value)
    assert "tried/last" in trying._result.value

    trying._source.value = "Draw"
    drawing = np.zeros((8, 8), np.uint8)
    drawing[1:7, 3:5] = 255
    assert "Draw something" in trying._result.value
    trying._canvas.pixels = drawing.tobytes()
    answer = platform.predict("lenet-digits", drawing / 255, tag="tried/last")
    until(lambda: f'verdict">{answer.predicted[0]}<' in trying._result.value)
    trying._clear()
    trying._canvas.pixels = bytes(64)
    until(lambda: "Draw something" in trying._result.value)

    panel.choose("mlp")
    assert not trying.is_shown


def test_rows_and_descriptions_stand_for_each_other():
    for name, description in bundled_networks().items():
        if name in ("lenet", "resnet", "mlp"):
            layers = description.model_dump(mode="json")["layers"]
            back = describe(name, rows_of(layers))["layers"]
            given = [{key: item for key, item in row.items() if item is not None} for row in layers]
            assert back == given

    joined = describe("n", [("Add", 'name=sum inputs=a,b note="two words" bias=False')])
    assert joined["layers"] == [
        {"type": "Add", "name": "sum", "inputs": ["a", "b"], "note": "two words", "bias": False}
    ]


@pytest.mark.parametrize(
    ("arguments", "before", "words"),
    [
        (["in_channels", "out_channels"], DraftRecord(output_shape=[3, 8, 8]), "in_channels=3 out"),
        (["in_features"], DraftRecord(input_shape=[4]), "in_features=4"),
        (["in_features", "odd"], None, "in_features=? odd=?"),
        ([], None, ""),
    ],
)
def test_added_layers_take_what_comes_in(arguments, before, words):
    needed = [LayerArgument(name=name, required=True) for name in arguments]
    kind = LayerTypeRecord(
        name="X",
        arguments=[*needed, LayerArgument(name="bias", required=False)],
        min_inputs=1,
        max_inputs=1,
    )

    assert usual_arguments(kind, before).startswith(words)
    assert "bias" not in usual_arguments(kind, before)


def test_only_pictures_are_shown_as_such():
    assert 'alt="sample 3"' in picture_html(np.eye(4).tolist(), "sample 3")
    assert picture_html(np.zeros((3, 4, 6)).tolist(), "x")
    for other in ([1.0, 2.0], [[1.0, 2.0]], np.zeros((5, 4, 4)).tolist(), [1.0]):
        assert picture_html(other, "x") == ""


def test_a_curve_keeps_its_extremes_on_the_paper():
    drawn = curve([2.0, 1.0, 0.5])

    points = drawn.partition('points="')[2].partition('"')[0].split()
    heights = [float(point.partition(",")[2]) for point in points]
    assert heights == [2.0, pytest.approx(45, abs=0.1), pytest.approx(66.5, abs=0.1)]
    assert curve([1.0]) == ""

"""Building and trying networks in panels, against a real platform, by what their widgets hold."""

from __future__ import annotations

import ipywidgets
import numpy as np
import pytest

from jupyter_platform import Platform
from jupyter_platform.core.drafts import DraftRecord, LayerArgument, LayerTypeRecord
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.panels import BuilderPanel, NetworksPanel
from jupyter_platform.panels.canvas import DrawingCanvas
from jupyter_platform.panels.draft import START, describe, rows_of, usual_arguments
from jupyter_platform.panels.predictions import picture_html
from jupyter_platform.panels.training import curve
from tests.waiting import DEADLINE_S, until_async


def classes(widget):
    """Return the names under which style sheets know a widget."""
    return widget.trait_values()["_dom_classes"]


class Page:
    """What a person sees of a panel, and does with it."""

    def __init__(self, panel):
        self.panel = panel

    def found(self, kind, inside=None, **traits):
        """Return the widgets of a kind, in their order, that have these traits."""
        widget = self.panel.widget if inside is None else inside
        below = [
            item for part in getattr(widget, "children", ()) for item in self.found(kind, part)
        ]
        here = [widget, *below] if isinstance(widget, kind) else below
        return [item for item in here if all(getattr(item, k) == v for k, v in traits.items())]

    def one(self, kind, inside=None, **traits):
        """Return the only widget of a kind that has these traits."""
        (only,) = self.found(kind, inside, **traits)
        return only

    def button(self, name):
        return self.one(ipywidgets.Button, description=name)

    def field(self, name):
        return self.one((ipywidgets.Text, ipywidgets.Dropdown), description=name)

    def text(self):
        """Return what is written, the style sheet aside."""
        shown = [item for item in self.found(ipywidgets.HTML) if "<style>" not in item.value]
        return "\n".join(item.value for item in shown)

    def parts(self, name):
        """Return the boxes to which the style sheet gives a name."""
        css = f"jp-PlatformPanel-{name}"
        return [
            item
            for item in self.found(ipywidgets.Box)
            if css in item.trait_values()["_dom_classes"]
        ]

    def is_shown(self, name):
        (part,) = self.parts(name)
        return part.layout.display != "none"

    def arguments(self):
        """Return the fields of the layers' arguments, first layer first."""
        return [self.one(ipywidgets.Text, layer) for layer in self.parts("layer")]

    def wrong_layers(self):
        """Return the numbers of the layers that are marked as not fitting."""
        layers = enumerate(self.parts("layer"))
        return [at for at, row in layers if "jp-mod-wrong" in classes(row)]

    def click(self, icon, layer):
        """Press a button of a layer, counted from 0 or, when negative, from the end."""
        self.one(ipywidgets.Button, self.parts("layer")[layer], icon=icon).click()

    async def sees(self, text):
        await until_async(lambda: text in self.text(), lambda: f"{text!r} in\n{self.text()}")


async def opened(platform):
    """Return the page of a builder, in the event loop as in a kernel, with its first answer."""
    page = Page(BuilderPanel(platform))
    await page.sees("It fits")
    return page


async def test_it_begins_with_layers_that_fit(platform):
    page = await opened(platform)

    assert "→ 10" in page.text()
    assert len(page.arguments()) == len(START)
    assert not page.button("Train a minute").disabled


async def test_shapes_follow_what_one_writes_and_errors_stand_at_their_layer(platform):
    page = await opened(platform)

    page.arguments()[1].value = "in_features=$features out_features=31"
    await page.sees("takes 32 values")
    assert len(page.wrong_layers()) == 1
    assert page.button("Train a minute").disabled

    page.arguments()[1].value = "in_features="
    await until_async(lambda: "takes 32 values" not in page.text(), "another error")
    await page.sees('role="alert"')
    page.arguments()[1].value = "in_features=$features out_features=32"
    await page.sees("It fits")
    assert page.wrong_layers() == []
    assert not page.button("Save").disabled


async def test_layers_are_added_with_what_they_need_moved_and_taken_away(platform):
    page = await opened(platform)
    before = [item.value for item in page.arguments()]

    page.one(ipywidgets.Combobox).value = "Linear"
    page.button("Add layer").click()
    added = "in_features=10 out_features=32"
    assert [item.value for item in page.arguments()] == [*before, added]
    await page.sees("wants 10")

    page.click("arrow-up", -1)
    assert [item.value for item in page.arguments()] == [*before[:-1], added, before[-1]]
    page.click("times", -2)
    await page.sees("It fits")
    assert [item.value for item in page.arguments()] == before


async def test_a_network_of_the_repository_is_not_replaced_by_chance(platform):
    page = await opened(platform)

    page.field("Name").value = "mlp"
    page.button("Save").click()

    assert "There is a network &#x27;mlp&#x27; already" in page.text()


async def test_a_network_is_saved_trained_and_tried(platform):
    page = await opened(platform)

    page.field("Name").value = "built-by-panel"
    page.button("Train a minute").click()
    await page.sees("data-jupyter-platform-job")
    await page.sees("<polyline")

    page.button("Stop").click()
    await page.sees("stopped")
    assert platform.network("built-by-panel").tags
    assert 'data-jupyter-platform-network="built-by-panel"' in page.text()

    page.button("Try it").click()
    await until_async(lambda: page.found(DrawingCanvas), "something to draw on")
    assert page.is_shown("tryIt")
    page.one(DrawingCanvas).pixels = bytes(range(0, 192, 3))
    await page.sees("jp-PlatformPanel-bars")


@pytest.fixture(scope="module")
def learned(shared_paths):
    """A tag whose samples are pictures."""
    with Platform() as hub:
        options = {"tag": "tried", "max_iterations": 20, "validation_interval": 0}
        job = hub.submit("LEARN", "lenet-digits", "digits", **options)
        assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error


async def test_a_trained_network_is_tried_on_samples_and_drawings(learned, platform):
    page = Page(NetworksPanel(platform))
    await page.sees("<h2>")
    page.panel.choose("lenet-digits")
    await page.sees("tried")

    page.button("Try it").click()
    page.field("Weights").value = "tried/last"
    await page.sees("Draw something")
    source = page.one(ipywidgets.ToggleButtons)
    source.value = "Sample"
    expected = platform.predict("lenet-digits", tag="tried/last", samples=0)
    await page.sees(f"{expected.predicted[0]} <span")
    await page.sees("<img")
    assert "tried/last" in page.text()

    source.value = "Draw"
    drawing = np.zeros((8, 8), np.uint8)
    drawing[1:7, 3:5] = 255
    assert "Draw something" in page.text()
    page.one(DrawingCanvas).pixels = drawing.tobytes()
    answer = platform.predict("lenet-digits", drawing / 255, tag="tried/last")
    await page.sees(f'verdict">{answer.predicted[0]}<')
    page.button("Clear").click()
    page.one(DrawingCanvas).pixels = bytes(64)
    await page.sees("Draw something")

    page.panel.choose("mlp")
    assert not page.is_shown("tryIt")


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

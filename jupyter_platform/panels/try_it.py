"""A network asked about a drawing, or a sample of its dataset, while one looks."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.core.catalogue import named_tags
from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import box

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.core.catalogue import NetworkRecord, TagRecord
    from jupyter_platform.core.preparations import Preparation
    from jupyter_platform.panels.canvas import DrawingCanvas

DRAW, SAMPLE, PICTURE = "Draw", "Sample", "Picture"
LARGEST_DRAWING = 128
"""Rows and columns of a sample beyond which it is no longer drawn."""


class TryIt:
    """The part of a network's page that asks its weights.

    Parameters
    ----------
    platform : callable
        Returns where networks are; called in a thread.

    Notes
    -----
    Only the newest question is asked while another is under way.
    """

    def __init__(self, platform: Callable[[], Platform]) -> None:
        self._platform = platform
        self._background = Background()
        self._record: NetworkRecord | None = None
        self._canvas: DrawingCanvas | None = None
        self._latest = Latest(self._background, self._answered, self._fail)
        self._size = 0
        self._shape: tuple[int, int] | None = None
        """Rows and columns of pictures as the weights learnt them; None where they learnt none."""
        self._build()
        self.hide()

    @property
    def is_shown(self) -> bool:
        """Whether it is open."""
        return str(self.widget.layout.display) != "none"

    def hide(self) -> None:
        """Close it."""
        self._record = None
        self.widget.layout.display = "none"

    def show(self, record: NetworkRecord, tag: str | None = None) -> None:
        """Open it for a network that has weights.

        Parameters
        ----------
        record : NetworkRecord
            The network.
        tag : str, optional
            Which of its weights to ask first; the newest when absent.
        """
        self._record = None  # nothing is asked while the choices change
        named = named_tags(record.tags)
        wanted = [item for item in record.tags if item.tag == tag]
        others = [item for item in named if item not in wanted]
        newest = wanted + sorted(others, key=lambda item: item.updated_at, reverse=True)
        options = [
            f"{item.tag}/{kept.variant}"
            for item in newest
            for kept in sorted(item.variants, key=lambda item: item.variant)
        ]
        self._weights.options = options
        self._weights.value = next(iter(options), None)
        self._record = record
        self.widget.layout.display = None
        self._result.value = ""
        self._changed()

    def _build(self) -> None:
        self._weights = widgets.Dropdown(description="Weights")
        self._weights.observe(lambda _: self._changed(), names="value")
        self._source = widgets.ToggleButtons(options=[SAMPLE])
        self._source.observe(lambda _: self._switch(), names="value")
        self._number = widgets.BoundedIntText(description="Sample", min=0, max=10**9)
        self._number.observe(lambda _: self._ask_sample(), names="value")
        another = widgets.Button(description="Another", icon="random", tooltip="A sample by chance")
        another.on_click(lambda _: self._another())
        clear = widgets.Button(description="Clear", icon="eraser", tooltip="Take the drawing away")
        clear.on_click(lambda _: self._clear())
        self._picture = widgets.HTML()
        self._sampling = box(
            widgets.VBox,
            "sampling",
            box(widgets.HBox, "tools", self._number, another),
            self._picture,
        )
        self._drawing = box(widgets.VBox, "drawing", clear)
        self._upload = widgets.FileUpload(
            accept="image/*", description="Choose", tooltip="A picture to ask about"
        )
        self._upload.observe(lambda _: self._ask_picture(), names="value")
        self._invert = widgets.Checkbox(description="Dark strokes on light ground", indent=False)
        self._invert.observe(lambda _: self._ask_picture(), names="value")
        self._uploading = box(widgets.VBox, "uploading", self._upload, self._invert)
        self._result = widgets.HTML().add_class("jp-PlatformPanel-result")
        self.widget = box(
            widgets.VBox,
            "tryIt",
            box(widgets.HBox, "tools", self._weights, self._source),
            box(
                widgets.HBox, "asked", self._sampling, self._drawing, self._uploading, self._result
            ),
        )

    def _changed(self) -> None:
        """Take over which weights are asked."""
        tag = self._tag()
        if tag is None:
            return
        self._shape = None
        self._offer([SAMPLE] if tag.dataset else [])
        if tag.dataset is not None:
            self._background.run(partial(self._read_size, tag.dataset), self._sized, self._fail)
        asked = (tag.network, str(self._weights.value))
        self._background.run(partial(self._read_preparation, *asked), self._prepared, self._fail)

    def _offer(self, options: list[str]) -> None:
        """Let people choose where samples come from."""
        if tuple(self._source.options) != tuple(options):
            self._source.options = options
        self._source.layout.display = None if len(options) > 1 else "none"
        self._switch()

    def _read_preparation(
        self, network: str, weights: str
    ) -> tuple[tuple[str, str], Preparation | None]:
        return (network, weights), self._platform().preparation(network, weights).preparation

    def _prepared(self, answer: tuple[tuple[str, str], Preparation | None]) -> None:
        """Offer pictures and drawings where the weights learnt some."""
        asked, preparation = answer
        tag = self._tag()
        if tag is None or asked != (tag.network, self._weights.value):
            return
        picture = None if preparation is None else preparation.picture
        if picture is None:
            return
        self._shape = picture.shape[1:]
        can_draw = picture.shape[0] == 1 and _can_be_drawn(self._shape)
        self._offer([*([DRAW] if can_draw else []), *([SAMPLE] if tag.dataset else []), PICTURE])

    def _switch(self) -> None:
        shown = ((DRAW, self._drawing), (SAMPLE, self._sampling), (PICTURE, self._uploading))
        for source, part in shown:
            part.layout.display = None if self._source.value == source else "none"
        if self._source.value == DRAW:
            self._open_canvas()
        elif self._source.value == PICTURE:
            self._ask_picture()
        elif self._source.value == SAMPLE:
            self._ask_sample()

    def _open_canvas(self) -> None:
        from jupyter_platform.panels.canvas import DrawingCanvas  # noqa: PLC0415 - rarely needed

        shape = self._shape
        if shape is None:
            return
        if self._canvas is None:
            canvas = DrawingCanvas(
                label="Draw what the network is to recognise", height=shape[0], width=shape[1]
            )
            canvas.observe(lambda change: self._drawn(change["new"]), names="pixels")
            self._canvas = canvas
            self._drawing.children = (canvas, *self._drawing.children)
        if (self._canvas.height, self._canvas.width) != shape:
            self._canvas.height, self._canvas.width = shape
            self._canvas.clear()
        elif self._canvas.pixels:
            self._drawn(self._canvas.pixels)
        if not self._canvas.pixels:
            self._result.value = "<p>Draw something; the answer follows your hand.</p>"

    def _clear(self) -> None:
        if self._canvas is not None:
            self._canvas.clear()

    def _drawn(self, pixels: bytes) -> None:
        tag, canvas = self._tag(), self._canvas
        if tag is None or canvas is None or self._source.value != DRAW:
            return
        if not any(pixels):
            self._latest.forget()
            self._result.value = "<p>Draw something; the answer follows your hand.</p>"
        elif len(pixels) == canvas.height * canvas.width:
            self._ask({"pixels": pixels, "shape": (canvas.height, canvas.width)})

    def _another(self) -> None:
        self._number.value = random.randrange(self._size or 1)

    def _ask_sample(self) -> None:
        tag = self._tag()
        if tag is not None and tag.dataset is not None and self._source.value == SAMPLE:
            self._ask({"samples": [self._number.value], "dataset": tag.dataset})

    def _ask_picture(self) -> None:
        if self._source.value != PICTURE:
            return
        if not self._upload.value:
            self._latest.forget()
            self._result.value = "<p>Choose a picture.</p>"
            return
        content = bytes(self._upload.value[0]["content"])
        self._ask({"images": content, "invert": self._invert.value})

    def _ask(self, question: dict[str, Any]) -> None:
        record = self._record
        if record is None:
            return
        asked = {"network": record.description.name, "tag": self._weights.value, **question}
        self._latest.ask(partial(self._predict, str(self._source.value), asked))

    def _predict(self, source: str, question: dict[str, Any]) -> tuple[str, str, str]:
        # Imported here, in a thread: NumPy takes a moment.
        import numpy as np  # noqa: PLC0415

        from jupyter_platform.panels import predictions  # noqa: PLC0415

        question = dict(question)
        pixels, shape = question.pop("pixels", None), question.pop("shape", None)
        network = question.pop("network")
        if pixels is not None:
            question["images"] = np.frombuffer(pixels, np.uint8).reshape(shape)
        found = self._platform().predict(network, **question)
        picture = ""
        if found.record.inputs and "samples" in question:
            label = f"Sample {question['samples'][0]}"
            picture = str(predictions.picture_html(found.record.inputs[0], label))
        return source, predictions.prediction_html(found), picture

    def _answered(self, answer: tuple[str, str, str]) -> None:
        source, result, picture = answer
        # People may have gone on to another source while the network was asked.
        if source == self._source.value:
            self._result.value, self._picture.value = result, picture

    def _fail(self, error: BaseException) -> None:
        self._result.value = f'<p role="alert">{escape(str(error))}</p>'

    def _read_size(self, dataset: str) -> int:
        facts = self._platform().dataset(dataset).facts
        return 0 if facts is None else facts.size

    def _sized(self, size: int) -> None:
        self._size = size
        if size:
            self._number.max = size - 1

    def _tag(self) -> TagRecord | None:
        if self._record is None or self._weights.value is None:
            return None
        wanted = str(self._weights.value).partition("/")[0]
        return next((item for item in self._record.tags if item.tag == wanted), None)


def _can_be_drawn(shape: tuple[int, int]) -> bool:
    """Return whether pictures of a shape are small enough to draw, and large enough."""
    return 4 <= min(shape) <= max(shape) <= LARGEST_DRAWING

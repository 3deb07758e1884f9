"""A field to draw on, as a widget."""

from __future__ import annotations

from importlib import resources

import anywidget
import traitlets


class DrawingCanvas(anywidget.AnyWidget):
    """White strokes on black, brought to the size of a network's samples while they are drawn."""

    _esm = resources.files("jupyter_platform.panels").joinpath("canvas.js").read_text("utf-8")

    height = traitlets.Int(28).tag(sync=True)
    """Rows of a sample."""
    width = traitlets.Int(28).tag(sync=True)
    """Columns of a sample."""
    label = traitlets.Unicode("Field to draw on").tag(sync=True)
    """Text for screen readers."""
    cleared = traitlets.Int(0).tag(sync=True)
    """Counted up to take away what is drawn."""
    # What comes from a page is a view of the message's memory.
    pixels = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value or b""))
    """What is drawn, `height` rows of `width` bytes."""

    def clear(self) -> None:
        """Take away what is drawn."""
        self.cleared += 1

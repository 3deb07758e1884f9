"""What the panels of the marketplace look like."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import ipywidgets as widgets

from jupyter_platform.panels.boxes import CLASS
from jupyter_platform.panels.front import modules


def styled(*children: Any, name: str) -> widgets.VBox:
    """Return widgets in a column with the style sheets of panels.

    Parameters
    ----------
    children : Widget
        From top to bottom.
    name : str
        What the style sheets call the column.
    """
    style = widgets.HTML(f"<style>{_sheets()}</style>", _dom_classes=[f"{CLASS}-style"])
    return widgets.VBox((style, *children), _dom_classes=[CLASS, f"{CLASS}-{name}"])


@cache
def _sheets() -> str:
    panels = resources.files("jupyter_platform.panels").joinpath("panels.css")
    return panels.read_text("utf-8") + modules.style("marketplace")

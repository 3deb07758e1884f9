"""Boxes of widgets that the style sheet knows by name."""

from __future__ import annotations

from typing import Any

CLASS = "jp-PlatformPanel"


def box(kind: Any, name: str, *children: Any) -> Any:
    """Return a box of widgets with the class of a name."""
    return kind(children).add_class(f"{CLASS}-{name}")

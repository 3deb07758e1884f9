"""Boxes of widgets that the style sheet knows by name."""

from __future__ import annotations

from typing import Any

CLASS = "jp-PlatformPanel"


def box(kind: Any, name: str, *children: Any, **options: Any) -> Any:
    """Return a box of widgets with the class of a name."""
    # Given at once: `add_class` would send each box twice.
    return kind(children, _dom_classes=[f"{CLASS}-{name}"], **options)

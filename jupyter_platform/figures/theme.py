"""Colours of plots, equal to those of JupyterLab's two themes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bokeh.themes import Theme

from jupyter_platform.core.errors import InvalidRequestError

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme."""

    background: str
    """``--jp-layout-color1``."""
    text: str
    """``--jp-ui-font-color1`` on that background."""
    muted: str
    """``--jp-ui-font-color2`` on that background, raised to a contrast of at least 4.5."""
    grid: str
    border: str
    series: tuple[str, ...]
    """Told apart by people with the common colour deficiencies, and in grey by lightness."""


DOWNLOAD_ICON = (
    "data:image/svg+xml;utf8,"
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23888888' "
    "stroke-width='2'><path d='M12 4v11M7 10l5 5 5-5M4 20h16'/></svg>"
)
"""Of the button that downloads the data of a plot."""

# Series colours: Wong, "Points of view: Color blindness", Nature Methods 8, 441 (2011), shifted in
# lightness to a contrast of at least 3 on either background.
PALETTES: dict[ThemeName, Palette] = {
    "light": Palette(
        background="#ffffff",
        text="#212121",
        muted="#616161",
        grid="#e0e0e0",
        border="#bdbdbd",
        series=("#0072b2", "#c04e00", "#007a5a", "#a63d7c", "#6b6b00", "#1f3a93"),
    ),
    "dark": Palette(
        background="#212121",
        text="#dedede",
        muted="#a8a8a8",
        grid="#424242",
        border="#616161",
        series=("#56b4e9", "#f0a030", "#2fc49a", "#e08fc0", "#e8df55", "#9db4ff"),
    ),
}


def palette(name: str) -> Palette:
    """Return the colours of a theme.

    Raises
    ------
    InvalidRequestError
        If there is no theme of that name.
    """
    for known, colours in PALETTES.items():
        if name == known:
            return colours
    raise InvalidRequestError(f"Unknown theme {name!r}; accepted: 'light', 'dark'.")


def bokeh_theme(name: str) -> Theme:
    """Return the Bokeh theme that matches JupyterLab's theme of that name.

    Raises
    ------
    InvalidRequestError
        If there is no theme of that name.
    """
    colours = palette(name)
    axis: dict[str, Any] = {
        "axis_line_color": colours.border,
        "major_tick_line_color": colours.border,
        "minor_tick_line_color": None,
        "major_label_text_color": colours.muted,
        "major_label_text_font_size": "11px",
        "axis_label_text_color": colours.muted,
        "axis_label_text_font_size": "11px",
        "axis_label_text_font_style": "normal",
    }
    return Theme(
        json={
            "attrs": {
                "Plot": {
                    "background_fill_color": colours.background,
                    "border_fill_color": colours.background,
                    "outline_line_color": None,
                },
                "Grid": {"grid_line_color": colours.grid},
                "Title": {
                    "text_color": colours.text,
                    "text_font_size": "13px",
                    "text_font_style": "bold",
                },
                "Axis": axis,
                "Legend": {
                    "background_fill_color": colours.background,
                    "background_fill_alpha": 0.8,
                    "border_line_color": None,
                    "label_text_color": colours.text,
                    "label_text_font_size": "11px",
                    "glyph_width": 14,
                    "glyph_height": 10,
                    "label_height": 12,
                    "spacing": 10,
                    "label_standoff": 4,
                    "padding": 2,
                    "margin": 2,
                },
            }
        }
    )

"""A plot that shows itself in a notebook, offline, in the colours of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from bokeh.document import Document
from bokeh.embed import components, file_html
from bokeh.models import CustomJS
from bokeh.models.layouts import LayoutDOM
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure
from bokeh.resources import INLINE, Resources

from jupyter_platform.figures.theme import PALETTES, bokeh_theme, palette

_BOKEH = Resources(mode="inline", components=["bokeh"])
_loaded: list[bool] = []
"""Holds an entry once this kernel has sent BokehJS to its notebook."""

# A canvas knows no CSS variables: the colours of the page's theme are set when it is drawn, and
# again when JupyterLab changes its theme.
_FOLLOW_THEME = """
const luminance = element => {
  const parts = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g) ?? [];
  const [r, g, b, a] = [...parts.map(Number), 1];
  return parts.length < 3 || a === 0 ? 1 : (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
};
const isDark = () => {
  const told = document.body.dataset.jpThemeLight;
  return told === undefined ? luminance(document.body) < 0.5 : told === 'false';
};
const paint = () => {
  const colours = palettes[isDark() ? 'dark' : 'light'];
  for (const plot of plots) {
    plot.background_fill_color = colours.background;
    plot.border_fill_color = colours.background;
    for (const title of [plot.title]) if (title) title.text_color = colours.text;
    for (const axis of [...plot.below, ...plot.left, ...plot.right]) {
      if (axis.axis_line_color === undefined) continue;
      axis.axis_line_color = colours.border;
      axis.major_tick_line_color = colours.border;
      axis.major_label_text_color = colours.muted;
      axis.axis_label_text_color = colours.muted;
    }
    for (const item of plot.center) {
      if (item.grid_line_color !== undefined) item.grid_line_color = colours.grid;
      if (item.label_text_color !== undefined) {
        item.background_fill_color = colours.background;
        item.label_text_color = colours.text;
      }
    }
  }
  for (const [renderer, number] of lines) {
    renderer.glyph.line_color = colours.series[number % colours.series.length];
  }
};
paint();
new MutationObserver(paint).observe(document.body, {
  attributes: true, attributeFilter: ['data-jp-theme-light']
});
"""


Line: TypeAlias = "GlyphRenderer[Any]"
"""A line, or the single point of one."""


class Plot:
    """A Bokeh layout with what a notebook, a file and a prompt show of it.

    Parameters
    ----------
    layout : LayoutDOM
        What is drawn.
    lines : sequence of (GlyphRenderer, int)
        Lines with the number of their colour in the palette.
    text : str
        What a prompt shows.
    theme : str, optional
        ``light`` or ``dark``; None: that of the page.
    """

    def __init__(
        self,
        layout: LayoutDOM,
        lines: Sequence[tuple[Line, int]],
        text: str,
        theme: str | None = None,
    ) -> None:
        self.layout = layout
        self._text = text
        self._theme = theme
        colours = palette(theme or "light").series
        for renderer, number in lines:
            renderer.glyph.line_color = colours[number % len(colours)]
        self._document = Document(theme=bokeh_theme(theme or "light"))
        self._document.add_root(layout)
        if theme is None:
            arguments = {
                "plots": list(layout.select({"type": figure})),
                "lines": [list(line) for line in lines],
                "palettes": {name: _colours(name) for name in PALETTES},
            }
            self._document.js_on_event(
                "document_ready", CustomJS(args=arguments, code=_FOLLOW_THEME)
            )

    def save(self, path: str | Path) -> Path:
        """Write a page of its own, which needs no connection; return its path."""
        target = Path(path)
        target.write_text(file_html(self._document, INLINE, title=self._text), encoding="utf-8")
        return target

    def html(self, *, with_bokeh: bool) -> str:
        """Return the plot as a piece of HTML.

        Parameters
        ----------
        with_bokeh : bool
            Whether BokehJS comes with it, 1 MB; else it is on the page already.
        """
        script, division = components(self.layout)
        return f"{_BOKEH.render_js() if with_bokeh else ''}{division}{script}"

    def __repr__(self) -> str:
        return f"<Plot {self._text}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        first = not _loaded
        _loaded[:] = [True]
        return {"text/html": self.html(with_bokeh=first), "text/plain": repr(self)}


def _colours(name: str) -> Mapping[str, Any]:
    colours = palette(name)
    return {
        "background": colours.background,
        "text": colours.text,
        "muted": colours.muted,
        "grid": colours.grid,
        "border": colours.border,
        "series": list(colours.series),
    }

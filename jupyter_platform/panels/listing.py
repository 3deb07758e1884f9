"""A panel that lists what the repository has, with a page for the one that is chosen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import ipywidgets as widgets
from ipywidgets.widgets.widget_string import HTMLStyle

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import CLASS, box
from jupyter_platform.panels.loading import quick_loading

if TYPE_CHECKING:
    from jupyter_platform.client import Platform

PAUSES_S = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Pauses after which what is not known yet is asked for again."""

FIRST_LINES = 8
"""Lines that are sent ahead when a list is drawn for the first time."""


class Row(Protocol):
    """One entry, in words."""

    @property
    def name(self) -> str:
        """Unique name of an entry."""

    @property
    def searched(self) -> str:
        """Lower-case text in which a search looks."""

    @property
    def cells(self) -> str:
        """HTML of the line behind the name."""

    @property
    def complete(self) -> bool:
        """Whether nothing about it is still to come."""


R = TypeVar("R", bound=Row)


class ListPanel(ABC, Generic[R]):
    """A list, a search field, and the page of what is chosen.

    Reading takes place in a thread: a panel never makes another wait.

    Parameters
    ----------
    platform : Platform, optional
        Where the entries are; this machine's platform, started on demand, when absent.
    """

    title: ClassVar[str]
    noun: ClassVar[str]
    """Noun for an entry, for tooltips and advice: ``dataset``."""
    headings: ClassVar[Sequence[tuple[str, str]]]
    """Class and text of each column behind the name."""
    empty: ClassVar[str]
    """Advice for an empty list."""
    style: ClassVar[Sequence[str]] = ("panels.css",)

    def __init__(self, platform: Platform | None = None) -> None:
        self._platform = platform
        self._background = Background()
        self._rows: dict[str, R] = {}
        self._lines: dict[str, _Line] = {}
        self._chosen: str | None = None
        self._asked = 0
        self._pauses = iter(PAUSES_S)
        self._build()
        self.refresh()

    @abstractmethod
    def _read(self, hub: Platform) -> list[R]:
        """Read all entries; called in a thread."""

    @abstractmethod
    def _build_page(self) -> widgets.Widget:
        """Return the view of the chosen entry; called when there is a list to choose from."""

    @abstractmethod
    def _draw_page(self, row: R | None) -> None:
        """Show an entry, or none."""

    def _tools(self) -> tuple[widgets.Widget, ...]:
        """Return the widgets that follow the search field and the refresh button."""
        return ()

    @property
    def names(self) -> list[str]:
        """The entries that the list shows now."""
        wanted = self._search.value.strip().lower()
        return [name for name, row in self._rows.items() if wanted in row.searched]

    @property
    def chosen(self) -> str | None:
        """The entry whose page is shown."""
        return self._chosen

    def choose(self, name: str) -> None:
        """Show the page of an entry, and read the repository again meanwhile."""
        self._chosen = name
        self._draw()
        self.refresh()

    def refresh(self) -> None:
        """Read the repository again; what is shown stays until the answer is there."""
        self._asked += 1
        if not self._rows:
            self._tell("Reading the repository…")
        self._background.run(self._read_all, partial(self._show, self._asked), self._fail)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _build(self) -> None:
        files = resources.files("jupyter_platform.panels")
        style = "\n".join(files.joinpath(name).read_text("utf-8") for name in self.style)
        looks = self._looks = _Looks()
        plain = {"layout": looks.layout}
        self._search = widgets.Text(
            placeholder=f"Search {self.noun}s", continuous_update=True, **plain
        )
        self._search.observe(lambda _: self._draw(), names="value")
        self._refresh = widgets.Button(
            description="Refresh", icon="refresh", tooltip="Read the repository again", **plain
        )
        self._refresh.on_click(lambda _: self._refresh_on_demand())
        self._message = looks.html("")
        self._lines_box = box(widgets.VBox, "lines", **plain)
        headings = "".join(
            f'<span class="{CLASS}-{name}">{escape(text)}</span>' for name, text in self.headings
        )
        headings = f'<div class="{CLASS}-headings"><span>{self.noun}</span>{headings}</div>'
        self._list = box(widgets.VBox, "list", looks.html(headings), self._lines_box, **plain)
        self._body = box(widgets.Box, "body", self._list, **plain)
        heading = looks.html(f"<h1>{escape(self.title)}</h1>")
        self.widget: widgets.VBox = widgets.VBox(
            (
                looks.html(f"<style>{style}</style>", f"{CLASS}-style"),
                box(widgets.HBox, "tools", heading, self._search, self._refresh, *self._tools()),
                self._message,
                self._body,
            ),
            _dom_classes=[CLASS, f"{CLASS}-{self.noun}s"],
        )

    def _refresh_on_demand(self) -> None:
        self._refresh.disabled = True  # until there is an answer: it has been heard
        self._pauses = iter(PAUSES_S)
        self.refresh()

    def _read_all(self) -> list[R]:
        return self._read(self._hub())

    def _hub(self) -> Platform:
        # Imported here, in a thread, after the panel has been drawn.
        with quick_loading():
            from jupyter_platform.client import Platform  # noqa: PLC0415

        if self._platform is None:
            self._platform = Platform(on_progress=self._told)
        return self._platform

    def _told(self, sentence: str, _: float) -> None:
        self._background.tell(self._tell, sentence)

    def _show(self, asked: int, rows: list[R]) -> None:
        if asked != self._asked:
            return  # another answer is on its way
        self._refresh.disabled = False
        self._rows = {row.name: row for row in rows}
        if self._chosen not in self._rows:
            self._chosen = next(iter(self._rows), None)
        self._draw()
        if not all(row.complete for row in rows):
            pause = next(self._pauses, None)
            if pause is not None:
                self._background.later(pause, partial(self._ask_again, asked))

    def _ask_again(self, asked: int) -> None:
        if asked == self._asked:
            self.refresh()

    def _fail(self, error: BaseException) -> None:
        self._refresh.disabled = False
        self._tell(f"{said(error)} Refresh tries again.", is_error=True)

    def _draw(self) -> None:
        names = self.names
        for name in names:
            cells = self._rows[name].cells
            if name not in self._lines:
                self._lines[name] = _Line(name, cells, partial(self.choose, name), self._looks)
            self._lines[name].update(cells, chosen=name == self._chosen)
            if len(self._lines) == FIRST_LINES and not self._lines_box.children:
                self._show_lines(names[:FIRST_LINES])  # what one sees, before the rest is made
        self._show_lines(names)
        self._tell(self._advice(names))
        if self._rows and len(self._body.children) == 1:  # the list is on its way to the screen
            self._body.children = (self._list, self._build_page())
        if len(self._body.children) > 1:
            self._draw_page(self._rows.get(self._chosen or ""))

    def _show_lines(self, names: list[str]) -> None:
        children = tuple(self._lines[name].widget for name in names)
        if self._lines_box.children != children:
            self._lines_box.children = children

    def _advice(self, names: list[str]) -> str:
        if names:
            return ""
        if not self._rows:
            return self.empty
        wanted = self._search.value.strip()
        return f"No {self.noun} has “{wanted}” in its name, title or summary."

    def _tell(self, sentence: str, *, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._message.value = f'<p role="{role}">{escape(sentence)}</p>' if sentence else ""


class _Looks:
    """Layouts shared by widgets of a panel: one for each would be most of the data sent."""

    def __init__(self) -> None:
        self.layout = widgets.Layout()
        self.button = widgets.ButtonStyle()
        self.text = HTMLStyle()

    def html(self, text: str, *classes: str) -> widgets.HTML:
        """Return HTML of some classes."""
        return widgets.HTML(text, layout=self.layout, style=self.text, _dom_classes=list(classes))


class _Line:
    """One entry in the list."""

    def __init__(self, name: str, cells: str, choose: Callable[[], None], looks: _Looks) -> None:
        self._button = widgets.Button(
            description=name, tooltip=f"Show {name}", layout=looks.layout, style=looks.button
        )
        self._button.on_click(lambda _: choose())
        self._cells = looks.html(cells, f"{CLASS}-cells")
        self.widget = box(widgets.HBox, "line", self._button, self._cells, layout=looks.layout)
        self._chosen = False

    def update(self, cells: str, *, chosen: bool) -> None:
        """Show other cells, or that it is chosen."""
        self._cells.value = cells
        if chosen != self._chosen:
            self._chosen = chosen
            change = self.widget.add_class if chosen else self.widget.remove_class
            change("jp-mod-selected")


def said(error: BaseException) -> str:
    """Return an error as a sentence for people."""
    from jupyter_platform.core.errors import PlatformError  # noqa: PLC0415 - slow to import

    expected = isinstance(error, PlatformError)
    return str(error) if expected else f"A defect: {type(error).__name__}: {error}"

"""The networks of the repository: what they are made of, and what their weights scored."""

from __future__ import annotations

import tempfile
from functools import partial
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import CLASS, box
from jupyter_platform.panels.try_it import TryIt

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.panels.network_views import NetworkRow

PAUSES_S = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Pauses after which networks whose layers are not known yet are asked for again."""
HEADINGS = (
    '<div class="jp-PlatformPanel-headings"><span>network</span>'
    '<span class="jp-PlatformPanel-task">learns</span>'
    '<span class="jp-PlatformPanel-parameters">parameters</span>'
    '<span class="jp-PlatformPanel-tags">tags</span>'
    '<span class="jp-PlatformPanel-best">best score</span></div>'
)


class NetworksPanel:
    """A list of all networks, and a page for the one that is chosen.

    Parameters
    ----------
    platform : Platform, optional
        Where the networks are; this machine's platform, started on demand, when absent.
    base_url : str
        Address of the Jupyter server's pages, for links to jobs where no JupyterLab is around;
        ends with a slash.

    Notes
    -----
    Reading takes place in a thread: a panel never makes another wait.
    """

    def __init__(self, platform: Platform | None = None, *, base_url: str = "") -> None:
        self._platform = platform
        self._base_url = base_url
        self._background = Background()
        self._rows: dict[str, NetworkRow] = {}
        self._lines: dict[str, _Line] = {}
        self._chosen: str | None = None
        self._tried: str | None = None
        """The network that is asked just now."""
        self._asked = 0
        self._pauses = iter(PAUSES_S)
        self._build()
        self.refresh()

    @property
    def names(self) -> list[str]:
        """The networks that the list shows now."""
        wanted = self._search.value.strip().lower()
        return [name for name, row in self._rows.items() if wanted in row.searched]

    @property
    def chosen(self) -> str | None:
        """The network whose page is shown."""
        return self._chosen

    def choose(self, name: str) -> None:
        """Show the page of a network, and read the repository again meanwhile."""
        self._chosen = name
        self._draw()
        self.refresh()

    def refresh(self) -> None:
        """Read the repository again; what is shown stays until the answer is there."""
        self._asked += 1
        if not self._rows:
            self._tell("Reading the repository…")
        self._background.run(self._read, partial(self._show, self._asked), self._fail)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _build(self) -> None:
        style = resources.files("jupyter_platform.panels").joinpath("panels.css").read_text("utf-8")
        self._search = widgets.Text(placeholder="Search networks", continuous_update=True)
        self._search.observe(lambda _: self._draw(), names="value")
        self._refresh = widgets.Button(
            description="Refresh", icon="refresh", tooltip="Read the repository again"
        )
        self._refresh.on_click(lambda _: self._refresh_on_demand())
        self._import = widgets.FileUpload(
            description="Import",
            accept=".zip,.onnx,.json,.safetensors,.txt",
            tooltip="Add a network from an archive, an ONNX file or a description",
        )
        self._import.observe(lambda change: self._on_import(change["new"]), names="value")
        self._message = widgets.HTML()
        self._lines_box = box(widgets.VBox, "lines")
        self._list = box(widgets.VBox, "list", widgets.HTML(HEADINGS), self._lines_box)
        self._head, self._page = widgets.HTML(), widgets.HTML()
        self._actions = widgets.HTML()
        self._try = widgets.Button(
            description="Try it", icon="magic", tooltip="Ask its weights about a sample"
        )
        self._try.on_click(lambda _: self._toggle_trying())
        self._trying: TryIt | None = None
        self._try_box = box(widgets.VBox, "tryBox")
        self._buttons = box(widgets.HBox, "actions", self._actions, self._try)
        shown = (self._head, self._buttons, self._try_box, self._page)
        self._shown = box(widgets.VBox, "page", *shown)
        self.widget: widgets.VBox = box(
            widgets.VBox,
            "networks",
            widgets.HTML(f"<style>{style}</style>").add_class(f"{CLASS}-style"),
            box(
                widgets.HBox,
                "tools",
                widgets.HTML("<h1>Networks</h1>"),
                self._search,
                self._refresh,
                self._import,
            ),
            self._message,
            box(widgets.Box, "body", self._list, self._shown),
        )
        self.widget.add_class(CLASS)

    def _refresh_on_demand(self) -> None:
        self._refresh.disabled = True  # until there is an answer: it has been heard
        self._pauses = iter(PAUSES_S)
        self.refresh()

    def _on_import(self, files: tuple[dict[str, Any], ...]) -> None:
        if files:
            file, self._import.value = files[0], ()
            self._tell(f"Importing {file['name']}…")
            work = partial(self._bring, str(file["name"]), bytes(file["content"]))
            self._background.run(work, self.choose, self._refuse)

    def _refuse(self, error: BaseException) -> None:
        self._tell(str(error), is_error=True)

    def _bring(self, name: str, content: bytes) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(name).name
            path.write_bytes(content)
            return self._hub().import_network(path).network.description.name

    def _read(self) -> list[NetworkRow]:
        # Imported here, in a thread, after the panel has been drawn.
        from jupyter_platform.panels import network_views  # noqa: PLC0415

        return network_views.networks(self._hub(), self._base_url)

    def _hub(self) -> Platform:
        from jupyter_platform.client import Platform  # noqa: PLC0415

        if self._platform is None:
            self._platform = Platform(on_progress=self._told)
        return self._platform

    def _told(self, sentence: str, _: float) -> None:
        self._background.tell(self._tell, sentence)

    def _show(self, asked: int, rows: list[NetworkRow]) -> None:
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
        from jupyter_platform.core.errors import PlatformError  # noqa: PLC0415 - slow to import

        self._refresh.disabled = False
        expected = isinstance(error, PlatformError)
        words = str(error) if expected else f"A defect: {type(error).__name__}: {error}"
        self._tell(f"{words} Refresh tries again.", is_error=True)

    def _draw(self) -> None:
        names = self.names
        for name in names:
            if name not in self._lines:
                self._lines[name] = _Line(name, partial(self.choose, name))
            self._lines[name].update(self._rows[name].cells, chosen=name == self._chosen)
        children = tuple(self._lines[name].widget for name in names)
        if self._lines_box.children != children:
            self._lines_box.children = children
        self._draw_page(self._rows.get(self._chosen or ""))
        self._tell(self._advice(names))

    def _draw_page(self, row: NetworkRow | None) -> None:
        self._head.value = row.head if row else ""
        self._actions.value = row.actions if row else ""
        self._buttons.layout.display = None if row else "none"
        self._try.layout.display = None if row and row.record.tags else "none"
        if row is None or row.name != self._tried:
            self._close_trying()
        self._page.value = row.page if row else ""

    def _toggle_trying(self) -> None:
        row = self._rows.get(self._chosen or "")
        if row is None or self._tried is not None:
            self._close_trying()
            return
        if self._trying is None:  # only now: most visits have no use for it
            self._trying = TryIt(self._hub)
            self._try_box.children = (self._trying.widget,)
        self._tried = row.name
        self._trying.show(row.record)

    def _close_trying(self) -> None:
        self._tried = None
        if self._trying is not None:
            self._trying.hide()

    def _advice(self, names: list[str]) -> str:
        if names:
            return ""
        if not self._rows:
            return "No networks yet. Add one: Platform().add_network({…})"
        return f"No network has “{self._search.value.strip()}” in its name, title or summary."

    def _tell(self, sentence: str, *, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._message.value = f'<p role="{role}">{escape(sentence)}</p>' if sentence else ""


class _Line:
    """One network in the list."""

    def __init__(self, name: str, choose: Any) -> None:
        self._button = widgets.Button(description=name, tooltip=f"Show {name}")
        self._button.on_click(lambda _: choose())
        self._cells = widgets.HTML().add_class(f"{CLASS}-cells")
        self.widget = box(widgets.HBox, "line", self._button, self._cells)
        self._chosen = False

    def update(self, cells: str, *, chosen: bool) -> None:
        """Show other cells, or that it is chosen."""
        self._cells.value = cells
        if chosen != self._chosen:
            self._chosen = chosen
            change = self.widget.add_class if chosen else self.widget.remove_class
            change("jp-mod-selected")

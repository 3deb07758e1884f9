"""The networks of the repository: what they are made of, and what their weights scored."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.listing import ListPanel
from jupyter_platform.panels.network_actions import NetworkActions
from jupyter_platform.panels.try_it import TryIt

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.panels.network_views import NetworkRow


class NetworksPanel(ListPanel["NetworkRow"]):
    """A list of all networks, and a page for the one that is chosen.

    Parameters
    ----------
    platform : Platform, optional
        Where the networks are; this machine's platform, started on demand, when absent.
    base_url : str
        Address of the Jupyter server's pages, for links to jobs where no JupyterLab is around;
        ends with a slash.
    """

    title = "Networks"
    noun = "network"
    headings = (
        ("task", "learns"),
        ("parameters", "parameters"),
        ("tags", "tags"),
        ("best", "best score"),
    )
    empty = "No networks yet. Add one: Platform().add_network({…})"

    def __init__(self, platform: Platform | None = None, *, base_url: str = "") -> None:
        self._base_url = base_url
        self._tried: str | None = None
        """The network that is asked just now."""
        self._trying: TryIt | None = None
        self._wanted: tuple[str, str] | None = None
        """Network and tag that are to be asked as soon as they are known."""
        super().__init__(platform)

    def _read(self, hub: Platform) -> list[NetworkRow]:
        from jupyter_platform.panels import network_views  # noqa: PLC0415 - slow to import

        return network_views.networks(hub, self._base_url)

    def _tools(self) -> tuple[widgets.Widget, ...]:
        self._import = widgets.FileUpload(
            description="Import",
            accept=".zip,.onnx,.json,.safetensors,.txt",
            tooltip="Add a network from an archive, an ONNX file or a description",
        )
        self._import.observe(lambda change: self._on_import(change["new"]), names="value")
        return (self._import,)

    def try_weights(self, name: str, tag: str) -> None:
        """Show a network, with some of its weights asked about a sample.

        Parameters
        ----------
        name : str
            The network.
        tag : str
            A tag, or the id of the job that made the weights.
        """
        self._wanted = (name, tag)
        self.choose(name)

    def choose(self, name: str) -> None:
        """Show the page of a network, and read the repository again meanwhile."""
        if self._wanted is not None and self._wanted[0] != name:
            self._wanted = None
        super().choose(name)

    def _build_page(self) -> widgets.Widget:
        self._head, self._page, self._actions = (widgets.HTML() for _ in range(3))
        self._try = widgets.Button(
            description="Try it", icon="magic", tooltip="Ask its weights about a sample"
        )
        self._try.on_click(lambda _: self._toggle_trying())
        self._try_box = box(widgets.VBox, "tryBox")
        self._changes = NetworkActions(self._hub, lambda: self._rows, self._changed)
        buttons = (self._actions, self._try, *self._changes.buttons)
        self._buttons = box(widgets.HBox, "actions", *buttons)
        shown = (self._head, self._buttons, self._changes.question, self._try_box, self._page)
        return box(widgets.VBox, "page", *shown)

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

    def _draw_page(self, row: NetworkRow | None) -> None:
        self._head.value = row.head if row else ""
        self._actions.value = row.actions if row else ""
        self._buttons.layout.display = None if row else "none"
        self._changes.show(row.record if row else None)
        self._try.layout.display = None if row and row.record.tags else "none"
        if row is None or row.name != self._tried:
            self._close_trying()
        self._page.value = row.page if row else ""
        if row is not None and self._wanted is not None:
            self._try_wanted(row)

    def _try_wanted(self, row: NetworkRow) -> None:
        """Ask the weights that were wanted, once they are among what was read."""
        assert self._wanted is not None
        network, tag = self._wanted
        if row.name == network and any(item.tag == tag for item in row.record.tags):
            self._wanted = None
            self._show_trying(row, tag)

    def _changed(self, name: str | None) -> None:
        if name is None:
            self.refresh()
        else:
            self.choose(name)

    def _toggle_trying(self) -> None:
        row = self._rows.get(self._chosen or "")
        if row is None or self._tried is not None:
            self._close_trying()
        else:
            self._show_trying(row)

    def _show_trying(self, row: NetworkRow, tag: str | None = None) -> None:
        if self._trying is None:  # only now: most visits have no use for it
            self._trying = TryIt(self._hub)
            self._try_box.children = (self._trying.widget,)
        self._tried = row.name
        self._trying.show(row.record, tag)

    def _close_trying(self) -> None:
        self._tried = None
        if self._trying is not None:
            self._trying.hide()

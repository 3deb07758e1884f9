"""The deployments: what each is doing, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as widgets
import traitlets

from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.front import modules
from jupyter_platform.panels.front.hub import Hub
from jupyter_platform.panels.front.looks import styled
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform

TABLES = {"module": "Modules", "tool": "Tools", "try": "Trials", "batch": "Batch"}
ADVICE = {
    "module": "No module is deployed. Open one in the marketplace and choose Inference API.",
    "tool": "No tool is deployed. Open one in the marketplace and choose JupyterLab or VS Code.",
    "try": "Nothing is tried just now. “Try” on the page of an item runs it for ten minutes.",
    "batch": "No batch job. “Batch” on the page of an item runs a script in its environment.",
}


class DeploymentTable(anywidget.AnyWidget):
    """The table itself; it keeps its scroll, its selection and the focus while rows change.

    Parameters
    ----------
    hear : callable
        Called with what was asked (``look``, ``stop``, ``start``, ``delete``, ``use``) and the id
        of a deployment; with an empty one for ``look``.
    """

    _esm = modules.joined("elements", "deployments")
    _css = modules.style("deployments")

    rows: traitlets.List[dict[str, Any]] = traitlets.List([]).tag(sync=True)
    """What each line shows, newest first."""
    tables: traitlets.List[dict[str, Any]] = traitlets.List([]).tag(sync=True)
    """Name, label and number of lines of each table."""
    table = traitlets.Unicode("module").tag(sync=True)
    """The table that is shown."""
    chosen = traitlets.Unicode("").tag(sync=True)
    """Id of the deployment of which everything is shown."""
    pointed = traitlets.Int(0).tag(sync=True)
    """Counted up to give the chosen line the focus."""
    message = traitlets.Unicode("").tag(sync=True)
    advice = traitlets.Dict(ADVICE).tag(sync=True)
    """What to do where a table is empty."""

    def __init__(self, hear: Callable[[str, str], None]) -> None:
        super().__init__()
        self.on_msg(lambda _, message, __: self._hear(hear, message))

    def _hear(self, hear: Callable[[str, str], None], message: Mapping[str, Any]) -> None:
        hear(str(message.get("kind", "")), str(message.get("id", "")))


class Deployments:
    """A table of what was deployed from the marketplace, and of batch jobs.

    Parameters
    ----------
    platform : Platform, optional
        Where they run; this machine's platform, started on demand, when absent.
    base_url : str
        Address of the Jupyter server's pages where no JupyterLab is around; ends with a slash.
    """

    def __init__(self, platform: Platform | Hub | None = None, *, base_url: str = "") -> None:
        self._hub = platform if isinstance(platform, Hub) else Hub(platform)
        self._base_url = base_url
        self._background = Background()
        self._reading = Latest(self._background, self._show, self._failed)
        self._wanted: str | None = None
        """A deployment that is to be chosen once it is known."""
        self.table = DeploymentTable(self._hear)
        self.table.message = "Reading the deployments…"
        self._used = box(widgets.VBox, "below")
        heading = box(widgets.HBox, "tools", widgets.HTML("<h1>Deployments</h1>"))
        self.widget: widgets.VBox = styled(heading, self._used, self.table, name="deployments")
        self.refresh()

    @property
    def chosen(self) -> str | None:
        """Id of the deployment of which everything is shown."""
        return self.table.chosen or None

    def choose(self, name: str) -> None:
        """Show everything about a deployment, and give its line the focus.

        Parameters
        ----------
        name : str
            Its id.
        """
        self._wanted = name
        self.refresh()

    def refresh(self) -> None:
        """Read the deployments again; what is shown stays until the answer is there."""
        self._reading.ask(self._read)

    def use(self, name: str) -> None:
        """Show the form that calls the inference API of a deployment."""
        self._background.run(lambda: self._hub().deployment(name), self._open, self._failed)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _hear(self, kind: str, name: str) -> None:
        if kind == "look":
            self.refresh()
        elif kind == "use":
            self.use(name)
        elif kind in ("stop", "start", "delete"):
            work = partial(self._change, kind, name)
            self._background.run(work, lambda _: self.refresh(), self._failed)

    def _change(self, kind: str, name: str) -> None:
        deployment = self._hub().deployment(name)
        getattr(deployment, kind)()

    def _read(self) -> list[dict[str, Any]]:
        from jupyter_platform.panels.deployments import rows  # noqa: PLC0415 - slow to import

        return rows.read_rows(self._hub())

    def _show(self, found: list[dict[str, Any]]) -> None:
        counts = dict.fromkeys(TABLES, 0)
        for row in found:
            counts[row["table"]] += 1
        with self.table.hold_sync():
            self.table.message = ""
            self.table.rows = found
            self.table.tables = [
                {"name": name, "label": label, "count": counts[name]}
                for name, label in TABLES.items()
            ]
            self._point(found)

    def _point(self, found: list[dict[str, Any]]) -> None:
        """Choose the deployment that is wanted, once it is there."""
        row = next((row for row in found if row["id"] == self._wanted), None)
        if row is not None:
            self._wanted = None
            self.table.table = row["table"]
            self.table.chosen = row["id"]
            self.table.pointed += 1

    def _open(self, deployment: Any) -> None:
        from jupyter_platform.panels.deployments.endpoint import (  # noqa: PLC0415 - when it is opened
            Endpoint,
        )

        close = widgets.Button(description="Close", icon="close")
        close.on_click(lambda _: setattr(self._used, "children", ()))
        self._used.children = (close, Endpoint(deployment, base_url=self._base_url).widget)

    def _failed(self, error: BaseException) -> None:
        self.table.message = said(error)

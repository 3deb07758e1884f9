"""The marketplace: every item as a card, and the page of the one that is opened."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.front.hub import Hub
from jupyter_platform.panels.front.looks import styled
from jupyter_platform.panels.listing import said
from jupyter_platform.panels.marketplace.grid import ItemGrid

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.panels.marketplace.item import Item


class Marketplace:
    """The items of the marketplace.

    Parameters
    ----------
    platform : Platform, optional
        Where the items are; this machine's platform, started on demand, when absent.
    base_url : str
        Address of the Jupyter server's pages where no JupyterLab is around; ends with a slash.
    """

    def __init__(self, platform: Platform | None = None, *, base_url: str = "") -> None:
        self._hub = Hub(platform)
        self._base_url = base_url
        self._background = Background()
        self._item: Item | None = None
        self.grid = ItemGrid(self._hub, self.choose)
        self._refresh = widgets.Button(
            description="Refresh", icon="refresh", tooltip="Read the sources of the items again"
        )
        self._refresh.on_click(lambda _: self._refresh_sources())
        self._message = widgets.HTML()
        heading = widgets.HTML("<h1>Marketplace</h1>")
        tools = box(widgets.HBox, "tools", heading, self._refresh, self._message)
        self._list = box(widgets.VBox, "marketList", tools, self.grid)
        self._place = box(widgets.VBox, "marketItem")
        self.widget: widgets.VBox = styled(self._list, self._place, name="marketplace")
        self.grid.ask()
        self.grid.begin()

    def choose(self, name: str) -> None:
        """Show the page of an item.

        Parameters
        ----------
        name : str
            Its name; or ``deploy:<network>:<tag>`` for the form that deploys weights of a network.
        """
        from jupyter_platform.panels.marketplace.item import Item  # noqa: PLC0415 - when it is opened

        if self._item is None:
            self._item = Item(platform=self._hub, base_url=self._base_url, left=self._return)
        wanted, _, served = name.partition(":")
        if wanted == "deploy" and served:
            network, _, tag = served.partition(":")
            self._item.deploy_network(network, tag or None)
        else:
            self._item.show(name)
        self._place.children = (self._item.widget,)
        self._list.layout.display = "none"

    def refresh(self) -> None:
        """Search again: items may have come or gone."""
        self.grid.ask()
        if self._item is not None and self._item.name is not None and self._place.children:
            self._item.show(self._item.name)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _return(self) -> None:
        self._place.children = ()
        self._list.layout.display = None
        self.grid.show_again()

    def _refresh_sources(self) -> None:
        self._refresh.disabled = True  # until there is an answer: it has been heard
        self._background.run(self._read_sources, self._refreshed, self._failed)

    def _read_sources(self) -> None:
        self._hub().refresh_marketplace()

    def _refreshed(self, _: object) -> None:
        self._refresh.disabled = False
        self._tell("")
        self.grid.ask()

    def _failed(self, error: BaseException) -> None:
        self._refresh.disabled = False
        self._tell(said(error))

    def _tell(self, sentence: str) -> None:
        self._message.value = f'<p role="alert">{escape(sentence)}</p>' if sentence else ""

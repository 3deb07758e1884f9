"""Panels on the hidden kernel, one of each, which every tab shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from IPython.display import display

from jupyter_platform._version import __version__
from jupyter_platform.panels.loading import quick_loading


class Panel(Protocol):
    """Pages that a panel can open."""

    widget: Any

    def refresh(self) -> None:
        """Read again what is shown."""


@runtime_checkable
class Choosing(Protocol):
    """A panel that shows one of several."""

    def choose(self, name: str) -> None:
        """Show one of them."""


@runtime_checkable
class Trying(Protocol):
    """A panel in which weights can be tried."""

    def try_weights(self, name: str, tag: str) -> None:
        """Show a network, with some of its weights asked about a sample."""


def _networks() -> Panel:
    from jupyter_platform.panels.networks import NetworksPanel  # noqa: PLC0415 - when it is opened

    return NetworksPanel()


def _builder() -> Panel:
    from jupyter_platform.panels.builder import BuilderPanel  # noqa: PLC0415 - when it is opened

    return BuilderPanel()


def _datasets() -> Panel:
    from jupyter_platform.panels.datasets import DatasetsPanel  # noqa: PLC0415 - when it is opened

    return DatasetsPanel()


def _marketplace() -> Panel:
    from jupyter_platform.panels.marketplace.panel import (  # noqa: PLC0415 - when it is opened
        Marketplace,
    )

    return Marketplace()


def _deployments() -> Panel:
    from jupyter_platform.panels.deployments.panel import (  # noqa: PLC0415 - when it is opened
        Deployments,
    )

    return Deployments()


BUILDERS: dict[str, Callable[[], Panel]] = {
    "networks": _networks,
    "builder": _builder,
    "datasets": _datasets,
    "marketplace": _marketplace,
    "deployments": _deployments,
}
"""How each panel is made, by the name under which it is opened; the others are not loaded."""

_opened: dict[str, Panel] = {}
_is_new: dict[str, bool] = {}
"""Whether a panel was made when it was opened last, and so reads by itself."""


def open_panel(name: str, version: str) -> None:
    """Display a panel, the one that is there if it was opened before.

    Parameters
    ----------
    name : str
        Such as ``"networks"``.
    version : str
        Version of the front end that asks. A kernel outlives pages and upgrades: where the
        versions differ, the front end restarts the kernel.

    Raises
    ------
    VersionMismatchError
        If this process runs another version.
    NotFoundError
        If there is no such panel.
    """
    if version != __version__ or name not in BUILDERS:
        raise _refusal(name, version)
    panel = _opened.get(name)
    _is_new[name] = panel is None
    if panel is None:
        with quick_loading():
            panel = _opened[name] = BUILDERS[name]()
    display(panel.widget)  # type: ignore[no-untyped-call]  # IPython has no types here


def update_panel(name: str, item: str | None = None, weights: str | None = None) -> None:
    """Let a panel that a page shows read again, or show something.

    It is apart from `open_panel`, and comes when the page has the panel's widgets: what changes
    of them while a page fetches their state does not reach that page.

    Parameters
    ----------
    name : str
        Of a panel that was opened.
    item : str, optional
        What of it to show, in panels that show one of several: the name of a network.
    weights : str, optional
        Weights of that network to try: a tag, or the id of the job that made them.
    """
    panel = _opened[name]
    if item is None:
        if not _is_new[name]:
            panel.refresh()
    elif weights is not None and isinstance(panel, Trying):
        panel.try_weights(item, weights)
    elif isinstance(panel, Choosing):
        panel.choose(item)


def _refusal(name: str, version: str) -> Exception:
    # These come with a validation library, too slow to load where all is well.
    from jupyter_platform.core.errors import (  # noqa: PLC0415
        NotFoundError,
        VersionMismatchError,
        unknown_name,
    )

    if version != __version__:
        return VersionMismatchError(
            f"The panels of this kernel are version {__version__}, the page is version {version}."
        )
    error = unknown_name("panel", name, BUILDERS)
    return NotFoundError(error.message, errors=[error])

"""Panels of ipywidgets: in a tab of JupyterLab, in any notebook, and by Voila.

Importing this is cheap: each panel is loaded when it is asked for, and imports the client in a
thread, when it is already on the screen. All state is in the coordinator; a panel is only a view.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_platform.panels.opening import open_panel as open
from jupyter_platform.panels.opening import update_panel as update

if TYPE_CHECKING:
    from jupyter_platform.panels.builder import BuilderPanel
    from jupyter_platform.panels.datasets import DatasetsPanel
    from jupyter_platform.panels.deployments.endpoint import Endpoint
    from jupyter_platform.panels.deployments.panel import Deployments
    from jupyter_platform.panels.marketplace.form import DeploymentForm
    from jupyter_platform.panels.marketplace.item import Item
    from jupyter_platform.panels.marketplace.panel import Marketplace
    from jupyter_platform.panels.networks import NetworksPanel

__all__ = [
    "BuilderPanel",
    "DatasetsPanel",
    "DeploymentForm",
    "Deployments",
    "Endpoint",
    "Item",
    "Marketplace",
    "NetworksPanel",
    "open",
    "update",
]

_MODULES = {
    "BuilderPanel": "builder",
    "DatasetsPanel": "datasets",
    "DeploymentForm": "marketplace.form",
    "Deployments": "deployments.panel",
    "Endpoint": "deployments.endpoint",
    "Item": "marketplace.item",
    "Marketplace": "marketplace.panel",
    "NetworksPanel": "networks",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

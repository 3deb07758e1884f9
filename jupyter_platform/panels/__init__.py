"""Panels of ipywidgets: in a tab of JupyterLab, in any notebook, and by Voila.

Importing this is cheap: panels import the client in a thread, when they are already on the screen.
All state is in the coordinator; a panel is only a view.
"""

from jupyter_platform.panels.builder import BuilderPanel
from jupyter_platform.panels.datasets import DatasetsPanel
from jupyter_platform.panels.networks import NetworksPanel
from jupyter_platform.panels.opening import open_panel as open

__all__ = ["BuilderPanel", "DatasetsPanel", "NetworksPanel", "open"]

"""The Jupyter server extension."""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp

from jupyter_platform.server.coordinator_link import CoordinatorLink
from jupyter_platform.server.dashboards import DashboardHandler, list_dashboards, voila_options
from jupyter_platform.server.gateway import EventsHandler, GatewayHandler
from jupyter_platform.server.kernels import DashboardKernels
from jupyter_platform.server.pages import (
    STATIC,
    FilesHandler,
    HostColumnsHandler,
    IndexHandler,
    PartHandler,
    bokeh_static_path,
)
from jupyter_platform.server.version import VersionHandler


class PlatformExtension(ExtensionApp):
    """Serve the platform below ``<base_url>/jupyter-platform/``; nothing is started at load."""

    name = "jupyter_platform"
    extension_url = "/jupyter-platform/"

    def initialize_handlers(self) -> None:
        """Add the routes of the platform to those of the server."""
        assert self.serverapp is not None
        self.link = CoordinatorLink()
        self.kernels = DashboardKernels(self.serverapp.kernel_manager, self.log)
        linked = {"link": self.link}
        voila = voila_options(self.serverapp, self.kernels)
        index = {"dashboards": list_dashboards()}
        static = {"path": str(STATIC)}
        bokeh = {"path": str(bokeh_static_path())}
        self.handlers += [
            (r"/jupyter-platform/?", IndexHandler, index),
            (r"/jupyter-platform/static/(.*)", FilesHandler, static),
            (r"/jupyter-platform/bokeh/static/(.*)", FilesHandler, bokeh),
            (r"/jupyter-platform/dashboards/parts/([^/]+)", PartHandler, linked),
            (r"/jupyter-platform/dashboards/([^/]*)", DashboardHandler, voila),
            (r"/jupyter-platform/api/version", VersionHandler),
            (r"/jupyter-platform/api/columns/hosts/([^/]+)", HostColumnsHandler, linked),
            (r"/jupyter-platform/api/events", EventsHandler, linked),
            (r"/jupyter-platform/api/(.*)", GatewayHandler, linked),
        ]

    async def stop_extension(self) -> None:
        """Let go of kernels and coordinator, which go on."""
        await self.kernels.close()
        await self.link.close()

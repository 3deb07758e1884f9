"""The Jupyter server extension."""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Bool, Float

from jupyter_platform.runtime.paths import Paths
from jupyter_platform.server.catalogue_pages import (
    PUBLIC_ROUTES,
    CatalogueDocumentHandler,
    CatalogueHandler,
    CatalogueItemHandler,
)
from jupyter_platform.server.coordinator_link import CoordinatorLink
from jupyter_platform.server.dashboards import (
    PAGE_OPTION,
    DashboardHandler,
    list_dashboards,
    told_to_page,
    voila_options,
)
from jupyter_platform.server.gateway import EventsHandler, GatewayHandler, StartHandler
from jupyter_platform.server.kernels import DashboardKernels
from jupyter_platform.server.pages import (
    STATIC,
    FilesHandler,
    HostColumnsHandler,
    IndexHandler,
    JobOutputHandler,
    JobPageHandler,
    JobsOutputHandler,
    PartHandler,
    bokeh_static_path,
)
from jupyter_platform.server.panel_kernels import PanelKernels
from jupyter_platform.server.public_catalogue import PublicCatalogue
from jupyter_platform.server.service_link import ServiceLink
from jupyter_platform.server.service_proxy import (
    SERVICE_ADDRESS,
    ServiceHandler,
    ServiceRootHandler,
)
from jupyter_platform.server.version import VersionHandler


class PlatformExtension(ExtensionApp):
    """Serve the platform below ``<base_url>/jupyter-platform/``; nothing is started at load."""

    name = "jupyter_platform"
    extension_url = "/jupyter-platform/"

    panel_kernel_minutes = Float(
        30,
        min=0,
        help="Minutes that the kernel of the panels outlives the last page that shows one; "
        "0 keeps it until the server ends.",
    ).tag(config=True)

    public_catalogue = Bool(
        True,
        help="Whether the page of the catalogue, without anything of anybody's, needs no login.",
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Add the routes of the platform to those of the server."""
        assert self.serverapp is not None
        self.link = CoordinatorLink()
        self.services = ServiceLink(self.link)
        self.kernels = DashboardKernels(self.serverapp.kernel_manager, self.log)
        self.panels = PanelKernels(
            self.serverapp.session_manager, self.log, kept_s=60 * self.panel_kernel_minutes
        )
        linked = {"link": self.link}
        voila = voila_options(self.serverapp, self.kernels)
        dashboards = list_dashboards()
        page = self.serverapp.web_app.settings.setdefault("page_config_data", {})
        page[PAGE_OPTION] = told_to_page(dashboards)
        index = {"dashboards": dashboards, "expect_dashboard": self.kernels.prepare}
        static = {"path": str(STATIC)}
        bokeh = {"path": str(bokeh_static_path())}
        public = {
            "catalogue": PublicCatalogue(Paths.default()),
            "is_public": self.public_catalogue,
        }
        pages = (CatalogueHandler, CatalogueItemHandler, CatalogueDocumentHandler)
        self.handlers += [
            *((route, page, public) for route, page in zip(PUBLIC_ROUTES, pages, strict=True)),
            (r"/jupyter-platform/?", IndexHandler, index),
            (r"/jupyter-platform/jobs/([0-9a-f]{4,12})", JobPageHandler),
            (r"/jupyter-platform/static/(.*)", FilesHandler, static),
            (r"/jupyter-platform/bokeh/static/(.*)", FilesHandler, bokeh),
            (r"/jupyter-platform/dashboards/parts/([^/]+)", PartHandler, linked),
            (r"/jupyter-platform/dashboards/([^/]*)", DashboardHandler, voila),
            (rf"{SERVICE_ADDRESS}/(.*)", ServiceHandler, {"services": self.services}),
            (SERVICE_ADDRESS, ServiceRootHandler),
            (r"/jupyter-platform/api/version", VersionHandler),
            (r"/jupyter-platform/api/columns/hosts/([^/]+)", HostColumnsHandler, linked),
            (r"/jupyter-platform/api/outputs/jobs", JobsOutputHandler, linked),
            (r"/jupyter-platform/api/outputs/jobs/([^/]+)", JobOutputHandler, linked),
            (r"/jupyter-platform/api/start", StartHandler, linked),
            (r"/jupyter-platform/api/events", EventsHandler, linked),
            (r"/jupyter-platform/api/(.*)", GatewayHandler, linked),
        ]

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        self.panels.start()

    async def stop_extension(self) -> None:
        """Let go of kernels and coordinator, which go on."""
        await self.panels.close()
        await self.kernels.close()
        await self.services.close()
        await self.link.close()

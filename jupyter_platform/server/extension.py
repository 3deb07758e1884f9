"""The Jupyter server extension."""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp

from jupyter_platform.server.version import VersionHandler


class PlatformExtension(ExtensionApp):
    """Serve the platform below ``<base_url>/jupyter-platform/``."""

    name = "jupyter_platform"
    extension_url = "/jupyter-platform/"

    def initialize_handlers(self) -> None:
        """Add the routes of the platform to those of the server."""
        self.handlers.append((r"/jupyter-platform/api/version", VersionHandler))

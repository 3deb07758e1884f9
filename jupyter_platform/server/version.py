"""Which platform is installed beside this Jupyter server."""

from __future__ import annotations

from tornado import web

from jupyter_platform._version import __version__
from jupyter_platform.runtime.connection import PROTOCOL
from jupyter_platform.server.handlers import PlatformHandler


class VersionHandler(PlatformHandler):
    """Answer with the version of the package and of the API; starts nothing."""

    @web.authenticated
    async def get(self) -> None:
        """Write the two versions."""
        self.finish({"version": __version__, "protocol": PROTOCOL})

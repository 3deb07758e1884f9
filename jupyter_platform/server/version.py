"""Which platform is installed beside this Jupyter server."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_platform._version import __version__
from jupyter_platform.runtime.connection import PROTOCOL


class VersionHandler(APIHandler):
    """Answer with the version of the package and of the API that it speaks."""

    auth_resource = "jupyter_platform"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Write the two versions."""
        self.finish({"version": __version__, "protocol": PROTOCOL})

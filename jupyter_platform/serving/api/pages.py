"""Pages of a service: its form, and the documents of its API in Swagger UI.

All they load lies in this package, or in ``swagger-ui-bundle``; their addresses are relative, so
that they work behind any prefix.
"""

from __future__ import annotations

from pathlib import Path

import swagger_ui_bundle
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from jupyter_platform.serving.settings import ServiceSettings

PAGES = Path(__file__).parent.parent / "page"
_SWAGGER = Path(swagger_ui_bundle.swagger_ui_path)
_SWAGGER_FILES = (
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "favicon-16x16.png",
    "favicon-32x32.png",
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self'; font-src 'self' "
    "data:; form-action 'self'; base-uri 'none'"
)
"""Nothing but what lies here is loaded, whatever a module writes into its descriptions."""


def routes(settings: ServiceSettings) -> list[Route]:
    """Return the routes of all pages, and of what they load."""
    base = settings.base_url

    async def documents(_request: Request) -> Response:
        return _page("swagger.html")

    async def to_documents(_request: Request) -> Response:
        return RedirectResponse(f"{base}api", 302)

    async def form(_request: Request) -> Response:
        return _page("index.html")

    found = [
        Route("/ui/", form),
        Route("/static/swagger/{file}", _swagger_file),
        Route("/static/{file}", _own_file),
    ]
    if settings.doc_endpoint:
        found += [
            Route("/api", documents),
            Route("/api/", to_documents),
            Route("/ui", to_documents),
        ]
    return found


def _page(name: str) -> Response:
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
    return FileResponse(PAGES / name, headers=headers)


async def _own_file(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in {path.name for path in PAGES.iterdir()}:
        raise HTTPException(404)
    return FileResponse(PAGES / name, headers={"cache-control": "no-cache"})


async def _swagger_file(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in _SWAGGER_FILES:
        raise HTTPException(404)
    return FileResponse(_SWAGGER / name, headers={"cache-control": "max-age=86400"})

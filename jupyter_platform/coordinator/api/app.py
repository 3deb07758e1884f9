"""The application: gate, routes, errors."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from fastapi import APIRouter, FastAPI

from jupyter_platform._version import __version__
from jupyter_platform.coordinator.api.document import describe
from jupyter_platform.coordinator.api.gate import Gate
from jupyter_platform.coordinator.api.responses import ErrorBody, install_error_handlers
from jupyter_platform.coordinator.api.routes import (
    acting,
    contents,
    datasets,
    deployments,
    hosts,
    jobs,
    layers,
    marketplace,
    networks,
    options,
    platform,
    strategies,
    sweeps,
)
from jupyter_platform.coordinator.api.services import Services
from jupyter_platform.coordinator.identity.tokens import Identity
from jupyter_platform.core.predictions import MAX_BODY_BYTES as QUESTION_BYTES

PREFIX = "/api"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_UPLOAD = re.compile(
    rf"PUT {PREFIX}/datasets/[^/]+|PUT {PREFIX}/contents|POST {PREFIX}/datasets/look"
    rf"|POST {PREFIX}/networks/import"
    rf"|(POST|PUT|PATCH) {PREFIX}/deployments/[^/]+/services/[^/]+/.*"
)
_QUESTION = re.compile(rf"{PREFIX}/networks/[^/]+/predict")
_ERRORS: dict[int | str, dict[str, Any]] = {
    # Routes that answer something else than JSON refuse in JSON all the same.
    status: {"model": ErrorBody, "content": {"application/json": {}}}
    for status in (400, 401, 403, 404, 409, 413, 422, 503, 507)
}


def create_app(
    services: Services, *, identity: Identity, hosts_accepted: Collection[str] | None = LOOPBACK
) -> FastAPI:
    """Return the ASGI application.

    Parameters
    ----------
    services : Services
        What answers.
    identity : Identity
        Tells who asks.
    hosts_accepted : collection of str, optional
        Names that requests may be addressed to; None: any, for a coordinator behind a proxy.
    """
    app = FastAPI(
        title="jupyter-platform",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_ERRORS,
    )
    app.state.services = services
    install_error_handlers(app)
    api = APIRouter(prefix=PREFIX)
    for module in (
        platform,
        jobs,
        contents,
        options,
        strategies,
        layers,
        networks,
        datasets,
        acting,
        hosts,
        sweeps,
        marketplace,
        deployments,
    ):
        api.include_router(module.router)
    app.include_router(api)
    describe(app)
    app.add_middleware(
        Gate,
        identity=identity,
        hosts=hosts_accepted,
        is_upload=_is_upload,
        body_limit=_body_limit,
        on_request=services.on_request,
    )
    return app


def _body_limit(method: str, path: str) -> int | None:
    if method == "POST" and _QUESTION.fullmatch(path) is not None:
        return QUESTION_BYTES
    return None


def _is_upload(method: str, path: str) -> bool:
    return _UPLOAD.fullmatch(f"{method} {path}") is not None

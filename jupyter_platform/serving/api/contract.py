"""The routes of DEEPaaS V2."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from jupyter_platform.core.inference import Method
from jupyter_platform.serving.api.answers import respond
from jupyter_platform.serving.api.requests import raw_arguments
from jupyter_platform.serving.contract.results import Answer, failure
from jupyter_platform.serving.models import Model
from jupyter_platform.serving.output import Captured
from jupyter_platform.serving.service import Service
from jupyter_platform.serving.workers.trainings import Trainings

Handler = Callable[[Request], Awaitable[Response]]


class Contract:
    """Handlers of the routes.

    Parameters
    ----------
    service : Service
        What they answer from.
    captured : Captured, optional
        What the module printed; None where the debug route is disabled.
    """

    def __init__(self, service: Service, captured: Captured | None) -> None:
        self._service = service
        self._captured = captured
        self._base = service.settings.base_url

    def routes(self) -> list[Route]:
        """Return all routes; those without their last slash lead to those with it."""
        models, one = "/v2/models/", "/v2/models/{model}/"
        predict, train = f"{one}predict/", f"{one}train/"
        found = [
            Route("/", self.versions),
            Route("/v2/", self.version),
            Route("/v2/debug/", self.debug),
            Route(models, self.models),
            Route(one, self.model),
            Route(predict, self._offered("predict", self.predict), methods=["POST"]),
            Route(train, self._offered("train", self.train), methods=["POST"]),
            Route(train, self._offered("train", self.trainings), methods=["GET"]),
            Route(f"{train}{{uuid}}", self._offered("train", self.training), methods=["GET"]),
            Route(f"{train}{{uuid}}", self._offered("train", self.cancel), methods=["DELETE"]),
        ]
        bare = ("/v2", "/v2/debug", "/v2/models", one[:-1], predict[:-1], train[:-1])
        everything = ["GET", "POST", "PUT", "DELETE"]
        return found + [Route(path, self._with_slash, methods=everything) for path in bare]

    async def versions(self, _request: Request) -> Response:
        """Answer which versions of the contract there are, and where its documents lie."""
        links = [self._link("describedby", "swagger.json")]
        if self._service.settings.doc_endpoint:
            links.insert(0, {**self._link("help", "api"), "type": "text/html"})
        return JSONResponse({"versions": [self._version()], "links": links})

    async def version(self, _request: Request) -> Response:
        """Answer what V2 is."""
        return JSONResponse(self._version())

    async def debug(self, _request: Request) -> Response:
        """Answer what the module printed; without content where that is disabled."""
        if self._captured is None:
            return Response(status_code=204)
        mark = f"--- DEBUG MARKER {datetime.datetime.now()} ---\n"
        return PlainTextResponse(self._captured.text() + mark)

    async def models(self, _request: Request) -> Response:
        """Answer what the models tell of themselves."""
        found = [await self._told(name, model) for name, model in self._service.models.items()]
        return JSONResponse({"models": found})

    async def model(self, request: Request) -> Response:
        """Answer what one model tells of itself."""
        name = request.path_params["model"]
        return JSONResponse(await self._told(name, self._service.model(name)))

    async def predict(self, request: Request) -> Response:
        """Answer what a model makes of its arguments."""
        model = self._service.model(request.path_params["model"])
        folder = Path(tempfile.mkdtemp(prefix="jupyter-platform-call-"))
        try:
            raw = await raw_arguments(request, folder)
            with self._service.activity():
                return respond(await model.predict(raw, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def train(self, request: Request) -> Response:
        """Start a training, and answer its number."""
        name = request.path_params["model"]
        model = self._service.model(name)
        if not model.description.train.implemented:
            return respond(failure(501, f"Module {name!r} has no function train."))
        folder = model.trainings.new_folder()
        raw = await raw_arguments(request, folder)
        checked = await model.check("train", raw)
        if isinstance(checked, Answer):
            shutil.rmtree(folder, ignore_errors=True)
            return respond(checked)
        return JSONResponse(model.trainings.start(raw, checked, folder).to_dict())

    async def trainings(self, request: Request) -> Response:
        """Answer all trainings of a model."""
        return JSONResponse([item.to_dict() for item in self._trainings(request).all()])

    async def training(self, request: Request) -> Response:
        """Answer how a training does."""
        found = self._trainings(request).get(request.path_params["uuid"])
        return JSONResponse(found.to_dict())

    async def cancel(self, request: Request) -> Response:
        """End a training, and answer its last state."""
        found = await self._trainings(request).cancel(request.path_params["uuid"])
        return JSONResponse(found.to_dict())

    def _trainings(self, request: Request) -> Trainings:
        return self._service.model(request.path_params["model"]).trainings

    def _offered(self, method: Method, handler: Handler) -> Handler:
        """Return a handler that refuses with status 402, as DEEPaaS does, where it is disabled."""
        if self._service.settings.is_enabled(method):
            return handler

        @wraps(handler)
        async def refuse(_request: Request) -> Response:
            return respond(failure(402, f"This service does not offer {method}."))

        return refuse

    async def _told(self, name: str, model: Model) -> dict[str, Any]:
        """Return what a model tells of itself, completed with what the contract promises."""
        link = {"rel": "self", "href": f"{self._base}v2/models/{name}"}
        return {"id": name, "name": name, "links": [link], **(await model.metadata())}

    def _version(self) -> dict[str, Any]:
        return {"version": "stable", "id": "v2", "links": [self._link("self", "v2/")]}

    def _link(self, relation: str, path: str) -> dict[str, str]:
        return {"rel": relation, "type": "application/json", "href": f"{self._base}{path}"}

    async def _with_slash(self, request: Request) -> Response:
        path = request.scope["path"].lstrip("/") + "/"
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{self._base}{path}{query}", 308)

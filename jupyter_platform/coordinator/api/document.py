"""The OpenAPI document, with the messages of the websocket and the kinds of results."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from jupyter_platform.core.events import EventMessage
from jupyter_platform.core.kinds import kinds
from jupyter_platform.core.results import result_model
from jupyter_platform.core.states import JobType

_PLACE = "#/components/schemas/"


def describe(app: FastAPI) -> None:
    """Let an application answer with a document that has all schemas.

    OpenAPI knows no websockets: what `/api/events` sends stands among the schemas, as
    ``EventMessage``. So does what is known of the results of each type of job.
    """
    routes_alone = app.openapi

    def whole() -> dict[str, Any]:
        document = routes_alone()
        schemas = document["components"]["schemas"]
        if "EventMessage" not in schemas:
            _add(schemas, "EventMessage", TypeAdapter(EventMessage))
            for model in (result_model(JobType(name)) for name in kinds()):
                _add(schemas, model.__name__, TypeAdapter(model))
        return document

    app.openapi = whole  # type: ignore[method-assign]


def _add(schemas: dict[str, Any], name: str, adapter: TypeAdapter[Any]) -> None:
    """Add a schema, and those that it refers to."""
    found = adapter.json_schema(mode="serialization", ref_template=_PLACE + "{model}")
    for part, schema in found.pop("$defs", {}).items():
        schemas.setdefault(part, schema)
    schemas[name] = found

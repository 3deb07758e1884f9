"""The OpenAPI document, with the messages of the websocket among its schemas."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from jupyter_platform.core.events import EventMessage

_PLACE = "#/components/schemas/"


def describe(app: FastAPI) -> None:
    """Let an application answer with a document that has the messages of `/api/events`, too.

    OpenAPI knows no websockets: what they send stands among the schemas, as ``EventMessage``.
    """
    routes_alone = app.openapi

    def whole() -> dict[str, Any]:
        document = routes_alone()
        schemas = document["components"]["schemas"]
        if "EventMessage" not in schemas:
            adapter: TypeAdapter[EventMessage] = TypeAdapter(EventMessage)
            messages = adapter.json_schema(mode="serialization", ref_template=_PLACE + "{model}")
            for name, schema in messages.pop("$defs").items():
                schemas.setdefault(name, schema)
            schemas["EventMessage"] = messages
        return document

    app.openapi = whole  # type: ignore[method-assign]

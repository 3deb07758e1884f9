"""OpenAPI documents of a service: version 2, as DEEPaaS has it, and version 3."""

from __future__ import annotations

from typing import Any

from jupyter_platform._version import __version__
from jupyter_platform.core.inference import (
    ArgumentDescription,
    ArgumentKind,
    MethodDescription,
    ModelDescription,
    ServiceDescription,
)

Document = dict[str, Any]

TITLE = "Inference API"
ABOUT = (
    "What this service offers: a model behind the DEEPaaS V2 contract. Arguments of `predict` and "
    "`train` go into the query, files into the form; the header `accept` chooses the type of the "
    "answer."
)
_TYPES: dict[ArgumentKind, Document] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string"},
    "list": {"type": "array"},
    "mapping": {"type": "object"},
    "file": {"type": "string", "format": "binary"},
    "any": {"type": "string"},
}
_RESPONSES = {
    "400": "The body cannot be read",
    "402": "The function is not offered",
    "422": "Arguments do not fit: what is wrong, by their names",
    "500": "The module failed",
    "501": "The module does not have the function",
    "503": "The model is being made ready, or too many calls wait",
}
_PATH = {"name": "uuid", "in": "path", "required": True}


def openapi2(service: ServiceDescription) -> Document:
    """Return the document in version 2.0, also called Swagger."""
    base = service.base_url.rstrip("/")
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, "version": __version__, "description": ABOUT},
        "basePath": base or "/",
        "paths": _paths(service, _operation2),
        "definitions": _definitions(service, file={"type": "file"}),
    }


def openapi3(service: ServiceDescription) -> Document:
    """Return the document in version 3.0; its paths start beside the document itself."""
    paths = _paths(service, _operation3)
    if service.batching:
        paths["/predict"] = {"post": _batched()}
    for path, summary in _OWN.items():
        paths[path] = {"get": _own(summary)}
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE, "version": __version__, "description": ABOUT},
        "servers": [{"url": "./"}],
        "paths": paths,
        "components": {"schemas": _definitions(service, file=_TYPES["file"])},
    }


_OWN = {
    "/health": "How the service does",
    "/ready": "The same, with status 503 until it is ready",
    "/metrics": "Numbers of calls, and how long they took",
    "/description": "Models, arguments and state of the code",
}


def _paths(service: ServiceDescription, operation: Any) -> Document:
    paths: Document = {
        "/": {"get": operation("Versions of the contract", "versions", {})},
        "/v2/": {"get": operation("What V2 is", "versions", {})},
        "/v2/debug/": {"get": operation("What the module printed", "debug", {"204": "Disabled"})},
        "/v2/models/": {"get": operation("The models", "models", {})},
    }
    for model in service.models:
        paths |= _model_paths(model, operation)
    return paths


def _model_paths(model: ModelDescription, operation: Any) -> Document:
    base = f"/v2/models/{model.name}/"
    predict = operation(
        "Make a prediction", "models", {}, method=model.predict, answer=_answer_name(model)
    )
    training = {"404": "There is no such training"}
    one = f"{base}train/{{uuid}}"
    return {
        base: {"get": operation("What the model tells of itself", "models", {})},
        f"{base}predict/": {"post": predict},
        f"{base}train/": {
            "post": operation("Start a training", "models", {}, method=model.train),
            "get": operation("All trainings", "models", {}),
        },
        one: {
            "get": operation("How a training does", "models", training, path=True),
            "delete": operation("Cancel a training", "models", training, path=True),
        },
    }


def _answer_name(model: ModelDescription) -> str:
    return f"{model.name}Answer"


def _definitions(service: ServiceDescription, file: Document) -> Document:
    found: Document = {
        "Failure": {
            "type": "object",
            "required": ["message"],
            "properties": {"message": {"type": "string"}},
        }
    }
    for model in service.models:
        told = model.predict.answer
        properties = {
            "status": {"type": "string"},
            "predictions": {"description": "What the model gave, in any form"},
        }
        if told is not None:
            properties = {item.name: _schema(item, file) for item in told}
        found[_answer_name(model)] = {"type": "object", "properties": properties}
    return found


def _schema(argument: ArgumentDescription, file: Document) -> Document:
    """Return the JSON schema of an argument, without what only OpenAPI 3 knows."""
    found = dict(file if argument.kind == "file" else _TYPES[argument.kind])
    if argument.description:
        found["description"] = argument.description
    if argument.kind == "list":
        found["items"] = _schema(argument.item, file) if argument.item else {"type": "string"}
    if argument.fields is not None:
        found["properties"] = {item.name: _schema(item, file) for item in argument.fields}
    told = {
        "default": argument.default,
        "enum": argument.choices,
        "minimum": argument.minimum,
        "maximum": argument.maximum,
        "pattern": argument.pattern,
    }
    found |= {key: value for key, value in told.items() if value is not None}
    ends = ("Items", argument.min_length, argument.max_length)
    kind, low, high = ends if argument.kind == "list" else ("Length", *ends[1:])
    found |= {f"min{kind}": low} if low is not None else {}
    found |= {f"max{kind}": high} if high is not None else {}
    if argument.exclusive_minimum:
        found["exclusiveMinimum"] = True
    if argument.exclusive_maximum:
        found["exclusiveMaximum"] = True
    if argument.secret:
        found["format"] = "password"
    return found


def _operation2(
    summary: str,
    tag: str,
    others: dict[str, str],
    *,
    method: MethodDescription | None = None,
    answer: str | None = None,
    path: bool = False,
) -> Document:
    responses: Document = {"200": {"description": "The answer"}}
    if answer is not None:
        responses["200"]["schema"] = {"$ref": f"#/definitions/{answer}"}
    failure = {"$ref": "#/definitions/Failure"}
    known = {**(_RESPONSES if method else {}), **others}
    for code, text in known.items():
        responses[code] = {"description": text}
        if code not in ("204", "422"):
            responses[code]["schema"] = failure
    found: Document = {"summary": summary, "tags": [tag], "responses": responses}
    found["parameters"] = [{**_PATH, "type": "string"}] if path else []
    if method is None:
        return found
    found["parameters"] = [_parameter2(item) for item in method.arguments]
    if len(method.accept) > 1:
        found["parameters"].append({**_accept_parameter(), **_accept_schema(method)})
    found["produces"] = method.accept
    if any(item.kind == "file" for item in method.arguments):
        found["consumes"] = ["multipart/form-data"]
    return found


def _parameter2(argument: ArgumentDescription) -> Document:
    is_file = argument.kind == "file"
    schema: Document = {"type": "file"} if is_file else _schema(argument, {"type": "file"})
    if schema["type"] == "object":
        schema = {"type": "string"}  # parameters of version 2 have no objects
    schema.pop("properties", None)
    if schema["type"] == "array":
        schema["items"] = _plain_items(schema["items"])
        schema["collectionFormat"] = "multi"
    place = "formData" if is_file else "query"
    return {
        **schema,
        "name": argument.name,
        "in": place,
        "required": argument.required,
        "description": argument.description,
    }


def _plain_items(items: Document) -> Document:
    """Return the schema of items; a list of files, or of objects, is one of text in version 2."""
    kind = items.get("type")
    if kind in ("file", "object", "array"):
        return {"type": "string"}
    return {key: value for key, value in items.items() if key not in ("description", "properties")}


def _operation3(
    summary: str,
    tag: str,
    others: dict[str, str],
    *,
    method: MethodDescription | None = None,
    answer: str | None = None,
    path: bool = False,
) -> Document:
    content: Document = {"application/json": {"schema": {"type": "object"}}}
    if answer is not None:
        reference = {"$ref": f"#/components/schemas/{answer}"}
        content = {"application/json": {"schema": reference}}
    if method is not None:
        other = {"schema": _TYPES["file"]}
        content |= {kind: other for kind in method.accept if kind != "application/json"}
    responses: Document = {"200": {"description": "The answer", "content": content}}
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    wrong = {"application/json": {"schema": {"type": "object"}}}
    for code, text in {**(_RESPONSES if method else {}), **others}.items():
        responses[code] = {"description": text}
        if code != "204":
            responses[code]["content"] = wrong if code == "422" else failure
    found: Document = {"summary": summary, "tags": [tag], "responses": responses}
    found["parameters"] = [{**_PATH, "schema": {"type": "string"}}] if path else []
    if method is not None:
        _arguments3(found, method)
    return found


def _arguments3(operation: Document, method: MethodDescription) -> None:
    """Add the arguments of a function: all but files in the query, files in the form."""
    files = [item for item in method.arguments if _holds_files(item)]
    for item in method.arguments:
        if item not in files:
            schema = _schema(item, _TYPES["file"])
            operation["parameters"].append(
                {
                    "name": item.name,
                    "in": "query",
                    "required": item.required,
                    "description": item.description,
                    "schema": schema,
                }
            )
    if len(method.accept) > 1:
        # Version 3 keeps the header `Accept` to itself; the query does the same.
        operation["parameters"].append(
            {"name": "accept", "in": "query", "schema": _accept_schema(method)}
        )
    if files:
        form: Document = {
            "type": "object",
            "properties": {item.name: _schema(item, _TYPES["file"]) for item in files},
        }
        required = [item.name for item in files if item.required]
        form |= {"required": required} if required else {}
        operation["requestBody"] = {
            "required": bool(required),
            "content": {"multipart/form-data": {"schema": form}},
        }


def _holds_files(argument: ArgumentDescription) -> bool:
    return argument.kind == "file" or (argument.item is not None and argument.item.kind == "file")


def _accept_parameter() -> Document:
    return {
        "name": "accept",
        "in": "query",
        "required": False,
        "description": "Type of the answer; the header accept chooses it as well",
    }


def _accept_schema(method: MethodDescription) -> Document:
    return {"type": "string", "enum": [*method.accept, "*/*"], "default": method.accept[0]}


def _own(summary: str) -> Document:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "summary": summary,
        "tags": ["service"],
        "responses": {"200": {"description": "The answer", "content": content}},
    }


def _batched() -> Document:
    return _own("Predict one sample or several, batched with those of others")

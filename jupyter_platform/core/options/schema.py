"""JSON schemas of options, flat enough for a form."""

from __future__ import annotations

from typing import Any

from jupyter_platform.core.options.model import OptionModel


def option_schema(model: type[OptionModel]) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of an option model.

    Optional fields become their plain type with a default of null, instead of pydantic's
    ``anyOf`` with null, and references are put in place: forms show the former well and the
    latter badly. Each property carries ``group``, ``common``, and where they say something
    ``unit`` and ``default_text``.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    schema["properties"] = {
        name: _flatten(field, definitions)
        for name, field in schema["properties"].items()
        if name not in model.refused
    }
    return schema


def _flatten(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in field:
        name = field.pop("$ref").rpartition("/")[2]
        field = {**definitions[name], **field}
    choices = [item for item in field.get("anyOf", ()) if item.get("type") != "null"]
    if len(choices) == 1:
        rest = {key: value for key, value in field.items() if key != "anyOf"}
        field = {**_flatten(choices[0], definitions), **rest}
    return field

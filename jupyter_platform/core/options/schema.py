"""JSON schemas of options, flat enough for a form."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, cast

from pydantic import ConfigDict
from typing_extensions import TypedDict

from jupyter_platform.core.options.dianne import SUBMISSION_KEYS
from jupyter_platform.core.options.model import OptionModel


class OptionProperty(TypedDict):
    """One option: JSON Schema's own keywords, and ours."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    title: str
    description: str
    type: Literal["string", "integer", "number", "boolean"]
    format: NotRequired[str]
    """``index-set``: text such as ``0,1437``."""
    enum: NotRequired[list[Any]]
    default: Any
    default_text: NotRequired[str]
    """What the default means, where its value does not tell."""
    unit: NotRequired[str]
    group: str
    """Heading under which it belongs."""
    common: bool
    """Whether it is one of the few that people change most."""
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    exclusiveMinimum: NotRequired[float]
    exclusiveMaximum: NotRequired[float]
    pattern: NotRequired[str]
    examples: NotRequired[list[Any]]
    when: NotRequired[dict[str, list[Any]]]
    """Values of other options without which this one means nothing."""
    needs: NotRequired[list[str]]
    """Options that this one depends on: one of them must be set."""
    dianne: NotRequired[list[str]]
    """DIANNE's names of it."""


class OptionSchema(TypedDict):
    """The options of a type of job, in the order in which they are shown."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    title: str
    description: str
    type: Literal["object"]
    properties: dict[str, OptionProperty]
    additionalProperties: bool
    submission_keys: list[str]
    """What may stand among the options and is of the submission: DIANNE has it there."""


def option_schema(model: type[OptionModel]) -> OptionSchema:
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
    schema["submission_keys"] = list(SUBMISSION_KEYS)
    return cast(OptionSchema, schema)


def _flatten(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in field:
        name = field.pop("$ref").rpartition("/")[2]
        field = {**definitions[name], **field}
    choices = [item for item in field.get("anyOf", ()) if item.get("type") != "null"]
    if len(choices) == 1:
        rest = {key: value for key, value in field.items() if key != "anyOf"}
        field = {**_flatten(choices[0], definitions), **rest}
    return field

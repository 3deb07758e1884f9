"""Fields of marshmallow, told as JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import fields, validate

from jupyter_platform.core.inference import ArgumentDescription, ArgumentKind, MediaKind

_KINDS: tuple[tuple[type[fields.Field[Any]], ArgumentKind], ...] = (
    (fields.Boolean, "boolean"),
    (fields.Integer, "integer"),
    (fields.Number, "number"),
    (fields.DateTime, "datetime"),
    (fields.Date, "date"),
    (fields.Time, "time"),
    (fields.List, "list"),
    (fields.Tuple, "list"),
    (fields.Nested, "mapping"),
    (fields.Mapping, "mapping"),
    (fields.String, "text"),
    (fields.UUID, "text"),
)
"""Kinds by class; the first that fits. `Time` is a date of sorts in old releases: after it."""
_MEDIA: tuple[tuple[MediaKind, re.Pattern[str]], ...] = (
    ("image", re.compile(r"\b(images?|pictures?|photos?|png|jpe?g)\b", re.IGNORECASE)),
    ("audio", re.compile(r"\b(audios?|sounds?|speech|recordings?|wav|mp3)\b", re.IGNORECASE)),
    ("video", re.compile(r"\b(videos?|movies?|mp4)\b", re.IGNORECASE)),
)
_NOT_PARSED = "#noparse"
"""Mark in a description that keeps its words from telling what a file holds."""


def is_file(field: fields.Field[Any]) -> bool:
    """Return whether a field takes a file."""
    return bool(field.metadata.get("type") == "file")


def describe(name: str, field: fields.Field[Any]) -> ArgumentDescription:
    """Return what a field takes.

    Parameters
    ----------
    name : str
        Name of the argument.
    field : Field
        A field of marshmallow, or of webargs.
    """
    told = str(field.metadata.get("description") or "").strip()
    kind = _kind(field)
    found = ArgumentDescription(
        name=name,
        kind=kind,
        description=told.replace(_NOT_PARSED, "").strip(),
        required=field.required,
        default=_default(field),
        nullable=bool(field.allow_none),
        secret=field.metadata.get("format") == "password",
        media=_media(name, told) if kind in ("file", "text", "any") else None,
        item=_item(field),
        fields=_nested(field),
    )
    return found.model_copy(update=_bounds(field))


def describe_all(
    arguments: Mapping[str, fields.Field[Any]], without: Iterable[str] = ()
) -> list[ArgumentDescription]:
    """Return what several fields take, but for those named."""
    left_out = set(without)
    return [describe(name, field) for name, field in arguments.items() if name not in left_out]


def _kind(field: fields.Field[Any]) -> ArgumentKind:
    if is_file(field):
        return "file"
    for cls, kind in _KINDS:
        if isinstance(field, cls):
            return kind
    return "any"


def _item(field: fields.Field[Any]) -> ArgumentDescription | None:
    if isinstance(field, fields.List):
        return describe("", field.inner)
    if isinstance(field, fields.Tuple) and field.tuple_fields:
        return describe("", field.tuple_fields[0])
    if isinstance(field, fields.Nested) and field.many:
        return None
    return None


def _nested(field: fields.Field[Any]) -> list[ArgumentDescription] | None:
    if isinstance(field, fields.Nested):
        return describe_all(field.schema.fields)
    return None


def _default(field: fields.Field[Any]) -> Any:
    """Return the default as JSON; None where there is none, or none that JSON can hold."""
    value: Any = field.load_default
    if callable(value):
        value = value()
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return None if not hasattr(value, "isoformat") else value.isoformat()


def _media(name: str, told: str) -> MediaKind | None:
    text = "" if _NOT_PARSED in told else f"{name.replace('_', ' ')} {told}"
    return next((kind for kind, pattern in _MEDIA if pattern.search(text)), None)


def _bounds(field: fields.Field[Any]) -> dict[str, Any]:
    """Return what the validators of a field say."""
    found: dict[str, Any] = {}
    choices = field.metadata.get("enum")
    if isinstance(choices, list | tuple):
        found["choices"] = list(choices)
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            found["choices"] = list(rule.choices)
        elif isinstance(rule, validate.Range):
            found |= _range(rule)
        elif isinstance(rule, validate.Length):
            exact = rule.equal
            low, high = (rule.min, rule.max) if exact is None else (exact, exact)
            found |= {"min_length": low, "max_length": high}
        elif isinstance(rule, validate.Regexp):
            found["pattern"] = rule.regex.pattern
    return found


def _range(rule: validate.Range) -> dict[str, Any]:
    return {
        "minimum": _number(rule.min),
        "maximum": _number(rule.max),
        "exclusive_minimum": rule.min is not None and not rule.min_inclusive,
        "exclusive_maximum": rule.max is not None and not rule.max_inclusive,
    }


def _number(value: Any) -> float | None:
    """Return a bound; None where it bounds nothing, or is no number, as a date is not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value

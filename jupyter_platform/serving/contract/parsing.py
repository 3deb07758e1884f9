"""From a request to the arguments of a function: each by its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow
from marshmallow import fields
from pydantic import BaseModel, Field

from jupyter_platform.core.errors import nearest
from jupyter_platform.serving.contract.describing import is_file
from jupyter_platform.serving.contract.uploads import uploaded_file_type

ACCEPT = "accept"
"""The argument that chooses the MIME type of the answer."""
_EVERYWHERE = ("query", "form", "json")
_PLACES: Mapping[str, tuple[str, ...]] = {
    "query": ("query",),
    "querystring": ("query",),
    "form": ("form",),
    "files": ("form",),
    "json": ("json",),
    "json_or_form": ("json", "form"),
    "headers": ("headers",),
    "cookies": ("cookies",),
}
"""Where a field with a location of that name is looked for."""


class FilePart(BaseModel):
    """A file of a request, written to the disk."""

    path: str
    content_type: str
    filename: str


class RawArguments(BaseModel):
    """What a request holds, as text; a name may come several times."""

    query: list[tuple[str, str]] = Field(default_factory=list)
    form: list[tuple[str, str | FilePart]] = Field(default_factory=list)
    json_: dict[str, Any] = Field(default_factory=dict, alias="json")
    headers: dict[str, str] = Field(default_factory=dict)
    """By names in lower case."""
    cookies: dict[str, str] = Field(default_factory=dict)


class ArgumentsError(Exception):
    """Arguments do not fit their fields.

    Parameters
    ----------
    messages : dict
        What is wrong, by the name of the argument.
    """

    def __init__(self, messages: dict[str, Any]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in messages.items()))
        self.messages = messages


def parse(arguments: Mapping[str, fields.Field[Any]], raw: RawArguments) -> dict[str, Any]:
    """Return the arguments of a call.

    Parameters
    ----------
    arguments : mapping
        Fields by the name of the argument.
    raw : RawArguments
        What the request holds.

    Returns
    -------
    dict
        Values by name, of the types that the fields make of them; those that are not given have
        their defaults, or are left out where they have none.

    Raises
    ------
    ArgumentsError
        If a value does not fit, is missing, or belongs to no argument.
    """
    given: dict[str, Any] = {}
    messages = _unknown(arguments, raw)
    for name, field in arguments.items():
        found = _negotiated(field, raw) if name == ACCEPT else _found(name, field, raw)
        if found is None:
            continue
        key = field.data_key or name
        if is_file(field) or _is_list_of_files(field):
            if found in ("", [""]):
                continue  # a browser's field where nothing was chosen
            found = _files(name, field, found)
            if found is None:
                messages[name] = ["Not a file; send it as a part of multipart/form-data."]
                continue
        given[key] = found
    schema = marshmallow.Schema.from_dict(dict(arguments))(unknown=marshmallow.EXCLUDE)
    try:
        loaded: dict[str, Any] = schema.load(given)
    except marshmallow.ValidationError as error:
        told = error.messages
        wrong = told if isinstance(told, dict) else {"_schema": told}
        messages = {**_by_name(arguments, wrong), **messages}
    else:
        messages |= _outside_choices(arguments, given, loaded)
    if messages:
        raise ArgumentsError(messages)
    return loaded


def _outside_choices(
    arguments: Mapping[str, fields.Field[Any]], given: Mapping[str, Any], loaded: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a message for each value that is none of those that its field names as ``enum``."""
    found: dict[str, Any] = {}
    for name, field in arguments.items():
        choices = field.metadata.get("enum")
        if not isinstance(choices, list | tuple) or (field.data_key or name) not in given:
            continue
        value = loaded.get(name)
        values = value if isinstance(value, list | tuple) else [value]
        if not all(item in choices for item in values):
            found[name] = [f"Must be one of: {', '.join(map(str, choices))}."]
    return found


def _by_name(
    arguments: Mapping[str, fields.Field[Any]], messages: Mapping[str, Any]
) -> dict[str, Any]:
    names = {field.data_key or name: name for name, field in arguments.items()}
    return {names.get(key, key): text for key, text in messages.items()}


def _unknown(arguments: Mapping[str, fields.Field[Any]], raw: RawArguments) -> dict[str, Any]:
    """Return a message for each name that belongs to no argument: a misspelt one has no effect."""
    known = {field.data_key or name for name, field in arguments.items()} | {ACCEPT}
    given = [name for name, _ in raw.query] + [name for name, _ in raw.form] + list(raw.json_)
    found: dict[str, Any] = {}
    for name in given:
        if name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {near!r}?" if near else ""
            found[name] = [f"Unknown argument.{hint}"]
    return found


def _found(name: str, field: fields.Field[Any], raw: RawArguments) -> Any:
    """Return what a request holds for an argument: text, a list, JSON or a file; None: nothing."""
    key = field.data_key or name
    location = field.metadata.get("location")
    many = isinstance(field, fields.List | fields.Tuple) and not hasattr(field, "delimiter")
    for place in _PLACES.get(str(location), _EVERYWHERE):
        if place == "json":
            if key in raw.json_:
                return raw.json_[key]
        elif place == "headers":
            if key.lower() in raw.headers:
                return raw.headers[key.lower()]
        elif place == "cookies":
            if key in raw.cookies:
                return raw.cookies[key]
        else:
            pairs: Sequence[tuple[str, Any]] = raw.query if place == "query" else raw.form
            values = [value for name, value in pairs if name == key]
            if values:
                return values if many else values[0]
    return None


def _is_list_of_files(field: fields.Field[Any]) -> bool:
    return isinstance(field, fields.List) and is_file(field.inner)


def _files(name: str, field: fields.Field[Any], found: Any) -> Any:
    """Return files as functions of modules get them; None where something is none."""
    parts = found if isinstance(found, list) else [found]
    if not all(isinstance(part, FilePart) for part in parts):
        return None
    make = uploaded_file_type()
    files = [make(name, part.path, part.content_type, part.filename) for part in parts]
    return files if isinstance(field, fields.List) else files[0]


def _negotiated(field: fields.Field[Any], raw: RawArguments) -> str | None:
    """Return the MIME type that the answer shall have; None: the field's default.

    An argument in the query or the form is taken as it stands. Of the header ``Accept`` the type
    of highest quality is taken that the field offers.
    """
    choices = offered(field)
    first = next(iter(choices), None)
    explicit = _found(ACCEPT, fields.Raw(), raw)
    if explicit is not None:
        return first if explicit == "*/*" else str(explicit)
    header = raw.headers.get(ACCEPT, "").strip()
    if not header:
        return first
    for wanted in _by_quality(header):
        if wanted == "*/*":
            return first
        for choice in choices:
            if _matches(wanted, choice):
                return choice
    return header if choices else None


def offered(field: fields.Field[Any]) -> list[str]:
    """Return the MIME types that the argument `accept` offers, its default first."""
    choices: list[str] = []
    for rule in field.validators:
        if isinstance(rule, marshmallow.validate.OneOf):
            choices += [str(item) for item in rule.choices if item != "*/*"]
    default = field.load_default
    if isinstance(default, str) and default in choices:
        choices.remove(default)
        choices.insert(0, default)
    return choices


def _by_quality(header: str) -> list[str]:
    """Return the types of a header ``Accept``, the best first."""
    found: list[tuple[float, int, str]] = []
    for number, part in enumerate(header.split(",")):
        kind, *parameters = (item.strip() for item in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if kind and quality > 0:
            found.append((-quality, number, kind.lower()))
    return [kind for _, _, kind in sorted(found)]


def _matches(wanted: str, offer: str) -> bool:
    """Return whether a type that is wanted takes one that is offered; either may be ``image/*``."""
    want, has = wanted.split("/"), offer.lower().split("/")
    if len(want) != 2 or len(has) != 2:
        return wanted == offer
    return want[0] == has[0] and (want[1] == has[1] or "*" in (want[1], has[1]))

"""From what a person wrote to the options a job runs with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from jupyter_platform.core.errors import (
    MOST_FIELDS,
    FieldError,
    OptionError,
    RequestTooLargeError,
    nearest,
    refusal,
    shortened,
)
from jupyter_platform.core.jobs import MAX_OPTIONS_BYTES
from jupyter_platform.core.kinds import kinds, load
from jupyter_platform.core.options.dianne import (
    applies_beside,
    clear_values,
    meaning,
    translate,
)
from jupyter_platform.core.options.model import OptionModel
from jupyter_platform.core.options.schema import option_schema
from jupyter_platform.core.options.synonyms import MISPLACED, SYNONYMS, answer, plain_word
from jupyter_platform.core.states import JobType


class _OptionModels(Mapping[JobType, type[OptionModel]]):
    """The model of each kind's options, loaded when it is asked for.

    The module of a kind from an installed package imports ours, and is not whole before.
    """

    def __getitem__(self, key: JobType) -> type[OptionModel]:
        model: type[OptionModel] = load(kinds()[key].options_place)
        return model

    def __iter__(self) -> Iterator[JobType]:
        return map(JobType, kinds())

    def __len__(self) -> int:
        return len(kinds())


OPTION_MODELS: Mapping[JobType, type[OptionModel]] = _OptionModels()
"""The job types that can be submitted."""

Model = TypeVar("Model", bound=OptionModel)


def resolve_options(
    job_type: JobType, options: dict[str, Any], defaults: dict[str, Any] | None = None
) -> tuple[OptionModel, dict[str, Any]]:
    """Validate options and fill in what was not given.

    Parameters
    ----------
    job_type : JobType
        One of `OPTION_MODELS`.
    options : dict
        In our spelling or DIANNE's.
    defaults : dict, optional
        Defaults of the network that win over those of the type.

    Returns
    -------
    model : OptionModel
        Every option with its value.
    given : dict
        The options that were given, in our spelling.

    Raises
    ------
    OptionError
        With one `FieldError` for each option that is unknown or out of range.
    RequestTooLargeError
        If the options take more than `MAX_OPTIONS_BYTES` of JSON.
    """
    return resolve_model(OPTION_MODELS[job_type], options, defaults)


def resolve_model(
    model: type[Model], options: dict[str, Any], defaults: dict[str, Any] | None = None
) -> tuple[Model, dict[str, Any]]:
    """Validate options of any model; see `resolve_options`.

    Parameters
    ----------
    model : type of Model
        Options to validate against.
    options : dict
        Options as written, in our spelling or DIANNE's.
    defaults : dict, optional
        Values of options that are not given, in our spelling; None: the model's defaults.

    Raises
    ------
    OptionError
        If options are unknown, do not apply beside the others, or have values out of range; all
        faults are named.
    RequestTooLargeError
        If the options take more than `MAX_OPTIONS_BYTES` as JSON.
    """
    size = len(json.dumps(options, default=str))
    if size > MAX_OPTIONS_BYTES:
        raise RequestTooLargeError(
            f"The options take {size:,} bytes; at most {MAX_OPTIONS_BYTES:,} are accepted."
        )
    given = translate(model, options)
    known = {key: value for key, value in (defaults or {}).items() if key in model.model_fields}
    for one, other in model.alternatives:
        if one in given and other in given:
            raise _both_given(model, options, one, other)
        for chosen, left in ((one, other), (other, one)):
            if chosen in given:
                known.pop(left, None)
    try:
        resolved = model.model_validate({**known, **given})
        idle = [key for key in known.keys() - given.keys() if not resolved.applies(key)]
        if idle:
            kept = {key: value for key, value in known.items() if key not in idle}
            resolved = model.model_validate({**kept, **given})
    except ValidationError as error:
        raise OptionError.from_fields(_field_errors(error, model, options)) from error
    misplaced = [_misplaced(resolved, name, options) for name in given]
    if any(misplaced):
        raise OptionError.from_fields([item for item in misplaced if item is not None])
    return resolved, given


def _misplaced(model: OptionModel, name: str, options: dict[str, Any]) -> FieldError | None:
    """Return the error of a given option that does not apply beside the others."""
    is_default = getattr(model, name) == type(model).model_fields[name].default
    if is_default or model.applies(name):
        return None
    kind = type(model)
    field = next((key for key in options if meaning(kind, key, options) == name), name)
    if name in kind.refused:
        return _without_effect(kind, name, field, options.get(field))
    other, values = next(
        (key, values)
        for key, values in model.condition(name).items()
        if str(getattr(model, key)) not in values
    )
    accepted = f"{other} = {' or '.join(values)}"
    present = getattr(model, other)
    message = (
        f"{field} goes with {accepted}; {other} is {'not given' if present is None else present}."
    )
    if name in MISPLACED:
        message = f"{message} Else {MISPLACED[name]}."
    return FieldError(
        field=field, value=_short(options.get(field)), message=message, accepted=accepted
    )


def _without_effect(model: type[OptionModel], name: str, field: str, value: Any) -> FieldError:
    value = _short(value)
    message = f"{field} = {value} is not accepted: {model.refused[name]}."
    return FieldError(field=field, value=value, message=message, accepted="nothing")


def _both_given(
    model: type[OptionModel], options: dict[str, Any], one: str, other: str
) -> OptionError:
    """Return the error of two mutually exclusive options given together."""
    spelled = {meaning(model, key, options): key for key in options}
    field, rest = spelled.get(one, one), spelled.get(other, other)
    message = f"{field} and {rest} both say when it ends; give one of them."
    return refusal(field, _short(options.get(field)), message, f"{one} or {other}")


def _field_errors(
    error: ValidationError, model: type[OptionModel], options: dict[str, Any]
) -> list[FieldError]:
    spelled = {meaning(model, key, options): key for key in options}
    properties = option_schema(model)["properties"]
    found: dict[str, FieldError] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else str(item["msg"]).split()[-1]
        field = spelled.get(name, name)
        if item["type"] == "extra_forbidden":
            found[field] = (
                _unknown(field, item["input"], model, options)
                if len(found) < MOST_FIELDS
                else FieldError(field=field, message=f"Unknown option {shortened(field)}.")
            )
        elif name in model.refused:
            found[field] = _without_effect(model, name, field, item["input"])
        elif not item["loc"]:
            found.setdefault("", _cross_field(item["msg"], properties))
        else:
            found.setdefault(field, _bad_value(field, item, properties[name]))
    return list(found.values())


def _unknown(
    field: str, value: Any, model: type[OptionModel], options: dict[str, Any]
) -> FieldError:
    """Return the message for an unknown key: its meaning elsewhere, or the nearest known key."""
    # What is no type of job by itself, such as adapters, is part of LEARN.
    types = (key for key, kind in OPTION_MODELS.items() if kind is model)
    job_type = str(next(types, JobType.LEARN))
    field, told = shortened(field), answer(field)
    known = [name for name in model.model_fields if name not in model.refused]
    accepted = f"one of the {len(known)} options that `jupyter platform options {job_type}` lists"
    near: str | None = None
    if told is not None:
        text, near = told
        near = near if near in known else None
        message = f"{field} is no option: {text}."
    else:
        near = _nearest(field, model, options)
        hint = f" Did you mean {near}?" if near else ""
        other = _type_with(field, model)
        if other is None:
            message = f"Unknown option {field}.{hint} It must be {accepted}."
        else:
            message = f"{field} is an option of {other}; {job_type} has none by that name.{hint}"
    return FieldError(
        field=field, value=_short(value), message=message, accepted=accepted, nearest=near
    )


def _type_with(field: str, model: type[OptionModel]) -> str | None:
    """Return the first other type of job that has an option of this very name."""
    others = (key for key, kind in OPTION_MODELS.items() if kind is not model)
    return next((str(key) for key in others if OPTION_MODELS[key].spelled(plain_word(field))), None)


def _nearest(field: str, model: type[OptionModel], options: dict[str, Any]) -> str | None:
    """Return the option that is written most alike, where it goes with the other options."""
    words = {name: name for name in model.model_fields}
    words |= model.spellings()
    for word, names in SYNONYMS.items():
        found = next((name for name in names if name in model.model_fields), None)
        if found is not None:
            words.setdefault(word, found)
    usable = {word: name for word, name in words.items() if name not in model.refused}
    clear = clear_values(model, options)
    fitting = [word for word, name in usable.items() if applies_beside(model, name, clear)]
    near = nearest(field, fitting)
    likeliest = nearest(field, usable)
    # A slip in the name of another strategy's option must not be taken for the next best of this.
    if near is None or likeliest not in (*fitting, None):
        return None
    return words[near]


def _cross_field(message: str, properties: dict[str, Any]) -> FieldError:
    text = message.removeprefix("Value error, ")
    blamed = next((word for word in text.split() if word in properties), "")
    return FieldError(field=blamed, message=f"{text}.")


def _bad_value(field: str, item: Any, schema: Mapping[str, Any]) -> FieldError:
    accepted = accepted_values(schema)
    value = _short(item["input"])
    if item["type"] == "value_error":
        message = f"{field}: {item['msg'].removeprefix('Value error, ')}."
    else:
        message = f"{field} = {value!r} is not accepted; it must be {accepted}."
    return FieldError(field=field, value=value, message=message, accepted=accepted)


def _short(value: Any) -> Any:
    text = str(value)
    return value if len(text) <= 100 else text[:100] + "…"


_TYPE_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
}


def accepted_values(schema: Mapping[str, Any]) -> str:
    """Say in words which values a property of an option schema accepts."""
    if schema.get("format") == "index-set":
        return "a set of samples: start,stop (half-open), or three and more indices"
    if schema.get("format") == "list":
        return f"a list like {next(iter(schema.get('examples', ())), 'a,b,c')}"
    if schema.get("format") == "words":
        return f"words of a command line like {schema['examples'][0]}"
    if schema.get("format") == "json":
        return f"a JSON object like {schema['examples'][0]}"
    if "enum" in schema:
        return "one of " + ", ".join(str(item) for item in schema["enum"])
    words = _TYPE_WORDS.get(schema.get("type", ""), "a value of the right type")
    bounds = [
        f"{word} {schema[key]:,}"
        for key, word in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "below"),
        )
        if key in schema
    ]
    if "pattern" in schema:
        bounds.append("of letters, digits, '.', '_' and '-', starting with a letter or digit")
    return words + (", " + " and ".join(bounds) if bounds else "")

"""Values of a request against the configuration document: what holds, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_platform.core.deployments import ConfigurationDocument, ConfigurationField
from jupyter_platform.core.errors import FieldError, shortened, unknown_name
from jupyter_platform.core.units import parse_bytes

Values = dict[str, dict[str, Any]]
"""Value by group and field."""
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def take_values(
    document: ConfigurationDocument, given: Mapping[str, Any]
) -> tuple[Values, list[FieldError]]:
    """Return every field with its value, and what is wrong with those that were given.

    Parameters
    ----------
    document : ConfigurationDocument
        The fields.
    given : mapping
        Values by group and field, or by field alone; text stands for numbers, too.
    """
    values = {
        group: {key: item.value for key, item in fields.items()}
        for group, fields in document.groups.items()
    }
    errors: list[FieldError] = []
    chosen: set[tuple[str, str]] = set()
    for group, key, value in _flat(document, given, errors):
        item = document.groups[group][key]
        try:
            values[group][key] = _taken(key, item, value)
            chosen.add((group, key))
        except _RefusedError as error:
            errors.append(error.field)
    errors += _refuse_idle(document, values, chosen)
    return values, errors


class _RefusedError(Exception):
    def __init__(self, key: str, value: Any, why: str, accepted: str) -> None:
        shown = value if isinstance(value, int | float | bool) else shortened(str(value))
        self.field = FieldError(
            field=key,
            value=shown,
            message=f"{key} = {shown!r} {why}; accepted: {accepted}.",
            accepted=accepted,
        )
        super().__init__(self.field.message)


def _flat(
    document: ConfigurationDocument, given: Mapping[str, Any], errors: list[FieldError]
) -> Iterator[tuple[str, str, Any]]:
    """Yield group, field and value of what is known; what is not is an error by its name."""
    homes = {key: group for group, fields in document.groups.items() for key in fields}
    seen: set[str] = set()
    for name, value in given.items():
        is_group = name in document.groups and isinstance(value, Mapping)
        for key, one in value.items() if is_group else ((name, value),):
            group, dot, rest = str(key).partition(".")
            known = rest if dot and homes.get(rest) == group else key
            if known not in homes or (is_group and homes[known] != name):
                full = f"{name}.{key}" if is_group else str(key)
                unknown = unknown_name("field", full, homes)
                errors.append(unknown.model_copy(update={"field": full}))
            elif known in seen:
                message = f"{known} is given twice; give it once."
                errors.append(FieldError(field=known, value=one, message=message))
            else:
                seen.add(known)
                yield homes[known], known, one


def _taken(key: str, item: ConfigurationField, value: Any) -> Any:
    if item.disabled is not None and value != item.value:
        why = f"cannot be: {item.disabled[:1].lower()}{item.disabled[1:].rstrip('.')}"
        raise _RefusedError(key, value, why, repr(item.value))
    value = _READERS[item.type](key, item, value)
    if item.options is not None and value not in item.options:
        shown = ", ".join("(empty)" if option == "" else str(option) for option in item.options)
        raise _RefusedError(key, value, "is none of the choices", shown)
    return value


def _text(key: str, item: ConfigurationField, value: Any) -> str:
    if not isinstance(value, str):
        if isinstance(value, list | dict) or value is None:
            raise _RefusedError(key, value, "is no text", "text")
        value = str(value)
    plain: str = value if item.type == "password" else value.strip()
    if any(not (letter.isprintable() or letter in "\n\t") for letter in plain):
        raise _RefusedError(key, value, "holds a control character", "plain text")
    least, most = item.range or (None, None)
    if plain and least and len(plain) < least:
        shown = "•" * len(plain) if item.type == "password" else plain
        raise _RefusedError(key, shown, "is too short", f"at least {least:.0f} characters")
    if most is not None and len(plain) > most:
        shown = "•" * 9 if item.type == "password" else plain
        why = f"is too long: {len(plain):,} characters"
        raise _RefusedError(key, shown, why, f"at most {most:,.0f} characters")
    return plain


def _integer(key: str, item: ConfigurationField, value: Any) -> int:
    number = _number(key, item, value)
    if number != int(number):
        raise _RefusedError(key, value, "is no whole number", _accepted(item))
    return int(number)


def _number(key: str, item: ConfigurationField, value: Any) -> float:
    number = _read_number(item, value)
    if number is None:
        raise _RefusedError(key, value, "is no number", _accepted(item))
    least, most = item.range or (None, None)
    if least is not None and number < least:
        why = f"is under the least of {least:,g}"
        raise _RefusedError(key, value, why, _accepted(item))
    if most is not None and number > most:
        why = f"is over the limit of {most:,g}"
        raise _RefusedError(key, value, why, _accepted(item))
    return number


def _read_number(item: ConfigurationField, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and item.unit == "MB" and value.strip()[-1:].isalpha():
        try:
            return parse_bytes(value) / 1_000_000
        except ValueError:
            return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None


def _accepted(item: ConfigurationField) -> str:
    least, most = item.range or (None, None)
    unit = f" {item.unit}" if item.unit else ""
    kind = "whole number" if item.type == "integer" else "number"
    if least is not None and most is not None:
        return f"{least:,g}{unit}" if least == most else f"{least:,g} to {most:,g}{unit}"
    if least is not None:
        return f"a {kind} from {least:,g}{unit} on"
    return f"a {kind}" if most is None else f"a {kind} up to {most:,g}{unit}"


def _boolean(key: str, item: ConfigurationField, value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise _RefusedError(key, value, "is neither true nor false", "true or false")
    return word in _TRUE


def _list(key: str, item: ConfigurationField, value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise _RefusedError(key, value, "is no list", "a list")
    return value


_READERS = {
    "text": _text,
    "long_text": _text,
    "password": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "list": _list,
}


def _refuse_idle(
    document: ConfigurationDocument, values: Values, chosen: set[tuple[str, str]]
) -> Iterator[FieldError]:
    """Refuse values that would mean nothing beside the others."""
    flat = {key: value for fields in values.values() for key, value in fields.items()}
    for group, key in sorted(chosen):
        item = document.groups[group][key]
        if values[group][key] == item.value:
            continue
        for other, needed in (item.depends_on or {}).items():
            if flat[other] not in needed:
                shown = " or ".join(map(str, needed)) or "another value"
                message = (
                    f"{key} means something only with {other} = {shown}; here {other} = "
                    f"{flat[other]!r}. Leave {key} out."
                )
                value = None if item.type == "password" else values[group][key]
                yield FieldError(field=key, value=value, message=message, accepted="nothing")

"""DIANNE's option names, translated once.

Both spellings of one option in the same submission are refused, because either could win.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.core.options.model import OptionModel

SUBMISSION_KEYS = {
    "name": "name",
    "targets": "targets",
    "targetCount": "target_count",
    "target_count": "target_count",
    "targetFilter": "target_filter",
    "target_filter": "target_filter",
    "forceFree": "force_free",
    "force_free": "force_free",
}
"""Keys that DIANNE takes among the options and that are fields of our submission, as we spell them
too."""


def parse_option_line(text: str) -> dict[str, str]:
    """Read ``key=value`` words, separated by any white space.

    A value with spaces is quoted: ``name="my job"``.

    Raises
    ------
    OptionError
        If a word has no ``=``, a key stands twice, or a quote is not closed.
    """
    options: dict[str, str] = {}
    errors: list[FieldError] = []
    rest = text.strip()
    while rest:
        match = re.match(r"""([^\s=]+)=("[^"]*"|'[^']*'|[^\s"']\S*|(?=\s|$))\s*""", rest)
        if match is None:
            word = rest.split(maxsplit=1)[0]
            message = f"{word!r} is no option; write key=value, quotes around spaces."
            errors.append(FieldError(field=word, value=word, message=message))
            rest = rest[len(word) :].lstrip()
            continue
        key, value = match[1], match[2].strip("\"'")
        if key in options:
            message = f"{key} is given twice, as {options[key]!r} and {value!r}; give it once."
            errors.append(FieldError(field=key, value=value, message=message))
        options[key] = value
        rest = rest[match.end() :]
    if errors:
        raise OptionError.from_fields(errors)
    return options


def translate(model: type[OptionModel], options: dict[str, Any]) -> dict[str, Any]:
    """Return options in our spelling; keys that neither side knows stay as they are.

    The spellings stand at the options themselves (dianne.md, tables 2.1 to 2.8).

    Raises
    ------
    OptionError
        If an option is given in both spellings.
    """
    result: dict[str, Any] = {}
    sources: dict[str, str] = {}
    errors: list[FieldError] = []
    for key, value in options.items():
        ours = meaning(model, key, options)
        if ours in sources:
            message = (
                f"{sources[ours]} and {key} are one option in two spellings; give only {ours}."
            )
            errors.append(FieldError(field=key, value=value, message=message, accepted=ours))
        sources[ours] = key
        result[ours] = value
    if errors:
        raise OptionError.from_fields(errors)
    return result


def meaning(model: type[OptionModel], key: str, options: dict[str, Any]) -> str:
    """Return which option a key means beside the other options; itself where nobody knows it."""
    candidates = model.spelled(key)
    if len(candidates) < 2:
        return candidates[0] if candidates else key
    clear = {
        names[0]: str(value).upper()
        for other, value in options.items()
        if len(names := model.spelled(other)) == 1
    }

    def holds(name: str) -> bool:
        return all(
            clear.get(other, str(model.model_fields[other].default).upper())
            in [value.upper() for value in values]
            for other, values in model.condition(name).items()
        )

    # The most particular one; of several the one that belongs to the type of job itself.
    fitting = [name for name in reversed(candidates) if holds(name)] or candidates
    return max(fitting, key=lambda name: len(model.condition(name)))

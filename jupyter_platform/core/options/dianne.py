"""DIANNE's option names, translated once.

Both spellings of one option in the same submission are refused, because either could win.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.core.options.dianne_keys import rewritten
from jupyter_platform.core.options.model import OptionModel
from jupyter_platform.core.options.synonyms import synonym

SUBMISSION_KEYS = {
    "name": "name",
    "targets": "targets",
    "targetCount": "target_count",
    "target_count": "target_count",
    "targetFilter": "target_filter",
    "target_filter": "target_filter",
    "forceFree": "force_free",
    "force_free": "force_free",
    "dianneDefaults": "dianne_defaults",
    "dianne_defaults": "dianne_defaults",
}
"""Keys that DIANNE takes among the options and that are fields of our submission, as we spell them
too."""


def translate(
    model: type[OptionModel],
    options: dict[str, Any],
    *,
    beside: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return options in our spelling; keys that neither side knows stay as they are.

    DIANNE's spellings stand at the options themselves, words of other tools in `synonyms`.

    Parameters
    ----------
    beside : mapping, optional
        Options that hold as well, in our spelling: what a key means may depend on them.

    Raises
    ------
    OptionError
        If an option is given in both spellings.
    """
    result: dict[str, Any] = {}
    sources: dict[str, str] = {}
    options, errors = rewritten(model, options)
    for key, value in options.items():
        ours = meaning(model, key, {**(beside or {}), **options})
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
    """Return which option a key means beside the other options; itself where nobody knows it.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    key : str
        Key as written, in our spelling or DIANNE's.
    options : dict
        All given options, by key as written.
    """
    candidates = model.spelled(key)
    if not candidates:
        return synonym(key, lambda name: name in model.model_fields) or key
    if len(candidates) == 1:
        return candidates[0]
    # The most particular one; of several the one that belongs to the type of job itself.
    fitting = [name for name in reversed(candidates) if may_apply(model, name, options)]
    return max(fitting or candidates, key=lambda name: len(model.condition(name)))


def may_apply(model: type[OptionModel], name: str, options: dict[str, Any]) -> bool:
    """Return whether an option applies beside other options as written.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    name : str
        Option, in our spelling.
    options : dict
        All given options, by key as written.
    """
    return applies_beside(model, name, clear_values(model, options))


def clear_values(model: type[OptionModel], options: dict[str, Any]) -> dict[str, str]:
    """Return the values, in capitals, of the options whose keys mean one option only.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    options : dict
        All given options, by key as written.

    Returns
    -------
    dict
        Values in capitals, by option in our spelling.
    """
    return {
        names[0]: str(value).upper()
        for other, value in options.items()
        if len(names := model.spelled(other)) == 1
    }


def applies_beside(model: type[OptionModel], name: str, clear: dict[str, str]) -> bool:
    """Return whether an option goes with others; `clear` is of `clear_values`.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    name : str
        Option, in our spelling.
    clear : dict
        Values of the unambiguous options, as `clear_values` returns them.
    """
    return all(
        clear.get(other, str(model.model_fields[other].default).upper())
        in [value.upper() for value in values]
        for other, values in model.condition(name).items()
    )

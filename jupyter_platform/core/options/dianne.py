"""DIANNE's option names, translated once.

Both spellings of one option in the same submission are refused, because either could win.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.core.states import JobType

_LEARN = {
    "criterion": "criterion",
    "method": "method",
    "learningRate": "learning_rate",
    "momentum": "momentum",
    "batchSize": "batch_size",
    "maxIterations": "max_iterations",
    "trainSet": "train_set",
    "validationSet": "validation_set",
    "testSet": "test_set",
    "validationInterval": "validation_interval",
    "storeInterval": "checkpoint_interval",
    "seed": "seed",
    "tag": "tag",
    "clean": "clean",
}
_EVALUATE = {
    "tag": "tag",
    "testSet": "test_set",
    "range": "test_set",
    "batchSize": "batch_size",
    "criterion": "criterion",
}

SPELLINGS: dict[JobType, dict[str, str]] = {JobType.LEARN: _LEARN, JobType.EVALUATE: _EVALUATE}
"""Per job type, DIANNE's key to ours (dianne.md, tables 2.1 to 2.6)."""

SUBMISSION_KEYS = {"name": "name", "targetCount": "target_count"}
"""Keys that DIANNE takes among the options and that are fields of our submission."""


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


def translate(job_type: JobType, options: dict[str, Any]) -> dict[str, Any]:
    """Return options in our spelling; keys that neither side knows stay as they are.

    Raises
    ------
    OptionError
        If an option is given in both spellings.
    """
    spellings = SPELLINGS.get(job_type, {})
    result: dict[str, Any] = {}
    sources: dict[str, str] = {}
    errors: list[FieldError] = []
    for key, value in options.items():
        ours = spellings.get(key, key)
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

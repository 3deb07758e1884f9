"""The one way in which ``key=value`` words are read and written.

Form, magics, command line and panels all come here, so quotes mean the same everywhere: what they
mean to a shell (`shlex`).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.core.errors import FieldError, InvalidRequestError, OptionError

OPTION_WORD = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)


@dataclass
class Words:
    """The parsed options in the order in which they were given, and the errors."""

    options: dict[str, str] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    first: str | None = None
    """A first word that is no option, where one may stand."""


def split_words(text: str, *, comments: bool = False) -> list[str]:
    """Return the words of a line as a shell reads them.

    Parameters
    ----------
    text : str
        One line, or several.
    comments : bool
        Whether ``#`` begins a comment.

    Raises
    ------
    InvalidRequestError
        If a quotation is not closed.
    """
    try:
        return shlex.split(text, comments=comments)
    except ValueError as error:
        raise InvalidRequestError(
            f"{text.strip()!r} cannot be read: a quotation mark is not closed."
        ) from error


def sort_words(words: Sequence[str], *, may_begin_with_other: bool = False) -> Words:
    """Return the options among words, and what is wrong with the rest.

    Parameters
    ----------
    words : sequence of str
        Without quotes, as `split_words` gives them.
    may_begin_with_other : bool
        Whether the first word may be something else, such as a dataset.
    """
    found = Words()
    for index, word in enumerate(words):
        match = OPTION_WORD.fullmatch(word)
        if match is None and index == 0 and may_begin_with_other:
            found.first = word
        elif match is None:
            message = f"{word!r} is no option; write KEY=VALUE, with quotes around spaces."
            found.errors.append(FieldError(field=word, value=word, message=message))
        elif match[1] in found.options:
            before = found.options[match[1]]
            message = f"{match[1]} is given twice, as {before!r} and {match[2]!r}; give it once."
            found.errors.append(FieldError(field=match[1], value=match[2], message=message))
        else:
            found.options[match[1]] = match[2]
    return found


def read_words(words: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Return the dataset and the options of the words behind the network.

    Raises
    ------
    OptionError
        If a word is neither the dataset nor ``key=value``, or a key stands twice.
    """
    found = sort_words(words, may_begin_with_other=True)
    if found.errors:
        raise OptionError.from_fields(found.errors)
    return found.first, found.options


def parse_text(text: str) -> Words:
    """Read a text of ``key=value`` words that a person is still writing; ``#`` begins a comment."""
    try:
        return sort_words(split_words(text, comments=True))
    except InvalidRequestError as error:
        last = text.split()[-1]
        return Words(errors=[FieldError(field=last, value=last, message=error.message)])


def parse_option_line(text: str) -> dict[str, str]:
    """Read ``key=value`` words, separated by any white space.

    A value with spaces is quoted: ``name="my job"``.

    Raises
    ------
    OptionError
        If a word has no ``=``, a key stands twice, or a quote is not closed.
    """
    found = parse_text(text)
    if found.errors:
        raise OptionError.from_fields(found.errors)
    return found.options


def value_text(value: Any) -> str:
    """Return the value of an option as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(value_text, value))
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


def option_word(key: str, value: Any) -> str:
    """Return an option as `parse_option_line` reads it back.

    Parameters
    ----------
    key : str
        Name of the option.
    value : object
        Value of the option; dictionaries become JSON.
    """
    return f"{key}={shlex.quote(text) if (text := value_text(value)) else ''}"

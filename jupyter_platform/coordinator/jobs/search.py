"""Search for jobs: the indexed text and the syntax of queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_TERM = re.compile(r'"([^"]*)"?|(\S+)')
_NUMBER = re.compile(r"[a-z_]+=[-+]?[0-9.]+(e[-+]?[0-9]+)?")


def search_text(words: Iterable[str], options: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return the text of a job that searches look through, in lower case.

    Parameters
    ----------
    words : iterable of str
        Id, name, type, networks and the like.
    options, given : mapping
        All options, of which those that are chosen from words are found, and the ones that were
        given, which are found by any value.
    """
    chosen = {key: value for key, value in options.items() if isinstance(value, str)}
    shown = (f"{key}={_shown(value)}" for key, value in {**chosen, **given}.items())
    return f"{' '.join([*words, *shown])} ".lower()


def search_terms(text: str) -> list[str]:
    """Split a query into its terms, all of which must match: words and quoted phrases.

    A number of an option is meant as a whole: ``batch_size=3`` does not find 32.
    """
    terms = [phrase or word for phrase, word in _TERM.findall(text.lower())]
    return [f"{term} " if _NUMBER.fullmatch(term) else term for term in terms]


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(_shown(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)

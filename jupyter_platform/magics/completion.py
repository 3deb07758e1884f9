"""Completion of the magics' lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from jupyter_platform.client.arguments import ACT_PREFIX
from jupyter_platform.client.datasets import SUFFIXES
from jupyter_platform.client.own_runs import CODE_SUFFIXES, takes_code
from jupyter_platform.core.words import OPTION_WORD
from jupyter_platform.magics.lines import jobs_line, rl_line, submit_line
from jupyter_platform.magics.names import Names, from_pools

LINE = re.compile(r"\s*(?:[^\s%=][^%=]*=\s*)?%{1,2}(submit|rl|jobs|job|stop)\s(.*)", re.DOTALL)
"""A magic, also behind an assignment, and what stands behind it up to the cursor."""


@dataclass(frozen=True)
class Completions:
    """Completions of the fragment before the cursor."""

    fragment: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, fragment: str, known: Iterable[str]) -> Completions:
        """Keep the names that begin with the fragment, ignoring case.

        Parameters
        ----------
        fragment : str
            Text before the cursor.
        known : iterable of str
            All names that could stand there.
        """
        begin = fragment.lower()
        return cls(fragment, tuple(word for word in known if word.lower().startswith(begin)))


class LineCompleter:
    """Knows what may come next on the line of a magic."""

    def __init__(self, names: Names | None = None) -> None:
        self.names = names or Names()
        # IPython writes on the function, which a bound method does not allow.
        self.matcher = context_matcher(identifier="jupyter_platform")(
            lambda context: self._match(context)
        )
        self._by_magic: dict[str, Callable[[Sequence[str], str], Completions]] = {
            "submit": self._submit,
            "rl": self._rl,
            "jobs": self._jobs,
            "job": lambda _, part: Completions.of(part, self.names.jobs(stoppable=False)),
            "stop": lambda _, part: Completions.of(part, self.names.jobs(stoppable=True)),
        }

    def _match(self, context: CompletionContext) -> SimpleMatcherResult:
        found = self.complete(_line(context))
        if found is None or not context.text_until_cursor.endswith(found.fragment):
            return {"completions": [], "suppress": False}
        return {
            "completions": [SimpleCompletion(word, type="value") for word in found.words],
            "matched_fragment": found.fragment,
            "suppress": bool(found.words),
            "ordered": True,
        }

    def complete(self, text: str) -> Completions | None:
        """Return completions, or None when the text is no line of ours.

        Parameters
        ----------
        text : str
            The line up to the cursor.
        """
        match = LINE.fullmatch(text)
        if match is None:
            return None
        before, _, fragment = f" {match[2]}".rpartition(" ")
        return self._by_magic[match[1]](before.split(), fragment)

    def _submit(self, before: Sequence[str], fragment: str) -> Completions:
        if fragment.startswith("-"):
            return Completions.of(fragment, _flags(submit_line))
        words = _without_flags(before)
        if words is None:
            return Completions(fragment, ())
        if len(words) == 0:
            return Completions.of(fragment, self.names.types())
        if takes_code(words[0]):
            return self._code(words, fragment)
        if len(words) == 1:
            return Completions.of(fragment.rpartition(",")[2], self.names.networks())
        job_type, networks = words[0].upper(), words[1]
        option = OPTION_WORD.fullmatch(fragment)
        if option is not None:
            return Completions.of(option[2], self._values(job_type, networks, option[1]))
        sources: list[str] = []
        if len(words) == 2:
            sources = [*self.names.datasets(), *self.names.pools(), *_files(fragment)]
        return Completions.of(fragment, [*sources, *self._keys(job_type, words)])

    def _code(self, words: Sequence[str], fragment: str) -> Completions:
        """Complete the line of a script: its file, then options."""
        job_type = words[0].upper()
        option = OPTION_WORD.fullmatch(fragment)
        if option is not None:
            return Completions.of(option[2], self._values(job_type, "", option[1]))
        files = _files(fragment, CODE_SUFFIXES) if len(words) == 1 else []
        return Completions.of(fragment, [*files, *self._keys(job_type, words)])

    def _rl(self, before: Sequence[str], fragment: str) -> Completions:
        if fragment.startswith("-"):
            return Completions.of(fragment, _flags(rl_line))
        if before and before[-1] in ("--strategy", "--pool"):
            known = from_pools() if before[-1] == "--strategy" else self.names.pools()
            return Completions.of(fragment, known)
        words = _without_flags(before)
        if words is None:
            return Completions(fragment, ())
        if len(words) == 0:
            return Completions.of(fragment.rpartition(",")[2], self.names.networks())
        if len(words) == 1:
            return Completions.of(fragment, self.names.environments())
        acts = fragment.startswith(ACT_PREFIX)
        prefix, job_type = (ACT_PREFIX, "ACT") if acts else ("", "LEARN")
        option = OPTION_WORD.fullmatch(fragment)
        if option is not None:
            key = option[1].removeprefix(prefix)
            return Completions.of(option[2], self._values(job_type, words[0], key))
        keys = self._keys(job_type, words, prefix)
        return Completions.of(fragment, keys if acts else [*keys, ACT_PREFIX])

    def _keys(self, job_type: str, words: Sequence[str], prefix: str = "") -> list[str]:
        given = {match[1] for word in words if (match := OPTION_WORD.fullmatch(word))}
        options = self.names.options(job_type)
        names = [name for name in options if prefix + name not in given]
        ordered = sorted(names, key=lambda name: _rank(options[name]))
        return [f"{prefix}{name}=" for name in ordered]

    def _values(self, job_type: str, networks: str, key: str) -> list[str]:
        field: dict[str, Any] = self.names.options(job_type).get(key, {})
        if key == "tag":
            return self.names.tags(networks.split(","))
        if key == "environment":
            return self.names.environments()
        if key == "pool":
            return self.names.pools()
        if field.get("type") == "boolean":
            return ["true", "false"]
        if "enum" in field:
            return [str(item) for item in field["enum"]]
        default = field.get("default")
        return [] if default is None else [str(default)]

    def _jobs(self, before: Sequence[str], fragment: str) -> Completions:
        if fragment.startswith("-"):
            return Completions.of(fragment, _flags(jobs_line))
        if before and before[-1] == "--type":
            return Completions.of(fragment, self.names.types())
        if before and before[-1].startswith("--"):
            return Completions(fragment, ())
        return Completions.of(fragment, self.names.states())


def _line(context: CompletionContext) -> str:
    """Return the line up to the cursor; lines under ``%%submit`` and ``%%rl`` go on with it."""
    text = context.text_until_cursor
    if context.cursor_line > 0 and context.full_text.lstrip().startswith(("%%submit", "%%rl")):
        above = context.full_text.split("\n")[: context.cursor_line]
        return " ".join([*above, text])
    return text


def _flags(command: click.Command) -> list[str]:
    return [name for item in command.params if isinstance(item, click.Option) for name in item.opts]


def _without_flags(words: Sequence[str]) -> list[str] | None:
    """Return the words that are neither a flag nor its value; None if a value comes next."""
    kept: list[str] = []
    waiting = False
    for word in words:
        if waiting:
            waiting = False
        elif word.startswith("--"):
            waiting = "=" not in word
        else:
            kept.append(word)
    return None if waiting else kept


def _files(fragment: str, suffixes: tuple[str, ...] = SUFFIXES) -> list[str]:
    """Return the files that the fragment may be the beginning of, and folders to look into."""
    head = fragment.rpartition("/")[0]
    folder = Path(head or ("/" if fragment.startswith("/") else ".")).expanduser()
    prefix = fragment[: fragment.rfind("/") + 1]
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    folders = [f"{prefix}{item.name}/" for item in found if prefix and item.is_dir()]
    return [f"{prefix}{item.name}" for item in found if item.suffix in suffixes] + folders


def _rank(field: dict[str, Any]) -> int:
    """Return the sort key of an option: common options first, specialised ones after."""
    return 2 * (not field["common"]) + ("when" in field)

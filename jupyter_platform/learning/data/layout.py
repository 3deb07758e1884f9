"""Which files in a folder are a dataset's, and which part each of them holds.

The rules are those of the Hugging Face hub ("Structure your repository"), but that nothing is
guessed: a file of which nobody says what it holds is refused with the list of what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from jupyter_platform.core.datasets import Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.part_names import WORDS, part_named
from jupyter_platform.runtime.bounded import BoundsError, parse_yaml

MOST_FILES = 100_000
_SHOWN = 12
"""Files that an error lists."""
_README = "README.md"
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(\n|\Z)", re.DOTALL)
_SHARD = re.compile(r"[-_.]?\d[-_.\da-f]*(of[-_.\da-f]*)?$", re.IGNORECASE)
"""End of a name that only numbers a piece: ``-00000-of-00002-3f2a``, ``_7``."""

Layout = dict[Part, list[Path]]


def parted_files(folder: Path, suffixes: Sequence[str], dataset: str) -> Layout:
    """Return the files of a folder by the part that they hold, in the order of their numbers.

    What is said by the configuration in ``README.md`` holds; else the words of each file's name and
    of the folders that it lies in. Pieces of one table that say nothing are all one.

    Parameters
    ----------
    suffixes : sequence of str
        Of files that hold samples; others are passed over.
    dataset : str
        Name, for errors.

    Raises
    ------
    InvalidDataError
        If there are no such files, or it cannot be told what one of them holds.
    """
    found = _files(folder, suffixes, dataset)
    configured = _configured(folder, found, dataset)
    if configured is not None:
        return configured
    parts = {path: _part_of(path.relative_to(folder)) for path in found}
    unknown = [path for path, part in parts.items() if part is None]
    if len(unknown) == len(found):
        if len({_SHARD.sub("", path.stem) for path in found}) > 1 or _is_torn(folder, found):
            raise _unclear(folder, found, dataset)
        return {"train": found}
    if unknown:
        raise _unclear(folder, unknown, dataset)
    layout: Layout = {}
    for path, part in parts.items():
        if part is not None:
            layout.setdefault(part, []).append(path)
    return layout


def _files(folder: Path, suffixes: Sequence[str], dataset: str) -> list[Path]:
    found = list(islice(_walk(folder, suffixes), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {folder.name} holds more than {MOST_FILES:,} files."
        )
    kinds = sorted({path.suffix for path in found})
    if len(kinds) != 1:
        held = f"files of several kinds: {', '.join(kinds)}" if kinds else "no such file"
        raise InvalidDataError(
            f"Dataset {dataset!r}: {folder.name} holds {held}; wanted are files of one kind, "
            f"{', '.join(suffixes)}."
        )
    return sorted(found, key=_in_numbers)


def _walk(folder: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(name.startswith(".") for name in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in suffixes and path.is_file():
            yield path


def _in_numbers(path: Path) -> list[tuple[int, str]]:
    """Return a key by which 2 comes before 10."""
    pieces = re.split(r"(\d+)", str(path))
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces]


def _part_of(path: Path) -> Part | None:
    """Return the part that a relative path tells; None where it tells none, or two."""
    told = {part_named(name) for name in (*path.parent.parts, path.stem)} - {None}
    return told.pop() if len(told) == 1 else None


def _is_torn(folder: Path, found: Sequence[Path]) -> bool:
    """Return whether files that say nothing lie in different folders."""
    return len({path.relative_to(folder).parent for path in found}) > 1


def _unclear(folder: Path, unclear: Sequence[Path], dataset: str) -> InvalidDataError:
    names = [str(path.relative_to(folder)) for path in unclear[:_SHOWN]]
    more = f" and {len(unclear) - _SHOWN} more" if len(unclear) > _SHOWN else ""
    return InvalidDataError(
        f"Dataset {dataset!r}: it is not clear whether these files train, validate or test: "
        f"{', '.join(names)}{more}. Let their names or folders say it ({', '.join(WORDS)}), or "
        "name them as train, validation and test where the dataset is described."
    )


def _configured(folder: Path, found: Sequence[Path], dataset: str) -> Layout | None:
    """Return the layout that the front matter of the README tells, or None where it tells none."""
    files = _data_files(front_matter(folder, dataset), dataset)
    if files is None:
        return None
    layout: Layout = {}
    for split, patterns in files:
        part = part_named(split)
        if part is None:
            raise InvalidDataError(
                f"Dataset {dataset!r}: {_README} names the split {split!r}; known are "
                f"{', '.join(WORDS)}. Name its files as train, validation and test instead."
            )
        chosen = [
            path
            for path in found
            if any(_matches(path.relative_to(folder), item) for item in patterns)
        ]
        if not chosen:
            raise InvalidDataError(
                f"Dataset {dataset!r}: {_README} names {', '.join(patterns)} as {split}, and there "
                f"is no such file in {folder.name}."
            )
        layout.setdefault(part, []).extend(chosen)
    return layout


def _matches(path: Path, pattern: str) -> bool:
    """Return whether a relative path is one of a pattern; ``**`` stands for any folders."""
    pattern = pattern.removeprefix("./")
    if "**" in pattern:
        return fnmatchcase(path.as_posix(), pattern.replace("**/", "*").replace("**", "*"))
    return len(PurePosixPath(pattern).parts) == len(path.parts) and path.match(pattern)


def front_matter(folder: Path, dataset: str) -> Mapping[str, Any]:
    """Return what stands at the head of a folder's README; empty where nothing does.

    Parameters
    ----------
    dataset : str
        Name, for errors.

    Raises
    ------
    InvalidDataError
        If it cannot be read.
    """
    path = folder / _README
    if not path.is_file():
        return {}
    try:
        match = _FRONT_MATTER.match(path.read_text(encoding="utf-8"))
        content = None if match is None else parse_yaml(match[1])
    except (OSError, UnicodeDecodeError, BoundsError, yaml.YAMLError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: the front matter of {_README} cannot be read: "
            f"{str(error).splitlines()[0]}."
        ) from error
    return content if isinstance(content, dict) else {}


def _data_files(content: Mapping[str, Any], dataset: str) -> list[tuple[str, list[str]]] | None:
    """Return name and patterns of each split of the one configuration; None without any."""
    given = content.get("configs")
    configs = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    configs = [item for item in configs if item.get("data_files") is not None]
    if not configs:
        return None
    chosen = [item for item in configs if item.get("default") is True] or configs
    chosen = [item for item in chosen if item.get("config_name") == "default"] or chosen
    if len(chosen) > 1:
        names = ", ".join(str(item.get("config_name")) for item in chosen[:_SHOWN])
        raise InvalidDataError(
            f"Dataset {dataset!r}: {_README} tells several configurations: {names}. Name the files "
            "of one as train, validation and test where the dataset is described."
        )
    files = chosen[0]["data_files"]
    if isinstance(files, dict):
        files = [{"split": split, "path": path} for split, path in files.items()]
    if not isinstance(files, list):
        files = [{"split": "train", "path": files}]
    listed = [item if isinstance(item, dict) else {"path": item} for item in files]
    return [(str(item.get("split", "train")), _patterns(item.get("path"))) for item in listed]


def _patterns(path: Any) -> list[str]:
    return [str(item) for item in (path if isinstance(path, list) else [path])]

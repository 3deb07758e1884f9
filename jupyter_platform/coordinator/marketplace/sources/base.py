"""What a source of items is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_platform.catalogue.entries import ItemFiles
from jupyter_platform.core.errors import UnavailableError
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.runtime.paths import Paths

MOST_ITEMS = 20_000
"""Items of one source."""


class SourceError(UnavailableError):
    """A source that cannot be read now; its items of before are kept."""

    code = "source"


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a source may keep what it brings."""

    paths: Paths
    folder: Path
    """A folder of its own, which may not be there yet."""


@dataclass
class Gathered:
    """What a look at a source brought."""

    items: list[ItemFiles] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What concerns the source itself, in sentences."""


SourceReader = Callable[[SourceSettings, Workplace], Gathered]
"""Reads a whole source, in a process of its own. Raises `SourceError` where it cannot."""

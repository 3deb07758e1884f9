"""Locks: the exact packages of an environment, each with the hashes of its files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from jupyter_platform.core.errors import InvalidDataError, shortened

LARGEST_LOCK = 10_000_000
"""Bytes."""
PLATFORM_ALONE = re.compile(r"^(torch|triton|nvidia-.+|cuda-.+)$")
"""Packages of gigabytes that a layered environment takes from the platform, or does without."""
_HASH = re.compile(r"\s--hash=(sha256:[0-9a-f]{64}|sha(?:384|512):[0-9a-f]+)")
_WANTED = "as `uv pip compile --generate-hashes` writes it"


@dataclass(frozen=True)
class Pin:
    """One package of a lock."""

    name: str
    """Normalised."""
    version: str
    text: str
    """The line of the lock, with its hashes."""


@dataclass(frozen=True)
class Lock:
    """The packages of a lock that are wanted on this machine."""

    path: Path
    content: bytes
    pins: tuple[Pin, ...]

    def without_platform(self, installed: Mapping[str, str]) -> tuple[Pin, ...]:
        """Return the packages that the platform does not have in the very version of the lock.

        Parameters
        ----------
        installed : mapping
            Version by normalised name, of the platform's environment.

        Raises
        ------
        InvalidDataError
            If it pins another torch than the platform's.
        """
        found = []
        for pin in self.pins:
            here = installed.get(pin.name)
            if here is not None and _same(here, pin.version):
                continue
            if not PLATFORM_ALONE.match(pin.name):
                found.append(pin)
            elif pin.name == "torch":
                raise InvalidDataError(
                    f"{self.path} pins torch {pin.version}, and the platform has "
                    f"{here or 'none'}. An environment over the platform's packages uses its "
                    "torch: leave torch out of the lock, or set environment.layered to false."
                )
        return tuple(found)


def read_lock(path: Path) -> Lock:
    """Read a lock.

    Raises
    ------
    InvalidDataError
        If it cannot be read, or a line of it is no exact version with hashes.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_LOCK + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDataError(f"The lock {path} cannot be read: {error}.") from error
    if len(content) > LARGEST_LOCK:
        raise InvalidDataError(f"The lock {path} is larger than {LARGEST_LOCK:,} bytes.")
    pins = tuple(pin for line in _lines(text) if (pin := _pin(path, line)) is not None)
    return Lock(path, content, pins)


def installed_packages() -> dict[str, str]:
    """Return the versions of the packages of this interpreter by their normalised names."""
    found: dict[str, str] = {}
    for item in distributions():
        # Of two of one name the first on the path is imported.
        found.setdefault(canonicalize_name(item.name), item.version)
    return found


def _lines(text: str) -> Iterator[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    for line in joined.splitlines():
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        if stripped:
            yield stripped


def _pin(path: Path, line: str) -> Pin | None:
    """Return the package of a line, or None where it is not for this machine."""
    shown = shortened(line)
    if not _HASH.search(line):
        message = f"The lock {path} has a line without hashes, {shown!r}; it is wanted {_WANTED}."
        raise InvalidDataError(message)
    try:
        requirement = Requirement(_HASH.sub("", line).strip())
    except InvalidRequirement as error:
        message = f"The lock {path} has a line that is no package, {shown!r}: {error}."
        raise InvalidDataError(message) from error
    pinned = [item.version for item in requirement.specifier if item.operator == "=="]
    if len(pinned) != 1 or len(requirement.specifier) != 1 or "*" in pinned[0]:
        message = f"The lock {path} has no exact version of {requirement.name}; write it {_WANTED}."
        raise InvalidDataError(message)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    return Pin(canonicalize_name(requirement.name), pinned[0], line)


def _same(installed: str, pinned: str) -> bool:
    """Return whether two versions are one; builds of a version, as 2.1+cpu, are that version."""
    try:
        here, there = Version(installed), Version(pinned)
    except InvalidVersion:
        return installed == pinned
    return here == there or (here.local is not None and Version(here.public) == there)

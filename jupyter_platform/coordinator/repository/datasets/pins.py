"""Pinning the files at paths that a job learns from or judges by."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_platform.coordinator.repository.facts import Facts
from jupyter_platform.core.datasets import DataPin, DatasetDescriptor, DatasetFacts
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.runtime.data_pins import local_paths, pin_data

_REMEMBERED = 1_000


class Pins:
    """Notes what files are, and sees to it that facts are those of the same content.

    Parameters
    ----------
    facts : Facts
        Knows which files the facts were read from that are stored.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[tuple[Path, ...], DataPin] = {}

    async def pinned(self, descriptor: DatasetDescriptor) -> DatasetDescriptor:
        """Return a dataset that a job uses, with what its files at paths are now.

        Raises
        ------
        InvalidDataError
            If one of them cannot be read.
        """
        paths = local_paths(descriptor)
        if not paths:
            return descriptor
        try:
            pin = await asyncio.to_thread(pin_data, paths, self._known.get(paths))
        except OSError as error:
            raise InvalidDataError(
                f"Dataset {descriptor.name!r}: {error.filename} cannot be read: {error.strerror}."
            ) from error
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[paths] = pin
        found = descriptor.model_copy(update={"pinned": pin})
        known = (await self._facts.cached("dataset", [descriptor.digest])).get(descriptor.digest)
        if known is None:
            return found
        before = DatasetFacts.model_validate(known).pin
        if before is None or before.stamp == pin.stamp or _is_same(before, pin):
            return found
        # The look of a folder does not change with what is deep inside: its facts are read anew.
        return found.model_copy(update={"stamp": pin.stamp})


def _is_same(one: DataPin, other: DataPin) -> bool:
    return one.content is not None and one.content == other.content

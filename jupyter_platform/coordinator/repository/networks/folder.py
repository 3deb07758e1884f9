"""A folder of descriptions, one JSON file each, that people may also edit by hand."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.reading.watched import Shared, WatchedFiles
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.runtime.atomic import fsync_folder, write_bytes_atomic

log = logging.getLogger(__name__)


class DescriptionFolder:
    """Has ``<name>.json`` read, and writes it; files are read again when they change.

    Parameters
    ----------
    folder : Path
        Made by `Paths.ensure`.
    reader : Reader
        Reads them.
    """

    def __init__(self, folder: Path, reader: Reader) -> None:
        self._folder = folder
        self._reader = reader
        self._files = WatchedFiles(self._read)
        self._listing = Shared(self._list)

    def all(self) -> dict[str, NetworkDescription]:
        """Return the descriptions by name, as of the last `refresh`; broken ones are left out."""
        return {item.name: item for _, item in self._files.items() if item is not None}

    async def refresh(self) -> None:
        """Look what has changed."""
        await self._listing.done()
        await self._files.wait()

    async def put(self, name: str, item: NetworkDescription) -> None:
        """Write a description; it is on disk when this returns.

        Parameters
        ----------
        name : str
            Name of the network.
        item : NetworkDescription
            Its description.
        """
        path = self._folder / f"{name}.json"
        text = item.model_dump_json(indent=2, exclude_unset=True)
        await asyncio.to_thread(write_bytes_atomic, path, text.encode())
        self._files.put(path, item)
        await self.refresh()

    async def delete(self, name: str) -> None:
        """Remove a description."""
        await asyncio.to_thread(_remove, self._folder / f"{name}.json")
        await self.refresh()

    async def close(self) -> None:
        """Give up what is being read."""
        await self._files.close()

    async def _list(self) -> None:
        self._files.update(await asyncio.to_thread(_listed, self._folder))

    async def _read(self, path: Path) -> NetworkDescription | None:
        try:
            found = await self._reader.ask("description", path.name, path=str(path))
        except InvalidRequestError as error:
            log.warning("%s is left out: %s", path, error.message)
            return None
        return NetworkDescription.model_validate(found)


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    fsync_folder(path.parent)

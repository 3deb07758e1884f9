"""A folder of descriptions, one JSON file each, that people may also edit by hand."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.runtime.atomic import fsync_folder, write_bytes_atomic

log = logging.getLogger(__name__)

LARGEST_BYTES = 20_000_000
"""Bytes of a description; source of one's own takes the most of it."""

M = TypeVar("M", bound=BaseModel)


class DescriptionFolder(Generic[M]):
    """Reads and writes ``<name>.json``; files are read again when they change.

    Parameters
    ----------
    folder : Path
        Made by `Paths.ensure`.
    model : type
        What a file holds; has a field ``name``.
    """

    def __init__(self, folder: Path, model: type[M]) -> None:
        self._folder = folder
        self._model = model
        self._read: dict[str, tuple[tuple[int, int], M | None]] = {}

    def all(self) -> dict[str, M]:
        """Return the descriptions in the folder, by name; broken files are left out."""
        found: dict[str, tuple[tuple[int, int], M | None]] = {}
        for path in sorted(self._folder.glob("*.json")):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._read.get(path.stem)
            found[path.stem] = known if known and known[0] == stamp else (stamp, self._parse(path))
        self._read = found
        return {name: item for name, (_, item) in found.items() if item is not None}

    def put(self, name: str, item: M) -> None:
        """Write a description; it is on disk when this returns.

        Parameters
        ----------
        name : str
            Name of the network.
        item : M
            Its description.
        """
        text = item.model_dump_json(indent=2, exclude_unset=True)
        write_bytes_atomic(self._folder / f"{name}.json", text.encode())

    def delete(self, name: str) -> None:
        """Remove a description."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)
        fsync_folder(self._folder)

    def _parse(self, path: Path) -> M | None:
        try:
            if not path.is_file():
                raise InvalidRequestError("it is no file")
            if path.stat().st_size > LARGEST_BYTES:
                raise InvalidRequestError(f"it is larger than {LARGEST_BYTES:,} bytes")
            item = self._model.model_validate_json(path.read_bytes())
            if getattr(item, "name", None) != path.stem:
                raise InvalidRequestError(f"the name inside is not {path.stem!r}")
        except (OSError, ValidationError, InvalidRequestError) as error:
            log.warning("%s is left out: %s", path, error)
            return None
        return item

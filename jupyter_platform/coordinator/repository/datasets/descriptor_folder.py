"""The folder of descriptors, which people may change at any time."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_platform.coordinator.reading.descriptors import (
    SUFFIXES,
    DescriptorFile,
)
from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.reading.watched import Shared, WatchedFiles, is_settled
from jupyter_platform.core.datasets import PATH, DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.runtime.atomic import fsync_folder, write_bytes_atomic

_DEEPEST = 2
"""Levels of folders of data that are looked at to notice a change."""


class DescriptorFolder:
    """Has ``*.json`` and ``*.yaml`` files read, one level deep; each again when it has changed.

    Parameters
    ----------
    folder : Path
        Made by `Paths.ensure`.
    bundled : mapping
        Datasets whose names are taken, and that files here may adapt.
    reader : Reader
        Reads them.
    """

    def __init__(
        self, folder: Path, bundled: Mapping[str, DatasetDescriptor], reader: Reader
    ) -> None:
        self._folder = folder
        self._bundled = bundled
        self._reader = reader
        self._stamps = _Stamps()
        self._listed: dict[Path, tuple[int, list[Path]]] = {}
        self._files = WatchedFiles(self._read)
        self._listing, self._settling = Shared(self._list), Shared(self._settle_all)
        self._found: dict[str, DescriptorFile] = {}

    def all(self) -> dict[str, DescriptorFile]:
        """Return the descriptors in the folder, by name, as they were at the last `refresh`.

        Of several files of one name the first by path stands, and says so; the other ones are
        shown under their paths, broken.
        """
        return self._found

    async def refresh(self) -> None:
        """Look what has changed; what is not read within seconds says so until it is."""
        await self._listing.done()
        await self._files.wait()
        await self._settling.done()

    async def put(self, name: str, descriptor: DatasetDescriptor) -> None:
        """Write a descriptor; it is on disk when this returns.

        Parameters
        ----------
        name : str
            Name of the dataset.
        descriptor : DatasetDescriptor
            Its descriptor.
        """
        path = self._folder / f"{name}.json"
        text = descriptor.model_dump_json(indent=2, exclude_unset=True)
        await asyncio.to_thread(write_bytes_atomic, path, text.encode())
        self._files.put(path, DescriptorFile(name=name, path=path, descriptor=descriptor))
        await self.refresh()

    async def close(self) -> None:
        """Give up what is being read."""
        await self._files.close()

    def is_own(self, item: DescriptorFile) -> bool:
        """Return whether a file is where `put` writes it."""
        return item.path == self._folder / f"{item.name}.json"

    async def delete(self, item: DescriptorFile) -> None:
        """Remove a descriptor; its data stay where they are."""
        await asyncio.to_thread(_remove, item.path)
        await self.refresh()

    async def _read(self, path: Path) -> DescriptorFile:
        nested = path.parent != self._folder
        try:
            found = await self._reader.ask("descriptor", path.name, path=str(path), nested=nested)
        except InvalidDataError as error:
            return DescriptorFile(name=path.stem, path=path, problem=error.message)
        if found is None:
            return DescriptorFile(name="", path=path)
        return DescriptorFile.model_validate(found)

    async def _list(self) -> None:
        self._files.update(await asyncio.to_thread(lambda: list(self._paths())))

    async def _settle_all(self) -> None:
        items = [item or _on_its_way(path) for path, item in self._files.items()]
        self._found = await asyncio.to_thread(self._settle, items)

    def _settle(self, items: Iterable[DescriptorFile]) -> dict[str, DescriptorFile]:
        """Return descriptors by name, files before those in folders, by path."""
        found: dict[str, DescriptorFile] = {}
        for item in items:
            if not item.name:
                continue
            if item.name in self._bundled:
                reason = "is the name of a dataset that ships with the platform"
                found[str(item.path)] = _taken(item, reason)
            elif item.name in found:
                other = found[item.name].path.relative_to(self._folder)
                found[str(item.path)] = _taken(item, f"is also that of {other}")
            else:
                found[item.name] = item
        return {
            name: _settled(item, found, self._bundled, self._stamps) for name, item in found.items()
        }

    def _paths(self) -> Iterator[Path]:
        inside, folders = _listed(self._folder)
        yield from inside
        listed: dict[Path, tuple[int, list[Path]]] = {}
        for folder in folders:
            try:
                changed = folder.stat().st_mtime_ns
                known = self._listed.get(folder)
                # A folder of data may hold very many files; it is listed when it has changed.
                if known is None or known[0] != changed:
                    known = changed if is_settled(changed) else 0, _listed(folder)[0]
                listed[folder] = known
            except OSError:
                continue
            yield from listed[folder][1]
        self._listed = listed


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    fsync_folder(path.parent)


def _on_its_way(path: Path) -> DescriptorFile:
    return DescriptorFile(name=path.stem, path=path, problem=f"{path.name} is still being read.")


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the descriptors and the folders in a folder, sorted."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.name.endswith(SUFFIXES) and entry.is_file():
                files.append(Path(entry.path))
            elif entry.is_dir():
                folders.append(Path(entry.path))
    return sorted(files), sorted(folders)


def _taken(item: DescriptorFile, reason: str) -> DescriptorFile:
    problem = f"{item.path.name} cannot be used: its name {item.name!r} {reason}."
    return DescriptorFile(name=str(item.path), path=item.path, problem=problem)


def _settled(
    item: DescriptorFile,
    found: Mapping[str, DescriptorFile],
    bundled: Mapping[str, DatasetDescriptor],
    stamps: _Stamps,
) -> DescriptorFile:
    """Return a descriptor with what it adapts, the stamp of its files, or what is wrong."""
    if item.problem is not None:
        return item
    try:
        descriptor = _whole(item, found, bundled, ())
        missing = [path for path in _local_paths(descriptor) if not path.exists()]
        special = [path for path in _local_paths(descriptor) if _is_special(path)]
    except LookupError as error:
        problem = f"{item.path.name} cannot be used: {error.args[0]}."
        return DescriptorFile(name=item.name, path=item.path, problem=problem)
    if missing:
        problem = f"{item.path.name} names {missing[0]}, which is not there."
        return item.model_copy(update={"descriptor": descriptor, "problem": problem})
    if special:
        problem = f"{item.path.name} names {special[0]}, which is no file or folder."
        return item.model_copy(update={"descriptor": descriptor, "problem": problem})
    try:
        stamp = stamps.of(descriptor)
    except OSError as error:
        problem = f"{item.path.name} names {error.filename}, which cannot be read."
        return item.model_copy(update={"descriptor": descriptor, "problem": problem})
    stamped = descriptor.model_copy(update={"stamp": stamp})
    return item.model_copy(update={"descriptor": stamped})


def _whole(
    item: DescriptorFile,
    found: Mapping[str, DescriptorFile],
    bundled: Mapping[str, DatasetDescriptor],
    passed: tuple[str, ...],
) -> DatasetDescriptor:
    """Return the descriptor of the data themselves, with all adapters on the way.

    Raises
    ------
    LookupError
        If what is adapted is not there, broken, or the dataset itself.
    """
    if item.descriptor is not None:
        return item.descriptor
    base = item.base or ""
    if base in bundled:
        below = bundled[base]
    elif base in (*passed, item.name):
        raise LookupError(f"it adapts {base!r}, which adapts it in turn")
    elif base not in found:
        raise LookupError(f"it adapts {base!r}, and there is no such dataset")
    elif found[base].problem is not None:
        raise LookupError(f"it adapts {base!r}, which cannot be used itself")
    else:
        below = _whole(found[base], found, bundled, (*passed, item.name))
    changes = {**item.changes, "adapters": {**below.adapters, **item.changes["adapters"]}}
    return below.model_copy(update={**changes, "name": item.name})


def _local_paths(descriptor: DatasetDescriptor) -> list[Path]:
    return [
        Path(item.removeprefix(PATH)) for item in descriptor.references if item.startswith(PATH)
    ]


def _is_special(path: Path) -> bool:
    """Return whether a path leads to a device, a pipe or a socket."""
    return path.exists() and not path.is_file() and not path.is_dir()


class _Stamps:
    """Detects changes of files and folders, without listing unchanged folders."""

    def __init__(self) -> None:
        self._inside: dict[Path, tuple[int, list[Path]]] = {}

    def of(self, descriptor: DatasetDescriptor) -> str:
        """Return what changes with the files that lie on this machine; empty without any.

        Of a folder that is what is in it and in the folders inside, not what is in their files.
        """
        paths = _local_paths(descriptor)
        if not paths:
            return ""
        digest = hashlib.sha256()
        for path in paths:
            for seen, changed, size in self._seen(path, _DEEPEST):
                digest.update(f"{seen} {changed} {size}\n".encode())
        return digest.hexdigest()[:16]

    def _seen(self, path: Path, deep: int) -> Iterator[tuple[Path, int, int]]:
        status = path.stat()
        yield path, status.st_mtime_ns, status.st_size
        if deep and path.is_dir():
            for folder in self._folders(path, status.st_mtime_ns):
                yield from self._seen(folder, deep - 1)

    def _folders(self, path: Path, changed: int) -> list[Path]:
        known = self._inside.get(path)
        if known is None or known[0] != changed:
            kept = changed if is_settled(changed) else 0
            known = self._inside[path] = kept, _listed(path)[1]
        return known[1]

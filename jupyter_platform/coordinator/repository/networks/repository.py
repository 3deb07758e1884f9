"""The networks that jobs can use: bundled, added by people, or offered by entry points."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError

from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository.facts import Facts
from jupyter_platform.coordinator.repository.networks.folder import DescriptionFolder
from jupyter_platform.coordinator.repository.networks.tags import TagRepository
from jupyter_platform.core.catalogue import NetworkRecord, TagRecord
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidDataError,
    NoAnswerError,
    NotFoundError,
    UnavailableError,
    no_answer,
    refused_other,
    shortened,
    unknown_name,
)
from jupyter_platform.core.exchange import refuse_code
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts, bundled_networks
from jupyter_platform.runtime.paths import Paths

ENTRY_POINT_GROUP = "jupyter_platform.networks"
_RESCAN_AFTER_S = 10.0
"""Seconds after which newly installed packages are seen."""
_INSPECT_WITHIN_S = 30.0


class NetworkRepository:
    """Descriptions by name. Nobody's code is imported here: entry points are only listed.

    Parameters
    ----------
    paths : Paths
        Where added ones are kept.
    facts : Facts
        Knows what networks are like.
    tags : TagRepository
        Their weights.
    reader : Reader
        Reads what people brought or changed.
    tell_jobs : callable, optional
        Is given the ids of jobs whose records have changed.
    allow_code : bool
        Whether networks that Python source makes are taken.
    """

    def __init__(
        self,
        paths: Paths,
        facts: Facts,
        tags: TagRepository,
        reader: Reader,
        tell_jobs: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        *,
        allow_code: bool = True,
    ) -> None:
        self._allow_code = allow_code
        self._reader = reader
        self._added = DescriptionFolder(paths.networks, reader)
        self._bundled = bundled_networks()
        self._facts = facts
        self._tags = tags
        self._tell_jobs = tell_jobs or _tell_nobody
        self._offered: dict[str, tuple[NetworkDescription, str]] = {}
        self._scanned_at = -_RESCAN_AFTER_S
        self._filling: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Look what people have changed in the folder; all else here answers as of then."""
        await self._added.refresh()

    def names(self) -> list[str]:
        """Return the names of all networks, sorted."""
        return sorted(self._all())

    def find(self, name: str) -> NetworkDescription | None:
        """Return a description, or None when there is none by that name."""
        found = self._bundled.get(name)
        if found is not None:
            return found  # without a look at folders, at each of many submissions
        other = self._all().get(name)
        return other[0] if other else None

    def get(self, name: str) -> NetworkDescription:
        """Return a description.

        Raises
        ------
        NotFoundError
            If there is none by that name; the nearest is named.
        """
        return self._known(name)[0]

    async def record(self, name: str) -> NetworkRecord:
        """Return a network with facts and tags, waiting some seconds for the facts.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        """
        await self.refresh()
        description, origin, version = self._known(name)
        digest = _facts_digest(description, version)
        answer = await self._facts.answer("network", digest, _request(description))
        tags = await self._tags.records(name)
        return _record(description, origin, answer, tags)

    async def records(self) -> list[NetworkRecord]:
        """Return all networks by name, with the facts that are known at once."""
        await self.refresh()
        everything = self._all()
        digests = {
            name: _facts_digest(description, version)
            for name, (description, _, version) in everything.items()
        }
        known = await self._facts.cached("network", list(digests.values()))
        tags: dict[str, list[TagRecord]] = {}
        for tag in await self._tags.records():
            tags.setdefault(tag.network, []).append(tag)
        self._fill(name for name, digest in digests.items() if digest not in known)
        return [
            _record(description, origin, known.get(digests[name]), tags.get(name, []))
            for name, (description, origin, _) in sorted(everything.items())
        ]

    async def put(
        self,
        name: str,
        description: NetworkDescription,
        *,
        code: bool = False,
        replace: bool = False,
    ) -> NetworkRecord:
        """Add a network.

        Parameters
        ----------
        code : bool
            Whether Python source in the description may be run; the sender decides.
        replace : bool
            Whether it replaces an added network with other content.

        Raises
        ------
        InvalidDataError
            If the name does not fit, layers refer to unknown ones, or it cannot be built.
        ConflictError
            If the name is that of a bundled network or of an entry point, or of other layers, or
            the settings allow no source.
        """
        if description.name != name:
            raise InvalidDataError(
                f"The description is named {description.name!r}, the address says {name!r}."
            )
        await self.refresh()
        self._refuse_foreign(name, "replaced")
        await self._check_code(description, code)
        known = self.find(name)
        if known is not None and known.digest != description.digest and not replace:
            raise refused_other("network", name)
        _check_layers(description)
        self._check_entry_point(description)
        digest = _facts_digest(description, "")
        # Without a host nobody can build it now; a submission checks it again.
        try:
            await self._facts.ask("network", digest, _request(description), _INSPECT_WITHIN_S)
        except NoAnswerError as error:
            if description.is_code:
                raise no_answer("networks", name, error) from error
        except UnavailableError:
            pass
        await self._added.put(name, description)
        return await self.record(name)

    async def _check_code(self, description: NetworkDescription, code: bool) -> None:
        """Refuse Python source that nobody has vouched for.

        Raises
        ------
        InvalidDataError
            If the description holds source and `code` is false.
        ConflictError
            If the settings allow no source.
        """
        if description.source is None:
            return
        if not code:
            refuse_code(description)
        if not self._allow_code:
            raise ConflictError(
                "Networks of one's own source cannot be added here: "
                "jobs.allow_uploaded_strategies is false."
            )
        for path, text in description.source.files.items():
            await self._reader.check_syntax(
                f"{path} of network {description.name!r}", text.encode(), "network"
            )

    async def delete(self, name: str, *, weights: bool = False) -> None:
        """Remove an added network.

        Parameters
        ----------
        weights : bool
            Whether its weights go with it; without, a network of the same name finds them again.

        Raises
        ------
        NotFoundError, ConflictError
            If there is none by that name, it is not one that somebody added, or a job that has
            not ended uses it.
        """
        await self.refresh()
        self._known(name)
        self._refuse_foreign(name, "deleted")
        await self._tags.refuse_network_in_use(name)
        await self._added.delete(name)
        if weights:
            for tag in await self._tags.records(name):
                await self._tags.delete(name, tag.tag)

    async def copy(self, name: str, copy: str, *, weights: bool = True) -> NetworkRecord:
        """Add a network that is like another one.

        Parameters
        ----------
        name, copy : str
            The network, and what the copy is called.
        weights : bool
            Whether the copy has the same weights; files are shared, nothing is stored twice.

        Raises
        ------
        NotFoundError, ConflictError
            If there is no such network, or one of the new name.
        """
        await self._add_as(name, copy)
        if weights:
            async with self._not_kept_on_conflict(copy):
                await self._tags.duplicate(name, copy)
        return await self.record(copy)

    async def rename(self, name: str, new: str) -> NetworkRecord:
        """Rename an added network, together with its weights and jobs.

        The old name is free from then on: jobs find the network by the new one.

        Parameters
        ----------
        name : str
            Its present name.
        new : str
            Its new name.

        Raises
        ------
        NotFoundError, ConflictError
            If there is no such network or one of the new name, it is not one that somebody added,
            or a job that has not ended uses it.
        """
        await self.refresh()
        self._known(name)
        self._refuse_foreign(name, "renamed")
        await self._tags.refuse_network_in_use(name)
        await self._add_as(name, new)
        async with self._not_kept_on_conflict(new):
            jobs = await self._tags.move(name, new)
        await self._added.delete(name)
        await self._tell_jobs(jobs)
        return await self.record(new)

    @contextlib.asynccontextmanager
    async def _not_kept_on_conflict(self, name: str) -> AsyncIterator[None]:
        """Take a description back whose weights cannot follow it."""
        try:
            yield
        except ConflictError:
            await self._added.delete(name)
            raise

    async def _add_as(self, name: str, new: str) -> None:
        await self.refresh()
        description = self.get(name)
        if new in self._all():
            raise ConflictError(f"There is a network {new!r} already; choose another name.")
        fields = {**description.model_dump(exclude_unset=True), "name": new}
        try:
            renamed = NetworkDescription.model_validate(fields)
        except ValidationError as error:
            accepted = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
            message = f"name = {shortened(new)!r} is no name of a network; accepted: {accepted}."
            field = FieldError(field="name", value=new, message=message, accepted=accepted)
            raise InvalidDataError(message, errors=[field]) from error
        await self._added.put(new, renamed)

    async def close(self) -> None:
        """End what runs in the background."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        await self._added.close()

    def _refuse_foreign(self, name: str, verb: str) -> None:
        found = self._all().get(name)
        if found is not None and found[1] != "added":
            kind = "bundled" if found[1] == "bundled" else "offered by an installed package"
            raise ConflictError(f"Network {name!r} is {kind} and cannot be {verb}.")

    def _check_entry_point(self, description: NetworkDescription) -> None:
        wanted = description.entry_point
        offered = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
        if wanted is not None and wanted not in offered:
            error = unknown_name("entry point", wanted, offered)
            text = f"{error.message} They come with installed packages, in {ENTRY_POINT_GROUP}."
            raise InvalidDataError(text, errors=[error])

    def _known(self, name: str) -> tuple[NetworkDescription, str, str]:
        everything = self._all()
        if name not in everything:
            error = unknown_name("network", name, everything)
            raise NotFoundError(error.message, errors=[error])
        return everything[name]

    def _all(self) -> dict[str, tuple[NetworkDescription, str, str]]:
        """Return description, origin and version of the code by name; bundled ones win."""
        self._scan()
        return (
            {name: (item, "entry point", code) for name, (item, code) in self._offered.items()}
            | {name: (item, "added", "") for name, item in self._added.all().items()}
            | {name: (item, "bundled", "") for name, item in self._bundled.items()}
        )

    def _scan(self) -> None:
        if time.monotonic() - self._scanned_at < _RESCAN_AFTER_S:
            return
        self._scanned_at = time.monotonic()
        found = {}
        for point in entry_points(group=ENTRY_POINT_GROUP):
            offered = _describe(point)
            if offered is not None:
                found[point.name] = offered
        self._offered = found

    def _fill(self, names: Iterable[str]) -> None:
        missing = list(names)
        if missing and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._ask_for(missing))

    async def _ask_for(self, names: list[str]) -> None:
        everything = self._all()
        for name in names:
            if name in everything:
                description, _, version = everything[name]
                digest = _facts_digest(description, version)
                await self._facts.answer("network", digest, _request(description))


async def _tell_nobody(_jobs: Sequence[str]) -> None:
    """Do what a repository does that stands alone."""


def _describe(point: EntryPoint) -> tuple[NetworkDescription, str] | None:
    distribution = point.dist
    version = f"{distribution.name} {distribution.version}" if distribution else ""
    try:
        description = NetworkDescription(
            name=point.name, entry_point=point.name, summary=f"{point.value} of {version}"
        )
    except ValidationError:
        return None
    return description, version


def _facts_digest(description: NetworkDescription, version: str) -> str:
    if not version:
        return description.digest
    return hashlib.sha256(f"{description.digest} {version}".encode()).hexdigest()


def _request(description: NetworkDescription) -> dict[str, Any]:
    return {"description": description.model_dump(mode="json")}


def _record(
    description: NetworkDescription,
    origin: str,
    answer: dict[str, Any] | None,
    tags: list[TagRecord],
) -> NetworkRecord:
    facts = None if answer is None else NetworkFacts.model_validate(answer)
    return NetworkRecord(description=description, origin=origin, facts=facts, tags=tags)


def _check_layers(description: NetworkDescription) -> None:
    given = [bool(description.layers), description.entry_point, description.source]
    if not any(given):
        raise InvalidDataError(
            f"Network {description.name!r} has no layers; give 'layers', 'entry_point' or 'source'."
        )
    if sum(map(bool, given)) > 1:
        raise InvalidDataError(
            f"Network {description.name!r} has several of 'layers', 'entry_point' and 'source'; "
            "give one of them."
        )
    seen: set[str] = set()
    for number, layer in enumerate(description.layers):
        if layer.name is not None and layer.name in seen:
            raise InvalidDataError(f"Layer {number}: two layers are named {layer.name!r}.")
        seen.add(layer.name or f"{layer.type}{number}")

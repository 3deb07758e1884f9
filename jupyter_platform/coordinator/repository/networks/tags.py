"""Tags: named sets of weights."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.repository.networks.tag_names import ResolvedTag, check_tag
from jupyter_platform.coordinator.repository.networks.tag_rows import (
    BEST,
    LAST,
    copied,
    duplicate,
    keep,
    origin_of,
    point,
    promoted,
    record_of,
    rename,
    scored_on,
    variants,
)
from jupyter_platform.coordinator.repository.networks.usage import (
    refuse_network_in_use,
    refuse_tag_in_use,
    rename_in_jobs,
)
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, TagRow, TagVariantRow
from jupyter_platform.core.catalogue import TagOrigin, TagRecord, TagVariant, named_tags
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidDataError,
    NotFoundError,
    nearest,
    refusal,
    unknown_name,
)
from jupyter_platform.core.preparations import METADATA_KEY, Preparation, from_metadata
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.weights_header import read_weights_header

PREFERRED_VARIANTS = (BEST, LAST)
"""Default variants of a tag: the first of these that is kept."""


class TagRepository:
    """Rows that name content-addressed files, and the same as folders for people.

    ``weights/<network>/<tag>/<variant>.safetensors`` are hard links into the blobs.
    """

    def __init__(self, store: Store, paths: Paths, blobs: BlobStore) -> None:
        self._store = store
        self._weights = paths.weights
        self._blobs = blobs

    async def store(
        self,
        *,
        network: str,
        network_digest: str,
        tag: str,
        variant: str,
        file: Path,
        step: int,
        scores: Mapping[str, float | None],
        job: str | None,
        dataset: str | None,
        input_shape: Sequence[int] | None = None,
        outputs: int | None = None,
        origin: TagOrigin | None = None,
        replace_best: bool = False,
    ) -> TagRecord:
        """Keep weights as a job's own, and let a tag point at them.

        Parameters
        ----------
        network, network_digest : str
            The network, and the digest of the description that the weights belong to.
        tag : str
            Any name, or the job's id.
        file : Path
            A safetensors file on this machine; a blob is linked, any other file copied.
        step : int
            Steps that were trained.
        scores : mapping
            What it scored: ``validation_loss``, ``validation_accuracy``, …
        job, dataset : str, optional
            What made it.
        origin : TagOrigin, optional
            More about that; told from the job and the file when absent.
        replace_best : bool
            Whether the tag's ``best`` goes over to this job though another one's scored better.

        Returns
        -------
        TagRecord
            The tag as it is now.

        Raises
        ------
        ConflictError
            If the tag is the id of another job, whose weights it holds.
        """
        check_tag(tag)
        check_tag(variant, "variant")
        # A link to a file that is still written to would change the blob under its name.
        is_blob = file.is_relative_to(self._blobs.root)
        digest = await asyncio.to_thread(self._blobs.put_file, file, link=is_blob)
        blob = self._blobs.path(digest)
        header = await asyncio.to_thread(_header, blob)
        told = header.get(METADATA_KEY)
        preparation = None if told is None else from_metadata(told, file.name)
        size, now = blob.stat().st_size, datetime.now(UTC)

        def write(session: Session) -> list[TagRecord]:
            before = session.get(TagRow, (network, tag))
            if before is not None and before.tag == before.job != job:
                raise _owned(tag)
            row = TagRow(
                network=network,
                tag=job or tag,
                job=job,
                dataset=dataset,
                network_digest=network_digest,
                input_shape=None if input_shape is None else list(input_shape),
                outputs=outputs,
                origin=(origin or origin_of(session, job, header.get("torch")))
                .model_copy(update={"preparation": preparation})
                .model_dump(mode="json"),
                updated_at=now,
            )
            kept = TagVariantRow(
                network=network,
                tag=job or tag,
                variant=variant,
                digest=digest,
                bytes=size,
                step=step,
                scores=dict(scores),
                job=job,
                scored_on=scored_on(session, job),
            )
            written = [row]
            keep(session, row, kept)
            if tag != row.tag:
                name, named = copied(row, tag=tag), copied(kept, tag=tag)
                point(session, name, named, replace_best=replace_best)
                written.append(name)
            return [record_of(item, variants(session, network, item.tag)) for item in written]

        records = await self._store.run(write)
        for record in records:
            await asyncio.to_thread(self._show, record)
        return records[-1]

    async def promote(
        self, network: str, tag: str, digest: str, scores: Mapping[str, float | None]
    ) -> bool:
        """Let weights of a tag be its ``best`` variant.

        Weights under the id of their job become the best of the network's tag ``best``: what a
        job itself holds best never changes.

        Parameters
        ----------
        digest : str
            SHA-256, in hex, of one of the tag's variants.
        scores : mapping
            What they scored; added to what is known of them.

        Returns
        -------
        bool
            False when the tag holds no such weights any more; nothing is changed then.
        """

        def write(session: Session) -> TagRecord | None:
            row = promoted(session, network, tag, digest, scores)
            return None if row is None else record_of(row, variants(session, network, row.tag))

        record = await self._store.run(write)
        if record is not None:
            await asyncio.to_thread(self._show, record)
        return record is not None

    async def records(self, network: str | None = None) -> list[TagRecord]:
        """Return tags, newest first and names before ids of jobs; of one network where given."""

        def query(session: Session) -> list[TagRecord]:
            is_own = func.coalesce(TagRow.job, "") == TagRow.tag
            tags = select(TagRow).order_by(TagRow.updated_at.desc(), is_own)
            variants = select(TagVariantRow).order_by(TagVariantRow.variant)
            if network is not None:
                tags = tags.where(TagRow.network == network)
                variants = variants.where(TagVariantRow.network == network)
            grouped: dict[tuple[str, str], list[TagVariantRow]] = {}
            for item in session.scalars(variants):
                grouped.setdefault((item.network, item.tag), []).append(item)
            return [
                record_of(row, grouped.get((row.network, row.tag), []))
                for row in session.scalars(tags)
            ]

        return await self._store.read(query)

    async def find(self, network: str, tag: str) -> TagRecord | None:
        """Return a tag, or None when nothing is stored under it.

        Parameters
        ----------
        network : str
            Name of the network.
        tag : str
            Name of the weights.
        """
        return next((item for item in await self.records(network) if item.tag == tag), None)

    async def resolve(self, network: str, wanted: str | None = None) -> ResolvedTag:
        """Return the weights that ``<tag>[/<variant>]`` stands for now.

        Parameters
        ----------
        wanted : str, optional
            Without it the newest tag; without a variant ``best`` where it is kept, else ``last``.

        Raises
        ------
        NotFoundError
            If there are no such weights; the known ones are named.
        """
        records = [item for item in await self.records(network) if item.variants]
        if not records:
            raise _missing(
                wanted,
                f"Network {network!r} has no weights yet. Run a LEARN job of it first.",
                [],
            )
        tag, _, variant = (wanted or records[0].tag).partition("/")
        record = next((item for item in records if item.tag == tag), None)
        if record is None:
            error = unknown_name("tag", tag, (item.tag for item in named_tags(records)))
            raise NotFoundError(error.message, errors=[error])
        known = {item.variant: item for item in record.variants}
        choice = variant or next((name for name in PREFERRED_VARIANTS if name in known), "")
        if not choice:
            choice = max(known.values(), key=lambda item: item.step).variant
        if choice not in known:
            names = sorted(known)
            raise _missing(
                wanted,
                f"Tag {tag!r} of {network!r} has no variant {choice!r}. Known: {', '.join(names)}.",
                names,
            )
        return ResolvedTag(record, known[choice])

    def path(self, variant: TagVariant) -> Path:
        """Return the safetensors file of a variant."""
        return self._blobs.path(variant.digest)

    async def preparation(self, found: ResolvedTag) -> Preparation | None:
        """Return the preparation kept with weights; None where they tell none."""
        header = await asyncio.to_thread(_header, self.path(found.variant))
        told = header.get(METADATA_KEY)
        return None if told is None else from_metadata(told, found.text)

    async def delete(self, network: str, tag: str) -> None:
        """Remove a tag; blobs stay, since others may use them.

        Parameters
        ----------
        network : str
            Name of the network.
        tag : str
            Name of the weights.

        Raises
        ------
        NotFoundError
            If nothing is stored under it.
        ConflictError
            If a job that has not ended uses it.
        """

        def remove(session: Session) -> None:
            row = _found(session, network, tag)
            refuse_tag_in_use(session, network, tag)
            session.delete(row)

        await self._store.run(remove)
        await asyncio.to_thread(self._hide, network, tag)

    async def rename(self, network: str, tag: str, new: str) -> TagRecord:
        """Rename weights; options of submitted jobs keep the former name.

        Parameters
        ----------
        network : str
            Name of the network.
        tag : str
            Name of the weights.
        new : str
            Its new name.

        Raises
        ------
        OptionError
            If the new name is none that a tag may have, or the id of a job.
        NotFoundError
            If nothing is stored under the old one.
        ConflictError
            If something is stored under the new name already, the old one is the id of the job
            that made the weights, or a job that has not ended uses either.
        """
        check_tag(new)
        await self.refuse_own([network], new)

        def write(session: Session) -> None:
            row = _found(session, network, tag)
            if row.job == tag:
                raise ConflictError(
                    f"{tag} is the id of the job that made these weights, and stays."
                )
            if session.get(TagRow, (network, new)) is not None:
                message = f"There are weights under {network}/{new} already; choose another name."
                raise ConflictError(message)
            for name in (tag, new):
                refuse_tag_in_use(session, network, name)
            rename(session, row, new)

        await self._store.run(write)
        record = await self.find(network, new)
        assert record is not None, "it has just been written"
        await asyncio.to_thread(self._show, record)
        await asyncio.to_thread(self._hide, network, tag)
        return record

    async def duplicate(self, network: str, copy: str) -> None:
        """Copy the weights of a network to another one of the same structure.

        Parameters
        ----------
        network : str
            Name of the network.
        copy : str
            Name of the other network.

        Raises
        ------
        ConflictError
            If there are weights under the other name already.
        """
        await self._store.run(lambda session: duplicate(session, network, copy))
        for record in await self.records(copy):
            await asyncio.to_thread(self._show, record)

    async def move(self, network: str, new: str) -> list[str]:
        """Move a network's weights, and its jobs, to the network's new name.

        Parameters
        ----------
        network : str
            Name of the network.
        new : str
            Its new name.

        Returns
        -------
        list of str
            Ids of the jobs.

        Raises
        ------
        ConflictError
            If there are weights under the other name already, or a job that has not ended uses
            the network.
        """

        def write(session: Session) -> list[str]:
            refuse_network_in_use(session, network)
            duplicate(session, network, new)
            for row in session.scalars(select(TagRow).where(TagRow.network == network)):
                session.delete(row)
            return rename_in_jobs(session, network, new)

        moved = [item.tag for item in await self.records(network)]
        jobs = await self._store.run(write)
        for record in await self.records(new):
            await asyncio.to_thread(self._show, record)
        for tag in moved:
            await asyncio.to_thread(self._hide, network, tag)
        return jobs

    async def refuse_own(self, networks: Sequence[str], tag: str) -> None:
        """Refuse a tag that is the id of a job.

        Parameters
        ----------
        networks : sequence of str
            Names of networks.
        tag : str
            Name of the weights.

        Raises
        ------
        OptionError
            If there is a job of that id, or weights that one made.
        """

        def query(session: Session) -> bool:
            rows = (session.get(TagRow, (network, tag)) for network in networks)
            is_own = any(row is not None and row.job == tag for row in rows)
            return is_own or session.get(JobRow, tag) is not None

        if await self._store.read(query):
            message = (
                f"tag = {tag!r} is the id of a job: the weights that it made never change. To go "
                f"on from them give init_tag={tag} and, if you like, another tag."
            )
            raise refusal("tag", tag, message, "a name that is no job's id")

    async def refuse_network_in_use(self, network: str) -> None:
        """Refuse to touch a network that is at work.

        Raises
        ------
        ConflictError
            If a job that has not ended uses it; the job is named.
        """
        await self._store.read(lambda session: refuse_network_in_use(session, network))

    def _show(self, record: TagRecord) -> None:
        folder = self._weights / record.network / record.tag
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {f"{item.variant}.safetensors" for item in record.variants}
        for item in record.variants:
            _link(self._blobs.path(item.digest), folder / f"{item.variant}.safetensors")
        for stale in folder.glob("*.safetensors"):
            if stale.name not in names:
                stale.unlink()
        write_bytes_atomic(folder / "tag.json", record.model_dump_json(indent=2).encode())

    def _hide(self, network: str, tag: str) -> None:
        folder = self._weights / network / tag
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()


def _link(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as beside:
        link = Path(beside) / "link"
        os.link(source, link)
        link.replace(target)


def _header(file: Path) -> dict[str, str]:
    try:
        return read_weights_header(file)
    except InvalidDataError:
        return {}


def _found(session: Session, network: str, tag: str) -> TagRow:
    row = session.get(TagRow, (network, tag))
    if row is None:
        known = session.scalars(select(TagRow.tag).where(TagRow.network == network))
        error = unknown_name("tag", tag, known)
        raise NotFoundError(error.message, errors=[error])
    return row


def _owned(tag: str) -> ConflictError:
    return ConflictError(
        f"{tag} is the id of a job and holds the weights that it made, which never change; choose "
        "another tag."
    )


def _missing(wanted: str | None, message: str, known: list[str]) -> NotFoundError:
    accepted = ", ".join(known) or None
    near = nearest((wanted or "").rpartition("/")[2], known)
    field = FieldError(field="tag", value=wanted, message=message, accepted=accepted, nearest=near)
    return NotFoundError(message, errors=[field])

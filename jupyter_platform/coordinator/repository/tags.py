"""Tags: named sets of weights."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.repository.usage import (
    refuse_network_in_use,
    refuse_tag_in_use,
    rename_in_jobs,
)
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, TagRow, TagVariantRow
from jupyter_platform.core.catalogue import TagOrigin, TagRecord, TagVariant
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidDataError,
    NotFoundError,
    OptionError,
    nearest,
    unknown_name,
)
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.weights_header import read_weights_header

TAG_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
PREFERRED_VARIANTS = ("best", "last")
"""What a tag without a variant stands for: the first of these that is kept."""


@dataclass(frozen=True, slots=True)
class ResolvedTag:
    """One set of weights that was asked for."""

    record: TagRecord
    variant: TagVariant

    @property
    def text(self) -> str:
        """``<tag>/<variant>``."""
        return f"{self.record.tag}/{self.variant.variant}"


def check_tag(tag: str, field: str = "tag") -> None:
    """Refuse a tag that could not be a folder.

    Raises
    ------
    OptionError
        If it is anything but 1 to 64 of ``[A-Za-z0-9._-]``, the first a letter or digit.
    """
    if re.fullmatch(TAG_PATTERN, tag) is None:
        accepted = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
        raise OptionError.from_fields(
            [
                FieldError(
                    field=field,
                    value=tag[:100],
                    message=f"{field} = {tag[:100]!r} is no tag; accepted: {accepted}.",
                    accepted=accepted,
                )
            ]
        )


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
    ) -> TagRecord:
        """Keep weights under a tag, instead of what the variant held.

        Parameters
        ----------
        network, network_digest : str
            The network, and the digest of the description that the weights belong to.
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
        """
        check_tag(tag)
        check_tag(variant, "variant")
        # A link to a file that somebody writes on would change the blob under its name.
        is_blob = file.is_relative_to(self._blobs.root)
        digest = await asyncio.to_thread(self._blobs.put_file, file, link=is_blob)
        blob = self._blobs.path(digest)
        kept = TagVariantRow(
            network=network,
            tag=tag,
            variant=variant,
            digest=digest,
            bytes=blob.stat().st_size,
            step=step,
            scores=dict(scores),
        )
        row = TagRow(
            network=network,
            tag=tag,
            job=job,
            dataset=dataset,
            network_digest=network_digest,
            input_shape=None if input_shape is None else list(input_shape),
            outputs=outputs,
            updated_at=datetime.now(UTC),
        )

        torch = await asyncio.to_thread(_torch_version, blob)

        def write(session: Session) -> TagRecord:
            made = origin or _origin_of(session, job, torch)
            row.origin = made.model_dump(mode="json")
            before = session.get(TagRow, (network, tag))
            if before is not None and before.job != job:
                # Variants of an earlier job under the same tag belong to other weights.
                for old in _variants(session, network, tag):
                    session.delete(old)
            session.merge(row)
            session.flush()
            session.merge(kept)
            session.flush()
            return _record(row, _variants(session, network, tag))

        record = await self._store.run(write)
        await asyncio.to_thread(self._show, record)
        return record

    async def promote(
        self, network: str, tag: str, digest: str, scores: Mapping[str, float | None]
    ) -> bool:
        """Let weights of a tag be its ``best`` variant.

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
            row = session.get(TagRow, (network, tag))
            kept = _variants(session, network, tag)
            source = next((item for item in kept if item.digest == digest), None)
            if row is None or source is None:
                return None
            best = TagVariantRow(
                network=network,
                tag=tag,
                variant=PREFERRED_VARIANTS[0],
                digest=digest,
                bytes=source.bytes,
                step=source.step,
                scores={**source.scores, **scores},
            )
            session.merge(best)
            session.flush()
            return _record(row, _variants(session, network, tag))

        record = await self._store.run(write)
        if record is not None:
            await asyncio.to_thread(self._show, record)
        return record is not None

    async def records(self, network: str | None = None) -> list[TagRecord]:
        """Return tags, newest first; of one network where it is given."""

        def query(session: Session) -> list[TagRecord]:
            tags = select(TagRow).order_by(TagRow.updated_at.desc())
            variants = select(TagVariantRow).order_by(TagVariantRow.variant)
            if network is not None:
                tags = tags.where(TagRow.network == network)
                variants = variants.where(TagVariantRow.network == network)
            grouped: dict[tuple[str, str], list[TagVariantRow]] = {}
            for item in session.scalars(variants):
                grouped.setdefault((item.network, item.tag), []).append(item)
            return [
                _record(row, grouped.get((row.network, row.tag), []))
                for row in session.scalars(tags)
            ]

        return await self._store.read(query)

    async def find(self, network: str, tag: str) -> TagRecord | None:
        """Return a tag, or None when nothing is stored under it."""
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
            error = unknown_name("tag", tag, (item.tag for item in records))
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

    async def delete(self, network: str, tag: str) -> None:
        """Forget a tag; blobs stay, since others may use them.

        Raises
        ------
        NotFoundError
            If nothing is stored under it.
        ConflictError
            If a job that has not ended uses it.
        """

        def remove(session: Session) -> None:
            row = session.get(TagRow, (network, tag))
            if row is None:
                known = session.scalars(select(TagRow.tag).where(TagRow.network == network))
                error = unknown_name("tag", tag, known)
                raise NotFoundError(error.message, errors=[error])
            refuse_tag_in_use(session, network, tag)
            session.delete(row)

        await self._store.run(remove)
        await asyncio.to_thread(self._hide, network, tag)

    async def duplicate(self, network: str, copy: str) -> None:
        """Give a network's weights to another one of the same structure, too.

        Raises
        ------
        ConflictError
            If there are weights under the other name already.
        """
        await self._store.run(lambda session: _duplicate(session, network, copy))
        for record in await self.records(copy):
            await asyncio.to_thread(self._show, record)

    async def move(self, network: str, new: str) -> list[str]:
        """Give a network's weights, and its jobs, to the name that it has from now on.

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
            _duplicate(session, network, new)
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


def _variants(session: Session, network: str, tag: str) -> list[TagVariantRow]:
    query = select(TagVariantRow).where(TagVariantRow.network == network, TagVariantRow.tag == tag)
    return list(session.scalars(query.order_by(TagVariantRow.variant)))


def _duplicate(session: Session, network: str, copy: str) -> None:
    if session.scalar(select(TagRow.tag).where(TagRow.network == copy).limit(1)):
        raise ConflictError(
            f"Weights of an earlier network {copy!r} are still there; delete them first, or choose "
            "another name."
        )
    tags = session.scalars(select(TagRow).where(TagRow.network == network))
    session.add_all([_copied(row, network=copy) for row in tags])
    session.flush()
    variants = session.scalars(select(TagVariantRow).where(TagVariantRow.network == network))
    session.add_all([_copied(row, network=copy) for row in variants])
    session.flush()


def _record(row: TagRow, variants: Sequence[TagVariantRow]) -> TagRecord:
    return TagRecord(
        network=row.network,
        tag=row.tag,
        job=row.job,
        dataset=row.dataset,
        network_digest=row.network_digest,
        input_shape=row.input_shape,
        outputs=row.outputs,
        origin=TagOrigin.model_validate(row.origin or {}),
        variants=[
            TagVariant(
                variant=item.variant,
                digest=item.digest,
                bytes=item.bytes,
                step=item.step,
                scores=item.scores,
            )
            for item in variants
        ],
        updated_at=row.updated_at,
    )


def _torch_version(file: Path) -> str | None:
    try:
        return read_weights_header(file).get("torch")
    except InvalidDataError:
        return None


def _origin_of(session: Session, job: str | None, torch: str | None) -> TagOrigin:
    row = None if job is None else session.get(JobRow, job)
    options = {} if row is None else dict(row.options)
    return TagOrigin(torch=torch, seed=options.get("seed"), options=options)


def _copied(row: TagRow | TagVariantRow, **changed: Any) -> TagRow | TagVariantRow:
    columns = {item.key: getattr(row, item.key) for item in row.__table__.columns}
    return type(row)(**{**columns, **changed})


def _missing(wanted: str | None, message: str, known: list[str]) -> NotFoundError:
    accepted = ", ".join(known) or None
    near = nearest((wanted or "").rpartition("/")[2], known)
    field = FieldError(field="tag", value=wanted, message=message, accepted=accepted, nearest=near)
    return NotFoundError(message, errors=[field])

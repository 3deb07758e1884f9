"""The weights that belong to a job, even when its tag has moved on."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.lookup import identify_job
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, TagVariantRow
from jupyter_platform.core.catalogue import JobWeights
from jupyter_platform.core.errors import ConflictError, NotFoundError, unknown_name
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.runtime.blobs import BlobStore


class JobWeightsService:
    """Finds the weights made by a LEARN, or used by an EVALUATE or ACT."""

    def __init__(self, store: Store, blobs: BlobStore) -> None:
        self._store = store
        self._blobs = blobs

    async def records(self, principal: Principal, job: str) -> list[JobWeights]:
        """Return the weights of a job.

        Parameters
        ----------
        job : str
            Its id, or a unique prefix of it.

        Raises
        ------
        NotFoundError
            If there is no such job.
        ConflictError
            If the weights that it made under a tag were replaced by an earlier release.
        """
        found = await self._store.read(lambda session: _records(session, principal, job))
        return [item for item in found if self._blobs.has(item.digest)]

    async def file(
        self, principal: Principal, job: str, network: str, variant: str
    ) -> tuple[JobWeights, Path]:
        """Return weights of a job, and their safetensors file.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : str
            Id of the job, or a unique prefix of it.
        network : str
            One of the job's networks.
        variant : str
            Variant of the weights, such as ``"best"``.

        Raises
        ------
        NotFoundError
            If the job has none by that name; the known ones are named.
        """
        records = await self.records(principal, job)
        chosen = [item for item in records if item.network == network]
        if not chosen:
            error = unknown_name("network", network, {item.network for item in records})
            raise NotFoundError(f"{error.message} Job {job} has no weights of it.", errors=[error])
        for item in chosen:
            if item.variant == variant:
                return item, self._blobs.path(item.digest)
        error = unknown_name("variant", variant, (item.variant for item in chosen))
        raise NotFoundError(error.message, errors=[error])


def _records(session: Session, principal: Principal, job: str) -> list[JobWeights]:
    row = session.get_one(
        JobRow, identify_job(session, principal, job), options=[undefer(JobRow.spec)]
    )
    if "digests" in row.spec:
        return _made(session, row)
    return _taken(session, row)


def _made(session: Session, row: JobRow) -> list[JobWeights]:
    query = select(TagVariantRow).where(TagVariantRow.tag == row.id, TagVariantRow.job == row.id)
    rows = {(item.network, item.variant): item for item in session.scalars(query)}
    found = [
        JobWeights(
            network=name,
            variant=item.variant,
            digest=item.digest,
            bytes=item.bytes,
            step=item.step,
            scores=item.scores,
            job=row.id,
            description=description,
        )
        for name, description, _ in _networks(row)
        for (network, _), item in sorted(rows.items())
        if network == name
    ]
    if not found and row.result is not None and row.result.get("weights"):
        raise ConflictError(
            f"The weights of job {row.name!r} ({row.id}) are not kept any more: they were deleted, "
            f"or an earlier release let another job under tag {row.tag!r} replace them."
        )
    return found


def _taken(session: Session, row: JobRow) -> list[JobWeights]:
    """Return the weights chosen at submission; the tag may have moved on since."""
    tag, _, variant = (row.tag or "").partition("/")
    found = []
    for name, description, reference in _networks(row):
        if reference is None:
            continue
        digest = reference.removeprefix("sha256:")
        query = select(TagVariantRow).where(TagVariantRow.digest == digest)
        known = session.scalars(query.order_by(TagVariantRow.tag != tag)).first()
        found.append(
            JobWeights(
                network=name,
                variant=variant or "last",
                digest=digest,
                bytes=0 if known is None else known.bytes,
                step=None if known is None else known.step,
                scores={} if known is None else known.scores,
                job=None if known is None else known.job,
                description=description,
            )
        )
    return found


def _networks(row: JobRow) -> list[tuple[str, NetworkDescription, str | None]]:
    """Return the networks of a job as they are called now, as they were, and their weights."""
    frozen = row.spec.get("networks") or []
    return [
        (name, NetworkDescription.model_validate(item["description"]), item.get("weights"))
        for name, item in zip(row.networks, frozen, strict=False)
    ]

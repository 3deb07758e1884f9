"""The newest checkpoint of a job that ends without result, as weights to go on from."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from jupyter_platform.coordinator.repository import TagRepository
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow, TagVariantRow
from jupyter_platform.core.checkpoints import FACTS, MODEL, CheckpointFacts, WeightsWithin
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.runs import ResumePoint
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.weights_header import write_part

BEST, LAST = "best", "last"


class LastCheckpoints:
    """Keeps the weights within checkpoints under the tags of their jobs."""

    def __init__(self, store: Store, blobs: BlobStore, tags: TagRepository) -> None:
        self._store = store
        self._blobs = blobs
        self._tags = tags

    async def keep(self, job: str) -> str | None:
        """Keep the weights of a job's newest checkpoint, where it has no newer ones.

        Returns
        -------
        str or None
            A sentence that says so; None where there is nothing to keep.

        Raises
        ------
        OSError, PlatformError
            If the checkpoint cannot be read, or the weights cannot be stored.
        """
        found = await self._store.read(lambda session: _newest(session, job))
        if found is None:
            return None
        row, point, kept = found
        if FACTS not in point.files:
            return None
        try:
            facts = CheckpointFacts.model_validate_json(self._path(point, FACTS).read_bytes())
            if not await self._keep(row, point, kept, facts):
                return None
        except (KeyError, ValueError) as error:
            raise InvalidDataError(
                f"the facts of the checkpoint of step {point.step:,} are damaged: {error}"
            ) from error
        named = "" if row.tag in (None, row.id) else f"{row.tag}/last and "
        return f"Its newest checkpoint, of step {point.step:,}, is kept as {named}{row.id}/last."

    async def _keep(
        self,
        row: JobRow,
        point: ResumePoint,
        kept: Mapping[tuple[str, str], int],
        facts: CheckpointFacts,
    ) -> bool:
        """Store what is newer than the weights that the job has; return whether any was."""
        newer = [name for name in facts.networks if kept.get((name, LAST), -1) < point.step]
        for network in newer:
            await self._keep_last(row, network, facts.networks[network], point)
        for network, within in facts.networks.items():
            if (network, BEST) not in kept and within.best in point.files:
                step, file = facts.best_step or 0, self._path(point, within.best)
                await self._store_weights(row, network, within, file, BEST, step, facts.best_scores)
        return bool(newer)

    async def _keep_last(
        self, row: JobRow, network: str, within: WeightsWithin, point: ResumePoint
    ) -> None:
        source = self._path(point, MODEL)
        if not within.prefix:
            await self._store_weights(row, network, within, source, LAST, point.step, {})
            return
        metadata = {**within.metadata, "step": str(point.step)}
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._blobs.root) as folder:
            part = Path(folder) / "part.safetensors"
            await asyncio.to_thread(write_part, source, part, within.prefix, metadata)
            await self._store_weights(row, network, within, part, LAST, point.step, {})

    async def _store_weights(
        self,
        row: JobRow,
        network: str,
        within: WeightsWithin,
        file: Path,
        variant: str,
        step: int,
        scores: dict[str, float | None],
    ) -> None:
        await self._tags.store(
            network=network,
            network_digest=row.spec["digests"][network],
            tag=row.tag or row.id,
            variant=variant,
            file=file,
            step=step,
            scores=scores,
            job=row.id,
            dataset=row.dataset,
            input_shape=json.loads(within.metadata["input_shape"]),
            outputs=int(within.metadata["outputs"]),
            replace_best=bool(row.options.get("replace_best")),
        )

    def _path(self, point: ResumePoint, name: str) -> Path:
        return self._blobs.path(point.files[name].removeprefix("sha256:"))


def _newest(
    session: Session, job: str
) -> tuple[JobRow, ResumePoint, dict[tuple[str, str], int]] | None:
    """Return a LEARN's row, its newest checkpoint, and the steps of the weights that it has."""
    row = session.get(JobRow, job, options=[undefer(JobRow.spec)])
    query = select(AttemptRow.checkpoint).where(AttemptRow.workload == job)
    points = [ResumePoint.model_validate(item) for item in session.scalars(query) if item]
    if row is None or "digests" not in row.spec or not points:
        return None
    kept = select(TagVariantRow).where(TagVariantRow.tag == job, TagVariantRow.job == job)
    steps = {(item.network, item.variant): item.step for item in session.scalars(kept)}
    return row, max(points, key=lambda item: item.step), steps

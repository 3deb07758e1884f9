"""What those who run workloads must know of what these are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store.tables import AttemptRow, RankRow, WorkloadRow
from jupyter_platform.coordinator.workloads.tracked import TrackedRun
from jupyter_platform.core.runs import RunSpec

Copy = Callable[[str], AbstractAsyncContextManager[Path]]
"""Copies a file of a run folder, named by its path there, to a temporary one on this machine."""


class Owner(Protocol):
    """Who workloads of one kind belong to; the jobs are one owner.

    What takes a session is called inside a transaction of the reconciler's.
    """

    def specs(
        self, row: WorkloadRow, attempt: AttemptRow, ranks: Sequence[RankRow]
    ) -> list[RunSpec]:
        """Return what each rank of an attempt is to do."""
        ...

    def merged(self, lane: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the result of a gang from those of its ranks, in their order."""
        ...

    def note_end(self, session: Session, row: WorkloadRow, result: dict[str, Any] | None) -> None:
        """Take the result of a workload that has ended; None where it left none."""
        ...

    def uses(self, session: Session, digests: set[str]) -> set[str]:
        """Return those of some blobs that are still needed."""
        ...

    async def keep(
        self, run: TrackedRun, kind: str, payload: Mapping[str, Any], copy: Copy
    ) -> None:
        """Take home what a run has told of by an event of the kind ``weights`` or ``best``.

        Raises
        ------
        HostError
            If the host does not answer.
        PlatformError, OSError
            If it cannot be kept.
        """
        ...

    async def rescue(self, workload: str) -> str | None:
        """Keep what the newest checkpoint of a workload that has failed is good for.

        Returns
        -------
        str or None
            A sentence that says so; None where there is nothing to keep.

        Raises
        ------
        OSError, PlatformError
            If it cannot be kept.
        """
        ...

    async def publish(self, workloads: Sequence[str]) -> None:
        """Tell everybody how some workloads are now."""
        ...

    def publish_reasons(self, workloads: Sequence[str]) -> None:
        """Tell everybody why some workloads wait."""
        ...


Owners = Mapping[str, Owner]
"""`WorkloadRow.kind` to its owner."""

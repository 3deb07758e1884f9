"""The interface between workloads and their owners, such as jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store.tables import AttemptRow, RankRow, WorkloadRow
from jupyter_platform.coordinator.workloads.tracked import TrackedRun
from jupyter_platform.core.runs import RunEvent, RunId, RunSpec

Copy = Callable[[str], AbstractAsyncContextManager[Path]]
"""Copies a file of a run folder, named by its path there, to a temporary one on this machine."""


class Owner(Protocol):
    """Who workloads of one kind belong to; the jobs are one owner.

    What takes a session is called inside a transaction of the reconciler's.
    """

    def specs(
        self, row: WorkloadRow, attempt: AttemptRow, ranks: Sequence[RankRow]
    ) -> list[RunSpec]:
        """Return the run specification of each rank of an attempt.

        Parameters
        ----------
        row : WorkloadRow
            The workload.
        attempt : AttemptRow
            The attempt.
        ranks : sequence of RankRow
            Placement of each process.
        """
        ...

    def merged(self, lane: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Merge the results of a gang's ranks.

        Parameters
        ----------
        lane : str
            Lane of the workload.
        results : sequence of dict
            Result of each rank, in their order.
        """
        ...

    def note_end(self, session: Session, row: WorkloadRow, result: dict[str, Any] | None) -> None:
        """Store the result of an ended workload.

        Parameters
        ----------
        session : Session
            Database session.
        row : WorkloadRow
            The ended workload.
        result : dict or None
            Its result; None where it left none.
        """
        ...

    def note_event(self, session: Session, row: WorkloadRow, run: RunId, event: RunEvent) -> bool:
        """Take note of what a run has told.

        Parameters
        ----------
        session : Session
            Database session.
        row : WorkloadRow
            The workload.
        run : RunId
            The process.
        event : RunEvent
            What it told.

        Returns
        -------
        bool
            Whether the record of the workload has changed over it.
        """
        ...

    def uses(self, session: Session, digests: set[str]) -> set[str]:
        """Return the blobs that are still needed.

        Parameters
        ----------
        session : Session
            Database session.
        digests : set of str
            Digests of the blobs in question.
        """
        ...

    async def keep(
        self, run: TrackedRun, kind: str, payload: Mapping[str, Any], copy: Copy
    ) -> None:
        """Store weights that a run has announced by an event.

        Parameters
        ----------
        run : TrackedRun
            Process that made the file.
        kind : str
            Kind of the event, ``weights`` or ``best``.
        payload : mapping
            Content of the event.
        copy : Copy
            Opens a temporary copy of a file of the run, by its path in the run folder.

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

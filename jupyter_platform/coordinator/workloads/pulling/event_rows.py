"""Lines of ``events.jsonl`` become rows, each exactly once.

The mirror is appended first, then the rows and their offset are committed together. After a kill
in between the lines behind the offset are read from the mirror again; after a power cut that took
the end of the mirror they are pulled again, and what lies before the offset is passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store.tables import RankRow, RunEventRow, WorkloadRow
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.tracked import TrackedRun
from jupyter_platform.core.runs import RunEvent, RunId
from jupyter_platform.runtime.mirror import EVENTS, Mirror

log = logging.getLogger(__name__)

_WARNING_LEVELS = {"warning", "danger", "error"}


@dataclass(frozen=True, slots=True)
class NewEvents:
    """Whole lines of one run that are not rows yet."""

    run: RunId
    end: int
    """Offset behind the last of them."""
    events: list[tuple[int, RunEvent]]
    """Byte offset of the line, and the line."""


def read_new_events(mirror: Mirror, run: RunId, offset: int) -> NewEvents | None:
    """Return the lines of the mirror from `offset` on; None when there are none.

    Parameters
    ----------
    mirror : Mirror
        The mirror of run folders.
    run : RunId
        Which run.
    offset : int
        Bytes that are known.
    """
    length = mirror.offsets().get(EVENTS, 0)
    if length <= offset:
        return None
    with open(mirror.path(EVENTS), "rb") as file:
        file.seek(offset)
        data = file.read(length - offset)
    data = data[: data.rfind(b"\n") + 1]
    events = []
    position = offset
    for line in data.splitlines(keepends=True):
        try:
            events.append((position, RunEvent.model_validate_json(line)))
        except ValidationError:
            log.warning("run %s: the event at byte %d cannot be read", run, position)
        position += len(line)
    return NewEvents(run, position, events) if position > offset else None


def write_events(
    session: Session, news: Sequence[NewEvents], owners: Owners | None = None
) -> set[str]:
    """Write rows and offsets in one transaction.

    Parameters
    ----------
    session : Session
        Database session.
    news : sequence of NewEvents
        What has come.
    owners : mapping, optional
        Owners of workloads, by kind, who take note.

    Returns
    -------
    set of str
        Workloads whose record has changed: a run's warnings become the workload's.
    """
    changed: set[str] = set()
    for item in news:
        run = item.run
        rank = session.get(RankRow, (run.workload, run.attempt, run.rank))
        row = session.get(WorkloadRow, run.workload)
        if rank is None or row is None:
            continue
        for offset, event in item.events:
            if offset < rank.events_offset:
                continue
            payload = dict(event.model_extra or {})
            session.add(
                RunEventRow(
                    workload=run.workload,
                    attempt=run.attempt,
                    rank=run.rank,
                    offset=offset,
                    time=event.time,
                    kind=event.kind[:32],
                    payload=payload,
                )
            )
            if owners is not None and owners[row.kind].note_event(session, row, run, event):
                changed.add(row.id)
            text = str(payload.get("text", ""))
            warns = event.kind == "message" and payload.get("level") in _WARNING_LEVELS
            if warns and text not in row.warnings:
                row.warnings = [*row.warnings, text]
                changed.add(row.id)
        rank.events_offset = max(rank.events_offset, item.end)
    return changed


def note_events(run: TrackedRun, news: NewEvents) -> None:
    """Remember which files are to be copied off the host, and where the run is to be met.

    Parameters
    ----------
    run : TrackedRun
        The run.
    news : NewEvents
        What is new of it.
    """
    run.events_offset = max(run.events_offset, news.end)
    for _, event in news.events:
        note_file(run, event.kind, dict(event.model_extra or {}))


def note_file(run: TrackedRun, kind: str, payload: dict[str, object]) -> None:
    """Remember what one event tells of; a newer file takes the place of an older.

    Parameters
    ----------
    run : TrackedRun
        The run.
    kind : str
        Kind of the event.
    payload : dict of str to object
        What the event says.
    """
    if kind == "checkpoint" and run.run.rank == 0:
        run.to_keep["checkpoint"] = dict(payload)
    elif kind == "store":
        run.store = str(payload.get("address"))
    elif kind == "weights" and run.run.rank == 0:
        run.to_keep[f"weights/{payload.get('file')}"] = dict(payload)
    elif kind == "file":
        run.to_keep[f"file/{payload.get('file')}"] = dict(payload)
    elif kind == "best" and run.run.rank == 0:
        run.to_keep[f"best/{payload.get('network')}"] = dict(payload)

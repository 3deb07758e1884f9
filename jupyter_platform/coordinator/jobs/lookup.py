"""Which job an id or the beginning of one stands for."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store.tables import JobRow
from jupyter_platform.core.errors import AmbiguousNameError, NotFoundError
from jupyter_platform.core.states import JobTarget

SHORTEST_PREFIX = 4
"""Characters of an id that are enough, where they are unique."""
_SHOWN = 5
"""Jobs that an error about an ambiguous id names."""


def identify_job(session: Session, principal: Principal, job: str, *, deleted: bool = False) -> str:
    """Return the id that a unique prefix stands for.

    Parameters
    ----------
    session : Session
        Of the state store.
    principal : Principal
        Who asks.
    job : str
        The id, or how it begins.
    deleted : bool
        Whether deleted jobs that can still be restored count too.

    Raises
    ------
    NotFoundError
        If there is no such job.
    AmbiguousNameError
        If there are several; they are listed.
    ForbiddenError
        If it belongs to another user.
    """
    found, owner = find_job(session, job, deleted=deleted)
    principal.require(owner, f"Job {found}")
    return found


def find_job(session: Session, job: str, *, deleted: bool = False) -> tuple[str, str]:
    """Return the id that a unique prefix stands for, and whose job it is; see `identify_job`.

    Parameters
    ----------
    session : Session
        Database session.
    job : str
        Id of the job, or a unique beginning of it.
    deleted : bool, optional
        Whether jobs that were deleted count, too.
    """
    known = select(JobRow.id, JobRow.name, JobRow.owner)
    if not deleted:
        known = known.where(JobRow.target != JobTarget.DELETE.value)
    row = session.execute(known.where(JobRow.id == job)).first()
    if row is not None:
        return row.id, row.owner
    if len(job) < SHORTEST_PREFIX:
        raise no_job(job)
    # A range, which the index of the ids serves; every hexadecimal digit comes before "g".
    query = known.where(JobRow.id >= job, JobRow.id < job + "g")
    found = session.execute(query.order_by(JobRow.sequence.desc()).limit(_SHOWN + 1)).all()
    if not found:
        raise no_job(job)
    if len(found) > 1:
        shown = ", ".join(f"{row.id} ({row.name})" for row in found[:_SHOWN])
        more = ", …" if len(found) > _SHOWN else ""
        raise AmbiguousNameError(f"{job!r} stands for several jobs: {shown}{more}.")
    return found[0].id, found[0].owner


def no_job(job: str) -> NotFoundError:
    """Return the error about a job that is not there."""
    hint = ""
    if len(job) < SHORTEST_PREFIX:
        hint = f" Give at least the first {SHORTEST_PREFIX} characters of its id."
    return NotFoundError(f"There is no job {job!r}.{hint}")

"""Which deployment an id, its beginning or a uuid stands for."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store.tables import DeploymentRow
from jupyter_platform.core.errors import AmbiguousNameError, NotFoundError, shortened

SHORTEST_PREFIX = 4
"""Characters of an id that are enough, where they are unique."""


def find_deployment(session: Session, principal: Principal, reference: str) -> DeploymentRow:
    """Return the row of a deployment.

    Parameters
    ----------
    session : Session
        Of the state store.
    principal : Principal
        Who asks.
    reference : str
        Its id, the beginning of it, or its uuid.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousNameError
        If several begin so.
    ForbiddenError
        If it belongs to another user.
    """
    wanted = reference.rpartition("-")[2] if len(reference) == 36 else reference
    row = session.get(DeploymentRow, wanted)
    if row is None and len(wanted) >= SHORTEST_PREFIX:
        # A range, which the index of the ids serves; every hexadecimal digit comes before "g".
        known = DeploymentRow.id
        query = select(DeploymentRow).where(known >= wanted, known < wanted + "g")
        found = list(session.scalars(query.limit(2)))
        if len(found) > 1:
            raise AmbiguousNameError(f"{reference!r} stands for several deployments; give more.")
        row = found[0] if found else None
    if row is None:
        raise NotFoundError(f"There is no deployment {shortened(reference)!r}.")
    principal.require(row.owner, f"Deployment {row.id}")
    return row

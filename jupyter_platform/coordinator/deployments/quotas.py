"""What one person may hold in all deployments together."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.deployments.limits import Limits
from jupyter_platform.coordinator.store.tables import DeploymentRow
from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.core.states import TERMINAL
from jupyter_platform.core.units import format_count


def refuse_over_quota(session: Session, owner: str, gpus: int, limits: Limits) -> None:
    """Refuse GPUs over what one person may have, running and queued.

    Parameters
    ----------
    session : Session
        Of the state store.
    owner : str
        Who would have them.
    gpus : int
        How many more are asked for.
    limits : Limits
        Of that person.

    Raises
    ------
    OptionError
        If that is too many.
    """
    if not gpus:
        return
    ended = [state.value for state in TERMINAL]
    held = select(func.sum(DeploymentRow.gpus)).where(
        DeploymentRow.owner == owner, DeploymentRow.state.not_in(ended)
    )
    has = int(session.scalar(held) or 0)
    most = limits.gpus_per_person
    if has + gpus <= most:
        return
    accepted = f"0 to {max(most - has, 0)}"
    message = (
        f"gpu_num = {gpus}: your deployments have {format_count(has, 'GPU')} already, running and "
        f"queued, and {format_count(most, 'GPU')} is the limit for one person{limits.whose}. "
        f"Accepted: {accepted}; deleting a deployment frees its GPUs."
    )
    raise OptionError.from_fields(
        [FieldError(field="gpu_num", value=gpus, message=message, accepted=accepted)]
    )

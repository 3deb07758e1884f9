"""Experience pools: transitions of agents, kept for learners."""

import re
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError, shortened
from jupyter_platform.core.records import Record

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

DESCRIPTION = "pool.json"
STATE = "state.bin"
"""Eight little-endian int64: rows ever written, first row that counts, episodes ever written,
first episode that counts, times cleared, and room."""
WEIGHTS = "weights"
"""Folder in which a learner leaves weights for the agents, ``<network>.safetensors``."""


class PoolDescription(BaseModel):
    """``pool.json``: which environment a pool is about, and how much it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str = Field(pattern=rf"^{NAME_PATTERN}$")
    environment: str
    capacity: int = Field(ge=2)
    """Rows: one for each action and one for each end of an episode."""
    created_at: datetime
    facts: EnvironmentFacts | None = None
    """None until the first agent has opened it."""


class PoolRecord(Record):
    """A pool as the API shows it."""

    name: str
    environment: str
    capacity: int
    rows: int
    """Rows that count now."""
    episodes: int
    """Whole episodes among them."""
    episodes_ever: int
    bytes: int
    """Size on disk, in bytes."""
    created_at: datetime
    facts: EnvironmentFacts | None = None


def check_pool_name(name: str, field: str) -> None:
    """Refuse a name that no pool can have.

    Parameters
    ----------
    name : str
        Name to check.
    field : str
        Field of the request, for the error.

    Raises
    ------
    InvalidDataError
        Naming what is accepted.
    """
    if re.fullmatch(NAME_PATTERN, name) is None:
        accepted = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
        message = f"{shortened(name)!r} cannot be the name of a pool; accepted: {accepted}."
        error = FieldError(field=field, value=shortened(name), message=message, accepted=accepted)
        raise InvalidDataError(message, errors=[error])

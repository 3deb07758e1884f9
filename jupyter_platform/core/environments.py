"""Environments that agents act in, as forms and checks see them."""

import math
from typing import Literal

from pydantic import ConfigDict

from jupyter_platform.core.records import Record

ID_PATTERN = r"^([A-Za-z_][\w.]*:)?([\w-]+/)?[\w.-]+$"
"""A Gymnasium id, ``CartPole-v1`` or ``namespace/Name-v0``, perhaps behind ``module:``."""


class EnvironmentFacts(Record):
    """Observations and actions of an environment, as the installed environment declares them."""

    model_config = ConfigDict(frozen=True)

    id: str
    observation_shape: tuple[int, ...]
    """Shape of one observation as networks see it: dicts are flattened, numbers become one-hot."""
    observation_type: Literal["float32", "uint8"] = "float32"
    actions: int | None = None
    """How many discrete actions there are; None where actions are numbers."""
    action_shape: tuple[int, ...] = ()
    """Shape of a continuous action; empty for discrete ones."""
    action_low: tuple[float, ...] | None = None
    action_high: tuple[float, ...] | None = None
    """Bounds of each number of a continuous action, flattened."""
    max_episode_steps: int | None = None
    """Steps after which an episode is cut."""
    reward_threshold: float | None = None
    """Mean return from which on the environment counts as solved."""

    @property
    def is_discrete(self) -> bool:
        """Whether an action is one of a few."""
        return self.actions is not None

    @property
    def action_size(self) -> int:
        """How many discrete actions there are, or how many numbers an action has."""
        return self.actions if self.actions is not None else math.prod(self.action_shape)


class EnvironmentRecord(Record):
    """An environment that can be asked for by its id."""

    id: str
    entry: str
    """Where its code lies."""
    max_episode_steps: int | None = None
    reward_threshold: float | None = None

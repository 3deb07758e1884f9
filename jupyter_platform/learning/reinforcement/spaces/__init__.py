"""Gymnasium's spaces as arrays: observations that networks see, actions that they choose.

| space | as observation | as action |
|---|---|---|
| Box | its numbers, in its shape | numbers between bounds |
| Discrete | one-hot | one of a few |
| MultiDiscrete | one-hot, one behind the other | one of all combinations |
| MultiBinary | 0 and 1 | one of all combinations |
| Text | one-hot for each character, zeros behind its end | refused |
| Tuple, Dict | their parts, one behind the other | all of a few, or all of numbers |
| OneOf | one-hot for the choice, then its part, zeros for the others | all of a few |
| Graph, Sequence | refused: their size varies | refused |
"""

from jupyter_platform.learning.reinforcement.spaces.actions import (
    ActionCodec,
    BoxActions,
    FiniteActions,
    action_codec,
)
from jupyter_platform.learning.reinforcement.spaces.observations import (
    ObservationCodec,
    observation_codec,
)
from jupyter_platform.learning.reinforcement.spaces.parts import (
    OutsideError,
    UnfitSpaceError,
    shown,
)

__all__ = [
    "ActionCodec",
    "BoxActions",
    "FiniteActions",
    "ObservationCodec",
    "OutsideError",
    "UnfitSpaceError",
    "action_codec",
    "observation_codec",
    "shown",
]

"""Options of ACT jobs (DIANNE: be.iminds.iot.dianne.rl.agent, `AgentConfig`)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from jupyter_platform.core.environments import ID_PATTERN
from jupyter_platform.core.options.groups.exploration import (
    GROUP,
    NOISY,
    ActionStrategy,
    exploring,
)
from jupyter_platform.core.options.groups.types import (
    TAG_PATTERN,
    TAG_REFERENCE_PATTERN,
    OptionalText,
)
from jupyter_platform.core.options.model import OptionModel, option

_ACTING, _POOL = "Acting", "Experience"
_GREEDY = {"action_strategy": ("greedy",)}
_BOLTZMANN = {"action_strategy": ("boltzmann",)}
_NOISY = {"action_strategy": NOISY}
_DRIFTING = {"action_strategy": ("ornstein_uhlenbeck",)}


class ActOptions(OptionModel):
    """How an agent acts in an environment."""

    unchecked: ClassVar[frozenset[str]] = frozenset(
        {
            "clear",
            "frames",
            "max_actions",
            "max_iterations",
            "max_sequences",
            "memory_size",
            "parallel_environments",
            "pool",
            "seed",
            "tag",
            "until_learnt",
        }
    )

    environment: OptionalText = option(
        None,
        "Gymnasium environment to act in: CartPole-v1, or module:id of one's own.",
        group=_ACTING,
        common=True,
        default_text="that of the pool",
        dianne="environment",
        pattern=ID_PATTERN,
    )
    tag: OptionalText = option(
        None,
        "Weights to act with: a tag, or tag/best, tag/last, tag/<iteration>.",
        group=_ACTING,
        common=True,
        default_text="the newest tag of the network, best weights where they are kept",
        dianne="tag",
        pattern=TAG_REFERENCE_PATTERN,
    )
    max_sequences: int = option(
        -1,
        "Episodes after which it ends, of all agents together; -1 plays on.",
        group=_ACTING,
        unit="episodes",
        common=True,
        dianne="maxSequences",
        ge=-1,
    )
    max_iterations: int = option(
        -1,
        "Actions after which it ends, of all agents together; -1 plays on.",
        group=_ACTING,
        unit="actions",
        dianne="maxIterations",
        ge=-1,
    )
    max_actions: int = option(
        -1,
        "Actions after which an episode is cut; -1 leaves that to the environment.",
        group=_ACTING,
        unit="actions",
        dianne="maxActions",
        ge=-1,
    )
    parallel_environments: int = option(
        1,
        "Copies of the environment that each agent plays side by side.",
        group=_ACTING,
        ge=1,
        le=1024,
    )
    sequence_length: int = option(
        16,
        "Observations that a recurrent network looks back on; others ignore it.",
        group=_ACTING,
        unit="actions",
        dianne="sequenceLength",
        ge=1,
        le=10_000,
    )
    seed: int = option(
        0,
        "Decides how episodes begin and what is drawn at random.",
        group=_ACTING,
        dianne="seed",
        ge=0,
        lt=2**63,
    )
    frames: bool = option(
        True,
        "Keep pictures of the best and of the latest episode.",
        group=_ACTING,
    )
    pool: OptionalText = option(
        None,
        "Pool that keeps what is experienced, made where there is none; LEARN jobs learn from it.",
        group=_POOL,
        common=True,
        default_text="nothing is kept",
        pattern=TAG_PATTERN,
    )
    memory_size: int = option(
        100_000,
        "Rows that a new pool holds, one for each action and one for each end; whole episodes make "
        "room for new ones.",
        group=_POOL,
        unit="rows",
        dianne="maxSize",
        ge=2,
        le=1_000_000_000,
    )
    until_learnt: bool = option(
        False,
        "End when the learner whose weights come through the pool has ended.",
        group=_POOL,
    )
    clear: bool = option(False, "Empty the pool first.", group=_POOL, dianne=("clear", "clean"))
    action_strategy: ActionStrategy = option(
        "greedy",
        "How actions are chosen from what the network gives.",
        group=GROUP,
        common=True,
        dianne="strategy",
    )
    epsilon_max: float = exploring("epsilon_max", 0.0, _GREEDY)
    epsilon_min: float = exploring("epsilon_min", 0.0, _GREEDY)
    epsilon_decay: float = exploring("epsilon_decay", 0.01, _GREEDY)
    temperature_max: float = exploring("temperature_max", 1.0, _BOLTZMANN)
    temperature_min: float = exploring("temperature_min", 1.0, _BOLTZMANN)
    temperature_decay: float = exploring("temperature_decay", 0.01, _BOLTZMANN)
    noise_max: float = exploring("noise_max", 0.2, _NOISY)
    noise_min: float = exploring("noise_min", 0.05, _NOISY)
    noise_decay: float = exploring("noise_decay", 0.01, _NOISY)
    theta: float = exploring("theta", 0.15, _DRIFTING)
    sigma: float = exploring("sigma", 0.3, _DRIFTING)

    @model_validator(mode="after")
    def _has_an_end_that_can_be(self) -> ActOptions:
        for name in ("max_sequences", "max_iterations", "max_actions"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name} is 0; give 1 or more, or -1 for no end")
        for name in ("clear", "until_learnt"):
            if getattr(self, name) and self.pool is None:
                raise ValueError(f"{name} is about a pool, and no pool is given")
        return self

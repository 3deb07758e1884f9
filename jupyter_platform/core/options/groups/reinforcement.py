"""How agents learn from acting (DIANNE: the DQN family of learning strategies)."""

from __future__ import annotations

from jupyter_platform.core.environments import ID_PATTERN
from jupyter_platform.core.options.groups.exploration import (
    GROUP as _EXPLORING,
)
from jupyter_platform.core.options.groups.exploration import (
    NOISY,
    OptionalActionStrategy,
    exploring,
)
from jupyter_platform.core.options.groups.types import OptionalText
from jupyter_platform.core.options.model import OptionModel, option

_DQN = ("dqn", "recurrent_dqn")
_OFF_POLICY = (*_DQN, "ddpg")
_ALL = (*_OFF_POLICY, "ppo")
_GROUP, _PPO = "Reinforcement", "Proximal policy"

_GREEDY = {"strategy": _DQN, "action_strategy": ("None", "greedy")}
_BOLTZMANN = {"strategy": _DQN, "action_strategy": ("boltzmann",)}
_NOISY = {"strategy": ("ddpg",), "action_strategy": ("None", *NOISY)}
_DRIFTING = {"strategy": ("ddpg",), "action_strategy": ("ornstein_uhlenbeck",)}


class ReinforcementOptions(OptionModel):
    """Environment, experience, exploration, and what the strategies do with them."""

    environment: OptionalText = option(
        None,
        "Gymnasium environment to act in: CartPole-v1, or module:id of one's own.",
        group=_GROUP,
        common=True,
        default_text="that of the pool, where the job learns from one",
        when={"strategy": _ALL},
        dianne="environment",
        pattern=ID_PATTERN,
    )
    parallel_environments: int = option(
        8,
        "Copies of the environment that are played side by side.",
        group=_GROUP,
        when={"strategy": _ALL},
        ge=1,
        le=1024,
    )
    agents: int = option(
        0,
        "Processes that act for it beside it, as a job of their own; 0: it acts for itself.",
        group=_GROUP,
        when={"strategy": _OFF_POLICY},
        ge=0,
        le=1024,
    )
    discount: float = option(
        0.99,
        "What a reward one step later counts.",
        group=_GROUP,
        when={"strategy": _ALL},
        dianne="discount",
        ge=0,
        le=1,
    )
    reward_factor: float = option(
        1.0,
        "Rewards are multiplied by it before they are learned from.",
        group=_GROUP,
        when={"strategy": _ALL},
        dianne="rewardFactor",
        allow_inf_nan=False,
    )
    evaluation_episodes: int = option(
        20,
        "Episodes without exploration that one validation plays.",
        needs=("validation_interval",),
        group=_GROUP,
        unit="episodes",
        when={"strategy": _ALL},
        ge=1,
        le=10_000,
    )
    memory_size: int = option(
        100_000,
        "Actions that are remembered; the oldest are forgotten.",
        group=_GROUP,
        unit="actions",
        when={"strategy": _OFF_POLICY},
        dianne="maxSize",
        ge=2,
        le=1_000_000_000,
    )
    min_samples: int = option(
        1000,
        "Actions that must be there before learning begins; DDPG that acts for itself takes them "
        "at random.",
        group=_GROUP,
        unit="actions",
        when={"strategy": _OFF_POLICY},
        dianne="minSamples",
        ge=1,
    )
    steps_per_update: int = option(
        1,
        "Actions for each weight update; learning from a pool it has no meaning.",
        group=_GROUP,
        unit="actions",
        when={"strategy": _OFF_POLICY},
        ge=1,
        le=1_000_000,
    )
    return_steps: int = option(
        1,
        "Rewards that are added up before the value of what follows is estimated (n-step return).",
        group=_GROUP,
        unit="steps",
        when={"strategy": ("dqn", "ddpg")},
        ge=1,
        le=1000,
    )
    double_q: bool = option(
        True,
        "Let one network choose the best next action and the other value it.",
        group=_GROUP,
        when={"strategy": _DQN},
        dianne="doubleQ",
    )
    priority_exponent: float = option(
        0.0,
        "How much more often surprising actions are learned from: 0 evenly, 1 in proportion.",
        group=_GROUP,
        when={"strategy": ("dqn",)},
        dianne="prioritySamplingFactor",
        ge=0,
        le=1,
    )
    priority_correction: float = option(
        0.4,
        "How far uneven sampling is made up for at first; it grows to 1 by the last update.",
        needs=("priority_exponent",),
        group=_GROUP,
        when={"strategy": ("dqn",)},
        ge=0,
        le=1,
    )
    target_interval: int = option(
        100,
        "Iterations after which the target network takes over the weights.",
        group=_GROUP,
        unit="iterations",
        when={"strategy": _DQN},
        dianne="targetInterval",
        ge=1,
    )
    target_rate: float = option(
        0.005,
        "Share of the weights that target networks take over at each update.",
        group=_GROUP,
        when={"strategy": ("ddpg",)},
        gt=0,
        le=1,
    )
    policy_rate_scaling: float = option(
        1.0,
        "Step size of the actor in units of the critic's.",
        group=_GROUP,
        when={"strategy": ("ddpg",)},
        dianne="policyRateScaling",
        gt=0,
        allow_inf_nan=False,
    )
    publish_interval: int = option(
        100,
        "Learning from a pool: iterations after which agents get the new weights.",
        group=_GROUP,
        unit="iterations",
        when={"strategy": _OFF_POLICY},
        ge=1,
    )
    action_strategy: OptionalActionStrategy = option(
        None,
        "How actions are chosen while learning.",
        group=_EXPLORING,
        default_text="greedy for DQN, gaussian_noise for DDPG",
        when={"strategy": _OFF_POLICY},
    )
    epsilon_max: float = exploring("epsilon_max", 1.0, _GREEDY)
    epsilon_min: float = exploring("epsilon_min", 0.05, _GREEDY)
    epsilon_decay: float = exploring("epsilon_decay", 0.01, _GREEDY)
    temperature_max: float = exploring("temperature_max", 1.0, _BOLTZMANN)
    temperature_min: float = exploring("temperature_min", 0.1, _BOLTZMANN)
    temperature_decay: float = exploring("temperature_decay", 0.01, _BOLTZMANN)
    noise_max: float = exploring("noise_max", 0.2, _NOISY)
    noise_min: float = exploring("noise_min", 0.05, _NOISY)
    noise_decay: float = exploring("noise_decay", 0.01, _NOISY)
    theta: float = exploring("theta", 0.15, _DRIFTING)
    sigma: float = exploring("sigma", 0.3, _DRIFTING)
    rollout_length: int = option(
        128,
        "Actions in each environment between two rounds of learning.",
        group=_PPO,
        unit="actions",
        when={"strategy": ("ppo",)},
        ge=1,
        le=1_000_000,
    )
    rollout_epochs: int = option(
        4,
        "How often a round learns from each action.",
        group=_PPO,
        when={"strategy": ("ppo",)},
        ge=1,
        le=1000,
    )
    clip_range: float = option(
        0.2,
        "How far an action's probability may move in a round, as a share of it.",
        group=_PPO,
        when={"strategy": ("ppo",)},
        gt=0,
        allow_inf_nan=False,
    )
    gae_lambda: float = option(
        0.95,
        "Advantages: 1 trusts the rewards that came, 0 the value estimates alone.",
        group=_PPO,
        when={"strategy": ("ppo",)},
        ge=0,
        le=1,
    )
    entropy_weight: float = option(
        0.0,
        "How much undecided policies are favoured.",
        group=_PPO,
        when={"strategy": ("ppo",)},
        ge=0,
        allow_inf_nan=False,
    )
    value_weight: float = option(
        0.5,
        "Weight of the value's loss beside the policy's.",
        group=_PPO,
        when={"strategy": ("ppo",)},
        ge=0,
        allow_inf_nan=False,
    )


UNCHECKED = frozenset(ReinforcementOptions.model_fields) - {
    "environment",
    "action_strategy",
    "parallel_environments",
    "rollout_length",
}
"""Options without influence on whether networks and environment fit together."""

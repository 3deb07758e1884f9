"""The strategies that come with the package: what they are called and what they work on."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ConfigDict, Field

from jupyter_platform.core.records import Record
from jupyter_platform.core.states import JobType

MOST_SOURCE_BYTES = 1_000_000
"""Bytes of an uploaded strategy."""
NAME_PATTERN = r"^[a-z][a-z0-9_.-]{0,63}$"


class StrategyRecord(Record):
    """One way to learn, as forms and checks see it."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    summary: str
    category: Literal["FF", "RNN", "RL", "CLASSIFICATION", "CRITERION"]
    roles: tuple[str, ...] = ("network",)
    """Role of each of the job's networks, in the order in which they are given."""
    taught_by: tuple[str, ...] = ()
    """Roles whose weights come with the job, from `teacher_tag`, and stay as they are."""
    learns_from: tuple[Literal["dataset", "environment", "pool"], ...] = ("dataset",)
    """Where its samples come from; any one of them is enough."""
    dianne: tuple[str, ...] = ()
    """Class names of DIANNE that mean it."""
    types: tuple[JobType, ...] = (JobType.LEARN,)
    defaults: dict[str, Any] = Field(default_factory=dict)
    """Options whose defaults are others than in general."""
    origin: Literal["built-in", "installed", "uploaded"] = "built-in"
    own_options: dict[str, Any] | None = None
    """JSON schema of its `strategy_options`; None where it takes none, or nobody knows."""
    problem: str | None = None
    """Why it cannot be used."""


_BUILT_IN = (
    StrategyRecord(
        name="feed_forward",
        title="Feed-forward",
        summary="Gradient descent on the loss of one batch a step.",
        category="FF",
        dianne=("FeedForwardLearningStrategy", "SimpleLearningStrategy"),
    ),
    StrategyRecord(
        name="distillation",
        title="Distillation",
        summary="A trainee learns the outputs of a teacher, whose weights stay as they are.",
        category="FF",
        roles=("trainee", "teacher"),
        taught_by=("teacher",),
        dianne=("TargetLearningStrategy",),
    ),
    StrategyRecord(
        name="gan",
        title="GAN",
        summary="A generator learns to make samples that a discriminator takes for real ones.",
        category="FF",
        roles=("generator", "discriminator"),
        dianne=("GANLearningStrategy", "GenerativeAdverserialLearningStrategy"),
        defaults={"method": "ADAM"},
    ),
    StrategyRecord(
        name="wgan",
        title="Wasserstein GAN",
        summary="A GAN whose critic estimates the distance between real and made samples.",
        category="FF",
        roles=("generator", "critic"),
        dianne=("WGANLearningStrategy",),
        defaults={"method": "RMSPROP", "learning_rate": 1e-4},
    ),
    StrategyRecord(
        name="vae",
        title="Variational autoencoder",
        summary="An encoder and a decoder learn a latent code whose distribution is known.",
        category="FF",
        roles=("encoder", "decoder"),
        dianne=("VariationalAutoEncoderLearningStrategy",),
        defaults={"method": "ADAM"},
    ),
    StrategyRecord(
        name="bptt",
        title="Back-propagation through time",
        summary="A recurrent network learns to predict each next step of a sequence.",
        category="RNN",
        dianne=("BPTTLearningStrategy",),
        defaults={"method": "ADAM"},
    ),
    StrategyRecord(
        name="dqn",
        title="Deep Q-learning",
        summary="A network learns what each discrete action is worth, from replayed experience.",
        category="RL",
        roles=("q",),
        learns_from=("environment", "pool"),
        dianne=("DeepQLearningStrategy",),
        defaults={
            "method": "ADAM",
            "batch_size": 64,
            "max_iterations": 30_000,
            "validation_interval": 1000,
            "learning_rate": 0.0005,
            "steps_per_update": 4,
            "return_steps": 3,
            "target_interval": 250,
            "checkpoint_interval": 2000,
        },
    ),
    StrategyRecord(
        name="recurrent_dqn",
        title="Recurrent deep Q-learning",
        summary="Q-learning of a recurrent network on replayed sequences.",
        category="RL",
        roles=("q",),
        learns_from=("environment", "pool"),
        dianne=("RecurrentDeepQLearningStrategy",),
        defaults={
            "method": "ADAM",
            "sequence_length": 16,
            "max_iterations": 20_000,
            "validation_interval": 1000,
            "checkpoint_interval": 2000,
        },
    ),
    StrategyRecord(
        name="ddpg",
        title="Deep deterministic policy gradient",
        summary="An actor learns continuous actions from a critic's gradient.",
        category="RL",
        roles=("actor", "critic"),
        learns_from=("environment", "pool"),
        dianne=("DeepDeterministicPolicyGradientStrategy",),
        defaults={
            "method": "ADAM",
            "batch_size": 128,
            "max_iterations": 25_000,
            "validation_interval": 1000,
            "checkpoint_interval": 2000,
        },
    ),
    StrategyRecord(
        name="ppo",
        title="Proximal policy optimisation",
        summary="An actor-critic learns from its own fresh experience, in small trusted steps.",
        category="RL",
        roles=("actor-critic",),
        learns_from=("environment",),
        defaults={
            "method": "ADAM",
            "batch_size": 256,
            "clip_norm": 0.5,
            "max_iterations": 5000,
            "validation_interval": 500,
            "checkpoint_interval": 1000,
        },
    ),
)

STRATEGIES: Mapping[str, StrategyRecord] = MappingProxyType({item.name: item for item in _BUILT_IN})

_DIANNE = {name.lower(): item.name for item in _BUILT_IN for name in item.dianne}


def strategy_name(text: str) -> str:
    """Return our name of a strategy that may be written as DIANNE's class, with its package or not.

    Names that nobody here knows stay as they are: a package may bring them.
    """
    text = text.strip()
    return _DIANNE.get(text.rpartition(".")[2].lower(), text.lower())

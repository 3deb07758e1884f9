"""Options of generative strategies: GAN, Wasserstein GAN, variational autoencoder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from jupyter_platform.core.options.groups.types import upper
from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Generative"
_CODED = {"strategy": ("gan", "wgan", "vae")}
_VAE = {"strategy": ("vae",)}
_WGAN = {"strategy": ("wgan",)}

Lipschitz = Annotated[Literal["CLAMP", "PENALTY"], BeforeValidator(upper)]


class GenerativeOptions(OptionModel):
    """Codes, what they are drawn for, and how a critic is held."""

    latent_size: int = option(
        16,
        "Numbers in a code, from which generator or decoder make a sample.",
        group=_GROUP,
        when=_CODED,
        common=True,
        dianne=("latentDims", "generatorDim"),
        ge=1,
        le=1_000_000,
    )
    latent_samples: int = option(
        1,
        "Codes drawn for each sample in a step.",
        group=_GROUP,
        when=_VAE,
        dianne="sampleSize",
        ge=1,
        le=10_000,
    )
    beta: float = option(
        1.0,
        "Weight of the KL loss; 1 makes the loss a bound on the log-likelihood.",
        group=_GROUP,
        when=_VAE,
        dianne="beta",
        ge=0,
        allow_inf_nan=False,
    )
    observation_stdev: float = option(
        0.1,
        "Standard deviation of samples around what the decoder gives, with criterion MSE.",
        group=_GROUP,
        when=_VAE,
        gt=0,
        allow_inf_nan=False,
    )
    lipschitz: Lipschitz = option(
        "CLAMP",
        "How the critic is kept from being steep: weights clamped, or its gradient penalised.",
        group=_GROUP,
        when=_WGAN,
    )
    weight_clamp: float = option(
        0.01,
        "Largest magnitude of the critic's weights.",
        group=_GROUP,
        when={**_WGAN, "lipschitz": ("CLAMP",)},
        dianne="clamp",
        gt=0,
        allow_inf_nan=False,
    )
    gradient_penalty: float = option(
        10.0,
        "Weight of the squared distance of the critic's gradient norm from 1.",
        group=_GROUP,
        when={**_WGAN, "lipschitz": ("PENALTY",)},
        gt=0,
        allow_inf_nan=False,
    )
    critic_steps: int = option(
        5,
        "Updates of the critic before the generator's in each iteration.",
        group=_GROUP,
        unit="updates",
        when=_WGAN,
        dianne="Diterations",
        ge=1,
        le=100_000,
    )
    initial_critic_steps: int = option(
        100,
        "Updates of the critic before each of the first iterations.",
        group=_GROUP,
        unit="updates",
        when=_WGAN,
        dianne="initDiterations",
        ge=1,
        le=100_000,
    )
    initial_iterations: int = option(
        25,
        "Iterations that count as the first.",
        group=_GROUP,
        unit="iterations",
        when=_WGAN,
        dianne="initIterations",
        ge=0,
    )

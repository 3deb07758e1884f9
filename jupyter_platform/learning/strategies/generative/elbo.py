"""The evidence lower bound of variational autoencoders, in nats.

D. Kingma and M. Welling, "Auto-Encoding Variational Bayes", 2014 (arXiv:1312.6114), equation 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.learning.networks.modes import evaluating
from jupyter_platform.learning.networks.outputs import gives_deviations
from jupyter_platform.learning.sampling.seeds import stream_seed
from jupyter_platform.learning.strategies.criteria import MIN_STD, make_loss

Likelihood = Literal["MSE", "GAU", "BCE", "BCE_LOGITS"]
LIKELIHOODS: Mapping[Likelihood, str] = MappingProxyType(
    {
        "MSE": "Gaussian around the decoder's outputs, of one standard deviation",
        "GAU": "Gaussian of the means and standard deviations that the decoder gives",
        "BCE": "Bernoulli, the decoder gives how likely each value is 1",
        "BCE_LOGITS": "Bernoulli, the decoder gives scores of it",
    }
)
"""What each criterion takes a sample for, given what the decoder makes of its code."""

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)

Draw = Callable[[Tensor], Tensor]
"""Standard normal numbers of a tensor's shape, type and device."""


LATENTS_SEED = 0
"""Seed of the latents of validations, and of evaluations unless they are given another."""
_BLOCK = 64
"""Samples whose latents come from one random generator."""


class SampleLatents:
    """Standard normal numbers that belong to the places of samples in their set.

    So a sample gets the same latents in every validation and evaluation, whatever the size of
    batches and the number of processes.

    Parameters
    ----------
    seed : int
        Other latents for another seed.
    position : int
        Place of the first sample of the batch.
    """

    def __init__(self, seed: int, position: int) -> None:
        self._seed = seed
        self._position = position
        self._generator = torch.Generator()

    def __call__(self, like: Tensor) -> Tensor:
        """Return numbers of a tensor's shape, (B, latent) or (count, B, latent), and device."""
        if like.ndim == 2:
            return self._drawn(0, like)
        return torch.stack([self._drawn(number, item) for number, item in enumerate(like)])

    def _drawn(self, number: int, like: Tensor) -> Tensor:
        size, width = like.shape
        first, end = self._position // _BLOCK, -(-(self._position + size) // _BLOCK)
        blocks = []
        for block in range(first, end):
            self._generator.manual_seed(stream_seed(self._seed, number, block))
            blocks.append(torch.randn(_BLOCK, width, generator=self._generator))
        start = self._position - first * _BLOCK
        return torch.cat(blocks)[start : start + size].to(like)


def choose_likelihood(criterion: str | None) -> Likelihood:
    """Return the likelihood that a criterion stands for; MSE where none is given.

    Raises
    ------
    OptionError
        If it stands for none.
    """
    for name in LIKELIHOODS:
        if criterion in (None, name):
            return name
    accepted = ", ".join(f"{key} ({text})" for key, text in LIKELIHOODS.items())
    message = f"criterion = {criterion} is no likelihood of samples; strategy vae takes {accepted}."
    field = FieldError(field="criterion", value=criterion, message=message, accepted=accepted)
    raise OptionError.from_fields([field])


def decoder_shape(shape: tuple[int, ...], likelihood: Likelihood) -> tuple[int, ...]:
    """Return what a decoder gives for samples of a shape; with GAU means and deviations.

    Parameters
    ----------
    shape : tuple of int
        Shape of one sample.
    likelihood : Likelihood
        Distribution of a sample given its latent.
    """
    if likelihood == "GAU":
        return (2 * shape[0], *shape[1:]) if shape else (2,)
    return shape


@dataclass(frozen=True)
class Bound:
    """Terms of the bound for each sample of a batch, shape (B,)."""

    reconstruction: Tensor
    """``-E log p(x | z)``."""
    divergence: Tensor
    """``KL(q(z | x) || p(z))``."""


class Autoencoder:
    """An encoder and a decoder, with what their outputs mean.

    Parameters
    ----------
    encoder : Module
        Gives means beside logarithms of variances, shape (B, 2·latent), or beside standard
        deviations where it ends in a `MultivariateGaussian` layer.
    decoder : Module
        From latents, shape (B, latent), to samples.
    likelihood : str
        One of `LIKELIHOODS`.
    stdev : float
        Standard deviation of a sample around the decoder's output; MSE only.
    """

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood, stdev: float
    ) -> None:
        self._encoder, self._decoder = encoder, decoder
        self._likelihood, self._stdev = likelihood, stdev
        self._has_deviations = gives_deviations(encoder)

    def check(self, inputs: Tensor, decoder: str) -> None:
        """Refuse a decoder whose outputs cannot be what the likelihood takes them for.

        Parameters
        ----------
        inputs : Tensor, shape (B, …)
            Some samples.
        decoder : str
            Name of the decoder, for the error.

        Raises
        ------
        InvalidDataError
            If shapes do not fit, or outputs or samples are no probabilities or deviations.
        """
        with evaluating([self._encoder, self._decoder]), torch.no_grad():
            outputs = self._decoder(self.encode(inputs)[0])
        make_loss(self._likelihood, outputs, inputs, decoder)

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of the latents of samples, shape (B, latent) each."""
        mean, spread = self._encoder(inputs).chunk(2, 1)
        if self._has_deviations:
            return mean, spread.clamp_min(MIN_STD)
        return mean, (0.5 * spread).exp()

    def decode(self, latents: Tensor) -> Tensor:
        """Return the expected samples of latents, shape (B, …)."""
        outputs: Tensor = self._decoder(latents)
        if self._likelihood == "GAU":
            return outputs.chunk(2, 1)[0]
        return outputs.sigmoid() if self._likelihood == "BCE_LOGITS" else outputs

    def bound(self, inputs: Tensor, count: int = 1, draw: Draw = torch.randn_like) -> Bound:
        """Return both terms of the bound.

        Parameters
        ----------
        inputs : Tensor, shape (B, …)
        count : int
            Codes drawn for each sample.
        draw : callable
            Where the randomness comes from.
        """
        mean, stdev = self.encode(inputs)
        if count == 1:
            reconstruction = self._nats(mean + stdev * draw(mean), inputs)
        else:
            reconstruction = self._drawn(inputs, mean, stdev, count, draw)[0].mean(0)
        return Bound(reconstruction, divergence(mean, stdev))

    def log_likelihood(self, inputs: Tensor, count: int, draw: Draw = torch.randn_like) -> Tensor:
        """Return an estimate of ``log p(x)`` that nears it from below with `count`, shape (B,).

        ``E log(1/k Σ p(x, z_i) / q(z_i | x))``, the importance-weighted bound of Y. Burda,
        R. Grosse and R. Salakhutdinov, "Importance Weighted Autoencoders", 2016 (arXiv:1509.00519),
        equation 8.

        Parameters
        ----------
        inputs : Tensor, shape (B, …)
            Samples.
        count : int
            k, latents drawn for each sample.
        draw : callable
            Source of the random numbers.
        """
        mean, stdev = self.encode(inputs)
        reconstruction, latents = self._drawn(inputs, mean, stdev, count, draw)
        # log p(z) - log q(z | x); the constants of both cancel.
        noise = (latents - mean) / stdev
        ratio = (0.5 * (noise.square() - latents.square()) + stdev.log()).sum(2)
        return (ratio - reconstruction).logsumexp(0) - math.log(count)

    def _drawn(
        self, inputs: Tensor, mean: Tensor, stdev: Tensor, count: int, draw: Draw
    ) -> tuple[Tensor, Tensor]:
        """Return ``-log p(x | z)``, shape (count, B), and the latents z, (count, B, latent)."""
        several = mean.expand(count, *mean.shape)
        latents = several + stdev * draw(several)
        repeated = inputs.expand(count, *inputs.shape).flatten(0, 1)
        nats = self._nats(latents.flatten(0, 1), repeated)
        return nats.view(count, len(inputs)), latents

    def _nats(self, latents: Tensor, inputs: Tensor) -> Tensor:
        """Return ``-log p(x | z)`` of each pair, shape (B,)."""
        return self._negative_log_likelihood(self._decoder(latents), inputs).flatten(1).sum(1)

    def _negative_log_likelihood(self, outputs: Tensor, inputs: Tensor) -> Tensor:
        """Return ``-log p`` of each value of each sample."""
        if self._likelihood == "MSE":
            errors = (inputs - outputs) / self._stdev
            return 0.5 * errors.square() + (math.log(self._stdev) + _HALF_LOG_TWO_PI)
        if self._likelihood == "GAU":
            mean, stdev = outputs.chunk(2, 1)
            stdev = stdev.clamp_min(MIN_STD)
            return 0.5 * ((inputs - mean) / stdev).square() + stdev.log() + _HALF_LOG_TWO_PI
        if self._likelihood == "BCE":
            return functional.binary_cross_entropy(outputs, inputs, reduction="none")
        return functional.binary_cross_entropy_with_logits(outputs, inputs, reduction="none")


def divergence(mean: Tensor, stdev: Tensor) -> Tensor:
    """Return ``KL(N(mean, stdev²) || N(0, 1))`` of each sample in nats, shape (B,).

    ``½ Σ (μ² + σ² - 1 - ln σ²)``: Kingma and Welling (2014, arXiv:1312.6114), appendix B.

    Parameters
    ----------
    mean, stdev : Tensor, shape (B, latent)
    """
    return (0.5 * (mean.square() + stdev.square() - 1) - stdev.log()).sum(1)

"""Variational autoencoders."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.networks.modes import evaluating
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature, Strategy
from jupyter_platform.learning.strategies.generated import (
    SHOWN_SAMPLES,
    draw_latents,
    samples_record,
)
from jupyter_platform.learning.strategies.generative.elbo import (
    LATENTS_SEED,
    Autoencoder,
    SampleLatents,
    choose_likelihood,
    decoder_shape,
)

_PROBED = 16
"""Samples with which the outputs of the decoder are checked."""


class VariationalAutoencoder(Strategy):
    """An encoder learns the distribution of a sample's latents, a decoder that of their sample.

    D. Kingma and M. Welling, "Auto-Encoding Variational Bayes", 2014 (arXiv:1312.6114), equation
    10, and I. Higgins et al., "beta-VAE", ICLR 2017, equation 4: the loss of a sample, in nats, is

        ``-E_{z ~ q(z|x)} log p(x | z) + β KL(q(z | x) ‖ N(0, 1))``.

    DIANNE: `VariationalAutoEncoderLearningStrategy`.
    """

    title = "Variational autoencoder"
    roles: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    series = ("loss", "reconstruction_loss", "kl_loss")

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """Ask for an encoder to mean and spread of latents, and a decoder from them to samples."""
        if facts is None:
            raise InvalidRequestError("A variational autoencoder needs a dataset.")
        size = options.latent_size
        shape = decoder_shape(tuple(facts.shape), choose_likelihood(options.criterion))
        return (
            NetworkSignature("encoder", tuple(facts.shape), 2 * size, (2 * size,)),
            NetworkSignature("decoder", (size,), math.prod(shape), shape),
        )

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        options = context.options
        encoder, decoder = context.networks
        self._batches = context.batches()
        self.samples_per_step = self._batches.batch_size
        likelihood = choose_likelihood(options.criterion)
        self._model = Autoencoder(encoder, decoder, likelihood, options.observation_stdev)
        example, _ = context.samples().gather(context.training_rows()[:_PROBED])
        self._model.check(example, context.names[1])
        parameters = [item for network in self.networks for item in network.parameters()]
        self._updater = Updater(parameters, options)

    def step(self) -> tuple[Tensor, Tensor, Tensor]:
        """Update both networks once; return the loss and its two terms, means over the batch."""
        options = self.context.options
        inputs, _ = next(self._batches)
        bound = self._model.bound(inputs, options.latent_samples)
        reconstruction, divergence = bound.reconstruction.mean(), bound.divergence.mean()
        loss = reconstruction + options.beta * divergence
        self._updater.update(loss)
        return loss.detach(), reconstruction.detach(), divergence.detach()

    def validate(self) -> dict[str, float] | None:
        """Return the loss and its two terms on the validation set, with fixed latents."""
        reconstruction, divergence, count = 0.0, 0.0, 0
        with evaluating(self.networks), torch.inference_mode():
            for inputs, _ in self.context.validation_batches():
                bound = self._model.bound(inputs, draw=SampleLatents(LATENTS_SEED, count))
                reconstruction += float(bound.reconstruction.double().sum())
                divergence += float(bound.divergence.double().sum())
                count += len(inputs)
        if not count:
            return None
        return {
            "validation_loss": (reconstruction + self.context.options.beta * divergence) / count,
            "validation_reconstruction_loss": reconstruction / count,
            "validation_kl_loss": divergence / count,
        }

    def summary(self) -> dict[str, Any]:
        """Return samples that the decoder makes from standard normal latents."""
        options = self.context.options
        latents = draw_latents(SHOWN_SAMPLES, options.latent_size, options.seed)
        with evaluating(self.networks), torch.inference_mode():
            generated = self._model.decode(latents.to(self.context.device))
        return {"samples": samples_record(generated)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimiser and of the sampling."""
        return {"optimizer": self._updater.state_dict(), "batches": self._batches.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._updater.load_state_dict(state["optimizer"])
        self._batches.load_state_dict(state["batches"])

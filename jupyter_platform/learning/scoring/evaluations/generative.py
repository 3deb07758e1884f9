"""How well a variational autoencoder explains samples."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.scoring.evaluations.base import Columns, Evaluation, Subject
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.generative.elbo import (
    LATENTS_SEED,
    Autoencoder,
    SampleLatents,
    choose_likelihood,
    decoder_shape,
)

_PROBED = 16
"""Samples that tell whether the decoder gives what it should."""


class VariationalAutoencoder(Evaluation):
    """The evidence lower bound (DIANNE: `VariationalAutoEncoderEvaluationStrategy`)."""

    roles: ClassVar[tuple[str, ...]] = ("encoder", "decoder")

    @classmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """Ask for an encoder to mean and spread of latents, and a decoder from them to samples."""
        size = options.latent_size
        shape = decoder_shape(tuple(facts.shape), choose_likelihood(options.criterion))
        return (
            NetworkSignature("encoder", tuple(facts.shape), 2 * size, (2 * size,)),
            NetworkSignature("decoder", (size,), math.prod(shape), shape),
        )

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._likelihood = choose_likelihood(self.options.criterion)
        self._model: Autoencoder | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return samples decoded from the means of their latents."""
        model = self._autoencoder(inputs)
        return model.decode(model.encode(inputs)[0])

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep both terms of the bound, and with several latents the likelihood, of each sample."""
        model, count = self._autoencoder(inputs), self.options.latent_samples
        bound = model.bound(inputs, count, self._codes())
        columns = {"reconstruction": bound.reconstruction, "divergence": bound.divergence}
        if count > 1:
            columns["likelihood"] = model.log_likelihood(inputs, count, self._codes())
        return {name: values.double() for name, values in columns.items()}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the bound and its terms, means over the samples in nats."""
        reconstruction = float(columns["reconstruction"].mean())
        divergence = float(columns["divergence"].mean())
        elbo = -(reconstruction + divergence)
        likelihood = columns.get("likelihood")
        return {
            "elbo": elbo,
            "reconstruction_loss": reconstruction,
            "kl_loss": divergence,
            "log_likelihood": None if likelihood is None else float(likelihood.mean()),
            "loss": -elbo,
            "criterion": self._likelihood,
            "headline": {"name": "ELBO", "value": elbo},
        }

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return what came back of the sample."""
        return {"truth": None, "prediction": outputs, "probability": None}

    def _codes(self) -> SampleLatents:
        """Return the latents of the samples of this batch, those of validations by default."""
        return SampleLatents(LATENTS_SEED + self.options.seed, self.position)

    def _autoencoder(self, inputs: Tensor) -> Autoencoder:
        if self._model is None:
            encoder, decoder = self.subject.networks
            stdev = self.options.observation_stdev
            self._model = Autoencoder(encoder, decoder, self._likelihood, stdev)
            self._model.check(inputs[:_PROBED], self.subject.names[1])
        return self._model

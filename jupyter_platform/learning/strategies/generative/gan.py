"""Generative adversarial networks."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.networks.modes import frozen
from jupyter_platform.learning.networks.outputs import binary_loss, gives_probabilities
from jupyter_platform.learning.strategies.base import Material
from jupyter_platform.learning.strategies.generative.adversarial import Adversarial

_PROBED = 16
"""Samples that tell what the discriminator gives."""


class GAN(Adversarial):
    """A discriminator learns to tell made samples from real ones, the generator to deceive it.

    Goodfellow et al. (2014), algorithm 1 with one update of the discriminator a step and the loss
    of section 3 that does not saturate: the generator minimises ``-log D(G(z))``. The discriminator
    may end in a sigmoid or give raw scores. DIANNE: `GANLearningStrategy`.
    """

    title = "GAN"
    roles: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    series = ("loss", "discriminator_loss")
    criteria = ("BCE", "BCE_LOGITS")

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        criterion = material.options.criterion
        real, _ = material.samples().gather(material.training_rows()[:_PROBED])
        are_probabilities = gives_probabilities(self.opponent, real)
        if criterion == "BCE" and not are_probabilities:
            raise InvalidDataError(
                f"Network {material.names[1]!r} gives numbers beyond 0 to 1, which BCE takes for "
                "probabilities. Leave criterion out, or end the network with Sigmoid."
            )
        self._are_probabilities = are_probabilities and criterion != "BCE_LOGITS"

    def _loss(self, samples: Tensor, target: float) -> Tensor:
        return binary_loss(self.opponent(samples), target, self._are_probabilities)

    def step(self) -> tuple[Tensor, Tensor]:
        """Update the discriminator, then the generator; return the losses of both in nats."""
        real, _ = next(self._batches)
        made = self._make(len(real))
        opponent_loss = self._loss(real, 1.0) + self._loss(made.detach(), 0.0)
        self._opponent_updater.update(opponent_loss)
        with frozen(self._learnt):
            loss = self._loss(made, 1.0)
            self._generator_updater.update(loss)
        return loss.detach(), opponent_loss.detach()

    def judge(self, real: Tensor, made: Tensor) -> dict[str, float]:
        """Return ``validation_discriminator_loss``; 2 ln 2 where it can tell nothing."""
        loss = self._loss(real, 1.0) + self._loss(made, 0.0)
        return {"validation_discriminator_loss": float(loss)}

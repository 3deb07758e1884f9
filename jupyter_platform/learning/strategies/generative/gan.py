"""Generative adversarial networks."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.networks.modes import frozen
from jupyter_platform.learning.networks.outputs import binary_loss, gives_probabilities
from jupyter_platform.learning.strategies.base import BuildContext
from jupyter_platform.learning.strategies.generative.adversarial import Adversarial

_PROBED = 16
"""Samples from which the kind of the discriminator's outputs is told."""


class GAN(Adversarial):
    """A discriminator learns to tell generated samples from real ones, the generator to deceive it.

    I. Goodfellow et al., "Generative Adversarial Networks", 2014 (arXiv:1406.2661), algorithm 1
    with one update of the discriminator a step, and the loss of section 3 that does not saturate.
    With samples x and standard normal latents z, the discriminator D minimises
    ``-mean(log D(x)) - mean(log(1 - D(G(z))))`` and then the generator G ``-mean(log D(G(z)))``,
    both in nats and on the same latents. The discriminator may end in a sigmoid or give raw scores.
    DIANNE: `GANLearningStrategy`.
    """

    title = "GAN"
    roles: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    series = ("loss", "discriminator_loss")
    criteria = ("BCE", "BCE_LOGITS")

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        criterion = context.options.criterion
        real, _ = context.samples().gather(context.training_rows()[:_PROBED])
        are_probabilities = gives_probabilities(self.critic, real)
        if criterion == "BCE" and not are_probabilities:
            raise InvalidDataError(
                f"Network {context.names[1]!r} gives numbers beyond 0 to 1, which BCE takes for "
                "probabilities. Leave criterion out, or end the network with Sigmoid."
            )
        self._are_probabilities = are_probabilities and criterion != "BCE_LOGITS"

    def _loss(self, samples: Tensor, target: float) -> Tensor:
        return binary_loss(self.critic(samples), target, self._are_probabilities)

    def step(self) -> tuple[Tensor, Tensor]:
        """Update the discriminator, then the generator; return the losses of both in nats."""
        real, _ = next(self._batches)
        generated = self._generate(len(real))
        critic_loss = self._loss(real, 1.0) + self._loss(generated.detach(), 0.0)
        self._critic_updater.update(critic_loss)
        with frozen(self._critic_parameters):
            loss = self._loss(generated, 1.0)
            self._generator_updater.update(loss)
        return loss.detach(), critic_loss.detach()

    def judge(self, real: Tensor, generated: Tensor) -> dict[str, float]:
        """Return ``validation_discriminator_loss``; 2 ln 2 where it cannot tell the two apart."""
        loss = self._loss(real, 1.0) + self._loss(generated, 0.0)
        return {"validation_discriminator_loss": float(loss)}

"""Strategies of a generator and a critic; the critic of a GAN is its discriminator."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidRequestError, OptionError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.networks.modes import evaluating
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature, Strategy
from jupyter_platform.learning.strategies.generated import (
    SHOWN_SAMPLES,
    draw_latents,
    samples_record,
)
from jupyter_platform.learning.strategies.generative.distances import energy_distance

VALIDATED = 1024
"""Samples of each kind, real and generated, that a validation compares at most."""


class Adversarial(Strategy):
    """A generator makes samples from latents; a critic tells them from real ones.

    Latents are standard normal. Validation compares generated samples to those of the validation
    set by their energy distance, which needs no critic: 0 where the distributions are equal.
    """

    criteria: ClassVar[tuple[str, ...]] = ()
    """Criteria that the critic may learn by; without one its outputs decide."""

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """Ask for a generator from latents to samples, and a critic from samples to one number."""
        if facts is None:
            raise InvalidRequestError(f"{cls.title} learning needs a dataset.")
        if options.criterion is not None and options.criterion not in cls.criteria:
            raise _no_criterion(options, cls.criteria)
        shape = tuple(facts.shape)
        maker, critic = cls.roles
        return (
            NetworkSignature(maker, (options.latent_size,), math.prod(shape), shape),
            NetworkSignature(critic, shape, 1, (1,)),
        )

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        self.generator, self.critic = context.networks
        self._batches = context.batches()
        self.samples_per_step = self._batches.batch_size
        self._latent_size = context.options.latent_size
        self._generator_updater = Updater(self.generator.parameters(), context.options)
        self._critic_updater = Updater(
            self.critic.parameters(), context.options, per_step=self.critic_updates
        )
        self._critic_parameters = [item for item in self.critic.parameters() if item.requires_grad]

    @property
    def critic_updates(self) -> int:
        """Updates of the critic in a step."""
        return 1

    @abstractmethod
    def judge(self, real: Tensor, generated: Tensor) -> dict[str, float]:
        """Return scores of the critic on validation samples.

        Parameters
        ----------
        real, generated : Tensor, shape (n, …)
            As many samples of each kind.
        """

    def _generate(self, count: int) -> Tensor:
        """Return fresh samples of the generator, shape (count, …)."""
        latents = torch.randn(count, self._latent_size, device=self.context.device)
        generated: Tensor = self.generator(latents)
        return generated

    def _generate_fixed(self, count: int) -> Tensor:
        """Return samples of latents that only the seed decides, for validation and display."""
        latents = draw_latents(count, self._latent_size, self.context.options.seed)
        generated: Tensor = self.generator(latents.to(self.context.device))
        return generated

    def validate(self) -> dict[str, float] | None:
        """Return the energy distance as ``validation_loss``, and the critic's scores."""
        rows = self.context.validation
        if rows is None or len(rows) < 2:
            return None
        count = min(len(rows), VALIDATED)
        spread = torch.arange(count, device=rows.device) * len(rows) // count
        with evaluating(self.networks), torch.inference_mode():
            real, _ = self.context.samples().gather(rows[spread])
            generated = self._generate_fixed(count)
            distance = float(energy_distance(real, generated))
            return {"validation_loss": distance, **self.judge(real, generated)}

    def summary(self) -> dict[str, Any]:
        """Return generated samples."""
        with evaluating(self.networks), torch.inference_mode():
            return {"samples": samples_record(self._generate_fixed(SHOWN_SAMPLES))}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both optimisers and of the sampling."""
        return {
            "generator": self._generator_updater.state_dict(),
            "opponent": self._critic_updater.state_dict(),
            "batches": self._batches.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._generator_updater.load_state_dict(state["generator"])
        self._critic_updater.load_state_dict(state["opponent"])
        self._batches.load_state_dict(state["batches"])


def _no_criterion(options: LearnOptions, known: tuple[str, ...]) -> OptionError:
    accepted = " or ".join(known) or "none"
    message = (
        f"criterion = {options.criterion} does not go with strategy {options.strategy}, which "
        f"takes {accepted}."
    )
    field = FieldError(
        field="criterion", value=options.criterion, message=message, accepted=accepted
    )
    return OptionError.from_fields([field])

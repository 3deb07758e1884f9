"""What every strategy of a generator and its opponent shares."""

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
from jupyter_platform.learning.strategies.base import Material, Place, Strategy
from jupyter_platform.learning.strategies.generated import SHOWN_SAMPLES, draw_codes, samples_record
from jupyter_platform.learning.strategies.generative.distances import energy_distance

VALIDATED = 1024
"""Samples at most that a validation compares, real and made ones each."""


class Adversarial(Strategy):
    """A generator makes samples of codes; an opponent tells them from real ones.

    Codes are standard normal. Validation compares made samples to those of the validation set by
    their energy distance, which needs no opponent: 0 where the generator has learnt everything.
    """

    criteria: ClassVar[tuple[str, ...]] = ()
    """Criteria that the opponent may learn by; where none is given its outputs tell."""

    @classmethod
    def places(cls, options: LearnOptions, facts: DatasetFacts | None) -> tuple[Place, ...]:
        """Ask for a generator from codes to samples, and an opponent from samples to one number."""
        if facts is None:
            raise InvalidRequestError(f"{cls.title} learning needs a dataset.")
        if options.criterion is not None and options.criterion not in cls.criteria:
            raise _no_criterion(options, cls.criteria)
        shape = tuple(facts.shape)
        maker, opponent = cls.roles
        return (
            Place(maker, (options.latent_size,), math.prod(shape), shape),
            Place(opponent, shape, 1, (1,)),
        )

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        self.generator, self.opponent = material.networks
        self._batches = material.batches()
        self.samples_per_step = self._batches.batch_size
        self._latent_size = material.options.latent_size
        self._generator_updater = Updater(self.generator.parameters(), material.options)
        self._opponent_updater = Updater(
            self.opponent.parameters(), material.options, per_step=self.opponent_updates
        )
        self._learnt = [item for item in self.opponent.parameters() if item.requires_grad]

    @property
    def opponent_updates(self) -> int:
        """Updates of the opponent in a step."""
        return 1

    @abstractmethod
    def judge(self, real: Tensor, made: Tensor) -> dict[str, float]:
        """Return scores of the opponent on validation samples."""

    def _make(self, count: int) -> Tensor:
        """Return fresh samples of the generator, shape (count, …)."""
        codes = torch.randn(count, self._latent_size, device=self.material.device)
        made: Tensor = self.generator(codes)
        return made

    def _make_always_the_same(self, count: int) -> Tensor:
        """Return samples of codes that only the seed decides; for looking, not for learning."""
        codes = draw_codes(count, self._latent_size, self.material.options.seed)
        made: Tensor = self.generator(codes.to(self.material.device))
        return made

    def validate(self) -> dict[str, float] | None:
        """Return the energy distance as ``validation_loss``, and the opponent's scores."""
        rows = self.material.validation
        if rows is None or len(rows) < 2:
            return None
        count = min(len(rows), VALIDATED)
        spread = torch.arange(count, device=rows.device) * len(rows) // count
        with evaluating(self.networks), torch.inference_mode():
            real, _ = self.material.samples().gather(rows[spread])
            made = self._make_always_the_same(count)
            distance = float(energy_distance(real, made))
            return {"validation_loss": distance, **self.judge(real, made)}

    def summary(self) -> dict[str, Any]:
        """Return made samples."""
        with evaluating(self.networks), torch.inference_mode():
            return {"samples": samples_record(self._make_always_the_same(SHOWN_SAMPLES))}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both optimisers and of the sampling."""
        return {
            "generator": self._generator_updater.state_dict(),
            "opponent": self._opponent_updater.state_dict(),
            "batches": self._batches.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._generator_updater.load_state_dict(state["generator"])
        self._opponent_updater.load_state_dict(state["opponent"])
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

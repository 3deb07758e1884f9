"""The base class of adapters: one change of batches on their way to a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, OptionError

Batch = tuple[Tensor, Tensor]
"""Inputs and targets."""


class Adapter(Protocol):
    """One change. It works on whole batches, on the device where they are."""

    is_random: bool
    """Whether it draws random numbers while training."""

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return the facts of samples after the change.

        Raises
        ------
        OptionError
            If such samples cannot be changed so.
        """
        ...

    def __call__(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator | None, training: bool
    ) -> Batch:
        """Return a changed batch.

        Parameters
        ----------
        inputs, targets : Tensor, shape (B, …)
            As `Dataset.gather` returns them; they are not written to.
        generator : Generator or None
            Draws what is random, on its own device.
        training : bool
            Whether random changes take place.
        """
        ...


def refused(option: str, reason: str) -> OptionError:
    """Return the error that an option does not go with the samples.

    Parameters
    ----------
    option : str
        Name of the option.
    reason : str
        Why it does not go with them, as part of a sentence.
    """
    message = f"{option} {reason}"
    return OptionError.from_fields([FieldError(field=option, message=message)])


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as ``3×32×32``."""
    return "×".join(str(side) for side in shape) or "1"

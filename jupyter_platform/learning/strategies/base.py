"""What a strategy is: how it sets up, what one step does, what it reports."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor, nn


class Strategy(Protocol):
    """One way to learn. The loop calls `step`; callbacks call the rest."""

    network: nn.Module
    samples_per_step: int

    def step(self) -> Tensor:
        """Update the weights once; return the loss, detached, without waiting for it."""

    def validate(self) -> dict[str, float] | None:
        """Return scores on the validation set, ``validation_loss`` first; None without one."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the weights that the next step depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""

"""Supervised learning of a feed-forward network, one batch a step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.strategies.criteria import Loss
from jupyter_platform.learning.strategies.sampling import Batches

_VALIDATION_BATCH = 1024


class FeedForward:
    """Gradient descent on the mean loss of a batch.

    Parameters
    ----------
    network : Module
        In training mode, on the device of the samples.
    loss : callable
        Mean loss of a batch.
    batches : Batches
        Training samples.
    validation : tuple of Tensor or None
        Inputs and targets to validate on.
    options : LearnOptions
        Optimiser and its step size.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        batches: Batches,
        validation: tuple[Tensor, Tensor] | None,
        options: LearnOptions,
    ) -> None:
        self.network = network
        self.samples_per_step = batches.batch_size
        self._loss = loss
        self._batches = batches
        self._validation = validation
        self._optimizer = make_optimizer(network, options)

    def step(self) -> Tensor:
        """Update the weights once; return the loss of the batch before the update."""
        inputs, targets = next(self._batches)
        self._optimizer.zero_grad()
        loss = self._loss(self.network(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach()

    def validate(self) -> dict[str, float] | None:
        """Return ``validation_loss`` and, of classifiers, ``validation_accuracy`` (a fraction)."""
        if self._validation is None:
            return None
        inputs, targets = self._validation
        self.network.eval()
        with torch.inference_mode():
            loss, right = 0.0, 0
            for x, y in zip(
                torch.split(inputs, _VALIDATION_BATCH),
                torch.split(targets, _VALIDATION_BATCH),
                strict=True,
            ):
                outputs = self.network(x)
                loss += float(self._loss(outputs, y)) * len(x)
                if not y.is_floating_point():
                    right += int((outputs.argmax(1) == y).sum())
        self.network.train()
        scores = {"validation_loss": loss / len(inputs)}
        if not targets.is_floating_point():
            scores["validation_accuracy"] = right / len(inputs)
        return scores

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimiser and of the sampling."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "batches": self._batches.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._batches.load_state_dict(state["batches"])


def make_optimizer(network: nn.Module, options: LearnOptions) -> torch.optim.Optimizer:
    """Return torch's optimiser for the method asked for."""
    parameters = [item for item in network.parameters() if item.requires_grad]
    rate = options.effective_learning_rate
    if options.method == "SGD":
        return torch.optim.SGD(parameters, lr=rate, momentum=options.momentum)
    return torch.optim.Adam(parameters, lr=rate)

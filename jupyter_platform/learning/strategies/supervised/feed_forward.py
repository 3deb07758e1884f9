"""Supervised learning of a feed-forward network, one batch a step."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature, Strategy
from jupyter_platform.learning.strategies.criteria import (
    Loss,
    choose_criterion,
    make_loss,
    predicted_classes,
    told_targets,
    wanted_shape,
)


class FeedForward(Strategy):
    """Gradient descent on the mean loss of a batch.

    D. Rumelhart, G. Hinton and R. Williams, "Learning representations by back-propagating errors",
    Nature 323, 1986, in batches: ``W ← W - η ∇_W (1/B Σ_b L(f(x_b; W), t_b))``, with the
    optimiser of the options in the place of the plain step and L one of the `CRITERIA`.
    DIANNE: `FeedForwardLearningStrategy`.
    """

    title = "Feed-forward"

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """One network from a sample to one number for each class or target."""
        if facts is None:
            raise InvalidRequestError("Feed-forward learning needs a dataset.")
        shape = wanted_shape(choose_criterion(options.criterion, facts.task), facts)
        outputs = shape[0] if facts.task == "classification" else math.prod(shape)
        return (NetworkSignature("network", tuple(facts.shape), outputs, shape),)

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        self._network = context.networks[0]
        self._batches = context.batches()
        self.samples_per_step = self._batches.batch_size
        assert context.facts is not None, "signatures() asks for a dataset"
        self._criterion = choose_criterion(context.options.criterion, context.facts.task)
        self._loss = self._make_loss()
        self._updater = Updater(self._network.parameters(), context.options)

    def _make_loss(self) -> Loss:
        context = self.context
        inputs, targets = context.samples().gather(
            context.training_rows()[: context.options.batch_size]
        )
        self._network.eval()
        with torch.no_grad():
            outputs = self._network(inputs)
        self._network.train()
        delta = context.options.huber_delta
        return make_loss(self._criterion, outputs, targets, context.names[0], delta)

    def step(self) -> Tensor:
        """Update the weights once; return the loss of the batch before the update."""
        inputs, targets = next(self._batches)
        loss = self._loss(self._network(inputs), targets)
        self._updater.update(loss)
        return loss.detach()

    def validate(self) -> dict[str, float] | None:
        """Return ``validation_loss`` and, of classifiers, ``validation_accuracy`` (a fraction)."""
        loss, right, count = 0.0, 0, 0
        classifies = False
        self._network.eval()
        with torch.inference_mode():
            for inputs, targets in self.context.validation_batches():
                outputs = self._network(inputs)
                told = told_targets(targets)
                loss += float(self._loss(outputs, targets)) * told
                count += told
                classifies = not targets.is_floating_point()
                if classifies:
                    predicted = predicted_classes(outputs, self._criterion)
                    right += int((predicted == targets).sum())
        self._network.train()
        if not count:
            return None
        scores = {"validation_loss": loss / count}
        return scores | {"validation_accuracy": right / count} if classifies else scores

    def summary(self) -> dict[str, Any]:
        """Return the criterion, which the data decide where none is given."""
        return {"criterion": self._criterion}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimiser and of the sampling."""
        return {"optimizer": self._updater.state_dict(), "batches": self._batches.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._updater.load_state_dict(state["optimizer"])
        self._batches.load_state_dict(state["batches"])

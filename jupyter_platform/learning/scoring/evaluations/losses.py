"""Evaluations that compare outputs with targets by a loss."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.scoring import scores
from jupyter_platform.learning.scoring.evaluations.base import (
    Columns,
    Evaluation,
    Subject,
    signature_of,
)
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.criteria import (
    Loss,
    choose_criterion,
    make_loss,
    told_targets,
    wanted_shape,
)

PAIRS = 1000
"""Samples whose true and predicted number are in the result of a regression."""
_PROBE = 256
"""Samples from which a loss is told what the outputs are."""


class Criterion(Evaluation):
    """The mean of a criterion over all samples (DIANNE: `CriterionEvaluationStrategy`)."""

    @classmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """One network from a sample to what the criterion compares with the target."""
        choose_criterion(options.criterion, facts.task)
        return (signature_of(options, facts, facts.outputs, None),)

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._criterion = choose_criterion(self.options.criterion, subject.facts.task)
        self._loss: Loss | None = None

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep the mean loss of the batch, for each of its samples."""
        told = self.usable(outputs)
        if not told.any():  # and nothing tells what the loss is to take them for
            none = torch.full((len(inputs),), torch.nan, dtype=torch.float64)
            return {"loss": none, "told": none}
        if self._loss is None:
            self._loss = make_loss(
                self._criterion, outputs[told], targets[told], self.subject.names[0]
            )
        share = told_targets(targets) / len(targets)  # ignored pixels have no part in the mean
        loss = self._loss(outputs, targets).double() * share
        told_of_each = torch.full((len(inputs),), share, dtype=torch.float64)
        return {"loss": loss.expand(len(inputs)), "told": told_of_each.to(loss.device)}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the mean over all samples."""
        loss = float(columns["loss"].sum() / columns["told"].sum())
        return {
            "loss": loss,
            "criterion": self._criterion,
            "headline": {"name": "loss", "value": loss},
        }


class Regression(Evaluation):
    """Errors of predicted numbers."""

    @classmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """One network from a sample to as many numbers as its target has."""
        require_numbers(facts)
        criterion = choose_criterion(options.criterion, facts.task)
        return (signature_of(options, facts, facts.outputs, wanted_shape(criterion, facts)),)

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._criterion = choose_criterion(self.options.criterion, subject.facts.task)

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep the outputs: R² and the median need them whole."""
        return {"outputs": outputs, "targets": targets}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the errors; see `scores.regression_scores`."""
        outputs, targets = columns["outputs"], columns["targets"]
        loss = total_loss(self._criterion, outputs, targets, self.subject.names[0])
        given = predicted_numbers(self._criterion, outputs)
        found = scores.regression_scores(given.flatten(1), targets.flatten(1))
        return {
            **found,
            **_pairs(given.flatten(1), targets.flatten(1)),
            "loss": loss,
            "criterion": self._criterion,
            "headline": {"name": "R²", "value": found["r2"]},
        }

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return the true numbers and the predicted ones."""
        return super().judgement(predicted_numbers(self._criterion, outputs[None])[0], target)


def _pairs(given: Tensor, targets: Tensor) -> dict[str, Any]:
    """Return true and predicted number of some samples, where each has one, for a plot."""
    if targets.shape[1] != 1:
        return {}
    chosen = scores.spread(len(targets), PAIRS)
    rows = torch.cat([targets, given], 1)[chosen].tolist()
    return {
        "pairs": [
            [float(f"{number:.6g}") for number in row]
            for row in rows
            if all(map(math.isfinite, row))
        ]
    }


def predicted_numbers(criterion: str, outputs: Tensor) -> Tensor:
    """Return the predicted numbers: the means, where there are standard deviations beside.

    Parameters
    ----------
    criterion : str
        Criterion that the network learns by.
    outputs : Tensor, shape (n, …)
        Outputs of the network.
    """
    if criterion == "GAU":
        return outputs.chunk(2, 1)[0]
    return outputs.sigmoid() if criterion == "BCE_LOGITS" else outputs


def total_loss(criterion: str, outputs: Tensor, targets: Tensor, network: str) -> float:
    """Return the mean loss of all samples, in float64.

    Parameters
    ----------
    criterion : str
        One of `CRITERIA`.
    outputs, targets : Tensor, shape (n, …)
        Of all samples.
    network : str
        Name, for errors.

    Raises
    ------
    InvalidDataError
        If the criterion cannot take these outputs.
    """
    told = (outputs < torch.inf).flatten(1).all(1).nonzero()[:_PROBE, 0]
    if not len(told):
        return math.nan
    loss = make_loss(criterion, outputs[told], targets[told], network)
    values = targets.double() if targets.is_floating_point() else targets
    with torch.inference_mode():
        return float(loss(outputs.double(), values))


def require_numbers(facts: DatasetFacts) -> None:
    """Refuse a dataset whose targets are classes.

    Raises
    ------
    InvalidDataError
        Naming what fits.
    """
    if facts.task == "regression":
        return
    message = (
        "strategy = regression wants numbers as targets; the dataset has classes, which "
        "classification takes."
    )
    field = FieldError(
        field="strategy", value="regression", message=message, accepted="classification"
    )
    raise InvalidDataError(message, errors=[field])

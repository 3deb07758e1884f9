"""Losses, and what they take a network's outputs for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.errors import FieldError, InvalidDataError, OptionError

Task = Literal["classification", "regression"]
Outputs = Literal["log-probabilities", "probabilities", "scores", "numbers"]
Loss = Callable[[Tensor, Tensor], Tensor]

EPSILON = 1e-12
"""Smallest probability that a logarithm is taken of."""
_TOLERANCE = 1e-3

DEFAULT_CRITERIA: dict[Task, str] = {"classification": "NLL", "regression": "MSE"}
CRITERIA: dict[Task, tuple[str, ...]] = {
    "classification": ("NLL", "CE"),
    "regression": ("MSE",),
}
"""Criteria that fit each task."""


def choose_criterion(name: str | None, task: Task) -> str:
    """Return the criterion asked for, or the default of the task.

    Raises
    ------
    OptionError
        If the criterion is not one for this task.
    """
    if name is None:
        return DEFAULT_CRITERIA[task]
    if name not in CRITERIA[task]:
        accepted = " or ".join(CRITERIA[task])
        wants = "numbers" if name == "MSE" else "classes"
        message = (
            f"criterion = {name} wants {wants} as targets; the dataset is for {task}, which "
            f"takes {accepted}."
        )
        field = FieldError(field="criterion", value=name, message=message, accepted=accepted)
        raise OptionError.from_fields([field])
    return name


def classify_outputs(outputs: Tensor) -> Outputs:
    """Tell what a classifier's outputs are from those of one batch.

    Rows whose exponentials sum to 1 are log-probabilities, non-negative rows that sum to 1 are
    probabilities, anything else is raw scores.

    Parameters
    ----------
    outputs : Tensor, shape (B, C)
    """
    values = outputs.detach().double()
    ones = torch.ones(len(values), dtype=torch.float64, device=values.device)
    if torch.allclose(values.exp().sum(1), ones, atol=_TOLERANCE) and bool((values <= 0).all()):
        return "log-probabilities"
    if torch.allclose(values.sum(1), ones, atol=_TOLERANCE) and bool((values >= 0).all()):
        return "probabilities"
    return "scores"


def make_loss(criterion: str, outputs: Tensor, targets: Tensor, network: str) -> Loss:
    """Return the loss for a network, having seen its outputs for one batch.

    Parameters
    ----------
    criterion : str
        ``"NLL"``, ``"CE"`` or ``"MSE"``; each is the mean over the batch.
    outputs, targets : Tensor
        Of one batch.
    network : str
        Name, for errors.

    Raises
    ------
    InvalidDataError
        If the shapes do not fit, or NLL finds raw scores.
    """
    if criterion == "MSE":
        if outputs.shape != targets.shape:
            raise InvalidDataError(
                f"Network {network!r} gives shape {tuple(outputs.shape[1:])} for a sample; MSE "
                f"compares it to targets of shape {tuple(targets.shape[1:])}, which must be equal."
            )
        return functional.mse_loss
    if outputs.ndim != 2:
        raise InvalidDataError(
            f"Network {network!r} gives shape {tuple(outputs.shape[1:])} for a sample; "
            f"{criterion} wants one number for each class."
        )
    if criterion == "CE":
        return functional.cross_entropy
    kind = classify_outputs(outputs)
    if kind == "scores":
        raise InvalidDataError(
            f"Network {network!r} gives raw scores (neither log-probabilities nor probabilities); "
            "NLL cannot take them. Use criterion CE, or end the network with LogSoftmax."
        )
    return functional.nll_loss if kind == "log-probabilities" else nll_of_probabilities


def nll_of_probabilities(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the negative log-likelihood of classes given probabilities, mean over the batch."""
    return functional.nll_loss(outputs.clamp_min(EPSILON).log(), targets)


def class_probabilities(outputs: Tensor, criterion: str) -> Tensor:
    """Return probabilities for a batch of outputs, float64, shape (B, C)."""
    values = outputs.double()
    kind = "scores" if criterion == "CE" else classify_outputs(values)
    if kind == "probabilities":
        return values
    return values.softmax(1) if kind == "scores" else values.exp()

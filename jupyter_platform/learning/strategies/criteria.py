"""Criteria: losses of a network's outputs against targets."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError, OptionError
from jupyter_platform.learning.data.pictures.mask_values import IGNORED

Task = Literal["classification", "regression"]
Outputs = Literal["log-probabilities", "probabilities", "scores", "numbers"]
Loss = Callable[[Tensor, Tensor], Tensor]

EPSILON = 1e-12
"""Smallest probability that a logarithm is taken of."""
MIN_STD = 1e-6
"""Smallest standard deviation that is divided by."""
_TOLERANCE = 1e-3

DEFAULT_CRITERIA: dict[Task, str] = {"classification": "NLL", "regression": "MSE"}
CRITERIA: dict[Task, tuple[str, ...]] = {
    "classification": ("NLL", "CE", "BCE", "BCE_LOGITS"),
    "regression": ("MSE", "ABS", "HUB", "SMOOTH_L1", "BCE", "BCE_LOGITS", "GAU", "GKL"),
}
"""Criteria that fit each task."""
BINARY = ("BCE", "BCE_LOGITS")
"""Criteria that tell two classes by one output: the probability, or the score, of the second."""


def choose_criterion(name: str | None, task: Task) -> str:
    """Return the criterion asked for, or the default of the task.

    Parameters
    ----------
    name : str or None
        One of `CRITERIA`; None for the default.
    task : str
        classification or regression.

    Raises
    ------
    OptionError
        If the criterion is not one for this task.
    """
    if name is None:
        return DEFAULT_CRITERIA[task]
    fitting = CRITERIA[task]
    if name not in fitting:
        accepted = f"{', '.join(fitting[:-1])} or {fitting[-1]}"
        wants = "classes" if name in CRITERIA["classification"] else "numbers"
        message = (
            f"criterion = {name} wants {wants} as targets; the dataset is for {task}, which "
            f"takes {accepted}."
        )
        field = FieldError(field="criterion", value=name, message=message, accepted=accepted)
        raise OptionError.from_fields([field])
    return name


def wanted_shape(criterion: str, facts: DatasetFacts) -> tuple[int, ...]:
    """Return the shape that a network must give for a sample.

    One number for each class, or for each number to learn; one for two classes where the criterion
    is a binary one; a mean and a standard deviation for each number with GAU. Of classes of pixels
    so many for each pixel: (C, H, W).

    Parameters
    ----------
    criterion : str
        Name of the criterion.
    facts : DatasetFacts
        What is known of the dataset.
    """
    if facts.task == "classification":
        count = 1 if criterion in BINARY and facts.outputs == 2 else facts.outputs
        return (count, *facts.target_shape)
    shape = tuple(facts.target_shape) or (facts.outputs,)
    return (2 * shape[0], *shape[1:]) if criterion == "GAU" else shape


def classify_outputs(outputs: Tensor) -> Outputs:
    """Tell what a classifier's outputs are from those of one batch.

    Rows whose exponentials sum to 1 are log-probabilities, non-negative rows that sum to 1 are
    probabilities, anything else is raw scores.

    Parameters
    ----------
    outputs : Tensor, shape (B, C, …)
    """
    logarithms, shares = kinds_by_row(outputs)
    if bool(logarithms.all()):
        return "log-probabilities"
    return "probabilities" if bool(shares.all()) else "scores"


def kinds_by_row(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """Tell what each row of a classifier's outputs is; see `classify_outputs`.

    Parameters
    ----------
    outputs : Tensor, shape (B, C, …)

    Returns
    -------
    logarithms, shares : Tensor, bool, shape (B, …)
        Rows that are log-probabilities, and rows that are probabilities.
    """
    values = outputs.detach().double()
    ones = torch.ones_like(values[:, 0])
    logarithms = torch.isclose(values.exp().sum(1), ones, atol=_TOLERANCE) & (values <= 0).all(1)
    shares = torch.isclose(values.sum(1), ones, atol=_TOLERANCE) & (values >= 0).all(1)
    return logarithms, shares


def make_loss(
    criterion: str, outputs: Tensor, targets: Tensor, network: str, delta: float = 1.0
) -> Loss:
    """Return the loss for a network, having seen its outputs for one batch.

    Parameters
    ----------
    criterion : str
        One of `CRITERIA`; each is the mean over all numbers, or samples, of the batch. With outputs
        o, targets t (c a class), ``e = o - t``:

        * NLL: ``-log p_c``, p the probabilities that o are, or whose logarithms they are, in nats;
        * CE: ``-log softmax(o)_c``, in nats;
        * BCE: ``-t log o - (1 - t) log(1 - o)``, in nats; BCE_LOGITS: the same of ``sigmoid(o)``;
        * MSE: ``e²``; ABS: ``|e|``;
        * HUB: ``e²/2`` where ``|e| ≤ δ``, else ``δ (|e| - δ/2)`` (P. Huber, "Robust Estimation of a
          Location Parameter", 1964);
        * SMOOTH_L1: ``e²/(2δ)`` where ``|e| < δ``, else ``|e| - δ/2`` (R. Girshick, "Fast R-CNN",
          2015, arXiv:1504.08083, equation 3, where δ is 1);
        * GAU: see `gaussian_nll`; GKL: see `gaussian_divergence`.
    outputs, targets : Tensor
        Of one batch, shape (B, …).
    network : str
        Name, for errors.
    delta : float
        δ: absolute error from which HUB and SMOOTH_L1 are linear.

    Raises
    ------
    InvalidDataError
        If the shapes do not fit, NLL finds raw scores, or outputs or targets are no probabilities
        or standard deviations where the criterion takes them for such.
    """
    if criterion in ("NLL", "CE"):
        return _loss_of_classes(criterion, outputs, targets, network)
    if not targets.is_floating_point():
        loss = _loss_of_numbers(criterion, delta)
        _check_binary(criterion, outputs, None, network)
        return _one_hot(loss, outputs, targets, network)
    if criterion == "GAU":
        _check_gaussian(outputs, targets, network, halves=2)
    elif outputs.shape != targets.shape:
        raise InvalidDataError(
            f"Network {network!r} gives shape {tuple(outputs.shape[1:])} for a sample; {criterion} "
            f"compares it to targets of shape {tuple(targets.shape[1:])}, which must be equal."
        )
    if criterion == "GKL":
        _check_gaussian(outputs, targets, network, halves=1)
    if criterion in BINARY:
        _check_binary(criterion, outputs, targets, network)
    return _loss_of_numbers(criterion, delta)


def _loss_of_classes(criterion: str, outputs: Tensor, targets: Tensor, network: str) -> Loss:
    if not _of_classes(outputs, targets):
        of_what = " of each pixel" if targets.ndim > 1 else ""
        raise InvalidDataError(
            f"Network {network!r} gives shape {tuple(outputs.shape[1:])} for a sample; "
            f"{criterion} wants one number for each class{of_what}."
        )
    loss = _class_loss(criterion, outputs, network)
    return loss if targets.ndim == 1 else partial(_mean_of_pixels, loss)


def _of_classes(outputs: Tensor, targets: Tensor) -> bool:
    """Return whether outputs have an axis of classes, and else the shape of the targets."""
    return outputs.ndim == targets.ndim + 1 and outputs.shape[2:] == targets.shape[1:]


def _mean_of_pixels(loss: Callable[..., Tensor], outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss of all pixels that are not ignored; 0 where there are none."""
    known = (targets != IGNORED).sum()
    return loss(outputs, targets, ignore_index=IGNORED, reduction="sum") / known.clamp_min(1)


def _class_loss(criterion: str, outputs: Tensor, network: str) -> Callable[..., Tensor]:
    if criterion == "CE":
        return functional.cross_entropy
    kind = classify_outputs(outputs)
    if kind == "scores":
        raise InvalidDataError(
            f"Network {network!r} gives raw scores (neither log-probabilities nor probabilities); "
            "NLL cannot take them. Use criterion CE, or end the network with LogSoftmax."
        )
    return functional.nll_loss if kind == "log-probabilities" else nll_of_probabilities


def _loss_of_numbers(criterion: str, delta: float) -> Loss:
    losses: dict[str, Loss] = {
        "MSE": functional.mse_loss,
        "ABS": functional.l1_loss,
        "HUB": partial(functional.huber_loss, delta=delta),
        "SMOOTH_L1": partial(functional.smooth_l1_loss, beta=delta),
        "BCE": functional.binary_cross_entropy,
        "BCE_LOGITS": functional.binary_cross_entropy_with_logits,
        "GAU": gaussian_nll,
        "GKL": gaussian_divergence,
    }
    return losses[criterion]


def _one_hot(loss: Loss, outputs: Tensor, targets: Tensor, network: str) -> Loss:
    """Return a loss of classes: 1 for the class of a sample, or pixel, and 0 for the others."""
    if not _of_classes(outputs, targets):
        raise InvalidDataError(
            f"Network {network!r} gives shape {tuple(outputs.shape[1:])} for a sample; one number, "
            "or one for each class, is wanted."
        )

    def of_classes(given: Tensor, classes: Tensor) -> Tensor:
        known = classes.clamp_min(0)
        count = given.shape[1]
        wanted = known[:, None] if count == 1 else _one_hot_of(known, count)
        if classes.ndim == 1:
            return loss(given, wanted.to(given.dtype))
        told = (classes != IGNORED)[:, None].expand_as(given)
        if not bool(told.any()):
            return given.sum() * 0
        return loss(given[told], wanted.to(given.dtype)[told])

    return of_classes


def _one_hot_of(classes: Tensor, count: int) -> Tensor:
    """Return classes as 0 and 1, shape (B, count, …)."""
    return functional.one_hot(classes, count).movedim(-1, 1)


def _check_binary(criterion: str, outputs: Tensor, targets: Tensor | None, network: str) -> None:
    if targets is not None and not _within_one(targets):
        raise InvalidDataError(
            f"criterion = {criterion} wants targets from 0 to 1; the dataset has others."
        )
    if criterion == "BCE" and not _within_one(outputs):
        raise InvalidDataError(
            f"Network {network!r} gives numbers beyond 0 to 1, which BCE takes for probabilities. "
            "Use criterion BCE_LOGITS, or end the network with Sigmoid."
        )


def _within_one(values: Tensor) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())


def _check_gaussian(outputs: Tensor, targets: Tensor, network: str, *, halves: int) -> None:
    given = tuple(outputs.shape[1:])
    wanted = (halves * targets.shape[1], *targets.shape[2:])
    if given != wanted or outputs.shape[1] % 2:
        raise InvalidDataError(
            f"Network {network!r} gives shape {given} for a sample; means and standard deviations, "
            f"shape {wanted}, are wanted."
        )
    if not bool((outputs.chunk(2, 1)[1] > 0).all()):
        raise InvalidDataError(
            f"Network {network!r} gives standard deviations that are not above 0. End it with "
            "MultivariateGaussian."
        )


def _moments(values: Tensor) -> tuple[Tensor, Tensor]:
    mean, std = values.chunk(2, 1)
    return mean, std.clamp_min(MIN_STD)


def gaussian_nll(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the negative log-likelihood of numbers under normal distributions, mean over them.

    ``ln σ + (t - μ)² / (2 σ²) + ln(2π) / 2``, in nats (D. Nix and A. Weigend, "Estimating the mean
    and variance of the target probability distribution", 1994).

    Parameters
    ----------
    outputs : Tensor, shape (B, 2n, …)
        Means μ, then standard deviations σ, along axis 1.
    targets : Tensor, shape (B, n, …)
    """
    mean, std = _moments(outputs)
    distance = (targets - mean) / std
    return (std.log() + distance.square() / 2).mean() + math.log(2 * math.pi) / 2


def gaussian_divergence(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the KL divergence of ``[mean | stdev]`` from that of the targets, mean over numbers.

    KL(outputs ‖ targets) of independent normal distributions, in nats (S. Kullback and R. Leibler,
    "On Information and Sufficiency", 1951):
    ``ln(σ₂/σ₁) + (σ₁² + (μ₁ - μ₂)²) / (2 σ₂²) - 1/2``; 1 are the outputs, 2 the targets.

    Parameters
    ----------
    outputs, targets : Tensor, shape (B, 2n, …)
        Means, then standard deviations, along axis 1.
    """
    mean, std = _moments(outputs)
    other_mean, other_std = _moments(targets)
    squares = std.square() + (mean - other_mean).square()
    return ((other_std / std).log() + squares / (2 * other_std.square()) - 0.5).mean()


def nll_of_probabilities(outputs: Tensor, targets: Tensor, **how: Any) -> Tensor:
    """Return the negative log-likelihood of classes given probabilities.

    The mean over the batch, unless ``how`` says otherwise: the keywords of torch's ``nll_loss``.

    Parameters
    ----------
    outputs : Tensor, shape (B, C, …)
        Probabilities; those below 1e-12 count as 1e-12.
    targets : Tensor, int64, shape (B, …)
        Classes.
    """
    return functional.nll_loss(outputs.clamp_min(EPSILON).log(), targets, **how)


def class_probabilities(outputs: Tensor, criterion: str) -> Tensor:
    """Return probabilities for a batch of outputs, float64, shape (B, C, …).

    One output is taken for the probability, or the score, of the second of two classes. With more
    of them and a binary criterion each is for a class of its own, and they need not add up to 1.

    Parameters
    ----------
    outputs : Tensor, shape (B, C, …) or (B, 1, …)
        Outputs of a network.
    criterion : str
        Criterion that the network learns by.
    """
    values = outputs.double()
    if criterion in BINARY:
        values = values.sigmoid() if criterion == "BCE_LOGITS" else values
        return torch.cat([1 - values, values], 1) if values.shape[1] == 1 else values
    kind = "scores" if criterion == "CE" else classify_outputs(values)
    if kind == "probabilities":
        return values
    return values.softmax(1) if kind == "scores" else values.exp()


def predicted_classes(outputs: Tensor, criterion: str) -> Tensor:
    """Return the most likely class of each sample, or pixel, int64, shape (B, …).

    Parameters
    ----------
    outputs : Tensor, shape (B, C, …) or (B, 1, …)
        Outputs of a network.
    criterion : str
        Criterion that the network learns by.
    """
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > (0.0 if criterion == "BCE_LOGITS" else 0.5)).long()
    return outputs.argmax(1)


def told_targets(targets: Tensor) -> int:
    """Return how many targets of a batch a mean loss is over: samples, or pixels not ignored."""
    if targets.is_floating_point() or targets.ndim == 1:
        return len(targets)
    return int((targets != IGNORED).sum())

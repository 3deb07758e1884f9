"""The outputs of a trained network, and what they tell of classes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.predictions import MAX_VALUES
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.networks import shape_text
from jupyter_platform.learning.strategies.criteria import (
    class_probabilities,
    classify_outputs,
    kinds_by_row,
)


def forward(
    network: nn.Module, inputs: Tensor, shape: tuple[int, ...] | None, name: str
) -> tuple[Tensor, float]:
    """Return what a network gives, and the seconds it took.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    inputs : Tensor, shape (B, *shape)
        Samples as the network gets them.
    shape : tuple of int or None
        Shape that its weights were learnt on; None where nobody tells.
    name : str
        What an error calls it.

    Raises
    ------
    InvalidRequestError
        If the network cannot take the samples, or gives too many numbers.
    """
    try:
        with torch.inference_mode():
            began = time.perf_counter()
            outputs = network(inputs)
            elapsed = time.perf_counter() - began
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        told = "" if shape is None else f"; its weights were learnt on shape {shape_text(shape)}"
        raise InvalidRequestError(
            f"Network {name!r} cannot take samples of shape {shape_text(inputs.shape[1:])}{told}. "
            f"({error})"
        ) from error
    if outputs.numel() > MAX_VALUES:
        raise InvalidRequestError(
            f"Network {name!r} gives {outputs.numel():,} numbers for {len(inputs)} samples; at "
            f"most {MAX_VALUES:,} are answered. Ask for fewer samples."
        )
    return outputs.float(), elapsed


def check_finite(outputs: Tensor, name: str) -> None:
    """Refuse to tell a class, or a number, from outputs that are none.

    Minus infinity is one: the logarithm of probability 0.

    Parameters
    ----------
    outputs : Tensor
        Of shape (B, …).
    name : str
        Name of the network.

    Raises
    ------
    InvalidRequestError
        Naming the first sample whose outputs are not finite.
    """
    wrong = ((outputs == torch.inf) | outputs.isnan()).reshape(len(outputs), -1).any(1)
    if wrong.any():
        raise InvalidRequestError(
            f"Network {name!r} gives NaN or infinity for {int(wrong.sum())} of "
            f"{format_count(len(outputs), 'sample')}, first for number {int(wrong.int().argmax())} "
            "of those asked for; nothing can be told from that."
        )


def probabilities_of(
    outputs: Tensor, task: str | None, classes: Sequence[str] | None
) -> Tensor | None:
    """Return class probabilities, shape (B, classes), where the network tells classes apart.

    Parameters
    ----------
    outputs : Tensor
        What the network gave, shape (B, …).
    task : str or None
        ``classification`` or ``regression``; None where that is not known.
    classes : sequence of str or None
        Names of classes; None where there are none.
    """
    if outputs.ndim != 2 or task == "regression":
        return None
    if outputs.shape[1] == 1:
        if classes is None or len(classes) != 2:
            return None
        single = outputs[:, 0].double()
        second = single if bool(((single >= 0) & (single <= 1)).all()) else single.sigmoid()
        return torch.stack((1 - second, second), 1)
    if task is None and classify_outputs(outputs) == "scores":
        return None
    return class_probabilities(outputs, "NLL")


def probabilities_by_row(
    outputs: Tensor, task: str | None, classes: Sequence[str] | None
) -> Tensor | None:
    """Return class probabilities that follow from each row alone, whatever else is in the batch.

    Parameters
    ----------
    outputs : Tensor, shape (B, C)
    task : str or None
        Task of the network, where that is known.
    classes : sequence of str or None
        Names of the classes, where they are known.

    Returns
    -------
    Tensor or None
        Shape (B, classes), float64; NaN in rows that tell no classes. None where none does.
    """
    if outputs.ndim != 2 or task == "regression":
        return None
    values = outputs.double()
    if values.shape[1] == 1:
        if classes is None or len(classes) != 2:
            return None
        second = torch.where((values >= 0) & (values <= 1), values, values.sigmoid())
        return torch.cat((1 - second, second), 1)
    logarithms, shares = kinds_by_row(values)
    scores = values.softmax(1) if task is not None else torch.full_like(values, torch.nan)
    found = torch.where(logarithms[:, None], values.exp(), scores)
    return torch.where((shares & ~logarithms)[:, None], values, found)

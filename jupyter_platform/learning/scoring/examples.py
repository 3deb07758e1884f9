"""Some samples with the predictions of the networks, for people to look at."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from jupyter_platform.learning.scoring.evaluations.base import Evaluation
from jupyter_platform.learning.scoring.passing import Gather

EXAMPLES = 16
MAX_EXAMPLE_VALUES = 4096
"""Values of an input beyond which examples come without it."""


def examples(
    evaluation: Evaluation, gather: Gather, indices: Tensor, rows: Tensor
) -> list[dict[str, Any]]:
    """Return samples with truth and prediction.

    Parameters
    ----------
    indices, rows : Tensor, int64, shape (n,)
        Numbers of the samples for people, and as they are stored.
    """
    inputs, targets = gather(rows)
    with torch.inference_mode():
        outputs = evaluation.forward(inputs).cpu()
    inputs, targets = inputs.cpu(), targets.cpu()
    usable = evaluation.usable(outputs).tolist()
    return [
        {
            "index": int(index),
            "input": _small(value),
            **{
                name: _bounded(item)
                for name, item in judged(evaluation, output, target, ok).items()
            },
        }
        for index, value, output, target, ok in zip(
            indices, inputs, outputs, targets, usable, strict=True
        )
    ]


def judged(evaluation: Evaluation, output: Tensor, target: Tensor, usable: bool) -> dict[str, Any]:
    """Return what was made of a sample: nothing where the outputs are no numbers to judge by.

    Parameters
    ----------
    evaluation : Evaluation
        How outputs are judged.
    output : Tensor
        What the network gave for one sample, shape (…).
    target : Tensor
        What it should have given.
    usable : bool
        Whether the outputs are finite.
    """
    found = evaluation.judgement(torch.zeros_like(output) if not usable else output, target)
    return found if usable else {**found, "prediction": None, "probability": None}


def _small(values: Tensor) -> Any:
    return values.tolist() if values.numel() <= MAX_EXAMPLE_VALUES else None


def _bounded(item: Any) -> Any:
    return _small(item) if isinstance(item, Tensor) else item

"""Scores of predictions, accumulated in float64; equal to those of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

TOP_K = (1, 3, 5)
CLASS_SCORES = ("precision", "recall", "specificity", "f1", "mcc")
"""Scores of one class against all others."""


def classification_scores(outputs: Tensor, targets: Tensor, names: list[str]) -> dict[str, Any]:
    """Score a classifier.

    Parameters
    ----------
    outputs : Tensor, shape (n, C)
        Any score that is higher for a likelier class. A sample whose scores tell no class (see
        `tells_class`) counts as wrong: it stands in no column of the confusion, but in the
        support and among the missed ones (``fn``) of its class.
    targets : Tensor, int64, shape (n,)
        True classes.
    names : list of str
        Name of each of the C classes.

    Returns
    -------
    dict
        ``accuracy``; ``top_k``, for each k that is below C; ``confusion``, counts as
        ``[true][predicted]``; ``per_class``, rows of ``class``, ``support``, the counts ``tp``,
        ``fp``, ``fn``, ``tn`` and `CLASS_SCORES`, 0 where a denominator is 0.
    """
    count = len(names)
    told = tells_class(outputs)
    pairs = targets[told] * count + outputs[told].argmax(1)
    confusion = torch.bincount(pairs, minlength=count * count).reshape(count, count)
    missed = torch.bincount(targets[~told], minlength=count)
    return {
        "accuracy": float(confusion.diagonal().double().sum() / len(targets)),
        "top_k": top_k_accuracy(outputs, targets),
        "confusion": confusion.tolist(),
        "per_class": class_scores(confusion, names, missed),
    }


def tells_class(outputs: Tensor) -> Tensor:
    """Return which rows of scores have a likeliest class, bool, shape (n,).

    Minus infinity, the logarithm of 0, is a score; NaN and infinity are none.
    """
    return (outputs < torch.inf).all(1) & outputs.amax(1).isfinite()


def class_scores(
    confusion: Tensor, names: list[str], missed: Tensor | None = None
) -> list[dict[str, Any]]:
    """Score each class against all others.

    Parameters
    ----------
    confusion : Tensor, int64, shape (C, C)
        Samples by true, then by predicted class.
    missed : Tensor, int64, shape (C,), optional
        Samples of each class for which no class was predicted.

    Returns
    -------
    list of dict
        See `classification_scores`.
    """
    tp = confusion.diagonal().double()
    unpredicted = torch.zeros_like(tp) if missed is None else missed.double()
    fp, fn = confusion.sum(0) - tp, confusion.sum(1) - tp + unpredicted
    tn = confusion.sum() + unpredicted.sum() - tp - fp - fn
    columns = {
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        # Root by root: a product of four counts of a large set would lose digits.
        "mcc": _ratio(
            tp * tn - fp * fn,
            (tp + fp).sqrt() * (tp + fn).sqrt() * (tn + fp).sqrt() * (tn + fn).sqrt(),
        ),
    }
    counts = {"support": tp + fn, "tp": tp, "fp": fp, "fn": fn, "tn": tn}
    return [
        {
            "class": name,
            **{key: float(values[number]) for key, values in columns.items()},
            **{key: int(values[number]) for key, values in counts.items()},
        }
        for number, name in enumerate(names)
    ]


def segmentation_scores(confusion: Tensor, names: list[str]) -> dict[str, Any]:
    """Score classes of pixels.

    Parameters
    ----------
    confusion : Tensor, int64, shape (C, C)
        Pixels by true, then by predicted class.

    Returns
    -------
    dict
        ``accuracy``, None without pixels; ``mean_iou``, over the classes that occur in truth or
        prediction, None where that is one alone: nothing was told apart; ``confusion``;
        ``per_class``, as of `class_scores` and with ``iou``, the intersection over union
        (P. Jaccard, 1912), None where a class does not occur at all.
    """
    met = confusion.diagonal().double()
    union = confusion.sum(0) + confusion.sum(1) - met
    iou = _ratio(met, union)
    occurs = union > 0
    rows = zip(class_scores(confusion, names), iou.tolist(), occurs.tolist(), strict=True)
    return {
        "accuracy": float(met.sum() / confusion.sum()) if confusion.sum() else None,
        "mean_iou": float(iou[occurs].mean()) if int(occurs.sum()) > 1 else None,
        "confusion": confusion.tolist(),
        "per_class": [{**row, "iou": value if occurred else None} for row, value, occurred in rows],
    }


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    safe = torch.where(denominator > 0, denominator, 1.0)
    return torch.where(denominator > 0, numerator / safe, 0.0)


def area_under_curve(likelihood: Tensor, positive: Tensor) -> float | None:
    """Return the area under the ROC curve: how often a positive outranks a negative.

    Parameters
    ----------
    likelihood : Tensor, shape (n,)
        Higher for what is more likely positive; ties count as half.
    positive : Tensor, bool, shape (n,)
        The truth.

    Returns
    -------
    float or None
        None where either kind is missing.
    """
    ones = int(positive.sum())
    zeros = len(positive) - ones
    if ones == 0 or zeros == 0:
        return None
    _, group, counts = torch.unique(likelihood, return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    mean_rank = last - (counts.double() - 1) / 2
    above = mean_rank[group][positive].sum() - ones * (ones + 1) / 2
    return float(above / (ones * zeros))


def top_k_accuracy(outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the share of samples whose true class is among the k likeliest, by k as text.

    Of classes with equal outputs the one with the lower number counts as likelier, as in argmax.

    Parameters
    ----------
    outputs : Tensor, shape (n, C)
        Any score that is higher for a likelier class.
    targets : Tensor, int64, shape (n,)
        True classes.
    """
    true = outputs.gather(1, targets[:, None])
    lower = torch.arange(outputs.shape[1])[None] < targets[:, None]
    rank = ((outputs > true) | ((outputs == true) & lower)).sum(1)
    told = tells_class(outputs)
    return {
        str(k): float(((rank < k) & told).double().mean())
        for k in TOP_K
        if k == 1 or k < outputs.shape[1]
    }


def regression_scores(outputs: Tensor, targets: Tensor) -> dict[str, Any]:
    """Score a regressor over all samples and targets.

    Parameters
    ----------
    outputs, targets : Tensor, shape (n, K)
        Predictions and truth.

    Returns
    -------
    dict
        ``mae``, ``mse``, ``rmse``, ``r2``, ``max_error`` and ``median_ae``. Several targets are
        averaged with equal weight; `r2` is None for fewer than two samples, and of a target
        that never changes 1 where it is met and 0 elsewhere.
    """
    errors = outputs.double() - targets.double()
    mse = errors.square().mean(0)
    return {
        "mae": float(errors.abs().mean()),
        "mse": float(mse.mean()),
        "rmse": float(mse.sqrt().mean()),
        "r2": _r2(errors, targets.double()) if len(targets) > 1 else None,
        "max_error": float(errors.abs().max()),
        "median_ae": float(np.median(errors.abs().numpy(), axis=0).mean()),
    }


def _r2(errors: Tensor, targets: Tensor) -> float:
    residual = errors.square().sum(0)
    total = (targets - targets.mean(0)).square().sum(0)
    constant = torch.where(residual > 0, 0.0, 1.0).double()
    return float(torch.where(total > 0, 1 - residual / total.clamp_min(1e-300), constant).mean())


def spread(size: int, count: int) -> list[int]:
    """Return at most `count` positions spread evenly over `size`.

    Parameters
    ----------
    size : int
        Number of all positions.
    count : int
        Positions wanted.
    """
    count = min(count, size)
    return [number * size // count for number in range(count)]

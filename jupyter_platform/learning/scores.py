"""Scores of predictions, accumulated in float64; equal to those of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

TOP_K = (1, 3, 5)


def classification_scores(outputs: Tensor, targets: Tensor, names: list[str]) -> dict[str, Any]:
    """Score a classifier.

    Parameters
    ----------
    outputs : Tensor, shape (n, C)
        Any score that is higher for a likelier class.
    targets : Tensor, int64, shape (n,)
        True classes.
    names : list of str
        Name of each of the C classes.

    Returns
    -------
    dict
        ``accuracy``; ``top_k``, for each k that is below C; ``confusion``, counts as
        ``[true][predicted]``; ``per_class``, rows of class, precision, recall, f1 and support,
        0 where a denominator is 0.
    """
    count = len(names)
    predicted = outputs.argmax(1)
    confusion = torch.bincount(targets * count + predicted, minlength=count * count)
    confusion = confusion.reshape(count, count)
    hits = confusion.diagonal().double()
    support = confusion.sum(1)
    precision = _ratio(hits, confusion.sum(0).double())
    recall = _ratio(hits, support.double())
    f1 = _ratio(2 * hits, (confusion.sum(0) + support).double())
    return {
        "accuracy": float(hits.sum() / len(targets)),
        "top_k": top_k_accuracy(outputs, targets),
        "confusion": confusion.tolist(),
        "per_class": [
            {"class": name, "precision": p, "recall": r, "f1": f, "support": s}
            for name, p, r, f, s in zip(
                names,
                precision.tolist(),
                recall.tolist(),
                f1.tolist(),
                support.tolist(),
                strict=True,
            )
        ],
    }


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return torch.where(denominator > 0, numerator / denominator.clamp_min(1), 0.0)


def top_k_accuracy(outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the share of samples whose true class is among the k likeliest, by k as text.

    Of classes with equal outputs the one with the lower number counts as likelier, as in argmax.
    """
    true = outputs.gather(1, targets[:, None])
    lower = torch.arange(outputs.shape[1])[None] < targets[:, None]
    rank = ((outputs > true) | ((outputs == true) & lower)).sum(1)
    return {
        str(k): float((rank < k).double().mean()) for k in TOP_K if k == 1 or k < outputs.shape[1]
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

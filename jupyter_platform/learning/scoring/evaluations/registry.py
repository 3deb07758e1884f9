"""Evaluations by name."""

from __future__ import annotations

from importlib import import_module

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidRequestError, unknown_name
from jupyter_platform.core.evaluations import default_evaluation
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.scoring.evaluations.base import Evaluation

_BUILT_IN = {
    "classification": ("classification", "Classification"),
    "binary": ("binary", "Binary"),
    "regression": ("losses", "Regression"),
    "segmentation": ("segmentation", "Segmentation"),
    "criterion": ("losses", "Criterion"),
    "vae": ("generative", "VariationalAutoencoder"),
}
"""Module below this package, and class; imported when it is asked for."""


def evaluation_type(options: EvaluateOptions, facts: DatasetFacts) -> type[Evaluation]:
    """Return the class of the evaluation that is asked for, or that suits the data.

    Parameters
    ----------
    options : EvaluateOptions
        Options of the EVALUATE.
    facts : DatasetFacts
        What is known of the dataset.

    Raises
    ------
    InvalidRequestError
        If there is none of that name.
    """
    name = options.strategy or default_evaluation(facts, options.criterion)
    if name not in _BUILT_IN:
        error = unknown_name("strategy", name, _BUILT_IN)
        raise InvalidRequestError(error.message, errors=[error])
    module, attribute = _BUILT_IN[name]
    found: type[Evaluation] = getattr(import_module(f"{__package__}.{module}"), attribute)
    return found

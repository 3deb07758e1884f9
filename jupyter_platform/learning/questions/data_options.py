"""Options whose value the data decide where none is given."""

from __future__ import annotations

from typing import Any

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.evaluations import default_evaluation
from jupyter_platform.core.options import OPTION_MODELS, EvaluateOptions
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.strategies.criteria import DEFAULT_CRITERIA

_BY_CRITERION = ("feed_forward", "bptt", "regression", "segmentation", "criterion")
"""Strategies whose criterion is that of the task where none is given."""


def used_by_data(job_type: JobType, facts: DatasetFacts, options: dict[str, Any]) -> dict[str, Any]:
    """Return what criterion and strategy are where they follow from the data.

    Parameters
    ----------
    job_type : JobType
        Kind of the job.
    facts : DatasetFacts
        What is known of the dataset.
    options : dict of str to object
        Options of the job by name.
    """
    model = OPTION_MODELS[job_type].model_validate(options)
    used: dict[str, Any] = {}
    strategy = getattr(model, "strategy", None)
    if isinstance(model, EvaluateOptions) and strategy is None:
        strategy = used["strategy"] = default_evaluation(facts, model.criterion)
    if strategy in _BY_CRITERION and getattr(model, "criterion", "") is None:
        used["criterion"] = DEFAULT_CRITERIA[facts.task]
    return used

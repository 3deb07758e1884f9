"""Agents that a learner asks for: they act for it, as a job of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_platform.core.jobs import MAX_NAME_LENGTH, JobSubmission
from jupyter_platform.core.options import ActOptions, LearnOptions, OptionModel
from jupyter_platform.core.states import JobType

_SUFFIX = " agents"
_STRATEGIES = {"ddpg": "gaussian_noise"}
"""How agents choose actions, where that is not greedily."""


def agents_for(
    name: str, networks: Sequence[str], options: OptionModel, pool: str | None
) -> JobSubmission | None:
    """Return the submission of the agents of a job; None where it asks for none.

    They explore as the learner would, fill its pool, and end with it.

    Parameters
    ----------
    name : str
        Name of the learner.
    networks : sequence of str
        Its networks; the first one acts.
    options : OptionModel
        Its options.
    pool : str or None
        The pool that it learns from.
    """
    if not isinstance(options, LearnOptions) or not options.agents or pool is None:
        return None
    strategy = options.action_strategy or _STRATEGIES.get(options.strategy, "greedy")
    acting: dict[str, Any] = {
        "environment": options.environment,
        "pool": pool,
        "until_learnt": True,
        "seed": options.seed,
        "memory_size": options.memory_size,
        "action_strategy": strategy,
    }
    shared = options.model_dump(include=ActOptions.model_fields.keys() - acting.keys())
    exploring = {
        key: value
        for key, value in shared.items()
        if key in _EXPLORING and _goes_with(key, strategy)
    }
    return JobSubmission(
        type=JobType.ACT,
        networks=[networks[0]],
        name=name[: MAX_NAME_LENGTH - len(_SUFFIX)] + _SUFFIX,
        options={**acting, **exploring, "sequence_length": options.sequence_length},
        target_count=options.agents,
    )


_EXPLORING = frozenset(ActOptions.model_fields) & {
    name for name in ActOptions.model_fields if ActOptions.condition(name)
}
"""Options of ACT about choosing actions."""


def _goes_with(name: str, strategy: str) -> bool:
    return strategy in ActOptions.condition(name).get("action_strategy", (strategy,))

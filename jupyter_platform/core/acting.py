"""What the agents of one ACT job came to, each and together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

AGENTS = "agents"
"""Key of the list of what each agent came to, where a job has several."""
_OF_EACH = ("episodes", "actions", "mean_return", "return_stdev", "best", "epoch", "actions_per_s")
"""Parts of an agent's result that may differ from agent to agent."""


def together(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the result of an ACT job from those of its agents.

    Counts are added up, ``mean_return`` and ``return_stdev`` are those of all episodes that the
    agents' own go over (``averaged`` of each), and ``best`` names its agent.

    Parameters
    ----------
    results : sequence of mapping
        By rank, as `jupyter_platform.learning.reinforcement.agent` writes them; at least one.

    Returns
    -------
    dict
        With what each came to under ``agents``; a single result as it is.
    """
    if len(results) == 1:
        return dict(results[0])
    mean, deviation = _spread(results)
    best = max(
        ({**item["best"], "agent": rank} for rank, item in enumerate(results) if item.get("best")),
        key=lambda episode: float(episode["reward"]),
        default=None,
    )
    return {
        **results[0],
        "episodes": _sum(results, "episodes"),
        "actions": _sum(results, "actions"),
        "averaged": _sum(results, "averaged"),
        "mean_return": mean,
        "return_stdev": deviation,
        "best": best,
        "epoch": max(_known(results, "epoch"), default=None),
        "time_s": max(_known(results, "time_s"), default=None),
        "actions_per_s": sum(_known(results, "actions_per_s")) or None,
        AGENTS: [
            {"agent": rank, **{key: item.get(key) for key in _OF_EACH}}
            for rank, item in enumerate(results)
        ],
        "headline": {"name": "mean return", "value": mean},
    }


def _spread(results: Sequence[Mapping[str, Any]]) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of the episodes of all agents."""
    parts = [item for item in results if item.get("averaged")]
    count = _sum(parts, "averaged")
    if not count:
        return None, None
    mean = math.fsum(item["averaged"] * item["mean_return"] for item in parts) / count
    squares = math.fsum(
        item["averaged"] * (item["return_stdev"] ** 2 + (item["mean_return"] - mean) ** 2)
        for item in parts
    )
    return mean, math.sqrt(squares / count)


def _known(results: Sequence[Mapping[str, Any]], key: str) -> list[Any]:
    return [item[key] for item in results if item.get(key) is not None]


def _sum(results: Sequence[Mapping[str, Any]], key: str) -> int:
    return sum(_known(results, key))

"""Which networks can act in which environments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import FieldError, InvalidRequestError, PlatformError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.networks import network_facts
from jupyter_platform.learning.networks.trained import learnt_for
from jupyter_platform.learning.reinforcement.environments import environment_facts
from jupyter_platform.learning.reinforcement.policies import Head, check_action_strategy, head_of

_HISTORY = 16
_ROLES = {
    "q": "values each of a few actions",
    "actor": "gives numbers as actions",
    "actor-critic": "acts in any environment",
    "critic": "judges actions",
}


@dataclass(frozen=True)
class Fit:
    """How a network is built to act in an environment."""

    input_shape: tuple[int, ...]
    outputs: int
    head: Head
    history: int
    """Observations that it looks back on; 0: at the present one alone."""


def fit(
    description: NetworkDescription,
    facts: EnvironmentFacts,
    sequence_length: int,
    weights: Path | None = None,
) -> Fit:
    """Return how a network is built for an environment.

    Parameters
    ----------
    sequence_length : int
        Observations that it looks back on, if it is one that does.
    weights : Path, optional
        They tell for what they were learnt.

    Raises
    ------
    InvalidDataError
        If it can neither look at an observation nor give actions.
    InvalidRequestError
        If it is made for actions of another kind, or to judge them.
    """
    learnt = None if weights is None else learnt_for(weights)
    outputs = (learnt and learnt.outputs) or description.outputs or _outputs(description, facts)
    shape = facts.observation_shape
    given = learnt.input_shape if learnt and learnt.input_shape else description.input_shape
    if given is None:
        given = _accepted_shape(description, shape, outputs, sequence_length)
    _check_role(description, facts)
    head = head_of(outputs, facts, description.name)
    history = given[0] if tuple(given[1:]) == shape and tuple(given) != shape else 0
    if not history and tuple(given) != shape:
        raise InvalidRequestError(
            f"Network {description.name!r} takes samples of shape {list(given)}; {facts.id} shows "
            f"observations of shape {list(shape)}."
        )
    return Fit(tuple(given), outputs, head, history)


def _check_role(description: NetworkDescription, facts: EnvironmentFacts) -> None:
    """Refuse a network that says of itself that it is made for something else."""
    roles, name = set(description.roles), description.name
    if facts.is_discrete:
        takes, acts = f"one of {facts.actions} actions", "q"
    else:
        takes, acts = format_count(facts.action_size, "continuous number"), "actor"
    if not roles & _ROLES.keys() or roles & {acts, "actor-critic"}:
        return
    made_for = sorted(roles & _ROLES.keys())[0]
    accepted = f"a network made to be {acts} or actor-critic"
    message = (
        f"Network {name!r} is made to be {made_for}, which {_ROLES[made_for]}; {facts.id} takes "
        f"{takes}: give {accepted}."
    )
    field = FieldError(field="networks", value=name, message=message, accepted=accepted)
    raise InvalidRequestError(message, errors=[field])


def _outputs(description: NetworkDescription, facts: EnvironmentFacts) -> int:
    if "actor-critic" in description.roles:
        return (1 if facts.is_discrete else 1 + facts.action_size) + facts.action_size
    return facts.action_size


def _accepted_shape(
    description: NetworkDescription,
    shape: tuple[int, ...],
    outputs: int,
    sequence_length: int,
) -> tuple[int, ...]:
    """Return what of an observation and a history of them a network takes."""
    history = (sequence_length, *shape)
    try:
        if network_facts(description, shape, outputs).output_shape == [outputs]:
            return shape
    except PlatformError:
        network_facts(description, history, outputs)  # says what is wrong, if that does not do
        return history
    return history


def check_acting(networks: Sequence[NetworkDescription], options: dict[str, Any]) -> None:
    """Refuse networks, environment and options that do not go together.

    Parameters
    ----------
    networks : sequence of NetworkDescription
        The networks of the job; the first one acts.
    options : dict of str to object
        Options of the job by name.

    Raises
    ------
    PlatformError
        Naming what is wrong.
    """
    name = options.get("environment")
    if not name:
        message = "No environment is given; name one, as environment=CartPole-v1."
        field = FieldError(field="environment", message=message, accepted="a Gymnasium id")
        raise InvalidRequestError(message, errors=[field])
    if len(networks) != 1:
        message = f"One network acts; {len(networks)} are given."
        field = FieldError(field="networks", value=len(networks), message=message, accepted="1")
        raise InvalidRequestError(message, errors=[field])
    facts = environment_facts(name)
    found = fit(networks[0], facts, options.get("sequence_length", _HISTORY))
    check_action_strategy(options.get("action_strategy", "greedy"), facts, found.head)

"""Refusals by a host, with advice where a wrong strategy is the likely reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.strategies import StrategyRecord

_SEQUENCE = "sequence"
_ANY_NETWORK = "network"


def raise_refusals(
    answer: Mapping[str, Any],
    known: Mapping[str, StrategyRecord],
    networks: Sequence[NetworkDescription],
    given: Collection[str],
) -> None:
    """Raise what the check of a job found wrong.

    Parameters
    ----------
    answer : mapping
        Of the host's inspector; ``errors`` are dumped `FieldError`.
    known : mapping
        Strategies of the kind of job, by name.
    given : collection of str
        Given options.

    Raises
    ------
    InvalidDataError
        If anything is wrong.
    """
    errors = [FieldError.model_validate(item) for item in answer.get("errors") or ()]
    if not errors:
        return
    told = [item.message for item in errors]
    if "strategy" not in given:
        told += advice(known, networks)
    raise InvalidDataError(" ".join(told), errors=errors)


def advice(
    known: Mapping[str, StrategyRecord], networks: Sequence[NetworkDescription]
) -> list[str]:
    """Return a sentence that names the strategies that networks are made for, or nothing.

    Parameters
    ----------
    known : mapping of str to StrategyRecord
        Strategies by name.
    networks : sequence of NetworkDescription
        The networks of the job.
    """
    fitting = [name for name, record in known.items() if _is_made_for(record, networks)]
    if not fitting:
        return []
    names = ", ".join(item.name for item in networks)
    verb = "is" if len(networks) == 1 else "are"
    choices = " or ".join(f"strategy={name}" for name in fitting)
    return [f"{names} {verb} made for {choices}; none was given."]


def _is_made_for(record: StrategyRecord, networks: Sequence[NetworkDescription]) -> bool:
    if len(record.roles) != len(networks):
        return False
    pairs = zip(record.roles, networks, strict=True)
    return all(_plays(role, item, record) for role, item in pairs)


def _plays(role: str, network: NetworkDescription, record: StrategyRecord) -> bool:
    if role == _ANY_NETWORK:
        return record.category == "RNN" and _SEQUENCE in network.roles
    return role in network.roles

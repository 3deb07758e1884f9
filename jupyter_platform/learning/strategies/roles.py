"""Whether networks fit the roles that a strategy or an evaluation has for them."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.networks import shape_text
from jupyter_platform.learning.strategies.base import NetworkSignature


def check_roles(
    roles: Sequence[str], strategy: str, networks: Sequence[NetworkDescription]
) -> None:
    """Refuse another number of networks than a strategy works on, and those in another's place.

    Parameters
    ----------
    roles : sequence of str
        Of the strategy or evaluation.
    strategy : str
        Its name.
    networks : sequence of NetworkDescription
        In the order in which the job names them.

    Raises
    ------
    InvalidDataError
        Naming what each of them is for.
    """
    if len(networks) == len(roles):
        _check_order(roles, strategy, networks)
        return
    wanted = "one network" if len(roles) == 1 else f"{len(roles)} networks ({', '.join(roles)})"
    message = f"Strategy {strategy} works on {wanted}; {len(networks)} are given."
    field = FieldError(
        field="networks", value=len(networks), message=message, accepted=", ".join(roles)
    )
    raise InvalidDataError(message, errors=[field])


def _check_order(
    roles: Sequence[str], strategy: str, networks: Sequence[NetworkDescription]
) -> None:
    """Refuse a network that was made for the place of another one."""
    for role, network in zip(roles, networks, strict=True):
        made_for = next((item for item in network.roles if item in roles), None)
        if made_for is None or role in network.roles:
            continue
        order = ", ".join(roles)
        message = (
            f"Network {network.name!r} is made to be {made_for}, and stands where strategy "
            f"{strategy} has its {role}; give them in the order {order}."
        )
        field = FieldError(field="networks", value=network.name, message=message, accepted=order)
        raise InvalidDataError(message, errors=[field])


def misfits(
    description: NetworkDescription, signature: NetworkSignature, facts: DatasetFacts | None
) -> list[FieldError]:
    """Return the misfits of a network and its signature; needs no built network.

    Parameters
    ----------
    description : NetworkDescription
        The network.
    signature : NetworkSignature
        Of its role.
    facts : DatasetFacts or None
        Of the samples; None where it learns from experience.
    """
    name = description.name
    sole = facts if signature.role == "network" else None
    found: list[str] = []
    if sole and description.task is not None and description.task != sole.task:
        found.append(f"Network {name!r} is for {description.task}; the dataset is for {sole.task}.")
    shape = description.input_shape
    if shape is not None and shape != signature.input_shape:
        given = "those of the dataset have" if sole else f"as {signature.role} it gets"
        found.append(
            f"Network {name!r} takes samples of shape {shape_text(shape)}; {given} shape "
            f"{shape_text(signature.input_shape)}."
        )
    wanted = description.outputs
    is_free = sole and signature.output_shape is None
    if wanted is not None and wanted != signature.outputs and not is_free:
        if sole:
            noun = "classes" if sole.task == "classification" else "targets"
            if sole.task == "regression" or wanted < signature.outputs:
                found.append(
                    f"Network {name!r} has {wanted} outputs; the dataset has {signature.outputs} "
                    f"{noun}."
                )
        else:
            found.append(
                f"Network {name!r} has {wanted} outputs; as {signature.role} it needs "
                f"{signature.outputs}."
            )
    return [FieldError(field="networks", value=name, message=message) for message in found]


def check_fits(
    description: NetworkDescription, signature: NetworkSignature, facts: DatasetFacts | None
) -> None:
    """Refuse a network that does not fit its signature; parameters as of `misfits`.

    Parameters
    ----------
    description : NetworkDescription
        The network.
    signature : NetworkSignature
        What the role takes and gives.
    facts : DatasetFacts or None
        What is known of the dataset; None where there is none.

    Raises
    ------
    InvalidDataError
        Naming what each of them has.
    """
    errors = misfits(description, signature, facts)
    if errors:
        raise InvalidDataError(" ".join(item.message for item in errors), errors=errors)

"""Whether the memory that a job asks for can hold its networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.jobs import ResourceRequest
from jupyter_platform.core.optimizers import OPTIMIZERS
from jupyter_platform.core.options import LearnOptions, OptionModel
from jupyter_platform.core.units import format_bytes

BYTES_EACH = 4
"""Bytes of a parameter, float32."""


def check_memory(
    parameters: Mapping[str, int],
    options: OptionModel,
    request: ResourceRequest,
    offers: Sequence[HostOffer],
) -> list[str]:
    """Refuse networks that do not fit into memory; return a warning for those that barely do.

    Parameters
    ----------
    parameters : mapping
        Parameters of each network by name.
    options : OptionModel
        Of the job.
    request : ResourceRequest
        What each process of the job asks for.
    offers : sequence of HostOffer
        What the hosts have.

    Raises
    ------
    InvalidRequestError
        If the weights alone are larger than the memory.
    """
    weights = BYTES_EACH * sum(parameters.values())
    copies = 1 + _learning_copies(options)
    needed, memory = weights * copies, request.memory
    if needed <= memory:
        return []
    count = f"{sum(parameters.values()):,} parameters of {' and '.join(map(repr, parameters))}"
    what = "weights" if copies == 1 else "weights, gradients and what the optimiser keeps"
    there = ""
    largest = max((offer.memory for offer in offers), default=None)
    if largest is not None and needed > largest:
        there = f" No host has that much: the largest offers {format_bytes(largest)}."
    if weights <= memory:
        return [
            f"The {count} need about {format_bytes(needed)} for {what}; the job asks for "
            f"{format_bytes(memory)} (request.memory).{there}"
        ]
    accepted = f"{format_bytes(needed)} or more"
    message = (
        f"request.memory = {format_bytes(memory)} cannot hold the {count}: the weights alone have "
        f"{format_bytes(weights)}. Accepted: {accepted}, for {what}.{there}"
    )
    field = FieldError(field="request.memory", value=memory, message=message, accepted=accepted)
    raise InvalidRequestError(message, errors=[field])


def _learning_copies(options: OptionModel) -> int:
    """Return how many more numbers each parameter needs: a gradient, and the optimiser's."""
    # Layers that stay as they are need none.
    if not isinstance(options, LearnOptions) or options.fixed:
        return 0
    record = OPTIMIZERS[options.method]
    moves = record.keeps_moves if options.momentum or options.nesterov else 0
    return 1 + record.numbers_kept + moves

"""What a reader of foreign files gives, and how it becomes a network of the repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import (
    ImportAnswer,
    ImportKind,
    ImportRequest,
    WeightsFile,
    as_asked,
)
from jupyter_platform.core.networks import NAME_PATTERN, NetworkDescription, NetworkFacts
from jupyter_platform.learning.networks import (
    WeightsHeader,
    build,
    build_source,
    network_facts,
    save_weights,
)
from jupyter_platform.learning.networks.trained import LearntFor, learnt_for
from jupyter_platform.learning.networks.weights import check_state, read_weights
from jupyter_platform.runtime.names import name_from

Array = NDArray[Any]


@dataclass(frozen=True)
class WeightsOf:
    """One set of weights as it was read."""

    tag: str
    variant: str
    state: Mapping[str, Array | Tensor]
    """State dict of the whole network."""
    step: int = 0
    """Steps that were trained."""


@dataclass
class Imported:
    """A description and weights, not checked against each other yet."""

    kind: ImportKind
    description: NetworkDescription
    weights: list[WeightsOf] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def settle(found: Imported, request: ImportRequest) -> ImportAnswer:
    """Check that weights fit their network, and write them down.

    Parameters
    ----------
    found : Imported
        The network and the weights that were read.
    request : ImportRequest
        What is read, and where the result goes.

    Raises
    ------
    InvalidDataError
        If the network cannot be built, or weights do not fit it.
    """
    for item in found.weights:
        fresh = wanted_state(found.description, LearntFor(request.input_shape, request.outputs))
        check_state(item.state, fresh, found.description.name)
    description = as_asked(found.description, request)
    facts = facts_of(description, in_memory=bool(found.weights))
    gives = facts.output_shape
    if description.outputs is None and gives is not None and len(gives) == 1:
        description = description.model_copy(update={"outputs": gives[0]})
    shape = None if facts.input_shape is None else tuple(facts.input_shape)
    known = LearntFor(shape, description.outputs)
    warnings = list(found.warnings)
    files = []
    for number, item in enumerate(found.weights):
        path = Path(request.folder) / f"{number}.safetensors"
        broken = write_state(path, description, item.state, known)
        if broken:
            warnings.append(f"Weights {item.tag}/{item.variant}: {broken} is not finite.")
        files.append(
            WeightsFile(
                tag=item.tag,
                variant=item.variant,
                file=str(path),
                step=item.step,
                input_shape=facts.input_shape,
                outputs=description.outputs,
            )
        )
    return ImportAnswer(
        kind=found.kind, description=description, facts=facts, weights=files, warnings=warnings
    )


def facts_of(description: NetworkDescription, *, in_memory: bool) -> NetworkFacts:
    """Return the layer table of a network.

    Parameters
    ----------
    in_memory : bool
        Whether it may be built in full: it is as large as weights that are here already.

    Raises
    ------
    InvalidDataError
        If the network cannot be built.
    """
    return network_facts(description, device="cpu" if in_memory else "meta")


def write_state(
    path: Path,
    description: NetworkDescription,
    state: Mapping[str, Array | Tensor],
    known: LearntFor,
) -> str | None:
    """Write a state dict as a weights file, and return the first key that is not finite.

    Parameters
    ----------
    path : Path
        The file to write.
    description : NetworkDescription
        The network.
    state : mapping of str to Array or Tensor
        Key to tensor, as the file has them.
    known : LearntFor
        What the weights were learnt for.

    Raises
    ------
    InvalidDataError
        If it does not fit the network.
    """
    wanted = wanted_state(description, known)
    check_state(state, wanted, description.name)
    tensors = {key: _tensor(state[key]).to(value.dtype) for key, value in wanted.items()}
    header = WeightsHeader.of(
        description,
        known.input_shape or (),
        known.outputs or 0,
        known.output_shape,
        known.preparation,
    )
    save_weights(path, tensors, header)
    broken = (key for key, value in tensors.items() if not bool(torch.isfinite(value).all()))
    return next(broken, None)


def _tensor(value: Array | Tensor) -> Tensor:
    # Arrays that lie in a file's bytes cannot be written, which torch does not want.
    return value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))


def wanted_state(description: NetworkDescription, known: LearntFor) -> dict[str, Tensor]:
    """Return the state dict of a network without values.

    Parameters
    ----------
    known : LearntFor
        What the weights say; the description says the rest.

    Raises
    ------
    InvalidDataError
        If the network follows from a shape that neither of them says.
    """
    shape = known.input_shape or description.input_shape
    outputs = known.outputs or description.outputs
    if description.needs_shape and (shape is None or outputs is None):
        raise InvalidDataError(
            f"Network {description.name!r} follows from the shape of its samples and the number of "
            "its outputs; give input_shape and outputs."
        )
    if description.source is not None:
        # Foreign code need not understand the meta device.
        network = build_source(description, shape, outputs, known.output_shape)
    else:
        with torch.device("meta"):
            network = build(description, shape or (), outputs or 0, known.output_shape)
    return dict(network.state_dict())


def check_weights(description: NetworkDescription, path: Path) -> None:
    """Refuse a weights file that is not that of a network.

    Parameters
    ----------
    description : NetworkDescription
        The network.
    path : Path
        The file.

    Raises
    ------
    InvalidDataError
        If it cannot be read or does not fit.
    """
    wanted = wanted_state(description, learnt_for(path))
    check_state(read_weights(path), wanted, description.name)


def network_name(text: str) -> str:
    """Return a name for the repository made from a file's, or any other text.

    Raises
    ------
    InvalidDataError
        If nothing is left of it.
    """
    if re.fullmatch(NAME_PATTERN, text):
        return text
    if not text.strip():
        raise InvalidDataError("The file does not say what the network is called; give a name.")
    return name_from(text, "network")

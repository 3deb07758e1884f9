"""Weights as safetensors files that say which network they belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.preparations import METADATA_KEY, Preparation, to_metadata
from jupyter_platform.runtime.atomic import write_bytes_atomic

_LENGTH_BYTES = 8
"""Bytes of the header's length, little-endian, at the start; the header ends on a multiple."""


@dataclass(frozen=True)
class WeightsHeader:
    """The metadata of a weights file."""

    network: str
    """SHA-256 of the description, in hex."""
    input_shape: tuple[int, ...]
    outputs: int
    output_shape: tuple[int, ...] | None = None
    """Shape that it gives for a sample, where that was asked of it."""
    preparation: Preparation | None = None
    """How the samples that it learnt were prepared; None where it sees others."""

    @classmethod
    def of(
        cls,
        description: NetworkDescription,
        input_shape: Sequence[int],
        outputs: int,
        output_shape: Sequence[int] | None = None,
        preparation: Preparation | None = None,
    ) -> WeightsHeader:
        """Return the header for a network as it was built.

        Parameters
        ----------
        description : NetworkDescription
            The network.
        input_shape : sequence of int
            Shape of one sample.
        outputs : int
            Numbers that it gives for one sample.
        output_shape : sequence of int, optional
            Shape of what it gives for one sample, where that is no vector.
        preparation : Preparation, optional
            How samples become its inputs.
        """
        wanted = None if output_shape is None else tuple(output_shape)
        return cls(description.digest, tuple(input_shape), outputs, wanted, preparation)

    def to_metadata(self) -> dict[str, str]:
        """Return the string metadata of a safetensors file."""
        metadata = {
            "network": self.network,
            "input_shape": json.dumps(self.input_shape),
            "outputs": str(self.outputs),
        }
        if self.output_shape is not None:
            metadata["output_shape"] = json.dumps(self.output_shape)
        if self.preparation is not None:
            metadata[METADATA_KEY] = to_metadata(self.preparation)
        return metadata


def weights_bytes(state: Mapping[str, Tensor], header: WeightsHeader, **extra: str) -> bytes:
    """Return a state dict as the bytes of a safetensors file.

    Tensors that share memory, as tied weights do, are stored once each.

    Parameters
    ----------
    state : mapping of str to Tensor
        Key to tensor.
    header : WeightsHeader
        What the weights are of.
    **extra
        More texts of the header of the file.
    """
    tensors = {
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in state.items()
    }
    told = {**header.to_metadata(), "torch": str(torch.__version__), **extra}
    return _in_order(save(tensors, told))


def _in_order(data: bytes) -> bytes:
    """Sort the metadata of a safetensors file, so that equal weights have equal bytes."""
    size = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start, end = _LENGTH_BYTES, _LENGTH_BYTES + size
    header = json.loads(data[start:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    # Blanks at the end are how the format aligns what follows.
    padding = -(len(text) + start) % _LENGTH_BYTES
    length = (len(text) + padding).to_bytes(_LENGTH_BYTES, "little")
    return length + text + b" " * padding + data[end:]


def save_weights(
    path: Path, state: Mapping[str, Tensor], header: WeightsHeader, **extra: str
) -> None:
    """Write a state dict beside its place, then rename.

    Parameters
    ----------
    path : Path
        The file to write.
    state : mapping of str to Tensor
        Key to tensor.
    header : WeightsHeader
        What the weights are of.
    **extra
        More texts of the header of the file.

    Raises
    ------
    OSError
        If the file system refuses; an older file is untouched.
    """
    write_bytes_atomic(path, weights_bytes(state, header, **extra))


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a weights file without reading its tensors.

    Raises
    ------
    InvalidDataError
        If it is no safetensors file.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a weights file.

    Raises
    ------
    InvalidDataError
        If it is no safetensors file.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InvalidDataError:
    return InvalidDataError(f"Weights file {path.name} cannot be read as safetensors: {error}.")


def load_weights(network: nn.Module, path: Path, name: str) -> None:
    """Load a weights file into a network.

    Parameters
    ----------
    network : Module
        Changed in place, once everything is known to fit.
    path : Path
        A safetensors file.
    name : str
        Name of the network, for the error.

    Raises
    ------
    InvalidDataError
        If the file cannot be read, or lacks a tensor, has one too many or one of another shape.
    """
    found = read_weights(path)
    check_state(found, network.state_dict(), name)
    with torch.no_grad():
        network.load_state_dict(found)


def check_state(found: Mapping[str, Any], wanted: Mapping[str, Any], name: str) -> None:
    """Refuse weights that are not those of a network.

    Parameters
    ----------
    found, wanted : mapping
        Anything with a shape, by key.
    name : str
        Name of the network, for the error.

    Raises
    ------
    InvalidDataError
        If one is missing, too many or of another shape.
    """
    for key, value in wanted.items():
        if key not in found:
            raise InvalidDataError(
                f"The weights do not fit network {name!r}: {key!r} is missing; the file holds "
                f"{', '.join(sorted(found)) or 'nothing'}."
            )
        if tuple(found[key].shape) != tuple(value.shape):
            raise InvalidDataError(
                f"The weights do not fit network {name!r}: {key!r} has shape "
                f"{tuple(found[key].shape)}; the network needs {tuple(value.shape)}."
            )
    extra = sorted(found.keys() - wanted.keys())
    if extra:
        raise InvalidDataError(f"The weights do not fit network {name!r}: it has no {extra[0]!r}.")

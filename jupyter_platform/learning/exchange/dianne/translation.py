"""What a layer in place of a module is, and how its weights lie in their file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jupyter_platform.learning.exchange.dianne.files import Values


@dataclass(frozen=True)
class WeightSlot:
    """One tensor in a weights file."""

    key: str
    """In the layer's state dict."""
    shape: tuple[int, ...]
    """As it lies in the file."""
    axes: tuple[int, ...] | None = None
    """Order of the axes in the state dict; None: as in the file."""


@dataclass
class TranslatedLayer:
    """A layer in place of a module."""

    type: str
    arguments: dict[str, Any] = field(default_factory=dict)
    slots: tuple[WeightSlot, ...] = ()
    """In the order of the file; none: it has no weights."""
    constants: dict[str, Values] = field(default_factory=dict)
    """Tensors of the state dict that no file holds, or that hold where there is no file."""
    optional: bool = False
    """Whether it may come without a weights file."""
    flat: bool | None = None
    """Whether a sample of its output has one axis; None: as that of its input."""
    wants_flat: bool = False
    """Whether DIANNE flattens its input."""
    warning: str | None = None

    @property
    def values(self) -> int:
        """Numbers in its weights file."""
        return sum(int(np.prod(slot.shape)) for slot in self.slots)

    def read(self, data: Values) -> dict[str, Values]:
        """Return the layer's state dict, given the content of its weights file."""
        state, offset = dict(self.constants), 0
        for slot in self.slots:
            size = int(np.prod(slot.shape))
            tensor = data[offset : offset + size].reshape(slot.shape)
            offset += size
            state[slot.key] = np.ascontiguousarray(
                tensor if slot.axes is None else tensor.transpose(slot.axes)
            )
        return state


def plain(name: str) -> str:
    """Return a name without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def prefixed(prefix: str, slots: tuple[WeightSlot, ...]) -> tuple[WeightSlot, ...]:
    """Return slots of a part of a block.

    Parameters
    ----------
    prefix : str
        Key of the part in the state dict of the block.
    slots : tuple of WeightSlot
        Slots of the part alone.
    """
    return tuple(WeightSlot(f"{prefix}.{slot.key}", slot.shape, slot.axes) for slot in slots)


def linear_slots(inputs: int, outputs: int) -> tuple[WeightSlot, ...]:
    """Return the slots of a linear layer.

    Parameters
    ----------
    inputs : int
        Numbers that it takes.
    outputs : int
        Numbers that it gives.
    """
    return WeightSlot("weight", (outputs, inputs)), WeightSlot("bias", (outputs,))


def conv_slots(inputs: int, outputs: int, *kernel: int) -> tuple[WeightSlot, ...]:
    """Return the slots of a convolution; the sizes of the kernel from the outermost axis.

    Parameters
    ----------
    inputs : int
        Channels that it takes.
    outputs : int
        Channels that it gives.
    *kernel
        Its size along each axis.
    """
    return WeightSlot("weight", (outputs, inputs, *kernel)), WeightSlot("bias", (outputs,))


def norm_slots(size: int) -> tuple[WeightSlot, ...]:
    """Return the slots of a batch normalisation."""
    names = ("weight", "bias", "running_mean", "running_var")
    return tuple(WeightSlot(name, (size,)) for name in names)


def counter(*prefixes: str) -> dict[str, Values]:
    """Return torch's count of batches, of which DIANNE keeps none."""
    return {f"{prefix}num_batches_tracked": np.array(0) for prefix in prefixes}

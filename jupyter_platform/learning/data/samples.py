"""Sources of inputs and targets: arrays in memory, mapped files, functions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LARGEST_INT = np.iinfo(np.int64).max


class Samples(Protocol):
    """One value for each stored row."""

    shape: tuple[int, ...]
    """Of one value."""
    dtype: torch.dtype
    in_memory: bool
    """Whether `whole` costs nothing, because nothing is read from anywhere but memory."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def read(self, rows: Tensor) -> Tensor:
        """Return the values of rows (int64, shape (n,)) as they are stored, shape (n, …).

        What is returned belongs to the caller. Several threads may read at once.
        """
        ...

    def whole(self) -> Tensor:
        """Return all values as they are stored; not to be changed."""
        ...

    def to(self, device: torch.device) -> Samples:
        """Return the same on a device; what is not in memory stays where it is."""
        ...


class ArraySamples:
    """Arrays in memory, or mapped into it, one after the other.

    Parameters
    ----------
    parts : sequence of ndarray or Tensor
        Each of shape (N_i, …); mapped ones are not read.
    shape : tuple of int, optional
        Shape of one value; as stored when absent.
    """

    in_memory = True

    def __init__(
        self, parts: Sequence[NDArray[Any] | Tensor], shape: tuple[int, ...] | None = None
    ) -> None:
        tensors = [item if isinstance(item, Tensor) else _tensor(item) for item in parts]
        common = reduce(torch.promote_types, (item.dtype for item in tensors))
        self.shape = tuple(tensors[0].shape[1:]) if shape is None else shape
        self._parts = [item.to(common).reshape(len(item), *self.shape) for item in tensors]
        self._starts = np.cumsum([0, *(len(item) for item in self._parts)]).tolist()
        self.dtype = self._parts[0].dtype

    def __len__(self) -> int:
        return int(self._starts[-1])

    def read(self, rows: Tensor) -> Tensor:
        """Return the values of rows, on the device of the arrays."""
        rows = rows.to(self._parts[0].device)
        if len(self._parts) == 1:
            return self._parts[0].index_select(0, rows)
        found = self._parts[0].new_empty((len(rows), *self.shape))
        for part, start in zip(self._parts, self._starts, strict=False):
            inside = ((rows >= start) & (rows < start + len(part))).nonzero()[:, 0]
            if len(inside):
                found[inside] = part.index_select(0, rows[inside] - start)
        return found

    def whole(self) -> Tensor:
        """Return all values; of several arrays this is a copy."""
        return self._parts[0] if len(self._parts) == 1 else torch.cat(self._parts)

    def range(self) -> tuple[float, float]:
        """Return the least and the largest number; all are read."""
        bounds = [torch.aminmax(item) for item in self._parts if item.numel()]
        low, high = min(float(item.min) for item in bounds), max(float(item.max) for item in bounds)
        return low, high

    def to(self, device: torch.device) -> ArraySamples:
        """Return the same on a device."""
        if device == self._parts[0].device:
            return self
        return ArraySamples([item.to(device) for item in self._parts], self.shape)


def _tensor(array: NDArray[Any]) -> Tensor:
    """Return an array as a tensor, without a copy where torch can take it as it is."""
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        # torch does next to nothing with wide unsigned numbers
        is_wide = array.dtype.itemsize == 8 and array.size and array.max() > _LARGEST_INT
        array = array.astype(np.float64 if is_wide else np.int64)
    elif array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    native = array.dtype.newbyteorder("=")
    # A mapped array is copied only where its type or its alignment does not suit torch.
    if array.dtype != native or not array.flags.aligned or not array.flags.writeable:
        array = np.array(array, dtype=native)
    return torch.from_numpy(array)

"""A dataset in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts, Split
from jupyter_platform.core.errors import FieldError, InvalidDataError


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets of all samples, as they are stored, and the order they are numbered in."""

    descriptor: DatasetDescriptor
    inputs: Tensor
    """float32, shape (N, …), scaled."""
    targets: Tensor
    """int64 of shape (N,) for classes, float32 of shape (N, K) for numbers."""
    facts: DatasetFacts
    order: Tensor | None = None
    """Stored row of each sample, int64, shape (N,); None: as stored."""

    def rows(self, index_set: Sequence[int], what: str) -> Tensor:
        """Return the stored rows of a set of samples.

        Parameters
        ----------
        index_set : sequence of int
            ``(start, stop)`` half-open, or three and more sample indices.
        what : str
            Name of the set, for the error: ``"train_set"``.

        Returns
        -------
        Tensor, int64, shape (n,)

        Raises
        ------
        InvalidDataError
            If it reaches beyond the dataset.
        """
        indices = self.indices(index_set, what)
        return indices if self.order is None else self.order[indices]

    def indices(self, index_set: Sequence[int], what: str) -> Tensor:
        """Return the sample indices of a set, int64, shape (n,); see `rows`."""
        check_index_set(index_set, what, self.descriptor.name, self.facts.size)
        if len(index_set) == 2:
            return torch.arange(index_set[0], index_set[1])
        return torch.tensor(list(index_set), dtype=torch.int64)

    def split(self, name: Split) -> tuple[int, int] | None:
        """Return a split as ``(start, stop)``, or None where the dataset has none."""
        return self.facts.splits.get(name)


def check_index_set(index_set: Sequence[int], what: str, name: str, size: int) -> int:
    """Return the number of samples in a set.

    Parameters
    ----------
    index_set : sequence of int
        ``(start, stop)`` half-open, or three and more sample indices.
    what, name : str
        Names of the set and of the dataset, for the error.
    size : int
        Samples in the dataset.

    Raises
    ------
    InvalidDataError
        If the set reaches beyond the dataset.
    """
    is_range = len(index_set) == 2
    highest = index_set[1] - 1 if is_range else max(index_set)
    if highest >= size:
        shown = ",".join(str(item) for item in index_set[:10])
        message = (
            f"{what} = {shown} reaches sample {highest}; dataset {name!r} has {size:,} samples, "
            f"numbered 0 to {size - 1}."
        )
        field = FieldError(field=what, value=shown, message=message, accepted=f"0,{size}")
        raise InvalidDataError(message, errors=[field])
    return index_set[1] - index_set[0] if is_range else len(index_set)

"""A dataset, ready to be learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts, Part
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.learning.data.parts import part_facts
from jupyter_platform.learning.data.pictures.mask_values import IGNORED, IGNORED_BYTE
from jupyter_platform.learning.data.samples import Samples


@dataclass(frozen=True)
class Dataset:
    """Samples as they are stored, and the order they are numbered in.

    Inputs stay in memory, or on disk, as they are stored; a batch is converted when it is asked
    for.
    """

    descriptor: DatasetDescriptor
    facts: DatasetFacts
    stored_inputs: Samples
    stored_targets: Samples
    """int64 for classes, numbers for a regression, bytes for classes of pixels."""
    parts: Mapping[Part, Tensor]
    """Sample numbers of each part, int64, shape (n,), ascending."""
    order: Tensor | None = None
    """Stored row of each sample, int64, shape (N,); None: as stored."""

    @property
    def in_memory(self) -> bool:
        """Whether `inputs` and `targets` can be had at once; else `gather` reads."""
        return self.stored_inputs.in_memory and self.stored_targets.in_memory

    @cached_property
    def inputs(self) -> Tensor:
        """All inputs in stored order, as `gather` returns them; read as a whole."""
        return self._as_inputs(self.stored_inputs.whole())

    @cached_property
    def targets(self) -> Tensor:
        """All targets in stored order, as `gather` returns them; read as a whole."""
        return self._as_targets(self.stored_targets.whole())

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of stored rows.

        Parameters
        ----------
        rows : Tensor, int64, shape (B,)

        Returns
        -------
        inputs : Tensor, shape (B, …)
            float32 and scaled, or int64 for symbols.
        targets : Tensor, shape (B, …)
            int64 for classes, else float32.

        Raises
        ------
        InvalidDataError
            If a sample that is read now turns out to be broken.

        Notes
        -----
        Both are on the CPU, or where `to` has put the data. Several threads may call it at once.
        """
        inputs = self._as_inputs(self.stored_inputs.read(rows), own=True)
        return inputs, self._as_targets(self.stored_targets.read(rows))

    def to(self, device: torch.device) -> Dataset:
        """Return the same dataset with what is in memory on a device; the rest stays."""
        return replace(
            self,
            stored_inputs=self.stored_inputs.to(device),
            stored_targets=self.stored_targets.to(device),
        )

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
        return self.rows_of(self.indices(index_set, what))

    def indices(self, index_set: Sequence[int], what: str) -> Tensor:
        """Return the sample indices of a set, int64, shape (n,); see `rows`.

        Parameters
        ----------
        index_set : sequence of int
            First index and the one after the last, or three and more indices.
        what : str
            What the set is called, for messages.
        """
        check_index_set(index_set, what, self.descriptor.name, self.facts.size)
        if len(index_set) == 2:
            return torch.arange(index_set[0], index_set[1])
        return torch.tensor(list(index_set), dtype=torch.int64)

    def part(self, name: Part, given: Iterable[Tensor] = ()) -> Tensor | None:
        """Return the sample numbers of a part.

        Parameters
        ----------
        name : str
            The part.
        given : iterable of Tensor, int64, shape (n,)
            Samples that were given another use, and are left out.

        Returns
        -------
        Tensor, int64, shape (n,), or None
            None: there is no such part, or nothing is left of it.
        """
        numbers = self.parts.get(name)
        for others in given:
            if numbers is not None:
                numbers = numbers[~torch.isin(numbers, others)]
        return None if numbers is None or not len(numbers) else numbers

    def rows_of(self, indices: Tensor) -> Tensor:
        """Return the stored rows of sample numbers, both int64 of shape (n,)."""
        return indices if self.order is None else self.order[indices]

    def narrowed(self, indices: Tensor) -> Dataset:
        """Return the dataset that has only some samples, numbered in the order given.

        Each stays in its part; a part of which nothing is left is gone.

        Parameters
        ----------
        indices : Tensor, int64, shape (n,)
            At least one.
        """
        order = indices if self.order is None else self.order[indices]
        facts = self.facts
        counts = facts.class_counts
        if facts.task == "classification" and facts.classes is not None and not facts.masks:
            counts = torch.bincount(self.targets[order], minlength=facts.outputs).tolist()
        left = {
            part: torch.isin(indices, numbers).nonzero()[:, 0]
            for part, numbers in self.parts.items()
        }
        parts = {part: numbers for part, numbers in left.items() if len(numbers)}
        update = {"size": len(indices), "class_counts": counts, "parts": part_facts(parts)}
        return replace(self, facts=facts.model_copy(update=update), parts=parts, order=order)

    def _as_inputs(self, stored: Tensor, *, own: bool = False) -> Tensor:
        if self.facts.input_type == "int64":
            return stored.to(torch.int64)
        factor = self.facts.scale
        converted = stored.to(torch.float32)
        if factor == 1.0:
            return converted
        return converted.mul_(factor) if own or converted is not stored else converted * factor

    def _as_targets(self, stored: Tensor) -> Tensor:
        if self.facts.task != "classification":
            return stored.to(torch.float32)
        numbers = stored.to(torch.int64)
        if self.facts.masks and self.facts.ignore_value is not None:
            numbers = numbers.masked_fill(numbers == IGNORED_BYTE, IGNORED)
        return numbers


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

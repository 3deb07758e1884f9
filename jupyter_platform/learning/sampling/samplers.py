"""Which samples come into which batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options.groups.data import DataOptions
from jupyter_platform.learning.distributed.averaging import current_communicator
from jupyter_platform.learning.sampling.seeds import stream_seed

Classes = Callable[[Tensor], Tensor]
"""Returns the classes of rows."""
Adapt = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""Changes inputs and targets of a batch; draws from the generator."""

RESEED = 0x9E3779B97F4A7C15
"""Odd, so that seeds of one job and its tries stay apart (Weyl sequence of the golden ratio)."""


class SampleSource(Protocol):
    """Samples on the device where learning happens."""

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of stored rows (int64, shape (B,)), batch on axis 0."""


@runtime_checkable
class KnowsTargets(Protocol):
    """A source that need not read inputs to tell targets."""

    def targets_of(self, rows: Tensor) -> Tensor:
        """Return the targets of stored rows."""


class TensorSource:
    """Samples in memory.

    Parameters
    ----------
    inputs, targets : Tensor, shape (N, …)
        On the device.
    """

    def __init__(self, inputs: Tensor, targets: Tensor) -> None:
        self.inputs = inputs
        self.targets = targets

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of rows."""
        # Copies rows as they lie: indexing takes several times as long.
        return self.inputs.index_select(0, rows), self.targets.index_select(0, rows)


class Sampler(Protocol):
    """Endless batches of row numbers, all of one size."""

    batch_size: int

    def __next__(self) -> Tensor:
        """Return the rows of the next batch, int64, shape (B,)."""

    def reseed(self, seed: int) -> None:
        """Draw others from here on."""

    def state_dict(self) -> dict[str, Any]:
        """Return position and random state, for `load_state_dict`."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""


class DealtSampler(ABC):
    """Deals many rows at once and cuts them into batches.

    The order comes from a generator of its own, so nothing else that draws random numbers changes
    it.

    Parameters
    ----------
    rows : Tensor, int64, shape (n,)
        Those to draw from; batches are on their device.
    batch_size : int
        At most n.
    seed : int
        Seed of the order.
    """

    def __init__(self, rows: Tensor, batch_size: int, seed: int) -> None:
        self.batch_size = min(batch_size, len(rows))
        self._rows = rows
        self._generator = torch.Generator().manual_seed(seed)
        self._shuffle()

    @abstractmethod
    def _deal(self) -> Tensor:
        """Return positions in the rows, int64, shape (m,) with m at least a batch, on the CPU."""

    def _shuffle(self) -> None:
        self._state = self._generator.get_state()
        self._order = self._rows[self._deal().to(self._rows.device)]
        self._next = 0

    def __next__(self) -> Tensor:
        """Return the rows of the next batch."""
        start, stop = self._next, self._next + self.batch_size
        if stop <= len(self._order):
            self._next = stop
            return self._order[start:stop]
        # What is left over begins the batch, so that every sample has its turn.
        rest = self._order[start:]
        self._shuffle()
        self._next = self.batch_size - len(rest)
        return torch.cat([rest, self._order[: self._next]])

    def reseed(self, seed: int) -> None:
        """Deal anew, as another seed does."""
        self._generator.manual_seed(seed)
        self._shuffle()

    def state_dict(self) -> dict[str, Any]:
        """Return position and random state, for `load_state_dict`."""
        return {"generator": self._state, "next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._generator.set_state(state["generator"])
        self._shuffle()
        self._next = int(state["next"])


class Permutation(DealtSampler):
    """Every sample once before any comes again.

    The samples are shuffled, dealt out in batches, and shuffled again when all have come; the
    batch in between holds the last of one shuffle and the first of the next.
    """

    def _deal(self) -> Tensor:
        return torch.randperm(len(self._rows), generator=self._generator)


class Uniform(DealtSampler):
    """Each sample of each batch is any one of all."""

    def _deal(self) -> Tensor:
        count = _BATCHES_AT_ONCE * self.batch_size
        return torch.randint(len(self._rows), (count,), generator=self._generator)


class Sequential:
    """The samples in their order, from the first again after the last.

    Parameters
    ----------
    rows : Tensor, int64, shape (n,)
        Those to take; batches are on their device.
    batch_size : int
        At most n.
    """

    def __init__(self, rows: Tensor, batch_size: int) -> None:
        self.batch_size = min(batch_size, len(rows))
        self._count = len(rows)
        # A batch that reaches over the end is still one slice.
        self._rows = torch.cat([rows, rows[: self.batch_size]])
        self._next = 0

    def __next__(self) -> Tensor:
        """Return the rows of the next batch."""
        start = self._next
        self._next = (start + self.batch_size) % self._count
        return self._rows[start : start + self.batch_size]

    def reseed(self, seed: int) -> None:
        """Begin at another sample; nothing else can differ."""
        self._next = seed % self._count

    def state_dict(self) -> dict[str, Any]:
        """Return position and random state, for `load_state_dict`."""
        return {"next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._next = int(state["next"])


class Grouped(DealtSampler):
    """Draws a group by its probability, then any sample of the group.

    Parameters
    ----------
    groups : sequence of (positions, probability)
        Positions in `rows` (int64); probabilities add up to 1.
    """

    def __init__(
        self,
        rows: Tensor,
        batch_size: int,
        seed: int,
        groups: Sequence[tuple[Tensor, float]],
    ) -> None:
        filled = [(positions, share) for positions, share in groups if len(positions) and share]
        lengths = torch.tensor([len(positions) for positions, _ in filled])
        self._positions = torch.cat([positions for positions, _ in filled])
        self._lengths = lengths.double()
        self._starts = lengths.cumsum(0) - lengths
        shares = torch.tensor([share for _, share in filled], dtype=torch.float64)
        self._bounds = (shares.cumsum(0) / shares.sum())[:-1]
        super().__init__(rows, batch_size, seed)

    def _deal(self) -> Tensor:
        count = _BATCHES_AT_ONCE * self.batch_size
        draws = torch.rand(2, count, dtype=torch.float64, generator=self._generator)
        group = torch.searchsorted(self._bounds, draws[0], right=True)
        within = (draws[1] * self._lengths[group]).long()
        return self._positions[self._starts[group] + within]


_BATCHES_AT_ONCE = 64


def make_sampler(options: DataOptions, rows: Tensor, seed: int, classes: Classes) -> Sampler:
    """Return the sampler that the options ask for.

    Parameters
    ----------
    rows : Tensor, int64, shape (n,)
        The training set.
    seed : int
        Seed of its order.
    classes : callable
        Returns the classes of rows; called for UNIFORMCLASS only.

    Raises
    ------
    InvalidDataError
        If ranges reach beyond the training set, or there are no classes.
    """
    return SAMPLERS[options.sampling](options, rows, seed, classes)


def _grouped(
    options: DataOptions, rows: Tensor, seed: int, groups: Sequence[tuple[Tensor, float]]
) -> Sampler:
    return Grouped(rows, options.batch_size, seed, groups)


SAMPLERS: Mapping[str, Callable[[DataOptions, Tensor, int, Classes], Sampler]] = {
    "PERMUTATION": lambda options, rows, seed, _: Permutation(rows, options.batch_size, seed),
    "UNIFORM": lambda options, rows, seed, _: Uniform(rows, options.batch_size, seed),
    "SEQUENTIAL": lambda options, rows, _seed, _: Sequential(rows, options.batch_size),
    "WEIGHTED": lambda options, rows, seed, _: _grouped(
        options, rows, seed, weighted_groups(options, len(rows))
    ),
    "UNIFORMCLASS": lambda options, rows, seed, classes: _grouped(
        options, rows, seed, _class_groups(classes(rows))
    ),
}
"""What makes the sampler of each value of the option `sampling`."""


def batch_note(options: DataOptions, count: int) -> str | None:
    """Return what becomes of a batch_size that is larger than the training set; else None.

    Parameters
    ----------
    count : int
        Samples of the training set.
    """
    if options.batch_size <= count:
        return None
    whole = options.sampling in ("PERMUTATION", "SEQUENTIAL")
    each = "each batch is the whole set" if whole else f"each batch is {count} draws from it"
    return f"batch_size is {options.batch_size}, but train_set has {count} samples; {each}."


def check_sampling(options: DataOptions, count: int, facts: DatasetFacts) -> None:
    """Refuse a sampling that a training set of `count` samples does not allow.

    Parameters
    ----------
    options : DataOptions
        Options about samples.
    count : int
        Samples of the training set.
    facts : DatasetFacts
        What is known of the dataset.

    Raises
    ------
    InvalidDataError
        Naming the option.
    """
    if options.sampling == "WEIGHTED":
        weighted_groups(options, count)
    elif options.sampling == "UNIFORMCLASS" and (
        facts.task != "classification" or facts.target_shape
    ):
        raise _no_classes()


def weighted_groups(options: DataOptions, count: int) -> list[tuple[Tensor, float]]:
    """Return the ranges of WEIGHTED with their probabilities, and what is in none of them.

    Parameters
    ----------
    options : DataOptions
        Options about samples.
    count : int
        Samples of the training set.

    Raises
    ------
    InvalidDataError
        If a range reaches beyond the `count` samples of the training set, or if samples outside
        of all ranges are needed and there are none.
    """
    numbers, shares = options.weighted_ranges or (), options.probabilities or ()
    if max(numbers) >= count:
        raise _refusal(
            "weighted_ranges",
            max(numbers),
            f"weighted_ranges reach sample {max(numbers)}; the training set has {count:,} samples, "
            f"numbered 0 to {count - 1}.",
            f"0 to {count - 1}",
        )
    others = torch.ones(count, dtype=torch.bool)
    groups: list[tuple[Tensor, float]] = []
    for first, last, share in zip(numbers[::2], numbers[1::2], shares, strict=True):
        groups.append((torch.arange(first, last + 1), share))
        others[first : last + 1] = False
    rest = max(1.0 - sum(shares), 0.0)
    if rest > 1e-9 and not others.any():
        raise _refusal(
            "probabilities",
            sum(shares),
            f"probabilities add up to {sum(shares):g}, and every sample is in one of the ranges; "
            "they must add up to 1.",
            "a sum of 1",
        )
    return [*groups, (others.nonzero()[:, 0], rest if rest > 1e-9 else 0.0)]


def _class_groups(classes: Tensor) -> list[tuple[Tensor, float]]:
    if classes.is_floating_point() or classes.ndim != 1:
        raise _no_classes()
    classes = classes.cpu()
    present = torch.unique(classes)
    return [((classes == number).nonzero()[:, 0], 1 / len(present)) for number in present]


def _no_classes() -> InvalidDataError:
    return _refusal(
        "sampling",
        "UNIFORMCLASS",
        "sampling = UNIFORMCLASS wants one class for each sample; the dataset has other targets.",
        "PERMUTATION, UNIFORM, SEQUENTIAL or WEIGHTED",
    )


def _refusal(field: str, value: object, message: str, accepted: str) -> InvalidDataError:
    error = FieldError(field=field, value=value, message=message, accepted=accepted)
    return InvalidDataError(message, errors=[error])


class DistributedSampler:
    """Deals the batches of a sampler out to the ranks of a gang, which all draw the same.

    So the samples of one step differ, and a checkpoint of one rank serves all.

    Parameters
    ----------
    sampler : Sampler
        In the same state on each rank.
    rank, size : int
        Which of how many.
    """

    def __init__(self, sampler: Sampler, rank: int, size: int) -> None:
        self.batch_size = sampler.batch_size
        self._sampler = sampler
        self._rank = rank
        self._size = size

    def __next__(self) -> Tensor:
        """Return the rows of this rank's next batch."""
        batches = [next(self._sampler) for _ in range(self._size)]
        return batches[self._rank]

    def reseed(self, seed: int) -> None:
        """Draw others from here on, the same on each rank."""
        self._sampler.reseed(seed)

    def state_dict(self) -> dict[str, Any]:
        """Return position and random state, for `load_state_dict` on any rank."""
        return self._sampler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._sampler.load_state_dict(state)


class Batches:
    """Endless training batches; in a gang those of this rank.

    Each batch is changed at random by a stream of its own, which job, rank and the number of the
    batch decide: so the ranks of a gang differ, and a checkpoint of one of them serves all.

    Parameters
    ----------
    source : SampleSource
        Samples.
    sampler : Sampler
        Chooses the rows of each batch.
    augment : callable, optional
        Random changes of each batch.
    seed : int
        Seed of these changes.
    """

    def __init__(
        self, source: SampleSource, sampler: Sampler, augment: Adapt | None = None, seed: int = 0
    ) -> None:
        self.batch_size = sampler.batch_size
        self._gather = source.gather
        communicator = current_communicator()
        self._sampler = (
            sampler
            if communicator.is_alone
            else DistributedSampler(sampler, communicator.rank, communicator.size)
        )
        self._augment = augment
        self._stream = (seed, communicator.rank)
        self._number = 0
        self._generator = torch.Generator()

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of the next batch."""
        return self._changed(*self._gather(next(self._sampler)))

    def _changed(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the batch that comes next with its random changes."""
        if self._augment is None:
            return inputs, targets
        self._generator.manual_seed(stream_seed(*self._stream, self._number))
        self._number += 1
        return self._augment(inputs, targets, self._generator)

    def reseed(self, number: int) -> None:
        """Draw other samples, and change them otherwise, than in tries with another number."""
        seed = number * RESEED % 2**63
        self._sampler.reseed(seed)
        self._stream = (seed, self._stream[1])

    def state_dict(self) -> dict[str, Any]:
        """Return position and random state, for `load_state_dict` on any rank."""
        return {
            "sampler": self._sampler.state_dict(),
            "augment": {"seed": self._stream[0], "number": self._number},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._sampler.load_state_dict(state["sampler"])
        place = state["augment"]
        if isinstance(place, dict):  # a checkpoint of an earlier release has a generator's state
            self._stream = (int(place["seed"]), self._stream[1])
            self._number = int(place["number"])

"""Adapters as options ask for them, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.learning.data.adapters.base import Adapter, Batch, refused
from jupyter_platform.learning.data.adapters.images import (
    Crop,
    Flip,
    Frame,
    FramedCrop,
    Rotation,
)
from jupyter_platform.learning.data.adapters.values import (
    Autoencode,
    Binarize,
    MaskToClass,
    Relabel,
    class_numbers,
)
from jupyter_platform.learning.data.dataset import Dataset

__all__ = ["ADAPTERS", "Adapter", "AdapterType", "Chain", "adapt", "make_adapters", "select"]


@dataclass(frozen=True)
class AdapterType:
    """One kind of change, and what asks for it."""

    options: tuple[str, ...]
    """Options that it reads."""
    make: Callable[[AdapterOptions], Adapter | None]
    """Makes the adapter; None where nothing asks for it."""
    example: Mapping[str, Any] = field(default_factory=dict)
    """Options that ask for it, drawing whatever it can draw at random."""


def _flip(options: AdapterOptions) -> Adapter | None:
    vertical, horizontal = options.vertical_flip, options.horizontal_flip
    return Flip(vertical, horizontal) if vertical or horizontal else None


def _rotation(options: AdapterOptions) -> Adapter | None:
    if options.rotation is None:
        return None
    return Rotation(options.rotation, options.rotation_center, options.rotation_zero_pad)


def _crop(options: AdapterOptions) -> Adapter | None:
    if options.crop_width is None and options.crop_height is None:
        return None
    return Crop(options.crop_width, options.crop_height, options.crop_padding)


def _frame(options: AdapterOptions) -> Adapter | None:
    return None if options.frame is None else Frame(options.frame)


def _binarize(options: AdapterOptions) -> Adapter | None:
    return None if options.binarize is None else Binarize(options.binarize)


def _autoencode(options: AdapterOptions) -> Adapter | None:
    return Autoencode(options.encoder_noise, options.encoder_drop) if options.autoencode else None


def _relabel(options: AdapterOptions) -> Adapter | None:
    if options.labels is None or options.autoencode:
        return None
    return Relabel(options.labels, options.other_label)


def _mask_to_class(options: AdapterOptions) -> Adapter | None:
    if not options.mask_to_class:
        return None
    return MaskToClass(options.mask_center, options.mask_threshold)


ADAPTERS = (
    AdapterType(
        ("vertical_flip", "horizontal_flip"),
        _flip,
        {"vertical_flip": 0.5, "horizontal_flip": 0.5},
    ),
    AdapterType(
        ("rotation", "rotation_center", "rotation_zero_pad"), _rotation, {"rotation": [-0.5, 0.5]}
    ),
    AdapterType(
        ("crop_width", "crop_height", "crop_padding"),
        _crop,
        {"crop_width": 6, "crop_height": 6, "crop_padding": 2},
    ),
    AdapterType(("frame",), _frame, {"frame": [4, 4]}),
    AdapterType(("binarize",), _binarize, {"binarize": 0.5}),
    AdapterType(
        ("autoencode", "encoder_noise", "encoder_drop"),
        _autoencode,
        {"autoencode": True, "encoder_noise": 0.1, "encoder_drop": 0.1},
    ),
    AdapterType(("labels", "other_label"), _relabel, {"labels": ["0"], "other_label": True}),
    AdapterType(
        ("mask_to_class", "mask_center", "mask_threshold"),
        _mask_to_class,
        {"mask_to_class": True},
    ),
)
"""All of them, in the order in which they are applied; `sample_range` is `select`'s."""


@dataclass(frozen=True)
class Chain:
    """Adapters in the order in which they are applied; maybe none."""

    adapters: tuple[Adapter, ...] = ()

    @property
    def is_random(self) -> bool:
        """Whether training batches differ from one time to the next."""
        return any(item.is_random for item in self.adapters)

    def __len__(self) -> int:
        return len(self.adapters)

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return the facts of samples after all changes."""
        for adapter in self.adapters:
            facts = adapter.shape(facts)
        return facts

    def __call__(
        self,
        inputs: Tensor,
        targets: Tensor,
        generator: torch.Generator | None = None,
        training: bool = False,
    ) -> Batch:
        """Return a changed batch; see `Adapter`."""
        for adapter in self.adapters:
            inputs, targets = adapter(inputs, targets, generator, training)
        return inputs, targets


def adapt(dataset: Dataset, options: AdapterOptions) -> tuple[Dataset, Chain]:
    """Return a dataset as a job sees it: the samples that it uses, and what changes them.

    ``chain.shape(dataset.facts)`` are the facts of what networks get.

    Parameters
    ----------
    dataset : Dataset
        The samples as they are stored.
    options : AdapterOptions
        Which adapters to apply, and how.

    Raises
    ------
    PlatformError
        If the options do not go with the data; the option is named.
    """
    selected = select(dataset, options)
    return selected, make_adapters(options, selected.facts)


def select(dataset: Dataset, options: AdapterOptions) -> Dataset:
    """Return the part of a dataset that `sample_range` and `labels` leave.

    Parameters
    ----------
    dataset : Dataset
        The samples as they are stored.
    options : AdapterOptions
        Which adapters to apply, and how.

    Raises
    ------
    PlatformError
        If it would be empty, or an option does not go with the data.
    """
    if options.sample_range is not None:
        dataset = dataset.narrowed(dataset.indices(options.sample_range, "sample_range"))
    if options.labels is None or options.other_label:
        return dataset
    wanted = torch.tensor(class_numbers(options.labels, dataset.facts))
    targets = dataset.targets if dataset.order is None else dataset.targets[dataset.order]
    kept = torch.isin(targets, wanted).nonzero()[:, 0]
    if not len(kept):
        raise refused("labels", "leaves no sample; none is of a class that it names.")
    return dataset.narrowed(kept)


def make_adapters(options: AdapterOptions, facts: DatasetFacts) -> Chain:
    """Return the changes that options ask for; `sample_range` and `labels` are `select`'s.

    Parameters
    ----------
    options : AdapterOptions
        Or options of a job, which hold them.
    facts : DatasetFacts
        Of the samples before any change, after `select`.

    Raises
    ------
    OptionError
        If such samples cannot be changed so; the option is named.
    """
    found = (kind.make(options) for kind in ADAPTERS)
    made = [item for item in found if item is not None]
    chain = Chain(_merged(made))
    chain.shape(facts)
    return chain


def _merged(made: list[Adapter]) -> tuple[Adapter, ...]:
    """Let cuttings of varying size be framed as they are cut: a batch has one shape."""
    found: list[Adapter] = []
    for adapter in made:
        before = found[-1] if found else None
        if isinstance(adapter, Frame) and isinstance(before, Crop) and before.varies:
            found[-1] = FramedCrop(before, adapter)
        else:
            found.append(adapter)
    return tuple(found)

"""Adapters as options ask for them, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.learning.datasets.adapter import Adapter, Batch, refused
from jupyter_platform.learning.datasets.dataset import Dataset
from jupyter_platform.learning.datasets.image_adapters import (
    Crop,
    Flip,
    Frame,
    FramedCrop,
    Rotation,
)
from jupyter_platform.learning.datasets.value_adapters import (
    Autoencode,
    Binarize,
    MaskToClass,
    Relabel,
    class_numbers,
)

__all__ = ["Adapter", "Chain", "adapt", "make_adapters", "select"]


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

    Raises
    ------
    PlatformError
        If the options do not go with the data; the option is named.
    """
    selected = select(dataset, options)
    return selected, make_adapters(options, selected.facts)


def select(dataset: Dataset, options: AdapterOptions) -> Dataset:
    """Return the part of a dataset that `sample_range` and `labels` leave.

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
    made: list[Adapter] = []
    if options.vertical_flip or options.horizontal_flip:
        made.append(Flip(options.vertical_flip, options.horizontal_flip))
    if options.rotation is not None:
        made.append(Rotation(options.rotation, options.rotation_center, options.rotation_zero_pad))
    if options.crop_width is not None or options.crop_height is not None:
        made.append(Crop(options.crop_width, options.crop_height, options.crop_padding))
    if options.frame is not None:
        made.append(Frame(options.frame))
    if options.binarize is not None:
        made.append(Binarize(options.binarize))
    if options.autoencode:
        made.append(Autoencode(options.encoder_noise, options.encoder_drop))
    if options.labels is not None and not options.autoencode:
        made.append(Relabel(options.labels, options.other_label))
    if options.mask_to_class:
        made.append(MaskToClass(options.mask_center, options.mask_threshold))
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

"""Loading a dataset from its descriptor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.core.datasets import (
    DatasetDescriptor,
    DatasetFacts,
    Split,
    bundled_file,
)
from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.learning.datasets.arrays import StoredArrays, first_nan
from jupyter_platform.learning.datasets.dataset import Dataset
from jupyter_platform.learning.datasets.labels import Labels, read_labels
from jupyter_platform.learning.datasets.npz import read_npz

DEFAULT_TRAIN_SHARE = 0.8


def load(descriptor: DatasetDescriptor, files: Mapping[str, str]) -> Dataset:
    """Load a dataset.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        What and where it is.
    files : mapping
        ``sha256:<hex>`` to a path on this host.

    Raises
    ------
    InvalidDataError
        If the file is not what the descriptor says.
    NotFoundError
        If the file is not here.
    """
    path = _path(descriptor, files)
    stored = _read(descriptor, path)
    labels = read_labels(stored, descriptor)
    inputs = _inputs(stored, descriptor)
    size = len(inputs)
    facts = DatasetFacts(
        size=size,
        shape=list(inputs.shape[1:]),
        task=labels.task,
        outputs=labels.outputs,
        classes=None if labels.classes is None else list(labels.classes),
        class_counts=_class_counts(labels),
        features=_features(stored, descriptor, inputs),
        splits=_splits(descriptor, size, stored.train),
        bytes=path.stat().st_size,
    )
    order = None
    if descriptor.shuffle_seed is not None:
        shuffled = np.random.default_rng(descriptor.shuffle_seed).permutation(size)
        order = torch.from_numpy(shuffled)
    return Dataset(descriptor, inputs, torch.from_numpy(labels.values), facts, order)


def _path(descriptor: DatasetDescriptor, files: Mapping[str, str]) -> Path:
    kind, _, name = descriptor.file.partition(":")
    if kind == "bundled":
        path = bundled_file(Path(name).name)
    else:
        path = Path(files.get(descriptor.file, descriptor.file))
    if not path.is_file():
        raise NotFoundError(
            f"Dataset {descriptor.name!r}: its file {descriptor.file} is not on this host."
        )
    return path


def _read(descriptor: DatasetDescriptor, path: Path) -> StoredArrays:
    if descriptor.kind == "npz":
        return read_npz(path, descriptor.name)
    # pandas takes longer to import than most runs take to load their data.
    from jupyter_platform.learning.datasets.csv import read_csv  # noqa: PLC0415

    return read_csv(path, descriptor.name, descriptor.target)


def _inputs(stored: StoredArrays, descriptor: DatasetDescriptor) -> Tensor:
    array = stored.inputs
    bad = first_nan(array)
    if bad is not None:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: input {list(bad[1:])} of sample {bad[0]} is "
            f"{array[bad]}; inputs are finite."
        )
    array = _reshaped(array, descriptor)
    # A mapped array is copied only where its type or its alignment does not suit torch.
    tensor = torch.from_numpy(np.require(array, np.float32, ["C", "A", "W"]))
    return tensor if descriptor.scale == 1.0 else tensor.mul_(descriptor.scale)


def _reshaped(array: NDArray[Any], descriptor: DatasetDescriptor) -> NDArray[Any]:
    if descriptor.shape is None:
        return array.reshape(len(array), 1) if array.ndim == 1 else array
    stored = math.prod(array.shape[1:])
    if stored != math.prod(descriptor.shape):
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: a stored sample has {stored} values (shape "
            f"{array.shape[1:]}), which do not fill shape {descriptor.shape}."
        )
    return array.reshape(len(array), *descriptor.shape)


def _class_counts(labels: Labels) -> list[int] | None:
    if labels.task == "regression":
        return None
    counts: list[int] = np.bincount(labels.values, minlength=labels.outputs).tolist()
    return counts


def _features(
    stored: StoredArrays, descriptor: DatasetDescriptor, inputs: Tensor
) -> list[str] | None:
    names = descriptor.features or stored.features
    if names is None:
        return None
    if len(names) != inputs[0].numel():
        raise InvalidDataError(
            f"Dataset {descriptor.name!r} names {len(names)} features; a sample has "
            f"{inputs[0].numel()} values."
        )
    return list(names)


def _splits(
    descriptor: DatasetDescriptor, size: int, train: int | None
) -> dict[Split, tuple[int, int]]:
    if descriptor.splits is not None:
        for name, (start, stop) in descriptor.splits.items():
            if stop > size:
                raise InvalidDataError(
                    f"Dataset {descriptor.name!r}: split {name!r} is [{start}, {stop}), but there "
                    f"are {size:,} samples."
                )
        return dict(descriptor.splits)
    border = int(size * DEFAULT_TRAIN_SHARE) if train is None else train
    if not 0 < border < size:
        return {"train": (0, size)}
    return {"train": (0, border), "validation": (border, size), "test": (border, size)}

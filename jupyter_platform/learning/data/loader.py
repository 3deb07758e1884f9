"""Loading a dataset from its descriptor."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.core.datasets import (
    BUNDLED,
    GET,
    PATH,
    PIXEL_KINDS,
    SYNTHETIC,
    DatasetDescriptor,
    DatasetFacts,
    bundled_file,
)
from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.core.tables import TableLook, TablePreparation
from jupyter_platform.learning.data.arrays import (
    Files,
    StoredArrays,
    fault_of,
    not_finite,
)
from jupyter_platform.learning.data.dataset import Dataset
from jupyter_platform.learning.data.judged import judged
from jupyter_platform.learning.data.labels import Labels, as_learnt, read_labels
from jupyter_platform.learning.data.layout import parted_files
from jupyter_platform.learning.data.parts import Parts, make_parts
from jupyter_platform.learning.data.pictures.masks import mask_facts, mask_warnings
from jupyter_platform.learning.data.samples import ArraySamples, Samples
from jupyter_platform.learning.data.tabular.features import Fitted, TableFeatures

_FOLDERS = ("images", "masks", "huggingface")
"""Kinds that are read from folders; the other ones from files."""
_SUFFIXES = {"csv": ".csv", "parquet": ".parquet", "characters": ".txt"}
"""End of the files of kinds that are also read from folders, by the names of the files."""

_READERS = {
    "npz": "npz",
    "csv": "csv",
    "parquet": "parquet",
    "huggingface": "huggingface",
    "idx": "idx",
    "cifar10": "records",
    "cifar100": "records",
    "raw": "records",
    "stl10": "stl10",
    "svhn": "svhn",
    "images": "images",
    "masks": "images",
    "characters": "characters",
    "blobs": "synthetic",
    "moons": "synthetic",
    "sequences": "synthetic",
}
"""Module of the reader of each kind, with ``read(descriptor, files) -> StoredArrays``. They are
imported when needed: some bring libraries that take longer to import than most data to load."""


def load(
    descriptor: DatasetDescriptor, files: Mapping[str, str], look: TableLook | None = None
) -> Dataset:
    """Load a dataset.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        What and where it is.
    files : mapping
        ``sha256:<hex>`` to a path on this host.
    look : TableLook, optional
        Of tables: is filled in with what was recognised, also where one is then refused.

    Raises
    ------
    InvalidDataError
        If the files are not what the descriptor says.
    NotFoundError
        If a file is not here.
    """
    found = _opened(descriptor, locate(descriptor, files))
    _check_places(descriptor, found)
    reader = import_module(f"{__package__}.formats.{_READERS[descriptor.kind]}")
    given = {} if look is None else {"look": look}
    stored: StoredArrays = reader.read(descriptor, found, **given)
    labels = read_labels(stored, descriptor)
    count = len(labels.values)
    size = _size(descriptor, count)
    order = _order(descriptor, size, count, is_sorted=stored.is_sorted)
    parts = make_parts(descriptor, size, stored, labels, order)
    told = judged(stored, labels, parts, order, descriptor)
    labels, renamed = as_learnt(labels, descriptor)
    stored, table, unseen = _fitted(stored, parts, order, descriptor)
    inputs = _inputs(stored, descriptor)
    facts = DatasetFacts(
        size=size,
        shape=list(inputs.shape),
        task=labels.task,
        outputs=labels.outputs,
        target_shape=list(labels.values.shape),
        classes=None if labels.classes is None else list(labels.classes),
        class_counts=_class_counts(labels, order),
        features=_features(stored, descriptor, inputs),
        value_range=_value_range(inputs, descriptor),
        skipped=stored.skipped,
        warnings=[*stored.warnings, *mask_warnings(labels.values), *told, *unseen, *renamed],
        **mask_facts(labels.values),
        parts=parts.facts,
        bytes=_bytes(found) if stored.bytes is None else stored.bytes,
        scale=_scale(descriptor, inputs),
        input_type="int64" if stored.is_sequential else "float32",
        stored_type=str(inputs.dtype).removeprefix("torch."),
        streamed=not inputs.in_memory,
        sequential=stored.is_sequential,
        table=table,
        notes=list(stored.notes),
    )
    return Dataset(descriptor, facts, inputs, labels.values, parts.indices, order)


def _fitted(
    stored: StoredArrays, parts: Parts, order: Tensor | None, descriptor: DatasetDescriptor
) -> tuple[StoredArrays, TablePreparation | None, list[str]]:
    """Return the inputs of a table as fitted on its training rows; others as they are."""
    if not isinstance(stored.inputs, TableFeatures):
        return stored, None, []
    learnt = descriptor.learnt
    if learnt is not None and learnt.table is not None:
        try:
            return _with_features(stored, stored.inputs.as_learnt(learnt.table, learnt.dataset))
        except ValueError as error:
            raise InvalidDataError(f"Dataset {descriptor.name!r}: {error}.") from error
    train = parts.indices.get("train")
    if train is None:
        train = torch.arange(len(stored.inputs) if order is None else len(order))
    rows = train if order is None else order[train]
    return _with_features(stored, stored.inputs.fitted(rows.numpy()))


def _with_features(
    stored: StoredArrays, found: Fitted
) -> tuple[StoredArrays, TablePreparation, list[str]]:
    inputs = replace(
        stored, inputs=found.array.astype(np.float32), features=found.preparation.features
    )
    return inputs, found.preparation, list(found.warnings)


def locate(descriptor: DatasetDescriptor, files: Mapping[str, str]) -> Files:
    """Return where the files of a dataset lie on this host.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : mapping of str to str
        ``sha256:<hex>`` to the path on this host.

    Raises
    ------
    NotFoundError
        If one of them is not here; the error says how it gets here.
    """

    def paths(references: Iterable[str]) -> tuple[Path, ...]:
        return tuple(_path(descriptor.name, item, files) for item in references)

    if descriptor.kind in SYNTHETIC:
        return Files()
    train = descriptor.train if descriptor.file is None else (descriptor.file,)
    labels = None if descriptor.labels is None else paths([descriptor.labels])[0]
    return Files(paths(train), paths(descriptor.validation), paths(descriptor.test), labels)


def _opened(descriptor: DatasetDescriptor, files: Files) -> Files:
    """Return the files in a folder, part by part, where a kind of files is given a folder."""
    suffix = _SUFFIXES.get(descriptor.kind)
    if suffix is None or descriptor.file is None or not files.only.is_dir():
        return files
    return Files.of(parted_files(files.only, (suffix,), descriptor.name))


def _check_places(descriptor: DatasetDescriptor, files: Files) -> None:
    """Refuse a folder where a file is wanted."""
    if descriptor.kind in _FOLDERS:
        return
    labels = () if files.labels is None else (files.labels,)
    for path in (*files.all, *labels):
        if path.is_dir():
            raise InvalidDataError(
                f"Dataset {descriptor.name!r}: {path.name} is a folder; kind "
                f"{descriptor.kind!r} reads files. Folders are read as {', '.join(_FOLDERS)}."
            )


def _path(name: str, reference: str, files: Mapping[str, str]) -> Path:
    if reference.startswith(GET):
        raise NotFoundError(
            f"Dataset {name!r} is not downloaded yet; `jupyter platform datasets get {name}` does "
            "that."
        )
    if reference.startswith(PATH):
        path = Path(reference.removeprefix(PATH))
        if not path.exists():
            raise NotFoundError(
                f"Dataset {name!r}: {path} is not on host {socket.gethostname()}. A descriptor "
                "that names local files is read in place, on hosts that have them under that path; "
                "only files that were added to the repository (`jupyter platform datasets add`) "
                "are sent to other hosts."
            )
        if not path.is_file() and not path.is_dir():
            raise InvalidDataError(
                f"Dataset {name!r}: {path} is no file or folder, but a device, a pipe or a socket."
            )
        return path
    if reference.startswith(BUNDLED):
        path = bundled_file(Path(reference.removeprefix(BUNDLED)).name)
    else:
        path = Path(files.get(reference, reference))
    if not path.is_file():
        raise NotFoundError(f"Dataset {name!r}: its file {reference} is not on this host.")
    return path


def _inputs(stored: StoredArrays, descriptor: DatasetDescriptor) -> Samples:
    inputs = stored.inputs
    assert not isinstance(inputs, TableFeatures), "they are fitted before"
    if not isinstance(inputs, np.ndarray | tuple):
        return _shaped(inputs, descriptor)
    parts = (inputs,) if isinstance(inputs, np.ndarray) else inputs
    _check_finite(parts, descriptor)
    return ArraySamples(parts, _shape(parts[0], stored, descriptor))


def _check_finite(parts: Sequence[NDArray[Any]], descriptor: DatasetDescriptor) -> None:
    """Refuse inputs that are not finite as networks get them: float32, and scaled."""
    factor = _array_scale(descriptor)
    before = 0
    for part in parts:
        bad = not_finite(part, factor)
        if bad is not None:
            place = f"input {list(bad.first[1:])} of sample {before + bad.first[0]}"
            raise InvalidDataError(
                f"Dataset {descriptor.name!r}: {place} {fault_of(part[bad.first], factor)}; "
                f"{bad.counted()}; inputs are finite."
            )
        before += len(part)


def _shaped(samples: Samples, descriptor: DatasetDescriptor) -> Samples:
    """Refuse samples of their own making whose shape is not the one that is described."""
    if descriptor.shape is not None and descriptor.shape != samples.shape:
        raise _misshapen(samples.shape, descriptor.shape, descriptor.name)
    return samples


def _shape(
    array: NDArray[Any], stored: StoredArrays, descriptor: DatasetDescriptor
) -> tuple[int, ...]:
    wanted = descriptor.shape or stored.shape
    if wanted is None:
        is_flat = array.ndim == 1 and not stored.is_sequential
        return (1,) if is_flat else array.shape[1:]
    if math.prod(array.shape[1:]) != math.prod(wanted):
        raise _misshapen(array.shape[1:], wanted, descriptor.name)
    return wanted


def _misshapen(stored: tuple[int, ...], wanted: tuple[int, ...], name: str) -> InvalidDataError:
    return InvalidDataError(
        f"Dataset {name!r}: a stored sample has {math.prod(stored)} values (shape {stored}), which "
        f"do not fill shape {wanted}."
    )


def _scale(descriptor: DatasetDescriptor, inputs: Samples) -> float:
    # What is not in memory are images, also those inside of tables.
    if inputs.in_memory or descriptor.scale is not None:
        return _array_scale(descriptor)
    return 1 / 255


def _array_scale(descriptor: DatasetDescriptor) -> float:
    if descriptor.scale is not None:
        return descriptor.scale
    return 1 / 255 if descriptor.kind in PIXEL_KINDS else 1.0


def _value_range(inputs: Samples, descriptor: DatasetDescriptor) -> tuple[float, float] | None:
    """Return the least and the largest stored number of arrays that may be pictures."""
    if not isinstance(inputs, ArraySamples) or descriptor.kind in PIXEL_KINDS:
        return None
    if len(inputs.shape) not in (2, 3) or not len(inputs):
        return None
    return inputs.range()


def _size(descriptor: DatasetDescriptor, stored: int) -> int:
    if descriptor.size is None:
        return stored
    if descriptor.size > stored:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r} is to have {descriptor.size:,} samples, but its files "
            f"hold {stored:,}."
        )
    return descriptor.size


def _order(
    descriptor: DatasetDescriptor, size: int, stored: int, *, is_sorted: bool
) -> Tensor | None:
    seed = descriptor.shuffle_seed
    if seed is None and not is_sorted:
        return None if size == stored else torch.arange(size)
    # Of samples in the order of their classes a limited number is a sample of all.
    drawn = stored if is_sorted else size
    return torch.from_numpy(np.random.default_rng(seed or 0).permutation(drawn)[:size])


def _class_counts(labels: Labels, order: Tensor | None) -> list[int] | None:
    if labels.counts is None or order is None or len(order) == len(labels.values):
        return labels.counts
    chosen = labels.values.whole()[order]
    counts: list[int] = torch.bincount(chosen, minlength=labels.outputs).tolist()
    return counts


def _features(
    stored: StoredArrays, descriptor: DatasetDescriptor, inputs: Samples
) -> list[str] | None:
    names = descriptor.features or stored.features
    if names is None:
        return None
    values = math.prod(inputs.shape)
    if len(names) != values:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r} names {len(names)} features; a sample has "
            f"{values} values."
        )
    return list(names)


def _bytes(files: Files) -> int:
    return sum(path.stat().st_size for path in files.all if path.is_file())

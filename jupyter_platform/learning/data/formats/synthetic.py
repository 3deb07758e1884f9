"""Data that are made up, the same on every host, with a known best answer."""

from __future__ import annotations

import numpy as np

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.learning.data.arrays import Files, StoredArrays


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Make up the data of a descriptor from its parameters; see `blobs`, `moons`, `sequences`.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.
    """
    made = {"blobs": blobs, "moons": moons, "sequences": sequences}[descriptor.kind](descriptor)
    size = sum(item.nbytes for item in (made.inputs, made.targets) if isinstance(item, np.ndarray))
    return StoredArrays(
        made.inputs,
        made.targets,
        classes=made.classes,
        shape=made.shape,
        is_sequential=made.is_sequential,
        bytes=size,
    )


def blobs(descriptor: DatasetDescriptor) -> StoredArrays:
    """Return clouds around one centre for each class, in turn.

    Sample i belongs to class ``i % classes``; it is normally distributed with deviation `spread`
    around the centre of its class, and centres are uniform in [-10, 10].
    """
    samples, classes, features = (
        int(descriptor.parameter(name)) for name in ("samples", "classes", "features")
    )
    generator = np.random.default_rng(int(descriptor.parameter("seed")))
    centres = generator.uniform(-10, 10, (classes, features))
    labels = np.arange(samples) % classes
    noise = generator.standard_normal((samples, features)) * descriptor.parameter("spread")
    inputs = (centres[labels] + noise).astype(np.float32)
    return StoredArrays(inputs, labels, classes=tuple(str(item) for item in range(classes)))


def moons(descriptor: DatasetDescriptor) -> StoredArrays:
    """Return two interleaved half circles, in turn, which no straight line separates.

    Sample i lies on the upper one where i is even, at an angle uniform in [0, π], moved by normally
    distributed `noise`; the lower one is shifted by (1, 0.5).
    """
    samples = int(descriptor.parameter("samples"))
    generator = np.random.default_rng(int(descriptor.parameter("seed")))
    angles = generator.uniform(0, np.pi, samples)
    labels = np.arange(samples) % 2
    x = np.where(labels == 0, np.cos(angles), 1 - np.cos(angles))
    y = np.where(labels == 0, np.sin(angles), 0.5 - np.sin(angles))
    noise = generator.standard_normal((samples, 2)) * descriptor.parameter("noise")
    inputs = (np.stack([x, y], axis=1) + noise).astype(np.float32)
    return StoredArrays(inputs, labels, classes=("upper", "lower"))


def sequences(descriptor: DatasetDescriptor) -> StoredArrays:
    """Return random symbols, of which each target is the one `delay` steps before.

    A network that remembers `delay` symbols is always right; without memory (and with a delay)
    nothing is better than chance, 1 / `symbols`. Before the first symbol stands symbol 0.
    """
    samples, symbols, delay = (
        int(descriptor.parameter(name)) for name in ("samples", "symbols", "delay")
    )
    generator = np.random.default_rng(int(descriptor.parameter("seed")))
    inputs = generator.integers(0, symbols, samples)
    targets = np.concatenate([np.zeros(min(delay, samples), dtype=np.int64), inputs])[:samples]
    names = tuple(str(item) for item in range(symbols))
    return StoredArrays(inputs, targets, classes=names, shape=(), is_sequential=True)

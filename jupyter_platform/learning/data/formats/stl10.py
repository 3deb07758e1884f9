"""Reading the binary files of STL-10."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import Files, StoredArrays
from jupyter_platform.learning.data.formats.idx import pairs
from jupyter_platform.learning.data.formats.records import map_records

CHANNELS, SIDE = 3, 96


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Map pairs of images and labels; images are stored column by column, labels count from 1.

    Source: A. Coates, H. Lee, A. Y. Ng, "An Analysis of Single Layer Networks in Unsupervised
    Feature Learning", AISTATS 2011.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.

    Raises
    ------
    InvalidDataError
        If a file does not hold whole images, or pairs do not fit.
    """
    inputs: list[NDArray[Any]] = []
    targets: list[NDArray[Any]] = []
    name = descriptor.name
    for which, paths in files.parts.items():
        for x, y in pairs(paths, which, name):
            records = map_records(x, CHANNELS * SIDE * SIDE, name)
            labels = map_records(y, 1, name)[:, 0]
            if len(records) != len(labels):
                raise InvalidDataError(
                    f"Dataset {name!r}: {x.name} holds {len(records):,} images and {y.name} "
                    f"{len(labels):,} labels."
                )
            if labels.min() < 1:
                raise InvalidDataError(
                    f"Dataset {name!r}: {y.name} holds the label 0; they count from 1."
                )
            inputs.append(records.reshape(-1, CHANNELS, SIDE, SIDE).swapaxes(2, 3))
            targets.append(np.asarray(labels, dtype=np.int64) - 1)
    parts = files.ranges([len(item) for item in targets], files_each=2)
    return StoredArrays(tuple(inputs), np.concatenate(targets), parts=parts)

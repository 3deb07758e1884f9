"""Reading the MATLAB files of SVHN, cropped digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import Files, StoredArrays


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Read images ``X`` of shape (H, W, C, N) and labels ``y``, of which 10 is the digit 0.

    Source: Y. Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature
    Learning", NIPS Workshop 2011.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.

    Raises
    ------
    InvalidDataError
        If a file is no such MATLAB file.
    """
    read_files = [_read_mat(path, descriptor.name) for path in files.all]
    return StoredArrays(
        tuple(inputs for inputs, _ in read_files),
        np.concatenate([targets for _, targets in read_files]),
        parts=files.ranges([len(targets) for _, targets in read_files]),
    )


def _read_mat(path: Path, dataset: str) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        content = loadmat(path, variable_names=("X", "y"))
        images, labels = content["X"], content["y"].ravel().astype(np.int64)
    except KeyError as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} holds no variable {error}; X and y are needed."
        ) from error
    except Exception as error:
        # SciPy raises whatever its parsers run into; the file is the cause in every case.
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} is no MATLAB file (version 4 to 7.2): {error}."
        ) from error
    if images.ndim != 4 or images.shape[3] != len(labels):
        raise InvalidDataError(
            f"Dataset {dataset!r}: X in {path.name} has shape {images.shape} for {len(labels):,} "
            "labels; it must be (height, width, channels, samples)."
        )
    return np.ascontiguousarray(images.transpose(3, 2, 0, 1)), labels % 10

"""Samples of a question to a trained network: what people write, as one array."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.predictions import MAX_SAMPLES, MAX_VALUES, EncodedArray
from jupyter_platform.core.preparations import Preparation


def as_samples(
    inputs: list[Any] | EncodedArray, shape: Sequence[int] | None, preparation: Preparation | None
) -> NDArray[np.float32]:
    """Return samples along the first axis.

    Parameters
    ----------
    inputs : list or EncodedArray
        One sample or several: numbers in nested lists, or rows of a table as dicts by column, which
        are prepared as they were when they were learnt.
    shape : sequence of int or None
        Shape of one sample; None where it is not fixed.
    preparation : Preparation or None
        How samples of the network are prepared.

    Returns
    -------
    ndarray, shape (B, *shape)

    Raises
    ------
    InvalidRequestError
        If these are no samples of the network; both shapes are named.
    """
    if isinstance(inputs, list) and inputs and all(isinstance(item, dict) for item in inputs):
        inputs = _rows(inputs, preparation)
    return _array(inputs, shape)


def _rows(rows: list[Any], preparation: Preparation | None) -> list[Any]:
    """Return rows of a table as samples, prepared as they were when they were learned."""
    if preparation is None or preparation.table is None:
        raise bad_samples("inputs", "Rows are given, but the network was not learnt on a table.")
    scale = preparation.scale
    return [[number * scale for number in preparation.table.row(row)] for row in rows]


def _array(inputs: list[Any] | EncodedArray, shape: Sequence[int] | None) -> NDArray[np.float32]:
    """Return samples along the first axis, or say why these are none."""
    array = _decode(inputs) if isinstance(inputs, EncodedArray) else _from_lists(inputs)
    if not np.isfinite(array).all():
        raise bad_samples("inputs", "The inputs hold NaN or infinite numbers.")
    if shape is not None:
        array = _with_batch(array, shape)
    elif array.ndim == 0:
        raise bad_samples("inputs", "The inputs are one number; give a list of samples.")
    if not 0 < len(array) <= MAX_SAMPLES:
        raise bad_samples(
            "inputs",
            f"{len(array):,} samples are given; 1 to {MAX_SAMPLES:,} are accepted at once.",
        )
    return array


def _with_batch(array: NDArray[np.float32], shape: Sequence[int]) -> NDArray[np.float32]:
    """Add the axes that are one long and were left out, and the one of the batch."""
    wanted = tuple(shape)
    bare = tuple(size for size in wanted if size != 1)
    if array.shape[1:] == wanted:
        return array
    if array.shape == wanted or array.shape in ((bare), (1, *bare)):
        return array.reshape(1, *wanted)
    if array.shape[1:] == bare:
        return array.reshape(len(array), *wanted)
    given = "×".join(map(str, array.shape)) or "one number"
    accepted = "×".join(map(str, wanted)) or "one number"
    raise bad_samples(
        "inputs",
        f"The inputs have shape {given}; the network takes samples of shape {accepted}, one or "
        "several along the first axis.",
        accepted,
    )


def _decode(inputs: EncodedArray) -> NDArray[np.float32]:
    size = math.prod(inputs.shape)
    if min(inputs.shape, default=1) < 0 or size > MAX_VALUES:
        raise bad_samples(
            "inputs", f"The inputs may have {MAX_VALUES:,} numbers; they have {size:,}."
        )
    try:
        data = base64.b64decode(inputs.data, validate=True)
        return np.frombuffer(data, dtype="<f4").reshape(inputs.shape)
    except ValueError as error:
        raise bad_samples(
            "inputs",
            f"The inputs are not {size:,} numbers as base64 of little-endian float32: {error}.",
        ) from error


def _from_lists(inputs: list[Any]) -> NDArray[np.float32]:
    try:
        found = np.array(inputs)
    except ValueError as error:
        raise bad_samples(
            "inputs", "The inputs are lists of different lengths; samples have one shape."
        ) from error
    if found.dtype.kind not in "biuf" or found.size == 0:
        raise bad_samples(
            "inputs", "The inputs are no numbers; nested lists of numbers are accepted."
        )
    if found.size > MAX_VALUES:
        raise bad_samples(
            "inputs", f"The inputs may have {MAX_VALUES:,} numbers; they have {found.size:,}."
        )
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def bad_samples(field: str, message: str, accepted: str | None = None) -> InvalidRequestError:
    """Return the error that refuses samples.

    Parameters
    ----------
    field : str
        Field to blame.
    message : str
        What is wrong, as a sentence.
    accepted : str, optional
        What would be accepted.
    """
    return InvalidRequestError(
        message, errors=[FieldError(field=field, message=message, accepted=accepted)]
    )

"""Applying a preparation: from raw samples to what a network gets, wherever it is used."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.preparations import PicturePreparation, Preparation
from jupyter_platform.learning.data.adapters.chain import Chain, make_adapters
from jupyter_platform.learning.data.dataset import Dataset
from jupyter_platform.learning.data.pictures.decoding import FAULTS, Picture, decode, reason


def prepared_pictures(
    pictures: Sequence[Picture], preparation: Preparation, *, invert: bool = False
) -> Tensor:
    """Return pictures as a network gets them.

    Parameters
    ----------
    pictures : sequence of Picture
        Image files.
    invert : bool
        Whether dark is made bright: for dark strokes on a bright ground.

    Returns
    -------
    Tensor, shape (B, *input_shape)

    Raises
    ------
    InvalidRequestError
        If the samples of the preparation are no pictures.
    InvalidDataError
        If a picture cannot be read.
    """
    how = picture_preparation(preparation)
    pixels = np.stack([_decoded(item, how) for item in pictures])
    if invert:
        pixels = 255 - pixels
    raw = torch.from_numpy(pixels).to(torch.float32).mul_(how.scale)
    return adapted(raw.reshape(len(pictures), *preparation.raw_shape), preparation)


def prepared_samples(
    dataset: Dataset, rows: Tensor, preparation: Preparation | None
) -> tuple[Tensor, Tensor]:
    """Return samples of a dataset as a network gets them, and their targets as they are.

    Parameters
    ----------
    dataset : Dataset
        The samples as they are stored.
    rows : Tensor
        Indices of samples, int64, shape (B,).
    preparation : Preparation or None
        How samples became tensors when the network learnt; None: as they are.
    """
    inputs, targets = dataset.gather(rows)
    return (inputs if preparation is None else adapted(inputs, preparation)), targets


def adapted(raw: Tensor, preparation: Preparation) -> Tensor:
    """Return raw inputs after the adapters of a preparation; samples of other shapes as they are.

    Parameters
    ----------
    raw : Tensor, shape (B, *raw_shape)
    """
    if not preparation.adapters or tuple(raw.shape[1:]) != preparation.raw_shape:
        return raw
    inputs, _ = adapters(preparation)(raw, torch.zeros(len(raw), dtype=torch.int64))
    return inputs


def adapters(preparation: Preparation) -> Chain:
    """Return the adapters that a preparation applies."""
    facts = DatasetFacts(
        size=1,
        shape=list(preparation.raw_shape),
        task="classification",
        outputs=1,
        parts={},
        bytes=0,
        input_type=preparation.input_type,
    )
    return make_adapters(AdapterOptions.model_validate(preparation.adapters), facts)


def picture_preparation(preparation: Preparation) -> PicturePreparation:
    """Return how pictures are read.

    Raises
    ------
    InvalidRequestError
        If samples are no pictures, saying what they are.
    """
    if preparation.picture is not None:
        return preparation.picture
    why = preparation.no_picture or "its samples are no pictures"
    raise InvalidRequestError(
        f"Weights that were learnt on dataset {preparation.dataset!r} take no pictures: {why}. "
        "Give an array."
    )


def encoded_pictures(images: Sequence[str]) -> list[Picture]:
    """Return image files that came in base64.

    Raises
    ------
    InvalidRequestError
        If one is no base64.
    """
    found = []
    for number, text in enumerate(images):
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidRequestError(f"Image {number} is no file in base64: {error}.") from error
        found.append(Picture(f"Image {number}", io.BytesIO(data)))
    return found


def _decoded(picture: Picture, preparation: PicturePreparation) -> np.ndarray:
    try:
        return decode(picture, preparation)
    except FAULTS as error:
        raise InvalidDataError(f"{picture.name} cannot be read: {reason(error)}.") from error

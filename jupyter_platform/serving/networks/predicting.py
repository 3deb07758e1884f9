"""``POST predict``: samples as JSON, or pictures as files, answered from batches."""

from __future__ import annotations

import asyncio
import io
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json, to_json

from jupyter_platform.core.errors import FieldError, InvalidRequestError, OptionError, nearest
from jupyter_platform.core.predictions import MAX_SAMPLES, EncodedArray
from jupyter_platform.learning.data.pictures.decoding import Picture
from jupyter_platform.learning.data.prepared import encoded_pictures
from jupyter_platform.learning.questions.serving import Outputs, TrainedNetwork
from jupyter_platform.runtime.samples import as_samples
from jupyter_platform.serving.networks.batcher import Batcher


class ServedQuestion(BaseModel):
    """Body of ``POST predict``: inputs, or images."""

    model_config = ConfigDict(extra="forbid")

    inputs: list[Any] | EncodedArray | dict[str, Any] | None = Field(
        default=None, union_mode="left_to_right"
    )
    """One sample, or several along the first axis, as the network gets them; of a table also rows
    as dicts by column."""
    images: list[str] | None = Field(default=None, min_length=1, max_length=MAX_SAMPLES)
    """Image files in base64; they are prepared as the weights learnt them."""
    invert: bool = False
    """Of images: whether dark is made bright."""


class Predicting:
    """Answers questions to one network.

    Parameters
    ----------
    network : TrainedNetwork
        The network that is asked.
    batcher : Batcher
        Collects the samples.
    """

    def __init__(self, network: TrainedNetwork, batcher: Batcher[Outputs]) -> None:
        self._network = network
        self._batcher = batcher

    async def json_answer(self, body: bytes) -> bytes:
        """Return the `Prediction` of a `ServedQuestion`, both as JSON.

        Raises
        ------
        InvalidRequestError
            If the question, or its samples, are not what the network takes.
        """
        try:
            # As in the schema; numbers of one sample are most of all questions, and need no model.
            told = from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise InvalidRequestError(f"The body is no JSON: {error}.") from error
        if isinstance(told, dict) and len(told) == 1 and isinstance(told.get("inputs"), list):
            return await self.prediction(self.samples(told["inputs"]))
        question = _question(told)
        if question.images is not None:
            pictures = encoded_pictures(question.images)
            return await self.of_pictures(pictures, invert=question.invert)
        inputs = question.inputs
        if isinstance(inputs, dict):
            inputs = [inputs]
        return await self.prediction(self.samples(inputs or []))

    def samples(self, inputs: list[Any] | EncodedArray) -> NDArray[np.float32]:
        """Return numbers, or rows, as the network gets them."""
        return as_samples(inputs, self._network.input_shape, self._network.preparation)

    async def of_files(self, files: Sequence[tuple[str, Path]], *, invert: bool = False) -> bytes:
        """Return the `Prediction` of image files: pairs of name and path.

        Raises
        ------
        InvalidDataError
            If one cannot be read.
        """
        pictures = [Picture(name, str(path)) for name, path in files]
        return await self.of_pictures(pictures, invert=invert)

    async def of_body(self, data: bytes) -> bytes:
        """Return the `Prediction` of one image file."""
        return await self.of_pictures([Picture("The picture", io.BytesIO(data))], invert=False)

    async def of_pictures(self, pictures: Sequence[Picture], *, invert: bool) -> bytes:
        """Return the `Prediction` of pictures, as JSON."""
        return await self.prediction(await self.prepared(pictures, invert=invert))

    async def prepared(self, pictures: Sequence[Picture], *, invert: bool) -> NDArray[np.float32]:
        """Return pictures as the network gets them."""
        return await asyncio.to_thread(self._network.pictures, pictures, invert=invert)

    async def prediction(self, samples: NDArray[np.float32]) -> bytes:
        """Return the `Prediction` of samples as JSON."""
        began = time.perf_counter()
        outputs = await self.outputs(samples)
        answer: dict[str, Any] = {
            "network": self._network.name,
            "tag": self._network.tag,
            "input_shape": samples.shape[1:],
            "outputs": outputs.values.tolist(),
            "classes": None,
            "probabilities": None,
            "predicted": None,
            "notes": [],
            "forward_ms": (time.perf_counter() - began) * 1000,
        }
        shares = outputs.probabilities
        if shares is not None:
            classes = self._network.classes(shares.shape[1])
            answer["classes"] = classes
            answer["probabilities"] = shares.tolist()
            answer["predicted"] = [classes[number] for number in shares.argmax(1).tolist()]
        # Minus infinity, the logarithm of probability 0, is null in JSON.
        return to_json(answer, inf_nan_mode="null")

    async def outputs(self, samples: NDArray[np.float32]) -> Outputs:
        """Return what the network gives for samples.

        Raises
        ------
        InvalidRequestError
            If that is NaN or infinite: nothing can be told from it.
        """
        found = await self._batcher.submit(samples)
        values = found.values
        if not math.isfinite(float(values.sum())):
            wrong = (np.isnan(values) | (values == np.inf)).reshape(len(values), -1).any(1)
            if wrong.any():
                raise InvalidRequestError(
                    f"Network {self._network.name!r} gives NaN or infinity for sample "
                    f"{int(wrong.argmax())}; nothing can be told from that."
                )
        shares = found.probabilities
        if shares is not None and math.isnan(float(shares.sum())):
            return Outputs(values, None)
        return found


def _question(told: Any) -> ServedQuestion:
    if not isinstance(told, dict):
        raise InvalidRequestError(
            f"The body is JSON of type {type(told).__name__}; an object with inputs or images is "
            "wanted."
        )
    try:
        question = ServedQuestion.model_validate(told)
    except ValidationError as error:
        raise OptionError.from_fields([_fault(item) for item in error.errors()]) from error
    if (question.inputs is None) == (question.images is None):
        raise InvalidRequestError("Give either inputs or images.")
    if question.invert and question.images is None:
        raise InvalidRequestError("invert goes with images.")
    return question


def _fault(item: Any) -> FieldError:
    name = str(item["loc"][0]) if item["loc"] else "body"
    near = nearest(name, ServedQuestion.model_fields) if item["type"] == "extra_forbidden" else None
    hint = f" Did you mean {near}?" if near else ""
    known = ", ".join(ServedQuestion.model_fields)
    if item["type"] == "extra_forbidden":
        return FieldError(
            field=name, message=f"{name} is unknown.{hint} Known: {known}.", nearest=near
        )
    return FieldError(field=name, message=f"{name}: {item['msg']}.")

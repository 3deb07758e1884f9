"""Questions to trained networks; the inspector of a host answers them."""

from __future__ import annotations

import asyncio
import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    NetworkRepository,
    TagRepository,
)
from jupyter_platform.coordinator.repository.networks.description_check import check_description
from jupyter_platform.coordinator.repository.networks.tags import ResolvedTag
from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.predictions import (
    MAX_SAMPLES,
    MAX_VALUES,
    EncodedArray,
    PredictAnswer,
    Prediction,
    PredictionRequest,
    PredictQuestion,
    PreparationRecord,
)
from jupyter_platform.core.preparations import METADATA_KEY, Preparation, derive, from_metadata
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.weights_header import read_weights_header

ANSWER_WITHIN_S = 60.0
"""Seconds after which a question is given up."""


class PredictionService:
    """Asks any network with any of its weights."""

    def __init__(
        self,
        networks: NetworkRepository,
        datasets: DatasetRepository,
        tags: TagRepository,
        inspect: Inspect,
        blobs: BlobStore,
    ) -> None:
        self._networks = networks
        self._datasets = datasets
        self._tags = tags
        self._inspect = inspect
        self._blobs = blobs

    async def predict(self, name: str, request: PredictionRequest) -> Prediction:
        """Return a network's outputs for samples.

        Parameters
        ----------
        name : str
            Name of the network.
        request : PredictionRequest
            Weights and samples.

        Raises
        ------
        NotFoundError
            If there is no such network, tag or dataset.
        InvalidRequestError
            If the samples do not fit; shapes are named.
        ConflictError
            If the weights belong to an earlier description of the network.
        UnavailableError
            If no host answers in time.
        """
        await self._networks.refresh()
        await self._datasets.refresh()
        description = self._networks.get(name)
        found = await self._tags.resolve(name, request.tag)
        check_description(description, found.record, "learn it again, or name another tag")
        learnt_on = await self._facts(found.record.dataset)
        preparation, note = await self._prepared(found, learnt_on)
        question = await self._question(description, found, request, learnt_on, preparation)
        answer = PredictAnswer.model_validate(
            await self._inspect(
                {"op": "predict", **question.model_dump(mode="json")}, ANSWER_WITHIN_S
            )
        )
        notes = [] if note is None or request.inputs is not None else [note]
        return _prediction(name, found, answer, notes)

    async def preparation(self, name: str, tag: str | None) -> PreparationRecord:
        """Return how samples are prepared for a network with some of its weights.

        Parameters
        ----------
        name : str
            Name of the network.
        tag : str or None
            Name of the weights; None: the newest weights.

        Raises
        ------
        NotFoundError
            If there is no such network or tag.
        """
        await self._networks.refresh()
        await self._datasets.refresh()
        self._networks.get(name)
        found = await self._tags.resolve(name, tag)
        learnt_on = await self._facts(found.record.dataset)
        preparation, note = await self._prepared(found, learnt_on)
        return PreparationRecord(network=name, tag=found.text, preparation=preparation, note=note)

    async def _prepared(
        self, found: ResolvedTag, learnt_on: DatasetFacts | None
    ) -> tuple[Preparation | None, str | None]:
        """Return the preparation kept with weights, else the dataset's with a note that says so."""
        file = self._blobs.path(found.variant.digest)
        header = await asyncio.to_thread(read_weights_header, file)
        if METADATA_KEY in header:
            return from_metadata(header[METADATA_KEY], found.text), None
        dataset = found.record.dataset
        if dataset is None or learnt_on is None or found.record.input_shape is None:
            return None, None
        derived = derive(
            self._datasets.get(dataset),
            learnt_on,
            found.record.input_shape,
            found.record.origin.options,
        )
        note = (
            f"The weights {found.text} do not tell how samples were prepared; they are prepared as "
            f"dataset {dataset!r} is read now."
        )
        return derived, note

    async def _question(
        self,
        description: NetworkDescription,
        found: ResolvedTag,
        request: PredictionRequest,
        learnt_on: DatasetFacts | None,
        preparation: Preparation | None,
    ) -> PredictQuestion:
        given = (request.inputs, request.images, request.samples)
        if sum(item is not None for item in given) != 1:
            raise _bad("inputs", "Give either inputs, images, or samples of a dataset.")
        if request.invert and request.images is None:
            raise _bad("invert", "invert goes with images.")
        if request.dataset is not None and request.samples is None:
            raise _bad("samples", "dataset goes with samples: which ones of it?")
        record = found.record
        inputs = request.inputs
        if isinstance(inputs, list) and inputs and all(isinstance(item, dict) for item in inputs):
            inputs = _rows(inputs, preparation)
        is_sequential = learnt_on is not None and learnt_on.sequential
        shape = None if is_sequential else record.input_shape
        return PredictQuestion(
            description=description,
            weights=f"sha256:{found.variant.digest}",
            input_shape=record.input_shape,
            outputs=record.outputs,
            inputs=None if inputs is None else _encode(_array(inputs, shape)),
            images=request.images,
            invert=request.invert,
            preparation=preparation,
            dataset=self._dataset(request, record.dataset),
            samples=request.samples,
            task=description.task or (learnt_on.task if learnt_on else None),
            classes=learnt_on.classes if learnt_on else None,
            integers=learnt_on is not None and learnt_on.input_type == "int64",
        )

    def _dataset(
        self, request: PredictionRequest, learnt_on: str | None
    ) -> DatasetDescriptor | None:
        if request.samples is None:
            return None
        name = request.dataset or learnt_on
        if name is None:
            raise _bad("dataset", "Name the dataset that the samples are of.")
        return self._datasets.get(name)

    async def _facts(self, dataset: str | None) -> DatasetFacts | None:
        if dataset is None or self._datasets.find(dataset) is None:
            return None
        return (await self._datasets.record(dataset)).facts


def _prediction(
    name: str, found: ResolvedTag, answer: PredictAnswer, notes: list[str]
) -> Prediction:
    names = answer.classes
    classes: list[str] | None = None
    predicted: list[str] | None = None
    if answer.probabilities is not None:
        width = len(answer.probabilities[0]) if answer.probabilities else 0
        classes = list(names or ())[:width]
        classes += [str(number) for number in range(len(classes), width)]
        predicted = [classes[row.index(max(row))] for row in answer.probabilities]
    return Prediction(
        network=name,
        tag=found.text,
        classes=classes,
        predicted=predicted,
        notes=notes,
        **answer.model_dump(exclude={"classes"}),
    )


def _rows(rows: list[Any], preparation: Preparation | None) -> list[Any]:
    """Return rows of a table as samples, prepared as they were when they were learned."""
    if preparation is None or preparation.table is None:
        raise _bad("inputs", "Rows are given, but the network was not learnt on a table.")
    scale = preparation.scale
    return [[number * scale for number in preparation.table.row(row)] for row in rows]


def _array(inputs: list[Any] | EncodedArray, shape: list[int] | None) -> NDArray[np.float32]:
    """Return samples along the first axis, or say why these are none."""
    array = _decode(inputs) if isinstance(inputs, EncodedArray) else _from_lists(inputs)
    if not np.isfinite(array).all():
        raise _bad("inputs", "The inputs hold NaN or infinite numbers.")
    if shape is not None:
        array = _with_batch(array, shape)
    elif array.ndim == 0:
        raise _bad("inputs", "The inputs are one number; give a list of samples.")
    if not 0 < len(array) <= MAX_SAMPLES:
        raise _bad(
            "inputs",
            f"{len(array):,} samples are given; 1 to {MAX_SAMPLES:,} are accepted at once.",
        )
    return array


def _with_batch(array: NDArray[np.float32], shape: list[int]) -> NDArray[np.float32]:
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
    raise _bad(
        "inputs",
        f"The inputs have shape {given}; the network takes samples of shape {accepted}, one or "
        "several along the first axis.",
        accepted,
    )


def _decode(inputs: EncodedArray) -> NDArray[np.float32]:
    size = math.prod(inputs.shape)
    if min(inputs.shape, default=1) < 0 or size > MAX_VALUES:
        raise _bad("inputs", f"The inputs may have {MAX_VALUES:,} numbers; they have {size:,}.")
    try:
        data = base64.b64decode(inputs.data, validate=True)
        return np.frombuffer(data, dtype="<f4").reshape(inputs.shape)
    except ValueError as error:
        raise _bad(
            "inputs",
            f"The inputs are not {size:,} numbers as base64 of little-endian float32: {error}.",
        ) from error


def _from_lists(inputs: list[Any]) -> NDArray[np.float32]:
    try:
        found = np.array(inputs)
    except ValueError as error:
        raise _bad(
            "inputs", "The inputs are lists of different lengths; samples have one shape."
        ) from error
    if found.dtype.kind not in "biuf" or found.size == 0:
        raise _bad("inputs", "The inputs are no numbers; nested lists of numbers are accepted.")
    if found.size > MAX_VALUES:
        raise _bad(
            "inputs", f"The inputs may have {MAX_VALUES:,} numbers; they have {found.size:,}."
        )
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def _encode(array: NDArray[np.float32]) -> EncodedArray:
    data = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return EncodedArray(shape=list(array.shape), data=base64.b64encode(data).decode())


def _bad(field: str, message: str, accepted: str | None = None) -> InvalidRequestError:
    return InvalidRequestError(
        message, errors=[FieldError(field=field, message=message, accepted=accepted)]
    )

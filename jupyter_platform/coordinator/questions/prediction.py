"""Questions to trained networks; the inspector of a host answers them."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    NetworkRepository,
    TagRepository,
)
from jupyter_platform.coordinator.repository.networks.description_check import check_description
from jupyter_platform.coordinator.repository.networks.tag_names import ResolvedTag
from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.predictions import (
    EncodedArray,
    PredictAnswer,
    Prediction,
    PredictionRequest,
    PredictQuestion,
    PreparationRecord,
    ServedNetwork,
)
from jupyter_platform.core.preparations import Preparation, as_learnt, derive
from jupyter_platform.runtime.samples import as_samples, bad_samples

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
    ) -> None:
        self._networks = networks
        self._datasets = datasets
        self._tags = tags
        self._inspect = inspect

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

    async def served(self, name: str, tag: str | None) -> tuple[ServedNetwork, Path]:
        """Return what an inference API needs to serve a network, and the file of its weights.

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
        ConflictError
            If the weights belong to an earlier description of the network.
        """
        await self._networks.refresh()
        await self._datasets.refresh()
        description = self._networks.get(name)
        found = await self._tags.resolve(name, tag)
        check_description(description, found.record, "learn it again, or name another tag")
        learnt_on = await self._facts(found.record.dataset)
        preparation, _ = await self._prepared(found, learnt_on)
        served = ServedNetwork(
            description=description,
            tag=found.text,
            input_shape=found.record.input_shape,
            outputs=found.record.outputs,
            task=description.task or (learnt_on.task if learnt_on else None),
            classes=learnt_on.classes if learnt_on else None,
            sequential=learnt_on is not None and learnt_on.sequential,
            preparation=preparation,
        )
        return served, self._tags.path(found.variant)

    async def _prepared(
        self, found: ResolvedTag, learnt_on: DatasetFacts | None
    ) -> tuple[Preparation | None, str | None]:
        """Return the preparation kept with weights, else the dataset's with a note that says so."""
        kept = await self._tags.preparation(found)
        if kept is not None:
            return kept, None
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
            raise bad_samples("inputs", "Give either inputs, images, or samples of a dataset.")
        if request.invert and request.images is None:
            raise bad_samples("invert", "invert goes with images.")
        if request.dataset is not None and request.samples is None:
            raise bad_samples("samples", "dataset goes with samples: which ones of it?")
        record = found.record
        inputs = request.inputs
        is_sequential = learnt_on is not None and learnt_on.sequential
        shape = None if is_sequential else record.input_shape
        return PredictQuestion(
            description=description,
            weights=f"sha256:{found.variant.digest}",
            input_shape=record.input_shape,
            outputs=record.outputs,
            inputs=None if inputs is None else _encode(as_samples(inputs, shape, preparation)),
            images=request.images,
            invert=request.invert,
            preparation=preparation,
            dataset=await self._dataset(request, record.dataset, preparation),
            samples=request.samples,
            task=description.task or (learnt_on.task if learnt_on else None),
            classes=learnt_on.classes if learnt_on else None,
            integers=learnt_on is not None and learnt_on.input_type == "int64",
        )

    async def _dataset(
        self, request: PredictionRequest, learnt_on: str | None, preparation: Preparation | None
    ) -> DatasetDescriptor | None:
        """Return the dataset that samples are of, read as the weights have learnt theirs."""
        if request.samples is None:
            return None
        name = request.dataset or learnt_on
        if name is None:
            raise bad_samples("dataset", "Name the dataset that the samples are of.")
        found = self._datasets.get(name)
        if preparation is None:
            return found
        return as_learnt(found, preparation, await self._facts(name), by_class=False)

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


def _encode(array: NDArray[np.float32]) -> EncodedArray:
    data = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return EncodedArray(shape=list(array.shape), data=base64.b64encode(data).decode())

"""What trained networks give for single samples, from networks that are kept ready."""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.predictions import (
    EncodedArray,
    PredictAnswer,
    PredictQuestion,
)
from jupyter_platform.core.preparations import Preparation
from jupyter_platform.learning.data import Dataset, load
from jupyter_platform.learning.data.prepared import (
    encoded_pictures,
    prepared_pictures,
    prepared_samples,
)
from jupyter_platform.learning.networks.trained import learnt_for, trained_network
from jupyter_platform.learning.questions.outputs import check_finite, forward, probabilities_of
from jupyter_platform.learning.scoring.evaluations.base import plain

READY_BYTES = 1_000_000_000
"""Bytes of networks that are kept ready, the one asked last not counted."""
SHOWN_VALUES = 4096
"""Values of a sample up to which it is told what the network got."""


@dataclass(frozen=True)
class _Ready:
    """A network with its weights, in evaluation mode."""

    network: nn.Module
    input_shape: tuple[int, ...] | None
    """None: any that its layers take."""
    bytes: int
    preparation: Preparation | None


class Predictor:
    """Keeps the networks that were asked last."""

    def __init__(self) -> None:
        self._ready: OrderedDict[tuple[str, str], _Ready] = OrderedDict()
        self._dataset: tuple[str, Dataset] | None = None

    def answer(self, question: PredictQuestion) -> PredictAnswer:
        """Return what a network gives for samples.

        Raises
        ------
        PlatformError
            If the samples, the weights and the network do not fit each other.
        """
        ready = self._network(question)
        truth: list[object] | None = None
        if question.inputs is not None:
            inputs = _decode(question.inputs)
        elif question.images is not None:
            inputs = _prepared_images(question, ready.preparation)
        else:
            inputs, truth = self._samples(question, ready.preparation)
        if question.integers:
            inputs = inputs.to(torch.int64)
        outputs, elapsed = forward(
            ready.network, inputs, ready.input_shape, question.description.name
        )
        check_finite(outputs, question.description.name)
        classes = _classes(question, ready)
        probabilities = probabilities_of(outputs, _task(question, ready), classes)
        is_shown = question.inputs is None and inputs[0].numel() <= SHOWN_VALUES
        return PredictAnswer(
            input_shape=list(ready.input_shape or inputs.shape[1:]),
            outputs=outputs.tolist(),
            classes=classes,
            probabilities=None if probabilities is None else probabilities.tolist(),
            truth=truth,
            inputs=inputs.tolist() if is_shown else None,
            forward_ms=elapsed * 1000,
        )

    def _network(self, question: PredictQuestion) -> _Ready:
        key = (question.description.digest, question.weights)
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = _load(question)
            self._make_room(key)
        self._ready.move_to_end(key)
        return ready

    def _make_room(self, newest: tuple[str, str]) -> None:
        while sum(item.bytes for item in self._ready.values()) > READY_BYTES:
            oldest = next(iter(self._ready))
            if oldest == newest:
                return
            del self._ready[oldest]

    def _samples(
        self, question: PredictQuestion, preparation: Preparation | None
    ) -> tuple[Tensor, list[object]]:
        """Return samples of a dataset, prepared as the weights learnt them, and what they are."""
        descriptor = question.dataset
        if descriptor is None or not question.samples:
            raise InvalidRequestError("No inputs are given, and no samples of a dataset.")
        if self._dataset is None or self._dataset[0] != descriptor.digest:
            self._dataset = (descriptor.digest, load(descriptor, question.files))
        dataset = self._dataset[1]
        size = dataset.facts.size
        wrong = next((item for item in question.samples if not 0 <= item < size), None)
        if wrong is not None:
            raise InvalidRequestError(
                f"Dataset {descriptor.name!r} has no sample {wrong}; it has {size:,}, numbered 0 "
                f"to {size - 1:,}."
            )
        rows = torch.tensor(question.samples, dtype=torch.int64)
        rows = rows if dataset.order is None else dataset.order[rows]
        inputs, targets = prepared_samples(dataset, rows, preparation)
        return inputs, _truth(dataset.facts.classes, targets)


def _prepared_images(question: PredictQuestion, preparation: Preparation | None) -> Tensor:
    if preparation is None:
        raise InvalidRequestError(
            f"It is not known how pictures are prepared for network {question.description.name!r}: "
            "its weights do not tell, and the dataset that they were learnt on is not known. Give "
            "an array."
        )
    pictures = encoded_pictures(question.images or ())
    return prepared_pictures(pictures, preparation, invert=question.invert)


def _load(question: PredictQuestion) -> _Ready:
    path = Path(question.files[question.weights])
    network, shape = trained_network(
        question.description, path, question.input_shape, question.outputs
    )
    size = sum(item.numel() * item.element_size() for item in network.state_dict().values())
    return _Ready(network, shape, size, learnt_for(path).preparation or question.preparation)


def _decode(encoded: EncodedArray) -> Tensor:
    data = np.frombuffer(base64.b64decode(encoded.data), dtype="<f4")
    return torch.from_numpy(data.astype(np.float32).reshape(encoded.shape))


def _task(question: PredictQuestion, ready: _Ready) -> str | None:
    learnt = None if ready.preparation is None else ready.preparation.task
    return learnt or question.task


def _classes(question: PredictQuestion, ready: _Ready) -> list[str] | None:
    """Return the names of the classes that the network tells apart."""
    if ready.preparation is not None and ready.preparation.classes is not None:
        return list(ready.preparation.classes)
    return question.classes


def _truth(names: list[str] | None, targets: Tensor) -> list[object]:
    if targets.is_floating_point() or targets.ndim > 1:
        return [plain(item) for item in targets]
    names = names or []
    return [names[item] if 0 <= item < len(names) else str(item) for item in map(int, targets)]

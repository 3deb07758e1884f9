"""Answers questions about networks and data that only torch can answer.

``python -m jupyter_platform.learning.processes.inspector SOCKET [PARENT_PID]``
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, Field, ValidationError

from jupyter_platform.core.benchmarks import BenchmarkQuestion
from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts, Part
from jupyter_platform.core.errors import InvalidRequestError, PlatformError, unknown_name
from jupyter_platform.core.generations import GenerateQuestion
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.options import OPTION_MODELS
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.options.resolve import resolve_model
from jupyter_platform.core.predictions import PredictQuestion
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.data import Dataset, load
from jupyter_platform.learning.data.adapters.chain import make_adapters, select
from jupyter_platform.learning.networks import network_facts
from jupyter_platform.learning.processes.line_server import EndServing, LineServer
from jupyter_platform.learning.processes.loaded_code import LoadedCode
from jupyter_platform.learning.questions.benchmark import benchmark
from jupyter_platform.learning.questions.checks import Check, check
from jupyter_platform.learning.questions.drafts import DraftQuestion, layer_types, look_at_draft
from jupyter_platform.learning.questions.generation import generate
from jupyter_platform.learning.questions.prediction import Predictor
from jupyter_platform.learning.reinforcement.environments import (
    environment_facts,
    environment_records,
)
from jupyter_platform.learning.strategies.records import describe, installed
from jupyter_platform.runtime.data_pins import local_paths, pin_data

IDLE_S = 600.0
"""Seconds without a question after which it ends."""
_CACHED = 64
_SHOWN_BYTES = 1_000_000_000
"""Bytes of a dataset up to which it is kept before anybody looks at its samples."""


class _NetworkRequest(BaseModel):
    description: NetworkDescription
    input_shape: list[int] | None = None
    outputs: int | None = None


class _DatasetRequest(BaseModel):
    descriptor: DatasetDescriptor
    files: dict[str, str] = Field(default_factory=dict)


class _PreviewRequest(_DatasetRequest):
    part: Part | None = None
    count: int = Field(default=32, ge=1)
    sample: int | None = Field(default=None, ge=0)
    options: AdapterOptions = AdapterOptions()


class _CheckRequest(BaseModel):
    networks: list[NetworkDescription]
    dataset: DatasetDescriptor | None = None
    facts: DatasetFacts | None = None
    """Of the dataset, where they are known already."""
    files: dict[str, str] = Field(default_factory=dict)
    type: JobType
    options: dict[str, Any] = Field(default_factory=dict)
    code: str | None = None
    """Source of an uploaded strategy, one of `files`."""
    ranks: int = 1


class _StrategyRequest(BaseModel):
    name: str
    code: str
    files: dict[str, str]


class Inspector:
    """Answers questions; of datasets it remembers the facts, and the one last looked at."""

    def __init__(self) -> None:
        self._facts: dict[str, DatasetFacts] = {}
        self._predictor = Predictor()
        self._shown: Dataset | None = None
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "network": self._network,
            "dataset": self._dataset,
            "check": self._check,
            "environment": _environment,
            "environments": _environments,
            "strategies": self._strategies,
            "strategy": self._strategy,
            "predict": self._predict,
            "preview": self._preview,
            "look": _look,
            "folder": _folder,
            "generate": _generate,
            "benchmark": _benchmark,
            "draft": self._draft,
            "layers": lambda _: layer_types().model_dump(mode="json"),
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one question with ``{"ok": …}``.

        Raises
        ------
        PlatformError
            If the question is not understood, or the answer is an error.
        """
        name = str(request.get("op"))
        operation = self._operations.get(name)
        if operation is None:
            field = unknown_name("op", name, self._operations)
            raise InvalidRequestError(field.message, errors=[field])
        try:
            return {"ok": operation(request)}
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InvalidRequestError(f"{name}: {where}: {first['msg']}.") from error

    def _network(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = _NetworkRequest.model_validate(request)
        facts = network_facts(asked.description, asked.input_shape, asked.outputs)
        return facts.model_dump(mode="json")

    def _dataset(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = _DatasetRequest.model_validate(request)
        facts = self._dataset_facts(asked.descriptor, asked.files)
        answer = facts.model_dump(mode="json")
        if asked.descriptor.adapters:
            seen = self._seen(asked.descriptor, asked.files, facts)
            answer["seen"] = seen.model_dump(mode="json")
        return answer

    def _seen(
        self, descriptor: DatasetDescriptor, files: dict[str, str], facts: DatasetFacts
    ) -> DatasetFacts:
        """Return the facts as jobs see them through the adapters of a dataset's description."""
        options, _ = resolve_model(AdapterOptions, descriptor.adapters)
        if options.sample_range is not None or options.labels is not None:
            facts = select(load(descriptor, files), options).facts
        return make_adapters(options, facts).shape(facts)

    def _check(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = _CheckRequest.model_validate(request)
        facts: DatasetFacts | None = None
        if asked.dataset is not None:
            try:
                facts = asked.facts or self._dataset_facts(asked.dataset, asked.files)
                facts = self._selected(asked, facts)
            except PlatformError as error:
                refused = Check()
                refused.blame("dataset", error)
                return refused.to_dict()
        code = None if asked.code is None else Path(asked.files[asked.code])
        return check(
            asked.type, asked.networks, asked.dataset, facts, asked.options, asked.ranks, code
        ).to_dict()

    def _strategies(self, request: dict[str, Any]) -> dict[str, Any]:
        del request
        return {"strategies": [item.model_dump(mode="json") for item in installed()]}

    def _strategy(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = _StrategyRequest.model_validate(request)
        found = describe(asked.name, "uploaded", Path(asked.files[asked.code]))
        return found.model_dump(mode="json")

    def _selected(self, asked: _CheckRequest, facts: DatasetFacts | None) -> DatasetFacts | None:
        """Return the facts of those samples that the options leave."""
        model = OPTION_MODELS[asked.type].model_validate(asked.options)
        if asked.dataset is None or not isinstance(model, AdapterOptions):
            return facts
        if model.sample_range is None and model.labels is None:
            return facts
        return select(load(asked.dataset, asked.files), model).facts

    def _draft(self, request: dict[str, Any]) -> dict[str, Any]:
        question = DraftQuestion.model_validate(request)
        facts: DatasetFacts | None = None
        if question.dataset is not None:
            facts = question.facts or self._dataset_facts(question.dataset, question.files)
        return look_at_draft(question, facts).model_dump(mode="json")

    def _predict(self, request: dict[str, Any]) -> dict[str, Any]:
        question = PredictQuestion.model_validate(request)
        return self._predictor.answer(question).model_dump(mode="json")

    def _preview(self, request: dict[str, Any]) -> dict[str, Any]:
        # Pillow is only needed for looking.
        from jupyter_platform.learning.data.preview import preview  # noqa: PLC0415

        asked = _PreviewRequest.model_validate(request)
        shown = self._shown
        if shown is None or shown.descriptor != asked.descriptor:
            # Whoever looks at a dataset looks at it several times, through other adapters.
            shown = self._shown = load(asked.descriptor, asked.files)
        found = preview(shown, asked.part, asked.count, asked.options, asked.sample)
        return found.model_dump(mode="json")

    def _dataset_facts(self, descriptor: DatasetDescriptor, files: dict[str, str]) -> DatasetFacts:
        # Files are content-addressed, so a descriptor never comes to mean other data.
        facts = self._facts.get(descriptor.digest)
        if facts is None:
            paths = local_paths(descriptor)
            pin = pin_data(paths) if paths else None
            found = load(descriptor, files)
            facts = found.facts.model_copy(update={"pin": pin})
            if facts.streamed or facts.bytes <= _SHOWN_BYTES:
                self._shown = found  # whoever asks what it is looks at samples next
            if len(self._facts) >= _CACHED:
                self._facts.clear()
            self._facts[descriptor.digest] = facts
        return facts


def _look(request: dict[str, Any]) -> dict[str, Any]:
    # Pillow is only needed for looking.
    from jupyter_platform.learning.data.look import look  # noqa: PLC0415

    asked = _DatasetRequest.model_validate(request)
    return look(asked.descriptor, asked.files)


def _folder(request: dict[str, Any]) -> dict[str, Any]:
    # Pillow is only needed for looking.
    from jupyter_platform.learning.data.loader import locate  # noqa: PLC0415
    from jupyter_platform.learning.data.pictures.folder_look import look_at_folder  # noqa: PLC0415

    asked = _DatasetRequest.model_validate(request)
    path = locate(asked.descriptor, asked.files).only
    return look_at_folder(path).model_dump(mode="json")


def _environment(request: dict[str, Any]) -> dict[str, Any]:
    return environment_facts(str(request.get("environment"))).model_dump(mode="json")


def _environments(_request: dict[str, Any]) -> dict[str, Any]:
    return {"environments": [item.model_dump(mode="json") for item in environment_records()]}


def _generate(request: dict[str, Any]) -> dict[str, Any]:
    return generate(GenerateQuestion.model_validate(request)).model_dump(mode="json")


def _benchmark(request: dict[str, Any]) -> dict[str, Any]:
    return benchmark(BenchmarkQuestion.model_validate(request)).model_dump(mode="json")


def main(path: str | Path, parent: int | None = None) -> None:
    """Serve until nobody has asked for `IDLE_S`, the parent is gone, or code has changed.

    Parameters
    ----------
    path : str or Path
        Unix socket to listen at.
    parent : int, optional
        Process whose end ends this one.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s inspector: %(message)s")
    torch.set_num_threads(1)
    inspector, code = Inspector(), LoadedCode()

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if code.has_changed():
            # The host agent asks the next one, which imports what is there now.
            raise EndServing
        try:
            return inspector.answer(request)
        finally:
            code.has_changed()

    with LineServer(Path(path), parent) as server:
        server.serve(
            answer,
            lambda: time.monotonic() - server.last_request < IDLE_S and not server.parent_is_gone(),
        )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(
            "usage: python -m jupyter_platform.learning.processes.inspector SOCKET [PARENT_PID]"
        )
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else os.getppid())

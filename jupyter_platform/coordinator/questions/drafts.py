"""Drafts: networks under construction, checked by the inspector of a host."""

from __future__ import annotations

import hashlib
from typing import Any

from jupyter_platform._version import __version__
from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.repository import DatasetRepository, Facts
from jupyter_platform.core.drafts import DraftRecord, DraftRequest, LayerTypeRecord, LayerTypes
from jupyter_platform.core.errors import InvalidDataError

ANSWER_WITHIN_S = 20.0


class DraftService:
    """Answers what a network would be like, without storing it."""

    def __init__(self, datasets: DatasetRepository, facts: Facts, inspect: Inspect) -> None:
        self._datasets = datasets
        self._facts = facts
        self._inspect = inspect

    async def check(self, request: DraftRequest) -> DraftRecord:
        """Return the layers of a network up to the first that does not fit, and why.

        Raises
        ------
        NotFoundError
            If there is no such dataset.
        InvalidDataError
            If Python source makes the network.
        UnavailableError
            If no host answers in time.
        """
        if request.description.source is not None:
            raise InvalidDataError(
                f"Network {request.description.name!r} is made by Python source, which is not run "
                "to be looked at; add it first."
            )
        await self._datasets.refresh()
        dataset = None if request.dataset is None else self._datasets.get(request.dataset)
        question: dict[str, Any] = {
            "op": "draft",
            "description": request.description.model_dump(mode="json"),
            "dataset": None if dataset is None else dataset.model_dump(mode="json"),
            "facts": None if dataset is None else await self._datasets.facts(dataset),
        }
        return DraftRecord.model_validate(await self._inspect(question, ANSWER_WITHIN_S))

    async def layer_types(self) -> list[LayerTypeRecord]:
        """Return all types of layers by name.

        Raises
        ------
        UnavailableError
            If no host answers in time.
        """
        digest = hashlib.sha256(__version__.encode()).hexdigest()
        answer = await self._facts.ask("layers", digest, {}, ANSWER_WITHIN_S)
        return LayerTypes.model_validate(answer).types

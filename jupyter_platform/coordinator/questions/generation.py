"""Questions to networks that make samples or text; the inspector of a host answers them."""

from __future__ import annotations

from typing import Any

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    NetworkRepository,
    TagRepository,
)
from jupyter_platform.coordinator.repository.networks.description_check import check_description
from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.generations import (
    GenerateAnswer,
    GenerateQuestion,
    Generation,
    GenerationRequest,
)

ANSWER_WITHIN_S = 60.0
"""Seconds after which a question is given up."""
_OF_TEXT, _OF_SAMPLES = ("start", "length", "temperature"), ("count",)


class GenerationService:
    """Lets any network that has learnt to make something make it."""

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

    async def generate(self, name: str, request: GenerationRequest) -> Generation:
        """Return samples or text.

        Parameters
        ----------
        name : str
            Name of the network.
        request : GenerationRequest
            Weights, seed and amount of output.

        Raises
        ------
        NotFoundError
            If there is no such network or tag.
        InvalidRequestError
            If the network makes nothing, or something else than is asked for.
        ConflictError
            If the weights belong to an earlier description of the network.
        UnavailableError
            If no host answers in time.
        """
        await self._networks.refresh()
        await self._datasets.refresh()
        description = self._networks.get(name)
        found = await self._tags.resolve(name, request.tag)
        record = found.record
        check_description(description, record, "learn it again, or name another tag")
        classes = await self._characters(record.dataset)
        given = _given(name, request, makes_text=classes is not None)
        if classes is not None:
            given.setdefault("start", classes[0])
        question = GenerateQuestion(
            description=description,
            weights=f"sha256:{found.variant.digest}",
            input_shape=record.input_shape,
            outputs=record.outputs,
            classes=classes,
            seed=request.seed,
            **given,
        )
        answer = GenerateAnswer.model_validate(
            await self._inspect(
                {"op": "generate", **question.model_dump(mode="json")}, ANSWER_WITHIN_S
            )
        )
        start = None if answer.text is None else question.start
        return Generation(network=name, tag=found.text, start=start, **answer.model_dump())

    async def _characters(self, dataset: str | None) -> list[str] | None:
        """Return the characters of the text that a network has learnt; None of other data."""
        if dataset is None or self._datasets.find(dataset) is None:
            return None
        facts = (await self._datasets.record(dataset)).facts
        return facts.classes if facts is not None and facts.sequential else None


def _given(name: str, request: GenerationRequest, *, makes_text: bool) -> dict[str, Any]:
    """Return the requested output, or refuse one that this network does not make."""
    makes, other = ("text", _OF_SAMPLES) if makes_text else ("samples", _OF_TEXT)
    for field in other:
        if getattr(request, field) is not None:
            message = f"Network {name!r} makes {makes}; leave {field} out."
            raise InvalidRequestError(
                message,
                errors=[FieldError(field=field, value=getattr(request, field), message=message)],
            )
    return request.model_dump(include={*_OF_TEXT, *_OF_SAMPLES}, exclude_none=True)

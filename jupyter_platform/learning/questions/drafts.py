"""Networks that are still being put together, described as far as they can be built."""

from __future__ import annotations

import inspect
import json
from typing import Any

from pydantic import BaseModel, Field

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.drafts import DraftRecord, LayerArgument, LayerTypeRecord, LayerTypes
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks import network_facts
from jupyter_platform.learning.networks.registry import LAYER_TYPES, LayerType
from jupyter_platform.learning.questions.checks import check


class DraftQuestion(BaseModel):
    """``draft``: a network, and the dataset that it is to learn."""

    description: NetworkDescription
    dataset: DatasetDescriptor | None = None
    facts: DatasetFacts | None = None
    """Of the dataset, where they are known already."""
    files: dict[str, str] = Field(default_factory=dict)


def layer_types() -> LayerTypes:
    """Return all types of layers by name."""
    return LayerTypes(types=[_record(item) for _, item in sorted(LAYER_TYPES.items())])


def _record(kind: LayerType) -> LayerTypeRecord:
    return LayerTypeRecord(
        name=kind.name,
        arguments=[
            LayerArgument(
                name=name,
                required=item.default is inspect.Parameter.empty,
                default=_plain(item.default),
            )
            for name, item in kind.arguments.items()
        ],
        min_inputs=kind.min_inputs,
        max_inputs=kind.max_inputs,
    )


def _plain(default: Any) -> Any:
    if default is inspect.Parameter.empty:
        return None
    try:
        return json.loads(json.dumps(default))
    except (TypeError, ValueError):
        return None


def look_at_draft(question: DraftQuestion, facts: DatasetFacts | None) -> DraftRecord:
    """Return the layers of a network up to the first that does not fit, and why that does not.

    Parameters
    ----------
    facts : DatasetFacts, optional
        Of the dataset.
    """
    description = question.description
    shape = None if facts is None else facts.shape
    outputs = None if facts is None else facts.outputs
    problem: str | None = None
    for count in range(len(description.layers), 0, -1):
        part = description.model_copy(update={"layers": description.layers[:count]})
        try:
            found = network_facts(part, shape, outputs)
        except PlatformError as error:
            problem = error.message
            continue
        record = _draft(found)
        if count < len(description.layers):
            return record.model_copy(update={"problem": problem, "layer": count})
        return record.model_copy(update={"problem": _misfit(question, facts)})
    if not description.layers:
        return DraftRecord(input_shape=shape, problem="There are no layers yet; add one.")
    return DraftRecord(input_shape=shape, problem=problem, layer=0)


def _draft(facts: NetworkFacts) -> DraftRecord:
    return DraftRecord(
        layers=facts.layers,
        parameters=facts.parameters,
        input_shape=facts.input_shape,
        output_shape=facts.output_shape,
    )


def _misfit(question: DraftQuestion, facts: DatasetFacts | None) -> str | None:
    """Return why a network that can be built cannot learn the dataset."""
    if question.dataset is None or facts is None:
        return None
    # Raw scores are taken as well as log-probabilities: only shapes are looked at.
    found = check(JobType.LEARN, [question.description], question.dataset, facts, {})
    told = [item.message for item in found.errors if item.field == "networks"]
    return " ".join(told) or None

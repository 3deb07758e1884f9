"""EVALUATE: how well a network does on a dataset."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.core.runs import RunResult
from jupyter_platform.learning import scores
from jupyter_platform.learning.checks import check_dataset_fits
from jupyter_platform.learning.context import RunContext
from jupyter_platform.learning.datasets import Dataset
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.strategies.criteria import (
    choose_criterion,
    class_probabilities,
    make_loss,
)

EXAMPLES = 16
MAX_EXAMPLE_VALUES = 4096
"""Values of an input beyond which examples come without it."""


@dataclass(frozen=True)
class _Forward:
    """What came out of all samples."""

    outputs: Tensor
    """float32, shape (n, …), on the CPU."""
    forward_s: float
    done: int
    """Samples; fewer than asked for when it was stopped."""


def run(context: RunContext) -> RunResult:
    """Run an EVALUATE job.

    Raises
    ------
    PlatformError
        If network, weights, dataset and options do not fit each other.
    """
    options = EvaluateOptions.model_validate(context.spec.options)
    started = time.perf_counter()
    context.recorder.unit = "samples"
    dataset = context.dataset()
    facts = dataset.facts
    description = context.network().description
    check_dataset_fits(description, facts)
    criterion = choose_criterion(options.criterion, facts.task)
    indices = dataset.indices(_index_set(options, dataset), "test_set")
    rows = indices if dataset.order is None else dataset.order[indices]
    context.phase("building the network")
    network = _network(context, facts)
    context.phase("evaluating")
    context.recorder.total = len(rows)
    forward = _forward(context, network, dataset, rows, options.batch_size)
    if forward.done < len(rows):
        return RunResult(status="stopped", step=forward.done, result={"samples": forward.done})
    targets = dataset.targets[rows]
    probe = slice(options.batch_size)
    loss = make_loss(criterion, forward.outputs[probe], targets[probe], description.name)
    result = _scores(facts, forward.outputs, targets, criterion)
    result |= {
        "loss": float(loss(forward.outputs.double(), _as_double(targets))),
        "criterion": criterion,
        "samples": len(rows),
        "evaluation_time_s": time.perf_counter() - started,
        "forward_ms_per_sample": forward.forward_s * 1000 / len(rows),
        "examples": _examples(dataset, indices, rows, forward.outputs, criterion),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(context.device),
    }
    return RunResult(status="finished", step=len(rows), result=result)


def _as_double(targets: Tensor) -> Tensor:
    return targets.double() if targets.is_floating_point() else targets


def _index_set(options: EvaluateOptions, dataset: Dataset) -> tuple[int, ...]:
    index_set = options.test_set or dataset.split("test") or dataset.split("validation")
    if index_set is None:
        raise InvalidRequestError(
            f"Dataset {dataset.descriptor.name!r} has no test split; give test_set."
        )
    return index_set


def _network(context: RunContext, facts: DatasetFacts) -> nn.Module:
    given = context.network()
    network = build(given.description, facts.shape, facts.outputs)
    if given.weights is None:
        raise InvalidRequestError(
            f"Network {given.description.name!r} has no weights to evaluate; LEARN first, or name "
            "a tag."
        )
    load_weights(network, context.file(given.weights, "weights"), given.description.name)
    return network.to(context.device).eval()


def _forward(
    context: RunContext, network: nn.Module, dataset: Dataset, rows: Tensor, batch_size: int
) -> _Forward:
    outputs: list[Tensor] = []
    forward_s, done = 0.0, 0
    with torch.inference_mode():
        for batch in torch.split(rows, batch_size):
            if context.stop.requested:
                break
            inputs = dataset.inputs[batch].to(context.device)
            _synchronize(context.device)
            before = time.perf_counter()
            output = network(inputs)
            _synchronize(context.device)
            forward_s += time.perf_counter() - before
            outputs.append(output.cpu())
            done += len(batch)
            context.recorder.step = done
    return _Forward(torch.cat(outputs) if outputs else torch.empty(0), forward_s, done)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _scores(
    facts: DatasetFacts, outputs: Tensor, targets: Tensor, criterion: str
) -> dict[str, Any]:
    if facts.task == "regression":
        result = scores.regression_scores(outputs, targets)
        return {**result, "headline": {"name": "R²", "value": result["r2"]}}
    names = list(facts.classes or ())
    names += [str(number) for number in range(len(names), outputs.shape[1])]
    result = scores.classification_scores(outputs, targets, names)
    return {
        **result,
        "classes": names,
        "headline": {"name": "accuracy", "value": result["accuracy"]},
    }


def _examples(
    dataset: Dataset, indices: Tensor, rows: Tensor, outputs: Tensor, criterion: str
) -> list[dict[str, Any]]:
    """Return samples spread evenly over the set, with truth and prediction."""
    count = min(EXAMPLES, len(rows))
    chosen = [number * len(rows) // count for number in range(count)]
    small = dataset.inputs[0].numel() <= MAX_EXAMPLE_VALUES
    examples: list[dict[str, Any]] = []
    for position in chosen:
        row = int(rows[position])
        output, truth = outputs[position], dataset.targets[row]
        example: dict[str, Any] = {
            "index": int(indices[position]),
            "input": dataset.inputs[row].tolist() if small else None,
        }
        if dataset.facts.task == "regression":
            example |= {"truth": _plain(truth), "prediction": _plain(output), "probability": None}
        else:
            predicted = int(output.argmax())
            probability = class_probabilities(output[None], criterion)[0, predicted]
            example |= {
                "truth": int(truth),
                "prediction": predicted,
                "probability": float(probability),
            }
        examples.append(example)
    return examples


def _plain(values: Tensor) -> Any:
    return float(values) if values.numel() == 1 else values.tolist()

"""EVALUATE: networks are judged on the samples of a dataset."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.evaluations import default_evaluation
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.core.preparations import Preparation, differences, prepare
from jupyter_platform.core.runs import RunResult
from jupyter_platform.learning.data import Dataset
from jupyter_platform.learning.data.adapters.chain import Chain, adapt
from jupyter_platform.learning.data.set_checks import missing_part
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.networks.trained import learnt_for, trained_network
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.provenance import Measured, Provenance, measured
from jupyter_platform.learning.scoring import rewarding
from jupyter_platform.learning.scoring.evaluations.base import Evaluation, Subject
from jupyter_platform.learning.scoring.evaluations.registry import evaluation_type
from jupyter_platform.learning.scoring.examples import EXAMPLES, examples
from jupyter_platform.learning.scoring.keeping import keep_best, keep_outputs, tell_partial
from jupyter_platform.learning.scoring.passing import (
    OUTPUTS,
    POSITION,
    USABLE,
    Gather,
    Passed,
    batches,
    pass_through,
    share,
)
from jupyter_platform.learning.scoring.scores import spread
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.roles import check_fits

READERS = 2
"""Threads that read samples from disk ahead of time."""


@dataclass(frozen=True)
class _Set:
    """The samples to evaluate on."""

    dataset: Dataset
    indices: Tensor
    """As people number them, int64, shape (n,)."""
    rows: Tensor
    """As they are stored, int64, shape (n,)."""
    gather: Gather

    def at(self, positions: Tensor) -> _Set:
        """Return some of the samples."""
        return replace(self, indices=self.indices[positions], rows=self.rows[positions])


def run(context: RunContext) -> RunResult:
    """Run an EVALUATE job.

    Raises
    ------
    PlatformError
        If network, weights, dataset and options do not fit each other.
    """
    options = EvaluateOptions.model_validate(context.job.options)
    if options.strategy == "reward":
        return rewarding.run(context, options)
    started = time.perf_counter()
    context.recorder.unit = "samples"
    with context.stop.cut_short():
        dataset, chain = adapt(context.dataset(), options)
        facts = chain.shape(dataset.facts)
        kind = evaluation_type(options, facts)
        evaluation = _prepare(context, kind, options, facts)
        otherwise = _prepared_otherwise(
            context, prepare(dataset.descriptor, dataset.facts, facts, dict(options))
        )
        samples = _samples(context, dataset, chain, options)
    context.phase("evaluating")
    mine = _pass(context, evaluation, samples)
    passed = mine.joined(context.communicator)
    if passed is None:
        return RunResult(status="finished", step=mine.done, result={"samples": mine.done})
    wanted = len(samples.rows)
    if not passed.done:
        return RunResult(status="stopped", result={"samples": 0})
    result = _finite(evaluation.scores(passed.columns))
    _tell_unusable(context, evaluation, passed, result)
    if otherwise:
        result["warnings"] = [*result.get("warnings", ()), *otherwise]
    if passed.done < wanted:
        tell_partial(context, result, passed.done, wanted, "samples")
        samples = samples.at(passed.columns[POSITION])
    else:
        keep_best(context, *evaluation.error(result), result)
    if options.include_outputs:
        result["outputs"] = keep_outputs(context, samples.indices, passed.columns[OUTPUTS])
    judged = _measured(context, samples, options)
    result["headline"]["on"] = judged.text
    result["warnings"] = [*result.get("warnings", ()), *judged.warnings, *facts.warnings]
    result |= {
        "measured_on": judged.text,
        "strategy": options.strategy or default_evaluation(facts, options.criterion),
        "samples": passed.done,
        "evaluation_time_s": time.perf_counter() - started,
        "forward_ms_per_sample": passed.forward_s * 1000 / passed.done,
        "examples": _finite(_examples(context, evaluation, samples)),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(context.device),
    }
    status: Literal["finished", "stopped"] = "finished" if passed.done == wanted else "stopped"
    return RunResult(status=status, step=passed.done, result=result)


def _prepared_otherwise(context: RunContext, used: Preparation) -> list[str]:
    """Say which weights learnt samples that were prepared otherwise than these are."""
    found = []
    for given in context.job.networks:
        if given.weights is None:
            continue
        learnt = learnt_for(context.file(given.weights, "weights")).preparation
        unlike = [] if learnt is None else differences(learnt, used)
        if unlike:
            text = (
                f"Samples are prepared otherwise than the weights of {given.description.name!r} "
                f"learnt them: {'; '.join(unlike)}."
            )
            context.warn(text)
            found.append(text)
    return found


def _tell_unusable(
    context: RunContext, evaluation: Evaluation, passed: Passed, result: dict[str, Any]
) -> None:
    """Say beside the scores for how many samples the networks gave no finite numbers."""
    count = passed.done - int(passed.columns[USABLE].sum())
    if not count:
        return
    text = (
        f"For {count:,} of {passed.done:,} samples the outputs are not finite (NaN or infinite); "
        f"{evaluation.unusable_effect}."
    )
    context.warn(text)
    result["not_finite"] = count
    result["warnings"] = [*result.get("warnings", ()), text]


def _finite(value: Any) -> Any:
    """Return a result with None for each number that is not finite, which JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _prepare(
    context: RunContext, kind: type[Evaluation], options: EvaluateOptions, facts: DatasetFacts
) -> Evaluation:
    """Build the networks with their weights, and the evaluation."""
    signatures = kind.signatures(options, facts)
    given = context.job.networks
    if len(given) != len(signatures):
        wanted = " and ".join(kind.roles)
        raise InvalidRequestError(
            f"This evaluation works on {len(signatures)} networks ({wanted}); "
            f"{len(given)} are given."
        )
    for signature, item in zip(signatures, given, strict=True):
        check_fits(item.description, signature, facts)
    context.phase("building the network")
    networks = [_network(context, number, signature) for number, signature in enumerate(signatures)]
    names = tuple(item.description.name for item in given)
    return kind(Subject(options, tuple(networks), names, facts, context.device))


def _network(context: RunContext, number: int, signature: NetworkSignature) -> nn.Module:
    given = context.job.networks[number]
    if given.weights is None:
        raise InvalidRequestError(
            f"Network {given.description.name!r} has no weights to evaluate; LEARN first, or name "
            "a tag."
        )
    path = context.file(given.weights, "weights")
    if signature.output_shape is None:
        network, _ = trained_network(
            given.description, path, signature.input_shape, signature.outputs
        )
    else:
        network = build(
            given.description, signature.input_shape, signature.outputs, signature.output_shape
        )
        load_weights(network, path, given.description.name)
    return network.to(context.device).eval()


def _samples(context: RunContext, dataset: Dataset, chain: Chain, options: EvaluateOptions) -> _Set:
    indices = _indices(dataset, options)
    rows, gather = dataset.rows_of(indices), _gather(dataset, chain, context.device)
    return _Set(dataset, indices, rows, gather)


def _measured(context: RunContext, samples: _Set, options: EvaluateOptions) -> Measured:
    """Return by which samples the networks were judged, and how far their weights know them."""
    weights = [
        (item.description.name, Provenance.of(context.file(item.weights, "weights")))
        for item in context.job.networks
        if item.weights is not None
    ]
    return measured(samples.dataset, samples.indices, options.test_set, options.part, weights)


def _indices(dataset: Dataset, options: EvaluateOptions) -> Tensor:
    """Return the sample numbers that are judged, int64, shape (n,): whole runs where runs are."""
    if options.test_set is not None:
        indices = dataset.indices(options.test_set, "test_set")
    else:
        part = dataset.part(options.part)
        if part is None:
            raise missing_part(dataset.descriptor.name, options.part, dataset.parts)
        indices = part
    length = options.run_length(dataset.facts.sequential)
    if length is None:
        return indices
    if len(indices) < length:
        raise InvalidDataError(
            f"test_set has {len(indices)} samples, which is not one run of "
            f"sequence_length = {length}."
        )
    indices = indices[: len(indices) - len(indices) % length]
    if bool((dataset.rows_of(indices).reshape(-1, length).diff(dim=1) != 1).any()):
        raise InvalidDataError(
            "The samples do not follow one another, so that there are no runs of them: they were "
            "drawn or shuffled. Set shuffle to false where the dataset is described, or give a "
            "range of samples as test_set."
        )
    return indices


def _gather(dataset: Dataset, chain: Chain, device: torch.device) -> Gather:
    source = dataset.to(device)

    def gather(rows: Tensor) -> tuple[Tensor, Tensor]:
        inputs, targets = source.gather(rows)
        return chain(inputs.to(device), targets.to(device))

    return gather


def _pass(context: RunContext, evaluation: Evaluation, samples: _Set) -> Passed:
    """Run this process's share of the samples through the networks."""
    options, communicator = evaluation.options, context.communicator
    length = options.run_length(samples.dataset.facts.sequential)
    pieces = len(samples.rows) // (length or 1)
    if pieces < communicator.size:
        raise InvalidDataError(
            f"{communicator.size} processes cannot share {pieces} "
            f"{'samples' if length is None else 'runs of samples'}; lower target_count."
        )
    size = min(options.batch_size, len(samples.rows) // communicator.size)
    every = list(batches(samples.rows, size, length))
    first, parts = share(every, communicator)
    context.recorder.total = sum(item.numel() for item in parts)
    return pass_through(
        context,
        evaluation,
        samples.gather,
        parts,
        position=sum(item.numel() for item in every[:first]),
        keep_outputs=options.include_outputs,
        threads=0 if samples.dataset.in_memory else READERS,
    )


def _examples(context: RunContext, evaluation: Evaluation, samples: _Set) -> list[dict[str, Any]]:
    length = evaluation.options.run_length(samples.dataset.facts.sequential)
    if length is not None:
        return []
    positions = spread(len(samples.rows), EXAMPLES)
    return examples(evaluation, samples.gather, samples.indices[positions], samples.rows[positions])

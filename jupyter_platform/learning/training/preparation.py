"""Samples, networks and the strategy of a LEARN job, made before the first step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.options.learn import PASSING
from jupyter_platform.core.preparations import Preparation, prepare
from jupyter_platform.learning.data import Dataset
from jupyter_platform.learning.data.adapters.chain import Chain, adapt
from jupyter_platform.learning.networks import WeightsHeader, build, calibrate, load_weights
from jupyter_platform.learning.networks.calibration import needs_calibration
from jupyter_platform.learning.reinforcement.waiting import await_experience
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.provenance import Lesson, Measured, Provenance, measured
from jupyter_platform.learning.sampling.samplers import SampleSource, TensorSource, batch_note
from jupyter_platform.learning.strategies import (
    BuildContext,
    NetworkSignature,
    Strategy,
    strategy_type,
)
from jupyter_platform.learning.strategies.contract import check_state, signatures_of
from jupyter_platform.learning.strategies.roles import check_fits, check_roles
from jupyter_platform.learning.training.callbacks import KeptNetwork
from jupyter_platform.learning.training.network_modes import (
    compile_networks,
    compute_in,
    fix,
    fixed_layers,
    layer_names,
)

LARGEST_WHOLE = 256 * 1024**2
"""Bytes of float32 up to which samples are converted once instead of batch by batch."""


class _DatasetSource:
    """Samples that are converted, or read, batch by batch."""

    def __init__(self, dataset: Dataset, device: torch.device) -> None:
        self._dataset = dataset.to(device)
        self._device = device

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        inputs, targets = self._dataset.gather(rows)
        return inputs.to(self._device), targets.to(self._device)

    def targets_of(self, rows: Tensor) -> Tensor:
        return self._dataset.targets[rows.cpu()]


class _AdaptedSource:
    """Samples after all changes that are not random."""

    def __init__(self, source: SampleSource, chain: Chain) -> None:
        self._source = source
        self._chain = chain

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return self._chain(*self._source.gather(rows))


class Prepared(NamedTuple):
    """The initial state of a LEARN job."""

    strategy: Strategy
    """Ready for its first step."""
    kept: list[KeptNetwork]
    """The networks whose weights go to the repository."""
    measured: Measured | None
    """By which samples its validation judges; None: by none."""


def prepare_strategy(
    context: RunContext, options: LearnOptions, dataset: Dataset | None
) -> Prepared:
    """Build the networks and the strategy of a LEARN job.

    Parameters
    ----------
    context : RunContext
        The run.
    options : LearnOptions
        Options of the LEARN.
    dataset : Dataset or None
        The samples; None where it learns from experience.

    Raises
    ------
    PlatformError
        If networks, dataset and options do not fit each other.
    """
    code = context.job.code
    kind = strategy_type(options.strategy, None if code is None else context.file(code, "strategy"))
    check_roles(kind.roles, options.strategy, [item.description for item in context.job.networks])
    samples = None if dataset is None else _samples(context, options, dataset)
    options = _with_end(context, options, samples)
    facts = None if samples is None else samples.facts
    signatures = signatures_of(kind, options, facts)
    for signature, given in zip(signatures, context.job.networks, strict=True):
        check_fits(given.description, signature, facts)
    networks = _networks(context, options, signatures, samples)
    build_context = BuildContext(
        options=options,
        networks=tuple(networks),
        names=tuple(item.description.name for item in context.job.networks),
        device=context.device,
        folder=context.folder,
        rank=context.communicator.rank,
        pool=await_experience(context, options),
        warn=context.warn,
    )
    if samples is not None:
        build_context = samples.into(build_context)
    if options.precision != "float32":
        _reduce(context, options.precision, networks)
    strategy = kind(build_context)
    check_state(strategy)
    if options.compile:
        context.phase("compiling the network")
        context.used["compiled"] = compile_networks(networks, context.device, context.warn)
    kept = _kept(context, signatures, networks, samples)
    return Prepared(strategy, kept, None if samples is None else samples.measured)


def _with_end(context: RunContext, options: LearnOptions, samples: _Samples | None) -> LearnOptions:
    """Return the options with the updates that `epochs` come to: schedules look at them, too."""
    if options.epochs is None:
        return options
    if samples is None:
        raise InvalidRequestError("epochs counts passes over a dataset; give max_iterations.")
    updates = options.updates(len(samples.train), context.communicator.size)
    return options.model_copy(update={"max_iterations": updates})


@dataclass(frozen=True)
class _Samples:
    """Everything that a strategy is told of its dataset."""

    source: SampleSource
    unchanged: SampleSource
    chain: Chain
    facts: DatasetFacts
    train: Tensor
    """Stored rows, int64, shape (n,)."""
    validation: Tensor | None
    streamed: bool
    preparation: Preparation
    lesson: Lesson
    """What weights remember of them."""
    measured: Measured | None
    """By what a validation judges."""

    def into(self, build_context: BuildContext) -> BuildContext:
        """Return the build_context with these samples."""
        chain = self.chain
        return replace(
            build_context,
            source=self.source,
            facts=self.facts,
            train=self.train,
            validation=self.validation,
            streamed=self.streamed,
            augment=partial(_change, chain) if chain.is_random else None,
            unchanged=self.unchanged if chain.is_random else None,
        )


def _change(
    chain: Chain, inputs: Tensor, targets: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    return chain(inputs, targets, generator, training=True)


def _samples(context: RunContext, options: LearnOptions, dataset: Dataset) -> _Samples:
    dataset, chain = adapt(dataset, options)
    source = _source(dataset, context.device)
    given = _given_sets(options, dataset)
    train = _training_rows(context, options, dataset, given)
    held_out = given.get("validation_set")
    if held_out is None:
        held_out = dataset.part("validation", given.values())
    validation = None if held_out is None else dataset.rows_of(held_out)
    lesson = Lesson.of(dataset, train, validation)
    facts = chain.shape(dataset.facts)
    return _Samples(
        source=_AdaptedSource(source, chain) if len(chain) else source,
        unchanged=source,
        chain=chain,
        facts=facts,
        train=train.to(context.device),
        validation=None if validation is None else validation.to(context.device),
        streamed=not dataset.in_memory,
        preparation=prepare(dataset.descriptor, dataset.facts, facts, dict(options)),
        lesson=lesson,
        measured=None
        if held_out is None
        else _validated_on(context, options, dataset, held_out, lesson),
    )


def _validated_on(
    context: RunContext,
    options: LearnOptions,
    dataset: Dataset,
    indices: Tensor,
    lesson: Lesson,
) -> Measured:
    """Return by what a validation judges; that it chooses the best weights goes without saying."""
    learned = Provenance(lessons=[lesson.model_copy(update={"validation": None})])
    weights = [(item.description.name, learned) for item in context.job.networks[:1]]
    return measured(dataset, indices, options.validation_set, "validation", weights)


def _source(dataset: Dataset, device: torch.device) -> SampleSource:
    values = dataset.facts.size * math.prod(dataset.facts.shape)
    if dataset.in_memory and 4 * values <= LARGEST_WHOLE:
        return TensorSource(dataset.inputs.to(device), dataset.targets.to(device))
    return _DatasetSource(dataset, device)


def _reduce(context: RunContext, precision: str, networks: Sequence[nn.Module]) -> None:
    if precision == "float16" and context.device.type == "cpu":
        context.warn("precision = float16 needs a GPU; bfloat16 is used on this CPU.")
        precision = "bfloat16"
    on_gpu = context.device.type == "cuda"
    if precision == "bfloat16" and on_gpu and not torch.cuda.is_bf16_supported(False):
        context.warn(
            f"{torch.cuda.get_device_name(context.device)} has no bfloat16 of its own: it is "
            "emulated, which is slow; precision = float16 is faster there."
        )
    context.used["precision"] = precision
    for network in networks:
        compute_in(network, precision, context.device)


def _given_sets(options: LearnOptions, dataset: Dataset) -> dict[str, Tensor]:
    """Return the sample numbers of the sets that are given, by option."""
    sets = {
        "train_set": options.train_set,
        "validation_set": options.validation_set,
        "test_set": options.test_set,
    }
    return {name: dataset.indices(found, name) for name, found in sets.items() if found is not None}


def _training_rows(
    context: RunContext, options: LearnOptions, dataset: Dataset, given: Mapping[str, Tensor]
) -> Tensor:
    indices = given.get("train_set")
    if indices is None:
        indices = dataset.part("train", given.values())
    if indices is None:
        raise InvalidRequestError(
            f"Dataset {dataset.descriptor.name!r} has no training part; give train_set."
        )
    rows = dataset.rows_of(indices)
    note = batch_note(options, len(rows)) if options.strategy in PASSING else None
    if note is not None:
        context.warn(note)
    _warn_of_missing_classes(context, dataset, rows)
    return rows


def _warn_of_missing_classes(context: RunContext, dataset: Dataset, rows: Tensor) -> None:
    """Name the classes of the dataset that are not among the samples that are learned."""
    facts = dataset.facts
    if facts.task != "classification" or facts.sequential or facts.classes is None:
        return
    if facts.masks:
        return
    learned = torch.bincount(dataset.stored_targets.read(rows).long(), minlength=facts.outputs)
    present = facts.class_counts or [1] * facts.outputs
    missing = [
        name
        for name, count, there in zip(facts.classes, learned.tolist(), present, strict=True)
        if there and not count
    ]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        context.warn(
            f"train_set holds no sample of class {missing[0]!r}{more}, which nothing is learned of."
        )


def _networks(
    context: RunContext,
    options: LearnOptions,
    signatures: Sequence[NetworkSignature],
    samples: _Samples | None,
) -> list[nn.Module]:
    torch.manual_seed(options.seed)
    networks: list[nn.Module] = []
    for signature, given in zip(signatures, context.job.networks, strict=True):
        description = given.description
        network = build(
            description, signature.input_shape, signature.outputs, signature.output_shape
        )
        if given.weights is not None:
            load_weights(network, context.file(given.weights, "weights"), description.name)
        elif samples is not None and _sees_samples(network, signature, samples.facts):
            calibrate(network, *samples.source.gather(samples.train))
        networks.append(network.to(context.device).train())
    _fix(context, options.fixed or (), networks)
    return networks


def _fix(context: RunContext, fixed: Sequence[str], networks: Sequence[nn.Module]) -> None:
    names = [item.description.name for item in context.job.networks]
    layers = [layer_names(network) for network in networks]
    found = fixed_layers(fixed, list(zip(names, layers, strict=True)))
    for network, wanted in zip(networks, found, strict=True):
        fix(network, wanted)


def _sees_samples(network: nn.Module, signature: NetworkSignature, facts: DatasetFacts) -> bool:
    """Return whether a network standardises, and what it gets are the dataset's samples."""
    return needs_calibration(network) and signature.input_shape == tuple(facts.shape)


def _kept(
    context: RunContext,
    signatures: Sequence[NetworkSignature],
    networks: Sequence[nn.Module],
    samples: _Samples | None,
) -> list[KeptNetwork]:
    kept: dict[str, KeptNetwork] = {}
    for signature, given, network in zip(signatures, context.job.networks, networks, strict=True):
        if not signature.is_learnt:
            continue
        description = given.description
        header = WeightsHeader.of(
            description,
            signature.input_shape,
            signature.outputs,
            signature.output_shape,
            _preparation(signature, samples),
        )
        before = Provenance()
        if given.weights is not None:
            before = Provenance.of(context.file(given.weights, "weights"))
        item = KeptNetwork(
            description.name,
            network,
            header,
            before.after(None if samples is None else samples.lesson),
        )
        kept.setdefault(description.name, item)
    return list(kept.values())


def _preparation(signature: NetworkSignature, samples: _Samples | None) -> Preparation | None:
    """Return how the samples of a network are prepared; None where it sees something else.

    One that goes through sequences sees several at a time.
    """
    if samples is None:
        return None
    shape = tuple(samples.facts.shape)
    sees_samples = signature.input_shape[len(signature.input_shape) - len(shape) :] == shape
    return samples.preparation if sees_samples else None

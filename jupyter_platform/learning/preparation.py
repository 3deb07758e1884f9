"""Everything that stands before the first step: samples, networks, the strategy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.callbacks import KeptNetwork
from jupyter_platform.learning.checks import check_fits, check_roles
from jupyter_platform.learning.context import RunContext
from jupyter_platform.learning.datasets import Dataset
from jupyter_platform.learning.networks import WeightsHeader, build, calibrate, load_weights
from jupyter_platform.learning.networks.calibration import needs_calibration
from jupyter_platform.learning.strategies import Material, Place, Strategy, strategy_type
from jupyter_platform.learning.strategies.sampling import Source, TensorSource


class _DatasetSource:
    """Samples that are read batch by batch."""

    def __init__(self, dataset: Dataset, device: torch.device) -> None:
        self._dataset = dataset
        self._device = device

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        inputs, targets = self._dataset.gather(rows.cpu())
        return inputs.to(self._device), targets.to(self._device)


def prepare_strategy(
    context: RunContext, options: LearnOptions, dataset: Dataset | None
) -> tuple[Strategy, list[KeptNetwork]]:
    """Build the networks and the strategy of a LEARN job.

    Returns
    -------
    strategy : Strategy
        Ready for its first step.
    kept : list of KeptNetwork
        The networks whose weights go to the repository.

    Raises
    ------
    PlatformError
        If networks, dataset and options do not fit each other.
    """
    kind = strategy_type(options.strategy)
    check_roles(kind, options.strategy, [item.description for item in context.spec.networks])
    facts = None if dataset is None else dataset.facts
    places = kind.places(options, facts)
    for place, given in zip(places, context.spec.networks, strict=True):
        check_fits(given.description, place, facts)
    train = None if dataset is None else _training_rows(context, options, dataset)
    networks = _networks(context, options, places, dataset, train)
    material = Material(
        options=options,
        networks=tuple(networks),
        names=tuple(item.description.name for item in context.spec.networks),
        source=None if dataset is None else _source(dataset, context.device),
        facts=facts,
        train=None if train is None else train.to(context.device),
        validation=None if dataset is None else _validation_rows(context, options, dataset),
        device=context.device,
        folder=context.folder,
        warn=context.warn,
    )
    return kind(material), _kept(context, places, networks)


def _source(dataset: Dataset, device: torch.device) -> Source:
    if dataset.in_memory:
        return TensorSource(dataset.inputs.to(device), dataset.targets.to(device))
    return _DatasetSource(dataset, device)


def _training_rows(context: RunContext, options: LearnOptions, dataset: Dataset) -> Tensor:
    train_set = options.train_set or dataset.split("train")
    if train_set is None:
        raise InvalidRequestError(
            f"Dataset {dataset.descriptor.name!r} has no training split; give train_set."
        )
    rows = dataset.rows(train_set, "train_set")
    if options.batch_size > len(rows):
        context.warn(
            f"batch_size is {options.batch_size}, but train_set has {len(rows)} samples; each "
            "batch is the whole set."
        )
    return rows


def _validation_rows(context: RunContext, options: LearnOptions, dataset: Dataset) -> Tensor | None:
    index_set = options.validation_set or dataset.split("validation")
    if index_set is None:
        return None
    return dataset.rows(index_set, "validation_set").to(context.device)


def _networks(
    context: RunContext,
    options: LearnOptions,
    places: Sequence[Place],
    dataset: Dataset | None,
    train: Tensor | None,
) -> list[nn.Module]:
    torch.manual_seed(options.seed)
    networks: list[nn.Module] = []
    for place, given in zip(places, context.spec.networks, strict=True):
        description = given.description
        network = build(description, place.input_shape, place.outputs, place.output_shape)
        if given.weights is not None:
            load_weights(network, context.file(given.weights, "weights"), description.name)
        elif dataset is not None and train is not None and _sees_samples(network, place, dataset):
            calibrate(network, *dataset.gather(train))
        networks.append(network.to(context.device).train())
    return networks


def _sees_samples(network: nn.Module, place: Place, dataset: Dataset) -> bool:
    """Return whether a network standardises, and what it gets are the dataset's samples."""
    return needs_calibration(network) and place.input_shape == tuple(dataset.facts.shape)


def _kept(
    context: RunContext, places: Sequence[Place], networks: Sequence[nn.Module]
) -> list[KeptNetwork]:
    kept: dict[str, KeptNetwork] = {}
    for place, given, network in zip(places, context.spec.networks, networks, strict=True):
        if not place.is_learnt:
            continue
        description = given.description
        header = WeightsHeader.of(
            description, place.input_shape, place.outputs, place.output_shape
        )
        kept.setdefault(description.name, KeptNetwork(description.name, network, header))
    return list(kept.values())

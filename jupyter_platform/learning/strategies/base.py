"""The base class of strategies, and what they are built from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import BaseModel, ValidationError
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.sampling.prefetching import PrefetchedBatches
from jupyter_platform.learning.sampling.samplers import (
    Adapt,
    Batches,
    KnowsTargets,
    SampleSource,
    make_sampler,
)

VALIDATION_BATCH = 1024

Report = Tensor | tuple[Tensor | float | None, ...]
"""Values of one step: the loss alone, or one for each series, None where there is nothing new."""


@dataclass(frozen=True)
class NetworkSignature:
    """Input and output that a strategy wants of one of its networks.

    Shapes are of one sample, without the batch axis.
    """

    role: str
    input_shape: tuple[int, ...]
    outputs: int
    """What ``$outputs`` stands for in the description."""
    output_shape: tuple[int, ...] | None = None
    """Shape that the network must give; None: any."""
    is_learnt: bool = True
    """False: its weights come with the job, stay as they are and are not kept again."""


@dataclass(frozen=True)
class BuildContext:
    """Everything that a strategy is built from.

    Networks are on the device, in training mode.
    """

    options: LearnOptions
    networks: tuple[nn.Module, ...]
    """One a role, in the order of the job."""
    names: tuple[str, ...]
    """Names of the networks in the repository, for errors."""
    source: SampleSource | None = None
    """Samples on the device; None when it learns from experience alone."""
    facts: DatasetFacts | None = None
    """Of the samples as the networks see them, after all adapters."""
    train: Tensor | None = None
    """Rows to learn from, int64, shape (n,)."""
    validation: Tensor | None = None
    """Rows to validate on; None: do not."""
    augment: Adapt | None = None
    """All changes of a training batch, where some of them are random; see `unchanged`."""
    unchanged: SampleSource | None = None
    """Samples as they are before `augment`; None without."""
    streamed: bool = False
    """Whether samples are read from disk when they are asked for."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    folder: Path | None = None
    """The run folder."""
    rank: int = 0
    """Which process of its gang this is."""
    pool: Path | None = None
    """Folder of the experience pool that it learns from."""
    warn: Callable[[str], None] = lambda _text: None

    def batches(self) -> Batches:
        """Return endless training batches, as the options ask for them."""
        options, rows = self.options, self.training_rows()
        source = self.samples() if self.unchanged is None else self.unchanged
        sampler = make_sampler(options, rows, options.seed, self.targets)
        if self.streamed and options.fetch_threads:
            threads = options.fetch_threads
            return PrefetchedBatches(source, sampler, self.augment, options.seed, threads=threads)
        return Batches(source, sampler, self.augment, options.seed)

    def targets(self, rows: Tensor) -> Tensor:
        """Return the targets of rows, as strategies see them."""
        source = self.samples()
        if isinstance(source, KnowsTargets):
            return source.targets_of(rows)
        parts = [self.samples().gather(part)[1] for part in torch.split(rows, VALIDATION_BATCH)]
        return torch.cat(parts)

    def samples(self) -> SampleSource:
        """Return the samples of a strategy that cannot do without."""
        assert self.source is not None, "the learner checks that there is a dataset"
        return self.source

    def training_rows(self) -> Tensor:
        """Return the training rows of a strategy that cannot do without."""
        assert self.train is not None, "the learner checks that there is a training set"
        return self.train

    def validation_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Go once through the validation samples, in order and as they are."""
        if self.validation is None:
            return
        for rows in torch.split(self.validation, VALIDATION_BATCH):
            yield self.samples().gather(rows)


class Strategy(ABC):
    """One way to learn. The loop calls `step`; callbacks call the rest.

    Installed packages offer theirs in the entry-point group ``jupyter_platform.strategies``.

    Parameters
    ----------
    context : BuildContext
        Networks, samples and options.
    """

    title: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = ("network",)
    """What each network is to it, in the order in which a job names them."""
    series: tuple[str, ...] = ("loss",)
    """What `step` reports."""

    Options: ClassVar[type[BaseModel] | None] = None
    """Model of its `strategy_options`, for strategies that do not come with the platform."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Take strategies that were written when `signatures` was called ``places``."""
        super().__init_subclass__(**arguments)
        if "places" in vars(cls) and "signatures" not in vars(cls):
            cls.signatures = vars(cls)["places"]  # type: ignore[method-assign]

    def __init__(self, context: BuildContext) -> None:
        self.context = context
        self.own_options = self.check_own_options(context.options)
        self.networks = context.networks
        self.samples_per_step = context.options.batch_size

    @classmethod
    @abstractmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """Return the signature of each network, in the order of `roles`; builds nothing.

        Parameters
        ----------
        options : LearnOptions
            Of the job.
        facts : DatasetFacts or None
            Of the samples as networks get them; None without a dataset.

        Raises
        ------
        PlatformError
            If the options do not fit the data.
        """

    @classmethod
    def check_own_options(cls, options: LearnOptions) -> BaseModel | None:
        """Return its own options; None where it takes none.

        Raises
        ------
        OptionError
            If `strategy_options` do not fit its `Options`.
        """
        given = options.strategy_options or {}
        if cls.Options is None:
            if given:
                raise _bad_options(given, f"{cls.title or cls.__name__} takes no strategy_options.")
            return None
        try:
            return cls.Options.model_validate(given)
        except ValidationError as error:
            item = error.errors()[0]
            where = ".".join(map(str, item["loc"]))
            message = f"strategy_options: {where or 'all'}: {item['msg']}."
            raise _bad_options(given, message) from error

    @abstractmethod
    def step(self) -> Report:
        """Update the weights once; return what `series` names, detached, without waiting."""

    def validate(self) -> dict[str, float] | None:
        """Return scores on the validation set, ``validation_loss`` first; None without one."""
        return None

    @property
    def material(self) -> BuildContext:
        """The `context`, by the name that it had in earlier releases."""
        return self.context

    @property
    def updaters(self) -> list[Updater]:
        """The updaters among its attributes."""
        return [item for item in vars(self).values() if isinstance(item, Updater)]

    def validated(self, scores: Mapping[str, float]) -> None:
        """Pass the scores of a validation on to the learning rates."""
        for updater in self.updaters:
            updater.observe(scores["validation_loss"])

    def reseed(self, number: int) -> None:
        """Draw other random samples from here on than attempts with another number."""
        for item in vars(self).values():
            if callable(draw_anew := getattr(item, "reseed", None)):
                draw_anew(number)

    def finish(self) -> None:  # noqa: B027 - most have nothing left to do
        """Do what remains after the last step; called once."""

    def summary(self) -> dict[str, Any]:
        """Return entries of the job's result beside losses, as JSON values; called at the end.

        ``samples`` are generated samples, see `learning.strategies.generated`.
        """
        return {}

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return the state that the next step depends on, without the weights of the networks.

        Tensors, numbers, text, and lists and dicts of them: it is read with ``weights_only``.
        """

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""

    @property
    def network(self) -> nn.Module:
        """All networks as one module, by role when there are several."""
        if len(self.networks) == 1:
            return self.networks[0]
        return nn.ModuleDict(dict(zip(self.roles, self.networks, strict=True)))


def _bad_options(given: dict[str, Any], message: str) -> OptionError:
    return OptionError.from_fields(
        [FieldError(field="strategy_options", value=given, message=message)]
    )

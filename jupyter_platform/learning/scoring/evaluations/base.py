"""The base class of evaluations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.strategies import NetworkSignature

Columns = Mapping[str, Tensor]
"""Named values with one entry a sample on axis 0, all of one length."""


@dataclass(frozen=True)
class Subject:
    """The subject of an evaluation. Networks are on the device, in evaluation mode."""

    options: EvaluateOptions
    networks: tuple[nn.Module, ...]
    """One a role, in the order of the job."""
    names: tuple[str, ...]
    """Names of the networks in the repository, for errors."""
    facts: DatasetFacts
    """Of the samples as the networks see them, after all adapters."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))


class Evaluation(ABC):
    """One way to judge networks on samples.

    The runner goes through the samples once, in order: `forward` is what it times, `note` keeps
    what the scores need. What is noted of parts of a set, put together, gives the scores of the
    whole, so that the processes of a gang may share the samples.

    Parameters
    ----------
    subject : Subject
        Networks, options and facts.
    """

    roles: ClassVar[tuple[str, ...]] = ("network",)
    """What each network is to it, in the order in which a job names them."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.options = subject.options
        self.position = 0

    @classmethod
    @abstractmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """Return what it wants of each network; builds nothing.

        Parameters
        ----------
        options : EvaluateOptions
            Of the job.
        facts : DatasetFacts
            Of the samples as networks get them.

        Raises
        ------
        PlatformError
            If the options do not fit the data.
        """

    def begin(self, position: int) -> None:
        """Take note of which batch comes; what is drawn at random depends on that alone.

        Parameters
        ----------
        position : int
            Place of its first sample in the whole set.
        """
        self.position = position

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs of the networks for a batch, batch on axis 0."""
        output: Tensor = self.subject.networks[0](inputs)
        return output

    @abstractmethod
    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Return the values of a batch that the scores need, one entry a sample.

        Parameters
        ----------
        inputs : Tensor, shape (B, …)
            As the networks got them.
        outputs : Tensor, shape (B, …)
            As `forward` gave them.
        targets : Tensor, shape (B, …)
            int64 classes, or float32 numbers.
        """

    @abstractmethod
    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return what was found, from what was noted of all samples, on the CPU.

        At least ``headline``: ``{"name", "value"}`` of the leading score.
        """

    def usable(self, outputs: Tensor) -> Tensor:
        """Return for which samples the outputs are numbers to judge by, bool, shape (n,)."""
        return outputs.flatten(1).isfinite().all(1)

    unusable_effect: ClassVar[str] = "no score can be told of such numbers"
    """What becomes of samples whose outputs are not `usable`, as the end of a sentence."""

    def error(self, found: Mapping[str, Any]) -> tuple[str, float | None]:
        """Return name and value of what `store_if_smaller_than` looks at (DIANNE: the metric).

        Parameters
        ----------
        found : mapping
            What `scores` gave.
        """
        loss: float | None = found["loss"]
        return "loss", loss

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return ``truth``, ``prediction`` and ``probability`` of one sample, for people.

        Parameters
        ----------
        outputs : Tensor
            What the networks gave for it, without batch.
        target : Tensor
            What was to be found.
        """
        return {"truth": _shown(target), "prediction": _shown(outputs), "probability": None}


def signature_of(
    options: EvaluateOptions,
    facts: DatasetFacts,
    outputs: int,
    output_shape: tuple[int, ...] | None,
) -> NetworkSignature:
    """Return the place of a network that sees samples one at a time, or runs of them.

    Parameters
    ----------
    outputs : int
        What ``$outputs`` stands for.
    output_shape : tuple of int, optional
        What it must give for one sample.
    """
    length = options.run_length(facts.sequential)
    if length is None:
        return NetworkSignature("network", tuple(facts.shape), outputs, output_shape)
    shape = None if output_shape is None else (length, *output_shape)
    return NetworkSignature("network", (length, *facts.shape), outputs, shape)


def _shown(values: Tensor) -> Any:
    """Return a number, or a tensor, of which is shown what there is room for."""
    return values.item() if values.numel() == 1 else values


def plain(values: Tensor) -> Any:
    """Return a number, or nested lists of them."""
    return values.item() if values.numel() == 1 else values.tolist()

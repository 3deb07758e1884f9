"""Back-propagation through time."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import (
    FieldError,
    InvalidDataError,
    InvalidRequestError,
    OptionError,
)
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.networks.modes import evaluating
from jupyter_platform.learning.networks.recurrence import Memory, Recurrence, detached, moved
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.sampling.samplers import Batches
from jupyter_platform.learning.sampling.windows import Windows
from jupyter_platform.learning.strategies.base import (
    VALIDATION_BATCH,
    BuildContext,
    NetworkSignature,
    Strategy,
)
from jupyter_platform.learning.strategies.criteria import (
    Loss,
    choose_criterion,
    make_loss,
    predicted_classes,
    wanted_shape,
)
from jupyter_platform.learning.strategies.generated import (
    SHOWN_SYMBOLS,
    generate_symbols,
    text_record,
)

_LARGEST_EXPONENT = 700.0
"""Of which the exponential is still a number."""


class BackPropagationThroughTime(Strategy):
    """A recurrent network learns the target of each sample from the samples before it.

    R. Williams and J. Peng, "An efficient gradient-based algorithm for on-line training of
    recurrent network trajectories", Neural Computation 2(4), 1990: truncated back-propagation. The
    training samples are one long sequence, of which each step takes some pieces of T =
    `sequence_length` samples and descends on ``1/T Σ_t L(f(x_1 … x_t), y_t)``; gradients reach back
    to the beginning of a piece. Without `backprop_all` only the last step of a piece counts. Of
    symbols, such as the characters of a text, the target is the next one, and ``perplexity`` is
    ``exp(loss)``. DIANNE: `BPTTLearningStrategy`.
    """

    title = "Back-propagation through time"

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """Ask for a network from a sequence to one number a class or target for each step."""
        if facts is None:
            raise InvalidRequestError("Back-propagation through time needs a dataset.")
        outputs = wanted_shape(choose_criterion(options.criterion, facts.task), facts)
        if options.stateful and options.from_start:
            raise _refused(
                "stateful",
                True,
                "stateful goes on where sequences ended and from_start begins anew; give one.",
            )
        length = options.sequence_length
        train, part = options.train_set, facts.parts.get("train")
        if train is not None and len(train) == 2:
            _check_length(length, train[1] - train[0])
        elif train is None and part is not None:
            _check_length(length, part.size)
            if not part.is_range:
                raise _no_sequence("They are drawn from all over the dataset")
        signature = NetworkSignature(
            "network", (length, *facts.shape), math.prod(outputs), (length, *outputs)
        )
        return (signature,)

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        options = context.options
        self._network = context.networks[0]
        self._recurrence = Recurrence(self._network)
        self._memory: Memory = {}
        self._windows = self._cut(context.training_rows())
        source = context.samples() if context.unchanged is None else context.unchanged
        self._batches = Batches(source, self._windows, context.augment, options.seed)
        self.samples_per_step = self._windows.batch_size
        self._criterion = choose_criterion(options.criterion, self._outlook().task)
        self._loss = self._make_loss()
        self._classifies = self._outlook().task == "classification"
        self._is_entropy = self._criterion in ("NLL", "CE")
        if self._is_entropy:
            self.series = ("loss", "perplexity")
        if options.stateful and not self._recurrence.remembers:
            raise InvalidDataError(
                f"Network {context.names[0]!r} has no memory that could be kept from one sequence "
                "to the next (LSTM, GRU, RNN or Memory layers); leave stateful out."
            )
        self._updater = Updater(self._network.parameters(), options)

    def _outlook(self) -> DatasetFacts:
        assert self.context.facts is not None, "signatures() asks for a dataset"
        return self.context.facts

    def _cut(self, rows: Tensor) -> Windows:
        options = self.context.options
        _check_sequence(rows, options.sequence_length)
        return Windows(
            rows,
            options.sequence_length,
            options.batch_size,
            options.seed,
            follow=options.stateful,
            from_start=options.from_start,
        )

    def _make_loss(self) -> Loss:
        context = self.context
        rows = context.training_rows()[: self._windows.length]
        with evaluating(self.networks), torch.no_grad():
            inputs, targets = context.samples().gather(rows)
            outputs = self._network(inputs[None])
        if outputs.shape[:2] != (1, len(rows)):
            raise InvalidDataError(
                f"Network {context.names[0]!r} gives shape {tuple(outputs.shape[1:])} for a "
                f"sequence of {len(rows)}; it must give outputs of every step."
            )
        delta = context.options.huber_delta
        return make_loss(self._criterion, outputs[0], targets, context.names[0], delta)

    def step(self) -> Tensor | tuple[Tensor, Tensor]:
        """Update the weights once; return the mean loss of a symbol, and with it the perplexity."""
        options = self.context.options
        inputs, targets = next(self._batches)
        windows = (self._windows.count, self._windows.length)
        inputs = inputs.view(*windows, *inputs.shape[1:])
        targets = targets.view(*windows, *targets.shape[1:])
        if options.stateful:
            memory = {} if self._windows.is_fresh else self._memory
            outputs, memory = self._recurrence(inputs, memory)
            self._memory = detached(memory)
        else:
            outputs = self._network(inputs)
        if not options.backprop_all:
            outputs, targets = outputs[:, -1:], targets[:, -1:]
        loss = self._loss(outputs.flatten(0, 1), targets.flatten(0, 1))
        self._updater.update(loss)
        loss = loss.detach()
        return (loss, loss.exp()) if self._is_entropy else loss

    def validate(self) -> dict[str, float] | None:
        """Return ``validation_loss``, and of classes perplexity and accuracy (a fraction).

        The validation set is gone through once in order, in pieces as long as those learnt from;
        memory goes along when it does so in learning.
        """
        rows = self.context.validation
        if rows is None:
            return None
        loss, right = 0.0, 0
        memory: Memory = {}
        with evaluating(self.networks), torch.inference_mode():
            for part in self._pieces(rows):
                inputs, targets = self.context.samples().gather(part.flatten())
                inputs = inputs.view(*part.shape, *inputs.shape[1:])
                if self.context.options.stateful:
                    outputs, memory = self._recurrence(inputs, memory)
                else:
                    outputs = self._network(inputs)
                outputs = outputs.flatten(0, 1)
                loss += float(self._loss(outputs, targets)) * len(targets)
                if self._classifies:
                    predicted = predicted_classes(outputs, self._criterion)
                    right += int((predicted == targets).sum())
        scores = {"validation_loss": loss / len(rows)}
        if self._is_entropy:
            scores["validation_perplexity"] = math.exp(min(loss / len(rows), _LARGEST_EXPONENT))
        if self._classifies:
            scores["validation_accuracy"] = right / len(rows)
        return scores

    def reseed(self, number: int) -> None:
        """Take other samples from here on, and forget those before."""
        super().reseed(number)
        self._memory = {}

    def _pieces(self, rows: Tensor) -> list[Tensor]:
        """Return all rows in order as batches of pieces, each of shape (pieces, length)."""
        length = self._windows.length
        whole = len(rows) // length * length
        several = 1 if self.context.options.stateful else max(VALIDATION_BATCH // length, 1)
        parts = list(torch.split(rows[:whole].view(-1, length), several)) if whole else []
        return parts + ([rows[whole:][None]] if whole < len(rows) else [])

    def summary(self) -> dict[str, Any]:
        """Return text that the network makes, where it has learnt what symbol comes next."""
        facts = self._outlook()
        if not facts.sequential or facts.input_type != "int64" or facts.classes is None:
            return {}
        rows = self.context.training_rows()[: self._windows.length]
        start, following = self.context.samples().gather(rows)
        if not torch.equal(start[1:], following[:-1]):
            return {}
        seed = self.context.options.seed
        made = generate_symbols(
            self._network, start, SHOWN_SYMBOLS, criterion=self._criterion, seed=seed
        )
        texts = [
            "".join(facts.classes[number] for number in part.tolist()) for part in (start, made)
        ]
        return {"samples": text_record(*texts)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimiser and of the sampling, and the network's memory."""
        return {
            "optimizer": self._updater.state_dict(),
            "batches": self._batches.state_dict(),
            "memory": self._memory,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._updater.load_state_dict(state["optimizer"])
        self._batches.load_state_dict(state["batches"])
        self._memory = moved(state["memory"], self.context.device)


def _check_sequence(rows: Tensor, length: int) -> None:
    _check_length(length, len(rows))
    gaps = (rows.diff() != 1).nonzero()
    if len(gaps):
        row, before = int(rows[gaps[0, 0] + 1]), int(rows[gaps[0, 0]])
        raise _no_sequence(f"Row {row} comes after row {before}")


def _no_sequence(reason: str) -> InvalidDataError:
    message = (
        f"The training samples are no sequence: {reason[0].lower()}{reason[1:]}. Back-propagation "
        "through time wants samples that follow one another: set shuffle to false where the "
        "dataset is described, or give a range of an unshuffled one as train_set."
    )
    return InvalidDataError(message, errors=[FieldError(field="train_set", message=message)])


def _check_length(length: int, size: int) -> None:
    if length > size:
        raise _refused(
            "sequence_length",
            length,
            f"sequence_length is {length}, but train_set has {size} samples; a sequence is at most "
            "the whole set.",
        )


def _refused(name: str, value: Any, message: str) -> OptionError:
    return OptionError.from_fields([FieldError(field=name, value=value, message=message)])

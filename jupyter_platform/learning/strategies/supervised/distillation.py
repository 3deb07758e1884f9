"""Knowledge distillation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidRequestError, OptionError, refusal
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.networks.modes import evaluating
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature, Strategy
from jupyter_platform.learning.strategies.criteria import (
    EPSILON,
    choose_criterion,
    classify_outputs,
    make_loss,
)


class Distillation(Strategy):
    """A trainee learns the outputs of a teacher, whose weights stay as they are.

    G. Hinton, O. Vinyals and J. Dean, "Distilling the Knowledge in a Neural Network", 2015
    (arXiv:1503.02531), section 2: with scores u of the teacher and v of the trainee the loss is

        ``(1 - w) T² KL(softmax(u / T) ‖ softmax(v / T)) + w L(v, t)``,

    T `temperature`, w `label_weight`, t the dataset's own targets, means over the batch in nats.
    With criterion MSE, and of networks for numbers, the first term is ``(1 - w) mean((u - v)²)``.
    DIANNE: `TargetLearningStrategy`.
    """

    title = "Distillation"
    roles: ClassVar[tuple[str, ...]] = ("trainee", "teacher")

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """Ask for two networks from a sample to one number for each class or target."""
        if facts is None:
            raise InvalidRequestError("Distillation needs a dataset.")
        _label_criterion(options, facts)
        if facts.masks and facts.task == "classification":
            raise _of_masks()
        shape, outputs = tuple(facts.shape), facts.outputs
        return (
            NetworkSignature("trainee", shape, outputs, (outputs,)),
            NetworkSignature("teacher", shape, outputs, (outputs,), is_learnt=False),
        )

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        self._trainee, self._teacher = context.networks
        self._teacher.eval().requires_grad_(False)
        self._batches = context.batches()
        self.samples_per_step = self._batches.batch_size
        facts, options = context.facts, context.options
        assert facts is not None, "signatures() asks for a dataset"
        self._classifies = facts.task == "classification"
        rows = context.training_rows()[: options.batch_size]
        inputs, targets = context.samples().gather(rows)
        with evaluating([self._trainee]), torch.no_grad():
            taught, learnt = self._teacher(inputs), self._trainee(inputs)
        self._soft = self._soft_loss(taught, learnt)
        self._hard = None
        if options.label_weight:
            criterion = _label_criterion(options, facts)
            self._hard = make_loss(criterion, learnt, targets, context.names[0])
        self._updater = Updater(self._trainee.parameters(), options)

    def _soft_loss(self, taught: Tensor, learnt: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        if not self._classifies or self.context.options.criterion == "MSE":
            return functional.mse_loss
        to_scores = _scores_of(taught), _scores_of(learnt)
        temperature = self.context.options.temperature

        def loss(learnt: Tensor, taught: Tensor) -> Tensor:
            return soft_loss(to_scores[1](learnt), to_scores[0](taught), temperature)

        return loss

    def _losses(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss, and the outputs of trainee and teacher."""
        with torch.no_grad():
            taught = self._teacher(inputs)
        learnt = self._trainee(inputs)
        loss = self._soft(learnt, taught)
        if self._hard is not None:
            loss = torch.lerp(loss, self._hard(learnt, targets), self.context.options.label_weight)
        return loss, learnt, taught

    def step(self) -> Tensor:
        """Update the trainee once; return the loss of the batch before the update."""
        loss, _, _ = self._losses(*next(self._batches))
        self._updater.update(loss)
        return loss.detach()

    def validate(self) -> dict[str, float] | None:
        """Return ``validation_loss``, and of classifiers the shares of samples in two agreements.

        ``validation_accuracy`` is with the true classes, ``validation_agreement`` with the teacher.
        """
        total, right, agreed, count = 0.0, 0, 0, 0
        with evaluating([self._trainee]), torch.inference_mode():
            for inputs, targets in self.context.validation_batches():
                loss, learnt, taught = self._losses(inputs, targets)
                total += float(loss) * len(inputs)
                count += len(inputs)
                if self._classifies:
                    right += int((learnt.argmax(1) == targets).sum())
                    agreed += int((learnt.argmax(1) == taught.argmax(1)).sum())
        if not count:
            return None
        scores = {"validation_loss": total / count}
        if self._classifies:
            scores["validation_accuracy"] = right / count
            scores["validation_agreement"] = agreed / count
        return scores

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the optimiser and of the sampling."""
        return {"optimizer": self._updater.state_dict(), "batches": self._batches.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._updater.load_state_dict(state["optimizer"])
        self._batches.load_state_dict(state["batches"])


def soft_loss(learnt: Tensor, taught: Tensor, temperature: float) -> Tensor:
    """Return ``T² KL(softmax(taught / T) || softmax(learnt / T))``, mean over the batch, in nats.

    Parameters
    ----------
    learnt, taught : Tensor, shape (B, C)
        Scores of trainee and teacher; logarithms of probabilities are scores too.
    temperature : float
        T; its square keeps the gradient's size (Hinton et al. 2015, section 2).
    """
    ours = functional.log_softmax(learnt / temperature, 1)
    theirs = functional.log_softmax(taught / temperature, 1)
    divergence = functional.kl_div(ours, theirs, reduction="batchmean", log_target=True)
    return temperature**2 * divergence


def _scores_of(outputs: Tensor) -> Callable[[Tensor], Tensor]:
    """Return what turns a network's outputs into scores, having seen those of one batch."""
    if classify_outputs(outputs) == "probabilities":
        return lambda values: values.clamp_min(EPSILON).log()
    return nn.Identity()


def _label_criterion(options: LearnOptions, facts: DatasetFacts) -> str:
    """Return the criterion of the part of the loss that labels have.

    Raises
    ------
    OptionError
        If the criterion is none that outputs can be compared by.
    """
    if options.criterion in (None, "MSE"):
        return choose_criterion(None, facts.task)
    accepted = ("NLL", "CE", "MSE") if facts.task == "classification" else ("MSE",)
    if options.criterion not in accepted:
        words = " or ".join(accepted)
        message = (
            f"criterion = {options.criterion} compares no two networks for {facts.task}; "
            f"distillation takes {words}."
        )
        error = FieldError(
            field="criterion", value=options.criterion, message=message, accepted=words
        )
        raise OptionError.from_fields([error])
    return choose_criterion(options.criterion, facts.task)


def _of_masks() -> OptionError:
    return refusal(
        "strategy",
        "distillation",
        "strategy = distillation compares one number for each class of a sample; the dataset has a "
        "class for each pixel. Use feed_forward, or mask_to_class.",
        "feed_forward",
    )

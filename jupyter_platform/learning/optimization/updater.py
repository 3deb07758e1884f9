"""From a loss to moved weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.optimizers import OPTIMIZERS
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.options.groups.optimizer import OptimizerOptions
from jupyter_platform.learning.distributed.averaging import gradient_average
from jupyter_platform.learning.optimization.lr_schedule import LearningRate
from jupyter_platform.learning.optimization.optimizers import make_optimizer

Parameters = list[nn.Parameter]


class Updater:
    """One optimiser with its schedule, clipping and precision; one for each loss of a strategy.

    A strategy keeps them as attributes, where `Strategy.updaters` finds them.

    Parameters
    ----------
    parameters : iterable of Parameter
        Weights to update; those that want no gradient are skipped.
    options : LearnOptions
        Method, learning rate, clipping, precision.
    per_step : int
        Times that it is called in a step; schedules count steps.

    Raises
    ------
    InvalidDataError
        If there is nothing to update.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        options: LearnOptions,
        *,
        per_step: int = 1,
    ) -> None:
        self.parameters: Parameters = [item for item in parameters if item.requires_grad]
        if not self.parameters:
            raise InvalidDataError("Nothing is left to learn: no weight may be moved.")
        self.updates = 0
        self.used_learning_rate: float | None = None
        """That of the last update, where it changes."""
        self._per_step = per_step
        self._momentum_and_decay = MomentumAndDecay.of(self.parameters, options)
        moved = (
            self.parameters if self._momentum_and_decay is None else self._momentum_and_decay.moved
        )
        self._optimizer = make_optimizer(moved, options)
        self._rate = LearningRate(options)
        self._has_schedule = not self._rate.is_constant
        self._clip = _clipping(options)
        self._accumulate = options.accumulate
        self._pending = 0
        on_gpu = self.parameters[0].is_cuda
        self._scaler = (
            torch.amp.GradScaler("cuda") if options.precision == "float16" and on_gpu else None
        )
        self._average = gradient_average(self.parameters)
        self._is_plain = not (
            self._has_schedule
            or self._momentum_and_decay
            or self._clip
            or self._scaler
            or self._average
            or self._accumulate > 1
        )

    def update(self, loss: Tensor) -> None:
        """Move the weights once against the gradient of a loss.

        With ``accumulate = k`` each k-th call moves them, against the mean of k gradients.
        """
        if self._is_plain:
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        elif self._collect(loss):
            self._move()

    def _collect(self, loss: Tensor) -> bool:
        """Add a gradient; return whether it was the last one of an update."""
        if not self._pending:
            for item in self.parameters:
                item.grad = None
        share = loss if self._accumulate == 1 else loss / self._accumulate
        if self._scaler is not None:
            share = self._scaler.scale(share)
        # Of a loss that reaches into other networks, those must not keep the gradients.
        inputs = None if self._accumulate == 1 else self.parameters
        share.backward(inputs=inputs)  # type: ignore[no-untyped-call]
        self._pending = (self._pending + 1) % self._accumulate
        return not self._pending

    def _move(self) -> None:
        if self._average is not None:
            # First of all: every rank clips, and skips what is not finite, alike.
            self._average()
        if self._has_schedule:
            rate = self.used_learning_rate = self.learning_rate
            for group in self._optimizer.param_groups:
                group["lr"] = rate
        if self._momentum_and_decay is not None:
            self._momentum_and_decay.hand_over()
        if self._scaler is not None:
            self._scaler.unscale_(self._optimizer)
        if self._clip is not None:
            self._clip(self.parameters)
        if self._momentum_and_decay is not None:
            self._momentum_and_decay.before()
        if self._scaler is None:
            self._optimizer.step()
        else:
            self._scaler.step(self._optimizer)
            self._scaler.update()
        if self._momentum_and_decay is not None:
            self._momentum_and_decay.after()
        self.updates += 1

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next update."""
        return self._rate.at(self.updates // self._per_step)

    @property
    def changes_learning_rate(self) -> bool:
        """Whether the learning rate changes while a network learns."""
        return self._has_schedule

    def observe(self, validation_loss: float) -> None:
        """Take a validation loss, for schedules that follow it."""
        self._rate.observe(validation_loss)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next update depends on."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "updates": self.updates,
            "rate": self._rate.state_dict(),
            "inertia": None
            if self._momentum_and_decay is None
            else self._momentum_and_decay.velocity,
            "scaler": None if self._scaler is None else self._scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._load_optimizer(state["optimizer"], state["inertia"])
        self.updates = int(state["updates"])
        self._rate.load_state_dict(state["rate"])
        if self._momentum_and_decay is not None:
            self._momentum_and_decay.take(state["inertia"])
        if self._scaler is not None and state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])

    def _load_optimizer(self, state: dict[str, Any], velocity: Sequence[Tensor] | None) -> None:
        """Take over an optimiser's state; of earlier releases, too, whose groups name less."""
        groups = self._optimizer.state_dict()["param_groups"]
        merged = [
            {**ours, **{key: value for key, value in theirs.items() if key in ours}}
            for ours, theirs in zip(groups, state["param_groups"], strict=True)
        ]
        for ours, group in zip(groups, merged, strict=True):
            group |= {key: ours[key] for key in ("momentum", "nesterov", "l2") if key in ours}
        self._optimizer.load_state_dict({**state, "param_groups": merged})
        if velocity and self._momentum_and_decay is None:
            for item, move in zip(self.parameters, velocity, strict=True):
                self._optimizer.state[item]["velocity"] = move.to(item)


class MomentumAndDecay:
    """L2 decay and momentum as DIANNE applies them to the step of an optimiser.

    With ``d`` the step of the optimiser, ``d -= l2·W``; then ``v = m·v + d`` and ``W += v``, or
    with Nesterov's momentum ``W += d + m·v``. The optimiser moves stand-ins that start from zero,
    so that moves are not differences of large numbers. `Sgd` does the same by itself.

    Parameters
    ----------
    parameters : list of Parameter
        Weights to update.
    l2, momentum : float
        As the options have them.
    nesterov : bool
        Which momentum.
    """

    def __init__(
        self, parameters: Parameters, l2: float, momentum: float, *, nesterov: bool
    ) -> None:
        self._parameters: list[Tensor] = list(parameters)
        self._l2 = l2
        self._momentum = momentum
        self._nesterov = nesterov
        self.moved: Parameters = (
            [nn.Parameter(torch.zeros_like(item)) for item in parameters]
            if momentum
            else parameters
        )
        """Weights that the optimiser updates."""
        self.velocity: list[Tensor] = (
            [torch.zeros_like(item) for item in parameters] if momentum else []
        )

    @classmethod
    def of(cls, parameters: Parameters, options: OptimizerOptions) -> MomentumAndDecay | None:
        """Return the instance that the options ask for; None where they ask for neither.

        Parameters
        ----------
        parameters : Parameters
            What is updated.
        options : OptimizerOptions
            Options about updates.
        """
        if "l2" in OPTIMIZERS[options.method].options:
            return None  # it does all of it itself
        momentum = options.momentum or options.nesterov
        if not (options.l2 or momentum):
            return None
        return cls(parameters, options.l2, momentum, nesterov=bool(options.nesterov))

    def hand_over(self) -> None:
        """Copy the gradients of the weights to the stand-ins."""
        if self._momentum:
            for stand_in, item in zip(self.moved, self._parameters, strict=True):
                stand_in.grad = item.grad

    @torch.no_grad()
    def before(self) -> None:
        """Without momentum decay the weights; with it set the stand-ins to zero."""
        if self._momentum:
            torch._foreach_zero_(list[Tensor](self.moved))
        else:
            torch._foreach_mul_(self._parameters, 1 - self._l2)

    @torch.no_grad()
    def after(self) -> None:
        """Apply l2 and momentum to the step of the optimiser."""
        if not self._momentum:
            return
        moves: list[Tensor] = list(self.moved)
        torch._foreach_mul_(self.velocity, self._momentum)
        torch._foreach_add_(self.velocity, moves)
        if self._l2:
            torch._foreach_add_(self.velocity, self._parameters, alpha=-self._l2)
        if not self._nesterov:
            torch._foreach_add_(self._parameters, self.velocity)
            return
        if self._l2:
            torch._foreach_mul_(self._parameters, 1 - self._l2)
        torch._foreach_add_(self._parameters, moves)
        torch._foreach_add_(self._parameters, self.velocity, alpha=self._momentum)

    def take(self, velocity: Sequence[Tensor]) -> None:
        """Restore the velocity of an earlier attempt."""
        torch._foreach_copy_(self.velocity, list(velocity))


def _clipping(options: OptimizerOptions) -> Callable[[Parameters], object] | None:
    norm, value = options.clip_norm, options.clip_value
    if norm is not None:
        return lambda parameters: nn.utils.clip_grad_norm_(parameters, norm)
    if value is not None:
        return lambda parameters: nn.utils.clip_grad_value_(parameters, value)
    return None

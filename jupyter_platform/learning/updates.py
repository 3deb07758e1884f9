"""From a loss to moved weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.options.groups.optimizer import OptimizerOptions
from jupyter_platform.learning.rates import LearningRate
from jupyter_platform.learning.synchronisation import gradient_average

Parameters = list[nn.Parameter]


class Updater:
    """One optimiser and all that goes with it; a strategy has one for each loss it minimises.

    Kept as attributes of a strategy they are found by those who tell them about validations.

    Parameters
    ----------
    parameters : iterable of Parameter
        Those that it moves; the ones that want no gradient are passed over.
    options : LearnOptions
        Method, learning rate, clipping, precision.
    per_step : int
        Times that it is called in a step; schedules count steps.

    Raises
    ------
    InvalidDataError
        If there is nothing to move.
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
        self._per_step = per_step
        self._optimizer = make_optimizer(self.parameters, options)
        self._rate = LearningRate(options)
        self._has_schedule = not self._rate.is_constant
        self._inertia = Inertia.of(self.parameters, options)
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
            or self._inertia
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
            self._optimizer.zero_grad()
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
            rate = self.learning_rate
            for group in self._optimizer.param_groups:
                group["lr"] = rate
        if self._scaler is not None:
            self._scaler.unscale_(self._optimizer)
        if self._clip is not None:
            self._clip(self.parameters)
        if self._inertia is not None:
            self._inertia.before()
        if self._scaler is None:
            self._optimizer.step()
        else:
            self._scaler.step(self._optimizer)
            self._scaler.update()
        if self._inertia is not None:
            self._inertia.after()
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
            "inertia": None if self._inertia is None else self._inertia.velocity,
            "scaler": None if self._scaler is None else self._scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._optimizer.load_state_dict(state["optimizer"])
        self.updates = int(state["updates"])
        self._rate.load_state_dict(state["rate"])
        if self._inertia is not None:
            self._inertia.take(state["inertia"])
        if self._scaler is not None and state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])


class Inertia:
    """What DIANNE does to the move that an optimiser makes: l2, then momentum.

    With ``d`` the move of the optimiser, ``d -= l2·W``; then ``v = m·v + d`` and ``W += v``, or
    with Nesterov's momentum ``W += d + m·v``.

    Parameters
    ----------
    parameters : list of Parameter
        Those that are moved.
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
        self._start: list[Tensor] = []
        self.velocity: list[Tensor] = (
            [torch.zeros_like(item) for item in parameters] if momentum else []
        )

    @classmethod
    def of(cls, parameters: Parameters, options: OptimizerOptions) -> Inertia | None:
        """Return what the options ask for beside the optimiser, None for nothing."""
        momentum = 0.0 if _has_own_momentum(options) else options.momentum or options.nesterov
        if not (options.l2 or momentum):
            return None
        return cls(parameters, options.l2, momentum, nesterov=bool(options.nesterov))

    @torch.no_grad()
    def before(self) -> None:
        """Remember where the weights are; without momentum take the share of l2 away at once."""
        if self._momentum:
            self._start = [item.detach().clone() for item in self._parameters]
        else:
            torch._foreach_mul_(self._parameters, 1 - self._l2)

    @torch.no_grad()
    def after(self) -> None:
        """Replace the move that was made by that with l2 and momentum."""
        if not self._momentum:
            return
        move = torch._foreach_sub(self._parameters, self._start)
        if self._l2:
            torch._foreach_add_(move, self._start, alpha=-self._l2)
        torch._foreach_mul_(self.velocity, self._momentum)
        torch._foreach_add_(self.velocity, move)
        torch._foreach_copy_(self._parameters, self._start)
        if self._nesterov:
            torch._foreach_add_(self._parameters, move)
            torch._foreach_add_(self._parameters, self.velocity, alpha=self._momentum)
        else:
            torch._foreach_add_(self._parameters, self.velocity)

    def take(self, velocity: Sequence[Tensor]) -> None:
        """Take over the velocity of an earlier attempt."""
        torch._foreach_copy_(self.velocity, list(velocity))


def _has_own_momentum(options: OptimizerOptions) -> bool:
    return options.method == "SGD" and not options.l2


def _clipping(options: OptimizerOptions) -> Callable[[Parameters], object] | None:
    norm, value = options.clip_norm, options.clip_value
    if norm is not None:
        return lambda parameters: nn.utils.clip_grad_norm_(parameters, norm)
    if value is not None:
        return lambda parameters: nn.utils.clip_grad_value_(parameters, value)
    return None


def make_optimizer(parameters: Parameters, options: OptimizerOptions) -> torch.optim.Optimizer:
    """Return torch's optimiser for the method asked for.

    Momentum is torch's where SGD has it to itself; see `Inertia` for all else.
    """
    rate, epsilon = options.effective_learning_rate, options.epsilon
    betas = (options.beta1, options.beta2)
    match options.method:
        case "ADADELTA":
            rho = options.effective_smoothing
            return torch.optim.Adadelta(parameters, lr=rate, rho=rho, eps=epsilon)
        case "ADAGRAD":
            return torch.optim.Adagrad(parameters, lr=rate, eps=epsilon)
        case "RMSPROP":
            alpha = options.effective_smoothing
            return torch.optim.RMSprop(parameters, lr=rate, alpha=alpha, eps=epsilon)
        case "ADAM":
            return torch.optim.Adam(parameters, lr=rate, betas=betas, eps=epsilon)
        case "ADAMW":
            decay = options.weight_decay
            return torch.optim.AdamW(
                parameters, lr=rate, betas=betas, eps=epsilon, weight_decay=decay
            )
        case "NADAM":
            return torch.optim.NAdam(parameters, lr=rate, betas=betas, eps=epsilon)
    momentum = options.momentum or options.nesterov if _has_own_momentum(options) else 0.0
    nesterov = bool(options.nesterov) and momentum > 0
    return torch.optim.SGD(parameters, lr=rate, momentum=momentum, nesterov=nesterov)

"""Optimisers whose form in torch differs from the one that the options promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.optimizers import OPTIMIZERS
from jupyter_platform.core.options.groups.optimizer import OptimizerOptions


class Sgd(torch.optim.Optimizer):
    """Gradient descent with DIANNE's l2 and momentum.

    With ``d = -lr·g - l2·W`` and ``v = m·v + d``: ``W += v``, or with Nesterov's momentum
    ``W += d + m·v`` (the form of cs231n.github.io/neural-networks-3). torch's own keeps gradients
    instead of moves, so that there a change of the learning rate scales earlier moves, too.

    Parameters
    ----------
    params : iterable of Parameter
        Weights to update.
    lr : float
        Learning rate.
    momentum, nesterov : float
        Share of the last move that comes again; at most one of them.
    l2 : float
        Share of each weight that every update takes away.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.0,
        nesterov: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov, "l2": l2})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move the weights once; those without a gradient stay."""
        assert closure is None, "no line search"
        for group in self.param_groups:
            weights: list[Tensor] = [item for item in group["params"] if item.grad is not None]
            if weights:
                self._move(weights, group)

    def _move(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        rate, l2 = group["lr"], group["l2"]
        momentum = group["momentum"] or group["nesterov"]
        gradients: list[Tensor] = [item.grad for item in weights if item.grad is not None]
        if not momentum:
            if l2:
                torch._foreach_mul_(weights, 1 - l2)
            torch._foreach_add_(weights, gradients, alpha=-rate)
            return
        velocity = [self._velocity(item, rate) for item in weights]
        torch._foreach_mul_(velocity, momentum)
        torch._foreach_add_(velocity, gradients, alpha=-rate)
        if l2:
            torch._foreach_add_(velocity, weights, alpha=-l2)
        if not group["nesterov"]:
            torch._foreach_add_(weights, velocity)
            return
        if l2:
            torch._foreach_mul_(weights, 1 - l2)
        torch._foreach_add_(weights, gradients, alpha=-rate)
        torch._foreach_add_(weights, velocity, alpha=momentum)

    def _velocity(self, weight: Tensor, rate: float) -> Tensor:
        state = self.state[weight]
        if "velocity" not in state:
            # A checkpoint of an earlier release has torch's: gradients.
            gradients = state.pop("momentum_buffer", None)
            state["velocity"] = (
                torch.zeros_like(weight) if gradients is None else gradients.mul(-rate)
            )
        velocity: Tensor = state["velocity"]
        return velocity


class RmsProp(torch.optim.Optimizer):
    """Steps divided by the root of a running mean of squared gradients, as in DIANNE.

    ``s = a·s + (1 - a)·g²`` and ``W -= lr·g / sqrt(s + eps)``; torch's own adds ``eps`` to the
    root.

    Parameters
    ----------
    params : iterable of Parameter
        Weights to update.
    lr : float
        Learning rate.
    alpha : float
        Share of the running mean that stays.
    eps : float
        Keeps the division finite.
    """

    def __init__(self, params: Iterable[nn.Parameter], lr: float, alpha: float, eps: float) -> None:
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move the weights once; those without a gradient stay."""
        assert closure is None, "no line search"
        for group in self.param_groups:
            weights = [item for item in group["params"] if item.grad is not None]
            gradients: list[Tensor] = [item.grad for item in weights]
            if not weights:
                continue
            squares = [self._square(item) for item in weights]
            torch._foreach_mul_(squares, group["alpha"])
            torch._foreach_addcmul_(squares, gradients, gradients, value=1 - group["alpha"])
            roots = torch._foreach_add(squares, group["eps"])
            torch._foreach_sqrt_(roots)
            torch._foreach_addcdiv_(weights, gradients, roots, value=-group["lr"])

    def _square(self, weight: Tensor) -> Tensor:
        state = self.state[weight]
        if "square_avg" not in state:
            state["square_avg"] = torch.zeros_like(weight)
        square: Tensor = state["square_avg"]
        return square


def make_optimizer(
    parameters: list[nn.Parameter], options: OptimizerOptions
) -> torch.optim.Optimizer:
    """Return the optimiser that the options name, from its entry in `OPTIMIZERS`.

    Parameters
    ----------
    parameters : list of Parameter
        What it changes.
    options : OptimizerOptions
        Options about updates.
    """
    record = OPTIMIZERS[options.method]
    values = {**options.model_dump(), "smoothing": options.effective_smoothing}
    arguments = {
        argument: values[names] if isinstance(names, str) else tuple(values[key] for key in names)
        for argument, names in record.arguments.items()
    }
    module, _, name = record.factory.partition(":")
    factory: Callable[..., torch.optim.Optimizer] = getattr(import_module(module), name)
    return factory(parameters, lr=options.effective_learning_rate, **arguments)

"""The optimisers: what each is called, which options it takes, and what it keeps in memory.

An entry of the table is all there is to an optimiser: options, memory check, documentation and
training read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class OptimizerRecord:
    """One optimiser."""

    name: str
    learning_rate: float
    """Its default: DIANNE's, or torch's where DIANNE lacks it."""
    factory: str
    """``module:class`` of a `torch.optim.Optimizer`."""
    arguments: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Arguments of the class to the options that give them, beside ``lr``."""
    numbers_kept: int = 0
    """Numbers that it keeps for each parameter, beside the gradient."""
    smoothing: float | None = None
    """Default share of a running mean of squares that stays; None where the option does not go
    with it."""
    momentum: bool = False
    """Whether momentum or Nesterov's may be put behind it, as in DIANNE."""
    keeps_moves: int = 2
    """Numbers for each parameter that momentum adds: the last move, and room for the next."""

    @property
    def options(self) -> frozenset[str]:
        """The options that go with this optimiser and not with all."""
        found: set[str] = set()
        for names in self.arguments.values():
            found.update((names,) if isinstance(names, str) else names)
        if self.momentum:
            found |= {"momentum", "nesterov"}
        return frozenset(found)


_BETAS: Mapping[str, str | tuple[str, ...]] = {"betas": ("beta1", "beta2"), "eps": "epsilon"}
_OWN = "jupyter_platform.learning.optimization.optimizers"

_ALL = (
    OptimizerRecord(
        "SGD",
        0.01,
        f"{_OWN}:Sgd",
        {"momentum": "momentum", "nesterov": "nesterov", "l2": "l2"},
        momentum=True,
        keeps_moves=1,
    ),
    OptimizerRecord(
        "ADADELTA",
        1.0,
        "torch.optim:Adadelta",
        {"rho": "smoothing", "eps": "epsilon"},
        numbers_kept=2,
        smoothing=0.95,
        momentum=True,
    ),
    OptimizerRecord(
        "ADAGRAD",
        0.01,
        "torch.optim:Adagrad",
        {"eps": "epsilon"},
        numbers_kept=1,
        momentum=True,
    ),
    OptimizerRecord(
        "RMSPROP",
        0.001,
        f"{_OWN}:RmsProp",
        {"alpha": "smoothing", "eps": "epsilon"},
        numbers_kept=1,
        smoothing=0.9,
        momentum=True,
    ),
    OptimizerRecord("ADAM", 0.001, "torch.optim:Adam", _BETAS, numbers_kept=2, momentum=True),
    OptimizerRecord(
        "ADAMW",
        0.001,
        "torch.optim:AdamW",
        {**_BETAS, "weight_decay": "weight_decay"},
        numbers_kept=2,
    ),
    OptimizerRecord("NADAM", 0.002, "torch.optim:NAdam", _BETAS, numbers_kept=2),
)

OPTIMIZERS: Mapping[str, OptimizerRecord] = MappingProxyType({item.name: item for item in _ALL})


def methods_with(option: str) -> tuple[str, ...]:
    """Return the optimisers that an option goes with."""
    return tuple(item.name for item in OPTIMIZERS.values() if option in item.options)


def methods_with_momentum() -> tuple[str, ...]:
    """Return the optimisers that momentum may be put behind."""
    return tuple(item.name for item in OPTIMIZERS.values() if item.momentum)


def defaults_in_words(values: Mapping[str, float | None]) -> str:
    """Return the defaults of an option by optimiser, the commonest last: ``0.01 for SGD, else 1``.

    Parameters
    ----------
    values : mapping
        Default by optimiser; None where the option does not go with it.
    """
    groups: dict[float, list[str]] = {}
    for name, value in values.items():
        if value is not None:
            groups.setdefault(value, []).append(name)
    ordered = sorted(groups.items(), key=lambda item: len(item[1]))
    told = [f"{value:g} for {' and '.join(names)}" for value, names in ordered]
    if len(ordered) > 1 and len(ordered[-1][1]) > 1 and None not in values.values():
        told[-1] = f"else {ordered[-1][0]:g}"
    return ", ".join(told)

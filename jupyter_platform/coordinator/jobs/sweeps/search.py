"""The values that the jobs of a sweep take."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_platform.core.errors import refusal
from jupyter_platform.core.sweeps import (
    DEFAULT_TRIALS,
    MAX_TRIALS,
    SearchMethod,
    SweepRange,
    SweepSubmission,
)

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Values = dict[str, Any]
"""Option to value, of one job."""


def combinations(sweep: SweepSubmission, whole: frozenset[str]) -> list[Values]:
    """Return the options of each job of a sweep, in the order of submission.

    The same sweep with the same seed gives the same values.

    Parameters
    ----------
    sweep : SweepSubmission
        Its dimensions in the spelling of the options.
    whole : frozenset of str
        Options that take whole numbers.

    Raises
    ------
    OptionError
        If a dimension has no values, or the method cannot take it.
    """
    for name, values in sweep.dimensions.items():
        if isinstance(values, list) and not values:
            message = f"{name} = [] names no value; give at least one."
            raise refusal(name, [], message, "a list of values")
    if sweep.method is SearchMethod.GRID:
        return _grid(sweep)
    return _drawn(sweep, whole)


def _grid(sweep: SweepSubmission) -> list[Values]:
    lists: dict[str, list[Any]] = {}
    for name, values in sweep.dimensions.items():
        if isinstance(values, SweepRange):
            message = (
                f"{name} is a range from {values.low:g} to {values.high:g}, which has no end of "
                "values; list them, or search with method = random or hyperband."
            )
            raise refusal(name, values.model_dump(), message, "a list of values")
        lists[name] = list({repr(item): item for item in values}.values())
    count = math.prod(len(values) for values in lists.values())
    if count > MAX_TRIALS:
        message = f"The grid has {count:,} combinations; at most {MAX_TRIALS} are accepted."
        raise refusal("dimensions", count, message, f"at most {MAX_TRIALS} combinations")
    if sweep.trials is not None and sweep.trials != count:
        message = f"trials = {sweep.trials} is not accepted: the grid has {count} combinations."
        raise refusal("trials", sweep.trials, message, str(count))
    return [dict(zip(lists, row, strict=True)) for row in itertools.product(*lists.values())]


def _drawn(sweep: SweepSubmission, whole: frozenset[str]) -> list[Values]:
    import optuna  # noqa: PLC0415 - a second that only sweeps wait for

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=sweep.seed)
    study = optuna.create_study(sampler=sampler)
    distributions = {
        name: _distribution(name, values, name in whole)
        for name, values in sweep.dimensions.items()
    }
    found = []
    for _ in range(sweep.trials or DEFAULT_TRIALS):
        drawn = study.ask(distributions).params
        found.append({name: _value(sweep.dimensions[name], drawn[name]) for name in distributions})
    return found


def _distribution(name: str, values: Sequence[Any] | SweepRange, whole: bool) -> BaseDistribution:
    from optuna.distributions import (  # noqa: PLC0415 - as above
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if not isinstance(values, SweepRange):
        return CategoricalDistribution(tuple(range(len(values))))
    if not whole:
        return FloatDistribution(values.low, values.high, log=values.log)
    if not values.low.is_integer() or not values.high.is_integer():
        message = f"{name} takes whole numbers; {values.low:g} to {values.high:g} are none."
        raise refusal(name, values.model_dump(), message, "a range of whole numbers")
    return IntDistribution(int(values.low), int(values.high), log=values.log)


def _value(values: Sequence[Any] | SweepRange, drawn: Any) -> Any:
    return drawn if isinstance(values, SweepRange) else values[drawn]


def shown(values: Mapping[str, Any]) -> str:
    """Return the values of one job as words: ``learning_rate=0.1 batch_size=32``."""
    return " ".join(f"{name}={_word(value)}" for name, value in values.items())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)

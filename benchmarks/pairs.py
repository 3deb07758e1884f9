"""Interleaved pairs: the only way to compare two timings on a noisy machine.

A round times every variant once, in a rotating order; a figure is the median over the rounds of
the ratio within a round. A *control* is the reference against itself: where its median ratio is
off by more than one per cent the run is too noisy to resolve small differences: rounds go on until
it is not, or for three times as long, and then the table says so.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

CONTROL = "control"
TOLERANCE = 0.01
MOST_ROUNDS = 3
"""Times as many rounds as were asked for, where the control does not come to rest before."""


@dataclass(frozen=True)
class Comparison:
    """Times of every variant, round by round, in seconds."""

    reference: str
    rounds: list[dict[str, float]]

    def ratio(self, name: str) -> float:
        """Median over the rounds of ``time(name) / time(reference)``."""
        return statistics.median(item[name] / item[self.reference] for item in self.rounds)

    def spread(self, name: str) -> tuple[float, float]:
        """Lower and upper quartile of the ratio."""
        ratios = [item[name] / item[self.reference] for item in self.rounds]
        quartiles = statistics.quantiles(ratios, n=4)
        return quartiles[0], quartiles[2]

    def median(self, name: str) -> float:
        """Median time of one variant, s."""
        return statistics.median(item[name] for item in self.rounds)

    @property
    def is_valid(self) -> bool:
        """Whether the control stays within one per cent of the reference."""
        return CONTROL not in self.rounds[0] or abs(self.ratio(CONTROL) - 1) <= TOLERANCE


def compare(
    variants: dict[str, Callable[[], float]], reference: str, rounds: int, warm_up: int = 1
) -> Comparison:
    """Time variants against each other.

    Parameters
    ----------
    variants : dict
        Name to a function that does the work once and returns its seconds.
    reference : str
        The variant that the others are divided by.
    rounds : int
        How many times each variant is timed; more where a control is off.
    warm_up : int
        Rounds that are run first and thrown away.
    """
    names = list(variants)
    results: list[dict[str, float]] = []
    for number in range(MOST_ROUNDS * rounds + warm_up):
        if len(results) >= rounds and Comparison(reference, results).is_valid:
            break
        order = names[number % len(names) :] + names[: number % len(names)]
        times = {name: variants[name]() for name in order}
        if number >= warm_up:
            results.append(times)
    return Comparison(reference, results)

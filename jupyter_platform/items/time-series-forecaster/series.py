"""Made-up time series: a cycle or two, a trend, noise. The same ones for one seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SEEN, AHEAD = 96, 24
"""Steps that a forecast looks back, and that it looks ahead."""
PERIODS = (6, 7, 8, 12, 24, 30, 48)

Series = npt.NDArray[np.float32]


def made_up(count: int, seed: int) -> tuple[Series, npt.NDArray[np.int64]]:
    """Return series of `SEEN` + `AHEAD` steps, and the main period of each.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        Seed of what is drawn.
    """
    draw = np.random.default_rng(seed)
    steps = np.arange(SEEN + AHEAD)
    periods = draw.choice(PERIODS, count)
    found = np.zeros((count, len(steps)))
    for harmonic, strength in ((1, 1.0), (2, 0.5), (3, 0.25)):
        size = strength * draw.uniform(0.3, 1.0, (count, 1))
        phase = draw.uniform(0, 2 * np.pi, (count, 1))
        found += size * np.sin(2 * np.pi * harmonic * steps / periods[:, None] + phase)
    found += draw.normal(0, 0.6, (count, 1)) * steps / len(steps)
    found += draw.normal(0, 1, found.shape) * draw.uniform(0.05, 0.35, (count, 1))
    return found.astype(np.float32), periods


def scaled(seen: Series) -> tuple[Series, Series, Series]:
    """Return what was seen without its level and spread, and both.

    Parameters
    ----------
    seen : array, shape (n, SEEN)

    Returns
    -------
    scaled : array, shape (n, SEEN)
    level, spread : array, shape (n, 1)
    """
    level = seen.mean(1, keepdims=True)
    spread = np.maximum(seen.std(1, keepdims=True), 1e-6 * np.maximum(np.abs(level), 1e-6))
    return (seen - level) / spread, level, spread

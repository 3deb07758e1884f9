"""A sweep: one submission many times, with some options varied."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jupyter_platform.core.jobs import MAX_NAME_LENGTH, JobSubmission
from jupyter_platform.core.records import Record

MAX_TRIALS = 500
"""Jobs that one sweep may make."""
DEFAULT_TRIALS = 20
"""Jobs of a random search that does not say how many."""
_BRACKETS = re.compile(r"\s*\[(.*)\]\s*", re.DOTALL)
_RANGE = re.compile(r"\s*([^\s,]+?)\s*\.\.\s*([^\s,]+)(?:[\s,]\s*(log))?\s*")
_HIGHER_IS_BETTER = ("accuracy", "R²", "mean IoU", "ELBO", "mean return")


class SearchMethod(StrEnum):
    """How a sweep chooses the values of its jobs."""

    GRID = "grid"
    """Every combination of the listed values."""
    RANDOM = "random"
    """Values drawn independently for each job (J. Bergstra and Y. Bengio, JMLR 13, 2012)."""
    HYPERBAND = "hyperband"
    """As random, and jobs whose validation loss lags behind are stopped early (L. Li et al.,
    JMLR 18, 2018, arXiv:1603.06560)."""


class SweepRange(Record):
    """Numbers between two limits, limits included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    log: bool = False
    """Whether the logarithm is drawn evenly: for learning rates and the like."""

    @model_validator(mode="after")
    def _ordered(self) -> SweepRange:
        if self.low >= self.high:
            raise ValueError(f"the range begins at {self.low:g}, which is not below {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range begins above 0, not at {self.low:g}")
        return self


class SweepSubmission(BaseModel):
    """A request for a sweep."""

    model_config = ConfigDict(extra="forbid")

    submission: JobSubmission
    """The submission that all jobs share."""
    dimensions: dict[str, list[Any] | SweepRange] = Field(min_length=1, max_length=20)
    """Option to the values that it takes, or to the range that they are drawn from."""
    name: str | None = Field(default=None, max_length=MAX_NAME_LENGTH)
    """Shown to people; defaults to ``<network>-<dataset>``."""
    method: SearchMethod = SearchMethod.GRID
    trials: int | None = Field(default=None, ge=1, le=MAX_TRIALS)
    """Jobs of a random search; a grid has as many as it has combinations."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the values that are drawn."""


class SweepRecord(Record):
    """A sweep as the API shows it."""

    id: str
    name: str
    owner: str
    method: SearchMethod
    dimensions: dict[str, list[Any] | SweepRange]
    seed: int = 0
    submitted_at: datetime
    states: dict[str, int] = Field(default_factory=dict)
    """State to the number of jobs that are in it."""
    best: str | None = None
    """The job with the best score; None before one has a score."""
    metric: str | None = None
    """Name of that score."""
    score: float | None = None


def dimension(value: Any) -> list[Any] | SweepRange | None:
    """Return the values that an option is to take, or None where it is to take one.

    Parameters
    ----------
    value : Any
        A list; or text as a line holds it: ``[0.1, 0.01]``, ``[1e-4..1e-1]`` for a range,
        ``[1e-4..1e-1,log]`` for one whose logarithm is drawn evenly.

    Raises
    ------
    ValueError
        If a range cannot be read.
    """
    if isinstance(value, list | SweepRange):
        return value
    match = _BRACKETS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    limits = _RANGE.fullmatch(match[1])
    if limits is not None:
        return SweepRange(low=float(limits[1]), high=float(limits[2]), log=bool(limits[3]))
    return [item.strip().strip("'\"") for item in match[1].split(",") if item.strip()]


def higher_is_better(metric: str) -> bool:
    """Return whether more of a score is better; of losses less is."""
    return any(metric.endswith(name) for name in _HIGHER_IS_BETTER)

"""Checks of strategies that users bring, so that a mistake in one becomes a sentence."""

from __future__ import annotations

import io
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError, PlatformError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.strategies.base import NetworkSignature, Report, Strategy

_OURS = f"{__package__}."


def signatures_of(
    kind: type[Strategy], options: LearnOptions, facts: DatasetFacts | None
) -> tuple[NetworkSignature, ...]:
    """Return the signatures of the networks of a strategy.

    Parameters
    ----------
    kind : subclass of Strategy
        Class of the strategy.
    options : LearnOptions
        Options of the LEARN.
    facts : DatasetFacts or None
        What is known of the dataset; None where there is none.

    Raises
    ------
    PlatformError
        What the strategy itself raises where options do not fit the data.
    InvalidDataError
        If its `signatures` fails, with the line, or returns something else than one for each role.
    """
    try:
        signatures = kind.signatures(options, facts)
    except PlatformError:
        raise
    except Exception as error:
        if _is_ours(kind):
            raise
        what = f"failed with {type(error).__name__}: {error} ({_where(error)})"
        raise _broken(options.strategy, "signatures", what) from error
    if not all(isinstance(item, NetworkSignature) for item in signatures) or len(signatures) != len(
        kind.roles
    ):
        wanted = f"one NetworkSignature for each of its roles ({', '.join(kind.roles)})"
        raise _broken(options.strategy, "signatures", f"must return a tuple with {wanted}")
    return signatures


class FirstReport:
    """Steps of a strategy whose first report is held against the series that it names.

    Parameters
    ----------
    strategy : Strategy
        Does the steps.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._looked = False

    def step(self) -> Report:
        """Do a step.

        Raises
        ------
        InvalidDataError
            If the first one does not return a number for each series.
        """
        report = self._strategy.step()
        if not self._looked:
            check_report(self._strategy, report)
            self._looked = True
        return report


def steps_of(strategy: Strategy) -> Strategy | FirstReport:
    """Return what the loop repeats; strategies of ours need no looking at."""
    return strategy if _is_ours(type(strategy)) else FirstReport(strategy)


def check_report(strategy: Strategy, report: object) -> None:
    """Refuse what `step` returned where it is no number for each series.

    Parameters
    ----------
    strategy : Strategy
        The strategy of the job.
    report : object
        What it returned: series to number.
    """
    values = report if isinstance(report, tuple) else (report,)
    series = strategy.series
    if len(values) != len(series):
        returned = format_count(len(values), "value")
        what = f"returned {returned} for its {len(series)} series ({', '.join(series)})"
        raise _broken(strategy.context.options.strategy, "step", what)
    for name, value in zip(series, values, strict=True):
        if isinstance(value, Tensor) and value.numel() == 1:
            continue
        is_absent = value is None and len(series) > 1
        if not (is_absent or isinstance(value, int | float)):
            found = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else None
            what = f"returned {found or type(value).__name__} for {name}; one number is accepted"
            raise _broken(strategy.context.options.strategy, "step", what)


def check_scores(strategy: Strategy, scores: object) -> None:
    """Refuse what `validate` returned where there is no validation loss among numbers.

    Parameters
    ----------
    strategy : Strategy
        The strategy of the job.
    scores : object
        What it returned: score to number.
    """
    name = strategy.context.options.strategy
    if not isinstance(scores, Mapping) or "validation_loss" not in scores:
        found = ", ".join(map(str, scores)) if isinstance(scores, Mapping) else repr(scores)
        what = f"must return numbers by name, with validation_loss among them; it returned {found}"
        raise _broken(name, "validate", what)
    for key, value in scores.items():
        if not isinstance(value, int | float):
            what = f"returned {type(value).__name__} for {key}; a number is accepted"
            raise _broken(name, "validate", what)


def check_state(strategy: Strategy) -> None:
    """Refuse a state that could be written to a checkpoint and never be read again."""
    if _is_ours(type(strategy)):
        return
    kept = io.BytesIO()
    state: object = strategy.state_dict()
    try:
        torch.save(state, kept)
        kept.seek(0)
        torch.load(kept, map_location="cpu", weights_only=True)
    except Exception as error:
        items = state.items() if isinstance(state, Mapping) else ()
        found = [f"{key} ({type(value).__name__})" for key, value in items if not _is_plain(value)]
        culprit = ", ".join(found) or type(state).__name__
        what = (
            f"must return a dict of tensors, numbers, text, lists and dicts, which a checkpoint "
            f"can hold; {culprit} cannot be read again"
        )
        raise _broken(strategy.context.options.strategy, "state_dict", what) from error


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_plain(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or type(value) in (bool, int, float, str) or isinstance(value, Tensor)


def _is_ours(kind: type[Strategy]) -> bool:
    return kind.__module__.startswith(_OURS)


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def _broken(name: str, method: str, what: str) -> InvalidDataError:
    message = f"Strategy {name!r}: its {method}() {what}."
    return InvalidDataError(
        message, errors=[FieldError(field="strategy", value=name, message=message)]
    )

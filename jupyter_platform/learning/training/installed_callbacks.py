"""Callbacks that installed packages bring, called between two steps of every LEARN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from torch import nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.strategies import Strategy
from jupyter_platform.learning.training.loop import Callback

ENTRY_POINTS = "jupyter_platform.callbacks"


@dataclass(frozen=True)
class CallbackContext:
    """Everything that a callback may look at and write to."""

    options: LearnOptions
    networks: tuple[nn.Module, ...]
    """In the order of the job, on their device; they are trained between two calls."""
    names: tuple[str, ...]
    """Names of the networks in the repository."""
    folder: Path
    """The run folder."""
    record: Callable[[str, int, float], None]
    """Adds a point to a series, ``record(name, step, value)``; each series becomes a curve."""
    message: Callable[[str], None]
    """Adds a line to the messages of the job."""


def installed_callbacks(context: RunContext, strategy: Strategy) -> list[Callback]:
    """Return the callbacks of installed packages, by name of their entry points.

    An entry point is a function from a `CallbackContext` to a callback, or to None where it has
    nothing to do with the job.

    Parameters
    ----------
    context : RunContext
        The run.
    strategy : Strategy
        The strategy of the job.

    Raises
    ------
    InvalidDataError
        If one cannot be loaded, or makes something that is no callback.
    """
    given = CallbackContext(
        options=strategy.context.options,
        networks=strategy.networks,
        names=strategy.context.names,
        folder=context.folder,
        record=context.recorder.record,
        message=lambda text: context.events.message("info", text),
    )
    entries = sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda item: item.name)
    made = [_made(entry, given) for entry in entries]
    return [item for item in made if item is not None]


def _made(entry: metadata.EntryPoint, given: CallbackContext) -> Callback | None:
    try:
        found: Callback | None = entry.load()(given)
    except Exception as error:
        raise InvalidDataError(
            f"Callback {entry.name!r} cannot be made by {entry.value}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if found is None:
        return None
    interval = getattr(found, "interval", None)
    if not isinstance(interval, int) or interval < 0:
        raise InvalidDataError(
            f"Callback {entry.name!r}: {entry.value} gave {type(found).__name__}, whose interval "
            f"is {interval!r}; it must be a number of steps, 0 for the end alone."
        )
    for method in ("at_step", "at_end"):
        if not callable(getattr(found, method, None)):
            raise InvalidDataError(
                f"Callback {entry.name!r}: {entry.value} gave {type(found).__name__}, which has no "
                f"method {method}(step)."
            )
    return found

"""Notes on accepted options that do less than they seem to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_platform.core.options.dianne_keys import notes_on_keys
from jupyter_platform.core.options.model import OptionModel


def notes_on_options(
    model: OptionModel, written: Mapping[str, Any], given: Mapping[str, Any], ranks: int
) -> list[str]:
    """Return a sentence for each option that has no effect.

    Parameters
    ----------
    model : OptionModel
        The options as they are resolved.
    written, given : mapping
        As somebody wrote them, and in our spelling.
    ranks : int
        Processes of the job.
    """
    notes = notes_on_keys(type(model), written)
    for name in given:
        if model.is_idle(name):
            needed = " or ".join(model.needed(name))
            notes.append(f"{name} has no effect: it goes with {needed}, which is not given.")
    if "sync_interval" in given and ranks == 1:
        notes.append(
            "sync_interval has no effect: one process has nobody to meet; it goes with "
            "target_count above 1."
        )
    return notes

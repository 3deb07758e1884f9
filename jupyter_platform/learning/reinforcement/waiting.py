"""A learner waits until the agents have gone through enough."""

from __future__ import annotations

import time
from pathlib import Path

from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.reinforcement.pool import Pool
from jupyter_platform.learning.run.context import RunContext

_POLL_S = 0.2


def await_experience(context: RunContext, options: LearnOptions) -> Path | None:
    """Wait until the pool of a run holds `min_samples` actions, or the run is to stop.

    Parameters
    ----------
    context : RunContext
        The run.
    options : LearnOptions
        Options of the LEARN.

    Returns
    -------
    Path or None
        Folder of the pool; None where the run has none.

    Raises
    ------
    PlatformError
        If there is no pool, or it cannot be opened.
    """
    if context.job.pool is None:
        return None
    folder = Path(context.job.pool)
    pool = Pool(folder)
    wanted, told = min(options.min_samples, pool.buffer.capacity - 1), -1
    try:
        while (present := pool.actions) < wanted and not context.stop.requested:
            if told == -1:
                context.phase(f"waiting for experience in pool {pool.name}")
            if present != told:
                told = present
                context.recorder.phase = (
                    f"waiting for experience: {present:,} of {format_count(wanted, 'action')}"
                )
            time.sleep(_POLL_S)
    finally:
        pool.close()
    return folder

"""Stops the jobs of a Hyperband sweep whose validation loss lags behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import PLATFORM, Principal
from jupyter_platform.coordinator.jobs.files import JobFiles
from jupyter_platform.coordinator.jobs.sweeps.service import validations
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, SweepRow
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.states import TERMINAL, JobState
from jupyter_platform.core.sweeps import SearchMethod

if TYPE_CHECKING:
    import optuna

SERIES = "validation_loss"
REDUCTION_FACTOR = 3
"""Of so many jobs that reach a rung, one goes on (eta of the paper)."""


@dataclass
class _Search:
    """What is known of one sweep: Optuna's study of it, a trial for each job in order."""

    study: optuna.Study
    trials: dict[str, optuna.Trial] = field(default_factory=dict)
    reported: dict[str, int] = field(default_factory=dict)
    """Job to how many of its validations have been told."""


class Pruning:
    """Stops running jobs of Hyperband sweeps that lag behind.

    Nothing of it is stored: after a restart all validations are told again, in the order of the
    jobs, which leads to the same brackets.

    Parameters
    ----------
    stop : callable
        Stops a job, with the sentence that says why.
    """

    def __init__(
        self,
        store: Store,
        files: JobFiles,
        stop: Callable[[Principal, str, str], Awaitable[object]],
    ) -> None:
        self._store = store
        self._files = files
        self._stop = stop
        self._searches: dict[str, _Search] = {}

    async def look(self) -> None:
        """Look once at every sweep that has jobs left."""
        found = await self._store.read(_active)
        for sweep in self._searches.keys() - found.keys():
            del self._searches[sweep]
        for sweep, jobs in found.items():
            await self._look_at(sweep, jobs)

    async def _look_at(self, sweep: str, jobs: Sequence[Any]) -> None:
        search = self._searches.get(sweep)
        if search is None:
            search = await asyncio.to_thread(_search, sweep, jobs)
            self._searches[sweep] = search
        for job in jobs:
            if job.state != JobState.QUEUED and job.id in search.trials:
                await self._tell(search, job)

    async def _tell(self, search: _Search, job: Any) -> None:
        losses = await self._losses(job.id)
        told = search.reported.get(job.id, 0)
        trial = search.trials[job.id]
        for number in range(told, len(losses)):
            trial.report(losses[number], number + 1)
            search.reported[job.id] = number + 1
            running = job.state == JobState.RUNNING and job.target == "run"
            if running and trial.should_prune():
                await self._stop(
                    PLATFORM,
                    job.id,
                    f"Hyperband stopped it: its validation loss {losses[number]:.4g} at validation "
                    f"{number + 1} is not among the best third of those that came so far.",
                )
                return

    async def _losses(self, job: str) -> list[float]:
        try:
            content = b"".join(await self._files.records(PLATFORM, job, SERIES))
        except NotFoundError:
            return []  # it has not validated yet
        values = np.frombuffer(content, "<f8").reshape(-1, 3)[:, 2]
        # A loss that is no number ranks behind all others.
        return [float(value) for value in np.where(np.isfinite(values), values, np.finfo("f8").max)]


def _search(sweep: str, jobs: Sequence[Any]) -> _Search:
    import optuna  # noqa: PLC0415 - a second that only such sweeps wait for

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    most = max(
        validations(job.options["max_iterations"], job.options["validation_interval"])
        for job in jobs
    )
    pruner = optuna.pruners.HyperbandPruner(
        min_resource=1, max_resource=max(most, 1), reduction_factor=REDUCTION_FACTOR
    )
    study = optuna.create_study(
        study_name=sweep, sampler=optuna.samplers.RandomSampler(seed=0), pruner=pruner
    )
    return _Search(study, {job.id: study.ask() for job in jobs})


def _active(session: Session) -> dict[str, list[Any]]:
    """Return the unfinished Hyperband sweeps, each with all its jobs in order."""
    ended = [state.value for state in TERMINAL]
    # From the few sweeps to their jobs: from the jobs to their sweeps, all jobs would be read.
    hyperband = list(
        session.scalars(select(SweepRow.id).where(SweepRow.method == SearchMethod.HYPERBAND.value))
    )
    living = session.scalars(
        select(JobRow.sweep)
        .where(JobRow.sweep.in_(hyperband), JobRow.state.not_in(ended))
        .distinct()
    )
    query = select(
        JobRow.id, JobRow.sweep, JobRow.state, JobRow.target, JobRow.options, JobRow.sequence
    ).where(JobRow.sweep.in_(list(living)))
    found: dict[str, list[Any]] = {}
    for job in session.execute(query.order_by(JobRow.sequence)) if hyperband else ():
        found.setdefault(job.sweep, []).append(job)
    return found

"""Sweeps: submit, look, list, stop."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.admission import sweep_key
from jupyter_platform.coordinator.jobs.service import JobService
from jupyter_platform.coordinator.jobs.submission import Resolved, Submissions
from jupyter_platform.coordinator.jobs.submission.fields import job_type
from jupyter_platform.coordinator.jobs.sweeps.search import combinations, shown
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, SweepRow
from jupyter_platform.core.errors import NotFoundError, OptionError, refusal
from jupyter_platform.core.jobs import MAX_NAME_LENGTH
from jupyter_platform.core.options import OPTION_MODELS, LearnOptions
from jupyter_platform.core.options.dianne import translate
from jupyter_platform.core.options.schema import option_schema
from jupyter_platform.core.states import TERMINAL, JobState
from jupyter_platform.core.sweeps import (
    SearchMethod,
    SweepRange,
    SweepRecord,
    SweepSubmission,
    higher_is_better,
)

LEAST_VALIDATIONS = 3
"""Validations of a job below which Hyperband has nothing to decide by."""


class SweepService:
    """What the API does with sweeps."""

    def __init__(self, *, store: Store, jobs: JobService, submissions: Submissions) -> None:
        self._store = store
        self._jobs = jobs
        self._submissions = submissions

    async def submit(
        self,
        principal: Principal,
        sweep: SweepSubmission,
        *,
        idempotency_key: str | None = None,
    ) -> SweepRecord:
        """Queue all jobs of a sweep, or none; they are on disk when this returns.

        Parameters
        ----------
        principal : Principal
            The principal of the request, owner of the sweep.
        sweep : SweepSubmission
            Submission shared by all jobs, and the options to vary.
        idempotency_key : str, optional
            What the caller chose; the same key again gives the same sweep.

        Raises
        ------
        PlatformError
            If the sweep or one of its jobs cannot be; nothing is stored then.
        """
        if (known := await self._by_key(principal, idempotency_key)) is not None:
            return known
        sweep = _in_our_spelling(sweep)
        whole = _whole_numbers(sweep)
        varied = await asyncio.to_thread(combinations, sweep, whole)
        resolved = [await self._resolve(sweep, values) for values in varied]
        _check(sweep, resolved)
        row = SweepRow(
            id=secrets.token_hex(6),
            name=sweep.name or resolved[0].name,
            owner=principal.user,
            method=sweep.method.value,
            dimensions=sweep.model_dump(mode="json")["dimensions"],
            seed=sweep.seed,
        )
        for number, (job, values) in enumerate(zip(resolved, varied, strict=True), start=1):
            job.name = _job_name(row.name, number, values)
            job.sweep = row.id
            # As the job runs with them: the text of a line has become numbers.
            typed = job.options.applicable()
            job.varied = {name: typed.get(name, value) for name, value in values.items()}
        await self._jobs.queue(principal, resolved, beside=row, idempotency_key=idempotency_key)
        # Somebody else may have been faster with the same key.
        return await self._by_key(principal, idempotency_key) or await self.get(principal, row.id)

    async def _by_key(self, principal: Principal, key: str | None) -> SweepRecord | None:
        if key is None:
            return None
        query = select(JobRow.sweep).where(JobRow.idempotency_key == sweep_key(key))
        found = await self._store.read(lambda session: session.scalars(query).first())
        return None if found is None else await self.get(principal, found)

    async def _resolve(self, sweep: SweepSubmission, values: Mapping[str, Any]) -> Resolved:
        options = {**sweep.submission.options, **values}
        submission = sweep.submission.model_copy(update={"options": options})
        try:
            return await self._submissions.resolve(submission)
        except OptionError as error:
            told = f"The job with {shown(values)}: {error.message}"
            raise OptionError(told, errors=error.errors) from error

    async def get(self, principal: Principal, sweep: str) -> SweepRecord:
        """Return a sweep.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        sweep : str
            Id of the sweep.

        Raises
        ------
        ForbiddenError
            If it belongs to another user.
        NotFoundError
            If there is none of that id.
        """
        found = await self._store.read(lambda session: _records(session, sweep))
        if not found:
            raise NotFoundError(f"There is no sweep {sweep!r}.")
        principal.require(found[0].owner, f"Sweep {sweep}")
        return found[0]

    async def list(self, principal: Principal) -> list[SweepRecord]:
        """Return the sweeps of a principal, newest first."""
        found = await self._store.read(_records)
        return [sweep for sweep in found if principal.sees(sweep.owner)]

    async def stop(self, principal: Principal, sweep: str) -> SweepRecord:
        """Stop what runs of a sweep, and cancel what waits.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        sweep : str
            Id of the sweep.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """
        await self.get(principal, sweep)
        ended = [state.value for state in TERMINAL]

        def living(session: Session) -> Sequence[str]:
            query = select(JobRow.id).where(JobRow.sweep == sweep, JobRow.state.not_in(ended))
            return list(session.scalars(query))

        for job in await self._store.read(living):
            await self._jobs.stop(principal, job)
        return await self.get(principal, sweep)


def _in_our_spelling(sweep: SweepSubmission) -> SweepSubmission:
    model = OPTION_MODELS[job_type(sweep.submission.type)]
    spelled: dict[str, list[Any] | SweepRange] = {}
    for key, values in sweep.dimensions.items():
        first = values[0] if isinstance(values, list) and values else 1
        # With the other options in view: one name of DIANNE's may mean several options.
        given = translate(model, {**sweep.submission.options, key: first})
        before = translate(model, sweep.submission.options)
        name = next((item for item in given if item not in before), key)
        if name in spelled or key in sweep.submission.options:
            message = f"{key} is given twice; list all of its values at one place."
            raise refusal(key, None, message, "one list of values")
        spelled[name] = values
    return sweep.model_copy(update={"dimensions": spelled})


def _whole_numbers(sweep: SweepSubmission) -> frozenset[str]:
    """Return the options of a sweep that take whole numbers; a range must be of numbers."""
    properties = option_schema(OPTION_MODELS[job_type(sweep.submission.type)])["properties"]
    whole = set()
    for name, values in sweep.dimensions.items():
        kind = properties[name]["type"] if name in properties else None
        if isinstance(values, SweepRange) and kind not in ("integer", "number", None):
            message = f"{name} takes no numbers: a range means nothing; list its values."
            raise refusal(name, values.model_dump(), message, "a list of values")
        if kind == "integer":
            whole.add(name)
    return frozenset(whole)


def _check(sweep: SweepSubmission, resolved: Sequence[Resolved]) -> None:
    options = resolved[0].options
    tag = getattr(options, "tag", None)
    if isinstance(options, LearnOptions) and tag is not None and "tag" not in sweep.dimensions:
        message = (
            f"tag = {tag!r} would be written by all {len(resolved)} jobs of the sweep; leave it "
            "out: each keeps its weights under its own id."
        )
        raise refusal("tag", tag, message, "no tag")
    if sweep.method is SearchMethod.HYPERBAND:
        for job in resolved:
            _check_validations(job.options)


def _check_validations(options: object) -> None:
    if not isinstance(options, LearnOptions):
        message = "Hyperband compares validation losses, which only LEARN jobs have."
        raise refusal("method", "hyperband", message, "grid or random")
    count = validations(options.max_iterations, options.validation_interval)
    if count < LEAST_VALIDATIONS:
        message = (
            f"Hyperband needs {LEAST_VALIDATIONS} validations or more to compare jobs by; "
            f"max_iterations = {options.max_iterations} with validation_interval = "
            f"{options.validation_interval} gives {count}."
        )
        accepted = "a smaller validation_interval, or more iterations"
        raise refusal("validation_interval", options.validation_interval, message, accepted)


def validations(iterations: int, interval: int) -> int:
    """Return how often a job validates, 0 for one without an end or without validation.

    Parameters
    ----------
    iterations : int
        Updates that it is to do; 0: without an end.
    interval : int
        Updates between two validations; 0: none.
    """
    return iterations // interval if iterations > 0 and interval else 0


def _job_name(sweep: str, number: int, values: Mapping[str, Any]) -> str:
    name = f"{sweep} {shown(values)}"
    return name if len(name) <= MAX_NAME_LENGTH else f"{sweep} {number}"


def _records(session: Session, sweep: str | None = None) -> list[SweepRecord]:
    query = select(SweepRow).order_by(SweepRow.submitted_at.desc(), SweepRow.id)
    jobs = select(JobRow.id, JobRow.sweep, JobRow.state, JobRow.headline)
    if sweep is not None:
        query, jobs = query.where(SweepRow.id == sweep), jobs.where(JobRow.sweep == sweep)
    else:
        jobs = jobs.where(JobRow.sweep.is_not(None))
    members: dict[str, list[Any]] = {}
    for job in session.execute(jobs.order_by(JobRow.sequence)):
        members.setdefault(job.sweep, []).append(job)
    return [_record(row, members.get(row.id, [])) for row in session.scalars(query)]


def _record(row: SweepRow, jobs: Iterable[Any]) -> SweepRecord:
    jobs = list(jobs)
    scored = [
        job
        for job in jobs
        if job.state in (JobState.FINISHED, JobState.STOPPED)
        and (job.headline or {}).get("value") is not None
    ]
    # Scores of two names do not compare: the name that most jobs have counts.
    names = Counter(job.headline["name"] for job in scored)
    metric = names.most_common(1)[0][0] if names else None
    comparable = [job for job in scored if job.headline["name"] == metric]
    choose = max if metric is not None and higher_is_better(metric) else min
    best = choose(comparable, key=lambda job: job.headline["value"], default=None)
    return SweepRecord(
        id=row.id,
        name=row.name,
        owner=row.owner,
        method=SearchMethod(row.method),
        dimensions=row.dimensions,
        seed=row.seed,
        submitted_at=row.submitted_at,
        states=dict(Counter(job.state for job in jobs)),
        best=None if best is None else best.id,
        metric=metric,
        score=None if best is None else best.headline["value"],
    )

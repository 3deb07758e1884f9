"""Jobs: submit, look, list, stop."""

from __future__ import annotations

import asyncio
import secrets
import time
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.admission import Admission, Admitted, sweep_key, told_name
from jupyter_platform.coordinator.jobs.companions import agents_for
from jupyter_platform.coordinator.jobs.lookup import find_job, identify_job, no_job
from jupyter_platform.coordinator.jobs.outline import outline
from jupyter_platform.coordinator.jobs.records import JobRecords, listed
from jupyter_platform.coordinator.jobs.search import listing
from jupyter_platform.coordinator.jobs.submission import Resolved, Submissions
from jupyter_platform.coordinator.jobs.submission.fields import plain_name
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.repository.networks.usage import refuse_second_writer
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, SweepRow
from jupyter_platform.coordinator.workloads.planning import Pending
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.coordinator.workloads.transitions import move
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidRequestError,
    PlatformError,
    refusal,
)
from jupyter_platform.core.jobs import (
    JobChange,
    JobCheck,
    JobPage,
    JobRecord,
    JobSubmission,
    NotificationRecord,
)
from jupyter_platform.core.states import TERMINAL, JobState, JobTarget
from jupyter_platform.core.units import format_count

_BREATH = 20
"""Submissions of many that are checked before others are served."""


class JobService:
    """What the API does with jobs."""

    def __init__(
        self,
        *,
        store: Store,
        records: JobRecords,
        reconciler: Reconciler,
        submissions: Submissions,
        notifications: Notifications,
    ) -> None:
        self._store = store
        self._records = records
        self._reconciler = reconciler
        self._submissions = submissions
        self._notifications = notifications
        self._admission = Admission(store)

    async def submit(
        self, principal: Principal, submission: JobSubmission, *, idempotency_key: str | None = None
    ) -> JobRecord:
        """Put a job into the queue; it is on disk when this returns.

        Parameters
        ----------
        idempotency_key : str, optional
            What the caller chose; the same key again gives the same job.

        Raises
        ------
        PlatformError
            If the submission cannot become a job; nothing is stored then.
        """
        try:
            rows = await self._rows(principal, submission, idempotency_key)
        except PlatformError:
            known = await self._store.read(lambda s: _by_key(s, principal, idempotency_key))
            if known is None:
                raise
            return await self.get(principal, known)
        # All in one transaction: agents without their learner would act for ever.
        return await self._tell(principal, rows, await self._admission.admit(principal, rows))

    async def submit_all(
        self,
        principal: Principal,
        submissions: Sequence[JobSubmission],
        *,
        idempotency_key: str | None = None,
    ) -> list[JobRecord]:
        """Put jobs into the queue in their order, or none; they are on disk when this returns.

        Parameters
        ----------
        submissions : sequence of JobSubmission
            None that starts agents of its own.
        idempotency_key : str, optional
            What the caller chose; the same key again gives the same jobs.

        Raises
        ------
        InvalidRequestError
            If one cannot become a job; ``errors`` has an entry for all that is wrong with each,
            whose field says which it is: ``jobs[3].batch_size``.
        """
        rows: list[JobRow] = []
        refused: dict[int, PlatformError] = {}
        for number, submission in enumerate(submissions):
            key = None if idempotency_key is None else f"{idempotency_key}:{number}"
            try:
                rows += _alone(await self._rows(principal, submission, key))
            except PlatformError as error:
                refused[number] = error
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        if refused:
            raise _refused(submissions, refused)
        found = await self._admission.admit_all(principal, rows)
        return [
            await self._tell(principal, [row], admitted)
            for row, admitted in zip(rows, found, strict=True)
        ]

    async def _rows(
        self, principal: Principal, submission: JobSubmission, key: str | None
    ) -> list[JobRow]:
        """Return the row of a job, after those of the agents that it starts."""
        resolved = await self._submissions.resolve(submission)
        rows = [await self._row(principal, resolved, key)]
        networks = [item.name for item in resolved.networks]
        agents = agents_for(resolved.name, networks, resolved.options, resolved.source.pool)
        if agents is not None:
            rows.insert(
                0, await self._row(principal, await self._submissions.resolve(agents), None)
            )
        return rows

    async def _tell(
        self, principal: Principal, rows: Sequence[JobRow], admitted: Admitted
    ) -> JobRecord:
        """Let a job that was stored be planned, and tell everybody."""
        if admitted.job != rows[-1].id:
            return await self.get(principal, admitted.job)
        for row in rows:
            self._reconciler.enqueue(row)
        for told in admitted.news:
            self._notifications.publish(told)
        return [self._records.publish_new(row) for row in rows][-1]

    async def queue(
        self,
        principal: Principal,
        resolved: Sequence[Resolved],
        *,
        beside: SweepRow,
        idempotency_key: str | None = None,
    ) -> None:
        """Put all jobs of a sweep into the queue, or none.

        Parameters
        ----------
        resolved : sequence of Resolved
            Checked submissions, in the order in which they are to run.
        beside : SweepRow
            The sweep, stored with them.
        idempotency_key : str, optional
            What the caller chose; nothing happens where a sweep has it already.

        Raises
        ------
        OptionError
            If one of them starts agents of its own.
        """
        for item in resolved:
            names = [network.name for network in item.networks]
            if agents_for(item.name, names, item.options, item.source.pool) is not None:
                message = "A sweep starts no agents; fill a pool with ACT first and name it."
                raise refusal("pool", item.source.pool, message, "a pool that is filled")
        rows = [
            await self._row(principal, item, sweep_key(idempotency_key, number))
            for number, item in enumerate(resolved)
        ]
        admitted = await self._admission.admit_sweep(rows, beside)
        if admitted.job != rows[-1].id:
            return
        for row in rows:
            self._reconciler.enqueue(row)
        for told in admitted.news:
            self._notifications.publish(told)
        await self._records.publish([row.id for row in rows])

    async def _row(
        self, principal: Principal, resolved: Resolved, idempotency_key: str | None
    ) -> JobRow:
        """Return the row of a job that is about to be stored; its pool is made."""
        if resolved.source.pool is not None:
            await asyncio.to_thread(self._submissions.make_pool, resolved)
        return resolved.row(
            secrets.token_hex(6), principal.user, self._submissions.retries, idempotency_key
        )

    async def check(self, principal: Principal, submission: JobSubmission) -> JobCheck:
        """Check a submission without storing anything, and say when it would start.

        Parameters
        ----------
        principal : Principal
            Who asks.
        submission : JobSubmission
            What was sent.
        """
        resolved = await self._submissions.resolve(submission)
        await self._store.read(lambda session: _refuse_busy_tag(session, resolved))
        return JobCheck(
            options=resolved.told_options(),
            given=resolved.given,
            dianne_defaults=resolved.dianne_defaults,
            request=resolved.request,
            warnings=resolved.warnings,
            when=await self._reconciler.dry_run(_candidate(resolved, principal.user)),
        )

    async def get(self, principal: Principal, job: str) -> JobRecord:
        """Return a job with its result; of somebody else's, what everybody may know.

        Parameters
        ----------
        job : str
            Its id, or a prefix of at least four characters that no other has.

        Raises
        ------
        NotFoundError
            If there is none.
        AmbiguousNameError
            If several begin so.
        """
        identified, _ = await self._store.read(lambda session: find_job(session, job))
        found = await self._records.find(identified, with_result=True)
        if found is None:
            raise no_job(job)
        return found if principal.sees(found.owner) else outline(found)

    async def list(
        self,
        principal: Principal,
        *,
        state: str | None = None,
        type: str | None = None,
        search: str | None = None,
        ids: str | None = None,
        name: str | None = None,
        sweep: str | None = None,
        limit: int = 100,
        offset: int = 0,
        order: Literal["newest", "oldest"] = "newest",
    ) -> JobPage:
        """Return a page of the jobs that match everything given.

        Parameters
        ----------
        state, type, ids : str, optional
            Accepted values, comma-separated.
        search : str, optional
            Words, and phrases in quotes, that must all occur in id, name, type, network, dataset,
            tag, owner or options such as ``learning_rate=0.2``.
        name : str, optional
            The exact name.
        sweep : str, optional
            Id of the sweep that they are part of.
        """
        counted, keys = listing(principal, state, type, search, ids, name, sweep, order)

        def page(session: Session) -> JobPage:
            total = session.scalar(counted) or 0
            shown = list(session.scalars(keys.limit(limit).offset(offset)))
            records = [self._records.record(*pair) for pair in listed(session, shown)]
            items = [one if principal.sees(one.owner) else outline(one) for one in records]
            return JobPage(items=items, total=total, offset=offset)

        return await self._store.read(page)

    def hold(self, principal: Principal, held: bool) -> None:
        """Leave what waits in the queue, until told otherwise or the coordinator restarts.

        Parameters
        ----------
        principal : Principal
            Who asks.
        held : bool
            Whether nothing starts.

        Raises
        ------
        ForbiddenError
            If somebody else than the owner of the platform asks.
        """
        principal.require_administrator("hold the queue")
        self._reconciler.hold(held)

    async def stop(self, principal: Principal, job: str, why: str | None = None) -> JobRecord:
        """Let a job end with a checkpoint; one that waits is cancelled, one that ended stays.

        Parameters
        ----------
        why : str, optional
            What is added to its warnings, where no person stops it.
        """
        found = await self.identify(principal, job)
        wanted = await self._store.run(lambda session: _want_stop(session, found, why))
        if wanted is None:
            raise no_job(job)
        state, news = wanted
        if news is not None:
            self._notifications.publish(news)
        if state == JobState.CANCELLED:
            self._reconciler.withdraw(found)
        elif not state.is_terminal:
            self._reconciler.stop(found)
        await self._records.publish([found])
        return await self.get(principal, found)

    async def change(self, principal: Principal, job: str, change: JobChange) -> JobRecord:
        """Change the name of a job, or what is noted about it; what is left out stays.

        Parameters
        ----------
        principal : Principal
            Who asks.
        job : str
            Id of the job, or a unique beginning of it.
        change : JobChange
            What becomes different.

        Raises
        ------
        OptionError
            If the name is empty, or either holds a control character.
        """
        found = await self.identify(principal, job)
        name = None if change.name is None else plain_name(change.name)
        note = None if change.note is None else _plain_note(change.note)
        await self._store.run(lambda session: _change(session, found, name, note))
        await self._records.publish([found])
        return await self.get(principal, found)

    async def delete_pool(self, principal: Principal, name: str) -> None:
        """Remove an experience pool with all that is in it.

        Parameters
        ----------
        principal : Principal
            Who asks.
        name : str
            Name of the pool.

        Raises
        ------
        ForbiddenError
            If somebody else than the owner of the platform asks.
        NotFoundError
            If there is none by that name.
        ConflictError
            If a job that has not ended uses it; the job is named.
        """
        principal.require_administrator("remove a pool")

        def user(session: Session) -> str | None:
            ended = [state.value for state in TERMINAL]
            rows = session.execute(
                select(JobRow.id, JobRow.spec).where(
                    JobRow.dataset == name, JobRow.state.not_in(ended)
                )
            )
            return next((row.id for row in rows if row.spec.get("pool")), None)

        job = await self._store.read(user)
        if job is not None:
            raise ConflictError(f"Pool {name!r} is used by job {job}; stop it first.")
        await asyncio.to_thread(self._submissions.delete_pool, name)

    async def identify(self, principal: Principal, job: str) -> str:
        """Return the id that a unique prefix stands for; see `identify_job`.

        Parameters
        ----------
        principal : Principal
            Who asks.
        job : str
            Id of the job, or a unique beginning of it.
        """
        return await self._store.read(lambda session: identify_job(session, principal, job))


def _candidate(resolved: Resolved, owner: str) -> Pending:
    return Pending(
        id="candidate",
        name=resolved.name,
        owner=owner,
        lane=resolved.type.value,
        shape=resolved.shape,
        sequence=time.time_ns(),
        submitted_at=time.time(),
        priority=resolved.priority,
    )


def _refuse_busy_tag(session: Session, resolved: Resolved) -> None:
    if resolved.makes_weights and resolved.tag is not None:
        refuse_second_writer(session, [item.name for item in resolved.networks], resolved.tag)


def _by_key(session: Session, principal: Principal, key: str | None) -> str | None:
    if key is None:
        return None
    query = select(JobRow.id, JobRow.owner).where(JobRow.idempotency_key == key)
    row = session.execute(query).first()
    if row is None:
        return None
    principal.require(row.owner, f"The job of idempotency key {key!r}")
    return str(row.id)


def _alone(rows: list[JobRow]) -> list[JobRow]:
    if len(rows) > 1:
        message = "Jobs that are submitted together start no agents; submit this one by itself."
        raise refusal("agents", rows[-1].options.get("agents"), message, "0")
    return rows


def _refused(
    submissions: Sequence[JobSubmission], refused: Mapping[int, PlatformError]
) -> InvalidRequestError:
    """Return what is wrong with each of some submissions."""
    errors = []
    for number, error in refused.items():
        own = error.errors or [FieldError(field="", message=error.message)]
        for item in own:
            field = f"jobs[{number}].{item.field}".rstrip(".")
            errors.append(item.model_copy(update={"field": field}))
    first, error = next(iter(refused.items()))
    message = (
        f"{len(refused):,} of {format_count(len(submissions), 'job')} cannot be, and none was "
        f"submitted. jobs[{first}]: {error.message}"
    )
    return InvalidRequestError(message, errors=errors)


def _want_stop(
    session: Session, job: str, why: str | None = None
) -> tuple[JobState, NotificationRecord | None] | None:
    """Note that a job is to stop; return its state, and what is to be published."""
    row = session.get(JobRow, job)
    if row is None:
        return None
    state = JobState(row.state)
    if state.is_terminal:
        return state, None
    row.target = JobTarget.STOP.value
    if why is not None:
        row.warnings = [*row.warnings, why]
    if state == JobState.QUEUED:
        move(row, JobState.CANCELLED)
        text = f"{told_name(row)} was cancelled."
        return JobState.CANCELLED, Notifications.insert(
            session, "info", text, job=job, owner=row.owner
        )
    return JobState(row.state), None


def _plain_note(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        message = "The note holds a control character; write plain text."
        raise refusal("note", text, message, "plain text")
    return text.strip()


def _change(session: Session, job: str, name: str | None, note: str | None) -> None:
    row = session.get(JobRow, job)
    if row is None:
        raise no_job(job)
    row.name = row.name if name is None else name
    row.note = row.note if note is None else note
    row.search = f"{row.search} {name or ''} {note or ''}".lower()

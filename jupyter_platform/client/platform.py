"""The platform, seen from a client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.acting import Acting
from jupyter_platform.client.benchmark import Benchmarking
from jupyter_platform.client.drafts import Drafting
from jupyter_platform.client.generation import Generating
from jupyter_platform.client.job import Job
from jupyter_platform.client.job_listing import JobListing
from jupyter_platform.client.loading import load_figure
from jupyter_platform.client.marketplace import Marketplace
from jupyter_platform.client.prediction import Predicting
from jupyter_platform.client.strategies import Strategies
from jupyter_platform.client.submitting import Submitting
from jupyter_platform.client.sweeps import Sweeping
from jupyter_platform.client.transport import OnProgress, Transport
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.hosts import StatusRecord
from jupyter_platform.core.jobs import JobPage, JobRecord, NotificationRecord
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.launch import request_down

ID_PREFIX = re.compile(r"[0-9a-f]{4,12}")
"""What may be the beginning of a job's id."""
PAGE = 200
"""Jobs that are asked for at once."""


class Platform(
    Acting,
    Benchmarking,
    Marketplace,
    Drafting,
    Generating,
    Predicting,
    Strategies,
    Submitting,
    Sweeping,
):
    """Queue, hosts, networks and datasets of one coordinator.

    Parameters
    ----------
    url, token : str, optional
        A coordinator elsewhere. Without them the environment variables
        ``JUPYTER_PLATFORM_API_URL`` and ``JUPYTER_PLATFORM_API_TOKEN`` count, then this machine's
        own coordinator, which is started when it is not there.
    start : bool
        Whether this machine's coordinator is started on demand.
    settings : Settings, optional
        What a coordinator that is started here offers.
    on_progress : callable, optional
        Called with a sentence and the seconds since the start while one is started.

    Raises
    ------
    InvalidRequestError
        If `url` is no address, or has no token.

    Examples
    --------
    >>> platform = Platform()  # doctest: +SKIP
    >>> job = platform.submit("LEARN", "lenet-digits", "digits", max_iterations=500)
    ... # doctest: +SKIP
    >>> job.wait()  # doctest: +SKIP
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        start: bool = True,
        settings: Settings | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._transport = Transport(
            url, token, start=start, settings=settings, on_progress=on_progress
        )

    def job(self, reference: str) -> Job:
        """Return a job by its id, the beginning of its id (4 characters or more), or its name.

        Of several jobs with that name it is the newest, `Job.notice` says so, and `Job.stop`
        and `Job.delete` refuse.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        if ID_PREFIX.fullmatch(reference):
            try:
                content = self._transport.request("GET", f"/api/jobs/{reference}").content
                return Job(self._transport, JobRecord.model_validate_json(content))
            except NotFoundError:
                pass  # it may be a name
        page = self._page(name=reference, limit=20)
        if not page.items:
            raise NotFoundError(
                f"No job has the id or the name {reference!r}; `jupyter platform jobs` lists them."
            )
        namesakes = tuple(page.items) if len(page.items) > 1 else ()
        return Job(self._transport, page.items[0], namesakes=namesakes).refresh()

    def restore(self, job: str) -> Job:
        """Bring a job back that was deleted less than a minute ago.

        Parameters
        ----------
        job : str
            Its id, or the first 4 characters or more of it.

        Raises
        ------
        NotFoundError
            If it is gone for good.
        """
        path = f"/api/jobs/{quote(job, safe='')}/restore"
        content = self._transport.request("POST", path, repeatable=True).content
        return Job(self._transport, JobRecord.model_validate_json(content))

    def jobs(
        self,
        state: str | Sequence[str] | None = None,
        type: str | None = None,
        search: str | None = None,
        limit: int | None = 50,
        *,
        sweep: str | None = None,
    ) -> JobListing:
        """Return jobs, newest first.

        Parameters
        ----------
        state : str or sequence of str, optional
            Only in these states: ``"running"``, ``["queued", "running"]``.
        type : str, optional
            Only of this type.
        search : str, optional
            Only with this text in name, network, dataset or tag.
        limit : int, optional
            How many at most; None for all.
        sweep : str, optional
            Only those of this sweep, by its id.
        """
        states = state if isinstance(state, str) or state is None else ",".join(state)
        found: list[Job] = []
        while True:
            wanted = PAGE if limit is None else min(PAGE, limit - len(found))
            page = self._page(
                state=states,
                type=type,
                search=search,
                sweep=sweep,
                limit=wanted,
                offset=len(found),
            )
            found += [Job(self._transport, record) for record in page.items]
            done = limit is not None and len(found) >= limit
            if done or not page.items or len(found) >= page.total:
                return JobListing(found, page.total)

    def compare(
        self,
        jobs: Iterable[Job | str],
        *,
        series: str | Sequence[str] | None = None,
        x: str = "step",
        theme: str | None = None,
    ) -> Any:
        """Compare two to twenty jobs: options and results that differ, curves over each other.

        Parameters
        ----------
        jobs : iterable of Job or str
            Jobs, or their ids or names.
        series : str or sequence of str, optional
            Curves to draw; all when absent.
        x : str
            ``step``, or ``time``: seconds since the first point of each job.
        theme : str, optional
            ``light`` or ``dark``; that of the page when absent.

        Returns
        -------
        jupyter_platform.figures.comparison.Comparison
            Shows itself in a notebook; ``options()`` and ``results()`` are tables, ``plot()``
            the curves.
        """
        found = [self.job(item) if isinstance(item, str) else item for item in jobs]
        return load_figure("comparison")(found, series=series, x=x, theme=theme)

    def status(self) -> StatusRecord:
        """Return the state of the whole platform at a glance."""
        return StatusRecord.model_validate(self._transport.get("/api/status"))

    def options(self, type: str) -> dict[str, Any]:
        """Return the options of a job type as a JSON schema."""
        answer: dict[str, Any] = self._transport.get(f"/api/options/{quote(type, safe='')}")
        return answer

    def notifications(self, after: int | None = None) -> list[NotificationRecord]:
        """Return what happened, newest first; with `after` only what is newer than that id."""
        answer = self._transport.get("/api/notifications", after=after)
        return [NotificationRecord.model_validate(item) for item in answer]

    def events(self, after: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield what changes, as it changes, for ever.

        The first message is a snapshot. A connection that breaks is resumed where it was, so
        that nothing is missed; a coordinator that restarted sends a new snapshot.

        Parameters
        ----------
        after : str, optional
            ``event`` of the last message already seen.
        """
        from jupyter_platform.client.events import (  # noqa: PLC0415 - imports websockets
            follow_events,
        )

        return follow_events(self._transport, after)

    def hold_queue(self, held: bool = True) -> None:
        """Let nothing that waits start, or let the queue move again.

        The queue moves again when the coordinator restarts, too.
        """
        self._transport.request("POST", "/api/queue/hold", body={"held": held})

    def shutdown(self, *, force: bool = False) -> None:
        """Stop the platform: coordinator, scheduler and hosts.

        On this machine it returns when all of them have ended.

        Parameters
        ----------
        force : bool
            Also while jobs run; they go on, and are found again at the next start.

        Raises
        ------
        ConflictError
            If jobs run and `force` is not given.
        CoordinatorError
            If a process of this machine has not ended after a minute.
        """
        is_local = self.is_local
        self._transport.request("POST", "/api/shutdown", body={"force": force})
        self._transport.close()
        if is_local:
            request_down(self._transport.paths)

    def close(self) -> None:
        """Give the connection back; the next call opens a new one."""
        self._transport.close()

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        endpoint = self._transport.endpoint
        return f"<Platform {endpoint.url}{' (this machine)' if endpoint.local else ''}>"

    @property
    def url(self) -> str:
        """Address of the coordinator, without a slash at the end."""
        return self._transport.endpoint.url

    @property
    def is_local(self) -> bool:
        """Whether the coordinator is this machine's own."""
        return self._transport.endpoint.local

    def _page(self, **params: Any) -> JobPage:
        content = self._transport.request("GET", "/api/jobs", params=params).content
        return JobPage.model_validate_json(content)

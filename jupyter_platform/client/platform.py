"""The platform, seen from a client."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client import submission
from jupyter_platform.client.acting import Acting
from jupyter_platform.client.drafts import Drafting
from jupyter_platform.client.generation import Generating
from jupyter_platform.client.job import Job, JobListing
from jupyter_platform.client.listing import Listing
from jupyter_platform.client.loading import load_figure
from jupyter_platform.client.own_runs import cell_options, code_options, takes_code
from jupyter_platform.client.prediction import Predicting
from jupyter_platform.client.strategies import Strategies
from jupyter_platform.client.sweeps import Sweeping
from jupyter_platform.client.transport import OnProgress, Transport
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.hosts import HostRecord, StatusRecord
from jupyter_platform.core.jobs import JobCheck, JobPage, JobRecord, NotificationRecord
from jupyter_platform.core.settings import Settings
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.launch import request_down

ID_PREFIX = re.compile(r"[0-9a-f]{4,12}")
"""Pattern of a prefix of a job's id."""
PAGE = 200
"""Jobs that are asked for at once."""


class Platform(Acting, Drafting, Generating, Predicting, Strategies, Sweeping):
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
        self._host_seen = False

    def submit(
        self,
        type: str,
        networks: Any = None,
        dataset: str | Path | None = None,
        *,
        name: str | None = None,
        request: Mapping[str, Any] | None = None,
        priority: int = 0,
        target_count: int | None = None,
        targets: str | Sequence[str] | None = None,
        target_filter: str | None = None,
        force_free: bool | None = None,
        wait_for_host: float = 15.0,
        **options: Any,
    ) -> Job:
        """Submit a job.

        Parameters
        ----------
        type : str
            ``LEARN``, ``EVALUATE``, ``ACT`` or ``RUN``.
        networks : str, module or sequence of them
            Names in the repository; or one's own torch modules, as `add_network` takes them, which
            are added first. LEARN starts from the weights of an instance. Of a RUN it is the path
            of a script or notebook, or nothing where ``module="package.module"`` is given.
        dataset : str or Path, optional
            A name in the repository, or an existing file that `add_dataset` takes, which is added
            under its stem first.
        name : str, optional
            For people; defaults to ``<network>-<dataset>``.
        request : mapping, optional
            ``cpus``, ``memory`` (``"4GB"``), ``gpus`` of each process.
        priority : int
            -100 to 100; higher goes first.
        target_count : int, optional
            Processes that start together or not at all; by default one, or one on each target.
        targets : sequence of str, optional
            Names or ids of the hosts that it may use, each for one process.
        target_filter : str, optional
            Which hosts it may use, such as ``"(&(arch=x86_64)(memory>=16GB))"``.
        force_free : bool, optional
            Whether its hosts must be free of other work, and stay so while it runs.
        wait_for_host : float
            Seconds to wait for the first host of a platform that has just been started, so that
            the submission can be checked against the data.
        **options
            Options of the job type, in our spelling or DIANNE's; `options` lists them.

        Raises
        ------
        OptionError
            If options are unknown or out of range; ``.errors`` has one entry each.
        InvalidRequestError
            If anything else about the submission cannot be.
        """
        payload = self._payload(
            type,
            networks,
            dataset,
            name=name,
            request=request,
            priority=priority,
            target_count=target_count,
            targets=targets,
            target_filter=target_filter,
            force_free=force_free,
            **options,
        )
        return self.submit_payload(payload, wait_for_host=wait_for_host)

    def submit_all(
        self, submissions: Sequence[Mapping[str, Any]], *, wait_for_host: float = 15.0
    ) -> list[Job]:
        """Submit many jobs in one request: all of them, in their order, or none.

        Parameters
        ----------
        submissions : sequence of mappings
            The arguments of `submit` for each job:
            ``[{"type": "LEARN", "networks": "mlp", "dataset": "iris", "learning_rate": 0.1}]``.
            At most 1,000, and none that starts agents of its own.
        wait_for_host : float
            As for `submit`.

        Raises
        ------
        InvalidRequestError
            If one of them cannot be: nothing is submitted then. ``.errors`` has an entry for all
            that is wrong with each, with a field such as ``jobs[3].learning_rate``.
        """
        payloads = [self._payload(**item) for item in submissions]
        self._wait_for_host(wait_for_host)
        return [
            Job(self._transport, item) for item in submission.send_all(self._transport, payloads)
        ]

    def _payload(
        self,
        type: str,
        networks: Any = None,
        dataset: str | Path | None = None,
        *,
        name: str | None = None,
        request: Mapping[str, Any] | None = None,
        priority: int = 0,
        target_count: int | None = None,
        targets: str | Sequence[str] | None = None,
        target_filter: str | None = None,
        force_free: bool | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Return the JSON form of a submission; networks and data that are no names are added."""
        added, note = self.as_dataset(dataset)
        names, found = self._subject(type, networks, options)
        return submission.submission(
            type,
            names,
            added,
            name=name,
            request=request,
            priority=priority,
            target_count=target_count,
            targets=targets,
            target_filter=target_filter,
            force_free=force_free,
            options=found,
            note=note,
        )

    def _subject(
        self, type: str, subject: Any, options: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Return the networks of a submission, and its options with what the subject adds."""
        if takes_code(type):
            return (), code_options(self._transport, subject, options)
        names, found = self.network_names(type, subject)
        return names, {**found, **options}

    def code_options(self, script: str | Path | None, options: Mapping[str, Any]) -> dict[str, Any]:
        """Send the script of a RUN, and return the options with a reference to it."""
        return code_options(self._transport, script, options)

    def submit_cell(
        self,
        source: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        results: Sequence[str] = (),
        name: str | None = None,
        request: Mapping[str, Any] | None = None,
        priority: int = 0,
        targets: str | Sequence[str] | None = None,
        target_filter: str | None = None,
        force_free: bool | None = None,
        **options: Any,
    ) -> Job:
        """Submit code that runs in a fresh kernel of this environment, as ``%%submit RUN`` does.

        Parameters
        ----------
        source : str
            The code of a cell.
        inputs : mapping, optional
            Variables that it takes along: DataFrames, arrays, tensors, plain values.
        results : sequence of str
            Variables that `Job.result` gives back.
        name, request, priority, targets, target_filter, force_free
            As for `submit`.
        **options
            Of a RUN.

        Raises
        ------
        InvalidRequestError
            If an input is of a type that no file without code can hold, naming it.
        """
        payload = submission.submission(
            "RUN",
            (),
            name=name,
            request=request,
            priority=priority,
            targets=targets,
            target_filter=target_filter,
            force_free=force_free,
            options=cell_options(
                self._transport, source, inputs=inputs or {}, results=results, options=options
            ),
        )
        return self.submit_payload(payload, wait_for_host=0)

    def submit_payload(self, payload: dict[str, Any], *, wait_for_host: float = 15.0) -> Job:
        """Submit the JSON form of a `JobSubmission`, as the command line and magics build it.

        Parameters
        ----------
        payload : dict
            JSON form of the submission.
        wait_for_host : float
            Seconds to wait for the first host of a platform that has just been started.
        """
        self._wait_for_host(wait_for_host)
        return Job(self._transport, submission.send(self._transport, payload))

    def check(
        self,
        type: str,
        networks: Any = None,
        dataset: str | Path | None = None,
        *,
        name: str | None = None,
        request: Mapping[str, Any] | None = None,
        priority: int = 0,
        target_count: int | None = None,
        targets: str | Sequence[str] | None = None,
        target_filter: str | None = None,
        force_free: bool | None = None,
        **options: Any,
    ) -> JobCheck:
        """Check a submission without storing it; parameters and errors as of `submit`.

        A file given as dataset is added to the repository, since only then it can be checked.
        """
        payload = self._payload(
            type,
            networks,
            dataset,
            name=name,
            request=request,
            priority=priority,
            target_count=target_count,
            targets=targets,
            target_filter=target_filter,
            force_free=force_free,
            **options,
        )
        return self.check_payload(payload)

    def check_payload(self, payload: dict[str, Any]) -> JobCheck:
        """Check the JSON form of a `JobSubmission`."""
        return submission.dry_run(self._transport, payload)

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
        """Restore a job that was deleted less than a minute ago.

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

    def hosts(self) -> Listing[HostRecord]:
        """Return the hosts with what they offer and what is busy."""
        records = [HostRecord.model_validate(item) for item in self._transport.get("/api/hosts")]
        return Listing(records, ("name", "state", "cpus busy", "memory", "gpus busy"), _host_row)

    def options(self, type: str) -> dict[str, Any]:
        """Return the options of a job type as a JSON schema."""
        answer: dict[str, Any] = self._transport.get(f"/api/options/{quote(type, safe='')}")
        return answer

    def notifications(self, after: int | None = None) -> list[NotificationRecord]:
        """Return notifications, newest first; with `after` only those newer than that id."""
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

    def _wait_for_host(self, timeout_s: float) -> None:
        if self._host_seen or timeout_s <= 0:
            return
        self._transport.connect()
        deadline = time.monotonic() + timeout_s
        for hosts in polled(self.hosts, longest_pause_s=0.25, deadline=deadline):
            self._host_seen = any(host.state == "up" for host in hosts)
            if self._host_seen or time.monotonic() >= deadline:
                return


def _host_row(host: HostRecord) -> tuple[str, ...]:
    offer = host.description
    return (
        offer.name,
        host.state,
        f"{host.cpus_busy}/{offer.cpus}",
        f"{format_bytes(host.memory_busy)} of {format_bytes(offer.memory)}",
        f"{len(host.gpus_busy)}/{len(offer.gpus)}",
    )

"""Submit jobs, one or many."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client import submission
from jupyter_platform.client.datasets import Datasets
from jupyter_platform.client.job import Job
from jupyter_platform.client.listing import Listing
from jupyter_platform.client.networks import Networks
from jupyter_platform.client.own_runs import cell_options, code_options, takes_code
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.hosts import HostRecord
from jupyter_platform.core.jobs import JobCheck
from jupyter_platform.core.units import format_bytes


class Submitting(Datasets, Networks):
    """The part of a client that submits jobs, and the hosts that they run on."""

    _host_seen = False

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
        self, type: str, networks: Any = None, dataset: str | Path | None = None, **given: Any
    ) -> dict[str, Any]:
        """Return the JSON form of a submission; networks and data that are no names are added.

        Parameters
        ----------
        type, networks, dataset
            As for `submit`.
        **given
            `submission.FIELDS` and options.
        """
        fields = {name: given.pop(name) for name in submission.FIELDS if name in given}
        added, note = self.as_dataset(dataset)
        names, options = self._subject(type, networks, given)
        return submission.submission(type, names, added, options=options, note=note, **fields)

    def _subject(
        self, type: str, subject: Any, options: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Return the networks of a submission, and its options with what the subject adds."""
        if takes_code(type):
            return (), code_options(self._transport, subject, options)
        names, found = self.network_names(type, subject)
        return names, {**found, **options}

    def code_options(self, script: str | Path | None, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a RUN with its script sent along, as `submit` does it.

        Parameters
        ----------
        script : str or Path or None
            Path of a script or a notebook; None: a module is named by the options.
        options : mapping of str to object
            Options of the RUN.
        """
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
        payload : dict of str to object
            JSON form of the submission.
        wait_for_host : float, optional
            Seconds to wait for the first host.
        """
        self._wait_for_host(wait_for_host)
        return Job(self._transport, submission.send(self._transport, payload))

    def check(
        self, type: str, networks: Any = None, dataset: str | Path | None = None, **given: Any
    ) -> JobCheck:
        """Say what a submission would do, without storing anything.

        A file given as dataset is added to the repository, since only then it can be checked.

        Parameters
        ----------
        type, networks, dataset
            As for `submit`.
        **given
            All else that `submit` takes, options of the job type among it.

        Raises
        ------
        InvalidRequestError
            If the submission cannot be; ``.errors`` has one entry for each field.
        """
        return self.check_payload(self._payload(type, networks, dataset, **given))

    def check_payload(self, payload: dict[str, Any]) -> JobCheck:
        """Check the JSON form of a `JobSubmission`."""
        return submission.dry_run(self._transport, payload)

    def hosts(self) -> Listing[HostRecord]:
        """Return the hosts with what they offer and what is busy."""
        records = [HostRecord.model_validate(item) for item in self._transport.get("/api/hosts")]
        return Listing(records, ("name", "state", "cpus busy", "memory", "gpus busy"), _host_row)

    def stop_host(self, name: str) -> HostRecord:
        """End a host on which nothing runs, until `start_host` asks for it again.

        Raises
        ------
        ConflictError
            If something runs there, or this platform has not started it.
        ForbiddenError
            If somebody else than the owner of the platform asks.
        """
        return self._switch(name, "stop")

    def start_host(self, name: str) -> HostRecord:
        """Start a host that was stopped; errors as of `stop_host`."""
        return self._switch(name, "start")

    def _switch(self, name: str, action: str) -> HostRecord:
        path = f"/api/hosts/{quote(name, safe='')}/{action}"
        response = self._transport.request("POST", path, repeatable=True)
        return HostRecord.model_validate_json(response.content)

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

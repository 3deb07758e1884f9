"""One job, seen from a client."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_platform.client import own_runs, submission
from jupyter_platform.client.curve_picture import BUCKETS
from jupyter_platform.client.job_deploying import DeployableJob
from jupyter_platform.client.loading import load_figure
from jupyter_platform.client.log_reader import LogReader
from jupyter_platform.client.representation import (
    job_bundle,
    job_text,
)
from jupyter_platform.client.transport import Transport
from jupyter_platform.client.waiting import polled
from jupyter_platform.client.weights import WeightsReader
from jupyter_platform.core.errors import (
    AmbiguousNameError,
    JobFailedError,
    NotFoundError,
    UnavailableError,
)
from jupyter_platform.core.jobs import JobProgress, JobRecord, LogChunk, MetricsRecord
from jupyter_platform.core.states import JobState, JobType
from jupyter_platform.core.units import format_count

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LOG_CHUNK = 1_000_000
"""Bytes of a log that are asked for at once."""


class Job(DeployableJob):
    """A job: what it is, how far it is, what came out.

    Made by `Platform.submit`, `Platform.job` and `Platform.jobs`.
    """

    def __init__(
        self,
        transport: Transport,
        record: JobRecord,
        *,
        namesakes: tuple[JobRecord, ...] = (),
    ) -> None:
        self._transport = transport
        self._record = record
        self._namesakes = namesakes

    @property
    def record(self) -> JobRecord:
        """The record as it was last read; `refresh` reads it again."""
        return self._record

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits."""
        return self._record.id

    @property
    def name(self) -> str:
        """Name for people; need not be unique."""
        return self._record.name

    @property
    def type(self) -> JobType:
        """``LEARN``, ``EVALUATE``, ``ACT`` or ``RUN``."""
        return self._record.type

    @property
    def state(self) -> JobState:
        """State now; asked of the coordinator until the job has ended."""
        return self._current().state

    @property
    def progress(self) -> JobProgress | None:
        """How far it is now; None before it has begun."""
        return self._current().progress

    @property
    def notice(self) -> str | None:
        """A note on how this job was found, such as that other jobs share its name."""
        if not self._namesakes:
            return None
        return (
            f"{len(self._namesakes)} jobs are named {self.name!r}; this is the newest ({self.id})."
        )

    def refresh(self) -> Job:
        """Read the record again and return the job itself."""
        content = self._transport.request("GET", self._path()).content
        self._record = JobRecord.model_validate_json(content)
        return self

    def wait(self, timeout: float | None = None, *, raise_on_failure: bool = False) -> JobState:
        """Wait until the job has ended.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits as long as it takes.
        raise_on_failure : bool
            Whether an end other than ``finished`` or ``stopped`` is an error.

        Returns
        -------
        JobState
            ``finished``, ``stopped``, ``failed`` or ``cancelled``.

        Raises
        ------
        TimeoutError
            If it has not ended in time; the job goes on.
        JobFailedError
            With `raise_on_failure`, if it failed or was cancelled.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for state in polled(lambda: self.state, deadline=deadline):
            if state.is_terminal:
                break
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(
                    f"Job {self.name!r} ({self.id}) is {state} after {timeout:g} s; it goes on."
                )
        if raise_on_failure:
            self._raise_if_failed()
        return self._record.state

    def watch(self, *, pause_s: float = 0.25) -> Iterator[JobRecord]:
        """Yield the record again and again, at last once with the state it ended in.

        Parameters
        ----------
        pause_s : float
            Seconds between two records, at most.
        """
        for job in polled(self.refresh, longest_pause_s=pause_s):
            yield job.record
            if job.record.state.is_terminal:
                return

    def result(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for the job to end and return its result.

        Of a cell that was asked for variables (``results=model``) these are returned, by name and
        as they were there; tensors come on the CPU.

        Raises
        ------
        JobFailedError
            If it failed, or was cancelled before it began.
        TimeoutError
            If it has not ended in time.
        """
        self.wait(timeout, raise_on_failure=True)
        if self._record.result is None:
            self.refresh()  # records in lists come without their result
        result = dict(self._record.result or {})
        if "results" in result:
            return own_runs.read_results(self._transport, self._record)
        return result

    def metrics(self, series: str | None = None) -> pd.DataFrame:
        """Return every point of the job's curves.

        Parameters
        ----------
        series : str, optional
            Only this one.

        Returns
        -------
        pandas.DataFrame
            ``step``, ``time`` (Unix time, s) and one column per series; NaN where a series has
            no point at a step.

        Warns
        -----
        UserWarning
            If points are lost, as a file was damaged.
        """
        from jupyter_platform.client import curves  # noqa: PLC0415 - imports NumPy

        answer = self._transport.get(self._path("/metrics"), buckets=1, series=series)
        found = MetricsRecord.model_validate(answer).series
        names = sorted(found)
        for name in names:
            if found[name].damaged:
                lost = format_count(found[name].damaged, "point")
                warnings.warn(f"{name}: {lost} lost, as a file was damaged.", stacklevel=2)
        return curves.curves_frame(
            {
                name: curves.read_points(
                    self._transport.get_bytes(self._path(f"/metrics/{quote(name, safe='')}.rec"))
                )
                for name in names
            }
        )

    def plot(
        self,
        series: str | Sequence[str] | None = None,
        *,
        x: str = "step",
        theme: str | None = None,
    ) -> Any:
        """Return a plot of the job's curves, which shows itself in a notebook.

        Parameters
        ----------
        series : str or sequence of str, optional
            Only these; all when absent.
        x : str
            ``step``, or ``time``: seconds since the first point.
        theme : str, optional
            ``light`` or ``dark``; that of the page when absent.

        Returns
        -------
        jupyter_platform.figures.plot.Plot
            With ``save(path)``, which writes a page that needs no connection.

        Raises
        ------
        NotFoundError
            If there are no curves yet, or no such series.
        """
        return load_figure("curves")(self, series, x, theme)

    def log(self, tail: int | None = None, *, rank: int = 0) -> str:
        """Return the job's log.

        Parameters
        ----------
        tail : int, optional
            Only the last so many bytes.
        rank : int
            Which of its processes.
        """
        offset = 0 if tail is None else -max(int(tail), 1)
        return "".join(chunk.text for chunk in self._log_chunks(offset, rank))

    def follow_log(
        self, tail: int | None = None, *, rank: int = 0, pause_s: float = 0.5
    ) -> Iterator[str]:
        """Yield the log as it grows, until the job has ended.

        Parameters
        ----------
        tail : int, optional
            Begin with the last so many bytes, not at the front.
        rank : int
            Which of its processes.
        pause_s : float
            Seconds between two questions, at most.
        """
        ask = partial(self._log_chunk, rank=rank)
        reader = LogReader(ask, 0 if tail is None else -max(int(tail), 1))
        for chunk in polled(reader.read, longest_pause_s=pause_s):
            if chunk.text:
                yield chunk.text
            if chunk.complete:
                return

    def stop(self) -> Job:
        """Ask the job to stop: it writes a checkpoint and its weights first.

        Raises
        ------
        AmbiguousNameError
            If it was found by a name that several jobs have.
        """
        self._require_unique("stop")
        content = self._transport.request("POST", self._path("/stop"), repeatable=True).content
        self._record = JobRecord.model_validate_json(content)
        return self

    def delete(self) -> None:
        """Delete a job that has ended, with its log and curves; its weights stay.

        For a minute `Platform.restore` brings it back.

        Raises
        ------
        ConflictError
            If it has not ended.
        AmbiguousNameError
            If it was found by a name that several jobs have.
        """
        self._require_unique("delete")
        self._transport.request("DELETE", self._path())

    def change(self, *, name: str | None = None, note: str | None = None) -> Job:
        """Change the job's name or note, None keeps it, and return the job itself.

        Parameters
        ----------
        name : str, optional
            Its new name.
        note : str, optional
            What is noted about it.
        """
        body = {"name": name, "note": note}
        given = {key: value for key, value in body.items() if value is not None}
        content = self._transport.request("PATCH", self._path(), body=given).content
        self._record = JobRecord.model_validate_json(content)
        return self

    def resubmit(self, **changes: Any) -> Job:
        """Submit the same again, with a number behind its name.

        A LEARN keeps its weights under its own id, not under the tag of the first, and starts as
        its options say: give ``init_tag=job.id`` to go on from the weights of this one.

        Parameters
        ----------
        **changes
            What is to differ: options (``learning_rate=0.01``, ``clean=True``), or ``name``,
            ``networks``, ``dataset``, ``request``, ``priority``, ``target_count``.
        """
        payload = submission.changed(self._record, changes, self._is_taken)
        return Job(self._transport, submission.send(self._transport, payload))

    def _is_taken(self, name: str) -> bool:
        return bool(self._transport.get("/api/jobs", name=name, limit=1)["total"])

    def weights(
        self, path: str | Path | None = None, variant: str | None = None, *, network: str = ""
    ) -> Path:
        """Return the file with the job's weights (safetensors).

        Those that a LEARN made, whatever its tag points at since; those that an EVALUATE judged.

        Parameters
        ----------
        path : str or Path, optional
            Where to copy it; a folder keeps the file's name. Without it the platform's own file
            is returned, or a copy where the platform is elsewhere.
        variant : str, optional
            ``best``, ``last`` or an iteration; best where it is kept, else last.
        network : str, optional
            Which network's, where the job has several.

        Raises
        ------
        NotFoundError
            If the job has stored no such weights.
        """
        return self._weights(network).file(variant, None if path is None else Path(path))

    def network(self, variant: str | None = None, *, network: str = "") -> Any:
        """Return the trained network, ready to predict.

        Parameters
        ----------
        variant, network : str, optional
            As for `weights`.

        Returns
        -------
        torch.nn.Module
            In evaluation mode, on the CPU.
        """
        return self._weights(network).module(variant)

    def files(self) -> dict[str, int]:
        """Return the files that the job has made for people: name to bytes."""
        return {item["name"]: item["bytes"] for item in self._transport.get(self._path("/files"))}

    def file(self, name: str, path: str | Path | None = None) -> Path:
        """Write one of the job's files to `path`, a folder or a file; by default here.

        Parameters
        ----------
        name : str
            Name of the file.
        path : str or Path, optional
            Folder or file to write.

        Raises
        ------
        NotFoundError
            If the job has made none of that name.
        """
        target = Path() if path is None else Path(path)
        target = target / name if target.is_dir() else target
        address = self._path(f"/files/{quote(name, safe='')}")
        pieces = self._transport.stream(address)
        first = next(pieces, b"")  # an error comes before an empty file is made
        with target.open("wb") as file:
            file.write(first)
            for piece in pieces:
                file.write(piece)
        return target

    def outputs(self) -> NDArray[Any]:
        """Return the network's outputs, one a sample, of an EVALUATE with ``include_outputs``.

        Returns
        -------
        ndarray, shape (n, …)
            In the order of the set that was evaluated.
        """
        from safetensors.numpy import load  # noqa: PLC0415 - imports NumPy

        content = self._transport.get_bytes(self._path("/files/outputs.safetensors"))
        found: NDArray[Any] = load(content)["outputs"]
        return found

    def archive(self, path: str | Path) -> Path:
        """Write a zip with the job's record, result, curves (CSV) and log to `path`."""
        target = Path(path)
        if target.is_dir():
            target = target / f"{self.id}.zip"
        with target.open("wb") as file:
            for piece in self._transport.stream(self._path("/archive")):
                file.write(piece)
        return target

    def __repr__(self) -> str:
        return job_text(self._shown(), self.notice)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return job_bundle(*self._drawn(), self.notice)

    def _drawn(self) -> tuple[JobRecord, MetricsRecord | None]:
        """Return the record and, where they can be had, the curves as a picture needs them."""
        try:
            if self._current().result is None and self._record.state.is_terminal:
                self.refresh()  # records in lists come without their result
            answer = self._transport.get(self._path("/metrics"), buckets=BUCKETS)
            return self._record, MetricsRecord.model_validate(answer)
        except (NotFoundError, UnavailableError):
            return self._record, None

    def _shown(self) -> JobRecord:
        # A job can be looked at when it has been deleted, or while nobody answers.
        try:
            return self._current()
        except (NotFoundError, UnavailableError):
            return self._record

    def _path(self, rest: str = "") -> str:
        return f"/api/jobs/{self._record.id}{rest}"

    def _current(self) -> JobRecord:
        if not self._record.state.is_terminal:
            self.refresh()
        return self._record

    def _weights(self, network: str) -> WeightsReader:
        # Even of a job that has ended: its network may be called otherwise since.
        record = self.refresh().record
        return WeightsReader(self._transport, record, network or next(iter(record.networks), ""))

    def _raise_if_failed(self) -> None:
        record = self._record
        if record.state not in (JobState.FAILED, JobState.CANCELLED):
            return
        why = f": {record.error.type}: {record.error.message}" if record.error else "."
        raise JobFailedError(f"Job {record.name!r} ({record.id}) {_ENDED[record.state]}{why}")

    def _require_unique(self, action: str) -> None:
        if not self._namesakes:
            return
        listed = "; ".join(f"{item.id} ({item.type}, {item.state})" for item in self._namesakes)
        raise AmbiguousNameError(
            f"{len(self._namesakes)} jobs are named {self.name!r}; "
            f"say which one to {action} by its id: {listed}."
        )

    def _log_chunk(self, offset: int, rank: int = 0) -> LogChunk:
        answer = self._transport.request(
            "GET", self._path("/log"), params={"offset": offset, "limit": LOG_CHUNK, "rank": rank}
        )
        return LogChunk.model_validate_json(answer.content)

    def _log_chunks(self, offset: int, rank: int) -> Iterator[LogChunk]:
        while True:
            chunk = self._log_chunk(offset, rank)
            yield chunk
            if chunk.next_offset >= chunk.size or chunk.next_offset == offset:
                return
            offset = chunk.next_offset


_ENDED = {JobState.FAILED: "failed", JobState.CANCELLED: "was cancelled before it began"}

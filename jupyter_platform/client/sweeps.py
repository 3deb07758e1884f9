"""Sweeps, seen from a client: one submission many times, with some options varied."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_platform.client import submission
from jupyter_platform.client.datasets import Datasets
from jupyter_platform.client.job import Job
from jupyter_platform.client.job_listing import JobListing
from jupyter_platform.client.loading import load_figure
from jupyter_platform.client.networks import Networks
from jupyter_platform.client.transport import Transport
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.errors import NotFoundError, refusal
from jupyter_platform.core.jobs import JobPage
from jupyter_platform.core.states import TERMINAL
from jupyter_platform.core.sweeps import MAX_TRIALS, SweepRange, SweepRecord, dimension

if TYPE_CHECKING:
    import pandas as pd

_LISTS = ("list", "index-set", "words")
"""Formats of options whose value is a list by itself."""


class Sweep:
    """The jobs of one sweep together.

    Made by `Platform.sweep` and `Platform.sweeps`.
    """

    def __init__(self, transport: Transport, record: SweepRecord) -> None:
        self._transport = transport
        self._record = record

    @property
    def record(self) -> SweepRecord:
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

    def refresh(self) -> Sweep:
        """Read the record again and return the sweep itself."""
        self._record = SweepRecord.model_validate(self._transport.get(f"/api/sweeps/{self.id}"))
        return self

    def jobs(self) -> JobListing:
        """Return its jobs in the order in which they were submitted."""
        answer = self._transport.get("/api/jobs", sweep=self.id, order="oldest", limit=MAX_TRIALS)
        page = JobPage.model_validate(answer)
        return JobListing([Job(self._transport, record) for record in page.items], page.total)

    def best(self) -> Job:
        """Return the job with the best score so far.

        Raises
        ------
        NotFoundError
            If no job has a score yet.
        """
        found = self.refresh().record.best
        if found is None:
            raise NotFoundError(f"No job of sweep {self.name!r} ({self.id}) has a score yet.")
        return Job(self._transport, _record_of(self.jobs(), found))

    def table(self) -> pd.DataFrame:
        """Return a row for each job: id, state, what it varies, and its score.

        Returns
        -------
        pandas.DataFrame
            ``id``, ``state``, one column for each varied option, ``score`` and ``metric``.
        """
        import pandas as pd  # noqa: PLC0415 - half a second that only this needs

        rows = []
        for job in self.jobs():
            record = job.record
            headline = record.headline
            rows.append(
                {
                    "id": record.id,
                    "state": str(record.state),
                    **record.varied,
                    "score": None if headline is None else headline.value,
                    "metric": None if headline is None else headline.name,
                }
            )
        return pd.DataFrame(rows)

    def wait(self, timeout: float | None = None) -> Sweep:
        """Wait until every job has ended, and return the sweep itself.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits as long as it takes.

        Raises
        ------
        TimeoutError
            If they have not ended in time; they go on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for sweep in polled(self.refresh, deadline=deadline):
            left = sum(n for state, n in sweep.record.states.items() if state not in TERMINAL)
            if not left:
                break
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(
                    f"{left} jobs of sweep {self.name!r} have not ended after {timeout:g} s; "
                    "they go on."
                )
        return self

    def stop(self) -> Sweep:
        """Stop what runs, cancel what waits, and return the sweep itself."""
        content = self._transport.request("POST", f"/api/sweeps/{self.id}/stop").content
        self._record = SweepRecord.model_validate_json(content)
        return self

    def plot(self, *, theme: str | None = None) -> Any:
        """Return a plot in parallel coordinates: an axis for each option and one for the score.

        Parameters
        ----------
        theme : str, optional
            ``light`` or ``dark``; that of the page when absent.
        """
        return load_figure("sweep")(self, theme=theme)

    def __repr__(self) -> str:
        record = self._record
        states = ", ".join(f"{count} {state}" for state, count in sorted(record.states.items()))
        best = "" if record.score is None else f"; best {record.metric} {record.score:.4g}"
        return f"<Sweep {record.id} {record.name!r} {record.method}: {states}{best}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        self.refresh()
        return {**self.jobs()._repr_mimebundle_(), "text/plain": repr(self)}


def _record_of(jobs: Sequence[Job], wanted: str) -> Any:
    return next(job.record for job in jobs if job.id == wanted)


class Sweeping(Datasets, Networks):
    """The part of a client that submits and finds sweeps."""

    def sweep(
        self,
        type: str,
        networks: str | Sequence[str],
        dataset: str | Path | None = None,
        *,
        method: str = "grid",
        trials: int | None = None,
        sweep_seed: int = 0,
        name: str | None = None,
        request: Mapping[str, Any] | None = None,
        priority: int = 0,
        **options: Any,
    ) -> Sweep:
        """Submit one job for each combination of the values that options list.

        Parameters
        ----------
        type, networks, dataset, request, priority
            As of `Platform.submit`.
        method : str
            ``grid``: every combination; ``random``: `trials` jobs whose values are drawn;
            ``hyperband``: as random, and what lags behind is stopped early.
        trials : int, optional
            Jobs of a random search; 20 when absent.
        sweep_seed : int
            Seed of the values that are drawn.
        name : str, optional
            Name of the sweep for people.
        **options
            Options of the job type. One with a list takes each of its values; one with a
            `SweepRange`, or text like ``"[1e-4..1e-1,log]"``, is drawn from a range. An option
            that is a list itself takes a list of lists.

        Raises
        ------
        OptionError
            If no option lists values, or a job cannot be; nothing is submitted then.

        Examples
        --------
        >>> platform.sweep(  # doctest: +SKIP
        ...     "LEARN", "lenet-digits", "digits", learning_rate=[0.1, 0.01], batch_size=[32, 64]
        ... )
        """
        added, note = self.as_dataset(dataset)
        names, found = self.network_names(type, networks)
        payload = submission.submission(
            type,
            names,
            added,
            request=request,
            priority=priority,
            options={**found, **options},
            note=note,
        )
        return self.submit_sweep(
            payload, name=name, method=method, trials=trials, sweep_seed=sweep_seed
        )

    def submit_sweep(
        self,
        payload: dict[str, Any],
        *,
        name: str | None = None,
        method: str = "grid",
        trials: int | None = None,
        sweep_seed: int = 0,
    ) -> Sweep:
        """Submit the JSON form of a `JobSubmission` some of whose options list values.

        Parameters
        ----------
        payload : dict
            As `Platform.submit_payload` takes it.
        name, method, trials, sweep_seed
            As of `sweep`.
        """
        dimensions = self.dimensions(payload)
        if not dimensions:
            message = (
                "No option lists several values; write learning_rate=[0.1, 0.01], or submit one "
                "job."
            )
            raise refusal("options", None, message, "a list of values for an option")
        fixed = {key: value for key, value in payload["options"].items() if key not in dimensions}
        body = {
            "submission": {**payload, "options": fixed},
            "dimensions": {
                key: value.model_dump() if isinstance(value, SweepRange) else value
                for key, value in dimensions.items()
            },
            "name": name or payload.get("name"),
            "method": method,
            "trials": trials,
            "seed": sweep_seed,
        }
        content = self._transport.request(
            "POST",
            "/api/sweeps",
            body=body,
            headers={submission.IDEMPOTENCY_HEADER: uuid.uuid4().hex},
            repeatable=True,
        ).content
        return Sweep(self._transport, SweepRecord.model_validate_json(content))

    def dimensions(self, payload: Mapping[str, Any]) -> dict[str, list[Any] | SweepRange]:
        """Return the options of a submission that list values, or name a range to draw from.

        An option whose value is a list by itself, such as a set of samples, counts only where it
        is given a list of lists.

        Raises
        ------
        OptionError
            If a range cannot be read.
        """
        given = {key: values_of(key, value) for key, value in payload["options"].items()}
        found = {key: values for key, values in given.items() if values is not None}
        if not found:
            return {}
        properties = self._transport.get(f"/api/options/{quote(payload['type'], safe='')}")[
            "properties"
        ]
        lists = {
            spelling
            for name, schema in properties.items()
            if schema.get("format") in _LISTS
            for spelling in (name, *schema.get("dianne", ()))
        }
        return {
            key: values
            for key, values in found.items()
            if key not in lists or (isinstance(values, list) and isinstance(values[0], list))
        }

    def sweeps(self) -> list[Sweep]:
        """Return all sweeps, newest first."""
        records = [SweepRecord.model_validate(item) for item in self._transport.get("/api/sweeps")]
        return [Sweep(self._transport, record) for record in records]


def values_of(key: str, value: Any) -> list[Any] | SweepRange | None:
    """Return the values that an option lists, or its range, or None for a single value.

    Parameters
    ----------
    key : str
        Name of the option.
    value : object
        Value, list of values, or range such as ``"[0.001..0.1]"``.

    Raises
    ------
    OptionError
        If a range cannot be read.
    """
    try:
        return dimension(value)
    except ValueError as error:
        message = f"{key} = {value!r} is no range: {error}."
        raise refusal(key, value, message, "a range like [0.001..0.1]") from error

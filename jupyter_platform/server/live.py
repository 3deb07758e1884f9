"""Content for live pages and outputs, made from the coordinator's answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.curve_picture import BUCKETS
from jupyter_platform.client.representation import job_bundle, jobs_bundle
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.hosts import HostRecord, HostSample
from jupyter_platform.core.jobs import JobPage, JobRecord, MetricsRecord
from jupyter_platform.figures.columns import Column, host_columns, span, with_latest
from jupyter_platform.figures.parts import View, part

Ask = Callable[[str], Awaitable[Any]]
"""Returns the coordinator's answer to a GET, as far as who looks at the page may see it."""
_IDS_AT_ONCE = 100
"""Ids of jobs that go into one address."""


async def render_part(ask: Ask, name: str, base_url: str) -> str:
    """Return the HTML of a part of a dashboard.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    wanted = part(name)
    found = await asyncio.gather(*(ask(path) for path in wanted.questions.values()))
    answers = dict(zip(wanted.questions, found, strict=True))
    return wanted.render(answers, View.at_present(base_url))


async def columns_of_host(ask: Ask, name: str, span_name: str) -> dict[str, Column]:
    """Return a host's load over a period, up to its newest sample.

    Raises
    ------
    InvalidRequestError
        If there is no such span.
    NotFoundError
        If there is no such host.
    """
    reach = span(span_name)
    path = f"/api/hosts/{quote(name, safe='')}/history?hours={reach.hours}"
    records, stored = await asyncio.gather(ask("/api/hosts"), ask(path))
    hosts = [HostRecord.model_validate(item) for item in records]
    host = next((item for item in hosts if item.description.name == name), None)
    if host is None:
        raise NotFoundError(f"No host is named {name[:200]!r}.")
    samples = [HostSample.model_validate(item) for item in stored]
    return host_columns(
        with_latest(samples, host.sample if host.state == "up" else None),
        [gpu.index for gpu in host.description.gpus],
        now=time.time(),
        unit_s=reach.unit_s,
        gap_s=reach.gap_s,
    )


async def output_of_job(ask: Ask, job: str) -> dict[str, Any]:
    """Return the MIME bundle that an output keeps of a job as it is now.

    Raises
    ------
    NotFoundError
        If there is no such job.
    """
    path = f"/api/jobs/{quote(job, safe='')}"
    # One after the other: the curves of a job that has ended are complete.
    record = JobRecord.model_validate(await ask(path))
    metrics = await ask(f"{path}/metrics?buckets={BUCKETS}")
    return job_bundle(record, MetricsRecord.model_validate(metrics))


async def output_of_jobs(ask: Ask, ids: list[str], total: int) -> dict[str, Any]:
    """Return the MIME bundle that an output keeps of a list of jobs as they are now.

    Parameters
    ----------
    ask : Ask
        Reads from the coordinator.
    ids : list of str
        The jobs in the order in which they are listed; those that are gone are left out.
    total : int
        How many there were in all.
    """
    known: dict[str, JobRecord] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ",".join(quote(job, safe="") for job in ids[start : start + _IDS_AT_ONCE])
        page = JobPage.model_validate(await ask(f"/api/jobs?ids={some}&limit=1000"))
        known |= {job.id: job for job in page.items}
    return jobs_bundle([known[job] for job in ids if job in known], total)

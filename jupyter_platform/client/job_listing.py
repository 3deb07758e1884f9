"""Jobs as a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_platform.client.job import Job
from jupyter_platform.client.listing import Listing
from jupyter_platform.client.representation import JOB_COLUMNS, job_row, jobs_bundle


class JobListing(Listing[Job]):
    """Jobs as a list that draws itself: live where that is known, else as a table."""

    def __init__(self, jobs: Iterable[Job], total: int | None = None) -> None:
        # A list shows what was read with it: one request, not one per row.
        super().__init__(jobs, JOB_COLUMNS, lambda job: job_row(job.record), total=total)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return jobs_bundle([job.record for job in self], self.total)

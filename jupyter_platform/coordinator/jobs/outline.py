"""The public outline of a job: its existence, owner and resources."""

from __future__ import annotations

from jupyter_platform.core.jobs import JobRecord


def outline(job: JobRecord) -> JobRecord:
    """Return the record of a job as shown to other users of the queue.

    Name, owner, resources, state, times and hosts are left; what it works on, what it printed and
    measured, and what it was told are not.
    """
    return job.model_copy(
        update={
            "networks": [],
            "dataset": None,
            "options": {},
            "given": {},
            "tag": None,
            "progress": job.progress and job.progress.model_copy(update={"values": {}}),
            "headline": None,
            "attempts": [item.model_copy(update={"error": None}) for item in job.attempts],
            "error": None,
            "warnings": [],
            "varied": {},
            "note": "",
            "result": None,
        }
    )

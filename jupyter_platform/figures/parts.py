"""The parts of a dashboard that are text: rendered from what the API answers, anywhere.

A part names what it asks of the coordinator and turns the answers into HTML. A dashboard's kernel
renders it once, and the Jupyter server again and again, so that the page lives without a kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from jupyter_platform.core.errors import NotFoundError, nearest
from jupyter_platform.core.hosts import HostRecord, StatusRecord
from jupyter_platform.core.jobs import JobPage, NotificationRecord
from jupyter_platform.core.states import TERMINAL, JobState
from jupyter_platform.core.units import format_bytes, format_duration
from jupyter_platform.figures import wording

SHOWN = 25
"""Rows of a list."""
_LEVELS = {"info": "•", "success": "✓", "warning": "▲", "danger": "✗"}

_WAITING = list(wording.WAITING)
_ENDED = sorted(TERMINAL)
_ACTIVE = [state for state in JobState if state not in (*_WAITING, *_ENDED)]


@dataclass(frozen=True, slots=True)
class View:
    """Context of rendering: base URL and time."""

    base_url: str
    """Path below which the Jupyter server answers, with a slash at either end."""
    now: datetime

    @classmethod
    def at_present(cls, base_url: str) -> View:
        """Return a view of this moment."""
        return cls(base_url, datetime.now(UTC))

    def job_url(self, job: str) -> str:
        """Return the address that opens a job in JupyterLab."""
        return f"{self.base_url}lab?job={quote(job, safe='')}"


Answers = Mapping[str, Any]
"""JSON answers of the API by the names that a part gave to its questions."""


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a dashboard."""

    template: str
    questions: Mapping[str, str]
    """Name to path and query, such as ``{"status": "/api/status"}``."""
    read: Callable[[Answers], dict[str, Any]]
    """Turns answers into what the template shows."""
    refresh_s: float = 2.0
    """Seconds between two looks."""

    def render(self, answers: Answers, view: View) -> str:
        """Return HTML, made of elements with a ``data-slot`` each.

        Parameters
        ----------
        answers : Answers
            What the API answered.
        view : View
            How it is looked at.
        """
        return _environment.get_template(self.template).render(view=view, **self.read(answers))


def part(name: str) -> Part:
    """Return a part by name.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    if name not in PARTS:
        near = nearest(name, PARTS)
        hint = f" Did you mean {near!r}?" if near else ""
        raise NotFoundError(
            f"No part of a dashboard is named {name!r}.{hint} There are: {', '.join(PARTS)}."
        )
    return PARTS[name]


def _jobs(states: list[JobState], order: str = "newest", limit: int = SHOWN) -> str:
    return f"/api/jobs?state={','.join(states)}&order={order}&limit={limit}"


def _read_jobs(answers: Answers) -> dict[str, Any]:
    return {name: JobPage.model_validate(answer) for name, answer in answers.items()}


def _read_hosts(answers: Answers) -> dict[str, Any]:
    jobs = JobPage.model_validate(answers["jobs"]).items
    return {
        "hosts": [HostRecord.model_validate(item) for item in answers["hosts"]],
        "names": {job.id: job.name for job in jobs},
    }


PARTS: dict[str, Part] = {
    "status": Part(
        "status.html",
        {"status": "/api/status"},
        lambda answers: {"status": StatusRecord.model_validate(answers["status"])},
    ),
    "jobs": Part(
        "jobs.html",
        {
            "waiting": _jobs(_WAITING, order="oldest"),
            "running": _jobs(_ACTIVE),
            "finished": _jobs(_ENDED),
        },
        _read_jobs,
    ),
    "notifications": Part(
        "notifications.html",
        {"notifications": f"/api/notifications?limit={SHOWN}"},
        lambda answers: {
            "notifications": [
                NotificationRecord.model_validate(item) for item in answers["notifications"]
            ]
        },
        refresh_s=5.0,
    ),
    "hosts": Part(
        "hosts.html",
        {"hosts": "/api/hosts", "jobs": _jobs(_ACTIVE, limit=1000)},
        _read_hosts,
    ),
}
"""All parts by name."""

_environment = Environment(
    loader=PackageLoader("jupyter_platform.figures"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    marks=wording.STATE_MARKS,
    levels=_LEVELS,
    summary=wording.summary,
    time_element=wording.time_element,
    duration=format_duration,
    size=format_bytes,
)

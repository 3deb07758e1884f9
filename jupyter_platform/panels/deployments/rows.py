"""What the table of the deployments shows of each, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jupyter_platform.core.deployments import DeploymentState
from jupyter_platform.core.units import format_count

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.client.job import Job
    from jupyter_platform.core.deployments import DeploymentRecord
    from jupyter_platform.core.jobs import ResourceRequest

SHOWN_ERROR_LINES = 20
BATCH_JOBS = 50
"""Batch jobs that are listed, the newest."""
ON_ITS_WAY = (DeploymentState.QUEUED, DeploymentState.ERROR, DeploymentState.STARTING)


def read_rows(hub: Platform) -> list[dict[str, Any]]:
    """Return a row for each deployment and each of the newest batch jobs, newest first."""
    deployed = [deployment_row(item.record) for item in hub.deployments(limit=None)]
    batch = [batch_row(job) for job in hub.jobs(type="RUN", limit=BATCH_JOBS)]
    return deployed + batch


def deployment_row(record: DeploymentRecord) -> dict[str, Any]:
    """Return the line of a deployment with all that it opens to."""
    state = record.state
    answering = {end.service: end for end in record.endpoints if end.alive}
    main = answering.get(record.service)
    quick = main if state == DeploymentState.RUNNING else None
    is_starting = state == DeploymentState.STARTING and record.phase is not None
    return {
        "id": record.id,
        "table": record.kind,
        "title": record.title,
        "item": record.item_title,
        "state": str(state),
        "sentence": _sentence(record),
        "fraction": record.phase.fraction if is_starting and record.phase else None,
        "image": record.image or f"{record.item} ({record.runtime})",
        "gpus": str((record.resources_given or record.resources_asked).gpus),
        "created": moment(record.created),
        "quick": {"service": quick.service, "path": quick.path} if quick else None,
        "job": "",
        "can": {
            "use": state == DeploymentState.RUNNING and "api" in answering,
            "stop": not state.has_ended and record.target == "run",
            "start": state.has_ended and record.kind != "try" and record.target != "delete",
            "remove": True,
            "purge": record.target == "delete",
        },
        "info": [[name, text] for name, text in _info(record) if text],
        "endpoints": [
            {
                "service": end.service,
                "path": end.path,
                "alive": end.alive and state == DeploymentState.RUNNING,
                "since": moment(end.since),
            }
            for end in record.endpoints
        ],
        "error": _error(record),
        "log": _log(record),
        "warnings": list(record.warnings),
    }


def batch_row(job: Job) -> dict[str, Any]:
    """Return the line of a batch job; its own page tells the rest."""
    record = job.record
    return {
        "id": record.id,
        "table": "batch",
        "title": record.name,
        "item": "",
        "state": str(record.state),
        "sentence": record.reason or "",
        "fraction": None,
        "image": str(record.options.get("environment") or "platform"),
        "gpus": str(record.request.gpus),
        "created": moment(record.submitted_at),
        "quick": None,
        "job": record.id,
        "can": {"use": False, "stop": False, "start": False, "remove": False, "purge": False},
        "info": [["Job", record.id]],
        "endpoints": [],
        "error": record.error.message if record.error else "",
        "log": "",
        "warnings": [],
    }


def moment(time: datetime | None) -> str:
    """Return a time in UTC as people write it, or nothing."""
    return f"{time:%Y-%m-%d %H:%M}" if time else ""


def _sentence(record: DeploymentRecord) -> str:
    """Return why a deployment is where it is, or how far it is."""
    if record.state == DeploymentState.STARTING and record.phase is not None:
        return f"{record.phase.name}: {record.phase.text}".strip(": ")
    if record.error is not None:
        return record.error.message.split("\n", 1)[0]
    return record.reason or ""


def _info(record: DeploymentRecord) -> Iterable[tuple[str, str]]:
    yield "UUID", record.uuid
    yield "Description", record.description
    yield "Item", record.item
    yield "Purpose", record.purpose
    yield "Owner", record.owner
    yield "Image", record.image or ""
    yield "Network", " : ".join(filter(None, (record.network, record.tag)))
    yield "Asked for", _resources(record.resources_asked)
    yield "Given", _resources(record.resources_given) if record.resources_given else ""
    yield "GPUs", ", ".join(str(gpu) for gpu in record.gpus)
    yield "Host", record.host or ""
    yield "Site", record.site or ""
    yield "Created", f"{moment(record.created)} UTC"
    yield "Started", f"{moment(record.started)} UTC" if record.started else ""
    yield "Ended", f"{moment(record.ended)} UTC" if record.ended else ""
    yield "Ends by itself", f"{moment(record.expires)} UTC" if record.expires else ""
    idle = record.idle_stop_minutes
    yield "Stops when idle", f"after {idle:,} minutes without a request" if idle else ""
    yield "Starts", f"{record.attempts:,}" if record.attempts > 1 else ""


def _resources(request: ResourceRequest) -> str:
    parts = [format_count(request.cpus, "CPU"), format_count(request.gpus, "GPU")]
    if request.memory:
        parts.append(f"{request.memory / 1e6:,.0f} MB of memory")
    return ", ".join(parts)


def _error(record: DeploymentRecord) -> str:
    return record.error.message if record.error is not None else ""


def _log(record: DeploymentRecord) -> str:
    text = (record.error.log_tail or "") if record.error is not None else ""
    return "\n".join(text.splitlines()[-SHOWN_ERROR_LINES:])

"""What is sent when a job is submitted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import FieldError, InvalidRequestError, shortened
from jupyter_platform.core.jobs import JobCheck, JobRecord

IDEMPOTENCY_HEADER = "Idempotency-Key"
"""The coordinator answers a second submission of one key with the job of the first."""


def submission(
    type: str,
    networks: str | Sequence[str],
    dataset: str | Path | None = None,
    *,
    name: str | None = None,
    request: Mapping[str, Any] | None = None,
    priority: int = 0,
    target_count: int | None = None,
    targets: str | Sequence[str] | None = None,
    target_filter: str | None = None,
    force_free: bool | None = None,
    dianne_defaults: bool | None = None,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the JSON form of a `JobSubmission`; the coordinator alone judges what it says.

    Raises
    ------
    InvalidRequestError
        If an argument has a type that has no such form.
    """
    _check_type("networks", networks, Sequence, "a network's name or a list of them")
    _check_type("request", request, Mapping | None, "a mapping such as {'cpus': 2}")
    _check_type("options", options, Mapping | None, "a mapping of option names to values")
    names = [networks] if isinstance(networks, str) else list(networks)
    optional = {
        "name": name,
        "target_count": target_count,
        "targets": targets if targets is None or isinstance(targets, str) else list(targets),
        "target_filter": target_filter,
        "force_free": force_free,
        "dianne_defaults": dianne_defaults,
    }
    return {
        "type": str(type),
        "networks": names,
        "dataset": None if dataset is None else str(dataset),
        "request": dict(request or {}),
        "priority": priority,
        "options": dict(options or {}),
        # What is not said may stand among the options, in DIANNE's spelling.
        **{key: value for key, value in optional.items() if value is not None},
    }


def _check_type(field: str, value: Any, wanted: Any, accepted: str) -> None:
    if not isinstance(value, wanted):
        message = f"{field} = {shortened(repr(value))} is not accepted; it must be {accepted}."
        error = FieldError(field=field, value=repr(value)[:100], message=message, accepted=accepted)
        raise InvalidRequestError(message, errors=[error])


def send(transport: Transport, payload: dict[str, Any]) -> JobRecord:
    """Submit a job; a connection that breaks on the way gives one job all the same."""
    response = transport.request(
        "POST",
        "/api/jobs",
        body=payload,
        headers={IDEMPOTENCY_HEADER: uuid.uuid4().hex},
        repeatable=True,
    )
    return JobRecord.model_validate_json(response.content)


def dry_run(transport: Transport, payload: dict[str, Any]) -> JobCheck:
    """Check a submission; nothing is stored."""
    response = transport.request("POST", "/api/jobs/check", body=payload, repeatable=True)
    return JobCheck.model_validate_json(response.content)


def changed(record: JobRecord, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the submission of a job with some of its fields or options changed.

    Parameters
    ----------
    record : JobRecord
        The job to repeat.
    changes : mapping
        Fields of the submission by name (``name``, ``networks``, ``dataset``, ``request``,
        ``priority``, ``target_count``, ``targets``, ``target_filter``, ``force_free``), anything
        else is an option; an option of None goes back to its default.
    """
    fields: dict[str, Any] = {
        "networks": record.networks,
        "dataset": record.dataset,
        "name": record.name,
        "request": record.request.model_dump(),
        "priority": record.priority,
        "target_count": record.target_count,
        "targets": record.targets or None,
        "target_filter": record.target_filter,
        "force_free": record.force_free or None,
    }
    options = {**record.given, **_our_spelling(record, changes, fields)}
    fields.update({key: value for key, value in changes.items() if key in fields})
    kept = {key: value for key, value in options.items() if value is not None}
    return submission(record.type.value, options=kept, **fields)


def _our_spelling(
    record: JobRecord, changes: Mapping[str, Any], fields: Mapping[str, Any]
) -> dict[str, Any]:
    # To build the models of all options takes longer than all else here: only who needs them waits.
    from jupyter_platform.core.options import OPTION_MODELS  # noqa: PLC0415
    from jupyter_platform.core.options.dianne import translate  # noqa: PLC0415

    options = {key: value for key, value in changes.items() if key not in fields}
    return translate(OPTION_MODELS[record.type], options)

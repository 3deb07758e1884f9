"""Submissions of jobs: their JSON form, sending and checking them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import FieldError, InvalidRequestError, refusal, shortened
from jupyter_platform.core.jobs import MAX_NAME_LENGTH, JobBatch, JobCheck, JobRecord

FIELDS = (
    "name",
    "request",
    "priority",
    "target_count",
    "targets",
    "target_filter",
    "force_free",
)
"""What is said of a job beside its options."""
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
    note: str | None = None,
) -> dict[str, Any]:
    """Return the JSON form of a `JobSubmission`; the coordinator alone validates the content.

    Parameters
    ----------
    type : str
        Kind of job.
    networks : str or sequence of str
        Names in the repository.
    dataset : str or Path, optional
        Name in the repository.
    name : str, optional
        Name of the job; None: made of network and dataset.
    request : mapping, optional
        ``cpus``, ``memory`` and ``gpus`` of each process.
    priority : int
        -100 to 100; higher goes first.
    target_count : int, optional
        Number of processes that start together.
    targets : str or sequence of str, optional
        Names or ids of hosts that the job may use.
    target_filter : str, optional
        LDAP filter of the hosts that the job may use.
    force_free : bool, optional
        Whether its hosts must be free of other work.
    dianne_defaults : bool, optional
        Whether options that are not given take DIANNE's defaults.
    options : mapping, optional
        Options of the kind of job.
    note : str, optional
        The client's note on preparations, such as an added file.

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
        "notes": [note] if note else None,
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
    """Submit a job exactly once, also when the connection breaks on the way.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    payload : dict
        JSON form of the submission.
    """
    response = transport.request(
        "POST",
        "/api/jobs",
        body=payload,
        headers={IDEMPOTENCY_HEADER: uuid.uuid4().hex},
        repeatable=True,
    )
    return JobRecord.model_validate_json(response.content)


def send_all(transport: Transport, payloads: Sequence[dict[str, Any]]) -> list[JobRecord]:
    """Submit jobs in one request, all or none; as `send` for a connection that breaks.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    payloads : sequence of dict of str to object
        JSON forms of the submissions.
    """
    response = transport.request(
        "POST",
        "/api/jobs/batch",
        body={"jobs": list(payloads)},
        headers={IDEMPOTENCY_HEADER: uuid.uuid4().hex},
        repeatable=True,
    )
    return JobBatch.model_validate_json(response.content).jobs


def dry_run(transport: Transport, payload: dict[str, Any]) -> JobCheck:
    """Check a submission without storing it.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    payload : dict
        JSON form of the submission.
    """
    response = transport.request("POST", "/api/jobs/check", body=payload, repeatable=True)
    return JobCheck.model_validate_json(response.content)


def changed(
    record: JobRecord, changes: Mapping[str, Any], is_taken: Callable[[str], bool]
) -> dict[str, Any]:
    """Return the submission of a job with some of its fields or options changed.

    It keeps its weights under its own id, not under the first job's tag, unless a tag is given.

    Parameters
    ----------
    record : JobRecord
        The job to repeat.
    changes : mapping
        Fields of the submission by name, in our spelling or DIANNE's (``name``, ``networks``,
        ``dataset``, ``request``, ``priority``, ``target_count``, ``targets``, ``target_filter``,
        ``force_free``), anything else is an option; an option of None goes back to its default.
    is_taken : callable
        Whether there is a job of some name: the new one has a number behind its own then.

    Raises
    ------
    OptionError
        If a field or an option is given in two spellings.
    """
    wanted, options = _told_apart(record, changes)
    fields: dict[str, Any] = {
        "networks": record.networks,
        "dataset": record.dataset,
        "request": record.request.model_dump(),
        "priority": record.priority,
        "target_count": record.target_count,
        "targets": record.targets or None,
        "target_filter": record.target_filter,
        "force_free": record.force_free or None,
    }
    if "targets" in wanted or record.target_count == max(len(record.targets), 1):
        # One process on each target, or one: as it comes when no count is named.
        del fields["target_count"]
    if wanted.get("name") is None:
        works_on_others = wanted.keys() & {"networks", "dataset"}
        by_default = _stem(record.name)[0] == "-".join([*record.networks[:1], str(record.dataset)])
        wanted["name"] = (
            None if works_on_others and by_default else _free_name(record.name, is_taken)
        )
    given = {key: value for key, value in record.given.items() if key not in _OF_THE_FIRST}
    kept = {key: value for key, value in {**given, **options}.items() if value is not None}
    return submission(record.type.value, options=kept, **{**fields, **wanted})


_OF_THE_FIRST = ("tag", "clean", "replace_best")
"""Options about the tag that the first job writes."""


def _told_apart(
    record: JobRecord, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields and the options among changes, in our spelling."""
    # To build the models of all options takes longer than all else here: only who needs them waits.
    from jupyter_platform.core.options import OPTION_MODELS  # noqa: PLC0415
    from jupyter_platform.core.options.dianne import SUBMISSION_KEYS, translate  # noqa: PLC0415

    fields, options = dict[str, Any](), dict[str, Any]()
    for key, value in changes.items():
        ours = SUBMISSION_KEYS.get(key, key)
        if ours not in _FIELDS:
            options[key] = value
        elif ours in fields:
            message = f"{key} is given twice: as {key} and as {ours}; give only {ours}."
            raise refusal(key, value, message, ours)
        else:
            fields[ours] = value
    return fields, translate(OPTION_MODELS[record.type], options, beside=record.given)


_FIELDS = (
    "name",
    "networks",
    "dataset",
    "request",
    "priority",
    "target_count",
    "targets",
    "target_filter",
    "force_free",
)


def _free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return a name that no job has: it with the next free number behind it, ``x 2``, ``x 3``."""
    stem, number = _stem(name)
    while is_taken(name):
        number += 1
        ending = f" {number}"
        name = stem[: MAX_NAME_LENGTH - len(ending)] + ending
    return name


def _stem(name: str) -> tuple[str, int]:
    """Return a name without the number behind it, and the number."""
    found = re.fullmatch(r"(.*) (\d{1,6})", name)
    return (found[1], int(found[2])) if found else (name, 1)

"""The single fields of a submission: type, name, resources, and DIANNE's keys among options."""

from __future__ import annotations

import unicodedata
from typing import Any

from pydantic import ValidationError

from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    OptionError,
    nearest,
    refusal,
    shortened,
    unknown_name,
)
from jupyter_platform.core.jobs import MAX_NAME_LENGTH, JobSubmission, ResourceRequest
from jupyter_platform.core.kinds import kinds
from jupyter_platform.core.options.dianne import SUBMISSION_KEYS
from jupyter_platform.core.states import JobType
from jupyter_platform.core.units import parse_bytes


def job_type(text: str) -> JobType:
    """Return the type that a submission names, in any case of its letters."""
    wanted = text.strip().upper()
    if wanted not in kinds():
        error = unknown_name("type", text, list(kinds()))
        raise InvalidRequestError(error.message, errors=[error])
    return JobType(wanted)


def move_dianne_keys(submission: JobSubmission) -> JobSubmission:
    """Return the submission with DIANNE's keys moved from its options to its own fields."""
    options, moved = dict(submission.options), {}
    for key, ours in SUBMISSION_KEYS.items():
        if key not in options:
            continue
        if ours in submission.model_fields_set or ours in moved:
            message = f"{key} is given twice: as an option and as {ours}; give only {ours}."
            raise refusal(key, options[key], message, ours)
        moved[ours] = options.pop(key)
    if not moved:
        return submission
    fields = {name: getattr(submission, name) for name in submission.model_fields_set}
    try:
        return JobSubmission.model_validate({**fields, "options": options, **moved})
    except ValidationError as error:
        item = error.errors()[0]
        spelled = {ours: key for key, ours in SUBMISSION_KEYS.items() if key in submission.options}
        name = spelled.get(str(item["loc"][0]), str(item["loc"][0]))
        message = f"{name} = {item['input']!r} is not accepted: {item['msg'].lower()}."
        raise refusal(name, item["input"], message, item["msg"].lower()) from error


def plain_name(text: str) -> str:
    """Return a name for people without the white space around it.

    Raises
    ------
    OptionError
        If it is empty, or holds a control character.
    """
    name = text.strip()
    if not name:
        message = "The name is empty; write one, or leave it out."
        raise refusal("name", text, message, f"1 to {MAX_NAME_LENGTH} characters")
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        # They would move the cursor of every terminal that lists the job.
        message = f"name = {name!r} holds a control character; write one line of plain text."
        raise refusal("name", name, message, "one line of text")
    return name


def _unknown_resource(key: str, value: Any, known: list[str]) -> OptionError:
    key = shortened(key)
    near = nearest(key, known)
    hint = f" Did you mean {near}?" if near else ""
    accepted = ", ".join(known)
    message = f"Unknown resource {key!r}.{hint} Known: {accepted}."
    return OptionError.from_fields(
        [
            FieldError(
                field=f"request.{key}",
                value=value,
                message=message,
                accepted=accepted,
                nearest=near,
            )
        ]
    )


def resources(job_type: JobType, given: dict[str, Any], has_gpus: bool) -> ResourceRequest:
    """Return the resources that a job asks for, with the defaults of its type.

    Parameters
    ----------
    job_type : JobType
        Kind of the job.
    given : dict of str to object
        Resource to what was asked for.
    has_gpus : bool
        Whether the cluster has any.

    Raises
    ------
    OptionError
        If a resource is unknown or its value is not accepted.
    """
    known = list(ResourceRequest.model_fields)
    for key in given:
        if key not in known:
            raise _unknown_resource(key, given[key], known)
    values = {key: value for key, value in given.items() if value not in (None, "")}
    values.setdefault("gpus", kinds()[job_type].gpus if has_gpus else 0)
    if "memory" in values:
        try:
            values["memory"] = parse_bytes(values["memory"])
        except (ValueError, AttributeError, OverflowError) as error:
            shown = shortened(repr(values["memory"]))
            message = f"request.memory = {shown} is not accepted: {error}."
            raise refusal(
                "request.memory", values["memory"], message, "a size like '4GB'"
            ) from error
    try:
        return ResourceRequest.model_validate(values)
    except ValidationError as error:
        item = error.errors()[0]
        field_name = f"request.{item['loc'][0]}"
        told = item["msg"][0].lower() + item["msg"][1:]
        shown = shortened(repr(item["input"]))
        message = f"{field_name} = {shown} is not accepted: {told}."
        raise refusal(field_name, item["input"], message, told) from error

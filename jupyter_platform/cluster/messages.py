"""What the coordinator may ask a host agent, one model per operation."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.runs import PullRequest, RunId, RunSpec

Message = TypeVar("Message", bound=BaseModel)


def _run(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return RunId.parse(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not <workload>/<attempt>/<rank>") from error


Run = Annotated[RunId, BeforeValidator(_run)]
"""``<workload>/<attempt>/<rank>``, or the object."""


class Nothing(BaseModel):
    """``describe``, ``sample``, ``list``."""


class Has(BaseModel):
    """``has``: which of these files are missing."""

    digests: list[str]


class Put(BaseModel):
    """``put``: a piece of a file."""

    digest: str
    offset: int = Field(ge=0)
    last: bool


class Start(BaseModel):
    """``start``."""

    spec: RunSpec


class Pull(BaseModel):
    """``pull``: what is new in these runs."""

    requests: list[PullRequest]


class Read(BaseModel):
    """``read``: a piece of a file of a run folder."""

    run: Run
    path: str
    offset: int = Field(ge=0)
    length: int = Field(ge=0)


class Signal(BaseModel):
    """``signal``."""

    run: Run
    action: Literal["stop", "kill"]


class Remove(BaseModel):
    """``remove``: a run folder that is not needed any more."""

    run: Run


class Inspect(BaseModel):
    """``inspect``: a question to the inspector; its files are found here."""

    request: dict[str, Any]
    timeout_s: float = Field(default=30.0, gt=0)


def read(op: str, message: type[Message], payload: str) -> Message:
    """Read a payload.

    Parameters
    ----------
    op : str
        Name of the operation.
    message : subclass of Message
        Type of its payload.
    payload : str
        JSON text.

    Raises
    ------
    InvalidRequestError
        If it is not what the operation takes; the fields to blame are named.
    """
    try:
        return message.model_validate_json(payload)
    except ValidationError as error:
        fields = [
            FieldError(field=".".join(str(part) for part in item["loc"]), message=item["msg"])
            for item in error.errors()
        ]
        faults = "; ".join(f"{field.field or 'payload'}: {field.message}" for field in fields)
        raise InvalidRequestError(
            f"Request {op!r} is not valid: {faults}.", errors=fields
        ) from error

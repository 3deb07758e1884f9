"""The states of a job and the transitions between them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class JobType(StrEnum):
    """The kind of a job. Each type has a lane of its own in the queue.

    Kinds of installed packages become members when they are first named.
    """

    LEARN = "LEARN"
    EVALUATE = "EVALUATE"
    ACT = "ACT"
    RUN = "RUN"

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of any text: which kinds there are depends on what is installed."""
        return {"type": "string", "title": cls.__name__, "examples": [cls.LEARN.value]}

    @classmethod
    def _missing_(cls, value: object) -> JobType | None:
        from jupyter_platform.core.kinds import kinds  # noqa: PLC0415 - for names of others alone

        if not isinstance(value, str) or value not in kinds():
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        cls._member_map_[value] = cls._value2member_map_[value] = member
        cls._member_names_.append(value)
        return member


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will never run again."""
        return self in TERMINAL

    @property
    def holds_resources(self) -> bool:
        """Whether the job occupies a lease in this state."""
        return self in HOLDING


class JobTarget(StrEnum):
    """What the owner wants a job to become; the reconciler closes the difference."""

    RUN = "run"
    STOP = "stop"
    DELETE = "delete"


TERMINAL = frozenset({JobState.FINISHED, JobState.STOPPED, JobState.FAILED, JobState.CANCELLED})
HOLDING = frozenset({JobState.STARTING, JobState.RUNNING, JobState.STOPPING, JobState.UNREACHABLE})
WAITING = frozenset(JobState) - TERMINAL - HOLDING
"""States in which a job holds nothing and may run again."""
UNENDED = [state.value for state in JobState if state not in TERMINAL]
"""Values of the states of jobs that run or may run again."""

_Q, _S, _R, _T = JobState.QUEUED, JobState.STARTING, JobState.RUNNING, JobState.STOPPING
_U, _P = JobState.UNREACHABLE, JobState.PAUSED

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    _Q: frozenset({_S, JobState.CANCELLED, JobState.FAILED}),
    _S: frozenset({_R, _T, _Q, _U}) | TERMINAL,
    _R: frozenset({_T, _Q, _U, _P}) | TERMINAL,
    _T: frozenset({_P, _U}) | TERMINAL,
    _U: frozenset({_R, _S, _T, _Q}) | TERMINAL,
    _P: frozenset({_Q, JobState.CANCELLED, JobState.STOPPED}),
    **{state: frozenset[JobState]() for state in TERMINAL},
}
"""Every transition that a record may make; a test walks it."""

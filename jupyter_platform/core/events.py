"""Messages of the stream of events: a snapshot first, then what changes."""

from __future__ import annotations

from typing import Literal

from jupyter_platform.core.deployments import DeploymentRecord
from jupyter_platform.core.hosts import HostRecord, StatusRecord
from jupyter_platform.core.jobs import JobProgress, JobRecord, NotificationRecord
from jupyter_platform.core.records import Record


class Message(Record):
    """One message; `event` is the id to resume after."""

    event: str


class SnapshotMessage(Message):
    """The full state, for a new subscriber."""

    type: Literal["snapshot"]
    status: StatusRecord
    jobs: list[JobRecord]
    """Jobs that hold resources, the first in the queue, and the most recently ended."""
    waiting: int
    """How many jobs wait."""
    hosts: list[HostRecord]
    notifications: list[NotificationRecord]


class JobMessage(Message):
    """A job came, or something of it changed."""

    type: Literal["job"]
    job: JobRecord


class JobDeletedMessage(Message):
    """A job was deleted."""

    type: Literal["job_deleted"]
    job_deleted: str


class DeploymentMessage(Message):
    """A deployment came, or something of it changed; its owner is told."""

    type: Literal["deployment"]
    deployment: DeploymentRecord


class DeploymentDeletedMessage(Message):
    """A deployment was deleted, and nothing of it is left."""

    type: Literal["deployment_deleted"]
    deployment_deleted: str


class HostMessage(Message):
    """A host joined, or something of it changed."""

    type: Literal["host"]
    host: HostRecord


class HostRemovedMessage(Message):
    """A host was forgotten."""

    type: Literal["host_removed"]
    host_removed: str


class NotificationMessage(Message):
    """Something happened that people should know."""

    type: Literal["notification"]
    notification: NotificationRecord


class StatusMessage(Message):
    """The state of the whole platform changed."""

    type: Literal["status"]
    status: StatusRecord


class ProgressMessage(Message):
    """Jobs moved on."""

    type: Literal["progress"]
    progress: dict[str, JobProgress]
    """By the id of the job."""


class ReasonsMessage(Message):
    """Jobs or deployments wait for something else than before."""

    type: Literal["reasons"]
    reasons: dict[str, str | None]
    """A sentence by the id of the job or deployment."""


EventMessage = (
    SnapshotMessage
    | JobMessage
    | JobDeletedMessage
    | DeploymentMessage
    | DeploymentDeletedMessage
    | HostMessage
    | HostRemovedMessage
    | NotificationMessage
    | StatusMessage
    | ProgressMessage
    | ReasonsMessage
)
"""Anything that the stream sends."""

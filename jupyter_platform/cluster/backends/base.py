"""The contract of a back end: what the coordinator asks of whatever starts and ends hosts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

ManagedState = Literal["starting", "running", "failed", "stopping", "stopped"]


@dataclass(frozen=True)
class ManagedHost:
    """How a host is in the eyes of its back end; whether it has joined, the cluster knows."""

    state: ManagedState
    reason: str | None = None
    """A sentence: why it is not running, where it should be."""

    @property
    def is_wanted(self) -> bool:
        """Return whether somebody wants it to run."""
        return self.state in ("starting", "running", "failed")


class Backend(ABC):
    """Starts and ends hosts, and knows them again after any of us was killed.

    Each step of a start is written down before it is taken: first that the host is wanted, then
    the process or job that it became, before that begins. So whoever was killed on the way, a host
    is found by `hosts`, and a start or a stop that is asked again goes on where it was.

    All methods are called in threads. One that takes longer than the coordinator waits is given up
    and asked again later, so that each must bear to be asked twice.
    """

    name: ClassVar[str]
    work_survives: ClassVar[bool]
    """Whether processes of workloads go on when the worker of their host has died. Where it is
    False, a lost worker means lost work, which is tried again without waiting for the host."""

    @abstractmethod
    def start(self, host: str) -> None:
        """Have a host started; one that is on its way or runs is left as it is.

        Raises
        ------
        NotFoundError
            If it is none of this back end.
        HostError
            If it cannot be started; the message says why.
        """

    @abstractmethod
    def stop(self, host: str) -> None:
        """Have a host ended and not started again; one that is stopped is left as it is.

        Raises
        ------
        NotFoundError
            If it is none of this back end.
        HostError
            If it cannot be stopped; the message says why.
        """

    @abstractmethod
    def hosts(self) -> dict[str, ManagedHost]:
        """Return all hosts of this back end by their names, those that are stopped too.

        Raises
        ------
        HostError
            If it cannot be told.
        """

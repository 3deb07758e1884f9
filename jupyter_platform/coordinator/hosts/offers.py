"""What hosts offer, and what of it is granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from jupyter_platform.coordinator.hosts.filters import Attributes


@dataclass(frozen=True, slots=True)
class GpuOffer:
    """One GPU of a host."""

    index: int
    foreign_memory: int = 0
    """Bytes held by processes that are not ours."""


@dataclass(frozen=True, slots=True)
class HostOffer:
    """What one host offers."""

    name: str
    cpus: int
    memory: int
    gpus: tuple[GpuOffer, ...] = ()
    roles: Mapping[str, int | None] = field(
        default_factory=lambda: dict.fromkeys(("learner", "evaluator", "agent", "runner"))
    )
    """Role to how many may run at once; None: as many as fit. An absent role never runs here."""
    up: bool = True
    at_home: bool = True
    """Whether it is on the coordinator's machine."""
    attributes: Attributes = field(default_factory=dict)
    """What filters look at."""


@dataclass(frozen=True, slots=True)
class Busy:
    """What of a host is granted."""

    cpus: int
    memory: int
    """Bytes."""
    gpus: list[int]
    jobs: list[str]


class Grants(Protocol):
    """Who knows what of each host is granted; the ledger."""

    def busy(self, host: str) -> Busy:
        """Return what of a host is granted now."""
        ...

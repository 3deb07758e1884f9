"""Offers of hosts, and the granted part of them."""

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
    """The offer of one host."""

    name: str
    cpus: int
    memory: int
    gpus: tuple[GpuOffer, ...] = ()
    roles: Mapping[str, int | None] = field(
        default_factory=lambda: dict.fromkeys(
            ("learner", "evaluator", "agent", "runner", "service")
        )
    )
    """Role to how many may run at once; None: as many as fit. An absent role never runs here."""
    up: bool = True
    at_home: bool = True
    """Whether it is on the coordinator's machine."""
    attributes: Attributes = field(default_factory=dict)
    """Properties of the host that filters match."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The granted part of a host's offer."""

    cpus: int
    memory: int
    """Bytes."""
    gpus: list[int]
    jobs: list[str]


class Grants(Protocol):
    """Source of the grants on each host: the ledger."""

    def busy(self, host: str) -> Busy:
        """Return the present grants on a host."""
        ...

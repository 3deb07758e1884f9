"""Room on hosts while a plan is being made.

Room is a vector ``(CPUs, memory, GPUs, places of the role)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_platform.coordinator.hosts.filters import parse_filter
from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.coordinator.workloads.planning.model import (
    LeaseView,
    Policy,
    RankPlacement,
    Shape,
)

Room = tuple[int, int, int, int]

NOTHING: Room = (0, 0, 0, 0)
_MANY = 10**9
"""Places of a role whose number is not limited."""
BARRIER = 10**12
"""Places that are missing for each thing that keeps a shape off a host."""


def need(shape: Shape, ranks: int = 1) -> Room:
    """Return the room that `ranks` processes of a shape take."""
    return (shape.cpus * ranks, shape.memory * ranks, shape.gpus * ranks, ranks)


def minus(room: Room, taken: Room) -> Room:
    """Return what is left; negative where more is taken than there is."""
    return (room[0] - taken[0], room[1] - taken[1], room[2] - taken[2], room[3] - taken[3])


def plus(room: Room, given: Room) -> Room:
    """Return the sum of two rooms."""
    return (room[0] + given[0], room[1] + given[1], room[2] + given[2], room[3] + given[3])


def least(first: Room, second: Room) -> Room:
    """Return the smaller of two rooms in each dimension."""
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        min(first[2], second[2]),
        min(first[3], second[3]),
    )


def count(room: Room, shape: Shape) -> int:
    """Return how many processes of a shape fit into a room."""
    one = need(shape)
    fits = max(0, min(have // want for have, want in zip(room, one, strict=True) if want))
    return min(fits, 1) if shape.asks_hosts else fits


def deficit(room: Room, wanted: Room) -> float:
    """Return how much is missing, as the sum of the missing shares of each dimension."""
    return sum(
        1 - max(have, 0) / want
        for have, want in zip(room, wanted, strict=True)
        if want and have < want
    )


@dataclass
class HostRoom:
    """What is left of one host."""

    offer: HostOffer
    cpus: int
    memory: int
    gpus: list[int]
    """Indices that are free and not taken by strangers."""
    grantable: frozenset[int] = frozenset()
    """Indices not taken by strangers, whether leased or not."""
    used: dict[str, int] = field(default_factory=dict)
    """Role to how many run here."""
    failures: float = 0.0
    leases: int = 0
    """Grants, of whatever role, that have not ended."""
    exclusive: int = 0
    """Those of them that tolerate no others."""

    def room(self, shape: Shape) -> Room:
        """Return what is free for a shape; where it may not be, places are far below none."""
        places = _capacity(self.offer, shape.role) - self.used.get(shape.role, 0)
        barriers = self.leases if shape.force_free else self.exclusive
        barriers += not admits(self.offer, shape)
        return (self.cpus, self.memory, len(self.gpus), places - barriers * BARRIER)

    def whole(self, shape: Shape) -> Room:
        """Return what there is for a shape when nothing runs."""
        offer = self.offer
        places = _capacity(offer, shape.role) if admits(offer, shape) else 0
        return (offer.cpus, offer.memory, len(offer.gpus), places)

    def take(self, shape: Shape, ranks: Sequence[int]) -> list[RankPlacement]:
        """Grant room to ranks and name their GPUs."""
        granted = []
        for rank in ranks:
            gpus, self.gpus = self.gpus[: shape.gpus], self.gpus[shape.gpus :]
            self.cpus -= shape.cpus
            self.memory -= shape.memory
            self.count_in(shape.role, exclusive=shape.force_free)
            granted.append(RankPlacement(rank, self.offer.name, tuple(gpus)))
        return granted

    def rank_key(self, shape: Shape) -> tuple[float, int, int, int, str]:
        """Order hosts: sound ones first, GPUs kept for those who need them, then the fullest."""
        idle_gpus = 0 if shape.gpus else len(self.gpus)
        return (self.failures, idle_gpus, self.cpus, self.memory, self.offer.name)

    def count_in(self, role: str, *, exclusive: bool) -> None:
        """Count one more process that runs here."""
        self.used[role] = self.used.get(role, 0) + 1
        self.leases += 1
        self.exclusive += exclusive


def admits(offer: HostOffer, shape: Shape) -> bool:
    """Return whether a shape may use a host at all, whatever room there is."""
    if shape.targets and not {offer.name, *offer.attributes.get("id", ())} & set(shape.targets):
        return False
    if shape.at_home and not offer.at_home:
        return False
    return not shape.target_filter or parse_filter(shape.target_filter)(offer.attributes)


def _capacity(offer: HostOffer, role: str) -> int:
    if role not in offer.roles:
        return 0
    capacity = offer.roles[role]
    return _MANY if capacity is None else capacity


def host_rooms(
    hosts: Iterable[HostOffer],
    leases: Iterable[LeaseView],
    failures: Mapping[str, float],
    policy: Policy,
) -> dict[str, HostRoom]:
    """Return what is left of each host that is up, by name."""
    rooms = {}
    for host in sorted(hosts, key=lambda host: host.name):
        limit = policy.foreign_gpu_memory
        gpus = [gpu.index for gpu in host.gpus if gpu.foreign_memory <= limit]
        if host.up:
            failed = failures.get(host.name, 0.0)
            rooms[host.name] = HostRoom(
                host, host.cpus, host.memory, gpus, frozenset(gpus), failures=failed
            )
    for lease in leases:
        room = rooms.get(lease.host)
        if room is None:
            continue
        room.cpus -= lease.cpus
        room.memory -= lease.memory
        room.gpus = [index for index in room.gpus if index not in lease.gpus]
        room.count_in(lease.role, exclusive=lease.exclusive)
    return rooms

"""Room kept for what is blocked, so that nothing that starts now delays it.

Backfilling after Lifka, "The ANL/IBM SP scheduling system", 1995 (EASY): a workload may pass a
blocked one when it ends before that one can start, or takes only what that one leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_platform.coordinator.workloads.planning.model import LeaseView, Reservation, Shape
from jupyter_platform.coordinator.workloads.planning.rooms import (
    BARRIER,
    NOTHING,
    HostRoom,
    Room,
    count,
    deficit,
    least,
    minus,
    need,
    plus,
)


@dataclass
class Hold:
    """A reservation and what it leaves to others."""

    shape: Shape
    name: str
    reservation: Reservation
    spare: dict[str, Room]
    """Host to the room that may be taken past the reservation's start; other hosts are free."""

    def binds(self, end: float | None) -> bool:
        """Whether a workload that ends at `end` would still run when this one wants to start."""
        at = self.reservation.at
        return at is None or end is None or end > at

    def take(self, host: str, taken: Room) -> None:
        """Count room that somebody takes past the reservation's start."""
        if host in self.spare:
            self.spare[host] = minus(self.spare[host], taken)


@dataclass(frozen=True, slots=True)
class Release:
    """Room that comes back at a time that is known."""

    at: float
    host: str
    role: str
    room: Room
    """The last dimension counts one process of `role`."""
    exclusive: bool = False
    """Whether nothing else may run there until then."""


def releases(
    now: float, leases: Iterable[LeaseView], ends: Mapping[str, float], rooms: dict[str, HostRoom]
) -> list[Release]:
    """Return what comes back and when, soonest first; an end that has passed counts as now."""
    found = []
    for lease in leases:
        end = ends.get(lease.workload)
        if end is None or lease.host not in rooms:
            continue
        usable = rooms[lease.host].grantable.intersection(lease.gpus)
        room = (lease.cpus, lease.memory, len(usable), 1)
        found.append(Release(max(end, now), lease.host, lease.role, room, lease.exclusive))
    return sorted(found, key=lambda item: (item.at, item.host, item.role, item.room))


def earliest(
    shape: Shape, rooms: dict[str, HostRoom], back: list[Release], holds: list[Hold]
) -> tuple[float | None, dict[str, Room]]:
    """Return when a shape fits, as far as ends are known, and each host's room at that time.

    The room is that after the earlier reservations in `holds` have been served.
    """
    state = {
        name: minus(host.room(shape), _held(name, shape, holds)) for name, host in rooms.items()
    }
    fits = {name: count(room, shape) for name, room in state.items()}
    total = sum(fits.values())
    for position, item in enumerate(back):
        places = item.room[3] if item.role == shape.role else 0
        if item.exclusive or shape.force_free:
            places += BARRIER
        state[item.host] = plus(state[item.host], (*item.room[:3], places))
        total -= fits[item.host]
        fits[item.host] = count(state[item.host], shape)
        total += fits[item.host]
        last_of_its_time = position + 1 == len(back) or back[position + 1].at > item.at
        if total >= shape.ranks and last_of_its_time:
            return item.at, state
    return None, state


def _held(host: str, shape: Shape, holds: list[Hold]) -> Room:
    held = NOTHING
    for hold in holds:
        ranks = hold.reservation.hosts.get(host, 0)
        taken = need(hold.shape, ranks)
        places = ranks if hold.shape.role == shape.role else 0
        if ranks and (hold.shape.force_free or shape.force_free):
            places += BARRIER
        held = plus(held, (*taken[:3], places))
    return held


def hold_for(
    workload: str,
    name: str,
    shape: Shape,
    rooms: dict[str, HostRoom],
    back: list[Release],
    holds: list[Hold],
) -> Hold:
    """Reserve for a blocked workload: where it can start soonest, else where least is missing.

    Where no end is known, what is free now on the chosen hosts is kept for it, up to its need:
    the least missing anywhere can then only shrink, so it starts in the end.
    """
    at, state = earliest(shape, rooms, back, holds)
    if at is not None:
        hosts = _spread(shape, {host: count(room, shape) for host, room in state.items()}, rooms)
        spare = {
            host: NOTHING if shape.force_free else minus(state[host], need(shape, ranks))
            for host, ranks in hosts.items()
        }
        return Hold(shape, name, Reservation(workload, hosts, at), spare)
    free = {
        host: _positive(minus(room.room(shape), _held(host, shape, holds)))
        for host, room in rooms.items()
    }
    hosts = _nearest_hosts(shape, rooms, free)
    spare = {
        host: NOTHING
        if shape.force_free
        else minus(free[host], least(free[host], need(shape, ranks)))
        for host, ranks in hosts.items()
    }
    return Hold(shape, name, Reservation(workload, hosts, None), spare)


def _positive(room: Room) -> Room:
    return (max(room[0], 0), max(room[1], 0), max(room[2], 0), max(room[3], 0))


def _spread(shape: Shape, fits: dict[str, int], rooms: dict[str, HostRoom]) -> dict[str, int]:
    order = sorted(fits, key=lambda host: (-min(fits[host], shape.ranks), rooms[host].failures))
    hosts: dict[str, int] = {}
    left = shape.ranks
    for host in order:
        ranks = min(left, fits[host])
        if ranks:
            hosts[host] = ranks
            left -= ranks
    return hosts


def _nearest_hosts(
    shape: Shape, rooms: dict[str, HostRoom], free: dict[str, Room]
) -> dict[str, int]:
    hosts: dict[str, int] = {}
    left = shape.ranks
    whole = {host: min(count(room.whole(shape), shape), left) for host, room in rooms.items()}
    able = [host for host, ranks in whole.items() if ranks]
    order = sorted(
        able,
        key=lambda host: (
            -min(count(free[host], shape), left),
            deficit(free[host], need(shape, whole[host])),
            host,
        ),
    )
    for host in order:
        ranks = min(left, whole[host])
        if ranks:
            hosts[host] = ranks
            left -= ranks
    return hosts

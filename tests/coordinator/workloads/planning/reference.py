"""The planner written down once more, slowly: nothing is remembered, everything is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from jupyter_platform.coordinator.hosts.filters import parse_filter
from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    LeaseView,
    Pending,
    Placement,
    Plan,
    PlanningPolicy,
    RankPlacement,
    Reason,
    Reservation,
    Shape,
    Usage,
)

FAR = 1e18
"""An end that nobody knows."""


@dataclass
class Room:
    """What of one host may be used by one shape."""

    cpus: int
    memory: int
    gpus: int
    places: float
    open: bool = True

    def ranks(self, shape: Shape) -> int:
        fits = self.places
        fits = min(fits, self.cpus // shape.cpus) if shape.cpus else fits
        fits = min(fits, self.memory // shape.memory) if shape.memory else fits
        fits = min(fits, self.gpus // shape.gpus) if shape.gpus else fits
        if shape.targets or shape.target_filter:
            fits = min(fits, 1)
        return int(max(min(fits, 10**9), 0)) if self.open else 0

    def without(self, shape: Shape, ranks: int, role: str) -> Room:
        return Room(
            self.cpus - shape.cpus * ranks,
            self.memory - shape.memory * ranks,
            self.gpus - shape.gpus * ranks,
            self.places - (ranks if shape.role == role else 0),
            self.open,
        )


@dataclass
class Kept:
    """A reservation, with what is spare on its hosts."""

    item: Pending
    hosts: dict[str, int]
    at: float | None
    spare: dict[str, Room]

    def binds(self, end: float) -> bool:
        return self.at is None or end > self.at


@dataclass
class World:
    """Hosts, and all that is granted on them by now."""

    hosts: dict[str, HostOffer]
    leases: list[LeaseView]
    failures: dict[str, float]
    policy: PlanningPolicy
    kept: list[Kept] = field(default_factory=list)

    def names(self) -> list[str]:
        return sorted(name for name, host in self.hosts.items() if host.up)

    def on(self, name: str) -> list[LeaseView]:
        return [lease for lease in self.leases if lease.host == name]

    def admits(self, name: str, shape: Shape) -> bool:
        host = self.hosts[name]
        known_as = {name, *host.attributes.get("id", ())}
        if shape.targets and not known_as & set(shape.targets):
            return False
        if shape.at_home and not host.at_home:
            return False
        return not shape.target_filter or parse_filter(shape.target_filter)(host.attributes)

    def whole(self, name: str, shape: Shape) -> Room:
        host = self.hosts[name]
        limit = host.roles.get(shape.role, 0)
        places = float("inf") if limit is None else limit
        return Room(host.cpus, host.memory, len(host.gpus), places, self.admits(name, shape))

    def usable_gpus(self, name: str) -> list[int]:
        limit = self.policy.foreign_gpu_memory
        return [gpu.index for gpu in self.hosts[name].gpus if gpu.foreign_memory <= limit]

    def free_gpus(self, name: str) -> list[int]:
        taken = {index for lease in self.on(name) for index in lease.gpus}
        return [index for index in self.usable_gpus(name) if index not in taken]

    def room(self, name: str, shape: Shape) -> Room:
        whole, here = self.whole(name, shape), self.on(name)
        shut = any(shape.force_free or lease.exclusive for lease in here)
        return Room(
            whole.cpus - sum(lease.cpus for lease in here),
            whole.memory - sum(lease.memory for lease in here),
            len(self.free_gpus(name)),
            whole.places - sum(lease.role == shape.role for lease in here),
            whole.open and not shut,
        )

    def past_reservations(self, name: str, shape: Shape, end: float, first: int = 99) -> Room:
        """Return the room past the `first` reservations, where they bind."""
        room = self.room(name, shape)
        for kept in self.kept[:first]:
            if kept.binds(end) and name in kept.spare:
                spare, same = kept.spare[name], kept.item.shape.role == shape.role
                room = Room(
                    min(room.cpus, spare.cpus),
                    min(room.memory, spare.memory),
                    min(room.gpus, spare.gpus),
                    min(room.places, spare.places) if same else room.places,
                    room.open and not shape.force_free and not kept.item.shape.force_free,
                )
        return room

    def once_others_were_served(self, name: str, shape: Shape) -> Room:
        """Return the room when all that have reserved before run as well."""
        room = self.room(name, shape)
        for kept in self.kept:
            if name in kept.hosts:
                room = room.without(kept.item.shape, kept.hosts[name], shape.role)
                room.open &= not shape.force_free and not kept.item.shape.force_free
        return room

    def at(self, moment: float, ends: dict[str, float]) -> World:
        """Return the world once all has ended that is expected to end until then."""
        going = [lease for lease in self.leases if ends.get(lease.workload, FAR) > moment]
        return replace(self, leases=going)


def reference_plan(
    now: float,
    pending: Sequence[Pending],
    hosts: Sequence[HostOffer],
    leases: Sequence[LeaseView],
    forecasts: Forecasts,
    usage: Usage,
    failures: dict[str, float],
    policy: PlanningPolicy,
) -> Plan:
    world = World({host.name: host for host in hosts}, list(leases), failures, policy)
    ends = {
        lease.workload: max(forecasts.ends[lease.workload], now)
        for lease in leases
        if lease.workload in forecasts.ends
    }
    placements: list[Placement] = []
    reasons: dict[str, Reason] = {}
    waiting: dict[str, list[Pending]] = {}
    granted = dict(usage.lanes)
    left = list(pending)
    while left:
        item = _next(now, left, pending, granted, usage, policy)
        left.remove(item)
        end = now + forecasts.durations[item.id] if item.id in forecasts.durations else FAR
        reason = _never(item, world, now)
        if reason is not None:
            reasons[item.id] = reason
            continue
        ranks = _grant(item, world, end)
        if ranks:
            placements.append(Placement(item.id, tuple(ranks)))
            granted[item.lane] = max(now, *granted.values(), 0.0) + 1e-6
            continue
        before = waiting.setdefault(item.lane, [])
        if before:
            data = {"first": before[0].name, "others": len(before) - 1}
            reasons[item.id] = Reason("behind", data)
        else:
            kept = _keep(item, world, ends)
            reasons[item.id] = _blocked(item, world, end, kept.at, ends)
            world.kept.append(kept)
        before.append(item)
    reservations = [Reservation(kept.item.id, kept.hosts, kept.at) for kept in world.kept]
    return Plan(tuple(placements), tuple(reservations), reasons)


def _next(
    now: float,
    left: Sequence[Pending],
    pending: Sequence[Pending],
    granted: dict[str, float],
    usage: Usage,
    policy: PlanningPolicy,
) -> Pending:
    def aged(item: Pending) -> int:
        return item.priority + int(max(now - item.submitted_at, 0) / policy.ageing_s)

    top = max(item.priority for item in pending)
    heads = [
        min(
            (item for item in left if item.lane == lane),
            key=lambda item: (
                -aged(item),
                usage.owners.get(item.owner, 0.0),
                item.sequence,
                item.id,
            ),
        )
        for lane in {item.lane for item in left}
    ]
    return min(
        heads,
        key=lambda item: (
            -min(aged(item), top),
            granted.get(item.lane, 0.0),
            item.sequence,
            item.lane,
        ),
    )


def _grant(item: Pending, world: World, end: float) -> list[RankPlacement]:
    """Start a workload if it fits past the reservations that bind it; else return nothing."""
    shape = item.shape
    rooms = {name: world.past_reservations(name, shape, end) for name in world.names()}
    fits = {name: min(room.ranks(shape), shape.ranks) for name, room in rooms.items()}
    if sum(fits.values()) < shape.ranks:
        return []

    def key(name: str) -> tuple[object, ...]:
        room = world.room(name, shape)
        idle = 0 if shape.gpus else room.gpus
        failed = world.failures.get(name, 0.0)
        return (failed, -fits[name], idle, room.cpus, room.memory, name)

    order = sorted((name for name in fits if fits[name]), key=key)
    placed: list[RankPlacement] = []
    for name in order:
        many = min(fits[name], shape.ranks - len(placed))
        for _ in range(many):
            gpus = tuple(world.free_gpus(name)[: shape.gpus])
            placed.append(RankPlacement(len(placed), name, gpus))
            lease = LeaseView(
                item.id, name, shape.role, shape.cpus, shape.memory, gpus, shape.force_free
            )
            world.leases.append(lease)
        for kept in world.kept:
            if kept.binds(end) and name in kept.spare:
                kept.spare[name] = kept.spare[name].without(shape, many, kept.item.shape.role)
    return placed


def _keep(item: Pending, world: World, ends: dict[str, float]) -> Kept:
    shape, names = item.shape, world.names()
    at = _start(shape, world, ends)
    if at is not None:
        then = world.at(at, ends)
        free = {name: then.once_others_were_served(name, shape) for name in names}
        able = {name: min(free[name].ranks(shape), shape.ranks) for name in names}
        order = sorted(names, key=lambda name: (-able[name], world.failures.get(name, 0.0), name))
    else:
        free = {name: _positive(world.once_others_were_served(name, shape)) for name in names}
        able = {name: min(world.whole(name, shape).ranks(shape), shape.ranks) for name in names}
        order = sorted(
            names,
            key=lambda name: (
                -min(free[name].ranks(shape), shape.ranks),
                _missing(free[name], shape, able[name]),
                name,
            ),
        )
    hosts: dict[str, int] = {}
    for name in order:
        ranks = min(able[name], shape.ranks - sum(hosts.values()))
        if ranks:
            hosts[name] = ranks
    spare = {name: free[name].without(shape, ranks, shape.role) for name, ranks in hosts.items()}
    if at is None:
        spare = {name: _positive(room) for name, room in spare.items()}
    return Kept(item, hosts, at, spare)


def _start(shape: Shape, world: World, ends: dict[str, float]) -> float | None:
    running = {lease.workload for lease in world.leases if lease.host in world.names()}
    for moment in sorted({ends[workload] for workload in running if workload in ends}):
        then = world.at(moment, ends)
        rooms = [then.once_others_were_served(name, shape) for name in world.names()]
        if sum(room.ranks(shape) for room in rooms) >= shape.ranks:
            return moment
    return None


def _positive(room: Room) -> Room:
    """Return a room without what is less than nothing; a host that is shut has no places."""
    places = max(room.places, 0) if room.open else 0
    return Room(max(room.cpus, 0), max(room.memory, 0), max(room.gpus, 0), places)


def _missing(room: Room, shape: Shape, ranks: int) -> float:
    wanted = [shape.cpus * ranks, shape.memory * ranks, shape.gpus * ranks, ranks]
    free = [room.cpus, room.memory, room.gpus, room.places if room.open else 0]
    pairs = zip(free, wanted, strict=True)
    return _sum(1 - max(have, 0) / want for have, want in pairs if want and have < want)


def _sum(shares: Iterable[float]) -> float:
    total = 0.0
    for share in shares:
        total += share
    return total


def _asked(shape: Shape) -> dict[str, object]:
    return {
        "role": shape.role,
        "cpus": shape.cpus,
        "memory": shape.memory,
        "gpus": shape.gpus,
        "ranks": shape.ranks,
        "distinct": bool(shape.targets or shape.target_filter),
    }


def _never(item: Pending, world: World, now: float) -> Reason | None:
    """Return why a workload is not even tried now."""
    shape, up = item.shape, world.names()
    if item.not_before is not None and item.not_before > now:
        return Reason("retry", {"at": item.not_before, "why": item.why})
    if not up:
        return Reason("no_host", {"lost": len(world.hosts)})
    admitted = [name for name in sorted(world.hosts) if world.admits(name, shape)]
    if not admitted:
        data = {"targets": shape.targets, "filter": shape.target_filter, "at_home": shape.at_home}
        return Reason("no_match", data)
    ranks = {name: world.whole(name, shape).ranks(shape) for name in admitted}
    able = sum(ranks[name] for name in admitted if name in up)
    if able >= shape.ranks:
        return None
    if sum(ranks.values()) >= shape.ranks:
        lost = [name for name in admitted if name not in up and ranks[name]]
        return Reason("host_lost", {**_asked(shape), "hosts": lost})
    if able:
        return Reason("gang_too_wide", {**_asked(shape), "most": able})
    whole = [world.whole(name, shape) for name in admitted if name in up]
    for what, wanted in _scarcest_first(shape):
        most = max((getattr(room, what) for room in whole), default=0)
        if most < wanted:
            return Reason("impossible", {**_asked(shape), "what": what, "most": most})
    return Reason("no_single_host", _asked(shape))


def _scarcest_first(shape: Shape) -> list[tuple[str, int]]:
    return [("gpus", shape.gpus), ("cpus", shape.cpus), ("memory", shape.memory), ("places", 1)]


def _blocked(
    item: Pending, world: World, end: float, at: float | None, ends: dict[str, float]
) -> Reason:
    shape, names = item.shape, world.names()
    rooms = {name: world.room(name, shape) for name in names}
    if sum(room.ranks(shape) for room in rooms.values()) >= shape.ranks:
        for number, kept in enumerate(world.kept, start=1):
            past = [world.past_reservations(name, shape, end, number) for name in names]
            if sum(room.ranks(shape) for room in past) < shape.ranks:
                return Reason("reserved", {"for": kept.item.name, "at": kept.at})
    data = {**_asked(shape), "at": at}
    if shape.ranks > 1:
        fits = sum(room.ranks(shape) for room in rooms.values())
        return Reason("no_room_for_gang", {**data, "fits": fits})
    able = [name for name in names if world.whole(name, shape).ranks(shape) and rooms[name].open]
    if not able:
        return Reason("not_free", {**data, "own": shape.force_free})
    best = min(able, key=lambda name: (_missing(rooms[name], shape, 1), name))
    room, whole = rooms[best], world.whole(best, shape)
    what = next(what for what, wanted in _scarcest_first(shape) if getattr(room, what) < wanted)
    strangers = len(world.hosts[best].gpus) - len(world.usable_gpus(best))
    return Reason(
        "no_room",
        {
            **data,
            "what": what,
            "free": max(getattr(room, what), 0),
            "whole": getattr(whole, what),
            "strangers": strangers if what == "gpus" else 0,
            "host": best if len(names) > 1 else None,
        },
    )

"""Room kept for what is blocked, so that nothing that starts now delays it.

Backfilling after Lifka, "The ANL/IBM SP scheduling system", 1995 (EASY): a workload may pass a
blocked one when it ends before that one can start, or takes only what that one leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jupyter_platform.coordinator.workloads.planning.capacity import Capacity, Leased
from jupyter_platform.coordinator.workloads.planning.fleet import (
    BARRIER,
    NOTHING,
    PLACES,
    Column,
    Columns,
    Room,
    count,
    counts,
    deficits,
    least,
    minus,
    need,
)
from jupyter_platform.coordinator.workloads.planning.model import Pending, Reservation, Shape


@dataclass
class Hold:
    """A reservation and what it leaves to others."""

    shape: Shape
    name: str
    reservation: Reservation
    ranks: dict[int, int]
    """Row of a host to how many ranks are expected there."""
    spare: dict[int, Room]
    """Row of a host to the room that may be taken past the reservation's start; other hosts are
    free."""

    def binds(self, end: float) -> bool:
        """Whether a workload that ends at `end` would still run when this one wants to start."""
        at = self.reservation.at
        return at is None or end > at

    def leaves(self, row: int, room: Room, shape: Shape) -> Room:
        """Return what of the room of a host is left for a shape that is bound.

        Parameters
        ----------
        row : int
            Row of the host in the fleet.
        room : Room
            What is free there now.
        shape : Shape
            What the workload asks for.
        """
        spare = self.spare.get(row)
        if spare is None:
            return room
        if shape.force_free:
            return NOTHING
        cpus, memory, gpus, places = spare
        if self.shape.role != shape.role:
            places = room[PLACES]
        return least(room, (cpus, memory, gpus, places))

    def take(self, row: int, shape: Shape, ranks: int) -> None:
        """Count room that ranks of a shape take past the reservation's start.

        Parameters
        ----------
        row : int
            Row of the host in the fleet.
        shape : Shape
            What the workload asks for.
        ranks : int
            Number of processes.
        """
        if row in self.spare:
            cpus, memory, gpus, places = need(shape, ranks)
            if self.shape.role != shape.role:
                places = 0
            self.spare[row] = minus(self.spare[row], (cpus, memory, gpus, places))


class Releases:
    """Room that comes back at times that are known, soonest first.

    Parameters
    ----------
    now : float
        Unix time, s; an end that has passed counts as now.
    leased : Leased
        All grants.
    ends : mapping of str to float
        Workload to when it is expected to end; what is absent never comes back.
    capacity : Capacity
        Their hosts.
    """

    def __init__(
        self, now: float, leased: Leased, ends: Mapping[str, float], capacity: Capacity
    ) -> None:
        found = [ends.get(workload) for workload in leased.workloads]
        known = np.array([end is not None for end in found], np.bool_)
        at = np.array([max(end, now) for end in found if end is not None], np.float64)
        order = np.argsort(at, kind="stable")
        self._rows: Column = np.flatnonzero(known)[order]
        self._at = at[order]
        self._host = leased.host[self._rows]
        gpus = np.zeros(len(found), np.int64)
        for row, indices in leased.gpus:
            usable = capacity.fleet.grantable[leased.host[row]]
            gpus[row] = len(set(indices).intersection(usable))
        self._room = np.vstack((leased.cpus, leased.memory, gpus))[:, self._rows]
        self._leased = leased
        self._capacity = capacity

    def earliest(self, shape: Shape, holds: Sequence[Hold]) -> tuple[float | None, Columns]:
        """Return when a shape fits, as far as ends are known, and the room of hosts at that time.

        The room is that after the earlier reservations in `holds` have been served.

        Parameters
        ----------
        shape : Shape
            What the workload asks for.
        holds : sequence of Hold
            Reservations that were made before.
        """
        state = self._capacity.room(shape) - _held(shape, holds, len(self._capacity.fleet))
        if not len(self._at):
            return None, state
        given = self._given(shape)
        # For each host by itself: how many more ranks fit after each release than before it.
        order = np.argsort(self._host, kind="stable")
        host = self._host[order]
        first = np.flatnonzero(np.r_[True, host[1:] != host[:-1]])
        sums = np.cumsum(given[:, order], axis=1)
        before = sums[:, first] - given[:, order[first]]
        sums -= np.repeat(before, np.diff(np.r_[first, len(host)]), axis=1)
        fits = counts(state[:, host] + sums, shape)
        more = np.diff(fits, prepend=0)
        more[first] = fits[first] - counts(state[:, host[first]], shape)
        gained = np.zeros_like(more)
        gained[order] = more
        total = int(counts(state, shape).sum()) + np.cumsum(gained)
        last_of_its_time = np.r_[self._at[1:] > self._at[:-1], True]
        (enough,) = np.nonzero((total >= shape.ranks) & last_of_its_time)
        if not len(enough):
            return None, state
        until = int(enough[0]) + 1
        for dimension, amounts in enumerate(given[:, :until]):
            np.add.at(state[dimension], self._host[:until], amounts)
        return float(self._at[until - 1]), state

    def _given(self, shape: Shape) -> Columns:
        """Return the room that each release gives to a shape."""
        places = self._leased.of_role(shape.role)[self._rows].astype(np.int64)
        if shape.force_free:
            places += BARRIER
        else:
            places += self._leased.exclusive[self._rows] * BARRIER
        return np.vstack((self._room, places))


def _held(shape: Shape, holds: Sequence[Hold], hosts: int) -> Columns:
    held = np.zeros((4, hosts), np.int64)
    for hold in holds:
        rows = np.array(list(hold.ranks), np.int64)
        ranks = np.array(list(hold.ranks.values()), np.int64)
        held[:PLACES, rows] += np.outer(need(hold.shape)[:PLACES], ranks)
        if hold.shape.role == shape.role:
            held[PLACES, rows] += ranks
        if hold.shape.force_free or shape.force_free:
            held[PLACES, rows] += BARRIER
    return held


def in_the_way(shape: Shape, capacity: Capacity, holds: Sequence[Hold]) -> Hold:
    """Return the first reservation without which a shape would fit past those before it.

    Parameters
    ----------
    shape : Shape
        One for which there is room now, but not past the reservations.
    capacity : Capacity
        What is left of each host.
    holds : sequence of Hold
        The reservations that bind, in their order.
    """
    room = capacity.room(shape)
    ranks = counts(room, shape)
    for number, hold in enumerate(holds, start=1):
        for row in hold.spare:
            left = _room_of(room, row)
            for other in holds[:number]:
                left = other.leaves(row, left, shape)
            ranks[row] = count(left, shape)
        if int(ranks.sum()) < shape.ranks:
            return hold
    raise ValueError("it fits past all reservations")


def hold_for(
    item: Pending, at: float | None, state: Columns, capacity: Capacity, holds: Sequence[Hold]
) -> Hold:
    """Reserve for a blocked workload: where it can start soonest, else where least is missing.

    Where no end is known, what is free now on the chosen hosts is kept for it, up to its need:
    the least missing anywhere can then only shrink, so it starts in the end.

    Parameters
    ----------
    item : Pending
        The workload.
    at : float or None
        When it fits, as `Releases.earliest` found it.
    state : array of shape (4, hosts)
        The room of hosts at that time.
    capacity : Capacity
        What is left of each host now.
    holds : sequence of Hold
        The earlier reservations.
    """
    shape = item.shape
    if at is not None:
        free = state
        ranks = _spread(shape, counts(free, shape), capacity)
    else:
        free = capacity.room(shape) - _held(shape, holds, len(capacity.fleet))
        free = np.maximum(free, 0)
        ranks = _nearest_hosts(shape, capacity, free)
    spare = {}
    for row, many in ranks.items():
        room, wanted = _room_of(free, row), need(shape, many)
        taken = wanted if at is not None else least(room, wanted)
        spare[row] = NOTHING if shape.force_free else minus(room, taken)
    hosts = {capacity.fleet.names[row]: many for row, many in ranks.items()}
    return Hold(shape, item.name, Reservation(item.id, hosts, at), ranks, spare)


def _room_of(columns: Columns, row: int) -> Room:
    cpus, memory, gpus, places = columns[:, row].tolist()
    return cpus, memory, gpus, places


def _spread(shape: Shape, fits: Column, capacity: Capacity) -> dict[int, int]:
    (able,) = np.nonzero(fits)
    ranks = np.minimum(fits[able], shape.ranks)
    order = np.lexsort((capacity.failure_column[able], -ranks))
    return _filled(shape, able[order], ranks[order])


def _nearest_hosts(shape: Shape, capacity: Capacity, free: Columns) -> dict[int, int]:
    whole = np.minimum(counts(capacity.fleet.room(shape), shape), shape.ranks)
    whole[~capacity.fleet.up] = 0
    (able,) = np.nonzero(whole)
    missing = deficits(free[:, able], shape, whole[able])
    fits = np.minimum(counts(free[:, able], shape), shape.ranks)
    order = np.lexsort((missing, -fits))
    return _filled(shape, able[order], whole[able][order])


def _filled(shape: Shape, rows: Column, most: Column) -> dict[int, int]:
    """Return how many ranks go to each host, in the order of `rows`, until all have a place."""
    ranks: dict[int, int] = {}
    left = shape.ranks
    for row, many in zip(rows.tolist(), most.tolist(), strict=True):
        if not left:
            break
        ranks[row] = min(many, left)
        left -= ranks[row]
    return ranks

"""The hosts that shapes of one kind may use, in the order in which they are taken.

Sound hosts come first, then those that hold the most ranks, since processes of one gang talk to
each other all the time; then hosts whose GPUs nobody else could use, then the fullest.
"""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_left, insort
from collections.abc import Hashable, Iterator, Sequence

from jupyter_platform.coordinator.workloads.planning.capacity import Capacity
from jupyter_platform.coordinator.workloads.planning.fleet import (
    PLACES,
    Fleet,
    Room,
    count,
    counts,
    need,
)
from jupyter_platform.coordinator.workloads.planning.model import Reason, Shape
from jupyter_platform.coordinator.workloads.planning.reservations import Hold

_Entry = tuple[int, int, int]
"""Free CPUs, free memory and row of a host."""
_ANY = -(2**62)
"""Less than any host has, of what is not needed at all."""


class Demand:
    """A shape, and what is known of the hosts that have no room for it.

    Room only shrinks while a plan is being made: what does not fit once does not fit later.
    """

    def __init__(self, shape: Shape, fleet: Fleet, impossible: Reason | None) -> None:
        self.shape = shape
        self.impossible = impossible
        """Why it could not run even if nothing else did."""
        role = shape.role if fleet.is_limited(shape.role) else ""
        self.kind: Hashable = (
            shape.targets,
            shape.target_filter,
            shape.at_home,
            shape.force_free,
            role,
        )
        """What it has in common with other shapes that the same hosts admit."""
        self.blocked_from = math.nan
        """What ends then or later finds no room; not a number while all may find some."""
        self._most = min(int(counts(fleet.room(shape), shape).max(initial=0)), shape.ranks)
        self._most_by_failures: dict[float, int] = {}
        self._closed: dict[tuple[bool, ...], set[int]] = {}

    def most(self, failures: float) -> int:
        """Return how many ranks at most a host holds that has failed so often."""
        return self._most_by_failures.get(failures, self._most)

    def hold_less(self, failures: float, ranks: int) -> None:
        """Note that no host that has failed so often holds so many ranks any more.

        Parameters
        ----------
        failures : float
            Recent failures of a host.
        ranks : int
            Processes that it cannot hold.
        """
        self._most_by_failures[failures] = ranks - 1

    def closed(self, bound: tuple[bool, ...]) -> set[int]:
        """Return rows of hosts where the reservations that bind leave room for no rank."""
        return self._closed.setdefault(bound, set())


class Candidates:
    """Hosts that may be used by shapes of one kind, sorted by what is left on them.

    Parameters
    ----------
    capacity : Capacity
        What is left of each host. Only hosts among its changes are looked at again.
    shape : Shape
        One of the kind: `Demand.kind` is the same for all.
    """

    def __init__(self, capacity: Capacity, shape: Shape) -> None:
        self._capacity = capacity
        self._alone = shape.force_free
        self._places = capacity.places(shape.role)
        self._seen = len(capacity.changes)
        self._groups: dict[float, dict[int, list[_Entry]]] = {}
        """Failures, then free GPUs, to the hosts that have so many, sorted."""
        self._where: dict[int, tuple[list[_Entry], _Entry]] = {}
        """Row to the group of a host and its entry there."""
        (rows,) = (capacity.room(shape)[PLACES] > 0).nonzero()
        for entry in sorted(
            (capacity.cpus[row], capacity.memory[row], row) for row in rows.tolist()
        ):
            group = self._group(entry[-1])
            group.append(entry)
            self._where[entry[-1]] = (group, entry)
        self._levels = sorted(self._groups)

    def choose(
        self, demand: Demand, holds: Sequence[Hold], bound: tuple[bool, ...]
    ) -> list[tuple[int, int]] | None:
        """Return the rows of the hosts to take and the ranks on each; None where it does not fit.

        Parameters
        ----------
        demand : Demand
            Its shape is of the kind.
        holds : sequence of Hold
            The reservations that bind it.
        bound : tuple of bool
            Which of all reservations those are.
        """
        self._look_again()
        left = demand.shape.ranks
        chosen = []
        for row, ranks in self._in_order(demand, holds, demand.closed(bound)):
            chosen.append((row, min(ranks, left)))
            left -= ranks
            if left <= 0:
                return chosen
        return None

    def _in_order(
        self, demand: Demand, holds: Sequence[Hold], closed: set[int]
    ) -> Iterator[tuple[int, int]]:
        """Return rows of hosts and how many ranks fit on each."""
        places = self._capacity.places(demand.shape.role)
        given: set[int] = set()
        for failures in self._levels:
            for ranks in range(demand.most(failures), 0, -1):
                row = None
                for _, _, row in self._holding(need(demand.shape, ranks), failures):
                    if row in given or row in closed or places[row] < ranks:
                        continue
                    fits = self._past(holds, row, demand.shape)
                    if fits == 0:
                        closed.add(row)
                    elif fits is None or fits >= ranks:
                        given.add(row)
                        yield row, ranks
                if row is None:
                    demand.hold_less(failures, ranks)

    def _holding(self, room: Room, failures: float) -> Iterator[_Entry]:
        """Return hosts that have the CPUs, the memory and the GPUs, in order."""
        cpus, memory, gpus, _ = room
        groups = self._groups[failures]
        low = (cpus or _ANY, memory or _ANY)
        found = (_from(groups[free], *low) for free in sorted(groups) if free >= gpus)
        return heapq.merge(*found) if gpus else itertools.chain.from_iterable(found)

    def _past(self, holds: Sequence[Hold], row: int, shape: Shape) -> int | None:
        """Return how many ranks a host holds past its reservations; None where it has none."""
        room: Room | None = None
        for hold in holds:
            if row in hold.spare:
                room = hold.leaves(row, room or self._room(row, shape), shape)
        return None if room is None else count(room, shape)

    def _room(self, row: int, shape: Shape) -> Room:
        capacity = self._capacity
        places = capacity.places(shape.role)[row]
        return (capacity.cpus[row], capacity.memory[row], capacity.gpus[row], places)

    def _look_again(self) -> None:
        capacity = self._capacity
        changed = self._where.keys() & capacity.changes[self._seen :]
        self._seen = len(capacity.changes)
        for row in changed:
            group, entry = self._where.pop(row)
            del group[bisect_left(group, entry)]
            taken = capacity.exclusive[row] or (self._alone and capacity.grants[row])
            if not taken and self._places[row] > 0:
                entry = (capacity.cpus[row], capacity.memory[row], row)
                group = self._group(row)
                insort(group, entry)
                self._where[row] = (group, entry)

    def _group(self, row: int) -> list[_Entry]:
        groups = self._groups.setdefault(self._capacity.failures[row], {})
        return groups.setdefault(self._capacity.gpus[row], [])


def _from(hosts: list[_Entry], cpus: int, memory: int) -> Iterator[_Entry]:
    """Return those of sorted hosts that have so much, without a look at all that have not."""
    at = bisect_left(hosts, (cpus, memory))
    while at < len(hosts):
        entry = hosts[at]
        if entry[1] < memory:
            at = bisect_left(hosts, (entry[0], memory), at + 1)
        else:
            yield entry
            at += 1

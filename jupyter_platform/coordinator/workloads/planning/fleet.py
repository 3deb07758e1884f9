"""What hosts offer, in columns: one row for each host, in the order of their names.

Room is ``(CPUs, bytes of memory, GPUs, places of a role)``: of one host a tuple, of all an array
of shape ``(4, hosts)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.coordinator.hosts.filters import Mask, Values, parse_filter
from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.coordinator.workloads.planning.model import PlanningPolicy, Shape

Room = tuple[int, int, int, int]
Column = NDArray[np.int64]
Columns = NDArray[np.int64]

CPUS, MEMORY, GPUS, PLACES = range(4)
NOTHING: Room = (0, 0, 0, 0)
BARRIER = 10**12
"""Places that are missing for each thing that keeps a shape off a host."""
_MANY = 10**9
"""Places of a role whose number is not limited."""
_LARGEST = 2**62
"""More than any host has of anything, and still a number that the columns can hold."""


def need(shape: Shape, ranks: int = 1) -> Room:
    """Return the room that `ranks` processes of a shape take.

    Parameters
    ----------
    shape : Shape
        What the workload asks for.
    ranks : int, optional
        Number of processes.
    """
    return (shape.cpus * ranks, shape.memory * ranks, shape.gpus * ranks, ranks)


def minus(room: Room, taken: Room) -> Room:
    """Return what is left; negative where more is taken than there is.

    Parameters
    ----------
    room : Room
        What there is.
    taken : Room
        What is taken of it.
    """
    return (room[0] - taken[0], room[1] - taken[1], room[2] - taken[2], room[3] - taken[3])


def least(first: Room, second: Room) -> Room:
    """Return the smaller of two rooms in each dimension.

    Parameters
    ----------
    first : Room
        CPUs, bytes of memory, GPUs and places.
    second : Room
        The same of another room.
    """
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        min(first[2], second[2]),
        min(first[3], second[3]),
    )


def count(room: Room, shape: Shape) -> int:
    """Return how many processes of a shape fit into a room, as `counts` does.

    Parameters
    ----------
    room : Room
        CPUs, bytes of memory, GPUs and places.
    shape : Shape
        What the workload asks for.
    """
    fits = room[PLACES]
    if shape.cpus:
        fits = min(fits, room[CPUS] // shape.cpus)
    if shape.memory:
        fits = min(fits, room[MEMORY] // shape.memory)
    if shape.gpus:
        fits = min(fits, room[GPUS] // shape.gpus)
    return max(min(fits, 1) if shape.asks_hosts else fits, 0)


def counts(room: Columns, shape: Shape) -> Column:
    """Return how many processes of a shape fit into each room.

    Parameters
    ----------
    room : array of shape (4, n)
        Negative where there is less than nothing.
    shape : Shape
        One that asks for hosts has one process at most on each.

    Returns
    -------
    array of shape (n,)
    """
    fits: Column = room[PLACES]
    for have, want in zip(room[:PLACES], need(shape)[:PLACES], strict=True):
        if want:
            fits = np.minimum(fits, have // min(want, _LARGEST))
    fits = np.maximum(fits, 0)
    return np.minimum(fits, 1) if shape.asks_hosts else fits


def deficits(room: Columns, shape: Shape, ranks: Column | int) -> NDArray[np.float64]:
    """Return how much is missing for `ranks` processes, as the sum of each dimension's share.

    Parameters
    ----------
    room : array of shape (4, n)
        What there is.
    shape : Shape
        What one process needs.
    ranks : int or array of shape (n,)
        How many processes; at least 1.

    Returns
    -------
    array of shape (n,)
        0 where nothing is missing, at most 4.
    """
    found = np.zeros(room.shape[1])
    for have, want in zip(room, need(shape), strict=True):
        if want:
            wanted = want * ranks
            missing = 1 - np.maximum(have, 0) / wanted
            found += np.where(have < wanted, missing, 0.0)
    return found


class Fleet:
    """All hosts, those that are lost too, as if nothing ran on them.

    Parameters
    ----------
    hosts : sequence of HostOffer
        In any order.
    policy : PlanningPolicy
        Says which GPUs are taken by strangers.
    """

    def __init__(self, hosts: Sequence[HostOffer], policy: PlanningPolicy) -> None:
        by_name = {host.name: host for host in hosts}
        self.names = sorted(by_name)
        self.offers = [by_name[name] for name in self.names]
        self.rows = {name: row for row, name in enumerate(self.names)}
        self.up: Mask = np.array([host.up for host in self.offers], np.bool_)
        limit = policy.foreign_gpu_memory
        self.grantable = [
            [gpu.index for gpu in host.gpus if gpu.foreign_memory <= limit] if host.gpus else []
            for host in self.offers
        ]
        """Indices of the GPUs that are not taken by strangers, whether leased or not."""
        self._whole = np.array(
            [(host.cpus, host.memory, len(host.gpus)) for host in self.offers], np.int64
        ).reshape(-1, 3)
        self._capacities: dict[str, Column] = {}
        self._columns: dict[str, list[Values]] = {}
        self._admitted: dict[tuple[tuple[str, ...], str, bool], Mask] = {}

    def __len__(self) -> int:
        return len(self.names)

    @property
    def whole(self) -> Columns:
        """CPUs, memory and GPUs of each host, those too that strangers use; ``(3, hosts)``."""
        return self._whole.T

    def capacity(self, role: str) -> Column:
        """Return how many processes of a role each host runs at most."""
        if role not in self._capacities:
            limits = (host.roles.get(role, 0) for host in self.offers)
            found = [_MANY if limit is None else limit for limit in limits]
            self._capacities[role] = np.array(found, np.int64)
        return self._capacities[role]

    def is_limited(self, role: str) -> bool:
        """Return whether any host limits how many processes of a role run there."""
        return bool((self.capacity(role) < _MANY).any())

    def admits(self, shape: Shape) -> Mask:
        """Return which hosts a shape may use at all, whatever room there is, and lost or not."""
        key = (shape.targets, shape.target_filter, shape.at_home)
        if key not in self._admitted:
            self._admitted[key] = self._find_admitted(*key)
        return self._admitted[key]

    def room(self, shape: Shape) -> Columns:
        """Return what there is for a shape on each host when nothing runs."""
        places = np.where(self.admits(shape), self.capacity(shape.role), 0)
        return np.vstack((self.whole, places))

    def _find_admitted(self, targets: tuple[str, ...], target_filter: str, at_home: bool) -> Mask:
        mask: Mask = np.ones(len(self), np.bool_)
        if targets:
            named = [self.rows[name] for name in targets if name in self.rows]
            wanted = set(targets)
            ids = self._column("id")
            named += [row for row, found in enumerate(ids) if not wanted.isdisjoint(found)]
            mask[:] = False
            mask[named] = True
        if at_home:
            mask &= np.array([host.at_home for host in self.offers], np.bool_)
        if target_filter:
            mask &= parse_filter(target_filter).mask(self._column)
        return mask

    def _column(self, attribute: str) -> list[Values]:
        if attribute not in self._columns:
            values = [host.attributes.get(attribute, ()) for host in self.offers]
            self._columns[attribute] = values
        return self._columns[attribute]

"""Room that is left on hosts while a plan is being made."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.coordinator.hosts.filters import Mask
from jupyter_platform.coordinator.workloads.planning.fleet import BARRIER, Column, Columns, Fleet
from jupyter_platform.coordinator.workloads.planning.model import LeaseView, RankPlacement, Shape


class Leased:
    """Grants on hosts that are up, in columns of one row for each grant."""

    def __init__(self, leases: Sequence[LeaseView], fleet: Fleet) -> None:
        rows = {name: row for name, row in fleet.rows.items() if fleet.up[row]}
        leases = [lease for lease in leases if lease.host in rows]
        roles: dict[str, int] = {}
        self.workloads = [lease.workload for lease in leases]
        self.host = _column([rows[lease.host] for lease in leases])
        """Row of the fleet."""
        self.cpus = _column([lease.cpus for lease in leases])
        self.memory = _column([lease.memory for lease in leases])
        self.exclusive: Mask = np.array([lease.exclusive for lease in leases], np.bool_)
        self.gpus = [(row, lease.gpus) for row, lease in enumerate(leases) if lease.gpus]
        """Row of the grant and the GPUs that it names."""
        self._role = _column([roles.setdefault(lease.role, len(roles)) for lease in leases])
        self._roles = roles

    def of_role(self, role: str) -> Mask:
        """Return which grants are of a role."""
        found: Mask = self._role == self._roles.get(role, -1)
        return found


class Capacity:
    """What is left of each host of a fleet; lost hosts have nothing.

    Parameters
    ----------
    fleet : Fleet
        The hosts.
    leased : Leased
        What is granted already.
    failures : mapping of str to float
        Recent failures by host.
    """

    def __init__(self, fleet: Fleet, leased: Leased, failures: Mapping[str, float]) -> None:
        self.fleet = fleet
        cpus, memory, _ = fleet.whole
        here = leased.host
        self.cpus = _live(cpus - _summed(fleet, here, leased.cpus))
        self.memory = _live(memory - _summed(fleet, here, leased.memory))
        self._free = _free_gpus(fleet, leased)
        self.gpus = _live(_column([len(free) for free in self._free]))
        """GPUs that are free and not taken by strangers."""
        self.grants = _live(_summed(fleet, here))
        """Grants, of whatever role, that have not ended."""
        self.exclusive = _live(_summed(fleet, here[leased.exclusive]))
        """Those of them that tolerate no others."""
        self.failures = [failures.get(name, 0.0) for name in fleet.names]
        self.failure_column: NDArray[np.float64] = np.array(self.failures, np.float64)
        self.changes: list[int] = []
        """Rows of the hosts whose room has shrunk, in the order in which it did."""
        self._leased = leased
        self._places: dict[str, array[int]] = {}

    def places(self, role: str) -> array[int]:
        """Return how many more processes of a role each host may run."""
        if role not in self._places:
            here = self._leased.host[self._leased.of_role(role)]
            self._places[role] = _live(self.fleet.capacity(role) - _summed(self.fleet, here))
        return self._places[role]

    def admits(self, shape: Shape) -> Mask:
        """Return which hosts a shape may use that are not lost."""
        return self.fleet.admits(shape) & self.fleet.up

    def room(self, shape: Shape) -> Columns:
        """Return what is free for a shape; where it may not be, places are far below none."""
        barriers = _view(self.grants if shape.force_free else self.exclusive)
        barriers = barriers + ~self.admits(shape)
        places = _view(self.places(shape.role)) - barriers * BARRIER
        return np.vstack((_view(self.cpus), _view(self.memory), _view(self.gpus), places))

    def take(self, shape: Shape, row: int, ranks: range) -> list[RankPlacement]:
        """Grant room of a host to ranks and name their GPUs.

        Parameters
        ----------
        shape : Shape
            What the workload asks for.
        row : int
            Row of the host in the fleet.
        ranks : range
            Which processes.
        """
        many = len(ranks)
        self.cpus[row] -= shape.cpus * many
        self.memory[row] -= shape.memory * many
        self.places(shape.role)[row] -= many
        self.grants[row] += many
        if shape.force_free:
            self.exclusive[row] += many
        self.changes.append(row)
        name, each = self.fleet.names[row], shape.gpus
        if not each:
            return [RankPlacement(rank, name) for rank in ranks]
        free = self._free[row]
        self.gpus[row] -= each * many
        self._free[row] = free[each * many :]
        return [
            RankPlacement(rank, name, tuple(free[each * index : each * (index + 1)]))
            for index, rank in enumerate(ranks)
        ]


def _free_gpus(fleet: Fleet, leased: Leased) -> list[list[int]]:
    taken: dict[int, list[int]] = {}
    for row, gpus in leased.gpus:
        taken.setdefault(int(leased.host[row]), []).extend(gpus)
    free = list(fleet.grantable)
    for host, indices in taken.items():
        free[host] = [index for index in free[host] if index not in indices]
    return free


def _summed(fleet: Fleet, hosts: Column, amounts: Column | None = None) -> Column:
    """Return the sum of the amounts on each host, of ones by default."""
    if amounts is None:
        return np.bincount(hosts, minlength=len(fleet))
    found = np.zeros(len(fleet), np.int64)
    np.add.at(found, hosts, amounts)
    return found


def _column(values: Sequence[int]) -> Column:
    return np.array(values, np.int64)


def _live(column: Column) -> array[int]:
    """Return numbers of which single ones are read and changed fast."""
    return array("q", column.astype(np.int64).tobytes())


def _view(numbers: array[int]) -> Column:
    return np.frombuffer(numbers, np.int64)

"""The planner: a pure function from what is known to what starts now.

The first workload that is blocked in a lane reserves, and whatever comes after it, in any lane,
passes only where it does not delay it. What is asked of the hosts is asked for each shape, of
which there are few, and not for each workload.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence

from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.coordinator.workloads.planning import reasons
from jupyter_platform.coordinator.workloads.planning.candidates import Candidates, Demand
from jupyter_platform.coordinator.workloads.planning.capacity import Capacity, Leased
from jupyter_platform.coordinator.workloads.planning.fleet import Fleet, counts
from jupyter_platform.coordinator.workloads.planning.lanes import Lanes
from jupyter_platform.coordinator.workloads.planning.model import (
    Behind,
    Forecasts,
    LeaseView,
    Pending,
    Placement,
    Plan,
    PlanningPolicy,
    RankPlacement,
    Reason,
    Reasons,
    Shape,
    Usage,
)
from jupyter_platform.coordinator.workloads.planning.reservations import (
    Hold,
    Releases,
    hold_for,
    in_the_way,
)


def plan(
    now: float,
    pending: Sequence[Pending],
    hosts: Sequence[HostOffer],
    leases: Sequence[LeaseView],
    forecasts: Forecasts | None = None,
    usage: Usage | None = None,
    failures: Mapping[str, float] | None = None,
    policy: PlanningPolicy | None = None,
) -> Plan:
    """Decide what starts now, what room is kept, and why the others wait.

    Parameters
    ----------
    now : float
        Unix time, s.
    pending : sequence of Pending
        What waits, in any order.
    hosts : sequence of HostOffer
        All hosts, those that are lost too.
    leases : sequence of LeaseView
        Grants that have not ended.
    forecasts : Forecasts, optional
        Expected ends and durations; what is absent never ends as far as anybody knows.
    usage : Usage, optional
        What owners used, and when each lane was last granted something.
    failures : mapping of str to float, optional
        Recent failures of each host; hosts that have any are taken last.
    policy : PlanningPolicy, optional
        How to weigh.

    Returns
    -------
    Plan
        The same for the same arguments, always.
    """
    policy = policy or PlanningPolicy()
    forecasts = forecasts or Forecasts()
    fleet = Fleet(hosts, policy)
    leased = Leased(leases, fleet)
    capacity = Capacity(fleet, leased, failures or {})
    planning = _Planning(now, capacity, Releases(now, leased, forecasts.ends, capacity), forecasts)
    return planning.run(Lanes(now, pending, usage or Usage(), policy))


class _Planning:
    """One pass over what waits."""

    def __init__(
        self, now: float, capacity: Capacity, releases: Releases, forecasts: Forecasts
    ) -> None:
        self._now = now
        self._durations = forecasts.durations
        self._first_end = now + min(forecasts.durations.values(), default=math.inf)
        self._capacity = capacity
        self._releases = releases
        self._holds: list[Hold] = []
        self._demands: dict[Shape, Demand] = {}
        self._demands_by_identity: dict[int, Demand] = {}
        self._candidates: dict[Hashable, Candidates] = {}
        self._open: dict[str, set[Demand]] = {}
        """Lane to the shapes there of which some may find room yet."""
        self._placements: list[Placement] = []
        self._reasons: dict[str, Reason] = {}
        self._behind: dict[str, Behind] = {}
        """Lane to what waits there, where anything is blocked."""

    def run(self, lanes: Lanes) -> Plan:
        for lane, items in lanes.waiting().items():
            shapes = {id(item.shape): item.shape for item in items}.values()
            demands = {self._demand(shape) for shape in shapes}
            self._open[lane] = {demand for demand in demands if demand.impossible is None}
        for item in lanes:
            if self._consider(item):
                lanes.grant(item.lane)
            elif item.lane in self._behind and not self._open[item.lane]:
                for other in lanes.close(item.lane):
                    self._consider(other)
        return Plan(
            tuple(self._placements),
            tuple(hold.reservation for hold in self._holds),
            Reasons(self._reasons, list(self._behind.values())),
        )

    def _consider(self, item: Pending) -> bool:
        if item.not_before is not None and item.not_before > self._now:
            self._reasons[item.id] = Reason("retry", {"at": item.not_before, "why": item.why})
            return False
        demand = self._demands_by_identity[id(item.shape)]
        if demand.impossible is not None:
            self._reasons[item.id] = demand.impossible
            return False
        end = self._end(item)
        ranks = None if end >= demand.blocked_from else self._place(demand, end)
        if ranks is None:
            self._wait(item, end)
            return False
        self._placements.append(Placement(item.id, tuple(ranks)))
        return True

    def _demand(self, shape: Shape) -> Demand:
        demand = self._demands.get(shape)
        if demand is None:
            fleet = self._capacity.fleet
            demand = Demand(shape, fleet, reasons.impossible(shape, fleet))
            self._demands[shape] = demand
        self._demands_by_identity[id(shape)] = demand
        return demand

    def _end(self, item: Pending) -> float:
        return self._now + self._durations.get(item.id, math.inf)

    def _place(self, demand: Demand, end: float) -> list[RankPlacement] | None:
        shape = demand.shape
        bound = tuple([hold.binds(end) for hold in self._holds])
        holds = list(itertools.compress(self._holds, bound))
        chosen = self._candidates_for(demand).choose(demand, holds, bound)
        if chosen is None:
            self._block(demand, end)
            return None
        granted: list[RankPlacement] = []
        for row, ranks in chosen:
            first = len(granted)
            granted += self._capacity.take(shape, row, range(first, first + ranks))
            for hold in holds:
                hold.take(row, shape, ranks)
        return granted

    def _candidates_for(self, demand: Demand) -> Candidates:
        if demand.kind not in self._candidates:
            self._candidates[demand.kind] = Candidates(self._capacity, demand.shape)
        return self._candidates[demand.kind]

    def _block(self, demand: Demand, end: float) -> None:
        """Note that nothing of a shape that ends then or later finds room in this pass."""
        demand.blocked_from = end
        if end <= self._first_end:
            for demands in self._open.values():
                demands.discard(demand)

    def _wait(self, item: Pending, end: float) -> None:
        behind = self._behind.get(item.lane)
        if behind is not None:
            behind.others[item.id] = len(behind.others)
            return
        self._behind[item.lane] = Behind(item.name)
        at, state = self._releases.earliest(item.shape, self._holds)
        self._reasons[item.id] = self._blocked_reason(item, end, at)
        self._holds.append(hold_for(item, at, state, self._capacity, self._holds))

    def _blocked_reason(self, item: Pending, end: float, at: float | None) -> Reason:
        shape = item.shape
        if int(counts(self._capacity.room(shape), shape).sum()) < shape.ranks:
            return reasons.no_room(shape, self._capacity, at)
        hold = in_the_way(shape, self._capacity, [hold for hold in self._holds if hold.binds(end)])
        return Reason("reserved", {"for": hold.name, "at": hold.reservation.at})

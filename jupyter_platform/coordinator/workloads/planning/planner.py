"""The planner: a pure function from what is known to what starts now.

Lanes take turns: of the heads of all lanes the one of highest priority goes first, then that
whose lane was granted something longest ago. Inside a lane priority with ageing decides, then
fair share, then the order of submission. The first that is blocked in a lane reserves, and
whatever comes after it, in any lane, passes only where it does not delay it.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from jupyter_platform.coordinator.hosts.offers import HostOffer
from jupyter_platform.coordinator.workloads.planning import reasons
from jupyter_platform.coordinator.workloads.planning.model import (
    Forecasts,
    LeaseView,
    Pending,
    Placement,
    Plan,
    Policy,
    RankPlacement,
    Reason,
    Shape,
    Usage,
)
from jupyter_platform.coordinator.workloads.planning.reservations import (
    Hold,
    earliest,
    hold_for,
    releases,
)
from jupyter_platform.coordinator.workloads.planning.rooms import (
    NOTHING,
    HostRoom,
    Room,
    count,
    host_rooms,
    least,
    need,
)


def plan(
    now: float,
    pending: Sequence[Pending],
    hosts: Sequence[HostOffer],
    leases: Sequence[LeaseView],
    forecasts: Forecasts | None = None,
    usage: Usage | None = None,
    failures: Mapping[str, float] | None = None,
    policy: Policy | None = None,
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
    policy : Policy, optional
        How to weigh.

    Returns
    -------
    Plan
        The same for the same arguments, always.
    """
    policy = policy or Policy()
    return _Planning(
        now,
        hosts,
        leases,
        forecasts or Forecasts(),
        usage or Usage(),
        host_rooms(hosts, leases, failures or {}, policy),
        policy,
    ).run(pending)


class _Planning:
    """One pass over the queue."""

    def __init__(
        self,
        now: float,
        hosts: Sequence[HostOffer],
        leases: Sequence[LeaseView],
        forecasts: Forecasts,
        usage: Usage,
        rooms: dict[str, HostRoom],
        policy: Policy,
    ) -> None:
        self._now = now
        self._hosts = hosts
        self._durations = forecasts.durations
        self._usage = usage
        self._rooms = rooms
        self._policy = policy
        self._releases = releases(now, leases, forecasts.ends, rooms)
        self._holds: list[Hold] = []
        self._possible: dict[Shape, Reason | None] = {}
        self._blocked: set[tuple[Shape, tuple[bool, ...]]] = set()
        self._placements: list[Placement] = []
        self._reasons: dict[str, Reason] = {}
        self._first_waiting: dict[str, Pending] = {}
        self._waiting: dict[str, int] = {}

    def run(self, pending: Sequence[Pending]) -> Plan:
        lanes = self._lanes(pending)
        top = max((item.priority for item in pending), default=0)
        granted = dict(self._usage.lanes)
        heap = [self._turn(lane, queue[0], granted, top) for lane, queue in lanes.items()]
        heapq.heapify(heap)
        while heap:
            lane = heapq.heappop(heap)[-1]
            queue = lanes[lane]
            if self._consider(queue.popleft()):
                # Later than any grant so far, so that the other lanes have their turn.
                granted[lane] = max(self._now, *granted.values(), 0.0) + 1e-6
            if queue:
                heapq.heappush(heap, self._turn(lane, queue[0], granted, top))
        return Plan(
            tuple(self._placements),
            tuple(hold.reservation for hold in self._holds),
            self._reasons,
        )

    def _lanes(self, pending: Iterable[Pending]) -> dict[str, deque[Pending]]:
        order = sorted(
            pending,
            key=lambda item: (
                -self._priority(item),
                self._usage.owners.get(item.owner, 0.0),
                item.sequence,
                item.id,
            ),
        )
        lanes: dict[str, deque[Pending]] = {}
        for item in order:
            lanes.setdefault(item.lane, deque()).append(item)
        return lanes

    def _priority(self, item: Pending) -> int:
        waited = max(self._now - item.submitted_at, 0.0)
        return item.priority + int(waited / self._policy.ageing_s)

    def _turn(
        self, lane: str, head: Pending, granted: Mapping[str, float], top: int
    ) -> tuple[int, float, int, str]:
        # Ageing lifts a lane's head up to the highest priority that anybody asked for and no
        # further: beyond that, age would let a long queue in one lane starve the other lanes.
        priority = min(self._priority(head), max(top, head.priority))
        return (-priority, granted.get(lane, 0.0), head.sequence, lane)

    def _consider(self, item: Pending) -> bool:
        if item.not_before is not None and item.not_before > self._now:
            self._reasons[item.id] = Reason("retry", {"at": item.not_before, "why": item.why})
            return False
        if item.shape not in self._possible:
            self._possible[item.shape] = reasons.impossible(item.shape, self._hosts, self._policy)
        reason = self._possible[item.shape]
        if reason is not None:
            self._reasons[item.id] = reason
            return False
        ranks = self._place(item)
        if ranks is None:
            self._wait(item)
            return False
        self._placements.append(Placement(item.id, tuple(ranks)))
        return True

    def _place(self, item: Pending) -> list[RankPlacement] | None:
        shape = item.shape
        end = self._end(item)
        bound = tuple(hold.binds(end) for hold in self._holds)
        if (shape, bound) in self._blocked:
            return None
        binding = [hold for hold, binds in zip(self._holds, bound, strict=True) if binds]
        spread = self._spread(shape, binding)
        if spread is None:
            # Room only shrinks during a pass, so what does not fit now will not fit later.
            self._blocked.add((shape, bound))
            return None
        granted: list[RankPlacement] = []
        for host, ranks in spread:
            first = len(granted)
            granted += self._rooms[host].take(shape, range(first, first + ranks))
            for hold in binding:
                places = ranks if hold.shape.role == shape.role else 0
                hold.take(host, (*need(shape, ranks)[:3], places))
        return granted

    def _end(self, item: Pending) -> float | None:
        duration = self._durations.get(item.id)
        return None if duration is None else self._now + duration

    def _spread(self, shape: Shape, binding: list[Hold]) -> list[tuple[str, int]] | None:
        fits: list[tuple[HostRoom, int]] = []
        for host in self._rooms.values():
            ranks = min(count(self._open(host, shape, binding), shape), shape.ranks)
            if ranks:
                fits.append((host, ranks))
        if sum(ranks for _, ranks in fits) < shape.ranks:
            return None
        # As few hosts as can be: processes of one gang talk to each other all the time.
        order = sorted(
            fits, key=lambda fit: (fit[0].failures, -fit[1], *fit[0].rank_key(shape)[1:])
        )
        left = shape.ranks
        spread: list[tuple[str, int]] = []
        for host, ranks in order:
            if left:
                spread.append((host.offer.name, min(ranks, left)))
                left -= spread[-1][1]
        return spread

    @staticmethod
    def _open(host: HostRoom, shape: Shape, binding: list[Hold]) -> Room:
        room = host.room(shape)
        for hold in binding:
            spare = hold.spare.get(host.offer.name)
            if spare is not None and shape.force_free:
                return NOTHING
            if spare is not None:
                places = spare[3] if hold.shape.role == shape.role else room[3]
                room = least(room, (spare[0], spare[1], spare[2], places))
        return room

    def _wait(self, item: Pending) -> None:
        lane = item.lane
        first = self._first_waiting.get(lane)
        if first is not None:
            data = {"first": first.name, "others": self._waiting[lane] - 1}
            self._reasons[item.id] = Reason("behind", data)
            self._waiting[lane] += 1
            return
        self._first_waiting[lane] = item
        self._waiting[lane] = 1
        self._reasons[item.id] = self._blocked_reason(item)
        hold = hold_for(item.id, item.name, item.shape, self._rooms, self._releases, self._holds)
        self._holds.append(hold)

    def _blocked_reason(self, item: Pending) -> Reason:
        shape = item.shape
        free = sum(count(host.room(shape), shape) for host in self._rooms.values())
        if free >= shape.ranks:
            end = self._end(item)
            hold = next(hold for hold in self._holds if hold.binds(end))
            return Reason("reserved", {"for": hold.name, "at": hold.reservation.at})
        at, _ = earliest(shape, self._rooms, self._releases, self._holds)
        return reasons.no_room(shape, self._rooms, at)

"""Whose turn it is: the order inside each lane, and the lanes by turns.

Of the heads of all lanes the one of highest priority goes first, then that whose lane was granted
something longest ago. Inside a lane priority with ageing decides, then fair share, then the order
of submission.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from jupyter_platform.coordinator.workloads.planning.model import Pending, PlanningPolicy, Usage


@dataclass
class _Queue:
    """What waits in a lane, the first of it last."""

    priorities: list[int]
    """With ageing; negative, so that the highest is the least."""
    sequences: list[int]
    items: list[Pending]


class Lanes:
    """What waits, handed out in its order.

    Parameters
    ----------
    now : float
        Unix time, s.
    pending : sequence of Pending
        In any order.
    usage : Usage
        What owners used, and when each lane was last granted anything.
    policy : PlanningPolicy
        How much waiting counts.
    """

    def __init__(
        self, now: float, pending: Sequence[Pending], usage: Usage, policy: PlanningPolicy
    ) -> None:
        self._granted = dict(usage.lanes)
        self._latest = max(now, *self._granted.values(), 0.0)
        self._queues = _queues(now, pending, usage, policy)

    def __iter__(self) -> Iterator[Pending]:
        """Return the next in turn, until none is left; `grant` is to be told in between."""
        heap = [self._turn(lane, queue) for lane, queue in self._queues.items()]
        heapq.heapify(heap)
        while heap:
            lane = heap[0][-1]
            queue = self._queues[lane]
            queue.priorities.pop()
            queue.sequences.pop()
            yield queue.items.pop()
            if queue.items:
                heapq.heapreplace(heap, self._turn(lane, queue))
            else:
                heapq.heappop(heap)

    def grant(self, lane: str) -> None:
        """Let the other lanes have their turn, since this one has just been granted something."""
        self._latest += 1e-6
        self._granted[lane] = self._latest

    def waiting(self) -> dict[str, list[Pending]]:
        """Return lanes to what still waits in each, in no order."""
        return {lane: queue.items for lane, queue in self._queues.items()}

    def close(self, lane: str) -> Iterator[Pending]:
        """Return what still waits in a lane, in its order, and hand out nothing more of it."""
        items, self._queues[lane].items = self._queues[lane].items, []
        return reversed(items)

    def _turn(self, lane: str, queue: _Queue) -> tuple[int, float, int, str]:
        granted = self._granted.get(lane, 0.0)
        return (queue.priorities[-1], granted, queue.sequences[-1], lane)


def _queues(
    now: float, pending: Sequence[Pending], usage: Usage, policy: PlanningPolicy
) -> dict[str, _Queue]:
    sequences = [item.sequence for item in pending]
    if len(set(sequences)) < len(sequences):
        pending = sorted(pending, key=lambda item: item.id)
        sequences = [item.sequence for item in pending]
    waited = np.maximum(now - np.array([item.submitted_at for item in pending]), 0.0)
    asked = np.array([item.priority for item in pending], np.int64)
    priorities = -asked - (waited / policy.ageing_s).astype(np.int64)
    used = np.array([usage.owners.get(item.owner, 0.0) for item in pending])
    order = np.lexsort((np.array(sequences), used, priorities))[::-1]
    # Ageing lifts a lane's head up to the highest priority that anybody asked for and no further:
    # beyond that, age would let a long queue in one lane starve the other lanes.
    priorities = np.maximum(priorities, -asked.max(initial=0))
    numbers: dict[str, int] = {}
    lanes = np.array([numbers.setdefault(item.lane, len(numbers)) for item in pending])[order]
    found = {}
    for lane, number in numbers.items():
        rows = order[lanes == number]
        places = rows.tolist()
        found[lane] = _Queue(
            priorities[rows].tolist(),
            [sequences[row] for row in places],
            [pending[row] for row in places],
        )
    return found

"""What a service counts: answers by status, how long they took, and how full batches are."""

from __future__ import annotations

import bisect
import time
from collections import Counter
from typing import Any

BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000)
"""Upper ends of the classes that durations are counted in."""


class Metrics:
    """Counters since the start."""

    def __init__(self) -> None:
        self._started = time.time()
        self._statuses: Counter[int] = Counter()
        self._durations = [0] * (len(BOUNDS_MS) + 1)
        self._total_ms = 0.0
        self._batches = 0
        self._samples = 0

    def add_call(self, status: int, seconds: float) -> None:
        """Count a prediction that was answered."""
        self._statuses[status] += 1
        self._durations[bisect.bisect_left(BOUNDS_MS, seconds * 1000)] += 1
        self._total_ms += seconds * 1000

    def add_batch(self, samples: int) -> None:
        """Count a batch that a network got."""
        self._batches += 1
        self._samples += samples

    def to_dict(self) -> dict[str, Any]:
        """Return all counters.

        ``durations_ms`` counts calls by the upper end of their duration, the last one without.
        """
        calls = sum(self._statuses.values())
        return {
            "started": self._started,
            "calls": calls,
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
            "mean_ms": self._total_ms / calls if calls else None,
            "durations_ms": [
                {"up_to": bound, "calls": count}
                for bound, count in zip((*BOUNDS_MS, None), self._durations, strict=True)
            ],
            "batches": self._batches,
            "samples": self._samples,
            "mean_batch": self._samples / self._batches if self._batches else None,
        }

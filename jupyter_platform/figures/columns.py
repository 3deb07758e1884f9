"""Samples as the columns that a live plot fetches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.hosts import HostSample

Column = list[float | None]
GIGA = 1e9
MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Span:
    """How far back a plot looks."""

    hours: float
    unit: str
    """What the axis counts: ``minutes`` or ``hours``."""
    unit_s: float
    poll_s: float
    """Seconds between two fetches."""
    gap_s: float
    """Seconds without a sample after which a line is broken."""


LIVE = Span(hours=1 / 6, unit="minutes", unit_s=60, poll_s=2, gap_s=45)
DAY = Span(hours=24, unit="hours", unit_s=3600, poll_s=60, gap_s=300)
SPANS = {"live": LIVE, "day": DAY}
"""Spans by name."""


def span(name: str) -> Span:
    """Return a span by name.

    Raises
    ------
    InvalidRequestError
        If there is none of that name.
    """
    if name not in SPANS:
        raise InvalidRequestError(f"Unknown span {name!r}; accepted: {', '.join(SPANS)}.")
    return SPANS[name]


_MEASURES: dict[str, Callable[[HostSample], float]] = {
    "cpu": lambda sample: sample.cpu,
    "memory": lambda sample: sample.memory_used / GIGA,
    "disk": lambda sample: (sample.disk_total - sample.disk_free) / GIGA,
    "sent": lambda sample: sample.network_sent / MEGA,
    "received": lambda sample: sample.network_received / MEGA,
}


def column_names(gpus: Iterable[int]) -> list[str]:
    """Return the names of the columns of a host with these GPUs."""
    per_gpu = [name for index in gpus for name in (f"gpu{index}", f"gpu{index}_memory")]
    return ["time", "ago", *_MEASURES, *per_gpu]


def host_columns(
    samples: Sequence[HostSample], gpus: Iterable[int], *, now: float, unit_s: float, gap_s: float
) -> dict[str, Column]:
    """Return a host's load as columns of equal length.

    Parameters
    ----------
    samples : sequence of HostSample
        In the order of time.
    gpus : iterable of int
        Indices of the GPUs to show.
    now : float
        Unix time that counts as zero, s.
    unit_s : float
        Seconds of one unit of the column ``ago``: 60 for minutes, 3600 for hours.
    gap_s : float
        Seconds without a sample after which a line is broken.

    Returns
    -------
    dict
        ``time`` (Unix time, ms), ``ago`` (units before `now`, negative), ``cpu`` (per cent of all
        cores), ``memory`` and ``disk`` (GB in use), ``sent`` and ``received`` (MB/s), and for each
        GPU ``gpu<i>`` (per cent) and ``gpu<i>_memory`` (GB). None where there is no value.
    """
    indices = list(gpus)
    columns: dict[str, Column] = {name: [] for name in column_names(indices)}
    before: float | None = None
    for sample in samples:
        if before is not None and sample.time - before > gap_s:
            _append(columns, {"time": (before + sample.time) / 2}, now, unit_s)
        before = sample.time
        values: dict[str, float | None] = {"time": sample.time}
        values |= {name: measure(sample) for name, measure in _MEASURES.items()}
        for gpu in sample.gpus:
            values[f"gpu{gpu.index}"] = gpu.utilisation
            values[f"gpu{gpu.index}_memory"] = gpu.memory_used / GIGA
        _append(columns, values, now, unit_s)
    return columns


def with_latest(samples: list[HostSample], latest: HostSample | None) -> list[HostSample]:
    """Return stored samples and, behind them, one that is newer than all of them.

    Parameters
    ----------
    samples : list of HostSample
        Oldest first.
    latest : HostSample or None
        The newest sample that is known.
    """
    if latest is None or (samples and latest.time <= samples[-1].time):
        return samples
    return [*samples, latest]


def _append(
    columns: dict[str, Column], values: dict[str, float | None], now: float, unit_s: float
) -> None:
    time = values["time"]
    assert time is not None
    values = values | {"time": round(time * 1000), "ago": round((time - now) / unit_s, 4)}
    for name, column in columns.items():
        value = values.get(name)
        column.append(value if value is None else round(value, 4))

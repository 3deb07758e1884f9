"""Reason codes: finding out what is missing, and saying it when somebody reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from jupyter_platform.coordinator.workloads.planning.capacity import Capacity
from jupyter_platform.coordinator.workloads.planning.fleet import (
    BARRIER,
    GPUS,
    PLACES,
    Fleet,
    counts,
    deficits,
    need,
)
from jupyter_platform.coordinator.workloads.planning.model import Reason, Shape
from jupyter_platform.core.units import format_bytes, format_count, format_duration

_DIMENSIONS = ("cpus", "memory", "gpus", "places")
_ORDER = (2, 0, 1, 3)
"""GPUs are named first: they are the scarcest."""


def impossible(shape: Shape, fleet: Fleet) -> Reason | None:
    """Say why no host that is up could ever run a shape; None when it could run.

    Parameters
    ----------
    shape : Shape
        What the workload asks for.
    fleet : Fleet
        The hosts.
    """
    if not fleet.up.any():
        return Reason("no_host", {"lost": len(fleet)})
    admitted = fleet.admits(shape)
    if not admitted.any():
        wanted_of = {"targets": shape.targets, "filter": shape.target_filter}
        return Reason("no_match", {**wanted_of, "at_home": shape.at_home})
    whole = fleet.room(shape)
    ranks = counts(whole, shape)
    able = int(ranks[fleet.up].sum())
    if able >= shape.ranks:
        return None
    if int(ranks.sum()) >= shape.ranks:
        helpful = np.flatnonzero(~fleet.up & (ranks > 0))
        names = [fleet.names[row] for row in helpful]
        return Reason("host_lost", {**_asked(shape), "hosts": names})
    if able:
        return Reason("gang_too_wide", {**_asked(shape), "most": able})
    wanted = need(shape)
    possible = whole[:, fleet.up & admitted]
    for dimension in _ORDER:
        most = int(possible[dimension].max(initial=0))
        if most < wanted[dimension]:
            data = {**_asked(shape), "what": _DIMENSIONS[dimension], "most": most}
            return Reason("impossible", data)
    return Reason("no_single_host", _asked(shape))


def no_room(shape: Shape, capacity: Capacity, at: float | None) -> Reason:
    """Say what is missing where least is missing, and when it is likely to be there.

    Parameters
    ----------
    shape : Shape
        What the workload asks for.
    capacity : Capacity
        What is left of each host.
    at : float or None
        Unix time when it is likely to fit, s; None where that is not known.
    """
    data = {**_asked(shape), "at": at}
    fleet, room = capacity.fleet, capacity.room(shape)
    if shape.ranks > 1:
        fits = int(counts(room, shape).sum())
        return Reason("no_room_for_gang", {**data, "fits": fits})
    whole = fleet.room(shape)
    able = fleet.up & (counts(whole, shape) > 0) & (room[PLACES] > -BARRIER // 2)
    (shared,) = able.nonzero()
    if not len(shared):
        return Reason("not_free", {**data, "own": shape.force_free})
    best = int(shared[deficits(room[:, shared], shape, 1).argmin()])
    wanted = need(shape)
    dimension = next(index for index in _ORDER if room[index, best] < wanted[index])
    taken = len(fleet.offers[best].gpus) - len(fleet.grantable[best])
    return Reason(
        "no_room",
        {
            **data,
            "what": _DIMENSIONS[dimension],
            "free": max(int(room[dimension, best]), 0),
            "whole": int(whole[dimension, best]),
            "strangers": taken if dimension == GPUS else 0,
            "host": fleet.names[best] if np.count_nonzero(fleet.up) > 1 else None,
        },
    )


def _asked(shape: Shape) -> dict[str, Any]:
    return {
        "role": shape.role,
        "cpus": shape.cpus,
        "memory": shape.memory,
        "gpus": shape.gpus,
        "ranks": shape.ranks,
        "distinct": shape.asks_hosts,
    }


def sentence(reason: Reason, now: float) -> str:
    """Return a reason as a person reads it.

    Parameters
    ----------
    reason : Reason
        From a plan.
    now : float
        Unix time at which it is read; times of day are this machine's, with their zone.
    """
    return _SENTENCES[reason.code](reason.data, now)


def moment(at: float | None, now: float, prefix: str = ", likely ") -> str:
    """Return ``", likely at 14:20 CET"``, or nothing for a time that is not known.

    Parameters
    ----------
    at : float or None
        Unix time, s; None where it is not known.
    now : float
        Unix time, s.
    prefix : str, optional
        What stands before the time.
    """
    if at is None:
        return ""
    if at - now > 20 * 3600:
        return f"{prefix}in {format_duration(at - now)}"
    if at <= now + 1:
        return f"{prefix}any moment"
    return f"{prefix}at {datetime.fromtimestamp(at).astimezone():%H:%M %Z}"


def _amount(what: str, amount: int) -> str:
    if what == "memory":
        return f"{format_bytes(amount)} of memory"
    return format_count(amount, {"cpus": "CPU", "gpus": "GPU", "places": "process"}[what])


def _place_amount(data: Mapping[str, Any]) -> str:
    if data["what"] == "places":
        return f"a place for one more {data['role']}"
    return f"{_amount(data['what'], data[data['what']])} on one host"


def _free(data: Mapping[str, Any]) -> str:
    host = f" on {data['host']}" if data["host"] else ""
    if data["what"] == "places":
        limit = format_count(data["whole"], "place")
        return f"all {limit} for that{host} are taken"
    if data["what"] == "memory":
        return f"{format_bytes(data['free'])} of {format_bytes(data['whole'])} are free{host}"
    verb = "is" if data["free"] == 1 else "are"
    strangers = data["strangers"]
    taken = f" ({strangers} in use by processes of others)" if strangers else ""
    return f"{data['free']} of {data['whole']} {verb} free{host}{taken}"


def _no_host(data: Mapping[str, Any], now: float) -> str:
    lost, why = data["lost"], " ".join(data.get("why", ()))
    told = "no host is up" + (f"; {format_count(lost, 'host')} lost" if lost else "")
    return f"{told}. {why}" if why else told


def _no_match(data: Mapping[str, Any], now: float) -> str:
    names = ", ".join(data["targets"])
    filter_ = f"target_filter {data['filter']}" if data["filter"] else ""
    if data.get("at_home"):
        which = " that may be used" if names or filter_ else ""
        return f"its pool lies on the coordinator's machine, and no host{which} is there"
    if names and filter_:
        return f"of {names} no host matches {filter_}"
    return f"no host matches {filter_}" if filter_ else f"may only run on {names}; not a host here"


def _not_free(data: Mapping[str, Any], now: float) -> str:
    when = moment(data["at"], now)
    if data["own"]:
        return f"needs a host to itself; something runs on every one that it may use{when}"
    return f"every host that it may use is taken by a job that shares it with no other{when}"


def _queue_held(data: Mapping[str, Any], now: float) -> str:
    return "the queue is held: nothing that waits starts until somebody lets it move again"


def _impossible(data: Mapping[str, Any], now: float) -> str:
    what = data["what"]
    if what == "places":
        return f"needs a host that runs the role {data['role']}; no host does"
    most = format_bytes(data["most"]) if what == "memory" else f"{data['most']}"
    have = f"no host has more than {most}" if data["most"] else "no host has any"
    return f"needs {_place_amount(data)}; {have}"


def _needs(data: Mapping[str, Any]) -> str:
    parts = [_amount("cpus", data["cpus"]), _amount("memory", data["memory"])]
    if data["gpus"]:
        parts.insert(0, _amount("gpus", data["gpus"]))
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def _gang(data: Mapping[str, Any]) -> str:
    each = " each" if data["ranks"] > 1 else ""
    if each and data.get("distinct"):
        return f"{format_count(data['ranks'], 'host')} for a process with {_needs(data)} each"
    return f"{format_count(data['ranks'], 'process', 'processes')} with {_needs(data)}{each}"


def _too_wide(data: Mapping[str, Any], now: float) -> str:
    if data.get("distinct"):
        return f"needs {_gang(data)}; {data['most']} of those asked for could run one"
    return f"needs {_gang(data)}; all hosts together have room for {data['most']}"


def _single_host(data: Mapping[str, Any], now: float) -> str:
    return f"needs {_needs(data)} on one host; no host has all of that"


def _lost(data: Mapping[str, Any], now: float) -> str:
    names = ", ".join(data["hosts"])
    verb = "is" if len(data["hosts"]) == 1 else "are"
    return f"needs {_needs(data)}; {names} could run it but {verb} lost"


def _no_room(data: Mapping[str, Any], now: float) -> str:
    return f"needs {_place_amount(data)}; {_free(data)}{moment(data['at'], now)}"


def _no_room_for_gang(data: Mapping[str, Any], now: float) -> str:
    return (
        f"needs {_gang(data)}, all at once; there is room for {data['fits']}"
        f"{moment(data['at'], now)}"
    )


def _behind(data: Mapping[str, Any], now: float) -> str:
    others = data["others"]
    rest = f" and {format_count(others, 'other')}" if others else ""
    return f"waits for {data['first']!r}{rest} before it"


def _reserved(data: Mapping[str, Any], now: float) -> str:
    start = moment(data["at"], now, prefix=", which is likely to start ")
    return f"room is kept for {data['for']!r}{start}"


def _retry(data: Mapping[str, Any], now: float) -> str:
    left = format_duration(max(data["at"] - now, 1))
    return f"tries again in {left}" + (f": {data['why']}" if data.get("why") else "")


_SENTENCES: dict[str, Callable[[Mapping[str, Any], float], str]] = {
    "no_host": _no_host,
    "no_match": _no_match,
    "not_free": _not_free,
    "impossible": _impossible,
    "gang_too_wide": _too_wide,
    "no_single_host": _single_host,
    "host_lost": _lost,
    "no_room": _no_room,
    "no_room_for_gang": _no_room_for_gang,
    "behind": _behind,
    "reserved": _reserved,
    "retry": _retry,
    "held": _queue_held,
}

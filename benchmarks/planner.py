"""One turn of the planner: ten thousand jobs of fifty shapes wait on a thousand busy hosts.

Four fifths of the hosts' CPUs are leased. Every shape is different; there are gangs, GPUs, filters,
targets and jobs that want a host to themselves among them. Half of the ends are known.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.pairs import CONTROL, compare
from benchmarks.table import Row
from jupyter_platform.coordinator.hosts.offers import GpuOffer, HostOffer
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    LeaseView,
    Pending,
    Shape,
    Usage,
    plan,
)

ROUNDS = 30
JOBS, HOSTS, SHAPES = 10_000, 1_000, 50
LEASED = 0.8
TURN, MORE_JOBS, MORE_HOSTS = "turn", "twice the jobs", "twice the hosts"
NOW = 1_000_000.0
GB = 10**9
LANES = {"learner": "LEARN", "evaluator": "EVALUATE", "agent": "ACT"}
CPUS, MEMORY = 64, 512 * GB


@dataclass
class World:
    """What the planner is asked about."""

    pending: list[Pending]
    hosts: list[HostOffer]
    leases: list[LeaseView] = field(default_factory=list)
    ends: dict[str, float] = field(default_factory=dict)
    failures: dict[str, float] = field(default_factory=dict)

    def turn(self) -> float:
        """Plan, and return the seconds that it took."""
        usage = Usage({f"user{number}": 1e4 * number for number in range(20)})
        forecasts = Forecasts(self.ends)
        began = time.perf_counter()
        plan(NOW, self.pending, self.hosts, self.leases, forecasts, usage, self.failures)
        return time.perf_counter() - began


def build_world(jobs: int, hosts: int, seed: int = 1) -> World:
    """Return a world that is the same for the same arguments, always."""
    rng = random.Random(seed)
    world = World([], [_host(rng, number) for number in range(hosts)])
    for host in world.hosts:
        _lease(rng, world, host)
        if rng.random() < 0.02:
            world.failures[host.name] = 1.0
    shapes = set[Shape]()
    while len(shapes) < SHAPES:
        shapes.add(_shape(rng, world.hosts))
    wanted = sorted(shapes, key=repr)
    for number in range(jobs):
        world.pending.append(_pending(rng, number, rng.choice(wanted)))
    return world


def _host(rng: random.Random, number: int) -> HostOffer:
    gpus = tuple(GpuOffer(index) for index in range(rng.choice([0, 0, 4, 8])))
    name = f"node{number:05}"
    attributes = {
        "name": (name,),
        "id": (f"id-{name}",),
        "arch": (rng.choice(["x86_64", "x86_64", "arm64"]),),
        "memory": (MEMORY,),
        "site": (rng.choice(["ghent", "delft", "bonn"]),),
    }
    return HostOffer(name, CPUS, MEMORY, gpus, attributes=attributes)


def _lease(rng: random.Random, world: World, host: HostOffer) -> None:
    cpus, memory = CPUS, MEMORY
    gpus = [gpu.index for gpu in host.gpus]
    while cpus > CPUS * (1 - LEASED):
        taken = min(cpus, rng.choice([1, 2, 4, 8, 16]))
        used = min(memory, taken * rng.choice([2, 4, 6]) * GB)
        named = (gpus.pop(0),) if len(gpus) > 1 and rng.random() < 0.5 else ()
        workload = f"running{len(world.leases)}"
        role = rng.choice(list(LANES))
        world.leases.append(LeaseView(workload, host.name, role, taken, used, named))
        cpus, memory = cpus - taken, memory - used
        if rng.random() < 0.5:
            world.ends[workload] = NOW + rng.uniform(1, 10_000)


def _shape(rng: random.Random, hosts: list[HostOffer]) -> Shape:
    role = rng.choice(["learner", "learner", "evaluator", "agent"])
    named = [host.name for host in rng.sample(hosts, 8)]
    filters = ["(arch=arm64)", "(&(site=ghent)(memory>=200GB))", "(!(site=bonn))"]
    return Shape(
        role,
        rng.choice([1, 1, 2, 2, 4, 8]),
        rng.choice([1, 2, 4, 8, 16]) * GB,
        rng.choice([0, 0, 1, 2, 4]) if role == "learner" else 0,
        rng.choice([1, 1, 1, 2, 4, 8]),
        targets=tuple(named) if rng.random() < 0.04 else (),
        target_filter=rng.choice(filters) if rng.random() < 0.1 else "",
        force_free=rng.random() < 0.04,
    )


def _pending(rng: random.Random, number: int, shape: Shape) -> Pending:
    return Pending(
        f"job{number}",
        f"job {number}",
        f"user{rng.randrange(20)}",
        LANES[shape.role],
        shape,
        number,
        NOW - rng.uniform(0, 5_000),
        priority=rng.choice([0, 0, 0, 0, 5, -5]),
    )


def run() -> list[Row]:
    """Measure; about half a minute."""
    turn = build_world(JOBS, HOSTS).turn
    variants: dict[str, Callable[[], float]] = {
        TURN: turn,
        MORE_JOBS: build_world(2 * JOBS, HOSTS).turn,
        MORE_HOSTS: build_world(JOBS, 2 * HOSTS).turn,
        CONTROL: turn,
    }
    result = compare(variants, TURN, ROUNDS, warm_up=2)
    control = f"control {result.ratio(CONTROL):.3f}"
    about = f"{JOBS:,} waiting jobs of {SHAPES} shapes on {HOSTS:,} hosts"
    return [
        Row(
            "planner",
            f"one turn: {about}",
            f"{1e3 * result.median(TURN):.0f} ms",
            "≤ 50 ms",
            control,
        ),
        Row("planner", "twice the jobs / that", f"{result.ratio(MORE_JOBS):.2f}", "≤ 2.3"),
        Row("planner", "twice the hosts / that", f"{result.ratio(MORE_HOSTS):.2f}", "≤ 2.3"),
    ]

"""The planner beside one that is slow and obvious, on small worlds of every sort."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from jupyter_platform.coordinator.hosts.offers import GpuOffer, HostOffer
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    LeaseView,
    Pending,
    PlanningPolicy,
    Shape,
    Usage,
    plan,
)

from .reference import reference_plan

WORLDS = 1_000
ROLES = {"learner": "LEARN", "evaluator": "EVALUATE", "agent": "ACT"}
FILTERS = (
    "(arch=arm64)",
    "(!(arch=arm64))",
    "(|(name=h1)(name=h2)(cpus>=6))",
    "(&(cpus>=3)(arch=x86_64))",
    "(name=nobody)",
)
NOW = 100.0


def host(rng: random.Random, number: int) -> HostOffer:
    roles = {role: rng.choice([None, 0, 1, 2, 3]) for role in rng.sample(list(ROLES), 2)}
    return HostOffer(
        f"h{number}",
        cpus=rng.randint(2, 8),
        memory=rng.randint(3, 16),
        gpus=tuple(
            GpuOffer(index, rng.choice([0, 0, 0, 50, 200]))
            for index in range(rng.choice([0, 2, 4]))
        ),
        roles=roles if rng.random() < 0.2 else dict.fromkeys(ROLES),
        up=rng.random() < 0.9,
        at_home=rng.random() < 0.7,
        attributes={
            "name": (f"h{number}",),
            "id": (f"id{number}",),
            "arch": (rng.choice(["arm64", "x86_64"]),),
            "cpus": (rng.randint(1, 8),),
        },
    )


def lease(rng: random.Random, number: int, free: dict[str, list[int]]) -> LeaseView:
    """Return a grant of GPUs that are free; it may be of more than the host now offers."""
    name = rng.choice(list(free))
    gpus = [free[name].pop() for _ in range(min(rng.choice([0, 0, 1, 2]), len(free[name])))]
    return LeaseView(
        f"r{rng.choice([number, number // 2])}",
        name,
        rng.choice(list(ROLES)),
        rng.randint(1, 3),
        rng.randint(0, 4),
        tuple(gpus),
        exclusive=rng.random() < 0.1,
    )


def shape(rng: random.Random) -> Shape:
    names = ["h0", "h1", "h2", "id0", "id3", "h9"]
    return Shape(
        rng.choice(list(ROLES)),
        rng.randint(1, 4),
        rng.randint(0, 5),
        rng.choice([0, 0, 0, 1, 2]),
        rng.choice([1, 1, 1, 2, 3, 5]),
        targets=tuple(rng.sample(names, 3)) if rng.random() < 0.12 else (),
        target_filter=rng.choice(FILTERS) if rng.random() < 0.15 else "",
        force_free=rng.random() < 0.15,
        at_home=rng.random() < 0.1,
    )


def waiting(rng: random.Random, number: int, shapes: list[Shape], mixed: bool) -> Pending:
    wanted = rng.choice(shapes)
    return Pending(
        f"j{number:02}",
        f"job {number}",
        rng.choice(["ada", "bob", "eve"]),
        rng.choice(["A", "B"]) if mixed else ROLES[wanted.role],
        wanted,
        number,
        rng.choice([0.0, 40.0, 90.0, 120.0]),
        priority=rng.choice([0, 0, 0, 1, -2, 5]),
        not_before=rng.choice([None] * 12 + [99.0, 101.0]),
        why="it broke",
    )


def world(seed: int) -> tuple:
    rng = random.Random(seed)
    hosts = [host(rng, number) for number in range(rng.choice([0, 1, 2, 3, 4, 6]))]
    free = {name: rng.sample(range(4), 4) for name in [*(item.name for item in hosts), "gone"]}
    leases = [lease(rng, number, free) for number in range(rng.randint(0, 10))]
    shapes = [shape(rng) for _ in range(rng.randint(1, 6))]
    mixed = rng.random() < 0.2
    pending = [waiting(rng, number, shapes, mixed) for number in range(rng.randint(1, 25))]
    known = rng.choice([0.0, 0.5, 1.0])
    ends = {item.workload: float(rng.randint(90, 130)) for item in leases if rng.random() < 0.6}
    durations = {item.id: float(rng.randint(1, 40)) for item in pending if rng.random() < known}
    for items in (hosts, leases, pending):
        rng.shuffle(items)
    return (
        NOW,
        pending,
        hosts,
        leases,
        Forecasts(ends, durations),
        Usage({"ada": 3.0, "bob": float(rng.randint(0, 4))}, {"LEARN": 90.0, "A": 80.0}),
        {item.name: rng.choice([0.0, 0.0, 1.0, 2.0]) for item in hosts},
        PlanningPolicy(ageing_s=rng.choice([600.0, 20.0]), foreign_gpu_memory=100),
    )


@pytest.mark.parametrize("batch", range(10))
def test_the_plan_is_that_of_a_planner_that_looks_at_everything(batch):
    for seed in range(batch, WORLDS, 10):
        assert plan(*world(seed)) == reference_plan(*world(seed)), f"in world {seed}"


def test_the_worlds_show_whatever_a_plan_can_say():
    codes: Counter[str] = Counter()
    for seed in range(WORLDS):
        answer = plan(*world(seed))
        codes.update(reason.code for reason in answer.reasons.values())
        codes["placed"] += len(answer.placements)
        codes["gangs"] += sum(len(item.ranks) > 1 for item in answer.placements)
        codes["on GPUs"] += sum(bool(item.ranks[0].gpus) for item in answer.placements)
        codes["reserved for a time"] += sum(item.at is not None for item in answer.reservations)
        codes["reserved for whenever"] += sum(item.at is None for item in answer.reservations)
    rare = {what: codes[what] for what in codes if codes[what] < 20}
    assert not rare
    assert set(codes) >= {
        "behind", "gang_too_wide", "host_lost", "impossible", "no_host", "no_match", "no_room",
        "no_room_for_gang", "no_single_host", "not_free", "reserved", "retry",
    }  # fmt: skip

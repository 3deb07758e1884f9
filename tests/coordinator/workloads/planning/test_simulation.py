"""An event-driven simulation of a cluster that is run by the planner."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_platform.coordinator.hosts.offers import GpuOffer, HostOffer
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    LeaseView,
    Pending,
    Placement,
    Shape,
    Usage,
    plan,
)

ROLES = {"LEARN": "learner", "EVALUATE": "evaluator", "ACT": "agent"}


@dataclass(frozen=True)
class Work:
    """A workload with the time it really takes."""

    id: str
    lane: str = "LEARN"
    arrives: float = 0.0
    duration: float = 10.0
    cpus: int = 1
    memory: int = 1
    gpus: int = 0
    ranks: int = 1
    owner: str = "ada"
    priority: int = 0
    known: bool = False
    """Whether the planner knows how long it runs."""

    def pending(self, sequence: int) -> Pending:
        shape = Shape(ROLES[self.lane], self.cpus, self.memory, self.gpus, self.ranks)
        return Pending(
            self.id,
            self.id,
            self.owner,
            self.lane,
            shape,
            sequence,
            self.arrives,
            priority=self.priority,
        )


@dataclass
class Simulation:
    """Runs works on hosts and keeps when each started and ended."""

    hosts: list[HostOffer]
    works: list[Work]
    started: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    reservations: list[str] = field(default_factory=list)

    def run(self, until: float = 1e9) -> Simulation:
        by_id = {work.id: work for work in self.works}
        order = {work.id: index for index, work in enumerate(self.works)}
        events = [(work.arrives, 1, work.id) for work in self.works]
        heapq.heapify(events)
        waiting: dict[str, Pending] = {}
        leases: dict[str, list[LeaseView]] = {}
        lanes: dict[str, float] = {}
        while events and events[0][0] <= until:
            now = events[0][0]
            while events and events[0][0] == now:
                _, kind, name = heapq.heappop(events)
                if kind == 0:
                    del leases[name]
                    self.ended[name] = now
                else:
                    waiting[name] = by_id[name].pending(order[name])
            answer = plan(
                now,
                list(waiting.values()),
                self.hosts,
                [lease for group in leases.values() for lease in group],
                Forecasts(
                    ends={
                        name: self.started[name] + by_id[name].duration
                        for name in leases
                        if by_id[name].known
                    },
                    durations={n: by_id[n].duration for n in waiting if by_id[n].known},
                ),
                Usage(lanes=lanes),
            )
            self.reservations += [item.workload for item in answer.reservations]
            for placement in answer.placements:
                work, pending = by_id[placement.workload], waiting.pop(placement.workload)
                leases[work.id] = [
                    LeaseView(
                        work.id, rank.host, pending.shape.role, work.cpus, work.memory, rank.gpus
                    )
                    for rank in placement.ranks
                ]
                assert len(placement.ranks) == work.ranks
                lanes[work.lane] = now
                self.started[work.id] = now
                self.placements[work.id] = placement
                heapq.heappush(events, (now + work.duration, 0, work.id))
            assert set(answer.reasons) == set(waiting)
            self._check([lease for group in leases.values() for lease in group])
        return self

    def _check(self, leases: list[LeaseView]) -> None:
        for host in self.hosts:
            here = [lease for lease in leases if lease.host == host.name]
            assert sum(lease.cpus for lease in here) <= host.cpus
            assert sum(lease.memory for lease in here) <= host.memory
            gpus = [index for lease in here for index in lease.gpus]
            assert len(gpus) == len(set(gpus))
            assert set(gpus) <= {gpu.index for gpu in host.gpus}
            for role in ROLES.values():
                capacity = host.roles.get(role, 0)
                running = sum(lease.role == role for lease in here)
                assert capacity is None or running <= capacity


def host(name: str = "h1", cpus: int = 4, memory: int = 100, gpus: int = 0) -> HostOffer:
    return HostOffer(name, cpus, memory, tuple(GpuOffer(index) for index in range(gpus)))


works = st.builds(
    Work,
    id=st.just(""),
    lane=st.sampled_from(["LEARN", "EVALUATE", "ACT"]),
    arrives=st.integers(0, 50).map(float),
    duration=st.integers(1, 40).map(float),
    cpus=st.integers(1, 4),
    memory=st.integers(0, 8),
    gpus=st.integers(0, 2),
    ranks=st.integers(1, 3),
    priority=st.integers(-2, 2),
    owner=st.sampled_from(["ada", "bob"]),
    known=st.booleans(),
)


def _named(items: list[Work]) -> list[Work]:
    items = sorted(items, key=lambda work: work.arrives)
    return [Work(**{**vars(work), "id": f"w{index:02}"}) for index, work in enumerate(items)]


def _ranks_on_a_host(work: Work) -> int:
    limits = [4 // work.cpus]
    limits += [8 // work.memory] if work.memory else []
    limits += [2 // work.gpus] if work.gpus else []
    return min(limits)


@settings(max_examples=150, deadline=None)
@given(st.lists(works, min_size=1, max_size=25), st.integers(1, 3))
def test_everything_that_can_run_runs_and_nothing_is_granted_twice(items, count):
    hosts = [host(f"h{index}", 4, 8, 2) for index in range(count)]
    items = _named(items)

    simulation = Simulation(hosts, items).run()

    possible = {work.id for work in items if work.ranks <= count * _ranks_on_a_host(work)}
    assert set(simulation.ended) == possible


@settings(max_examples=50, deadline=None)
@given(st.lists(works, min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_arguments_changes_nothing(items, rng):
    items = _named(items)
    queue = [work.pending(index) for index, work in enumerate(items)]
    hosts = [host(f"h{index}", 4, 8, 2) for index in range(3)]
    durations = {work.id: work.duration for work in items if work.known}

    first = plan(100, queue, hosts, [], Forecasts(durations=durations))
    rng.shuffle(queue)
    rng.shuffle(hosts)
    second = plan(100, queue, hosts, [], Forecasts(durations=durations))

    assert first == second


@pytest.mark.parametrize("known", [True, False])
def test_a_wide_one_is_not_starved_by_a_stream_of_narrow_ones(known):
    long_ones = [Work(f"long{i}", duration=1e6, known=known) for i in range(6)]
    wide = Work("wide", arrives=1.0, cpus=2, duration=5.0, known=known)
    stream = [
        Work(f"s{i}", lane="EVALUATE", arrives=float(i) / 2, duration=3.0, known=known)
        for i in range(400)
    ]

    simulation = Simulation([host(cpus=8)], [*long_ones, wide, *stream]).run(until=300)

    assert simulation.started["wide"] <= 8.0


def test_reserved_starts_are_kept_when_forecasts_are_exact():
    running = [Work("x", duration=50.0, known=True), Work("y", duration=80.0, known=True)]
    wide = Work("wide", arrives=1.0, cpus=3, duration=10.0, known=True)
    stream = [
        Work(f"s{i}", lane="EVALUATE", arrives=1.0 + i, duration=float(7 + i % 60), known=True)
        for i in range(60)
    ]

    simulation = Simulation([host(cpus=3)], [*running, wide, *stream]).run()

    assert simulation.started["wide"] == 80.0
    assert min(simulation.started[f"s{i}"] for i in range(60)) < 80.0


def test_evaluation_is_not_delayed_by_a_long_learn_where_room_is_left():
    learns = [Work(f"l{i}", duration=1000.0) for i in range(3)]
    evaluations = [Work(f"e{i}", "EVALUATE", arrives=10.0 * i, duration=5.0) for i in range(20)]

    simulation = Simulation([host(cpus=4)], [*learns, *evaluations]).run()

    assert all(simulation.started[work.id] == work.arrives for work in evaluations)


def test_a_long_queue_of_learns_delays_an_evaluation_by_one_turn():
    learns = [Work(f"l{i:02}", duration=10.0) for i in range(40)]
    evaluation = Work("e", "EVALUATE", arrives=15.0, duration=5.0)

    simulation = Simulation([host(cpus=1)], [*learns, evaluation]).run()

    assert simulation.started["e"] == 20.0

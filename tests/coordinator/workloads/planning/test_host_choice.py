"""Targets, filters, and jobs that share their hosts with no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_platform.coordinator.workloads.planning import Forecasts, Shape, plan, sentence

from .test_planner import EVALUATE, LEARN, host, lease, pending, started


def named(name, **more):
    attributes = {"name": (name,), "id": (f"id-{name}",), **more.pop("attributes", {})}
    return host(name, attributes=attributes, **more)


HOSTS = [named("h1"), named("h2"), named("h3", attributes={"arch": ("arm64",)})]


def places(answer, workload):
    (placement,) = [item for item in answer.placements if item.workload == workload]
    return sorted(rank.host for rank in placement.ranks)


def told(answer, workload):
    return sentence(answer.reasons[workload], 0.0)


@pytest.mark.parametrize("target", ["h2", "id-h2"])
def test_a_job_runs_on_its_target_and_waits_for_it(target):
    shape = replace(LEARN, targets=(target,))

    free = plan(0, [pending("a", shape)], HOSTS, [])
    busy = plan(0, [pending("a", shape)], HOSTS, [lease("x", cpus=4, host="h2")])

    assert places(free, "a") == ["h2"]
    assert started(busy) == []
    assert "on h2" in told(busy, "a") or "0 of 4" in told(busy, "a")


def test_processes_on_targets_are_on_one_each():
    shape = replace(LEARN, targets=("h1", "h2", "h3"), ranks=3)
    two_of_three = replace(shape, ranks=2)

    assert places(plan(0, [pending("a", shape)], HOSTS, []), "a") == ["h1", "h2", "h3"]
    busy = [lease("x", cpus=4, host="h1")]
    assert places(plan(0, [pending("a", two_of_three)], HOSTS, busy), "a") == ["h2", "h3"]
    assert started(plan(0, [pending("a", shape)], HOSTS, busy)) == []


def test_a_filter_leaves_hosts_out():
    shape = replace(LEARN, target_filter="(arch=arm64)")

    assert places(plan(0, [pending("a", shape)], HOSTS, []), "a") == ["h3"]


def test_processes_of_a_filter_are_on_hosts_of_their_own():
    shape = replace(LEARN, target_filter="(!(arch=arm64))", ranks=2)
    three = replace(shape, ranks=3)

    answer = plan(0, [pending("a", shape), pending("b", three)], HOSTS, [])

    assert places(answer, "a") == ["h1", "h2"]
    assert "needs 3 hosts for a process with" in told(answer, "b")
    assert told(answer, "b").endswith("2 of those asked for could run one")


def test_a_filter_that_no_host_matches_is_told():
    shape = replace(LEARN, target_filter="(name=none)")
    both = replace(shape, targets=("h1",))

    answer = plan(0, [pending("a", shape), pending("b", both)], HOSTS, [])

    assert told(answer, "a") == "no host matches target_filter (name=none)"
    assert told(answer, "b") == "of h1 no host matches target_filter (name=none)"


def test_a_lost_target_is_told():
    hosts = [named("h1"), named("h2", up=False)]

    answer = plan(0, [pending("a", replace(LEARN, targets=("h2",)))], hosts, [])

    assert "h2 could run it but is lost" in told(answer, "a")


def test_one_that_wants_a_host_to_itself_takes_an_idle_one_and_keeps_it():
    alone = replace(LEARN, force_free=True)
    queue = [pending("a", alone, 0), pending("b", LEARN, 1), pending("c", EVALUATE, 2)]

    answer = plan(0, queue, [named("h1"), named("h2")], [lease("x", host="h1")])

    assert places(answer, "a") == ["h2"]
    assert places(answer, "b") == places(answer, "c") == ["h1"]


def test_its_own_processes_may_share_the_host():
    answer = plan(0, [pending("a", replace(LEARN, force_free=True, ranks=3))], [named("h1")], [])

    assert places(answer, "a") == ["h1"] * 3


def test_while_it_runs_others_wait_and_are_told():
    running = lease("x", exclusive=True)

    answer = plan(
        0,
        [pending("a", LEARN), pending("e", EVALUATE, 1)],
        [named("h1")],
        [running],
        Forecasts(ends={"x": 0.5}),
    )

    assert started(answer) == []
    assert told(answer, "a") == (
        "every host that it may use is taken by a job that shares it with no other, likely any "
        "moment"
    )
    assert answer.reservations[0].at == 0.5


def test_only_where_every_host_is_taken_so_that_is_the_reason():
    """h1 is taken by one that shares it with nobody; h2 has only too few CPUs left."""
    wide = Shape("learner", 4, 1, 0)
    leases = [lease("x", host="h1", exclusive=True), lease("y", cpus=2, host="h2")]

    answer = plan(0, [pending("a", wide)], [named("h1"), named("h2")], leases)
    assert "no other" not in told(answer, "a")
    assert "CPUs" in told(answer, "a")
    assert "on h2" in told(answer, "a")

    alone = plan(0, [pending("a", wide)], [named("h1")], leases[:1])
    assert "shares it with no other" in told(alone, "a")


def test_what_waits_for_an_idle_host_gets_one_in_the_end():
    alone = pending("a", replace(LEARN, force_free=True), 0)
    rest = [pending("b", LEARN, 1), pending("e", EVALUATE, 2)]
    leases = [lease("x", host="h1"), lease("y", role="evaluator", host="h1")]

    known = plan(0, [alone, *rest], [named("h1")], leases, Forecasts(ends={"x": 5.0, "y": 9.0}))
    unknown = plan(0, [alone, *rest], [named("h1")], leases)

    assert known.reservations[0].at == 9.0, "when the last of the two has ended"
    assert "needs a host to itself" in told(known, "a")
    for answer in (known, unknown):
        assert started(answer) == [], "nobody moves in before it"
    assert started(plan(0, [alone], [named("h1")], [])) == ["a"]


def test_room_that_is_kept_for_another_is_not_taken_by_one_that_would_lock_it_up():
    wide = pending("wide", Shape("learner", 4, 1, 0), 0)
    alone = pending("alone", replace(EVALUATE, force_free=True), 1)
    leases = [lease("x", cpus=1, host="h1"), lease("y", cpus=4, host="h2")]

    answer = plan(0, [wide, alone], [named("h1"), named("h2")], leases, Forecasts(ends={"x": 9.0}))

    assert answer.reservations[0].hosts == {"h1": 1}
    assert started(answer) == []

from __future__ import annotations

import random

from jupyter_platform.coordinator.hosts.offers import GpuOffer, HostOffer
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    LeaseView,
    Pending,
    Shape,
    Usage,
    plan,
)

LEARN = Shape("learner", 1, 1, 0)
EVALUATE = Shape("evaluator", 1, 1, 0)


def host(name: str = "h1", cpus: int = 4, memory: int = 100, gpus: int = 0, **more) -> HostOffer:
    return HostOffer(name, cpus, memory, tuple(GpuOffer(index) for index in range(gpus)), **more)


def pending(id: str, shape: Shape = LEARN, sequence: int = 0, **more) -> Pending:
    lane = {"learner": "LEARN", "evaluator": "EVALUATE", "agent": "ACT"}[shape.role]
    more = {"owner": "ada", "submitted_at": 0.0, **more}
    return Pending(id=id, name=id, lane=lane, shape=shape, sequence=sequence, **more)


def lease(workload: str, cpus: int = 1, host: str = "h1", **more) -> LeaseView:
    return LeaseView(
        workload, host, more.pop("role", "learner"), cpus, more.pop("memory", 1), **more
    )


def started(answer) -> list[str]:
    return [placement.workload for placement in answer.placements]


def test_two_of_two_cpus_fill_a_host_of_four_and_the_third_waits():
    wide = Shape("learner", 2, 1, 0)

    answer = plan(0, [pending(n, wide, i) for i, n in enumerate("abc")], [host(cpus=4)], [])

    assert started(answer) == ["a", "b"]
    assert answer.reasons["c"].code == "no_room"
    assert answer.reasons["c"].data["free"] == 0
    assert answer.reasons["c"].data["whole"] == 4


def test_equals_start_in_the_order_of_submission():
    items = [pending(f"{i:02}", sequence=i) for i in range(20)]
    random.Random(1).shuffle(items)

    answer = plan(0, items, [host(cpus=5)], [])

    assert started(answer) == ["00", "01", "02", "03", "04"]


def test_higher_priority_goes_first():
    items = [pending("low", sequence=0), pending("high", sequence=1, priority=5)]

    assert started(plan(0, items, [host(cpus=1)], [])) == ["high"]


def test_waiting_raises_priority():
    items = [
        pending("old", sequence=0, submitted_at=0),
        pending("new", sequence=1, submitted_at=5000, priority=5),
    ]

    assert started(plan(5000, items, [host(cpus=1)], [])) == ["old"]


def test_the_owner_who_used_less_goes_first():
    items = [pending("a", sequence=0), pending("b", sequence=1, owner="bob")]

    answer = plan(0, items, [host(cpus=1)], [], usage=Usage(owners={"ada": 100.0}))

    assert started(answer) == ["b"]


def test_lanes_take_turns_on_a_full_cluster():
    learns = [pending(f"l{i}", sequence=i) for i in range(50)]
    evaluate = pending("e", EVALUATE, 99)

    answer = plan(10, [*learns, evaluate], [host(cpus=1)], [], usage=Usage(lanes={"LEARN": 5}))

    assert started(answer) == ["e"]


def test_a_gang_starts_whole_or_not_at_all():
    gang = Shape("learner", 2, 1, 0, ranks=3)
    hosts = [host("h1", 4), host("h2", 2)]

    whole = plan(0, [pending("g", gang)], hosts, [])
    part = plan(0, [pending("g", gang)], hosts, [lease("x", 1, "h2")])

    assert [rank.host for rank in whole.placements[0].ranks] == ["h1", "h1", "h2"]
    assert [rank.rank for rank in whole.placements[0].ranks] == [0, 1, 2]
    assert started(part) == []
    assert part.reasons["g"].code == "no_room_for_gang"
    assert part.reasons["g"].data["fits"] == 2


def test_a_blocked_wide_one_binds_every_lane_when_no_end_is_known():
    wide = pending("wide", Shape("learner", 2, 1, 0), 0)
    evaluate = pending("e", EVALUATE, 1)

    answer = plan(0, [wide, evaluate], [host(cpus=2)], [lease("x")])

    assert started(answer) == []
    assert answer.reservations[0].workload == "wide"
    assert answer.reasons["e"].code == "reserved"
    assert answer.reasons["e"].data["for"] == "wide"


def test_what_the_wide_one_does_not_need_stays_open():
    wide = pending("wide", Shape("learner", 1, 1, 1), 0)
    evaluate = pending("e", EVALUATE, 1)
    busy = lease("x", 1, gpus=(0,))

    answer = plan(0, [wide, evaluate], [host(cpus=4, gpus=1)], [busy])

    assert started(answer) == ["e"]


def test_the_last_cpu_is_kept_for_a_one_that_waits_for_a_gpu():
    wide = pending("wide", Shape("learner", 1, 1, 1), 0)
    busy = lease("x", 1, gpus=(0,))

    answer = plan(0, [wide, pending("e", EVALUATE, 1)], [host(cpus=2, gpus=1)], [busy])

    assert started(answer) == []


def test_a_short_one_passes_a_wide_one_and_a_long_one_does_not():
    wide = pending("wide", Shape("learner", 2, 1, 0), 0)
    items = [wide, pending("long", sequence=1), pending("short", sequence=2)]
    forecasts = Forecasts(ends={"x": 100.0}, durations={"long": 101.0, "short": 99.0})

    answer = plan(0, items, [host(cpus=2)], [lease("x")], forecasts)

    assert started(answer) == ["short"]
    assert answer.reservations[0].at == 100.0


def test_a_one_of_unknown_length_never_passes_into_reserved_room():
    wide = pending("wide", Shape("learner", 2, 1, 0), 0)

    answer = plan(
        0,
        [wide, pending("endless", sequence=1)],
        [host(cpus=2)],
        [lease("x")],
        Forecasts(ends={"x": 100.0}),
    )

    assert started(answer) == []


def test_an_impossible_one_says_so_and_blocks_nobody():
    items = [pending("never", Shape("learner", 1, 1, 2), 0), pending("next", sequence=1)]

    answer = plan(0, items, [host(gpus=1), host("h2")], [])

    assert started(answer) == ["next"]
    assert answer.reasons["never"].code == "impossible"
    assert answer.reservations == ()


def test_what_only_a_lost_host_could_run_waits_for_it():
    hosts = [host("h1"), host("h2", gpus=2, up=False)]

    answer = plan(0, [pending("a", Shape("learner", 1, 1, 2))], hosts, [])

    assert answer.reasons["a"].code == "host_lost"
    assert answer.reasons["a"].data["hosts"] == ["h2"]


def test_without_hosts_everything_waits():
    answer = plan(0, [pending("a")], [host(up=False)], [])

    assert answer.reasons["a"].code == "no_host"


def test_hosts_that_failed_lately_come_last():
    hosts = [host("h1"), host("h2")]

    answer = plan(0, [pending("a")], hosts, [], failures={"h1": 1.0})

    assert answer.placements[0].ranks[0].host == "h2"


def test_hosts_are_filled_one_after_the_other():
    hosts = [host("h1", 4), host("h2", 4)]

    answer = plan(0, [pending("a")], hosts, [lease("x", 2, "h2")])

    assert answer.placements[0].ranks[0].host == "h2"


def test_work_without_a_gpu_leaves_hosts_with_gpus_alone():
    answer = plan(0, [pending("a")], [host("h1", 1, gpus=1), host("h2", 4)], [])

    assert answer.placements[0].ranks[0].host == "h2"


def test_gpus_that_strangers_use_are_not_granted():
    gpus = (GpuOffer(0, 2**30 + 1), GpuOffer(1, 2**30))
    offer = HostOffer("h1", 4, 100, gpus)
    shape = Shape("learner", 1, 1, 1)

    answer = plan(0, [pending("a", shape, 0), pending("b", shape, 1)], [offer], [])

    assert answer.placements[0].ranks[0].gpus == (1,)
    assert answer.reasons["b"].code == "no_room"
    assert answer.reasons["b"].data["strangers"] == 1


def test_roles_have_capacities():
    offer = host(roles={"learner": 1, "evaluator": None})
    items = [pending("a", sequence=0), pending("b", sequence=1), pending("e", EVALUATE, 2)]

    answer = plan(0, [*items, pending("x", Shape("agent", 1, 1, 0), 3)], [offer], [])

    assert started(answer) == ["a", "e"]
    assert answer.reasons["b"].data["what"] == "places"
    assert answer.reasons["x"].code == "impossible"


def test_one_that_failed_to_start_waits_without_blocking():
    items = [pending("a", sequence=0, not_before=5.0), pending("b", sequence=1)]

    early = plan(4.9, items, [host(cpus=1)], [])
    later = plan(5.0, items, [host(cpus=1)], [])

    assert started(early) == ["b"]
    assert early.reasons["a"].code == "retry"
    assert started(later) == ["a"]


def test_those_behind_name_the_first():
    items = [pending(name, sequence=index) for index, name in enumerate("abcd")]

    answer = plan(0, items, [host(cpus=1)], [lease("x")])

    assert [answer.reasons[name].code for name in "abcd"] == ["no_room", *["behind"] * 3]
    assert answer.reasons["d"].data == {"first": "a", "others": 2}


def test_ten_thousand_waiting_on_a_hundred_hosts_are_planned():
    rng = random.Random(3)
    shapes = [Shape("learner", c, m, g) for c in (1, 2, 4) for m in (1, 2) for g in (0, 1)]
    items = [pending(f"{i:05}", rng.choice(shapes), i) for i in range(10_000)]
    hosts = [host(f"h{i:03}", 16, 64, 4) for i in range(100)]

    answer = plan(0, items, hosts, [])

    assert len(answer.placements) + len(answer.reasons) == 10_000
    # All GPUs or all CPUs are granted: nothing that fits is left lying.
    assert len(answer.placements) > 300

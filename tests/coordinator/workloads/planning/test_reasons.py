from __future__ import annotations

from datetime import datetime

from jupyter_platform.coordinator.hosts.offers import GpuOffer, HostOffer
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    LeaseView,
    Pending,
    Reason,
    Shape,
    plan,
    sentence,
)

NOON = datetime(2026, 3, 4, 12, 0).astimezone().timestamp()
GB = 10**9


def ask(shape: Shape, hosts, leases=(), ends=None, before=(), **more) -> str:
    queue = [
        Pending(name, name, "ada", "LEARN", shape, index, NOON)
        for index, name in enumerate([*before, "job"])
    ]
    queue[-1] = Pending("job", "job", "ada", "LEARN", shape, len(queue), NOON, **more)
    answer = plan(NOON, queue, list(hosts), list(leases), Forecasts(ends=ends or {}))
    return sentence(answer.reasons["job"], NOON)


def test_what_is_missing_is_named_with_the_time():
    host = HostOffer("h1", 4, 8 * GB)
    busy = LeaseView("x", "h1", "learner", 4, GB)

    text = ask(Shape("learner", 2, GB, 0), [host], [busy], {"x": NOON + 140 * 60})

    zone = datetime.fromtimestamp(NOON).astimezone().tzname()
    assert text == f"needs 2 CPUs on one host; 0 of 4 are free, likely at 14:20 {zone}"


def test_no_time_is_promised_when_no_end_is_known():
    host = HostOffer("h1", 4, 8 * GB)
    busy = LeaseView("x", "h1", "learner", 3, GB)

    assert ask(Shape("learner", 2, GB, 0), [host], [busy]) == (
        "needs 2 CPUs on one host; 1 of 4 is free"
    )


def test_the_best_host_is_named_among_several():
    hosts = [HostOffer("h1", 4, 8 * GB), HostOffer("h2", 4, 8 * GB)]
    busy = [LeaseView("x", "h1", "learner", 4, 0), LeaseView("y", "h2", "learner", 3, 0)]

    assert ask(Shape("learner", 2, GB, 0), hosts, busy) == (
        "needs 2 CPUs on one host; 1 of 4 is free on h2"
    )


def test_the_impossible_is_said_to_be_so():
    hosts = [HostOffer("h1", 4, 8 * GB, (GpuOffer(0),)), HostOffer("h2", 4, 8 * GB)]

    assert ask(Shape("learner", 1, GB, 2), hosts) == (
        "needs 2 GPUs on one host; no host has more than 1"
    )
    assert ask(Shape("learner", 1, 64 * GB, 0), hosts) == (
        "needs 64.0 GB of memory on one host; no host has more than 8.0 GB"
    )
    assert ask(Shape("learner", 1, GB, 1), hosts[1:]) == "needs 1 GPU on one host; no host has any"


def test_what_no_single_host_combines_is_said():
    hosts = [HostOffer("h1", 8, GB), HostOffer("h2", 1, 64 * GB)]

    assert ask(Shape("learner", 4, 8 * GB, 0), hosts) == (
        "needs 4 CPUs and 8.0 GB of memory on one host; no host has all of that"
    )


def test_a_lost_host_is_named():
    hosts = [HostOffer("h1", 1, 8 * GB), HostOffer("h2", 4, 8 * GB, up=False)]

    assert ask(Shape("learner", 4, GB, 0), hosts) == (
        "needs 4 CPUs and 1.0 GB of memory; h2 could run it but is lost"
    )


def test_no_host_is_up():
    assert ask(Shape("learner", 1, GB, 0), []) == "no host is up"
    assert ask(Shape("learner", 1, GB, 0), [HostOffer("h1", 1, GB, up=False)]) == (
        "no host is up; 1 host lost"
    )
    told = Reason("no_host", {"lost": 0, "why": ["Host vm cannot join: no CPU is free."]})
    assert sentence(told, 0) == "no host is up. Host vm cannot join: no CPU is free."


def test_gangs_are_told_how_much_room_there_is():
    shape = Shape("learner", 2, GB, 0, ranks=3)
    busy = LeaseView("x", "h1", "learner", 3, 0)

    assert ask(shape, [HostOffer("h1", 7, 8 * GB)], [busy]) == (
        "needs 3 processes with 2 CPUs and 1.0 GB of memory each, all at once; there is room for 2"
    )
    assert ask(shape, [HostOffer("h1", 4, 8 * GB)]) == (
        "needs 3 processes with 2 CPUs and 1.0 GB of memory each; "
        "all hosts together have room for 2"
    )


def test_those_behind_say_who_is_first():
    host = HostOffer("h1", 1, 8 * GB)
    busy = LeaseView("x", "h1", "learner", 1, 0)
    shape = Shape("learner", 1, GB, 0)

    assert ask(shape, [host], [busy], before=["a"]) == "waits for 'a' before it"
    assert ask(shape, [host], [busy], before=["a", "b", "c"]) == (
        "waits for 'a' and 2 others before it"
    )


def test_a_failed_start_says_when_it_tries_again():
    host = HostOffer("h1", 1, 8 * GB)

    assert ask(Shape("learner", 1, GB, 0), [host], not_before=NOON + 8) == "tries again in 8 s"


def test_a_time_far_away_is_given_as_a_duration():
    host = HostOffer("h1", 1, 8 * GB)
    busy = LeaseView("x", "h1", "learner", 1, 0)

    text = ask(Shape("learner", 1, GB, 0), [host], [busy], {"x": NOON + 3 * 86400})

    assert text == "needs 1 CPU on one host; 0 of 1 are free, likely in 3 days"

"""What the coordinator does with back ends that fail, one for each way of failing."""

from __future__ import annotations

import threading

import pytest

from jupyter_platform.cluster.backends import Backend, ManagedHost
from jupyter_platform.coordinator.hosts import upkeep
from jupyter_platform.coordinator.hosts.upkeep import HostUpkeep
from jupyter_platform.core.errors import HostError, NotFoundError


class Faultless(Backend):
    """Starts hosts in memory, and notes down what is asked of it."""

    name = "test"
    work_survives = False

    def __init__(self):
        self.known = {"h1": ManagedHost("failed", "It was never started.")}
        self.asked = []

    def start(self, host):
        self.asked.append(f"start {host}")
        self.known[host] = ManagedHost("running")

    def stop(self, host):
        self.asked.append(f"stop {host}")
        self.known[host] = ManagedHost("stopped")

    def hosts(self):
        return dict(self.known)


class Raises(Faultless):
    def start(self, host):
        self.asked.append(f"start {host}")
        raise HostError("The partition is closed.")


class Breaks(Faultless):
    def start(self, host):
        raise ZeroDivisionError("no error of ours")


class Hangs(Faultless):
    """Hangs in one of its methods until it is let go."""

    def __init__(self, method):
        super().__init__()
        self.let_go = threading.Event()
        self.calls = 0

        def hang(*_):
            self.calls += 1
            self.let_go.wait()

        setattr(self, method, hang)


class SaysYesOnly(Faultless):
    def start(self, host):
        super().start(host)
        self.known[host] = ManagedHost("starting")


class DiesAtOnce(Faultless):
    def start(self, host):
        super().start(host)
        self.known[host] = ManagedHost("failed", "Its process ended with code 3.")


class Forgets(Faultless):
    def hosts(self):
        found = super().hosts()
        self.known.clear()
        return found


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(upkeep, "time", made)
    monkeypatch.setattr(upkeep, "CALL_TIMEOUT_S", 0.2)
    return made


@pytest.fixture
def told():
    return []


@pytest.fixture
def keep(told):
    async def notify(level, message, *, host=None):
        told.append((level, message, host))

    return lambda backend: HostUpkeep(backend, notify)


async def looks(kept, clock, count, step_s=1.0):
    """Look a number of times, with a step of the clock after each."""
    for _ in range(count):
        await kept.look()
        clock.now += step_s


async def test_failed_host_is_started_and_one_that_is_stopped_is_left(keep, clock, told):
    backend = Faultless()
    backend.known["h2"] = ManagedHost("stopped")
    backend.known["h3"] = ManagedHost("stopping")

    await looks(keep(backend), clock, 5)

    assert backend.asked == ["start h1"]
    assert told == []


async def test_start_that_raises_is_tried_again_ever_later_and_told_once(keep, clock, told):
    backend = Raises()

    await looks(keep(backend), clock, 31)

    # At 0, 2, 6, 14 and 30 s: each pause is twice the one before.
    assert backend.asked == ["start h1"] * 5
    sentence = "Host h1 failed 3 times in a row and is tried again. The partition is closed."
    assert told == [("warning", sentence, "h1")]


async def test_error_that_nobody_foresaw_is_told_like_any_other(keep, clock, told):
    await looks(keep(Breaks()), clock, 10)

    assert "Back end test failed in 'start': ZeroDivisionError" in told[0][1]


@pytest.mark.parametrize("method", ["start", "hosts"])
async def test_call_that_hangs_is_given_up_and_holds_one_thread(keep, clock, told, method):
    backend = Hangs(method)
    try:
        await looks(keep(backend), clock, 40)
        assert backend.calls == 1
    finally:
        backend.let_go.set()

    assert len(told) == 1
    assert "still has not answered" in told[0][1]
    assert told[0][1].startswith("Back end test failed 3 times in a row")


async def test_stop_that_hangs_starts_nothing_beside_what_may_run(keep, clock, until):
    backend = Hangs("stop")
    backend.known["h1"] = ManagedHost("starting")
    kept = keep(backend)
    try:
        await kept.look()
        clock.now += upkeep.COME_TIMEOUT_S
        await kept.look()
        assert (backend.calls, backend.asked) == (1, [])
    finally:
        backend.let_go.set()
    backend.stop = lambda host: Faultless.stop(backend, host)
    await until(kept._call.done)
    clock.now += upkeep.LONGEST_PAUSE_S

    await kept.look()

    assert backend.asked == ["stop h1", "start h1"]


async def test_host_that_never_comes_is_stopped_before_it_is_started_again(keep, clock, told):
    backend = SaysYesOnly()

    await looks(keep(backend), clock, 5, step_s=upkeep.COME_TIMEOUT_S)

    assert backend.asked == ["start h1", *["stop h1", "start h1"] * 2]
    assert told[0][1].endswith("It did not come within 300 s.")


async def test_host_that_dies_at_once_is_told_with_its_end(keep, clock, told):
    backend = DiesAtOnce()

    await looks(keep(backend), clock, 10)

    assert len(backend.asked) == 3
    assert told[0][1].endswith("Its process ended with code 3.")


async def test_host_that_is_forgotten_is_started_again(keep, clock):
    backend = Forgets()
    backend.known["h1"] = ManagedHost("running")

    await looks(keep(backend), clock, 2)

    assert backend.asked == ["start h1"]


async def test_host_that_is_none_any_more_is_let_go(keep, clock, told):
    class Knows(Faultless):
        def start(self, host):
            self.asked.append(host)
            self.known.clear()
            raise NotFoundError(f"Unknown host {host!r}.")

    backend = Knows()

    await looks(keep(backend), clock, 40)

    assert backend.asked == ["h1"]
    assert told == []


async def test_failures_are_forgotten_when_a_host_has_settled(keep, clock, told):
    backend = Faultless()
    kept = keep(backend)
    for _ in range(4):
        backend.known["h1"] = ManagedHost("failed", "It died.")
        await kept.look()
        clock.now += 1
        await kept.look()
        clock.now += upkeep.SETTLED_S
        await kept.look()

    assert backend.asked == ["start h1"] * 4
    assert told == []


@pytest.mark.parametrize(("survives", "state"), [(False, "queued"), (True, "unreachable")])
async def test_back_end_says_whether_a_lost_host_means_lost_work(
    open_lab, host, until, survives, state
):
    backend = Faultless()
    backend.work_survives = survives
    backend.known["h1"] = ManagedHost("running")
    lab = open_lab(lost_after_s=0.5, backends=(backend,))
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()
        await until(lambda: host.runs)
        await until(lambda: _is(lab, job, "running"))
        host.silent = True
        await until(lambda: lab.hosts.is_lost("h1"))
        # Long after this the work of a host that may still have it is given away.
        lab.hosts.lost_after_s = 600.0

        await until(lambda: _is(lab, job, state))


async def _is(lab, job, state):
    return await lab.state(job) == state

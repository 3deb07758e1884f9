"""Hosts that are stopped and started one at a time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from jupyter_platform.cluster.backends import ManagedHost
from jupyter_platform.coordinator.hosts.switching import HostSwitching
from jupyter_platform.coordinator.identity.principals import PLATFORM, Principal
from jupyter_platform.core.errors import ConflictError, ForbiddenError, HostError, NotFoundError

from .test_upkeep import Faultless


class Hosts:
    """What the registry tells of two hosts, of which the back end knows one."""

    def __init__(self):
        self.jobs = []
        self.stopped = {}

    def checked(self, name):
        if name not in ("h1", "foreign"):
            raise NotFoundError(f"No host {name}.")
        return name

    def record(self, name):
        state = "stopped" if self.stopped.get(name) else "up"
        return SimpleNamespace(jobs=self.jobs, state=state)

    async def set_stopped(self, name, stopped):
        self.stopped[name] = stopped


class Refuses(Faultless):
    def stop(self, host):
        raise HostError("The queue of the cluster is closed.")


def switching(backend=None):
    hosts, told = Hosts(), []

    async def add(level, text, **_):
        told.append(text)

    backend = backend or Faultless()
    backend.known = {"h1": ManagedHost("running")}
    notifications = SimpleNamespace(add=add)
    return HostSwitching(hosts, [backend], notifications), hosts, backend, told


def test_a_host_is_stopped_and_started_by_the_back_end_that_has_it():
    service, hosts, backend, told = switching()

    assert asyncio.run(service.stop(PLATFORM, "h1")).state == "stopped"
    assert (backend.asked, hosts.stopped, told) == (
        ["stop h1"],
        {"h1": True},
        ["Host h1 was stopped."],
    )
    assert asyncio.run(service.start(PLATFORM, "h1")).state == "up"
    assert backend.asked == ["stop h1", "start h1"]


def test_what_runs_on_a_host_is_named_instead_of_ended():
    service, hosts, backend, _ = switching()
    hosts.jobs = ["j1"]

    with pytest.raises(ConflictError, match=r"On host h1 something runs \(j1\)"):
        asyncio.run(service.stop(PLATFORM, "h1"))
    assert (backend.asked, hosts.stopped) == ([], {})


def test_a_host_of_no_back_end_is_left_to_who_started_it():
    service, _, backend, _ = switching()

    with pytest.raises(ConflictError, match="was not started by this platform"):
        asyncio.run(service.stop(PLATFORM, "foreign"))
    with pytest.raises(NotFoundError):
        asyncio.run(service.start(PLATFORM, "nobody"))
    assert backend.asked == []


def test_a_stop_that_fails_leaves_the_host_in_use():
    service, hosts, _, told = switching(Refuses())

    with pytest.raises(HostError, match="is closed"):
        asyncio.run(service.stop(PLATFORM, "h1"))
    assert (hosts.stopped, told) == ({"h1": False}, [])


def test_only_the_owner_of_the_platform_does_it():
    service, _, backend, _ = switching()

    for act in (service.stop, service.start):
        with pytest.raises(ForbiddenError):
            asyncio.run(act(Principal("eve"), "h1"))
    assert backend.asked == []

"""Starts that a host takes for done and that came to nothing."""

from __future__ import annotations

from jupyter_platform.coordinator.workloads.reconciler import driver
from tests.coordinator.lab import ADA


async def test_a_start_that_came_to_nothing_is_tried_again(open_lab, host, until, monkeypatch):
    monkeypatch.setattr(driver, "START_GRACE_S", 0.1)
    host.starts_nothing = 1
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()

        async def runs():
            record = await lab.jobs.get(ADA, job.id)
            return record if record.state == "running" else None

        record = await until(runs)

        assert [attempt.number for attempt in record.attempts] == [1, 2]
        assert "did not start" in record.attempts[0].error.message
        assert lab.hosts.failures()["h1"] == 1
        assert [run.alive for run in host.runs.values()].count(True) == 1

"""Runs that are forked from the warm process, with the real training code."""

import asyncio
import sys

import psutil
import pytest

from jupyter_platform.cluster.warm import NotSentError, WarmProcess
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.run_folder import RunFolder
from tests.waiting import DEADLINE_S, until_async

from .conftest import connected, kill, link_to


def learn(**options):
    model, _ = resolve_options(JobType.LEARN, {"method": "ADAM", "seed": 1, **options})
    return model.model_dump(mode="json")


@pytest.fixture
def folder_of(processes):
    return lambda spec: RunFolder.of(processes.paths.host_runs("host-a"), spec.run)


def warm_children(host):
    children = psutil.Process(host.pid).children()
    return [
        child for child in children if "jupyter_platform.learning.processes.warm" in child.cmdline()
    ]


async def warm_link(cluster, other_than=None):
    link = await link_to(cluster, other_than=other_than)

    async def is_warm():
        return (await link.call("describe"))[0]["warm"]

    await until_async(is_warm, "the host is warm")
    return link


async def start(link, spec):
    await link.call("start", {"spec": spec.model_dump(mode="json")}, timeout_s=DEADLINE_S)


def is_forked(folder):
    """Whether a run's process was forked from the warm process: it still has that command line."""
    return any(
        "learning.processes.warm" in part for part in psutil.Process(folder.process().pid).cmdline()
    )


def test_run_is_forked_learns_and_is_inspected(processes, spec, folder_of):
    job = spec(options=learn(max_iterations=1_000_000))
    question = {
        "request": {
            "op": "dataset",
            "descriptor": job.of_job().dataset.model_dump(mode="json"),
        },
        "timeout_s": 60,
    }

    async def scenario():
        processes.scheduler()
        processes.own_host()
        async with connected(processes) as cluster:
            link = await warm_link(cluster)
            await start(link, job)
            forked = is_forked(folder_of(job))
            facts, _ = await link.call("inspect", question, timeout_s=DEADLINE_S)
            with pytest.raises((InvalidRequestError, InvalidDataError)):
                await link.call("inspect", {"request": {"op": "weather"}}, timeout_s=DEADLINE_S)
            await until_async(folder_of(job).progress, "progress")
            await link.call("signal", {"run": str(job.run), "action": "stop"})
            await until_async(folder_of(job).exit, "the end of the run")
            return forked, facts

    forked, facts = asyncio.run(scenario())

    assert forked
    assert facts["size"] == 1797
    assert folder_of(job).result().status == "stopped", folder_of(job).result().error
    assert folder_of(job).exit().code == 0


def test_run_outlives_a_killed_host_and_the_warm_process_does_not(processes, spec, folder_of):
    job = spec(options=learn(max_iterations=1_000_000))

    async def scenario():
        processes.scheduler()
        host = processes.own_host()
        async with connected(processes) as cluster:
            link = await warm_link(cluster)
            await start(link, job)
            warm = [
                one for one in psutil.Process(host.pid).children() if "warm" in str(one.cmdline())
            ]
            kill(host)
            await until_async(
                lambda: not any(one.is_running() for one in warm), "the old warm is gone"
            )
            processes.own_host()
            link = await link_to(cluster, other_than=link)
            adopted = (await link.call("list"))[0]["runs"]
            await link.call("signal", {"run": str(job.run), "action": "kill"})
            ended = await until_async(folder_of(job).exit, "the end of the run")
            return len(warm), adopted, ended.signal

    assert asyncio.run(scenario()) == (1, {str(job.run): True}, 9)


def test_killed_warm_process_comes_back_and_runs_start_cold_meanwhile(processes, spec, folder_of):
    options = learn(max_iterations=1_000_000)
    cold, again = spec(workload="cold", options=options), spec(workload="again", options=options)

    async def scenario():
        processes.scheduler()
        host = processes.own_host()
        async with connected(processes) as cluster:
            link = await warm_link(cluster)
            for one in warm_children(host):
                one.kill()
            await start(link, cold)
            link = await warm_link(cluster)
            await start(link, again)
            found = [is_forked(folder_of(job)) for job in (cold, again)]
            for job in (cold, again):
                await link.call("signal", {"run": str(job.run), "action": "kill"})
                await until_async(folder_of(job).exit, "the end of the run")
            return found

    assert asyncio.run(scenario()) == [False, True]


def test_host_without_warm_start_keeps_no_warm_process(processes):
    processes.settings(cluster={"warm_start": False, "overcommit": True, "cpus": 1})
    processes.scheduler()
    host = processes.own_host()

    async def scenario():
        async with connected(processes) as cluster:
            link = await link_to(cluster)
            return (await link.call("describe"))[0]["warm"]

    assert asyncio.run(scenario()) is False
    assert psutil.Process(host.pid).children() == []


def test_warm_process_that_cannot_start_is_tried_again_with_pauses(tmp_path, sockets):
    count = tmp_path / "count"
    script = f"open({str(count)!r}, 'a').write('x'); raise SystemExit(3)"

    async def scenario():
        warm = WarmProcess(sockets / "warm.sock", tmp_path / "log", [sys.executable, "-c", script])
        warm.start()
        try:
            await until_async(
                lambda: count.exists() and len(count.read_text()) >= 2, "a second try"
            )
            with pytest.raises(NotSentError):
                await warm.start_run(tmp_path, {}, 1)
            return warm.ready
        finally:
            await warm.close()

    assert asyncio.run(scenario()) is False

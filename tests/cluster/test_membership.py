"""The cluster as the coordinator sees it, while its processes are killed and come back."""

import asyncio
import json
import os
import signal

import pytest

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.runs import PullRequest
from jupyter_platform.runtime.run_folder import RunFolder
from tests.waiting import DEADLINE_S, until_async

from .conftest import connected, kill, link_to


async def start(link, spec):
    await link.call("start", {"spec": spec.model_dump(mode="json")})


async def pull_metrics(link, spec, have):
    """Append what is new of the metrics to `have`, as the coordinator's mirror would."""
    request = PullRequest(run=spec.run, offsets={"metrics/loss.rec": len(have)})
    _, chunks = await link.call("pull", {"requests": [request.model_dump(mode="json")]})
    new = chunks.get(str(spec.run), {}).get("metrics/loss.rec", b"")
    have += new
    return len(new)


def steps_in(data):
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 24)]


def test_hosts_come_and_go(processes):
    processes.scheduler()
    changes = []

    async def scenario():
        async with connected(processes) as cluster:
            cluster.on_change(lambda: changes.append(sorted(cluster.links())))
            first, second = processes.host("host-a"), processes.host("host-b")
            await until_async(lambda: len(cluster.links()) == 2, "two hosts")
            kill(second)
            await until_async(lambda: sorted(cluster.links()) == ["host-a"], "one host left")
            first.terminate()
            await until_async(lambda: not cluster.links(), "no host left")
            return first.wait(DEADLINE_S)

    assert asyncio.run(scenario()) == 0
    assert changes[-2:] == [["host-a"], []]


def test_killed_host_comes_back_and_adopts_what_runs(processes, spec):
    job = spec()
    have = bytearray()
    processes.scheduler()
    host = processes.host()

    async def scenario():
        async with connected(processes) as cluster:
            link = await link_to(cluster)
            identity = (await link.call("describe"))[0]["id"]
            await start(link, job)
            await until_async(lambda: pull_metrics(link, job, have), "metrics")
            kill(host)
            with pytest.raises(HostError, match="host-a"):
                await link.call("describe", timeout_s=DEADLINE_S)
            processes.host()
            link = await link_to(cluster, other_than=link)
            assert (await link.call("describe"))[0]["id"] == identity
            assert (await link.call("list"))[0]["runs"] == {str(job.run): True}
            await until_async(lambda: pull_metrics(link, job, have), "more metrics")
            assert (await link.call("signal", {"run": str(job.run), "action": "stop"}))[0] == {
                "delivered": True
            }
            folder = RunFolder.of(processes.paths.host_runs("host-a"), job.run)
            await until_async(folder.exit, "the end of the run")
            while await pull_metrics(link, job, have):
                pass
            return folder.result().step

    steps = asyncio.run(scenario())

    assert steps_in(have) == list(range(1, steps + 1))


def test_killed_scheduler_ends_the_host_and_a_new_pair_finds_the_runs(processes, spec):
    job = spec()
    have = bytearray()
    scheduler, host = processes.scheduler(), processes.host()

    async def scenario():
        async with connected(processes) as cluster:
            link = await link_to(cluster)
            before = cluster.scheduler_address
            await start(link, job)
            await until_async(lambda: pull_metrics(link, job, have), "metrics")
            kill(scheduler)
            assert await until_async(lambda: host.poll() is not None, "the end of the host")
            assert host.returncode == 1
            # The file of the dead scheduler lies there still: the host must not trust it.
            processes.host()
            processes.scheduler()
            link = await link_to(cluster, other_than=link)
            await until_async(
                lambda: cluster.scheduler_address not in (None, before), "the new one"
            )
            assert (await link.call("list"))[0]["runs"] == {str(job.run): True}
            held = len(have)
            await until_async(lambda: pull_metrics(link, job, have), "more metrics")
            return held

    held = asyncio.run(scenario())

    assert held < len(have)
    assert steps_in(have) == list(range(1, len(have) // 24 + 1))


def test_links_stay_known_while_there_is_no_scheduler(processes):
    scheduler = processes.scheduler()
    processes.host()

    async def scenario():
        async with connected(processes) as cluster:
            await link_to(cluster)
            kill(scheduler)
            await until_async(lambda: cluster.scheduler_address is None, "the loss is noticed")
            return sorted(cluster.links())

    assert asyncio.run(scenario()) == ["host-a"]


def test_hanging_host_is_given_up_in_time_and_answers_later(processes):
    processes.scheduler()
    host = processes.host()

    async def scenario():
        async with connected(processes) as cluster:
            link = await link_to(cluster)
            await link.call("describe")
            os.kill(host.pid, signal.SIGSTOP)
            try:
                with pytest.raises(HostError, match=r"did not answer 'describe' within 0\.3 s"):
                    await link.call("describe", timeout_s=0.3)
            finally:
                os.kill(host.pid, signal.SIGCONT)
            return await link.call("describe", timeout_s=DEADLINE_S)

    assert asyncio.run(scenario())[0]["name"] == "host-a"


def test_second_host_of_the_same_name_is_refused(processes):
    processes.scheduler()
    processes.host()

    async def scenario():
        async with connected(processes) as cluster:
            await link_to(cluster)
            second = processes.host()
            await until_async(lambda: second.poll() is not None, "the end of the second")
            return second.returncode, sorted(cluster.links())

    assert asyncio.run(scenario()) == (1, ["host-a"])
    assert "Host host-a already runs" in processes.log("host-a")


def test_several_local_hosts_say_that_they_overcommit(processes):
    processes.settings(cluster={"hosts": 2, "cpus": 4})
    processes.scheduler()
    names = ["host-1", "host-2"]
    for name in names:
        processes.host(name)

    async def scenario():
        async with connected(processes) as cluster:
            links = [await link_to(cluster, name) for name in names]
            return [(await link.call("describe"))[0] for link in links]

    descriptions = asyncio.run(scenario())

    assert [one["cpus"] for one in descriptions] == [4, 4]
    assert all("4 CPUs" in one["overcommitted"] for one in descriptions)
    assert descriptions[0]["id"] != descriptions[1]["id"]


def test_scheduler_stops_cleanly_and_takes_its_file_away(processes):
    scheduler = processes.scheduler()
    asyncio.run(until_async(processes.paths.scheduler_file.exists, "scheduler.json"))

    scheduler.terminate()

    assert scheduler.wait(DEADLINE_S) == 0
    assert not processes.paths.scheduler_file.exists()


def test_host_that_waits_for_a_scheduler_can_be_stopped(processes):
    processes.paths.scheduler_file.write_text(json.dumps({"address": "tls://127.0.0.1:9"}))
    host = processes.host()
    lock = processes.paths.host("host-a") / "host.lock"
    asyncio.run(until_async(lock.exists, "the host has begun"))

    host.terminate()

    assert host.wait(DEADLINE_S) == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"address": 5}', '{"address": "x"}'])
def test_damaged_scheduler_file_is_waited_out(processes, content):
    processes.paths.scheduler_file.write_text(content)

    async def scenario():
        async with connected(processes) as cluster:
            await asyncio.sleep(0.5)
            assert cluster.links() == {}
            processes.scheduler()
            await until_async(lambda: cluster.scheduler_address, "the scheduler")

    asyncio.run(scenario())


def test_broken_settings_are_named(processes):
    processes.paths.settings_file.write_text('{"cluster": {"cpus": 0}}')

    host = processes.host()

    assert host.wait(DEADLINE_S) == 1
    assert "cluster.cpus" in processes.log("host-a")


def test_calls_share_one_connection(processes):
    processes.scheduler()
    processes.host()

    async def scenario():
        async with connected(processes) as cluster:
            link = await link_to(cluster)
            for _ in range(100):
                await link.call("list")
            return link._pool.open

    # Two: one to the host, used a hundred times, and one that the scheduler keeps for changes.
    assert asyncio.run(scenario()) == 2

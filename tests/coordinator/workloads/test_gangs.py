"""Gangs from the queue to their end: several processes that start, fail and stop as one."""

from __future__ import annotations

import contextlib

import pytest

from jupyter_platform.coordinator.store.tables import AttemptRow
from jupyter_platform.core.jobs import JobErrorRecord
from tests.coordinator.lab import ADA

from ..fake_hosts import FakeHost

STORE = "127.0.0.1:4711"


@pytest.fixture
def hosts(cluster, host):
    """Two hosts of two CPUs each."""
    host.cpus = 2
    other = FakeHost("h2", cpus=2)
    cluster.join(other)
    return host, other


def rank_of(hosts, job, rank, attempt=1):
    for host in hosts:
        run = host.runs.get(f"{job.id}/{attempt}/{rank}")
        if run is not None:
            return run
    return None


async def until_rank(until, hosts, job, rank, attempt=1):
    return await until(lambda: rank_of(hosts, job, rank, attempt), f"rank {rank} of {attempt}")


async def until_state(lab, until, job, state):
    async def reached():
        record = await lab.jobs.get(ADA, job.id)
        return record if record.state == state else None

    return await until(reached, f"state {state} of {job.id}")


async def until_pulled(until, hosts):
    """Wait until each of the hosts is asked anew how its processes are."""
    for host in hosts:
        pulled = host.calls.count("pull")
        await until(lambda h=host, n=pulled: h.calls.count("pull") > n, f"a look at {host.name}")


@contextlib.asynccontextmanager
async def gang(lab, hosts, until, *, ranks=3, **fields):
    """Open a lab with a gang that runs, and give the job and its processes."""
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
        job = await lab.submit(target_count=ranks, **fields)
        lead = await until_rank(until, hosts, job, 0)
        lead.event("store", address=STORE)
        runs = [await until_rank(until, hosts, job, rank) for rank in range(ranks)]
        await until_state(lab, until, job, "running")
        yield job, runs


async def test_the_others_are_started_when_rank_0_tells_where_it_is(open_lab, hosts, until):
    lab = open_lab()
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
        job = await lab.submit(target_count=3)
        lead = await until_rank(until, hosts, job, 0)
        await until(lambda: "pull" in hosts[0].calls + hosts[1].calls)

        assert (await lab.jobs.get(ADA, job.id)).state == "starting"
        assert rank_of(hosts, job, 1) is None
        lead.event("store", address=STORE)
        others = [await until_rank(until, hosts, job, rank) for rank in (1, 2)]

        assert len(lab.ledger.leases()) == 3
        specs = [lead.spec, *(run.spec for run in others)]
        assert [spec.world_size for spec in specs] == [3] * 3
        assert [spec.gang.store for spec in specs] == [None, STORE, STORE]
        assert {spec.gang.address for spec in specs} == {"127.0.0.1"}
        (secret,) = {spec.gang.secret for spec in specs}
        assert len(secret) == 32
        assert [spec.threads for spec in specs] == [1] * 3
        record = await until_state(lab, until, job, "running")
        assert record.reason == "running on h1, h2"


async def test_a_gang_of_several_machines_meets_at_their_addresses(open_lab, hosts, until):
    for number, host in enumerate(hosts):
        described = host._describe

        def apart(payload, data, described=described, number=number):
            found = described(payload, data)
            return {**found, "boot_id": f"boot-{number}", "ip": f"10.0.0.{number}"}

        host._describe = apart
    lab = open_lab()
    async with gang(lab, hosts, until) as (_, runs):
        ways = {run.spec.gang.address for run in runs}
        assert ways == {"10.0.0.0", "10.0.0.1"}


async def test_all_or_nothing_starts(open_lab, hosts, until):
    lab = open_lab()
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
        first = await lab.submit(target_count=3)
        second = await lab.submit(target_count=2)
        await until_rank(until, hosts, first, 0)

        waiting = await lab.jobs.get(ADA, second.id)

        assert waiting.state == "queued"
        assert "all at once; there is room for 1" in waiting.reason
        assert rank_of(hosts, second, 0) is None


async def test_a_gang_ends_with_what_rank_0_found(open_lab, hosts, until):
    lab = open_lab()
    async with gang(lab, hosts, until) as (job, runs):
        runs[1].end(headline={"name": "loss", "value": 9.0})
        runs[0].weights("last", b"together", step=3)
        runs[2].weights("last", b"alone", step=3)
        runs[2].end()
        runs[0].progress(3)
        runs[1].progress(2)
        runs[0].end(headline={"name": "loss", "value": 0.5}, steps=3)

        record = await until_state(lab, until, job, "finished")

        assert record.headline.value == 0.5
        assert record.progress.step == 3
        tag = await lab.tags.resolve("mlp", job.id)
        assert lab.tags.path(tag.variant).read_bytes() == b"together"
        await until(lambda: lab.ledger.leases() == [])


async def checkpoint_step(lab, job):
    """Return the step of the checkpoint that is kept of the first attempt, if one is."""
    kept = await lab.store.read(lambda session: session.get(AttemptRow, (job.id, 1)).checkpoint)
    return kept and kept["step"]


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_lost_rank_restarts_the_whole_gang_from_the_checkpoint(
    open_lab, hosts, until, lost
):
    lab = open_lab()
    async with gang(lab, hosts, until) as (job, runs):
        runs[0].checkpoint(40)
        (attempt,) = (await lab.jobs.get(ADA, job.id)).attempts
        await until(lambda: checkpoint_step(lab, job), "the checkpoint at home")

        runs[lost].exit(None, 9)
        again = await until_rank(until, hosts, job, 0, attempt=2)

        assert attempt.number == 1
        assert [run.alive for run in runs] == [False] * 3, "the rest is ended too"
        assert again.spec.resume.step == 40
        assert again.spec.gang.secret != runs[0].spec.gang.secret
        again.event("store", address=STORE)
        for rank in (1, 2):
            run = await until_rank(until, hosts, job, rank, attempt=2)
            assert run.spec.resume.step == 40
        record = await until_state(lab, until, job, "running")
        message = record.attempts[0].error.message
        assert message == f"Rank {lost}: The process was killed by signal 9 (SIGKILL)."


async def test_who_left_because_another_was_gone_is_not_blamed(open_lab, hosts, until):
    lab = open_lab(retries=0)
    async with gang(lab, hosts, until) as (job, runs):
        runs[0].exit(75)
        runs[2].exit(75)
        runs[1].exit(None, 11)

        record = await until_state(lab, until, job, "failed")

        assert record.error.message == "Rank 1: The process was killed by signal 11 (SIGSEGV)."


async def test_an_exception_of_one_rank_fails_the_gang_with_its_traceback(open_lab, hosts, until):
    lab = open_lab()
    async with gang(lab, hosts, until) as (job, runs):
        runs[1].files["output.log"] = b"what rank 1 printed\n"
        error = JobErrorRecord(type="ValueError", message="No such thing.", traceback="Traceback …")
        runs[1].end("failed", error=error.model_dump())
        runs[0].exit(75)

        record = await until_state(lab, until, job, "failed")

        assert record.error.type == "ValueError"
        assert record.error.message == "Rank 1: No such thing."
        assert record.error.traceback == "Traceback …"
        assert record.error.log_tail == "what rank 1 printed"
        assert not runs[2].alive
        assert len(record.attempts) == 1


async def test_stop_reaches_every_rank(open_lab, hosts, until):
    lab = open_lab()
    async with gang(lab, hosts, until) as (job, runs):
        await lab.jobs.stop(ADA, job.id)

        record = await until_state(lab, until, job, "stopped")

        assert [run.signals for run in runs] == [["stop"]] * 3
        assert record.error is None


async def test_a_stop_that_one_rank_heard_first_leaves_what_rank_0_found(open_lab, hosts, until):
    lab = open_lab()
    async with gang(lab, hosts, until) as (job, runs):
        runs[1].end("stopped", steps=7)
        runs[2].end("finished", steps=7)
        runs[0].end("finished", steps=7, headline={"name": "loss", "value": 0.5})

        record = await until_state(lab, until, job, "stopped")

        assert record.headline.value == 0.5


async def test_stop_ends_a_gang_whose_rank_0_still_waits(open_lab, hosts, until):
    lab = open_lab()
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
        job = await lab.submit(target_count=2)
        await until_rank(until, hosts, job, 0)
        await until_pulled(until, [host for host in hosts if host.runs])

        await lab.jobs.stop(ADA, job.id)

        await until_state(lab, until, job, "stopped")
        assert rank_of(hosts, job, 1) is None
        await until(lambda: lab.ledger.leases() == [])


async def test_a_lost_host_takes_the_gang_elsewhere(open_lab, cluster, hosts, until):
    lab = open_lab(lost_after_s=0.3)
    third = FakeHost("h3", cpus=2)
    cluster.join(third)
    everybody = [*hosts, third]
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in everybody))
        job = await lab.submit(target_count=4)
        lead = await until_rank(until, everybody, job, 0)
        lead.event("store", address=STORE)
        runs = [await until_rank(until, everybody, job, rank) for rank in range(4)]
        await until_state(lab, until, job, "running")
        used = [host for host in everybody if host.runs]
        lost, left = used

        lost.silent = True
        again = await until_rank(until, everybody, job, 0, attempt=2)

        assert again.spec.run.attempt == 2
        survivors = [run for run in runs if str(run.spec.run) in left.runs]
        assert [run.signals for run in survivors] == [["kill"]] * 2, "they hold room no longer"
        record = await lab.jobs.get(ADA, job.id)
        assert record.attempts[0].error.type == "HostLost"


async def test_a_restarted_coordinator_goes_on_with_a_gang(open_lab, hosts, until):
    lab = open_lab()
    async with gang(lab, hosts, until) as (job, runs):
        pass
    lab = open_lab()
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
        await until_pulled(until, hosts)
        for run in runs:
            run.end(headline={"name": "loss", "value": 0.5})
        record = await until_state(lab, until, job, "finished")

        assert len(record.attempts) == 1
        assert sum(len(host.runs) for host in hosts) == 3


async def test_a_coordinator_that_restarts_in_between_starts_the_rest(open_lab, hosts, until):
    lab = open_lab()
    async with lab:
        await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
        job = await lab.submit(target_count=2)
        lead = await until_rank(until, hosts, job, 0)
        await until_pulled(until, [host for host in hosts if host.runs])
    lead.event("store", address=STORE)
    lab = open_lab()
    async with lab:
        other = await until_rank(until, hosts, job, 1)

        assert other.spec.gang.secret == lead.spec.gang.secret
        assert other.spec.gang.store == STORE
        await until_state(lab, until, job, "running")


CARTPOLE = {"environment": "CartPole-v1"}


async def agents(lab, hosts, until):
    """Start an ACT of three agents, which wait for nobody."""
    await until(lambda: all(lab.hosts.link(host.name) for host in hosts))
    job = await lab.submit("ACT", dataset=None, target_count=3, options=CARTPOLE)
    runs = [await until_rank(until, hosts, job, rank) for rank in range(3)]
    await until_state(lab, until, job, "running")
    return job, runs


async def test_agents_start_all_at_once_and_without_a_store(open_lab, hosts, until):
    lab = open_lab()
    async with lab:
        _, runs = await agents(lab, hosts, until)

        assert [run.spec.gang for run in runs] == [None] * 3
        assert [run.spec.world_size for run in runs] == [3] * 3


async def test_what_all_agents_did_is_the_result_of_their_job(open_lab, hosts, until):
    lab = open_lab()
    async with lab:
        job, runs = await agents(lab, hosts, until)
        for rank, run in enumerate(runs):
            best = {"number": 1, "reward": 10.0 * rank}
            run.end(episodes=2, actions=20 * rank, averaged=2, mean_return=6.0 * rank,
                    return_stdev=0.0, best=best)  # fmt: skip

        record = await until_state(lab, until, job, "finished")

        assert record.headline.value == 6.0
        result = (await lab.jobs.get(ADA, job.id)).result
        assert (result["episodes"], result["actions"]) == (6, 60)
        assert result["best"] == {"number": 1, "reward": 20.0, "agent": 2}
        assert [item["mean_return"] for item in result["agents"]] == [0, 6, 12]

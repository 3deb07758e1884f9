from __future__ import annotations

import asyncio

import pytest

from jupyter_platform.coordinator.hosts.filters import parse_filter
from jupyter_platform.core.errors import HostError, InvalidRequestError, UnavailableError
from tests.coordinator.lab import ADA

from ..fake_hosts import FakeHost


async def test_a_host_joins_is_lost_and_comes_back(open_lab, host, until):
    async with open_lab(lost_after_s=0.5) as lab:
        record = await until(lambda: lab.hosts.records() and lab.hosts.records()[0])
        assert (record.state, record.description.cpus) == ("up", 4)
        await until(lambda: lab.hosts.records()[0].sample)

        host.silent = True
        await until(lambda: lab.hosts.is_lost("h1"))
        (lost,) = lab.hosts.records()
        assert (lost.state, lost.address, lost.sample) == ("lost", None, None)
        assert [offer.up for offer in lab.hosts.offers()] == [False]

        host.silent = False
        await until(lambda: lab.hosts.link("h1"))

        async def told():
            levels = [item.level for item in await lab.notifications.records(ADA)]
            return levels == ["info", "warning", "info"]

        await until(told)


async def test_another_life_of_the_host_process_is_described_again(open_lab, host, cluster, until):
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1"))
        host.cpus = 8
        cluster.restart(host)

        await until(lambda: lab.hosts.records()[0].description.cpus == 8)

        async def told():
            newest, *first = await lab.messages()
            return newest == "Host h1 was restarted." and len(first) == 1

        await until(told)


async def test_a_host_that_owes_an_answer_is_silent_while_it_is_asked(open_lab, host, until):
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1"))
        assert lab.hosts.records()[0].state == "up"
        lab.hosts._silent_after_s = 0.3
        stuck, answer = asyncio.Event(), host._sample

        async def call(op, payload=None, data=None, timeout_s=10.0):
            await stuck.wait()
            return answer({}, None), None

        host.call = call
        await until(lambda: lab.hosts.records()[0].state == "silent")
        assert not lab.hosts.is_lost("h1")

        stuck.set()
        await until(lambda: lab.hosts.records()[0].state == "up")


async def test_filters_find_the_system_and_what_a_host_is_for(open_lab, host, until):
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1"))
        registered = lab.hosts._hosts["h1"]
        registered.description = registered.description.model_copy(
            update={"os": "Linux 6.1.0-1", "roles": {"learner": None, "agent": 0}}
        )

        (offer,) = lab.hosts.offers()

        for text, matches in {
            "(os=Linux)": True,
            "(os=Linux 6.1*)": True,
            "(learn=true)": True,
            "(evaluate=true)": False,
            "(act=true)": False,
        }.items():
            assert parse_filter(text)(offer.attributes) is matches, text


async def test_known_hosts_outlive_the_coordinator(open_lab, host, cluster, until):
    async with open_lab(lost_after_s=0.5) as lab:
        await until(lambda: lab.hosts.link("h1"))
        await lab.hosts.count_failure("h1")
    cluster.leave(host)

    async with open_lab(lost_after_s=0.5) as lab:
        assert [record.description.name for record in lab.hosts.records()] == ["h1"]
        assert lab.hosts.failures() == {"h1": 1.0}
        assert lab.hosts.link("h1") is None
        await until(lambda: lab.hosts.is_lost("h1"))


async def test_a_silent_host_does_not_hold_up_the_others(open_lab, host, cluster, until):
    host.silent = True
    cluster.join(FakeHost("h2"))
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h2"))

        assert lab.hosts.names() == ["h2"]


async def test_questions_go_to_a_host_that_answers(open_lab, host, cluster, until):
    other = FakeHost("h2")
    cluster.join(other)
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1") and lab.hosts.link("h2"))
        host.inspection = HostError("no")

        assert (await lab.inspect({"op": "check"}, 5.0))["category"] == "FF"
        other.inspection = HostError("Host h2 is busy.")
        with pytest.raises(UnavailableError, match="h2 is busy"):
            await lab.inspect({"op": "check"}, 5.0)


async def test_without_hosts_nothing_can_be_asked(open_lab, host, cluster):
    cluster.leave(host)
    async with open_lab() as lab:
        with pytest.raises(UnavailableError, match="No host is up"):
            await lab.inspect({"op": "check"}, 5.0)


async def test_files_of_a_question_are_sent_to_a_host_that_lacks_them(open_lab, host, until):
    async with open_lab() as lab:
        digest = lab.blobs.put_bytes(b"the weights")
        await until(lambda: lab.hosts.link("h1"))
        question = {"op": "check", "weights": f"sha256:{digest}", "networks": [{"name": "mlp"}]}

        for _ in range(2):
            await lab.inspect(question, 5.0)

        assert host.blobs == {digest: b"the weights"}
        assert host.calls.count("put") == 1


POOL = {"options": {"environment": "CartPole-v1", "pool": "played"}, "dataset": None}


async def test_a_job_with_a_pool_runs_on_the_coordinators_machine(open_lab, host, cluster, until):
    elsewhere = FakeHost("a-host-elsewhere", cpus=64)
    elsewhere.boot_id = "another machine"
    cluster.join(elsewhere)
    async with open_lab() as lab:
        await until(lambda: len(lab.hosts.offers()) == 2 and all(o.up for o in lab.hosts.offers()))

        jobs = [await lab.submit("ACT", network="q-network", **POOL) for _ in range(4)]
        await until(lambda: len(host.runs) == 4, "all on the host at home")
        waiting = await lab.submit("ACT", network="q-network", **POOL)
        with pytest.raises(InvalidRequestError, match="on the coordinator's machine.* there: h1"):
            await lab.submit("ACT", network="q-network", targets=[elsewhere.name], **POOL)

        assert elsewhere.runs == {}
        await until(lambda: lab.live.reasons.get(waiting.id), "a reason")
        assert (await lab.jobs.get(ADA, waiting.id)).state == "queued"
        assert len({job.id for job in jobs}) == 4


async def test_a_pool_without_a_host_at_home_waits_with_a_sentence(open_lab, host, until):
    host.boot_id = "another machine"
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1"))

        job = await lab.submit("ACT", network="q-network", **POOL)

        sentence = "its pool lies on the coordinator's machine, and no host is there"
        assert any(sentence in text for text in job.warnings)
        record = await until(lambda: lab.live.reasons.get(job.id), "a reason")
        assert record.code == "no_match"

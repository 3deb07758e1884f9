"""Jobs that are stored together: at once, or in one request."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_platform.core.errors import ConflictError, InvalidRequestError, PlatformError
from jupyter_platform.core.jobs import JobSubmission
from tests.coordinator.lab import ADA

WITH_AGENTS = {"strategy": "dqn", "environment": "CartPole-v1", "agents": 2}


def learn(name: str = "", **fields) -> JobSubmission:
    fields = {"networks": ["mlp"], "dataset": "iris", **fields}
    return JobSubmission(type="LEARN", name=name or None, **fields)


async def names(lab) -> list[str]:
    return [job.name for job in (await lab.jobs.list(ADA, order="oldest", limit=1000)).items]


async def test_many_at_once_are_stored_in_their_order_by_few_transactions(open_lab, monkeypatch):
    async with open_lab() as lab:
        await lab.jobs.submit(ADA, learn("first"))
        writes = []
        run = lab.store.run

        async def counted(work):
            writes.append(work)
            return await run(work)

        monkeypatch.setattr(lab.store, "run", counted)
        lab.reconciler.hold(True)
        await asyncio.gather(
            *(lab.jobs.submit(ADA, learn(f"job {number}")) for number in range(100))
        )

        assert await names(lab) == ["first", *(f"job {number}" for number in range(100))]
        assert len(writes) < 20
        assert sum("was submitted" in text for text in await lab.messages()) == 100


async def test_each_of_many_at_once_gets_its_own_refusal(open_lab):
    async with open_lab() as lab:
        lab.reconciler.hold(True)
        found = await asyncio.gather(
            *(
                lab.jobs.submit(ADA, learn(str(number), options={"tag": "mine"}))
                for number in range(3)
            ),
            lab.jobs.submit(ADA, learn("other")),
            lab.jobs.submit(ADA, learn("wrong", options={"batch_size": 0})),
            return_exceptions=True,
        )

        kinds = [type(item).__name__ for item in found]
        assert sorted(kinds[:3]) == ["ConflictError", "ConflictError", "JobRecord"]
        assert kinds[3:] == ["JobRecord", "OptionError"]
        refused = next(item for item in found if isinstance(item, ConflictError))
        assert "tag = 'mine' is written by" in refused.message
        assert sorted(await names(lab)) == sorted([str(kinds.index("JobRecord")), "other"])


async def test_where_they_cannot_be_stored_together_each_is_stored_by_itself(open_lab, monkeypatch):
    async with open_lab() as lab:
        lab.reconciler.hold(True)
        run = lab.store.run
        broken = []

        async def break_once(work):
            if not broken and "_settle" in work.__qualname__:
                broken.append(work)
                raise RuntimeError("a row that the database does not take")
            return await run(work)

        monkeypatch.setattr(lab.store, "run", break_once)
        found = await asyncio.gather(*(lab.jobs.submit(ADA, learn(name)) for name in "abc"))

        assert broken
        assert [job.name for job in found] == ["a", "b", "c"]
        assert sorted(await names(lab)) == ["a", "b", "c"]


async def test_jobs_of_one_request_are_all_stored_in_their_order(open_lab):
    async with open_lab() as lab:
        lab.reconciler.hold(True)
        wanted = [learn(f"job {number}") for number in range(50)]

        first = await lab.jobs.submit_all(ADA, wanted, idempotency_key="k")
        again = await lab.jobs.submit_all(ADA, wanted, idempotency_key="k")

        assert [job.name for job in first] == await names(lab) == [item.name for item in wanted]
        assert [job.id for job in again] == [job.id for job in first]


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"options": {"batch_size": 0}}, InvalidRequestError, "jobs[1].batch_size"),
        ({"dataset": "irys"}, InvalidRequestError, "jobs[1].dataset"),
        ({"options": WITH_AGENTS, "dataset": None}, InvalidRequestError, "jobs[1].agents"),
    ],
)
async def test_none_of_a_request_is_stored_where_one_cannot_be(open_lab, wrong, error, told):
    async with open_lab() as lab:
        wanted = [learn("a"), learn("b", **wrong), learn("c"), learn("d", networks=["mpl"])]

        with pytest.raises(error) as caught:
            await lab.jobs.submit_all(ADA, wanted)

        assert {item.field for item in caught.value.errors} == {told, "jobs[3].network"}
        assert caught.value.message.startswith("2 of 4 jobs cannot be, and none was submitted. ")
        assert await names(lab) == []


async def test_jobs_of_one_request_that_would_write_one_tag_are_refused(open_lab):
    async with open_lab() as lab:
        both = [learn("a", options={"tag": "mine"}), learn("b", options={"tag": "mine"})]

        with pytest.raises(ConflictError, match="two jobs never write one tag at once"):
            await lab.jobs.submit_all(ADA, both)

        assert await names(lab) == []


async def test_a_key_that_is_known_gives_its_job_though_it_would_be_refused_now(open_lab):
    async with open_lab() as lab:
        job = await lab.jobs.submit(ADA, learn("a"), idempotency_key="k")

        same = await lab.jobs.submit(ADA, learn("a", dataset="gone"), idempotency_key="k")

        assert same.id == job.id
        with pytest.raises(PlatformError):
            await lab.jobs.submit(ADA, learn("a", dataset="gone"), idempotency_key="other")

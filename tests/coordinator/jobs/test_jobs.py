from __future__ import annotations

import asyncio

import pytest

from jupyter_platform.core.errors import (
    AmbiguousNameError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    OptionError,
)
from jupyter_platform.core.jobs import JobChange, JobSubmission
from tests.coordinator.lab import ADA

SUBMISSION = JobSubmission(type="LEARN", networks=["mlp"], dataset="iris")


async def test_the_same_key_is_the_same_job(open_lab):
    async with open_lab() as lab:
        first, second = await asyncio.gather(
            lab.jobs.submit(ADA, SUBMISSION, idempotency_key="k"),
            lab.jobs.submit(ADA, SUBMISSION, idempotency_key="k"),
        )
        third = await lab.jobs.submit(ADA, SUBMISSION, idempotency_key="k")
        other = await lab.jobs.submit(ADA, SUBMISSION)

        assert first.id == second.id == third.id != other.id
        assert (await lab.jobs.list(ADA)).total == 2


async def test_a_learner_and_its_agents_are_stored_together_and_once(open_lab, monkeypatch):
    pair = JobSubmission(
        type="LEARN",
        networks=["q-network"],
        options={"strategy": "dqn", "environment": "CartPole-v1", "agents": 2},
    )
    async with open_lab() as lab:

        async def break_down(work):
            def transact(session):
                work(session)
                raise RuntimeError("the coordinator is killed here")

            return await store_run(transact)

        store_run = lab.store.run
        with monkeypatch.context() as patch:
            patch.setattr(lab.store, "run", break_down)
            with pytest.raises(RuntimeError, match="killed here"):
                await lab.jobs.submit(ADA, pair, idempotency_key="k")
        assert (await lab.jobs.list(ADA)).total == 0
        for _ in range(2):
            learner = await lab.jobs.submit(ADA, pair, idempotency_key="k")

        found = (await lab.jobs.list(ADA, order="oldest")).items
        assert [(item.type, item.target_count) for item in found] == [("ACT", 2), ("LEARN", 1)]
        assert found[1].id == learner.id
        assert found[0].options["pool"] == learner.dataset


async def test_a_refused_submission_leaves_nothing(open_lab):
    async with open_lab() as lab:
        with pytest.raises(InvalidRequestError):
            await lab.submit(network="nothing")

        assert (await lab.jobs.list(ADA)).total == 0


async def test_a_prefix_stands_for_the_one_that_has_it(open_lab, job_row):
    async with open_lab() as lab:
        rows = [job_row(id=f"abcd{n}0000000", state="finished") for n in range(2)]
        await lab.store.run(lambda session: session.add_all(rows))

        assert (await lab.jobs.get(ADA, "abcd1")).id == "abcd10000000"
        with pytest.raises(AmbiguousNameError, match="abcd00000000"):
            await lab.jobs.get(ADA, "abcd")
        for unknown in ("abc", "ffff", "%%%%", ""):
            with pytest.raises(NotFoundError):
                await lab.jobs.get(ADA, unknown)


async def test_lists_are_filtered_searched_and_paged(open_lab, job_row):
    async with open_lab() as lab:
        rows = [
            job_row(
                id=f"{n:012x}",
                sequence=n,
                name=f"run {n}",
                state="finished" if n % 2 else "failed",
                type="LEARN" if n < 6 else "EVALUATE",
                search=f"run {n} mlp 100%",
            )
            for n in range(10)
        ]
        await lab.store.run(lambda session: session.add_all(rows))

        async def names(**query):
            return [job.name for job in (await lab.jobs.list(ADA, **query)).items]

        assert await names(limit=2) == ["run 9", "run 8"]
        assert await names(limit=2, offset=2, order="oldest") == ["run 2", "run 3"]
        assert (await lab.jobs.list(ADA, limit=1)).total == 10
        assert await names(state="failed", type="EVALUATE") == ["run 8", "run 6"]
        assert len(await names(state="failed,finished")) == 10
        assert await names(search="3 RUN") == ["run 3"]
        assert len(await names(search="100%")) == 10
        assert await names(search="1_0%") == []
        assert await names(ids="000000000001,000000000004") == ["run 4", "run 1"]
        assert await names(name="run 5") == ["run 5"]
        with pytest.raises(InvalidRequestError, match="finished") as caught:
            await lab.jobs.list(ADA, state="finishd")
        assert caught.value.errors[0].nearest == "finished"


async def test_only_what_has_ended_is_deleted(open_lab, host, until):
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()
        run = await until(lambda: host.runs.get(f"{job.id}/1/0"))
        with pytest.raises(ConflictError, match="stop it"):
            await lab.deletion.delete(ADA, job.id, undo_s=0)
        run.points(1)
        run.weights("last", b"w")
        run.event("phase", text="training")
        run.end()

        async def ended():
            return (await lab.jobs.get(ADA, job.id)).state == "finished"

        await until(ended)
        await lab.deletion.delete(ADA, job.id, undo_s=0)

        assert (await lab.jobs.list(ADA)).total == 0
        assert not (lab.paths.mirror / job.id).exists()
        assert host.runs == {}
        assert (await lab.tags.resolve("mlp", job.id)).variant.variant == "last"
        with pytest.raises(NotFoundError):
            await lab.deletion.delete(ADA, job.id, undo_s=0)


async def test_a_dry_run_says_when_and_stores_nothing(open_lab, host, cluster, until):
    cluster.leave(host)
    async with open_lab() as lab:
        assert (await lab.jobs.check(ADA, SUBMISSION)).when == "would wait: no host is up"
        cluster.join(host)
        await until(lambda: lab.hosts.link("h1"))

        answer = await lab.jobs.check(ADA, SUBMISSION)
        wide = await lab.jobs.check(ADA, SUBMISSION.model_copy(update={"request": {"cpus": 9}}))

        assert answer.when == "would start at once on h1"
        assert answer.options["max_iterations"] == 1000
        assert wide.when == "would wait: needs 9 CPUs on one host; no host has more than 4"
        assert (await lab.jobs.list(ADA)).total == 0


async def test_every_change_of_a_job_is_published(open_lab, host, until):
    async with open_lab() as lab:
        seen = []
        publish = lab.hub.publish

        def note(type_, payload, **seen_by):
            if type_ == "job":
                seen.append(payload.state.value)
            publish(type_, payload, **seen_by)

        lab.hub.publish = note
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()
        run = await until(lambda: host.runs.get(f"{job.id}/1/0"))
        await until(lambda: "running" in seen)
        run.end()
        await until(lambda: "finished" in seen)

        assert list(dict.fromkeys(seen)) == ["queued", "starting", "running", "finished"]


async def test_a_held_queue_says_so(open_lab, host, until):
    async with open_lab() as lab:
        await until(lambda: lab.hosts.link(host.name))
        lab.jobs.hold(ADA, True)
        job = await lab.submit()

        await until(lambda: job.id in lab.live.reasons)
        assert "the queue is held" in ((await lab.jobs.get(ADA, job.id)).reason or "")
        submission = JobSubmission(type="LEARN", networks=["mlp"], dataset="iris")
        assert "the queue is held" in (await lab.jobs.check(ADA, submission)).when
        lab.jobs.hold(ADA, False)
        await until(lambda: host.runs)


async def test_a_job_gets_another_name_and_a_note_and_is_found_by_both(open_lab):
    async with open_lab() as lab:
        lab.jobs.hold(ADA, True)
        job = await lab.jobs.submit(ADA, SUBMISSION)

        changed = await lab.jobs.change(
            ADA, job.id, JobChange(name=" Better ", note="wider\nlayers")
        )
        kept = await lab.jobs.change(ADA, job.id, JobChange())

        assert (changed.name, changed.note) == ("Better", "wider\nlayers")
        assert (kept.name, kept.note) == ("Better", "wider\nlayers")
        for word in ("better", "wider", job.name):
            assert [item.id for item in (await lab.jobs.list(ADA, search=word)).items] == [job.id]


@pytest.mark.parametrize("change", [{"name": "  "}, {"name": "a\x1bb"}, {"note": "a\x00b"}])
async def test_a_name_or_note_that_no_terminal_can_show_is_refused(open_lab, change):
    async with open_lab() as lab:
        lab.jobs.hold(ADA, True)
        job = await lab.jobs.submit(ADA, SUBMISSION)

        with pytest.raises(OptionError):
            await lab.jobs.change(ADA, job.id, JobChange(**change))

        assert (await lab.jobs.get(ADA, job.id)).name == job.name


async def test_the_code_of_a_run_goes_with_the_last_job_that_has_it(open_lab, until):
    async with open_lab() as lab:
        digest = lab.blobs.put_bytes(b"print('mine')")
        options = {"script": "/nowhere/train.py", "content": f"sha256:{digest}"}
        submission = JobSubmission(type="RUN", options={**options, "working_folder": "fresh"})
        jobs = [await lab.jobs.submit(ADA, submission) for _ in range(2)]
        for job in jobs:
            assert lab.blobs.has(digest)
            await lab.jobs.stop(ADA, job.id)

            async def ended(job=job):
                return (await lab.state(job)).is_terminal

            await until(ended)
            await lab.deletion.delete(ADA, job.id, undo_s=0)

        assert not lab.blobs.has(digest)

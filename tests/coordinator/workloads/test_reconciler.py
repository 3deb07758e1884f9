from __future__ import annotations

import contextlib

import pytest

from jupyter_platform.coordinator.store.tables import AttemptRow
from jupyter_platform.coordinator.workloads.reconciler import reconciler
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.runtime.mirror import Mirror
from tests.coordinator.lab import ADA

from ..fake_hosts import FakeHost


@contextlib.asynccontextmanager
async def running(lab, host, until, **fields):
    """Open a lab with one job that runs, and give the job and its process."""
    async with lab:
        await until(lambda: lab.hosts.link(host.name))
        job = await lab.submit(**fields)
        await until_state(lab, until, job, "running")
        yield job, host.runs[f"{job.id}/1/0"]


@pytest.fixture(autouse=True)
def _often_swept(monkeypatch):
    """Look for what nobody wants all the time."""
    monkeypatch.setattr(reconciler, "SWEEP_S", 0.02)


async def until_state(lab, until, job, state):
    async def reached():
        record = await lab.jobs.get(ADA, job.id)
        return record if record.state == state else None

    return await until(reached, f"state {state} of {job.id}")


async def said(lab, words):
    return any(words in text for text in await lab.messages())


async def test_a_job_runs_to_its_end_and_leaves_weights_curve_and_result(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.points(1, 2, 3)
        run.progress(3)
        run.weights("best", b"the best", step=2, validation_loss=0.25)
        run.weights("last", b"the last", step=3)
        run.end(headline={"name": "validation loss", "value": 0.25}, steps=3)

        record = await until_state(lab, until, job, "finished")

        assert record.result["steps"] == 3
        assert record.headline.value == 0.25
        assert record.host == "h1"
        assert record.progress.step == 3
        assert record.started_at <= record.finished_at
        assert [attempt.state for attempt in record.attempts] == ["finished"]
        tag = await lab.tags.resolve("mlp", job.id)
        assert tag.text == f"{job.id}/best"
        assert lab.tags.path(tag.variant).read_bytes() == b"the best"
        mirror = Mirror(lab.paths.mirror / job.id / "1" / "0")
        assert mirror.offsets()["metrics/loss.rec"] == 3 * 24
        await until(lambda: lab.ledger.leases() == [])
        await until(lambda: said(lab, "has finished"))


async def test_progress_is_sent_while_it_runs(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.progress(20, total=100, rate=8.0)

        async def moved():
            return (await lab.jobs.get(ADA, job.id)).progress

        progress = await until(moved)

        assert (progress.step, progress.total, progress.remaining_s) == (20, 100, 10.0)
        assert (await lab.jobs.get(ADA, job.id)).reason == "training"


async def test_the_third_of_three_waits_with_a_reason_and_then_starts(open_lab, host, until):
    lab = open_lab()
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        jobs = [await lab.submit(request={"cpus": 2}, name=f"job {i}") for i in range(4)]
        for job in jobs[:2]:
            await until_state(lab, until, job, "running")

        async def reasons():
            records = [await lab.jobs.get(ADA, job.id) for job in jobs[2:]]
            return [r.reason for r in records] if all(r.reason for r in records) else None

        assert await until(reasons) == [
            "needs 2 CPUs on one host; 0 of 4 are free",
            "waits for 'job 2' before it",
        ]
        host.runs[f"{jobs[0].id}/1/0"].end()
        await until_state(lab, until, jobs[2], "running")


async def test_a_killed_process_goes_on_from_the_checkpoint_that_was_copied(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.checkpoint(50)
        run.checkpoint(100)
        run.exit(None, 9)

        second = await until(lambda: host.runs.get(f"{job.id}/2/0"))
        record = await until_state(lab, until, job, "running")

        assert second.spec.resume.step == 100
        for name, reference in second.spec.resume.files.items():
            blob = lab.blobs.path(reference.removeprefix("sha256:"))
            assert blob.read_bytes() == f"{name} at 100".encode()
            # The host has no store in common with the coordinator: the files were sent.
            assert host.blobs[reference.removeprefix("sha256:")] == blob.read_bytes()
        assert [attempt.resume_step for attempt in record.attempts] == [0, 101]
        assert record.attempts[0].error.message.startswith("The process was killed by signal 9")
        second.end()
        await until_state(lab, until, job, "finished")
        # Nobody can resume from it any more.
        await until(lambda: not blob.exists())


async def test_a_process_that_is_killed_again_and_again_fails_with_the_count(open_lab, host, until):
    host.dies_at_once = True
    lab = open_lab(retries=2)
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()

        record = await until_state(lab, until, job, "failed")

        assert record.error.type == "Killed"
        assert record.error.message == (
            "The process was killed by signal 9 (SIGKILL), three times."
        )
        assert len(record.attempts) == 3
        await until(lambda: lab.ledger.leases() == [])


async def test_lack_of_memory_is_named(open_lab, host, until):
    lab = open_lab(retries=0)
    async with running(lab, host, until) as (job, run):
        run.exit(None, 9, max_rss=host.memory)

        record = await until_state(lab, until, job, "failed")

        assert record.error.type == "OutOfMemory"
        assert "8.0 GB" in record.error.message


async def test_an_exception_fails_at_once_with_traceback_and_log(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.files["output.log"] = b"first line\n\x1b]0;title\x07 1%\r99%\nlast line\r\n"
        error = JobErrorRecord(type="ValueError", message="no", traceback="Traceback …")
        run.end("failed", error=error.model_dump())

        record = await until_state(lab, until, job, "failed")

        assert (record.error.type, record.error.traceback) == ("ValueError", "Traceback …")
        assert record.error.log_tail == "first line\n99%\nlast line"
        assert len(record.attempts) == 1


async def test_submitted_started_and_cancelled_are_told(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, _):
        waiting = await lab.submit(name="later", target_filter="(name=none)")

        await lab.jobs.stop(ADA, waiting.id)
        wanted = [f"LEARN {job.name!r} {what}" for what in ("was submitted.", "has started on h1.")]
        wanted += [f"LEARN 'later' was {what}." for what in ("submitted", "cancelled")]

        async def told():
            notes = await lab.notifications.records(ADA)
            # The start is told a moment after the state has changed, beside what comes next.
            notes.sort(key=lambda item: (item.job != job.id, item.id))
            return [item.message for item in notes if item.job] == wanted

        await until(told)


async def test_stop_ends_a_running_job_with_what_it_has(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.weights("last", b"so far")

        await lab.jobs.stop(ADA, job.id)

        record = await until_state(lab, until, job, "stopped")
        assert record.target == "stop"
        assert record.error is None
        assert run.signals == ["stop"]
        assert (await lab.tags.resolve("mlp", job.id)).variant.variant == "last"
        assert (await lab.jobs.stop(ADA, job.id)).state == "stopped"


async def test_what_does_not_stop_in_time_is_killed(open_lab, host, until):
    host.stops_on_request = False
    lab = open_lab(stop_grace_s=0.05)
    async with running(lab, host, until) as (job, run):
        await lab.jobs.stop(ADA, job.id)

        record = await until_state(lab, until, job, "failed")

        assert run.signals[0] == "stop"
        assert "kill" in run.signals
        assert record.error.type == "Killed"
        assert record.error.message == "It did not stop within 0.05 s and was killed."
        assert len(record.attempts) == 1


async def test_stop_cancels_what_waits(open_lab, host, until):
    lab = open_lab()
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit(request={"cpus": 64})
        assert (await lab.jobs.stop(ADA, job.id)).state == "cancelled"
        assert host.runs == {}


async def test_a_refused_start_is_tried_again(open_lab, host, until):
    host.refuse_starts = 1
    lab = open_lab()
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()

        async def waits():
            record = await lab.jobs.get(ADA, job.id)
            return record.reason if record.state == "queued" and record.attempts else None

        assert "no space left" in await until(waits)
        record = await until_state(lab, until, job, "running")
        assert [attempt.state for attempt in record.attempts] == ["failed", "running"]
        assert lab.hosts.failures()["h1"] == 1


async def test_a_start_whose_answer_was_lost_never_leaves_two_processes(open_lab, host, until):
    host.lose_answers = 1
    lab = open_lab()
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        job = await lab.submit()
        await until_state(lab, until, job, "running")

        assert [run.alive for run in host.runs.values()].count(True) == 1


async def test_a_host_process_that_restarts_is_no_loss(open_lab, host, cluster, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        cluster.leave(host)
        await until(lambda: lab.hosts.link("h1") is None)
        run.points(1, 2)
        host.address = "tls://h1:2"
        cluster.join(host)
        run.end()

        record = await until_state(lab, until, job, "finished")

        assert len(record.attempts) == 1
        assert not any("lost" in text for text in await lab.messages())


async def test_a_lost_host_gives_its_work_to_another(open_lab, host, cluster, until):
    lab = open_lab(lost_after_s=0.5)
    async with running(lab, host, until) as (job, run):
        run.checkpoint(10)

        async def copied():
            rows = await lab.store.read(lambda s: s.get(AttemptRow, (job.id, 1)).checkpoint)
            return rows and rows["step"] == 10

        await until(copied)
        other = FakeHost("h2")
        cluster.join(other)
        host.silent = True

        await until_state(lab, until, job, "unreachable")
        second = await until(lambda: other.runs.get(f"{job.id}/2/0"))
        record = await until_state(lab, until, job, "running")

        assert record.host == "h2"
        assert second.spec.resume.step == 10
        assert record.attempts[0].error.type == "HostLost"
        assert {item.description.name: item.state for item in lab.hosts.records()} == {
            "h1": "lost",
            "h2": "up",
        }
        # The host comes back with the process that was given up: it is ended, and what it
        # says at its end is nobody's result.
        run.put("result.json", {"status": "finished", "step": 99, "result": {"old": True}})
        host.silent = False
        await until(lambda: not run.alive)
        second.end(new=True)
        record = await until_state(lab, until, job, "finished")
        assert record.result == {"new": True}


async def test_a_host_that_comes_back_in_time_keeps_its_work(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        lab.hosts.lost_after_s = 0.5
        host.silent = True
        await until_state(lab, until, job, "unreachable")
        lab.hosts.lost_after_s = 60.0
        host.silent = False

        await until_state(lab, until, job, "running")
        run.end()
        record = await until_state(lab, until, job, "finished")

        assert len(record.attempts) == 1


async def test_the_next_coordinator_adopts_what_runs(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.points(1)
        run.event("phase", text="training")
    # Nobody listens now.
    run.points(2, 3)
    run.checkpoint(3)

    lab = open_lab()
    async with lab:
        run.points(4)
        run.end()
        record = await until_state(lab, until, job, "finished")

        assert len(record.attempts) == 1
        await until(lambda: lab.ledger.leases() == [])
        loss = Mirror(lab.paths.mirror / job.id / "1" / "0").path("metrics/loss.rec")
        assert loss.read_bytes() == run.files["metrics/loss.rec"]


async def test_the_next_coordinator_finishes_what_ended_meanwhile(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        pass
    run.weights("last", b"late")
    run.end()

    lab = open_lab()
    async with lab:
        await until_state(lab, until, job, "finished")
        tag = await lab.tags.resolve("mlp", job.id)
        assert lab.tags.path(tag.variant).read_bytes() == b"late"


async def test_the_next_coordinator_takes_up_the_queue_and_stops_that_were_wished(
    open_lab, host, until
):
    lab = open_lab()
    async with running(lab, host, until, request={"cpus": 4}) as (job, run):
        host.stops_on_request = False
        waiting = await lab.submit(name="waits", request={"cpus": 4})
        await lab.jobs.stop(ADA, job.id)
    host.stops_on_request = True

    lab = open_lab()
    async with lab:
        if run.alive:
            run.end("stopped")
        await until_state(lab, until, job, "stopped")
        await until_state(lab, until, waiting, "running")


async def test_a_run_folder_that_is_gone_is_a_kill(open_lab, host, until):
    lab = open_lab(retries=1)
    async with running(lab, host, until) as (job, _):
        del host.runs[f"{job.id}/1/0"]

        await until(lambda: host.runs.get(f"{job.id}/2/0"))
        record = await until_state(lab, until, job, "running")

        assert [attempt.state for attempt in record.attempts] == ["failed", "running"]
        message = record.attempts[0].error.message
        assert message == "Its run folder was removed from its host."


async def test_processes_that_nobody_wants_are_killed_and_folders_of_deleted_jobs_removed(
    open_lab, host, until
):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.end()
        await until_state(lab, until, job, "finished")
        host.silent = True
        await lab.deletion.delete(ADA, job.id, undo_s=0)
        assert host.runs

        host.silent = False

        await until(lambda: host.runs == {}, "the end of its folder")


async def test_what_the_store_has_lost_is_stopped_and_stays_on_its_host(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.points(1, 2)
        await until((lab.paths.mirror / job.id).is_dir, "something pulled")
    lab.paths.database.rename(lab.paths.database.with_name("old.db"))
    lab = open_lab()
    async with lab:
        await until(lambda: lab.hosts.link("h1"))
        await until(lambda: run.signals, "a signal")
        run.end("stopped")
        swept = host.calls.count("list")
        await until(lambda: host.calls.count("list") > swept + 2, "more looks at its end")

        assert set(run.signals) == {"stop"}, "it may write its weights"
        assert list(host.runs) == [f"{job.id}/1/0"]

        async def told():
            return [text for text in await lab.messages() if "does not know it" in text]

        # The coordinator's own sweep may still be writing it.
        assert len(await until(told, "a notification")) == 1
        assert f"Job {job.id} ran on h1" in (await told())[0]


@pytest.mark.parametrize("type_", ["EVALUATE", "LEARN"])
async def test_weights_that_a_job_starts_from_are_sent_to_the_host(open_lab, host, until, type_):
    lab = open_lab()
    async with running(lab, host, until, options={"tag": "mine"}) as (job, run):
        run.weights("last", b"the weights")
        run.end()
        await until_state(lab, until, job, "finished")

        second = await lab.submit(type=type_, options={"tag": "mine"})
        await until_state(lab, until, second, "running")

        spec = host.runs[f"{second.id}/1/0"].spec
        digest = spec.job.networks[0].weights.removeprefix("sha256:")
        assert host.blobs[digest] == b"the weights"
        assert second.tag == ("mine/last" if type_ == "EVALUATE" else "mine")


async def test_warnings_of_a_run_become_those_of_its_job(open_lab, host, until):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.event("message", level="warning", text="The disk is full.")
        run.end()

        record = await until_state(lab, until, job, "finished")

        assert record.warnings == ["The disk is full."]


async def test_a_loss_that_is_no_number_goes_back_with_other_samples_as_often_as_asked(
    open_lab, host, until
):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        for number in (1, 2, 3):
            if number == 1:
                run.points(1, 2, 3)
                run.checkpoint(2)
            else:
                key = f"{job.id}/{number}/0"
                await until(lambda key=key: key in host.runs)
                run = host.runs[key]
                assert run.spec.resume.step == 2
                assert run.spec.reseed == number - 1
            error = JobErrorRecord(type="NotFinite", message=f"Loss is no number, {number}.")
            run.end("failed", error=error.model_dump(), retries=2)

        record = await until_state(lab, until, job, "failed")

        assert [attempt.resume_step for attempt in record.attempts] == [0, 3, 3]
        assert record.error.message == (
            "Loss is no number, 3; 2 earlier attempts had ended early too."
        )
        assert await said(lab, "goes on from step 2. Loss is no number, 1.")


async def test_what_went_well_after_such_a_loss_is_not_changed_when_it_is_killed(
    open_lab, host, until
):
    lab = open_lab()
    async with running(lab, host, until) as (job, run):
        run.checkpoint(2)
        error = JobErrorRecord(type="NotFinite", message="Loss is no number.")
        run.end("failed", error=error.model_dump(), retries=1)
        await until(lambda: f"{job.id}/2/0" in host.runs)
        second = host.runs[f"{job.id}/2/0"]
        second.checkpoint(4)
        second.exit(None, 9)
        await until(lambda: f"{job.id}/3/0" in host.runs)
        third = host.runs[f"{job.id}/3/0"].spec

        assert (third.resume.step, third.reseed) == (4, 0)

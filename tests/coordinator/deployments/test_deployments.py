import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from jupyter_platform.coordinator.deployments.requests import LANE
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store.tables import DeploymentRow, LeaseRow
from jupyter_platform.core.deployments import DeploymentRequest
from jupyter_platform.core.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    OptionError,
    UnavailableError,
)

from ..lab import ADA

EVE = Principal("eve")


async def state(lab, deployment, principal=ADA):
    return (await lab.deployments.get(principal, deployment.id)).state


async def reached(until, lab, deployment, wanted):
    async def found():
        return await state(lab, deployment) == wanted

    await until(found)


def run_of(host, deployment, attempt=1):
    return host.runs.get(f"{deployment.id}/{attempt}/0")


async def started(until, lab, host, deployment, attempt=1):
    """Return the run of a deployment once it is followed."""
    run = await until(lambda: run_of(host, deployment, attempt))
    await reached(until, lab, deployment, "starting")
    return run


def become_ready(run):
    run.event("phase", name="environment", text="Installing 3 packages", fraction=0.5)
    run.event("service", service="api", alive=True)
    run.event("phase", name="ready", text="Ready", fraction=1.0)


async def test_a_deployment_becomes_a_workload_that_is_told_all_it_needs(
    deploying, deploy, host, until
):
    async with deploying() as lab:
        made = await deploy(lab, title="<b>mine</b>", cpu_num=2, ram=1500)
        run = await started(until, lab, host, made)

        told = run.spec.deployment
        assert (run.spec.job, run.spec.threads, run.spec.memory) == (None, 2, 1_500_000_000)
        assert run.spec.process == "jupyter_platform.serving.runner"
        assert (told.id, told.item, told.service) == (made.id, "digits", "api")
        assert told.base_urls["ui"] == f"/jupyter-platform/deployments/{made.id}/ui/"
        assert "ide" not in told.base_urls
        assert (made.title, made.uuid[-12:], made.owner) == ("<b>mine</b>", made.id, "ada")
        (lease,) = await lab.store.read(lambda s: list(s.scalars(select(LeaseRow))))
        assert (lease.role, lease.lane, lease.cpus) == ("service", LANE, 2)


async def test_it_runs_when_its_main_service_answers_and_phases_are_shown_before(
    deploying, deploy, host, until
):
    async with deploying() as lab:
        made = await deploy(lab)
        run = await started(until, lab, host, made)
        run.event("phase", name="environment", text="Installing 3 packages", fraction=0.5)

        async def phase():
            return (await lab.deployments.get(ADA, made.id)).phase

        assert (await until(phase)).fraction == 0.5
        become_ready(run)
        await reached(until, lab, made, "running")

        record = await lab.deployments.get(ADA, made.id)
        assert {end.service: end.alive for end in record.endpoints} == {"api": True, "ui": False}
        assert record.resources_given == record.resources_asked
        assert (record.host, record.attempts, record.target) == ("h1", 1, "run")


async def test_what_dies_is_started_again_and_given_up_with_reason_and_last_lines(
    deploying, deploy, host, until, monkeypatch
):
    monkeypatch.setattr(
        "jupyter_platform.coordinator.workloads.reconciler.restarts._LONGEST_PAUSE_S", 0.01
    )
    async with deploying() as lab:
        made = await deploy(lab)
        for attempt in range(1, 6):
            run = await until(lambda number=attempt: run_of(host, made, number))
            run.files["output.log"] = f"line {attempt}\n".encode()
            error = {"type": "ServiceError", "message": "Service api has died."}
            run.end("failed", error=error)
        await reached(until, lab, made, "failed")

        record = await lab.deployments.get(ADA, made.id)
        assert (record.attempts, record.error.log_tail) == (5, "line 5")
        assert record.error.message == "Service api has died. It was tried 5 times."
        chunk = await lab.deployments.log(ADA, made.id, 0, 1000)
        assert (chunk.text, chunk.complete) == ("".join(f"line {n}\n" for n in range(1, 6)), True)
        assert any("is started again" in text for text in await lab.messages())


async def test_an_environment_that_cannot_be_is_not_tried_again(deploying, deploy, host, until):
    async with deploying() as lab:
        made = await deploy(lab)
        run = await started(until, lab, host, made)
        run.end("failed", error={"type": "InvalidDataError", "message": "No package foo."})

        await reached(until, lab, made, "failed")
        assert (await lab.deployments.get(ADA, made.id)).attempts == 1


async def test_it_is_stopped_and_started_again(deploying, deploy, host, until):
    async with deploying() as lab:
        made = await deploy(lab)
        run = await started(until, lab, host, made)
        become_ready(run)
        await reached(until, lab, made, "running")

        assert (await lab.deployments.stop(ADA, made.id)).target == "stop"
        await reached(until, lab, made, "stopped")
        stopped = await lab.deployments.get(ADA, made.id)
        assert stopped.resources_given is None
        assert not any(end.alive for end in stopped.endpoints)
        with pytest.raises(ConflictError):
            await lab.doors.way(ADA, made.id, "api")
        assert (await lab.deployments.start(ADA, made.id)).state == "queued"
        become_ready(await started(until, lab, host, made, 2))
        await reached(until, lab, made, "running")
        with pytest.raises(ConflictError, match="is running"):
            await lab.deployments.start(ADA, made.id)


async def test_one_that_waits_is_stopped_at_once(deploying, deploy, host, until):
    async with deploying() as lab:
        made = await deploy(lab, gpu_num=1)
        await reached(until, lab, made, "error")
        waiting = await lab.deployments.get(ADA, made.id)
        assert "needs 1 GPU" in waiting.reason
        assert waiting.resources_given is None

        assert (await lab.deployments.stop(ADA, made.id)).state == "stopped"


async def test_one_that_ends_by_itself_is_complete(deploying, deploy, host, until):
    async with deploying() as lab:
        made = await deploy(lab)
        (await started(until, lab, host, made)).exit(0)

        await reached(until, lab, made, "complete")


async def test_a_lost_host_is_waited_for_and_the_same_process_found_again(
    open_lab, shelf, deploy, host, until, monkeypatch
):
    async with open_lab(offers=shelf, lost_after_s=0.1) as lab:
        await until(lambda: lab.hosts.link(host.name))
        monkeypatch.setattr(lab.hosts, "work_survives", lambda name: asyncio.sleep(0, True))
        made = await deploy(lab)
        run = await started(until, lab, host, made)
        become_ready(run)
        await reached(until, lab, made, "running")

        host.silent = True
        await reached(until, lab, made, "down")
        down = await lab.deployments.get(ADA, made.id)
        assert "does not answer" in down.reason
        assert not any(end.alive for end in down.endpoints)

        host.silent = False
        await reached(until, lab, made, "running")
        record = await lab.deployments.get(ADA, made.id)
        assert (record.attempts, record.endpoints[0].alive) == (1, True)


async def left(lab):
    rows = (select(DeploymentRow.id), select(LeaseRow.id).where(LeaseRow.ended_at.is_(None)))
    return await lab.store.read(lambda s: [list(s.scalars(query)) for query in rows])


async def test_deletion_leaves_nothing(deploying, deploy, host, until, paths):
    async with deploying() as lab:
        made = await deploy(lab)
        await started(until, lab, host, made)
        await lab.deployment_deletion.delete(ADA, made.id)
        assert (await lab.deployments.get(ADA, made.id)).target == "delete"

        async def gone():
            await lab.deployment_deletion.look()
            return await left(lab) == [[], []] and not host.runs

        await until(gone)
        assert not (paths.mirror / made.id).exists()
        with pytest.raises(NotFoundError):
            await lab.deployments.get(ADA, made.id)


async def test_a_second_deletion_does_not_wait_for_one_that_will_not_stop(
    deploying, deploy, host, until
):
    host.stops_on_request = False
    async with deploying() as lab:
        made = await deploy(lab)
        run = await started(until, lab, host, made)
        await lab.deployment_deletion.delete(ADA, made.id)
        await until(lambda: "stop" in run.signals)

        await lab.deployment_deletion.delete(ADA, made.id)

        assert await left(lab) == [[], []]
        assert run.signals[-1] == "kill"
        assert host.runs == {}


async def test_gpus_of_one_person_are_limited_running_and_queued(deploying, deploy, host, until):
    host.gpus = 4
    async with deploying() as lab:
        first = await deploy(lab, gpu_num=1)
        await deploy(lab, gpu_num=1)

        with pytest.raises(OptionError, match="2 GPUs is the limit") as error:
            await deploy(lab, gpu_num=1)
        assert error.value.errors[0].field == "gpu_num"
        await deploy(lab, principal=EVE, gpu_num=1)
        await started(until, lab, host, first)
        await lab.deployment_deletion.delete(ADA, first.id)
        await reached_end(until, lab, first)
        await deploy(lab, gpu_num=1)


async def reached_end(until, lab, deployment):
    async def gone():
        await lab.deployment_deletion.look()
        return deployment.id not in (await left(lab))[0]

    await until(gone)


async def test_a_check_says_what_is_free_what_is_waited_for_and_what_would_be_cheaper(
    deploying, deploy, host, until
):
    host.gpus = 1
    async with deploying() as lab:

        async def check(**values):
            request = DeploymentRequest(item="digits", configuration=values)
            return await lab.deployments.check(ADA, request)

        assert (await check(gpu_num=1)).outlook == "1 GPU is free: starts now on h1."
        assert (await check()).outlook == "4 CPUs are free: starts now on h1."
        holder = await deploy(lab, principal=EVE, title="hers", gpu_num=1)
        await started(until, lab, host, holder)

        told = await check(gpu_num=1)

        assert told.outlook.startswith("Waits for eve's deployment 'hers', for an unknown time")
        assert told.alternative == "On CPU it starts now."
        bad = await check(cpu_num=99, colour="red")
        assert {error.field for error in bad.refusals} == {"colour", "cpu_num"}
        assert await lab.store.read(lambda s: len(list(s.scalars(select(DeploymentRow))))) == 1


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("plants", {}, "item"),
        ("plants", {"docker_image": "evil/miner"}, "docker_image"),
        ("code", {}, "jupyter_password"),
        ("digits", {"service": "ide"}, "jupyter_password"),
    ],
)
async def test_what_cannot_be_deployed_is_refused_by_its_field(
    deploying, deploy, name, values, field
):
    async with deploying() as lab:
        with pytest.raises(OptionError) as error:
            await deploy(lab, name, **values)
        assert field in {item.field for item in error.value.errors}


async def test_a_password_is_kept_as_a_hash_alone(deploying, deploy, host, until):
    async with deploying() as lab:
        made = await deploy(lab, "code", jupyter_password="correct horse")
        run = await started(until, lab, host, made)

        assert "correct horse" not in run.spec.model_dump_json() + made.model_dump_json()
        hashed = run.spec.deployment.configuration["general"]["password_hash"]
        assert hashed.startswith("argon2:$argon2id$")
        assert "argon2" not in made.model_dump_json()


async def test_a_deployment_is_its_owners(deploying, deploy):
    async with deploying() as lab:
        made = await deploy(lab)
        for ask in (lab.deployments.get, lab.deployments.stop, lab.deployment_deletion.delete):
            with pytest.raises(ForbiddenError):
                await ask(EVE, made.id)
        assert (await lab.deployments.list(EVE)).items == []
        assert (await lab.deployments.get(ADA, made.uuid)).id == made.id


async def test_a_hundred_are_listed_in_a_moment_newest_first(deploying, deploy):
    async with deploying() as lab:
        lab.reconciler.hold(True)
        for number in range(100):
            await deploy(lab, title=f"number {number}")

        took = []
        for _ in range(5):
            began = time.perf_counter()
            page = await lab.deployments.list(ADA)
            took.append(time.perf_counter() - began)

        assert min(took) <= 0.05
        assert (page.total, page.items[0].title, page.items[99].title) == (
            100,
            "number 99",
            "number 0",
        )
        found = (await lab.deployments.list(ADA, text="NUMBER 42")).items
        assert "number 42" in [record.title for record in found]
        assert len(found) < 100
        assert (await lab.deployments.list(ADA, state="queued", limit=3)).total == 100
        assert (await lab.deployments.list(ADA, state="running")).items == []


async def test_trials_are_few_short_and_refused_where_hosts_are_busy(deploying, deploy, host):
    async with deploying(deployments={"trials_per_person": 1}) as lab:
        made = await lab.trials.begin(EVE, "digits", base_url="/")
        assert (made.kind, made.owner) == ("try", "eve")
        assert timedelta(minutes=9) < made.expires - datetime.now(UTC) < timedelta(minutes=10)
        with pytest.raises(UnavailableError, match="1 is the limit"):
            await lab.trials.begin(EVE, "digits", base_url="/")

        def age(session):
            session.get(DeploymentRow, made.id).expires_at = datetime.now(UTC)

        await lab.store.run(age)
        await lab.deployment_upkeep.end_trials()
        assert (await lab.deployments.get(EVE, made.id)).target == "delete"


async def test_no_trial_begins_while_the_hosts_are_busy(deploying, deploy, host, until):
    async with deploying() as lab:
        busy = await deploy(lab, cpu_num=4)
        await started(until, lab, host, busy)
        with pytest.raises(UnavailableError, match="100 % of the CPUs are taken"):
            await lab.trials.begin(EVE, "digits", base_url="/")


async def test_what_nobody_uses_is_stopped_after_a_warning(deploying, deploy, host, until):
    async with deploying() as lab:
        made = await deploy(lab, idle_stop=1)
        become_ready(await started(until, lab, host, made))
        await reached(until, lab, made, "running")
        used = lab.doors.used

        await lab.deployment_upkeep.end_idle()
        used[made.id] -= 50
        await lab.deployment_upkeep.end_idle()
        assert any("is idle and is stopped in" in text for text in await lab.messages())
        used[made.id] -= 20
        await lab.deployment_upkeep.end_idle()

        await reached(until, lab, made, "stopped")
        assert (await lab.deployments.get(ADA, made.id)).warnings == ["Stopped: idle for 1 min."]


async def test_the_same_key_again_gives_the_same_deployment(deploying):
    async with deploying() as lab:
        request = DeploymentRequest(item="digits")
        first = await lab.deployments.create(ADA, request, idempotency_key="k")
        again = await lab.deployments.create(ADA, request, idempotency_key="k")
        assert first.id == again.id
        with pytest.raises(ForbiddenError):
            await lab.deployments.create(EVE, request, idempotency_key="k")

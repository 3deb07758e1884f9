"""What a host agent answers, asked over a real cluster."""

import asyncio
import hashlib
import json
import os
import shutil

import pytest

from jupyter_platform.core.errors import (
    ConflictError,
    HostError,
    InvalidDataError,
    InvalidRequestError,
    NotFoundError,
)
from jupyter_platform.core.hosts import HostDescription, HostSample
from jupyter_platform.core.runs import NetworkInput, PullAnswer, PullRequest, ResumePoint
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.run_folder import RunFolder
from tests.waiting import DEADLINE_S, until_async

from .conftest import connected, link_to


@pytest.fixture
def with_host(processes):
    """Run an asynchronous function against a host that has joined."""

    def run(scenario, **environment):
        processes.environment.update(environment)
        processes.scheduler()
        processes.host()

        async def within():
            async with connected(processes) as cluster:
                return await scenario(await link_to(cluster))

        return asyncio.run(within())

    return run


@pytest.fixture
def folder_of(processes):
    return lambda spec: RunFolder.of(processes.paths.host_runs("host-a"), spec.run)


async def start(link, spec):
    await link.call("start", {"spec": spec.model_dump(mode="json")})


async def pull(link, request):
    answer, chunks = await link.call("pull", {"requests": [request.model_dump(mode="json")]})
    return PullAnswer.model_validate(answer["answers"][0]), chunks.get(str(request.run), {})


async def until_ended(link, run):
    async def ended():
        answer, _ = await pull(link, PullRequest(run=run))
        return answer if not answer.alive and "exit.json" in answer.files else None

    return await until_async(ended, f"{run} has ended")


def test_describe_says_what_is_offered(with_host, processes):
    async def scenario(link):
        first, _ = await link.call("describe")
        sample, _ = await link.call("sample")
        return HostDescription.model_validate(first), HostSample.model_validate(sample)

    description, sample = with_host(scenario)

    assert description.name == "host-a"
    assert (description.cpus, description.memory) == (2, 2_000_000_000)
    assert description.overcommitted
    assert description.ip == "127.0.0.1"
    assert description.torch
    stored = json.loads((processes.paths.host("host-a") / "host.json").read_text())
    assert description.id == stored["id"]
    assert sample.memory_total > 0


def test_run_is_started_pulled_and_stopped(with_host, spec, folder_of):
    job = spec(threads=2)

    async def scenario(link):
        await start(link, job)

        async def some_metrics():
            answer, chunks = await pull(link, PullRequest(run=job.run))
            return chunks if len(chunks.get("metrics/loss.rec", b"")) >= 48 else None

        chunks = await until_async(some_metrics, "metrics")
        offsets = {name: len(chunk) for name, chunk in chunks.items()}

        async def more_metrics():
            _, more = await pull(link, PullRequest(run=job.run, offsets=offsets))
            return more if "metrics/loss.rec" in more else None

        more = await until_async(more_metrics, "more metrics")
        alive = (await link.call("list"))[0]["runs"]
        with pytest.raises(ConflictError, match="alive"):
            await link.call("remove", {"run": str(job.run)})
        delivered, _ = await link.call("signal", {"run": str(job.run), "action": "stop"})
        ended = await until_ended(link, job.run)
        _, log = await link.call(
            "read", {"run": str(job.run), "path": "output.log", "offset": 4, "length": 9}
        )
        await link.call("remove", {"run": str(job.run)})
        listed = (await link.call("list"))[0]["runs"]
        return chunks, more, alive, delivered, ended, log, listed

    chunks, more, alive, delivered, ended, log, listed = with_host(scenario)

    both = chunks["metrics/loss.rec"] + more["metrics/loss.rec"]
    steps = [int.from_bytes(both[at : at + 8], "little") for at in range(0, len(both), 24)]
    assert steps == list(range(1, len(steps) + 1))
    assert json.loads(chunks["events.jsonl"])["text"] == "on"
    assert alive == {"job/1/0": True}
    assert delivered == {"delivered": True}
    assert json.loads(ended.files["result.json"].content)["status"] == "stopped"
    assert json.loads(ended.files["exit.json"].content)["code"] == 0
    assert log == b"stand-in "
    assert listed == {}
    assert not folder_of(job).path.exists()


def test_start_is_idempotent(with_host, spec, folder_of):
    job = spec(options={"steps": 5})

    async def scenario(link):
        await asyncio.gather(*(start(link, job) for _ in range(5)))
        ended = await until_ended(link, job.run)
        await start(link, job)
        again, _ = await pull(link, PullRequest(run=job.run))
        return ended, again

    ended, again = with_host(scenario)

    assert again.files["process.json"].content == ended.files["process.json"].content
    metrics = folder_of(job).path / "metrics" / "loss.rec"
    assert metrics.stat().st_size == 5 * 24, "it ran more than once"


def test_folder_that_a_killed_agent_left_unstarted_is_started(with_host, spec, folder_of):
    job = spec(options={"steps": 3})
    folder_of(job).create(job)

    async def scenario(link):
        await start(link, job)
        return await until_ended(link, job.run)

    assert json.loads(with_host(scenario).files["result.json"].content)["step"] == 3


def test_processes_get_their_lease_and_no_secrets(with_host, spec, folder_of):
    job = spec(options={"steps": 1}, threads=3, gpus=[4, 6])

    async def scenario(link):
        await start(link, job)
        await until_ended(link, job.run)

    with_host(
        scenario,
        OMP_NUM_THREADS="64",
        MY_API_TOKEN="t",
        DATABASE="postgres://me:word@db/x",
        MODEL_FOLDER="/models",
    )

    environment = json.loads((folder_of(job).path / "environment.json").read_text())
    assert environment["OMP_NUM_THREADS"] == environment["MKL_NUM_THREADS"] == "3"
    assert environment["CUDA_VISIBLE_DEVICES"] == "4,6"
    assert environment["MODEL_FOLDER"] == "/models"
    assert not {"MY_API_TOKEN", "DATABASE"} & environment.keys()


def test_files_are_put_in_pieces_and_verified(with_host):
    content = os.urandom(100_000)
    digest = hashlib.sha256(content).hexdigest()
    wrong = hashlib.sha256(b"something else").hexdigest()

    async def put(link, name, piece, offset, last):
        await link.call("put", {"digest": name, "offset": offset, "last": last}, data=piece)

    async def scenario(link):
        asked = {"digests": [digest, wrong]}
        before = (await link.call("has", asked))[0]["missing"]
        await put(link, digest, content[:60_000], 0, False)
        await put(link, digest, content[60_000:], 60_000, True)
        await put(link, digest, b"late and ignored", 0, True)
        with pytest.raises(InvalidDataError):
            await put(link, wrong, content, 0, True)
        after = (await link.call("has", asked))[0]["missing"]
        return before, after

    before, after = with_host(scenario)

    assert before == [digest, wrong]
    assert after == [wrong]


def starting_from(spec, weights):
    """Return a spec whose network starts from weights."""
    job = spec.of_job()
    network = NetworkInput(description=job.networks[0].description, weights=weights)
    return spec.model_copy(update={"job": job.model_copy(update={"networks": [network]})})


def test_files_of_the_same_machine_are_linked_and_not_copied(with_host, spec, folder_of, processes):
    shared = BlobStore(processes.paths.blobs)
    weights, state = shared.put_bytes(b"weights"), shared.put_bytes(b"state")
    job = starting_from(spec(options={"steps": 1}), f"sha256:{weights}").model_copy(
        update={"resume": ResumePoint(step=3, files={"state.pt": f"sha256:{state}"})}
    )

    async def scenario(link):
        missing = (await link.call("has", {"digests": [weights]}))[0]["missing"]
        await start(link, job)
        await until_ended(link, job.run)
        return missing

    assert with_host(scenario) == []
    files = folder_of(job).spec().files
    assert set(files) == {f"sha256:{weights}", f"sha256:{state}", job.of_job().dataset.file}
    assert os.path.samefile(files[f"sha256:{weights}"], shared.path(weights))
    assert os.path.isfile(files[job.of_job().dataset.file])


def test_a_host_whose_folder_was_removed_begins_nothing_in_it(with_host, spec, processes):
    async def scenario(link):
        folder = processes.paths.host("host-a")
        shutil.rmtree(folder)
        with pytest.raises(HostError, match=r"host-a, was removed; end the host and start it"):
            await start(link, spec())
        assert not folder.exists()

    with_host(scenario)


def test_missing_file_refuses_the_start_and_leaves_nothing(with_host, spec, folder_of):
    job = starting_from(spec(), "sha256:" + "0" * 64)

    async def scenario(link):
        with pytest.raises(HostError, match="is not on this host"):
            await start(link, job)

    with_host(scenario)

    assert not folder_of(job).path.exists()


def test_bad_requests_are_answered_with_the_field_to_blame(with_host, spec):
    job = spec(options={"steps": 1})

    async def refused(link, error, op, payload, match):
        with pytest.raises(error, match=match):
            await link.call(op, payload)

    async def scenario(link):
        await start(link, job)
        await until_ended(link, job.run)
        run = str(job.run)
        leaving = {"run": run, "path": "../../../host.json", "offset": 0, "length": 9}
        await refused(link, InvalidRequestError, "read", leaving, "leaves the run folder")
        await refused(link, InvalidRequestError, "read", {"run": run}, "path: Field required")
        away = {"run": "job/2/0", "action": "stop"}
        await refused(link, NotFoundError, "signal", away, "job/2/0 is not on this host")
        wrong = {"run": run, "action": "reboot"}
        await refused(link, InvalidRequestError, "signal", wrong, "'stop' or 'kill'")
        await refused(link, InvalidRequestError, "remove", {"run": "../x"}, "../x")
        await refused(link, InvalidRequestError, "has", {"digests": ["../x"]}, "SHA-256")
        await refused(link, HostError, "run", {}, "does not know the operation")

    with_host(scenario)


def test_many_runs_share_one_answer_of_limited_size(with_host, spec, folder_of, monkeypatch):
    jobs = [spec(workload=f"job{number}", options={"steps": 1}) for number in range(3)]

    async def scenario(link):
        for job in jobs:
            await start(link, job)
            await until_ended(link, job.run)
            os.truncate(folder_of(job).path / "output.log", 9_000_000)
        requests = [
            PullRequest(run=job.run, limit=9_000_000).model_dump(mode="json") for job in jobs
        ]
        answer, chunks = await link.call("pull", {"requests": requests}, timeout_s=DEADLINE_S)
        return answer["answers"], chunks

    answers, chunks = with_host(scenario)

    sent = [sum(len(chunk) for chunk in chunks[str(job.run)].values()) for job in jobs]
    assert sum(sent) < 17_000_000
    assert all(size > 0 for size in sent)
    assert answers[-1]["more"]


def test_code_sent_over_dask_is_not_run(with_host, processes, tmp_path):
    async def scenario(link):
        pool = link._pool
        with pytest.raises(ValueError, match="explicitly disallowed"):
            await pool(link.address).run(function=b"\x80\x04.")
        address = json.loads(processes.paths.scheduler_file.read_text())["address"]
        with pytest.raises(ValueError, match="explicitly disallowed"):
            await pool(address).run_function(function=b"\x80\x04.")

    with_host(scenario)

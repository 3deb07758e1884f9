"""What a host does with runtimes that fail, one for each way of failing."""

from __future__ import annotations

import asyncio
import sys

import pytest

from jupyter_platform.cluster import starting
from jupyter_platform.cluster.content import HostContent
from jupyter_platform.cluster.runs import HostRuns
from jupyter_platform.cluster.starting import RunStarter
from jupyter_platform.cluster.warm import WarmProcess
from jupyter_platform.core.errors import ConflictError, HostError
from jupyter_platform.core.runs import PullRequest, RunId
from jupyter_platform.runtime.runtimes.process import ProcessRuntime
from tests.waiting import until

IGNORES_STOP = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); time.sleep(600)"
)


class Raises(ProcessRuntime):
    async def start(self, folder, command, environment):
        raise HostError("There is no room for it.")


class Hangs(ProcessRuntime):
    async def start(self, folder, command, environment):
        await asyncio.Event().wait()


class StartsNothing(ProcessRuntime):
    async def start(self, folder, command, environment):
        """Say yes."""


class Forgets(ProcessRuntime):
    def was_started(self, folder):
        return False

    def is_alive(self, folder):
        return False

    def signal(self, folder, action):
        return False


@pytest.fixture
def host(tmp_path):
    """Make the parts of a host that start and look after runs, around its runtimes."""
    made = []

    def make(runtime, program="import time; time.sleep(600)"):
        root = tmp_path / "host" / "runs"
        root.mkdir(parents=True, exist_ok=True)
        runtimes = runtime if isinstance(runtime, dict) else {"process": runtime}
        runs = HostRuns(root, 1000, runtimes)
        content = HostContent(tmp_path / "host" / "blobs", tmp_path / "blobs")
        warm = WarmProcess(tmp_path / "warm.sock", tmp_path / "warm.log")
        made.append(runs)
        return runs, RunStarter(runs, content, warm, (sys.executable, "-c", program))

    yield make
    for runs in made:
        for run in runs.alive():
            folder = runs.folder(RunId.parse(run))
            folder.signal("kill")
            until(lambda folder=folder: not folder.is_alive())


def pulled(runs, job):
    (answer,), _ = runs.pull([PullRequest(run=job.run)])
    return answer


def test_start_that_raises_is_told_and_may_be_tried_again(host, spec):
    job = spec()
    runs, starter = host(Raises())

    with pytest.raises(HostError, match=f"Run {job.run} cannot be started: There is no room"):
        asyncio.run(starter.start(job))

    assert runs.alive() == {}
    assert not runs.folder(job.run).path.exists()
    runs, starter = host(ProcessRuntime())
    asyncio.run(starter.start(job))
    assert runs.alive() == {str(job.run): True}


def test_start_that_hangs_is_given_up(host, spec, monkeypatch):
    monkeypatch.setattr(starting, "START_TIMEOUT_S", 0.05)
    job = spec()
    runs, starter = host(Hangs())

    with pytest.raises(HostError, match=r"runtime process took over 0\.05 s"):
        asyncio.run(starter.start(job))

    assert not runs.folder(job.run).path.exists()


def test_start_that_was_none_is_seen_and_made_good(host, spec):
    job = spec()
    runs, starter = host(StartsNothing())
    asyncio.run(starter.start(job))

    answer = pulled(runs, job)

    assert (answer.alive, answer.missing, answer.files) == (False, False, {})
    runs, starter = host(ProcessRuntime())
    asyncio.run(starter.start(job))
    assert "process.json" in pulled(runs, job).files


def test_process_that_dies_at_once_is_told_with_its_end(host, spec):
    job = spec()
    runs, starter = host(ProcessRuntime(), "raise SystemExit(3)")
    asyncio.run(starter.start(job))

    until(lambda: runs.alive() == {str(job.run): False})

    assert '"code": 3' in pulled(runs, job).files["exit.json"].content
    runs.remove(job.run)
    assert not runs.folder(job.run).path.exists()


def test_process_that_does_not_stop_is_killed(host, spec):
    job = spec()
    runs, starter = host(ProcessRuntime(), IGNORES_STOP)
    asyncio.run(starter.start(job))
    until(lambda: b"deaf" in runs.read(job.run, "output.log", 0, 100))

    assert runs.signal(job.run, "stop")
    assert runs.alive() == {str(job.run): True}
    assert runs.signal(job.run, "kill")

    until(lambda: runs.alive() == {str(job.run): False})


def test_what_a_runtime_forgets_the_run_folder_knows(host, spec):
    job = spec()
    runs, starter = host(Forgets())
    asyncio.run(starter.start(job))
    first = runs.folder(job.run).process()

    asyncio.run(starter.start(job))

    assert runs.folder(job.run).process() == first, "it runs twice"
    with pytest.raises(ConflictError, match="alive"):
        runs.remove(job.run)


def test_runtime_that_a_host_has_not_is_refused_by_name(host, spec):
    job = spec(runtime="container")
    runs, starter = host(ProcessRuntime())

    with pytest.raises(HostError, match="no runtime 'container'. It has: process"):
        asyncio.run(starter.start(job))

    assert runs.alive() == {}


def test_another_runtime_runs_what_names_it(host, spec, tmp_path):
    class Named(ProcessRuntime):
        name = "named"

        async def start(self, folder, command, environment):
            await super().start(folder, command, environment)
            (tmp_path / "it was").touch()

    job = spec(runtime="named")
    _, starter = host({"named": Named(), "process": Raises()})
    asyncio.run(starter.start(job))

    runs, _ = host({"named": Named(), "process": Raises()})  # of the next host process

    assert (tmp_path / "it was").exists()
    assert runs.alive() == {str(job.run): True}
    assert runs.signal(job.run, "kill")
    until(lambda: runs.alive() == {str(job.run): False})
    runs.remove(job.run)

"""What every runtime keeps to, tried on each that a host has."""

from __future__ import annotations

import asyncio
import os
import sys

import psutil
import pytest

from jupyter_platform.core.errors import ConflictError, HostError
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.run_folder import RunFolder
from jupyter_platform.runtime.runtimes import installed_runtimes
from tests.waiting import until

SLEEP = ("sleep", "600")
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); time.sleep(600)"
)


@pytest.fixture(params=installed_runtimes().values(), ids=lambda runtime: runtime.name)
def runtime(request):
    return request.param


@pytest.fixture
def folder(tmp_path, spec, runtime):
    made = RunFolder(tmp_path / "runs" / "job-1" / "1" / "0")
    made.create(spec.model_copy(update={"runtime": runtime.name}))
    yield made
    until(lambda: not runtime.is_alive(made) or (runtime.signal(made, "kill") and False))


def start(runtime, folder, *command, **variables):
    asyncio.run(runtime.start(folder, command, os.environ | variables))


def test_a_runtime_is_known_by_its_name():
    assert all(name == runtime.name for name, runtime in installed_runtimes().items())


def test_run_is_started_from_its_folder_with_its_environment_alone(runtime, folder):
    assert not runtime.was_started(folder)
    assert not runtime.signal(folder, "stop")

    asyncio.run(runtime.start(folder, ("/bin/sh", "-c", "pwd; echo $A-$HOME"), {"A": "b"}))
    until(lambda: not runtime.is_alive(folder))

    assert (folder.path / "output.log").read_text() == f"{folder.path}\nb-\n"
    assert folder.exit().code == 0
    assert runtime.was_started(folder)


def test_starting_again_starts_nothing(runtime, folder):
    start(runtime, folder, *SLEEP)
    first = folder.process()

    start(runtime, folder, *SLEEP)
    start(type(runtime)(), folder, *SLEEP)

    assert folder.process() == first
    assert runtime.is_alive(folder)


@pytest.mark.parametrize(("action", "number"), [("stop", 15), ("kill", 9)])
def test_signals_end_a_run(runtime, folder, action, number):
    start(runtime, folder, *SLEEP)

    assert runtime.signal(folder, action)

    until(lambda: not runtime.is_alive(folder))
    assert folder.exit().signal == number
    assert not runtime.signal(folder, action)


def test_run_that_will_not_stop_is_killed_with_what_it_started(runtime, folder):
    start(runtime, folder, "/bin/sh", "-c", f'sleep 600 & exec {sys.executable} -c "{DEAF}"')
    until(lambda: "deaf" in (folder.path / "output.log").read_text())
    leader = folder.process().pid
    below = psutil.Process(leader).children(recursive=True)

    assert runtime.signal(folder, "stop")
    assert runtime.is_alive(folder)
    assert runtime.signal(folder, "kill")

    until(lambda: not runtime.is_alive(folder))
    assert below
    assert not [process for process in below if process.is_running()]


def test_only_a_run_that_has_ended_is_removed_and_nothing_stays(runtime, folder):
    start(runtime, folder, *SLEEP)
    with pytest.raises(ConflictError, match="alive"):
        runtime.remove(folder)
    runtime.signal(folder, "kill")
    until(lambda: not runtime.is_alive(folder))

    runtime.remove(folder)
    runtime.remove(folder)

    assert not folder.path.exists()
    assert not runtime.was_started(folder)


def test_command_that_is_none_ends_and_says_so(runtime, folder):
    start(runtime, folder, "/no/such/program")
    until(lambda: not runtime.is_alive(folder))

    assert folder.exit().code == shim.EXEC_FAILED
    assert "/no/such/program" in (folder.path / "output.log").read_text()


def test_start_that_cannot_be_says_why(runtime, tmp_path):
    with pytest.raises(HostError, match="cannot be started"):
        start(runtime, RunFolder(tmp_path / "none"), *SLEEP)


def test_start_that_is_given_up_leaves_a_known_run_or_nothing(runtime, folder):
    async def given_up():
        starting = asyncio.create_task(runtime.start(folder, SLEEP, os.environ))
        await asyncio.sleep(0)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)

    asyncio.run(given_up())

    until(lambda: runtime.was_started(folder) or not _working_in(folder))
    # Started, it can be ended as any other; nothing else works on the folder.
    assert runtime.was_started(folder) or not folder.process()


def _working_in(folder):
    """Return the processes that have the folder on their command line."""
    asked = str(folder.path)
    return [
        item for item in psutil.process_iter(["cmdline"]) if asked in (item.info["cmdline"] or ())
    ]

"""A platform of its own for each test that kills its processes."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.settings import Settings, load_settings
from jupyter_platform.core.states import HOLDING, JobState
from jupyter_platform.runtime.launch import ensure_coordinator
from jupyter_platform.runtime.paths import Paths
from tests.conftest import MARK
from tests.waiting import DEADLINE_S, until

OWN = "JP_TEST_LAB"
"""Marks every process of a test's platform, so that its fixture can end them all."""


class Lab:
    """A running platform and the pids behind it."""

    def __init__(self, paths: Paths, settings: Settings | None, mark: tuple[str, str]) -> None:
        self.paths = paths
        self.settings = settings
        self.mark = mark
        self.start()

    def start(self) -> None:
        """Start the platform, or find it running."""
        ensure_coordinator(self.paths, settings=self.settings, timeout_s=DEADLINE_S)
        self.platform = Platform()

    def pids(self, kind: str) -> list[int]:
        """Return the pids of ``coordinator``, ``scheduler``, ``host`` or ``supervisor``."""
        found = []
        for path in self.paths.supervised("x").parent.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                if path.stem.split("-")[0] == kind:
                    found.append(json.loads(path.read_text())["pid"])
        return found

    def kill(self, *kinds: str) -> set[int]:
        """Kill -9 every process of these kinds at once, and return their pids."""
        pids = [pid for kind in kinds for pid in self.pids(kind)]
        assert len(pids) >= len(kinds), f"no pid for one of {kinds}"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return set(pids)

    def until_back(self, *kinds: str, other_than: set[int]) -> None:
        """Wait until there are processes of these kinds again, in place of killed ones."""
        for kind in kinds:
            until(
                lambda kind=kind: (new := set(self.pids(kind))) and not new & other_than,
                f"another {kind}",
            )

    def cut_off(self, host: str) -> None:
        """Make a host silent for good; its torch processes go on, unheard."""
        for kind in ("supervisor", "host"):
            for pid in self.pids(kind):
                if kind == "supervisor" or pid == self._host_pid(host):
                    os.kill(pid, signal.SIGSTOP)

    def _host_pid(self, host: str) -> int:
        return json.loads(self.paths.supervised(f"host-{host}").read_text())["pid"]

    def processes(self) -> list[psutil.Process]:
        """Return all processes of this platform that run."""
        return _marked(self.mark)

    def running(self, *command: str) -> list[int]:
        """Return the pids of this platform that run a command."""
        return [item.pid for item in self.processes() if _command(item) == list(command)]

    def torch_pid(self, job) -> int:
        """Return the pid of the newest attempt's torch process."""
        found = self.run_folders(job)
        return json.loads((found[-1] / "process.json").read_text())["pid"]

    def run_folders(self, job) -> list[Path]:
        """Return the run folders of a job, first attempt first."""
        return sorted(
            (path.parent for path in self.paths.data.glob(f"hosts/*/runs/{job.id}/*/*/spec.json")),
            key=lambda path: int(path.parent.name),
        )

    def step(self, job) -> int:
        """Return how far a job that runs is, which a coordinator that just began has to learn."""
        return until(lambda: job.refresh().record.progress, "progress").step

    def until_step(self, job, step: int) -> None:
        """Wait until the job has trained `step` updates."""

        def reached():
            job.refresh()
            assert not job.record.state.is_terminal, f"ended as {job.record.state} too early"
            return job.record.progress is not None and job.record.progress.step >= step

        until(reached, f"step {step}")

    def until_resumed(self, job, step: int) -> None:
        """Wait until another attempt has trained up to `step`."""
        until(lambda: len(job.refresh().record.attempts) > 1, "another attempt")
        self.until_step(job, step)

    def clear(self) -> None:
        """End all jobs that earlier tests have left."""
        for job in self.platform.jobs(list(HOLDING | {JobState.QUEUED}), limit=None):
            with contextlib.suppress(NotFoundError):
                job.stop()
                job.wait(timeout=DEADLINE_S)

    def stop(self, job) -> int:
        """End a job that learns without end; return the updates that it has trained."""
        job.stop()
        assert job.wait(timeout=DEADLINE_S) == "stopped", job.record.error
        return job.result()["steps"]


def _marked(mark: tuple[str, str]) -> list[psutil.Process]:
    """Return the processes that run with a variable in their environment, but this one."""
    name, value = mark
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(name) == value and process.status() != "zombie":
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _is_supervisor(process: psutil.Process) -> bool:
    return "supervisor" in " ".join(_command(process))


@contextlib.contextmanager
def _folders(folder: Path) -> Iterator[None]:
    """Let the platform of this folder be the one that is meant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv(OWN, str(folder))
        yield


def _start(folder: Path, *, hosts: int = 1, **overrides: object) -> Lab:
    """Start a platform with the settings given, and wait for its hosts."""
    dotted = {"cluster.overcommit": True, "cluster.cpus": 2, "cluster.hosts": max(hosts, 1)}
    dotted |= {name.replace("__", "."): value for name, value in overrides.items()}
    lab = Lab(Paths.default(), load_settings(None, dotted), (OWN, str(folder)))
    until(lambda: len(lab.platform.hosts()) >= hosts, "the hosts to join")
    return lab


def _end(folder: Path) -> None:
    mark = (OWN, str(folder))
    # The supervisor first, or it would restart what is killed after it.
    for process in sorted(_marked(mark), key=_is_supervisor, reverse=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: not _marked(mark), "the end of all processes")


@pytest.fixture
def start_lab(tmp_path) -> Iterator[Callable[..., Lab]]:
    """Return a function that starts a platform of this test alone, with the settings given."""
    with _folders(tmp_path):
        yield functools.partial(_start, tmp_path)
        _end(tmp_path)


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory) -> Iterator[Path]:
    """The folder of the platform of a file; its processes end with the tests of the file."""
    folder = tmp_path_factory.mktemp("lab")
    yield folder
    _end(folder)


@pytest.fixture(scope="module")
def module_lab(request, module_folder) -> Lab:
    """The platform of a file, with the settings ``LAB`` of the file."""
    with _folders(module_folder):
        return _start(module_folder, **getattr(request.module, "LAB", {}))


@pytest.fixture
def lab(module_folder, module_lab) -> Iterator[Lab]:
    """A platform that the tests of a file kill in turns: it runs, and nothing works on it.

    A start takes ten seconds of CPU time.
    """
    with _folders(module_folder):
        module_lab.start()
        module_lab.clear()
        yield module_lab


@pytest.fixture
def shared_lab(platform, shared_paths, private_folders):
    """The platform that many tests share: they may kill what jobs started, and nothing else."""
    return Lab(shared_paths, None, (MARK, str(private_folders)))

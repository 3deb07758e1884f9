from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.runs import (
    ExitRecord,
    JobRun,
    NetworkInput,
    ProcessRecord,
    ResumePoint,
    RunId,
    RunResult,
    RunSpec,
)
from jupyter_platform.core.states import JobType
from tests.waiting import until

Waiter = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a factory of run folders that hold only a spec."""

    def make(
        name: str,
        job_type: JobType,
        network: str | NetworkDescription | Sequence[str | NetworkDescription],
        dataset: str | DatasetDescriptor,
        *,
        weights: Path | Mapping[str, Path] | None = None,
        files: dict[str, str] | None = None,
        resume: ResumePoint | None = None,
        gpus: list[int] | None = None,
        threads: int = 1,
        **options: Any,
    ) -> Path:
        given = [network] if isinstance(network, str | NetworkDescription) else network
        networks = [bundled_networks()[item] if isinstance(item, str) else item for item in given]
        descriptor = bundled_datasets()[dataset] if isinstance(dataset, str) else dataset
        resolved, _ = resolve_options(job_type, options)
        files = dict(files or {})
        paths = weights if isinstance(weights, Mapping) else {}
        if isinstance(weights, Path):
            paths = {networks[0].name: weights}
        digests = {name: f"sha256:{number:064}" for number, name in enumerate(paths)}
        files |= {digests[name]: str(path) for name, path in paths.items()}
        spec = RunSpec(
            run=RunId(workload=name, attempt=1),
            name=name,
            files=files,
            resume=resume,
            gpus=gpus or [],
            threads=threads,
            process="jupyter_platform.learning.processes.process",
            job=JobRun(
                type=job_type,
                networks=[
                    NetworkInput(description=item, weights=digests.get(item.name))
                    for item in networks
                ],
                dataset=descriptor,
                options=resolved.model_dump(mode="json"),
            ),
        )
        folder = tmp_path / name
        folder.mkdir()
        (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
        return folder

    return make


class ForkedRun:
    """A run that the warm process forked, with the methods of a `Popen` that tests need."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        record = ProcessRecord.model_validate_json((folder / "process.json").read_bytes())
        self.pid = record.pid

    def send_signal(self, number: int) -> None:
        if self._exit() is None:
            os.kill(self.pid, number)

    def wait(self) -> int:
        record = until(self._exit, f"the end of {self._folder}", pause_s=0.005)
        return record.code if record.code is not None else -int(record.signal or 0)

    def _exit(self) -> ExitRecord | None:
        path = self._folder / "exit.json"
        return ExitRecord.model_validate_json(path.read_bytes()) if path.exists() else None


@pytest.fixture(scope="session")
def warm_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the socket of a warm process that all tests share: importing torch takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="jp-", dir="/tmp"))
    path = folder / "s"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyter_platform.learning.processes.warm",
            str(path),
            str(os.getpid()),
        ]
    )
    until(lambda: path.exists() or process.poll() is not None, "the warm process")
    yield path
    process.kill()
    process.wait()
    shutil.rmtree(folder)


@pytest.fixture
def start_process(warm_socket: Path) -> Iterator[Callable[[Path], ForkedRun]]:
    """Return what starts the torch process of a run folder."""
    started: list[ForkedRun] = []

    def start(folder: Path) -> ForkedRun:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(warm_socket))
            connection.sendall(json.dumps({"run_folder": str(folder)}).encode() + b"\n")
            with connection.makefile() as lines:
                answer = json.loads(lines.readline())
        assert answer["ok"] is True
        started.append(ForkedRun(folder))
        return started[-1]

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def run_process(start_process: Callable[[Path], ForkedRun]) -> Callable[[Path], RunResult]:
    """Return what runs a run folder to its end and gives its result."""

    def run(folder: Path) -> RunResult:
        code = start_process(folder).wait()
        result = read_result(folder)
        assert code == (1 if result.status == "failed" else 0)
        return result

    return run


def read_result(folder: Path) -> RunResult:
    return RunResult.model_validate_json((folder / "result.json").read_bytes())


@pytest.fixture
def wait_for() -> Waiter:
    """Return what polls a condition until it holds, with a deadline."""
    return functools.partial(until, pause_s=0.005)


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """Return a path that is short enough for a unix socket, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="jp-", dir="/tmp"))
    yield folder / "private" / "s"
    shutil.rmtree(folder)

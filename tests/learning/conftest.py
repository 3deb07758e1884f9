from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.runs import NetworkInput, ResumePoint, RunId, RunResult, RunSpec
from jupyter_platform.core.states import JobType

Waiter = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a factory of run folders that hold only a spec."""

    def make(
        name: str,
        job_type: JobType,
        network: str | NetworkDescription,
        dataset: str | DatasetDescriptor,
        *,
        weights: Path | None = None,
        files: dict[str, str] | None = None,
        resume: ResumePoint | None = None,
        gpus: list[int] | None = None,
        threads: int = 1,
        **options: Any,
    ) -> Path:
        description = bundled_networks()[network] if isinstance(network, str) else network
        descriptor = bundled_datasets()[dataset] if isinstance(dataset, str) else dataset
        resolved, _ = resolve_options(job_type, options)
        files = dict(files or {})
        digest = None
        if weights is not None:
            digest = f"sha256:{'0' * 64}"
            files[digest] = str(weights)
        spec = RunSpec(
            run=RunId(workload=name, attempt=1),
            type=job_type,
            name=name,
            networks=[NetworkInput(description=description, weights=digest)],
            dataset=descriptor,
            options=resolved.model_dump(mode="json"),
            files=files,
            resume=resume,
            gpus=gpus or [],
            threads=threads,
        )
        folder = tmp_path / name
        folder.mkdir()
        (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
        return folder

    return make


@pytest.fixture
def start_process() -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Return what starts the torch process of a run folder, output in its log."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> subprocess.Popen[bytes]:
        with open(folder / "output.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_platform.learning.process", str(folder)],
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def run_process(
    start_process: Callable[[Path], subprocess.Popen[bytes]],
) -> Callable[[Path], RunResult]:
    """Return what runs a run folder to its end and gives its result."""

    def run(folder: Path) -> RunResult:
        code = start_process(folder).wait(100)
        result = read_result(folder)
        assert code == (1 if result.status == "failed" else 0)
        return result

    return run


def read_result(folder: Path) -> RunResult:
    return RunResult.model_validate_json((folder / "result.json").read_bytes())


@pytest.fixture
def wait_for() -> Waiter:
    """Return what polls a condition until it holds, with a deadline."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.005)
        raise AssertionError("the condition did not come true in time")

    return wait


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """Return a path that is short enough for a unix socket, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="jp-", dir="/tmp"))
    yield folder / "private" / "s"
    shutil.rmtree(folder)

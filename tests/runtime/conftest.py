from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.runs import JobRun, NetworkInput, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.paths import Paths
from tests.waiting import until


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(
        data=tmp_path / "data" / "jupyter_platform", runtime=tmp_path / "run" / "jupyter_platform"
    ).ensure()


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """Call a condition until it gives something true, and return that."""
    return until


@pytest.fixture
def ended_after_test() -> Iterator[list[int]]:
    """Pids, as they become known, of processes that must not outlive the test."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for child in process.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()


@pytest.fixture
def spec() -> RunSpec:
    return RunSpec(
        run=RunId(workload="job-1", attempt=1),
        name="lenet on digits",
        process="jupyter_platform.learning.processes.process",
        job=JobRun(
            type=JobType.LEARN, networks=[NetworkInput(description=bundled_networks()["lenet"])]
        ),
    )

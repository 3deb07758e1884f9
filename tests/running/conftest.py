"""Runs of the RUN process in real run folders, below a real shim."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from jupyter_platform.core.options.run import RunOptions
from jupyter_platform.core.runs import JobRun, RunEvent, RunId, RunResult, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.records import RECORD_DTYPE
from jupyter_platform.runtime.run_folder import RunFolder

DEADLINE_S = 90.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something to be so and return what it gives."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


@dataclass
class Run:
    """One run on its way."""

    path: Path
    started: list[int] = field(default_factory=list)

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    def log(self) -> str:
        path = self.path / "output.log"
        return path.read_text() if path.exists() else ""

    def wait(self) -> RunResult | None:
        until(lambda: (self.path / "exit.json").exists(), f"the run goes on: {self.log()}")
        return self.folder.result()

    def events(self, kind: str) -> list[RunEvent]:
        lines = (self.path / "events.jsonl").read_text().splitlines()
        events = [RunEvent.model_validate_json(line) for line in lines]
        return [event for event in events if event.kind == kind]

    def warnings(self) -> list[str]:
        return [item.model_extra["text"] for item in self.events("message")]

    def curve(self, series: str) -> list[tuple[int, float]]:
        records = np.fromfile(self.path / "metrics" / f"{series}.rec", RECORD_DTYPE)
        return [(int(item["step"]), float(item["value"])) for item in records]

    def kept(self, name: str) -> Path:
        return self.path / "files" / name


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start a run: code as text, options as keywords."""
    runs: list[Run] = []

    def begin(code: str | None = None, *, threads: int = 1, **options: Any) -> Run:
        files = dict(options.pop("files", {}))
        if code is not None:
            digest = f"sha256:{hashlib.sha256(code.encode()).hexdigest()}"
            blob = tmp_path / digest.removeprefix("sha256:")
            blob.write_text(code)
            options["content"] = digest
            files[digest] = str(blob)
            options.setdefault("script", None if options.get("cell") else "train.py")
        number = len(runs) + 1
        path = tmp_path / "runs" / "job" / str(number) / "0"
        spec = RunSpec(
            run=RunId(workload="job", attempt=number),
            name="job",
            threads=threads,
            files=files,
            process="jupyter_platform.running.process",
            job=JobRun(type=JobType.RUN, options=RunOptions(**options).model_dump(mode="json")),
        )
        RunFolder(path).create(spec)
        command = [sys.executable, "-P", "-m", "jupyter_platform.running.process", str(path)]
        subprocess.run(
            [sys.executable, "-I", "-S", shim.__file__, str(path), "--", *command], check=True
        )
        run = Run(path)
        runs.append(run)
        return run

    yield begin
    for run in runs:
        if run.folder.is_alive():
            run.folder.signal("kill")
            until(lambda run=run: not run.folder.is_alive(), "the run does not end")


@pytest.fixture
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a virtual environment that has nothing in it, the platform neither."""
    folder = tmp_path_factory.mktemp("environment") / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def notebook(*sources: str, **metadata: Any) -> str:
    """Return the text of a notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    return nbformat.writes(made)


def texts(path: Path) -> list[str]:
    """Return what each cell of a notebook has printed."""
    cells = json.loads(path.read_text())["cells"]
    return [
        "".join("".join(item.get("text", "")) for item in cell.get("outputs", ())) for cell in cells
    ]

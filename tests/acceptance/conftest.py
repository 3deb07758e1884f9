"""The platform's three doors, and what must be as it was when one of them has refused something."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_platform.cli.main import run
from jupyter_platform.runtime.connection import read_connection
from tests.waiting import DEADLINE_S

JUPYTER = Path(sys.executable).with_name("jupyter")


@dataclasses.dataclass(frozen=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str


def check_refusal(done: Done, code: int, *parts: str) -> None:
    """Hold a refusal to what a person may expect of one: short, clear and no traceback."""
    assert (done.code, done.out) == (code, ""), done
    for part in parts:
        assert part in done.err
    for noise in ("Traceback", "defect", "pydantic", "its log says why"):
        assert noise not in done.err
    # Steps of a start are told with their time; all else is the one sentence.
    lines = [line for line in done.err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1, done.err
    assert len(lines[0]) < 1000
    assert lines[0][-1] in ".?"


@pytest.fixture
def refuses(capsys):
    """Return a function that expects ``jupyter platform WORDS`` to be refused so."""

    def check(code: int, *parts: str, words: list[str]) -> None:
        capsys.readouterr()
        ended = run(words)
        captured = capsys.readouterr()
        check_refusal(Done(ended, captured.out, captured.err), code, *parts)

    return check


@pytest.fixture
def program():
    """Return a function that runs the real ``jupyter platform`` in a process of its own."""

    def call(*words: str, **options: Any) -> Done:
        options.setdefault("env", dict(os.environ))
        done = subprocess.run(
            [str(JUPYTER), "platform", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
            **options,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def raw(platform, shared_paths):
    """HTTP with the right token and nothing of ours on the way."""
    connection = read_connection(shared_paths)
    assert connection is not None
    headers = {"authorization": f"Bearer {connection.token}", "content-type": "application/json"}
    with httpx.Client(base_url=connection.url, headers=headers, timeout=DEADLINE_S) as client:
        yield client


def _present(raw: httpx.Client, data: Path) -> dict[str, Any]:
    kept = ("blobs", "networks", "datasets", "weights", "mirror")
    folders = [data / name for name in kept]
    folders += [*data.glob("hosts/*/blobs"), *data.glob("hosts/*/runs")]
    return {
        "jobs": raw.get("/api/jobs", params={"limit": 1}).json()["total"],
        "datasets": [item["descriptor"]["name"] for item in raw.get("/api/datasets").json()],
        "networks": [item["description"]["name"] for item in raw.get("/api/networks").json()],
        "files": sorted(
            str(path) for folder in folders for path in folder.rglob("*") if path.is_file()
        ),
    }


@pytest.fixture
def nothing_left(raw, shared_paths):
    """Expect of a test that it leaves no job, dataset, network or file behind."""
    before = _present(raw, shared_paths.data)
    yield
    assert _present(raw, shared_paths.data) == before

"""LEARN with compiled networks, in a process that the warm process has forked."""

from __future__ import annotations

import json
import shutil
import socket

import pytest

from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.records import read_records
from tests.learning.conftest import ForkedRun, read_result

OPTIONS = {
    "compile": True,
    "method": "ADAM",
    "batch_size": 100,
    "max_iterations": 30,
    "validation_interval": 10,
    "seed": 3,
}


@pytest.fixture
def run_with(warm_socket, tmp_path):
    """Return what runs a folder with variables of its own and gives its result and warnings."""

    def run(folder, **variables):
        # What was compiled by others would need no compiler.
        cache = {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(warm_socket))
            request = {"run_folder": str(folder), "env": cache | variables}
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile() as lines:
                assert json.loads(lines.readline())["ok"] is True
        ForkedRun(folder).wait()
        lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        told = [item for item in map(json.loads, lines) if item.get("level") == "warning"]
        return read_result(folder), [item["text"] for item in told]

    return run


def losses(folder):
    return read_records(folder / "metrics" / "loss.rec")["value"].tolist()


@pytest.mark.slow
def test_a_compiled_network_learns_as_one_that_is_not(make_run, run_process, run_with):
    whole = make_run("plain", JobType.LEARN, "mlp", "iris", **{**OPTIONS, "compile": False})
    run_process(whole)
    compiled = make_run("compiled", JobType.LEARN, "mlp", "iris", **OPTIONS)

    result, warnings = run_with(compiled)

    assert (result.status, result.step) == ("finished", 30)
    assert losses(compiled) == pytest.approx(losses(whole), rel=1e-4)
    if shutil.which("g++") or shutil.which("clang++"):
        assert warnings == []
        assert list((compiled.parent / "cache").rglob("*.so")), "nothing was compiled"


def test_without_a_compiler_it_learns_and_says_so(make_run, run_with, tmp_path):
    run = make_run("l", JobType.LEARN, "mlp", "iris", **OPTIONS)

    result, warnings = run_with(run, PATH=str(tmp_path / "nothing"), CXX="no-such-compiler")

    assert (result.status, result.step) == ("finished", 30)
    (warning,) = warnings
    assert warning.startswith("compile = true: torch cannot compile here (")
    assert warning.endswith("; it goes on without.")

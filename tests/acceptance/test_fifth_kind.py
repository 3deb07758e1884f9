"""A kind of job from an installed package stands everywhere, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

MODULE = '''
from pathlib import Path
import sys
from jupyter_platform.core.kinds import KindRecord
from jupyter_platform.core.options.model import OptionModel, option

class CountOptions(OptionModel):
    """How far it counts."""
    far: int = option(3, "Number to count to.", group="Counting", common=True, ge=1)

RECORD = KindRecord("COUNT", "Count", "Count to a number.", "runner",
                    "count_kind:CountOptions", "count_process", "count_submission:Count")
'''
SUBMISSION = """
from jupyter_platform.coordinator.jobs.kinds.base import Kind

class Count(Kind):
    inspected = False

    def name(self, networks, source, options):
        return f"count to {options.far}"
"""
PROCESS = """
import json, sys
from pathlib import Path

folder = Path(sys.argv[1])
far = json.loads((folder / "spec.json").read_text())["job"]["options"]["far"]
print("counted to", far)
(folder / "result.json").write_text(json.dumps({"status": "finished", "result": {"far": far}}))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return an environment with a package that brings a kind of job."""
    folder = tmp_path_factory.mktemp("kind")
    site = folder / "site"
    info = site / "count_kind-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: count-kind\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[jupyter_platform.kinds]\ncount = count_kind:RECORD\n")
    for name, source in (("kind", MODULE), ("submission", SUBMISSION), ("process", PROCESS)):
        (site / f"count_{name}.py").write_text(source)
    folders = {f"JUPYTER_{key}_DIR": str(folder / key.lower()) for key in ("DATA", "RUNTIME")}
    environment = {**os.environ, **folders, "PYTHONPATH": str(site)}
    command = ("-m", "jupyter_platform.cli.main")
    run(environment, *command, "up", "--overcommit", "--cpus", "1")
    try:
        yield environment
    finally:
        run(environment, *command, "down", "--stop-jobs")


def run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_it_stands_in_schemas_kinds_completion_and_docs(environment: dict[str, str]):
    code = (
        "import json\n"
        "from jupyter_platform.coordinator.jobs.option_schemas import *\n"
        "from jupyter_platform.magics.names import Names\n"
        "from jupyter_platform.core.jobs import JobRecord\n"
        "from jupyter_platform.core.states import JobType\n"
        "print(json.dumps({'kinds': [k.name for k in offered_kinds()],"
        " 'schema': list(schema_of('count')['properties']), 'magics': Names().types(),"
        " 'type': JobType('COUNT').value}))"
    )
    found = json.loads(run(environment, "-c", code))
    assert found["kinds"] == found["magics"] == ["LEARN", "EVALUATE", "ACT", "RUN", "COUNT"]
    assert found["schema"] == ["far"]
    assert found["type"] == "COUNT"
    listed = run(environment, "-m", "jupyter_platform.cli.main", "options", "count")
    assert "Number to count to." in listed


def test_it_is_checked_queued_and_run(environment: dict[str, str]):
    command = ("-m", "jupyter_platform.cli.main")
    told = run(environment, *command, "submit", "COUNT", "lenet-digits", "far=4", "-f", "--json")
    record = json.loads(told)
    assert (record["type"], record["name"], record["state"]) == ("COUNT", "count to 4", "finished")
    assert "counted to 4" in run(environment, *command, "logs", record["id"])
    refused = subprocess.run(
        [sys.executable, *command, "submit", "COUNT", "lenet-digits", "far=0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "at least 1" in refused.stderr

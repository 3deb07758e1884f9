"""Callbacks of packages that somebody installed beside the platform."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_platform.core.runs import RunResult
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.records import read_records

PAGE = Path(__file__).parents[3] / "docs" / "strategies.md"


@pytest.fixture
def learn(make_run, tmp_path):
    """Learn with a package installed; return the run folder and the result."""

    def run(source: str, entry: str) -> tuple[Path, RunResult]:
        site = tmp_path / "site"
        info = site / "norms-1.0.dist-info"
        info.mkdir(parents=True)
        (site / "norms.py").write_text(source, encoding="utf-8")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: norms\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[jupyter_platform.callbacks]\nnorms = {entry}\n")
        folder = make_run("l", JobType.LEARN, "mlp", "iris", max_iterations=120)
        subprocess.run(
            [sys.executable, "-m", "jupyter_platform.learning.processes.process", str(folder)],
            env={**os.environ, "PYTHONPATH": str(site)},
            check=False,
        )
        return folder, RunResult.model_validate_json((folder / "result.json").read_bytes())

    return run


def test_the_callback_of_the_documentation_draws_a_curve_and_says_so(learn):
    page = PAGE.read_text(encoding="utf-8")
    source = re.search(r"```python\n(# norms\.py.*?)```", page, re.DOTALL)[1]

    folder, result = learn(source, "norms:make")

    assert result.status == "finished"
    norms = read_records(folder / "metrics" / "weight_norm.rec")
    assert norms["step"].tolist() == [50, 100]
    assert (norms["value"] > 0).all()
    assert "recorded up to step 120" in (folder / "events.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def make(context): return None", ""),
        ("def make(context): return 1 / 0", "cannot be made by norms:make: ZeroDivisionError"),
        ("def make(context): return 'text'", "gave str, whose interval is None"),
        (
            "class Half:\n    interval = 5\n    at_step = print\ndef make(context): return Half()",
            "gave Half, which has no method at_end",
        ),
    ],
)
def test_a_callback_that_cannot_be_called_fails_the_job_with_a_sentence(learn, source, sentence):
    _, result = learn(source, "norms:make")

    assert result.status == ("failed" if sentence else "finished")
    assert sentence in (result.error.message if result.error else "")

"""Notebooks and detached cells run as jobs."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jupyter_platform.runtime.values import load_value, save_value
from tests.running.conftest import Run, end, notebook, texts, until

Start = Callable[..., Run]


def test_a_notebook_comes_back_executed_also_when_a_cell_fails(start: Start):
    code = notebook("print('one')\n1 + 1", "raise ValueError('two')", "print('three')")
    run = start(code, script="work.ipynb")
    result = run.wait()
    assert result is not None
    assert result.status == "failed"
    assert result.error is not None
    assert (result.error.type, result.error.message) == ("ValueError", "two")
    cells = json.loads(run.kept("work.ipynb").read_text())["cells"]
    assert [item["output_type"] for item in cells[0]["outputs"]] == ["stream", "execute_result"]
    assert cells[1]["outputs"][0]["ename"] == "ValueError"
    assert cells[2]["outputs"] == []
    assert "one" in run.log()
    assert "ValueError" in run.log()
    assert {item.model_extra["file"] for item in run.events("file")} == {"files/work.ipynb"}


def test_progress_counts_cells_unless_the_notebook_reports(start: Start):
    run = start(notebook("1", "2", ""), script="a.ipynb")
    run.wait()
    progress = run.folder.progress()
    assert progress is not None
    assert (progress.step, progress.total, progress.unit) == (2, 2, "cells")


def test_parameters_follow_the_cell_with_the_defaults(start: Start):
    code = json.loads(notebook("rate = 0.5", "print(rate, name)"))
    code["cells"][0]["metadata"]["tags"] = ["parameters"]
    run = start(json.dumps(code), script="a.ipynb", parameters={"rate": 0.1, "name": "x'y"})
    result = run.wait()
    assert result is not None
    assert result.status == "finished", run.log()
    assert texts(run.kept("a.ipynb"))[2] == "0.1 x'y\n"


def test_a_kernel_that_is_killed_loses_at_most_the_running_cell(start: Start, tmp_path: Path):
    code = notebook("print('kept')", "print('begun'); import time; time.sleep(600)")
    run = start(code, script="a.ipynb")
    until(lambda: "begun" in run.log(), run.log())
    process = run.folder.process()
    assert process is not None
    end(process.pid)
    assert run.wait() is None
    assert texts(run.kept("a.ipynb"))[0] == "kept\n"
    exit_ = run.folder.exit()
    assert exit_ is not None
    assert exit_.signal == signal.SIGKILL


def test_stop_interrupts_the_cell_and_keeps_what_there_is(start: Start):
    code = notebook("print('kept')", "print('begun'); import time; time.sleep(600)", "print(3)")
    run = start(code, script="a.ipynb")
    until(lambda: "begun" in run.log(), run.log())
    run.folder.signal("stop")
    result = run.wait()
    assert result is not None
    assert result.status == "stopped", run.log()
    assert texts(run.kept("a.ipynb")) == ["kept\n", "begun\n", ""]


def test_the_time_limit_ends_a_notebook(start: Start):
    run = start(notebook("import time; time.sleep(600)"), script="a.ipynb", max_time=8)
    result = run.wait()
    assert result is not None
    assert result.error is not None
    assert result.error.type == "TimeLimit"


def test_rich_output_is_kept_while_the_cell_runs(start: Start):
    code = (
        "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\n"
        "import time; time.sleep(600)"
    )
    run = start(code, cell=True)

    def shown() -> bool:
        path = run.kept("cell.ipynb")
        cells = json.loads(path.read_text())["cells"] if path.exists() else [{}]
        return any("text/html" in item.get("data", ()) for item in cells[0].get("outputs", ()))

    until(shown, run.log())
    run.folder.signal("stop")
    run.wait()


def test_a_cell_takes_inputs_along_and_gives_results_back(start: Start, tmp_path: Path):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=[5, 7])
    inputs, files = {}, {}
    values = {"df": frame, "cfg": {"lr": 0.1, "deep": [1, None]}}
    for number, (name, value) in enumerate(values.items()):
        suffix = Path(save_value(name, value, str(tmp_path))).suffix
        digest = "sha256:" + f"{number}" * 64
        inputs[name] = {"format": suffix, "content": digest}
        files[digest] = str(tmp_path / f"{name}{suffix}")
    code = "total = df['a'].sum()\nout = df.assign(c=cfg['lr'])\nprint('sum', total)"
    run = start(code, cell=True, inputs=inputs, files=files, results="total,out")
    result = run.wait()
    assert result is not None
    assert result.status == "finished", run.log()
    found = {
        name: load_value(str(run.kept(file))) for name, file in result.result["results"].items()
    }
    assert found["total"] == 3
    assert isinstance(found["total"], np.int64)
    pd.testing.assert_frame_equal(found["out"], frame.assign(c=0.1))
    assert texts(run.kept("cell.ipynb")) == ["sum 3\n"]


@pytest.mark.parametrize(
    ("code", "told"), [("model = object()", "model is a object"), ("x = 1", "model")]
)
def test_a_result_that_cannot_be_kept_fails_the_cell_by_name(start: Start, code: str, told: str):
    run = start(code, cell=True, results="model")
    result = run.wait()
    assert result is not None
    assert result.status == "failed"
    assert result.error is not None
    assert told in result.error.message
    assert not run.kept("results/model.json").exists()


def test_a_cell_in_an_environment_without_a_kernel_is_told_what_to_install(
    start: Start, bare_python: Path
):
    result = start("1", cell=True, python=str(bare_python)).wait()
    assert result is not None
    assert result.error is not None
    assert "has no ipykernel" in result.error.message

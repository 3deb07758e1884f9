"""RUN from a notebook: scripts, and cells that run on their own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jupyter_platform.magics.readable import MagicError

DEADLINE_S = 120.0


def test_a_script_runs_with_what_stands_behind_the_dashes(notebook, platform, tmp_path: Path):
    (tmp_path / "neighbour.py").write_text("NAME = 'here'\n")
    (tmp_path / "train.py").write_text(
        "import sys, neighbour\nfrom jupyter_platform import report\n"
        "report(1, total=1, loss=0.5)\nprint(sys.argv[1:], neighbour.NAME)\n"
    )

    ran = notebook.run("%submit RUN train.py -- --lr 0.1 --name 'two words'")

    assert ran.error is None
    job = notebook["last"]
    assert job.wait(DEADLINE_S) == "finished", job.log()
    assert job.log() == "['--lr', '0.1', '--name', 'two words'] here\n"
    assert job.name == "train.py"
    assert job.metrics()["loss"].tolist() == [0.5]
    again = job.resubmit(arguments=["x"])
    (tmp_path / "train.py").write_text("print('changed')\n")
    assert again.wait(DEADLINE_S) == "finished"
    assert again.log() == "['x'] here\n"


def test_a_cell_takes_variables_along_and_gives_others_back(notebook, platform):
    frame = pd.DataFrame({"a": [1, 2]})
    notebook.shell.user_ns["df"] = frame
    code = "total = int(df['a'].sum())\nout = df * 2\nprint(total)"
    ran = notebook.run(f"%%submit RUN -i df -o total,out\n{code}")
    assert ran.error is None
    last = notebook["last"]

    result = last.result(DEADLINE_S)

    assert result["total"] == 3
    pd.testing.assert_frame_equal(result["out"], frame * 2)
    assert last.log() == "3\n"
    assert "cell.ipynb" in last.files()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%submit RUN nothing.py", "script = 'nothing.py' is no file here"),
        ("%%submit RUN -i nope\n1", "inputs = nope: there is no such variable"),
        ("%%submit RUN -i handle\n1", "handle is a object, which cannot go along"),
        ("%%submit RUN train.py\n1", "%submit RUN train.py"),
        ("%submit RUN nothing.txt", "neither a .py nor a .ipynb file"),
    ],
)
def test_what_cannot_run_is_refused_with_a_sentence(notebook, platform, line: str, told: str):
    notebook.shell.user_ns["handle"] = object()

    ran = notebook.run(line)

    assert isinstance(ran.error, MagicError)
    assert told in ran.error.message

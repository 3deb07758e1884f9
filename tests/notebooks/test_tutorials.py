"""The tutorials run as they stand, against a real platform."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from jupyter_platform.client.representation import JOB_MIME

FOLDER = Path(__file__).parents[2] / "notebooks"
TUTORIALS = sorted(FOLDER.glob("*.ipynb"))
CELL_TIMEOUT_S = 240


@pytest.fixture
def run(platform, tmp_path):
    """Return a function that runs a tutorial in an empty folder."""

    def run_notebook(name: str) -> nbformat.NotebookNode:
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            resources={"metadata": {"path": str(tmp_path)}},
        )
        return client.execute()

    return run_notebook


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs)


def shown_jobs(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the jobs that outputs refer to, in their order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    data = [output.get("data", {}) for output in outputs]
    return [item[JOB_MIME]["id"] for item in data if JOB_MIME in item]


def number(text: str, name: str) -> float:
    return float(re.search(rf"{name} ([\d.]+)", text)[1])


def test_quickstart_reads_digits(run, platform):
    notebook = run("quickstart")

    text = printed(notebook)
    assert number(text, "accuracy") >= 0.95
    truth = re.search(r"^truth +(.*)$", text, re.MULTILINE)[1].split()
    prediction = re.search(r"^prediction +(.*)$", text, re.MULTILINE)[1].split()
    assert sum(map(str.__eq__, truth, prediction)) >= 7 <= len(truth)
    learned, evaluated = shown_jobs(notebook)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert 'aria-label="Curves: loss' in html
    assert "LEARN finished, validation accuracy" in html
    assert platform.job(learned).state == "finished"
    assert platform.job(evaluated).record.options["tag"] == f"{learned}/best"


def test_your_own_data_is_learned(run, platform):
    text = printed(run("your_own_data"))

    assert number(text, "accuracy") >= 0.95
    assert number(text, "R²") >= 0.9
    assert "spirals" not in [item.descriptor.name for item in platform.datasets()]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorials_are_kept_without_outputs(path: Path):
    notebook = json.loads(path.read_text(encoding="utf-8"))

    nbformat.validate(nbformat.from_dict(notebook))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"]] == []


def test_every_tutorial_has_its_test():
    assert [path.stem for path in TUTORIALS] == ["quickstart", "your_own_data"]

"""Code of one's own as jobs: from the file browser, and as a cell that goes on by itself."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import picture, run_platform
from .jupyter import JupyterServer, folders_in, running_jupyter

pytestmark = pytest.mark.browser

SCRIPT = (
    "from jupyter_platform import report\n"
    "for step in range(30):\n    report(step, total=30, loss=1 / (step + 1))\n"
    "print('the script has run')\n"
)
CELL = (
    "%%submit RUN\nfrom IPython.display import HTML\nprint('printed by the cell')\n"
    "HTML('<b>bold of the cell</b>')"
)
KERNEL = {"name": "python3", "display_name": "Python 3"}


def notebook_of(*sources: str) -> str:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    metadata = {"kernelspec": KERNEL}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def server(tmp_path) -> Iterator[JupyterServer]:
    """Start JupyterLab beside a script and a notebook, and a platform."""
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "own.ipynb").write_text(notebook_of("%load_ext jupyter_platform", CELL))
    environment = folders_in(tmp_path)
    run_platform(environment, "up", "--overcommit", "--cpus", "2")
    try:
        with running_jupyter(tmp_path, environment) as found:
            yield found
    finally:
        run_platform(environment, "down", "--stop-jobs")


def test_a_script_is_submitted_from_the_file_browser(server: JupyterServer, page: Page):
    page.goto(f"{server.url}lab?token={server.token}")
    page.locator(".jp-DirListing-item", has_text="train.py").click(button="right")
    page.get_by_role("menuitem", name="Submit as job").click()
    form = page.locator(".jp-Platform-form")
    picture(page, "run-form")
    script = form.get_by_role("textbox", name=re.compile(r"^script\b"))
    expect(script).to_have_value(re.compile(r"/train\.py$"))
    expect(form.get_by_label("Dataset")).to_have_count(0)
    picture(page, "run-form")
    form.get_by_role("button", name="Submit", exact=True).click()
    view = page.locator(".jp-Platform-jobView")
    expect(view.get_by_text("the script has run")).to_be_visible()
    view.get_by_role("tab", name="Curves").click()
    expect(view.locator("canvas").first).to_be_visible()
    picture(page, "run-script")


def test_the_output_of_a_cell_stands_under_it_also_after_a_reload(
    server: JupyterServer, page: Page
):
    page.goto(f"{server.url}lab/tree/own.ipynb?token={server.token}")
    notebook = page.locator(".jp-Notebook")
    # Without its kernel a cell that is run stays as it is.
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    notebook.locator(".jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    output = notebook.locator(".jp-OutputArea-output")
    expect(output.get_by_text("printed by the cell")).to_be_visible()
    expect(output.locator("b", has_text="bold of the cell")).to_be_visible()
    expect(output.get_by_text("finished").first).to_be_visible()
    picture(page, "run-cell")
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    page.reload()
    expect(output.get_by_text("printed by the cell")).to_be_visible()
    expect(output.locator("b", has_text="bold of the cell")).to_be_visible()

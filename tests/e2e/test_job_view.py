"""A job in a tab and in a notebook, and the form that submits one, in a real JupyterLab."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, Page, Response, expect

from jupyter_platform.client.representation import JOB_MIME
from tests.waiting import until

from .conftest import await_end, await_states

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).parent / "screenshots"
LEARN = {"type": "LEARN", "networks": ["lenet-digits"], "dataset": "digits"}


@pytest.fixture(scope="module")
def trained(lab) -> str:
    """Return the id of a job whose weights are stored under the tag ``e2e``."""
    options = {"method": "ADAM", "max_iterations": 300, "tag": "e2e"}
    return lab.platform("POST", "jobs", {**LEARN, "options": options})["id"]


def open_job(lab, page: Page, job: str) -> Locator:
    page.goto(f"{lab.page_url(reset=False)}&job={job}")
    view = page.locator(f"#jupyter-platform-job-{job}")
    expect(view.locator(".jp-Platform-jobHead")).to_be_visible()
    return view


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_running_job_is_live_and_can_be_read_zoomed_and_stopped(lab, page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    name = "<b>bold</b> 🙂 " + "x" * 200
    options = {"method": "ADAM", "max_iterations": 200_000}
    job = lab.platform("POST", "jobs", {**LEARN, "name": name, "options": options})["id"]

    view = open_job(lab, page, job)
    plot = view.locator(".u-over").first
    expect(plot).to_be_visible()
    expect(view.locator("h1")).to_have_text(name)
    expect(view.get_by_text("validation accuracy").first).to_be_visible()
    legend = view.locator(".jp-Platform-legend").first
    before = legend.inner_text()
    expect(legend).not_to_have_text(before)

    plot.hover()
    expect(legend).to_contain_text("iteration")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
    page.mouse.up()
    reset = view.get_by_role("button", name="Reset zoom")
    expect(reset).to_be_visible()
    picture(page, "job-running")
    reset.click()
    expect(reset).to_be_hidden()
    view.get_by_label("Logarithmic loss").check()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(legend).to_contain_text("iteration")

    view.get_by_role("button", name="Stop").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Stop").click()
    await_end(view)
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert thrown == []


def test_a_job_that_is_deleted_elsewhere_is_gone_calmly(lab, page: Page):
    options = {"max_iterations": 1}
    job = lab.platform("POST", "jobs", {**LEARN, "name": "short", "options": options})["id"]
    view = open_job(lab, page, job)
    await_end(view)

    lab.platform("DELETE", f"jobs/{job}")

    expect(view.locator(".jp-Platform-calm")).to_contain_text("“short” is not here")


def test_an_evaluation_opens_on_its_scores(lab, page: Page, trained: str):
    view = open_job(lab, page, trained)
    await_end(view)
    view.get_by_role("tab", name="Log").click()
    view.get_by_role("searchbox").fill("VALIDATION_accuracy 0")
    expect(view.locator(".jp-Platform-logTools")).to_contain_text("3 lines")
    evaluate = {**LEARN, "type": "EVALUATE", "options": {"tag": "e2e"}}
    job = lab.platform("POST", "jobs", evaluate)["id"]

    view = open_job(lab, page, job)

    expect(view.locator(".jp-Platform-scores .jp-mod-main")).to_be_visible()
    expect(view.locator(".jp-Platform-matrix tbody tr")).to_have_count(10)
    expect(view.locator(".jp-Platform-examples canvas")).to_have_count(16)
    picture(page, "evaluation-10")
    page.reload()
    expect(view.locator(".jp-Platform-matrix")).to_be_visible()


def test_the_form_says_what_is_wrong_where_it_is_wrong(lab, page: Page):
    page.goto(f"{lab.page_url(reset=False)}&submit")
    form = page.locator(".jp-Platform-form")
    expect(form).to_be_visible()
    form.get_by_role("combobox", name="Network").fill("lenet-digits")
    form.get_by_label("Dataset").fill("digits")
    text = form.get_by_label("Options as text")
    text.fill("learning_rte=abc\nbatch_size=0")

    field = form.locator("[data-control='option.batch_size']")
    expect(field.get_by_role("alert")).to_contain_text("batch_size")
    picture(page, "form-errors")
    form.get_by_role("button", name="Use learning_rate").click()
    field = form.locator("[data-control='option.learning_rate']")
    expect(field.get_by_role("alert")).to_contain_text("'abc'")
    form.get_by_role("button", name="Submit").click()
    expect(form.locator("[data-invalid] input").first).to_be_focused()

    text.fill('learningRate=0.01 batchSize=64 maxIterations=3 name="from DIANNE"')
    expect(field.locator("input")).to_have_value("0.01")
    expect(form.get_by_role("status").last).to_contain_text("start")
    text.press("Control+Enter")

    expect(page.get_by_role("heading", name="from DIANNE")).to_be_visible()


def test_a_form_and_a_job_of_a_link_are_there_again_after_a_reload(lab, page: Page, trained: str):
    page.goto(f"{lab.page_url()}&job={trained}")  # a link that forgets the layout besides
    view = page.locator(f"#jupyter-platform-job-{trained}")
    expect(view).to_be_visible()
    page.get_by_role("button", name="Submit", exact=True).first.click()
    form = page.locator(".jp-Platform-form")
    form.get_by_role("combobox", name="Network").fill("lenet-digits")
    form.get_by_label("Options as text").fill("batch_size=64\nseed=7")
    with page.expect_response(
        lambda answer: (
            "/api/workspaces" in answer.url
            and "seed" in (answer.request.post_data or "")
            and trained in (answer.request.post_data or "")
        )
    ):
        pass  # the layout of the page is saved a moment after it has changed
    # Until then a reload follows the link again, which forgets the layout.
    page.wait_for_url(lambda url: "job=" not in url and "reset" not in url)

    page.reload()

    expect(form.get_by_role("combobox", name="Network")).to_have_value("lenet-digits")
    expect(form.get_by_label("Options as text")).to_have_value("batch_size=64\nseed=7")
    expect(form.locator("[data-control='option.batch_size'] input")).to_have_value("64")
    expect(page.locator(".jp-Platform-form")).to_have_count(1)
    expect(view).to_have_count(1)


def close_tab(page: Page, tab: Locator) -> None:
    """Close a tab of the main area as people do."""
    name = tab.get_attribute("id")
    page.locator(f"li.lm-TabBar-tab[data-id='{name}'] .lm-TabBar-tabCloseIcon").click()
    expect(tab).to_have_count(0)


def test_a_closed_tab_opens_again_and_is_not_there_after_a_reload(lab, page: Page, trained: str):
    page.goto(f"{lab.page_url()}&job={trained}")
    row = page.locator(f"#jupyter-platform-sidebar [data-job-main='{trained}']")
    view = page.locator(f"#jupyter-platform-job-{trained}")
    panel = page.locator("#jupyter-platform-panel-networks")
    form = page.locator("[id^='jupyter-platform-submit-']")
    card = page.locator(".jp-LauncherCard", has_text=re.compile("^Networks$"))
    expect(view).to_be_visible()

    for _ in range(2):
        close_tab(page, view)
        row.click()
        expect(view).to_be_visible()
        page.get_by_role("button", name="Submit", exact=True).first.click()
        expect(form).to_be_visible()
        close_tab(page, form)
    close_tab(page, view)  # the last one: JupyterLab shows its launcher
    for _ in range(2):
        card.click()
        expect(panel.get_by_role("button", name="lenet-digits")).to_be_visible()
        close_tab(page, panel)
    with page.expect_response(lambda answer: "/api/workspaces" in answer.url):
        pass
    page.reload()

    expect(row).to_be_visible()
    for tab in (view, panel, form):
        expect(tab).to_have_count(0)


def write_notebook(lab, name: str, job: str) -> str:
    """Write a notebook whose output refers to a job; return its address."""
    data = {
        JOB_MIME: {"version": 1, "id": job, "name": "x"},
        "text/html": "<b>what was so when the cell ran</b>",
    }
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "id": "a",
        "metadata": {},
        "source": "%job",
        "outputs": [output],
    }
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = {
        "cells": [cell],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    content = {"type": "notebook", "format": "json", "content": notebook}
    lab.api("PUT", f"contents/{name}", content)
    return lab.page_url(f"lab/tree/{name}", reset=False)


def test_an_old_notebook_shows_the_job_as_it_is_today(lab, page: Page, trained: str):
    page.goto(write_notebook(lab, "yesterday.ipynb", trained))

    view = page.locator(".jp-OutputArea .jp-Platform-jobView")
    expect(view.locator("h1")).to_have_text("lenet-digits-digits")
    expect(view.locator(".u-over").first).to_be_visible()
    expect(page.get_by_text("what was so when the cell ran")).to_have_count(0)
    picture(page, "notebook-output")


def test_a_saved_notebook_keeps_how_its_job_ended(lab, page: Page, trained: str, tmp_path):
    await_states(lab, {"finished": trained})
    with page.expect_response(lambda answer: f"outputs/jobs/{trained}" in answer.url):
        page.goto(write_notebook(lab, "kept.ipynb", trained))
    # A notebook of before may stand beside it, in the layout that JupyterLab keeps.
    output = page.get_by_label("kept.ipynb").locator(".jp-OutputArea .jp-Platform-jobView h1")
    expect(output.first).to_be_visible()

    saved = save(lab, page, "kept.ipynb")

    (output,) = saved.cells[0].outputs
    assert output.data[JOB_MIME]["final"] is True
    assert output.data["text/plain"].startswith(f"<Job {trained} 'lenet-digits-digits' LEARN")
    html, _ = HTMLExporter().from_notebook_node(saved)
    exported = tmp_path / "kept.html"
    exported.write_text(html, encoding="utf-8")
    page.goto(exported.as_uri())
    expect(page.locator("svg[aria-label^='Curves: loss'] polyline").first).to_be_visible()
    expect(page.get_by_text("finished, validation accuracy")).to_be_visible()
    expect(page.get_by_text("what was so when the cell ran")).to_have_count(0)
    picture(page, "notebook-exported")


def save(lab, page: Page, name: str) -> nbformat.NotebookNode:
    """Save the notebook that is open until its first output is final, and return it."""

    def saved() -> nbformat.NotebookNode | None:
        with page.expect_response(lambda answer: is_saved(answer, name)):
            page.get_by_role("button", name="Save and create checkpoint").click()
        found = nbformat.from_dict(lab.api("GET", f"contents/{name}")["content"])
        return found if "final" in found.cells[0].outputs[0].data[JOB_MIME] else None

    return until(saved, "a final output")


def is_saved(answer: Response, name: str) -> bool:
    return answer.request.method == "PUT" and f"contents/{name}" in answer.url

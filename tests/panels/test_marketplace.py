"""The panels of the marketplace against a real platform, by what their widgets hold."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import ipywidgets
import pytest
from PIL import Image

from jupyter_platform.panels import DeploymentForm, Deployments, Endpoint, Item, Marketplace
from tests.waiting import until

ITEM = "bright-or-dark"


def found(widget: ipywidgets.Widget, kind: type) -> list[Any]:
    inside = [item for child in getattr(widget, "children", ()) for item in found(child, kind)]
    return [widget, *inside] if isinstance(widget, kind) else inside


def texts(panel: Any) -> str:
    """Return all HTML that a panel shows, but its style sheets."""
    shown = [item.value for item in found(panel.widget, ipywidgets.HTML)]
    return "\n".join(text for text in shown if not text.startswith("<style>"))


def button(panel: Any, description: str) -> ipywidgets.Button:
    return next(
        item
        for item in found(panel.widget, ipywidgets.Button)
        if item.description.startswith(description)
    )


def answered(grid: Any) -> dict[str, Any]:
    return until(lambda: grid.answer.get("serial") == grid._serial and grid.answer)


def test_cards_follow_search_and_filters_with_counts(market):
    panel = Marketplace(market)
    everything = answered(panel.grid)
    assert everything["total"] == len(everything["items"]) == market.items(limit=500).total

    panel.grid.query = {**panel.grid.query, "text": "bright-or-dark"}
    (card,) = answered(panel.grid)["items"]
    assert (card["name"], card["title"], card["runs_text"]) == (ITEM, "Bright or dark", "Runs here")

    filters = {"tags": ["brightness"]}
    panel.grid.query = {**panel.grid.query, "text": "", "filters": filters}
    facets = {facet["field"]: facet["values"] for facet in answered(panel.grid)["facets"]}
    assert {"value": "brightness", "text": "brightness", "count": 1} in facets["tags"]
    groups = [{"tags": ["brightness"]}]
    panel.grid.query = {**panel.grid.query, "filters": {"tags": ["nothing"]}, "groups": groups}
    assert answered(panel.grid)["total"] == 1

    panel.grid.query = {**panel.grid.query, "text": "nothing <i>at all</i>"}
    assert "0 results" in answered(panel.grid)["message"]


def test_a_search_is_saved_and_forgotten(market):
    grid = Marketplace(market).grid
    until(lambda: grid.searches is not None)
    grid.query = {**grid.query, "text": "bright"}

    grid._hear({"kind": "save", "name": "mine"})
    until(lambda: [item["name"] for item in grid.searches] == ["mine"])
    assert grid.searches[0]["query"]["text"] == "bright"

    grid._hear({"kind": "forget", "name": "mine"})
    until(lambda: grid.searches == [])


def test_the_page_of_an_item_says_all_and_holds_no_script(market):
    panel = Marketplace(market)
    panel.choose(ITEM)
    until(lambda: panel._item._actions.children)

    shown = texts(panel)
    assert "mean brightness" in shown
    assert "<script" not in shown
    for word in ("MIT", "2026-01-02", "https://example.org/bright-or-dark", "json-ld", "turtle"):
        assert word in shown
    assert not button(panel, "Try").disabled
    assert button(panel, "JupyterLab").disabled
    assert "<b>JupyterLab</b>: " in shown


def test_a_form_names_the_limit_and_keeps_what_was_chosen(market):
    form = DeploymentForm(ITEM, market)
    until(lambda: not form._submit.disabled)
    assert form.step == "purpose"
    button(form, "Next").click()
    button(form, "3 Hardware").click()
    gpus = form._fields["gpu_num"]

    gpus._control.value = 2
    assert form._submit.disabled
    until(lambda: "1" in gpus._error.value)
    assert "▲" in button(form, "3 Hardware").description
    assert form._submit.disabled

    gpus._control.value = 0
    form._fields["cpu_num"]._control.value = 2
    until(lambda: not form._submit.disabled)
    assert "▲" not in button(form, "3 Hardware").description
    assert "starts" in form._outlook.value
    button(form, "Back").click()
    button(form, "Next").click()
    assert form.values["cpu_num"] == 2

    (helping,) = [
        item for item in found(form.widget, ipywidgets.ToggleButton) if "help" in item.description
    ]
    helping.value = True
    for view in form._fields.values():
        assert view._help.layout.display is None
        assert view.field.description


@pytest.fixture
def deployed(market):
    deployment = market.deploy(ITEM, title="A <b>title</b>", cpu_num=1)
    yield deployment
    deployment.delete()


def picture(brightness: int) -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("L", (8, 8), brightness).save(file, "PNG")
    content = memoryview(file.getvalue())
    about = {"name": "mine.png", "type": "image/png", "last_modified": datetime.now(UTC)}
    return {**about, "size": len(content), "content": content}


def test_an_endpoint_becomes_a_form_that_answers_for_a_picture(market, deployed):
    panel = Endpoint(deployed)
    until(lambda: panel.arguments or panel._follow())
    assert list(panel.arguments) == ["picture", "threshold", "note"]
    assert isinstance(panel.arguments["threshold"]._control, ipywidgets.BoundedFloatText)

    button(panel, "Predict").click()
    assert "Give picture first." in panel._answer.value

    panel.arguments["picture"].fill((picture(255),))
    assert "<img" in texts(panel)
    button(panel, "Predict").click()
    until(lambda: "jp-PlatformPanel-verdict" in panel._answer.value)
    assert '<p class="jp-PlatformPanel-verdict">bright</p>' in panel._answer.value
    code = panel._snippets.snippets
    assert "v2/models/bright_or_dark/predict/?threshold=0.5'" in code["curl"]
    assert "-F picture=@mine.png" in code["curl"]
    assert "deployment.predict(picture=Path('mine.png'), threshold=0.5)" in code["python"]

    rows(market, deployed)


def rows(market: Any, deployed: Any) -> None:
    """Check what the table says of the same deployment: one is started for both."""
    panel = Deployments(market)
    panel.choose(deployed.id)
    until(lambda: panel.chosen == deployed.id)
    row = next(row for row in panel.table.rows if row["id"] == deployed.id)
    assert (row["state"], row["table"], row["title"]) == ("running", "module", "A <b>title</b>")
    assert row["quick"]["service"] == "api"
    assert row["can"]["use"]
    assert dict(row["info"])["UUID"] == deployed.record.uuid

    panel._hear("stop", deployed.id)
    until(lambda: panel.refresh() or _state(panel, deployed.id) == "stopped")
    assert panel.chosen == deployed.id


def _state(panel: Deployments, name: str) -> str:
    return next(row["state"] for row in panel.table.rows if row["id"] == name)


def test_an_item_in_a_notebook_says_when_there_is_none(market):
    panel = Item("nothing-like-it", market)
    until(lambda: 'role="alert"' in texts(panel))
    assert "nothing-like-it" in texts(panel)

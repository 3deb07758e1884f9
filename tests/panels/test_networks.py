"""The networks panel against a real platform, by what its widgets hold."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import ipywidgets
import pytest

from jupyter_platform import Platform
from jupyter_platform._version import __version__
from jupyter_platform.core.errors import NotFoundError, VersionMismatchError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.panels import NetworksPanel, opening
from jupyter_platform.panels import open as open_panel
from jupyter_platform.panels import update as update_panel
from tests.waiting import DEADLINE_S, until


def texts(panel: NetworksPanel) -> str:
    """Return all HTML that the panel shows, but its style sheet."""
    return "\n".join(item.value for item in found(panel.widget, ipywidgets.HTML)[1:])


def found(widget: ipywidgets.Widget, kind: type) -> list:
    inside = [item for child in getattr(widget, "children", ()) for item in found(child, kind)]
    return [widget, *inside] if isinstance(widget, kind) else inside


def line(panel: NetworksPanel, name: str) -> ipywidgets.Button:
    (button,) = [
        item for item in found(panel.widget, ipywidgets.Button) if item.description == name
    ]
    return button


def search(panel: NetworksPanel) -> ipywidgets.Text:
    (field,) = found(panel.widget, ipywidgets.Text)
    return field


@pytest.fixture
def panel(platform):
    panel = NetworksPanel(base_url="/base/")
    until(lambda: "<h2>" in texts(panel))
    return panel


def test_it_lists_the_repository_and_shows_the_first(panel):
    assert set(bundled_networks()) <= set(panel.names)
    assert panel.chosen == panel.names[0]
    assert f"<h2>{panel.chosen}</h2>" in texts(panel)


def test_a_click_shows_layers_and_parameters_at_once(panel):
    line(panel, "lenet-digits").click()

    assert panel.chosen == "lenet-digits"
    assert "<h2>lenet-digits</h2>" in texts(panel)
    until(lambda: "Conv2d" in texts(panel) or panel.refresh())  # when a host has looked at it
    assert "1 × 8 × 8" in texts(panel)


def test_what_a_job_made_is_there_with_its_scores_after_a_refresh(panel, platform):
    job = platform.submit(
        "LEARN", "mlp", "iris", tag="seen-by-panel", max_iterations=20, validation_interval=10
    )
    job.wait(timeout=DEADLINE_S)

    line(panel, "mlp").click()

    until(lambda: "seen-by-panel" in texts(panel))
    assert f'href="/base/lab?job={job.id}"' in texts(panel)
    assert "accuracy" in texts(panel)


def upload(panel: NetworksPanel, name: str, content: bytes) -> None:
    (field,) = found(panel.widget, ipywidgets.FileUpload)
    about = {"name": name, "type": "", "size": len(content), "last_modified": datetime.now(UTC)}
    field.value = ({**about, "content": memoryview(content)},)


def test_a_file_is_imported_and_shown(panel):
    layers = [{"type": "Flatten"}, {"type": "Linear", "in_features": 4, "out_features": 2}]
    upload(panel, "x.json", json.dumps({"name": "from-a-file", "layers": layers}).encode())

    until(lambda: panel.chosen == "from-a-file" and "<h2>from-a-file</h2>" in texts(panel))
    until(lambda: "Linear1" in texts(panel))


def press(panel: NetworksPanel, description: str) -> None:
    """Press the last button of that name: those of a question stand behind those of the page."""
    buttons = [
        item
        for item in found(panel.widget, ipywidgets.Button)
        if item.description == description and item.layout.display != "none"
    ]
    assert not buttons[-1].disabled
    buttons[-1].click()


def test_a_network_is_copied_renamed_and_deleted(panel, platform):
    line(panel, "mlp").click()
    shown = {item.description for item in found(panel.widget, ipywidgets.Button)
             if item.layout.display != "none"}  # fmt: skip
    assert "Copy" in shown
    assert not {"Rename", "Delete"} & shown  # it is bundled

    press(panel, "Copy")
    name = found(panel.widget, ipywidgets.Text)[-1]
    assert name.value == "mlp-2"
    for wrong, words in (("lenet", "There is a network &#x27;lenet&#x27;"), ("a b", "Accepted: 1")):
        name.value = wrong
        assert words in texts(panel)
    name.value = "my-copy"
    press(panel, "Copy")
    until(lambda: panel.chosen == "my-copy" and "<h2>my-copy</h2>" in texts(panel))

    press(panel, "Rename")
    found(panel.widget, ipywidgets.Text)[-1].value = "renamed-here"
    press(panel, "Rename")
    until(lambda: panel.chosen == "renamed-here" and "<h2>renamed-here</h2>" in texts(panel))
    assert "my-copy" not in panel.names

    press(panel, "Delete")
    assert "Delete renamed-here? " in texts(panel)
    assert "cannot be brought back" in texts(panel)
    press(panel, "Cancel")
    assert "Delete renamed-here? " not in texts(panel)
    press(panel, "Delete")
    press(panel, "Delete")
    until(lambda: "renamed-here" not in panel.names)
    with pytest.raises(NotFoundError):
        platform.network("renamed-here")


def test_what_cannot_be_done_to_a_network_is_said(panel, platform):
    platform.copy_network("mlp", "soon-gone", weights=False)
    panel.choose("soon-gone")
    until(lambda: "<h2>soon-gone</h2>" in texts(panel))
    press(panel, "Delete")
    platform.remove_network("soon-gone")

    press(panel, "Delete")

    until(lambda: "Unknown network" in texts(panel))


def test_searching_narrows_the_list_and_says_when_nothing_is_left(panel):
    search(panel).value = "LENET"
    assert set(panel.names) == {"lenet", "lenet-digits"}

    search(panel).value = "<nothing>"
    assert panel.names == []
    assert "No network has “&lt;nothing&gt;”" in texts(panel)

    search(panel).value = ""
    assert "No network has" not in texts(panel)


def test_a_platform_that_does_not_answer_is_said_and_asked_again(platform, unused_port):
    panel = NetworksPanel(Platform(f"http://127.0.0.1:{unused_port}", "token"))

    until(lambda: 'role="alert"' in texts(panel))
    assert "No answer from the coordinator" in texts(panel)
    assert "Refresh tries again" in texts(panel)

    panel._platform = platform
    line(panel, "Refresh").click()
    until(lambda: "<h2>" in texts(panel))
    assert 'role="alert"' not in texts(panel)


def test_in_a_kernel_the_panel_is_there_before_the_answer(platform):
    async def show() -> list[str]:
        panel = NetworksPanel()
        before = texts(panel)
        async with asyncio.timeout(DEADLINE_S):
            answered = asyncio.Event()
            panel._lines_box.observe(lambda _: answered.set(), "children")
            await answered.wait()
        return [before, *panel.names]

    before, *names = asyncio.run(show())

    assert "Reading the repository…" in before
    assert "mlp" in names


def test_opening_again_shows_the_same_panel(platform, monkeypatch, capsys):
    monkeypatch.setattr(opening, "_opened", {})

    open_panel("networks", __version__)
    first = opening._opened["networks"]
    until(lambda: first.names)
    first._rows = {}
    open_panel("networks", __version__)
    update_panel("networks")

    assert opening._opened == {"networks": first}
    until(lambda: first.names)


def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(opening, "_opened", {})

    with pytest.raises(VersionMismatchError, match="the page is version 99.0"):
        open_panel("networks", "99.0")
    with pytest.raises(NotFoundError, match="Did you mean 'networks'"):
        open_panel("network", __version__)
    assert opening._opened == {}

"""The datasets panel against a real platform, by what its widgets hold."""

from __future__ import annotations

import ipywidgets
import pytest

from jupyter_platform import Platform, panels
from jupyter_platform._version import __version__
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.panels import DatasetsPanel, opening
from tests.waiting import DEADLINE_S, until


def found(widget: ipywidgets.Widget, kind: type) -> list:
    """Return the widgets of a kind that are shown."""
    if getattr(widget, "layout", None) is not None and widget.layout.display == "none":
        return []
    inside = [item for child in getattr(widget, "children", ()) for item in found(child, kind)]
    return [widget, *inside] if isinstance(widget, kind) else inside


def texts(panel: DatasetsPanel) -> str:
    """Return all HTML that the panel shows, but its style sheet."""
    return "\n".join(item.value for item in found(panel.widget, ipywidgets.HTML)[1:])


def buttons(panel: DatasetsPanel, name: str) -> list[ipywidgets.Button]:
    return [item for item in found(panel.widget, ipywidgets.Button) if item.description == name]


def button(panel: DatasetsPanel, name: str) -> ipywidgets.Button:
    until(lambda: buttons(panel, name))
    (only,) = buttons(panel, name)
    return only


def until_read(panel: DatasetsPanel, condition) -> None:
    """Wait until something is so, reading again and again: without an event loop no panel does."""

    def is_so() -> bool:
        if condition():
            return True
        before = panel._asked
        panel.refresh()
        panel._background._threads.submit(lambda: None).result(DEADLINE_S)
        assert panel._asked > before
        return False

    until(is_so)


def pictures(panel: DatasetsPanel) -> int:
    return texts(panel).count("<figure>")


@pytest.fixture
def panel(platform):
    panel = DatasetsPanel()
    until(lambda: "<h2>" in texts(panel))
    return panel


def choose(panel: DatasetsPanel, name: str) -> None:
    button(panel, name).click()
    until(lambda: f"<h2>{name}</h2>" in texts(panel))


def test_it_lists_all_and_shows_the_one_that_is_chosen(panel):
    assert set(bundled_datasets()) <= set(panel.names)

    choose(panel, "digits")

    until_read(panel, lambda: "1,797" in texts(panel))
    assert "10 classes" in texts(panel)
    assert "CC-BY-4.0" in texts(panel)


def test_samples_are_shown_of_each_split(panel):
    choose(panel, "digits")
    until_read(panel, lambda: pictures(panel) >= 32)
    (split,) = found(panel.widget, ipywidgets.Dropdown)
    assert split.options == ("train", "validation", "test", "all")

    before = panel._gallery.value
    split.value = "test"

    until(lambda: panel._gallery.value != before)
    assert pictures(panel) >= 32


def test_rows_are_shown_as_numbers(panel):
    choose(panel, "iris")

    until_read(panel, lambda: "sepal length (cm)" in panel._gallery.value)
    assert "virginica" in panel._gallery.value
    assert not found(panel.widget, ipywidgets.BoundedIntText)  # adapters are for images


def test_adapters_are_tried_while_one_looks(panel):
    choose(panel, "digits")
    until_read(panel, lambda: pictures(panel) > 32)
    (line,) = [
        item
        for item in found(panel.widget, ipywidgets.Text)
        if "horizontal_flip" in item.placeholder
    ]

    button(panel, "Turn").click()
    assert line.value == "rotation=0.4 rotation_center=center"
    until(lambda: texts(panel).count("<figcaption>changed") == 7)
    button(panel, "Cut").click()
    until(lambda: "1 × 6 × 6" in texts(panel))
    button(panel, "Turn").click()
    assert line.value == "crop_width=6 crop_height=6 crop_padding=2"

    line.value = "horizontal_flp=1"
    until(lambda: "Did you mean horizontal_flip" in texts(panel))
    assert 'role="alert"' in texts(panel)
    line.value = "hflip=1"
    until(lambda: texts(panel).count("<figcaption>changed") == 7)


def test_what_is_not_downloaded_has_a_button(panel, shared_paths):
    choose(panel, "mnist")

    assert button(panel, "Download 11.6 MB")
    assert not found(panel._samples, ipywidgets.Dropdown)


def test_a_download_is_followed_and_can_be_stopped(panel, shared_paths, unused_port):
    source = f'{{urls: ["http://127.0.0.1:{unused_port}/x"], bytes: 5000, sha256: "{"0" * 64}"}}'
    path = shared_paths.datasets / "far.yaml"
    path.write_text(f'kind: csv\nfile: "get:x"\ndownload: [{source}]\n')
    try:
        until_read(panel, lambda: "far" in panel.names)
        choose(panel, "far")

        button(panel, "Download 5.0 kB").click()
        until(lambda: "0 B of 5.0 kB" in texts(panel))
        button(panel, "Cancel").click()
        assert button(panel, "Download 5.0 kB").disabled is False

        button(panel, "Download 5.0 kB").click()
        until_read(panel, lambda: "cannot be reached" in texts(panel))
    finally:
        path.unlink()


def test_a_broken_one_says_why(panel, shared_paths):
    path = shared_paths.datasets / "bad.yaml"
    path.write_text("kind: csv\n")
    try:
        until_read(panel, lambda: "bad" in panel.names)
        choose(panel, "bad")

        assert "no data are named" in texts(panel)
    finally:
        path.unlink()


def test_searching_narrows_the_list(panel):
    field = found(panel.widget, ipywidgets.Text)[0]

    field.value = "CIFAR"
    assert set(panel.names) == {"cifar10", "cifar100"}
    field.value = "<nothing>"
    assert "No dataset has “&lt;nothing&gt;”" in texts(panel)


def test_a_platform_that_does_not_answer_is_said(unused_port):
    panel = DatasetsPanel(Platform(f"http://127.0.0.1:{unused_port}", "token"))

    until(lambda: 'role="alert"' in texts(panel))
    assert "Refresh tries again" in texts(panel)


def test_it_opens_by_its_name_on_one_of_them(platform, monkeypatch, capsys):
    monkeypatch.setattr(opening, "_opened", {})

    panels.open("datasets", __version__)
    panels.update("datasets", "wine")
    opened = opening._opened["datasets"]

    until(lambda: "<h2>wine</h2>" in texts(opened))


def test_a_table_is_added_from_the_panel(panel, platform, tmp_path):
    path = tmp_path / "flats.csv"
    rows = (f"{n};{n * 1.5:.1f};{'ab'[n % 2]}\n".replace(".", ",") for n in range(1, 31))
    path.write_bytes(("id;a;Größe\n" + "".join(rows)).encode("cp1252"))

    panel.choose(f"add:{path}")
    until(lambda: "First of 30 rows" in texts(panel))

    assert "✓ 30 samples of shape 2, 2 classes." in texts(panel)
    assert "▲ Column &#39;id&#39; numbers the samples" in texts(panel)
    (exclude,) = found(panel.widget, ipywidgets.SelectMultiple)
    exclude.value = ("id",)
    until(lambda: "shape 1, 2 classes" in texts(panel))
    target = next(
        item for item in found(panel.widget, ipywidgets.Dropdown) if item.description == "Target"
    )
    assert target.options[0][0] == "Größe (as recognised)"
    try:
        button(panel, "Add dataset").click()
        until(lambda: "flats" in [item.name for item in platform.datasets()])
        until_read(panel, lambda: panel.chosen == "flats" and 'submit="LEARN"' in texts(panel))
        assert platform.dataset("flats").facts.features == ["a"]
    finally:
        platform.remove_dataset("flats")

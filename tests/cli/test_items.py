"""``jupyter platform items`` against a real platform."""

from __future__ import annotations

import json

import pytest

from jupyter_platform.runtime.item_folders import own_items
from tests.catalogue.files import AI4OS, BROKEN


@pytest.fixture
def run(platform, command):
    """Call commands with a host that has joined."""
    return command


def test_items_are_listed_searched_and_refreshed(run):
    listed = run("items", "--json")
    page = json.loads(listed.out)
    names = [card["name"] for card in page["items"]]
    found = run("items", "search", "runs=here,no", "--facets")
    none = run("items", "search", "nothing-has-this-word")
    wrong = run("items", "search", "colour=red")
    sources = json.loads(run("items", "sources", "--json").out)
    refreshed = run("items", "refresh")

    assert set(own_items()) <= set(names)
    assert found.code == 0, found.err
    assert (none.out, none.err) == ("Nothing fits.\n", "0 results\n")
    assert (wrong.code, "'colour'" in wrong.err) == (2, True)
    assert [one["name"] for one in sources] == ["jupyter-platform"]
    assert (refreshed.code, "jupyter-platform" in refreshed.out) == (0, True)


@pytest.mark.parametrize("name", sorted(own_items()))
def test_an_own_item_is_shown_with_its_metadata(run, name):
    shown = run("items", name)
    turtle = run("items", "metadata", name, "--format", "turtle")

    assert shown.code == 0, shown.err
    assert "runs" in shown.out
    assert "remarks" not in shown.out
    assert "dct:title" in turtle.out


def test_an_item_that_is_not_there_is_told(run):
    assert (run("items", "nothing").code, run("items", "notebook", "nothing").code) == (3, 3)


def test_files_of_metadata_are_checked_without_a_platform(command, tmp_path):
    good = AI4OS / "modules/retinopathy-test.yml"
    dated = tmp_path / "dated.yml"
    dated.write_text(good.read_text().replace("'2018-10-02'", "2018-10-02"))

    fine = command("items", "check", str(good))
    bad = command("items", "check", str(AI4OS / f"modules/{BROKEN}.yml"), str(dated))

    assert (fine.code, fine.out) == (0, f"{good}: valid\n")
    assert bad.code == 1
    assert "no YAML or JSON" in bad.out
    assert "needs quotes" in bad.out

"""The front ends of widgets: one module each, of which a browser can make sense."""

from __future__ import annotations

import re
import subprocess

import pytest

from jupyter_platform.panels.deployments.endpoint import Snippets
from jupyter_platform.panels.deployments.panel import DeploymentTable
from jupyter_platform.panels.front.opener import Opener
from jupyter_platform.panels.marketplace.grid import ItemGrid

WIDGETS = (ItemGrid, DeploymentTable, Opener, Snippets)


@pytest.mark.parametrize("widget", WIDGETS)
def test_parts_are_joined_to_one_module_that_fetches_nothing(widget, tmp_path):
    text = str(widget._esm)
    path = tmp_path / "module.mjs"
    path.write_text(text, encoding="utf-8")

    subprocess.run(["node", "--check", path], check=True, capture_output=True)
    assert re.findall(r"^export .*$", text, re.MULTILINE) == ["export default { render };"]
    assert not re.search(r"^import |https?://(?!www\.w3\.org)", text, re.MULTILINE)
    assert not re.search(r"url\(|@import", str(getattr(widget, "_css", "")))

"""``jupyter platform networks`` against a real platform."""

from __future__ import annotations

import json
import zipfile

import pytest


@pytest.fixture
def run(platform, command):
    """Call commands with a host that has joined."""
    return command


def test_a_network_is_imported_copied_renamed_exported_and_removed(run, tmp_path):
    layers = [{"type": "Linear", "in_features": 4, "out_features": 3}]
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps({"name": "tiny", "layers": layers}))

    done = run("networks", "import", str(file), "--name", "small")
    assert (done.code, done.out) == (0, "small  imported\n"), done.err
    shown = run("networks", "small")
    assert "linear1".lower() in shown.out.lower()
    assert "15" in shown.out
    assert run("networks", "copy", "small", "other").out == "other  added\n"
    assert run("networks", "rename", "other", "third").out == "third  renamed\n"
    done = run("networks", "export", "third", "-o", str(tmp_path))
    assert done.out == f"{tmp_path / 'third.zip'}\n"
    with zipfile.ZipFile(tmp_path / "third.zip") as archive:
        assert json.loads(archive.read("network.json"))["name"] == "third"
    assert run("networks", "remove", "--weights", "small", "third").code == 0
    assert run("networks", "small").code == 3


def test_wrong_input_is_told_and_changes_nothing(run, tmp_path):
    (tmp_path / "bad").write_bytes(b"hello")

    assert run("networks", "import", str(tmp_path / "bad")).code == 2
    assert "1,x" in run("networks", "import", "p", "--input-shape", "1,x").err
    assert run("networks", "rename", "mlp", "mine").code == 1
    assert "bundled" in run("networks", "rename", "mlp", "mine").err
    done = run("networks", "remove-tag", "mlp", "nothing")
    assert (done.code, "Unknown tag 'nothing'" in done.err) == (3, True)

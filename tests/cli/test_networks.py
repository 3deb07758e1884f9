"""``jupyter platform networks`` against a real platform."""

from __future__ import annotations

import json
import struct
import uuid
import zipfile

import numpy as np
import pytest

from tests.waiting import until


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


def test_a_size_that_the_dataset_decides_is_not_shown_as_none(run, platform):
    for name in ("mlp", "lenet-digits"):
        until(lambda name=name: platform.network(name).facts, f"a look at {name}")

    head, *lines = run("networks").out.splitlines()
    end = head.index("PARAMETERS") + len("PARAMETERS")
    sizes = {line.split()[0]: line[end - len("PARAMETERS") : end].strip() for line in lines}

    assert "as many as the dataset asks for" in run("networks", "mlp").out
    assert (sizes["mlp"], sizes["lenet-digits"]) == ("", "38,282")


def write_idx(path, array):
    """Write an array of bytes as the files of MNIST are."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(head + array.tobytes())


def test_a_network_of_dianne_is_judged_to_the_last_sample(run, platform, shared_paths, tmp_path):
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (60, 2, 2), np.uint8)
    labels = generator.integers(0, 3, 60, np.uint8)
    data = shared_paths.datasets / "squares"
    data.mkdir()
    for part, rows in (("train", slice(0, 40)), ("test", slice(40, 60))):
        write_idx(data / f"{part}-images", images[rows])
        write_idx(data / f"{part}-labels", labels[rows])
    files = {part: [f"{part}-images", f"{part}-labels"] for part in ("train", "test")}
    (data / "squares.json").write_text(json.dumps({"kind": "idx", **files}))
    matrix, offset = generator.normal(size=(3, 4)), generator.normal(size=3) / 9
    folder = tmp_path / "squares-net"
    folder.mkdir()
    start, middle, end = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
    modules = {
        start: {"id": start, "type": "Input", "next": middle},
        middle: {
            "id": middle, "type": "Linear", "prev": start, "next": end, "input": "4", "output": "3"
        },
        end: {"id": end, "type": "Output", "prev": middle},
    }  # fmt: skip
    (folder / "modules.txt").write_text(json.dumps(modules))
    values = [*matrix.ravel(), *offset]
    (folder / middle).write_bytes(struct.pack(f">i{len(values)}f", len(values), *values))

    # The file alone means its folder: the weights are beside it.
    done = run("networks", "import", str(folder / "modules.txt"))
    assert done.out == "squares-net  imported with weights imported\n", done.err
    until(lambda: platform.dataset("squares").facts, "a look at the dataset")

    right = (images.reshape(60, 4) / 255 @ matrix.T + offset).argmax(1) == labels
    for words, rows in ((("test_set=40,60",), (40, 60)), (("range=10,45",), (10, 45))):
        done = run("submit", "EVALUATE", "squares-net", "squares", *words, "-f", "--json")
        assert done.code == 0, done.err
        result = run("job", run("jobs", "--json").json[0]["id"], "--json").json["result"]
        assert result["samples"] == rows[1] - rows[0]
        assert result["accuracy"] == pytest.approx(right[slice(*rows)].mean(), abs=1e-9)


def test_wrong_input_is_told_and_changes_nothing(run, tmp_path):
    (tmp_path / "bad").write_bytes(b"hello")

    assert run("networks", "import", str(tmp_path / "bad")).code == 2
    assert "1,x" in run("networks", "import", "p", "--input-shape", "1,x").err
    assert run("networks", "rename", "mlp", "mine").code == 1
    assert "bundled" in run("networks", "rename", "mlp", "mine").err
    done = run("networks", "remove-tag", "mlp", "nothing")
    assert (done.code, "Unknown tag 'nothing'" in done.err) == (3, True)

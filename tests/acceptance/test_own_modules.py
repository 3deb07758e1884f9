"""Torch modules of one's own, from a file, a class, an instance and a notebook's cell."""

from __future__ import annotations

import importlib
import json
import linecache
import sys
import textwrap
import warnings

import pytest
import torch
from torch import nn

from jupyter_platform.cli.main import run
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from tests.waiting import DEADLINE_S

BRIEF = {"max_iterations": 200, "learning_rate": 0.05, "validation_interval": 50}
BLOCKS = """
from torch import nn

class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, values):
        return self.linear(values).relu()
"""
FLOWERS = """
import torch
from torch import nn

from blocks import Block

class Flowers(nn.Module):
    def __init__(self, hidden=8, classes=3):
        super().__init__()
        self.block = Block(4, hidden)
        self.out = nn.Linear(hidden, classes)

    def forward(self, values):
        return self.out(self.block(values))
"""


@pytest.fixture
def clean(platform):
    """Forget the networks that a test adds."""
    before = {item.description.name for item in platform.networks()}
    yield
    for item in platform.networks():
        if item.description.name not in before:
            platform.remove_network(item.description.name, weights=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a module that imports the one beside it."""
    (tmp_path / "blocks.py").write_text(BLOCKS, encoding="utf-8")
    (tmp_path / "flowers.py").write_text(FLOWERS, encoding="utf-8")
    (tmp_path / "unused.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("blocks", "flowers"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield tmp_path
    for name in ("blocks", "flowers"):
        sys.modules.pop(name, None)


def test_a_file_with_a_local_import_learns_is_judged_asked_and_taken_along(
    platform, clean, folder, tmp_path
):
    job = platform.submit("LEARN", "flowers.py", "iris", **BRIEF)

    assert any("raw scores (logits): criterion = CE is taken" in w for w in job.record.warnings)
    assert job.record.options["criterion"] == "CE"
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    (folder / "flowers.py").unlink()  # the job has its own
    judged = platform.submit("EVALUATE", "flowers", "iris", tag=job.id)
    assert judged.wait(timeout=DEADLINE_S) == "finished", judged.record.error
    assert judged.result()["accuracy"] > 0.8

    samples = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.1, 4.7, 1.5]]
    answer = platform.predict("flowers", samples)
    network = job.network()
    with torch.no_grad():
        expected = network(torch.tensor(samples)).softmax(1)
    assert torch.allclose(torch.tensor(answer.probabilities).float(), expected, atol=1e-5)

    archive = platform.export_network("flowers", tmp_path)
    platform.remove_network("flowers", weights=True)
    with pytest.raises(InvalidDataError, match="Python source .*would run as you"):
        platform.import_network(archive)
    brought = platform.import_network(archive, code=True)
    assert brought.network.description.source.files.keys() == {"flowers.py", "blocks.py"}
    assert platform.predict("flowers", samples).predicted == answer.predicted


def test_the_same_source_is_the_same_network_and_other_source_another(platform, clean, folder):
    first = platform.add_network("flowers.py")
    assert platform.add_network("flowers.py").description.name == "flowers"
    assert [item.type for item in first.facts.layers] == ["Linear", "Linear"]
    assert first.facts.parameters == 4 * 8 + 8 + 8 * 3 + 3

    (folder / "blocks.py").write_text(BLOCKS.replace("relu", "tanh"), encoding="utf-8")
    with pytest.warns(UserWarning, match="'flowers' is another network already; this one is"):
        changed = platform.add_network("flowers.py")

    assert changed.description.name == "flowers-2"
    replaced = platform.add_network("flowers.py", "flowers", replace=True).description
    assert (replaced.name, replaced.digest) == ("flowers", changed.description.digest)


def test_a_class_takes_arguments_of_its_constructor(platform, clean, folder):
    flowers = importlib.import_module("flowers")

    record = platform.add_network(flowers.Flowers, hidden=5, classes="$outputs")

    assert record.description.name == "Flowers"
    assert record.description.source.arguments == {"hidden": 5, "classes": "$outputs"}
    check = platform.check("LEARN", "Flowers", "iris")
    assert check.options["criterion"] == "CE"


@pytest.mark.parametrize(
    ("source", "words", "message"),
    [
        (FLOWERS, {"hiden": 3}, "Flowers has no argument 'hiden'. Did you mean 'hidden'"),
        (FLOWERS.replace("=8", ""), {}, "Flowers needs hidden, which is not given: .*hidden=…"),
        (FLOWERS.replace("blocks", "bricks"), {}, "No module named 'bricks'.*line 5"),
        (FLOWERS + "\nraise SystemExit(3)\n", {}, "ends the process .*line 16: raise SystemExit"),
        (FLOWERS + "\nx = (\n", {}, r"is no Python: '\(' was never closed in line 16"),
        ("x = 1\n", {}, r"defines 0 classes of torch.nn.Module"),
        (FLOWERS + FLOWERS.replace("Flowers", "Other"), {}, "2 classes .*as flowers.py:Flowers"),
    ],
    ids=["argument", "missing", "import", "exit", "syntax", "none", "two"],
)
def test_what_cannot_be_used_is_refused_with_its_reason(platform, folder, source, words, message):
    (folder / "flowers.py").write_text(source, encoding="utf-8")
    before = len(platform.networks())

    with pytest.raises(InvalidRequestError, match=message):
        platform.add_network("flowers.py", **words)

    assert len(platform.networks()) == before


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("import os\nos._exit(3)\n", "'flowers' cannot be used: .* ended the process that looked"),
        ("while True:\n    pass\n", "'flowers' cannot be used: the look at it came to no end"),
    ],
    ids=["ends", "hangs"],
)
def test_source_that_ends_or_keeps_who_looks_at_it_is_refused(platform, folder, end, message):
    (folder / "flowers.py").write_text(FLOWERS + end, encoding="utf-8")

    with pytest.raises(InvalidRequestError, match=message):
        platform.add_network("flowers.py")

    assert "flowers" not in {item.description.name for item in platform.networks()}


def test_what_fails_in_forward_is_told_at_submit_with_its_line(platform, clean, folder):
    (folder / "flowers.py").write_text(FLOWERS.replace("4, hidden", "5, hidden"), encoding="utf-8")

    with pytest.raises(InvalidRequestError, match=r"blocks.py, line 10: return self.linear"):
        platform.submit("LEARN", "flowers.py", "iris", **BRIEF)


def test_an_instance_keeps_its_weights_and_learns_from_them(platform, clean, folder):
    flowers = importlib.import_module("flowers")
    net = flowers.Flowers(hidden=6).eval()
    net.hidden = 6  # as many keep what they were made with

    job = platform.submit("LEARN", net, "iris", max_iterations=1, learning_rate=1e-12)

    assert job.record.options["init_tag"].startswith("initial")
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    samples = torch.randn(3, 4)
    with torch.no_grad():
        torch.testing.assert_close(job.network()(samples), net(samples), atol=1e-5, rtol=0)
    found = platform.predict("Flowers", samples.tolist(), tag="initial")
    torch.testing.assert_close(torch.tensor(found.outputs).float(), net(samples).detach())


def test_an_instance_that_cannot_be_made_again_is_refused(platform, folder):
    flowers = importlib.import_module("flowers")

    with pytest.raises(InvalidDataError, match=r"has shape \(.*give the arguments.*hidden=…"):
        platform.add_network(flowers.Flowers(hidden=6))


def test_layers_of_torch_in_a_row_need_no_class(platform, clean):
    net = nn.Sequential(
        nn.Linear(4, 7),
        nn.Dropout(0.25),
        nn.BatchNorm1d(7),
        nn.Sequential(nn.ReLU()),
        nn.Linear(7, 3),
    ).eval()

    record = platform.add_network(net, "rows")

    assert [item.type for item in record.facts.layers][:2] == ["Linear", "Dropout"]
    found = platform.predict("rows", [[1.0, 2, 3, 4]])
    expected = net(torch.tensor([[1.0, 2, 3, 4]])).detach()
    torch.testing.assert_close(torch.tensor(found.outputs).float(), expected)
    with pytest.raises(InvalidRequestError, match="batch_size = 1 .* layer '2' .BatchNorm1d."):
        platform.submit("LEARN", "rows", "iris", batch_size=1)


def run_cell(text: str, name: str) -> None:
    """Run a cell as IPython does: its text is known by the name that it is compiled under."""
    text = textwrap.dedent(text)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), vars(sys.modules["__main__"]))


CELLS = (
    """
    import math
    import torch
    import torch.nn.functional as F
    from torch import nn as layers
    from blocks import Block
    WIDTH = 6
    x = torch.zeros(3)  # not what `x` in the class is
    """,
    """
    def squash(values):
        return F.log_softmax(values, dim=math.floor(1.5))

    class Base(layers.Module):
        pass

    @torch.no_grad()
    def unrelated(): 1 / 0
    """,
    """
    class CellNet(Base):
        def __init__(self):
            super().__init__()
            self.first, self.last = Block(4, WIDTH), layers.Linear(WIDTH, 3)

        def forward(self, x):
            return squash(self.last(self.first(x)))
    """,
)


@pytest.fixture
def notebook(folder, monkeypatch):
    """Run cells in a namespace of their own."""
    main = type(sys)("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    for number, cell in enumerate(CELLS):
        run_cell(cell, f"<cell {number}>")
    vars(main)["In"] = [textwrap.dedent(cell) for cell in CELLS]
    return main


def test_a_class_of_a_notebook_takes_along_what_it_uses(platform, clean, notebook):
    record = platform.add_network(notebook.CellNet)

    files = record.description.source.files
    assert files.keys() == {"CellNet.py", "blocks.py"}
    text = files["CellNet.py"]
    assert "WIDTH = 6" in text
    assert "unrelated" not in text
    job = platform.submit("LEARN", notebook.CellNet, "iris", **BRIEF)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    assert job.record.options["criterion"] == "NLL"  # it ends with log_softmax


def test_a_class_whose_source_is_gone_says_so(platform, notebook):
    exec(
        "class Gone(layers.Module):\n    def forward(self, x):\n        return x\n", vars(notebook)
    )

    with pytest.raises(InvalidDataError, match="The source of Gone cannot be had.*mynet.py"):
        platform.add_network(notebook.Gone)


def test_what_only_the_notebook_has_is_named(platform, notebook):
    run_cell(
        """
        table = torch.eye(3)
        class Uses(layers.Module):
            def forward(self, values):
                return values @ table
        """,
        "<cell 9>",
    )

    with pytest.raises(InvalidDataError, match="Uses uses table, a Tensor of this notebook"):
        platform.add_network(notebook.Uses)


def test_the_terminal_adds_and_submits_files(platform, clean, folder, capsys):
    assert run(["networks", "add", "flowers.py:Flowers", "hidden=4", "--name", "small"]) == 0
    assert "small  added" in (shown := capsys.readouterr().out)
    assert "block.linear" in shown

    assert run(["submit", "LEARN", "flowers.py", "iris", "max_iterations=5", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["networks"] == ["flowers"]
    assert platform.job(record["id"]).wait(timeout=DEADLINE_S) == "finished"


def test_source_that_comes_with_a_description_is_not_run(platform, folder):
    platform_source = {"files": {"a.py": "1 / 0"}, "main": "a.py"}

    with pytest.raises(InvalidDataError, match="Python source"):
        platform.add_network({"name": "foreign", "source": platform_source})
    with warnings.catch_warnings(), pytest.raises(InvalidDataError, match="not run to be looked"):
        platform.check_network({"name": "foreign", "source": platform_source})

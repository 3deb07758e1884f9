import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import load
from jupyter_platform.learning.data.layout import parted_files


@pytest.fixture
def folder(tmp_path):
    """Return what writes files of five rows each, whose first column numbers them."""

    def write(*names, readme=None):
        for number, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = pa.table({"x": [float(number)] * 5, "y": [0, 1, 0, 1, 0]})
            if name.endswith(".parquet"):
                pq.write_table(rows, path)
            else:
                path.write_text("x,y\n" + "".join(f"{number}.0,{y}\n" for y in (0, 1, 0, 1, 0)))
        if readme is not None:
            (tmp_path / "README.md").write_text(readme)
        return tmp_path

    return write


def seen(path, suffix=".parquet"):
    found = parted_files(path, (suffix,), "d")
    return {part: [str(item.relative_to(path)) for item in files] for part, files in found.items()}


ONE_EACH = {"train": 1, "validation": 1, "test": 1}
LAYOUTS = [
    (
        ["data/train-00000-of-00002-3f2a9b.parquet", "data/train-00001-of-00002-aa01.parquet",
         "data/test-00000-of-00001-0c.parquet"],
        {"train": 2, "test": 1},
    ),
    (["train.parquet", "valid.parquet", "test.parquet"], ONE_EACH),
    (["my_train.parquet", "my-dev.parquet", "Test.parquet"], ONE_EACH),
    (["train/0.parquet", "train/1.parquet", "val/0.parquet", "test/0000.parquet"],
     {"train": 2, "validation": 1, "test": 1}),
    (["training/a.parquet", "evaluation/b.parquet"], {"train": 1, "test": 1}),
    (["part-1.parquet", "part-2.parquet", "part-10.parquet"], {"train": 3}),
    (["only.parquet"], {"train": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("names", "counts"), LAYOUTS)
def test_layouts_of_the_hub_are_understood(folder, names, counts):
    found = seen(folder(*names))

    assert {part: len(files) for part, files in found.items()} == counts


def test_shards_come_in_the_order_of_their_numbers(folder):
    names = ["part-1.parquet", "part-2.parquet", "part-10.parquet"]

    assert seen(folder(*reversed(names)))["train"] == names


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["train.parquet", "extra.parquet"], "extra.parquet"),
        (["a.parquet", "b.parquet"], "a.parquet, b.parquet"),
        (["train/test.parquet", "train/x.parquet"], "train/test.parquet"),
        (["one/0.parquet", "two/0.parquet"], "one/0.parquet, two/0.parquet"),
        (["contest.parquet", "training.parquet"], "contest.parquet"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_was_seen(folder, names, told):
    with pytest.raises(InvalidDataError, match=f"not clear whether .*: {told}"):
        seen(folder(*names))


CONFIGS = """---
license: mit
configs:
- config_name: default
  data_files:
  - split: train
    path: ["a.parquet", "more/*.parquet"]
  - split: test
    path: "held/**"
- config_name: other
  data_files: "a.parquet"
---
# Text
"""


def test_the_configuration_of_the_readme_holds(folder):
    path = folder(
        "a.parquet", "more/b.parquet", "held/out/c.parquet", "unused.parquet", readme=CONFIGS
    )

    assert seen(path) == {
        "train": ["a.parquet", "more/b.parquet"],
        "test": ["held/out/c.parquet"],
    }


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("configs: [{config_name: x, data_files: a}, {config_name: y, data_files: b}]", "x, y"),
        ("configs: [{data_files: {unsupervised: a.parquet}}]", "split 'unsupervised'"),
        ("configs: [{data_files: {train: nothing.parquet}}]", "no such file"),
        ("a: &a [*a]", "front matter"),
    ],
)
def test_a_readme_that_is_not_understood_is_refused(folder, front, told):
    with pytest.raises(InvalidDataError, match=told):
        seen(folder("a.parquet", readme=f"---\n{front}\n---\n"))


def test_a_clone_has_the_parts_of_its_files(folder):
    path = folder(
        "data/train-00000-of-00001-ab.parquet", "data/validation-0.parquet", "test/1.parquet"
    )

    data = load(DatasetDescriptor(name="d", kind="huggingface", file=f"path:{path}"), {})

    values = {part: set(data.inputs[rows].flatten().tolist()) for part, rows in data.parts.items()}
    assert values == {"train": {0.0}, "validation": {1.0}, "test": {2.0}}


@pytest.mark.parametrize("kind", ["csv", "huggingface"])
def test_tables_of_text_are_read_by_their_names(folder, kind):
    path = folder("train.csv", "valid.csv", "test.csv")

    data = load(DatasetDescriptor(name="d", kind=kind, file=f"path:{path}"), {})

    values = {part: set(data.inputs[rows].flatten().tolist()) for part, rows in data.parts.items()}
    assert values == {"train": {0.0}, "validation": {1.0}, "test": {2.0}}


def test_a_test_part_alone_is_no_training_part(folder):
    path = folder("test/0.parquet", "test/1.parquet")

    data = load(DatasetDescriptor(name="d", kind="huggingface", file=f"path:{path}"), {})

    assert data.parts["test"].tolist() == [*range(10)]
    assert list(data.parts) == ["test"]
    assert np.array_equal(data.inputs[:, 0], [0.0] * 5 + [1.0] * 5)

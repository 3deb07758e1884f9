"""Parquet files and Hugging Face folders."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import Dataset, load

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (5, 4, 6), dtype="u1")


def opened(kind: str, file, **facts) -> Dataset:
    return load(DatasetDescriptor(name="d", kind=kind, file=f"path:{file}", **facts), {})


def png(pixels: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "png")
    return target.getvalue()


def labelled(table: pa.Table, names: list[str]) -> pa.Table:
    """Describe the column ``label`` as Hugging Face does."""
    features = {"label": {"names": names, "_type": "ClassLabel"}}
    return table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )


def image_table(rows: range) -> pa.Table:
    images = [{"bytes": png(PIXELS[row]), "path": None} for row in rows]
    labels = [row % 2 for row in rows]
    return labelled(pa.table({"image": images, "label": labels}), ["even", "odd"])


def test_columns_of_numbers_are_features(tmp_path):
    table = pa.table({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "kind": ["x", "y", "x"]})
    pq.write_table(table, tmp_path / "t.parquet")

    data = opened("parquet", tmp_path / "t.parquet")

    assert data.inputs.tolist() == [[1, 0.5], [2, 1.5], [3, 2.5]]
    assert data.facts.classes == ["x", "y"]
    assert data.facts.features == ["a", "b"]


def test_columns_are_chosen_by_name(tmp_path):
    table = pa.table({"label": [1.5, 2.5], "a": [1, 2], "b": [3, 4]})
    pq.write_table(table, tmp_path / "t.parquet")

    data = opened("parquet", tmp_path / "t.parquet", inputs=("b",))
    assert data.inputs.tolist() == [[3], [4]]
    assert data.targets.tolist() == [[1.5], [2.5]]

    two = opened("parquet", tmp_path / "t.parquet", target=("a", "b"))
    assert two.facts.features == ["label"]
    assert two.targets.tolist() == [[1, 3], [2, 4]]

    with pytest.raises(InvalidDataError, match="no column 'lable'.*Did you mean 'label'"):
        opened("parquet", tmp_path / "t.parquet", target="lable")


def test_nested_lists_are_arrays(tmp_path):
    x = RANDOM.random((4, 2, 3)).astype("f4")
    table = pa.table({"x": x.tolist(), "y": [0, 1, 0, 1]})
    table = table.set_column(0, "x", table["x"].cast(pa.list_(pa.list_(pa.float32()))))
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)

    data = opened("parquet", tmp_path / "t.parquet")

    assert data.facts.shape == [2, 3]
    assert np.array_equal(data.inputs, x)


def test_lists_of_different_length_are_refused_by_row(tmp_path):
    pq.write_table(pa.table({"x": [[1.0, 2.0], [1.0, 2.0], [1.0]], "y": [0, 1, 0]}), tmp_path / "t")

    with pytest.raises(InvalidDataError, match="lists of column 'x' differ in length.*row 2"):
        opened("parquet", tmp_path / "t")


def test_images_in_a_table_are_decoded_when_needed(tmp_path):
    pq.write_table(image_table(range(5)), tmp_path / "t.parquet")

    data = opened("parquet", tmp_path / "t.parquet")
    inputs, targets = data.gather(torch.tensor([4, 1]))

    assert data.facts.streamed
    assert data.facts.classes == ["even", "odd"]
    assert np.array_equal(inputs[:, 0], PIXELS[[4, 1]].astype("f4") * np.float32(1 / 255))
    assert targets.tolist() == [0, 1]


def test_a_folder_of_save_to_disk_is_read_split_by_split(tmp_path):
    for name, rows in {"train": range(3), "test": range(3, 5)}.items():
        folder = tmp_path / name
        folder.mkdir()
        table = image_table(rows)
        with pa.OSFile(str(folder / "data-00000-of-00001.arrow"), "wb") as file:
            writer = pa.ipc.new_stream(file, table.schema)
            writer.write_table(table)
            writer.close()
        (folder / "state.json").write_text("{}")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')

    data = opened("huggingface", tmp_path)
    inputs, targets = data.gather(torch.arange(5))

    assert data.parts["test"].tolist() == [3, 4]
    assert np.array_equal(inputs[:, 0], PIXELS.astype("f4") * np.float32(1 / 255))
    assert targets.tolist() == [0, 1, 0, 1, 0]
    assert data.facts.bytes > 0


def test_a_clone_with_parquet_files_is_read_shard_by_shard(tmp_path):
    (tmp_path / "data").mkdir()
    for name, rows in {
        "train-00000-of-00002": range(2),
        "train-00001-of-00002": range(2, 4),
        "test-00000-of-00001": range(4, 5),
    }.items():
        pq.write_table(image_table(rows), tmp_path / "data" / f"{name}.parquet")

    data = opened("huggingface", tmp_path)

    assert data.parts["test"].tolist() == [4]
    inputs, _ = data.gather(torch.arange(5))
    assert np.array_equal(inputs[:, 0], PIXELS.astype("f4") * np.float32(1 / 255))


@pytest.mark.parametrize("kind", ["parquet", "huggingface"])
def test_what_is_no_table_is_refused(tmp_path, kind):
    path = tmp_path / "data" / "train.parquet"
    path.parent.mkdir()
    path.write_bytes(b"PAR1 not really")

    with pytest.raises(InvalidDataError, match="no Parquet file"):
        opened(kind, path if kind == "parquet" else tmp_path)


def test_a_folder_that_holds_nothing_is_refused(tmp_path):
    with pytest.raises(InvalidDataError, match=r"holds no such file; wanted are .*\.parquet"):
        opened("huggingface", tmp_path)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "state.json").write_text("{}")
    with pytest.raises(InvalidDataError, match=r"train holds no \.arrow file"):
        opened("huggingface", tmp_path)
    (tmp_path / "train" / "data.arrow").write_bytes(b"nothing")
    with pytest.raises(InvalidDataError, match=r"data.arrow is no Arrow stream"):
        opened("huggingface", tmp_path)


def test_an_image_that_lies_elsewhere_is_refused_by_row(tmp_path):
    images = [{"bytes": png(PIXELS[0]), "path": None}, {"bytes": None, "path": "x.png"}]
    pq.write_table(pa.table({"image": images, "label": [0, 1]}), tmp_path / "t")

    with pytest.raises(InvalidDataError, match="holds no image in row 1"):
        opened("parquet", tmp_path / "t")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [{"p": 1}, {"p": 2}], "y": [0, 1]}, "column 'a' holds struct<p: int64>"),
        ({"a": [1.0, 2.0], "y": [{"q": 1}, {"q": 2}]}, "column 'y' holds struct<q: int64>"),
    ],
)
def test_columns_made_of_other_columns_are_refused(tmp_path, columns, words):
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")

    with pytest.raises(InvalidDataError, match=f"{words}; accepted are numbers"):
        opened("parquet", tmp_path / "t.parquet")


def test_a_file_that_was_added_is_not_called_by_its_digest(tmp_path):
    digest = "0123456789abcdef" * 4
    (tmp_path / digest).write_bytes(b"PAR1xxxxPAR1")
    descriptor = DatasetDescriptor(name="d", kind="parquet", file=f"sha256:{digest}")

    with pytest.raises(InvalidDataError, match="'d': the file is no Parquet file: ") as caught:
        load(descriptor, {f"sha256:{digest}": str(tmp_path / digest)})

    assert digest not in caught.value.message


def told_folder(folder, infos, readme=None, label="label"):
    """Write a clone as the hub had them: CSV files beside what they hold, which says it once."""
    folder.mkdir(exist_ok=True)
    (folder / "train.csv").write_text(f"a,{label}\n0.5,0\n1.5,1\n2.5,0\n3.5,1\n")
    (folder / "test.csv").write_text(f"a,{label}\n4.5,1\n5.5,0\n")
    (folder / "dataset_infos.json").write_text(
        infos if isinstance(infos, str) else json.dumps(infos)
    )
    if readme is not None:
        (folder / "README.md").write_text(readme)
    return folder


def infos(train=4, test=2, **more):
    """Return what the hub wrote into ``dataset_infos.json`` up to 2023."""
    feature = {"num_classes": 2, "names": ["neg", "pos"], "id": None, "_type": "ClassLabel"}
    counts = {"train": train, "test": test, **more}
    return {
        "description": "",
        "features": {"a": {"dtype": "float32", "_type": "Value"}, "label": feature},
        "splits": {name: {"name": name, "num_examples": size} for name, size in counts.items()},
    }


def test_classes_and_counts_of_an_older_clone_are_read(tmp_path):
    folder = told_folder(tmp_path / "d", {"plain_text": infos()})
    data = opened("huggingface", folder)
    assert data.facts.classes == ["neg", "pos"]
    assert data.inputs[data.parts["test"]].flatten().tolist() == [4.5, 5.5]

    both = {"other": infos(train=99), "default": infos(unsupervised=50)}
    assert opened("huggingface", told_folder(folder, both)).facts.classes == ["neg", "pos"]
    licence = "---\nlicense: mit\n---\n"
    assert opened("huggingface", told_folder(folder, both, licence)).facts.classes == ["neg", "pos"]
    told = "---\ndataset_info: {features: []}\n---\n"
    readme = opened("huggingface", told_folder(folder, {"x": infos(train=99)}, told))
    assert readme.facts.classes == ["0", "1"]


def test_names_of_classes_are_not_given_to_texts(tmp_path):
    folder = told_folder(tmp_path / "d", {"default": infos()})
    for name in ("train", "test"):
        (folder / f"{name}.csv").write_text("a,label\n1,pos\n2,aaa\n3,pos\n4,aaa\n")
    (folder / "dataset_infos.json").write_text(json.dumps({"default": infos(test=4)}))

    assert opened("huggingface", folder).facts.classes == ["aaa", "pos"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"d": infos(train=5)}, "tells 5 samples of the train part, and its files hold 4"),
        ({"d": infos(validation=3)}, "tells 3 samples of the validation part, .* hold 0"),
        ({"a": infos(), "b": infos()}, "several configurations: a, b"),
        ({"d": {"splits": {"train": {}}}}, "is not understood"),
        ("{", "cannot be read"),
    ],
)
def test_an_older_clone_that_does_not_fit_what_it_tells_is_refused(tmp_path, told, words):
    folder = told_folder(tmp_path / "d", told)
    with pytest.raises(InvalidDataError, match=words):
        opened("huggingface", folder)

"""Numbers that float32 cannot hold, by every way into a dataset."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import load
from jupyter_platform.learning.data.arrays import not_finite

TOO_LARGE = [1e39, -1e39, np.inf, np.nan]


def table(value):
    """Return two columns of 9 numbers, of which those in rows 3 and 7 are wrong, and classes."""
    x = np.linspace(-1, 1, 18).reshape(9, 2)
    x[3, 1] = x[7, 0] = x[7, 1] = value
    return x, np.arange(9) % 2


def npz(folder, x, y):
    np.savez(folder / "d", x=x, y=y)
    return {"kind": "npz"}, folder / "d.npz"


def csv(folder, x, y):
    rows = [f"{a!r},{b!r},{c}" for (a, b), c in zip(x.tolist(), y, strict=True)]
    (folder / "d.csv").write_text("a,b,class\n" + "\n".join(rows) + "\n")
    return {"kind": "csv"}, folder / "d.csv"


def parquet(folder, x, y):
    pq.write_table(pa.table({"a": x[:, 0], "b": x[:, 1], "class": y}), folder / "d.parquet")
    return {"kind": "parquet"}, folder / "d.parquet"


def lists(folder, x, y):
    pq.write_table(pa.table({"x": x.tolist(), "class": y}), folder / "d.parquet")
    return {"kind": "parquet"}, folder / "d.parquet"


def arrow(folder, x, y):
    found = pa.table({"x": x.tolist(), "class": y})
    path = str(folder / "data.arrow")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, found.schema) as stream:
        stream.write_table(found)
    (folder / "state.json").write_text("{}")
    return {"kind": "huggingface"}, folder


def idx(folder, x, y):
    head = bytes([0, 0, 0x0E, 2]) + (9).to_bytes(4, "big") + (2).to_bytes(4, "big")
    (folder / "x").write_bytes(head + x.astype(">f8").tobytes())
    (folder / "y").write_bytes(bytes([0, 0, 8, 1]) + (9).to_bytes(4, "big") + bytes(y.tolist()))
    return {"kind": "idx", "scale": 1.0, "train": [f"path:{folder}/x", f"path:{folder}/y"]}, None


def opened(way, folder, x, y, **fields):
    described, path = way(folder, x, y)
    if path is not None:
        described["file"] = f"path:{path}"
    return load(DatasetDescriptor(name="d", **described, **fields), {})


@pytest.mark.parametrize("value", TOO_LARGE)
@pytest.mark.parametrize("way", [npz, csv, parquet, lists, arrow, idx])
def test_inputs_that_are_no_finite_float32_are_refused_with_place_and_number(tmp_path, way, value):
    with pytest.raises(InvalidDataError) as caught:
        opened(way, tmp_path, *table(value))

    message = str(caught.value)
    # A CSV file's rows are its lines, and NaN is what it calls missing.
    assert any(text in message for text in ("sample 3", "row 3", "row 5", "line 5"))


@pytest.mark.parametrize("way", [npz, csv, parquet, lists, arrow])
def test_targets_that_are_no_finite_float32_are_refused(tmp_path, way):
    y = np.linspace(0, 1, 9)
    y[4] = 1e39

    with pytest.raises(InvalidDataError, match="1e\\+39"):
        opened(way, tmp_path, table(0.5)[0], y)


@pytest.mark.parametrize("value", [3.4e38, 1e-40, -3.4e38])
@pytest.mark.parametrize("way", [npz, csv, parquet, lists, arrow, idx])
def test_what_float32_holds_is_read(tmp_path, way, value):
    x, y = table(value)

    found = opened(way, tmp_path, x, y)

    assert torch.equal(found.inputs, torch.from_numpy(x.astype("f4")))


def test_the_scale_counts(tmp_path):
    x, y = table(3e38)

    with pytest.raises(InvalidDataError, match="3 such values in 2 samples"):
        opened(npz, tmp_path, x, y, scale=10.0)
    assert opened(npz, tmp_path, x, y, scale=0.5).inputs.isfinite().all()
    with pytest.raises(ValueError, match="scale 1e-50"):
        DatasetDescriptor(name="d", kind="npz", file="path:/d", scale=1e-50)


def test_whole_numbers_beyond_int64_keep_their_size(tmp_path):
    x = np.array([[2**64 - 1, 3], [5, 2**63]], dtype="u8")

    assert opened(npz, tmp_path, x, np.array([0, 1])).inputs.tolist() == x.astype("f4").tolist()


def test_a_class_is_no_huge_number(tmp_path):
    with pytest.raises(InvalidDataError, match="regression"):
        opened(npz, tmp_path, table(0.5)[0], np.full(9, 1e30), task="classification")


def test_a_mapped_array_is_looked_at_to_its_end(monkeypatch):
    monkeypatch.setattr("jupyter_platform.learning.data.arrays._PIECE", 4)
    x, _ = table(np.nan)

    found = not_finite(x)

    assert found is not None
    assert (found.first, found.values, found.samples) == ((3, 1), 3, 2)

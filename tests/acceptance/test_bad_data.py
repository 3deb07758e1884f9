"""Data and networks that cannot be used: one clear sentence each, and nothing is left."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np
import psutil
import pytest
from PIL import Image

from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
)
from tests.waiting import DEADLINE_S

GOOD = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris"}
MANY_BYTES = 10_000_000
BOTH = ("learning_rate = 'abc'", "batch_size = '0'")


# Data ------------------------------------------------------------------------------------------


def _npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _archive(method: int, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def _header(*shape: int) -> bytes:
    buffer = io.BytesIO()
    facts = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, facts)
    return buffer.getvalue()


class Bait:
    """What runs code when somebody unpickles it."""

    def __reduce__(self):
        return (os.system, (f"touch {os.environ['JP_BAIT']}",))


def _pickles() -> dict[str, bytes]:
    objects = np.array([Bait(), Bait()], dtype=object)
    return {
        "pickle": pickle.dumps(Bait()),
        "object targets": _npz(x=np.zeros((2, 2)), y=objects),
        "object inputs": _npz(x=objects, y=np.arange(2)),
    }


X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
HOLED = np.array([[0, 1], [np.nan, 3], *[[1.0, 2]] * 4])
FILES = {
    "text column": ("csv", b"a,b,y\n1,red,0\n2,blue,1\n", ["column 'b'", "'red' in row 2"]),
    "missing value": (
        "csv",
        b"a,b,y\n1,2,0\n2,,1\n",
        ["column 'b'", "no value in row 3", "1 of 2 rows"],
    ),
    "NaN in a CSV": (
        "csv",
        b"a,b,y\n1,2,0\n2,nan,1\n",
        ["column 'b'", "no value in row 3", "1 of 2 rows"],
    ),
    "infinity": ("csv", b"a,b,y\n1,2,0\n2,inf,1\n", ["column 'b' in row 3 is inf", "finite"]),
    "longer row": ("csv", b"a,b,y\n1,2,0\n2,3,1,7\n", ["Expected 3 fields in line 3, saw 4"]),
    "shorter row": ("csv", b"a,b,y\n1,2,0\n2,3\n", ["column 'y'", "row 3"]),
    "all rows longer": ("csv", b"a,b,y\n1,2,0,9\n2,3,1,8\n", ["more fields", "name every column"]),
    "header only": ("csv", b"a,b,y\n", ["3 columns and 0 rows", "at least one row"]),
    "one column": ("csv", b"y\n1\n2\n", ["1 column ", "a feature, a target"]),
    "no commas": ("csv", b"a/b/y\n1/2/0\n", ["1 column ", "'a/b/y'", "separator"]),
    "empty CSV": ("csv", b"", ["the file is empty"]),
    "blank CSV": ("csv", b"\n\n", ["no CSV table"]),
    "picture": ("csv", b"\x89PNG\x00\xff", ["no CSV table", "byte 4 is 0, which no text holds"]),
    "empty npz": ("npz", b"", ["the file is empty"]),
    "no archive": ("npz", b"PK\x03\x04 not really", ["no .npz archive", "numpy.savez"]),
    "cut short": ("npz", _npz(x=X, y=Y)[:300], ["no .npz archive"]),
    "other arrays": ("npz", _npz(images=X), ["holds images", "it must hold x and y"]),
    "lengths": ("npz", _npz(x=X, y=Y[:4]), ["x has 6 samples and y has 4"]),
    "complex": ("npz", _npz(x=X.astype(complex), y=Y), ["complex128", "real numbers"]),
    "no samples": ("npz", _npz(x=X[:0], y=Y[:0]), ["0 samples", "at least one"]),
    "NaN in an input": ("npz", _npz(x=HOLED, y=Y), ["input [0] of sample 1 is nan", "finite"]),
    "NaN in a target": ("npz", _npz(x=X, y=Y * np.nan), ["target of sample 0 is nan", "finite"]),
    "no array": ("npz", _archive(zipfile.ZIP_STORED, x=b"hi", y=b"hi"), ["'x' cannot be read"]),
    "zip bomb that lies": (
        "npz",
        _archive(zipfile.ZIP_DEFLATED, x=_header(10**9, 100) + b"\0" * 99, y=_header(10**9)),
        ["array 'x' should have 800 GB", "the archive holds 99 B"],
    ),
    "mapped beyond its end": (
        "npz",
        _archive(zipfile.ZIP_STORED, x=_header(10**9, 100) + b"\0" * 99, y=_header(10**9)),
        ["array 'x' cannot be read"],
    ),
}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_used_is_refused_and_leaves_nothing(
    refuses, platform, raw, tmp_path, what
):
    kind, content, parts = FILES[what]
    path = tmp_path / f"mine.{kind}"
    path.write_bytes(content)

    refuses(2, *parts, words=["datasets", "add", str(path)])
    refuses(2, *parts, words=["submit", "LEARN", "mlp", str(path)])
    with pytest.raises(InvalidDataError) as caught:
        platform.add_dataset("mine", path)
    assert all(part in caught.value.message for part in parts)
    answer = raw.put("/api/datasets/mine", params={"kind": kind}, content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_data")


def test_the_first_line_of_a_table_without_a_heading_is_a_sample(platform, tmp_path):
    path = tmp_path / "bare.csv"
    path.write_bytes(b"1,2,0\n2,3,1\n3,5,0\n")
    try:
        facts = platform.add_dataset("bare", path).facts
        assert facts is not None
        assert facts.size == 3
    finally:
        platform.remove_dataset("bare")


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("what", ["pickle", "object targets", "object inputs"])
def test_a_pickle_is_refused_unopened(refuses, raw, tmp_path, monkeypatch, what):
    bait = tmp_path / "opened"
    monkeypatch.setenv("JP_BAIT", str(bait))
    content = _pickles()[what]
    path = tmp_path / "mine.npz"
    path.write_bytes(content)

    refuses(2, "pickle, which is never opened", words=["datasets", "add", str(path)])
    answer = raw.put("/api/datasets/mine", content=content)

    assert answer.status_code == 422
    assert not bait.exists()


@pytest.mark.usefixtures("nothing_left")
def test_an_archive_that_unpacks_to_more_than_fits_is_refused(refuses, tmp_path):
    # Zeros by the thousandfold: the file is small, and only its directory tells the truth.
    available = psutil.virtual_memory().available
    columns = 1_000_000
    rows = available // (8 * columns) + 1
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        _write_sparse(archive, "x.npy", _header(rows, columns))
        _write_sparse(archive, "y.npy", _header(rows))
    _claim(path, "x.npy", len(_header(rows, columns)) + rows * columns * 8)

    refuses(2, "array 'x' unpacks to", "has room for", words=["datasets", "add", str(path)])


def _write_sparse(archive: zipfile.ZipFile, name: str, header: bytes) -> None:
    archive.writestr(name, header + b"\0" * 64, zipfile.ZIP_DEFLATED)


def _claim(path, member: str, size: int) -> None:
    """Write the archive's directory anew with another size for one member."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.getinfo(member).file_size = size
        archive.comment = b"changed"


def test_names_and_paths_of_datasets_that_cannot_be(refuses, platform, nothing_left, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,y\n1,2,0\n2,3,1\n3,4,0\n")
    add = ["datasets", "add", str(path)]

    refuses(1, "'digits' is bundled", words=[*add, "--name", "digits"])
    for name in ("", " ", "..", "../x", "a/b", "x" * 65):
        refuses(2, f"{name!r} cannot be the name", "letters", words=[*add, "--name", name])
    missing = str(tmp_path / "none.csv")
    refuses(2, f"There is no file {missing!r}.", words=["datasets", "add", missing])
    refuses(2, "There is no file", words=["submit", "LEARN", "mlp", missing])
    refuses(2, "holds no picture", ".png", words=["datasets", "add", str(tmp_path)])
    other = tmp_path / "notes.pdf"
    other.touch()
    refuses(2, "its name must end in one of .npz, .csv, ", words=["datasets", "add", str(other)])
    refuses(2, "no column 'z'", "Columns: a, b, y", words=[*add, "--target", "z"])
    with pytest.raises(NotFoundError, match="Unknown dataset 'mine'"):
        platform.dataset("mine")


def test_a_name_that_is_taken_is_refused_and_the_first_dataset_stays(refuses, platform, tmp_path):
    path = tmp_path / "taken.csv"
    path.write_text("a,b,y\n1,2,0\n2,3,1\n3,4,0\n")
    first = platform.add_dataset("taken", path)
    try:
        path.write_text("a,b,y\n9,9,9\n8,8,8\n")
        refuses(
            1, "a dataset 'taken' of other content already", words=["datasets", "add", str(path)]
        )
        with pytest.raises(ConflictError, match="choose another name, or set replace"):
            platform.add_dataset("taken", path)
        path.write_text("a,b,y\n9,red,9\n")
        with pytest.raises(InvalidDataError, match="'red'"):
            platform.add_dataset("taken", path, replace=True)

        assert platform.dataset("taken").descriptor == first.descriptor
    finally:
        platform.remove_dataset("taken")


# Networks --------------------------------------------------------------------------------------


def _linear(inputs, outputs) -> dict:
    return {"type": "Linear", "in_features": inputs, "out_features": outputs}


IN, OUT = "$features", "$outputs"


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("description", "parts"),
    [
        ({"layers": [{"type": "Conv9d"}]}, ["layer type 'Conv9d'", "Did you mean", "Known: "]),
        ({"layers": []}, ["no layers", "'entry_point'"]),
        (
            {
                "layers": [
                    {"name": "a", "type": "ReLU", "inputs": ["b"]},
                    {"name": "b", "type": "ReLU", "inputs": ["a"]},
                ]
            },
            ["Layer 'a'", "input from 'b'", "no layer before it"],
        ),
        ({"layers": [{"name": "a", "type": "ReLU", "inputs": ["a"]}]}, ["input from 'a'"]),
        (
            {"layers": [{**_linear(IN, OUT), "biass": True}]},
            ["no argument 'biass'", "Did you mean 'bias'?", "Accepted: in_features"],
        ),
        (
            {"layers": [{"type": "Linear", "in_features": IN}]},
            ["lacks the argument 'out_features'"],
        ),
        (
            {"layers": [_linear(IN, 7), _linear(9, OUT)], "input_shape": [4], "outputs": 3},
            ["'Linear2'", "takes 9 values", "gives 7", "give in_features=7"],
        ),
        ({"entry_point": "os:system"}, ["entry point 'os:system'"]),
        ({"layers": [{"type": "ReLU"}], "format": 2}, ["format = 2"]),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(raw, description, parts):
    answer = raw.put("/api/networks/mine", json={"name": "mine", **description})

    assert answer.status_code == 422
    for part in parts:
        assert part in answer.json()["message"]


@pytest.mark.parametrize(
    ("layers", "part"),
    [
        ([_linear(IN, 7), _linear(9, OUT)], "takes 9 values on the last axis (in_features)"),
        ([_linear(IN, "many")], "cannot be built as Linear(in_features=4, out_features='many')"),
        ([_linear(IN, 10**18)], "cannot be built as Linear"),
        ([_linear("$inputs", OUT)], "the symbols are $features"),
        ([_linear(IN, 5)], "gives shape 5 for a sample; the dataset wants 3"),
    ],
)
def test_a_network_that_does_not_fit_the_data_is_refused_at_submit(raw, refuses, layers, part):
    jobs = raw.get("/api/jobs").json()["total"]
    answer = raw.put("/api/networks/clash", json={"name": "clash", "layers": layers})
    assert answer.status_code == 200, answer.text
    try:
        refuses(2, "'clash'", part, words=["submit", "LEARN", "clash", "iris"])
    finally:
        assert raw.delete("/api/networks/clash").status_code == 204

    assert raw.get("/api/jobs").json()["total"] == jobs


@pytest.mark.usefixtures("nothing_left")
def test_a_number_that_no_store_keeps_is_refused_by_its_place(raw):
    answer = raw.put("/api/networks/clash", json={"layers": [_linear(IN, 10**30)]})

    assert answer.status_code == 400
    message = answer.json()["message"]
    assert message.startswith(f"layers.0.out_features = {hex(10**30)} is not accepted")
    assert "9,223,372,036,854,775,807" in message


def test_data_at_a_path_that_change_while_a_job_waits_fail_it_with_a_sentence(platform, tmp_path):
    folder = tmp_path / "letters"
    for name in "ab":
        (folder / name).mkdir(parents=True)
        for number in range(6):
            shade = Image.new("L", (6, 6), 100 * (name == "b") + number)
            shade.save(folder / name / f"{number}.png")
    platform.add_dataset("letters", folder)
    brief = {"max_iterations": 3, "batch_size": 4}
    try:
        platform.hold_queue()
        waits = platform.submit("LEARN", "mlp", "letters", **brief)
        Image.new("L", (6, 6), 250).save(folder / "b" / "3.png")
    finally:
        platform.hold_queue(False)

    assert waits.wait(timeout=DEADLINE_S) == "failed"
    assert "'letters' are no longer those of" in waits.record.error.message
    assert "b/3.png changed. Submit it again" in waits.record.error.message
    again = platform.submit("LEARN", "mlp", "letters", **brief)
    assert again.wait(timeout=DEADLINE_S) == "finished", again.record.error
    assert platform.dataset("letters").facts.pin.files == 12

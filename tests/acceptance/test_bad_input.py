"""Everything that people get wrong, through terminal, client and HTTP: one clear sentence each."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import socket
import subprocess
import time
import zipfile

import numpy as np
import psutil
import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import (
    ConflictError,
    CoordinatorError,
    InvalidDataError,
    InvalidRequestError,
    NotFoundError,
    OptionError,
    PlatformError,
    RequestTooLargeError,
    VersionMismatchError,
)
from jupyter_platform.runtime.connection import Connection, read_connection, write_connection
from jupyter_platform.runtime.processes import COORDINATOR, living, read_supervised
from tests.conftest import end_processes

from .conftest import JUPYTER, check_refusal

GOOD = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris"}
MANY_BYTES = 10_000_000
BOTH = ("learning_rate = 'abc'", "batch_size = '0'")


# Submissions -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("words", "change", "parts"),
    [
        (["LEARN", "mpl", "iris"], {"networks": ["mpl"]}, ["network 'mpl'", "'mlp'", "lenet-d"]),
        (["LEARN", "", "iris"], {"networks": [""]}, ["network ''", "Known: lenet"]),
        (["LEARN", "mlp", "irs"], {"dataset": "irs"}, ["dataset 'irs'", "'iris'", "Known: breast"]),
        (["LEARN", "mlp", ""], {"dataset": ""}, ["LEARN needs a dataset"]),
        (["LEARM", "mlp", "iris"], {"type": "LEARM"}, ["type 'LEARM'", "'LEARN'", "EVALUATE"]),
        (["", "mlp", "iris"], {"type": ""}, ["type ''", "EVALUATE, LEARN"]),
        (["ACT", "mlp", "iris"], {"type": "ACT"}, ["ACT are not offered yet", "EVALUATE"]),
        (
            ["LEARN", "mlp", "iris", "learning_rte=1"],
            {"options": {"learning_rte": "1"}},
            ["option learning_rte", "Did you mean learning_rate?", "batch_size"],
        ),
        (
            ["LEARN", "mlp", "iris", "batch_size=many"],
            {"options": {"batch_size": "many"}},
            ["batch_size = 'many'", "a whole number, at least 1 and at most 1,000,000"],
        ),
        (
            ["LEARN", "mlp", "iris", "batch_size=0"],
            {"options": {"batch_size": "0"}},
            ["batch_size = '0'", "at least 1"],
        ),
        (
            ["LEARN", "mlp", "iris", "method=ADAMANT"],
            {"options": {"method": "ADAMANT"}},
            ["method = 'ADAMANT'", "SGD, ADAM"],
        ),
        (
            ["LEARN", "mlp", "iris", "train_set=9,3"],
            {"options": {"train_set": "9,3"}},
            ["train_set: '9,3' is empty"],
        ),
        (
            ["LEARN", "mlp", "iris", "train_set=0,999"],
            {"options": {"train_set": "0,999"}},
            ["train_set = 0,999", "sample 998", "150 samples"],
        ),
        (
            ["LEARN", "mlp", "iris", "tag=../../x"],
            {"options": {"tag": "../../x"}},
            ["tag = '../../x'", "letters, digits"],
        ),
        (["LEARN", "mlp", "iris", "--name", ""], {"name": ""}, ["name is empty"]),
        (["LEARN", "mlp", "iris", "--name", " \t"], {"name": " \t"}, ["name is empty"]),
        (
            ["LEARN", "mlp", "iris", "--name", "a\x1b[2Jb"],
            {"name": "a\x1b[2Jb"},
            ["name = 'a\\x1b[2Jb'", "control character"],
        ),
        (
            ["LEARN", "mlp", "iris", "--cpus", "none"],
            {"request": {"cpus": "none"}},
            ["request.cpus = 'none'", "integer"],
        ),
        (
            ["LEARN", "mlp", "iris", "--memory", "99999999TB"],
            {"request": {"memory": "99999999TB"}},
            ["request.memory = ", "less than or equal to"],
        ),
        (
            ["LEARN", "mlp", "iris", "--priority", "1000"],
            {"priority": 1000},
            ["priority = 1000", "less than or equal to 100"],
        ),
        (
            ["LEARN", "mlp,mlp", "iris"],
            {"networks": ["mlp", "mlp"]},
            ["LEARN works on one network; 2 are given"],
        ),
        (
            ["LEARN", ",".join(["mlp"] * 50), "iris"],
            {"networks": ["mlp"] * 50},
            ["50 networks are given; at most 16"],
        ),
        (
            ["LEARN", "mlp-regression", "iris"],
            {"networks": ["mlp-regression"]},
            ["'mlp-regression' is for regression", "the dataset is for classification"],
        ),
        (
            ["LEARN", "lenet-digits", "iris"],
            {"networks": ["lenet-digits"]},
            ["'lenet-digits' takes samples of shape 1×8×8", "shape 4"],
        ),
    ],
)
def test_a_submission_that_cannot_be_is_refused_at_every_door(refuses, raw, words, change, parts):
    refuses(2, *parts, words=["submit", *words])

    answer = raw.post("/api/jobs", json={**GOOD, **change})
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"message", "code", "errors"}
    for part in parts:
        assert part in answer.json()["message"]
    assert answer.json()["errors"][0]["field"]

    fields = {**GOOD, **change}
    with pytest.raises(InvalidRequestError) as caught, Platform() as platform:
        platform.submit(
            fields["type"],
            fields["networks"],
            fields["dataset"],
            name=fields.get("name"),
            request=fields.get("request"),
            priority=fields.get("priority", 0),
            **fields.get("options", {}),
        )
    for part in parts:
        assert part in caught.value.message


@pytest.mark.usefixtures("nothing_left")
def test_every_wrong_option_is_named_at_once(raw, capsys, platform):
    with pytest.raises(OptionError) as caught:
        platform.submit("LEARN", "mlp", "iris", learning_rate="abc", batch_size="0")

    assert {error.field for error in caught.value.errors} == {"learning_rate", "batch_size"}
    assert all(part in caught.value.message for part in BOTH)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"learning_rate": float("nan")}, "NaN and infinity are no option values"),
        ({"learning_rate": object()}, "type object cannot be sent"),
        ({"batch_size": True}, "batch_size = True is not accepted; it must be a whole number"),
        ({"batch_size": 1e300}, "batch_size = 1e+300"),
        ({"batch_size": [1]}, "batch_size = [1]"),
        ({"networks": None}, "networks = None is not accepted; it must be a network's name"),
        ({"request": 3}, "request = 3 is not accepted; it must be a mapping"),
        ({"name": "x" * 301}, "at most 300 characters"),
        ({"name": "\ud800"}, "name = '\\ud800'"),
        ({f"option{number}": 1 for number in range(2000)}, "And 1,980 more."),
    ],
)
def test_python_values_that_cannot_be_are_refused(platform, options, part):
    arguments = {"type": "LEARN", "networks": "mlp", "dataset": "iris", **options}

    with pytest.raises(InvalidRequestError) as caught:
        platform.submit(**arguments)

    assert part in caught.value.message
    assert len(caught.value.message) < 6000


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 422, "body is missing"),
        (b"\xff\xfe", 422, "no JSON"),
        (b"{", 422, "no JSON"),
        (b"null", 422, "no JSON object"),
        (b"[]", 422, "no JSON object"),
        (b'{"type": 3, "networks": ["mlp"]}', 422, "type = 3"),
        (b'{"type": "LEARN"}', 422, "networks is missing"),
        (json.dumps({**GOOD, "optoins": {}}).encode(), 422, "Did you mean 'options'?"),
        (json.dumps({**GOOD, "options": {"\ud800": 1}}).encode(), 422, "unicode"),
        (json.dumps({**GOOD, "type": "\ud800"}).encode(), 400, "Unknown type '\\ud800'"),
        (
            json.dumps({**GOOD, "options": {"train_set": [0, 1]}})
            .encode()
            .replace(b"0, 1", b"0, 1e999"),
            422,
            "train_set",
        ),
        (json.dumps({**GOOD, "request": {"memory": "9" * 400}}).encode(), 422, "request.memory"),
        (b'{"options":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "parsing the body"),
        (json.dumps({**GOOD, "networks": ["x" * 900_000]}).encode(), 400, "Unknown network 'xxx"),
    ],
)
def test_bodies_that_are_no_submission_get_an_answer_in_our_form(raw, body, status, part):
    answer = raw.post("/api/jobs", content=body)

    assert answer.status_code == status
    assert set(answer.json()) == {"message", "code", "errors"}
    assert part in answer.json()["message"]
    assert len(answer.content) < 3000


# Ten megabytes of options ----------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_left")
def test_ten_megabytes_of_options_are_413_and_the_coordinator_stays_small(
    platform, raw, refuses, program, shared_paths
):
    pid = read_connection(shared_paths).pid
    before = psutil.Process(pid).memory_info().rss

    for _ in range(3):
        with pytest.raises(RequestTooLargeError, match="more than 1.0 MB"):
            platform.submit("LEARN", "mlp", "iris", note="x" * MANY_BYTES)
        refuses(2, "1.0 MB", words=["submit", "LEARN", "mlp", "iris", "note=" + "x" * MANY_BYTES])
        body = json.dumps({**GOOD, "options": {"note": "x" * MANY_BYTES}}).encode()
        for content in (body, iter([body])):
            answer = raw.post("/api/jobs", content=content)
            assert answer.status_code == 413
            assert answer.json()["code"] == "too_large"
    # What a shell lets through at most, by the real program.
    words = [f"note{number}=" + "x" * 100_000 for number in range(14)]
    check_refusal(program("submit", "LEARN", "mlp", "iris", *words), 2, "1.0 MB")
    with pytest.raises(RequestTooLargeError, match="at most 256,000 are accepted"):
        platform.submit("LEARN", "mlp", "iris", note="x" * 300_000)

    assert read_connection(shared_paths).pid == pid
    assert psutil.Process(pid).memory_info().rss - before < 60_000_000


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
    "missing value": ("csv", b"a,b,y\n1,2,0\n2,,1\n", ["column 'b'", "row 3", "1 missing"]),
    "NaN in a CSV": ("csv", b"a,b,y\n1,2,0\n2,nan,1\n", ["column 'b'", "row 3", "1 missing"]),
    "infinity": ("csv", b"a,b,y\n1,2,0\n2,inf,1\n", ["input [1] of sample 1 is inf", "finite"]),
    "longer row": ("csv", b"a,b,y\n1,2,0\n2,3,1,7\n", ["Expected 3 fields in line 3, saw 4"]),
    "shorter row": ("csv", b"a,b,y\n1,2,0\n2,3\n", ["column 'y'", "row 3"]),
    "all rows longer": ("csv", b"a,b,y\n1,2,0,9\n2,3,1,8\n", ["more fields", "name every column"]),
    "no header": ("csv", b"1,2,0\n2,3,1\n", ["first line is 1, 2, 0", "must name the columns"]),
    "header only": ("csv", b"a,b,y\n", ["3 columns and 0 rows", "at least one row"]),
    "one column": ("csv", b"y\n1\n2\n", ["1 columns", "a feature, a target"]),
    "no commas": ("csv", b"a;b;y\n1;2;0\n", ["1 columns", "separated by commas"]),
    "empty CSV": ("csv", b"", ["the file is empty"]),
    "blank CSV": ("csv", b"\n\n", ["no CSV table"]),
    "picture": ("csv", b"\x89PNG\x00\xff", ["no CSV table", "byte 0 is no UTF-8 text"]),
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
    refuses(2, "There is no file", words=["datasets", "add", str(tmp_path)])
    other = tmp_path / "notes.txt"
    other.touch()
    refuses(2, "must end in .npz or .csv", words=["datasets", "add", str(other)])
    refuses(2, "no column 'z'", "Columns: a, b, y", words=[*add, "--target", "z"])
    with pytest.raises(NotFoundError, match="Unknown dataset 'mine'"):
        platform.dataset("mine")


def test_a_name_that_is_taken_is_refused_and_the_first_dataset_stays(refuses, platform, tmp_path):
    path = tmp_path / "taken.csv"
    path.write_text("a,b,y\n1,2,0\n2,3,1\n3,4,0\n")
    first = platform.add_dataset("taken", path)
    try:
        path.write_text("a,b,y\n9,9,9\n8,8,8\n")
        refuses(1, "There is a dataset 'taken' already", words=["datasets", "add", str(path)])
        with pytest.raises(ConflictError, match="choose another name or set replace"):
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
        ([_linear(IN, 10**30)], "cannot be built as Linear"),
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


# Connection file, version, port, file system ---------------------------------------------------


def _foreign(connection: Connection) -> bytes:
    other = connection.model_copy(update={"hostname": "gpu-box", "boot_id": "x", "user": "ada"})
    return other.model_dump_json().encode()


@pytest.mark.parametrize(
    ("content", "mode", "parts"),
    [
        (lambda _: b"no JSON", 0o600, ["is corrupt (it is not JSON)", "Remove it"]),
        (lambda _: b'{"url": 3}', 0o600, ["is corrupt (url: Input should", "Remove it"]),
        (_foreign, 0o600, ["machine 'gpu-box' (user 'ada')", "JUPYTER_PLATFORM_API_URL"]),
        (
            lambda connection: connection.model_dump_json().encode(),
            0o644,
            ["other users (mode 0644; 0600 is accepted)", "jupyter platform down"],
        ),
    ],
)
@pytest.mark.parametrize("words", [["status"], ["up"], ["submit", "LEARN", "mlp", "iris"]])
def test_a_connection_file_that_cannot_be_trusted_starts_nothing(
    paths, refuses, start_coordinator, content, mode, parts, words
):
    server = start_coordinator()
    path = paths.connection_file
    path.write_bytes(content(read_connection(paths)))
    path.chmod(mode)
    before = path.read_bytes()

    refuses(4, str(path), *parts, words=words)

    assert server.requests == []
    assert path.read_bytes() == before
    assert living(paths) == {}
    with pytest.raises(CoordinatorError, match="connection file"):
        Platform().status()


@pytest.mark.parametrize("protocol", [0, 99])
def test_a_coordinator_of_another_version_names_the_cure(
    paths, refuses, start_coordinator, protocol
):
    server = start_coordinator(protocol=protocol)
    connection = read_connection(paths).model_copy(update={"protocol": protocol, "version": "9.9"})
    write_connection(paths, connection)
    cure = ["version 9.9", f"protocol {protocol}", "'jupyter platform down'"]

    refuses(4, *cure, words=["submit", "LEARN", "mlp", "iris"])
    with pytest.raises(VersionMismatchError, match="running jobs go on"):
        Platform().status()

    assert server.seen("POST /api/jobs") == []


def test_a_remote_coordinator_of_another_version_names_the_cure(monkeypatch, start_coordinator):
    server = start_coordinator(protocol=99)

    with pytest.raises(VersionMismatchError, match="Install the same version on both sides"):
        Platform(url=server.url, token="secret").status()


@pytest.mark.parametrize(
    ("url", "token", "code", "part"),
    [
        ("ftp://there", "x", 2, "'ftp://there' is no address"),
        ("http://[", "x", 2, "'http://[' is no address"),
        ("http://127.0.0.1:99999999", "x", 2, "is no address"),
        ("http://127.0.0.1:1", None, 2, "wants a token"),
        ("http://127.0.0.1:1", "gehéim", 2, "not ASCII"),
        ("http://127.0.0.1:1", "two\nlines", 2, "control character"),
        ("http://127.0.0.1:1", "x", 4, "Connection refused"),
    ],
)
def test_an_address_or_token_that_cannot_be(paths, refuses, monkeypatch, url, token, code, part):
    monkeypatch.setenv("JUPYTER_PLATFORM_API_URL", url)
    if token is not None:
        monkeypatch.setenv("JUPYTER_PLATFORM_API_TOKEN", token)

    refuses(code, part, words=["status"])


@pytest.fixture
def own(paths, monkeypatch):
    """Folders of a platform of this test alone; whatever is started in them is ended."""
    monkeypatch.setenv("JP_TEST_ACCEPTANCE", str(paths.data))
    yield paths
    end_processes("JP_TEST_ACCEPTANCE", str(paths.data))


def test_a_port_in_use_is_told_and_nothing_stays_up(own, program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = program("up", "--port", str(port))

    check_refusal(done, 4, f"Port {port} of 127.0.0.1", "Address already in use", "another port")
    assert not own.connection_file.exists()
    assert living(own) == {}


def test_a_home_on_a_network_file_system_is_told_to_who_typed_up(own, program, tmp_path):
    # The kernel's table of mounts is the one thing that cannot be had here; all else is real.
    table = tmp_path / "mountinfo"
    table.write_text(
        f"21 1 254:0 / / rw - ext4 /dev/vda rw\n30 21 0:50 / {own.data} rw - nfs4 s:/h rw\n"
    )
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import pathlib\n"
        "read = pathlib.Path.read_text\n"
        "def read_text(self, *args, **kwargs):\n"
        f"    path = {str(table)!r} if str(self) == '/proc/self/mountinfo' else self\n"
        "    return read(pathlib.Path(path), *args, **kwargs)\n"
        "pathlib.Path.read_text = read_text\n"
    )

    done = program("up", env=os.environ | {"PYTHONPATH": str(hook)})

    check_refusal(done, 4, str(own.data), "nfs4", "JUPYTER_DATA_DIR")
    assert not own.database.exists()
    assert living(own) == {}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--port", "99999"], "Setting coordinator.port = 99999"),
        (["--hosts", "0"], "Setting cluster.hosts = 0"),
        (["--memory", "lots"], "Setting cluster.memory = 'lots': 'lots' is no size"),
        (["--config", "none.toml"], "Settings file none.toml cannot be read"),
    ],
)
def test_settings_that_cannot_be_start_nothing(paths, refuses, words, part):
    refuses(2, part, words=["up", *words])

    assert living(paths) == {}


def test_folders_that_cannot_be_made_are_told(paths, refuses, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", "/dev/null/data")

    refuses(4, "/dev/null/data", "JUPYTER_DATA_DIR", words=["up"])


# The command line ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [["jobs", "--search", "\udcff"], ["datasets", "add", "\udcff.csv"], ["job", "\udcff"]],
)
def test_an_argument_that_is_no_text_is_wrong_usage(command_of, words):
    done = command_of(words)

    assert done.code == 2
    assert "is no text in UTF-8" in done.err


@pytest.fixture
def command_of(program):
    return lambda words: program(*(os.fsencode(word) for word in words))


def test_a_disk_that_is_full_where_output_goes_is_told(platform):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [str(JUPYTER), "platform", "networks", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode != 0
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


@pytest.mark.chaos
def test_stopping_with_a_job_that_does_not_start_ends_in_a_sentence(own, program, monkeypatch):
    """The host is frozen before the job reaches it: it stays ``starting``."""
    assert program("up", "--cpus", "1", "--overcommit").code == 0
    with Platform(start=False) as platform:
        host = next(name for name in living(own) if name.startswith("host-"))
        pid = read_supervised(own, host).pid
        os.kill(pid, signal.SIGSTOP)
        try:
            job = platform.submit("LEARN", "mlp", "iris", max_iterations=-1, wait_for_host=0)
            deadline = time.monotonic() + 30
            while job.refresh().record.state == "queued" and time.monotonic() < deadline:
                time.sleep(0.05)
            assert job.record.state == "starting"

            monkeypatch.setattr("jupyter_platform.cli.cluster.STOP_TIMEOUT_S", 0.2)
            from jupyter_platform.cli.cluster import _stop_all  # noqa: PLC0415

            with pytest.raises(ConflictError) as caught:
                _stop_all([job])
        finally:
            os.kill(pid, signal.SIGCONT)
    assert f"1 job did not stop within 0 s:\n  {job.id}  mlp-iris" in caught.value.message
    assert "--leave-jobs" in caught.value.message
    done = program("down", "--stop-jobs")
    assert (done.code, done.out) == (0, "The platform is down.\n"), done.err
    assert living(own) == {}


def test_the_coordinator_has_met_no_defect_in_all_of_this(shared_paths, platform):
    log = shared_paths.log(COORDINATOR).read_text()

    assert "Traceback" not in log
    assert PlatformError.code not in log or "The coordinator failed" not in log

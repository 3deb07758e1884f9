"""Networks from files, and files from networks; the process that reads them is the real one."""

import asyncio
import io
import json
import uuid
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

from jupyter_platform.coordinator.repository import NetworkExchange, NetworkUpload
from jupyter_platform.coordinator.repository.networks import conversion as conversion_module
from jupyter_platform.coordinator.repository.networks import exchange as exchange_module
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    OptionError,
    RequestTooLargeError,
    UnavailableError,
)

INPUT, LINEAR, OUTPUT = (str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for name in "abc")
WEIGHTS = np.arange(15, dtype="f4")


@pytest.fixture
def exchange(paths, networks, tags, reader):
    return NetworkExchange(paths, networks, tags, reader)


async def pieces(data, size=1000):
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.fixture
def bring(exchange):
    """Send a file as somebody does."""

    async def send(data, **fields):
        return await exchange.bring(pieces(data), NetworkUpload(**fields), len(data))

    return send


def zipped(**members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def dianne(*, tag=""):
    modules = {
        INPUT: {"type": "Input", "next": LINEAR},
        LINEAR: {"type": "Linear", "prev": INPUT, "next": OUTPUT, "input": "4", "output": "3"},
        OUTPUT: {"type": "Output", "prev": LINEAR},
    }
    weights = len(WEIGHTS).to_bytes(4, "big") + WEIGHTS.astype(">f4").tobytes()
    return zipped(**{"small/modules.txt": json.dumps(modules), f"small/{LINEAR}{tag}": weights})


async def test_a_network_of_dianne_goes_out_as_an_archive_and_comes_back(
    bring, exchange, networks, tags, paths
):
    brought = await bring(dianne(tag="-trained"), file_name="small.zip")

    assert (brought.kind, brought.network.description.name) == ("dianne", "small")
    assert brought.tags == ["trained"]
    (tag,) = brought.network.tags
    assert tag.origin.source == "small.zip"
    file = paths.weights / "small" / "trained" / "last.safetensors"
    np.testing.assert_array_equal(load_file(file)["linear1.weight"].ravel(), WEIGHTS[:12])

    _, content = await exchange.archive("small")
    data = b"".join(content)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {
            "network.json",
            "README.md",
            "weights/trained/tag.json",
            "weights/trained/last.safetensors",
        }
        assert b"small.zip" in archive.read("README.md")

    again = await bring(data, name="again", file_name="archive.zip")

    assert again.kind == "archive"
    (copied,) = again.network.tags
    assert copied.variants[0].digest == tag.variants[0].digest
    assert again.network.description.digest == brought.network.description.digest
    assert not [item for item in paths.blobs.iterdir() if item.name.startswith(".incoming")]


async def test_what_cannot_be_read_is_refused_and_leaves_nothing(bring, networks, paths):
    with pytest.raises(InvalidDataError, match="'../x', a path that leads outside"):
        await bring(zipped(**{"modules.txt": "{}", "../x": "y"}))
    assert not [item for item in paths.blobs.iterdir() if item.name.startswith(".incoming")]
    assert networks.find("small") is None


async def test_a_description_needs_no_process_that_knows_torch(bring, networks, monkeypatch):
    monkeypatch.setattr(conversion_module, "MODULE", "jupyter_platform.no_such_module")
    layers = [{"type": "Linear", "in_features": 4, "out_features": 2}]
    text = b"\xef\xbb\xbf\n" + json.dumps({"name": "tiny", "layers": layers}).encode()

    brought = await bring(text, name="tiny-2", input_shape="4")

    assert brought.kind == "description"
    assert networks.get("tiny-2").input_shape == (4,)
    with pytest.raises(InvalidDataError, match="x.json is no description .* at layers.0"):
        await bring(b'{"name": "x", "layers": [3]}', file_name="x.json")
    with pytest.raises(ConflictError, match="another network 'tiny-2' already"):
        await bring(b'{"name": "tiny-2", "layers": []}')


async def test_a_python_file_is_the_source_of_a_network_where_it_may_be_run(bring, networks):
    source = b"import torch\n\nclass Net(torch.nn.Identity):\n    pass\n"

    found = await bring(source, file_name="My Net.py", code=True)

    description = networks.get(found.network.description.name)
    assert (found.kind, description.name) == ("python", "my-net")
    assert description.source.files == {description.source.main: source.decode()}
    with pytest.raises((InvalidDataError, OptionError), match="code"):
        await bring(source, file_name="other.py")
    with pytest.raises(InvalidDataError, match=r"other\.py is no Python source in UTF-8"):
        await bring(b"\xff\xfe\x00", file_name="other.py", code=True)


async def test_an_empty_body_is_told_what_is_accepted(bring):
    with pytest.raises(InvalidDataError, match="file is empty; accepted: an archive of a network"):
        await bring(b"")


async def test_a_body_that_is_too_large_is_told_the_limit(exchange, paths, monkeypatch):
    monkeypatch.setattr(exchange_module, "MAX_BYTES", 5000)

    for announced in (6000, None):
        with pytest.raises(RequestTooLargeError, match="there is room for 5.0 kB"):
            await exchange.bring(pieces(bytes(6000)), NetworkUpload(), announced)
    assert not [item for item in paths.blobs.iterdir() if item.name.startswith(".incoming")]


async def test_a_process_that_fails_is_told_and_noted(bring, monkeypatch, caplog):
    monkeypatch.setattr(conversion_module, "MODULE", "jupyter_platform.no_such_module")

    with pytest.raises(UnavailableError, match="the coordinator's log says why"):
        await bring(b"PK")
    assert "no_such_module" in caplog.text


async def test_a_conversion_that_takes_too_long_is_given_up(bring, monkeypatch):
    monkeypatch.setattr(conversion_module, "WITHIN_S", 0.05)

    with pytest.raises(UnavailableError, match="not read or written within"):
        await bring(dianne())


@pytest.fixture
def answered(exchange, tmp_path, monkeypatch):
    """Let the process answer at once, with a network of one layer and given weights."""
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"weights")

    def set_answer(*tags, name="small", out_features=3):
        layers = [{"type": "Linear", "in_features": 4, "out_features": out_features}]
        answer = {
            "kind": "archive",
            "description": {"name": name, "layers": layers},
            "facts": {"layers": [], "parameters": 15, "input_shape": [4], "output_shape": [3]},
            "weights": [{"tag": tag, "file": str(file)} for tag in tags],
        }

        async def convert(_request):
            await asyncio.sleep(0)
            return answer

        monkeypatch.setattr(exchange, "_converter", SimpleNamespace(convert=convert))

    return set_answer


async def test_weights_are_added_to_the_same_network(bring, answered, networks):
    answered("first")
    await bring(b"x")
    answered("second")
    await bring(b"x")

    record = await networks.record("small")
    assert {item.tag for item in record.tags} == {"first", "second"}


async def test_nothing_is_replaced_unless_that_is_asked_for(bring, answered, networks):
    answered("first")
    await bring(b"x")

    with pytest.raises(ConflictError, match="weights under the tag 'first' already"):
        await bring(b"x")
    answered("other", out_features=5)
    with pytest.raises(ConflictError, match="another network 'small' already"):
        await bring(b"x")
    await bring(b"x", replace=True)

    assert networks.get("small").layers[0].arguments["out_features"] == 5


async def test_a_bundled_network_is_never_replaced(bring, answered):
    answered(name="mlp")

    with pytest.raises(ConflictError, match="bundled"):
        await bring(b"x", replace=True)


async def test_names_are_checked_before_the_file_is_read(bring):
    with pytest.raises(OptionError, match="'a/b' is no tag"):
        await bring(b"x", tag="a/b")
    with pytest.raises(NotFoundError, match="Did you mean 'mlp'"):
        await bring(b"x", network="mpl")


async def test_an_archive_holds_the_tags_that_were_asked_for(bring, answered, exchange):
    answered("first", "second")
    await bring(b"x")

    _, content = await exchange.archive("small", ["second"])
    with zipfile.ZipFile(io.BytesIO(b"".join(content))) as archive:
        assert "weights/second/last.safetensors" in archive.namelist()
        assert not [name for name in archive.namelist() if "first" in name]
    with pytest.raises(NotFoundError, match="Did you mean 'first'"):
        await exchange.archive("small", ["frist"])

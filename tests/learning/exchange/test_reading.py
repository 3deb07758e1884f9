"""Archives, bare weights and descriptions; and files that nobody should open."""

from __future__ import annotations

import io
import json
import pickle
import stat
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.learning.exchange import zips
from jupyter_platform.learning.networks import WeightsHeader, build, read_metadata, save_weights

MLP = bundled_networks()["mlp"]


@pytest.fixture
def trained(tmp_path):
    """Return an MLP for iris and its weights file."""
    torch.manual_seed(0)
    network = build(MLP, (4,), 3)
    path = tmp_path / "best.safetensors"
    save_weights(path, network.state_dict(), WeightsHeader.of(MLP, (4,), 3), step="7")
    return network, path


def tag_record(**fields):
    return TagRecord.model_validate(
        {
            "network": "mlp",
            "tag": "first",
            "job": "0123456789ab",
            "dataset": "iris",
            "network_digest": MLP.digest,
            "input_shape": [4],
            "outputs": 3,
            "origin": {"seed": 3, "torch": "2.9"},
            "variants": [
                {"variant": "best", "digest": "0" * 64, "bytes": 1, "step": 7, "scores": {"a": 1}}
            ],
            "updated_at": "2026-01-01T00:00:00Z",
            **fields,
        }
    )


@pytest.fixture
def archive(tmp_path, trained):
    """Return what writes an archive; members may be given, None leaves one out."""

    def write(**changed: bytes | None) -> Path:
        members = {
            "network.json": MLP.model_dump_json().encode(),
            "README.md": b"# mlp",
            "weights/first/tag.json": tag_record().model_dump_json().encode(),
            "weights/first/best.safetensors": trained[1].read_bytes(),
        }
        path = tmp_path / "mlp.zip"
        with zipfile.ZipFile(path, "w") as target:
            for name, data in {**members, **changed}.items():
                if data is not None:
                    target.writestr(name, data)
        return path

    return write


def test_an_archive_gives_back_what_was_put_in(archive, trained, import_file):
    answer = import_file(archive(), name="again")

    (weights,) = answer.weights
    assert answer.description == MLP.model_copy(update={"name": "again"})
    assert answer.description.digest == MLP.digest
    assert (weights.tag, weights.variant, weights.step) == ("first", "best", 7)
    assert (weights.origin.seed, weights.scores, weights.job) == (3, {"a": 1}, "0123456789ab")
    assert Path(weights.file).read_bytes() == trained[1].read_bytes()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"network.json": b"{"}, "network.json is no description"),
        ({"network.json": b'{"name": "a b", "layers": []}'}, "at name"),
        ({"network.json": b"{}"}, "at name: Field required"),
        ({"weights/first/best.safetensors": None}, "lacks weights/first/best.safetensors"),
        ({"weights/first/best.safetensors": b"cut"}, "cannot be read as safetensors"),
        ({"weights/first/tag.json": b"{}"}, "is no record of a tag"),
        ({"../outside": b"x"}, "'../outside', a path that leads outside"),
        ({"/etc/passwd": b"x"}, "'/etc/passwd', a path that leads outside"),
        ({"a/../../b": b"x"}, "leads outside"),
        ({"C:\\x": b"x"}, "leads outside"),
    ],
)
def test_a_broken_archive_is_refused_with_its_member(archive, import_file, changed, words):
    with pytest.raises(InvalidDataError) as caught:
        import_file(archive(**changed))

    assert words in caught.value.message


def test_the_record_of_another_tag_is_refused(archive, import_file):
    other = tag_record(tag="second").model_dump_json().encode()

    with pytest.raises(InvalidDataError, match="record of another tag, 'second'"):
        import_file(archive(**{"weights/first/tag.json": other}))


def test_weights_of_another_network_are_refused(archive, import_file):
    lenet = bundled_networks()["lenet"].model_dump_json().encode()

    with pytest.raises(InvalidDataError, match="do not fit network 'lenet': 'conv1.weight'"):
        import_file(archive(**{"network.json": lenet}))


def test_an_archive_of_code_that_is_not_installed_is_refused(archive, import_file):
    code = NetworkDescription(name="theirs", entry_point="no_such").model_dump_json().encode()

    with pytest.raises(NotFoundError, match="no installed package offers"):
        import_file(archive(**{"network.json": code}))


def test_a_link_in_a_zip_file_is_refused(archive, import_file):
    path = archive()
    with zipfile.ZipFile(path, "a") as target:
        link = zipfile.ZipInfo("weights/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        target.writestr(link, "/etc/passwd")

    with pytest.raises(InvalidDataError, match="'weights/link', a link"):
        import_file(path)


def test_a_member_that_is_there_twice_is_refused(archive, import_file):
    path = archive()
    with zipfile.ZipFile(path, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("network.json", b"{}")

    with pytest.raises(InvalidDataError, match="'network.json' twice"):
        import_file(path)


def test_a_zip_file_that_is_too_large_is_refused_before_it_is_read(
    archive, import_file, monkeypatch
):
    monkeypatch.setattr(zips, "MAX_BYTES", 1000)

    with pytest.raises(InvalidDataError, match=r"holds .*; at most 1\.0 kB"):
        import_file(archive())


def test_a_zip_file_that_was_cut_short_is_refused(archive, import_file):
    path = archive()
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(InvalidDataError, match="zip file cannot be read"):
        import_file(path)


def test_bare_weights_become_those_of_a_network(trained, import_file, tmp_path):
    network, _ = trained
    path = tmp_path / "bare.safetensors"
    save_file({key: value.clone() for key, value in network.state_dict().items()}, path)

    answer = import_file(path, network=MLP, input_shape=(4,), outputs=3, tag="theirs")

    (weights,) = answer.weights
    assert (weights.tag, weights.input_shape, weights.outputs) == ("theirs", [4], 3)
    assert read_metadata(Path(weights.file))["input_shape"] == "[4]"


def test_bare_weights_are_checked_against_the_network(trained, import_file, tmp_path):
    network, ours = trained
    state = {key: value.clone() for key, value in network.state_dict().items()}
    path = tmp_path / "bare.safetensors"

    with pytest.raises(InvalidDataError, match="name the network"):
        import_file(ours)
    save_file(state, path)
    with pytest.raises(InvalidDataError, match="give input_shape and outputs"):
        import_file(path, network=MLP)
    save_file({**state, "extra": torch.zeros(1)}, path)
    with pytest.raises(InvalidDataError, match="it has no 'extra'"):
        import_file(path, network=MLP, input_shape=(4,), outputs=3)
    path.write_bytes(ours.read_bytes()[:-8])
    with pytest.raises(InvalidDataError, match="cannot be read as safetensors"):
        import_file(path, network=MLP)


def test_weights_that_are_not_finite_are_told(trained, import_file, tmp_path):
    state = {key: value.clone() for key, value in trained[0].state_dict().items()}
    state["Linear2.bias"][3] = torch.nan
    path = tmp_path / "bare.safetensors"
    save_file(state, path)

    answer = import_file(path, network=MLP, input_shape=(4,), outputs=3)

    assert answer.warnings == ["Linear2.bias is not finite."]


def test_a_description_is_a_network_too(import_file, tmp_path):
    path = tmp_path / "mine.json"
    layers = [{"type": "Linear", "in_features": 4, "out_features": 2}]
    path.write_text(json.dumps({"name": "mine", "layers": layers}))

    answer = import_file(path)

    assert (answer.kind, answer.description.name) == ("description", "mine")
    assert (answer.facts.output_shape, answer.facts.parameters) == ([2], 10)


def torch_file() -> bytes:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(1)}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps({"a": 1}), "is a pickle"),
        (torch_file(), "is a pickle"),
        (b"", "empty"),
        (b"hello", "nothing that is known here"),
        (b"{", "no JSON"),
        (b"\x89PNG\r\n\x1a\n", "nothing that is known here"),
    ],
)
def test_files_of_other_kinds_are_refused(import_file, tmp_path, content, words):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(InvalidDataError, match=words):
        import_file(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty; accepted: an archive of a network, DIANNE's"),
        (b"--boundary\r\nContent-Disposition: form-data", "nothing that is known here; accepted"),
        (b'{"a": 1}', "nothing that is known here; accepted"),
        (b'{"layers": [', "The file is no JSON"),
    ],
)
def test_a_file_that_holds_no_network_is_told_what_is_accepted(tmp_path, import_file, data, words):
    (tmp_path / "file").write_bytes(data)

    with pytest.raises(InvalidDataError, match=words):
        import_file(tmp_path / "file")

"""Folders as DIANNE leaves them, written here from what is known of the format and nothing else."""

from __future__ import annotations

import json
import struct
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pytest

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.exchange import zips

from .conftest import outputs

RNG = np.random.default_rng(7)


def identity(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def chain(*modules: dict[str, str]) -> dict[str, dict[str, object]]:
    """Return modules one behind the other by id, with `Input` and `Output` around them."""
    named = [{"type": "Input"}, *modules, {"type": "Output"}]
    ids = [identity(str(number)) for number in range(len(named))]
    return {
        own: {**module, "id": own, "prev": ids[:number][-1:], "next": ids[number + 1 :][:1]}
        for number, (own, module) in enumerate(zip(ids, named, strict=True))
    }


def write_values(path: Path, values: np.ndarray) -> None:
    """Write what Java's DataOutputStream does: writeInt, then writeFloat for each."""
    numbers = [float(value) for value in values]
    path.write_bytes(struct.pack(f">i{len(numbers)}f", len(numbers), *numbers))


def zip_of(folder: Path) -> Path:
    target = folder.parent / f"{folder.name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.parent.rglob("*")):
            if path.is_file() and path != target:
                archive.write(path, path.relative_to(folder.parent).as_posix())
    return target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "models" / "net_1.0"
    found.mkdir(parents=True)
    return found


def put(folder: Path, modules: dict[str, dict[str, object]], text: str | None = None) -> None:
    (folder / "modules.txt").write_text(json.dumps(modules) if text is None else text)


def test_a_convolution_feeds_a_linear_layer_plane_by_plane_and_row_by_row(folder, import_file):
    put(
        folder,
        chain(
            {"type": "Normalization"},
            {
                "type": "Convolution", "noInputPlanes": "2", "noOutputPlanes": "3",
                "kernelWidth": "2", "kernelHeight": "3", "padX": "1",
            },
            {"type": "ReLU"},
            {"type": "MaxPooling", "width": "2", "height": "2"},
            {"type": "Linear", "input": "18", "output": "4"},
            {"type": "Softmax"},
        ),
    )  # fmt: skip
    kernel, bias = RNG.normal(size=(3, 2, 3, 2)), RNG.normal(size=3)
    matrix, offset = RNG.normal(size=(4, 18)), RNG.normal(size=4)
    write_values(folder / identity("1"), np.array([0.25, 0.5]))
    write_values(folder / identity("2"), np.concatenate([kernel.ravel(), bias]))
    write_values(folder / identity("5"), np.concatenate([matrix.ravel(), offset]))
    images = RNG.uniform(size=(5, 2, 6, 6)).astype("f4")

    answer = import_file(zip_of(folder))

    assert answer.description.name == "net_1.0"
    np.testing.assert_allclose(
        outputs(answer, images),
        [by_hand(image, kernel, bias, matrix, offset) for image in images],
        atol=1e-5,
    )


def by_hand(image, kernel, bias, matrix, offset):
    padded = np.pad((image - 0.25) / 0.5, ((0, 0), (0, 0), (1, 1)))
    pooled = []
    for plane in range(3):
        rows = [
            [
                max(0.0, bias[plane] + (padded[:, y : y + 3, x : x + 2] * kernel[plane]).sum())
                for x in range(7)
            ]
            for y in range(4)
        ]
        for y in (0, 2):
            pooled += [max(rows[y + i][x + j] for i in (0, 1) for j in (0, 1)) for x in (0, 2, 4)]
    # A row has 7 values, of which the last has no partner.
    values = np.exp(matrix @ np.array(pooled) + offset)
    return values / values.sum()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_text_that_people_have_edited_is_read(folder, import_file, encoding):
    modules = chain({"type": "Linear", "name": "café // # /*", "input": "2", "output": "1"})
    lines = json.dumps(modules, indent="\t", ensure_ascii=False).splitlines()
    lines[0] += " // the network"
    lines[1] += "   /* of\r\n two lines */"
    lines[-1] = "  , # the last comma\r\n}"
    (folder / "modules.txt").write_bytes("\r\n\r\n".join(lines).encode(encoding))
    write_values(folder / identity("1"), np.array([2.0, 3.0, 0.5]))

    zipped = import_file(zip_of(folder))
    alone = import_file(folder / "modules.txt", name="alone")

    assert outputs(zipped, np.array([[1, 10]], "f4")).tolist() == [[32.5]]
    assert alone.warnings == ["No weights came with it; it has to be trained."]


def test_text_that_is_no_json_says_where(folder, import_file):
    put(folder, {}, '{\n// comment\n"a" 1}')

    with pytest.raises(InvalidDataError, match="no JSON.*line 3 column 5"):
        import_file(zip_of(folder))


def two_layers(folder: Path) -> dict[str, np.ndarray]:
    put(
        folder,
        chain(
            {"type": "Linear", "input": "1", "output": "1"},
            {"type": "Linear", "input": "1", "output": "1"},
        ),
    )
    return {identity("1"): np.array([1.0, 0.0]), identity("2"): np.array([1.0, 0.0])}


def test_weights_without_a_tag_are_the_newest_and_fill_what_a_tag_lacks(folder, import_file):
    first, second = two_layers(folder)
    for name, factor in (
        (first, 2.0), (second, 3.0), (f"{first}-run", 5.0), (f"{second}-run", 7.0),
        (f"{first}-run-200", 11.0), (f"{second}-run-200", 13.0), (f"{second}-tuned-best", 17.0),
    ):  # fmt: skip
        write_values(folder / name, np.array([factor, 0.0]))

    answer = import_file(zip_of(folder))

    one = np.ones((1, 1), "f4")
    found = {(item.tag, item.variant): outputs(answer, one, item).item() for item in answer.weights}
    assert found == {
        ("run", "last"): 35.0,
        ("run", "200"): 143.0,
        ("tuned", "best"): 34.0,
        ("imported", "last"): 6.0,
    }
    assert answer.weights[-1].tag == "imported"
    assert {item.step for item in answer.weights if item.variant == "200"} == {200}
    (warning,) = answer.warnings
    assert f"tuned/best lack those of module {first}" in warning


def test_what_a_folder_shares_with_other_networks_gives_way_to_its_own(folder, import_file):
    first, second = two_layers(folder)
    (folder.parent / "weights").mkdir()
    for place, name, factor in (
        (folder.parent / "weights", first, 2.0),
        (folder.parent / "weights", second, 3.0),
        (folder, second, 5.0),
        (folder.parent / "weights", identity("of another network"), 7.0),
    ):
        write_values(place / name, np.array([factor, 0.0]))

    answer = import_file(zip_of(folder))

    assert outputs(answer, np.ones((1, 1), "f4")).tolist() == [[10.0]]


def test_two_sets_of_weights_do_not_share_a_tag(folder, import_file):
    for name in two_layers(folder):
        write_values(folder / name, np.zeros(2))
        write_values(folder / f"{name}-mine", np.ones(2))

    with pytest.raises(InvalidDataError, match="Two sets of weights would be called mine/last"):
        import_file(zip_of(folder), tag="mine")


def test_a_file_that_does_not_fit_is_refused_before_it_is_read(folder, import_file, monkeypatch):
    monkeypatch.setattr(zips, "FREE_BYTES", 100_000)
    first, second = two_layers(folder)
    write_values(folder / first, np.zeros(2))
    (folder / second).write_bytes(struct.pack(">i", 200) + bytes(800))

    with pytest.raises(InvalidDataError, match=f"{second} holds 200 values; .* has 2"):
        import_file(zip_of(folder))

    (folder / second).write_bytes(bytes(10_000_000))
    with pytest.raises(InvalidDataError, match="would unpack to 10.0 MB; at most 100 times"):
        import_file(zip_of(folder))

"""How folders of pictures are understood, and which of their pictures cannot be read."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import load
from jupyter_platform.learning.data.pictures import survey
from jupyter_platform.learning.data.pictures.folder_look import look_at_folder

RANDOM = np.random.default_rng(0)


@pytest.fixture
def tree(tmp_path):
    """Return what makes files: pictures of one size each, or whatever content is given."""

    def make(*names, size=(6, 4), **contents):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = RANDOM.integers(0, 256, (size[1], size[0], 3), dtype="u1")
            Image.fromarray(pixels).save(path)
        return tmp_path

    return make


def opened(folder, kind="images", **facts):
    return load(DatasetDescriptor(name="d", kind=kind, file=f"path:{folder}", **facts), {})


def parts_of(data):
    return {name: (part.start, part.stop) for name, part in data.facts.parts.items()}


def labels(data):
    names = data.facts.classes
    return [names[number] for number in data.gather(torch.arange(data.facts.size))[1].tolist()]


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "valid", "test"), ("Training", "val", "TESTING"), ("train", "validation", "eval")],
)
def test_parts_hold_classes(tree, train, validation, test):
    folder = tree(
        f"{train}/cat/1.png",
        f"{train}/dog/1.png",
        f"{train}/dog/2.jpg",
        f"{validation}/dog/1.png",
        f"{test}/cat/9.png",
        f"{test}/dog/1.png",
    )

    data = opened(folder)

    assert data.facts.classes == ["cat", "dog"]
    assert parts_of(data) == {"train": (0, 3), "validation": (3, 4), "test": (4, 6)}
    assert labels(data) == ["cat", "dog", "dog", "dog", "cat", "dog"]


def test_classes_may_hold_parts(tree):
    folder = tree("cat/train/1.png", "cat/test/1.png", "dog/train/1.png", "dog/test/2.png")

    data = opened(folder)

    assert data.facts.classes == ["cat", "dog"]
    assert (parts_of(data)["test"], data.facts.size) == ((2, 4), 4)


def test_what_programs_leave_behind_is_no_class(tree):
    folder = tree(
        "cat/1.png",
        "dog/1.png",
        "__MACOSX/cat/1.png",
        ".ipynb_checkpoints/1.png",
        "dog/.ipynb_checkpoints/1-checkpoint.png",
        "Thumbnails/1.png",
        "cat/._1.png",
        "@eaDir/1.png",
    )
    (folder / "empty").mkdir()
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.txt").write_text("x")

    data = opened(folder)

    assert data.facts.classes == ["cat", "dog"]
    assert data.facts.class_counts == [1, 1]


def test_a_class_has_all_pictures_below_its_folder_and_a_wrapping_folder_is_none(tree):
    folder = tree("pets/cat/persian/1.png", "pets/cat/2.png", "pets/dog/1.png")

    data = opened(folder)

    assert (data.facts.classes, data.facts.class_counts) == (["cat", "dog"], [2, 1])


def test_trains_may_be_a_class(tree):
    data = opened(tree("bus/1.png", "car/1.png", "train/1.png"))

    assert data.facts.classes == ["bus", "car", "train"]


def test_parts_beside_something_else_are_refused_naming_both(tree):
    folder = tree("train/cat/1.png", "test/cat/1.png", "extra/1.png")

    with pytest.raises(InvalidDataError, match=r"parts \(test, train\) beside others \(extra\)"):
        opened(folder)


def test_classes_that_differ_in_case_only_are_refused(tree):
    with pytest.raises(InvalidDataError, match="'Cat' and 'cat' differ in the case"):
        opened(tree("train/Cat/1.png", "test/cat/1.png"))


def test_pictures_in_no_class_are_left_out_and_said(tree):
    data = opened(tree("cat/1.png", "dog/1.png", "cover.png"))

    assert data.facts.size == 2
    assert "1 picture of" in data.facts.warnings[0]
    assert "cover.png" in data.facts.warnings[0]


def test_a_class_without_pictures_to_train_on_is_warned_of(tree):
    data = opened(tree("train/cat/1.png", "train/dog/1.png", "test/cow/1.png"))

    training = [text for text in data.facts.warnings if "training part" in text]
    assert len(training) == 1
    assert "'cow'" in training[0]
    assert training[0].endswith("a network learns nothing of it.")


def break_some(folder):
    (folder / "cat" / "2.png").write_bytes(b"no picture")
    whole = (folder / "dog" / "1.png").read_bytes()
    (folder / "dog" / "1.png").write_bytes(whole[: len(whole) // 2])
    (folder / "dog" / "3.png").write_bytes(b"")


@pytest.mark.parametrize("decoded_bytes", [survey.DECODED_BYTES, 0])
def test_pictures_that_cannot_be_read_are_all_listed_or_left_out(tree, monkeypatch, decoded_bytes):
    monkeypatch.setattr(survey, "DECODED_BYTES", decoded_bytes)
    names = [f"{name}/{number}.png" for name in ("cat", "dog") for number in (1, 2, 3)]
    folder = tree(*names, size=(60, 40))
    break_some(folder)

    with pytest.raises(InvalidDataError) as refusal:
        opened(folder)
    message = refusal.value.message
    assert "3 of 6 pictures cannot be read" in message
    for part in ("no image: cat/2.png", "cut short: dog/1.png", "empty: dog/3.png", "skip_broken"):
        assert part in message

    data = opened(folder, skip_broken=True)
    assert (data.facts.size, data.facts.skipped) == (3, 3)
    assert sorted(labels(data)) == ["cat", "cat", "dog"]
    assert "Left out: 3 of 6 pictures" in data.facts.warnings[0]


def test_parts_keep_their_places_when_pictures_are_left_out(tree):
    folder = tree("train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "test/dog/1.png")
    (folder / "train" / "cat" / "1.png").write_bytes(b"no picture")

    data = opened(folder, skip_broken=True)

    assert parts_of(data) == {"train": (0, 1), "validation": (1, 2), "test": (2, 3)}
    assert labels(data) == ["dog", "cat", "dog"]


def test_a_jpeg_that_is_cut_short_is_found_without_decoding_it(tree, monkeypatch):
    monkeypatch.setattr(survey, "DECODED_BYTES", 0)
    folder = tree("cat/1.jpg", "dog/1.jpg", size=(200, 200))
    path = folder / "cat" / "1.jpg"
    path.write_bytes(path.read_bytes()[:-2000])

    with pytest.raises(InvalidDataError, match=r"1 of 2 pictures.*it is cut short: cat/1.jpg"):
        opened(folder)


def masks(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 2, (4, 6), dtype="u1")).save(folder / name)


@pytest.mark.parametrize(
    "layout",
    [
        ("{part}/images/1.png", "{part}/masks/1.png"),
        ("images/{part}/1.png", "masks/{part}/1.png"),
        ("data/images/{part}/1.jpg", "data/masks/{part}/1_mask.png"),
    ],
)
def test_masks_may_lie_in_parts_or_parts_in_masks(tree, layout):
    parts = ("train", "val", "test")
    folder = tree(*(layout[0].format(part=part) for part in parts))
    masks(folder, *(layout[1].format(part=part) for part in parts))

    data = opened(folder, "masks")

    assert parts_of(data) == {"train": (0, 1), "validation": (1, 2), "test": (2, 3)}


def test_an_image_or_mask_that_cannot_be_read_is_left_out_with_its_other_half(tree):
    folder = tree("images/1.png", "images/2.png", "images/3.png")
    masks(folder, "masks/1.png", "masks/2.png", "masks/3.png")
    (folder / "images" / "1.png").write_bytes(b"x")
    (folder / "masks" / "3.png").write_bytes(b"x")

    data = opened(folder, "masks", skip_broken=True)

    assert (data.facts.size, data.facts.skipped) == (1, 2)


def test_a_folder_is_looked_at_before_it_is_a_dataset(tree):
    folder = tree("train/cat/1.png", "train/dog/1.png", "test/cat/1.png")
    tree("train/dog/2.png", size=(300, 448))
    (folder / "test" / "cat" / "bad.png").write_bytes(b"x")

    found = look_at_folder(folder)

    assert found.kind == "images"
    assert found.parts == {"train": 3, "test": 2}
    assert found.classes == {"cat": 3, "dog": 2}
    assert (found.sizes, found.shape) == ("6×4 to 300×448", [3, 4, 6])
    assert (found.broken, "bad.png" in found.problem) == (1, True)


def test_a_look_tells_masks_and_refuses_what_holds_no_picture(tree, tmp_path):
    folder = tree("images/1.png")
    masks(folder, "masks/1.png")

    assert look_at_folder(folder).kind == "masks"
    (tmp_path / "none").mkdir()
    with pytest.raises(InvalidDataError, match="none holds no picture; accepted are"):
        look_at_folder(tmp_path / "none")
    with pytest.raises(InvalidDataError, match="is no folder"):
        look_at_folder(tmp_path / "images" / "1.png")

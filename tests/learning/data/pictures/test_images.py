"""Folders of images, against the pixels that were written."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import Dataset, load
from jupyter_platform.learning.data.pictures import pictures, survey

RANDOM = np.random.default_rng(0)


@pytest.fixture
def save(tmp_path):
    """Return what writes an image of random pixels and gives them back as (C, H, W)."""

    def write(name: str, size=(6, 4), mode="RGB") -> np.ndarray:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
        pixels = RANDOM.integers(0, 256, shape, dtype="u1")
        Image.fromarray(pixels).save(path)
        return pixels.transpose(2, 0, 1) if mode == "RGB" else pixels[None]

    return write


def opened(tmp_path, kind="images", **facts) -> Dataset:
    given = {"file": f"path:{tmp_path}"} if "train" not in facts else {}
    return load(DatasetDescriptor(name="d", kind=kind, **given, **facts), {})


def test_each_folder_is_a_class_and_images_are_read_when_they_are_needed(save, tmp_path):
    pixels = [save("cat/b.png"), save("cat/a.png"), save("dog/1.png"), save("dog/.hidden.png")]
    save("dog/notes.txt.png")
    (tmp_path / "dog" / "notes.txt").write_text("no image")

    data = opened(tmp_path)
    inputs, targets = data.gather(torch.tensor([1, 0, 2]))

    assert data.facts.classes == ["cat", "dog"]
    assert data.facts.class_counts == [2, 2]
    assert data.facts.shape == [3, 4, 6]
    assert data.facts.streamed
    assert not data.in_memory
    expected = np.stack(pixels[:3]).astype("f4") * np.float32(1 / 255)
    assert np.array_equal(inputs, expected)
    assert targets.tolist() == [0, 0, 1]


def test_samples_are_shuffled_so_that_each_part_has_every_class(save, tmp_path):
    for number in range(20):
        save(f"cat/{number}.png")
        save(f"dog/{number}.png")

    data = opened(tmp_path)
    train = data.gather(data.rows_of(data.parts["train"]))[1]
    again = opened(tmp_path)

    assert sorted(data.order.tolist()) == list(range(40))
    assert torch.equal(data.order, again.order)
    assert 0.2 < float(train.float().mean()) < 0.8


def test_numbered_images_come_in_the_order_of_their_numbers(save, tmp_path):
    pixels = [save(f"images/{number}.png") for number in (2, 10, 1)]
    (tmp_path / "labels.txt").write_text("1\n0\n1\n")

    data = opened(tmp_path, labels=f"path:{tmp_path / 'labels.txt'}")
    inputs, targets = data.gather(torch.arange(3))

    expected = np.stack([pixels[2], pixels[0], pixels[1]]).astype("f4") * np.float32(1 / 255)
    assert np.array_equal(inputs, expected)
    assert targets.tolist() == [1, 0, 1]


@pytest.mark.parametrize("inside", [True, False])
def test_training_and_test_folders_have_the_same_classes(save, tmp_path, inside):
    for name in ("train/a/1.png", "train/b/1.png", "train/b/2.png", "test/b/1.png"):
        save(name)
    folders = {"train": [f"path:{tmp_path}/train"], "test": [f"path:{tmp_path}/test"]}

    data = opened(tmp_path, **({} if inside else folders))

    assert data.parts["test"].tolist() == [3]
    assert len(data.parts["train"]) + len(data.parts["validation"]) == 3
    assert data.gather(torch.arange(4))[1].tolist() == [0, 1, 1, 1]


def test_a_shape_brings_all_images_to_one_size(save, tmp_path):
    wide, tall = save("a/1.png", (8, 4)), save("a/2.png", (4, 8))
    save("b/1.png", (5, 5), "L")

    data = opened(tmp_path, shape=(3, 4, 4))
    inputs, _ = data.gather(torch.arange(3))

    assert np.allclose(inputs[0] * 255, wide[:, :, 2:6])
    assert np.allclose(inputs[1] * 255, tall[:, 2:6, :])
    assert torch.equal(inputs[2, 0], inputs[2, 2])


def test_grey_images_have_one_channel_and_16_bits_are_brought_down_to_8(save, tmp_path):
    (tmp_path / "a").mkdir()
    deep = RANDOM.integers(0, 2**16, (4, 6), dtype="u2")
    Image.fromarray(deep).save(tmp_path / "a" / "1.png")

    inputs, _ = opened(tmp_path).gather(torch.tensor([0]))

    assert inputs.shape == (1, 1, 4, 6)
    assert np.array_equal(inputs[0, 0], (deep >> 8).astype("f4") * np.float32(1 / 255))


def test_masks_are_read_beside_their_images(save, tmp_path):
    images = [save(f"images/{number}.png") for number in (1, 2)]
    masks = [save(f"masks/{number}.png", mode="L") for number in (1, 2)]

    data = opened(tmp_path, kind="masks", task="regression")
    inputs, targets = data.gather(torch.tensor([1, 0]))

    assert (data.facts.task, data.facts.target_shape) == ("regression", [1, 4, 6])
    assert np.array_equal(inputs[0], images[1].astype("f4") * np.float32(1 / 255))
    assert np.allclose(targets[0], masks[1] / 255)
    assert targets.dtype == torch.float32


def test_resized_masks_hold_no_value_between_two_others(save, tmp_path):
    save("images/1.png", (16, 16))
    (tmp_path / "masks").mkdir()
    mask = (RANDOM.random((16, 16)) > 0.5).astype("u1") * 255
    Image.fromarray(mask).save(tmp_path / "masks" / "1.png")

    _, targets = opened(tmp_path, kind="masks", shape=(3, 6, 6)).gather(torch.tensor([0]))

    assert targets.unique().tolist() == [0, 1]


def test_a_folder_that_is_not_laid_out_so_is_refused(save, tmp_path):
    with pytest.raises(InvalidDataError, match="holds no folders of pictures; put the images"):
        opened(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(InvalidDataError, match=r"named after it. Accepted are .bmp, .gif"):
        opened(tmp_path)
    with pytest.raises(InvalidDataError, match="needs the folders images and masks"):
        opened(tmp_path, kind="masks")
    save("images/1.png")
    save("images/2.png")
    save("masks/1.png", mode="L")
    with pytest.raises(InvalidDataError, match="not so '2'"):
        opened(tmp_path, kind="masks")


def test_labels_must_be_one_number_for_each_image(save, tmp_path):
    save("images/1.png")
    labels = tmp_path / "labels.txt"
    labels.write_text("0\n1\n")
    with pytest.raises(InvalidDataError, match=r"labels.txt holds 2 labels for 1 images"):
        opened(tmp_path, labels=f"path:{labels}")
    labels.write_text("cat\n")
    with pytest.raises(InvalidDataError, match=r"line 1 of labels.txt is 'cat'"):
        opened(tmp_path, labels=f"path:{labels}")


def test_an_image_of_another_size_or_none_at_all_is_refused_by_name(save, tmp_path):
    save("a/1.png")
    save("a/2.png", (9, 9))
    with pytest.raises(InvalidDataError, match=r"2.png has 9×9 pixels, the first.*6×4; set shape"):
        opened(tmp_path)
    (tmp_path / "a" / "2.png").write_bytes(b"nothing")
    with pytest.raises(InvalidDataError, match=r"1 of 2 pictures cannot.*no image: a/2.png"):
        opened(tmp_path)


def test_damage_that_no_look_finds_is_refused_when_the_image_is_read(save, tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "DECODED_BYTES", 0)
    save("a/1.png", (40, 40))
    path = tmp_path / "a" / "1.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + b"damage" + whole[1006:])
    data = opened(tmp_path)

    with pytest.raises(InvalidDataError, match=r"1.png cannot be read"):
        data.gather(torch.tensor([0]))


def test_a_small_dataset_is_decoded_once_and_a_large_one_each_time(save, tmp_path, monkeypatch):
    pixels = save("a/1.png")
    small = opened(tmp_path)
    monkeypatch.setattr(pictures, "CACHE_BYTES", 0)
    large = opened(tmp_path)
    first = [data.gather(torch.tensor([0, 0]))[0] for data in (small, large)]
    first[0][0] = 0  # what is gathered belongs to the caller
    other = save("a/1.png")

    again = [data.gather(torch.tensor([0]))[0] for data in (small, large)]

    assert np.allclose(first[1][1] * 255, pixels)
    assert np.allclose(again[0] * 255, pixels)
    assert np.allclose(again[1] * 255, other)


def test_a_shape_that_no_image_can_have_is_refused(save, tmp_path):
    save("a/1.png")

    for shape in [(4, 4), (2, 4, 4)]:
        with pytest.raises(InvalidDataError, match="not that of an image"):
            opened(tmp_path, shape=shape)

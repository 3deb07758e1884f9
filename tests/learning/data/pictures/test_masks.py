"""Masks of every sort of values, against the classes that were written."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import Dataset, load
from jupyter_platform.learning.data.pictures.mask_values import IGNORED

RANDOM = np.random.default_rng(0)
SIZE = (5, 6)


@pytest.fixture
def folder(tmp_path):
    """Return what writes images of random colours with masks, and gives their folder."""

    def write(masks, suffix="png", mode=None, **how):
        for number, mask in enumerate(masks):
            for name in ("images", "masks"):
                (tmp_path / name).mkdir(exist_ok=True)
            height, width = np.asarray(mask).shape[:2]
            colours = RANDOM.integers(0, 256, (height, width, 3), dtype="u1")
            Image.fromarray(colours).save(tmp_path / "images" / f"{number}.png")
            image = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
            image = image if mode is None else image.convert(mode)
            image.save(tmp_path / "masks" / f"{number}.{suffix}", **how)
        return tmp_path

    return write


def opened(folder, **facts) -> Dataset:
    return load(DatasetDescriptor(name="d", kind="masks", file=f"path:{folder}", **facts), {})


def targets(data, count=1):
    return data.gather(torch.arange(count))[1]


def drawn(values, size=SIZE):
    """Return a mask that has each of the values."""
    mask = RANDOM.choice(np.array(values, dtype="u1"), size)
    mask.flat[: len(values)] = values
    return mask


def palette(mask):
    """Return a mask as an image with a palette of colours."""
    image = Image.fromarray(mask).convert("P")
    image = Image.frombytes("P", image.size, mask.tobytes())
    image.putpalette(RANDOM.integers(0, 256, 768, dtype="u1").tolist())
    return image


@pytest.mark.parametrize("marked", [1, 255])
def test_masks_of_marks_are_0_and_1_whatever_stands_for_marked(folder, marked):
    mask = drawn([0, marked])

    data = opened(folder([mask]))

    assert np.array_equal(targets(data)[0, 0], (mask == marked).astype("f4"))
    assert data.facts.task == "regression"
    assert data.facts.target_shape == [1, *SIZE]
    assert data.facts.classes == ["background", "marked"]
    assert data.facts.mask_values == [0, marked]
    assert data.facts.warnings == []


def test_masks_of_one_bit_a_pixel_are_marks(folder):
    mask = drawn([0, 1]).astype(bool)

    data = opened(folder([Image.fromarray(mask)]))

    assert np.array_equal(targets(data)[0, 0], mask.astype("f4"))


def test_one_mask_that_marks_nothing_does_not_change_what_the_others_mean(folder):
    masks = [np.zeros(SIZE, "u1"), drawn([0, 1])]

    found = targets(opened(folder(masks)), 2)

    assert found[0].max() == 0
    assert np.array_equal(found[1, 0], masks[1].astype("f4"))


def test_masks_none_of_which_marks_anything_are_warned_of(folder):
    data = opened(folder([np.zeros(SIZE, "u1")]))

    assert data.facts.warnings == [
        "No mask has a pixel of class 'marked'; nothing is learned of it."
    ]


@pytest.mark.parametrize("make", [Image.fromarray, palette], ids=["grey levels", "palette"])
def test_numbers_of_classes_are_classes_and_255_is_ignored(folder, make):
    mask = drawn([0, 1, 2, 255])

    data = opened(folder([make(mask)]))

    assert (data.facts.task, data.facts.outputs) == ("classification", 3)
    assert data.facts.target_shape == list(SIZE)
    assert data.facts.classes == ["0", "1", "2"]
    assert data.facts.ignore_value == 255
    found = targets(data)[0]
    assert found.dtype == torch.int64
    assert np.array_equal(found, np.where(mask == 255, IGNORED, mask.astype(int)))


def test_a_class_of_a_palette_may_stand_alone(folder):
    mask = drawn([0, 15])

    data = opened(folder([palette(mask)]))

    assert data.facts.outputs == 16
    assert np.array_equal(targets(data)[0], mask)
    assert "class '1', '2', '3', '4', '5' and 9 more" in data.facts.warnings[0]


def test_names_of_classes_say_how_many_there_are(folder):
    mask = drawn([0, 7])
    names = [f"c{number}" for number in range(20)]

    data = opened(folder([mask]), classes=names)

    assert (data.facts.outputs, data.facts.classes) == (20, names)
    with pytest.raises(InvalidDataError, match=r"values 0, 7.*3 classes are named.*0 to 2"):
        opened(folder([mask]), classes=names[:3])


def test_two_marked_values_may_be_learned_as_classes(folder):
    mask = drawn([0, 255])

    data = opened(folder([mask]), task="classification", classes=["road", "sky"])

    assert (data.facts.task, data.facts.outputs) == ("classification", 2)
    assert np.array_equal(targets(data)[0], mask // 255)


def test_values_that_are_no_class_numbers_are_refused_by_name_with_the_way_out(folder):
    mask = drawn([0, 100, 200])
    where = folder([mask])

    with pytest.raises(InvalidDataError, match=r"values 0, 100, 200, .*mask_values.*grey levels"):
        opened(where)

    data = opened(where, mask_values=[0, 100, 200], classes=["a", "b", "c"])
    assert np.array_equal(targets(data)[0], mask // 100)
    assert data.facts.classes == ["a", "b", "c"]
    data = opened(where, mask_values=[200, 0], ignore_value=100)
    assert np.array_equal(targets(data)[0], np.select([mask == 200, mask == 0], [0, 1], IGNORED))
    with pytest.raises(InvalidDataError, match="values 200, which.*mask_values name 0, 100 only"):
        opened(where, mask_values=[0, 100])


def test_grey_levels_are_learned_where_that_is_asked_for(folder):
    mask = RANDOM.integers(0, 256, SIZE, dtype="u1")
    where = folder([mask])

    with pytest.raises(InvalidDataError, match="set task to regression for grey levels"):
        opened(where)
    data = opened(where, task="regression")

    assert np.allclose(targets(data)[0, 0], mask / 255)
    assert data.facts.classes is None


def test_a_jpeg_of_marks_is_refused_because_it_blurs_them(folder):
    mask = np.zeros((16, 16), "u1")
    mask[4:11, 3:9] = 255

    with pytest.raises(InvalidDataError, match="masks hold the values 0, 1, 2"):
        opened(folder([mask], "jpg"))


def test_grey_masks_may_be_written_with_three_channels_and_coloured_ones_are_refused(folder):
    mask = drawn([0, 1, 2])
    found = targets(opened(folder([np.repeat(mask[:, :, None], 3, 2)])))
    assert np.array_equal(found[0], mask)

    colours = RANDOM.choice(np.array([[128, 0, 0], [0, 64, 0]], "u1"), SIZE)
    with pytest.raises(InvalidDataError, match=r"masks/0.png.*colours, among them \[0, 64, 0\]"):
        opened(folder([colours]))


def test_16_bit_masks_hold_classes_up_to_255(folder):
    mask = drawn([0, 1, 2]).astype("u2")
    assert np.array_equal(targets(opened(folder([mask])))[0], mask)

    mask[0, 0] = 1000
    with pytest.raises(InvalidDataError, match="values from 0 to 1000; 0 to 255 are read"):
        opened(folder([mask]))


def test_resized_classes_are_never_mixed(folder):
    mask = drawn([0, 2, 255], (17, 17))
    mask[0, 0] = 1

    data = opened(folder([mask]), shape=(3, 6, 6))

    expected = np.asarray(
        Image.fromarray(mask).resize((6, 6), Image.Resampling.NEAREST, (0, 0, 17, 17))
    ).astype(int)
    assert np.array_equal(targets(data)[0], np.where(expected == 255, IGNORED, expected))


def test_a_mask_of_another_size_than_its_image_is_refused(folder):
    where = folder([drawn([0, 1])])
    Image.fromarray(drawn([0, 1], (7, 7))).save(where / "masks" / "0.png")

    with pytest.raises(InvalidDataError, match=r"mask masks/0.png has 7×7 pixels, its image 6×5"):
        opened(where)


@pytest.mark.parametrize("dtype", ["u1", "i8", "?", "f4"])
def test_arrays_of_the_size_of_their_samples_are_masks_too(tmp_path, dtype):
    values = [0, 1] if dtype == "?" else [0, 1, 2]
    y = np.stack([drawn(values) for _ in range(4)]).astype(dtype)
    np.savez(tmp_path / "d.npz", x=RANDOM.random((4, 3, *SIZE), dtype="f4"), y=y)

    data = load(DatasetDescriptor(name="d", kind="npz", file=f"path:{tmp_path / 'd.npz'}"), {})

    assert data.facts.masks
    if dtype == "?":
        assert np.array_equal(targets(data, 4)[:, 0], y.astype("f4"))
    else:
        assert data.facts.outputs == 3
        assert np.array_equal(targets(data, 4), y.astype(int))


def test_minus_one_in_an_array_is_ignored(tmp_path):
    y = drawn([0, 1, 2]).astype("i8")[None] - 1
    np.savez(tmp_path / "d.npz", x=RANDOM.random((1, *SIZE), dtype="f4"), y=y)

    data = load(
        DatasetDescriptor(
            name="d",
            kind="npz",
            file=f"path:{tmp_path / 'd.npz'}",
            task="classification",
        ),
        {},
    )

    assert np.array_equal(targets(data), np.where(y == -1, IGNORED, y))


def test_a_column_of_images_beside_images_is_one_of_masks(tmp_path):
    def png(pixels):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "png")
        return {"bytes": file.getvalue(), "path": None}

    masks = [drawn([0, 1, 2]) for _ in range(3)]
    images = [RANDOM.integers(0, 256, (*SIZE, 3), dtype="u1") for _ in range(3)]
    table = pa.table({"image": list(map(png, images)), "label": list(map(png, masks))})
    pq.write_table(table, tmp_path / "t.parquet")

    data = load(
        DatasetDescriptor(name="d", kind="parquet", file=f"path:{tmp_path / 't.parquet'}"), {}
    )

    assert data.facts.masks
    assert np.array_equal(targets(data, 3), np.stack(masks))

"""Adapters against NumPy and SciPy, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.learning.data import adapt, load, make_adapters
from jupyter_platform.learning.data.adapters import geometry

BATCH = 16
CLASSES = torch.arange(BATCH) % 4


def facts(shape=(3, 8, 10), **others) -> DatasetFacts:
    given = {
        "size": 100,
        "shape": list(shape),
        "task": "classification",
        "outputs": 4,
        "classes": ["a", "b", "c", "d"],
        "class_counts": [10, 20, 30, 40],
        "parts": {
            "train": {"start": 0, "stop": 80, "size": 80},
            "test": {"start": 80, "stop": 100, "size": 20},
        },
        "bytes": 1,
    }
    return DatasetFacts(**{**given, **others})


def mask_facts(shape=(3, 8, 10)) -> DatasetFacts:
    target = [1, *shape[-2:]]
    size = int(np.prod(target))
    return facts(shape, task="regression", outputs=size, target_shape=target, classes=None)


def images(shape=(3, 8, 10)) -> torch.Tensor:
    return torch.rand(BATCH, *shape, generator=torch.Generator().manual_seed(3))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def chain(of=None, **options):
    return make_adapters(AdapterOptions(**options), of or facts())


def train(made, inputs, targets=CLASSES):
    return made(inputs, targets, generator(), True)


def test_without_options_nothing_happens():
    made = chain()
    x = images()

    assert len(made) == 0
    assert not made.is_random
    assert made(x, CLASSES)[0] is x


def test_flips_mirror_each_image_or_leave_it():
    x = images()

    up, _ = train(chain(vertical_flip=1), x)
    across, _ = train(chain(horizontal_flip=1), x)
    some, _ = train(chain(horizontal_flip=0.5), x)

    assert np.array_equal(up, np.flip(x.numpy(), 2))
    assert np.array_equal(across, np.flip(x.numpy(), 3))
    mirrored = [bool(torch.equal(new, old.flip(2))) for new, old in zip(some, x, strict=True)]
    left = [bool(torch.equal(new, old)) for new, old in zip(some, x, strict=True)]
    assert all(one != other for one, other in zip(mirrored, left, strict=True))
    assert 2 < sum(mirrored) < BATCH - 2


def test_flips_come_with_their_probability():
    x = torch.zeros(4000, 1, 1, 2)
    x[..., 0] = 1
    made = chain(facts((1, 1, 2)), horizontal_flip=0.3)

    flipped = made(x, torch.zeros(4000), generator(), True)[0][:, 0, 0, 1].mean()

    assert float(flipped) == pytest.approx(0.3, abs=0.03)


def reference_rotation(image, angle, center, mode):
    """Rotate with SciPy: its matrix takes output places (y, x) to places in the input."""
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, sin], [-sin, cos]])
    middle = np.array([center[1], center[0]])
    offset = middle - matrix @ middle
    return np.stack(
        [
            ndimage.affine_transform(channel, matrix, offset, order=1, mode=mode, cval=0.0)
            for channel in image
        ]
    )


@pytest.mark.parametrize("center", [(4.5, 3.5), (2.0, 6.0), (0.0, 0.0)])
@pytest.mark.parametrize("zero_pad", [True, False])
def test_rotation_is_that_of_scipy(center, zero_pad):
    x = images()
    angles = torch.linspace(-3, 3, BATCH)
    place = f"{center[0]},{center[1]}"
    expected = [
        reference_rotation(
            image.numpy(), float(angle), center, "grid-constant" if zero_pad else "nearest"
        )
        for image, angle in zip(x, angles, strict=True)
    ]

    direct = geometry.rotate(x, angles, torch.tensor(center).expand(BATCH, 2), zero_pad=zero_pad)
    assert np.allclose(direct, expected, atol=1e-5)

    made = chain(rotation=(0.7, 0.7), rotation_center=place, rotation_zero_pad=zero_pad)
    turned, _ = train(made, x)
    mode = "grid-constant" if zero_pad else "nearest"
    once = [reference_rotation(image.numpy(), 0.7, center, mode) for image in x]
    assert np.allclose(turned, once, atol=1e-5)


def test_a_quarter_turn_is_counter_clockwise():
    x = images((1, 5, 5))
    made = chain(facts((1, 5, 5)), rotation=(np.pi / 2, np.pi / 2), rotation_center="center")

    turned, _ = train(made, x)

    assert np.allclose(turned, np.rot90(x.numpy(), 1, axes=(2, 3)), atol=1e-5)


def test_angles_are_drawn_for_each_image_within_their_range():
    x = torch.zeros(BATCH, 1, 41, 41)
    x[:, 0, 20, 21:] = 1
    made = chain(facts((1, 41, 41)), rotation="0.5", rotation_center="center")

    turned, _ = train(made, x)

    rows, columns = torch.meshgrid(torch.arange(41.0), torch.arange(41.0), indexing="ij")
    mass = turned[:, 0]
    angles = torch.atan2(-(mass * (rows - 20)).sum((1, 2)), (mass * (columns - 20)).sum((1, 2)))
    assert float(angles.abs().max()) <= 0.52
    assert float(angles.max()) > 0.1
    assert float(angles.min()) < -0.1
    assert len(set(angles.tolist())) == BATCH


def pieces_of(image: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    _, high, wide = image.shape
    return [
        image[:, top : top + height, left : left + width]
        for top in range(high - height + 1)
        for left in range(wide - width + 1)
    ]


def test_crops_are_pieces_of_the_padded_images():
    x = images()
    made = chain(crop_width="6", crop_height=5, crop_padding=2)
    assert made.shape(facts()).shape == [3, 5, 6]

    cut, _ = train(made, x)

    assert cut.shape == (BATCH, 3, 5, 6)
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)))
    for new, old in zip(cut.numpy(), padded, strict=True):
        assert sum(np.array_equal(new, piece) for piece in pieces_of(old, 5, 6)) == 1


def test_every_place_of_a_crop_occurs():
    x = torch.arange(4.0).repeat(2000, 1)[:, None, None, :]
    made = chain(facts((1, 1, 4)), crop_width=2)

    lefts = made(x, torch.zeros(2000), generator(), True)[0][:, 0, 0, 0]

    assert np.bincount(lefts.int().numpy(), minlength=3) == pytest.approx([667] * 3, abs=90)


def test_evaluation_cuts_out_of_the_middle_and_draws_nothing():
    x = images()
    made = chain(crop_width=6, crop_height=4, horizontal_flip=1, rotation=1, crop_padding=1)

    cut, _ = made(x, CLASSES)

    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    assert np.array_equal(cut, padded[:, :, 3:7, 3:9])


def align_corners(image: np.ndarray, height: int, width: int) -> np.ndarray:
    _, high, wide = image.shape
    places = np.meshgrid(
        np.linspace(0, high - 1, height), np.linspace(0, wide - 1, width), indexing="ij"
    )
    return np.stack(
        [ndimage.map_coordinates(channel, places, order=1, mode="nearest") for channel in image]
    )


def test_images_that_are_too_small_are_doubled_before_they_are_cut():
    x = images()
    made = chain(crop_width=12, crop_height=16)

    cut, _ = made(x, CLASSES)

    expected = [align_corners(image.numpy(), 16, 20)[:, :, 4:16] for image in x]
    assert np.allclose(cut, expected, atol=1e-5)


def middle_of(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut an image to an aspect ratio around its middle."""
    _, high, wide = image.shape
    factor = min(wide / width, high / height)
    new_high, new_wide = int(height * factor), int(width * factor)
    top, left = (high - new_high) // 2, (wide - new_wide) // 2
    return image[:, top : top + new_high, left : left + new_wide]


@pytest.mark.parametrize("size", [(4, 4), (16, 8), (5, 13), (8, 20)])
def test_frames_keep_the_aspect_ratio_and_scale_what_is_left(size):
    x = images()
    made = chain(frame=",".join(str(side) for side in size))
    assert made.shape(facts()).shape == [3, *size]
    assert not made.is_random

    framed, _ = made(x, CLASSES)

    expected = [align_corners(middle_of(image.numpy(), *size), *size) for image in x]
    assert np.allclose(framed, expected, atol=1e-5)


def test_a_frame_makes_grey_images_coloured():
    x = images((8, 10))
    made = chain(facts((8, 10)), frame=(3, 8, 10))

    framed, _ = made(x, CLASSES)

    assert made.shape(facts((8, 10))).shape == [3, 8, 10]
    assert torch.equal(framed, x[:, None].expand(-1, 3, -1, -1))
    with pytest.raises(OptionError, match="frame asks for 4 channels; samples have shape 3×8×10"):
        chain(frame=(4, 8, 10))


def test_crops_of_varying_size_are_framed_one_by_one():
    x = images()
    made = chain(crop_width="4,9", crop_height="3,8", frame="4,5")
    assert made.shape(facts()).shape == [3, 4, 5]

    framed, _ = train(made, x)

    sizes = set()
    for new, old in zip(framed.numpy(), x.numpy(), strict=True):
        fits = [
            (height, width)
            for height in range(3, 9)
            for width in range(4, 10)
            for piece in pieces_of(old, height, width)
            if np.allclose(new, align_corners(middle_of(piece, 4, 5), 4, 5), atol=1e-5)
        ]
        assert fits
        sizes.update(fits)
    assert len(sizes) > 4


def test_masks_move_with_their_images():
    x = images()
    masks = (x[:, :1] > 0.5).float()
    of = mask_facts()
    made = chain(
        of,
        vertical_flip=0.5,
        horizontal_flip=0.5,
        rotation=3,
        crop_width="4,9",
        crop_height="3,8",
        frame="3,6,6",
    )

    moved, moved_masks = train(made, x[:, :1].expand(-1, 3, -1, -1) * 0 + masks, masks)

    assert made.shape(of).target_shape == [1, 6, 6]
    assert made.shape(of).outputs == 36
    assert moved_masks.shape == (BATCH, 1, 6, 6)
    assert torch.allclose(moved[:, :1], moved_masks)


def test_images_without_a_channel_axis_stay_so():
    x = images((8, 10))
    made = chain(facts((8, 10)), horizontal_flip=1, crop_width=4)

    cut, _ = train(made, x)

    assert made.shape(facts((8, 10))).shape == [8, 4]
    assert cut.shape == (BATCH, 8, 4)


def test_binarize_is_strictly_above_its_threshold():
    x = torch.tensor([[0.2, 0.5, 0.500001, 1.0]])

    assert chain(facts((4,)), binarize="0.5")(x, CLASSES)[0].tolist() == [[0, 0, 1, 1]]


def test_autoencoders_restore_what_was_spoilt():
    x = torch.ones(200, 1, 20, 20)
    of = facts((1, 20, 20))
    made = chain(of, autoencode="true", encoder_noise=0.5, encoder_drop=0.25)
    after = made.shape(of)

    spoilt, targets = made(x, CLASSES, generator(), True)
    clean, same = made(x, CLASSES)

    assert (after.task, after.outputs, after.target_shape) == ("regression", 400, [1, 20, 20])
    assert after.classes is None
    assert targets is x
    assert clean is x
    assert same is x
    dropped = spoilt == 0
    assert float(dropped.float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(spoilt[~dropped].mean()) == pytest.approx(1, abs=0.01)
    assert float(spoilt[~dropped].std()) == pytest.approx(0.5, abs=0.01)


def test_autoencoders_restore_what_other_adapters_made():
    x = images()

    _, targets = chain(autoencode=True, binarize=0.5)(x, CLASSES)

    assert torch.equal(targets, (x > 0.5).float())


def test_masks_become_classes_true_first():
    of = mask_facts((1, 4, 4))
    masks = torch.zeros(3, 1, 4, 4)
    masks[0, 0, 2, 2], masks[1, 0, 0, 0] = 1, 1
    after = chain(of, mask_to_class=True).shape(of)

    assert (after.task, after.classes, after.target_shape) == (
        "classification",
        ["True", "False"],
        [],
    )
    for options, expected in (
        ({}, [0, 0, 1]),
        ({"mask_center": True}, [0, 1, 1]),
        ({"mask_threshold": 1}, [1, 1, 1]),
    ):
        _, targets = chain(of, mask_to_class=True, **options)(masks, masks)
        assert targets.tolist() == expected


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "d.npz"
    labels = np.array(list("abcdabcdab"))
    np.savez(path, x=np.arange(20.0).reshape(10, 2), y=labels)
    descriptor = DatasetDescriptor(
        name="d",
        kind="npz",
        file="sha256:ab",
        splits={"train": (0, 4), "validation": (4, 6), "test": (6, 10)},
    )
    return load(descriptor, {"sha256:ab": str(path)})


def test_labels_keep_only_their_samples(dataset):
    kept, made = adapt(dataset, AdapterOptions(labels="d,a"))
    after = made.shape(kept.facts)

    rows = kept.rows((0, after.size), "all")
    _, targets = made(*kept.gather(rows))

    assert rows.tolist() == [0, 3, 4, 7, 8]
    assert targets.tolist() == [1, 0, 1, 0, 1]
    assert (after.classes, after.class_counts, after.outputs) == (["d", "a"], [2, 3], 2)
    assert {name: (part.start, part.stop) for name, part in after.parts.items()} == {
        "train": (0, 2),
        "validation": (2, 3),
        "test": (3, 5),
    }


def test_other_labels_become_one_class(dataset):
    kept, made = adapt(dataset, AdapterOptions(labels="b", other_label="true"))
    after = made.shape(kept.facts)

    _, targets = made(*kept.gather(torch.arange(10)))

    assert targets.tolist() == [1, 0, 1, 1, 1, 0, 1, 1, 1, 0]
    assert (after.classes, after.class_counts) == (["b", "other"], [3, 7])


def test_a_range_comes_before_labels(dataset):
    kept, made = adapt(dataset, AdapterOptions(sample_range="4", labels="b,d"))

    assert kept.rows((0, kept.facts.size), "all").tolist() == [1, 3]
    assert made.shape(kept.facts).class_counts == [1, 1]


def test_a_selection_that_leaves_nothing_is_refused(dataset):
    with pytest.raises(OptionError, match="labels leaves no sample"):
        adapt(dataset, AdapterOptions(sample_range="0,2", labels="c"))
    with pytest.raises(InvalidDataError, match=r"sample_range = 3,11 reaches sample 10"):
        adapt(dataset, AdapterOptions(sample_range="3,11"))
    with pytest.raises(OptionError, match="Unknown class 'e'"):
        adapt(dataset, AdapterOptions(labels="a,e"))


def test_the_order_is_that_of_the_options():
    x = images()
    made = chain(
        horizontal_flip=1, crop_width=6, crop_height=6, frame="4,4", binarize=0.5, autoencode=True
    )

    adapted, targets = made(x, CLASSES)

    cut = [align_corners(image.numpy()[:, 1:7, 2:8], 4, 4) > 0.5 for image in x]
    assert np.array_equal(adapted, np.array(cut, dtype="f4"))
    assert targets is adapted


@pytest.mark.parametrize(
    "options",
    [
        {"vertical_flip": 0.5, "horizontal_flip": 0.5},
        {"rotation": 1},
        {"crop_width": 5, "crop_padding": 1},
        {"crop_width": "3,6", "frame": "4,4"},
        {"autoencode": True, "encoder_noise": 1, "encoder_drop": 0.5},
    ],
)
def test_the_generator_alone_decides_and_inputs_are_left_alone(options):
    made, x = chain(**options), images()
    before = x.clone()

    first, _ = train(made, x)
    torch.rand(7)
    again, _ = train(made, x)
    other, _ = made(x, CLASSES, torch.Generator().manual_seed(2), True)

    assert made.is_random
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(x, before)


@pytest.mark.gpu
def test_on_a_gpu_the_same_comes_out():
    options = {
        "vertical_flip": 0.5,
        "rotation": 1,
        "crop_width": "4,9",
        "crop_height": "3,8",
        "frame": "3,6,6",
        "autoencode": True,
        "encoder_noise": 0.1,
    }
    made, x = chain(**options), images()

    here = train(made, x)
    there = made(x.cuda(), CLASSES.cuda(), generator(), True)

    for one, other in zip(here, there, strict=True):
        assert other.is_cuda
        assert torch.allclose(one, other.cpu(), atol=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"horizontal_flip": 0.5}, "horizontal_flip needs images; samples have shape 4"),
        ({"crop_height": 2}, "crop_height needs images"),
        ({"frame": "2,2"}, "frame needs images"),
        ({"mask_to_class": True}, "mask_to_class needs masks"),
    ],
)
def test_samples_that_are_no_images_are_refused_naming_the_option(options, words):
    with pytest.raises(OptionError, match=words) as caught:
        chain(facts((4,)), **options)

    assert caught.value.errors[0].field == next(iter(options))


def test_symbols_and_numbers_have_no_classes_to_keep():
    with pytest.raises(OptionError, match="labels needs classes"):
        chain(facts(task="regression", outputs=1, classes=None), labels="a")
    with pytest.raises(OptionError, match="binarize needs numbers; samples are symbols"):
        chain(facts((), input_type="int64"), binarize=0.5)

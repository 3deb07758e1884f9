"""What people are shown of a dataset."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.learning.data import load
from jupyter_platform.learning.data.preview import preview


def pixels(address: str) -> np.ndarray:
    head, _, content = address.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.fixture(scope="module")
def digits():
    return load(bundled_datasets()["digits"], {})


def shown(dataset, part=None, count=4, sample=None, **options):
    return preview(dataset, part, count, AdapterOptions(**options), sample)


def test_images_are_the_samples_spread_over_the_part(digits):
    found = shown(digits, "validation", 3)

    numbers = digits.parts["validation"].tolist()
    wanted = [numbers[number * len(numbers) // 3] for number in range(3)]
    assert [item.index for item in found.samples] == wanted
    assert found.part == "validation"
    for item in found.samples:
        inputs, targets = digits.gather(torch.tensor([item.index]))
        assert np.array_equal(pixels(item.image), np.rint(inputs[0, 0].numpy() * 255))
        assert item.label == digits.facts.classes[int(targets)]


def test_no_more_are_shown_than_there_are(digits):
    few = shown(digits, count=50, sample_range="5")

    assert [item.index for item in few.samples] == [0, 1, 2, 3, 4]
    assert few.facts.size == 5


def test_adapters_change_what_is_shown_and_the_facts(digits):
    plain = shown(digits, count=1)
    changed = shown(digits, count=1, horizontal_flip=1, frame="3,16,16", labels="0,6")

    assert changed.facts.shape == [3, 16, 16]
    assert changed.facts.classes == ["0", "6"]
    assert pixels(changed.samples[0].image).shape == (16, 16, 3)
    mirrored = shown(digits, count=1, horizontal_flip=1)
    assert np.array_equal(
        pixels(mirrored.samples[0].image), pixels(plain.samples[0].image)[:, ::-1]
    )


def test_one_sample_is_shown_changed_anew_each_time(digits):
    found = shown(digits, count=6, sample=5, rotation=1)

    assert [item.index for item in found.samples] == [5] * 6
    assert len({item.image for item in found.samples}) == 6
    with pytest.raises(InvalidDataError, match="sample = 1797,1798 reaches sample 1797"):
        shown(digits, sample=1797)


def test_rows_are_numbers_with_class_or_target():
    iris, diabetes = (load(bundled_datasets()[name], {}) for name in ("iris", "diabetes"))

    flower = shown(iris, count=1).samples[0]
    patient = shown(diabetes, count=1).samples[0]

    assert flower.values == pytest.approx(iris.inputs[0].tolist())
    assert flower.label == iris.facts.classes[int(iris.targets[0])]
    assert (flower.image, patient.label) == (None, None)
    assert patient.target == pytest.approx(diabetes.targets[0].tolist())


def test_texts_are_pieces_of_text(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("abcdefghij" * 30)
    text = load(DatasetDescriptor(name="d", kind="characters", file=f"path:{path}"), {})

    found = shown(text, count=2)

    assert found.samples[0].text == "abcdefghij" * 8
    assert found.samples[1].text == ("abcdefghij" * 9)[149 % 10 :][:80]


def test_symbols_of_several_characters_are_set_apart():
    parameters = {"symbols": 12, "samples": 100}
    data = load(DatasetDescriptor(name="d", kind="sequences", parameters=parameters), {})

    words = shown(data, count=1).samples[0].text.split()

    assert words == [str(number) for number in data.inputs[:80].tolist()]


def test_masks_are_shown_as_images(tmp_path):
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
        Image.fromarray(np.full((8, 8), 255 * (kind == "masks"), "u1")).save(
            tmp_path / kind / "1.png"
        )
    data = load(DatasetDescriptor(name="d", kind="masks", file=f"path:{tmp_path}"), {})

    (sample,) = shown(data).samples

    assert pixels(sample.image).max() == 0
    assert pixels(sample.mask).min() == 255


def test_values_beyond_0_to_1_are_spread_over_grey(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.linspace(-5, 5, 64).reshape(1, 1, 8, 8), y=[0])
    data = load(DatasetDescriptor(name="d", kind="npz", file=f"path:{path}"), {})

    grey = pixels(shown(data).samples[0].image)

    assert (grey.min(), grey.max()) == (0, 255)


def test_what_cannot_be_shown_is_refused_by_its_field(digits):
    blobs = load(bundled_datasets()["blobs"], {})
    with pytest.raises(OptionError, match="horizontal_flip needs images"):
        shown(blobs, horizontal_flip=1)
    with pytest.raises(InvalidDataError, match="has no test part; it has train") as caught:
        shown(load(DatasetDescriptor(name="d", kind="blobs", splits={"train": (0, 9)}), {}), "test")
    assert caught.value.errors[0].field == "part"

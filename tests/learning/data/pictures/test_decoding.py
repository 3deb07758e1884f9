"""Pixels of pictures in every mode, against those computed by hand, in training as in use."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.preparations import from_metadata, prepare, to_metadata
from jupyter_platform.learning.data import adapt, load
from jupyter_platform.learning.data.pictures import decoding
from jupyter_platform.learning.data.prepared import encoded_pictures, prepared_pictures

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (4, 6), dtype="u1")
COLOURS = RANDOM.integers(0, 256, (4, 6, 3), dtype="u1")
ALPHA = RANDOM.integers(0, 256, (4, 6), dtype="u1")
DEEP = RANDOM.integers(0, 2**16, (4, 6), dtype="u2")
ORIENTATION = 274


def read(tmp_path, name, shape=None, **options):
    """Return the first picture of a folder as training sees it, and as a prediction does."""
    given = {"file": f"path:{tmp_path}", "shape": shape}
    dataset = load(DatasetDescriptor(name="d", kind="images", **given), {})
    chosen = AdapterOptions(**options)
    dataset, chain = adapt(dataset, chosen)
    trained, _ = chain(*dataset.gather(torch.tensor([0])))
    made = prepare(
        dataset.descriptor, dataset.facts, chain.shape(dataset.facts), chosen.model_dump()
    )
    kept = from_metadata(to_metadata(made), "x.safetensors")
    text = base64.b64encode((tmp_path / "a" / name).read_bytes()).decode()
    asked = prepared_pictures(encoded_pictures([text]), kept)
    assert torch.equal(trained, asked), "training and prediction see different pixels"
    assert tuple(asked.shape[1:]) == kept.input_shape
    return trained[0].numpy() * 255


def save(tmp_path, image, name="1.png", **how):
    (tmp_path / "a").mkdir(exist_ok=True)
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(
        tmp_path / "a" / name, **how
    )
    return name


def on_white(colours, alpha):
    share = alpha[..., None].astype(float) / 255
    return (colours * share + 255 * (1 - share)).transpose(2, 0, 1)


def grey_of(colours):
    """Return ITU-R 601 luma, as Pillow rounds it."""
    red, green, blue = colours.astype(int).transpose(2, 0, 1)
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


def test_grey_and_coloured_pictures_are_their_pixels(tmp_path):
    assert np.array_equal(read(tmp_path, save(tmp_path, GREY)).round(), GREY[None])
    found = read(tmp_path, save(tmp_path, COLOURS))
    assert np.array_equal(found.round(), COLOURS.transpose(2, 0, 1))


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_of_16_bits_the_upper_8_are_taken(tmp_path, suffix):
    found = read(tmp_path, save(tmp_path, DEEP, f"1.{suffix}"))

    assert np.array_equal(found.round(), (DEEP >> 8)[None])


def test_colours_of_16_bits_are_brought_to_8(tmp_path):
    deep = RANDOM.integers(0, 2**16, (4, 6, 3), dtype="u2")
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 6, 4, 16, 2, 0, 0, 0)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )

    found = read(tmp_path, "1.png")

    assert np.array_equal(found.round(), (deep >> 8).transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda x: x),
        (2, lambda x: x[:, ::-1]),
        (3, lambda x: x[::-1, ::-1]),
        (4, lambda x: x[::-1]),
        (5, lambda x: x.transpose(1, 0, 2)),
        (6, lambda x: np.rot90(x, -1)),
        (7, lambda x: np.rot90(x, 2).transpose(1, 0, 2)),
        (8, lambda x: np.rot90(x, 1)),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_pictures_stand_upright(tmp_path, orientation, upright, suffix):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    how = {"lossless": True, "exact": True} if suffix == "webp" else {}
    name = save(tmp_path, COLOURS, f"1.{suffix}", exif=exif, **how)

    found = read(tmp_path, name)

    assert np.array_equal(found.round(), upright(COLOURS).transpose(2, 0, 1))


def test_palettes_give_their_colours_and_their_transparency_is_laid_over_white(tmp_path):
    numbers = RANDOM.integers(0, 3, (4, 6), dtype="u1")
    table = np.array([[10, 20, 30], [200, 100, 0], [7, 255, 9]], "u1")
    image = Image.frombytes("P", (6, 4), numbers.tobytes())
    image.putpalette(table.flatten().tolist())

    found = read(tmp_path, save(tmp_path, image))
    assert np.array_equal(found.round(), table[numbers].transpose(2, 0, 1))

    found = read(tmp_path, save(tmp_path, image, transparency=1))
    table[1] = 255
    assert np.array_equal(found.round(), table[numbers].transpose(2, 0, 1))


def test_a_palette_of_greys_is_a_grey_picture(tmp_path):
    image = Image.fromarray(GREY)
    image.putpalette(np.repeat(np.arange(256), 3).tolist())
    assert image.mode == "P"

    assert np.array_equal(read(tmp_path, save(tmp_path, image)).round(), GREY[None])


def test_transparency_is_laid_over_white_and_kept_by_four_channels(tmp_path):
    name = save(tmp_path, np.dstack([COLOURS, ALPHA]))

    assert np.abs(read(tmp_path, name) - on_white(COLOURS, ALPHA)).max() <= 1
    kept = read(tmp_path, name, shape=(4, 4, 6))
    assert np.array_equal(kept.round(), np.dstack([COLOURS, ALPHA]).transpose(2, 0, 1))


def test_grey_with_transparency_is_grey_over_white(tmp_path):
    name = save(tmp_path, Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(ALPHA)]))

    found = read(tmp_path, name)

    share = ALPHA / 255
    assert found.shape == (1, 4, 6)
    assert np.abs(found[0] - (GREY * share + 255 * (1 - share))).max() <= 1


def test_inks_are_colours(tmp_path):
    inks = RANDOM.integers(0, 256, (4, 6, 4), dtype="u1")
    name = save(tmp_path, Image.frombytes("CMYK", (6, 4), inks.tobytes()), "1.tif")

    found = read(tmp_path, name)

    rest = 255 - inks.astype(float)
    expected = (rest[..., :3] * rest[..., 3:] / 255).transpose(2, 0, 1)
    assert np.abs(found - expected).max() <= 2


def test_one_bit_a_pixel_is_black_and_white(tmp_path):
    name = save(tmp_path, Image.fromarray(GREY > 127))

    assert np.array_equal(read(tmp_path, name).round()[0], np.where(GREY > 127, 255, 0))


def test_channels_follow_the_shape(tmp_path):
    found = read(tmp_path, save(tmp_path, COLOURS), shape=(1, 4, 6))
    assert np.array_equal(found.round()[0], grey_of(COLOURS))
    found = read(tmp_path, save(tmp_path, GREY), shape=(3, 4, 6))
    assert np.array_equal(found.round(), np.stack([GREY] * 3))


def test_another_size_is_cut_around_the_middle_and_never_squeezed(tmp_path):
    wide = RANDOM.integers(0, 256, (4, 10, 3), dtype="u1")

    found = read(tmp_path, save(tmp_path, wide), shape=(3, 4, 4))

    assert np.array_equal(found.round(), wide[:, 3:7].transpose(2, 0, 1))


@pytest.mark.parametrize(
    "options",
    [
        {"frame": "2,3"},
        {"crop_width": 2, "crop_height": 3},
        {"crop_width": "2,4", "crop_height": "2,3", "frame": "3,5,5"},
        {"binarize": 0.4},
        {"horizontal_flip": 0.5, "crop_width": 4, "crop_padding": 3},
    ],
)
def test_adapters_of_training_are_those_of_a_prediction(tmp_path, options):
    read(tmp_path, save(tmp_path, GREY), **options)


@pytest.mark.parametrize(
    ("image", "suffix", "words"),
    [
        (Image.fromarray(DEEP.astype("f4")), "tif", "real numbers of 32 bits"),
        (Image.fromarray(DEEP.astype("i4")), "tif", "whole numbers of 32 bits"),
    ],
)
def test_depths_that_say_nothing_of_their_range_are_refused(tmp_path, image, suffix, words):
    name = save(tmp_path, image, f"1.{suffix}")

    with pytest.raises(InvalidDataError, match=rf"a/1.tif cannot be read: its pixels are {words}"):
        read(tmp_path, name)


def test_pictures_that_unpack_to_too_many_pixels_are_refused(tmp_path, monkeypatch):
    name = save(tmp_path, GREY)
    monkeypatch.setattr(decoding, "MOST_PIXELS", 23)

    with pytest.raises(InvalidDataError, match="it has 6×4 pixels; at most 23 are read"):
        read(tmp_path, name)


def test_dark_on_bright_can_be_inverted(tmp_path):
    save(tmp_path, GREY)
    dataset = load(DatasetDescriptor(name="d", kind="images", file=f"path:{tmp_path}"), {})
    made = prepare(dataset.descriptor, dataset.facts, dataset.facts, {})
    text = base64.b64encode((tmp_path / "a" / "1.png").read_bytes()).decode()

    found = prepared_pictures(encoded_pictures([text]), made, invert=True)

    assert np.array_equal((found[0, 0].numpy() * 255).round(), 255 - GREY)

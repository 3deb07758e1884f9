"""Items of the marketplace on a whole platform: three steps from a name to a prediction."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jupyter_platform.core.errors import OptionError
from jupyter_platform.runtime.item_folders import own_items
from tests.items.pictures import png, written
from tests.waiting import until

TEST_DIGITS = range(1437, 1797, 9)
"""Every ninth of the test part."""


def photograph(digit: np.ndarray) -> bytes:
    """Return a digit of the dataset as a photograph has it: large, dark, off the middle."""
    ink = Image.fromarray((255 - digit.reshape(8, 8) / 16 * 255).astype(np.uint8))
    sheet = Image.new("L", (260, 220), 255)
    sheet.paste(ink.resize((160, 160), Image.Resampling.BICUBIC), (70, 25))
    return png(sheet)


@pytest.fixture
def picture(tmp_path):
    """Return what writes a picture to a file of one's own."""

    def write(content: bytes):
        path = tmp_path / "mine.png"
        path.write_bytes(content)
        return path

    return write


def test_the_digit_classifier_is_deployed_and_reads_pictures_of_ones_own(platform, picture):
    deployment = platform.deploy("digit-classifier", title="Digits").wait_ready()
    try:
        # Its weights were made on the way, and what they reach stands on the card.
        platform.refresh_marketplace()
        metric = until(lambda: platform.item("digit-classifier").record.metric)
        assert metric.value >= 0.97

        def read(content: bytes) -> str:
            found = deployment.predict(picture=picture(content))["predictions"]
            assert sum(found["probabilities"]) == pytest.approx(1, abs=1e-4)
            assert sorted(found["labels"]) == list("0123456789")
            assert found["label"] == found["labels"][0]
            label: str = found["label"]
            return label

        printed = [read(written(digit)) == digit for digit in "0123456789"]
        path = picture(written("4"))
        assert deployment.predict(picture=str(path)) == deployment.predict(picture=path)
        with pytest.raises(OptionError, match="picture: Missing data for required field"):
            deployment.predict()
        with pytest.raises(OptionError, match=r"picture = '.*none\.png' cannot be read"):
            deployment.predict(picture=str(path.with_name("none.png")))
        # It has learnt handwritten ones.
        assert sum(printed) >= 7
        assert read(written("3", ink="white", paper="navy")) == "3"
        path = own_items()["digit-classifier"].parents[1] / "core/bundled/datasets/digits.npz"
        with np.load(path) as data:
            x, y = data["x"], data["y"]
        labels = [int(read(photograph(x[row]))) for row in TEST_DIGITS]
        assert np.mean(labels == y[TEST_DIGITS]) >= 0.9
    finally:
        deployment.delete()
    until(lambda: not platform.deployments(), "the end of the deployment")

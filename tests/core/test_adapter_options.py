import pytest
from pydantic import ValidationError

from jupyter_platform.core.options.groups.adapters import AdapterOptions


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("sample_range", "100", (0, 100)),
        ("sample_range", 100, (0, 100)),
        ("sample_range", "10,20", (10, 20)),
        ("sample_range", [5, 3, 8], (5, 3, 8)),
        ("rotation", "0.5", (-0.5, 0.5)),
        ("rotation", -0.5, (-0.5, 0.5)),
        ("rotation", "-0.1,0.4", (-0.1, 0.4)),
        ("rotation", [0.2, 0.4], (0.2, 0.4)),
        ("rotation_center", "true", "center"),
        ("rotation_center", "false", "random"),
        ("rotation_center", " 3, 4.5", "3,4.5"),
        ("crop_width", "24", (24,)),
        ("crop_height", 24, (24,)),
        ("frame", "32,16", (32, 16)),
        ("frame", [3, 32, 16], (3, 32, 16)),
        ("binarize", "", None),
        ("labels", "cat, dog", ("cat", "dog")),
    ],
)
def test_values_are_read_as_people_and_forms_write_them(name, value, expected):
    options = AdapterOptions(**{name: value})

    assert getattr(options, name) == expected
    assert AdapterOptions.model_validate(options.model_dump(mode="json")) == options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample_range": "5,5"}, "is empty"),
        ({"sample_range": "0"}, "is empty"),
        ({"rotation": "1,0.5"}, "least angle, 1, is above the largest, 0.5"),
        ({"rotation": "east"}, "an angle"),
        ({"rotation": "nan"}, "an angle"),
        ({"rotation_center": "left"}, "random, center or x,y"),
        ({"crop_width": "0"}, "whole numbers from 1 on"),
        ({"crop_width": "2.5"}, "whole numbers from 1 on"),
        ({"crop_width": "30,20"}, "least, 30, is above the most, 20"),
        ({"crop_width": "20,30"}, "crop_width varies; give frame too"),
        ({"frame": "32"}, "height,width"),
        ({"horizontal_flip": 1.5}, "less than or equal to 1"),
        ({"encoder_noise": 1}, "encoder_noise goes with autoencode"),
        ({"other_label": True}, "other_label goes with labels"),
        ({"crop_padding": 2}, "crop_padding goes with"),
        ({"flip": 1}, "Extra inputs"),
    ],
)
def test_values_that_cannot_be_are_refused_with_what_is_accepted(options, words):
    with pytest.raises(ValidationError, match=words):
        AdapterOptions(**options)


def test_dianne_spells_them_its_own_way():
    spellings = AdapterOptions.spellings()

    assert {
        "range": "sample_range",
        "vflip": "vertical_flip",
        "hflip": "horizontal_flip",
        "rotationTheta": "rotation",
        "rotationCenter": "rotation_center",
        "cropWidth": "crop_width",
        "cropHeight": "crop_height",
        "cropPadding": "crop_padding",
        "frame": "frame",
        "binarize": "binarize",
        "autoencode": "autoencode",
        "encoder_noise": "encoder_noise",
        "encoder_drop": "encoder_drop",
    }.items() <= spellings.items()

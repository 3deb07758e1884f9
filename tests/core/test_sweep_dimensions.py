"""The values that an option takes in a sweep, as a line holds them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jupyter_platform.core.sweeps import SweepRange, dimension, higher_is_better


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[0.1, 0.01]", ["0.1", "0.01"]),
        ("[SGD,'ADAM']", ["SGD", "ADAM"]),
        (' [ "a" ] ', ["a"]),
        ("[]", []),
    ],
)
def test_brackets_list_values(text, values):
    assert dimension(text) == values


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[1..8]", SweepRange(low=1, high=8)),
        ("[-0.5 .. 0.5]", SweepRange(low=-0.5, high=0.5)),
        ("[1e-4..1e-1,log]", SweepRange(low=1e-4, high=1e-1, log=True)),
        ("[1e-4..1e-1 log]", SweepRange(low=1e-4, high=1e-1, log=True)),
    ],
)
def test_two_dots_are_a_range(text, wanted):
    assert dimension(text) == wanted == dimension(wanted)


@pytest.mark.parametrize("value", ["0.1", "a[1]", 5, None, {"low": 1}])
def test_what_has_no_brackets_is_one_value(value):
    assert dimension(value) is None


@pytest.mark.parametrize("text", ["[low..high]", "[8..1]", "[1..1]", "[0..1,log]", "[1..inf]"])
def test_a_range_that_holds_nothing_is_refused(text):
    with pytest.raises((ValueError, ValidationError)):
        dimension(text)


@pytest.mark.parametrize(
    ("metric", "more_is_better"),
    [
        ("accuracy", True),
        ("validation accuracy", True),
        ("R²", True),
        ("mean return", True),
        ("validation loss", False),
        ("mean absolute error", False),
    ],
)
def test_of_losses_less_is_better(metric, more_is_better):
    assert higher_is_better(metric) is more_is_better

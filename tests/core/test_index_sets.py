"""Sets of sample indices, however they are written."""

from __future__ import annotations

import pytest

from jupyter_platform.core.options.index_set import parse_index_set


@pytest.mark.parametrize("text", ["0,1437", "0:1437", "[0, 1437]", "(0 1437)", " 0 , 1437 "])
def test_two_numbers_are_a_half_open_range_however_they_are_written(text):
    assert parse_index_set(text) == (0, 1437) == parse_index_set([0, 1437])


@pytest.mark.parametrize("value", ["3,5,8", [3, 5, 8], (3, 5, 8), "[3 5 8]"])
def test_three_numbers_and_more_are_a_list_in_their_order(value):
    assert parse_index_set(value) == (3, 5, 8)
    assert parse_index_set("8,5,3") == (8, 5, 3)


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_the_default(value):
    assert parse_index_set(value) is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("5", "is no set of samples"),
        ([], "is no set of samples"),
        (7, "is no set of samples"),
        ({"start": 0}, "is no set of samples"),
        ("0:10:2", "is no set of samples"),
        ("a,b", "is no set of samples"),
        ("-1,5", "is no set of samples"),
        ([True, 5], "is no set of samples"),
        ([0, float("nan")], "is no set of samples"),
        ([0, float("inf")], "is no set of samples"),
        ([0, 2.5], "holds a fraction"),
        ("5,5", "is empty: the start must lie below the stop"),
        ([9, 3], "is empty: the start must lie below the stop"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_accepted(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_index_set(value)


def test_a_long_value_is_not_repeated_whole():
    with pytest.raises(ValueError, match="no set") as caught:
        parse_index_set("x" * 10_000)

    assert len(str(caught.value)) < 600

from datetime import timedelta

import pytest

from jupyter_platform.figures.wording import ago, time_element, value

from .conftest import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (9, "just now"),
        (42, "42 s ago"),
        (150, "2 min ago"),
        (7300, "2 h ago"),
        (4 * 86_400, "4 days ago"),
    ],
)
def test_times_are_relative_in_one_unit(seconds, text):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_the_exact_time_is_on_hover():
    assert 'title="2026-11-22 12:00:00 UTC"' in time_element(NOW, NOW)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (0.0, "0.00"),
        (0.98123, "0.981"),
        (123.4, "123"),
        (28400.0, "28,400"),
        (1e300, "1.0e+300"),
        (2e-7, "2.0e-07"),
    ],
)
def test_values_have_three_digits(number, text):
    assert value(number) == text

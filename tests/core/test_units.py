import pytest

from jupyter_platform.core.units import format_bytes, format_count, format_duration, parse_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4_000_000_000),
        ("512 MiB", 512 * 2**20),
        ("1.5g", 1_500_000_000),
        (" 12 kB ", 12_000),
        ("7", 7),
        (7, 7),
        (2.5, 2),
    ],
)
def test_parse_bytes_reads_what_people_write(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "4 XB", "-3", "4 GB or so", -1])
def test_parse_bytes_refuses_the_rest(text):
    with pytest.raises(ValueError, match="is no size|is negative"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (123_456, "123 kB"),
        (999_960, "1.0 MB"),
        (4_000_000_000, "4.0 GB"),
        (5e12, "5.0 TB"),
    ],
)
def test_format_bytes(size, text):
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7500, "2 h 05 min"),
        (200_000, "2 days"),
        (-3, "0 s"),
    ],
)
def test_format_duration(seconds, text):
    assert format_duration(seconds) == text


def test_format_count():
    assert format_count(1, "job") == "1 job"
    assert format_count(2000, "job") == "2,000 jobs"
    assert format_count(0, "entry", "entries") == "0 entries"

import json
import os
import time

import pytest
import yaml

from jupyter_platform.runtime.bounded import (
    DEEPEST,
    LARGEST_BYTES,
    BoundsError,
    parse_json,
    parse_yaml,
    read_text,
)

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 12)
)
"""A billion laughs: 9 to the power of 12 values in half a kilobyte."""
MERGES = "a0: &a0 {k: 1}\n" + "".join(
    f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 9)}]}}\n"
    for number in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [1, 2.5, x]\nc: {d: null, e: yes}\n",
        "",
        "x",
        "- &a {k: 1}\n- *a\n- {<<: *a, l: 2}\n",
    ],
)
def test_yaml_within_the_bounds_is_what_pyyaml_reads(text):
    assert parse_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "aliases included"),
        (MERGES, "aliases included"),
        ("a: &a [*a]", "part of"),
        ("[" * 200 + "]" * 200, f"deeper than {DEEPEST}"),
        ("{a: " * 100_000, f"deeper than {DEEPEST}"),
        ("- - - " * 1000 + "x", f"deeper than {DEEPEST}"),
        ("[" + "1," * 250_000 + "]", "more than"),
        ("a: " + "9" * 100_000, "100,000 characters"),
        ("a: " + ":".join(["1"] * 100_000), "characters"),
        ("a: " + "x" * LARGEST_BYTES, "larger than"),
    ],
)
def test_what_would_take_too_much_is_refused_at_once(text, reason):
    began = time.process_time()

    with pytest.raises(BoundsError, match=reason):
        parse_yaml(text)

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 60 + "]" * 60, f"deeper than {DEEPEST}"),
        ("[" * 400_000, "deeper|JSON"),
        ("[" + "1," * 200_000 + "1]", "more than"),
        ('{"a": ' + "9" * 5000 + "}", "5,000 digits"),
        (json.dumps("x" * LARGEST_BYTES), "larger than"),
    ],
)
def test_json_beyond_the_bounds_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_tags_of_python_make_nothing():
    with pytest.raises(yaml.YAMLError):
        parse_yaml("!!python/object/apply:os.system ['true']")


def test_pipes_and_devices_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(BoundsError, match="no file"):
            read_text(path)

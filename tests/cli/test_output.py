"""What is printed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_platform.cli.output import (
    SHAPES,
    ago,
    clock,
    plain,
    print_fields,
    print_table,
    state_text,
)
from jupyter_platform.core.jobs import PrimaryMetric
from jupyter_platform.core.states import JobState


def test_every_state_has_a_shape_of_its_own():
    shapes = [SHAPES[state][0] for state in JobState]

    assert len(set(shapes)) == len(list(JobState))
    assert state_text("finished") == "✓ finished"


def test_a_table_in_a_pipe_is_whole_and_plain(capsys):
    print_table(("NAME", ">SIZE"), [("x" * 200, "1"), ("two\nlines", "10")])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "NAME".ljust(200) + "  SIZE"
    assert lines[1] == "x" * 200 + "     1"
    assert lines[2] == "two lines".ljust(200) + "    10"


def test_an_empty_table_says_what_to_do_next(capsys):
    print_table(("NAME",), [], empty="Submit one.")

    assert capsys.readouterr().out == "Submit one.\n"


def test_fields_without_a_value_are_left_out(capsys):
    print_fields([("id", "x"), ("host", None), ("text", "a\nb")])

    assert capsys.readouterr().out == "id    x\ntext  a\n      b\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PrimaryMetric(name="loss", value=None), {"name": "loss", "value": None, "on": None}),
        ([PrimaryMetric(name="loss", value=1.0)], [{"name": "loss", "value": 1.0, "on": None}]),
        ({"a": (1, "b")}, {"a": [1, "b"]}),
    ],
)
def test_records_become_plain_at_any_depth(value, expected):
    assert plain(value) == expected


def test_ages_are_said_as_people_do():
    assert ago(datetime.now(UTC)) == "0 s ago"
    assert ago(None) == ""
    assert clock(None) is None

from __future__ import annotations

import pytest

from jupyter_platform.runtime.logs import MOST_LINE, last_lines
from jupyter_platform.runtime.terminal_text import ControlFilter, shown_lines


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\r\ntwo\r\n", ["one", "two"]),
        ("no break at the end", ["no break at the end"]),
        ("", []),
        ("a\n\nb\n", ["a", "", "b"]),
        ("  0%|    |\r 50%|██  |\r100%|████|\ndone\n", ["100%|████|", "done"]),
        ("\r  0%\r 50%", [" 50%"]),
        ("epoch 12\rok\n", ["okoch 12"]),
        ("epoch 12\r\x1b[Kok\n", ["ok"]),
        ("epoch 12\x1b[2K\rok\n", ["ok"]),
        ("wait |\b/\b-\b\\\n", ["wait \\"]),
        ("\x1b]0;title\x07text\n", ["text"]),
        ("\x1b]2;title\x1b\\text\x9d0;other\x9c!\n", ["text!"]),
        ("\x1b]8;;http://a/\x1b\\link\x1b]8;;\x1b\\\n", ["link"]),
        ("\x1b]0;never ended\nnext\n", ["", "next"]),
        ("\x1bPq#0\x1b\\after\n", ["after"]),
        ("\x1b[1;31mred\x1b[0m \x1b(Bplain\x1b7\x1b8\n", ["red plain"]),
        ("bell\x07 null\x00 form\x0c\ttab\n", ["bell null form\ttab"]),
        ("a\u2028b\x85c\x1ed\n", ["a\u2028bcd"]),
    ],
)
def test_lines_are_those_that_a_terminal_shows_in_the_end(printed, shown):
    assert shown_lines(printed) == shown


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_sequences_are_taken_out_wherever_pieces_are_cut(size):
    text = "\x1b]0;title\x1b\\a\x1b[31mb\x1b[0m\r50%\x1b]2;other\x07\rc\n"
    controls = ControlFilter()

    pieces = [controls.feed(text[at : at + size]) for at in range(0, len(text), size)]

    assert "".join(pieces) == "ab\r50%\rc\n"


def test_last_lines_are_found_before_a_progress_bar_of_megabytes(tmp_path):
    log = tmp_path / "output.log"
    bar = "".join(f"\r{step:7d}/100000 {'█' * 20}" for step in range(40_000))
    log.write_text(f"first\nsecond\x1b]0;title\x07\n{bar}\nTraceback\nValueError: no\n")

    assert last_lines(log, 2) == ["Traceback", "ValueError: no"]
    assert last_lines(log, 4) == [
        "second",
        f"  39999/100000 {'█' * 20}",
        "Traceback",
        "ValueError: no",
    ]
    assert last_lines(log, 99)[0] == "first"


def test_a_line_without_end_is_cut(tmp_path):
    log = tmp_path / "output.log"
    log.write_text("x" * 10 * MOST_LINE)

    assert last_lines(log, 5) == ["x" * MOST_LINE + " …"]

from __future__ import annotations

import numpy as np
import pytest

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.datasets.csv import read_csv


@pytest.fixture
def table(tmp_path):
    def write(text: str):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_last_column_is_the_target(table):
    stored = read_csv(table("a,b,c\n1,2,x\n3,4.5,y\n"), "t", None)

    assert np.array_equal(stored.inputs, np.array([[1, 2], [3, 4.5]], dtype="f4"))
    assert stored.targets.tolist() == ["x", "y"]
    assert stored.features == ("a", "b")


def test_named_target_is_taken_from_anywhere(table):
    stored = read_csv(table("a,b,c\n1,2,3\n4,5,6\n"), "t", "a")

    assert stored.targets.tolist() == [1, 4]
    assert stored.features == ("b", "c")


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("a,b,c\n1,2,0\n1,red,1\n", None, "column 'b'.*'red' in row 3"),
        ("a,b\n1,2\n,3\n4,5\n", None, "'a' has no value in row 3"),
        ("a,b\n1,2\n3,\n", None, "'b' has no value in row 3"),
        ("length,b\n1,2\n", "lenght", "no column 'lenght'.*Did you mean 'length'"),
        ("1,2\n3,4\n", None, "must name the columns"),
        ("a\n1\n", None, "1 columns and 1 rows"),
        ("a,b\n", None, "2 columns and 0 rows"),
        ("", None, "no CSV table"),
        ("a,b\n1,2\n1,2,3,4\n", None, "no CSV table"),
    ],
)
def test_a_bad_table_is_refused_naming_the_place(table, text, target, words):
    with pytest.raises(InvalidDataError, match=words):
        read_csv(table(text), "t", target)


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xff\xfe\x00\x80,\x00\n\x81")

    with pytest.raises(InvalidDataError, match="no CSV table"):
        read_csv(path, "t", None)

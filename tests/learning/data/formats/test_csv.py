from __future__ import annotations

import numpy as np
import pytest

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import Files
from jupyter_platform.learning.data.formats.csv import read


def read_csv(path, **facts):
    descriptor = DatasetDescriptor(name="t", kind="csv", file="sha256:ab", **facts)
    return read(descriptor, Files((path,)))


def fitted(stored):
    return stored.inputs.fitted(np.arange(len(stored.inputs)))


@pytest.fixture
def table(tmp_path):
    def write(text: str):
        path = tmp_path / "t.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_last_column_is_the_target(table):
    stored = read_csv(table("a,b,c\n1,2,x\n3,4.5,y\n"))

    assert np.array_equal(fitted(stored).array, [[1, 2], [3, 4.5]])
    assert stored.targets.tolist() == ["x", "y"]
    assert fitted(stored).preparation.features == ("a", "b")


def test_named_target_is_taken_from_anywhere(table):
    stored = read_csv(table("a,b,c\n1,2,3\n4,5,6\n"), target="a")

    assert stored.targets.tolist() == [1, 4]
    assert fitted(stored).preparation.features == ("b", "c")


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("a,b,c\n1,2,0\n1,red,1\n", None, "column 'b'.*'red' in row 3"),
        ("a,b\n1,2\n,3\n4,5\n", None, "'a' has no value in row 3"),
        ("a,b\n1,2\n3,\n", None, "'b' has no value in row 3"),
        ("length,b\n1,2\n", "lenght", "no column 'lenght'.*Did you mean 'length'"),
        ("a\n1\n", None, "1 column and 1 row;"),
        ("a,b\n", None, "2 columns and 0 rows"),
        ("a:b\n1:2\n", None, "only column is 'a:b'; set separator, which is ','"),
        ("", None, "no CSV table"),
        ("a,b\n1,2\n1,2,3,4\n", None, "no CSV table"),
    ],
)
def test_a_bad_table_is_refused_naming_the_place(table, text, target, words):
    with pytest.raises(InvalidDataError, match=words):
        read_csv(table(text), target=target)


def test_inputs_and_several_targets_are_taken_by_name(table):
    stored = read_csv(table("a,b,c,d\n1,2,3,4\n5,6,7,8\n"), inputs=("d", "a"), target=("c", "b"))

    assert fitted(stored).array.tolist() == [[4, 1], [8, 5]]
    assert stored.targets.tolist() == [[3, 2], [7, 6]]


def test_without_a_header_columns_have_numbers_and_rows_begin_with_one(table):
    stored = read_csv(table("1;2;x\n3;4;y\n"), header=False, separator=";")
    assert fitted(stored).array.tolist() == [[1, 2], [3, 4]]
    assert fitted(stored).preparation.features == ("0", "1")

    with pytest.raises(InvalidDataError, match="column '1' has no value in row 2"):
        read_csv(table("1,2,0\n3,,1\n"), header=False)


def test_two_tables_are_one_sequence(table, tmp_path):
    train = table("a,b\n1,0\n2,1\n")
    test = tmp_path / "test.csv"
    test.write_text("a,b\n3,0\n")
    descriptor = DatasetDescriptor(
        name="t", kind="csv", train=("path:/train",), test=("path:/test",)
    )

    stored = read(descriptor, Files((train,), test=(test,)))
    assert fitted(stored).array.tolist() == [[1], [2], [3]]
    assert stored.parts == {"train": (0, 2), "test": (2, 3)}

    test.write_text("a,c\n3,0\n")
    with pytest.raises(InvalidDataError, match=r"test.csv has other columns than t.csv: a, c"):
        read(descriptor, Files((train,), test=(test,)))


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(bytes(range(256)) * 40)

    with pytest.raises(InvalidDataError, match="no CSV table"):
        read_csv(path)

"""Tables as people have them, against what is to be read, written down by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.tables import TableLook
from jupyter_platform.learning.data import load
from jupyter_platform.learning.data.arrays import Files
from jupyter_platform.learning.data.formats.csv import read

GERMAN = """Datum;Straße;Fläche;Preis;Klasse
01.02.2024;Hauptstraße;1.234,5;1.250.000;groß
13.12.2023;"Am Markt; 3";75,25;98.500;klein
05.03.2024;Gärten;80;120.000;klein
30.04.2024;Hauptstraße;2.000,75;900.000;groß
"""


def epoch(*day):
    return (dt.date(*day) - dt.date(1970, 1, 1)).days


def opened(path, **fields):
    descriptor = DatasetDescriptor(
        name="t", kind=fields.pop("kind", "csv"), file=f"path:{path}", **fields
    )
    return load(descriptor, {})


@pytest.fixture
def write(tmp_path):
    def written(content, encoding="utf-8"):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written


@pytest.mark.parametrize(
    ("encoding", "recognised"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_german_table_in_any_encoding(write, encoding, recognised, end):
    look = TableLook(rows=0, columns=[])
    path = write(GERMAN.replace("\n", end), encoding)
    descriptor = DatasetDescriptor(
        name="t", kind="csv", file="sha256:a", encode={"Straße": "one-hot"}
    )

    stored = read(descriptor, Files((path,)), look)

    found = stored.inputs.fitted(np.arange(4))
    assert found.preparation.features == (
        "Datum",
        "Straße=Am Markt; 3",
        "Straße=Gärten",
        "Straße=Hauptstraße",
        "Fläche",
        "Preis",
    )
    assert found.array.tolist() == [
        [epoch(2024, 2, 1), 0, 0, 1, 1234.5, 1_250_000],
        [epoch(2023, 12, 13), 1, 0, 0, 75.25, 98_500],
        [epoch(2024, 3, 5), 0, 1, 0, 80, 120_000],
        [epoch(2024, 4, 30), 0, 0, 1, 2000.75, 900_000],
    ]
    assert stored.targets.tolist() == ["groß", "klein", "klein", "groß"]
    assert (look.encoding, look.separator, look.decimal, look.thousands) == (
        recognised,
        ";",
        ",",
        ".",
    )
    assert [column.kind for column in look.columns] == ["date", "text", "number", "number", "text"]
    assert look.columns[0].date_format == "%d.%m.%Y"
    assert look.first[1][1] == "Am Markt; 3"


@pytest.mark.parametrize(
    ("text", "inputs", "targets"),
    [
        # Excel in Switzerland, and in France.
        ("a;b\n1'234.50;0\n12.25;1\n", [[1234.5], [12.25]], [0, 1]),
        ("a;b\n1\u202f234,50;0\n12,25;1\n", [[1234.5], [12.25]], [0, 1]),
        # English thousands have to be quoted where commas are between the fields.
        ('a,b\n"1,234.5",0\n"12,000",1\n', [[1234.5], [12000]], [0, 1]),
        # Tabs, as Excel writes "Unicode text".
        ("a\tb\n1.5\t0\n2.5\t1\n", [[1.5], [2.5]], [0, 1]),
        ("a|b\n1.5|0\n2.5|1\n", [[1.5], [2.5]], [0, 1]),
        ("a   b\n1.5  0\n2.5   1\n", [[1.5], [2.5]], [0, 1]),
        # Three digits after a comma that can only be a decimal one.
        ("a;b\n1,234;0\n0,125;1\n", [[1.234], [0.125]], [0, 1]),
        ("a,b\n1.234,0\n5.678,1\n", [[1.234], [5.678]], [0, 1]),
        ("sep=;\na;b\n1,5;0\n2,5;1\n", [[1.5], [2.5]], [0, 1]),
        # Quoted line breaks, quotes and separators.
        ('a,"b\nc",d\n1,2,"x"\n3,4,"y"\n', [[1, 2], [3, 4]], ["x", "y"]),
        ('a,b\n1,"two\nlines, ""quoted"""\n3,y\n', [[1], [3]], ['two\nlines, "quoted"', "y"]),
        # Trailing separators, empty columns and empty rows.
        ("a;b;;\n1;0;;\n2;1;;\n;;;\n;;;\n", [[1], [2]], [0, 1]),
        ("a;b\n1;0;\n2;1;\n", [[1], [2]], [0, 1]),
        ("a,b\n1,0\n\n2,1\n\n\n", [[1], [2]], [0, 1]),
        # An index as pandas writes it.
        (",a,b\n0,1.5,0\n1,2.5,1\n", [[1.5], [2.5]], [0, 1]),
        # Without a heading.
        ("5.1,3.5,x\n4.9,3.0,y\n", [[5.1, 3.5], [4.9, 3.0]], ["x", "y"]),
        # Truth values, exponents and signs.
        ("a,b,c\nTrue,+1e3,0\nfalse,-2.5E-1,1\n", [[1, 1000], [0, -0.25]], [0, 1]),
        # A heading of years.
        ("2019,2020,class\n1,2,0\n3,4,1\n", [[1, 2], [3, 4]], [0, 1]),
    ],
)
def test_what_a_table_says_of_itself_is_understood(write, text, inputs, targets):
    descriptor = DatasetDescriptor(name="t", kind="csv", file="sha256:a")

    stored = read(descriptor, Files((write(text),)))

    assert stored.inputs.fitted(np.arange(len(targets))).array.tolist() == inputs
    assert stored.targets.tolist() == targets


@pytest.mark.parametrize(
    ("when", "format_", "text"),
    [
        ((2024, 3, 4), "%Y-%m-%d", "2024-03-04"),
        ((2024, 3, 14), "%m/%d/%Y", "03/14/2024"),
        ((2024, 3, 14), "%d/%m/%Y", "14/03/2024"),
        ((2024, 3, 4), "%d.%m.%y", "04.03.24"),
    ],
)
def test_dates_are_days_since_1970(write, when, format_, text):
    found = opened(write(f"when,b\n{text},0\n{text},1\n{text},1\n{text},0\n"))

    assert found.inputs[:, 0].tolist() == [epoch(*when)] * 4
    assert found.facts.table.columns[0].date_format == format_
    assert found.facts.table.row({"when": text}) == [epoch(*when)]


def test_what_can_be_read_in_two_ways_is_refused_until_somebody_says(write):
    path = write("a;b;when\n1.234;0;03/04/2024\n2.345;1;05/06/2024\n")

    with pytest.raises(InvalidDataError) as caught:
        opened(path, target="b")

    assert {item.field for item in caught.value.errors} == {"decimal", "date_format"}
    english = opened(path, target="b", decimal=".", date_format="%m/%d/%Y")
    german = opened(path, target="b", thousands=".", date_format="%d/%m/%Y")
    assert english.inputs.tolist() == [
        [pytest.approx(1.234), epoch(2024, 3, 4)],
        [pytest.approx(2.345), epoch(2024, 5, 6)],
    ]
    assert german.inputs.tolist() == [[1234, epoch(2024, 4, 3)], [2345, epoch(2024, 6, 5)]]


def test_all_that_is_wrong_is_told_at_once(write):
    path = write("a,town,c,d,y\n1,Rom,,9,0\n2,Bonn,3,1e99,1\n,Rom,4,9,0\n")

    with pytest.raises(InvalidDataError) as caught:
        opened(path, exclude=("twon",))

    faults = {item.field: item.message for item in caught.value.errors}
    assert set(faults) == {"exclude", "missing", "encode", "file"}
    assert "Did you mean 'town'?" in faults["exclude"]
    assert "'a' has no value in row 4 (1 of 3 rows); column 'c' has no value" in faults["missing"]
    assert "'town'" in faults["encode"]
    assert "'d' in row 3 is 1e+99" in faults["file"]
    assert "4 faults" in str(caught.value)


GAPS = "a,town,y\n1,Rom,0\n,Bonn,1\n3,,0\n5,Rom,1\n7,Rom,\n"


@pytest.mark.parametrize(
    ("missing", "inputs", "targets"),
    [
        ("drop", [[1, 1], [5, 1]], [0, 1]),
        # Of the four rows with a target: 1, 3 and 5.
        ("mean", [[1, 1], [3, 0], [3, 1], [5, 1]], [0, 1, 0, 1]),
        ("class", [[1, 0, 2], [3, 1, 1], [3, 0, 0], [5, 0, 2]], [0, 1, 0, 1]),
    ],
)
def test_what_becomes_of_missing_values(write, missing, inputs, targets):
    descriptor = DatasetDescriptor(
        name="t", kind="csv", file="sha256:a", missing=missing, encode="classes"
    )

    stored = read(descriptor, Files((write(GAPS),)))

    found = stored.inputs.fitted(np.arange(len(targets))).array
    # "drop" leaves Rom alone, whose number is 0.
    assert found.tolist() == ([[1, 0], [5, 0]] if missing == "drop" else inputs)
    assert stored.targets.tolist() == targets
    assert any("left out" in note for note in stored.notes)


def test_what_is_fitted_is_fitted_on_training_rows_alone(tmp_path):
    frame = pd.DataFrame(
        {"a": [1.0, 3.0, None, 100.0], "town": ["Rom", "Bonn", "Rom", "Oslo"], "y": [0, 1, 0, 1]}
    )
    for name, part in (("train", frame[:2]), ("test", frame[2:])):
        part.to_csv(tmp_path / f"{name}.csv", index=False)
    descriptor = DatasetDescriptor(
        name="t",
        kind="csv",
        train=(f"path:{tmp_path}/train.csv",),
        test=(f"path:{tmp_path}/test.csv",),
        splits={"train": (0, 2), "validation": (2, 3), "test": (3, 4)},
        missing="mean",
        encode="one-hot",
        normalise=True,
    )

    found = load(descriptor, {})

    assert found.facts.features == ["a", "town=Bonn", "town=Rom"]
    # Mean 2 and deviation 1 of the first two; a value that they do not have is in no column.
    assert found.inputs.tolist() == [[-1, 0, 1], [1, 1, 0], [0, 0, 1], [98, 0, 0]]
    assert any("'Oslo'" in text for text in found.facts.warnings)
    preparation = found.facts.table
    rows = [{"a": a, "town": town} for a, town in frame[["a", "town"]].to_numpy().tolist()]
    assert [preparation.row(row) for row in rows] == found.inputs.tolist()
    with pytest.raises(InvalidRequestError, match="column 'town' has no value"):
        preparation.model_copy(
            update={"columns": (preparation.columns[1].model_copy(update={"fill": None}),)}
        ).row({"twon": "Rom"})


@pytest.mark.parametrize("named", [None, "key"])
def test_an_index_of_pandas_is_no_feature(tmp_path, named):
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.5], "y": [0, 1, 0]}, index=[7, 3, 5])
    frame.index.name = named
    frame.to_parquet(tmp_path / "t.parquet")
    assert len(pq.read_table(tmp_path / "t.parquet").column_names) == 3

    found = opened(tmp_path / "t.parquet", kind="parquet")

    assert found.facts.features == ["a"]
    assert found.inputs.tolist() == [[1.5], [2.5], [3.5]]
    assert found.targets.tolist() == [0, 1, 0]
    assert any("numbers the rows" in note for note in found.facts.notes)


def test_types_of_parquet_become_numbers(tmp_path):
    day = dt.date(2024, 2, 1)
    table = pa.table(
        {
            "day": pa.array([day, day]),
            "time": pa.array([dt.datetime(2024, 2, 1, 12)] * 2),
            "price": pa.array([1, 2], type=pa.decimal128(5, 2)),
            "flag": [True, False],
            "whole": pa.array([4, 5], type=pa.uint8()),
            "class": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")

    found = opened(tmp_path / "t.parquet", kind="parquet")

    when = epoch(2024, 2, 1)
    assert found.inputs.tolist() == [[when, when + 0.5, 1, 1, 4], [when, when + 0.5, 2, 0, 5]]
    assert found.facts.classes == ["x", "y"]


def test_a_target_that_is_not_there_is_no_class(tmp_path):
    table = pa.table({"x": [[1.0, 2.0]] * 3, "y": ["a", None, "b"]})
    pq.write_table(table, tmp_path / "t.parquet")

    with pytest.raises(InvalidDataError, match=r"'y', the target, has no value in row 1 \(1 of 3"):
        opened(tmp_path / "t.parquet", kind="parquet")


def test_descriptors_of_earlier_releases_are_understood():
    old = {"name": "d", "kind": "npz", "file": "path:/d.npz", "separator": ",", "header": True}

    assert DatasetDescriptor.model_validate(old).separator is None
    with pytest.raises(ValueError, match="separator says nothing"):
        DatasetDescriptor.model_validate({**old, "separator": ";"})
    assert DatasetDescriptor.model_validate({**old, "kind": "csv"}).separator == ","

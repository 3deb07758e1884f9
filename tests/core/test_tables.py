"""How a row of a table becomes the numbers that a network gets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.tables import (
    PreparedColumn,
    TablePreparation,
    days,
    is_missing,
    parsed_number,
)


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "value"),
    [
        ("12", ".", "", 12),
        ("-1.5e3", ".", "", -1500),
        (".5", ".", "", 0.5),
        ("1.234.567,8", ",", ".", 1_234_567.8),
        ("1,234,567.8", ".", ",", 1_234_567.8),
        ("1\u202f234,5", ",", " ", 1234.5),
        ("1\u2019234.5", ".", "'", 1234.5),
        ("TRUE", ".", "", 1),
        ("false", ".", "", 0),
    ],
)
def test_numbers_are_read_as_the_table_writes_them(text, decimal, thousands, value):
    assert parsed_number(text, decimal, thousands) == value


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [("1,5", ".", ""), ("12,34", ".", ","), ("1.2.3", ".", ""), ("", ".", ""), ("five", ".", "")],
)
def test_what_is_no_number_there_is_refused_and_not_guessed(text, decimal, thousands):
    with pytest.raises(ValueError, match="is no number"):
        parsed_number(text, decimal, thousands)


@pytest.mark.parametrize(
    ("value", "form", "wanted"),
    [
        ("1970-01-02", None, 1),
        ("2000-01-01", None, 10_957),
        ("01.01.2000", "%d.%m.%Y", 10_957),
        ("2000-01-01T12:00:00", None, 10_957.5),
        ("2000-01-01T12:00:00+12:00", None, 10_957),
        (date(1969, 12, 31), None, -1),
        (datetime(2000, 1, 1, tzinfo=UTC), None, 10_957),
        (datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=6))), None, 10_956.75),
        (7.5, None, 7.5),
    ],
)
def test_dates_are_days_since_1970_in_utc(value, form, wanted):
    assert days(value, form) == wanted


@pytest.mark.parametrize("value", ["31.02.2000", "soon", True, object()])
def test_what_is_no_date_is_refused(value):
    with pytest.raises(ValueError, match="is no date"):
        days(value, "%d.%m.%Y")


def test_words_for_nothing_are_known_in_any_case():
    assert all(is_missing(value) for value in (None, "", " NA ", "NaN", "n/a", float("nan")))
    assert not any(is_missing(value) for value in (0, "0", "-", "nano", False))


@pytest.fixture
def preparation():
    return TablePreparation(
        columns=(
            PreparedColumn(name="width", kind="number", mean=10.0, deviation=4.0),
            PreparedColumn(name="age", kind="number", fill=3.0, marks_missing=True),
            PreparedColumn(name="kind", kind="classes", categories=("a", "b")),
            PreparedColumn(name="town", kind="one-hot", categories=("Gent", "Ulm"), fill="Ulm"),
            PreparedColumn(name="day", kind="date"),
        )
    )


def test_a_row_has_a_number_for_each_feature(preparation):
    row = {"width": 12, "age": "5", "kind": "b", "town": "Gent", "day": "1970-01-03", "else": 1}

    assert preparation.features == (
        "width", "age", "age missing", "kind", "town=Gent", "town=Ulm", "day",
    )  # fmt: skip
    assert preparation.row(row) == [0.5, 5, 0, 1, 1, 0, 2]


def test_missing_and_unknown_values_are_what_training_made_of_them(preparation):
    row = {"width": 10, "age": None, "kind": "new", "town": "", "day": "1970-01-01"}

    assert preparation.row(row) == [0, 3, 1, 2, 0, 1, 0]
    assert preparation.row({**row, "town": "Bonn"})[4:6] == [0, 0]


def test_all_that_is_wrong_with_a_row_is_told_at_once(preparation):
    with pytest.raises(InvalidRequestError) as caught:
        preparation.row({"widht": 12, "age": "old", "kind": "a", "day": float("inf")})
    with pytest.raises(InvalidRequestError, match="is 1e999"):
        preparation.row({"width": "1e999", "kind": "a", "day": "1970-01-01"})

    told = {item.value: item.message for item in caught.value.errors}
    assert set(told) == {"width", "age", "day"}
    assert "has no value (given is 'widht')" in told["width"]
    assert "holds 'old', which is no number" in told["age"]

"""Data of a notebook as files that can be sent."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import InvalidDataError, refusal
from jupyter_platform.core.tables import days, is_missing

_ACCEPTED = "a path, a DataFrame, an array, (x, y), or a dict of arrays"


@contextmanager
def as_file(data: Any, options: dict[str, Any]) -> Iterator[Path]:
    """Give a file, or folder, that holds some data, for as long as it is needed.

    Parameters
    ----------
    data : Any
        See `Datasets.add_dataset`.
    options : dict
        How it is read; what the file itself tells is taken out.

    Raises
    ------
    InvalidDataError
        If the data are of a type that no file is made of, or cannot be written.
    """
    if isinstance(data, str | Path):
        yield Path(data).expanduser()
        return
    with tempfile.TemporaryDirectory(prefix="jupyter-platform-") as folder:
        if hasattr(data, "to_parquet"):
            yield _frame_file(data, Path(folder) / "data.parquet")
        else:
            yield _array_file(data, Path(folder) / "data.npz", options)


def as_rows(data: Any) -> list[dict[str, Any]] | None:
    """Return rows of a table as JSON holds them; None where the data are none."""
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        data = data.to_dict("records")
    rows = [data] if isinstance(data, Mapping) else data
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping):
        return None
    return [{str(key): _sendable(value) for key, value in row.items()} for row in rows]


def _sendable(value: Any) -> Any:
    """Return a value of a row as JSON holds it; dates are days since 1970-01-01."""
    if is_missing(value) or value != value:
        return None
    if isinstance(value, date):
        return days(value)
    return value.item() if hasattr(value, "item") else value


def _frame_file(frame: Any, path: Path) -> Path:
    """Write a DataFrame without its index."""
    named = frame.rename(columns=str)
    try:
        named.to_parquet(path, index=False)
    except (ValueError, TypeError, OSError, ImportError) as error:
        raise InvalidDataError(
            f"The DataFrame cannot be written as Parquet: {error}. Columns hold numbers, text or "
            "dates, each of one type."
        ) from error
    return path


def _array_file(data: Any, path: Path, options: dict[str, Any]) -> Path:
    """Write arrays to files; a single array is split into inputs and target."""
    # numpy is not needed for the rest of the client.
    import numpy as np  # noqa: PLC0415

    if isinstance(data, Mapping):
        arrays = {str(key): np.asarray(item) for key, item in data.items()}
    elif isinstance(data, tuple | list) and len(data) == 2 and hasattr(data[0], "__len__"):
        arrays = {"x": np.asarray(data[0]), "y": np.asarray(data[1])}
    elif isinstance(data, np.ndarray):
        arrays = _parted(data, options)
    else:
        message = f"Data of type {type(data).__name__} cannot be added; accepted: {_ACCEPTED}."
        raise refusal("data", type(data).__name__, message, _ACCEPTED)
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise InvalidDataError(
                f"Array {name!r} holds Python objects; give numbers, or text as an array of str."
            )
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def _parted(array: Any, options: dict[str, Any]) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    if array.ndim != 2 or array.shape[1] < 2:
        message = (
            f"An array of shape {array.shape} has no column to learn; give (x, y), or one of shape "
            "(samples, columns) with 2 columns or more."
        )
        raise refusal("data", str(array.shape), message, _ACCEPTED)
    target = options.pop("target", None)
    column = array.shape[1] - 1 if target is None else target
    if not isinstance(column, int) or not -array.shape[1] <= column < array.shape[1]:
        accepted = f"0 to {array.shape[1] - 1}"
        message = f"target = {column!r} is no column of the array; accepted: {accepted}."
        raise refusal("target", column, message, accepted)
    return {"x": np.delete(array, column, axis=1), "y": array[:, column]}

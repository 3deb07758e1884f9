"""Variables written to files and read again."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from jupyter_platform.runtime import values
from jupyter_platform.runtime.values import ValueRefusedError, load_value, save_value


def there_and_back(value: Any, folder: Path) -> Any:
    return load_value(str(folder / save_value("value", value, str(folder))))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2**70,
        0.1,
        float("inf"),
        "text ü\n",
        [],
        {},
        [1, [2.5, None]],
        {"a": {"b": []}},
    ],
)
def test_plain_values_come_back_as_they_are(value: object, tmp_path: Path):
    found = there_and_back(value, tmp_path)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.float32(2.5),
        np.datetime64("2024-01-02"),
        np.array(["a", "bc"]),
        np.zeros((0, 3)),
        np.array(3.0),
        np.asfortranarray(np.ones((2, 3))),
    ],
)
def test_arrays_come_back_with_shape_and_type(array: Any, tmp_path: Path):
    found = there_and_back(array, tmp_path)
    assert type(found) is type(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_dictionaries_of_arrays_keep_any_key(tmp_path: Path):
    value = {"file": np.arange(3), "a/b": np.zeros((2, 2), np.uint8)}
    found = there_and_back(value, tmp_path)
    assert found.keys() == value.keys()
    for key in value:
        np.testing.assert_array_equal(found[key], value[key])
        assert found[key].dtype == value[key].dtype


def test_frames_come_back_with_index_and_types(tmp_path: Path):
    frame = pd.DataFrame(
        {
            "number": [1.5, np.nan],
            "text": ["a", None],
            "day": [datetime(2024, 1, 2, tzinfo=UTC), pd.NaT],
            "kind": pd.Categorical(["x", "y"]),
            "whole": pd.array([1, None], dtype="Int64"),
        },
        index=pd.Index([7, 3], name="id"),
    )
    pd.testing.assert_frame_equal(there_and_back(frame, tmp_path), frame)


def test_tensors_and_state_dictionaries_come_back_bit_by_bit(tmp_path: Path):
    tensor = torch.randn(3, 2, dtype=torch.bfloat16).t()
    found = there_and_back(tensor, tmp_path)
    assert found.dtype == tensor.dtype
    assert torch.equal(found, tensor)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    network[0].bias = network[1].bias  # tied
    state = network.state_dict()
    for given in (network, state):
        again = there_and_back(given, tmp_path)
        assert again.keys() == state.keys()
        assert all(torch.equal(again[key], state[key]) for key in state)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (object(), "value is a object"),
        ((1, 2), "make it a list"),
        ({1: 2}, "the key 1 of value"),
        ([{"a": {1}}], r"value\[0\]\['a'\] is a set"),
        (np.array([object()]), "elements of type object"),
        ({"a": np.array([None])}, r"value\['a'\]"),
        (np.ma.masked_array([1, 2], mask=[0, 1]), "MaskedArray"),
        (pd.Series([1]), "to_frame"),
        (pd.DataFrame({1: [2]}), "columns"),
        (pd.DataFrame({"a": [{1}, {2}]}), "column 'a' of value is a set"),
        (pd.DataFrame({"a": [[1], [2]]}), "column 'a' of value is a list"),
        (pd.DataFrame({"a": [1, "x"]}), "column 'a'"),
        (torch.eye(2).to_sparse(), "dense"),
        (torch.optim.SGD([torch.zeros(1)]), "SGD"),
        (Path("x"), "Path"),
        (lambda: 1, "function"),
    ],
)
def test_what_would_change_or_needs_a_pickle_is_refused_by_name(
    value: object, told: str, tmp_path: Path
):
    with pytest.raises(ValueRefusedError, match=told):
        save_value("value", value, str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_it_runs_by_its_path_without_the_platform(tmp_path: Path):
    code = (
        "import json, runpy, sys\nassert 'jupyter_platform' not in sys.modules\n"
        f"f = runpy.run_path({values.__file__!r})\n"
        f"f['save_from']({{'x': [1]}}, ['x'], {str(tmp_path)!r})\n"
        f"v = {{}}\nf['load_into'](v, {{'y': {str(tmp_path / 'x.json')!r}}})\n"
        "print(json.dumps(v))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == {"y": [1]}

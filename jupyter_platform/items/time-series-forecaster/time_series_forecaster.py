"""Forecasts the next steps of a series of numbers that has cycles."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from marshmallow import fields, validate
from series import AHEAD, SEEN, Series, made_up, scaled

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.items.data import weights_folder
from jupyter_platform.items.learning import Trained, learn
from jupyter_platform.items.tables import file_field, numbers_of, read_table

MOST_STEPS = 240
NETWORK = NetworkDescription.model_validate(
    {
        "name": "forecaster",
        "task": "regression",
        "layers": [
            {"type": "Linear", "in_features": SEEN, "out_features": 192},
            {"type": "ReLU"},
            {"type": "Linear", "in_features": 192, "out_features": 128},
            {"type": "ReLU"},
            {"type": "Linear", "in_features": 128, "out_features": AHEAD},
        ],
    }
)


def build(folder: Path) -> float:
    """Train on made-up series; return the error on others, beside repeating the last period."""
    learnt, _ = made_up(20_000, seed=1)
    inputs, level, spread = scaled(learnt[:, :SEEN])
    path = folder / "series.npz"
    np.savez(path, x=inputs, y=(learnt[:, SEEN:] - level) / spread)
    dataset = DatasetDescriptor(
        name="series", kind="npz", task="regression", file=f"path:{path}",
        splits={"train": (0, 19_000), "test": (19_000, 20_000)},
    )  # fmt: skip
    learn(
        folder, NETWORK, dataset, method="adam", learning_rate=0.001, batch_size=128,
        max_iterations=2500, validation_interval=250, seed=1,
    )  # fmt: skip
    path.unlink()
    return _error(Trained(folder))


def _error(trained: Trained) -> float:
    series, periods = made_up(500, seed=2)
    seen, truth = series[:, :SEEN], series[:, SEEN:]
    told = _ahead(trained, seen)
    back = np.arange(AHEAD) % periods[:, None] - periods[:, None]
    repeated = np.take_along_axis(seen, SEEN + back, axis=1)
    return float(np.abs(told - truth).mean() / np.abs(repeated - truth).mean())


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "time-series-forecaster",
        "summary": "Forecasts the next steps of a series of numbers that has cycles.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "values": fields.List(
            fields.Float(),
            load_default=list,
            metadata={"description": f"The series, oldest first, {SEEN} steps or more."},
        ),
        "table": file_field("CSV file with the series in a column, instead.", required=False),
        "column": fields.Str(
            load_default="", metadata={"description": "Column of the table; blank: its last."}
        ),
        "steps": fields.Int(
            load_default=AHEAD,
            validate=validate.Range(min=1, max=MOST_STEPS),
            metadata={"description": "Steps to forecast."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    _trained().ask(np.zeros((1, SEEN)))


def predict(
    values: list[float] | None = None, table: Any = None, column: str = "", steps: int = AHEAD
) -> dict[str, Any]:
    """Return the next steps; beyond a day of 24 each forecast builds upon the last one."""
    series = np.asarray(values or [], np.float32)
    if table is not None:
        names, rows = read_table(table.filename)
        series = numbers_of(names, rows, [column or names[-1]])[:, 0]
    if len(series) < SEEN or not np.isfinite(series).all():
        raise ValueError(
            f"The series has {len(series):,} steps; {SEEN} finite ones or more are wanted."
        )
    known = series
    for _ in range(math.ceil(steps / AHEAD)):
        known = np.concatenate([known, _ahead(_trained(), known[None, -SEEN:])[0]])
    told = known[len(series) : len(series) + steps]
    return {"forecast": [round(float(value), 6) for value in told], "steps": steps}


def _ahead(trained: Trained, seen: Series) -> Series:
    """Return the steps that follow what was seen, a row for each series."""
    inputs, level, spread = scaled(seen)
    found: Series = np.asarray(trained.ask(inputs).outputs, np.float32) * spread + level
    return found


@cache
def _trained() -> Trained:
    return Trained(weights_folder())

"""Predicts a number from the columns of a table: a bundled one, or one's own."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from marshmallow import fields, validate

from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.items.data import BASE, new_weights, weights_folder, weights_names
from jupyter_platform.items.learning import Trained, evaluate, learn
from jupyter_platform.items.tables import file_field, held_out_dataset, numbers_of, read_table

COLUMNS = "columns.json"
"""File beside the weights: names of the columns, and of what is predicted from them."""
NETWORK = NetworkDescription.model_validate(
    {
        "name": "table-regression",
        "task": "regression",
        "layers": [
            {"type": "Normalize", "num_features": "$features"},
            {"type": "Linear", "in_features": "$features", "out_features": 8},
            {"type": "Tanh"},
            {"type": "Linear", "in_features": 8, "out_features": "$outputs"},
            {"type": "Denormalize", "num_features": "$outputs"},
        ],
    }
)
"""Small on purpose: a few hundred rows teach no more."""
_OPTIONS: dict[str, Any] = {
    "method": "adamw",
    "learning_rate": 0.01,
    "weight_decay": 0.1,
    "batch_size": 32,
    "validation_interval": 25,
    "seed": 1,
}


def build(folder: Path) -> float:
    """Train the network on 353 patients; return R² on 89 others."""
    learn(folder, NETWORK, "diabetes", max_iterations=500, **_OPTIONS)
    names = list(bundled_datasets()["diabetes"].features or ())
    _write_columns(folder, names, "progression of diabetes after a year")
    return float(evaluate(folder, "diabetes")["r2"])


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "regression-on-tables",
        "summary": "Predicts a number from the columns of a table.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    wanted = ", ".join(_columns(BASE)["columns"])
    return {
        "table": file_field(f"CSV file with the columns {wanted}, or those of the weights."),
        "weights": fields.Str(
            load_default=BASE,
            metadata={"description": f"One of: {', '.join(weights_names())}."},
        ),
    }


def get_train_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `train`."""
    return {
        "table": file_field("CSV file of numbers with names in its first line, 50 rows or more."),
        "target": fields.Str(
            required=True, metadata={"description": "Column that is to be predicted."}
        ),
        "name": fields.Str(
            required=True,
            metadata={"description": "Name of the new weights, such as houses."},
        ),
        "iterations": fields.Int(
            load_default=500,
            validate=validate.Range(min=50, max=20_000),
            metadata={"description": "Updates of the weights."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    columns = _columns(BASE)["columns"]
    _trained(str(weights_folder())).ask(np.zeros((1, len(columns))))


def predict(table: Any, weights: str = BASE) -> dict[str, Any]:
    """Return a number for each row of a table."""
    columns = _columns(weights)
    names, rows = read_table(table.filename)
    inputs = numbers_of(names, rows, columns["columns"])
    outputs = _trained(str(weights_folder(weights))).ask(inputs).outputs
    found = [
        {"row": number, "prediction": round(float(value[0]), 4)}
        for number, value in enumerate(outputs, start=1)
    ]
    return {"target": columns["target"], "rows": found}


def train(table: Any, target: str, name: str, iterations: int = 500) -> dict[str, Any]:
    """Train on a table of one's own; return R² on every fifth row, which was held out."""
    names, rows = read_table(table.filename)
    columns = [column for column in names if column != target]
    values = numbers_of(names, rows, [*columns, target])
    if len(values) < 50:
        raise ValueError(f"The table has {len(values)} rows; at least 50 are wanted.")
    with new_weights(name) as folder:
        dataset = held_out_dataset(folder, values[:, :-1], values[:, -1])
        learn(folder, NETWORK, dataset, max_iterations=iterations, **_OPTIONS)
        _write_columns(folder, columns, target)
        score = float(evaluate(folder, dataset)["r2"])
    return {"weights": name, "r2": round(score, 4), "measured_on": "every fifth row"}


def _write_columns(folder: Path, columns: list[str], target: str) -> None:
    (folder / COLUMNS).write_text(json.dumps({"columns": columns, "target": target}))


def _columns(weights: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((weights_folder(weights) / COLUMNS).read_text())
    return found


@lru_cache(maxsize=8)
def _trained(folder: str) -> Trained:
    return Trained(Path(folder))

"""Tells the species of an iris by four lengths; learns tables of one's own, too."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from marshmallow import fields, validate

from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.items.data import BASE, new_weights, weights_folder, weights_names
from jupyter_platform.items.learning import Trained, evaluate, learn
from jupyter_platform.items.tables import (
    file_field,
    held_out_dataset,
    number_field,
    numbers_of,
    read_table,
)

_BUNDLED = Path(str(resources.files("jupyter_platform"))) / "core" / "bundled" / "datasets"

COLUMNS = "columns.json"
"""File beside the weights: columns, each with its median, and classes."""
_OPTIONS: dict[str, Any] = {
    "method": "adamw",
    "learning_rate": 0.003,
    "weight_decay": 0.05,
    "batch_size": 16,
    "validation_interval": 50,
    "seed": 1,
}


def build(folder: Path) -> float:
    """Train the network on 120 flowers; return the accuracy on 30 others."""
    learn(folder, "mlp", "iris", max_iterations=400, **_OPTIONS)
    iris = bundled_datasets()["iris"]
    with np.load(_BUNDLED / "iris.npz", allow_pickle=False) as data:
        medians = np.median(data["x"][:120], axis=0)
    names = [name.removesuffix(" (cm)").replace(" ", "_") for name in iris.features or ()]
    _write_columns(folder, names, medians, list(iris.classes or ()))
    return float(evaluate(folder, "iris")["accuracy"])


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "tabular-classifier",
        "summary": "Tells the species of an iris by four lengths; learns tables of one's own, too.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`: the lengths of one flower, or a table."""
    one = {
        name: number_field(f"{name.replace('_', ' ')} in cm", value)
        for name, value in _columns(BASE)["columns"].items()
    }
    table = file_field(
        "CSV file with a row for each sample and the columns of the weights; where there is none "
        "the lengths count.",
        required=False,
    )
    weights = fields.Str(
        load_default=BASE,
        metadata={"description": f"One of: {', '.join(weights_names())}; others need a table."},
    )
    return {**one, "table": table, "weights": weights}


def get_train_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `train`."""
    return {
        "table": file_field("CSV file with names in its first line, 50 rows or more."),
        "target": fields.Str(
            required=True, metadata={"description": "Column with the class of each row."}
        ),
        "name": fields.Str(
            required=True, metadata={"description": "Name of the new weights, such as houses."}
        ),
        "iterations": fields.Int(
            load_default=400,
            validate=validate.Range(min=50, max=20_000),
            metadata={"description": "Updates of the weights."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    _trained(str(weights_folder())).ask(np.zeros((1, len(_columns(BASE)["columns"]))))


def predict(table: Any = None, weights: str = BASE, **lengths: float) -> dict[str, Any]:
    """Return the class of one sample with probabilities, or of each row of a table."""
    columns = _columns(weights)
    names, classes = list(columns["columns"]), columns["classes"]
    if table is not None:
        inputs = numbers_of(*read_table(table.filename), names)
    elif weights == BASE:
        inputs = np.array([[lengths[name] for name in names]], np.float32)
    else:
        raise ValueError(f"Weights {weights!r} need a table with the columns {', '.join(names)}.")
    probabilities = np.array(_trained(str(weights_folder(weights))).ask(inputs).probabilities)
    if table is None:
        order = np.argsort(probabilities[0])[::-1]
        return {
            "label": classes[order[0]],
            "labels": [classes[place] for place in order],
            "probabilities": [round(float(probabilities[0, place]), 6) for place in order],
        }
    found = [
        {"row": number, "label": classes[row.argmax()], "probability": round(float(row.max()), 6)}
        for number, row in enumerate(probabilities, start=1)
    ]
    return {"rows": found}


def train(table: Any, target: str, name: str, iterations: int = 400) -> dict[str, Any]:
    """Train on a table of one's own; return the accuracy on every fifth row, which was held out."""
    names, rows = read_table(table.filename)
    if target not in names:
        raise ValueError(f"The table has no column {target!r}. It has: {', '.join(names)}.")
    columns = [column for column in names if column != target]
    values = numbers_of(names, rows, columns)
    told = [row[names.index(target)] for row in rows]
    classes = sorted(set(told))
    if len(rows) < 50 or not 2 <= len(classes) <= 100:
        raise ValueError(
            f"The table has {len(rows)} rows of {len(classes)} classes; at least 50 rows of 2 to "
            "100 classes are wanted."
        )
    targets = np.array([classes.index(word) for word in told], np.uint8)
    with new_weights(name) as folder:
        dataset = held_out_dataset(folder, values, targets, classes=tuple(classes))
        learn(folder, "mlp", dataset, max_iterations=iterations, **_OPTIONS)
        _write_columns(folder, columns, np.median(values, axis=0), classes)
        score = float(evaluate(folder, dataset)["accuracy"])
    return {"weights": name, "accuracy": round(score, 4), "measured_on": "every fifth row"}


def _write_columns(
    folder: Path, names: list[str], medians: npt.NDArray[np.float32], classes: list[str]
) -> None:
    columns = {name: round(float(value), 2) for name, value in zip(names, medians, strict=True)}
    (folder / COLUMNS).write_text(json.dumps({"columns": columns, "classes": classes}))


def _columns(weights: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((weights_folder(weights) / COLUMNS).read_text())
    return found


@lru_cache(maxsize=8)
def _trained(folder: str) -> Trained:
    return Trained(Path(folder))

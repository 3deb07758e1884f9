"""Tells which rows of a table are unlike those that it has learnt: an autoencoder."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from marshmallow import fields, validate

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.items.data import BASE, new_weights, weights_folder, weights_names
from jupyter_platform.items.learning import Trained, learn
from jupyter_platform.items.tables import file_field, numbers_of, read_table

USUAL = "usual.json"
"""File beside the weights: columns, level and spread of each, and errors of held-out usual rows."""
LEAST_ROWS = 50
_BUNDLED = Path(str(resources.files("jupyter_platform"))) / "core" / "bundled" / "datasets"
_BENIGN = 1

Rows = npt.NDArray[np.float32]


def build(folder: Path) -> float:
    """Learn benign tumours; return the area under the ROC curve on others of both kinds."""
    with np.load(_BUNDLED / "breast_cancer.npz", allow_pickle=False) as data:
        rows, kinds = data["x"], data["y"]
    benign, malignant = rows[kinds == _BENIGN], rows[kinds != _BENIGN]
    learnt, held_out = benign[:300], np.concatenate([benign[300:], malignant[-112:]])
    names = list(bundled_datasets()["breast_cancer"].features or ())
    _learn(folder, learnt, names, iterations=1000)
    errors = _errors(folder, held_out)
    return _area(errors, np.arange(len(held_out)) >= len(benign) - 300)


def _area(scores: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> float:
    """Return the part of pairs of which the positive one has the higher score."""
    pairs = scores[positive][:, None] - scores[~positive][None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "anomaly-detector",
        "summary": "Tells which rows of a table are unlike those that it has learnt.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "table": file_field(
            "CSV file with the columns of the weights; those of base are the 30 measurements of "
            "the dataset breast_cancer, such as 'mean radius'."
        ),
        "expected": fields.Float(
            load_default=0.01,
            validate=validate.Range(min=0, max=0.5),
            metadata={"description": "Part of usual rows that may be called unusual by mistake."},
        ),
        "weights": fields.Str(
            load_default=BASE, metadata={"description": f"One of: {', '.join(weights_names())}."}
        ),
    }


def get_train_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `train`."""
    return {
        "table": file_field(f"CSV file of numbers with usual rows only, {LEAST_ROWS} or more."),
        "name": fields.Str(
            required=True, metadata={"description": "Name of the new weights, such as pumps."}
        ),
        "iterations": fields.Int(
            load_default=1000,
            validate=validate.Range(min=50, max=20_000),
            metadata={"description": "Updates of the weights."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    place = str(weights_folder())
    _errors(Path(place), np.zeros((1, len(_usual(place)["columns"])), np.float32))


def predict(table: Any, expected: float = 0.01, weights: str = BASE) -> dict[str, Any]:
    """Return for each row how unlike it is, whether it is unusual, and the column that says so."""
    folder = weights_folder(weights)
    usual = _usual(str(folder))
    inputs = numbers_of(*read_table(table.filename), usual["columns"])
    missed = _missed(folder, inputs)
    scores, limit = missed.mean(1), float(np.quantile(usual["errors"], 1 - expected))
    found = [
        {
            "row": number,
            "score": round(float(score / limit), 4),
            "unusual": bool(score > limit),
            "column": usual["columns"][int(row.argmax())],
        }
        for number, (score, row) in enumerate(zip(scores, missed, strict=True), start=1)
    ]
    return {"unusual": sum(row["unusual"] for row in found), "rows": found}


def train(table: Any, name: str, iterations: int = 1000) -> dict[str, Any]:
    """Learn the usual rows of a table of one's own; every fifth is held out to set the limit."""
    names, rows = read_table(table.filename)
    values = numbers_of(names, rows, names)
    if len(values) < LEAST_ROWS:
        raise ValueError(f"The table has {len(values)} rows; at least {LEAST_ROWS} are wanted.")
    with new_weights(name) as folder:
        _learn(folder, values, names, iterations)
    return {"weights": name, "rows": len(values), "columns": names}


def _learn(folder: Path, rows: Rows, names: list[str], iterations: int) -> None:
    held_out = np.arange(len(rows)) % 5 == 4
    level, spread = rows[~held_out].mean(0), rows[~held_out].std(0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = ((rows - level) / spread).astype(np.float32)
    ordered = np.concatenate([scaled[~held_out], scaled[held_out]])
    path = folder / "rows.npz"
    np.savez(path, x=ordered, y=ordered)
    cut = int((~held_out).sum())
    dataset = DatasetDescriptor(
        name="rows", kind="npz", task="regression", file=f"path:{path}",
        splits={"train": (0, cut), "test": (cut, len(rows))},
    )  # fmt: skip
    learn(
        folder, _network(len(names)), dataset, method="adam", learning_rate=0.002, batch_size=32,
        max_iterations=iterations, validation_interval=50, seed=1,
    )  # fmt: skip
    path.unlink()
    content = {"columns": names, "level": level.tolist(), "spread": spread.tolist(), "errors": []}
    _write(folder, content)
    _write(folder, {**content, "errors": _errors(folder, rows[held_out]).tolist()})


def _write(folder: Path, content: dict[str, Any]) -> None:
    (folder / USUAL).write_text(json.dumps(content))
    _usual.cache_clear()
    _trained.cache_clear()


def _network(columns: int) -> NetworkDescription:
    """Return an autoencoder whose middle is a fifth as wide as the table."""
    widths = [columns, max(columns // 2, 2), max(columns // 5, 1), max(columns // 2, 2), columns]
    layers: list[dict[str, Any]] = []
    for before, after in zip(widths, widths[1:], strict=False):
        layers += [
            {"type": "Linear", "in_features": before, "out_features": after},
            {"type": "Tanh"},
        ]
    return NetworkDescription.model_validate(
        {"name": "table-autoencoder", "task": "regression", "layers": layers[:-1]}
    )


def _errors(folder: Path, rows: Rows) -> npt.NDArray[np.float64]:
    """Return how far each row is from what the network makes of it."""
    errors: npt.NDArray[np.float64] = _missed(folder, rows).mean(1)
    return errors


def _missed(folder: Path, rows: Rows) -> npt.NDArray[np.float64]:
    usual = _usual(str(folder))
    scaled = (rows - np.array(usual["level"])) / np.array(usual["spread"])
    made = np.array(_trained(str(folder)).ask(scaled).outputs)
    found: npt.NDArray[np.float64] = (made - scaled) ** 2
    return found


@lru_cache(maxsize=8)
def _usual(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(folder) / USUAL).read_text())
    return found


@lru_cache(maxsize=8)
def _trained(folder: str) -> Trained:
    return Trained(Path(folder))

"""Tells classes of pictures apart, and learns those of a folder of one's own."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from marshmallow import fields, validate
from picture_folders import unpack_pictures
from shapes import SIDE, draw_folder

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.items.data import BASE, new_weights, weights_folder, weights_names
from jupyter_platform.items.learning import Trained, evaluate, learn
from jupyter_platform.items.tables import file_field


def _convolution(name: str, channels: int, into: int) -> list[dict[str, Any]]:
    """Return layers that look at neighbours and halve the sides of a picture."""
    return [
        {
            "name": name,
            "type": "Conv2d",
            "in_channels": channels,
            "out_channels": into,
            "kernel_size": 3,
            "padding": 1,
        },
        {"type": "BatchNorm2d", "num_features": into},
        {"type": "ReLU"},
        {"type": "MaxPool2d", "kernel_size": 2},
    ]


NETWORK = NetworkDescription.model_validate(
    {
        "name": "picture-network",
        "task": "classification",
        "layers": [
            *_convolution("conv1", 3, 24),
            *_convolution("conv2", 24, 48),
            *_convolution("conv3", 48, 64),
            {"type": "AdaptiveAvgPool2d", "output_size": 4},
            {"type": "Flatten"},
            {"type": "Linear", "in_features": 1024, "out_features": 64},
            {"type": "ReLU"},
            {"type": "Linear", "in_features": 64, "out_features": "$outputs"},
            {"type": "LogSoftmax", "dim": 1},
        ],
    }
)
_OPTIONS: dict[str, Any] = {
    "method": "adam",
    "learning_rate": 0.002,
    "batch_size": 32,
    "horizontal_flip": 0.5,
    "validation_interval": 50,
    "seed": 1,
}


def build(folder: Path) -> float:
    """Train the network on drawn shapes; return the accuracy on others."""
    with tempfile.TemporaryDirectory(prefix="jp-shapes-") as place:
        draw_folder(Path(place) / "train", 300, seed=1)
        draw_folder(Path(place) / "test", 100, seed=2)
        dataset = DatasetDescriptor(
            name="shapes", kind="images", shape=(3, SIDE, SIDE),
            train=(f"path:{place}/train",), test=(f"path:{place}/test",),
        )  # fmt: skip
        learn(folder, NETWORK, dataset, max_iterations=500, **_OPTIONS)
        return float(evaluate(folder, dataset)["accuracy"])


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "image-classifier",
        "summary": "Tells shapes apart; learns the classes of a folder of one's own.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "picture": file_field("Image of any size; its middle is looked at."),
        "weights": fields.Str(
            load_default=BASE, metadata={"description": f"One of: {', '.join(weights_names())}."}
        ),
    }


def get_train_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `train`."""
    return {
        "pictures": file_field("Zip archive with a folder of images for each class."),
        "name": fields.Str(
            required=True, metadata={"description": "Name of the new weights, such as leaves."}
        ),
        "side": fields.Int(
            load_default=SIDE,
            validate=validate.Range(min=16, max=128),
            metadata={"description": "Pixels of a side that pictures are brought to."},
        ),
        "iterations": fields.Int(
            load_default=300,
            validate=validate.Range(min=20, max=20_000),
            metadata={"description": "Updates of the weights."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    _trained(str(weights_folder())).ask(np.zeros((1, 3, SIDE, SIDE)))


def predict(picture: Any, weights: str = BASE) -> dict[str, Any]:
    """Return the classes with their probabilities, the likeliest first."""
    trained = _trained(str(weights_folder(weights)))
    answer = trained.ask_pictures([Path(picture.filename).read_bytes()])
    (probabilities,), classes = answer.probabilities or ([],), answer.classes or []
    order = np.argsort(probabilities)[::-1]
    return {
        "label": classes[order[0]],
        "labels": [classes[place] for place in order],
        "probabilities": [round(float(probabilities[place]), 6) for place in order],
    }


def train(pictures: Any, name: str, side: int = SIDE, iterations: int = 300) -> dict[str, Any]:
    """Train on pictures of one's own; return the accuracy on those that were held out."""
    with (
        new_weights(name) as folder,
        tempfile.TemporaryDirectory(prefix="jp-pictures-") as place,
    ):
        classes = unpack_pictures(pictures.filename, Path(place))
        dataset = DatasetDescriptor(
            name="pictures", kind="images", file=f"path:{place}", shape=(3, side, side)
        )
        learn(folder, NETWORK, dataset, max_iterations=iterations, **_OPTIONS)
        result = evaluate(folder, dataset)
    return {
        "weights": name,
        "classes": classes,
        "accuracy": round(float(result["accuracy"]), 4),
        "measured_on": "pictures of each class that were held out",
    }


@lru_cache(maxsize=8)
def _trained(folder: str) -> Trained:
    return Trained(Path(folder))

"""Folders of networks as the inference API serves them, with weights that were never learnt."""

from __future__ import annotations

from pathlib import Path

import torch

from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.core.predictions import SERVED_DESCRIPTION, SERVED_WEIGHTS, ServedNetwork
from jupyter_platform.core.preparations import PicturePreparation, Preparation
from jupyter_platform.core.tables import PreparedColumn, TablePreparation
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.networks.weights import WeightsHeader, save_weights

DIGITS = Preparation(
    dataset="digits",
    raw_shape=(1, 8, 8),
    input_shape=(1, 8, 8),
    picture=PicturePreparation(shape=(1, 8, 8), scale=1 / 255),
    task="classification",
    classes=tuple("0123456789"),
)
FLOWERS = Preparation(
    dataset="flowers",
    raw_shape=(4,),
    input_shape=(4,),
    table=TablePreparation(
        columns=(
            PreparedColumn(name="petal length", kind="number", mean=3.0, deviation=2.0),
            PreparedColumn(name="width", kind="number", fill=1.5),
            PreparedColumn(name="garden", kind="one-hot", categories=("north", "south")),
        )
    ),
    task="classification",
    classes=("setosa", "virginica", "versicolor"),
)


def served(
    folder: Path,
    network: str,
    shape: tuple[int, ...],
    outputs: int,
    preparation: Preparation | None = None,
    **told: object,
) -> Path:
    """Write a bundled network with random weights into a folder, and return that."""
    description: NetworkDescription = bundled_networks()[network]
    torch.manual_seed(1)
    module = build(description, shape, outputs)
    folder.mkdir(parents=True, exist_ok=True)
    header = WeightsHeader.of(description, shape, outputs, preparation=preparation)
    save_weights(folder / SERVED_WEIGHTS, module.state_dict(), header)
    record = ServedNetwork(description=description, tag="first/best", **told)
    (folder / SERVED_DESCRIPTION).write_text(record.model_dump_json())
    return folder


def digits(folder: Path) -> Path:
    """Write a classifier of pictures."""
    return served(folder, "lenet-digits", (1, 8, 8), 10, DIGITS)


def flowers(folder: Path) -> Path:
    """Write a classifier of rows of a table."""
    return served(folder, "mlp", (4,), 3, FLOWERS)


def texts(folder: Path) -> Path:
    """Write a network that goes on with texts."""
    told = {"sequential": True, "classes": list("abc ")}
    return served(folder, "char-gru", (1,), 4, **told)

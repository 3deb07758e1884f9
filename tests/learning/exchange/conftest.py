"""What the tests of files from elsewhere share: writers of such files, and a reader."""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from jupyter_platform.core.exchange import ImportAnswer, ImportRequest, WeightsFile
from jupyter_platform.learning.exchange.reading import read
from jupyter_platform.learning.networks import build, load_weights

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("f4")


class Dianne:
    """Writes networks as DIANNE does; modules are called by short names here."""

    def __init__(self) -> None:
        self.modules: dict[str, dict[str, Any]] = {}
        self.weights: dict[str, np.ndarray] = {}

    @staticmethod
    def id(name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    def add(self, name: str, kind: str, prev: str = "", next: str = "", **config: Any) -> Dianne:
        self.modules[name] = {
            "id": self.id(name),
            "type": kind,
            "prev": [self.id(item) for item in prev.split()],
            "next": [self.id(item) for item in next.split()],
            **{key: str(value) for key, value in config.items()},
        }
        return self

    def chain(self, *modules: tuple[str, dict[str, Any]]) -> Dianne:
        """Add Input, modules m1, m2, … one behind the other, and Output."""
        names = ["in", *(f"m{number}" for number in range(1, len(modules) + 1)), "out"]
        for name, (kind, config), before, after in zip(
            names,
            [("Input", {}), *modules, ("Output", {})],
            ["", *names],
            [*names[1:], ""],
            strict=False,
        ):
            self.add(name, kind, before, after, **config)
        return self

    def give(self, name: str, *tensors: np.ndarray, tag: str = "") -> Dianne:
        """Add the weights file of a module."""
        values = np.concatenate([np.asarray(item, "f4").ravel() for item in tensors])
        self.weights[self.id(name) + (f"-{tag}" if tag else "")] = values
        return self

    def text(self) -> str:
        """Return the old form, modules by id."""
        return json.dumps({item["id"]: item for item in self.modules.values()})

    def zip(
        self,
        path: Path,
        *,
        text: str | None = None,
        folder: str = "",
        damage: Mapping[str, Callable[[bytes], bytes]] | None = None,
    ) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{folder}modules.txt", self.text() if text is None else text)
            for name, values in self.weights.items():
                data = len(values).to_bytes(4, "big") + values.astype(">f4").tobytes()
                change = (damage or {}).get(name, bytes)
                archive.writestr(f"{folder}{name}", change(data))
        return path


@pytest.fixture
def dianne() -> Dianne:
    return Dianne()


@pytest.fixture
def import_file(tmp_path: Path) -> Callable[..., ImportAnswer]:
    """Return what reads a file as the platform does."""
    count = iter(range(100))

    def run(path: Path, **fields: Any) -> ImportAnswer:
        folder = tmp_path / f"made-{next(count)}"
        folder.mkdir()
        return read(
            ImportRequest(file=str(path), folder=str(folder), file_name=path.name, **fields)
        )

    return run


def outputs(answer: ImportAnswer, inputs: np.ndarray, weights: WeightsFile | None = None) -> Any:
    """Return what an imported network computes, with its first weights if it has some."""
    description = answer.description
    network = build(description, inputs.shape[1:], description.outputs or 0)
    if weights is not None or answer.weights:
        file = weights or answer.weights[0]
        load_weights(network, Path(file.file), description.name)
    with torch.no_grad():
        return network.eval()(torch.from_numpy(np.array(inputs))).numpy()

"""A list of layers as people write it, and the description that it stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_platform.core.drafts import DraftRecord, LayerTypeRecord
from jupyter_platform.core.words import parse_option_line

START = (
    ("Flatten", ""),
    ("Linear", "in_features=$features out_features=32"),
    ("ReLU", ""),
    ("Linear", "in_features=32 out_features=$outputs"),
    ("LogSoftmax", "dim=1"),
)
"""Layers to begin with: they learn any classes."""
_INPUT_ARGUMENTS = {
    "in_features": -1,
    "input_size": -1,
    "in_channels": 0,
    "num_features": 0,
    "num_channels": 0,
}
"""Arguments that repeat a size of what comes in, and its axis."""
_USUAL = {
    "out_features": 32,
    "out_channels": 16,
    "kernel_size": 3,
    "hidden_size": 32,
    "output_size": 1,
    "num_groups": 4,
    "embedding_dim": 16,
    "padding": 1,
}
"""Initial values of required arguments."""


def describe(name: str, rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the description of a network.

    Parameters
    ----------
    rows : sequence of (str, str)
        Type of each layer, and its arguments as ``key=value`` words; ``name`` and ``inputs`` (names
        joined by commas) may stand among them.

    Raises
    ------
    OptionError
        If arguments cannot be read.
    """
    return {"name": name, "layers": [_layer(kind, text) for kind, text in rows]}


def _layer(kind: str, text: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        key: _value(word) for key, word in parse_option_line(text).items() if key != "type"
    }
    if isinstance(given.get("inputs"), str):
        given["inputs"] = [item for item in given["inputs"].split(",") if item]
    return {"type": kind.strip(), **given}


def _value(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(word, word)


def rows_of(layers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the rows that stand for the layers of a description."""
    return [
        (
            str(layer["type"]),
            " ".join(
                f"{key}={_word(key, item)}"
                for key, item in layer.items()
                if key != "type" and item is not None
            ),
        )
        for layer in layers
    ]


def _word(key: str, value: Any) -> str:
    if key == "inputs" and isinstance(value, list | tuple):
        return ",".join(value)
    if isinstance(value, str):
        return f'"{value}"' if " " in value else value
    return json.dumps(value, separators=(",", ":"))


def usual_arguments(kind: LayerTypeRecord | None, before: DraftRecord | None) -> str:
    """Return arguments for a layer that is added: those it cannot do without.

    Parameters
    ----------
    before : DraftRecord, optional
        What the network is like so far.
    """
    shape = (before and (before.output_shape or before.input_shape)) or []
    words = []
    for argument in kind.arguments if kind else ():
        if not argument.required:
            continue
        axis = _INPUT_ARGUMENTS.get(argument.name)
        known = shape[axis] if axis is not None and shape else _USUAL.get(argument.name)
        words.append(f"{argument.name}={'?' if known is None else known}")
    return " ".join(words)

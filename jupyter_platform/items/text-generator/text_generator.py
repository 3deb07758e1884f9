"""Goes on with a text, character by character, in the manner of what it has read."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from marshmallow import fields, validate
from reports import reports
from torch import nn

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.items.data import BASE, new_weights, weights_folder, weights_names
from jupyter_platform.items.learning import DESCRIPTION, WEIGHTS, evaluate, learn
from jupyter_platform.items.tables import file_field
from jupyter_platform.learning.networks.trained import trained_network
from jupyter_platform.learning.strategies.generated import generate_symbols, symbols_of

ALPHABET = "alphabet.json"
"""File beside the weights: the characters that they know, in their order."""
LONGEST = 2_000
SMALLEST_TEXT, LARGEST_TEXT = 5_000, 20_000_000
"""Bytes of a text to learn from."""
_OPTIONS: dict[str, Any] = {
    "strategy": "bptt",
    "method": "adam",
    "learning_rate": 0.005,
    "batch_size": 16,
    "sequence_length": 64,
    "validation_interval": 100,
    "seed": 1,
}


def build(folder: Path) -> float:
    """Train the network on made-up weather reports; return the perplexity on others."""
    return _learn(folder, reports(900, seed=1), reports(100, seed=2), iterations=500)


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "text-generator",
        "summary": "Goes on with a text in the manner of what it has read.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "start": fields.Str(
            load_default="Monday will be ",
            validate=validate.Length(min=1, max=LONGEST),
            metadata={"description": "The text that it goes on with."},
        ),
        "length": fields.Int(
            load_default=300,
            validate=validate.Range(min=1, max=LONGEST),
            metadata={"description": "Characters to write."},
        ),
        "temperature": fields.Float(
            load_default=0.5,
            validate=validate.Range(min=0.05, max=2),
            metadata={"description": "Freedom: near 0 the likeliest always, above 1 wild."},
        ),
        "seed": fields.Int(
            load_default=0,
            validate=validate.Range(min=0, max=2**31),
            metadata={"description": "The same seed writes the same text."},
        ),
        "weights": fields.Str(
            load_default=BASE,
            metadata={"description": f"One of: {', '.join(weights_names())}."},
        ),
    }


def get_train_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `train`."""
    return {
        "text": file_field("Text in UTF-8, 5,000 characters or more."),
        "name": fields.Str(
            required=True, metadata={"description": "Name of the new weights, such as poems."}
        ),
        "iterations": fields.Int(
            load_default=500,
            validate=validate.Range(min=50, max=50_000),
            metadata={"description": "Updates of the weights."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    predict(length=1)


def predict(
    start: str = "Monday will be ",
    length: int = 300,
    temperature: float = 0.5,
    seed: int = 0,
    weights: str = BASE,
) -> dict[str, Any]:
    """Return the text that follows, and the whole."""
    network, alphabet = _trained(str(weights_folder(weights)))
    symbols = symbols_of(start, alphabet)
    drawn = generate_symbols(network, symbols, length, temperature=temperature, seed=seed)
    text = "".join(alphabet[number] for number in drawn.tolist())
    return {"text": text, "whole": start + text}


def train(text: Any, name: str, iterations: int = 500) -> dict[str, Any]:
    """Train on a text of one's own; return the perplexity on its last tenth, which was held out."""
    data = Path(text.filename).read_bytes()
    if not SMALLEST_TEXT <= len(data) <= LARGEST_TEXT:
        raise ValueError(
            f"The text has {len(data):,} bytes; {SMALLEST_TEXT:,} to {LARGEST_TEXT:,} are wanted."
        )
    whole = data.decode("utf-8")
    cut = len(whole) * 9 // 10
    with new_weights(name) as folder:
        perplexity = _learn(folder, whole[:cut], whole[cut:], iterations)
    return {"weights": name, "perplexity": round(perplexity, 4), "measured_on": "its last tenth"}


def _learn(folder: Path, learnt: str, held_out: str, iterations: int) -> float:
    """Train on one text and return the perplexity on another."""
    alphabet = sorted({*learnt, *held_out})
    paths = {}
    for part, text in (("train", learnt), ("test", held_out)):
        paths[part] = folder / f"{part}.txt"
        paths[part].write_text(text, encoding="utf-8", newline="")
    dataset = DatasetDescriptor(
        name="text",
        kind="characters",
        train=[f"path:{paths['train']}"],
        test=[f"path:{paths['test']}"],
        classes=tuple(alphabet),
    )
    learn(folder, "char-gru", dataset, max_iterations=iterations, **_OPTIONS)
    (folder / ALPHABET).write_text(json.dumps(alphabet))
    result = evaluate(folder, dataset, strategy="criterion", criterion="NLL")
    return math.exp(float(result["loss"]))


@lru_cache(maxsize=4)
def _trained(folder: str) -> tuple[nn.Module, list[str]]:
    place = Path(folder)
    description = NetworkDescription.model_validate_json((place / DESCRIPTION).read_bytes())
    network, _ = trained_network(description, place / WEIGHTS)
    alphabet: list[str] = json.loads((place / ALPHABET).read_text())
    return network, alphabet

"""What translators of operators give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from jupyter_platform.learning.exchange.onnx.model import Array, Model, Node


@dataclass
class TranslatedLayer:
    """A layer in place of an operator, or of a piece of one."""

    type: str
    arguments: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Array] = field(default_factory=dict)
    """Its state dict."""
    inputs: tuple[str, ...] | None = None
    """Values; None: the first input of the node, or what the part before it gives."""


Translator = Callable[[Node, Model], list[TranslatedLayer]]
"""Gives the layers, one behind the other, that an operator is; none for what does nothing."""

GATES: Mapping[str, tuple[int, ...]] = MappingProxyType({"GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)})
"""Recurrent operators, with where their gates are among torch's."""

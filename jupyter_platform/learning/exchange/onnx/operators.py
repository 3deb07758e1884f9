"""The operators of ONNX that have a layer here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jupyter_platform.learning.exchange.onnx import convolution, elementwise, joins, shaping
from jupyter_platform.learning.exchange.onnx.translation import Translator

OPERATORS: Mapping[str, Translator] = MappingProxyType(
    {**convolution.TABLE, **elementwise.TABLE, **joins.TABLE, **shaping.TABLE}
)
"""By name. Beside them those whose outputs are several, `Split` and the keys of `GATES`, and all
that depends on no input."""

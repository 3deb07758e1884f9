"""The table of layer types that a description may name.

Only what stands here can be built, so a description is never a way to run foreign code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from jupyter_platform.learning.networks import layers

# fmt: off
_TORCH_LAYERS: tuple[type[nn.Module], ...] = (
    nn.Linear, nn.Bilinear, nn.Identity, nn.Flatten, nn.Unflatten, nn.Conv1d, nn.Conv2d,
    nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.MaxPool1d,
    nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d, nn.MaxUnpool1d, nn.MaxUnpool2d, nn.MaxUnpool3d, nn.ZeroPad1d,
    nn.ZeroPad2d, nn.ConstantPad1d, nn.ConstantPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d,
    nn.ReplicationPad1d, nn.ReplicationPad2d, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle,
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.LocalResponseNorm, nn.Dropout,
    nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.ReLU, nn.ReLU6, nn.LeakyReLU,
    nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish,
    nn.Hardsigmoid, nn.Hardtanh, nn.Hardshrink, nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Softplus,
    nn.Softsign, nn.Softshrink, nn.Tanhshrink, nn.Threshold, nn.Softmin, nn.Softmax, nn.LogSoftmax,
)
# fmt: on
_OUR_LAYERS: tuple[type[nn.Module], ...] = tuple(
    getattr(layers, name) for name in layers.__all__ if name != "Cell"
)
_HIDDEN_ARGUMENTS = frozenset({"self", "device", "dtype", "inplace", "args", "kwargs"})


@dataclass(frozen=True)
class LayerType:
    """A type of layer: how it is built and how many inputs it takes."""

    name: str
    factory: Callable[..., nn.Module]
    arguments: Mapping[str, inspect.Parameter]
    """Accepted keyword arguments."""
    min_inputs: int = 1
    max_inputs: int | None = 1
    """None: any number."""

    @property
    def is_memory(self) -> bool:
        """Whether it may take its input from a layer that comes after it."""
        return self.factory is layers.Memory

    @property
    def required(self) -> list[str]:
        """Names of the arguments that have no default."""
        return [
            name for name, item in self.arguments.items() if item.default is inspect.Parameter.empty
        ]


def _layer_type(factory: type[nn.Module]) -> LayerType:
    signature = inspect.signature(factory.__init__).parameters
    arguments: dict[str, inspect.Parameter] = {
        name: item
        for name, item in signature.items()
        if name not in _HIDDEN_ARGUMENTS and not name.startswith("_")
    }
    if factory is nn.Unflatten:
        arguments = dict(list(arguments.items())[:2])
    lowest, highest = _INPUT_COUNTS.get(factory, (1, 1))
    return LayerType(factory.__name__, factory, MappingProxyType(arguments), lowest, highest)


_ANY_NUMBER = (
    layers.Add,
    layers.Average,
    layers.Concat,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
)
_TWO = (
    layers.Divide,
    layers.DuelJoin,
    layers.MatMul,
    layers.Subtract,
    nn.Bilinear,
    nn.MaxUnpool1d,
    nn.MaxUnpool2d,
    nn.MaxUnpool3d,
)
_INPUT_COUNTS: dict[type[nn.Module], tuple[int, int | None]] = {
    **dict.fromkeys(_ANY_NUMBER, (2, None)),
    **dict.fromkeys(_TWO, (2, 2)),
    layers.MultivariateGaussian: (1, 2),
    layers.NormalizedAdvantage: (3, 3),
}

LAYER_TYPES: Mapping[str, LayerType] = MappingProxyType(
    {factory.__name__: _layer_type(factory) for factory in (*_TORCH_LAYERS, *_OUR_LAYERS)}
)
"""Every layer type by the name a description gives it."""

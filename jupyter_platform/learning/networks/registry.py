"""The table of layer types that a description may name.

Only what stands here can be built, so a description is never a way to run foreign code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

from jupyter_platform.learning.networks.layers import Add, Concat, Denormalize, Normalize

# fmt: off
_TORCH_LAYERS: tuple[type[nn.Module], ...] = (
    nn.Linear, nn.Bilinear, nn.Identity, nn.Flatten, nn.Unflatten, nn.Conv1d, nn.Conv2d,
    nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.MaxPool1d,
    nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.ZeroPad1d,
    nn.ZeroPad2d, nn.ConstantPad1d, nn.ConstantPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d,
    nn.ReplicationPad1d, nn.ReplicationPad2d, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle,
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.LocalResponseNorm, nn.Dropout, nn.Dropout1d,
    nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU,
    nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid,
    nn.Hardtanh, nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Softplus, nn.Softsign, nn.Tanhshrink,
    nn.Threshold, nn.Softmin, nn.Softmax, nn.LogSoftmax,
)
# fmt: on
_OUR_LAYERS: tuple[type[nn.Module], ...] = (Normalize, Denormalize, Add, Concat)
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
    def required(self) -> list[str]:
        """Names of the arguments that have no default."""
        return [
            name for name, item in self.arguments.items() if item.default is inspect.Parameter.empty
        ]


def _layer_type(factory: type[nn.Module]) -> LayerType:
    signature = inspect.signature(factory.__init__).parameters
    arguments: dict[str, inspect.Parameter] = {
        name: item for name, item in signature.items() if name not in _HIDDEN_ARGUMENTS
    }
    if factory is nn.Unflatten:
        arguments = dict(list(arguments.items())[:2])
    lowest, highest = _INPUT_COUNTS.get(factory, (1, 1))
    return LayerType(factory.__name__, factory, MappingProxyType(arguments), lowest, highest)


_INPUT_COUNTS: dict[type[nn.Module], tuple[int, int | None]] = {
    Add: (2, None),
    Concat: (2, None),
    nn.Bilinear: (2, 2),
}

LAYER_TYPES: Mapping[str, LayerType] = MappingProxyType(
    {factory.__name__: _layer_type(factory) for factory in (*_TORCH_LAYERS, *_OUR_LAYERS)}
)
"""Every layer type by the name a description gives it."""

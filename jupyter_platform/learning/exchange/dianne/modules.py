"""DIANNE's module types by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jupyter_platform.core.errors import InvalidDataError, unknown_name
from jupyter_platform.learning.exchange.dianne import composites, layers
from jupyter_platform.learning.exchange.dianne.files import Module
from jupyter_platform.learning.exchange.dianne.translation import TranslatedLayer, WeightSlot, plain

Translator = Callable[[Module], TranslatedLayer]

TYPES: Mapping[str, Translator] = MappingProxyType(
    {
        "Linear": layers.linear,
        "Convolution": layers.convolution,
        "FullConvolution": lambda module: layers.convolution(module, "ConvTranspose"),
        "MaxPooling": lambda module: layers.pooling(module, "MaxPool"),
        "AvgPooling": lambda module: layers.pooling(module, "AvgPool"),
        "MaxUnpooling": lambda module: layers.pooling(module, "MaxUnpool"),
        "Masked MaxPooling": layers.masked_max,
        "Reshape": layers.reshape,
        "Zeropad": lambda module: TranslatedLayer(
            "ZeroPad", {"padding": layers.numbered(module, "dim")}
        ),
        "Narrow": layers.narrow,
        "Invert": lambda _module: TranslatedLayer("Invert"),
        "Sigmoid": lambda _module: TranslatedLayer("Sigmoid"),
        "Tanh": lambda _module: TranslatedLayer("Tanh"),
        "ReLU": lambda _module: TranslatedLayer("ReLU"),
        "LeakyReLU": lambda module: TranslatedLayer(
            "LeakyReLU", {"negative_slope": module.number("leakyness", 0.01)}
        ),
        "PReLU": lambda _module: TranslatedLayer("PReLU", {}, (WeightSlot("weight", (1,)),)),
        "SELU": lambda _module: TranslatedLayer("SELU"),
        "ELU": layers.elu,
        "SoftPlus": lambda module: TranslatedLayer(
            "Softplus", {"beta": module.number("beta", 1.0)}
        ),
        "Softmax": lambda _module: TranslatedLayer("Softmax", {"dim": 1}),
        "LogSoftmax": lambda _module: TranslatedLayer("LogSoftmax", {"dim": 1}),
        "Threshold": lambda module: TranslatedLayer(
            "Threshold", {"threshold": module.number("thresh"), "value": module.number("val")}
        ),
        "Grid": layers.grid,
        "Accumulate": lambda _module: TranslatedLayer("Add"),
        "Average": lambda _module: TranslatedLayer("Average"),
        "Multiply": lambda _module: TranslatedLayer("Multiply"),
        "Concat": layers.concat,
        "Normalization": lambda module: layers.standard(module, "Normalize"),
        "Denormalization": lambda module: layers.standard(module, "Denormalize"),
        "Frame": layers.frame,
        "Scale": layers.scale,
        "BatchNormalization": layers.batch_norm,
        "Dropout": lambda module: layers.rate(module, "Dropout"),
        "DropPath": lambda module: layers.rate(module, "DropPath"),
        "LRN": layers.lrn,
        "Multivariate Gaussian": layers.gaussian,
        "Gaussian Sampler": lambda module: TranslatedLayer(
            "GaussianSampler", {"size": module.integer("size")}, flat=True
        ),
        "Memory": lambda module: TranslatedLayer(
            "Memory", {"size": module.integer("size")}, flat=True
        ),
        "DuelJoin": lambda _module: TranslatedLayer("DuelJoin"),
        "NormalizedAdvantageFunction": lambda module: TranslatedLayer(
            "NormalizedAdvantage", {"actions": module.integer("actionDims")}, flat=True
        ),
        "ConvLayer": composites.conv_block,
        "Residual": composites.residual,
        "Residual_b": composites.bottleneck,
        "Inception_v1": lambda module: composites.inception(module, batch_norm=False),
        "Inception_v2": lambda module: composites.inception(module, batch_norm=True),
        "Fractal-3": composites.fractal,
        "LSTM": composites.lstm,
        "GRU": composites.gru,
    }
)
"""DIANNE's types that are layers. Input, Output, Duplicate and Split are edges of the graph."""

_TYPES = {plain(name): translator for name, translator in TYPES.items()}


def translate(module: Module) -> TranslatedLayer:
    """Return the layer that does what a module does.

    Raises
    ------
    InvalidDataError
        If its type is unknown, or it lacks a key or has a wrong one.
    """
    translator = _TYPES.get(plain(module.type))
    if translator is None:
        error = unknown_name("module type", module.type, TYPES)
        raise InvalidDataError(f"Module {module.id}: {error.message}", errors=[error])
    return translator(module)


def is_type(module: Module, *types: str) -> bool:
    """Return whether a module is of one of these types, however that is spelled.

    Parameters
    ----------
    module : Module
        A module of the description.
    *types
        Types in the spelling of the newest version.
    """
    return plain(module.type) in {plain(item) for item in types}

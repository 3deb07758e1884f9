"""DIANNE's layers, activations, joins and the like as layers of ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.exchange.dianne.files import Module
from jupyter_platform.learning.exchange.dianne.translation import (
    TranslatedLayer,
    WeightSlot,
    conv_slots,
    counter,
    linear_slots,
    norm_slots,
)


def linear(module: Module) -> TranslatedLayer:
    """Return a linear layer on flattened samples; weights of W[out, in], then b."""
    inputs, outputs = module.integer("input"), module.integer("output")
    return TranslatedLayer(
        "Linear",
        {"in_features": inputs, "out_features": outputs},
        linear_slots(inputs, outputs),
        flat=True,
        wants_flat=True,
    )


_KERNEL = ("kernelWidth", "kernelHeight", "kernelDepth")
_POOL = ("width", "height", "depth")


def _dims(module: Module, keys: tuple[str, str, str]) -> int:
    return 3 if module.has(keys[2]) else 2 if module.has(keys[1]) else 1


def _sizes(module: Module, keys: tuple[str, ...], defaults: list[int]) -> list[int]:
    """Return numbers for width, height, depth in torch's order, which is the other way round."""
    pairs = zip(keys, defaults, strict=False)
    return [module.integer(key, default) for key, default in pairs][::-1]


_STRIDE = ("strideX", "strideY", "strideZ")
_PAD = ("padX", "padY", "padZ")


def convolution(module: Module, kind: str = "Conv") -> TranslatedLayer:
    """Return a convolution over as many axes as its kernel has sizes, or its transpose.

    Parameters
    ----------
    module : Module
        A module of the description.
    kind : str, optional
        ``Conv`` or ``ConvTranspose``.
    """
    inputs, outputs = module.integer("noInputPlanes"), module.integer("noOutputPlanes")
    dims = _dims(module, _KERNEL)
    kernel = [module.integer(key) for key in _KERNEL[:dims]]
    # Old files say with one word that the image keeps its size.
    pads = [(size - 1) // 2 if module.flag("pad") else 0 for size in kernel]
    stride = _sizes(module, _STRIDE, [1] * dims)
    kernel.reverse()
    slots: tuple[WeightSlot, ...]
    if dims == 1:
        if kind != "Conv":
            raise InvalidDataError(f"{module.label} lacks 'kernelHeight'; it has no 1-D form.")
        # The steps of a window are the outer axis there, its features the inner one.
        slots = (
            WeightSlot("weight", (outputs, kernel[0], inputs), (0, 2, 1)),
            WeightSlot("bias", (outputs,)),
        )
        arguments = {"kernel_size": kernel[0], "stride": stride[0]}
        channels = {"in_channels": inputs, "out_channels": outputs}
        return TranslatedLayer("TemporalConv", channels | arguments, slots, flat=False)
    if kind == "Conv":
        slots = conv_slots(inputs, outputs, *kernel)
    else:
        slots = (WeightSlot("weight", (inputs, outputs, *kernel)), WeightSlot("bias", (outputs,)))
    return TranslatedLayer(
        f"{kind}{dims}d",
        {
            "in_channels": inputs,
            "out_channels": outputs,
            "kernel_size": kernel,
            "stride": stride,
            "padding": _sizes(module, _PAD, pads),
        },
        slots,
        flat=False,
    )


def pooling(module: Module, kind: str) -> TranslatedLayer:
    """Return a pooling over as many axes as its window has sizes, or its inverse.

    Parameters
    ----------
    module : Module
        A module of the description.
    kind : str
        ``MaxPool``, ``AvgPool`` or ``MaxUnpool``.
    """
    dims = _dims(module, _POOL)
    sizes = [module.integer(key) for key in _POOL[:dims]]
    if -1 in sizes:
        if set(sizes) != {-1} or kind == "MaxUnpool" or dims == 1:
            raise InvalidDataError(
                f"{module.label}: -1, the whole image, is accepted for all sizes or none."
            )
        return TranslatedLayer(f"Adaptive{kind}{dims}d", {"output_size": 1}, flat=False)
    stride = _sizes(module, _STRIDE, sizes)
    arguments: dict[str, Any] = {"kernel_size": sizes[::-1], "stride": stride}
    if dims == 1 and kind == "MaxPool":
        arguments = {"kernel_size": sizes[0], "stride": stride[0]}
        return TranslatedLayer("TemporalMaxPool", arguments, flat=False)
    # DIANNE takes no notice of the padding of an average over volumes.
    if not (kind == "AvgPool" and dims == 3):
        arguments["padding"] = _sizes(module, _PAD, [0] * dims)
    if kind == "AvgPool":
        arguments["count_include_pad"] = False
    return TranslatedLayer(f"{kind}{dims}d", arguments, flat=False)


def numbered(module: Module, key: str) -> list[int]:
    """Return ``dim0``, ``dim1``, … as far as they go; there must be one.

    Parameters
    ----------
    module : Module
        A module of the description.
    key : str
        Beginning of the names of the properties.
    """
    numbers = [module.integer(f"{key}0")]
    while module.has(f"{key}{len(numbers)}"):
        numbers.append(module.integer(f"{key}{len(numbers)}"))
    return numbers


def reshape(module: Module) -> TranslatedLayer:
    """Return another shape of a sample."""
    shape = numbered(module, "dim")
    return TranslatedLayer("Reshape", {"shape": shape}, flat=len(shape) == 1)


def narrow(module: Module) -> TranslatedLayer:
    """Return a block of a sample."""
    return TranslatedLayer(
        "Narrow", {"start": numbered(module, "index"), "length": numbered(module, "size")}
    )


def frame(module: Module) -> TranslatedLayer:
    """Return the middle of an image, resized."""
    return TranslatedLayer("Frame", {"size": _image(module, numbered(module, "dim"))}, flat=False)


def scale(module: Module) -> TranslatedLayer:
    """Return an image, resized to a size or by factors."""
    corners = {"mode": "bilinear", "align_corners": True}
    if module.has("dim0"):
        size = _image(module, numbered(module, "dim"))
        return TranslatedLayer("Upsample", {"size": size, **corners}, flat=False)
    factors = [module.number("factor0")]
    while module.has(f"factor{len(factors)}"):
        factors.append(module.number(f"factor{len(factors)}"))
    if len(factors) > 2 and factors[0] != 1:
        raise InvalidDataError(f"{module.label}: factor0 = {factors[0]} would make channels.")
    return TranslatedLayer(
        "Upsample", {"scale_factor": _image(module, factors), **corners}, flat=False
    )


def _image(module: Module, sizes: list[Any]) -> list[Any]:
    if len(sizes) not in (2, 3):
        raise InvalidDataError(
            f"{module.label} has {len(sizes)} sizes; 2 (height, width) or 3 (channels, height, "
            "width) are accepted."
        )
    return sizes[-2:]


def standard(module: Module, kind: str) -> TranslatedLayer:
    """Return standardisation of all values by one mean and deviation, or its inverse.

    Parameters
    ----------
    module : Module
        A module of the description.
    kind : str
        Type of the layer.
    """
    given = {
        "mean": np.array([module.number("mean", 0.0)], np.float32),
        "std": np.array([module.number("stdev", 1.0)], np.float32),
    }
    slots = (WeightSlot("mean", (1,)), WeightSlot("std", (1,)))
    return TranslatedLayer(kind, {"num_features": 1}, slots, given, optional=True)


def batch_norm(module: Module) -> TranslatedLayer:
    """Return batch normalisation with its running statistics."""
    size = module.integer("size")
    return TranslatedLayer("BatchNorm", {"num_features": size}, norm_slots(size), counter(""))


def lrn(module: Module) -> TranslatedLayer:
    """Return local response normalisation across channels."""
    names = {"alpha": 1e-4, "beta": 0.75, "k": 1.0}
    arguments = {name: module.number(name, default) for name, default in names.items()}
    return TranslatedLayer("LocalResponse", {"size": module.integer("size"), **arguments})


def rate(module: Module, kind: str) -> TranslatedLayer:
    """Return something dropped at a rate, which old files call dropout.

    Parameters
    ----------
    module : Module
        A module of the description.
    kind : str
        Type of the layer.
    """
    key = "rate" if module.has("rate") or not module.has("dropout") else "dropout"
    return TranslatedLayer(kind, {"p": module.number(key)})


def elu(module: Module) -> TranslatedLayer:
    """Return an exponential linear unit."""
    told = f"{module.label} is taken at its word; DIANNE itself computes SoftPlus there."
    return TranslatedLayer("ELU", {"alpha": module.number("alpha", 1.0)}, warning=told)


def concat(module: Module) -> TranslatedLayer:
    """Return inputs joined along an axis."""
    # Counted from the last axis; the oldest files say nothing and mean the first of a sample.
    dim = -1 - module.integer("dim") if module.has("dim") else 1
    return TranslatedLayer("Concat", {"dim": dim})


def grid(module: Module) -> TranslatedLayer:
    """Return crops of an image."""
    size = [module.integer("y"), module.integer("x")]
    stride = [module.integer("strideY", 1), module.integer("strideX", 1)]
    return TranslatedLayer("Grid", {"size": size, "stride": stride}, flat=False)


def masked_max(module: Module) -> TranslatedLayer:
    """Return the largest value of each group."""
    try:
        masks = [
            [int(index) for index in mask.split(",")] for mask in module.text("masks").split(";")
        ]
    except ValueError as error:
        raise InvalidDataError(
            f"{module.label}: masks = {module.text('masks')!r} is not accepted; indices like "
            "'0,1;2,3' are."
        ) from error
    return TranslatedLayer(
        "MaskedMaxPool",
        {"num_features": module.integer("noInputs"), "masks": masks},
        flat=True,
        wants_flat=True,
    )


def gaussian(module: Module) -> TranslatedLayer:
    """Return means and deviations of Gaussians."""
    arguments: dict[str, Any] = {"size": module.integer("size")}
    for ours, theirs in (
        ("mean_activation", "meanActivation"),
        ("stdev_activation", "stdevActivation"),
    ):
        if module.has(theirs):
            arguments[ours] = module.text(theirs).lower()
    return TranslatedLayer("MultivariateGaussian", arguments, flat=True)

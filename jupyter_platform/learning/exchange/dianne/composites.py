"""DIANNE's composites as blocks of ours.

The parts of a composite lie in its weights file in an order of their own: that in which Java's
`HashMap` gives back the ids that they have in DIANNE's bundles.
"""

from __future__ import annotations

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.exchange.dianne.files import Module
from jupyter_platform.learning.exchange.dianne.layers import convolution
from jupyter_platform.learning.exchange.dianne.translation import (
    TranslatedLayer,
    WeightSlot,
    conv_slots,
    counter,
    linear_slots,
    norm_slots,
    plain,
    prefixed,
)


def conv_block(module: Module) -> TranslatedLayer:
    """Return convolution, normalisation and an activation."""
    conv = convolution(module)
    if conv.type == "TemporalConv":
        raise InvalidDataError(f"{module.label} lacks 'kernelHeight'; it has no 1-D form.")
    activation = module.text("activation")
    known = {plain(name): name for name in ("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "SELU", "ELU")}
    known["softplus"] = "Softplus"
    if plain(activation) not in known:
        raise InvalidDataError(
            f"{module.label}: activation = {activation!r} is not accepted; "
            f"{', '.join(known.values())} are."
        )
    outputs = module.integer("noOutputPlanes")
    return TranslatedLayer(
        "ConvBlock",
        {**conv.arguments, "activation": known[plain(activation)], "dims": int(conv.type[-2])},
        prefixed("norm", norm_slots(outputs)) + prefixed("conv", conv.slots),
        counter("norm."),
        flat=False,
    )


def residual(module: Module) -> TranslatedLayer:
    """Return two convolutions of 3×3 beside a shortcut."""
    inputs, outputs = module.integer("noInputPlanes"), module.integer("noOutputPlanes")
    return TranslatedLayer(
        "Residual",
        {"in_channels": inputs, "out_channels": outputs},
        prefixed("norm2", norm_slots(outputs))
        + prefixed("conv2", conv_slots(outputs, outputs, 3, 3))
        + prefixed("conv1", conv_slots(inputs, outputs, 3, 3))
        + prefixed("norm1", norm_slots(outputs)),
        counter("norm1.", "norm2."),
        flat=False,
    )


def bottleneck(module: Module) -> TranslatedLayer:
    """Return a convolution of 3×3 between two of 1×1 beside a shortcut."""
    inputs, outputs = module.integer("noInputPlanes"), module.integer("noOutputPlanes")
    filters = module.integer("noFilters")
    return TranslatedLayer(
        "Bottleneck",
        {"in_channels": inputs, "filters": filters, "out_channels": outputs},
        prefixed("conv1", conv_slots(inputs, filters, 1, 1))
        + prefixed("norm3", norm_slots(outputs))
        + prefixed("conv2", conv_slots(filters, filters, 3, 3))
        + prefixed("norm1", norm_slots(filters))
        + prefixed("conv3", conv_slots(filters, outputs, 1, 1))
        + prefixed("norm2", norm_slots(filters)),
        counter("norm1.", "norm2.", "norm3."),
        flat=False,
    )


def inception(module: Module, *, batch_norm: bool) -> TranslatedLayer:
    """Return four branches side by side; version 1 normalises the reductions only.

    Parameters
    ----------
    module : Module
        A module of the description.
    batch_norm : bool
        Whether every branch is normalised, as version 2 does.
    """
    inputs = module.integer("noInputPlanes")
    sizes = {
        "branch1": (inputs, module.integer("1x1"), 1),
        "reduce3": (inputs, module.integer("3x3reduce"), 1),
        "branch3": (module.integer("3x3reduce"), module.integer("3x3"), 3),
        "reduce5": (inputs, module.integer("5x5reduce"), 1),
        "branch5": (module.integer("5x5reduce"), module.integer("5x5"), 5),
        "project": (inputs, module.integer("poolproj"), 1),
    }
    normed = [name for name in sizes if batch_norm or name.startswith("reduce")]
    order = (
        ["branch3.conv", "reduce3.norm", "branch5.conv", "reduce5.norm"]
        + ["branch5.norm", "branch3.norm", "project.norm"] * batch_norm
        + ["reduce5.conv", "branch1.conv", "reduce3.conv"]
        + ["branch1.norm"] * batch_norm
        + ["project.conv"]
    )
    slots: tuple[WeightSlot, ...] = ()
    for place in order:
        before, behind, kernel = sizes[place.partition(".")[0]]
        is_norm = place.endswith("norm")
        inner = norm_slots(behind) if is_norm else conv_slots(before, behind, kernel, kernel)
        slots += prefixed(place, inner)
    return TranslatedLayer(
        "Inception",
        {
            "in_channels": inputs,
            "filters_1x1": sizes["branch1"][1],
            "reduce_3x3": sizes["reduce3"][1],
            "filters_3x3": sizes["branch3"][1],
            "reduce_5x5": sizes["reduce5"][1],
            "filters_5x5": sizes["branch5"][1],
            "filters_pool": sizes["project"][1],
            "batch_norm": batch_norm,
        },
        slots,
        counter(*(f"{name}.norm." for name in normed)),
        flat=False,
    )


_FRACTAL = (
    "early.norm",
    "early_long1.conv",
    "early_long2.conv",
    "early_long2.norm",
    "short.norm",
    "early_long1.norm",
    "late.conv",
    "late_long1.norm",
    "late_long1.conv",
    "early.conv",
    "short.conv",
    "late_long2.norm",
    "late_long2.conv",
    "late.norm",
)


def fractal(module: Module) -> TranslatedLayer:
    """Return a fractal of three columns."""
    inputs, outputs = module.integer("noInputPlanes"), module.integer("noOutputPlanes")
    slots: tuple[WeightSlot, ...] = ()
    for place in _FRACTAL:
        first = place.partition(".")[0] in ("short", "early", "early_long1")
        conv = conv_slots(inputs if first else outputs, outputs, 3, 3)
        slots += prefixed(place, norm_slots(outputs) if place.endswith("norm") else conv)
    norms = [f"{place}." for place in _FRACTAL if place.endswith("norm")]
    arguments = {"in_channels": inputs, "out_channels": outputs}
    return TranslatedLayer("Fractal", arguments, slots, counter(*norms), flat=False)


def lstm(module: Module) -> TranslatedLayer:
    """Return one step of an LSTM."""
    inputs, outputs = module.integer("input"), module.integer("output")
    slots = prefixed("gates", linear_slots(inputs + outputs, 4 * outputs))
    return TranslatedLayer(
        "StepLSTM", {"input_size": inputs, "hidden_size": outputs}, slots, flat=True
    )


def gru(module: Module) -> TranslatedLayer:
    """Return one step of a GRU."""
    inputs, outputs = module.integer("input"), module.integer("output")
    slots = prefixed("candidate", linear_slots(inputs + outputs, outputs))
    slots += prefixed("gates", linear_slots(inputs + outputs, 2 * outputs))
    return TranslatedLayer(
        "StepGRU", {"input_size": inputs, "hidden_size": outputs}, slots, flat=True
    )

"""Operators that cut, fill, order or resize."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jupyter_platform.learning.exchange.onnx import joins
from jupyter_platform.learning.exchange.onnx.model import Model, Node
from jupyter_platform.learning.exchange.onnx.translation import TranslatedLayer, Translator

_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
_FROM_END = 2**31 - 1
"""What exporters write for the end of an axis, or more."""
_INTERPOLATIONS = {1: "linear", 2: "bilinear", 3: "trilinear"}


def _sample(node: Node, model: Model) -> list[int]:
    """Return the shape of one sample of the input."""
    sizes = model.shape(node)[1:]
    if None in sizes:
        raise node.refuse("the shape of its input is not known; name one (input_shape)")
    return [int(size or 0) for size in sizes]


def _reshape(node: Node, model: Model) -> list[TranslatedLayer]:
    target = model.numbers(node, 1, "shape")
    assert target is not None, "the checker asks for it"
    if not target:
        raise node.refuse("it makes one number of the batch")
    batch, shape = model.shape(node)[0], target[1:]
    if node.get("allowzero", 0) and 0 in target:
        raise node.refuse("it makes an empty value (allowzero)")
    source = model.shape(node)
    sizes = []
    for axis, size in enumerate(shape, 1):
        kept = source[axis] if size == 0 and axis < len(source) else size
        if kept is None or kept == 0:
            raise node.refuse("the shape of its input is not known; name one (input_shape)")
        sizes.append(kept)
    if target[0] not in (0, -1) and target[0] != batch:
        raise node.refuse(f"its first size, {target[0]}, is not that of the batch")
    if target[0] == -1 or -1 not in sizes:
        wanted, values = math.prod(sizes), math.prod(_sample(node, model))
        if wanted != values:
            raise node.refuse(f"it makes samples of {wanted} values from {values}")
    return [TranslatedLayer("Reshape", {"shape": sizes})]


def _flatten(node: Node, model: Model) -> list[TranslatedLayer]:
    axis = int(node.get("axis", 1))
    if axis != 1 and model.axis(node, axis) != 1:
        raise node.refuse(f"axis = {axis} is not accepted; 1 is")
    return [TranslatedLayer("Flatten")]


def _transpose(node: Node, model: Model) -> list[TranslatedLayer]:
    rank = len(model.shape(node))
    order = [int(item) for item in node.get("perm", range(rank)[::-1])]
    if order[0] != 0:
        raise node.refuse("it moves the batch (axis 0)")
    return [TranslatedLayer("Permute", {"dims": order})] if order != list(range(rank)) else []


def _squeeze(node: Node, model: Model) -> list[TranslatedLayer]:
    shape = _sample(node, model)
    rank = len(shape) + 1
    axes = model.numbers(node, 1, "axes")
    if axes is None:
        gone = {axis for axis, size in enumerate(shape, 1) if size == 1}
        if model.shape(node)[0] in (1, None):
            raise node.refuse("it may remove the batch; name its axes")
    else:
        gone = {axis % rank for axis in axes}
    if 0 in gone:
        raise node.refuse("it removes the batch (axis 0)")
    kept = [size for axis, size in enumerate(shape, 1) if axis not in gone]
    return [TranslatedLayer("Reshape", {"shape": kept})]


def _unsqueeze(node: Node, model: Model) -> list[TranslatedLayer]:
    shape = _sample(node, model)
    axes = model.numbers(node, 1, "axes")
    assert axes is not None, "the checker asks for it"
    rank = len(shape) + 1 + len(axes)
    added = {axis % rank for axis in axes}
    if 0 in added:
        raise node.refuse("it puts an axis before the batch")
    left = iter(shape)
    return [
        TranslatedLayer(
            "Reshape", {"shape": [1 if axis in added else next(left) for axis in range(1, rank)]}
        )
    ]


def _pad(node: Node, model: Model) -> list[TranslatedLayer]:
    rank = len(model.shape(node))
    mode = node.get("mode", "constant")
    if mode not in _MODES:
        raise node.refuse(f"mode = {mode!r} is not accepted; {', '.join(_MODES)} are")
    pads = model.numbers(node, 1, "paddings" if "paddings" in node.attributes else "pads")
    assert pads is not None, "the checker asks for it"
    value = node.get("value", 0.0) if node.opset < 11 else model.constant(node, 2)
    axes = model.numbers(node, 3, "axes") or list(range(rank))
    before, behind = [0] * rank, [0] * rank
    for place, axis in enumerate(axes):
        before[axis % rank], behind[axis % rank] = pads[place], pads[place + len(axes)]
    if before[0] or behind[0]:
        raise node.refuse("it pads the batch (axis 0)")
    first = 2 if mode != "constant" else 1
    if any(before[1:first]) or any(behind[1:first]):
        raise node.refuse(f"mode {mode} is not accepted for channels (axis 1)")
    arguments = {
        "before": before[first:],
        "after": behind[first:],
        "value": 0.0 if value is None else float(np.asarray(value).reshape(())),
        "mode": _MODES[mode],
    }
    return [TranslatedLayer("Pad", arguments)]


def _slice(node: Node, model: Model) -> list[TranslatedLayer]:
    shape = _sample(node, model)
    starts, stops = model.numbers(node, 1, "starts"), model.numbers(node, 2, "ends")
    assert starts is not None, "the checker asks for it"
    assert stops is not None, "the checker asks for it"
    axes = model.numbers(node, 3, "axes") or list(range(len(starts)))
    steps = model.numbers(node, 4, "steps") or [1] * len(starts)
    start, length, gap = [0] * len(shape), list(shape), [1] * len(shape)
    for axis, first, last, step in zip(axes, starts, stops, steps, strict=True):
        place = axis % (len(shape) + 1) - 1
        if step < 1:
            raise node.refuse(f"steps = {step} is not accepted; 1 or more are")
        if place < 0:
            if (first, step) == (0, 1) and last >= _FROM_END:
                continue
            raise node.refuse("it cuts the batch (axis 0)")
        found = range(shape[place])[first : min(last, shape[place]) : step]
        if not found:
            raise node.refuse("it cuts everything away")
        start[place], length[place], gap[place] = found.start, len(found), step
    arguments: dict[str, Any] = {"start": start, "length": length}
    if set(gap) != {1}:
        arguments["step"] = gap
    return [TranslatedLayer("Narrow", arguments)]


def _gather(node: Node, model: Model) -> list[TranslatedLayer]:
    if node.input(0) in model.constants:
        return joins.embedding(node, model)
    shape, axis = _sample(node, model), model.axis(node, int(node.get("axis", 0)))
    places = model.constant(node, 1)
    assert places is not None, "the checker asks for it"
    if axis == 0:
        raise node.refuse("it picks samples of the batch (axis 0)")
    size = shape[axis - 1]
    chosen = [node.place(int(place), size) for place in np.atleast_1d(places)]
    if places.ndim > 1 or chosen != list(range(chosen[0], chosen[0] + len(chosen))):
        raise node.refuse("it picks other than one range")
    start, length = [0] * len(shape), list(shape)
    start[axis - 1], length[axis - 1] = chosen[0], len(chosen)
    cut = TranslatedLayer("Narrow", {"start": start, "length": length})
    rest = shape[: axis - 1] + shape[axis:]
    return [cut] if places.ndim else [cut, TranslatedLayer("Reshape", {"shape": rest})]


def split_part(node: Node, model: Model, index: int) -> TranslatedLayer:
    """Return the layer that gives one output of a Split.

    Parameters
    ----------
    node : Node
        The operator.
    model : Model
        The graph that it stands in.
    index : int
        Number of the output, from 0.

    Raises
    ------
    InvalidDataError
        If it cuts the batch.
    """
    axis = int(node.get("axis", 0))
    if axis == 0 or model.axis(node, axis) == 0:
        raise node.refuse("it cuts the batch (axis 0)")
    sizes = model.numbers(node, 1, "split")
    count = len(node.outputs)
    if sizes is None:
        size = model.shape(node)[axis]
        if size is None or size % count == 0:
            return TranslatedLayer("Split", {"part": index, "parts": count, "dim": axis})
        large = -(-size // count)
        sizes = [large] * (count - 1)
    cuts = [int(cut) for cut in np.cumsum(sizes)[: count - 1]]
    return TranslatedLayer("Split", {"part": index, "cuts": cuts, "dim": axis})


def _reduced(node: Node, model: Model) -> list[int] | None:
    """Return the axes over which values are taken together; None where it does nothing."""
    rank = len(model.shape(node))
    axes = model.numbers(node, 1, "axes")
    if axes is None and node.get("noop_with_empty_axes", 0):
        return None
    return sorted({axis % rank for axis in (axes if axes else range(rank))})


def _reduce_mean(node: Node, model: Model) -> list[TranslatedLayer]:
    dims = _reduced(node, model)
    if dims is None:
        return []
    if 0 in dims:
        raise node.refuse("it averages over the batch (axis 0)")
    return [TranslatedLayer("Mean", {"dims": dims, "keepdim": bool(node.get("keepdims", 1))})]


def _reduce_max(node: Node, model: Model) -> list[TranslatedLayer]:
    rank, dims = len(model.shape(node)), _reduced(node, model)
    if dims is None:
        return []
    if dims != list(range(2, rank)) or rank not in (3, 4, 5):
        raise node.refuse("other than the largest value of each channel is not accepted")
    pool = TranslatedLayer(f"AdaptiveMaxPool{rank - 2}d", {"output_size": 1})
    return [pool] if node.get("keepdims", 1) else [pool, TranslatedLayer("Flatten")]


def _depth_to_space(node: Node, _model: Model) -> list[TranslatedLayer]:
    if node.get("mode", "DCR") != "CRD":
        raise node.refuse("mode DCR is not accepted; CRD is")
    return [TranslatedLayer("PixelShuffle", {"upscale_factor": int(node.get("blocksize", 1))})]


def _resize(node: Node, model: Model) -> list[TranslatedLayer]:
    shape = _sample(node, model)
    is_old = node.op == "Upsample" or node.opset < 11
    if "axes" in node.attributes or node.get("antialias", 0):
        raise node.refuse("axes and antialias are not accepted")
    if node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.refuse("keep_aspect_ratio_policy is not accepted")
    sizes = None if is_old else model.numbers(node, 3, "sizes")
    if sizes:
        size: dict[str, Any] = {"size": sizes[2:]}
        same = sizes[1] == shape[0]
    else:
        scales = model.factors(node, 1 if is_old else 2, "scales") or []
        size = {"scale_factor": scales[2:]}
        same = scales[:2] == [1, 1]
        sizes = [0, *(int(size * scale) for size, scale in zip(shape, scales[1:], strict=False))]
    if not same or len(sizes) != len(shape) + 1:
        raise node.refuse("it resizes batch or channels")
    whole = "size" in size or all(
        made == before * scale
        for made, before, scale in zip(sizes[2:], shape[1:], size["scale_factor"], strict=True)
    )
    return [TranslatedLayer("Upsample", {**size, **_interpolation(node, is_old, sizes[2:], whole)})]


def _interpolation(node: Node, is_old: bool, sizes: list[int], whole: bool) -> dict[str, object]:
    """Return how torch names an interpolation; it agrees with ONNX on these alone."""
    mode = node.get("mode", "nearest")
    places = "asymmetric"
    if not is_old:
        places = node.get("coordinate_transformation_mode", "half_pixel")
    if mode == "nearest" and places == "asymmetric":
        if is_old or node.get("nearest_mode", "round_prefer_floor") == "floor":
            return {"mode": "nearest"}
    elif mode == "linear" and len(sizes) in _INTERPOLATIONS:
        kind = _INTERPOLATIONS[len(sizes)]
        if places == "half_pixel" or (places == "pytorch_half_pixel" and min(sizes) > 1):
            return {"mode": kind, "align_corners": False}
        if places == "align_corners" and whole:
            return {"mode": kind, "align_corners": True}
    raise node.refuse(f"mode {mode} with coordinates {places} is not accepted")


TABLE: dict[str, Translator] = {
    "DepthToSpace": _depth_to_space,
    "Flatten": _flatten,
    "Gather": _gather,
    "Pad": _pad,
    "ReduceMax": _reduce_max,
    "ReduceMean": _reduce_mean,
    "Reshape": _reshape,
    "Resize": _resize,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Upsample": _resize,
}

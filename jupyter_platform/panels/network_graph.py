"""A network drawn as a graph of its layers, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from jupyter_platform.core.networks import LayerRecord, NetworkDescription

INPUT = "input"
"""Name that stands for the network's own input among a layer's `inputs`."""
WIDTH, HEIGHT = 176, 38
"""Pixels of a box."""
GAP_X, GAP_Y, MARGIN = 56, 20, 8
_BEND = 30
"""Pixels that a line leaves its column by, to pass the boxes between its ends."""
_SHOWN = 24
"""Characters of a line in a box."""


@dataclass(frozen=True)
class Box:
    """A layer in its place: column from the left, row from the top."""

    name: str
    inputs: tuple[str, ...]
    column: int
    row: int

    @property
    def x(self) -> int:
        """Left edge."""
        return MARGIN + self.column * (WIDTH + GAP_X)

    @property
    def y(self) -> int:
        """Upper edge."""
        return MARGIN + self.row * (HEIGHT + GAP_Y)


def layer_names(description: NetworkDescription) -> list[str]:
    """Return the full names of a network's layers: its type and number where it has none."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for layer in description.layers:
        counts[layer.type] = counts.get(layer.type, 0) + 1
        names.append(layer.name or f"{layer.type}{counts[layer.type]}")
    return names


def arrange(description: NetworkDescription) -> list[Box]:
    """Return a place for the input and for each layer.

    A layer stands below all that it takes from, in the column of the first of them that nothing
    else continues; branches get columns of their own, which joins set free again.
    """
    names = layer_names(description)
    wanted = [
        tuple(layer.inputs) if layer.inputs else (names[number - 1] if number else INPUT,)
        for number, layer in enumerate(description.layers)
    ]
    boxes = {INPUT: Box(INPUT, (), 0, 0)}
    waiting = {name: sum(name in inputs for inputs in wanted) for name in (INPUT, *names)}
    ends: list[str] = [INPUT]  # the lowest box of each column
    for name, inputs in zip(names, wanted, strict=True):
        known = [item for item in inputs if item in boxes]
        row = 1 + max((boxes[item].row for item in known), default=0)
        column = _column(ends, known, waiting)
        for item in known:
            waiting[item] -= 1
        ends[column : column + 1] = [name]
        boxes[name] = Box(name, tuple(known), column, row)
    return list(boxes.values())


def _column(ends: list[str], inputs: Sequence[str], waiting: Mapping[str, int]) -> int:
    for column, end in enumerate(ends):
        if end in inputs:
            return column
    for column, end in enumerate(ends):
        if waiting[end] == 0:
            return column
    ends.append("")
    return len(ends) - 1


def network_graph(
    description: NetworkDescription,
    layers: Sequence[LayerRecord],
    input_shape: Sequence[int] | None,
) -> Markup:
    """Return the drawing of a network; empty where it is made by code.

    Parameters
    ----------
    layers : sequence of LayerRecord
        With their shapes, where they are known.
    input_shape : sequence of int, optional
        Shape of one sample.
    """
    if not description.layers:
        return Markup("")
    boxes = arrange(description)
    known = {item.name: item for item in layers}
    arguments = dict(zip(layer_names(description), description.layers, strict=True))
    width = max(box.x for box in boxes) + WIDTH + MARGIN + _BEND
    height = max(box.y for box in boxes) + HEIGHT + MARGIN
    by_name = {box.name: box for box in boxes}
    lines = [_line(by_name[name], box) for box in boxes for name in box.inputs]
    drawn = [
        _input_box(box, input_shape)
        if box.name == INPUT
        else _layer_box(box, arguments[box.name].type, arguments[box.name].arguments, known)
        for box in boxes
    ]
    return Markup(
        '<div class="jp-PlatformPanel-graph" tabindex="0"><svg role="img" aria-label="{label}" '
        'width="{width}" height="{height}" viewBox="0 0 {width} {height}">{lines}{boxes}</svg>'
        "</div>"
    ).format(
        label=f"{len(boxes) - 1} layers of {description.name}, from top to bottom",
        width=width,
        height=height,
        lines=Markup("").join(lines),
        boxes=Markup("").join(drawn),
    )


def _line(start: Box, end: Box) -> Markup:
    if start.column == end.column and end.row > start.row + 1:
        x = start.x + WIDTH
        y0, y1 = start.y + HEIGHT // 2, end.y + HEIGHT // 2
        path = f"M{x},{y0} C{x + _BEND},{y0} {x + _BEND},{y1} {x},{y1}"
    else:
        x0, x1 = start.x + WIDTH // 2, end.x + WIDTH // 2
        y0, y1 = start.y + HEIGHT, end.y
        middle = (y0 + y1) // 2 if x0 == x1 else y0 + GAP_Y
        path = f"M{x0},{y0} C{x0},{middle} {x1},{y1 - GAP_Y} {x1},{y1}"
    return Markup('<path d="{}"/>').format(path)


def _input_box(box: Box, shape: Sequence[int] | None) -> Markup:
    told = "of the dataset" if shape is None else _shape(shape)
    return _box(box, "jp-mod-input", "input", told, "")


def _layer_box(
    box: Box, kind: str, arguments: Mapping[str, Any], known: Mapping[str, LayerRecord]
) -> Markup:
    record = known.get(box.name)
    shape = _shape(record.output_shape) if record and record.output_shape is not None else ""
    has_weights = record is not None and record.parameters > 0
    words = ", ".join(f"{key}={item}" for key, item in arguments.items())
    second = " · ".join(filter(None, ("" if box.name.startswith(kind) else kind, shape or words)))
    told = [f"{kind}({words})"]
    if record is not None:
        told.append(f"{record.parameters:,} parameters")
    return _box(box, "jp-mod-weights" if has_weights else "", box.name, second, "\n".join(told))


def _box(box: Box, modifier: str, first: str, second: str, told: str) -> Markup:
    middle = box.x + WIDTH // 2
    return Markup(
        '<g class="{modifier}"><title>{told}</title>'
        '<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3"/>'
        '<text x="{middle}" y="{upper}">{first}</text>'
        '<text class="jp-mod-quiet" x="{middle}" y="{lower}">{second}</text></g>'
    ).format(
        modifier=modifier,
        told=told or first,
        x=box.x,
        y=box.y,
        width=WIDTH,
        height=HEIGHT,
        middle=middle,
        upper=box.y + 16,
        lower=box.y + 30,
        first=_cut(first),
        second=_cut(second),
    )


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes) or "1"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

"""Where an item comes from, drawn as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from jupyter_platform.core.marketplace import Provenance

WIDTH, HEIGHT = 196, 38
"""Pixels of a box."""
GAP_X, GAP_Y, MARGIN = 24, 34, 8
_SHOWN = 26
"""Characters of a line in a box."""
_ROUNDING = {"entity": 19, "activity": 0, "agent": 6}
"""Radius of a box's corners: each kind has a shape of its own."""


def provenance_graph(provenance: Provenance) -> Markup:
    """Return the graph as SVG: each thing below what came of it.

    Parameters
    ----------
    provenance : Provenance
        Nodes and edges; an edge leads from what came later to where it comes from.
    """
    rows = _rows(provenance)
    places: dict[str, tuple[int, int]] = {}
    taken: dict[int, int] = {}
    for node in provenance.nodes:
        row = rows[node.id]
        column = taken.get(row, 0)
        taken[row] = column + 1
        places[node.id] = (
            MARGIN + column * (WIDTH + GAP_X),
            MARGIN + row * (HEIGHT + GAP_Y),
        )
    width = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    height = max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    lines = Markup("").join(
        _line(places[edge.source], places[edge.target], edge.relation)
        for edge in provenance.edges
        if edge.source in places and edge.target in places
    )
    boxes = Markup("").join(
        _box(places[node.id], node.label, node.detail, _ROUNDING[node.kind])
        for node in provenance.nodes
    )
    said = "; ".join(f"{edge.source} {edge.relation} {edge.target}" for edge in provenance.edges)
    return Markup(
        '<div class="jp-PlatformPanel-graph"><svg width="{0}" height="{1}" viewBox="0 0 {0} {1}" '
        'role="img" aria-label="{2}">{3}{4}</svg></div>'
    ).format(width, height, said, lines, boxes)


def _rows(provenance: Provenance) -> dict[str, int]:
    """Return the row of each node: one below the lowest of what came of it."""
    rows = {node.id: 0 for node in provenance.nodes}
    for _ in provenance.nodes:  # as often as the longest way may be, which ends circles too
        for edge in provenance.edges:
            if edge.source in rows and edge.target in rows:
                least = min(rows[edge.source] + 1, len(rows) - 1)
                rows[edge.target] = max(rows[edge.target], least)
    used = {row: number for number, row in enumerate(sorted(set(rows.values())))}
    return {node: used[row] for node, row in rows.items()}


def _line(start: tuple[int, int], end: tuple[int, int], relation: str) -> Markup:
    x1, y1 = start[0] + WIDTH // 2, start[1] + HEIGHT
    x2, y2 = end[0] + WIDTH // 2, end[1]
    return Markup(
        '<path d="M{0} {1}C{0} {2} {3} {2} {3} {4}"></path>'
        '<text class="jp-mod-quiet" x="{5}" y="{2}">{6}</text>'
    ).format(x1, y1, (y1 + y2) // 2 + 4, x2, y2, (x1 + x2) // 2, relation)


def _box(place: tuple[int, int], label: str, detail: str, rounding: int) -> Markup:
    x, y = place
    shown = label if len(label) <= _SHOWN else f"{label[: _SHOWN - 1]}…"
    title = f"{label}: {detail}" if detail else label
    return Markup(
        '<g><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="{}"></rect>'
        '<text x="{}" y="{}">{}</text></g>'
    ).format(title, x, y, WIDTH, HEIGHT, rounding, x + WIDTH // 2, y + HEIGHT // 2 + 4, shown)

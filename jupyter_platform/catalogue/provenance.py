"""Where an item comes from: a graph in the terms of PROV-O.

Metadata tell it under ``provenance``: ``nomad_job`` and ``mlflow_run`` as AI4OS has them;
``parent``, ``job``, ``network``, ``tag``, ``dataset`` and ``test_dataset`` as publishing here
writes them.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from jupyter_platform.core.marketplace import Provenance, ProvenanceEdge, ProvenanceNode

_LONGEST = 500


def read_provenance(data: Mapping[str, Any], name: str) -> Provenance | None:
    """Return the graph of an item; None where its metadata tell nothing.

    Parameters
    ----------
    data : mapping
        Metadata of schema 2.3.
    name : str
        Name of the item.
    """
    found = data.get("provenance")
    if not isinstance(found, Mapping):
        return None
    told = {
        str(key): str(value)[:_LONGEST]
        for key, value in found.items()
        if isinstance(value, str | int | float) and str(value)
    }
    if not told:
        return None
    graph = _Graph(f"item/{name}", data["title"])
    _add_making(graph, told)
    if parent := told.get("parent"):
        node = graph.add(f"item/{parent}", "entity", parent, "the item it was retrained from")
        graph.relate(graph.item, "wasDerivedFrom", node)
    base = data["links"].get("base_model")
    if base and not told.get("parent"):
        node = graph.add(str(base)[:_LONGEST], "entity", str(base)[:_LONGEST], "base model")
        graph.relate(graph.item, "wasDerivedFrom", node)
    if source := data["links"].get("source_code"):
        node = graph.add(source[:_LONGEST], "entity", "Source code", source[:_LONGEST])
        graph.relate(graph.item, "hadPrimarySource", node)
    return graph.provenance


def _add_making(graph: _Graph, told: Mapping[str, str]) -> None:
    making = None
    for key, label in (
        ("job", "Training job"),
        ("nomad_job", "Training job"),
        ("mlflow_run", "MLflow run"),
    ):
        if not (value := told.get(key)):
            continue
        node = graph.add(f"{key}/{value}", "activity", f"{label} {value}")
        graph.relate(graph.item, "wasGeneratedBy", node)
        making = making or node
    if making is None:
        return
    for key, label in (("dataset", "Dataset"), ("network", "Network")):
        if value := told.get(key):
            node = graph.add(f"{key}/{value}", "entity", f"{label} {value}")
            graph.relate(making, "used", node)
    if owner := told.get("owner"):
        node = graph.add(f"person/{owner}", "agent", owner)
        graph.relate(making, "wasAssociatedWith", node)


class _Graph:
    """Nodes and edges as they are found."""

    def __init__(self, item: str, title: str) -> None:
        self.item = item
        self.provenance = Provenance(nodes=[ProvenanceNode(id=item, kind="entity", label=title)])

    def add(self, id: str, kind: Any, label: str, detail: str = "") -> str:
        """Add a node, and return its id."""
        self.provenance.nodes.append(ProvenanceNode(id=id, kind=kind, label=label, detail=detail))
        return id

    def relate(self, source: str, relation: str, target: str) -> None:
        """Add an edge."""
        self.provenance.edges.append(
            ProvenanceEdge(source=source, relation=relation, target=target)
        )


_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 190, 44, 130, 20
_SHAPES = {"entity": 20, "activity": 4, "agent": 0}
"""Kind of node to the radius of its corners, in px."""


def draw_provenance(provenance: Provenance) -> str:
    """Return the graph of an item as SVG: the item at the left, what it comes from to its right.

    Parameters
    ----------
    provenance : Provenance
        Nodes and edges; the first node is the item.
    """
    columns = _columns(provenance)
    places: dict[str, tuple[int, int]] = {}
    for number, column in enumerate(columns):
        for row, node in enumerate(column):
            places[node.id] = (number * (_WIDTH + _GAP_X), row * (_HEIGHT + _GAP_Y))
    width = len(columns) * (_WIDTH + _GAP_X) - _GAP_X
    height = max(len(column) for column in columns) * (_HEIGHT + _GAP_Y) - _GAP_Y
    lines = [_edge(edge, places) for edge in provenance.edges]
    boxes = [_box(node, *places[node.id]) for node in provenance.nodes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 2}" height="{height + 2}" '
        f'viewBox="-1 -1 {width + 2} {height + 2}" role="img" aria-label="Where it comes from" '
        f'font-family="system-ui,sans-serif" font-size="12">{"".join(lines)}{"".join(boxes)}</svg>'
    )


def _columns(provenance: Provenance) -> list[list[ProvenanceNode]]:
    """Return the nodes by their distance from the item."""
    distance = {provenance.nodes[0].id: 0}
    reached = [provenance.nodes[0].id]
    for place in reached:
        for edge in provenance.edges:
            if edge.source == place and edge.target not in distance:
                distance[edge.target] = distance[place] + 1
                reached.append(edge.target)
    found: dict[int, list[ProvenanceNode]] = {}
    for node in provenance.nodes:
        found.setdefault(distance.get(node.id, 1), []).append(node)
    return [found[number] for number in sorted(found)]


def _box(node: ProvenanceNode, x: int, y: int) -> str:
    label = html.escape(node.label if len(node.label) <= 26 else node.label[:25] + "…")
    full = html.escape(f"{node.label} {node.detail}".strip())
    return (
        f'<g><title>{full}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'rx="{_SHAPES[node.kind]}" fill="none" stroke="currentColor"/>'
        f'<text x="{x + 12}" y="{y + 19}" fill="currentColor">{label}</text>'
        f'<text x="{x + 12}" y="{y + 35}" fill="currentColor" opacity=".75" font-size="10">'
        f"{node.kind}</text></g>"
    )


def _edge(edge: ProvenanceEdge, places: Mapping[str, tuple[int, int]]) -> str:
    (x, y), (to_x, to_y) = places[edge.source], places[edge.target]
    start, end = (x + _WIDTH, y + _HEIGHT // 2), (to_x, to_y + _HEIGHT // 2)
    bend = start[0] + 14
    return (
        f'<path d="M{start[0]} {start[1]}H{bend}V{end[1]}H{end[0]}" fill="none" '
        f'stroke="currentColor" opacity=".5"/>'
        f'<text x="{end[0] - 6}" y="{end[1] - 5}" text-anchor="end" fill="currentColor" '
        f'font-size="10">{html.escape(edge.relation)}</text>'
    )

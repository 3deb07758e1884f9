"""Where an item comes from: a graph in the terms of PROV-O.

Metadata tell it under ``provenance``: ``nomad_job`` and ``mlflow_run`` as AI4OS has them;
``parent``, ``job``, ``network``, ``tag``, ``dataset`` and ``test_dataset`` as publishing here
writes them.
"""

from __future__ import annotations

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

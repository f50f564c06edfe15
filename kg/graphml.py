"""GraphML: a graph, or a part of one, as NetworkX has it, and as Cytoscape and Gephi open it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx

from kg.graph import Graph
from kg.progress import Progress
from kg.schema import RELATIONS

FILE = "graph.graphml"
MOST_EDGES = 200_000
"""About a gigabyte while it is written; Cytoscape and Gephi are slow long before."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML file may hold, however it is written."""


def to_networkx(graph: Graph) -> nx.MultiDiGraph:
    """Return a graph as NetworkX's: nodes are (kind, CURIE), parallel edges stay, and what is not known is not there.

    A node has its `kind` and its columns, an edge its `relation` and its columns. Symmetric relations have an arrow as
    all others do; a pair is stated once.
    """
    found = nx.MultiDiGraph()
    for kind, nodes in graph.nodes.items():
        found.add_nodes_from(((kind, row["id"]), {"kind": kind} | _known(row)) for row in nodes.to_pylist())
    for name, edges in graph.edges.items():
        ends = RELATIONS[name]
        for row in edges.to_pylist():
            subject, target = row.pop("subject"), row.pop("object")
            found.add_edge((ends.subject, subject), (ends.object, target), relation=name, **_known(row))
    return found


def write(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `graph.graphml`; return how many nodes and edges it has.

    A node's identifier is its kind and its CURIE, its `label` what it is called; a list is one text with bars, and a
    character that XML cannot hold is U+FFFD. All of it is held in memory: raises `ValueError` for more than
    `MOST_EDGES`.
    """
    edges = sum(graph.edge_counts().values())
    if edges > MOST_EDGES:
        raise ValueError(
            f"the graph has {edges:,} edges, and GraphML of more than {MOST_EDGES:,} fits neither memory nor the tools "
            "that read it: export a part (--around NODE --radius N), or another format"
        )
    progress("join nodes and edges", 0.0)
    whole = to_networkx(graph)
    flat = nx.MultiDiGraph()
    for node, told in whole.nodes(data=True):
        flat.add_node(_text(" ".join(node)), label=_text(told.get("name", node[1])), **_flat(told))
    for subject, target, told in whole.edges(data=True):
        flat.add_edge(_text(" ".join(subject)), _text(" ".join(target)), label=told["relation"], **_flat(told))
    progress(f"write {FILE}", 0.5)
    nx.write_graphml_xml(flat, folder / FILE, infer_numeric_types=True)
    return {FILE: flat.number_of_nodes() + flat.number_of_edges()}


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and value != []}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values as GraphML has them; a node's `id` is its `curie` there, for `id` is taken."""
    return {"curie" if name == "id" else name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return _text("|".join(map(str, value)))
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    return _NOT_XML.sub("\ufffd", value)

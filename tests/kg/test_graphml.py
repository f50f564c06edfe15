"""GraphML and NetworkX: every node under its kind and CURIE, every edge, parallel ones too."""

from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest

from kg.export import export
from kg.graph import Graph
from kg.graphml import to_networkx
from tests.conftest import NODES, make_graph


def test_networkx_has_every_node_and_edge_with_what_is_known(graph: Graph) -> None:
    found = to_networkx(graph)
    assert found.number_of_nodes() == sum(graph.node_counts().values())
    assert found.number_of_edges() == sum(graph.edge_counts().values())
    warfarin = found.nodes["Drug", "DRUGBANK:DB00682"]
    assert warfarin["name"] == "Warfarin" and warfarin["synonyms"] == ["Coumadin", "Jantoven"]
    assert "half_life_h" not in warfarin
    relations = {told["relation"] for told in found["Drug", "DRUGBANK:DB00682"]["Disease", "DOID:9743"].values()}
    assert "treats" in relations
    bound = next(iter(found["Drug", "DRUGBANK:DB00682"]["Gene", "NCBIGene:79001"].values()))
    assert (bound["affinity_nM"], bound["source"]) == (1260.0, "by-hand")


def test_graphml_reads_back_with_types_lists_and_parallel_edges(tmp_path: Path) -> None:
    edges = tuple(("binds", "DRUGBANK:DB00682", "NCBIGene:1559", {"action": action}) for action in ("a", "b"))
    graph = make_graph({kind: NODES[kind] for kind in ("Drug", "Gene")}, edges)
    exported = export(graph, "graphml", tmp_path)
    back = nx.read_graphml(tmp_path / "graph.graphml", force_multigraph=True)
    assert exported.records == {"graph.graphml": back.number_of_nodes() + back.number_of_edges()}
    node = back.nodes["Drug DRUGBANK:DB00682"]
    assert (node["label"], node["curie"], node["synonyms"]) == ("Warfarin", "DRUGBANK:DB00682", "Coumadin|Jantoven")
    between = back["Drug DRUGBANK:DB00682"]["Gene NCBIGene:1559"]
    assert sorted(told["action"] for told in between.values()) == ["a", "b"]
    assert {told["label"] for told in between.values()} == {"binds"}


@pytest.mark.parametrize("name", ["a\x00b", "a\x0bb", "<&>\"'", "tab\there", "\ufffe"])
def test_whatever_a_node_is_called_it_is_xml(name: str, tmp_path: Path) -> None:
    graph = make_graph({"Gene": [{"id": "NCBIGene:1", "name": name, "synonyms": [name, "b"]}]}, ())
    export(graph, "graphml", tmp_path)
    texts = [told.text for told in ElementTree.parse(tmp_path / "graph.graphml").iter() if told.tag.endswith("data")]
    expected = "".join(c if c in "\t" or " " <= c < "\ufffe" else "\ufffd" for c in name)
    assert expected in texts and f"{expected}|b" in texts

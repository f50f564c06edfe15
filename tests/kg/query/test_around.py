"""What lies around nodes, against a walk over the whole graph in memory, on both stores."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kg.filter import EVERYTHING, Filter
from kg.graph import Graph, SourceRelease
from kg.query import around, subgraph
from kg.schema import RELATIONS
from kg.search import Node, UnknownNode
from kg.stores.protocol import Store
from tests.kg.test_paths import random_graph


def kinds_of(graph: Graph) -> dict[str, str]:
    return {node: kind for kind, rows in graph.nodes.items() for node in rows["id"].to_pylist()}


def induced(graph: Graph, nodes: set[str], where: Filter = EVERYTHING, relations: tuple[str, ...] = ()) -> Graph:
    """Return the nodes and all edges between them that count, by looking at every row."""
    edges = {}
    for relation, rows in graph.edges.items():
        kept = [
            row["subject"] in nodes
            and row["object"] in nodes
            and (not where.sources or row["source"] in where.sources)
            and (not relations or relation in relations)
            for row in rows.to_pylist()
        ]
        if any(kept):
            edges[relation] = rows.filter(kept)
    found = {
        kind: rows.filter([node in nodes for node in rows["id"].to_pylist()]) for kind, rows in graph.nodes.items()
    }
    return Graph({kind: rows for kind, rows in found.items() if rows.num_rows}, edges)


def within(
    graph: Graph, start: str, radius: int, where: Filter = EVERYTHING, relations: tuple[str, ...] = ()
) -> set[str]:
    """Return the nodes at most so many edges away, not through or to another patient."""
    near = {start}
    for _ in range(radius):
        for relation, rows in graph.edges.items():
            if relations and relation not in relations:
                continue
            for row in rows.to_pylist():
                ends = {row["subject"], row["object"]}
                if ends & near and (not where.sources or row["source"] in where.sources):
                    near = near | {f"{end} new" for end in ends - near if not end.startswith("PANAKEIA")}
        near = {node.removesuffix(" new") for node in near}
    return near


def same(a: Graph, b: Graph) -> bool:
    def plain(graph: Graph) -> dict[str, list[str]]:
        return {name: sorted(map(repr, rows.to_pylist())) for name, rows in {**graph.nodes, **graph.edges}.items()}

    return plain(a) == plain(b)


@pytest.mark.parametrize("start", ["DRUGBANK:DB00000", "NCBIGene:3", "PANAKEIA:P-0", "UMLS:C1"])
def test_a_subgraph_is_what_a_walk_finds(store_of: Callable[[Graph], Store], start: str) -> None:
    graph = whole_graph()
    store = store_of(graph)
    for radius in (1, 2):
        for where, relations in (
            (Filter(), ()),
            (Filter(sources=["c"]), ()),
            (Filter(), ("binds", "disease_associates_gene", "drug_resembles_drug")),
        ):
            found = subgraph(store, [start], radius, where=where, relations=relations)
            assert same(found, induced(graph, within(graph, start, radius, where, relations), where, relations))


_WHOLE: list[Graph] = []


def whole_graph() -> Graph:
    """One random graph for all tests, with a release for each source."""
    if not _WHOLE:
        releases = tuple(SourceRelease(name, "1", "MIT", "", "") for name in "abcd")
        _WHOLE.append(replace(random_graph(seed=3), sources=releases))
    return _WHOLE[0]


def test_the_most_connected_are_left_out_and_named(store_of: Callable[[Graph], Store]) -> None:
    graph = whole_graph()
    store, heard = store_of(graph), list[str]()
    kinds = kinds_of(graph)
    near = within(graph, "DRUGBANK:DB00000", 1)
    degrees = {node: sum(store.nodes([(kinds[node], node)])[kinds[node], node].degrees.values()) for node in near}
    specific = sorted(near - {"DRUGBANK:DB00000"}, key=lambda node: (degrees[node], kinds[node], node))
    found = subgraph(store, ["DRUGBANK:DB00000"], 2, limit=4, told=heard.append)
    assert same(found, induced(graph, {"DRUGBANK:DB00000", *specific[:3]}))
    [message] = heard
    assert message.startswith(f"left out at distance 1: {len(near) - 4} of {len(near) - 1} nodes")
    most = specific[-1]
    assert f"({kinds[most]}, {degrees[most]} edges)" in message
    assert "higher limit than 4" in message


def test_given_nodes_are_all_in_it_whatever_the_limit(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(whole_graph())
    given = [Node("NCBIGene:1", "Gene", "Gene 1"), "NCBIGene:2", "DOID:0", "PANAKEIA:P-1"]
    found = subgraph(store, given, limit=2)
    assert sum(found.node_counts().values()) == 4


def test_what_would_be_too_much_is_not_gone_on_from(
    store_of: Callable[[Graph], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(around, "FOLLOWED", 5)
    heard: list[str] = []
    graph = whole_graph()
    found = subgraph(store_of(graph), ["DRUGBANK:DB00000"], told=heard.append)
    assert sum(found.node_counts().values()) < len(within(graph, "DRUGBANK:DB00000", 1))
    assert heard[0].startswith("not all edges followed at distance 1, of those with too many: Drug 0 (Drug,")


def test_releases_are_those_that_state_something(store_of: Callable[[Graph], Store]) -> None:
    found = subgraph(store_of(whole_graph()), "DRUGBANK:DB00000", where=Filter(without_sources=["b", "c", "d"]))
    assert [release.name for release in found.sources] == ["a"]


def test_what_a_user_gets_wrong_is_named(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(whole_graph())
    with pytest.raises(ValueError, match="radius is 0: expected 1 or more"):
        subgraph(store, ["DOID:0"], 0)
    with pytest.raises(ValueError, match="limit is 0"):
        subgraph(store, ["DOID:0"], limit=0)
    with pytest.raises(ValueError, match="none is given"):
        subgraph(store, [])
    with pytest.raises(ValueError, match="relations: there is no relation cures;"):
        subgraph(store, ["DOID:0"], relations=["cures"])
    with pytest.raises(ValueError, match=r"nothing of a source 'e'; its sources are a, b, c, d"):
        subgraph(store, ["DOID:0"], where=Filter(sources=["a", "e"]))
    with pytest.raises(UnknownNode):
        subgraph(store, ["no such disease"])


def test_the_walk_of_the_test_has_all_relations() -> None:
    assert set(whole_graph().edges) <= set(RELATIONS)

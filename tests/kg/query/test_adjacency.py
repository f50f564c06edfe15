"""The neighbours of a node, against the rows of the graph, on both stores."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from kg.filter import EVERYTHING, Filter
from kg.graph import Graph, SourceRelease, table
from kg.query import Neighbours, neighbours
from kg.schema import RELATIONS, Step, edge_columns, node_columns
from kg.search import Node, UnknownKind, UnknownNode
from kg.stores.protocol import Store
from tests.conftest import EVIDENCE
from tests.kg.test_paths import random_graph

_MADE: list[Graph] = []


def made_up() -> Graph:
    """One random graph for all tests, with a release for each source."""
    if not _MADE:
        releases = tuple(SourceRelease(name, "1", "MIT", "", "") for name in "abcd")
        _MADE.append(replace(random_graph(seed=3), sources=releases))
    return _MADE[0]


def rows_around(graph: Graph, node: str, where: Filter = EVERYTHING) -> set[tuple[Step, str, str]]:
    """Return each step from a node, the node it leads to and who states it, by looking at every row."""
    found = set()
    for relation, rows in graph.edges.items():
        step = Step(relation, True)
        for row in rows.to_pylist():
            if not where.sources or row["source"] in where.sources:
                found |= {(step, row["object"], row["source"])} if row["subject"] == node else set()
                found |= {(step.reverse, row["subject"], row["source"])} if row["object"] == node else set()
    return found


def told(found: Neighbours) -> set[tuple[Step, str, str]]:
    return {(one.step, one.node.id, evidence.source) for one in found.found for evidence in one.evidence}


@pytest.mark.parametrize("node", ["DRUGBANK:DB00000", "NCBIGene:3", "DOID:1", "PANAKEIA:P-0"])
@pytest.mark.parametrize("where", [EVERYTHING, Filter(sources=["c"]), Filter(sources=["b", "d"])])
def test_neighbours_are_those_of_the_rows(store_of: Callable[[Graph], Store], node: str, where: Filter) -> None:
    graph = made_up()
    expected = rows_around(graph, node, where)
    found = neighbours(store_of(graph), node, where=where, limit=1000)
    assert told(found) == expected
    assert found.left_out == 0
    assert found.counts == {step: len({end for other, end, _ in expected if other == step}) for step in found.counts}
    assert set(found.counts) == {step for step, _, _ in expected}


def test_they_come_relation_by_relation_and_by_name_up_to_the_limit(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(made_up())
    every = neighbours(store, "NCBIGene:3", limit=1000)
    order = list(RELATIONS)
    keys = [(order.index(one.step.relation), not one.step.forward, one.node.name, one.node.id) for one in every.found]
    assert keys == sorted(keys)
    for limit in range(1, len(every.found) + 2):
        some = neighbours(store, "NCBIGene:3", limit=limit)
        assert some.found == every.found[:limit]
        assert some.counts == every.counts
        assert some.left_out == max(0, len(every.found) - limit)


def test_relations_and_kinds_can_be_named(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(made_up())
    every = neighbours(store, "NCBIGene:3", limit=1000)
    bound = neighbours(store, Node("NCBIGene:3", "Gene", ""), relations=["binds"], limit=1000)
    assert bound.found == tuple(one for one in every.found if one.step.relation == "binds")
    genes = neighbours(store, "NCBIGene:3", kinds=["gene", "Disease"], limit=1000)
    assert genes.found == tuple(one for one in every.found if one.node.kind in ("Gene", "Disease"))
    assert neighbours(store, "NCBIGene:3", kinds=["Symptom"]).found == ()


def test_an_edge_of_many_statements_is_told_whole(store_of: Callable[[Graph], Store]) -> None:
    """A limit on neighbours is none on statements: three genes, each stated forty times over."""
    genes = [{"id": f"NCBIGene:{n}", "name": f"gene {n}"} for n in range(3)]
    drug = {"id": "DRUGBANK:DB00001", "name": "Lepirudin"}
    stated = [
        EVIDENCE | {"subject": drug["id"], "object": gene["id"], "source": f"s{number:02}"}
        for gene in genes
        for number in range(40)
    ]
    nodes = {"Gene": table(node_columns("Gene"), genes), "Drug": table(node_columns("Drug"), [drug])}
    found = neighbours(store_of(Graph(nodes, {"binds": table(edge_columns("binds"), stated)})), "lepirudin", limit=2)
    assert [(one.node.name, len(one.evidence)) for one in found.found] == [("gene 0", 40), ("gene 1", 40)]
    assert found.left_out == 1


def test_an_answer_is_text_json_and_a_frame(store_of: Callable[[Graph], Store], graph: Graph) -> None:
    found = neighbours(store_of(graph), "warfarin", relations=["treats", "binds"], limit=2)
    assert found.to_text().splitlines() == [
        "neighbours of Warfarin  (Drug DRUGBANK:DB00682)",
        "        1  treats (out)",
        "        2  binds (out)",
        "the first 2 are listed, 1 more are not: name relations (--relation) or kinds (--of-kind), or ask for more "
        "(--top)",
    ]
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert content["edges"][1] == {"relation": "binds", "direction": "out", "count": 2}
    assert content["left_out"] == 1
    assert content["neighbours"][0] == {
        "relation": "treats",
        "direction": "out",
        "id": "DOID:9743",
        "kind": "Disease",
        "name": "thrombosis",
        "evidence": [
            {
                "source": "by-hand",
                "version": "1",
                "licence": "CC0-1.0",
                "knowledge_level": "knowledge_assertion",
                "agent_type": "manual_agent",
                "references": ["PMID:1", "PMID:2"],
            }
        ],
    }
    frame = found.to_frame()
    assert list(frame["name"]) == ["thrombosis", "CYP2C9"]
    assert frame["references"].to_list() == [["PMID:1", "PMID:2"], []]
    assert "neighbours of Warfarin" in found._repr_html_()


def test_what_a_user_gets_wrong_is_named(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(made_up())
    with pytest.raises(ValueError, match="limit is 0"):
        neighbours(store, "DOID:0", limit=0)
    with pytest.raises(ValueError, match="relations: there is no relation cures;"):
        neighbours(store, "DOID:0", relations=["cures"])
    with pytest.raises(UnknownKind):
        neighbours(store, "DOID:0", kinds=["illness"])
    with pytest.raises(ValueError, match="nothing of a source 'e'"):
        neighbours(store, "DOID:0", where=Filter(without_sources=["e"]))
    with pytest.raises(UnknownNode):
        neighbours(store, "DOID:0", kind="Gene")

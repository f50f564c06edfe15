"""What changed from one build to the next: gained, lost and changed, by source, the same node or edge counted once."""

import dataclasses

import pytest

from kg.diff import diff
from kg.graph import Graph, SourceRelease, table
from kg.schema import edge_columns, node_columns
from tests.conftest import EVIDENCE


def made(genes: dict[str, str], pairs: dict[tuple[str, str], dict[str, object]], version: str = "1") -> Graph:
    evidence = EVIDENCE | {"source_version": version}
    nodes = [{"id": i, "name": n, "provided_by": ["by-hand"], "xrefs": [], "synonyms": []} for i, n in genes.items()]
    edges = [{"subject": s, "object": o} | evidence | told for (s, o), told in pairs.items()]
    return Graph(
        {"Gene": table(node_columns("Gene"), nodes)},
        {"gene_interacts_gene": table(edge_columns("gene_interacts_gene"), edges)},
        (SourceRelease("by-hand", version, "CC0-1.0", "", ""),),
    )


ONE, TWO, THREE = "NCBIGene:1", "NCBIGene:2", "NCBIGene:3"
FIRST = made({ONE: "A1BG", TWO: "A2M"}, {(ONE, TWO): {}})


def counts(a: Graph, b: Graph) -> list[tuple[object, ...]]:
    return [tuple(row) for row in diff(a, b).counts.itertuples(index=False)]


def test_a_graph_does_not_differ_from_itself(graph: Graph) -> None:
    found = diff(graph, graph)
    assert not len(found.counts)
    assert found.to_text().endswith("the same nodes and edges")
    assert found.to_json()["counts"] == []


def test_what_is_gained_lost_and_changed_is_counted_by_source_and_named() -> None:
    second = made({ONE: "A1BG", TWO: "renamed", THREE: "new"}, {(ONE, THREE): {}})
    assert counts(FIRST, second) == [
        ("nodes", "Gene", "by-hand", 1, 0, 1),
        ("edges", "gene_interacts_gene", "by-hand", 1, 1, 0),
    ]
    named = {(row.way, row.key) for row in diff(FIRST, second).examples.itertuples()}
    assert named == {
        ("gained", THREE),
        ("changed", TWO),
        ("gained", f"{ONE} {THREE} by-hand"),
        ("lost", f"{ONE} {TWO} by-hand"),
    }


def test_the_other_way_round_gains_are_losses() -> None:
    second = made({ONE: "A1BG", TWO: "A2M", THREE: "new"}, {(ONE, TWO): {}, (TWO, THREE): {}})
    there, back = diff(FIRST, second).counts, diff(second, FIRST).counts
    assert list(there["gained"]) == list(back["lost"]) == [1, 1]


@pytest.mark.parametrize(
    ("second", "changed"),
    [
        (made({ONE: "A1BG", TWO: "A2M"}, {(TWO, ONE): {}}), 0),  # symmetric: the ends may come in either order
        (made({ONE: "A1BG", TWO: "A2M"}, {(ONE, TWO): {}}, version="2"), 0),
        (made({ONE: "A1BG", TWO: "A2M"}, {(ONE, TWO): {"references": ["PMID:1"]}}), 1),
        (made({ONE: "A1BG", TWO: "A2M"}, {(ONE, TWO): {"licence": "MIT"}}), 1),
    ],
)
def test_what_changes_an_edge(second: Graph, changed: int) -> None:
    found = diff(FIRST, second).counts
    assert found["changed"].sum() == changed
    assert found["gained"].sum() == found["lost"].sum() == 0


def test_a_source_that_goes_loses_all_it_alone_states(graph: Graph) -> None:
    lost = diff(graph, graph.without("by-hand")).counts
    assert set(lost["source"]) == {"by-hand"}
    assert lost["lost"].sum() == sum(graph.node_counts().values()) + sum(graph.edge_counts().values())


def test_without_a_source_a_node_that_another_edge_needs_stays() -> None:
    theirs = FIRST.edges["gene_interacts_gene"].to_pylist()[0] | {"source": "other"}
    both = dataclasses.replace(
        FIRST, edges={"gene_interacts_gene": table(edge_columns("gene_interacts_gene"), [theirs])}
    )
    left = both.without("by-hand")
    assert left.nodes["Gene"]["provided_by"].to_pylist() == [[], []]
    assert left.sources == ()

"""The view of a graph: sorted rows, and only what may be learned from."""

import itertools
import subprocess
import sys

import numpy as np
import pyarrow as pa

from gnn.task import TASKS, TREATS
from gnn.view import LEARNED_RELATIONS, learned_from, view
from kg.graph import Graph, SourceRelease, table
from kg.schema import RELATIONS, edge_columns, node_columns
from tests.gnn.conftest import edges


def test_rows_do_not_depend_on_the_order_in_the_graph(families: Graph) -> None:
    random = np.random.default_rng(0)

    def shuffled(rows: pa.Table) -> pa.Table:
        return rows.take(pa.array(random.permutation(rows.num_rows)))

    mixed = Graph(
        {kind: shuffled(rows) for kind, rows in families.nodes.items()},
        {relation: shuffled(rows) for relation, rows in families.edges.items()},
        families.sources,
    )
    ours, theirs = view(families), view(mixed)
    assert ours.curies == theirs.curies
    for relation in families.edges:
        assert np.array_equal(ours.edges(relation), theirs.edges(relation))


def test_edges_join_the_nodes_that_the_graph_joins(families: Graph) -> None:
    seen = view(families)
    subjects, objects = seen.edges("binds")
    found = {(seen.curies["Drug"][s], seen.curies["Gene"][o]) for s, o in zip(subjects, objects, strict=True)}
    stated = families.edges["binds"]
    assert found == set(zip(stated["subject"].to_pylist(), stated["object"].to_pylist(), strict=True))


def test_people_predictions_and_their_evidence_are_not_learned(graph: Graph) -> None:
    seen = view(graph)
    assert "Patient" not in seen.curies
    assert not [relation for relation in LEARNED_RELATIONS if relation.startswith(("predicted", "patient", "variant"))]
    assert seen.data.validate()


def test_nothing_is_learned_along_what_is_negated_or_foretold() -> None:
    """Not as an answer, a message, a walk or a chain of any task: a contraindication would speak for the drug."""
    learned = set(LEARNED_RELATIONS)
    for task in TASKS.values():
        walks = [*task.subject_walks.values(), *task.object_walks.values(), *itertools.chain(*task.chains.values())]
        learned |= {*task.labels, *(step for walk in walks if not isinstance(walk, str) for step in walk)}
    assert learned > set(TREATS.labels) and "contraindicated_in" in RELATIONS
    assert not [name for name in learned if RELATIONS[name].negated or RELATIONS[name].predicted]


def test_a_drug_without_a_preferred_identifier_is_no_candidate(families: Graph) -> None:
    stray = table(node_columns("Drug"), [{"id": "RXNORM:855332", "name": "warfarin sodium 5 MG Oral Tablet"}])
    drugs = pa.concat_tables([families.nodes["Drug"], stray])
    treated = edges("treats", {("RXNORM:855332", "DOID:101")})
    more = {**families.edges, "treats": pa.concat_tables([families.edges["treats"], treated])}
    with_stray = view(Graph({**families.nodes, "Drug": drugs}, more, families.sources))
    assert with_stray.curies == view(families).curies
    assert np.array_equal(with_stray.edges("treats"), view(families).edges("treats"))


def test_releases_of_patients_are_not_learned_from(families: Graph) -> None:
    later = SourceRelease("patients", "1", "none", "", "", {"bundle": "11"})
    assert learned_from(Graph(families.nodes, families.edges, (*families.sources, later))) == families.sources


def test_a_user_sees_no_warning_of_the_libraries() -> None:
    code = "import gnn.train"
    told = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True)
    assert "torch.jit" not in told.stderr


def stated_again(graph: Graph, source: str) -> Graph:
    """The graph, of which another source states every edge too, symmetric ones both ways."""
    edges = {}
    for relation, rows in graph.edges.items():
        theirs = rows.to_pylist()
        if RELATIONS[relation].symmetric:
            theirs += [row | {"subject": row["object"], "object": row["subject"]} for row in theirs]
        told = table(edge_columns(relation), [row | {"source": source, "references": ["PMID:1"]} for row in theirs])
        edges[relation] = pa.concat_tables([rows, told])
    return Graph(graph.nodes, edges, (*graph.sources, SourceRelease(source, "1", "MIT", "", "", {})))


def test_an_edge_that_two_sources_state_is_learned_once(graph: Graph) -> None:
    ours, theirs = view(graph), view(stated_again(graph, "other"))
    assert ours.curies == theirs.curies
    for relation in LEARNED_RELATIONS:
        assert ours.edges(relation).size
        assert np.array_equal(ours.edges(relation), theirs.edges(relation))


def test_all_who_state_a_learned_edge_are_learned_from(families: Graph) -> None:
    both = stated_again(families, "other")
    assert {release.name for release in learned_from(both)} == {release.name for release in families.sources} | {
        "other"
    }

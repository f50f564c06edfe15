"""Ranked paths, against every path of a small graph walked one by one."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from math import prod

import numpy as np
import pytest

from kg import meeting
from kg.graph import Evidence, Graph, table
from kg.paths import Path, Route, paths, paths_frame
from kg.schema import EVIDENCE_COLUMNS, NODE_KINDS, RELATIONS, edge_columns, node_columns
from kg.search import AmbiguousName, UnknownNode
from kg.stores.protocol import Store
from tests.conftest import EVIDENCE

Edge = tuple[str, str, str]
SIZES = {"Gene": 14, "Drug": 8, "Disease": 6, "Symptom": 3, "SideEffect": 4, "Patient": 2}
DENSITY = {
    "treats": 0.2,
    "binds": 0.25,
    "causes_side_effect": 0.4,
    "drug_resembles_drug": 0.2,
    "disease_associates_gene": 0.2,
    "disease_resembles_disease": 0.3,
    "disease_presents_symptom": 0.4,
    "gene_interacts_gene": 0.2,
    "gene_regulates_gene": 0.15,
    "patient_takes_drug": 0.9,
    "patient_has_condition": 0.9,
    "predicted_treats": 0.9,
}


SOURCES = ("a", "b", "c")


def identifier(kind: str, number: int) -> str:
    prefix = NODE_KINDS[kind].prefixes[0]
    body = {"DRUGBANK": f"DB{number:05}", "MESH": f"D{number}", "UMLS": f"C{number}", "PANAKEIA": f"P-{number}"}
    return f"{prefix}:{body.get(prefix, number)}"


def random_graph(seed: int) -> Graph:
    random = np.random.default_rng(seed)
    nodes = {
        kind: table(node_columns(kind), [{"id": identifier(kind, i), "name": f"{kind} {i}"} for i in range(size)])
        for kind, size in SIZES.items()
    }
    edges = {}
    for name, density in DENSITY.items():
        relation = RELATIONS[name]
        rows = [
            {"subject": identifier(relation.subject, i), "object": identifier(relation.object, j), "source": source}
            for i in range(SIZES[relation.subject])
            for j in range(SIZES[relation.object])
            if (i < j or (i > j and not relation.symmetric) or relation.subject != relation.object)
            and random.random() < density
            for source in SOURCES[: random.integers(1, 4)]
        ]
        if relation.symmetric:  # the last source says the first edges the other way round
            rows += [row | {"subject": row["object"], "object": row["subject"], "source": "d"} for row in rows[:5]]
        edges[name] = table(edge_columns(name), rows)
    return Graph(nodes, edges)


def walk(graph: Graph, a: str, b: str, longest: int, exclude: set[str]) -> Iterator[tuple[float, tuple[Edge, ...]]]:
    """Yield every path with its score, by the definition, one step after the other; an edge counts once."""
    edges = {
        normal(((row["subject"], name, row["object"]),))[0]
        for name, rows in graph.edges.items()
        if not (RELATIONS[name].predicted or RELATIONS[name].negated) and name not in exclude
        for row in rows.to_pylist()
    }
    out = Counter((relation, subject) for subject, relation, _ in edges)
    into = Counter((relation, target) for _, relation, target in edges)
    for relation in (relation for relation in RELATIONS.values() if relation.symmetric):
        for node in {node for name, node in [*out, *into] if name == relation.name}:
            both = out[relation.name, node] + into[relation.name, node]
            out[relation.name, node] = into[relation.name, node] = both

    def continue_from(node: str, seen: tuple[str, ...], taken: tuple[Edge, ...]) -> Iterator[tuple[Edge, ...]]:
        if node == b:
            yield taken
        elif len(taken) < longest and (not taken or not node.startswith("PANAKEIA")):
            for edge in edges:
                if node in (edge[0], edge[2]):
                    beyond = edge[2] if edge[0] == node else edge[0]
                    if beyond not in seen:
                        yield from continue_from(beyond, (*seen, beyond), (*taken, edge))

    for path in continue_from(a, (a,), ()):
        yield prod((out[r, s] * into[r, o]) ** -0.4 for s, r, o in path), path


def stated_by(graph: Graph, edge: Edge) -> tuple[str, ...]:
    rows = graph.edges[edge[1]].to_pylist()
    return tuple(sorted({r["source"] for r in rows if normal(((r["subject"], edge[1], r["object"]),)) == (edge,)}))


def as_edges(path: Path) -> tuple[Edge, ...]:
    ends = zip(path.nodes, path.edges, path.nodes[1:], strict=False)
    return tuple(
        (u.id, edge.step.relation, v.id) if edge.step.forward else (v.id, edge.step.relation, u.id)
        for u, edge, v in ends
    )


def normal(path: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """Write the ends of symmetric edges in alphabetical order."""
    return tuple((min(s, o), r, max(s, o)) if RELATIONS[r].symmetric else (s, r, o) for s, r, o in path)


PAIRS = [
    ("DRUGBANK:DB00000", "DOID:1"),
    ("NCBIGene:3", "DOID:0"),
    ("DRUGBANK:DB00001", "DRUGBANK:DB00002"),
    ("NCBIGene:1", "NCBIGene:5"),
    ("MESH:D0", "UMLS:C1"),
    ("PANAKEIA:P-0", "NCBIGene:2"),
    ("PANAKEIA:P-0", "PANAKEIA:P-1"),
]


@pytest.mark.parametrize("budget", [1, 50, 5_000])
def test_the_best_paths_are_those_of_a_full_walk(
    store_of: Callable[[Graph], Store], monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    monkeypatch.setattr(meeting, "FIRST_BUDGET", budget)
    graph = random_graph(seed=budget)
    store = store_of(graph)
    for number, (a, b) in enumerate(PAIRS):
        longest = 4 - number % 4
        exclude = {"treats"} if number % 2 else set()
        every = sorted(walk(graph, a, b, longest, exclude), reverse=True)
        found = paths(store, a, b, max_length=longest, top=12, route=Route(without=exclude))
        assert [path.score for path in found] == pytest.approx([score for score, _ in every[:12]], rel=1e-12)
        scores = {normal(path): score for score, path in every}
        assert len({normal(as_edges(path)) for path in found}) == len(found)
        for path in found:
            assert path.score == pytest.approx(scores[normal(as_edges(path))], rel=1e-12)
            for edge, passed in zip(path.edges, normal(as_edges(path)), strict=True):
                assert edge.sources == stated_by(graph, passed)


@pytest.fixture
def store(store_of: Callable[[Graph], Store], graph: Graph) -> Store:
    return store_of(graph)


def test_a_path_says_its_relations_directions_and_sources(store: Store) -> None:
    found = paths(store, "warfarin", "thrombosis", max_length=2)
    assert [(str(path), path.score) for path in found] == [
        ("Warfarin - treats -> thrombosis", pytest.approx((1 * 2) ** -0.4)),
        (
            "Warfarin - binds -> VKORC1 <- disease_associates_gene - thrombosis",
            pytest.approx((2 * 1) ** -0.4 * (1 * 1) ** -0.4),
        ),
    ]
    assert found[0].edges[0].sources == ("by-hand",)


def test_a_frame_of_paths_has_a_row_each(store: Store) -> None:
    frame = paths_frame(paths(store, "warfarin", "thrombosis", max_length=1))
    assert frame.to_dict(orient="records") == [
        {
            "rank": 1,
            "score": pytest.approx(2**-0.4),
            "path": "Warfarin - treats -> thrombosis",
            "metapath": "Drug - treats -> Disease",
            "sources": "by-hand",
            "licences": "CC0-1.0",
            "knowledge_levels": "knowledge_assertion",
            "references": "PMID:1, PMID:2",
        }
    ]


THEIRS: dict[str, object] = {
    "source": "other",
    "source_version": "9",
    "licence": "CC-BY-NC-4.0",
    "knowledge_level": "prediction",
    "agent_type": "text_mining_agent",
    "references": ["PMID:3", "PMID:4", "PMID:2"],
}

SIMILAR = "Acetylsalicylic acid - drug_resembles_drug - Ibuprofen"


@pytest.fixture(scope="module")
def doubly_stated(graph: Graph) -> Graph:
    """The small graph, in which another source states the treatments and the similar drugs too, these turned round."""
    treats, similar = (graph.edges[relation].to_pylist() for relation in ("treats", "drug_resembles_drug"))
    theirs = {
        "treats": [row | THEIRS for row in treats],
        "drug_resembles_drug": [row | THEIRS | {"subject": row["object"], "object": row["subject"]} for row in similar],
    }
    both = {
        relation: table(edge_columns(relation), [*graph.edges[relation].to_pylist(), *rows])
        for relation, rows in theirs.items()
    }
    return Graph(graph.nodes, graph.edges | both, graph.sources)


def test_an_edge_that_two_sources_state_is_on_one_path_with_the_evidence_of_both(
    store_of: Callable[[Graph], Store], graph: Graph, doubly_stated: Graph
) -> None:
    store = store_of(graph)
    once = [
        (str(path), path.score)
        for path in paths(store, "warfarin", "thrombosis") + paths(store, "aspirin", "ibuprofen")
    ]
    store = store_of(doubly_stated)
    found = paths(store, "warfarin", "thrombosis") + paths(store, "aspirin", "ibuprofen")
    assert [(str(path), path.score) for path in found] == once
    by_name = {str(path): path.edges[0] for path in found}
    treats, similar = by_name["Warfarin - treats -> thrombosis"], by_name[SIMILAR]
    ours = Evidence("by-hand", "1", "CC0-1.0", "knowledge_assertion", "manual_agent", ("PMID:1", "PMID:2"))
    theirs = Evidence("other", "9", "CC-BY-NC-4.0", "prediction", "text_mining_agent", ("PMID:3", "PMID:4", "PMID:2"))
    assert treats.evidence == (ours, theirs)
    assert treats.sources == ("by-hand", "other")
    assert treats.references == ("PMID:1", "PMID:2", "PMID:3", "PMID:4")
    assert similar.sources == ("by-hand", "other")


def test_a_path_is_written_down_with_all_that_its_edges_say(
    store_of: Callable[[Graph], Store], doubly_stated: Graph
) -> None:
    store = store_of(doubly_stated)
    direct, other = paths(store, "warfarin", "thrombosis", max_length=2)
    told = json.loads(json.dumps(direct.to_json(), allow_nan=False))
    ours, theirs = (
        Evidence.of(told[column] for column in EVIDENCE_COLUMNS).to_json()
        for told in (EVIDENCE | {"references": ["PMID:1", "PMID:2"]}, THEIRS)
    )
    assert told == {
        "score": direct.score,
        "path": "Warfarin - treats -> thrombosis",
        "metapath": "Drug - treats -> Disease",
        "steps": [
            {
                "id": "DRUGBANK:DB00682",
                "kind": "Drug",
                "name": "Warfarin",
                "relation": "treats",
                "forward": True,
                "sources": ["by-hand", "other"],
                "evidence": [ours, theirs],
            },
            {"id": "DOID:9743", "kind": "Disease", "name": "thrombosis"},
        ],
    }
    steps = other.to_json()["steps"]
    assert [step.get("forward") for step in steps] == [True, False, None]
    frame = paths_frame([direct, other])
    told_by_edge = frame[["sources", "licences", "knowledge_levels", "references"]]
    assert list(told_by_edge.itertuples(index=False, name=None)) == [
        (
            "by-hand, other",
            "CC-BY-NC-4.0, CC0-1.0",
            "knowledge_assertion, prediction",
            "PMID:1, PMID:2, PMID:3, and 1 more",
        ),
        ("by-hand", "CC0-1.0", "knowledge_assertion", "-"),
    ]


def test_no_path_goes_along_what_is_negated(store: Store) -> None:
    assert paths(store, "EGFR L858R", "Ibuprofen", max_length=1)
    asked = Route(relations=["variant_not_shown_to_affect_drug"])
    assert paths(store, "EGFR L858R", "Ibuprofen", route=asked) == []
    assert paths(store, "osteoarthritis", "Thromboembolism", max_length=1) == []


def test_a_contraindication_is_no_path_to_what_would_treat(store: Store) -> None:
    for forbidden in ("thrombosis", "Thromboembolism"):
        assert paths(store, "Ibuprofen", forbidden, max_length=1) == []
        for path in paths(store, "Ibuprofen", forbidden, top=1000):
            assert not [edge for edge in path.edges if edge.step.relation.startswith("contraindicated")]


def test_excluded_and_predicted_relations_are_not_walked(store: Store) -> None:
    assert paths(store, "ibuprofen", "osteoarthritis", max_length=1) == []
    for path in paths(store, "warfarin", "thrombosis", route=Route(without=["treats"]), top=100):
        assert all(edge.step.relation not in ("treats", "predicted_treats") for edge in path.edges)


def test_no_path_leads_through_a_patient(store: Store) -> None:
    found = paths(store, "warfarin", "CYP2C9*2", top=1000)
    assert found
    assert not any(node.kind == "Patient" for path in found for node in path.nodes)
    assert paths(store, "PANAKEIA:P-1", "INR", max_length=1)


def test_what_a_user_gets_wrong_is_named(store: Store) -> None:
    with pytest.raises(ValueError, match="expected 1 to 4"):
        paths(store, "warfarin", "thrombosis", max_length=5)
    with pytest.raises(ValueError, match="top is 0: expected 1 or more"):
        paths(store, "warfarin", "thrombosis", top=0)
    with pytest.raises(ValueError, match="cures"):
        paths(store, "warfarin", "thrombosis", route=Route(without=["cures"]))
    with pytest.raises(ValueError, match="the same node, DRUGBANK:DB00682"):
        paths(store, "warfarin", "coumadin")
    with pytest.raises(UnknownNode):
        paths(store, "warfarin", "no such disease")


def test_kinds_tell_two_ends_of_one_name_apart(store_of: Callable[[Graph], Store]) -> None:
    nodes = {"Gene": "NCBIGene:1", "CellularComponent": "GO:0000001", "MolecularFunction": "GO:0000001"}
    relations = ("gene_participates_in_cellular_component", "gene_participates_in_molecular_function")
    edge = {"subject": "NCBIGene:1", "object": "GO:0000001", "source": "a", "source_version": "1", "licence": "MIT"}
    store = store_of(
        Graph(
            {kind: table(node_columns(kind), [{"id": node, "name": kind}]) for kind, node in nodes.items()},
            {relation: table(edge_columns(relation), [edge]) for relation in relations},
        )
    )
    with pytest.raises(AmbiguousName, match="--kind CellularComponent"):
        paths(store, "NCBIGene:1", "GO:0000001")
    for kind, relation in zip(("CellularComponent", "molecularfunction"), relations, strict=True):
        [path] = paths(store, "NCBIGene:1", "GO:0000001", kinds=[kind])
        assert path.edges[0].step.relation == relation


def test_nodes_without_a_path_have_none(store: Store) -> None:
    assert paths(store, "PANAKEIA:P-2", "thrombosis") == []

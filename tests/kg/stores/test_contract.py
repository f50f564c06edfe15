"""What every store promises: the same tests on the embedded store and on a real Neo4j server."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kg.graph import Evidence, Graph, SourceRelease, table
from kg.schema import NODE_KINDS, RELATIONS, STEPS, Step, edge_columns, node_columns
from kg.stores.opening import open_store
from kg.stores.protocol import Hop, Key, Store, StoreError

Opener = Callable[[], Store]
EMPTY = Graph({}, {})


@pytest.fixture(params=["ladybug", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Return a way to open one empty store, again and again."""
    url = request.getfixturevalue("neo4j_url") if request.param == "neo4j" else tmp_path / "graph.lbdb"

    def open_again() -> Store:
        return open_store(url, create=True)

    with open_again() as store:
        store.replace(EMPTY, ignore)
    return open_again


def ignore(step: str, fraction: float) -> None:
    assert step
    assert 0 <= fraction <= 1


def rows(value: pa.Table) -> list[str]:
    return sorted(map(repr, value.to_pylist()))


def assert_same(found: Graph, expected: Graph) -> None:
    assert found.node_counts() == expected.node_counts()
    assert found.edge_counts() == expected.edge_counts()
    for mine, theirs in ((found.nodes, expected.nodes), (found.edges, expected.edges)):
        for name, expected_rows in theirs.items():
            assert mine[name].schema == expected_rows.schema, name
            assert rows(mine[name]) == rows(expected_rows), name
    assert sorted(found.sources, key=repr) == sorted(expected.sources, key=repr)


def drug(identifier: str, name: str, **attributes: object) -> dict[str, object]:
    return {"id": identifier, "name": name} | attributes


def drugs(*nodes: dict[str, object]) -> Graph:
    return Graph({"Drug": table(node_columns("Drug"), nodes)}, {})


def edges_of(graph: Graph) -> list[tuple[Hop, dict[str, Any]]]:
    """Every edge as one may go along it, with its row: there and back.

    Nobody is led by what is negated, or to a patient who withdrew consent.
    """
    people = graph.nodes["Patient"].to_pylist() if "Patient" in graph.nodes else []
    withdrawn = {row["id"] for row in people if row["consent"] == "withdrawn"}
    hops = []
    for relation, edges in graph.edges.items():
        there = Step(relation, True)
        for row in edges.to_pylist():
            if row.get("negated"):
                continue
            if row["object"] not in withdrawn:
                hops.append(((row["subject"], there, row["object"]), row))
            if row["subject"] not in withdrawn:
                hops.append(((row["object"], there.reverse, row["subject"]), row))
    return hops


def assert_degrees_are_counts(store: Store, graph: Graph) -> None:
    """A degree counts neighbours: who states an edge, how often, and which way round, does not matter."""
    keys = [(kind, node) for kind, nodes in graph.nodes.items() for node in nodes["id"].to_pylist()]
    counts: dict[Key, Counter[Step]] = {key: Counter() for key in keys}
    for origin, step, _ in {hop for hop, _ in edges_of(graph)}:
        counts[step.start, origin][step] += 1
    found = store.nodes(keys)
    assert {key: known.degrees for key, known in found.items()} == counts


def assert_hops_are_those_of(store: Store, graph: Graph) -> None:
    """Take each step from all nodes that its relation touches, so that a step the wrong way round would show."""
    hops = [hop for hop, _ in edges_of(graph)]
    touched = {step: sorted({x for x, other, _ in hops if other.relation == step.relation}) for step in STEPS.values()}
    led = [(origin, step, end) for step, origin, ends in store.follow(touched) for end in ends]
    assert sorted(led) == sorted(hops)


def test_the_fixture_has_every_kind_and_relation(graph: Graph) -> None:
    assert list(graph.nodes) == list(NODE_KINDS)
    assert list(graph.edges) == [name for name in RELATIONS if "_related_to_" not in name]


def test_a_graph_comes_back_as_it_went_in(opened: Opener, graph: Graph) -> None:
    with opened() as store:
        store.replace(graph, ignore)
        assert_same(store.read(), graph)
    with opened() as store:
        assert_same(store.read(), graph)


def test_an_empty_graph_comes_back(opened: Opener) -> None:
    with opened() as store:
        assert_same(store.read(), EMPTY)


def gapped(rows: pa.Table) -> pa.Table:
    """The same rows, one a batch, with batches without any between them."""
    parts = [rows.slice(place, length) for place in range(rows.num_rows) for length in (0, 1)]
    return pa.concat_tables([*parts, rows.slice(0, 0)])


@pytest.mark.parametrize("verb", ["replace", "add"])
def test_no_row_is_lost_behind_an_empty_batch(opened: Opener, graph: Graph, verb: str) -> None:
    nodes = {kind: gapped(rows) for kind, rows in graph.nodes.items()}
    edges = {relation: gapped(rows) for relation, rows in graph.edges.items()}
    with opened() as store:
        getattr(store, verb)(Graph(nodes, edges, graph.sources))
        assert_same(store.read(), graph)
        if verb == "add":
            store.add(Graph(nodes, edges, graph.sources))  # nodes and edges that are there already
            assert_same(store.read(), graph)


def test_a_relation_without_edges_is_as_one_that_is_not_there(opened: Opener, graph: Graph) -> None:
    empty = dataclasses.replace(graph, edges=graph.edges | {"treats": graph.edges["treats"].slice(0, 0)})
    with opened() as store:
        store.replace(empty, ignore)
        store.add(empty)
        assert "treats" not in store.read().edges
        assert_degrees_are_counts(store, empty)


def test_replace_leaves_nothing_of_the_old_graph(opened: Opener, graph: Graph) -> None:
    new = dataclasses.replace(drugs(drug("DRUGBANK:DB00682", "warfarin")), sources=(SourceRelease(*"abcde"),))
    with opened() as store:
        store.replace(graph, ignore)
        store.replace(new, ignore)
        assert_same(store.read(), new)
        assert store.query("MATCH (a:Drug)-[r]-() RETURN count(r) AS n", {}) == [{"n": 0}]


def test_replace_reports_progress(opened: Opener, graph: Graph) -> None:
    seen: list[float] = []
    with opened() as store:
        store.replace(graph, lambda _, fraction: seen.append(fraction))
    assert seen
    assert seen == sorted(seen)


def test_evidence_is_on_each_edge(opened: Opener, graph: Graph) -> None:
    cypher = (
        "MATCH (a:Drug {id: $drug})-[r:treats]->(b:Disease) RETURN r.source AS source, r.source_version AS version, "
        "r.licence AS licence, r.knowledge_level AS level, r.agent_type AS agent, r.references AS references"
    )
    with opened() as store:
        store.replace(graph, ignore)
        assert store.query(cypher, {"drug": "DRUGBANK:DB00682"}) == [
            {
                "source": "by-hand",
                "version": "1",
                "licence": "CC0-1.0",
                "level": "knowledge_assertion",
                "agent": "manual_agent",
                "references": ["PMID:1", "PMID:2"],
            }
        ]


def test_a_node_is_known_by_kind_and_identifier_with_its_name_and_degrees(opened: Opener, graph: Graph) -> None:
    warfarin, nobody = ("Drug", "DRUGBANK:DB00682"), ("Drug", "DRUGBANK:DB99999")
    with opened() as store:
        store.replace(graph, ignore)
        assert store.nodes([warfarin, nobody, ("Gene", "DRUGBANK:DB00682")]).keys() == {warfarin}
        assert store.nodes([warfarin])[warfarin].name == "Warfarin"
        assert store.nodes([]) == {}
        assert_degrees_are_counts(store, graph)


def test_one_identifier_may_name_nodes_of_two_kinds(opened: Opener, graph: Graph) -> None:
    """Only the step says then which of the two an edge leads to."""
    patient, shared = "PANAKEIA:P-1", "SNOMEDCT:1"
    kinds = {"patient_has_condition": "Disease", "patient_has_phenotype": "Phenotype"}
    named = {kind: table(node_columns(kind), [{"id": shared, "name": kind}]) for kind in kinds.values()}
    evidence = {"source": "a", "source_version": "1", "licence": "MIT"}
    edges = {
        relation: table(edge_columns(relation), [{"subject": patient, "object": shared} | evidence])
        for relation in kinds
    }
    both = Graph({"Patient": table(node_columns("Patient"), [{"id": patient, "name": "one"}])} | named, edges)
    with opened() as store:
        store.replace(both, ignore)
        store.add(both)
        found = store.nodes([(kind, shared) for kind in kinds.values()])
        assert {kind: known.name for (kind, _), known in found.items()} == {kind: kind for kind in kinds.values()}
        assert_degrees_are_counts(store, both)
        assert_hops_are_those_of(store, both)


def test_every_step_leads_along_every_edge(opened: Opener, graph: Graph) -> None:
    with opened() as store:
        store.replace(graph, ignore)
        assert_hops_are_those_of(store, graph)
        assert list(store.follow({})) == []
        assert list(store.follow({Step("treats", True): ["DRUGBANK:DB99999"]})) == []


def evidence_of(row: dict[str, Any]) -> Evidence:
    texts = (row[column] for column in ("source", "source_version", "licence", "knowledge_level", "agent_type"))
    return Evidence(*texts, references=tuple(row["references"]))


def test_every_edge_says_its_evidence(opened: Opener, graph: Graph) -> None:
    stated = [(hop, evidence_of(row)) for hop, row in edges_of(graph)]
    backwards = ("DOID:9743", Step("treats", True), "DRUGBANK:DB00682")
    with opened() as store:
        store.replace(graph, ignore)
        assert sorted(store.evidence({hop for hop, _ in stated} | {backwards})) == sorted(stated)
        assert list(store.evidence([])) == []


def test_degrees_follow_what_is_added(opened: Opener, graph: Graph) -> None:
    """New nodes, overwritten ones, and old ones that only a new edge touches, all count anew."""
    new = drug("DRUGBANK:DB99999", "new")
    edge = graph.edges["drug_resembles_drug"].to_pylist()[0]
    edges = [
        edge | {"subject": "DRUGBANK:DB99999", "object": "DRUGBANK:DB00682"},
        edge | {"subject": edge["object"], "object": edge["subject"]},
    ]
    overwritten = drug("DRUGBANK:DB01050", "ibuprofen")
    addition = Graph(
        {"Drug": table(node_columns("Drug"), [new, overwritten])},
        {"drug_resembles_drug": table(edge_columns("drug_resembles_drug"), edges)},
    )
    with opened() as store:
        store.replace(graph, ignore)
        store.add(addition)
        assert_degrees_are_counts(store, store.read())
        store.add(graph)
        assert_degrees_are_counts(store, store.read())


def test_nodes_without_edges_are_added(opened: Opener, graph: Graph) -> None:
    alone = Graph({"Patient": table(node_columns("Patient"), [{"id": "PANAKEIA:P-9", "name": "P-9"}])}, {})
    with opened() as store:
        store.replace(graph, ignore)
        store.add(alone)
        assert_degrees_are_counts(store, store.read())


def test_add_keeps_what_is_there_and_overwrites_what_it_brings(opened: Opener, graph: Graph) -> None:
    cypher = "MATCH (a:Drug {id: $id})-[r:treats]->(b:Disease) RETURN a.name AS name, a.inchi AS inchi, r.licence AS l"
    evidence = {"source": "by-hand", "source_version": "2", "licence": "MIT", "knowledge_level": "prediction"}
    edge = {"subject": "DRUGBANK:DB00682", "object": "DOID:9743", "agent_type": "manual_agent"} | evidence
    later = SourceRelease("later", "2", "MIT", "", "", {})
    addition = Graph(
        {
            "Drug": table(
                node_columns("Drug"), [drug("DRUGBANK:DB00682", "Warfarin sodium"), drug("DRUGBANK:DB99999", "new")]
            )
        },
        {"treats": table(edge_columns("treats"), [edge])},
        (later,),
    )
    with opened() as store:
        store.replace(graph, ignore)
        store.add(addition)
        found = store.read()
        assert store.query(cypher, {"id": "DRUGBANK:DB00682"}) == [
            {"name": "Warfarin sodium", "inchi": None, "l": "MIT"}
        ]
    assert found.node_counts() == graph.node_counts() | {"Drug": 4}
    assert found.edge_counts() == graph.edge_counts()
    assert found.sources == (*graph.sources, later)


def test_add_finds_a_symmetric_edge_either_way_round(opened: Opener, graph: Graph) -> None:
    old = graph.edges["drug_resembles_drug"]
    turned = old.rename_columns({"subject": "object", "object": "subject"}).select(old.column_names)
    with opened() as store:
        store.replace(graph, ignore)
        store.add(Graph({}, {"drug_resembles_drug": turned}))
        assert_same(store.read(), dataclasses.replace(graph, edges={**graph.edges, "drug_resembles_drug": turned}))


def test_add_twice_is_add_once(opened: Opener, graph: Graph) -> None:
    with opened() as store:
        store.add(graph)
        store.add(graph)
        assert_same(store.read(), graph)


def test_what_another_source_or_record_says_is_added_beside(opened: Opener, graph: Graph) -> None:
    treats, inr = (graph.edges[name].to_pylist()[0] for name in ("treats", "patient_has_measurement"))
    other = {"source": "other", "source_version": "9", "licence": "MIT", "references": ["PMID:9"]}
    events = [
        inr | told
        for told in ({"day": 15}, {"record": "r"}, {"record": "s"}, {"day": None}, {"day": None, "record": "r"}, other)
    ]
    addition = {
        "treats": table(edge_columns("treats"), [treats | other]),
        "patient_has_measurement": table(edge_columns("patient_has_measurement"), events),
    }
    both = {name: pa.concat_tables([graph.edges[name], edges]) for name, edges in addition.items()}
    expected = dataclasses.replace(graph, edges=graph.edges | both)
    newer = [row | {"licence": "newer"} for row in both["patient_has_measurement"].to_pylist()]
    overwritten = {"patient_has_measurement": table(edge_columns("patient_has_measurement"), newer)}
    with opened() as store:
        store.replace(graph, ignore)
        for _ in range(2):
            store.add(Graph({}, addition))
            assert_same(store.read(), expected)
            assert_degrees_are_counts(store, expected)
        store.add(Graph({}, overwritten))
        assert_same(store.read(), dataclasses.replace(expected, edges=expected.edges | overwritten))


def test_nobody_is_led_to_a_patient_who_withdrew_consent(opened: Opener, graph: Graph) -> None:
    rows = [row | ({"consent": "withdrawn"} if row["id"] == "PANAKEIA:P-3" else {}) for row in people_of(graph)]
    people = {"Patient": table(node_columns("Patient"), rows)}
    withdrawn = dataclasses.replace(graph, nodes=graph.nodes | people)
    conditions = graph.edges["patient_has_condition"]
    with opened() as store:
        store.replace(graph, ignore)
        store.add(Graph(people, {"patient_has_condition": conditions}))
        assert_same(store.read(), withdrawn)
        assert_degrees_are_counts(store, withdrawn)
        assert_hops_are_those_of(store, withdrawn)
        hops = [("DOID:9743", Step("patient_has_condition", False), person["id"]) for person in rows]
        assert {hop[2] for hop, _ in store.evidence(hops)} == {"PANAKEIA:P-1"}
        store.replace(withdrawn, ignore)
        assert_degrees_are_counts(store, withdrawn)


def test_a_graph_from_which_all_patients_withdrew_is_stored(opened: Opener, graph: Graph) -> None:
    people = {"Patient": table(node_columns("Patient"), [row | {"consent": "withdrawn"} for row in people_of(graph)])}
    withdrawn = dataclasses.replace(graph, nodes=graph.nodes | people)
    with opened() as store:
        store.replace(withdrawn, ignore)
        assert_same(store.read(), withdrawn)
        assert_degrees_are_counts(store, withdrawn)


@pytest.mark.parametrize("consents", [["withdrawn"], ["withdrawn", "given"]])
def test_a_record_that_only_says_who_consents_counts_anew(opened: Opener, graph: Graph, consents: list[str]) -> None:
    """A later record of a patient may say nothing but this: who had an edge to the patient counts without it."""
    with opened() as store:
        store.replace(graph, ignore)
        for consent in consents:
            rows = [row | {"consent": consent} for row in people_of(graph) if row["id"] == "PANAKEIA:P-1"]
            store.add(Graph({"Patient": table(node_columns("Patient"), rows)}, {}))
            whole = store.read()
            assert_degrees_are_counts(store, whole)
            assert_hops_are_those_of(store, whole)


def people_of(graph: Graph) -> list[dict[str, Any]]:
    return graph.nodes["Patient"].to_pylist()


def test_what_is_gone_is_taken_away_with_all_its_edges(opened: Opener, graph: Graph) -> None:
    conditions = graph.edges["patient_has_condition"]
    stated = conditions.filter(pc.equal(conditions["record"], "00ff"))
    patients = graph.nodes["Patient"]
    person = patients.filter(pc.equal(patients["id"], "PANAKEIA:P-3"))
    theirs = conditions.filter(pc.equal(conditions["subject"], "PANAKEIA:P-3"))
    left = pc.and_(
        pc.not_equal(pc.fill_null(conditions["record"], ""), "00ff"),
        pc.not_equal(conditions["subject"], "PANAKEIA:P-3"),
    )
    expected = Graph(
        graph.nodes | {"Patient": patients.filter(pc.not_equal(patients["id"], "PANAKEIA:P-3"))},
        graph.edges | {"patient_has_condition": conditions.filter(left)},
        graph.sources,
    )
    gone = Graph({"Patient": person}, {"patient_has_condition": pa.concat_tables([stated, theirs])})
    with opened() as store:
        store.replace(graph, ignore)
        store.add(EMPTY, gone)
        assert_same(store.read(), expected)
        assert_degrees_are_counts(store, expected)
        store.add(EMPTY, Graph({}, {"treats": graph.edges["treats"], "palliates": graph.edges["palliates"]}))
        bare = dataclasses.replace(
            expected, edges={name: rows for name, rows in expected.edges.items() if name not in ("treats", "palliates")}
        )
        assert_degrees_are_counts(store, bare)


MULTIGRAPH = {"Gene": 7, "Drug": 6, "Disease": 4, "Patient": 3, "Measurement": 3}


def of_type(kind: str, word: int | None) -> object:
    """A value of an attribute's type, null for none."""
    if word is None:
        return None
    return {"int64": word, "double": word / 2, "boolean": bool(word % 2)}.get(kind, f"a {word}")


def multigraph(seed: int, edges_a_relation: int) -> Graph:
    """A random graph in which three sources state the same few edges again and again, symmetric ones both ways."""
    random = np.random.default_rng(seed)
    ids = {kind: [f"{kind}:{n}" for n in range(size)] for kind, size in MULTIGRAPH.items()}
    edges = {}
    for relation in (r for r in RELATIONS.values() if {r.subject, r.object} <= ids.keys()):
        rows = {}
        for _ in range(edges_a_relation):
            subject, target = random.choice(ids[relation.subject]), random.choice(ids[relation.object])
            if subject == target:
                continue
            source = f"source {random.integers(3)}"
            words = {column: int(random.integers(2)) or None for column in relation.identity}
            told = {column: of_type(relation.attributes[column], word) for column, word in words.items()}
            ends = frozenset((subject, target)) if relation.symmetric else (subject, target)
            row = {
                "subject": subject,
                "object": target,
                "source": source,
                "source_version": str(seed),
                "references": [],
            } | told
            rows[ends, source, *told.values()] = row
        edges[relation.name] = table(edge_columns(relation.name), rows.values())
    nodes = {kind: table(node_columns(kind), [{"id": i, "name": i} for i in names]) for kind, names in ids.items()}
    return Graph(nodes, edges)


def identity_of(relation: str, row: dict[str, Any]) -> tuple[object, ...]:
    """What makes an edge the one it is, in plain words."""
    ends = (row["subject"], row["object"])
    told = (row[column] for column in RELATIONS[relation].identity)
    return (*(sorted(ends) if RELATIONS[relation].symmetric else ends), row["source"], *told)


@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_random_multigraph_every_edge_is_kept_and_each_neighbour_counts_once(opened: Opener, seed: int) -> None:
    first, second = multigraph(seed, 40), multigraph(seed + 10, 12)
    edges = {}
    for relation in first.edges:
        union = {
            identity_of(relation, row): row for graph in (first, second) for row in graph.edges[relation].to_pylist()
        }
        edges[relation] = table(edge_columns(relation), union.values())
    both = Graph(first.nodes, edges)
    assert sum(both.edge_counts().values()) < sum(g.edges[r].num_rows for g in (first, second) for r in g.edges)
    with opened() as store:
        store.replace(first, ignore)
        assert_same(store.read(), first)
        assert_degrees_are_counts(store, first)
        store.add(second)
        assert_same(store.read(), both)
        assert_degrees_are_counts(store, both)
        assert_hops_are_those_of(store, both)
        stated = [(hop, row["source"], row["source_version"]) for hop, row in edges_of(both)]
        found = store.evidence({hop for hop, _, _ in stated})
        assert sorted((hop, told.source, told.source_version) for hop, told in found) == sorted(stated)


@pytest.mark.parametrize("verb", ["replace", "add"])
def test_an_edge_that_is_stated_twice_alike_is_kept_twice(opened: Opener, graph: Graph, verb: str) -> None:
    edge = graph.edges["treats"].to_pylist()[0]
    twice = dataclasses.replace(graph, edges={"treats": table(edge_columns("treats"), [edge, edge])})
    with opened() as store:
        store.replace(twice, ignore) if verb == "replace" else store.add(twice)
        assert_same(store.read(), twice)
        assert_degrees_are_counts(store, twice)


@pytest.mark.parametrize("verb", ["replace", "add"])
def test_an_edge_without_its_node_fails_and_changes_nothing(opened: Opener, graph: Graph, verb: str) -> None:
    edge = graph.edges["treats"].to_pylist()[0] | {"object": "DOID:404"}
    broken = Graph(graph.nodes, {"treats": table(edge_columns("treats"), [edge])}, graph.sources)
    with opened() as store:
        store.replace(graph, ignore)
        with pytest.raises(StoreError):
            store.replace(broken, ignore) if verb == "replace" else store.add(broken)
        assert_same(store.read(), graph)
        store.replace(graph, ignore)
        assert_same(store.read(), graph)


def test_a_build_that_is_interrupted_leaves_the_old_graph(opened: Opener, graph: Graph) -> None:
    def interrupt(step: str, fraction: float) -> None:
        if fraction > 0.5:
            raise KeyboardInterrupt

    with opened() as store:
        store.replace(graph, ignore)
        with pytest.raises(KeyboardInterrupt):
            store.replace(drugs(drug("DRUGBANK:DB00001", "half"), drug("DRUGBANK:DB00002", "way")), interrupt)
    with opened() as store:
        assert_same(store.read(), graph)


NAMES = ('it\'s "quoted"', "back\\slash\nand line", "'}) DETACH DELETE n //", "Ménière’s 病", "$name", "", "a;b|c\td")


def test_text_is_text_whatever_it_holds(opened: Opener) -> None:
    nodes = [drug(f"DRUGBANK:DB0000{i}", name, synonyms=[name, name]) for i, name in enumerate(NAMES)]
    with opened() as store:
        store.replace(drugs(*nodes), ignore)
        assert_same(store.read(), drugs(*nodes))
        for node in nodes:
            found = store.query("MATCH (n:Drug) WHERE n.name = $name RETURN n.id AS id", {"name": node["name"]})
            assert found == [{"id": node["id"]}]


def test_null_and_empty_lists_are_told_apart(opened: Opener) -> None:
    nodes = drugs(drug("DRUGBANK:DB00001", "null", synonyms=None), drug("DRUGBANK:DB00002", "empty", synonyms=[]))
    with opened() as store:
        store.replace(nodes, ignore)
        assert_same(store.read(), nodes)


def test_a_query_takes_parameters_of_every_type(opened: Opener, graph: Graph) -> None:
    cypher = (
        "MATCH (p:Patient)-[r:patient_has_measurement]->(m:Measurement) WHERE r.value > $value AND r.day = $day "
        "AND p.id IN $patients RETURN p.id AS patient, r.value AS value, r.day AS day, p.retracted AS retracted"
    )
    parameters = {"value": 2.0, "day": 14, "patients": ["PANAKEIA:P-1", "PANAKEIA:P-2"]}
    with opened() as store:
        store.replace(graph, ignore)
        assert store.query(cypher, parameters) == [
            {"patient": "PANAKEIA:P-1", "value": 2.4, "day": 14, "retracted": ["by-hand 00ff 2"]}
        ]
        assert store.query(cypher, parameters | {"day": 15}) == []


def test_a_query_does_not_write(opened: Opener, graph: Graph) -> None:
    with opened() as store:
        store.replace(graph, ignore)
        with pytest.raises(StoreError):
            store.query("MATCH (n:Symptom) SET n.name = 'x' RETURN n.id AS id", {})
        assert_same(store.read(), graph)


def test_a_query_that_is_not_cypher_fails_as_a_store_error(opened: Opener) -> None:
    with opened() as store, pytest.raises(StoreError):
        store.query("SELECT 1", {})


def test_a_reader_sees_the_old_graph_or_the_new_one(opened: Opener) -> None:
    old = drugs(*(drug(f"DRUGBANK:DB{i:05}", "old") for i in range(50)))
    new = drugs(*(drug(f"DRUGBANK:DB{i:05}", "new") for i in range(500)))
    seen: list[list[dict[str, object]]] = []
    done = threading.Event()

    def read_on() -> None:
        while not done.is_set():
            with opened() as store:
                seen.append(store.query("MATCH (n:Drug) RETURN n.name AS name, count(*) AS n", {}))

    with opened() as store:
        store.replace(old, ignore)
        reader = threading.Thread(target=read_on)
        reader.start()
        store.replace(new, ignore)
        done.set()
        reader.join()
    assert all(rows in ([{"name": "old", "n": 50}], [{"name": "new", "n": 500}]) for rows in seen), seen

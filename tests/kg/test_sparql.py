"""SPARQL gives what Cypher gives; every prefix is known; a query's fault is told where it is; nothing is changed."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.files.text import FileError
from kg.rdf.index import folder_of, index_key, open_index
from kg.sparql import QueryError, ask, asks_for_evidence, check_query, read_query
from kg.sparql_apart import _ONE, Limits, NotNow, ask_apart
from kg.stores.opening import open_store
from kg.stores.protocol import Store, StoreError
from panakeia import Session
from tests.conftest import EDGES, NODES, RELEASE, StoreOf, make_graph

GENES_AND_DRUGS = """SELECT DISTINCT ?disease ?gene ?drug WHERE {
  ?disease kg:disease_associates_gene ?gene . ?drug kg:binds ?gene . %s }"""
CYPHER = (
    "MATCH (a:Disease)-[:disease_associates_gene]->(g:Gene)<-[:binds]-(c:Drug) %s "
    "RETURN DISTINCT a.id AS disease, g.id AS gene, c.id AS drug"
)


def rows(frame: object) -> list[tuple[object, ...]]:
    return sorted(frame.itertuples(index=False, name=None))  # type: ignore[attr-defined]


def by_cypher(store: Store, condition: str = "") -> list[tuple[object, ...]]:
    return sorted(
        tuple(row[name] for name in ("disease", "gene", "drug")) for row in store.query(CYPHER % condition, {})
    )


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an embedded store with the small graph."""
    path = tmp_path_factory.mktemp("sparql") / "graph.lbdb"
    with open_store(path, create=True) as store:
        store.replace(make_graph(NODES, EDGES))
    return str(path)


@pytest.fixture(scope="module")
def index(url: str) -> Iterator[pyoxigraph.Store]:
    return open_index(url)


@pytest.fixture(scope="module")
def evidence(url: str) -> Iterator[pyoxigraph.Store]:
    return open_index(url, evidence=True)


def test_the_answer_is_cypher_s(url: str, index: pyoxigraph.Store) -> None:
    with open_store(url) as store:
        expected = by_cypher(store)
    assert len(expected) >= 3
    assert rows(ask(index, GENES_AND_DRUGS % "")) == expected


def test_the_answer_is_cypher_s_on_either_store(store_of: StoreOf, index: pyoxigraph.Store) -> None:
    assert rows(ask(index, GENES_AND_DRUGS % "")) == by_cypher(store_of(make_graph(NODES, EDGES)))


@pytest.mark.neo4j
def test_a_server_s_graph_is_indexed_in_memory(neo4j_url: str) -> None:
    with open_store(neo4j_url) as store:
        store.replace(make_graph(NODES, EDGES))
        expected = by_cypher(store)
    assert rows(ask(open_index(neo4j_url), GENES_AND_DRUGS % "")) == expected


@pytest.mark.mirror
def test_on_hetionet_the_answer_is_cypher_s(hetionet_store: Path) -> None:
    found = open_index(str(hetionet_store))
    with open_store(hetionet_store) as store:
        for disease in ("DOID:9352", "DOID:10763"):
            expected = by_cypher(store, f"WHERE a.id = '{disease}'")
            assert len(expected) > 500
            assert rows(ask(found, GENES_AND_DRUGS % f"FILTER(?disease = {disease})")) == expected
    treats = ask(found, "SELECT (COUNT(*) AS ?n) { ?drug biolink:treats ?disease }")
    assert treats["n"].tolist() == [755]  # the indications of PharmacotherapyDB


def test_biolink_s_words_ask_as_well(index: pyoxigraph.Store) -> None:
    found = ask(
        index,
        """SELECT ?label { ?drug a biolink:Drug ; biolink:treats DOID:9743 ; rdfs:label ?label } ORDER BY ?label""",
    )
    assert found["label"].tolist() == ["Acetylsalicylic acid", "Warfarin"]


def test_what_is_predicted_is_no_fact_but_can_be_asked_for(index: pyoxigraph.Store) -> None:
    assert not ask(index, "ASK { DRUGBANK:DB01050 biolink:treats ?x }")["answer"].tolist()[0]
    assert ask(index, "SELECT ?x { DRUGBANK:DB01050 kg:predicted_treats ?x }")["x"].tolist() == ["DOID:8398"]


def test_an_edge_s_evidence_can_be_asked_for(evidence: pyoxigraph.Store) -> None:
    query = """SELECT ?level ?paper ?affinity ?source WHERE {
      ?edge biolink:subject DRUGBANK:DB00682 ; biolink:object ?object ; biolink:knowledge_level ?level ;
            prov:wasDerivedFrom/dcterms:title ?source .
      OPTIONAL { ?edge biolink:publications ?paper } OPTIONAL { ?edge kg:affinity_nM ?affinity }
      FILTER(?object IN (DOID:9743, NCBIGene:79001)) } ORDER BY ?paper"""
    assert asks_for_evidence(query)
    assert ask(evidence, query).values.tolist() == [
        ["knowledge_assertion", None, 1260.0, "by-hand"],
        ["knowledge_assertion", "PMID:1", None, "by-hand"],
        ["knowledge_assertion", "PMID:2", None, "by-hand"],
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("SELECT * { ?a a biolink:Association }", True),
        ("PREFIX b: <https://w3id.org/biolink/vocab/> SELECT * { ?a b:subject ?s }", True),
        ("SELECT * { ?a <https://w3id.org/biolink/vocab/predicate> ?p }", True),
        ("SELECT * { ?edge kg:relation kg:treats }", True),
        ("SELECT * { ?subject kg:treats ?object }", False),
        ('SELECT * { ?s rdfs:label "biolink:subject" }', False),
        ("SELECT * { ?s ?p ?o }", False),
    ],
)
def test_edges_own_nodes_are_wanted_where_a_query_names_them(query: str, wanted: bool) -> None:
    assert asks_for_evidence(query) == wanted


def test_every_form_of_query_has_rows(index: pyoxigraph.Store) -> None:
    made = ask(index, "CONSTRUCT { ?s kg:x ?o } WHERE { ?s kg:palliates ?o }")
    assert sorted(made.values.tolist())[0] == ["DRUGBANK:DB00945", "kg:x", "DOID:8398"]
    assert ask(index, "DESCRIBE HP:0001907")["predicate"].str.startswith(("rdf", "biolink:", "kg:")).all()
    assert ask(index, "SELECT * { ?s kg:no ?o }").columns.tolist() == ["s", "o"]
    assert ask(index, "SELECT ('1'^^xsd:integer + 1 AS ?n) (true AS ?t) (<urn:x:y> AS ?u) {}").values.tolist() == [
        [2, True, "urn:x:y"]
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT * {\n  ?s DrugBank:x ?o }",
            r"line 2, column \d+: the prefix DrugBank: is not known \(is DRUGBANK meant",
        ),
        ("SELECT * { ?s foo:x ?o }", r"line 1, column \d+: the prefix foo: is not known.*declare it with PREFIX"),
        ("SELECT * { ?s ?p ?o", r"line 1, column 20: no SPARQL query: got the end of the line, expected one of .*\}"),
        ("SELECT * { ?s ?p }", r"line 1, column 1\d: no SPARQL query: got"),
        ("SELEC * {}", "line 1, column .* expected one of "),
        ("", "line 1, column 1: .*expected one of SELECT"),
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "would change the graph; expected SELECT"),
        ("prefix a: <urn:a> # x\nDELETE WHERE { ?s ?p ?o }", "would change the graph"),
        ("CLEAR ALL", "would change the graph"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", r"another server \(SERVICE\)"),
        ("SELECT * { service silent <http://127.0.0.1:9/> { ?s ?p ?o } }", r"another server \(SERVICE\)"),
        ("SELECT * { ?s ?p ?o .SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "another server"),
        ("SELECT * { ?s ?p -1SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "another server"),
        ("SELECT * { # a\rSERVICE <http://127.0.0.1:9/> { ?s ?p ?o }\n }", "another server"),
        ("PREFIX : <http://127.0.0.1:9/> SELECT * { SERVICE:a { ?s ?p ?o } }", "another server"),
        ("SELECT * { ?s kg:a\\#b ?o .SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "another server"),
        ("SELECT * { SERVICE?v { ?s ?p ?o } }", "another server"),
    ],
)
def test_a_faulty_query_is_told_where_and_what_was_expected(query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        check_query(query)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT ?service { ?service rdfs:label "SERVICE", "INSERT" }',
        "ASK {} # SERVICE",
        "ASK { ?a kg:service <http://example.org/service>, kg:a.service }",
    ],
)
def test_a_word_alone_is_no_fault(query: str) -> None:
    check_query(query)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_a_query_holds_it_is_asked_or_refused(data: st.DataObject) -> None:
    query = data.draw(st.sampled_from([GENES_AND_DRUGS % "", "ASK { ?s ?p 'x' }", "CONSTRUCT { ?s a kg:x } WHERE {}"]))
    for _ in range(data.draw(st.integers(1, 3))):
        begin, cut = data.draw(st.integers(0, len(query))), data.draw(st.integers(0, 20))
        piece = st.one_of(
            st.text(max_size=4), st.sampled_from(["{", "}", ".", '"', "<", "?x", "a:b", "SERVICE ", "\n"])
        )
        query = query[:begin] + data.draw(piece) + query[begin + cut :]
    with suppress(QueryError):
        check_query(query)


def test_a_query_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_bytes("ASK {}".encode("utf-8-sig"))
    assert read_query(str(tmp_path / "q.rq")) == read_query(tmp_path / "q.rq") == "ASK {}"
    assert read_query("ASK {}") == "ASK {}"
    (tmp_path / "bad.rq").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match=r"bad\.rq"):
        read_query(tmp_path / "bad.rq")
    with pytest.raises(QueryError, match=r"no file no\.rq"):
        read_query("no.rq")


@pytest.mark.parametrize(
    "query",
    [
        GENES_AND_DRUGS % "",
        "ASK { ?s ?p 1.5 }",
        "CONSTRUCT WHERE { ?drug kg:treats ?disease }",
        "SELECT * { ?s ?p ?o }",
    ],
)
def test_a_query_apart_has_the_same_answer(url: str, index: pyoxigraph.Store, query: str) -> None:
    apart, here = ask_apart(url, query, None, Limits()), ask(index, query)
    assert list(apart.columns) == list(here.columns)
    assert sorted(map(repr, rows(apart))) == sorted(map(repr, rows(here)))


def test_a_query_apart_ends_where_it_passes_its_limits(url: str) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(12)) + " }"
    with pytest.raises(QueryError, match=r"takes more than .*1 s: ask for less \(bind a variable, add LIMIT\)"):
        ask_apart(url, endless, None, Limits(seconds=1))
    with pytest.raises(QueryError, match="of memory"):
        ask_apart(url, endless.replace("COUNT(*) AS ?n", "GROUP_CONCAT(?a1) AS ?n"), None, Limits(memory_bytes=1 << 28))
    with pytest.raises(QueryError, match="of answer"):
        ask_apart(url, "SELECT * { ?s ?p ?o }", None, Limits(answer_bytes=100))
    with pytest.raises(QueryError, match="another server"):
        ask_apart(url, "SELECT * { ?s ?p ?o .SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", None, Limits())


def test_queries_apart_are_one_at_a_time(url: str) -> None:
    with _ONE, pytest.raises(NotNow, match="ask again in some seconds"):
        ask_apart(url, "ASK {}", None, Limits())


def test_patients_are_not_in_the_index(index: pyoxigraph.Store, evidence: pyoxigraph.Store) -> None:
    for triples in (index, evidence):
        assert not [quad for quad in triples if "panakeia:P-1" in str(quad)]


def test_an_index_is_made_once_and_anew_when_the_graph_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "graph.lbdb"
    with open_store(path, create=True) as store:
        store.replace(make_graph(NODES, EDGES))
    steps: list[str] = []
    query = "SELECT ?drug { ?drug kg:treats ?disease }"
    assert len(ask(open_index(str(path), progress=lambda step, share: steps.append(step)), query)) == 2
    made = len(steps)
    assert made and len(ask(open_index(str(path), progress=lambda step, share: steps.append(step)), query)) == 2
    assert len(steps) == made
    fewer = tuple(edge for edge in EDGES if edge[0] != "treats")
    with open_store(path) as store:
        store.replace(make_graph(NODES, fewer))
    assert len(ask(open_index(str(path)), query)) == 0
    assert [one.name for one in folder_of(str(path)).iterdir() if one.is_dir()] == [
        index_key(str(path), evidence=False)
    ]


def test_what_a_killed_maker_left_goes_and_a_failed_one_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "graph.lbdb"
    with open_store(path, create=True) as store:
        store.replace(make_graph(NODES, EDGES))
    left = folder_of(str(path)) / ".building-0123abcd"
    left.mkdir(parents=True)
    (left / "half").write_text("half", encoding="utf-8")

    def failing(step: str, share: float) -> None:
        if share > 0.5:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        open_index(str(path), progress=failing)
    assert [one.name for one in folder_of(str(path)).iterdir()] == [".lock"]
    assert len(ask(open_index(str(path)), "SELECT ?d { ?d a biolink:Drug }")) == len(NODES["Drug"])


def test_without_a_graph_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no graph at"):
        open_index(str(tmp_path / "none.lbdb"))
    assert not os.listdir(tmp_path)


def test_the_session_asks_and_exports(url: str, tmp_path: Path) -> None:
    with Session(url, progress=lambda step, share: None) as session:
        found = session.sparql("SELECT ?drug ?n { ?drug kg:treats DOID:9743 ; rdfs:label ?n } ORDER BY ?n")
        assert found.to_json()[1] == {"drug": "DRUGBANK:DB00682", "n": "Warfarin"}
        named = session.sparql(
            "SELECT ?source { ?edge biolink:object DOID:9743 ; kg:relation kg:treats ;"
            " prov:wasDerivedFrom/dcterms:title ?source }"
        )
        assert named.to_frame()["source"].tolist() == [RELEASE.name] * 2
        done = session.export("turtle", tmp_path / "out", around="warfarin", radius=1)
        text = (tmp_path / "out" / "graph.ttl").read_text(encoding="utf-8")
        assert "DOID:9743" in text and "DOID:8398" not in text and "PANAKEIA:P-1" not in text
        assert done.records["graph.ttl"] > 50
        with pytest.raises(ValueError, match="no format 'ttl'"):
            session.export("ttl", tmp_path / "none")

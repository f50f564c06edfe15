"""RDF out: rdflib and pyoxigraph read the same triples, in every syntax, whatever names and identifiers hold."""

import math
from pathlib import Path

import pyarrow as pa
import pyoxigraph
import pytest
import rdflib
from rdflib.namespace import RDF, RDFS

import kg.rdf.write
from kg.graph import Graph, SourceRelease
from kg.rdf.names import BIOLINK, NAMESPACES, OURS, curie_iri, iri_curie, turtle_prefixes
from kg.rdf.write import SYNTAXES, RdfError, write_rdf
from tests.conftest import EDGES, EVIDENCE, NODES, make_graph

ODD = 'a "quote", a \\, a tab\t, lines\r\n, \x00\x1f\x85\u2028, ⟨𝔘⟩ é <b> {c} @en ^^x .'
ODD_ID = "UCUM:<a>\\{b}|^`%3C#?/é"


def odd() -> Graph:
    """A graph whose texts hold all that could break a line, a literal or an IRI."""
    nodes: dict[str, list[dict[str, object]]] = {
        "Drug": [
            {
                "id": "DRUGBANK:DB00001",
                "name": ODD,
                "synonyms": [ODD, "\\", '"', "\\u0041", ""],
                "half_life_h": 1e-5,
                "groups": [],
                "categories": ["x", "x"],
                "logp": math.inf,
            },
            {"id": "MESH:D1", "name": "as a drug", "synonyms": []},
        ],
        "Disease": [
            {
                "id": "DOID:1",
                "name": "one",
                "synonyms": [],
                "xrefs": ["no curie", "UMLS:C1", "OMIM:PS1", "DOI:10.1/<a>%3C", "xsd:string"],
            }
        ],
        "Symptom": [{"id": "MESH:D1", "name": "as a symptom", "synonyms": []}],
        "Entity": [{"id": ODD_ID, "name": "<>", "synonyms": [], "category": "biolink:Food"}],
    }
    edges: tuple[tuple[str, str, str, dict[str, object]], ...] = (
        ("treats", "DRUGBANK:DB00001", "DOID:1", {"references": ["PMID:2", ODD, "PMID:1", "infores:a"], "votes": []}),
        ("treats", "MESH:D1", "DOID:1", {"references": ["a", "a"], "source_version": "0 / <old>"}),
        ("disease_presents_symptom", "DOID:1", "MESH:D1", {"licence": "CC-BY-4.0"}),
        (
            "drug_related_to_entity",
            "DRUGBANK:DB00001",
            ODD_ID,
            {"predicate": "biolink:affects", "qualifiers": "object_aspect_qualifier=activity|negated=true"},
        ),
        ("drug_related_to_entity", "DRUGBANK:DB00001", ODD_ID, {"predicate": "biolink:none such"}),
    )
    return make_graph(nodes, edges)


def by_rdflib(path: Path, syntax: str) -> set[tuple[str, ...]]:
    found = rdflib.Dataset()
    found.parse(path, format={"turtle": "turtle", "nquads": "nquads", "ntriples": "nt"}[syntax])
    return {tuple(term.n3() for term in (s, p, o)) for s, p, o, _ in found.quads()}


def by_pyoxigraph(path: Path) -> set[tuple[str, ...]]:
    """Return the triples, their terms as rdflib writes them."""
    return {
        tuple(rdflib_term(term).n3() for term in (quad.subject, quad.predicate, quad.object))
        for quad in pyoxigraph.parse(path=path)
    }


def rdflib_term(term: object) -> rdflib.URIRef | rdflib.Literal:
    if isinstance(term, pyoxigraph.NamedNode):
        return rdflib.URIRef(term.value)
    assert isinstance(term, pyoxigraph.Literal)
    plain = term.datatype.value == NAMESPACES["xsd"] + "string"
    return rdflib.Literal(term.value, datatype=None if plain else term.datatype.value)


@pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning")  # rdflib's own use
@pytest.mark.parametrize("made", [lambda: make_graph(NODES, EDGES), odd], ids=["small", "odd"])
@pytest.mark.parametrize("syntax", ["nquads", "ntriples", "turtle"])
def test_rdflib_and_pyoxigraph_read_the_same_triples(made: object, syntax: str, tmp_path: Path) -> None:
    graph = made()  # type: ignore[operator]
    path = tmp_path / f"graph{SYNTAXES[syntax].suffix}"
    written = write_rdf(graph, path, syntax)
    found = by_pyoxigraph(path)
    assert found == by_rdflib(path, syntax)
    assert written == len(list(pyoxigraph.parse(path=path))) >= len(found) > 50
    reference = tmp_path / "reference.nt"
    write_rdf(graph, reference, "ntriples")
    assert found == by_pyoxigraph(reference)


def test_a_triple_of_each_kind_is_as_biolink_has_it(tmp_path: Path) -> None:
    path = tmp_path / "graph.ttl"
    write_rdf(make_graph(NODES, EDGES), path, "turtle")
    found = rdflib.Graph().parse(path)
    biolink, ours = rdflib.Namespace(BIOLINK), rdflib.Namespace(OURS)
    warfarin = rdflib.URIRef("https://go.drugbank.com/drugs/DB00682")
    thrombosis = rdflib.URIRef("http://purl.obolibrary.org/obo/DOID_9743")
    assert (warfarin, RDF.type, biolink.Drug) in found
    assert (warfarin, RDFS.label, rdflib.Literal("Warfarin")) in found
    assert (warfarin, biolink.synonym, rdflib.Literal("Coumadin")) in found
    assert (warfarin, biolink.treats, thrombosis) in found
    [edge] = {*found.subjects(biolink.subject, warfarin)} & {*found.subjects(ours.relation, ours.treats)}
    said = {p.removeprefix(BIOLINK): o for p, o in found.predicate_objects(edge) if p.startswith(BIOLINK)}
    assert (said["predicate"], said["object"]) == (biolink.treats, thrombosis)
    assert str(said["knowledge_level"]) == EVIDENCE["knowledge_level"]
    assert {str(o) for o in found.objects(edge, biolink.publications)} == {curie_iri("PMID:1"), curie_iri("PMID:2")}
    release = found.value(edge, rdflib.URIRef(NAMESPACES["prov"] + "wasDerivedFrom"))
    assert str(found.value(release, rdflib.URIRef(NAMESPACES["dcterms"] + "title"))) == "by-hand"


def test_what_a_model_predicts_is_no_fact(tmp_path: Path) -> None:
    path = tmp_path / "graph.ttl"
    write_rdf(make_graph(NODES, EDGES), path, "turtle")
    found = rdflib.Graph().parse(path)
    ibuprofen, arthritis = rdflib.URIRef(curie_iri("DRUGBANK:DB01050")), rdflib.URIRef(curie_iri("DOID:8398"))
    assert set(found.predicates(ibuprofen, arthritis)) == {rdflib.URIRef(OURS + "predicted_treats")}


def test_edges_stand_in_the_graph_of_their_release(tmp_path: Path) -> None:
    path = tmp_path / "graph.nq"
    write_rdf(odd(), path, "nquads")
    graphs = {str(quad.graph_name) for quad in pyoxigraph.parse(path=path)}
    release = "urn:panakeia:release:by-hand:"
    assert graphs == {"DEFAULT", f"<{release}1>", f"<{release}0%20%2F%20%3Cold%3E>"}


def test_an_edge_has_the_same_name_in_every_export(tmp_path: Path) -> None:
    names = []
    for place in ("a", "b"):
        edges = EDGES if place == "a" else tuple(reversed(EDGES))
        write_rdf(make_graph(NODES, edges), tmp_path / place, "ntriples")
        names.append(
            {line.split()[0] for line in (tmp_path / place).read_text(encoding="utf-8").split("\n") if ":edge:" in line}
        )
    assert names[0] == names[1] and len(names[0]) == len(EDGES)


@pytest.mark.parametrize("syntax", ["nquads-rdf12", "turtle-rdf12"])
def test_rdf_1_2_names_an_edge_by_its_triple(syntax: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph{SYNTAXES[syntax].suffix}"
    write_rdf(make_graph(NODES, EDGES), path, syntax)
    reified = {str(quad.object) for quad in pyoxigraph.parse(path=path) if quad.predicate.value.endswith("#reifies")}
    assert len(reified) >= 60
    warfarin, thrombosis = curie_iri("DRUGBANK:DB00682"), curie_iri("DOID:9743")
    assert f"<{warfarin}> <{BIOLINK}treats> <{thrombosis}>" in reified


def test_batches_come_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = tmp_path / "whole.nt", tmp_path / "parts.nt"
    write_rdf(odd(), whole, "ntriples")
    monkeypatch.setattr(kg.rdf.write, "BATCH", 1)
    told: list[float] = []
    write_rdf(odd(), parts, "ntriples", lambda step, fraction: told.append(fraction))
    assert sorted(whole.read_text(encoding="utf-8").split("\n")) == sorted(
        parts.read_text(encoding="utf-8").split("\n")
    )
    assert told == sorted(told) and len(told) == 10


def test_a_lone_surrogate_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    genes = make_graph(NODES, EDGES).nodes["Gene"].slice(0, 1)
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\x03\0\0\0"), pa.py_buffer(b"\xed\xa0\x80")]
    )
    genes = genes.set_column(1, "name", bad)
    with pytest.raises(RdfError, match="not Unicode"):
        write_rdf(Graph({"Gene": genes}, {}), tmp_path / "graph.nq")
    assert not list(tmp_path.iterdir())


def test_an_unknown_syntax_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RdfError, match="'n3' is no syntax of RDF; expected one of nquads"):
        write_rdf(odd(), tmp_path / "graph.n3", "n3")


def test_a_release_with_an_address_that_is_none_is_told_as_text(tmp_path: Path) -> None:
    release = SourceRelease("a b", 'v"1"', "x", "", "not a <link>")
    write_rdf(Graph({}, {}, (release,)), tmp_path / "graph.nt", "ntriples")
    texts = {str(quad.object) for quad in pyoxigraph.parse(path=tmp_path / "graph.nt")}
    assert '"not a <link>"' in texts and '"v\\"1\\""' in texts


@pytest.mark.parametrize("curie", ["DRUGBANK:DB00682", "DOI:10.1/<a>%3C", "OMIM.PS:1", "PR:P1", "UCUM:%"])
def test_an_iri_leads_back_to_its_curie(curie: str) -> None:
    assert iri_curie(curie_iri(curie)) == curie


def test_every_prefix_is_one_of_turtle() -> None:
    lines = "".join(f"@prefix {name}: <{uri}> .\n" for name, uri in turtle_prefixes().items())
    assert list(pyoxigraph.parse(lines + "biolink:a biolink:b biolink:c .", pyoxigraph.RdfFormat.TURTLE))

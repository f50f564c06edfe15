"""RDF in: what we wrote comes back as it was, other graphs as far as we have words for them; faults name their line."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.build import build_graph
from kg.files.text import FileError
from kg.graph import Graph, SourceRelease
from kg.rdf.names import BIOLINK, NAMESPACES, OURS, curie_iri
from kg.rdf.read import read_back, read_rdf
from kg.rdf.write import SYNTAXES, write_rdf
from tests.conftest import EDGES, NODES, make_graph
from tests.kg.rdf.test_write import odd

RELEASE = SourceRelease("other", "1", "CC0-1.0", "", "")
WARFARIN, THROMBOSIS, GENE = (curie_iri(curie) for curie in ("DRUGBANK:DB00682", "DOID:9743", "NCBIGene:1559"))
TYPE, LABEL = f"<{NAMESPACES['rdf']}type>", f"<{NAMESPACES['rdfs']}label>"
JSON = f"^^<{NAMESPACES['rdf']}JSON>"
NODE_LINES = f"""<{WARFARIN}> {TYPE} <{BIOLINK}SmallMolecule> .
<{THROMBOSIS}> {TYPE} <{BIOLINK}Disease> .
<{THROMBOSIS}> {LABEL} "thrombosis"@en .
<{GENE}> {TYPE} <{BIOLINK}Gene> .
"""


def small() -> Graph:
    """The small graph as a build gives it: no list that every node or edge has is missing."""
    nodes = {kind: [{"synonyms": []} | row for row in rows] for kind, rows in NODES.items()}
    return make_graph(nodes, EDGES)


def contents(table: pa.Table) -> list[str]:
    return sorted(map(repr, table.to_pylist()))


def same(found: Graph, expected: Graph) -> bool:
    assert list(found.nodes) == list(expected.nodes) and list(found.edges) == list(expected.edges)
    for name, table in {**expected.nodes, **expected.edges}.items():
        other = {**found.nodes, **found.edges}[name]
        assert other.schema == table.schema
        assert contents(other) == contents(table)
    return found.sources == expected.sources


@pytest.mark.parametrize("made", [small, odd])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_was_written_comes_back_as_it_was(made: object, syntax: str, tmp_path: Path) -> None:
    graph = made()  # type: ignore[operator]
    path = tmp_path / f"graph{SYNTAXES[syntax].suffix}"
    write_rdf(graph, path, syntax)
    found, audit = build_graph(read_back(path))
    assert audit.rejected.num_rows == 0
    assert same(found, graph)


def test_the_order_of_statements_does_not_matter_nor_does_packing(tmp_path: Path) -> None:
    write_rdf(small(), tmp_path / "graph.nq")
    lines = sorted((tmp_path / "graph.nq").read_text(encoding="utf-8").split("\n"))
    (tmp_path / "other.nq.gz").write_bytes(gzip.compress("\r\n".join(lines).encode("utf-8-sig")))
    found, _ = build_graph(read_back(tmp_path / "other.nq.gz"))
    assert same_but_for_order(found, small())


def same_but_for_order(found: Graph, expected: Graph) -> bool:
    """Whether two graphs are the same, where lists such as synonyms may come in another order."""

    def loose(table: pa.Table) -> list[list[tuple[str, object]]]:
        rows = table.to_pylist()
        return sorted(
            [(name, sorted(value) if isinstance(value, list) else repr(value)) for name, value in row.items()]
            for row in rows
        )

    tables = {**expected.nodes, **expected.edges}
    return all(loose({**found.nodes, **found.edges}[name]) == loose(table) for name, table in tables.items())


def test_what_is_absent_has_no_triple_that_says_the_opposite(tmp_path: Path) -> None:
    write_rdf(small(), tmp_path / "graph.nt", "ntriples")
    text = (tmp_path / "graph.nt").read_text(encoding="utf-8")
    has = f"<{OURS}patient_has_condition>"
    plain = [line for line in text.splitlines() if line.startswith("<") and f" {has} " in line]
    assert any("DOID_9743" in line for line in plain)
    assert not any("DOID_8398" in line for line in plain)


def test_another_graph_comes_in_as_far_as_there_are_words(tmp_path: Path) -> None:
    path = tmp_path / "other.nt"
    path.write_text(
        NODE_LINES
        + f"""# a comment

<{WARFARIN}> <{BIOLINK}treats> <{THROMBOSIS}> .
<{THROMBOSIS}> <{BIOLINK}treated_by> <{WARFARIN}> .
<{WARFARIN}> <{BIOLINK}coexists_with> <{GENE}> .
<urn:a:1> <{BIOLINK}subject> <{WARFARIN}> .
<urn:a:1> <{BIOLINK}predicate> <{BIOLINK}directly_physically_interacts_with> .
<urn:a:1> <{BIOLINK}object> <{GENE}> .
<urn:a:1> {TYPE} <{BIOLINK}ChemicalGeneInteractionAssociation> .
<urn:a:1> <{BIOLINK}publications> <{curie_iri("PMID:1")}> .
<urn:a:1> <{BIOLINK}primary_knowledge_source> <{curie_iri("infores:drugcentral")}> .
<urn:a:1> <{BIOLINK}knowledge_level> "knowledge_assertion" .
""",
        encoding="utf-8",
    )
    graph, audit = build_graph([read_rdf(path, RELEASE)])
    assert audit.rejected.num_rows == 0
    assert graph.node_counts() == {"Gene": 1, "Drug": 1, "Disease": 1}
    assert graph.nodes["Disease"]["name"].to_pylist() == ["thrombosis"]
    assert graph.edge_counts() == {"treats": 1, "binds": 1, "drug_related_to_gene": 1}
    [bound] = graph.edges["binds"].to_pylist()
    assert bound["references"] == ["PMID:1", "infores:drugcentral"]
    assert (bound["knowledge_level"], bound["agent_type"]) == ("knowledge_assertion", "not_provided")
    assert graph.edges["drug_related_to_gene"]["predicate"].to_pylist() == ["biolink:coexists_with"]


def test_what_has_no_words_is_rejected_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "other.nt"
    path.write_text(
        NODE_LINES
        + f"""<{WARFARIN}> <http://xmlns.com/foaf/0.1/page> <http://example.org/x> .
<{WARFARIN}> <{BIOLINK}treats> "thrombosis" .
<{WARFARIN}> <{BIOLINK}no_such_word> <{THROMBOSIS}> .
<http://example.org/x> {TYPE} <{BIOLINK}Gene> .
<urn:a:1> <{BIOLINK}subject> <{WARFARIN}> .
<{WARFARIN}> {LABEL} "Warfarin" .
<{WARFARIN}> {LABEL} "Coumadin" .
""",
        encoding="utf-8",
    )
    graph, audit = build_graph([read_rdf(path, RELEASE)], max_reject_share=1)
    rejected = {(row["line"], row["reason"]) for row in audit.rejected.to_pylist()}
    assert {line for line, _ in rejected} == {5, 6, 7, 8, 9, 11}
    assert (5, "unknown relation") in rejected and (8, "malformed CURIE") in rejected
    assert graph.nodes["Drug"]["name"].to_pylist() == ["Warfarin"] and not graph.edges


LINE = f"<{WARFARIN}> <{BIOLINK}treats> <{THROMBOSIS}> ."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{LINE}\n_:b0 {TYPE} <{BIOLINK}Gene> .", r"line 2: a blank node \(_:b0\) as subject; expected an IRI"),
        (f"{LINE}\n<urn:a> <urn:b> _:b0 .", r"line 2: a blank node \(_:b0\) as object"),
        (f"{LINE}\n<urn:a> <urn:b> <urn:c> _:g .", r"line 2: a blank node \(_:g\) as graph"),
        (f"{LINE}\n<urn:a> <urn:b> <<( _:x <urn:b> <urn:c> )>> .", r"line 2: a blank node \(_:x\) as term of a triple"),
        (f"{LINE}\n<urn:a> <urn:b> <urn:c", r"line 2: no RDF .*mend the line"),
        (f"{LINE}\n{LINE[:-3]}", "line 2: no RDF"),
        (f'{LINE}\n"text" <urn:b> <urn:c> .', "line 2: no RDF"),
        (f'{LINE}\n<urn:a> "text" <urn:c> .', "line 2: no RDF"),
        (f"{LINE}\n<urn:a> <urn:b> text .", "line 2: no RDF"),
        (f'{LINE}\n<urn:a> <urn:b> "\\uD800" .', "line 2: no RDF"),
        (f'{LINE}\n<urn:a> <urn:b> "\\q" .', "line 2: no RDF"),
        (f'<{WARFARIN}> {TYPE} <{OURS}Drug> .\n<{WARFARIN}> <{OURS}logp> "low" .', "line 2: 'low' where a number"),
        (f'<{WARFARIN}> {TYPE} <{OURS}Drug> .\n<{WARFARIN}> <{OURS}groups> "x"{JSON} .', "line 2: no JSON"),
        (
            f'<{WARFARIN}> {TYPE} <{OURS}Drug> .\n<{WARFARIN}> <{OURS}groups> "1"^^{TYPE[:-5]}JSON> .',
            "line 2: '1' where",
        ),
    ],
)
def test_a_fault_is_told_with_file_line_and_cure(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.nq"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=rf"graph\.nq, {message}"):
        read_rdf(path, RELEASE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "@prefix a: <urn:a:> .\na:b a:c [ a:d a:e ] .",
            r"statement \d: a blank node \(_:\w+\) as \w+; expected an IRI",
        ),
        ("@prefix a: <urn:a:> .\na:b a:c ( a:d ) .", "a blank node"),
        ("@prefix a: <urn:a:> .\na:b a:c a:d ;\n", "line 3: no RDF|line 2: no RDF"),
        ("a:b a:c a:d .", "line 1: no RDF .*prefix"),
    ],
)
def test_a_fault_of_turtle_is_told_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.ttl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=message) as told:
        read_rdf(path, RELEASE)
    assert str(told.value).startswith(str(path))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("graph.nq", LINE.encode("utf-16"), "UTF-16"),
        ("graph.ttl", LINE.encode("utf-16"), "UTF-16"),
        ("graph.nq", LINE.encode() + b"\n\xff", "line 2: byte .* not UTF-8"),
        ("graph.nq.gz", gzip.compress(LINE.encode() * 99)[:-20], "only a part of it"),
        ("graph.ttl.gz", gzip.compress(LINE.encode() * 99)[:-20], "only a part of it"),
        ("graph.rdf", b"", "no RDF by its name; expected it to end in .nq"),
        ("graph.nq", b"<urn:a> <urn:b> \0 .", "NUL"),
    ],
)
def test_what_is_no_text_is_named(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileError, match=message):
        read_rdf(tmp_path / name, RELEASE)


def test_a_graph_without_a_release_has_to_be_given_one(tmp_path: Path) -> None:
    (tmp_path / "graph.nt").write_text(NODE_LINES, encoding="utf-8")
    with pytest.raises(FileError, match="no release is named"):
        read_back(tmp_path / "graph.nt")


def test_an_empty_file_has_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "graph.nt").write_text("", encoding="utf-8")
    graph, _ = build_graph([read_rdf(tmp_path / "graph.nt", RELEASE)])
    assert not graph.nodes and not graph.edges


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("written")
    texts = {}
    for syntax in ("nquads", "turtle", "nquads-rdf12"):
        path = folder / syntax
        write_rdf(odd(), path, syntax)
        texts[syntax] = path.read_bytes()
    return texts


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_file_holds_it_is_read_or_refused(
    data: st.DataObject, written: dict[str, bytes], tmp_path: Path
) -> None:
    syntax = data.draw(st.sampled_from(sorted(written)))
    text = bytearray(written[syntax])
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 60))
        text[begin : begin + cut] = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from([b"\\", b'"', b"<", b"> ", b"_:b ", b"\n", b" . ", b"^^", b"@en", b"<<( "]),
                st.just(bytes(text[:cut])),
            )
        )
    path = tmp_path / f"graph{SYNTAXES[syntax].suffix}"
    path.write_bytes(text)
    try:
        rows = read_rdf(path, RELEASE)
    except FileError as failure:
        assert str(failure).startswith(str(path))
        return
    build_graph([rows], max_reject_share=1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1), synonyms=st.lists(st.text()), references=st.lists(st.text()))
def test_any_text_comes_back(name: str, synonyms: list[str], references: list[str], tmp_path: Path) -> None:
    graph = make_graph(
        {
            "Drug": [{"id": "DRUGBANK:DB00001", "name": name, "synonyms": synonyms}],
            "Disease": [{"id": "DOID:1", "name": "d", "synonyms": []}],
        },
        (("treats", "DRUGBANK:DB00001", "DOID:1", {"references": references, "votes": synonyms}),),
    )
    write_rdf(graph, tmp_path / "graph.nq")
    [rows] = read_back(tmp_path / "graph.nq")
    [nodes], [edges, rest] = rows.nodes, rows.edges
    assert rest.num_rows == 0
    [drug] = [row for row in nodes.to_pylist() if row["kind"] == "Drug"]
    assert (drug["name"], drug.get("synonyms") or []) == (name, synonyms)
    [edge] = edges.to_pylist()
    assert edge.get("references", []) == references
    assert edge["votes"] == synonyms
    assert len(list(pyoxigraph.parse(path=tmp_path / "graph.nq"))) > 10

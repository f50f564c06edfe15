"""Describe: what RDF says of a graph's nodes, edges, releases and schema, as blocks of terms."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.biolink import predicates
from kg.graph import Graph, SourceRelease, holding
from kg.kgx.terms import words_of
from kg.rdf.blocks import Block, Property, offsets
from kg.rdf.names import (
    EDGE,
    OURS,
    curie_iri,
    edge_names,
    iri,
    kind_iri,
    node_iri,
    release_iri,
    returns,
    turtle,
)
from kg.schema import NODE_KINDS, RELATIONS, AttributeType, edge_columns, node_columns

NODE_PREDICATES = {
    "id": "biolink:id",
    "name": "rdfs:label",
    "synonyms": "biolink:synonym",
    "xrefs": "biolink:xref",
    "provided_by": "biolink:provided_by",
}
"""A column of every node -> its predicate; an attribute's is our own, `kg:` and its name."""
EDGE_PREDICATES = {
    "licence": "dcterms:license",
    "knowledge_level": "biolink:knowledge_level",
    "agent_type": "biolink:agent_type",
}
"""A column of every edge -> its predicate, but for the ends, the release and the references."""
PUBLICATIONS = "biolink:publications"
"""A reference to a publication; any other is a `SUPPORT`."""
SUPPORT = "biolink:supporting_data_source"
PUBLISHED = ("PMID:", "PMC:", "DOI:")
IDENTIFIERS = frozenset({"xrefs", "references"})
"""The columns whose values are IRIs where they are CURIEs."""

_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f\x85\u2028\u2029]')
_ESCAPES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_LITERALS: dict[AttributeType, str] = {
    "double": "xsd:double",
    "int64": "xsd:integer",
    "int64[]": "xsd:integer",
    "boolean": "xsd:boolean",
}
_LINK = re.compile(r"https?://[A-Za-z0-9._~!$&'()*+,;=:@/?%#-]+")


@dataclass(frozen=True)
class Naming:
    """How terms are written: whether shortened, and which nodes' IRIs are taken by nodes of other kinds."""

    shortened: bool
    taken: frozenset[tuple[str, str]] = frozenset()

    def term(self, text: str) -> str:
        """Return an IRI as it is written."""
        return turtle(text, self.shortened)

    def name(self, name: str) -> str:
        """Return a name such as `rdf:type` as it is written."""
        return turtle(iri(name), self.shortened)

    def edge(self, name: str) -> str:
        """Return an edge's IRI as it is written; there are too many to look for its prefix."""
        return f"kgedge:{name}" if self.shortened else f"<{EDGE}{name}>"

    def nodes(self, kind: str, ids: pa.Array) -> pa.Array:
        """Return the nodes' IRIs as they are written."""
        return mapped(ids, lambda curie: _node_term(kind, curie, self))

    def values(self, column: str, type: AttributeType, values: pa.Array) -> pa.Array:
        """Return a column's values as they are written: numbers and text as literals, CURIEs of things as IRIs."""
        if datatype := _LITERALS.get(type):
            texts = pc.cast(values, pa.string())
            if type == "double":  # XML Schema's names of what is no usual number
                texts = mapped(texts, lambda text: {"nan": "NaN", "inf": "INF", "-inf": "-INF"}.get(text, text))
            return pc.binary_join_element_wise('"', texts, f'"^^{self.name(datatype)}', "")
        if column in IDENTIFIERS:
            return mapped(values, lambda text: self.term(curie_iri(text)) if returns(text) else literal(text))
        return mapped(values, literal)


@lru_cache(1 << 18)
def _node_term(kind: str, curie: str, naming: Naming) -> str:
    """Return a node's IRI as it is written; most nodes are the end of many edges."""
    return naming.term(node_iri(kind, curie, naming.taken))


def literal(text: str) -> str:
    r"""Return a text as a literal.

    >>> print(literal('5" \\ tube\n\x00'))
    "5\" \\ tube\n\u0000"
    """
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"


def mapped(values: pa.Array, term: Callable[[str], str]) -> pa.Array:
    """Return the term of each text; null stays null."""
    values.validate(full=True)  # Arrow itself does not look whether text is UTF-8
    encoded = values.dictionary_encode()
    return pa.array([term(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def taken_twice(graph: Graph) -> frozenset[tuple[str, str]]:
    """Return the kind and identifier of each node whose identifier is also that of a node of an earlier kind."""
    seen = pa.array([], pa.string())
    twice = set()
    for kind, rows in graph.nodes.items():
        ids = rows["id"].combine_chunks()
        twice |= {(kind, curie) for curie in ids.filter(pc.is_in(ids, seen)).to_pylist()}
        seen = pa.concat_arrays([seen, ids])
    return frozenset(twice)


def node_block(kind: str, rows: pa.Table, naming: Naming) -> Block:
    """Return what is said of nodes of a kind."""
    subjects = naming.nodes(kind, rows["id"].combine_chunks())
    properties = [
        _same(naming, "rdf:type", iri(NODE_KINDS[kind].biolink), rows.num_rows),
        _same(naming, "rdf:type", kind_iri(kind), rows.num_rows),
    ]
    for column, type in node_columns(kind).items():
        predicate = NODE_PREDICATES.get(column, f"kg:{column}")
        properties += _column(naming, predicate, column, type, rows[column].combine_chunks())
    return Block(subjects, tuple(properties))


def plain_block(relation: str, rows: pa.Table, naming: Naming) -> Block:
    """Return the plain triples of edges of a relation: with our relation, and, where it states a fact, Biolink's.

    An edge that says itself that what it leads to is absent has none.
    """
    rows = holding(relation, rows).combine_chunks()
    ends = RELATIONS[relation]
    subjects = naming.nodes(ends.subject, rows["subject"].combine_chunks())
    objects = naming.nodes(ends.object, rows["object"].combine_chunks())
    facts = pc.if_else(_facts(relation, rows), objects, pa.scalar(None, pa.string()))
    properties = (
        Property(naming.term(OURS + relation), objects),
        Property(_predicates(relation, rows, naming), facts),
    )
    return Block(subjects, properties, _releases(rows, naming))


def edge_block(relation: str, rows: pa.Table, naming: Naming, *, reified: bool) -> Block:
    """Return what is said of each edge of a relation, which is a node of its own.

    RDF 1.2 has one statement (`reified`) for an edge's subject, predicate and object, others three.
    """
    ends = RELATIONS[relation]
    subjects = naming.nodes(ends.subject, rows["subject"].combine_chunks())
    objects = naming.nodes(ends.object, rows["object"].combine_chunks())
    said = _predicates(relation, rows, naming)
    graphs = _releases(rows, naming)
    edges = pa.array([naming.edge(name) for name in edge_names(relation, rows)], pa.string())
    properties = [_same(naming, "rdf:type", iri("biolink:Association"), rows.num_rows)]
    if reified:
        triples = pc.binary_join_element_wise("<<(", subjects, said, objects, ")>>", " ")
        properties.append(Property(naming.name("rdf:reifies"), triples))
    else:
        terms = {"subject": subjects, "predicate": said, "object": objects}
        properties += [Property(naming.name(f"biolink:{slot}"), column) for slot, column in terms.items()]
    properties.append(_same(naming, "kg:relation", OURS + relation, rows.num_rows))
    properties.append(Property(naming.name("prov:wasDerivedFrom"), graphs))
    for slot, value in words_of(relation)[1].items():
        text = literal(value) + (f"^^{naming.name('xsd:boolean')}" if slot == "negated" else "")
        properties.append(Property(naming.name(f"biolink:{slot}"), pa.repeat(text, rows.num_rows)))
    for column, type in edge_columns(relation).items():
        if column in EDGE_PREDICATES or column in ends.attributes:
            predicate = EDGE_PREDICATES.get(column, f"kg:{column}")
            properties += _column(naming, predicate, column, type, rows[column].combine_chunks())
    return Block(edges, (*properties, *_references(naming, rows["references"].combine_chunks())), graphs)


def release_blocks(graph: Graph, naming: Naming) -> Iterator[Block]:
    """Yield what is said of each release: its data set's name, version, licence, citation, address and files."""
    for release in graph.sources:
        properties = [_same(naming, "rdf:type", iri(name), 1) for name in ("dcat:Dataset", "kg:Release")]
        for name, texts in _release_texts(release).items():
            if texts:
                properties.append(Property(naming.name(name), pa.array([texts], pa.list_(pa.string()))))
        yield Block(pa.array([naming.term(release_iri(release.name, release.version))]), tuple(properties))


def schema_block(graph: Graph, naming: Naming) -> Block:
    """Return what each kind and relation of the graph is a special case of, in Biolink's terms."""
    kinds = [(kind_iri(kind), "rdfs:subClassOf", NODE_KINDS[kind].biolink) for kind in graph.nodes]
    relations = [(OURS + name, "rdfs:subPropertyOf", RELATIONS[name].biolink) for name in graph.edges]
    said = kinds + relations
    return Block(
        pa.array([naming.term(subject) for subject, _, _ in said], pa.string()),
        (
            Property(
                pa.array([naming.name(predicate) for _, predicate, _ in said], pa.string()),
                pa.array([naming.name(term) for _, _, term in said], pa.string()),
            ),
        ),
    )


def _release_texts(release: SourceRelease) -> Mapping[str, list[str]]:
    link = _LINK.fullmatch(release.url)
    return {
        "dcterms:title": [literal(release.name)],
        "dcat:version": [literal(release.version)],
        "dcterms:license": [literal(release.licence)],
        "dcterms:bibliographicCitation": [literal(release.citation)],
        "dcat:landingPage": [f"<{release.url}>" if link else literal(release.url)],
        "kg:file": [literal(f"{digest}  {name}") for name, digest in release.files.items()],
    }


def _releases(rows: pa.Table, naming: Naming) -> pa.Array:
    """Return the IRI of each edge's release as it is written."""
    told = [rows[column].combine_chunks() for column in ("source", "source_version")]
    both = pc.binary_join_element_wise(*told, "\x1f", null_handling="replace", null_replacement="")
    return mapped(both, lambda text: naming.term(release_iri(*text.split("\x1f"))))


def _predicates(relation: str, rows: pa.Table, naming: Naming) -> pa.Array:
    """Return each edge's Biolink predicate: its own, where the relation keeps one and Biolink has it."""
    usual = words_of(relation)[0]
    if "predicate" not in RELATIONS[relation].attributes:
        return pa.repeat(naming.name(usual), rows.num_rows)
    own = pc.fill_null(rows["predicate"].combine_chunks(), usual)
    return mapped(own, lambda name: naming.name(name if name in predicates() else usual))


def _facts(relation: str, rows: pa.Table) -> pa.Array:
    """Return which edges say that something is so: none that is predicted, and none that is negated."""
    if RELATIONS[relation].predicted or RELATIONS[relation].negated:
        return pa.repeat(False, rows.num_rows)
    facts = pc.not_equal(pc.fill_null(rows["knowledge_level"].combine_chunks(), ""), "prediction")
    if "qualifiers" in RELATIONS[relation].attributes:
        told = pc.fill_null(rows["qualifiers"].combine_chunks(), "")
        facts = pc.and_(facts, pc.invert(pc.match_substring(told, "negated=true")))
    return facts


def _same(naming: Naming, predicate: str, text: str, times: int) -> Property:
    """Return a property that is the same IRI for each subject."""
    return Property(naming.name(predicate), pa.repeat(naming.term(text), times))


def _column(naming: Naming, predicate: str, column: str, type: AttributeType, values: pa.Array) -> list[Property]:
    """Return the properties that say a column; a list says each of its values, `rdf:nil` where it is empty.

    A list whose order matters, or that has a value twice or none in a place, is one JSON text.
    """
    if not type.endswith("[]"):
        return [Property(naming.name(predicate), naming.values(column, type, values))]
    whole = _unlike_a_set(values)
    said = pc.if_else(whole, pa.scalar(None, values.type), values)
    flat = naming.values(column, type, pc.list_flatten(said))
    properties = [Property(naming.name(predicate), pa.ListArray.from_arrays(offsets(said), flat))]
    if pc.any(whole).as_py():
        texts = [
            f"{literal(json.dumps(value, ensure_ascii=False))}^^{naming.name('rdf:JSON')}" if chosen else None
            for value, chosen in zip(values.to_pylist(), whole.to_pylist(), strict=True)
        ]
        properties.append(Property(naming.name(predicate), pa.array(texts, pa.string())))
    empty = pc.fill_null(pc.equal(pc.list_value_length(values), 0), False)
    if column not in (*NODE_PREDICATES, "references") and pc.any(empty).as_py():
        nil = pc.if_else(empty, pa.scalar(naming.name("rdf:nil")), pa.scalar(None, pa.string()))
        properties.append(Property(naming.name(predicate), nil))
    return properties


def _unlike_a_set(values: pa.Array) -> pa.Array:
    """Return which lists hold more than a set of values does."""
    flat = pc.list_flatten(values).dictionary_encode(null_encoding="encode")
    of = np.asarray(pc.list_parent_indices(values), np.int64)
    codes = np.asarray(flat.indices, np.int64)
    odd = np.zeros(len(values), bool)
    keys = of * (len(flat.dictionary) + 1) + codes
    order = np.argsort(keys, kind="stable")
    odd[of[order[1:]][np.diff(keys[order]) == 0]] = True
    if flat.dictionary.null_count:
        odd[of[codes == np.flatnonzero(np.asarray(flat.dictionary.is_null()))[0]]] = True
    return pa.array(odd)


def _references(naming: Naming, values: pa.Array) -> Iterator[Property]:
    """Yield the references, each under the predicate for what it is, in their order."""
    lists, *whole = _column(naming, SUPPORT, "references", "string[]", values)
    support, published = naming.name(SUPPORT), naming.name(PUBLICATIONS)
    texts = pc.list_flatten(pc.if_else(_unlike_a_set(values), pa.scalar(None, values.type), values))
    yield Property(mapped(texts, lambda text: published if text.startswith(PUBLISHED) else support), lists.objects)
    yield from whole

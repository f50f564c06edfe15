"""The names in our RDF: which IRI stands for a node, an edge, a release, a relation, and which node an IRI stands for.

A node is its CURIE's URI, an edge a name made of what makes it the one it is, so that it is the same in every export.
"""

import hashlib
import re
from functools import cache
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc

from kg.curie import from_uri, prefixes, to_uri
from kg.schema import NODE_KINDS, RELATIONS, edge_identity

BIOLINK = "https://w3id.org/biolink/vocab/"
OURS = "urn:panakeia:kg:"
"""What our kinds, relations and attributes are called after: no CURIE of ours has a colon in it."""
EDGE = "urn:panakeia:edge:"
RELEASE = "urn:panakeia:release:"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"

NAMESPACES: dict[str, str] = {
    "biolink": BIOLINK,
    "kg": OURS,
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "prov": "http://www.w3.org/ns/prov#",
    "kgedge": EDGE,
}
"""The prefixes of the vocabularies; those of the nodes are `kg.curie.prefixes`."""

_PLAIN = "-._~!$&'()*+,;=:@/?"
"""What an identifier may hold beside letters and digits to stand in an IRI as it is; anything else is encoded."""
_LOCAL = re.compile("[A-Za-z0-9_][A-Za-z0-9_-]*")
"""What follows a prefix in Turtle without any escape, and nothing less simple."""


def iri(name: str) -> str:
    """Return the IRI of a name such as `biolink:Gene` or `rdf:type`, by `NAMESPACES`."""
    prefix, _, local = name.partition(":")
    return NAMESPACES[prefix] + local


def curie_iri(curie: str) -> str:
    """Return the IRI of a CURIE with a known prefix; what an IRI cannot hold is percent-encoded.

    >>> curie_iri("DOI:10.1002/(SICI)1<661::AID>3")
    'http://dx.doi.org/10.1002/(SICI)1%3C661::AID%3E3'
    """
    prefix, _, identifier = curie.partition(":")
    return to_uri(f"{prefix}:") + quote(identifier, safe=_PLAIN)


def iri_curie(text: str) -> str | None:
    """Return the CURIE that an IRI stands for, or None where it is of no known prefix.

    >>> iri_curie("http://dx.doi.org/10.1002/(SICI)1%3C661::AID%3E3")
    'DOI:10.1002/(SICI)1<661::AID>3'
    """
    found = from_uri(text)
    return None if found is None else unquote(found)


def returns(curie: str) -> bool:
    """Whether a text is a CURIE with an IRI that leads back to just this text.

    >>> returns("PMID:1"), returns("OMIM:PS1"), returns("DrugBank (target)")
    (True, False, False)
    """
    prefix, colon, _ = curie.partition(":")
    if not colon or prefix not in prefixes():
        return False
    text = curie_iri(curie)
    return not any(text.startswith(longer) for longer in _longer(prefix))


def node_iri(kind: str, curie: str, taken: frozenset[tuple[str, str]]) -> str:
    """Return the IRI of a node; where it is `taken` by a node of another kind, one of its own."""
    if (kind, curie) in taken:
        return f"{OURS}{kind}/{quote(curie, safe='')}"
    return curie_iri(curie)


def release_iri(source: str, version: str) -> str:
    """Return the IRI of a release.

    >>> release_iri("hetionet", "1.0"), release_parts("urn:panakeia:release:hetionet:1.0")
    ('urn:panakeia:release:hetionet:1.0', ('hetionet', '1.0'))
    """
    return f"{RELEASE}{quote(source, safe='')}:{quote(version, safe='')}"


def release_parts(text: str) -> tuple[str, str] | None:
    """Return the source and version that a release's IRI names, or None where it is another IRI."""
    source, colon, version = text.removeprefix(RELEASE).partition(":")
    return (unquote(source), unquote(version)) if text.startswith(RELEASE) and colon else None


def edge_names(relation: str, edges: pa.Table) -> list[str]:
    """Return, for each edge of a relation, what follows `EDGE`: a hash of `kg.schema.edge_identity`."""
    subjects, objects = edges["subject"], edges["object"]
    if RELATIONS[relation].symmetric:
        subjects, objects = pc.min_element_wise(subjects, objects), pc.max_element_wise(subjects, objects)
    others = [edges[column].cast(pa.string()) for column in edge_identity(relation)[2:]]
    texts = pc.binary_join_element_wise(
        subjects, objects, *others, "\x1f", null_handling="replace", null_replacement="\x1d"
    )
    key = relation.encode()
    return [hashlib.blake2b(text, digest_size=16, key=key).hexdigest() for text in texts.cast(pa.binary()).to_pylist()]


def turtle(text: str, named: bool) -> str:
    """Return an IRI as Turtle has it, in angle brackets; `named`, and where that is simple, with its prefix.

    >>> turtle("https://w3id.org/biolink/vocab/Gene", True), turtle("urn:isbn:1", True)
    ('biolink:Gene', '<urn:isbn:1>')
    """
    if named:
        for prefix, begin in _spaces():
            if text.startswith(begin):
                if _LOCAL.fullmatch(text, len(begin)):
                    return f"{prefix}:{text[len(begin) :]}"
                break
    return f"<{text}>"


def turtle_prefixes() -> dict[str, str]:
    """Return every prefix that `turtle` uses, with its URI."""
    return {prefix.name: prefix.uri for prefix in prefixes().values()} | NAMESPACES


def kind_iri(kind: str) -> str:
    """Return the class of a kind, which says more than its Biolink category: several kinds may share that."""
    return OURS + kind


def classes() -> dict[str, str]:
    """Return the kind that each of our classes stands for."""
    return {kind_iri(kind): kind for kind in NODE_KINDS}


@cache
def _longer(prefix: str) -> tuple[str, ...]:
    """Return the URIs of other prefixes that go on from this prefix's."""
    uri = prefixes()[prefix].uri
    others = (one for other in prefixes().values() if other.name != prefix for one in (other.uri, *other.other_uris))
    return tuple(other for other in others if other.startswith(uri))


@cache
def _spaces() -> tuple[tuple[str, str], ...]:
    """Return prefixes and their URIs, the longest first."""
    return tuple(sorted(turtle_prefixes().items(), key=lambda one: len(one[1]), reverse=True))

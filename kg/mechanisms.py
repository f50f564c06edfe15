"""Curated mechanisms: by which steps a drug acts on a disease, as DrugMechDB has them, to show and to evaluate with.

Gonzalez-Cavazos et al., Scientific Data 2023;10:632. Mechanisms are no part of the graph and nothing learns from them:
they are what an explanation is held against, and whoever learned from them could not be.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, cast

from kg.curie import standard
from kg.fetch import Fetch, PublicFile
from kg.files.text import FileError, read_text
from kg.paths import Path
from kg.query.node import show
from kg.source import Source
from kg.sources import mondo
from kg.stores.protocol import Store

CURATED = PublicFile("mechanisms/drugmechdb-paths.json.gz")

SOURCE = Source(
    name="drugmechdb",
    gives="curated paths from a drug to a disease, to show beside explanations and to evaluate them: never edges",
    version="2023",
    licence="CC0-1.0",
    citation="Gonzalez-Cavazos AC, Tanska A, Mayers M, et al. DrugMechDB: a curated database of drug mechanisms. "
    "Scientific Data 2023;10:632. doi:10.1038/s41597-023-02534-z",
    url="https://sulab.github.io/DrugMechDB",
    files=(CURATED,),
    extras=(mondo.REFERENCES,),
)

PROTEIN = "Protein"
"""The label of a node that is a gene's product."""

LONGEST_LINE = 12
"""How many links a line of a mechanism's text has at most: curated ones have half as many."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_DRUGBANK = re.compile(r"DB:\D*(\d{5})")  # also as a few entries have it: DB:B02362, DB:DBDB00515
_PREFIXES = {"UniProt": "UniProtKB", "taxonomy": "NCBITaxon", "reactome": "REACT", "Pfam": "PFAM", "TIGR": "TIGRFAM"}


@dataclass(frozen=True)
class MechanismNode:
    """A thing that a mechanism names: its CURIE, its name, and what DrugMechDB says that it is."""

    id: str
    name: str
    label: str


@dataclass(frozen=True)
class Link:
    """A step of a mechanism: from one node, by its CURIE, to another."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True)
class Mechanism:
    """How a drug acts on a disease; both are known by every CURIE that the curators gave.

    >>> parts = (MechanismNode("MESH:D1", "a drug", "Drug"), MechanismNode("MESH:D2", "a disease", "Disease"))
    >>> str(Mechanism("x", frozenset({"MESH:D1"}), "MESH:D2", parts, (Link("MESH:D1", "treats", "MESH:D2"),)))
    'a drug - treats -> a disease'
    """

    id: str
    drugs: frozenset[str]
    disease: str
    nodes: tuple[MechanismNode, ...]
    links: tuple[Link, ...]
    references: tuple[str, ...] = ()

    @property
    def proteins(self) -> frozenset[str]:
        """The CURIEs of the genes' products on the way."""
        return frozenset(node.id for node in self.nodes if node.label == PROTEIN)

    def lines(self) -> tuple[str, ...]:
        """Return every way from the drug to the disease along the links, each a line of names."""
        names = {node.id: node.name for node in self.nodes}
        starts = [node.id for node in self.nodes if node.id in self.drugs]
        return tuple(
            names[start] + "".join(f" - {link.predicate} -> {names[link.object]}" for link in way)
            for start in starts[:1]
            for way in _ways(self.links, start, self.disease)
        )

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_json(self) -> dict[str, Any]:
        """Return the mechanism as JSON values, its lines beside the nodes and links that they are made of."""
        return {**asdict(self), "drugs": sorted(self.drugs), "lines": list(self.lines())}


def read(fetch: Fetch) -> tuple[Mechanism, ...]:
    """Return every curated mechanism, its CURIEs in standard spelling.

    Raises `kg.fetch.FetchError` if the file is nowhere or not what it should be, `kg.files.text.FileError` for one that
    is not DrugMechDB's, with the entry.
    """
    path = SOURCE.fetched(fetch)[CURATED].path
    try:
        entries = json.loads(read_text(path))
    except json.JSONDecodeError as failure:
        raise FileError(f"{path}, line {failure.lineno}: not JSON: {failure.msg}; is the file cut off?") from None
    if not isinstance(entries, list):
        raise FileError(f"{path}: expected a list of mechanisms, got {type(entries).__name__}")
    return tuple(_mechanism(path, number, entry) for number, entry in enumerate(entries, start=1))


def diseases(fetch: Fetch) -> dict[str, str]:
    """Return the DOID of each MeSH disease that is one disease of MONDO, which is of one DOID and that MeSH term only.

    Nothing where MONDO's cross-references are not there.
    """
    if mondo.REFERENCES not in SOURCE.fetched(fetch):
        return {}
    of_mondo: dict[str, dict[str, set[str]]] = {}
    of_term: dict[str, set[str]] = {}
    for table in mondo.read(fetch).equivalents:
        for pair in table.select(["subject", "object"]).to_pylist():
            prefix = pair["object"].partition(":")[0]
            of_mondo.setdefault(pair["subject"], {}).setdefault(prefix, set()).add(pair["object"])
            of_term.setdefault(pair["object"], set()).add(pair["subject"])
    found = {}
    for terms in of_mondo.values():
        both = [sorted(terms.get(prefix, ())) for prefix in ("MESH", "DOID")]
        if all(len(one) == 1 and len(of_term[one[0]]) == 1 for one in both):
            found[both[0][0]] = both[1][0]
    return found


def mechanisms_of(
    mechanisms: Iterable[Mechanism], drug: Collection[str], disease: Collection[str], same: Mapping[str, str] = _NOTHING
) -> tuple[Mechanism, ...]:
    """Return the mechanisms by which a drug acts on a disease, each given by all CURIEs that it has.

    `same` are other CURIEs of diseases (see `diseases`).
    """
    return tuple(
        one
        for one in mechanisms
        if not one.drugs.isdisjoint(drug) and not {one.disease, same.get(one.disease, "")}.isdisjoint(disease)
    )


def curated(
    store: Store, mechanisms: Iterable[Mechanism], drug: str, disease: str, same: Mapping[str, str] = _NOTHING
) -> tuple[Mechanism, ...]:
    """Return the mechanisms by which a drug of a graph acts on one of its diseases, to show beside an explanation.

    Both are given as for `kg.search.find`, and known by their identifiers and cross-references. Raises what `find`
    raises.
    """
    return mechanisms_of(mechanisms, _curies(store, drug, "Drug"), _curies(store, disease, "Disease"), same)


def _curies(store: Store, text: str, kind: str) -> frozenset[str]:
    shown = show(store, text, kind)
    return frozenset({shown.node.id, *cast(Collection[str], shown.attributes.get("xrefs", ()))})


def first_hit(found: Iterable[Path], curated: Collection[str]) -> int | None:
    """Return the rank, from 1, of the first path that leads through one of these nodes; None where none does."""
    return next(
        (rank for rank, path in enumerate(found, 1) if any(node.id in curated for node in path.nodes[1:-1])), None
    )


def _mechanism(path: object, number: int, entry: Mapping[str, Any]) -> Mechanism:
    try:
        head = entry["graph"]
        nodes = tuple(MechanismNode(_curie(node["id"]), node["name"].strip(), node["label"]) for node in entry["nodes"])
        links = tuple(Link(_curie(one["source"]), one["key"], _curie(one["target"])) for one in entry["links"])
        drugs = frozenset(_curie(head[key]) for key in ("drugbank", "drug_mesh") if head.get(key))
        told = Mechanism(
            head["_id"], drugs, _curie(head["disease_mesh"]), nodes, links, tuple(entry.get("references") or ())
        )
    except (KeyError, TypeError, AttributeError) as failure:
        raise FileError(f"{path}, mechanism {number}: not as DrugMechDB writes it: {failure!r}; get it anew") from None
    known = {node.id for node in nodes}
    if lost := [end for link in links for end in (link.subject, link.object) if end not in known]:
        raise FileError(f"{path}, mechanism {number} ({told.id}): a link names {lost[0]}, which is none of its nodes")
    return told


def _curie(text: str) -> str:
    """Return a CURIE of DrugMechDB in standard spelling.

    >>> _curie("DB:DB00682"), _curie("UniProt:P23219"), _curie("MESH:D003882")
    ('DRUGBANK:DB00682', 'UniProtKB:P23219', 'MESH:D003882')
    """
    text = text.strip("\ufeff ")
    if drug := _DRUGBANK.fullmatch(text):
        return f"DRUGBANK:DB{drug[1]}"
    prefix, _, identifier = text.partition(":")
    return standard(f"{_PREFIXES.get(prefix, prefix)}:{identifier}")


def _ways(links: Collection[Link], start: str, goal: str, taken: tuple[Link, ...] = ()) -> Iterator[tuple[Link, ...]]:
    """Yield every way along links that comes to no node twice."""
    if start == goal:
        yield taken
    elif len(taken) < LONGEST_LINE:
        been = {link.subject for link in taken}
        for link in dict.fromkeys(links):
            if link.subject == start and link.object not in been:
                yield from _ways(links, link.object, goal, (*taken, link))

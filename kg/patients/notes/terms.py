"""Terms: what is looked for in a note: the graph's own diseases, drugs and phenotypes, by all their names.

A phenotype is a finding or a mode of inheritance; the ontology's other terms (Mild, Left, Frequent, Family history) say
something of a finding, or of no patient. A drug that laboratories measure, or that people eat, is not looked for: a
note that says sodium tells of a value.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from kg.fetch import Fetch
from kg.names import folded
from kg.patients.notes.lexicon import Term
from kg.patients.notes.words import guarded
from kg.patients.terminology import RECORDS_LICENCE
from kg.query import rows_of
from kg.query.predicted import pairs_of
from kg.sources import hpo
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

KINDS = ("Disease", "Drug", "Phenotype")
"""The kinds of node that a note may mention."""

ROOTS = frozenset(("HP:0000118", "HP:0000005"))
"""Phenotypic abnormality, and mode of inheritance."""
INHERITANCE = "HP:0000005"


class NoTerms(ValueError):
    """There is nothing to look for; the message says what to build."""


def terms_of(store: Store) -> Iterator[Term]:
    """Yield what the graph of a store has names for; what only patients' records name is nothing to look for.

    Raises `NoTerms` where the graph has no node of these kinds.
    """
    records = {release.name for release in read_releases(store) if release.licence == RECORDS_LICENCE}
    findings = _below(pairs_of(store, "phenotype_is_a_phenotype"))
    found = False
    for kind in KINDS:
        for row in rows_of(store, kind):
            public = set(row["provided_by"] or ()) - records
            if not public or (kind == "Phenotype" and findings and row["id"] not in findings):
                continue
            if kind == "Drug" and folded(row["name"] or "") in guarded("substance"):
                continue
            found = True
            yield Term(kind, row["id"], (row["name"], *(row["synonyms"] or ())))
    if not found:
        raise NoTerms(
            f"the graph has no {', '.join(KINDS[:-1])} or {KINDS[-1]} to look for in a note: build one with such "
            "sources, for example `panakeia build --source hetionet --source hpo`"
        )


def terms_of_ontology(fetch: Fetch) -> Iterator[Term]:
    """Yield the phenotypes of the Human Phenotype Ontology's own file; raises `kg.fetch.FetchError` without it."""
    rows = hpo.read(fetch)
    nodes = [row for table in rows.nodes for row in table.to_pylist()]
    pairs = [(row["subject"], row["object"]) for table in rows.edges for row in table.to_pylist()]
    findings = _below(pairs)
    for row in nodes:
        if row["id"] in findings:
            yield Term("Phenotype", row["id"], (row["name"], *(row["synonyms"] or ())))


def modes_of_inheritance(store: Store) -> frozenset[str]:
    """Return the phenotypes of a graph that are no findings: how a disease is inherited is no fact of a patient's."""
    return _below(pairs_of(store, "phenotype_is_a_phenotype"), (INHERITANCE,))


def digest(terms: Iterable[Term]) -> str:
    """Return the SHA-256 of terms with their names and of the rules' tables: what decides what is found in a text."""
    told = hashlib.sha256()
    for table in ("context.tsv", "guarded.tsv", "words.tsv"):
        told.update(files("kg.patients.notes").joinpath(table).read_bytes())
    for term in sorted(terms, key=lambda one: (one.kind, one.curie)):
        told.update("\t".join((term.kind, term.curie, *term.names)).encode() + b"\n")
    return told.hexdigest()


def _below(pairs: Sequence[tuple[str, str]], roots: Iterable[str] = ROOTS) -> frozenset[str]:
    """Return the terms below these roots, by pairs of a term and what it is a kind of."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for narrow, broad in pairs:
        kinds[broad].append(narrow)
    found: set[str] = set()
    rest = list(roots)
    while rest:
        rest += (new := set(kinds[rest.pop()]) - found)
        found |= new
    return frozenset(found)

"""The Human Phenotype Ontology: the signs of diseases, their other names, and which is a kind of which.

Gargano et al., Nucleic Acids Research 2024;52:D1333. Obsolete terms are left out; an old identifier leads to the term
that stands for it now where there is exactly one.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from kg.curie import CurieError, parse
from kg.fetch import Fetch, PublicFile
from kg.files.obo import Term, check_acyclic, read_terms
from kg.rows import Rows, edge_rows, node_rows, pair_rows
from kg.source import Source

ONTOLOGY = PublicFile("ontology/hp-2025-01-16.obo.gz")

SOURCE = Source(
    name="hpo",
    gives="phenotypes of human disease with their synonyms and cross-references, and which is a kind of which",
    version="2025-01-16",
    licence="LicenseRef-HPO",
    citation="Gargano MA, Matentzoglu N, Coleman B, et al. The Human Phenotype Ontology in 2024: phenotypes around the "
    "world. Nucleic Acids Research 2024;52:D1333-D1346. doi:10.1093/nar/gkad1005",
    url="https://hpo.jax.org",
    files=(ONTOLOGY,),
)

SAME_THING = frozenset({"UMLS", "SNOMEDCT", "NCIT", "MEDDRA", "MESH", "MP"})
"""The databases whose identifiers count as cross-references: other xrefs are diseases, relations or publications."""


def read(fetch: Fetch) -> Rows:
    """Read the ontology.

    Raises `kg.fetch.FetchError` if the file is nowhere or not what it should be, `kg.files.text.FileError` if it
    cannot be read or a term is, by its parents, a kind of itself.
    """
    found = SOURCE.fetched(fetch)
    path = found[ONTOLOGY].path
    terms = tuple(read_terms(path))
    check_acyclic(path, terms)
    live = tuple(term for term in terms if not term.obsolete)  # by design: nothing may be said with an obsolete term
    return Rows(
        SOURCE.release(found),
        (phenotypes(live),),
        (_kinds_of(live),),
        retired=(_retired(terms),),
        left_out={"obsolete term": len(terms) - len(live)},
    )


def phenotypes(terms: Sequence[Term]) -> pa.Table:
    """Return a node for each of these terms; only a synonym that the ontology calls exact is another name."""
    rows = [
        {
            "id": term.id,
            "name": term.name,
            "synonyms": list(
                dict.fromkeys(s.text for s in term.synonyms if s.scope == "EXACT" and s.text != term.name)
            ),
            "xrefs": list(_same_things(term)),
            "file": ONTOLOGY.name,
            "line": term.line,
        }
        for term in terms
    ]
    return node_rows("Phenotype", rows)


def _same_things(term: Term) -> Iterator[str]:
    for xref in term.xrefs:
        try:
            curie = parse(xref)
        except CurieError:  # of a database that Bioregistry does not list, such as Fyler
            continue
        if curie.prefix in SAME_THING:
            yield str(curie)


def _kinds_of(terms: Sequence[Term]) -> pa.Table:
    rows = [
        {"subject": term.id, "object": parent, "file": ONTOLOGY.name, "line": term.line}
        for term in terms
        for parent in term.parents
    ]
    told = {"knowledge_level": "knowledge_assertion", "agent_type": "manual_agent"}
    return edge_rows("phenotype_is_a_phenotype", rows, **told)


def _retired(terms: Sequence[Term]) -> pa.Table:
    """Return the old identifiers, each with the term that stands for it now, or with none where it could be several."""
    live = {term.id for term in terms if not term.obsolete}
    heirs: dict[str, set[str]] = {}
    lines: dict[str, int] = {}
    for term in terms:
        for old, heir in [(term.id, new) for new in term.replaced_by] + [(old, term.id) for old in term.alt_ids]:
            heirs.setdefault(old, set()).add(heir)
        for old in (*term.alt_ids, *([term.id] if term.obsolete else ())):
            lines[old] = term.line
    rows = [
        {
            "subject": old,
            "object": min(known)
            if len(known := heirs.get(old, set()) & live) == len(heirs.get(old, ())) == 1
            else None,
            "file": ONTOLOGY.name,
            "line": line,
        }
        for old, line in lines.items()
        if old not in live
    ]
    return pair_rows(rows)

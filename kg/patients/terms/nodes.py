"""Nodes: those that the graph has already, found by identifier, by another database's identifier, and by name."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kg.names import folded
from kg.patients.terms.meaning import BROAD, CLOSE, EXACT, Row

UNITED = {"ICD10": "ICD10CM", "ICD9CM": "ICD9"}
"""A prefix of codes that another one's codes include -> that one."""

_OF_NO_RECORD = ("PUBCHEM.COMPOUND", "CHEMBL.COMPOUND", "PMID")
"""Databases that the graph cites by the hundred thousand, and no patient's record does."""
_OF_RARE_DISEASES = ("OMIM:", "OMIM.PS:", "ORPHANET:", "DECIPHER:")

Key = tuple[str, str]
"""A kind of node, and an identifier or a name."""


@dataclass(frozen=True)
class Nodes:
    """The graph's own nodes by kind and CURIE; `names` and `references` lead to CURIEs among them.

    `references` are the CURIEs of other databases, each with how it maps to the node. `own` are the nodes that only
    patients' records made: no public source states them.
    """

    rows: Mapping[Key, Row]
    names: Mapping[Key, tuple[str, str]]
    references: Mapping[Key, tuple[str, str]]
    own: Mapping[Key, Row] = field(default_factory=dict)

    def by_curie(self, kind: str, curie: str) -> tuple[Row, str] | None:
        """Return the node of a CURIE, its own or another database's, and how that maps; None if there is none."""
        row = self.rows.get((kind, curie))
        if row is not None:
            return row, EXACT
        found = self.references.get((kind, curie))
        return None if found is None else (self.rows[kind, found[0]], found[1])

    def row(self, kind: str, curie: str, name: str) -> Row:
        """Return the node of this CURIE, else a new one of this name."""
        found = self.by_curie(kind, curie)
        return found[0] if found else {"kind": kind, "id": curie, "name": name}

    def named(self, kind: str, name: str) -> tuple[Row, str] | None:
        """Return the node that alone has this name, or else this synonym, and how closely; None if there is none."""
        found = self.names.get((kind, folded(name)))
        return None if found is None else (self.rows[kind, found[0]], found[1])


def nodes(rows: Iterable[Row], records: Collection[str] = ()) -> Nodes:
    """Return these nodes; a name counts for more than a synonym, and what two nodes have counts for nothing.

    OMIM's synonyms do not count: they name whole families of diseases, of which an entry is one. `records` are the
    sources that are patients' records.

    >>> known = nodes([{"kind": "Disease", "id": "DOID:9352", "name": "type 2 diabetes", "xrefs": ["ICD10:E11"]}])
    >>> known.by_curie("Disease", "ICD10CM:E11")[1], known.named("Disease", "Type 2 Diabetes")[0]["id"]
    ('skos:exactMatch', 'DOID:9352')
    """
    by_curie: dict[Key, Row] = {}
    names: dict[Key, set[str]] = defaultdict(set)
    synonyms: dict[Key, set[str]] = defaultdict(set)
    references: dict[Key, set[tuple[str, str]]] = defaultdict(set)
    own: dict[Key, Row] = {}
    for row in rows:
        kind, curie = row["kind"], row["id"]
        if records and row["provided_by"] and set(row["provided_by"]).issubset(records):
            own[kind, curie] = row
            continue
        by_curie[kind, curie] = row
        names[kind, folded(row["name"] or "")].add(curie)
        for synonym in () if curie.startswith("OMIM:") else row.get("synonyms") or ():
            synonyms[kind, folded(synonym)].add(curie)
        for reference, mapping in _references(row):
            references[kind, reference].add((curie, mapping))
    only = {key: (min(found), CLOSE) for key, found in synonyms.items() if len(found) == 1 and key not in names}
    only |= {key: (min(found), EXACT) for key, found in names.items() if len(found) == 1 and key[1]}
    return Nodes(
        by_curie,
        only,
        {key: min(found) for key, found in references.items() if len(found) == 1},
        own,
    )


def _references(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the CURIEs that other databases have for a node, and how each maps to it.

    Where a system has several codes for it, one of ICD's is as broad as the node only if it is above all others; others
    are close. Orphanet and OMIM cite the code of ICD that a rare disease is counted under: whoever has that code hardly
    has the disease, so that such a reference counts for nothing.
    """
    rare = row["id"].startswith(_OF_RARE_DISEASES)
    by_prefix: dict[str, set[str]] = defaultdict(set)
    for curie in row.get("xrefs") or ():
        prefix, _, code = curie.partition(":")
        if prefix not in _OF_NO_RECORD and not (rare and prefix.startswith("ICD")):
            by_prefix[UNITED.get(prefix, prefix)].add(code)
    by_prefix["ATC"].update(code for code in row.get("atc_codes") or ())
    by_prefix["HGVS"].update(row.get("hgvs") or ())
    for prefix, codes in by_prefix.items():
        for code in codes:
            alone = all(other.startswith(code) for other in codes)
            several = BROAD if prefix.startswith("ICD") else EXACT if prefix in ("ATC", "HGVS") else CLOSE
            yield f"{prefix}:{code}", EXACT if alone else several

"""Nodes: those that the graph has already, found by identifier, by another database's identifier, and by name."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kg.names import folded
from kg.patients.terms.meaning import BROAD, CLOSE, EXACT, Row

UNITED = {"ICD10": "ICD10CM", "ICD9CM": "ICD9"}
"""A prefix of codes that another one's codes include -> that one."""

Key = tuple[str, str]
"""A kind of node, and an identifier or a name."""


@dataclass(frozen=True)
class Nodes:
    """The graph's own nodes by kind and CURIE; `names` and `references` lead to CURIEs among them.

    `references` are the CURIEs of other databases, each with how it maps to the node.
    """

    rows: Mapping[Key, Row]
    names: Mapping[Key, str]
    references: Mapping[Key, tuple[str, str]]

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

    def named(self, kind: str, name: str) -> Row | None:
        """Return the node of this name or synonym, unless there is none or more than one."""
        curie = self.names.get((kind, folded(name)))
        return None if curie is None else self.rows[kind, curie]


def nodes(rows: Iterable[Row]) -> Nodes:
    """Return these nodes; a name counts for more than a synonym, and what two nodes have counts for nothing.

    >>> known = nodes([{"kind": "Disease", "id": "DOID:9352", "name": "type 2 diabetes", "xrefs": ["ICD10:E11"]}])
    >>> known.by_curie("Disease", "ICD10CM:E11")[1], known.named("Disease", "Type 2 Diabetes")["id"]
    ('skos:exactMatch', 'DOID:9352')
    """
    by_curie: dict[Key, Row] = {}
    names: dict[Key, set[str]] = defaultdict(set)
    synonyms: dict[Key, set[str]] = defaultdict(set)
    references: dict[Key, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        kind, curie = row["kind"], row["id"]
        by_curie[kind, curie] = row
        names[kind, folded(row["name"] or "")].add(curie)
        for synonym in row.get("synonyms") or ():
            synonyms[kind, folded(synonym)].add(curie)
        for reference, mapping in _references(row):
            references[kind, reference].add((curie, mapping))
    names.update({key: found for key, found in synonyms.items() if key not in names})
    return Nodes(
        by_curie,
        {key: min(found) for key, found in names.items() if len(found) == 1 and key[1]},
        {key: min(found) for key, found in references.items() if len(found) == 1},
    )


def _references(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the CURIEs that other databases have for a node, and how each maps to it.

    Where a system has several codes for it, one of ICD's is as broad as the node only if it is above all others; others
    are close.
    """
    by_prefix: dict[str, set[str]] = defaultdict(set)
    for curie in row.get("xrefs") or ():
        prefix, _, code = curie.partition(":")
        by_prefix[UNITED.get(prefix, prefix)].add(code)
    by_prefix["ATC"].update(code for code in row.get("atc_codes") or ())
    by_prefix["HGVS"].update(row.get("hgvs") or ())
    for prefix, codes in by_prefix.items():
        for code in codes:
            alone = all(other.startswith(code) for other in codes)
            several = BROAD if prefix.startswith("ICD") else EXACT if prefix in ("ATC", "HGVS") else CLOSE
            yield f"{prefix}:{code}", EXACT if alone else several

"""Asked: which sources the graph has for a kind of warning, and what the drugs that are asked about are called."""

from collections.abc import Collection
from dataclasses import dataclass

from kg.query.safety.warning import WarningKind
from kg.schema import PERSON, RELATIONS
from kg.stores.protocol import Store


@dataclass(frozen=True)
class Asked:
    """A kind of warning, what it asks, and the sources in the graph that answer it; without any it was not checked."""

    kind: str
    asks: str
    sources: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in words.

        >>> str(Asked("contraindication", "Is it contraindicated?", ()))
        'not checked: contraindication (the graph has no source of it)'
        """
        by = ", ".join(self.sources)
        return f"checked: {self.kind} (by {by})" if by else f"not checked: {self.kind} (the graph has no source of it)"


def asked(store: Store, kind: WarningKind) -> Asked:
    """Return which sources state edges that a kind of warning rests on; a patient's own record is none of them."""
    found: set[str] = set()
    for relation, condition in kind.rests_on.items():
        ends = RELATIONS[relation]
        if ends.subject != PERSON:
            where = f"WHERE {condition} " if condition else ""
            rows = store.query(
                f"MATCH (:{ends.subject})-[r:{relation}]->(:{ends.object}) {where}"
                "RETURN DISTINCT r.source AS source, r.source_version AS version",
                {},
            )
            found |= {f"{row['source']} {row['version'] or ''}".strip() for row in rows}
    return Asked(kind.name, kind.asks, tuple(sorted(found)))


def names_of(store: Store, drugs: Collection[str] | None = None) -> dict[str, str]:
    """Return the names of these drugs that the graph has, by identifier, or of all; one without a name has its own."""
    wanted = "" if drugs is None else "WHERE d.id IN $drugs "
    rows = store.query(
        f"MATCH (d:Drug) {wanted}RETURN d.id AS id, d.name AS name ORDER BY id",
        {} if drugs is None else {"drugs": sorted(set(drugs))},
    )
    return {row["id"]: row["name"] or row["id"] for row in rows}

"""Naming: which nodes a folded text names, or has in their names: from names that are held, else in Cypher."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from kg.names import END
from kg.schema import NODE_KINDS, PERSON, consenting
from kg.stores.held import names_of
from kg.stores.held_names import Names
from kg.stores.protocol import OTHER_VERSION, Store, StoreError

_CALLED = {
    "identifier": "n.folded_id = $text",
    "cross-reference": "$text IN n.xrefs",
    "name": "n.folded_name = $text",
    "synonym": "n.folded_synonyms CONTAINS $whole",
}
_LIKE = (
    "n.folded_name CONTAINS $text OR n.folded_name STARTS WITH $beginning OR (n.folded_name STARTS WITH $initial "
    "AND size(n.folded_name) >= $low AND size(n.folded_name) <= $high)"
)
_HOLDS = "(n.folded_name CONTAINS $text OR n.folded_synonyms CONTAINS $text)"
_RANK = (
    "CASE WHEN n.folded_name = $text THEN 0 WHEN n.folded_synonyms CONTAINS $whole THEN 1 "
    "WHEN n.folded_name STARTS WITH $text THEN 2 WHEN n.folded_synonyms CONTAINS $beginning THEN 3 "
    "WHEN n.folded_name CONTAINS $text THEN 4 ELSE 5 END"
)


class Named(NamedTuple):
    """A node: its identifier, kind and name."""

    id: str
    kind: str
    name: str


class Match(NamedTuple):
    """A node that holds a text, and how: the lower the rank, the better (`kg.search.MATCHES`)."""

    rank: int
    named: Named
    synonyms: tuple[str, ...]


def called(store: Store, way: str, text: str, kinds: Collection[str]) -> tuple[Named, ...]:
    """Return the nodes of some kinds of which a text is what `way` says (`kg.stores.held_names.WAYS`)."""
    found: tuple[Named, ...] = ()
    if (held := names_of(store)) is not None:
        found = tuple(Named(held.ids[one], held.key(one)[0], held.names[one]) for one in held.called(way, text, kinds))
        kinds = _apart(held, kinds)
    return found + _asked(store, kinds, _CALLED[way], {"whole" if way == "synonym" else "text": _whole(way, text)})


def like(store: Store, text: str, kinds: Collection[str]) -> tuple[Named, ...]:
    """Return the nodes of some kinds whose names hold a folded text, begin as it does, or are nearly as long."""
    found: tuple[Named, ...] = ()
    if (held := names_of(store)) is not None:
        found = tuple(Named(held.ids[one], held.key(one)[0], held.names[one]) for one in held.like(text, kinds))
        kinds = _apart(held, kinds)
    parameters = {"text": text, "beginning": text[:3], "initial": text[:1], "low": len(text) - 3, "high": len(text) + 3}
    return found + _asked(store, kinds, _LIKE, parameters)


def matching(store: Store, text: str, kinds: Collection[str], limit: int) -> tuple[list[Match], int]:
    """Return the first of the nodes of some kinds that hold a folded text, best first, and how many do.

    Of equal matches the shorter name comes first, then by name and identifier. Without a text it is all nodes, by name.
    A patient who withdrew consent is not among them.
    """
    if not text or (held := names_of(store)) is None:
        return _matching(store, text, kinds, limit)
    nodes, ranks = held.matching(text, kinds)
    total = len(nodes)
    found = [
        Match(int(rank), Named(held.ids[one], held.key(one)[0], held.names[one]), tuple(held.synonyms[one].as_py()))
        for one, rank in zip(nodes[:limit].tolist(), ranks[:limit], strict=True)
    ]
    if kinds := _apart(held, kinds):
        more, others = _matching(store, text, kinds, limit)
        found = sorted([*found, *more], key=lambda one: (one.rank, len(one.named.name)))[:limit]
        total += others
    return found, total


def check_version(store: Store, kinds: Collection[str]) -> None:
    """Raise `StoreError` if nothing was found because the store, of an earlier version, keeps no folded names."""
    if store.query(f"MATCH (n:{'|'.join(kinds)}) WHERE n.folded_id IS NULL RETURN n.id AS id LIMIT 1", {}):
        raise StoreError(OTHER_VERSION)


def _apart(held: Names, kinds: Collection[str]) -> list[str]:
    return [kind for kind in kinds if kind in held.apart]


def _matching(store: Store, text: str, kinds: Collection[str], limit: int) -> tuple[list[Match], int]:
    rank, order = "0", "n.folded_name, n.id"
    parameters: dict[str, object] = {}
    asked = [consenting("n")] if PERSON in kinds else []
    if text:
        asked, rank, order = [*asked, _HOLDS], _RANK, f"rank, size(n.folded_name), {order}"
        parameters = {"text": text}
    matched = f"MATCH (n:{'|'.join(kinds)})" + (f" WHERE {' AND '.join(asked)}" if asked else "")
    rows = store.query(
        f"{matched} WITH n, {rank} AS rank ORDER BY {order} LIMIT $limit "
        "RETURN n.id AS id, labels(n) AS labels, n.name AS name, n.synonyms AS synonyms, rank",
        {"limit": limit, **parameters, **({"beginning": END + text, "whole": END + text + END} if text else {})},
    )
    total = len(rows)
    if total == limit:
        total = store.query(f"{matched} RETURN count(n) AS total", parameters)[0]["total"]
    return [Match(row["rank"], _named(row), tuple(row["synonyms"] or ())) for row in rows], total


def _asked(store: Store, kinds: Collection[str], condition: str, parameters: Mapping[str, object]) -> tuple[Named, ...]:
    if not kinds:
        return ()
    cypher = f"MATCH (n:{'|'.join(kinds)}) WHERE {condition} RETURN n.id AS id, labels(n) AS labels, n.name AS name"
    return tuple(_named(row) for row in store.query(cypher, parameters))


def _whole(way: str, text: str) -> str:
    return END + text + END if way == "synonym" else text


def _named(row: Mapping[str, Any]) -> Named:
    """Return a node of a row; of its labels Ladybug gives the only one, Neo4j a list."""
    labels = row["labels"]
    kind = labels if isinstance(labels, str) else next(label for label in labels if label in NODE_KINDS)
    return Named(row["id"], kind, row["name"])

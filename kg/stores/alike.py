"""Alike: which nodes of a store have a name that is spelt nearly as a text; all names are read once for that."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from kg.names import END
from kg.schema import NODE_KINDS, PERSON
from kg.spelling import Spellings, near, spellings
from kg.stores.held import names_of
from kg.stores.naming import Named, check_version
from kg.stores.protocol import Key, Store
from kg.stores.releases import read_releases


def spelt_nearly(
    store: Store, wanted: str, kinds: Collection[str], known: Collection[Key], limit: int
) -> tuple[dict[Named, str], int]:
    """Return the first nodes of these kinds, not known already, whose names are spelt nearly so, and how many are.

    With each stands which of its names that is. A pseudonym has no spelling: nobody is found by one that is nearly
    right.
    """
    held = names_of(store)
    names = _names(store) if held is None else held
    alike = [(names.key(one.node), one.name) for one in near(names.spelt, wanted)]
    new = [(key, name) for key, name in alike if key[0] in kinds and key[0] != PERSON and key not in known]
    stored: dict[Key, dict[str, Any]] = {}
    for kind in {kind for (kind, _), _ in new[:limit]}:
        for row in store.query(
            f"UNWIND $ids AS wanted MATCH (n:{kind}) WHERE n.id = wanted "
            "RETURN n.id AS id, n.name AS name, n.synonyms AS synonyms",
            {"ids": [node for (of, node), _ in new[:limit] if of == kind]},
        ):
            stored[kind, row["id"]] = row
    found = {}
    for key, name in new[:limit]:
        if about := stored.get(key):  # else it is gone since the names were read
            synonyms = about["synonyms"] or []
            told = f"similar synonym {synonyms[name - 1]!r}" if 0 < name <= len(synonyms) else "similar name"
            found[Named(key[1], key[0], about["name"])] = told
    return found, len(new) - (len(new[:limit]) - len(found))


@dataclass(frozen=True)
class _Names:
    """All names of a store's nodes; `stamp` is what the store said of its graph when they were read."""

    stamp: object
    nodes: tuple[Key, ...]
    spelt: Spellings

    def key(self, node: int) -> Key:
        """Return the kind and the identifier of a node."""
        return self.nodes[node]


_READ: WeakKeyDictionary[Store, _Names] = WeakKeyDictionary()


def _names(store: Store) -> _Names:
    """Return all names, read once for an open store, and again when its releases or numbers of nodes have changed.

    Which names are like a text is decided by what was read, what is told of a node is what the store has now.
    """
    counted = " UNION ALL ".join(
        f"MATCH (n:{kind}) WITH count(*) AS count RETURN '{kind}' AS kind, count" for kind in NODE_KINDS
    )
    counts = {row["kind"]: row["count"] for row in store.query(counted, {}) if row["count"]}
    stamp = counts, read_releases(store)
    if (read := _READ.get(store)) is None or read.stamp != stamp:
        check_version(store, NODE_KINDS)
        nodes: list[Key] = []
        texts: list[list[str]] = []
        for kind in counts:
            [row] = store.query(
                f"MATCH (n:{kind}) RETURN collect(n.id) AS ids, collect(n.folded_name) AS names, "
                "collect(n.folded_synonyms) AS synonyms",
                {},
            )
            nodes += [(kind, node) for node in row["ids"]]
            for name, synonyms in zip(row["names"], row["synonyms"], strict=True):
                texts.append([name, *synonyms.strip(END).split(END)])
        read = _READ[store] = _Names(stamp, tuple(nodes), spellings(texts))
    return read

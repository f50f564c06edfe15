"""Search: which node a text means, and which nodes have it in their name; in the Cypher both stores speak."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from kg.schema import NODE_KINDS
from kg.stores.protocol import Store

NEAREST = 5
MATCHES = ("exact", "prefix of", "part of")


class UnknownNode(ValueError):
    """A text that names no node."""


class AmbiguousName(ValueError):
    """A text that names several nodes; `choices` are those."""

    def __init__(self, text: str, choices: tuple["Node", ...]) -> None:
        listed = "; ".join(f"{node.id} ({node.kind} {node.name})" for node in choices)
        super().__init__(f"{text!r} names {len(choices)} nodes: {listed}. Give one of these identifiers")
        self.choices = choices


@dataclass(frozen=True)
class Node:
    """A node by its identifier (a CURIE), its kind and its name."""

    id: str
    kind: str
    name: str


def find(store: Store, text: str, kind: str | None = None) -> Node:
    """Return the one node that a CURIE, a name or a synonym means, in any capitalisation.

    A node whose name it is wins over nodes whose synonym it is. With `kind`, only nodes of that kind are meant. Raises
    `UnknownNode`, with the nearest names, or `AmbiguousName`, with the choices.
    """
    kinds = [kind] if kind else list(NODE_KINDS)
    found = _meant(store, text, kinds)
    if len(found) > 1:
        raise AmbiguousName(text, tuple(sorted(found, key=lambda node: (kinds.index(node.kind), node.id))))
    if not found:
        raise UnknownNode(_unknown(store, text, kinds))
    return found[0]


def search(store: Store, text: str, limit: int = 20) -> pd.DataFrame:
    """Return the nodes that have the text in their name or a synonym, the best matches first.

    Columns: id, kind, name, match. Exact matches come before those that begin with the text, and these before the
    rest; of equal ones, names before synonyms, the shorter first. Raises `ValueError` for an empty text, or a limit
    below 1.
    """
    check_count("limit", limit)
    wanted = text.strip().lower()
    if not wanted:
        raise ValueError("the text to search for is empty: give a part of a name or a synonym")
    rank = "CASE WHEN toLower({t}) = $text THEN 0 WHEN toLower({t}) STARTS WITH $text THEN 1 ELSE 2 END"
    order = "WITH n, {t} AS t, " + rank + " AS rank ORDER BY rank, size(t), t LIMIT $limit RETURN {node}, t, rank"
    names = "MATCH (n:{kind}) WHERE toLower(n.name) CONTAINS $text " + order.replace("{t}", "n.name")
    synonyms = "MATCH (n:{kind}) UNWIND n.synonyms AS s WITH n, s WHERE toLower(s) CONTAINS $text " + order.replace(
        "{t}", "s"
    )
    found: list[tuple[int, int, int, str, str, str, str]] = []
    for synonym, clause in enumerate((names, synonyms)):
        for row in store.query(_union(NODE_KINDS, clause), {"text": wanted, "limit": limit}):
            match = f"{MATCHES[row['rank']]} " + (f"synonym {row['t']!r}" if synonym else "name")
            found.append((row["rank"], synonym, len(row["t"]), row["id"], row["kind"], row["name"], match))
    best = pd.DataFrame([row[3:] for row in sorted(found)], columns=["id", "kind", "name", "match"])
    return best.drop_duplicates(["id", "kind"], ignore_index=True).head(limit)


def check_count(name: str, count: int) -> None:
    """Raise `ValueError` where an argument, how many answers are wanted, is below 1."""
    if count < 1:
        raise ValueError(f"{name} is {count}: expected 1 or more")


def _union(kinds: Iterable[str], clause: str) -> str:
    """Return the clause for each kind; `{node}` in it stands for the columns of a `Node`."""
    node = "n.id AS id, '{kind}' AS kind, n.name AS name"
    return " UNION ALL ".join(clause.replace("{node}", node).replace("{kind}", kind) for kind in kinds)


def _nodes(store: Store, kinds: Iterable[str], clause: str, parameters: Mapping[str, object]) -> tuple[Node, ...]:
    """Return the nodes `n` of these kinds that a clause leaves over."""
    cypher = f"MATCH (n:{'|'.join(kinds)}) {clause} RETURN DISTINCT n.id AS id, labels(n) AS labels, n.name AS name"
    return tuple(Node(row["id"], _kind(row["labels"]), row["name"]) for row in store.query(cypher, parameters))


def _kind(labels: str | list[str]) -> str:
    """Return the kind among a node's labels: Ladybug gives the only one, Neo4j a list."""
    return labels if isinstance(labels, str) else next(label for label in labels if label in NODE_KINDS)


def _meant(store: Store, text: str, kinds: list[str]) -> tuple[Node, ...]:
    """Return the nodes of these kinds that have the text as identifier, else as name, else as synonym."""
    wanted = {"text": text.strip().lower()}
    return (
        with_identifier(store, text, kinds)
        or _nodes(store, kinds, "WHERE toLower(n.name) = $text", wanted)
        or _nodes(store, kinds, "UNWIND n.synonyms AS s WITH n, s WHERE toLower(s) = $text", wanted)
    )


def with_identifier(store: Store, text: str, kinds: Iterable[str]) -> tuple[Node, ...]:
    """Return the nodes with this identifier, as it is written if there are some, else in other capitalisation."""
    prefix = text.strip().partition(":")[0].lower()
    fitting = [kind for kind in kinds if prefix in map(str.lower, NODE_KINDS[kind].prefixes)]
    if not fitting:
        return ()
    exact = store.nodes([(kind, text.strip()) for kind in fitting])
    return tuple(Node(node, kind, found.name) for (kind, node), found in exact.items()) or _nodes(
        store, fitting, "WHERE toLower(n.id) = $text", {"text": text.strip().lower()}
    )


def _unknown(store: Store, text: str, kinds: list[str]) -> str:
    """Say that nothing has this name, and what else has it, or a similar one."""
    what = kinds[0].lower() if len(kinds) == 1 else "node"
    others = [kind for kind in NODE_KINDS if kind not in kinds]
    if meant := others and _meant(store, text, others):
        told = "; ".join(f"{node.name} is a {node.kind} ({node.id})" for node in meant[:NEAREST])
        return f"no {what} has the identifier, name or synonym {text!r}: {told}; expected a {kinds[0]}"
    wanted = text.strip().lower()
    similar = _nodes(
        store,
        kinds,
        "WHERE toLower(n.name) CONTAINS $text OR (toLower(n.name) STARTS WITH $initial "
        "AND size(n.name) >= $low AND size(n.name) <= $high)",
        {"text": wanted, "initial": wanted[:1], "low": len(wanted) - 3, "high": len(wanted) + 3},
    )
    nodes = {node.name.lower(): node for node in similar}
    near = get_close_matches(wanted, nodes, n=NEAREST)
    hint = "; ".join(f"{nodes[name].name} ({nodes[name].kind} {nodes[name].id})" for name in near)
    cure = f"did you mean {hint}?" if hint else "look for a part of the name with `panakeia search`"
    return f"no {what} has the identifier, name or synonym {text!r}: {cure}"

"""Known: what every store keeps of its nodes, asked for so that a store of another version is noticed."""

from collections.abc import Collection

import pyarrow as pa

from kg.graph import table
from kg.schema import PERSON, WITHDRAWN, node_columns
from kg.search import Node
from kg.stores.protocol import OTHER_VERSION, Key, Known, Store, StoreError


def look_up(store: Store, found: Collection[Key]) -> dict[Key, Known]:
    """Return what is known of nodes that were found; raises `StoreError` where the store does not keep it."""
    answers = store.nodes(found)
    if answers.keys() < set(found):
        raise StoreError(OTHER_VERSION)
    return answers


def nodes_of(store: Store, kind: str, ids: Collection[str]) -> pa.Table:
    """Return these nodes of a kind, as they are stored."""
    columns = node_columns(kind)
    told = ", ".join(f"n.`{column}` AS `{column}`" for column in columns)
    rows = store.query(f"UNWIND $ids AS wanted MATCH (n:{kind}) WHERE n.id = wanted RETURN {told}", {"ids": list(ids)})
    return table(columns, rows)


def check_consent(store: Store, *nodes: Node) -> None:
    """Raise `ValueError` where a walk is to begin or end at a patient who withdrew consent."""
    for node in nodes:
        if node.kind == PERSON and any(
            row["consent"] == WITHDRAWN
            for row in store.query(f"MATCH (p:{PERSON} {{id: $id}}) RETURN p.consent AS consent", {"id": node.id})
        ):
            raise ValueError("the patient withdrew consent: no walk leads from or to the record")


def identifiers(store: Store, kind: str) -> pa.Array:
    """Return the identifiers of all nodes of a kind, in order."""
    rows = store.query(f"MATCH (n:{kind}) RETURN n.id AS id", {})
    return pa.array(sorted(row["id"] for row in rows), pa.string())

"""Predicted: the edges that a model put into a store, and the pairs that curators refused."""

from collections.abc import Sequence

import pyarrow as pa

from kg.graph import table
from kg.schema import RELATIONS, edge_columns
from kg.stores.protocol import Store


def edges_of(store: Store, relation: str) -> pa.Table:
    """Return all edges of a relation, with all their columns: of one with few, such as a predicted one."""
    ends, columns = RELATIONS[relation], edge_columns(relation)
    told = ", ".join(f"r.`{column}` AS `{column}`" for column in columns if column not in ("subject", "object"))
    rows = store.query(
        f"MATCH (a:{ends.subject})-[r:{relation}]->(b:{ends.object}) RETURN a.id AS subject, b.id AS object, {told}", {}
    )
    return table(columns, rows)


def pairs_of(store: Store, relation: str) -> Sequence[tuple[str, str]]:
    """Return the subject and the object of each edge of a relation."""
    ends = RELATIONS[relation]
    rows = store.query(
        f"MATCH (a:{ends.subject})-[:{relation}]->(b:{ends.object}) RETURN a.id AS subject, b.id AS object", {}
    )
    return [(row["subject"], row["object"]) for row in rows]

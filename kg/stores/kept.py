"""What stores keep of each node beside its own columns: its degrees, and its identifier, name and synonyms folded.

A store compares letters by what it keeps here with a folded parameter, never by its own idea of capitals.
"""

import pyarrow as pa

from kg.graph import Graph, arrow_schema
from kg.names import folded, listed
from kg.schema import AttributeType
from kg.stores.degrees import DEGREE_COLUMNS, with_degrees

FOLDED_COLUMNS: dict[str, AttributeType] = {"folded_id": "string", "folded_name": "string", "folded_synonyms": "string"}
"""Identifier and name as `kg.names.folded`, synonyms as `kg.names.listed`; none of them is ever null."""

KEPT_COLUMNS = DEGREE_COLUMNS | FOLDED_COLUMNS


def with_kept(graph: Graph) -> dict[str, pa.Table]:
    """Return the graph's tables of nodes with `KEPT_COLUMNS`."""
    return {kind: _with_folded(nodes) for kind, nodes in with_degrees(graph).items()}


def _with_folded(nodes: pa.Table) -> pa.Table:
    values = (
        [folded(identifier) for identifier in nodes["id"].to_pylist()],
        [folded(name or "") for name in nodes["name"].to_pylist()],
        [listed(synonyms or ()) for synonyms in nodes["synonyms"].to_pylist()],
    )
    for column, texts in zip(arrow_schema(FOLDED_COLUMNS), values, strict=True):
        nodes = nodes.append_column(column, pa.array(texts, column.type))
    return nodes

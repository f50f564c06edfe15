"""Meaning: which node a code stands for, under which relation of the patient's, and how the one came to mean the other.

The kinds of mapping are SKOS's, from the code to the node: `BROAD` says that the node is broader than the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""A node as `kg.rows.Rows` has it: `kind`, `id`, `name`, and what else is known of it."""

EXACT, CLOSE = "skos:exactMatch", "skos:closeMatch"
BROAD, NARROW = "skos:broadMatch", "skos:narrowMatch"
UNMAPPED = "unmapped"
"""The node is the code's own: no public source of the graph states it."""

MAPPINGS = (EXACT, CLOSE, BROAD, NARROW, UNMAPPED)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an event states of its patient: the relation, the node that it leads to, by which code, how that maps.

    `code` is a CURIE as recorded, with the dots that its system has; empty where only a name told the node.
    """

    relation: str
    node: Row
    code: str
    mapping: str

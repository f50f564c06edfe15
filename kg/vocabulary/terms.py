"""Terms: what a kind of node and a relation are, in the words of the Biolink Model 4."""

from dataclasses import dataclass, field
from typing import Literal

AttributeType = Literal["string", "double", "int64", "string[]", "int64[]", "boolean"]


@dataclass(frozen=True)
class NodeKind:
    """What a node may be.

    `prefixes` are the CURIE prefixes that identify such a node, the preferred one first; `attributes` are the columns
    that this kind has beside `kg.schema.NODE_COLUMNS`.
    """

    name: str
    biolink: str
    prefixes: tuple[str, ...]
    attributes: dict[str, AttributeType] = field(default_factory=dict)


@dataclass(frozen=True)
class Relation:
    """What an edge may be: from one kind of node to another.

    `symmetric` relations are stored once a source and read both ways; `predicted` ones come from a model and are never
    learned from; `negated` ones say what is not so, not known to be so, or not to be done: no path goes along them, and
    their Biolink predicate does not claim the opposite; `attributes` are the columns beside the ends and
    `kg.schema.EVIDENCE_COLUMNS`; `identity` are those of them that tell two edges apart which one source states between
    the same ends (see `kg.schema.edge_identity`).
    """

    name: str
    subject: str
    object: str
    biolink: str
    symmetric: bool = False
    predicted: bool = False
    negated: bool = False
    attributes: dict[str, AttributeType] = field(default_factory=dict)
    identity: tuple[str, ...] = ()

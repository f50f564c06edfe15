"""Columns: what KGX calls what we have, our own columns beside them, and how a cell of its TSV is escaped.

KGX's TSV has no quoting, so that no cell can hold a tab, a line end or, in a list, a bar. Files of ours, known by their
column `panakeia_kind` or `panakeia_relation`, write them with a backslash; elsewhere a backslash is a backslash.
"""

import re
from collections.abc import Mapping, Sequence

from kg.schema import NODE_KINDS, RELATIONS, AttributeType

KIND, RELATION = "panakeia_kind", "panakeia_relation"
"""The columns that say which of our kinds a node and which of our relations an edge is."""

QUALIFIER = re.compile(r"(\w+_qualifier|qualified_predicate|qualified_object_\w+|qualified_subject_\w+|negated)")
"""What a column is called that qualifies an edge."""

_TAKEN = frozenset(
    {"id", "name", "category", "subject", "object", "predicate", "qualifiers", "references", "licence", "negated"}
)
"""Columns that mean something else in KGX, or could in another's graph."""

_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "|": "\\|"}
_SPECIAL = re.compile(r"[\\\t\n\r|]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"t": "\t", "n": "\n", "r": "\r", "e": ""}
_BETWEEN = re.compile(r"((?:[^\\|]|\\.)*)(?:\||$)", re.DOTALL)
EMPTY, EMPTY_LIST = "\\e", "\\[]"
"""How an empty text and an empty list are written: an empty cell is a missing value."""


def own(column: str) -> str:
    """Return what a column of ours is called in a KGX file.

    >>> own("affinity_nM"), own("source"), own("predicate")
    ('affinity_nM', 'panakeia_source', 'panakeia_predicate')
    """
    evidence = column.startswith("source")
    return f"panakeia_{column}" if column in _TAKEN or evidence else column


def node_attributes() -> Mapping[str, AttributeType]:
    """Return the attributes of all kinds."""
    return {name: kind for node in NODE_KINDS.values() for name, kind in node.attributes.items()}


def edge_attributes() -> Mapping[str, AttributeType]:
    """Return the attributes of all relations."""
    return {name: kind for relation in RELATIONS.values() for name, kind in relation.attributes.items()}


def escaped(text: str) -> str:
    r"""Return a text as a cell of our TSV, or an item of a list in one.

    >>> print(escaped("a|b\tc"), escaped(""))
    a\|b\tc \e
    """
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], text) or EMPTY


def unescaped(cell: str) -> str:
    r"""Return the text of a cell of our TSV.

    >>> unescaped(escaped("a|b\tc\\")) == "a|b\tc\\"
    True
    """
    return _ESCAPE.sub(lambda found: _UNESCAPED.get(found[1], found[1]), cell) if "\\" in cell else cell


def joined(items: Sequence[str]) -> str:
    """Return a list as a cell of our TSV."""
    return "|".join(map(escaped, items)) if items else EMPTY_LIST


def parted(cell: str) -> list[str]:
    r"""Return the list in a cell of our TSV.

    >>> parted(joined(["a|b", "", "c"])), parted(joined([]))
    (['a|b', '', 'c'], [])
    """
    if cell == EMPTY_LIST:
        return []
    if "\\" not in cell:
        return cell.split("|")
    return [unescaped(item) for item in _BETWEEN.findall(cell)[: _bars(cell) + 1]]


def _bars(cell: str) -> int:
    return _ESCAPE.sub("", cell).count("|")

"""Words: how the page says what the graph names: kinds, relations, and what is known of a pair."""

import re

_KINDS = {"SideEffect": "side effect", "GenePhenotype": "gene phenotype", "PharmacologicClass": "drug class"}


def kind_words(kind: str) -> str:
    """Return a kind of node as words.

    >>> kind_words("BiologicalProcess"), kind_words("SideEffect")
    ('biological process', 'side effect')
    """
    return _KINDS.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def relation_words(relation: str) -> str:
    """Return a relation as words.

    >>> relation_words("disease_associates_gene")
    'disease associates gene'
    """
    return relation.replace("_", " ")

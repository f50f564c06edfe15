"""Words: how the page says what the graph names: kinds, relations, and what is known of a pair."""

import re

_KINDS = {"SideEffect": "side effect", "GenePhenotype": "gene phenotype", "PharmacologicClass": "drug class"}


def kind_words(kind: str) -> str:
    """Return a kind of node as words.

    >>> kind_words("BiologicalProcess"), kind_words("SideEffect")
    ('biological process', 'side effect')
    """
    return _KINDS.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


_ENDS = "drug|disease|gene|anatomy|class|variant|haplotype|phenotype|pathway|symptom|patient"


def arrow_words(relation: str) -> str:
    """Return a relation as words beside an arrow, whose ends say of which kinds they are.

    >>> arrow_words("drug_upregulates_gene"), arrow_words("causes_side_effect"), arrow_words("treats")
    ('upregulates', 'causes side effect', 'treats')
    """
    return re.sub(f"^(?:{_ENDS})_(?=.)|(?<=.)_(?:{_ENDS})$", "", relation).replace("_", " ")


def relation_words(relation: str) -> str:
    """Return a relation as words.

    >>> relation_words("disease_associates_gene")
    'disease associates gene'
    """
    return relation.replace("_", " ")

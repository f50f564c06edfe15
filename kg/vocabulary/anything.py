"""Anything: what other graphs say that no relation of ours says, with their own Biolink words kept on the edge."""

import re

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

KINDS = (NodeKind("Entity", "biolink:NamedThing", (), {"category": "string"}),)
"""What is none of our other kinds; any known prefix identifies it, and `category` is its Biolink class."""

JOINED = (
    "Gene",
    "Variant",
    "Drug",
    "Disease",
    "Phenotype",
    "Anatomy",
    "BiologicalProcess",
    "CellularComponent",
    "MolecularFunction",
    "Pathway",
    "Entity",
)
"""The kinds that other graphs may join in a way of their own."""

_QUALIFIED: dict[str, AttributeType] = {"predicate": "string", "qualifiers": "string"}


def related(subject: str, target: str) -> str:
    """Return the name of the relation for whatever joins these two kinds.

    >>> related("Gene", "BiologicalProcess")
    'gene_related_to_biological_process'
    """
    subject, target = (re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower() for kind in (subject, target))
    return f"{subject}_related_to_{target}"


_LACKING = Relation("anatomy_does_not_express_gene", "Anatomy", "Gene", "biolink:related_to", negated=True)

RELATIONS = (
    *(
        Relation(
            related(subject, target),
            subject,
            target,
            "biolink:related_to",
            attributes=_QUALIFIED,
            identity=("predicate", "qualifiers"),
        )
        for subject in JOINED
        for target in JOINED
    ),
    _LACKING,
)
"""One for each ordered pair, and what other graphs deny: `predicate` is the edge's own, `qualifiers` its Biolink
qualifiers, sorted, as `slot=value|slot=value`."""

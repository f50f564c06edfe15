"""Judgements: what curators said of a drug and a disease when they looked and did not call it a treatment."""

from kg.vocabulary.terms import Relation

RELATIONS = (
    Relation(
        "not_indicated_for",
        "Drug",
        "Disease",
        "biolink:treats_or_applied_or_studied_to_treat",
        negated=True,
        attributes={"votes": "string[]"},
    ),
)
"""Biolink has no word for it, only `treats` with the slot `negated`; a reader who drops that slot would be told of a
treatment. The broader predicate is true of each pair: some resource lists the drug for the disease, which is why
curators looked at it. What they found is the relation's name and `votes`, `curator=vote` each."""

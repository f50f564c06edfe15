"""Judgements: what speaks against a drug for a disease: curators call it no treatment, or say not to give it."""

from kg.vocabulary.terms import Relation

CONTRAINDICATED = "biolink:contraindicated_in"


def _contraindicated(name: str, target: str) -> Relation:
    return Relation(
        name,
        "Drug",
        target,
        CONTRAINDICATED,
        negated=True,
        attributes={"qualifiers": "string"},
        identity=("qualifiers",),
    )


RELATIONS = (
    Relation(
        "not_indicated_for",
        "Drug",
        "Disease",
        "biolink:treats_or_applied_or_studied_to_treat",
        negated=True,
        attributes={"votes": "string[]"},
    ),
    _contraindicated("contraindicated_in", "Disease"),
    _contraindicated("contraindicated_in_phenotype", "Phenotype"),
)
"""Biolink has no word for the first, only `treats` with the slot `negated`; a reader who drops that slot would be told
of a treatment. The broader predicate is true of each pair: some resource lists the drug for the disease, which is why
curators looked at it. What they found is the relation's name and `votes`, `curator=vote` each. A contraindication
denies nothing, but is no evidence for the drug: no path leads along it. `qualifiers` are Biolink's, such as whom alone
it concerns."""

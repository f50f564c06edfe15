"""Oncology: what a tumour's variants say of drugs and of the disease, each statement with its curated evidence.

What evidence speaks against has relations of its own, marked `negated`: nobody who asks for a variant's drugs counts
it by accident.
"""

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

KINDS: tuple[NodeKind, ...] = ()

_CURATED: dict[str, AttributeType] = {
    "evidence_id": "string",
    "molecular_profile": "string",
    "evidence_type": "string",
    "direction": "string",
    "clinical_significance": "string",
    "level": "string",
    "rating": "int64",
    "evidence_status": "string",
    "variant_origin": "string",
    "trials": "string[]",
}
"""`level` is A (validated) to E (inferential), `rating` 1 to 5 stars, `trials` CURIEs of ClinicalTrials.gov."""

_OF_DRUG: dict[str, AttributeType] = {
    "disease": "string",
    "disease_name": "string",
    "combination": "string",
    "with_drugs": "string[]",
}
"""`disease` is a CURIE; `combination` says how the drugs of the evidence were given, of which `with_drugs` names the
others."""


def _of_drug(name: str, biolink: str, *, negated: bool = False) -> Relation:
    attributes = _CURATED | _OF_DRUG
    return Relation(name, "Variant", "Drug", biolink, negated=negated, attributes=attributes, identity=("evidence_id",))


def _of_disease(name: str, biolink: str, *, negated: bool = False) -> Relation:
    return Relation(
        name, "Variant", "Disease", biolink, negated=negated, attributes=_CURATED, identity=("evidence_id",)
    )


RELATIONS = (
    _of_drug("variant_sensitizes_to_drug", "biolink:associated_with_sensitivity_to"),
    _of_drug("variant_confers_resistance_to_drug", "biolink:associated_with_resistance_to"),
    _of_drug("variant_alters_response_to_drug", "biolink:associated_with_response_to"),
    _of_drug("variant_not_shown_to_affect_drug", "biolink:related_to", negated=True),
    _of_disease("variant_predisposes_to_disease", "biolink:associated_with_increased_likelihood_of"),
    _of_disease("variant_uncertain_for_disease", "biolink:related_to", negated=True),
    _of_disease("variant_indicates_disease", "biolink:associated_with"),
    _of_disease("variant_worsens_outcome_of_disease", "biolink:associated_with"),
    _of_disease("variant_improves_outcome_of_disease", "biolink:associated_with"),
    _of_disease("variant_not_shown_to_affect_disease", "biolink:related_to", negated=True),
)

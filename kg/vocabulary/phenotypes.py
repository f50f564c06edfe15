"""Phenotypes: the signs of diseases, in the terms of the Human Phenotype Ontology, and how often they are seen."""

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

KINDS = (NodeKind("Phenotype", "biolink:PhenotypicFeature", ("HP", "SNOMEDCT", "MP", "UMLS", "PANAKEIA")),)

_ANNOTATED: dict[str, AttributeType] = {
    "evidence_code": "string",
    "reported_in": "string",
    "frequency_low": "double",
    "frequency_high": "double",
    "frequency_text": "string",
    "onset": "string",
    "sex": "string",
    "modifier": "string",
}
"""`frequency_low` and `frequency_high` are fractions of patients; `onset` is a CURIE, `modifier` one or several, and
`reported_in` the references, all as the annotation has them."""

_STATED_BY = ("evidence_code", "reported_in", "frequency_text", "onset", "sex", "modifier")
"""What tells two annotations of a disease with one phenotype apart: two publications may count two frequencies."""

RELATIONS = (
    Relation("phenotype_is_a_phenotype", "Phenotype", "Phenotype", "biolink:subclass_of"),
    Relation(
        "disease_has_phenotype",
        "Disease",
        "Phenotype",
        "biolink:has_phenotype",
        attributes=_ANNOTATED,
        identity=_STATED_BY,
    ),
    # Biolink negates an association and has no predicate for this: one that claims nothing cannot be misread.
    Relation(
        "disease_lacks_phenotype",
        "Disease",
        "Phenotype",
        "biolink:related_to",
        negated=True,
        attributes=_ANNOTATED,
        identity=_STATED_BY,
    ),
    Relation(
        "disease_has_mode_of_inheritance",
        "Disease",
        "Phenotype",
        "biolink:has_mode_of_inheritance",
        attributes=_ANNOTATED,
        identity=_STATED_BY,
    ),
    Relation(
        "disease_has_clinical_course",
        "Disease",
        "Phenotype",
        "biolink:has_manifestation",
        attributes=_ANNOTATED,
        identity=_STATED_BY,
    ),
    Relation(
        "disease_has_clinical_modifier",
        "Disease",
        "Phenotype",
        "biolink:has_manifestation",
        attributes=_ANNOTATED,
        identity=_STATED_BY,
    ),
    Relation(
        "disease_follows_medical_history",
        "Disease",
        "Phenotype",
        "biolink:related_to",
        attributes=_ANNOTATED,
        identity=_STATED_BY,
    ),
)

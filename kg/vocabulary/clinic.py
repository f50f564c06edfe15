"""Clinic: patients, what they have and take, and what is measured of them."""

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

KINDS = (
    NodeKind(
        "Patient",
        "biolink:Case",
        ("PANAKEIA",),
        {"sex": "string", "age_years": "double", "genotyped_genes": "string[]", "genotypes": "string[]"},
    ),
    NodeKind("Measurement", "biolink:ClinicalMeasurement", ("LOINC",)),
)

LABELS: dict[str, str] = {"genotypes": "genotyped_genes"}
"""A list among a kind's attributes -> the list that says, in the same order, what each of its values is of."""

_DATED: dict[str, AttributeType] = {"day": "int64", "record": "string"}
_EVENT = tuple(_DATED)
"""What tells two events of a patient apart: the day, and the record that tells of it (each may be null)."""

RELATIONS = (
    Relation(
        "patient_has_condition", "Patient", "Disease", "biolink:has_phenotype", attributes=_DATED, identity=_EVENT
    ),
    Relation(
        "patient_carries_variant",
        "Patient",
        "Variant",
        "biolink:has_sequence_variant",
        attributes={"copies": "int64"},
    ),
    Relation("patient_takes_drug", "Patient", "Drug", "biolink:treated_by", attributes=_DATED, identity=_EVENT),
    Relation(
        "patient_has_phenotype", "Patient", "Phenotype", "biolink:has_phenotype", attributes=_DATED, identity=_EVENT
    ),
    Relation(
        "patient_has_measurement",
        "Patient",
        "Measurement",
        "biolink:related_to",
        attributes={"value": "double", "unit": "string", **_DATED},
        identity=_EVENT,
    ),
)

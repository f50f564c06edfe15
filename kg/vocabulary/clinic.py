"""Clinic: patients, and what is known of each in time: what they have, take, undergo and carry, and what is measured.

An edge of a patient's is an event: its day, the record that states it, the code it was recorded under, and how that
code came to mean the node. A `negated` one says that the patient does not have it: who asks what a patient has never
gets it (`kg.schema.HOLDS`).
"""

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

KINDS = (
    NodeKind(
        "Patient",
        "biolink:Case",
        ("PANAKEIA",),
        {
            "sex": "string",
            "age_years": "double",
            "birth_day": "int64",
            "death_day": "int64",
            "consent": "string",
            "retracted": "string[]",
        },
    ),
    NodeKind("Measurement", "biolink:ClinicalMeasurement", ("LOINC", "SNOMEDCT", "OMOP", "PANAKEIA")),
    NodeKind(
        "Procedure", "biolink:Procedure", ("SNOMEDCT", "ICD10PCS", "ICD9CM", "CPT", "HCPCS", "CVX", "OMOP", "PANAKEIA")
    ),
    NodeKind("Visit", "biolink:ClinicalEntity", ("PANAKEIA",)),
)
"""`age_years` is that at the latest record; `birth_day` and `death_day` are on the patient's shifted calendar, null
where they would tell an age of 90 or more; `consent` is `given`, `withdrawn` or null; `retracted` are the records that
state nothing any more, each with its version. A visit is a kind of encounter, or of being observed."""

_SEEN: dict[str, AttributeType] = {"day": "int64", "minute": "int64", "precision": "string", "record": "string"}
_STATED: dict[str, AttributeType] = {"version": "int64", "code": "string", "mapping": "string", "negated": "boolean"}
_MODEL: dict[str, AttributeType] = {"model": "string", "model_version": "string", "model_sha256": "string"}
_EVENT: dict[str, AttributeType] = {**_SEEN, "end_day": "int64", **_STATED, **_MODEL}
"""`day`, `end_day`: days since 1970-01-01 on the patient's shifted calendar; `minute` is that of the day. Where the
`precision` is `month` or `year`, the day is drawn within it. `record` is the keyed name of the record, `version` orders
its states. `code` is the CURIE as recorded, `mapping` how it came to mean the node (SKOS). What a model found, and no
person, names the `model`, its version, and the digest of its weights where that is told."""
_SAME = ("day", "minute", "record", "negated")
"""What tells two events of a patient and a node apart, of one source."""
_VALUE: dict[str, AttributeType] = {"value": "double", "unit": "string", "value_code": "string"}


def _event(
    name: str,
    target: str,
    biolink: str,
    more: dict[str, AttributeType] | None = None,
    same: tuple[str, ...] = (),
) -> Relation:
    return Relation(name, "Patient", target, biolink, attributes={**(more or {}), **_EVENT}, identity=(*_SAME, *same))


RELATIONS = (
    _event("patient_has_condition", "Disease", "biolink:has_phenotype"),
    _event("patient_has_phenotype", "Phenotype", "biolink:has_phenotype"),
    _event("patient_takes_drug", "Drug", "biolink:treated_by"),
    _event("patient_allergic_to_drug", "Drug", "biolink:related_to"),
    _event("patient_allergic_to_entity", "Entity", "biolink:related_to"),
    _event("patient_had_procedure", "Procedure", "biolink:treated_by"),
    _event("patient_had_visit", "Visit", "biolink:related_to"),
    _event("patient_has_measurement", "Measurement", "biolink:related_to", _VALUE, ("value", "unit", "value_code")),
    _event("patient_carries_variant", "Variant", "biolink:has_sequence_variant", {"copies": "int64"}),
    _event("patient_carries_haplotype", "Haplotype", "biolink:has_sequence_variant", {"copies": "int64"}),
    _event("patient_has_gene_phenotype", "GenePhenotype", "biolink:has_phenotype"),
    Relation(
        "patient_has_diplotype",
        "Patient",
        "Gene",
        "biolink:related_to",
        attributes={
            "diplotypes": "string[]",
            "phenotype": "string",
            "activity_score": "double",
            "missing_positions": "string[]",
            "not_excluded": "string[]",
            "note": "string",
            "method": "string",
            **_SEEN,
            "version": "int64",
            "negated": "boolean",
        },
        identity=("day", "minute", "record"),
    ),
)
"""A variant or haplotype that was looked for and is not there is `negated`, with no copies. `diplotypes` are all that
fit; none where the gene could not be called, which `note` explains. `not_excluded` are alleles that the patient may
have as well, for the positions that tell them are missing."""

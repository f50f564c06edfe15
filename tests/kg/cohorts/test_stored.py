"""The same cohorts from both stores: names, what lies below and above them, codes as recorded, consent, periods."""

from typing import Any

import pytest

from kg.cohort import Cohort, select
from kg.cohorts.criteria import Definition
from kg.files.checked import DesignError, check
from kg.graph import Graph
from kg.query import cohort as query
from kg.stores.protocol import Store
from tests.conftest import StoreOf, make_graph

PEOPLE: dict[str, dict[str, object]] = {
    "P-a": {"sex": "female", "age_years": 50.0, "birth_day": 0},
    "P-b": {"sex": "male", "age_years": 60.0, "birth_day": -3653, "death_day": 108},
    "P-c": {"sex": "male"},
    "P-gone": {"sex": "male", "consent": "withdrawn"},
}
NODES: dict[str, list[dict[str, object]]] = {
    "Gene": [{"id": "NCBIGene:1557", "name": "CYP2C19"}],
    "Haplotype": [{"id": "PANAKEIA:CYP2C19*2", "name": "CYP2C19*2"}],
    "GenePhenotype": [{"id": "PANAKEIA:CYP2C19_Poor_Metabolizer", "name": "CYP2C19 Poor Metabolizer"}],
    "Procedure": [{"id": "SNOMEDCT:415070008", "name": "Percutaneous coronary intervention"}],
    "Entity": [{"id": "SNOMEDCT:256259004", "name": "pollen", "category": "biolink:NamedThing"}],
    "Variant": [{"id": "DBSNP:rs4244285", "name": "CYP2C19*2 lead"}],
    "Drug": [{"id": "DRUGBANK:DB00758", "name": "Clopidogrel"}, {"id": "DRUGBANK:DB00945", "name": "Aspirin"}],
    "Disease": [
        {"id": "DOID:5844", "name": "myocardial infarction"},
        {"id": "DOID:114", "name": "heart disease", "synonyms": ["cardiac disease"]},
        {"id": "DOID:1", "name": "twin"},
        {"id": "DOID:2", "name": "twin"},
        {"id": "DOID:3", "name": "gout"},
    ],
    "Patient": [{"id": f"PANAKEIA:{name}", "name": name} | told for name, told in PEOPLE.items()],
    "PharmacologicClass": [{"id": "NDFRT:N0000175578", "name": "Platelet aggregation inhibitor"}],
    "Phenotype": [
        {"id": "HP:0001626", "name": "Abnormality of the cardiovascular system"},
        {"id": "HP:0001671", "name": "Abnormal cardiac septum morphology"},
        {"id": "HP:0001631", "name": "Atrial septal defect"},
        {"id": "HP:0000114", "name": "Heart disease"},
    ],
    "Measurement": [{"id": "LOINC:4548-4", "name": "Hemoglobin A1c"}],
    "Visit": [
        {"id": "PANAKEIA:visit-inpatient", "name": "inpatient stay"},
        {"id": query.OBSERVATION_PERIOD, "name": "period of observation"},
    ],
}


Edge = tuple[str, str, str, dict[str, object]]


def of(
    who: str, relation: str, target: str, day: int | None, **told: object
) -> tuple[str, str, str, dict[str, object]]:
    """Return an event of a patient's, under a record of its own."""
    record = f"{who} {relation} {target} {day} {sorted(told.items())}"
    return relation, f"PANAKEIA:{who}", target, {"day": day, "record": record, "negated": False} | told


def everybody(relation: str, target: str, **told: object) -> list[Edge]:
    return [of(who, relation, target, 100, **told) for who in PEOPLE]


EDGES = (
    ("disease_related_to_disease", "DOID:5844", "DOID:114", {"predicate": "biolink:subclass_of"}),
    ("phenotype_is_a_phenotype", "HP:0001631", "HP:0001671", {}),
    ("phenotype_is_a_phenotype", "HP:0001671", "HP:0001626", {}),
    ("class_includes_drug", "NDFRT:N0000175578", "DRUGBANK:DB00758", {}),
    *everybody("patient_takes_drug", "DRUGBANK:DB00945", code="RXNORM:243670"),
    of("P-a", "patient_has_condition", "DOID:5844", 90, code="ICD10CM:I21.9", mapping="skos:exactMatch"),
    of("P-b", "patient_has_condition", "DOID:5844", 90, code="ICD10CM:I25", mapping="skos:narrowMatch"),
    of("P-c", "patient_has_phenotype", "HP:0000114", 90, code="SNOMEDCT:56265001"),
    of("P-a", "patient_has_phenotype", "HP:0001631", 95),
    of("P-b", "patient_has_phenotype", "HP:0001626", 95, negated=True),
    of("P-c", "patient_has_phenotype", "HP:0001631", 95, negated=True, mapping="skos:broadMatch"),
    of("P-a", "patient_takes_drug", "DRUGBANK:DB00758", 120, end_day=150, code="RXNORM:309362"),
    of("P-b", "patient_had_visit", query.OBSERVATION_PERIOD, 0, end_day=110),
    of("P-b", "patient_had_visit", "PANAKEIA:visit-inpatient", 105, end_day=109),
    of("P-a", "patient_has_measurement", "LOINC:4548-4", 80, value=7.0, unit="%"),
    of("P-b", "patient_has_measurement", "LOINC:4548-4", 80, value=53.0, unit="mmol/mol"),
    of("P-a", "patient_carries_variant", "DBSNP:rs4244285", None, copies=1),
    of("P-b", "patient_carries_variant", "DBSNP:rs4244285", None, copies=2),
    of("P-a", "patient_carries_haplotype", "PANAKEIA:CYP2C19*2", 101, copies=1),
    of("P-b", "patient_carries_haplotype", "PANAKEIA:CYP2C19*2", 101, copies=2),
    of("P-c", "patient_carries_haplotype", "PANAKEIA:CYP2C19*2", 101, negated=True),
    of("P-b", "patient_has_gene_phenotype", "PANAKEIA:CYP2C19_Poor_Metabolizer", 101),
    of("P-c", "patient_had_procedure", "SNOMEDCT:415070008", 99, code="SNOMEDCT:415070008"),
    of("P-b", "patient_has_condition", "DOID:3", None),
    of("P-a", "patient_allergic_to_drug", "DRUGBANK:DB00758", 99),
    of("P-b", "patient_allergic_to_entity", "SNOMEDCT:256259004", 99),
    ("patient_has_diplotype", "PANAKEIA:P-a", "NCBIGene:1557", {"diplotypes": ["*1/*2"], "phenotype": "x"}),
    ("patient_has_diplotype", "PANAKEIA:P-b", "NCBIGene:1557", {"diplotypes": ["*2/*2", "*2/*3"]}),
    ("patient_has_diplotype", "PANAKEIA:P-c", "NCBIGene:1557", {"diplotypes": [], "note": "not called"}),
)
GRAPH = make_graph(NODES, EDGES)


@pytest.fixture
def store(store_of: StoreOf) -> Store:
    return store_of(GRAPH)


def definition(entry: dict[str, Any], *rules: dict[str, Any]) -> Definition:
    named = [{"name": str(place)} | rule for place, rule in enumerate(rules)]
    return check({"name": "made", "entry": entry, "rules": named}, Definition, "made.toml")


def names(found: Cohort) -> list[str]:
    return [patient.removeprefix("PANAKEIA:P-") for patient in found.patients]


ASPIRIN = {"drug": "aspirin"}


def test_who_withdrew_consent_is_in_no_cohort(store: Store) -> None:
    found = select(store, definition(ASPIRIN))
    assert names(found) == ["a", "b", "c"]
    assert found.attrition["remaining"].tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"condition": "DOID:5844"}, ["a"]),
        ({"condition": "cardiac disease"}, ["a"]),
        ({"condition": "heart disease"}, ["a", "c"]),
        ({"phenotype": "heart disease", "descendants": False}, ["c"]),
        ({"codes": ["ICD10CM:I25", "SNOMEDCT:56265001"]}, ["b", "c"]),
        ({"codes": "ICD10CM:I2*"}, ["a", "b"]),
        ({"condition": "DOID:5844", "codes": "ICD10CM:I25"}, ["a", "b"]),
        ({"condition": "any"}, ["a", "b", "c"]),
        ({"phenotype": "Atrial septal defect"}, ["a"]),
        ({"phenotype": "Abnormality of the cardiovascular system"}, ["a"]),
        ({"phenotype": "Atrial septal defect", "answer": "absent"}, ["b"]),
        ({"phenotype": "Atrial septal defect", "answer": "not recorded"}, ["c"]),
        ({"phenotype": "Abnormality of the cardiovascular system", "answer": "absent"}, ["b"]),
        ({"drug": "platelet aggregation inhibitor"}, ["a"]),
        ({"visit": "any"}, ["b"]),
        ({"visit": "inpatient stay", "window": {"from": 0, "to": 5}}, ["b"]),
        ({"measurement": "LOINC:4548-4", "value": {"at_least": 6.5}, "unit": "%"}, ["a"]),
        ({"variant": "CYP2C19*2 lead"}, ["a", "b"]),
        ({"variant": "DBSNP:rs4244285", "copies": {"at_least": 2}}, ["b"]),
        ({"diplotype": "CYP2C19"}, ["a", "b", "c"]),
        ({"diplotype": "CYP2C19", "called": "*1/*2"}, ["a"]),
        ({"diplotype": "CYP2C19", "called": ["*2/*2", "*2/*3"]}, ["b"]),
        ({"haplotype": "CYP2C19*2"}, ["a", "b"]),
        ({"haplotype": "CYP2C19*2", "copies": {"at_most": 1}}, ["a"]),
        ({"haplotype": "CYP2C19*2", "answer": "absent"}, ["c"]),
        ({"gene_phenotype": "CYP2C19 Poor Metabolizer"}, ["b"]),
        ({"procedure": "percutaneous coronary intervention", "window": {"to": 0}}, ["c"]),
        ({"allergy": ["clopidogrel", "pollen"]}, ["a", "b"]),
        ({"age": {"at_most": 1}}, ["a"]),
        ({"sex": "female"}, ["a"]),
        ({"death": "any", "window": {"from": 0, "to": 8}}, ["b"]),
        ({"death": "any", "window": {"to": 7}}, []),
    ],
)
def test_criteria_on_a_graph(store: Store, rule: dict[str, Any], expected: list[str]) -> None:
    assert names(select(store, definition(ASPIRIN, rule))) == expected


def test_a_patient_is_observed_as_stated_else_from_the_first_to_the_last_day(store: Store) -> None:
    assert names(select(store, definition(ASPIRIN | {"days_before": 20}))) == ["a", "b"]
    assert names(select(store, definition(ASPIRIN | {"days_before": 21}))) == ["b"]
    assert names(select(store, definition(ASPIRIN | {"days_after": 10}))) == ["a", "b"]
    assert names(select(store, definition(ASPIRIN | {"days_after": 50}))) == ["a"]
    assert names(select(store, definition(ASPIRIN | {"days_after": 51}))) == []


def test_names_that_mean_nothing_or_too_much_are_all_told(store: Store) -> None:
    with pytest.raises(DesignError) as refusal:
        select(store, definition({"drug": "aspirinn"}, {"any": [{"condition": "twin"}, {"condition": "DOID:114"}]}))
    first, entry, rule = str(refusal.value).splitlines()
    assert first == "'made' has 2 mistakes:"
    assert entry.startswith("  entry.drug: ") and "Aspirin" in entry
    assert rule.startswith("  rules[0].any[0].condition: 'twin' names 2 nodes")


def test_what_nobody_has_is_told(store: Store) -> None:
    found = select(store, definition(ASPIRIN, {"codes": "SNOMEDCT:22298006", "answer": "none recorded"}))
    assert names(found) == ["a", "b", "c"]
    assert found.notes == ("rules[0]: no record is of code SNOMEDCT:22298006",)
    assert found.to_text().splitlines()[0] == "made: 3 patients"


def test_events_without_a_day_are_told_where_they_do_not_count(store: Store) -> None:
    found = select(store, definition(ASPIRIN, {"condition": "gout"}))
    assert (names(found), found.notes) == (
        [],
        ("rules[0]: 1 of 1 events have no day: they lie in no window and in no period",),
    )
    found = select(store, definition(ASPIRIN, {"condition": "gout", "anytime": True}))
    assert (names(found), found.notes) == (["b"], ())


def test_results_in_other_units_are_told(store: Store) -> None:
    rule = {"measurement": "LOINC:4548-4", "value": {"at_least": 6.5}, "unit": "%"}
    assert select(store, definition(ASPIRIN, rule)).notes == (
        "rules[0]: 1 of 2 results are in other units and do not count (1 in mmol/mol)",
    )


def test_the_answer_in_every_form(store: Store) -> None:
    found = select(store, definition(ASPIRIN, {"sex": "female"}))
    assert found.to_json() == {
        "name": "made",
        "patients": ["PANAKEIA:P-a"],
        "attrition": [
            {"criterion": "patients", "remaining": 3},
            {"criterion": "entry: drug aspirin", "remaining": 3},
            {"criterion": "observed on the day", "remaining": 3},
            {"criterion": "0", "remaining": 1},
        ],
        "index": [{"patient": "PANAKEIA:P-a", "day": 100}],
        "notes": [],
    }
    assert found.to_frame()["remaining"].tolist() == [3, 3, 3, 1]
    assert "made: 1 patient" in found._repr_html_()


def test_an_empty_store_has_no_patients(store_of: StoreOf) -> None:
    nobody = Graph({kind: nodes for kind, nodes in GRAPH.nodes.items() if kind != "Patient"}, {})
    assert select(store_of(nobody), definition(ASPIRIN)).patients == ()

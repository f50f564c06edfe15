"""Kinds of FHIR records that came out wrong somewhere: what each leaves in the store, over one import or two."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kg.graph import Graph
from kg.patients.deidentify import pseudonym
from kg.patients.imports import Imported, import_patients
from kg.patients.record import RecordError
from kg.stores.opening import open_store
from tests.kg.patients.made_up_records import LOINC, Resource, bundle, coded, condition, number, observation, variant

KEY = b"a key that only the tests know, and anyone who reads them"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
DIABETES = condition("44054006", "", onsetDateTime="2019-01-01") | {"code": coded("http://snomed.info/sct", "44054006")}
WEIGHT = number("29463-7", 70, "kg", effectiveDateTime="2020-01-01", id="9")
ILL = ("patient_has_condition", "DOID:9352", None, False)
KG70 = ("patient_has_measurement", "LOINC:29463-7", 70.0, False)
INR = "6301-6"

Fact = tuple[str, str, float | None, bool]


def version(resource: Resource, number_: str, **more: Any) -> Resource:
    return resource | {"meta": {"versionId": number_}} | more


def kg(value: float) -> Resource:
    return {"valueQuantity": WEIGHT["valueQuantity"] | {"value": value}}


def delete(name: str) -> Resource:
    return {"request": {"method": "DELETE", "url": name}}


@dataclass(frozen=True)
class Kind:
    """What is imported of a patient in one import after another, and what is known then."""

    imports: tuple[tuple[Resource, ...], ...]
    facts: tuple[Fact, ...]
    patient: Resource = field(default_factory=dict)
    age: float | None = None
    type: str = "collection"


WRONG = {"status": "entered-in-error"}
PART = {"code": coded(LOINC, "8480-6"), "valueQuantity": {"value": 131, "unit": "mm[Hg]"}}
BOUND = {"code": coded(LOINC, "8462-4"), "valueQuantity": {"value": 40, "unit": "mm[Hg]", "comparator": "<"}}
TEXT = {"code": {"text": "MAP"}, "valueQuantity": {"value": 99, "unit": "mm[Hg]"}}
SYSTOLIC = ("patient_has_measurement", "LOINC:8480-6", 131.0, False)
NOTHING: tuple[Fact, ...] = ()

LATER = {"id": "x", "effectiveDateTime": "9999-12-31"}
STRANGE = {"contained": [{"resourceType": "MedicationOrder"}]}
BAD_CODE = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "MRN"}
SOMATIC = {"code": coded(LOINC, "48002-0"), "valueCodeableConcept": coded(LOINC, "LA6684-0")}
VARIANT = variant("rs9923231", state="LA6706-1")
OLD, NEW = version(WEIGHT, "1", **kg(810)), version(WEIGHT, "2")
GONE = version(WEIGHT, "2", **WRONG)
RASH = ("patient_has_condition", "SNOMEDCT:999000001", None, False)
EVENING = number(INR, 3.1, "{INR}", effectiveDateTime="2020-03-05T18:00:00Z")
MORNING = number(INR, 2.0, "{INR}", effectiveDateTime="2020-03-05T06:00:00Z")

KINDS = {
    "a future entered in error": Kind(((WEIGHT, WEIGHT | LATER | WRONG),), (KG70,), age=59.0),
    "a placeholder": Kind(((DIABETES, WEIGHT, WEIGHT | LATER),), (ILL, KG70), age=59.0),
    "an end that is a placeholder": Kind(((DIABETES | {"abatementDateTime": "9999-12-31"},),), (ILL,), age=58.0),
    "a bound beside a number": Kind(((observation("85354-9", component=[PART, BOUND, TEXT]),),), (SYSTOLIC,)),
    "a display with and without its tag": Kind(
        ((condition("999000001", "Rash (finding)", id="a"), condition("999000001", "Rash", id="b")),), (RASH, RASH)
    ),
    "a text that refutes": Kind(((DIABETES | {"verificationStatus": {"text": "Refuted"}},),), NOTHING),
    "what is refuted": Kind(((DIABETES | {"verificationStatus": coded(VERIFIED, "refuted")},),), ((*ILL[:3], True),)),
    "a focus": Kind(((WEIGHT | {"focus": [{"display": "fetus"}]},),), NOTHING),
    "a modifier": Kind(((DIABETES | {"modifierExtension": [{"url": "u", "valueBoolean": True}]}, WEIGHT),), (KG70,)),
    "a number for a date": Kind(((DIABETES | {"onsetDateTime": 2019}, WEIGHT),), (KG70,), age=59.0),
    "a contained type that is not known": Kind(((WEIGHT | STRANGE, DIABETES),), (ILL,)),
    "a bad code beside a good one": Kind(
        ((DIABETES | {"code": {"coding": [BAD_CODE, *DIABETES["code"]["coding"]]}},),), (ILL,)
    ),
    "no problem at all": Kind(((condition("160245001", "No current problems or disability"),),), NOTHING),
    "a history with a correction": Kind(((NEW, OLD),), (KG70,), type="history"),
    "a history with a retraction": Kind(((GONE, OLD),), NOTHING, type="history"),
    "a later correction": Kind(((OLD,), (NEW,)), (KG70,)),
    "a correction that comes first": Kind(((NEW,), (OLD,)), (KG70,)),
    "a later retraction": Kind(((OLD,), (GONE,)), NOTHING),
    "a retraction that comes first": Kind(((GONE,), (OLD,)), NOTHING),
    "a retraction without a version": Kind(((NEW,), (WEIGHT | WRONG,)), NOTHING),
    "a deletion": Kind(((NEW, DIABETES), (delete("Observation/9"),)), (ILL,), type="transaction"),
    "a correction that moves the day": Kind(((WEIGHT,), (WEIGHT | {"effectiveDateTime": "2020-02-02"},)), (KG70,)),
    "evening and morning": Kind(
        ((EVENING,), (MORNING,)), tuple(("patient_has_measurement", f"LOINC:{INR}", inr, False) for inr in (2.0, 3.1))
    ),
    "a somatic variant": Kind(((VARIANT | {"component": [*VARIANT["component"], SOMATIC]},),), NOTHING),
    "digits of a record number as an rs": Kind(
        ((variant("rs771203", state="LA6706-1"), WEIGHT),), (KG70,), patient={"identifier": [{"value": "77-12-03"}]}
    ),
    "digits of a record number as a unit": Kind(
        ((WEIGHT | {"valueQuantity": {"value": 1, "unit": "881203"}}, DIABETES),),
        (ILL,),
        patient={"identifier": [{"value": "88-12-03"}]},
    ),
}
"""A name -> a kind; each has a patient of its own."""


def write(folder: Path, name: str, number_: int, step: int) -> list[Path]:
    kind = KINDS[name]
    if step >= len(kind.imports):
        return []
    who = {"resourceType": "Patient", "id": f"k{number_}", "gender": "female", "birthDate": "1960-02-03"} | kind.patient
    about = {"subject": {"reference": f"Patient/k{number_}"}}
    entries = [who, *(entry if "request" in entry else about | entry for entry in kind.imports[step])]
    content = {
        "resourceType": "Bundle",
        "type": kind.type,
        "entry": [entry if "request" in entry else {"resource": entry} for entry in entries],
    }
    path = folder / f"{step}-{number_}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return [path]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> tuple[Graph, list[Imported]]:
    """All kinds in one store, and what the imports said."""
    folder = tmp_path_factory.mktemp("kinds")
    without = Graph(
        {kind: rows for kind, rows in graph.nodes.items() if kind != "Patient"},
        {name: rows for name, rows in graph.edges.items() if not name.startswith(("patient_", "predicted_benefits"))},
        graph.sources,
    )
    with open_store(folder / "graph.lbdb", create=True) as store:
        store.replace(without)
        said = []
        for step in (0, 1):
            files = [path for number_, name in enumerate(KINDS) for path in write(folder, name, number_, step)]
            said.append(import_patients(files, store, KEY))
        return store.read(), said


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_leaves_what_it_states(imported: tuple[Graph, list[Imported]], name: str) -> None:
    graph, _ = imported
    number_ = list(KINDS).index(name)
    told = KINDS[name].patient.get("identifier")
    who = pseudonym(KEY, ("", told[0]["value"]) if told else ("Patient.id", f"k{number_}")).curie
    found = Counter(
        (relation, row["object"], row.get("value"), row["negated"])
        for relation, rows in graph.edges.items()
        if relation.startswith("patient_") and relation != "patient_has_diplotype"
        for row in rows.to_pylist()
        if row["subject"] == who
    )
    assert found == Counter(KINDS[name].facts)
    (patient,) = [row for row in graph.nodes["Patient"].to_pylist() if row["id"] == who]
    assert KINDS[name].age in (None, patient["age_years"])


def test_nothing_of_a_record_is_said(imported: tuple[Graph, list[Imported]]) -> None:
    graph, said = imported
    told = json.dumps([one.to_json() for one in said]) + repr([rows.to_pylist() for rows in graph.nodes.values()])
    assert not [
        word for word in ("771203", "77-12-03", "fetus", "Refuted", "Rash", "MRN", "1960-02-03") if word in told
    ]
    assert all(len(one.audit.rejected) for one in said[:1])


def test_two_people_of_one_bare_id_are_told_apart(tmp_path: Path, graph: Graph) -> None:
    people = [
        {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-02-03"},
        {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "1941-05-05"},
    ]
    paths = [tmp_path / f"{number_}.json" for number_ in range(2)]
    for path, who in zip(paths, people, strict=True):
        path.write_text(json.dumps(bundle(WEIGHT, patient=who)), encoding="utf-8")
    with open_store(tmp_path / "graph.lbdb", create=True) as store:
        store.replace(graph)
        with pytest.raises(RecordError, match="another birthDate and gender"):
            import_patients(paths, store, KEY)
        import_patients(paths[:1], store, KEY)
        with pytest.raises(RecordError, match="two people"):
            import_patients(paths[1:], store, KEY)

"""What a FHIR resource states: by its status, its date, its codes, its number; and what it does not."""

from collections.abc import Iterator
from typing import Any

import pytest

from kg.patients.record import Code
from tests.kg.patients.formats.fhir_files import ReadFiles, codes, of
from tests.kg.patients.formats.fhir_resources import (
    ALLERGY,
    COLONOSCOPY,
    DIABETES,
    GIVEN,
    HANDED_OVER,
    SNOMED,
    STATEMENT,
    VACCINE,
    VISIT,
    WARFARIN,
    WEIGHT,
)
from tests.kg.patients.made_up_records import (
    LOINC,
    Resource,
    coded,
    condition,
    genotype,
    observation,
    variant,
)

VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
FOCUS = {
    "url": "http://hl7.org/fhir/StructureDefinition/observation-focusCode",
    "valueCodeableConcept": {"text": "fetus"},
}


def part(code: str, value: float, **more: Any) -> Resource:
    return {"code": coded(LOINC, code), "valueQuantity": {"value": value, "unit": "mm[Hg]", **more}}


PANEL = observation("85354-9", component=[part("8480-6", 131), part("8462-4", 84)])

# The value sets of FHIR R4 (ObservationStatus and so on), and which of them say that something holds.
OBSERVED = {
    **dict.fromkeys(("preliminary", "final", "amended", "corrected"), True),
    **dict.fromkeys(("registered", "cancelled", "entered-in-error", "unknown"), False),
}
HOLDING: list[tuple[Resource, str, dict[str, bool]]] = [
    *((made, "status", OBSERVED) for made in (WEIGHT, PANEL, genotype("CYP2C9 *1/*3"))),
    (variant("rs9923231", state="LA6706-1"), "status", OBSERVED),
    (
        WARFARIN,
        "status",
        {
            **dict.fromkeys(("active", "on-hold", "completed", "stopped"), True),
            **dict.fromkeys(("cancelled", "entered-in-error", "draft", "unknown"), False),
        },
    ),
    (
        WARFARIN,
        "intent",
        {
            **dict.fromkeys(("order", "original-order", "reflex-order", "filler-order", "instance-order"), True),
            **dict.fromkeys(("proposal", "plan", "option"), False),
        },
    ),
    (WARFARIN, "doNotPerform", {}),
    (
        STATEMENT,
        "status",
        {
            **dict.fromkeys(("active", "completed", "stopped", "on-hold"), True),
            **dict.fromkeys(("entered-in-error", "intended", "unknown", "not-taken"), False),
        },
    ),
    (
        GIVEN,
        "status",
        {
            **dict.fromkeys(("in-progress", "on-hold", "completed", "stopped"), True),
            **dict.fromkeys(("not-done", "entered-in-error", "unknown"), False),
        },
    ),
    (
        HANDED_OVER,
        "status",
        {
            "completed": True,
            **dict.fromkeys(("preparation", "in-progress", "cancelled", "on-hold", "entered-in-error"), False),
            **dict.fromkeys(("stopped", "declined", "unknown"), False),
        },
    ),
    (
        COLONOSCOPY,
        "status",
        {
            **dict.fromkeys(("in-progress", "completed"), True),
            **dict.fromkeys(("preparation", "not-done", "on-hold", "stopped", "entered-in-error", "unknown"), False),
        },
    ),
    (VACCINE, "status", {"completed": True, "entered-in-error": False, "not-done": False}),
    (
        VISIT,
        "status",
        {
            **dict.fromkeys(("arrived", "triaged", "in-progress", "onleave", "finished"), True),
            **dict.fromkeys(("planned", "cancelled", "entered-in-error", "unknown"), False),
        },
    ),
]


def with_statuses() -> Iterator[Any]:
    for made, element, statuses in HOLDING:
        for status, holds in statuses.items():
            yield pytest.param(made | {element: status}, holds, id=f"{made['resourceType']} {element} {status}")
    yield pytest.param(WARFARIN | {"doNotPerform": True}, False, id="not to be given")
    yield pytest.param(WARFARIN | {"doNotPerform": False}, True, id="to be given")


@pytest.mark.parametrize(("resource", "holds"), [*with_statuses()])
def test_only_what_holds_is_taken(read_fhir: ReadFiles, resource: Resource, *, holds: bool) -> None:
    found = read_fhir(of(resource))
    assert bool(found.events or found.calls) is holds
    assert sum(found.left_out.values()) == (not holds)
    assert not found.account.rejected


@pytest.mark.parametrize("resource", [WEIGHT, WARFARIN, STATEMENT, GIVEN, HANDED_OVER, COLONOSCOPY, VACCINE, VISIT])
def test_a_status_that_fhir_does_not_know_is_refused(read_fhir: ReadFiles, resource: Resource) -> None:
    found = read_fhir(of(resource | {"status": "Ottoline"}))
    assert found.elements == ["status"]
    assert not found.events
    assert "Ottoline" not in repr(found.account)


@pytest.mark.parametrize(
    ("verification", "negated"),
    [
        (None, False),
        (coded(VERIFIED, "confirmed"), False),
        (coded("http://hl7.org/fhir/condition-ver-status", "confirmed"), False),
        ({"coding": [{"system": "urn:local", "code": "7"}, *coded(VERIFIED, "confirmed")["coding"]]}, False),
        ({"coding": [{"system": "urn:local", "code": "7"}, *coded(VERIFIED, "refuted")["coding"]]}, True),
        (coded(VERIFIED, "refuted"), True),
    ],
)
def test_a_refuted_condition_is_absent(read_fhir: ReadFiles, verification: Any, *, negated: bool) -> None:
    found = read_fhir(of(DIABETES | ({"verificationStatus": verification} if verification else {})))
    assert [(event.negated, codes(event)) for event in found.events] == [(negated, ["SNOMEDCT:44054006"])]


@pytest.mark.parametrize("status", ["unconfirmed", "provisional", "differential", "entered-in-error"])
def test_an_unconfirmed_condition_is_left_out(read_fhir: ReadFiles, status: str) -> None:
    found = read_fhir(of(DIABETES | {"verificationStatus": coded(VERIFIED, status)}))
    assert not found.events
    assert sum(found.left_out.values()) == 1


@pytest.mark.parametrize("element", ["verificationStatus", "clinicalStatus"])
@pytest.mark.parametrize(
    "status",
    [
        {"text": "Refuted"},
        {"text": "Confirmed"},
        coded("urn:ward", "confirmed"),
        {"coding": [{"code": "confirmed"}]},
        {},
        {"coding": [*coded(VERIFIED, "confirmed")["coding"], *coded(VERIFIED, "refuted")["coding"]]},
        {"coding": [*coded(CLINICAL, "active")["coding"], *coded(CLINICAL, "resolved")["coding"]]},
        coded(VERIFIED, "Ottoline"),
        coded(CLINICAL, "Ottoline"),
    ],
)
def test_a_status_that_cannot_be_read_confirms_nothing(read_fhir: ReadFiles, element: str, status: Any) -> None:
    found = read_fhir(of(DIABETES | {element: status}))
    assert found.elements == [element]
    assert not found.events


@pytest.mark.parametrize(
    ("resource", "what", "code"),
    [
        (DIABETES, "condition", "SNOMEDCT:44054006"),
        (condition("HP:0001250", "Seizure", system="http://human-phenotype-ontology.org"), "condition", "HP:0001250"),
        (condition("44054006", "", system="https://snomed.info/sct/"), "condition", "SNOMEDCT:44054006"),
        (condition("44054006", "", system="http://snomed.info/sct|2024"), "condition", "SNOMEDCT:44054006"),
        (condition("44054006", "", system="urn:oid:2.16.840.1.113883.6.96"), "condition", "SNOMEDCT:44054006"),
        (condition("E11.9", "", system="http://hl7.org/fhir/sid/icd-10-cm"), "condition", "ICD10CM:E11.9"),
        (WARFARIN, "drug", "RXNORM:11289"),
        (STATEMENT, "drug", "RXNORM:11289"),
        (GIVEN, "drug", "RXNORM:11289"),
        (HANDED_OVER, "drug", "RXNORM:11289"),
        (WEIGHT, "measurement", "LOINC:29463-7"),
        (ALLERGY, "allergy", "SNOMEDCT:300913006"),
        (COLONOSCOPY, "procedure", "SNOMEDCT:73761001"),
        (VACCINE, "procedure", "CVX:140"),
        (VISIT, "visit", "PANAKEIA:visit-ambulatory"),
    ],
)
def test_a_resource_is_an_event_of_its_kind(read_fhir: ReadFiles, resource: Resource, what: str, code: str) -> None:
    found = read_fhir(of(resource | {"id": "r-1"}))
    (event,) = found.events
    assert (event.what, codes(event), event.record) == (what, [code], (resource["resourceType"], "id", "r-1"))


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (condition("1", "x", system="urn:local"), "no code of a known system"),
        (DIABETES | {"code": {"text": "Diabetes"}}, "no code of a known system"),
        (observation("29463-7", valueQuantity={"value": 5, "comparator": "<", "unit": "kg"}), "a bound, not a number"),
        (observation("29463-7", valueQuantity={"value": 5}), "a number without a unit"),
        (observation("29463-7", valueQuantity={"unit": "kg"}), "no number"),
        (observation("29463-7", valueString="70 kg"), "no number or code"),
        (observation("29463-7", valueInteger=70), "a number without a unit"),
        (observation("29463-7", valueBoolean=True), "yes or no, not a number or a code"),
        (observation("72166-2", valueCodeableConcept={"text": "Never"}), "a result without a code of a known system"),
        (WEIGHT | {"dataAbsentReason": {"text": "error"}}, "a result that is absent"),
        (WEIGHT | {"focus": [{"display": "fetus"}]}, "of something else than the patient (focus)"),
        (WEIGHT | {"focus": [{"reference": "Patient/baby"}]}, "of something else than the patient (focus)"),
        (WEIGHT | {"extension": [FOCUS]}, "of something else than the patient (focus)"),
        (DIABETES | {"category": [coded(SNOMED, "57177007")]}, "of the family, not of the patient"),
        (WEIGHT | {"meta": {"tag": [{"code": "SUBSETTED"}]}}, "only a part of the resource (SUBSETTED)"),
        (VISIT | {"class": {"system": "urn:ward", "code": "IMP"}}, "a class of encounter that is not known"),
        (
            {"resourceType": "DiagnosticReport", "status": "final", "code": coded(LOINC, "57698-3")},
            "a report, whose results are read where they stand",
        ),
    ],
)
def test_what_states_nothing_is_left_out_and_counted(read_fhir: ReadFiles, resource: Resource, reason: str) -> None:
    found = read_fhir(of(resource))
    assert found.left_out == {(resource["resourceType"], reason): 1}
    assert not found.events
    assert not found.account.rejected


def test_a_focus_that_is_the_patient_is_none(read_fhir: ReadFiles) -> None:
    about = {"reference": "Patient/pat-8812"}
    assert len(read_fhir(of(WEIGHT | {"subject": about, "focus": [about]})).events) == 1


@pytest.mark.parametrize("resource", [DIABETES, WEIGHT, WARFARIN, ALLERGY, COLONOSCOPY, VACCINE, VISIT])
@pytest.mark.parametrize(
    "more", [{"modifierExtension": [{"url": "urn:negated", "valueBoolean": True}]}, {"implicitRules": "urn:r"}]
)
def test_rules_that_are_not_known_forbid_to_read(read_fhir: ReadFiles, resource: Resource, more: Resource) -> None:
    found = read_fhir(of(resource | more, WEIGHT))
    assert found.elements == list(more)
    assert len(found.events) == 1


def test_components_are_judged_each_alone(read_fhir: ReadFiles) -> None:
    parts = [
        part("8480-6", 131),
        part("8462-4", 40, comparator="<"),
        part("8462-4", 84) | {"code": {"text": "MAP"}},
        part("8462-4", 84) | {"code": coded(LOINC, "Ottoline")},
        part("8462-4", 84) | {"modifierExtension": [{"url": "u"}]},
        part("8462-4", 84) | {"valueQuantity": {"value": "Ottoline"}},
        part("8462-4", 84) | {"valueQuantity": {"value": 84}},
        {"code": coded(LOINC, "8462-4"), "dataAbsentReason": {"text": "error"}},
        {"code": coded(LOINC, "72166-2"), "valueCodeableConcept": coded(LOINC, "LA18978-9")},
    ]
    found = read_fhir(of(observation("85354-9", component=parts)))
    assert [(codes(event), event.value, event.value_code) for event in found.events] == [
        (["LOINC:8480-6"], 131, None),
        (["LOINC:72166-2"], None, Code("LOINC", "LA18978-9")),
    ]
    assert sorted(found.elements) == [
        "component.3.code.coding.0.code",
        "component.4.modifierExtension",
        "component.5.valueQuantity.value",
    ]
    assert sum(found.left_out.values()) == 4


def test_codings_are_judged_each_alone(read_fhir: ReadFiles) -> None:
    icd = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "MRN-77120"}
    bad = {"system": SNOMED, "code": 44054006}
    good = {"system": SNOMED, "code": "44054006", "display": "Diabetes of Ottoline"}
    found = read_fhir(of(DIABETES | {"code": {"coding": [icd, bad, good]}}))
    assert [codes(event) for event in found.events] == [["SNOMEDCT:44054006"]]
    assert [element for element in found.elements if element.startswith("code.coding.")] == found.elements
    assert len(found.elements) == 2
    only = read_fhir(of(DIABETES | {"code": {"coding": [icd]}}))
    assert only.faults == [(2, "code.coding.0.code", "is not a code of ICD10CM")]
    assert not only.events


def test_what_a_record_says_in_words_is_marked_as_not_public(read_fhir: ReadFiles) -> None:
    (event,) = read_fhir(of(condition("44054006", "Diabetes of Ottoline"))).events
    assert event.codes == (Code("SNOMEDCT", "44054006", "Diabetes of Ottoline", public=False),)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"unit": "Kilogramm", "system": "http://unitsofmeasure.org", "code": "kg"}, "kg"),
        ({"unit": "Kilogramm", "system": "https://unitsofmeasure.org/", "code": "kg"}, "kg"),
        ({"unit": "Kilogramm", "system": "urn:oid:2.16.840.1.113883.6.8", "code": "kg"}, "kg"),
        ({"unit": "kg", "system": "urn:ward", "code": "K"}, "kg"),
        ({"unit": "kg", "code": "K"}, "kg"),
        ({"unit": "kg", "system": "http://unitsofmeasure.org"}, "kg"),
    ],
)
def test_the_unit_is_the_code_of_ucum_else_as_written(read_fhir: ReadFiles, quantity: Any, unit: str) -> None:
    found = read_fhir(of(observation("29463-7", valueQuantity={"value": 70} | quantity)))
    assert [(event.value, event.unit) for event in found.events] == [(70.0, unit)]


@pytest.mark.parametrize(
    ("answer", "negated"),
    [
        ({"valueCodeableConcept": coded(LOINC, "LA9633-4")}, False),
        ({"valueCodeableConcept": coded(LOINC, "LA9634-2")}, True),
        ({"valueCodeableConcept": coded(SNOMED, "2667000")}, True),
        ({"valueBoolean": False}, True),
    ],
)
def test_a_phenotype_may_be_observed_as_present_or_absent(read_fhir: ReadFiles, answer: Any, *, negated: bool) -> None:
    code = coded("http://human-phenotype-ontology.org", "HP:0001250")
    (event,) = read_fhir(of(observation("x") | {"code": code} | answer)).events
    assert (event.what, codes(event), event.negated) == ("condition", ["HP:0001250"], negated)


def test_a_medication_is_the_one_referred_to(read_fhir: ReadFiles) -> None:
    order = {key: value for key, value in WARFARIN.items() if key != "medicationCodeableConcept"}
    inside = {"resourceType": "Medication", "id": "m", "code": WARFARIN["medicationCodeableConcept"]}
    contained = order | {"contained": [inside], "medicationReference": {"reference": "#m"}}
    apart = order | {"medicationReference": {"reference": "https://x.example/fhir/Medication/m/_history/2"}}
    for resources in ((contained,), (inside, apart), (apart, inside)):
        assert [codes(event) for event in read_fhir(of(*resources)).events] == [["RXNORM:11289"]]
    assert [codes(event) for event in read_fhir(of(apart), of(inside)).events] == [["RXNORM:11289"]]
    for reference in ({"reference": "#other"}, {"reference": "Medication/7"}, {"display": "Warfarin"}):
        found = read_fhir(of(contained | {"medicationReference": reference}))
        assert found.elements == ["medicationReference"]
        assert not found.events
    wrong = inside | {"status": "entered-in-error"}
    assert not read_fhir(of(contained | {"contained": [wrong]})).events
    assert not read_fhir(of(contained | {"contained": [inside | {"modifierExtension": [{"url": "u"}]}]})).events


def test_a_medication_without_a_code_is_its_ingredients(read_fhir: ReadFiles) -> None:
    order = {key: value for key, value in WARFARIN.items() if key != "medicationCodeableConcept"}
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    parts = [{"itemCodeableConcept": coded(rxnorm, code)} for code in ("161", "7804")]
    mixture = {"resourceType": "Medication", "id": "m", "ingredient": parts}
    found = read_fhir(of(order | {"contained": [mixture], "medicationReference": {"reference": "#m"}}))
    assert [codes(event) for event in found.events] == [["RXNORM:161"], ["RXNORM:7804"]]
    some = mixture | {"ingredient": [*parts, {"itemCodeableConcept": {"text": "a secret"}}]}
    found = read_fhir(of(order | {"contained": [some], "medicationReference": {"reference": "#m"}}))
    assert (len(found.events), found.left_out) == (2, {("MedicationRequest", "no code of a known system"): 1})


def test_an_allergy_may_be_to_a_substance_of_its_reactions(read_fhir: ReadFiles) -> None:
    reaction = [{"substance": coded(SNOMED, "372687004"), "manifestation": [coded(SNOMED, "271807003")]}]
    found = read_fhir(of({key: value for key, value in ALLERGY.items() if key != "code"} | {"reaction": reaction}))
    assert [codes(event) for event in found.events] == [["SNOMEDCT:372687004"]]
    refuted = coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "refuted")
    assert [event.negated for event in read_fhir(of(ALLERGY | {"verificationStatus": refuted})).events] == [True]

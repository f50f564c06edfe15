"""What a resource states: by its status, its date, its number; and that no private word passes with a code."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kg.patients.bundles import READ_TYPES, Bundle, Entry
from kg.patients.private import private_words
from kg.patients.statements import Statements, statements, time_of
from kg.patients.terminology import lexicon
from tests.kg.patients.made_up_records import (
    LOINC,
    PERSON,
    PLANTED_CONDITIONS,
    Resource,
    coded,
    condition,
    genotype,
    medication,
    number,
    observation,
    planted,
    variant,
)

NOW = datetime(2021, 6, 5, 12, tzinfo=UTC)
BORN = datetime(1951, 7, 23, tzinfo=UTC)
ABOUT = {"subject": {"reference": "Patient/p"}}


def stated(*resources: Resource, patient: Resource = PERSON, born: datetime | None = BORN) -> Statements:
    raws = (patient, *(ABOUT | raw for raw in resources))
    read = [READ_TYPES[raw["resourceType"]].model_validate(raw) for raw in raws]
    entries = tuple(Entry(place, resource, (str(place),)) for place, resource in enumerate(read, start=1))
    bundle = Bundle("bundle 1 of 1", entries[0], entries[1:], {}, (), {}, "")
    return statements(bundle, lexicon([]), private_words(patient), born=born, now=NOW)


def facts(found: Statements) -> Iterator[tuple[str, str, Any]]:
    for entry in found.stated:
        for fact in entry.facts:
            yield fact.node["id"], fact.node["name"], fact.attributes.get("value")


def test_no_private_word_passes_with_a_code() -> None:
    stored = {node.removeprefix("SNOMEDCT:"): name for node, name, _ in facts(stated(*planted()))}
    assert stored == {code: f"SNOMEDCT {code}" for code in PLANTED_CONDITIONS}
    nobody = {"resourceType": "Patient", "id": "another-patient"}
    passed = {node.removeprefix("SNOMEDCT:"): name for node, name, _ in facts(stated(*planted(), patient=nobody))}
    assert {code: name.replace("\u00ad", "") for code, name in passed.items()} == {
        code: f"Dyspnea of {text}".replace("\u00ad", "") for code, (_, text) in PLANTED_CONDITIONS.items()
    }


def test_a_name_is_one_line_of_visible_letters_and_no_text() -> None:
    names = {"900000001": "Red\u00ad \n  fever\u200b", "900000002": "x" * 200, "900000003": "x" * 201}
    found = {node: name for node, name, _ in facts(stated(*(condition(*named) for named in names.items())))}
    assert list(found.values()) == ["Red fever", "x" * 200, "SNOMEDCT 900000003"]


@pytest.mark.parametrize("unit", ["771203", "{Quillfeather}", "{TINTAGEL}", "MRN-77-120-3", "kg/19510723", "a b", "é"])
def test_no_private_word_passes_as_a_unit(unit: str) -> None:
    found = stated(number("29463-7", 70, unit))
    assert [rejection.element for rejection in found.rejected] == ["valueQuantity.unit"]
    assert not list(facts(found))


def test_a_unit_is_at_most_32_signs() -> None:
    found = stated(number("29463-7", 70, "k" * 32), number("29463-7", 71, "k" * 33))
    assert [value for *_, value in facts(found)] == [70]
    assert len(found.rejected) == 1


@pytest.mark.parametrize(
    "resource",
    [
        condition("771203", "Diabetes"),
        number("19510-7", 70, "kg"),
        medication("771203", "warfarin"),
        variant("rs771203", state="LA6706-1"),
        variant("771203", state="LA6706-1"),
    ],
)
def test_no_number_of_the_patient_s_passes_as_a_code(resource: Resource) -> None:
    patient = PERSON | {"telecom": [{"value": "195-107"}]}
    found = stated(resource, patient=patient)
    (rejection,) = found.rejected
    assert rejection.reason.startswith(("is not a code of http", "is not an identifier of dbSNP"))
    assert not any(entry.facts or entry.call for entry in found.stated)
    others = stated(resource, patient={"resourceType": "Patient", "id": "another-patient"})
    assert not others.rejected
    assert any(entry.facts or entry.call for entry in others.stated)


# The value sets of FHIR R4 (ObservationStatus and so on), and which of them say that something holds.
OBSERVED = {
    "registered": False,
    "preliminary": True,
    "final": True,
    "amended": True,
    "corrected": True,
    "cancelled": False,
    "entered-in-error": False,
    "unknown": False,
}
CONFIRMED = {
    "unconfirmed": False,
    "provisional": False,
    "differential": False,
    "confirmed": True,
    "refuted": False,
    "entered-in-error": False,
}
ORDERED = {
    "active": True,
    "on-hold": True,
    "cancelled": False,
    "completed": True,
    "entered-in-error": False,
    "stopped": True,
    "draft": False,
    "unknown": False,
}
TAKEN = {
    "active": True,
    "completed": True,
    "entered-in-error": False,
    "intended": False,
    "stopped": True,
    "on-hold": True,
    "unknown": False,
    "not-taken": False,
}
INTENDED = {
    "proposal": False,
    "plan": False,
    "order": True,
    "original-order": True,
    "reflex-order": True,
    "filler-order": True,
    "instance-order": True,
    "option": False,
}
DIABETES = condition("44054006", "Diabetes")
WARFARIN = medication("11289", "warfarin")
STATEMENT = {key: value for key, value in WARFARIN.items() if key != "intent"} | {"resourceType": "MedicationStatement"}
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
SAYS_WHEN = {
    "Condition": "onsetDateTime",
    "Observation": "effectiveDateTime",
    "MedicationRequest": "authoredOn",
    "MedicationStatement": "dateAsserted",
}


def with_statuses() -> Iterator[Any]:
    for status, holds in OBSERVED.items():
        for what, made in {
            "number": number("29463-7", 70, "kg"),
            "panel": observation("85354-9", component=[part("8480-6", 131), part("8462-4", 84)]),
            "genotype": genotype("CYP2C9 *1/*3"),
            "variant": variant("rs9923231", state="LA6706-1"),
            "absent variant": variant("rs9923231", state=None, value="LA9634-2"),
        }.items():
            yield pytest.param(made | {"status": status}, holds, id=f"{what} {status}")
    for status, holds in CONFIRMED.items():
        yield pytest.param(DIABETES | {"verificationStatus": coded(VERIFIED, status)}, holds, id=f"condition {status}")
    for status, holds in ORDERED.items():
        yield pytest.param(WARFARIN | {"status": status}, holds, id=f"order {status}")
    for status, holds in TAKEN.items():
        yield pytest.param(STATEMENT | {"status": status}, holds, id=f"statement {status}")
    for intent, holds in INTENDED.items():
        yield pytest.param(WARFARIN | {"intent": intent}, holds, id=f"intent {intent}")
    yield pytest.param(WARFARIN | {"doNotPerform": True}, False, id="not to be given")
    yield pytest.param(WARFARIN | {"doNotPerform": False}, True, id="to be given")


def part(code: str, value: float) -> Resource:
    return {"code": coded(LOINC, code), "valueQuantity": {"value": value, "unit": "mm[Hg]"}}


@pytest.mark.parametrize(("resource", "holds"), [*with_statuses()])
def test_only_what_holds_is_taken_and_sets_a_time(resource: Resource, *, holds: bool) -> None:
    found = stated(resource | {SAYS_WHEN[resource["resourceType"]]: "2020-02-03"})
    (entry,) = found.stated
    assert bool(entry.facts or entry.call) is holds
    assert len(found.left_out) == (not holds)
    assert not found.rejected
    assert entry.at == (datetime(2020, 2, 3, tzinfo=UTC) if holds else None)


@pytest.mark.parametrize("resource", [number("29463-7", 70, "kg"), genotype("CYP2C9 *1/*3"), WARFARIN, STATEMENT])
def test_a_status_that_fhir_does_not_know_is_refused(resource: Resource) -> None:
    found = stated(resource | {"status": "perhaps", SAYS_WHEN[resource["resourceType"]]: "2020-02-03"})
    assert [rejection.element for rejection in found.rejected] == ["status"]
    assert [(entry.at, entry.facts, entry.call) for entry in found.stated] == [(None, (), None)]


def test_what_is_left_out_for_lack_of_a_number_still_tells_when_the_patient_was_seen() -> None:
    found = stated(observation("72166-2", valueCodeableConcept={"text": "Never"}, effectiveDateTime="2020-02-03"))
    assert found.left_out == (("Observation", "no number"),)
    assert found.stated[0].at == datetime(2020, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("9999-12-31", "is in the future"),
        ("2107-03-01T00:00:00Z", "is in the future"),
        ("2021-06-07", "is in the future"),
        ("2021-06-06T12:00:01Z", "is in the future"),
        ("1970-01-01", "is a day that programs write where they know none"),
        ("1969-12-31T19:00:00-05:00", "is a day that programs write where they know none"),
        ("1900-01-01", "is a day that programs write where they know none"),
        ("0001-01-01T00:00:00+05:00", "is a day that programs write where they know none"),
        ("1899-12-30", "is a day that programs write where they know none"),
        ("1899-12-31", "is a day that programs write where they know none"),
        ("1800-01-01", "is a day that programs write where they know none"),
        ("1753-01-01T00:00:00Z", "is a day that programs write where they know none"),
        ("1950-09-25", "is before the patient's birth"),
        ("1066-10-14", "is before the patient's birth"),
    ],
)
@pytest.mark.parametrize("made", [number("29463-7", 70, "kg"), genotype("CYP2C9 *1/*3"), observation("72166-2")])
def test_a_day_that_cannot_have_been_is_refused_and_sets_nothing(made: Resource, day: str, reason: str) -> None:
    found = stated(made | {"effectiveDateTime": day})
    assert [(fault.element, fault.reason) for fault in found.rejected] == [("effectiveDateTime", reason)]
    assert [(entry.at, entry.facts, entry.call) for entry in found.stated] == [(None, (), None)]


@pytest.mark.parametrize(
    "day",
    [
        "2021-06-06",  # east of here it is tomorrow
        "2021-06-06T12:00:00Z",
        "1970-01-02",
        "1950-09-26",  # within the pregnancy
    ],
)
def test_a_day_that_can_have_been_is_taken(day: str) -> None:
    found = stated(number("29463-7", 70, "kg", effectiveDateTime=day))
    assert not found.rejected
    assert found.stated[0].at == time_of(day)


def test_without_a_birth_date_only_placeholders_and_the_future_cannot_be() -> None:
    days = ("1905-03-04", "1900-01-01", "2021-07-01")
    found = stated(*(number("29463-7", 70, "kg", effectiveDateTime=day) for day in days), born=None)
    assert [rejection.entry for rejection in found.rejected] == [3, 4]


@pytest.mark.parametrize("element", ["onsetDateTime", "onsetPeriod", "recordedDate"])
def test_the_element_at_fault_is_named(element: str) -> None:
    value: Any = {"start": "2107-01-01"} if element.endswith("Period") else "2107-01-01"
    found = stated(DIABETES | {element: value})
    assert [rejection.element for rejection in found.rejected] == [element]


def test_the_first_element_that_gives_a_day_says_when() -> None:
    days = {"onsetDateTime": "2011-03", "recordedDate": "2015-03-02"}
    assert stated(DIABETES | days).stated[0].at == datetime(2015, 3, 2, tzinfo=UTC)
    days["onsetDateTime"] = "2011-03-04T05:06:07+01:00"
    assert stated(DIABETES | days).stated[0].at == datetime(2011, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert stated(DIABETES | {"onsetPeriod": {"end": "2012-01-01"}}).stated[0].at is None


@pytest.mark.parametrize(
    ("value", "unit", "taken"),
    [
        (89, "a", True),
        (89.9, "years", True),
        (90, "a", False),
        (95, "{Years}", False),
        (104, "yr", False),
        (1079, "mo", True),
        (1080, "mo", False),
        (4600, "wk", True),
        (4700, "wk", False),
        (32872, "d", True),
        (32873, "d", False),
        (95, "kg", True),
        (95, "{PackYears}", True),
    ],
)
def test_no_number_tells_an_age_of_ninety_or_more(value: float, unit: str, *, taken: bool) -> None:
    found = stated(number("30525-0", value, unit))
    assert [fact[2] for fact in facts(found)] == [value] * taken
    reason = "a number of years that may be an age of 90 or more"
    assert found.left_out == ((("Observation", reason),) if not taken else ())


def test_a_code_counts_only_in_its_own_system() -> None:
    local = coded("urn:ward", "84413-4")
    found = stated(genotype("CYP2C9 *1/*3") | {"code": local}, number("29463-7", 70, "kg") | {"code": local})
    assert found.left_out == (("Observation", "no number"), ("Observation", "no LOINC code"))
    assert not any(entry.facts or entry.call for entry in found.stated)
    component = {"code": coded("urn:ward", "48018-6"), "valueCodeableConcept": {"text": "CYP2C19"}}
    (entry,) = stated(genotype("CYP2C9 *1/*3", component=[component])).stated
    assert entry.call is not None
    assert entry.call.gene == "CYP2C9"


def test_the_gene_studied_is_the_first_that_is_listed() -> None:
    concept = {"text": "cytochrome P450", "coding": [{"display": "CYP2C9", "code": "HGNC:2623"}]}
    component = {"code": coded(LOINC, "48018-6"), "valueCodeableConcept": concept}
    (entry,) = stated(genotype("*3/*1", component=[component])).stated
    assert entry.call is not None
    assert (entry.call.gene, entry.call.genotype) == ("CYP2C9", "*1/*3")


def test_a_genotype_that_is_not_understood_is_refused_unquoted() -> None:
    found = stated(genotype("CYP2C9 *1/*77"))
    (rejection,) = found.rejected
    assert rejection.element == "value[x]"
    assert rejection.reason.startswith("is not understood: expected two CYP2C9 alleles of *1, ")
    assert "*77" not in rejection.reason
    assert not any(entry.call for entry in found.stated)


def test_a_genotype_that_was_not_found_is_left_out() -> None:
    absent = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error"}]}
    found = stated(observation("84413-4", dataAbsentReason=absent, effectiveDateTime="2020-02-03"), DIABETES)
    assert (found.left_out, found.rejected) == ((("Observation", "no genotype"),), ())
    assert [(bool(entry.facts), entry.call) for entry in found.stated] == [(False, None), (True, None)]


def test_a_medication_is_the_one_referred_to() -> None:
    order = {key: value for key, value in WARFARIN.items() if key != "medicationCodeableConcept"}
    inside = {"resourceType": "Medication", "id": "m", "code": WARFARIN["medicationCodeableConcept"]}
    by_reference = order | {"contained": [inside], "medicationReference": {"reference": "#m"}}
    assert list(facts(stated(by_reference))) == [("DRUGBANK:DB00682", "Warfarin", None)]
    for reference in ({"reference": "#other"}, {"display": "Warfarin"}):
        found = stated(by_reference | {"medicationReference": reference})
        assert [rejection.element for rejection in found.rejected] == ["medicationReference"]
        assert not list(facts(found))


@pytest.mark.parametrize(
    ("resource", "relation", "node"),
    [
        (DIABETES, "patient_has_condition", "DOID:9352"),
        (condition("267036007", "Dyspnea (finding)"), "patient_has_phenotype", "SNOMEDCT:267036007"),
        (
            condition("HP:0001250", "Seizure", system="http://human-phenotype-ontology.org"),
            "patient_has_phenotype",
            "HP:0001250",
        ),
        (WARFARIN, "patient_takes_drug", "DRUGBANK:DB00682"),
        (STATEMENT, "patient_takes_drug", "DRUGBANK:DB00682"),
        (number("29463-7", 70, "kg"), "patient_has_measurement", "LOINC:29463-7"),
    ],
)
def test_a_resource_is_an_edge_of_its_relation(resource: Resource, relation: str, node: str) -> None:
    (entry,) = stated(resource).stated
    assert [(fact.relation, fact.node["id"]) for fact in entry.facts] == [(relation, node)]


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"unit": "Kilogramm", "system": "http://unitsofmeasure.org", "code": "kg"}, "kg"),
        ({"unit": "kg", "system": "urn:ward", "code": "K"}, "kg"),
        ({"unit": "kg", "code": "K"}, "kg"),
        ({"unit": "kg", "system": "http://unitsofmeasure.org"}, "kg"),
        ({"code": "kg", "system": "urn:ward"}, None),
    ],
)
def test_the_unit_is_the_code_of_ucum_else_as_written(quantity: dict[str, str], unit: str | None) -> None:
    found = stated(observation("29463-7", valueQuantity={"value": 70} | quantity))
    assert [fact.attributes["unit"] for entry in found.stated for fact in entry.facts] == ([unit] if unit else [])
    assert found.left_out == (() if unit else (("Observation", "a number without a unit"),))


def test_a_variant_is_read_by_its_identifier_alternate_allele_and_copies() -> None:
    found = stated(variant("rs9923231", state="LA6705-3"), variant("HGVS", state="LA6705-3"), observation("69548-6"))
    assert [entry.call and dict(entry.call.copies) for entry in found.stated] == [{"rs9923231": 2}, None, None]
    assert found.left_out == (("Observation", "a variant without a dbSNP identifier"),) * 2
    # The alternate allele may be a concept with a name and a code.
    concept = variant("rs9923231", state="LA6706-1")
    concept["component"][1] = {
        "code": coded(LOINC, "69551-0"),
        "valueCodeableConcept": {"coding": [{"code": "T", "display": "T"}]},
    }
    (entry,) = stated(concept).stated
    assert entry.call is not None
    assert entry.call.copies == {"rs9923231": 1}


@pytest.mark.parametrize(
    ("answer", "state", "copies"),
    [
        ("LA9633-4", "LA6705-3", 2),
        ("LA9633-4", "LA6706-1", 1),
        ("LA9633-4", "LA6707-9", 1),
        ("LA9634-2", "LA6705-3", 0),
        ("LA9633-4", None, None),
        ("LA9633-4", "LA6704-6", None),  # homoplasmic: no number of copies
        ("LA18198-4", "LA6706-1", None),  # no call
    ],
)
def test_copies_are_as_many_as_the_allelic_state_says(answer: str, state: str | None, copies: int | None) -> None:
    found = stated(variant("rs9923231", state=state, value=answer))
    calls = [entry.call.copies["rs9923231"] for entry in found.stated if entry.call]
    assert calls == ([] if copies is None else [copies])
    assert [rejection.element for rejection in found.rejected] == (["component"] if copies is None else [])

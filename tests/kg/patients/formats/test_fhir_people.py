"""Whose a FHIR resource is, which version of it counts, what takes it back, and what must not pass."""

from pathlib import Path
from typing import Any

import pytest

from kg.patients.record import RecordError
from tests.kg.patients.formats.fhir_files import BORN_1960, ReadFiles, codes, of, read_paths
from tests.kg.patients.made_up_records import PATIENT, Resource, coded, condition, number, variant

WEIGHT = number("29463-7", 70, "kg", effectiveDateTime="2020-01-01")
DIABETES = condition("44054006", "Diabetes")
IDENTIFIED = BORN_1960 | {"identifier": [{"system": "urn:x", "value": "A1"}]}
RECORD = ("Observation", "id", "9")


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p"},
        {"reference": "Patient/p/_history/3"},
        {"reference": "https://ward.example/fhir/Patient/p"},
        {"reference": "https://ward.example/fhir/Patient/p/_history/3"},
        {"reference": "urn:uuid:p"},
        {"reference": "urn:uuid:77"},
        {"reference": "Patient/p/"},
        {"reference": "Patient?identifier=urn:x|A1"},
        {"reference": "Patient?identifier=urn%3Ax%7CA1"},
        {"identifier": {"system": "urn:x", "value": "A1"}},
        {"type": "Patient", "identifier": {"system": "urn:x", "value": "A1"}, "display": "Ottoline"},
        {"reference": "#inside"},
    ],
)
def test_a_subject_may_be_referred_to_in_any_form(read_fhir: ReadFiles, subject: Resource) -> None:
    inside = {"resourceType": "Patient", "id": "inside", "identifier": IDENTIFIED["identifier"]}
    content = of(DIABETES | {"subject": subject, "contained": [inside]}, patient=IDENTIFIED)
    content["entry"][0]["fullUrl"] = "urn:uuid:77"
    found = read_fhir(content)
    assert [codes(event) for event in found.events] == [["SNOMEDCT:44054006"]]
    assert [person.identity for person in found.persons] == [("urn:x", "A1")]
    assert found.person.sex == "female"
    assert found.person.born is not None


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/q"},
        {"reference": "Group/p"},
        {"reference": "#p"},
        {"display": "Ottoline"},
        {"identifier": {"system": "urn:y", "value": "A1"}},
        {},
    ],
)
def test_a_subject_that_is_nobody_here_is_refused(read_fhir: ReadFiles, subject: Resource) -> None:
    found = read_fhir(of(DIABETES | {"subject": subject}, WEIGHT, patient=IDENTIFIED))
    assert found.elements == ["subject"]
    assert len(found.events) == 1


def test_a_contained_patient_is_known_by_an_identifier(read_fhir: ReadFiles) -> None:
    inside = {"resourceType": "Patient", "id": "i", "identifier": [{"system": "urn:x", "value": "B2"}]}
    about = {"contained": [inside], "subject": {"reference": "#i"}}
    found = read_fhir({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": DIABETES | about}]})
    assert found.person.identity == ("urn:x", "B2")
    nameless = {"contained": [{"resourceType": "Patient", "id": "i"}], "subject": {"reference": "#i"}}
    assert read_fhir(of(WEIGHT, DIABETES | nameless)).elements == ["subject"]


def test_a_bundle_may_hold_several_patients(read_fhir: ReadFiles) -> None:
    content = of(WEIGHT, WEIGHT | {"subject": {"reference": "Patient/b"}}, patient=BORN_1960, kind="searchset")
    content["entry"].insert(0, {"resource": BORN_1960 | {"id": "b", "gender": "male"}})
    found = read_fhir(content)
    assert [(person.identity[1], person.sex, len(person.events)) for person in found.persons] == [
        ("b", "male", 1),
        ("p", "female", 1),
    ]


def test_patients_of_two_servers_are_two(read_fhir: ReadFiles) -> None:
    entries = []
    for server, number_ in (("https://a.example/fhir", "1"), ("https://b.example/fhir", "2")):
        who = BORN_1960 | {"identifier": [{"system": "urn:x", "value": number_}]}
        weight = WEIGHT | {"id": f"o{number_}", "subject": {"reference": "Patient/p"}}
        entries += [{"fullUrl": f"{server}/Patient/p", "resource": who}]
        entries += [{"fullUrl": f"{server}/Observation/o{number_}", "resource": weight}]
    lost = {"fullUrl": "urn:uuid:1", "resource": DIABETES | {"subject": {"reference": "Patient/p"}}}
    found = read_fhir({"resourceType": "Bundle", "type": "collection", "entry": [*entries, lost]})
    assert {person.identity[1]: [event.record[2] for event in person.events] for person in found.persons} == {
        "1": ["o1"],
        "2": ["o2"],
    }
    assert [reason for *_, reason in found.faults] == ["may mean two Patients"]


def test_what_is_a_refused_patient_s_is_nobody_s(read_fhir: ReadFiles) -> None:
    bad = {"resource": BORN_1960 | {"id": "b", "birthDate": "Ottoline"}}
    content = of(WEIGHT, WEIGHT | {"subject": {"reference": "Patient/b"}}, patient=BORN_1960)
    content["entry"].append(bad)
    found = read_fhir(content)
    assert sorted(found.elements) == ["birthDate", "subject"]
    assert len(found.events) == 1


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"gender": "male"}, "gender"),
        ({"gender": "other"}, "gender"),
        ({"birthDate": "1941-05-05"}, "birthDate"),
        ({"birthDate": "1960-02-04"}, "birthDate"),
        ({"birthDate": "1961"}, "birthDate"),
        ({"birthDate": "1960"}, None),
        ({"birthDate": "1960-02"}, None),
        ({"gender": "unknown"}, None),
        ({"meta": {"versionId": "3"}}, None),
    ],
)
def test_one_name_is_one_person(read_fhir: ReadFiles, other: Resource, differs: str | None) -> None:
    contents = (of(WEIGHT, patient=BORN_1960), of(DIABETES, patient=BORN_1960 | other))
    if differs:
        with pytest.raises(
            RecordError, match=rf"bundle 2 of 2, entry 1.*bundle 1 of 2, entry 1.*another {differs}"
        ) as no:
            read_fhir(*contents)
        assert not [word for word in ("1960", "1941", "male", "A1") if word in str(no.value)]
    else:
        found = read_fhir(*contents)
        assert len({person.identity for person in found.persons}) == 1
        assert all(person.born and person.born.precision == "day" for person in found.persons)


@pytest.mark.parametrize("system", ["urn:x", None])
def test_a_mistake_in_who_has_a_number_may_be_corrected(read_fhir: ReadFiles, system: str | None) -> None:
    numbered = BORN_1960 | {"identifier": [{"value": "A1"} | ({"system": system} if system else {})]}
    corrected = numbered | {"birthDate": "1960-03-02"}
    contents = (of(WEIGHT, patient=numbered), of(DIABETES, patient=corrected))
    if system:
        born = read_fhir(*contents).persons[-1].born
        assert born is not None
        assert born.first.isoformat() == "1960-03-02"
        with pytest.raises(RecordError, match="another birthDate and gender"):
            read_fhir(contents[0], of(patient=corrected | {"gender": "male"}))
    else:
        with pytest.raises(RecordError, match="another birthDate"):
            read_fhir(*contents)


def test_a_newer_version_of_a_patient_corrects_it(read_fhir: ReadFiles) -> None:
    newer = BORN_1960 | {"birthDate": "1961-02-03", "meta": {"versionId": "2"}}
    older = BORN_1960 | {"meta": {"versionId": "1"}}
    for versions in ((newer, older), (older, newer)):
        content = of(WEIGHT, patient=versions[0], kind="history")
        content["entry"].append({"resource": versions[1]})
        born = read_fhir(content).person.born
        assert born is not None
        assert born.first.isoformat() == "1961-02-03"


def test_a_patient_is_known_by_the_record_number(read_fhir: ReadFiles) -> None:
    moved = PATIENT | {"id": "another-server", "identifier": PATIENT["identifier"][::-1]}
    assert [read_fhir(of(WEIGHT, patient=who)).person.identity for who in (PATIENT, moved)] == [
        ("urn:ward", "MRN-77120")
    ] * 2
    assert read_fhir(of(WEIGHT, patient=PATIENT | {"identifier": []})).person.identity == ("Patient.id", "pat-8812")


def test_sex_birth_and_death_are_read(read_fhir: ReadFiles) -> None:
    dead = BORN_1960 | {"birthDate": "1960-02", "deceasedDateTime": "2019-11-30T06:15:00Z"}
    person = read_fhir(of(patient=dead)).person
    assert person.born is not None
    assert person.died is not None
    assert (person.sex, person.born.precision, person.died.first.isoformat()) == ("female", "month", "2019-11-30")
    found = read_fhir(of(WEIGHT, patient=BORN_1960 | {"gender": "Ottoline"}))
    assert (found.person.sex, found.elements) == (None, ["gender"])
    assert read_fhir(of(patient=BORN_1960 | {"deceasedBoolean": True})).person.died is None


def version(number_: str | None, value: float = 70, updated: str | None = None, **more: Any) -> Resource:
    meta = {"versionId": number_, "lastUpdated": updated}
    quantity = WEIGHT["valueQuantity"] | {"value": value}
    return WEIGHT | {"id": "9", "meta": {k: v for k, v in meta.items() if v}, "valueQuantity": quantity} | more


@pytest.mark.parametrize(
    ("versions", "value", "number_"),
    [
        ((version("2", 81), version("1", 810)), 81, 2),
        ((version("1", 810), version("2", 81)), 81, 2),
        ((version("10", 81), version("9", 810)), 81, 10),
        ((version(None, 81, "2020-01-02T00:00:00Z"), version(None, 810, "2020-01-02T00:59:00+01:00")), 81, None),
        ((version("b", 810, "2020-01-01T00:00:00Z"), version("a", 81, "2020-01-02T00:00:00.5Z")), 81, None),
        ((version(None, 81), version(None, 810)), 81, None),
        ((version("2", 81), version("1", 810), version("1", 811)), 81, 2),
    ],
)
def test_the_newest_version_counts(read_fhir: ReadFiles, versions: Any, value: float, number_: int | None) -> None:
    found = read_fhir(of(*versions, kind="history"))
    (event,) = found.events
    assert event.value == value
    assert number_ is None or event.version == number_
    assert found.left_out == {("Observation", "stated again, or in a newer version"): len(versions) - 1}
    assert not found.person.retracted


@pytest.mark.parametrize(
    ("last", "number_"),
    [
        (version("2", status="entered-in-error"), 2),
        (version("2", status="cancelled"), 2),
        (version("2", status="Ottoline"), 2),
        (version("2", dataAbsentReason={"text": "error"}), 2),
        (version("2", valueQuantity={"value": "Ottoline"}), 2),
        (version("2", modifierExtension=[{"url": "u"}]), 2),
        (version(None, status="entered-in-error"), None),
    ],
)
def test_a_version_that_states_nothing_takes_back(read_fhir: ReadFiles, last: Resource, number_: int | None) -> None:
    older = [version("1", 810)] if number_ else [version(None, 810)]
    found = read_fhir(of(last, *older, kind="history"))
    assert found.person.retracted == ((RECORD, number_),)
    assert not found.events
    assert read_fhir(of(last)).person.retracted == ((RECORD, number_),)


def test_what_is_bad_and_has_no_version_takes_nothing_back(read_fhir: ReadFiles) -> None:
    bad = version(None, status="Ottoline")
    for resources in ((bad, version(None)), (version(None), bad)):
        found = read_fhir(of(*resources))
        assert [event.value for event in found.events] == [70]
        assert not found.person.retracted
    part = version(None) | {"meta": {"tag": [{"code": "SUBSETTED"}]}}
    assert not read_fhir(of(part)).person.retracted
    assert not read_fhir(of(WEIGHT | {"status": "entered-in-error"})).person.retracted  # nothing to know it by


@pytest.mark.parametrize("swap", [False, True])
def test_a_record_that_was_another_patient_s_is_taken_back_there(read_fhir: ReadFiles, *, swap: bool) -> None:
    versions = [version("1"), version("2", subject={"reference": "Patient/b"})]
    content = of(*(reversed(versions) if swap else versions), patient=BORN_1960, kind="history")
    content["entry"].append({"resource": BORN_1960 | {"id": "b"}})
    told = {person.identity[1]: (len(person.events), person.retracted) for person in read_fhir(content).persons}
    assert told == {"p": (0, ((RECORD, 2),)), "b": (1, ())}


def deletion(etag: str | None = None, kind: str = "Observation") -> Resource:
    response = {"status": "204"} | ({"etag": f'W/"{etag}"'} if etag else {})
    return {"request": {"method": "DELETE", "url": f"{kind}/9"}, "response": response}


@pytest.mark.parametrize(
    ("kind", "entries", "value", "retracted"),
    [
        ("history", [deletion("3"), version("2")], None, 3),
        ("history", [version("4"), deletion("3"), version("2")], 70, None),
        ("history", [version("2"), deletion("3")], None, 3),
        ("history", [deletion(), version(None)], None, None),
        ("history", [version(None), deletion()], 70, None),
        ("transaction", [deletion(), version(None)], 70, None),
        ("transaction", [version(None), deletion()], 70, None),
        ("transaction", [deletion()], None, None),
        ("collection", [deletion(kind="Claim"), deletion(kind="Patient")], None, -1),
    ],
)
def test_what_is_deleted_is_taken_back(
    read_fhir: ReadFiles, kind: str, entries: list[Resource], value: float | None, retracted: int | None
) -> None:
    content = of(kind=kind)
    about = {"subject": {"reference": "Patient/pat-8812"}}
    content["entry"] += [entry if "request" in entry else {"resource": entry | about} for entry in entries]
    person = read_fhir(content).person
    assert [event.value for event in person.events] == ([] if value is None else [value])
    assert person.retracted == (() if value or retracted == -1 else ((RECORD, retracted),))


def test_a_deletion_apart_is_of_all_who_are_here(read_fhir: ReadFiles) -> None:
    alone = {"resourceType": "Bundle", "type": "history", "entry": [deletion("3")]}
    found = read_fhir(alone, of(WEIGHT), of(WEIGHT, patient=BORN_1960))
    taken = {person.identity for person in found.persons if person.retracted == ((RECORD, 3),)}
    assert taken == {("urn:ward", "MRN-77120"), ("Patient.id", "p")}


def test_the_words_of_all_people_are_private(read_fhir: ReadFiles) -> None:
    doctor = {
        "resourceType": "Practitioner",
        "id": "d",
        "name": [{"family": "Brambleby"}],
        "identifier": [{"value": "160"}],
    }
    staff = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"resource": doctor | {"name": [{"family": "Underhall"}]}}],
    }
    relative = {
        "resourceType": "RelatedPerson",
        "patient": {"reference": "Patient/p"},
        "telecom": [{"value": "5550199"}],
    }
    found = read_fhir(staff, of(WEIGHT, doctor, relative), of(WEIGHT, patient=BORN_1960))
    private = found.persons[0].private | found.persons[1].private
    assert all(private.is_in(text) for text in ("Dr. BRAMBLEBY", "Underhall's", "Ottoline", "call 555-0199"))
    assert not private.is_code("160")  # too short to tell anybody
    assert found.persons[0].private.is_in("Brambleby")


def test_the_made_up_patients_are_read_whole() -> None:
    found = read_paths([Path(__file__).parents[4] / "kg" / "sources" / "starter" / "patients"])
    assert len(found.persons) == 12
    assert not found.account.rejected
    assert not found.account.left_out


CONSENT = {
    "resourceType": "Consent",
    "id": "c",
    "status": "active",
    "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "research"),
    "category": [coded("http://loinc.org", "59284-0")],
    "patient": {"reference": "Patient/pat-8812"},
    "dateTime": "2020-02-03",
    "policyRule": coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
}
PRIVACY = {"scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")}
RESEARCH = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HRESCH"}]


@pytest.mark.parametrize(
    ("consents", "decided"),
    [
        ([CONSENT], "given"),
        ([CONSENT | {"provision": {"type": "permit"}}], "given"),
        ([CONSENT | {"provision": {"type": "deny"}}], "withdrawn"),
        ([CONSENT | {"status": "inactive"}], "withdrawn"),
        ([CONSENT | {"status": "rejected"}], "withdrawn"),
        ([CONSENT | {"status": "draft"}], None),
        ([CONSENT | {"status": "entered-in-error"}], None),
        ([CONSENT | {"policyRule": {"text": "yes"}}], None),
        ([CONSENT | {"provision": {"type": "permit", "purpose": [{"code": "TREAT"}]}}], None),
        ([CONSENT | {"provision": {"type": "deny", "provision": [{"type": "permit", "purpose": RESEARCH}]}}], "given"),
        ([CONSENT | {"provision": {"type": "permit", "provision": [{"type": "deny"}]}}], "withdrawn"),
        ([CONSENT | PRIVACY], None),
        ([CONSENT | PRIVACY | {"provision": {"type": "deny"}}], "withdrawn"),
        ([CONSENT | {"scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "treatment")}], None),
        ([CONSENT, CONSENT | {"id": "d", "dateTime": "2020-03-03", "provision": {"type": "deny"}}], "withdrawn"),
        ([CONSENT | {"id": "d", "provision": {"type": "deny"}}, CONSENT], "withdrawn"),
        ([CONSENT | {"id": "d", "dateTime": "2019", "provision": {"type": "deny"}}, CONSENT], "given"),
        ([CONSENT | {"modifierExtension": [{"url": "u"}]}], None),
    ],
)
def test_consent_is_the_newest_that_says_so(
    read_fhir: ReadFiles, consents: list[Resource], decided: str | None
) -> None:
    assert read_fhir(of(*consents)).person.consent == decided


def test_consent_is_the_newest_of_all_files(read_fhir: ReadFiles) -> None:
    denied = CONSENT | {"id": "d", "dateTime": "2021-01-01", "provision": {"type": "deny"}}
    for contents in ((of(denied), of(CONSENT)), (of(CONSENT), of(denied))):
        assert read_fhir(*contents).persons[-1].consent == "withdrawn"


def test_one_id_of_two_servers_is_two_records(read_fhir: ReadFiles) -> None:
    weights = [WEIGHT | {"id": "9"}, WEIGHT | {"id": "9", "subject": {"reference": "Patient/b"}}]
    content = of(*weights, patient=BORN_1960)
    content["entry"].append({"resource": BORN_1960 | {"id": "b"}})
    assert [len(person.events) for person in read_fhir(content).persons] == [1, 1]


def test_a_report_of_a_variant_is_taken_back_whole(read_fhir: ReadFiles) -> None:
    inner = variant("rs6025", state="LA6706-1") | {"id": "v"}
    made = {"resourceType": "DiagnosticReport", "id": "9", "code": coded("http://loinc.org", "81247-9")}
    made |= {"contained": [inner], "result": [{"reference": "#v"}]}
    versions = [
        made | {"status": "entered-in-error", "meta": {"versionId": "2"}},
        made | {"status": "final", "meta": {"versionId": "1"}},
    ]
    person = read_fhir(of(*versions, kind="history")).person
    assert (person.events, person.retracted) == ((), ((("DiagnosticReport", "id", "9"), 2),))

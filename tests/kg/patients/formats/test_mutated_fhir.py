"""Whatever is wrong with one resource, it is that one that is refused, and no message tells of whom."""

import copy
from typing import Any

import numpy as np
import pytest

from kg.patients.record import RecordError
from tests.kg.patients.formats.fhir_files import ReadFiles, of
from tests.kg.patients.formats.fhir_resources import (
    ALLERGY,
    COLONOSCOPY,
    DIABETES,
    GIVEN,
    HANDED_OVER,
    STATEMENT,
    VACCINE,
    VISIT,
    WARFARIN,
)
from tests.kg.patients.made_up_records import (
    LOINC,
    PERSON,
    PLANTS,
    Resource,
    coded,
    genotype,
    medication,
    number,
    observation,
    variant,
)

STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
WEIGHT = number("29463-7", 61.5, "kg", id="sound")
ME = {"patient": {"reference": "Patient/person-90417"}}
PART = {"code": coded(LOINC, "8480-6"), "valueQuantity": {"value": 131, "unit": "mm[Hg]"}}
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "final",
    "code": coded(LOINC, "81247-9"),
    "contained": [variant("rs6025", state="LA6706-1") | {"id": "v"}],
    "result": [{"reference": "#v"}],
}
CONSENT = {
    "resourceType": "Consent",
    "status": "active",
    "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "research"),
    "category": [coded(LOINC, "59284-0")],
    "provision": {"type": "deny"},
}
RESOURCES: list[Resource] = [
    DIABETES | {"verificationStatus": coded(STATUS, "confirmed"), "onsetPeriod": {"start": "2001", "end": "2002-03"}},
    medication("855332", "Warfarin Sodium 5 MG Oral Tablet", authoredOn="2021-02-03T10:00:00+01:00"),
    number("6301-6", 2.4, "{INR}", effectivePeriod={"start": "2021-07-22", "end": "2021-07-23"}),
    genotype("CYP2C9 *1/*3", component=[{"code": coded(LOINC, "48018-6"), "valueCodeableConcept": {"text": "CYP2C9"}}]),
    variant("rs9923231", state="LA6706-1"),
    observation("85354-9", component=[PART, PART]),
    REPORT,
    ALLERGY | ME,
    VACCINE | ME,
    *(WARFARIN, STATEMENT, GIVEN, HANDED_OVER, COLONOSCOPY, VISIT | {"period": {"start": "2020-01-02T10:00:00Z"}}),
    CONSENT | ME,
    {"resourceType": "Practitioner", "name": [{"family": "Brambleby", "given": ["Cuthbert"]}]},
]
WORDS = [form for _, forms in PLANTS.values() for form in forms]
JUNK: list[Any] = [
    *(None, True, -7, 10**400, 1e400, "", " ", "Ottolië Quillfeäther", "2020-02-30", "person-90417", "\ud800"),
    *([], {}, [[]], [None], ["MRN-77-120-3"], {"Brambleby": 1}, {"extension": "Quillfeäther"}, {"coding": [None]}),
]


def mangled(value: Any, random: np.random.Generator) -> Any:
    """Return a copy of a JSON value with one of its parts, at random, in place of which stands something else.

    Or that has one part more: an underscored twin of one, or one that FHIR does not know.
    """
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    junk = JUNK[random.integers(len(JUNK))]
    if not keys or random.random() < 0.15:
        return junk
    changed = dict(value) if isinstance(value, dict) else list(value)
    key = keys[random.integers(len(keys))]
    if isinstance(changed, dict) and random.random() < 0.2:
        changed[random.choice([f"_{key}", "Quillfeäther", "modifierExtension", "focus", "contained"])] = junk
    else:
        changed[key] = mangled(changed[key], random)
    return changed


def test_a_bad_resource_is_refused_alone_and_tells_nothing(read_fhir: ReadFiles) -> None:
    random = np.random.default_rng(20)
    refused = 0
    for _ in range(300):
        content = of(*RESOURCES, WEIGHT, patient=PERSON)
        entry = 1 + random.integers(len(RESOURCES))
        content["entry"][entry] = {"resource": mangled(content["entry"][entry]["resource"], random)}
        try:
            found = read_fhir(content)
        except RecordError as failure:  # only what would be of R5 stops a bundle whose patient is sound
            assert "another version" in str(failure)
            continue
        assert ("Observation", "id", "sound") in {event.record for event in found.events}
        assert not [word for word in WORDS if word in repr(found.account)]
        refused += bool(found.account.rejected)
    assert refused > 100


def test_a_bad_patient_or_bundle_is_named_and_tells_nothing(read_fhir: ReadFiles) -> None:
    random = np.random.default_rng(21)
    refused = 0
    for _ in range(150):
        content = of(*RESOURCES, patient=PERSON)
        if random.random() < 0.5:
            content["entry"][0] = {"resource": mangled(PERSON, random)}
        else:
            content = mangled(content, random)
        try:
            told = repr(read_fhir(content).account)
        except RecordError as failure:
            told = str(failure)
            refused += 1
        assert not [word for word in WORDS if word in told]
    assert refused > 30


@pytest.mark.parametrize("depth", [30, 200, 300])
def test_a_deep_resource_is_refused_alone(read_fhir: ReadFiles, depth: int) -> None:
    for element in ("extension", "contained", "component", "valueQuantity"):
        deep: Any = "Ottolië"
        for _ in range(depth):
            deep = [{"url": "urn:x", element: deep}]
        content = of(copy.deepcopy(DIABETES) | {element: deep}, WEIGHT, patient=PERSON)
        found = read_fhir(content)
        assert len(found.account.rejected) == 1
        assert len(found.events) == 1

"""Made-up patient records in FHIR R4, and the words in them that must never leave them."""

from typing import Any

Resource = dict[str, Any]

PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "pat-8812",
    "identifier": [
        {
            "type": {"coding": [{"code": "MR"}], "text": "Medical Record Number"},
            "system": "urn:ward",
            "value": "MRN-77120",
        },
        {"system": "urn:insurance", "value": "A-INSURED-5"},
    ],
    "name": [{"family": "Quillfeather", "given": ["Ottoline"]}],
    "telecom": [{"system": "phone", "value": "555-0199"}],
    "gender": "female",
    "birthDate": "1951-07-23",
    "address": [{"line": ["9 Larkspur Mews"], "city": "Tintagel", "postalCode": "PL34 0ZZ"}],
}
"""A made-up patient; every string in it that identifies somebody is in `PLANTED`."""

PLANTED = (
    "pat-8812",
    "MRN-77120",
    "A-INSURED",
    "Quillfeather",
    "Ottoline",
    "555-0199",
    "1951-07",
    "Larkspur",
    "Tintagel",
)


def bundle(*resources: Resource, patient: Resource = PATIENT) -> Resource:
    """Return a bundle of a patient and resources, each about the patient unless it says otherwise."""
    about = {"reference": f"Patient/{patient['id']}"}
    entries = [patient, *(({"subject": about} if takes_subject(resource) else {}) | resource for resource in resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": entry} for entry in entries]}


def takes_subject(resource: Resource) -> bool:
    return resource["resourceType"] != "Medication"


def condition(code: str, display: str, *, system: str = "http://snomed.info/sct", **more: Any) -> Resource:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": system, "code": code, "display": display}]},
        **more,
    }


def observation(code: str, **more: Any) -> Resource:
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    return {"resourceType": "Observation", "status": "final", "code": coded, **more}


def number(code: str, value: float, unit: str, **more: Any) -> Resource:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return observation(code, valueQuantity=quantity, **more)


def genotype(text: str, **more: Any) -> Resource:
    return observation("84413-4", valueCodeableConcept={"text": text}, **more)


def medication(code: str, display: str, **more: Any) -> Resource:
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code, "display": display}
    status = {"status": "active", "intent": "order"}
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": [coding]}, **status, **more}

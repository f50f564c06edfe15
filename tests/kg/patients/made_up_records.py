"""Made-up patient records in FHIR R4, and the words in them that must never leave them."""

import copy
from typing import Any

Resource = dict[str, Any]

LOINC = "http://loinc.org"

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
    return resource["resourceType"] not in ("Medication", "AllergyIntolerance", "Immunization", "Consent")


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


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def variant(
    rs_id: str, *, state: str | None, value: str = "LA9633-4", alternate: str = "T", **more: Any
) -> dict[str, Any]:
    parts = [{"code": coded(LOINC, "81255-2"), "valueCodeableConcept": coded("http://www.ncbi.nlm.nih.gov/snp", rs_id)}]
    parts.append({"code": coded(LOINC, "69551-0"), "valueString": alternate})
    if state:
        parts.append({"code": coded(LOINC, "53034-5"), "valueCodeableConcept": coded(LOINC, state)})
    return observation("69548-6", valueCodeableConcept=coded(LOINC, value), component=parts, **more)


def medication(code: str, display: str, **more: Any) -> Resource:
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code, "display": display}
    status = {"status": "active", "intent": "order"}
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": [coding]}, **status, **more}


PERSON: Resource = {
    "resourceType": "Patient",
    "id": "person-90417",
    "gender": "female",
    "birthDate": "1951-07-23",
    "deceasedDateTime": "2019-11-30T06:15:00Z",
    "name": [
        {
            "family": "Quillfeäther",
            "_family": {"extension": [{"url": "urn:own-name", "valueString": "Drumgoole"}]},
            "given": ["Ottolië", "Wilhelmøna"],
            "text": "Countess Mountebank",
        }
    ],
    "identifier": [
        {"type": {"coding": [{"code": "MR"}], "text": "Record"}, "system": "urn:ward", "value": "MRN-77-120-3"}
    ],
    "telecom": [{"system": "phone", "value": "+44 1840 555 0199"}],
    "address": [{"line": ["9 Larkspur Mews"], "city": "Tintagël", "district": "Wharfdale", "postalCode": "PL34 0ZZ"}],
    "contact": [
        {
            "name": {"family": "Brambleby", "given": ["Cuthbert"]},
            "telecom": [{"system": "email", "value": "bees@hive.example"}],
            "address": {"line": ["Flat 3, Heronsgate Wharf"]},
        }
    ],
    "contained": [
        {
            "resourceType": "RelatedPerson",
            "patient": {"reference": "#"},
            "name": [{"family": "Underhall"}],
            "telecom": [{"system": "phone", "value": "07700 900461"}],
        },
    ],
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Ada Zelderloo"},
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Hawkshead"}},
        {"url": "urn:note", "valueString": "Wheelchair user from Withernsea"},
        {"url": "urn:arrival", "valueDate": "1973-05-06"},
        {"url": "urn:wedding", "valueDateTime": "1974-01-31T11:00:00Z"},
        {"url": "urn:race", "extension": [{"url": "text", "valueString": "White"}]},
    ],
}
"""A made-up patient of whom every element that identifies somebody has a word of its own."""

PLANTS: dict[str, tuple[tuple[str | int, ...], tuple[str, ...]]] = {
    "id": (("id",), ("person-90417", "PERSON 90417")),
    "birth date": (
        ("birthDate",),
        ("1951-07-23", "19510723", "23.7.1951", "07/23/1951", "July 23, 1951", "23 JUL 1951"),
    ),
    "day of death": (("deceasedDateTime",), ("2019-11-30", "30 November 2019")),
    "family name": (
        ("name", 0, "family"),
        (
            "Quillfeäther",
            "QUILLFEÄTHER",
            "quillfeather",
            "Quillfea\u0308ther",
            "Quill\u00adfeäther",
            "Quillfeäther's",
            "(Quillfeäther)",
            "Mr_Quillfeäther_2",
            "Quillfeäther1951",
            "\uff31uillfeather",
        ),
    ),
    "family name's extension": (("name", 0, "_family"), ("Drumgoole", "DRUMGOOLE")),
    "given name": (("name", 0, "given", 0), ("Ottolië", "OTTOLIE", "Ottolie\u0308", "-Ottolië-")),
    "second given name": (("name", 0, "given", 1), ("Wilhelmøna", "WILHELMØNA")),
    "name as a text": (("name", 0, "text"), ("Countess Mountebank", "MOUNTEBANK")),
    "identifier": (("identifier",), ("MRN-77-120-3", "mrn771203", "77 120 3", "771203", "\uff17\uff17 1203")),
    "telephone": (("telecom",), ("+44 1840 555 0199", "01840/5550199", "555-0199", "(555) 01 99")),
    "address line": (("address", 0, "line"), ("9 Larkspur Mews", "Larkspur Mews", "LARKSPUR-MEWS")),
    "city": (("address", 0, "city"), ("Tintagël", "tintagel", "Tintage\u0308l")),
    "district": (("address", 0, "district"), ("Wharfdale",)),
    "postal code": (("address", 0, "postalCode"), ("PL34 0ZZ", "pl340zz")),
    "contact's family name": (("contact", 0, "name", "family"), ("Brambleby", "BRAMBLEBY")),
    "contact's given name": (("contact", 0, "name", "given"), ("Cuthbert",)),
    "contact's telecom": (("contact", 0, "telecom"), ("bees@hive.example", "BEES@HIVE.example")),
    "contact's address": (("contact", 0, "address"), ("Flat 3, Heronsgate Wharf", "Heronsgate Wharf")),
    "relative": (("contained",), ("Underhall", "[underhall]", "07700 900461")),
    "mother's maiden name": (("extension", 0), ("Ada Zelderloo", "Zelderloo", "ZELDERLOO")),
    "birth place": (("extension", 1), ("Hawkshead", "HAWKSHEAD")),
    "extension with a day": (("extension", 3), ("1973-05-06", "6 May 1973")),
    "extension with a time": (("extension", 4), ("1974-01-31", "01/31/1974")),
    "another extension": (("extension", 2), ("Wheelchair user from Withernsea",)),
}
"""What identifies `PERSON`: the element that says it, and how a text may say the same."""

PLANTED_CONDITIONS = {
    f"9{kind:03}{form:03}": (name, text)
    for kind, (name, (_, forms)) in enumerate(PLANTS.items())
    for form, text in enumerate(forms)
}
"""Codes of conditions in whose public name, the only text of a record that may pass, a plant stands."""


def planted(leading: str = "9") -> list[Resource]:
    """Return the conditions, with codes that begin with this digit."""
    return [condition(leading + code[1:], f"Dyspnea of {text}") for code, (_, text) in PLANTED_CONDITIONS.items()]


def without(patient: Resource, path: tuple[str | int, ...]) -> Resource:
    """Return a patient less the element at this path."""
    less = copy.deepcopy(patient)
    inner: Any = less
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return less

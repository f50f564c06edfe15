"""Fifty synthetic patients in FHIR R4: every fact that a plain walk through the JSON finds, and no other."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kg.patients.moment import Moment
from tests.kg.patients.formats.fhir_files import Found, read_paths

pytestmark = pytest.mark.mirror


@pytest.fixture(scope="module")
def folder(mirror: Path) -> Path:
    return mirror / "patients" / "fhir"


@pytest.fixture(scope="module")
def found(folder: Path) -> Found:
    return read_paths([folder])


@pytest.fixture(scope="module")
def resources(folder: Path) -> list[dict[str, Any]]:
    bundles = [json.loads(gzip.decompress(path.read_bytes())) for path in sorted(folder.iterdir())]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def minutes(text: str) -> tuple[str, int]:
    return text[:10], 60 * int(text[11:13]) + int(text[14:16])


def test_every_number_is_read_with_its_code_its_unit_and_its_minute(found: Found, resources: list[Any]) -> None:
    stated = Counter(
        (
            part["code"]["coding"][0]["code"],
            part["valueQuantity"]["value"],
            part["valueQuantity"]["code"],
            *minutes(resource["effectiveDateTime"]),
        )
        for resource in resources
        if resource["resourceType"] == "Observation"
        for part in (resource, *resource.get("component", ()))
        if "valueQuantity" in part
    )
    read = Counter(
        (event.codes[0].code, event.value, event.unit, event.at.first.isoformat(), event.at.minute)
        for event in found.events
        if event.what == "measurement" and event.value is not None and isinstance(event.at, Moment)
    )
    assert read == stated
    assert read.total() == 5963


def test_every_coded_thing_is_read_on_its_day(found: Found, resources: list[Any]) -> None:
    times = {
        "Condition": ("code", "onsetDateTime", "condition"),
        "MedicationRequest": ("medicationCodeableConcept", "authoredOn", "drug"),
        "Immunization": ("vaccineCode", "occurrenceDateTime", "procedure"),
        "AllergyIntolerance": ("code", "recordedDate", "allergy"),
    }
    stated = Counter(
        (what, resource[code]["coding"][0]["code"], resource[time][:10])
        for resource in resources
        for code, time, what in [times.get(resource["resourceType"], ("", "", ""))]
        if what
    )
    read = Counter(
        (event.what, event.codes[0].code, event.at.first.isoformat())
        for event in found.events
        if event.record[0] in times and isinstance(event.at, Moment)
    )
    assert read == stated
    assert read.total() == 264 + 226 + 612 + 31


def test_what_is_not_read_is_counted(found: Found, resources: list[Any]) -> None:
    kinds = Counter(resource["resourceType"] for resource in resources)
    assert len(found.persons) == kinds["Patient"] == 50
    assert Counter(event.what for event in found.events) == {
        "measurement": 5963 + 434,
        "procedure": kinds["Procedure"] + kinds["Immunization"] - 6,
        "visit": kinds["Encounter"],
        "condition": kinds["Condition"],
        "drug": kinds["MedicationRequest"],
        "allergy": kinds["AllergyIntolerance"],
    }
    unread = ("Organization", "Practitioner", "Claim", "ExplanationOfBenefit", "CarePlan", "ImagingStudy", "Goal")
    assert found.left_out == {
        ("other resources", "a type that is not read"): sum(kinds[kind] for kind in unread),
        ("DiagnosticReport", "a report, whose results are read where they stand"): kinds["DiagnosticReport"],
        ("Observation", "no number or code"): 30,
    }
    # An echocardiogram whose code is LOINC's, with SNOMED CT's address.
    assert {(fault.table, fault.element, fault.reason) for fault in found.account.rejected} == {
        ("Procedure", "code.coding.0.code", "is not a code of SNOMEDCT")
    }
    assert len(found.account.rejected) == 6


def test_who_is_named_in_a_bundle_is_private(found: Found, resources: list[Any]) -> None:
    private = found.persons[0].private
    for person in found.persons[1:]:
        private |= person.private
    for resource in resources:
        if resource["resourceType"] in ("Patient", "Practitioner"):
            assert private.is_in(f"seen by {resource['name'][0]['family'].upper()}")
    assert not [code for event in found.events for code in event.codes if private.is_code(code.code)]


def test_the_same_patients_come_from_a_bulk_export(folder: Path, tmp_path: Path) -> None:
    bundles = sorted(folder.iterdir())[:4]
    lines: dict[str, list[str]] = {}
    for path in bundles:
        for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]:
            lines.setdefault(entry["resource"]["resourceType"], []).append(json.dumps(entry["resource"]))
    for kind, told in lines.items():
        (tmp_path / f"{kind}.ndjson.gz").write_bytes(gzip.compress("\n".join(told).encode(), 1))
    by_bundle, by_line = read_paths(bundles), read_paths([tmp_path])
    facts = [
        {
            (person.identity, event.what, event.codes, event.at, event.until, event.value, event.unit, event.record)
            for person in found.persons
            for event in person.events
        }
        for found in (by_bundle, by_line)
    ]
    assert facts[0] == facts[1]
    assert len(facts[0]) > 500
    assert by_bundle.left_out == by_line.left_out

"""Bundles as files: what is refused, and that no message tells who the patient is."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kg.patients.bundles import BundleError, find_bundles, read_bundle
from tests.kg.patients.made_up_records import PATIENT, PLANTED, bundle, condition, number

ANGINA = condition("194828000", "Angina (disorder)")
CONTENT = json.dumps(bundle(ANGINA, number("29463-7", 61.5, "kg"))).encode()


def written(folder: Path, content: bytes, name: str = "Ottoline_Quillfeather.json") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_bundle_is_read_plain_or_gzipped(tmp_path: Path, pack: Any) -> None:
    found = read_bundle(written(tmp_path, pack(CONTENT)), "bundle 1 of 1")
    assert [(entry.number, type(entry.resource).__name__) for entry in found.entries] == [
        (2, "Condition"),
        (3, "Observation"),
    ]
    assert not found.rejected


def no_patient() -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": bundle(ANGINA)["entry"][1:]}).encode()


def two_patients() -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": PATIENT}] * 2}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"name": "Ottoline Quillfeather"', r"is not JSON \(line 1\)"),
        (b"\xff\xfeOttoline", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (gzip.compress(CONTENT)[:-20], "not a whole gzip file"),
        (gzip.compress(CONTENT)[:30] + b"Ottoline" * 9, "cannot be read"),
        (json.dumps(PATIENT).encode(), 'expected an object with "resourceType": "Bundle"'),
        (b'["MRN-77120"]', "is not a FHIR bundle"),
        (b'{"resourceType": "Bundle", "entry": "Ottoline"}', "is not a FHIR bundle"),
        (no_patient(), "holds no Patient"),
        (two_patients(), "holds 2 Patient resources"),
        (
            json.dumps(bundle(patient=PATIENT | {"birthDate": "23/07/1951"})).encode(),
            r"entry 1: .*birthDate has a value",
        ),
        (json.dumps(bundle(patient=PATIENT | {"birthDate": 0})).encode(), "entry 1: .*birthDate is a number"),
        (
            json.dumps(bundle(patient=PATIENT | {"Ottoline": 1})).encode(),
            "entry 1: .*an element that FHIR does not know",
        ),
    ],
)
def test_what_is_no_record_of_one_patient_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(BundleError, match=message) as refused:
        read_bundle(written(tmp_path, content), "bundle 3 of 50")
    assert str(refused.value).startswith("bundle 3 of 50")
    assert not [word for word in PLANTED if word in str(refused.value)]


def nested(depth: int) -> list[dict[str, Any]]:
    """Extensions within extensions, in the innermost of which a name stands."""
    extension: list[dict[str, Any]] = [{"url": "urn:x", "valueString": "Ottoline"}]
    for _ in range(depth):
        extension = [{"url": "urn:x", "extension": extension}]
    return extension


@pytest.mark.parametrize(
    ("resource", "element", "reason"),
    [
        (ANGINA | {"onsetDateTime": "Ottoline's birthday"}, "onsetDateTime", "has a value that FHIR does not allow"),
        (ANGINA | {"onsetDateTime": 1262304000}, "onsetDateTime", "is a number: expected a date"),
        (ANGINA | {"onsetPeriod": {"start": 2019.5}}, "start", "is a number: expected a date"),
        (ANGINA | {"recordedDate": -1}, "recordedDate", "is a number: expected a date"),
        (ANGINA | {"recordedDate": True}, "recordedDate", "is not of the type that FHIR expects"),
        (
            ANGINA | {"contained": [{"resourceType": "Quillfeather"}]},
            "contained",
            "holds a resource of a type that FHIR R4B does not know",
        ),
        (ANGINA | {"extension": nested(300)}, "Condition", "is nested too deeply"),
        (ANGINA | {"Quillfeather": True}, "Condition", "holds an element that FHIR does not know"),
        (
            ANGINA | {"code": {"coding": [{"MRN-77120": 1}]}},
            "code.coding.0",
            "holds an element that FHIR does not know",
        ),
        (ANGINA | {"subject": "Ottoline"}, "subject", "is not of the type that FHIR expects"),
        (ANGINA | {"subject": {"reference": "Patient/another"}}, "subject", "does not refer to the bundle's Patient"),
        (ANGINA | {"onsetDateTime": "2001-02-03", "onsetString": "Ottoline"}, "Condition", "lacks one of the elements"),
        (number("29463-7", 61, "kg") | {"valueQuantity": {"value": "Ottoline"}}, "valueQuantity.value", "has a value"),
        ({"resourceType": "Observation", "status": "final"}, "code", "is missing"),
    ],
)
def test_a_bad_resource_is_named_without_its_value(
    tmp_path: Path, resource: dict[str, Any], element: str, reason: str
) -> None:
    content = json.dumps(bundle(resource, number("8302-2", 163, "cm"))).encode()
    found = read_bundle(written(tmp_path, content), "bundle 1 of 1")
    assert [type(entry.resource).__name__ for entry in found.entries] == ["Observation"]
    (rejection,) = found.rejected
    assert (rejection.entry, rejection.element) == (2, element)
    assert reason in rejection.reason
    assert not [word for word in PLANTED if word in repr(rejection)]


def test_resources_of_other_types_are_counted(tmp_path: Path) -> None:
    content = json.dumps(bundle({"resourceType": "Encounter"}, {"resourceType": ["Quillfeather"]})).encode()
    found = read_bundle(written(tmp_path, content), "bundle 1 of 1")
    assert found.skipped == {("other resources", "a type that is not read"): 2}
    assert not found.entries + found.rejected


@pytest.mark.parametrize("reference", ["Patient/pat-8812", "https://ward.example/fhir/Patient/pat-8812", "urn:uuid:77"])
def test_references_to_the_patient_may_take_any_form(tmp_path: Path, reference: str) -> None:
    content = bundle(ANGINA | {"subject": {"reference": reference}})
    content["entry"][0]["fullUrl"] = "urn:uuid:77"
    assert len(read_bundle(written(tmp_path, json.dumps(content).encode()), "bundle 1 of 1").entries) == 1


def test_folders_are_searched_and_no_file_is_read_twice(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    paths = [tmp_path / name for name in ("a.json", "b.json.gz", "deeper/c.json", "notes.txt")]
    for path in paths:
        path.touch()
    assert find_bundles([tmp_path, tmp_path / "a.json"]) == tuple(paths[:3])


def test_paths_without_bundles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds no bundle"):
        find_bundles([tmp_path])
    with pytest.raises(BundleError, match="does not exist"):
        find_bundles([tmp_path / "absent"])
    with pytest.raises(BundleError, match="no path"):
        find_bundles([])

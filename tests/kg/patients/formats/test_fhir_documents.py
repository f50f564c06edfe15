"""Files of FHIR: which are found, opened and refused, and that no message tells who the patient is."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.patients.formats.fhir import READER
from kg.patients.formats.fhir.documents import find_files
from kg.patients.record import Place, RecordError
from tests.kg.patients.formats.fhir_files import BORN_1960, ReadFiles, codes, of, read_paths
from tests.kg.patients.made_up_records import PATIENT, PLANTED, Resource, bundle, condition, number

ANGINA = condition("194828000", "Angina (disorder)")
WEIGHT = number("29463-7", 61.5, "kg")
CAPABLE_OF_R5: Resource = {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}
CONTENT = json.dumps(bundle(ANGINA, WEIGHT)).encode()
HOSPITAL: Resource = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Location"}}]}


def written(folder: Path, content: bytes, name: str = "Ottoline_Quillfeather.json") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda content: b"\xef\xbb\xbf" + content])
def test_a_bundle_is_read_plain_gzipped_and_with_a_mark(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = written(tmp_path, pack(CONTENT))
    assert READER.sniff(path)
    found = read_paths([path])
    assert [(event.what, codes(event), event.place) for event in found.events] == [
        ("condition", ["SNOMEDCT:194828000"], Place("bundle 1 of 1", 2)),
        ("measurement", ["LOINC:29463-7"], Place("bundle 1 of 1", 3)),
    ]
    assert not found.account.rejected
    assert found.person.digest


@pytest.mark.parametrize(
    "kind", ["collection", "transaction", "batch", "document", "searchset", "history", "message", "batch-response"]
)
def test_bundles_of_every_type_are_read(read_fhir: ReadFiles, kind: str) -> None:
    found = read_fhir(of(ANGINA, WEIGHT, kind=kind))
    assert [event.what for event in found.events] == ["condition", "measurement"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"name": "Ottoline Quillfeather"', r"is not JSON \(line 1\)"),
        (b"\xff\xfeOttoline", "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (gzip.compress(CONTENT)[:-20], "not a whole gzip file"),
        (gzip.compress(CONTENT)[:30] + b"Ottoline" * 9, "cannot be read"),
        (b'["MRN-77120"]', "is not a FHIR bundle"),
        (b'{"id": "Ottoline", "phenotypicFeatures": []}', "is not a FHIR bundle"),
        (b'{"resourceType": "Bundle", "entry": "Ottoline"}', 'expected "entry" to be a list'),
        (json.dumps(of(ANGINA, kind="Ottoline")).encode(), "a bundle of a type that FHIR R4 does not know"),
        (json.dumps(of(ANGINA, implicitRules="urn:Ottoline")).encode(), "names rules"),
        (json.dumps(of(ANGINA, fhirVersion="5.0.0")).encode(), "another version of FHIR"),
        (
            json.dumps(of(ANGINA, CAPABLE_OF_R5)).encode(),
            "another vers",
        ),
        (json.dumps(HOSPITAL).encode(), "no FHIR Patient in these files"),
        (
            json.dumps(bundle(patient=PATIENT | {"birthDate": "23/07/1951"})).encode(),
            r"entry 1: .*birthDate has a value",
        ),
        (json.dumps(bundle(patient=PATIENT | {"birthDate": 0})).encode(), "entry 1: .*birthDate is a number"),
        (json.dumps(bundle(patient=PATIENT | {"Ottoline": 1})).encode(), "entry 1: .*an element that FHIR does not kn"),
        (json.dumps(bundle(patient={"resourceType": "Patient"} | {"id": ""})).encode(), "entry 1"),
        (json.dumps(of(patient=PATIENT | {"modifierExtension": [{"url": "u"}]})).encode(), "modifierExtension changes"),
    ],
)
def test_what_is_no_record_of_a_patient_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(RecordError, match=message) as refused:
        read_paths([written(tmp_path, content)])
    assert not [word for word in PLANTED if word in str(refused.value)]


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Encounter", "status": "completed", "class": [], "actualPeriod": {"start": "2024-01-01"}},
        {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "medication": {"concept": {}}},
        {"resourceType": "Procedure", "status": "completed", "occurrenceDateTime": "2024-01-01"},
        {"resourceType": "Encounter", "status": "completed", "class": [{"coding": [{"code": "AMB"}]}]},
        {"resourceType": "AllergyIntolerance", "type": {"coding": [{"code": "allergy"}]}, "patient": {}},
    ],
)
def test_records_of_r5_are_named(read_fhir: ReadFiles, resource: Resource) -> None:
    with pytest.raises(RecordError, match=r"1 of 1, entry 3: .* another version of FHIR, such as R5: expected R4"):
        read_fhir(of(ANGINA, resource))


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
        (ANGINA | {"onsetPeriod": {"start": 2019.5}}, "onsetPeriod.start", "is a number: expected a date"),
        (ANGINA | {"abatementDateTime": 0}, "abatementDateTime", "is a number: expected a date"),
        (ANGINA | {"recordedDate": -1}, "recordedDate", "is a number: expected a date"),
        (ANGINA | {"recordedDate": True}, "recordedDate", "is not of the type that FHIR expects"),
        (ANGINA | {"contained": [{"resourceType": "Quillfeather"}]}, "contained", "of a type that FHIR R4B does not k"),
        (ANGINA | {"extension": nested(300)}, "Condition", "is nested too deeply"),
        (ANGINA | {"_onsetDateTime": "Ottoline"}, "", ""),
        (ANGINA | {"_clinicalStatus": 7}, "", ""),
        (ANGINA | {"Quillfeather": True}, "Condition", "holds an element that FHIR does not know"),
        (ANGINA | {"code": {"coding": [{"MRN-77120": 1}]}}, "code.coding.0", "holds an element that FHIR does not kn"),
        (ANGINA | {"subject": "Ottoline"}, "subject", "is not of the type that FHIR expects"),
        (ANGINA | {"subject": {"reference": "Patient/another"}}, "subject", "does not refer to a Patient that is here"),
        (ANGINA | {"onsetDateTime": "2001-02-03", "onsetString": "Ottoline"}, "Condition", "lacks one of the elements"),
        (WEIGHT | {"valueQuantity": {"value": "Ottoline"}}, "valueQuantity.value", "has a value"),
        (WEIGHT | {"valueQuantity": {"value": "70", "unit": "kg"}}, "valueQuantity.value", "is not a number"),
        (WEIGHT | {"valueQuantity": {"value": 1e400, "unit": "kg"}}, "valueQuantity.value", ""),
        ({"resourceType": "Observation", "status": "final"}, "code", "is missing"),
    ],
)
def test_a_bad_resource_is_named_without_its_value(
    read_fhir: ReadFiles, resource: Resource, element: str, reason: str
) -> None:
    found = read_fhir(bundle(resource, number("8302-2", 163, "cm")))
    assert [codes(event) for event in found.events] == [["LOINC:8302-2"]]
    ((line, at_fault, why),) = found.faults
    assert line == 2
    assert element in at_fault
    assert reason in why
    assert not [word for word in PLANTED if word in repr(found.account)]


def test_resources_of_other_types_are_counted(read_fhir: ReadFiles) -> None:
    found = read_fhir(bundle({"resourceType": "Claim"}, {"resourceType": ["Quillfeather"]}))
    assert found.left_out == {("other resources", "a type that is not read"): 2}
    assert not found.events
    assert not found.account.rejected


def test_a_bundle_without_a_patient_is_skipped_and_counted(read_fhir: ReadFiles) -> None:
    for contents in ((HOSPITAL, of(WEIGHT)), (of(WEIGHT), HOSPITAL)):
        found = read_fhir(*contents)
        assert len(found.events) == 1
        assert found.left_out["Bundle", "a bundle without a patient"] == 1
    assert read_fhir(of(WEIGHT), {"resourceType": "Bundle", "type": "searchset"}).events


def test_a_bundle_within_a_bundle_is_read(read_fhir: ReadFiles) -> None:
    answer = {"resourceType": "Bundle", "type": "batch-response", "entry": [{"resource": of(WEIGHT, kind="searchset")}]}
    assert [event.place for event in read_fhir(answer).events] == [Place("bundle 1 of 1", 1)]


def test_entries_that_are_none_are_refused_alone(read_fhir: ReadFiles) -> None:
    content = of(WEIGHT)
    content["entry"] += ["Ottoline", {"resource": "Ottoline"}, {"response": {"status": "404"}}]
    found = read_fhir(content)
    assert found.faults == [(3, "entry", "is no object"), (4, "entry.resource", "is no object")]
    assert len(found.events) == 1


def test_a_resource_by_itself_is_read(read_fhir: ReadFiles) -> None:
    found = read_fhir(PATIENT, WEIGHT | {"subject": {"reference": "Patient/pat-8812"}})
    assert [event.place for event in found.events] == [Place("bundle 2 of 2", 1)]


def test_lines_are_joined_across_files(tmp_path: Path) -> None:
    people = [BORN_1960 | {"id": name} for name in ("a", "b")]
    weights = [WEIGHT | {"id": name, "subject": {"reference": f"Patient/{name}"}} for name in ("b", "a", "b")]
    weights[2]["id"] = "c"
    text = "\n".join(map(json.dumps, weights))
    (tmp_path / "Observation.ndjson.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "Patient.ndjson").write_text("\ufeff" + "\n".join(map(json.dumps, people)) + "\n\n", encoding="utf-8")
    (tmp_path / "manifest.json").write_text(
        '{"transactionTime": "2021-01-01T00:00:00Z", "output": []}', encoding="utf-8"
    )
    assert READER.sniff(tmp_path)
    found = read_paths([tmp_path])
    assert {person.identity[1]: [event.place for event in person.events] for person in found.persons} == {
        "a": [Place("file 1 of 3", 2)],
        "b": [Place("file 1 of 3", 1), Place("file 1 of 3", 3)],
    }
    assert found.left_out == {("other files", "the manifest of a bulk export"): 1}


def test_lines_are_told_by_their_look_too(tmp_path: Path) -> None:
    weight = WEIGHT | {"subject": {"reference": "Patient/pat-8812"}}
    path = written(tmp_path, "\n".join(map(json.dumps, (PATIENT, weight))).encode(), "export.json")
    assert [event.place for event in read_paths([path]).events] == [Place("file 1 of 1", 2)]
    pretty = written(tmp_path, json.dumps(of(WEIGHT), indent=1).encode(), "pretty.json")
    assert [event.place for event in read_paths([pretty]).events] == [Place("bundle 1 of 1", 2)]


def test_a_bad_line_is_refused_alone(tmp_path: Path) -> None:
    about = {"subject": {"reference": "Patient/pat-8812"}}
    lines = [json.dumps(PATIENT), '{"Ottoline"', json.dumps(WEIGHT | about), "[1]", json.dumps(of(ANGINA))]
    found = read_paths([written(tmp_path, "\n".join(lines).encode(), "all.ndjson")])
    assert found.faults == [(2, "line", "is no JSON object"), (4, "line", "is no JSON object")]
    assert sorted((event.what, event.place.line) for event in found.events) == [("condition", 5), ("measurement", 3)]
    with pytest.raises(RecordError, match="is not NDJSON"):
        read_paths([written(tmp_path, b"Ottoline\n[]\n", "none.ndjson")])


def test_what_is_referred_to_may_come_in_a_later_file(read_fhir: ReadFiles) -> None:
    page = of(ANGINA, WEIGHT, kind="searchset")
    patient = page["entry"].pop(0)
    found = read_fhir(page, {"resourceType": "Bundle", "type": "searchset", "entry": [patient]})
    assert [event.what for event in found.events] == ["condition", "measurement"]
    assert {person.identity for person in found.persons} == {("urn:ward", "MRN-77120")}


def test_folders_are_searched_and_no_file_is_read_twice(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    paths = [tmp_path / name for name in ("a.json", "b.json.gz", "deeper/c.ndjson", "notes.txt")]
    for path in paths:
        path.touch()
    assert find_files([tmp_path, tmp_path / "a.json"]) == tuple(paths[:3])


def test_paths_without_bundles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no bundle"):
        find_files([tmp_path])
    with pytest.raises(RecordError, match="does not exist"):
        find_files([tmp_path / "absent"])
    with pytest.raises(RecordError, match="no path"):
        find_files([])


@pytest.mark.parametrize(
    ("content", "name", "is_fhir"),
    [
        (b"notes", "notes.txt", True),
        (b'{"transactionTime": "2021-01-01T00:00:00Z"}', "manifest.json", True),
        (gzip.compress(CONTENT)[:12], "broken.json.gz", True),
        (b"{", "broken.ndjson", False),
        (b'{"id": "x", "phenotypicFeatures": []}', "packet.json", False),
        (b"##fileformat=VCFv4.2", "genome.vcf.gz", False),
        (b"person_id", "PERSON.csv", False),
    ],
)
def test_a_folder_is_told_by_all_its_records(tmp_path: Path, content: bytes, name: str, *, is_fhir: bool) -> None:
    written(tmp_path, CONTENT, "a.json")
    (tmp_path / "deeper").mkdir()
    written(tmp_path / "deeper", content, name)
    assert READER.sniff(tmp_path) is is_fhir


@pytest.mark.parametrize(
    ("content", "name", "is_fhir"),
    [
        (CONTENT, "a.json", True),
        (gzip.compress(CONTENT), "a.json.gz", True),
        (json.dumps(PATIENT).encode(), "a.ndjson", True),
        (b'{"id": "x", "phenotypicFeatures": [], "metaData": {}}', "a.json", False),
        (b'[{"resourceType": "Patient"}]', "a.json", False),
        (b"##fileformat=VCFv4.2\n", "a.json", False),
        (gzip.compress(CONTENT)[:12], "a.json.gz", False),
    ],
)
def test_a_format_is_told_by_the_head(tmp_path: Path, content: bytes, name: str, *, is_fhir: bool) -> None:
    path = written(tmp_path, content, name)
    assert READER.sniff(path) is is_fhir
    assert READER.sniff(tmp_path) is is_fhir

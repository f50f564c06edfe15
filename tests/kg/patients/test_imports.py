"""Import into a store: nothing that is stored is lost, and nothing that tells who a patient is gets in."""

import gzip
import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from kg.graph import Graph
from kg.patients.imports import Imported, import_patients
from kg.patients.record import RecordError
from kg.query.people import genotypes
from kg.stores.protocol import Store
from tests.kg.patients.made_up_records import (
    PATIENT,
    PERSON,
    PLANTS,
    Resource,
    bundle,
    condition,
    genotype,
    medication,
    number,
    observation,
    planted,
    variant,
)

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
DATE = re.compile(rb"(?:19|20)\d\d-[01]\d-[0-3]\d")

LAB = bundle(genotype("CYP2C9 *1/*3"), genotype("VKORC1 GA"))
WARD = bundle(
    condition("49436004", "Atrial fibrillation", onsetDateTime="2019-05-06"),
    medication("855332", "Warfarin Sodium 5 MG Oral Tablet", authoredOn="2019-05-07"),
    number("6301-6", 2.1, "{INR}", effectiveDateTime="2019-06-01"),
)
LATER = bundle(
    condition("49436004", "Atrial fibrillation", onsetDateTime="2020-01-01"),
    number("6301-6", 3.3, "{INR}", effectiveDateTime="2021-06-01"),
)


def silent(step: str, fraction: float) -> None:
    assert step
    assert 0 <= fraction <= 1


def contents(graph: Graph) -> dict[str, list[str]]:
    """Return every row of a graph in one form: no synonyms are an empty list."""
    tables = {**graph.nodes, **graph.edges}
    return {
        name: sorted(repr({**row, "synonyms": row.get("synonyms") or []}) for row in table.to_pylist())
        for name, table in tables.items()
    }


@pytest.fixture
def imports(store: Store, write: Callable[..., Path], key: bytes) -> Callable[..., Imported]:
    """Return a function that imports bundles into the store in one go."""

    def done(*bundles: dict[str, Any]) -> Imported:
        paths = [write(content, f"Ottoline_{n}.json") for n, content in enumerate(bundles)]
        return import_patients(paths, store, key, silent)

    return done


def test_what_is_stored_stays(store: Store, imports: Callable[..., Imported]) -> None:
    before = store.read()
    imported = imports(WARD)
    after = store.read()
    kept = contents(after)
    assert all(set(rows) <= set(kept[name]) for name, rows in contents(before).items())
    assert after.nodes["Patient"]["id"].to_pylist() == list(imported.patients)
    assert {release.name for release in after.sources} == {release.name for release in before.sources} | {"fhir"}
    takes = after.edges["patient_takes_drug"].to_pylist()
    assert [(edge["object"], edge["source"]) for edge in takes] == [("DRUGBANK:DB00682", "fhir")]


def test_twice_is_once(store: Store, imports: Callable[..., Imported]) -> None:
    first = imports(WARD, LAB)
    once = store.read()
    assert imports(LAB, WARD) == first
    twice = store.read()
    assert contents(twice) == contents(once)
    assert sorted(map(repr, twice.sources)) == sorted(map(repr, once.sources))


@pytest.mark.parametrize(
    "batches", [[[LAB, LATER, WARD]], [[WARD], [LATER], [LAB]], [[LATER], [LAB, WARD]], [[LAB], [LATER], [WARD]]]
)
def test_the_order_of_imports_does_not_matter(
    store: Store, imports: Callable[..., Imported], batches: list[list[dict[str, Any]]]
) -> None:
    for batch in batches:
        imports(*batch)
    graph = store.read()
    (patient,) = graph.nodes["Patient"].to_pylist()
    called = genotypes(store, [patient["id"]])[patient["id"]]
    assert (patient["age_years"], called) == (69.0, {"CYP2C9": "*1/*3", "VKORC1": "GA"})
    inrs = sorted(graph.edges["patient_has_measurement"].to_pylist(), key=itemgetter("day"))
    onsets = sorted(edge["day"] for edge in graph.edges["patient_has_condition"].to_pylist())
    # From 2019-05-06 on, over the leap day of 2020.
    assert [(inr["value"], inr["day"] - onsets[0]) for inr in inrs] == [(2.1, 26), (3.3, 757)]
    assert onsets[1] - onsets[0] == 240
    assert len(graph.edges["patient_carries_variant"]) == 2


def test_a_call_that_contradicts_the_store_is_rejected(store: Store, imports: Callable[..., Imported]) -> None:
    imports(LAB)
    before = store.read()
    imported = imports(bundle(genotype("CYP2C9 *1/*1")))
    assert imported.audit.reasons() == {("fhir", "genotype", "the call contradicts another call of CYP2C9"): 1}
    assert contents(store.read()) == contents(before)


def test_a_bad_bundle_stores_nothing(store: Store, imports: Callable[..., Imported]) -> None:
    before = contents(store.read())
    with pytest.raises(RecordError):
        imports(WARD, {"name": "Ottoline"})
    assert contents(store.read()) == before


def test_rejections_are_in_the_audit_and_left_out_is_counted(imports: Callable[..., Imported]) -> None:
    bad = number("6301-6", 2.1, "{INR}") | {"effectiveDateTime": "yesterday at Ottoline's"}
    imported = imports(bundle(bad, condition("73595000", "Stress (finding)"), condition("44054006", "Diabetes")))
    (row,) = imported.audit.rejected.to_pylist()
    assert row["reason"] == "effectiveDateTime has a value that FHIR does not allow"
    assert (row["file"], row["line"], row["table"]) == ("bundle 1 of 1", 2, "Observation")
    assert sum(one["count"] for one in imported.to_json()["left_out"]) == sum(imported.left_out.values()) > 0
    shown = json.dumps(imported.to_json()) + imported.to_text()
    assert "a circumstance or a history" in shown
    assert imported.patients[0] in shown
    assert "Ottoline" not in shown


@pytest.mark.parametrize("years", [("1931", "2021", "1950"), ("2021", "1931", "1950"), ("1950", "1931", "2021")])
def test_no_two_imports_together_tell_an_age_over_90(
    store: Store, imports: Callable[..., Imported], years: tuple[str, ...]
) -> None:
    old = PATIENT | {"birthDate": "1926-02-03"}
    codes = ("49436004", "44054006", "194828000")
    counted = 0
    for year, code in zip(years, codes, strict=True):
        done = imports(bundle(condition(code, "Unknown", onsetDateTime=f"{year}-05-06"), patient=old))
        counted += sum(n for (_, _, reason), n in done.left_out.items() if "90 or more" in reason)
    rows = store.read().edges["patient_has_condition"].to_pylist()
    days = [row["day"] for row in rows if row["day"] is not None]
    assert (len(rows), len(days), counted) == (3, 2, 1)
    assert max(days) - min(days) < 90 * 365


def bare(text: str) -> str:
    """Return the letters and digits of a text, without accents and capitals."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", text).casefold())


def told(store: Store, imported: Imported, log: str) -> str:
    """Return everything that a store holds and an import says."""
    graph = store.read()
    texts = [repr(table.to_pylist()) for table in (*graph.nodes.values(), *graph.edges.values())]
    texts += [repr(graph.sources), repr(imported), repr(imported.audit.rejected.to_pylist()), log]
    return "\n".join([*texts, imported.to_text(), json.dumps(imported.to_json(), ensure_ascii=False)])


def stored(text: str) -> bytes:
    """Return a text as a store keeps it: composed letters, no invisible ones."""
    return unicodedata.normalize("NFC", text.replace("\u00ad", "")).encode()


def bytes_in(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".json")


def everywhere(text: str) -> Iterator[Resource]:
    """Yield resources that hold a text where it may stand in FHIR, and where it may not."""
    angina = condition("194828000", "Angina", note=[{"text": text}])
    yield angina | {"code": {"text": text, "coding": angina["code"]["coding"]}}
    yield angina | {"code": {"coding": [{"system": "http://snomed.info/sct", "code": text, "display": text}]}}
    yield angina | {"onsetString": text}
    yield angina | {"onsetDateTime": text}
    yield angina | {"verificationStatus": {"text": text, "coding": [{"code": text}]}}
    yield angina | {text: text}
    yield angina | {"subject": {"reference": text, "display": text}}
    yield angina | {"contained": [{"resourceType": text, "id": text}]}
    yield {"resourceType": text}
    yield number("29463-7", 70, f"{{{text}}}")
    yield number("29463-7", 70, "kg", status=text)
    yield number("29463-7", 70, "kg", effectiveDateTime={"start": text})
    yield observation("72166-2", valueString=text)
    yield genotype(f"CYP2C9 *1/*3 {text}")
    yield genotype(text)
    yield variant(text, state="LA6706-1", alternate=text)
    yield medication("11289", text, status=text)
    yield medication("11289", "warfarin", intent=text)


@pytest.mark.parametrize("store", ["ladybug"], indirect=True)
def test_nothing_that_an_import_writes_or_says_tells_who_the_patient_is(
    store: Store, imports: Callable[..., Imported], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plants = [text for _, forms in PLANTS.values() for text in forms]
    elsewhere = [resource for text in plants for resource in everywhere(text)]
    with caplog.at_level(logging.DEBUG):
        imported = imports(bundle(*planted(), *elsewhere, patient=PERSON))
    assert len(imported.patients) == 1
    assert imported.audit.rejected.num_rows > 5 * len(plants)
    found = bare(told(store, imported, caplog.text))
    assert not [text for text in plants if bare(text) in found]
    assert not [text for text in plants if stored(text) in bytes_in(tmp_path)]


def identifying(patient: dict[str, Any]) -> Iterator[str]:
    """Yield what identifies a Synthea patient."""
    for name in patient["name"]:
        yield from (name["family"], *name["given"])
    yield from (identifier["value"] for identifier in patient["identifier"])
    yield from (telecom["value"] for telecom in patient["telecom"])
    for address in patient["address"]:
        yield from (*address["line"], address["city"], address.get("postalCode", ""))
    yield patient["birthDate"]


@pytest.mark.mirror
@pytest.mark.parametrize("store", ["ladybug"], indirect=True)
def test_no_byte_of_a_store_tells_who_a_patient_is(
    mirror: Path, tmp_path: Path, store: Store, key: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder = mirror / "patients" / "fhir"
    with caplog.at_level(logging.DEBUG):
        imported = import_patients([folder], store, key, silent)
    assert len(imported.patients) == 50
    made_up = {("fhir", "Procedure", "code.coding.0.code is not a code of SNOMEDCT"): 6}  # Synthea's own numbers
    assert imported.audit.reasons() == made_up
    texts = told(store, imported, caplog.text)
    written = bytes_in(tmp_path)
    everything = written + texts.encode()
    assert b"Body height" in written  # strings in the file can be searched
    assert not UUID.search(everything)
    assert not DATE.search(everything)
    words = set(re.findall(r"[^\W_]+", texts))
    for path in sorted(folder.iterdir()):
        entries = json.loads(gzip.decompress(path.read_bytes()))["entry"]
        (patient,) = (entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "Patient")
        for value in identifying(patient):
            assert value not in words
            # A postal code may be among the digits of a measured value.
            assert len(value) < 6 or value.encode() not in everything
        assert path.name.removesuffix(".json.gz").encode() not in everything


def test_a_value_of_the_same_day_or_an_earlier_one_is_kept_whenever_it_comes(
    store: Store, imports: Callable[..., Imported]
) -> None:
    evening, morning = (
        bundle(number("6301-6", inr, "{INR}", effectiveDateTime=f"2021-06-01T{hour}:00:00Z"))
        for inr, hour in ((3.1, "20"), (2.0, "08"))
    )
    for content in (evening, morning, WARD, evening):
        imports(content)
    assert sorted(store.read().edges["patient_has_measurement"]["value"].to_pylist()) == [2.0, 2.1, 3.1]


def test_a_corrected_record_stands_in_place_of_the_one_before(store: Store, imports: Callable[..., Imported]) -> None:
    for kg in (70, 71):
        imports(bundle(number("29463-7", kg, "kg", effectiveDateTime="2021-06-01", id="w")))
    assert store.read().edges["patient_has_measurement"]["value"].to_pylist() == [71.0]


def stated_measurements(folder: Path) -> list[tuple[str, float]]:
    """The code and value of every measured number in a folder of Synthea's bundles, with those of components."""
    found = []
    for path in folder.iterdir():
        for resource in (entry["resource"] for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]):
            if resource["resourceType"] == "Observation":
                for part in (resource, *resource.get("component", ())):
                    if "valueQuantity" in part:
                        code = part["code"]["coding"][0]["code"]
                        found.append((f"LOINC:{code}", float(part["valueQuantity"]["value"])))
    return sorted(found)


@pytest.mark.mirror
@pytest.mark.parametrize("store", ["ladybug"], indirect=True)
def test_every_measurement_of_synthea_s_patients_is_kept(mirror: Path, store: Store, key: bytes) -> None:
    folder = mirror / "patients" / "fhir"
    for _ in range(2):
        import_patients([folder], store, key, silent)
        edges = store.read().edges["patient_has_measurement"].to_pylist()
        told = sorted((edge["object"], edge["value"]) for edge in edges if edge["value"] is not None)
        assert told == stated_measurements(folder)

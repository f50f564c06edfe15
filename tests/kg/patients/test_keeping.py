"""What is kept of a patient, and what goes: corrections, retractions, consent, forgetting; on both stores."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kg.graph import Graph, table
from kg.patients.imports import Imported, import_patients
from kg.patients.keeping import ConsentError, export_patient, forget, set_consent
from kg.patients.record import RecordError
from kg.query import neighbours, patients
from kg.query.people import calls_of, counts_of_events, events, find_patient
from kg.schema import edge_columns
from kg.search import UnknownNode, search
from kg.stores.protocol import Store
from tests.kg.patients.made_up_records import PATIENT, Resource, bundle, condition, genotype, medication, number

RARE = condition("49436004", "Atrial fibrillation", onsetDateTime="2019-05-06")
OTHER = {"resourceType": "Patient", "id": "somebody-else", "gender": "male", "birthDate": "1970-01-02"}


@pytest.fixture
def imports(store: Store, write: Callable[..., Path], key: bytes) -> Callable[..., Imported]:
    def done(*bundles: dict[str, Any]) -> Imported:
        paths = [write(content, f"bundle_{n}.json") for n, content in enumerate(bundles)]
        return import_patients(paths, store, key)

    return done


def weight(kg: float, version: int | None = None, **more: Any) -> Resource:
    told = number("29463-7", kg, "kg", effectiveDateTime="2021-06-01", id="w", **more)
    return told if version is None else told | {"meta": {"versionId": str(version)}}


def weights(store: Store) -> list[float]:
    return sorted(store.read().edges["patient_has_measurement"]["value"].to_pylist() if holds(store) else [])


def holds(store: Store) -> bool:
    return "patient_has_measurement" in store.read().edges


def test_what_a_corrected_record_no_longer_states_goes(store: Store, imports: Callable[..., Imported]) -> None:
    pressure = number("85354-9", 120, "mm[Hg]", effectiveDateTime="2021-06-01", id="bp")
    both = pressure | {"component": [part("8480-6", 131), part("8462-4", 84)]}
    del both["valueQuantity"]
    imports(bundle(both))
    done = imports(bundle(both | {"component": [part("8480-6", 121)]}))
    edges = store.read().edges["patient_has_measurement"].to_pylist()
    assert [(edge["object"], edge["value"]) for edge in edges] == [("LOINC:8480-6", 121.0)]
    assert done.gone == {"patient_has_measurement": 2}
    assert "2 x no longer stated: patient_has_measurement" in done.to_text()


def part(code: str, value: float) -> Resource:
    quantity = {"value": value, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": quantity}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_newer_version_stands_in_whatever_order_they_come(
    store: Store, imports: Callable[..., Imported], order: tuple[int, ...]
) -> None:
    for version in order:
        imports(bundle(weight(70 + version, version)))
    assert weights(store) == [72.0]


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (1, 2, 1)])
def test_a_retraction_holds_in_whatever_order_it_comes(
    store: Store, imports: Callable[..., Imported], order: tuple[int, ...]
) -> None:
    for version in order:
        imports(bundle(weight(71, version, **({"status": "entered-in-error"} if version == 2 else {}))))
    assert weights(store) == []


def test_another_source_s_edges_are_left_alone(store: Store, imports: Callable[..., Imported]) -> None:
    [who] = imports(bundle(weight(70))).patients
    [edge] = store.read().edges["patient_has_measurement"].to_pylist()
    columns = edge_columns("patient_has_measurement")
    store.add(Graph({}, {"patient_has_measurement": table(columns, [edge | {"source": "elsewhere", "value": 99.0}])}))
    imports(bundle(weight(71)))
    assert weights(store) == [71.0, 99.0] and find_patient(store, who).id == who


def test_forgetting_takes_a_patient_out_and_nobody_else(store: Store, imports: Callable[..., Imported]) -> None:
    before = store.read()
    [other] = imports(bundle(weight(80), patient=OTHER)).patients
    between = store.read()
    ward = bundle(RARE, weight(70), medication("855332", "Warfarin"), genotype("CYP2C9 *1/*3"))
    [who] = imports(ward).patients
    predicted = {"score": 0.5, "source": "model", "references": [], "subject": "DRUGBANK:DB00682", "object": who}
    columns = edge_columns("predicted_benefits")
    store.add(Graph({}, {"predicted_benefits": table(columns, [predicted])}))
    done = forget(store, who)
    assert done.done == "forgotten" and len(done.edges) == 8
    after = store.read()
    assert same(after, between) and who not in repr(after)
    with pytest.raises(UnknownNode):
        find_patient(store, who)
    forget(store, other)
    assert same(store.read(), before)
    assert store.nodes([("Drug", "DRUGBANK:DB00682")]) != {}


@pytest.mark.parametrize("store", ["ladybug"], indirect=True)
def test_no_byte_of_a_file_keeps_who_was_forgotten(
    store: Store, imports: Callable[..., Imported], tmp_path: Path
) -> None:
    [who] = imports(bundle(RARE, condition("230690007", "Stroke"), weight(70))).patients
    assert who.encode() in (tmp_path / "graph.lbdb").read_bytes()
    forget(store, who)
    assert who.encode() not in (tmp_path / "graph.lbdb").read_bytes()


def same(one: Graph, other: Graph) -> bool:
    """Whether two graphs hold the same nodes and edges; releases are not taken back."""

    def rows(graph: Graph) -> dict[str, list[str]]:
        tables = {**graph.nodes, **graph.edges}
        return {name: sorted(map(repr, table.to_pylist())) for name, table in tables.items() if table.num_rows}

    return rows(one) == rows(other)


def test_who_withdrew_consent_is_in_no_answer_and_nothing_is_lost(
    store: Store, imports: Callable[..., Imported]
) -> None:
    [who] = imports(bundle(RARE, weight(70))).patients
    [other] = imports(bundle(RARE, patient=OTHER)).patients
    before = store.read()
    assert set(patients(store)["id"]) == {who, other}
    set_consent(store, who, "withdrawn")
    assert list(patients(store)["id"]) == [other]
    fibrillation = before.edges["patient_has_condition"]["object"][0].as_py()
    found = neighbours(store, fibrillation, relations=["patient_has_condition"])
    assert [one.node.id for one in found.found] == [other] and found.left_out == 0
    assert set(search(store, kind="Patient").nodes["id"]) == {other} and search(store, "P-").nodes["id"].tolist() == [
        other
    ]
    with pytest.raises(ConsentError, match="--access-request"):
        export_patient(store, who)
    assert len(export_patient(store, who, access_request=True).edges) == 2
    imports(bundle(RARE, weight(70)))
    assert list(patients(store)["id"]) == [other], "an import does not bring consent back"
    set_consent(store, who, "given")
    given = store.read()
    column = given.nodes["Patient"].column_names.index("consent")
    unsaid = pa.nulls(given.nodes["Patient"].num_rows, pa.string())
    people = given.nodes["Patient"].set_column(column, "consent", unsaid)
    assert same(dataclasses.replace(given, nodes={**given.nodes, "Patient": people}), before)
    with pytest.raises(ValueError, match="expected given or withdrawn"):
        set_consent(store, who, "perhaps")


def test_an_export_has_all_that_is_stored(store: Store, imports: Callable[..., Imported]) -> None:
    [who] = imports(bundle(RARE, weight(70), genotype("CYP2C9 *1/*3"))).patients
    told = export_patient(store, who).to_json()
    assert told["patient"] == who and told["attributes"]["sex"] == "female"
    assert {event["relation"] for event in told["events"]} >= {"patient_has_condition", "patient_has_diplotype"}
    [kilos] = [event["value"] for event in told["events"] if event["relation"] == "patient_has_measurement"]
    assert kilos == 70.0


def test_events_and_counts_tell_what_is_stored(store: Store, imports: Callable[..., Imported]) -> None:
    [who] = imports(bundle(RARE, weight(70), genotype("CYP2C9 *1/*3"))).patients
    told = events(store, who)
    [counted] = counts_of_events(store).to_dict("records")
    assert counted["events"] == len(told) and counted["genes"] == 1
    assert counted["last_day"] == told["day"].max()
    [(_, source, _, gene, diplotypes)] = calls_of(store, [who])
    assert (source, gene, diplotypes) == ("fhir", "CYP2C9", ["*1/*3"])


def test_one_identifier_for_two_people_is_refused_across_imports(
    store: Store, imports: Callable[..., Imported]
) -> None:
    imports(bundle(weight(70)))
    stranger = PATIENT | {"gender": "male", "birthDate": "1990-04-05"}
    before = store.read()
    with pytest.raises(RecordError, match="stands for two people"):
        imports(bundle(weight(90), patient=stranger))
    assert same(store.read(), before)


def test_an_age_has_no_day_beside_dated_events_where_the_birth_is_not_told(
    store: Store, imports: Callable[..., Imported]
) -> None:
    nobody = {"resourceType": "Patient", "id": "p", "gender": "female"}
    onset = condition("44054006", "Diabetes", onsetAge={"value": 40, "unit": "a", "code": "a"})
    imports(bundle(onset, weight(70), patient=nobody))
    [has] = store.read().edges["patient_has_condition"].to_pylist()
    [person] = store.read().nodes["Patient"].to_pylist()
    assert has["day"] is None and person["birth_day"] is None

"""Phenopackets in the graph: what is present and absent, at which ages, and where the patient's edges lead."""

import json
from pathlib import Path
from typing import Any

import pytest

from kg.patients.imports import Imported, import_patients
from kg.patients.record import RecordError
from kg.query import events, patients, rows_of
from kg.query.likeness import similar
from kg.sources.phenopackets import variant
from kg.stores.protocol import Store
from tests.kg.patients.conftest import store
from tests.kg.patients.formats.made_up_packets import described, diagnosed, duration, genomic, packet, term

__all__ = ["store"]


def told(name: str, *features: dict[str, Any], **more: Any) -> dict[str, Any]:
    about = {"subject": {"id": "II-2", "sex": "FEMALE", "timeAtLastEncounter": {"age": duration("P41Y")}}}
    return diagnosed(genomic(described())) | about | {"id": name, "phenotypicFeatures": list(features)} | more


def imported(folder: Path, held: Store, *packets: dict[str, Any]) -> Imported:
    path = folder / "Quillfeather.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in packets), encoding="utf-8")
    return import_patients(path, held, b"a key of these tests that is long enough")


CLOTS = term("HP:0001977", onset={"age": duration("P30Y")})


def test_what_a_packet_states_is_in_the_graph(tmp_path: Path, store: Store) -> None:
    unknown = term("HP:0001907", excluded=True, onset={"gestationalAge": {"weeks": 9}})
    done = imported(tmp_path, store, told("PMID_1_A", CLOTS, unknown))
    [patient] = done.patients
    assert patients(store)[["sex", "age_years"]].to_numpy().tolist() == [["female", 41.0]]
    found = events(store, patient).set_index("id")
    assert found.loc[["HP:0001977", "HP:0001907"], "negated"].tolist() == [False, True]
    assert found.loc[variant(described())["id"], "copies"] == 1
    assert found.loc["HP:0001977", "precision"] == "year"
    [row] = [row for row in done.to_json()["left_out"] if row["table"] == "PhenotypicFeature"]
    assert row["count"] == 1 and "before birth" in row["reason"]
    everything = json.dumps(done.to_json()) + json.dumps(rows_of(store, "Patient"))
    assert not any(word in everything for word in ("Quillfeather", "PMID_1_A", "II-2"))
    with pytest.raises(RecordError, match="phenopacketSchemaVersion is not 2"):
        imported(tmp_path, store, packet(metaData={"phenopacketSchemaVersion": "1.0.0"}))
    assert len(patients(store)) == 1


def test_patients_of_packets_are_like_each_other_by_what_the_packets_state_now(tmp_path: Path, store: Store) -> None:
    three = told("PMID_1_A", CLOTS), told("PMID_2_A", CLOTS), told("PMID_3_A", term("HP:0001907", excluded=True))
    first, second, third = imported(tmp_path, store, *three).patients
    found = similar(store, first)
    assert [one.patient for one in found.found] == [second, third]  # the same disease and variant
    assert found.found[0].likeness == pytest.approx(1.0)
    assert [one.patient for one in similar(store, first, by=["phenotype"]).found] == [second]
    imported(tmp_path, store, told("PMID_2_A", CLOTS | {"excluded": True}))  # corrected: takes back what it stated
    assert similar(store, first, by=["phenotype"]).found == ()

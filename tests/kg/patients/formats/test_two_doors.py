"""Two doors: MIMIC-IV's own tables and their OMOP version, imported, give the same condition edges."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from kg.graph import Graph
from kg.patients.deidentify import pseudonym
from kg.patients.imports import import_patients
from kg.patients.record import Account, Person
from tests.conftest import StoreOf

KEY = b"a key that only the tests know, and anyone who reads them"
TABLES = {
    "mimic-iv-demo/hosp": ("patients.csv.gz", "admissions.csv.gz", "diagnoses_icd.csv.gz", "d_icd_diagnoses.csv.gz"),
    "omop/mimic-iv-demo": ("person.csv", "condition_occurrence.csv.gz", "concept.csv.gz", "cdm_source.csv"),
}
"""What each door needs to state a condition."""


@pytest.mark.mirror
def test_the_same_condition_edges(
    store_of: StoreOf, graph: Graph, mirror: Path, mimic_demo: tuple[list[Person], Account], tmp_path: Path
) -> None:
    for folder, tables in TABLES.items():
        (tmp_path / folder).mkdir(parents=True)
        for table in tables:
            (tmp_path / folder / table).symlink_to(mirror / "patients" / folder / table)
    store = store_of(graph)
    found = import_patients([tmp_path], store, KEY)
    assert len(found.patients) == 200
    subjects = [person.identity[1] for person in mimic_demo[0]]
    rows = [
        row
        for relation in ("patient_has_condition", "patient_has_phenotype")
        for row in store.query(
            f"MATCH (p:Patient)-[r:{relation}]->(d) WHERE r.record IS NOT NULL "
            "RETURN p.id AS patient, r.code AS code, d.id AS node, r.mapping AS mapping, r.day AS day, "
            "r.record AS record, r.source_version AS version",
            {},
        )
    ]
    told = " ".join([repr(rows), found.to_text(), json.dumps(found.to_json())])
    assert not {text for person in mimic_demo[0] for text in names(person) if text in told}
    tables, omop = (edges(rows, system, subjects) for system in ("mimic", "omop:mimic iv"))
    assert len({edge[:2] for edge in omop}) == 2621
    assert omop <= tables
    assert not [edge for edge in tables - omop if edge[:2] in {known[:2] for known in omop}]


def names(person: Person) -> set[str]:
    """Return what the hospital calls a person and the stays."""
    return {person.identity[1], *(event.record[1] for event in person.events if event.record[0] == "admissions")}


def edges(rows: Iterable[dict[str, object]], system: str, subjects: Iterable[str]) -> set[tuple[object, ...]]:
    """Return what is stored of these subjects by their own names, and on their true days, where the code is of ICD."""
    who = {pseudonym(KEY, (system, subject)): subject for subject in subjects}
    known = {one.curie: (subject, one.shift_days) for one, subject in who.items()}
    return {
        (known[patient][0], row["code"], row["node"], row["mapping"], None if day is None else day - known[patient][1])
        for row in rows
        if (patient := str(row["patient"])) in known and str(row["code"]).startswith("ICD")
        for day in [row["day"]]
        if day is None or isinstance(day, int)
    }

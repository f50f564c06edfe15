"""How the codes of patients map, on both stores: by relation, system and mapping; nobody's few, nobody who withdrew."""

import json
from typing import Any

import pandas as pd

from kg.graph import Graph
from kg.query.coverage import FEWEST, coverage
from tests.conftest import EDGES, NODES, StoreOf, make_graph

SNOMED, ICD = "SNOMEDCT:44465007", "ICD10CM:E11.9"


def people(number: int, **more: Any) -> list[dict[str, object]]:
    return [{"id": f"PANAKEIA:P-c{n}", "name": f"P-c{n}", **more} for n in range(number)]


def stated(patient: int, target: str, code: str, mapping: str, **more: Any) -> tuple[str, str, str, dict[str, object]]:
    told: dict[str, object] = {"code": code, "mapping": mapping, "negated": False, "record": f"{code}{more}"}
    return "patient_has_condition", f"PANAKEIA:P-c{patient}", target, told | more


def of(patients: list[dict[str, object]], edges: list[tuple[str, str, str, dict[str, object]]]) -> Graph:
    nodes = NODES | {"Patient": patients, "Disease": [*NODES["Disease"], {"id": SNOMED, "name": "Sprain of ankle"}]}
    kept = [edge for edge in EDGES if not edge[0].startswith("patient_") and "PANAKEIA:P-" not in edge[1] + edge[2]]
    return make_graph(nodes, [*kept, *edges])


def cells(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(frame.itertuples(index=False, name=None))


def test_codes_are_counted_by_how_they_map(store_of: StoreOf) -> None:
    edges = [stated(n, "DOID:7148", ICD, "skos:broadMatch") for n in range(6)]
    edges += [stated(n, SNOMED, SNOMED, "unmapped", day=day) for n in range(5) for day in (1, 2)]
    edges += [stated(0, "DOID:8398", ICD, "skos:broadMatch", negated=True)]
    found = coverage(store_of(of(people(6), edges)))
    assert cells(found.counts) == [
        ("patient_has_condition", "ICD10CM", "skos:broadMatch", 1, 7, 6),
        ("patient_has_condition", "SNOMEDCT", "unmapped", 1, 10, 5),
    ]
    assert cells(found.unmapped) == [("patient_has_condition", SNOMED, "Sprain of ankle", 10, 5)]
    assert found.mapped["mapped"].round(4).tolist() == [round(7 / 17, 4)]
    assert found.suppressed == {"counts": 0, "unmapped": 0}
    assert json.loads(json.dumps(found.to_json()))["counts"][1]["statements"] == 10
    assert (
        "41.2% of 17 statements map" in found.to_text() and "10 x SNOMEDCT:44465007 Sprain of ankle" in found.to_text()
    )


def test_what_few_patients_share_is_not_told(store_of: StoreOf) -> None:
    edges = [stated(n, SNOMED, SNOMED, "unmapped") for n in range(FEWEST - 1)]
    found = coverage(store_of(of(people(6), edges)))
    assert found.counts.empty and found.unmapped.empty
    assert found.suppressed == {"counts": 1, "unmapped": 1}
    assert "44465007" not in found.to_text() + json.dumps(found.to_json())


def test_who_withdrew_consent_is_not_counted(store_of: StoreOf) -> None:
    withdrawn = people(6, consent="withdrawn")
    edges = [stated(n, SNOMED, SNOMED, "unmapped") for n in range(6)]
    found = coverage(store_of(of(withdrawn, edges)))
    assert found.counts.empty and found.to_text() == "no codes of patients' records"
    assert found.suppressed == {"counts": 0, "unmapped": 0}

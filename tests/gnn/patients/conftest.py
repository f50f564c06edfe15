"""A made-up cohort: two diseases, each with drugs of its own, and patients who stay in hospital."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from kg.graph import Graph
from kg.schema import WITHDRAWN
from tests.conftest import make_graph

DAY = 1_440
GOUT, ASTHMA = "DOID:13189", "DOID:2841"
CODES = {GOUT: "ICD10CM:M10.9", ASTHMA: "ICD10CM:J45.9"}
FOR = {GOUT: ("DRUGBANK:DB00437", "DRUGBANK:DB01394"), ASTHMA: ("DRUGBANK:DB01001", "DRUGBANK:DB01222")}
ANYBODY = "DRUGBANK:DB00316"
UNUSED = "DRUGBANK:DB04854"
"""A drug like the first for gout, that nobody takes."""
DRUGS = (*FOR[GOUT], *FOR[ASTHMA], ANYBODY, UNUSED)
INPATIENT, EMERGENCY = "PANAKEIA:visit-inpatient", "PANAKEIA:visit-emergency"

Edge = tuple[str, str, str, dict[str, Any]]


def patient(number: int) -> str:
    return f"PANAKEIA:P-{number:020x}"


def at(day: int, minute: int | None = None, **more: Any) -> dict[str, Any]:
    """Return when an event is, with what else is told of it."""
    return {"day": day, "minute": minute, "precision": "day" if minute is None else "minute", "record": "r", **more}


def made_up(edges: Iterable[Edge], consents: dict[str, str] | None = None) -> Graph:
    """Return a graph of these edges of patients', with what treats what."""
    edges = list(edges)
    people = sorted({subject for relation, subject, _, _ in edges if relation.startswith("patient_")})
    others: dict[str, set[str]] = {"Visit": {INPATIENT, EMERGENCY}}
    for relation, _, target, _ in edges:
        if kind := {"patient_had_procedure": "Procedure", "patient_has_measurement": "Measurement"}.get(relation):
            others.setdefault(kind, set()).add(target)
    nodes: dict[str, list[dict[str, object]]] = {
        "Drug": [
            {"id": drug, "name": f"drug {place}", "atc_codes": [f"M0{place // 2}AA0{place}"]}
            for place, drug in enumerate(DRUGS)
        ],
        "Disease": [{"id": GOUT, "name": "gout"}, {"id": ASTHMA, "name": "asthma"}],
        "Patient": [
            {"id": one, "name": one, "sex": "female", "birth_day": 0, "consent": (consents or {}).get(one)}
            for one in people
        ],
        **{kind: [{"id": node, "name": node} for node in sorted(ids)] for kind, ids in others.items()},
    }
    nodes["Drug"][-1]["atc_codes"] = ["M00AA09"]
    known: list[Edge] = [("treats", drug, disease, {}) for disease, drugs in FOR.items() for drug in drugs]
    return make_graph(nodes, (*known, *edges))


def stay(one: str, day: int, days: int = 5) -> Edge:
    return ("patient_had_visit", one, INPATIENT, at(day, 600, end_day=day + days))


def takes(one: str, drug: str, day: int, minute: int = 720) -> Edge:
    return ("patient_takes_drug", one, drug, at(day, minute))


def has(one: str, disease: str, day: int) -> Edge:
    return ("patient_has_condition", one, disease, at(day, code=CODES[disease]))


def life(number: int, random: np.random.Generator) -> list[Edge]:
    """Return a patient's record: a disease coded in a first stay, its drugs in a second, and anybody's in both."""
    one, disease = patient(number), (GOUT, ASTHMA)[number % 2]
    found = [stay(one, 10_000), has(one, disease, 10_000), takes(one, ANYBODY, 10_002), stay(one, 10_100)]
    found += [takes(one, drug, 10_102) for drug in FOR[disease] if random.random() < 0.9]
    if random.random() < 0.1:
        found.append(takes(one, FOR[(ASTHMA, GOUT)[number % 2]][0], 10_102))
    return found


def cohort(count: int = 60, seed: int = 0) -> list[Edge]:
    random = np.random.default_rng(seed)
    return [edge for number in range(count) for edge in life(number, random)]


@pytest.fixture(scope="session")
def hospital() -> Graph:
    """60 patients, of whom half have gout; the last withdrew consent."""
    return made_up(cohort(), {patient(59): WITHDRAWN})

"""Corrections across imports: an age, a death and a retraction say what the records say now, and no more."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.graph import Graph
from kg.paths import paths
from kg.patients.formats import sorted_by_format
from kg.patients.imports import Given, Imported, import_patients
from kg.patients.keeping import set_consent
from kg.patients.record import RecordError
from kg.query import neighbours
from kg.search import UnknownNode
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from panakeia.cells import cell
from tests.kg.patients.made_up_records import Resource, bundle, condition, number

KEY = b"a key that only the tests know, and anyone who reads them"
WEIGHT = number("29463-7", 70, "kg", effectiveDateTime="2020-01-01", id="w")
BORN = {"resourceType": "Patient", "id": "corrected", "gender": "female", "birthDate": "1960-02-03"}
YEARS = {"system": "http://unitsofmeasure.org", "unit": "years", "code": "a"}


def of_age(years: int) -> Resource:
    return condition("44054006", "Diabetes", id="c", onsetAge={"value": years, **YEARS})


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> Any:
    """A store for all of them; each test is of a patient of its own."""
    without = Graph(
        {kind: rows for kind, rows in graph.nodes.items() if kind != "Patient"},
        {name: rows for name, rows in graph.edges.items() if not name.startswith(("patient_", "predicted_benefits"))},
        graph.sources,
    )
    with open_store(tmp_path_factory.mktemp("corrections") / "graph.lbdb", create=True) as store:
        store.replace(without)
        yield store


@pytest.fixture
def imports(stored: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Imported]:
    """Return a function that imports records of a patient who is the test's own."""

    def done(patient: Resource, *resources: Resource) -> Imported:
        path = tmp_path / "bundle.json"
        name = hashlib.sha256(request.node.name.encode()).hexdigest()
        path.write_text(json.dumps(bundle(*resources, patient=patient | {"id": name})), encoding="utf-8")
        return import_patients(path, stored, KEY)

    return done


def node_of(store: Store, imported: Imported) -> dict[str, Any]:
    (found,) = [row for row in store.read().nodes["Patient"].to_pylist() if row["id"] in imported.patients]
    return found


@pytest.mark.parametrize("wrong", ["1950-02-03", "1910-02-03"])
def test_a_corrected_birth_corrects_the_age(stored: Store, imports: Callable[..., Imported], wrong: str) -> None:
    before = node_of(stored, imports(BORN | {"birthDate": wrong}, WEIGHT))
    after = node_of(stored, imports(BORN, WEIGHT))
    assert before["age_years"] == min(2020 - int(wrong[:4]) - 1, 90)
    assert (after["age_years"], after["birth_day"] is None) == (59, False)


def test_a_day_that_is_corrected_or_taken_back_sets_no_age(stored: Store, imports: Callable[..., Imported]) -> None:
    late = WEIGHT | {"effectiveDateTime": "2025-01-01"}
    assert node_of(stored, imports(BORN, late))["age_years"] == 64
    assert node_of(stored, imports(BORN, WEIGHT))["age_years"] == 59
    other = number("29463-7", 71, "kg", effectiveDateTime="2022-01-01", id="other")
    assert node_of(stored, imports(BORN, other))["age_years"] == 61
    assert node_of(stored, imports(BORN, other | {"status": "entered-in-error"}))["age_years"] == 59
    assert node_of(stored, imports(BORN, WEIGHT | {"status": "entered-in-error"}))["age_years"] is None


def test_an_age_of_90_stays_where_the_birth_allows_it(stored: Store, imports: Callable[..., Imported]) -> None:
    old = BORN | {"birthDate": "1925-02-03"}
    assert node_of(stored, imports(old, WEIGHT))["age_years"] == 90
    early = number("29463-7", 9, "kg", effectiveDateTime="1926-01-01", id="w")
    after = node_of(stored, imports(old, early))
    assert (after["age_years"], after["birth_day"]) == (90, None)


def test_nobody_dies_before_birth(stored: Store, imports: Callable[..., Imported]) -> None:
    imported = imports(BORN | {"deceasedDateTime": "1950-02-02"}, WEIGHT)
    assert node_of(stored, imported)["death_day"] is None
    assert imported.audit.rejected["reason"].to_pylist() == ["death: is before the patient's birth"]


def test_an_age_that_is_still_to_come_is_refused(stored: Store, imports: Callable[..., Imported]) -> None:
    imported = imports(BORN, of_age(95), WEIGHT)
    assert node_of(stored, imported)["age_years"] == 59
    assert imported.audit.rejected["reason"].to_pylist() == ["the time is in the future"]


@pytest.mark.parametrize(
    ("code", "value", "unit"), [("30525-0", 900_000, "h"), ("30525-0", 3e9, "s"), ("63900-5", 95, "1")]
)
def test_an_age_above_90_is_left_out_in_any_unit(
    stored: Store, imports: Callable[..., Imported], code: str, value: float, unit: str
) -> None:
    imported = imports(BORN, WEIGHT, number(code, value, unit, effectiveDateTime="2020-01-01", id="age"))
    assert sum(imported.left_out.values()) == 1
    assert "may be an age" in next(iter(imported.left_out))[2]


def test_what_is_taken_back_without_a_version_does_not_come_back(
    stored: Store, imports: Callable[..., Imported]
) -> None:
    first = WEIGHT | {"meta": {"versionId": "1"}}
    imports(BORN, first)
    wrong = WEIGHT | {"status": "entered-in-error"}
    assert sum(imports(BORN, wrong).gone.values()) == 1
    retracted = node_of(stored, imports(BORN, wrong))["retracted"]
    assert len(retracted) == 1
    imported = imports(BORN, first)
    assert node_of(stored, imported)["retracted"] == retracted
    assert ("fhir", "record", "an older version of what is stored") in imported.left_out
    again = imports(BORN, WEIGHT | {"meta": {"versionId": "2"}})
    assert not again.left_out


def test_no_walk_leads_to_who_withdrew_consent(stored: Store, imports: Callable[..., Imported]) -> None:
    (patient,) = imports(BORN, condition("44054006", "Diabetes", id="c", onsetDateTime="2019-01-01")).patients
    assert neighbours(stored, patient).found
    set_consent(stored, patient, "withdrawn")
    for walk in (lambda: neighbours(stored, patient), lambda: paths(stored, "DOID:9352", patient)):
        with pytest.raises(ValueError, match="withdrew consent"):
            walk()


def test_an_empty_patient_is_nobody(stored: Store, tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle(patient=BORN)), encoding="utf-8")
    with pytest.raises(UnknownNode):
        import_patients(path, stored, KEY, given=Given(patient=""))


def test_a_folder_without_records_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="1 of 1 holds no patients' records of a known format"):
        sorted_by_format([tmp_path])
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RecordError, match="1 of 1 holds 1 file of no known format"):
        sorted_by_format([tmp_path])


def test_a_missing_number_is_an_empty_cell() -> None:
    import pandas as pd

    assert cell(pd.NA) == cell(pd.NaT) == cell(float("nan")) == ""

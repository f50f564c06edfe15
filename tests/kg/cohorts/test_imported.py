"""Cohorts of an imported data set: from both stores the persons that Circe finds, by their pseudonyms."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from kg.cohort import read_definition, select
from kg.graph import Graph
from kg.patients.deidentify import OLDEST_AGE_YEARS
from kg.patients.imports import Given, import_patients
from kg.query.people import patients
from kg.stores.opening import open_store
from tests.conftest import StoreOf
from tests.kg.cohorts.circe import Circe, born_alike, read_tables
from tests.kg.cohorts.definitions import COHORTS
from tests.kg.cohorts.identities import KEY, pseudonyms

pytestmark = pytest.mark.mirror

WRITTEN = Path(__file__).parent / "gibleed"
EVERY, PLACE = 12, 10
"""One of so many persons is imported here, and which; `benchmarks/cohort.py` imports all."""

Imported = tuple[Mapping[str, pd.DataFrame], Graph]


@pytest.fixture(scope="module")
def imported(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The tables of some persons of GiBleed, and the graph that their import makes."""
    source, folder = mirror / "patients" / "omop" / "gibleed", tmp_path_factory.mktemp("gibleed")
    tables = {
        name: rows[rows["person_id"] % EVERY == PLACE] if "person_id" in rows else rows
        for name, rows in read_tables(source).items()
    }
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    (folder / "cdm_source.csv").write_bytes((source / "cdm_source.csv").read_bytes())
    with open_store(folder / "graph.lbdb", create=True) as store:
        store.replace(Graph({}, {}))
        import_patients(folder, store, KEY, given=Given(format="omop"))
        return tables, store.read()


@pytest.fixture(scope="module")
def expected(imported: Imported) -> Mapping[str, set[str]]:
    """The pseudonyms of Circe's persons."""
    tables, _ = imported
    oracle, named = Circe(born_alike(tables)), pseudonyms(tables)
    found = {name: {named[one] for one in oracle.persons(expression)} for name, expression in COHORTS.items()}
    oracle.close()
    return found


@pytest.mark.parametrize("name", COHORTS)
def test_cohorts_of_a_store_are_those_of_circe(
    name: str, imported: Imported, expected: Mapping[str, set[str]], store_of: StoreOf
) -> None:
    """Of who is 90 or more at the last record, days are withheld: such a patient may be missing, never added."""
    store = store_of(imported[1])
    people = patients(store)
    withheld = set(people["id"][people["age_years"] >= OLDEST_AGE_YEARS])
    found = select(store, read_definition(WRITTEN / f"{name}.toml"))
    assert set(found.patients) - withheld == expected[name] - withheld
    assert set(found.patients) <= expected[name]
    assert len(expected[name] - withheld) > 6
    assert not [note for note in found.notes if "have no day" not in note]

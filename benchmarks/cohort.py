"""Measure cohorts against OHDSI's Circe: are the persons the same, and how long does each take?

    python benchmarks/cohort.py --data ../shared/data [--drawn 200] [--store DIR/gibleed.lbdb]

prints one JSON object. The ten cohorts of `tests/kg/cohorts/gibleed` are asked of GiBleed (2,694 persons, OMOP) three
times: of Circe, in SQLite; of the tables, without a store; of a store that the data set was imported into, where
events and births 90 years and more before the last record have no day, so that those persons are told apart. Then
cohorts that are drawn at random are asked of Circe and of the tables. Circe's age is a difference of years: each
person's calendar is moved so that all were born on 1 January (see `tests/kg/cohorts/circe.py`).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the cohorts and Circe stand among the tests

from kg.cohort import read_definition, select  # noqa: E402
from kg.cohorts.criteria import Definition  # noqa: E402
from kg.cohorts.evaluate import evaluate  # noqa: E402
from kg.files.checked import check  # noqa: E402
from kg.graph import Graph  # noqa: E402
from kg.patients.deidentify import OLDEST_AGE_YEARS  # noqa: E402
from kg.patients.imports import Given, import_patients  # noqa: E402
from kg.query.people import patients  # noqa: E402
from kg.stores.opening import open_store  # noqa: E402
from tests.kg.cohorts.circe import Circe, born_alike, read_tables  # noqa: E402
from tests.kg.cohorts.definitions import COHORTS  # noqa: E402
from tests.kg.cohorts.drawn import draw  # noqa: E402
from tests.kg.cohorts.identities import KEY, pseudonyms  # noqa: E402
from tests.kg.cohorts.omop import Tables, codes_of  # noqa: E402

WRITTEN = ROOT / "tests" / "kg" / "cohorts" / "gibleed"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--drawn", type=int, default=200, help="how many cohorts are drawn at random")
    parser.add_argument("--store", help="a store that holds GiBleed, by this script; without it one is made")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give the mirror folder with --data, or in PANAKEIA_DATA")
    folder = options.data / "patients" / "omop" / "gibleed"
    tables = read_tables(folder)
    records, oracle = Tables(tables), Circe(born_alike(tables))
    measured: dict[str, Any] = {"persons": len(tables["person"])}
    with tempfile.TemporaryDirectory() as scratch:
        store = options.store or str(Path(scratch) / "gibleed.lbdb")
        if options.store is None or not Path(store).exists():
            measured["import_seconds"] = timed(partial(load, folder, store))[1]
        measured["cohorts"] = [compared(name, oracle, records, store, tables) for name in COHORTS]
    measured["drawn"] = drawn(options.drawn, oracle, records, tables)
    json.dump(measured, sys.stdout, indent=2)
    print()


def load(folder: Path, path: str) -> None:
    """Import the data set into a new store."""
    with open_store(path, create=True) as store:
        store.replace(Graph({}, {}))
        import_patients(folder, store, KEY, given=Given(format="omop"))


def compared(
    name: str, oracle: Circe, records: Tables, path: str, tables: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """Ask for a cohort three times."""
    definition = read_definition(WRITTEN / f"{name}.toml")
    theirs, circe_seconds = timed(lambda: oracle.persons(COHORTS[name]))
    ours, tables_seconds = timed(lambda: fitting(definition, records))
    named = pseudonyms(tables)
    with open_store(path) as store:
        found, store_seconds = timed(lambda: select(store, definition))
        told = patients(store)
    withheld = set(told["id"][told["age_years"] >= OLDEST_AGE_YEARS])
    stored, expected = set(found.patients), {named[person] for person in theirs}
    return {
        "cohort": name,
        "circe": len(theirs),
        "tables": {"persons": len(ours), "equal": ours == theirs},
        "store": {
            "persons": len(stored),
            "equal_under_90": stored - withheld == expected - withheld,
            "under_90": len(expected - withheld),
            "of_90_and_more": [len(stored & withheld), len(expected & withheld)],
        },
        "seconds": {"circe": circe_seconds, "tables": tables_seconds, "store": store_seconds},
    }


def drawn(count: int, oracle: Circe, records: Tables, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Ask for cohorts that are drawn at random; the quartiles are of their sizes."""
    sizes, equal = [], 0
    for seed in range(count):
        expression, content = draw(seed, partial(codes_of, tables))
        theirs = oracle.persons(expression)
        equal += fitting(check(content, Definition, f"cohort {seed}"), records) == theirs
        sizes.append(len(theirs))
    quartiles = [] if not sizes else np.quantile(sizes, [0.25, 0.5, 0.75, 1.0]).tolist()
    return {"cohorts": count, "equal": equal, "empty": sizes.count(0), "quartiles": quartiles}


def fitting(definition: Definition, records: Tables) -> set[int]:
    """Return the persons of the tables that fit."""
    return set(map(int, evaluate(definition, records).index["patient"]))


def timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    """Return an answer, and the seconds that it took."""
    begin = time.perf_counter()
    answer = ask()
    return answer, round(time.perf_counter() - begin, 3)


if __name__ == "__main__":
    main()

"""Cohorts are those of OHDSI's Circe, another implementation: the same persons, on public OMOP data."""

from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from kg.cohorts.criteria import Definition
from kg.cohorts.evaluate import evaluate
from kg.cohorts.events import eras
from kg.cohorts.recorded import Asked
from kg.files.checked import check, read_toml
from tests.kg.cohorts.circe import EPOCH, Circe, born_alike, cohort, concepts, counted, event, group, read_tables
from tests.kg.cohorts.definitions import BY_DAY, COHORTS, MEASUREMENT, age
from tests.kg.cohorts.drawn import draw
from tests.kg.cohorts.omop import Tables, codes_of

pytestmark = pytest.mark.mirror

WRITTEN = Path(__file__).parent / "gibleed"
SIZES = {
    "celecoxib": 645,
    "diclofenac_then_bleeding": 101,
    "sinusitis_and_again": 64,
    "bronchitis_treated": 1353,
    "osteoarthritis_women": 813,
    "feverish_pharyngitis": 238,
    "otitis_twice": 187,
    "inpatients": 61,
    "aspirin_eras": 634,
    "nested": 369,
}
"""Of 2,694 persons."""

FROM_DRUG = {
    "aspirin": (1112807, ("RXNORM:1191", "RXNORM:243670"), 4364),
    "amoxicillin": (1713332, ("RXNORM:308192", "RXNORM:562251", "RXNORM:308182", "RXNORM:723"), 4304),
    "ibuprofen": (1177480, ("RXNORM:198405", "RXNORM:310965", "RXNORM:5640"), 2148),
    "celecoxib": (1118084, ("RXNORM:140587",), 1844),
}
"""An ingredient -> its concept, the codes that it is recorded under, and its rows in the table of eras."""


@cache
def tables(folder: Path) -> Mapping[str, pd.DataFrame]:
    return read_tables(folder)


@pytest.fixture(scope="module")
def gibleed(mirror: Path) -> Mapping[str, pd.DataFrame]:
    return tables(mirror / "patients" / "omop" / "gibleed")


@pytest.fixture(scope="module")
def records(gibleed: Mapping[str, pd.DataFrame]) -> Tables:
    return Tables(gibleed)


@pytest.fixture(scope="module")
def circe(gibleed: Mapping[str, pd.DataFrame]) -> Iterator[Circe]:
    oracle = Circe(born_alike(gibleed))
    yield oracle
    oracle.close()


def persons(definition: Definition, records: Tables) -> set[int]:
    return set(map(int, evaluate(definition, records).index["patient"]))


@pytest.mark.parametrize("name", COHORTS)
def test_cohorts_are_those_of_circe(name: str, circe: Circe, records: Tables) -> None:
    found = persons(read_toml(WRITTEN / f"{name}.toml", Definition), records)
    assert found == circe.persons(COHORTS[name])
    assert len(found) == SIZES[name]


@pytest.mark.parametrize("seed", range(8))
def test_cohorts_drawn_at_random_are_those_of_circe(
    seed: int, gibleed: Mapping[str, pd.DataFrame], circe: Circe, records: Tables
) -> None:
    """`benchmarks/cohort.py --drawn 500` asks for more."""
    expression, content = draw(seed, partial(codes_of, gibleed))
    assert persons(check(content, Definition, "drawn"), records) == circe.persons(expression)


def test_each_rule_of_each_cohort_tells_somebody_apart(records: Tables) -> None:
    idle = []
    for name in COHORTS:
        left = evaluate(read_toml(WRITTEN / f"{name}.toml", Definition), records).attrition
        idle += [rule for (_, before), (rule, after) in pairwise(left[2:]) if after == before]
    assert idle == ["no gastrointestinal bleeding before"]


def test_with_the_year_of_birth_alone_ages_are_circes(gibleed: Mapping[str, pd.DataFrame]) -> None:
    """Circe knows the year alone; 87 of its 732 are not yet 40 years old. Without periods of observation it is 750."""
    kept = ("person", "observation_period", "drug_exposure", "condition_occurrence", "concept", "concept_ancestor")
    oracle = Circe({name: gibleed[name] for name in kept})
    found = oracle.persons(COHORTS["celecoxib"])
    oracle.close()
    definition = read_toml(WRITTEN / "celecoxib.toml", Definition)
    assert persons(definition, Tables(gibleed, year_only=True)) == found
    assert len(found) == 732
    anytime = definition.model_copy(update={"entry": definition.entry.model_copy(update={"anytime": True})})
    assert len(persons(anytime, Tables(gibleed, year_only=True))) == 750


@pytest.mark.parametrize("drug", FROM_DRUG)
def test_eras_are_those_of_the_table(drug: str, gibleed: Mapping[str, pd.DataFrame], records: Tables) -> None:
    ingredient, codes, count = FROM_DRUG[drug]
    found = eras(records.events(Asked(None, (), codes, True)), 30)[["patient", "day", "end_day"]]
    table = gibleed["drug_era"]
    table = table[table["drug_concept_id"] == ingredient]
    days = {side: pd.to_datetime(table[f"drug_era_{side}_date"]) for side in ("start", "end")}
    told = zip(table["person_id"].astype(int).astype(str), days["start"], days["end"], strict=True)
    assert {tuple(row) for row in found.to_numpy()} == {(who, (a - EPOCH).days, (b - EPOCH).days) for who, a, b in told}
    assert len(found) == count


VALUES = {
    "a high body mass index, then a higher pressure": (
        cohort(
            [concepts(0, 3038553), concepts(1, 3004249)],
            [event(MEASUREMENT, 0, ValueAsNumber=age("gte", 27), Unit=[{"CONCEPT_ID": 9531}])],
            group(
                "ALL",
                counted(event(MEASUREMENT, 1, ValueAsNumber=age("gt", 125)), (0, 3652), least=3, Occurrence=BY_DAY),
            ),
            observed=(90, 0),
        ),
        {
            "entry": {
                **{"codes": "LOINC:39156-5", "value": {"at_least": 27}, "unit": "kg/m2"},
                "days_before": 90,
            },
            "rules": [
                {
                    **{"name": "pressure", "codes": "LOINC:8480-6", "value": {"above": 125}, "unit": "mm[Hg]"},
                    **{"window": {"from": 0, "to": 3652}, "at_least": 3, "distinct": "days"},
                }
            ],
        },
    ),
    "the first cholesterol in history, if it is in range": (
        cohort(
            [concepts(0, 3027114), concepts(1, 3007070)],
            [event(MEASUREMENT, 0, First=True, ValueAsNumber={"Op": "bt", "Value": 160, "Extent": 220})],
            group(
                "ALL",
                counted(event(MEASUREMENT, 1, ValueAsNumber=age("lt", 65)), (None, 0), exactly=0),
                persons=[{"Age": age("lt", 60)}],
            ),
        ),
        {
            "entry": {
                **{"codes": "LOINC:2093-3", "value": {"at_least": 160, "at_most": 220}, "unit": "mg/dL"},
                "first_in_history": True,
            },
            "rules": [
                {
                    "name": "HDL never low, under 60",
                    "all": [
                        {
                            **{"codes": "LOINC:2085-9", "value": {"below": 65}, "unit": "mg/dL"},
                            **{"window": {"to": 0}, "exactly": 0},
                        },
                        {"age": {"below": 60}},
                    ],
                }
            ],
        },
    ),
}
"""Cohorts by values, which GiBleed has none of: as Circe is asked, and as we are."""


@pytest.mark.parametrize(("name", "size"), list(zip(VALUES, (6, 10), strict=True)))
def test_values_are_in_the_ranges_of_circe(mirror: Path, name: str, size: int) -> None:
    known = tables(mirror / "patients" / "omop" / "synthea27")
    itself = dict.fromkeys(("ancestor_concept_id", "descendant_concept_id"), known["concept"]["concept_id"])
    known = dict(known) | {"concept_ancestor": pd.DataFrame(itself)}
    expression, content = VALUES[name]
    oracle = Circe(born_alike(known))
    found = oracle.persons(expression)
    oracle.close()
    assert persons(check({"name": name} | content, Definition, name), Tables(known)) == found
    assert len(found) == size

"""Tables of the OMOP CDM as records that criteria ask, without a store between: the days as they are, none withheld."""

from collections.abc import Mapping

import pandas as pd

from kg.cohorts.recorded import ANY, Asked
from kg.cohorts.records import EVENT_COLUMNS, PERIOD_COLUMNS, PERSON_COLUMNS, framed
from tests.kg.cohorts.circe import EPOCH

PREFIXES = {"SNOMED": "SNOMEDCT", "RxNorm": "RXNORM", "LOINC": "LOINC", "CVX": "CVX", "Visit": "VISIT"}
SEXES = {8507: "male", 8532: "female"}
EVENTS = {
    "condition": ("condition_occurrence", "condition_concept_id", "condition_start_date", "condition_end_date"),
    "drug": ("drug_exposure", "drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date"),
    "measurement": ("measurement", "measurement_concept_id", "measurement_date", "measurement_date"),
    "procedure": ("procedure_occurrence", "procedure_concept_id", "procedure_date", "procedure_date"),
    "visit": ("visit_occurrence", "visit_concept_id", "visit_start_date", "visit_end_date"),
}


def codes_of(tables: Mapping[str, pd.DataFrame], concept: int) -> list[str]:
    """Return the codes of a concept and of all below it."""
    below, told = tables["concept_ancestor"], tables["concept"]
    ids = below["descendant_concept_id"][below["ancestor_concept_id"] == concept]
    return sorted(_codes(told[told["concept_id"].isin(ids)]))


def _codes(concept: pd.DataFrame) -> pd.Series:
    systems = concept["vocabulary_id"].map(PREFIXES).fillna("OTHER")
    return (systems + ":" + concept["concept_code"].astype(str)).set_axis(concept["concept_id"])


class Tables:
    """Records of the tables; with `year_only`, as if nothing but the year of birth were known."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], *, year_only: bool = False) -> None:
        person, observed, codes = tables["person"], tables["observation_period"], _codes(tables["concept"])
        born = person["year_of_birth"].astype(int).astype(str) + "-01-01" if year_only else person["birth_datetime"]
        self._persons = framed(
            pd.DataFrame(
                {
                    "patient": _names(person),
                    "sex": person["gender_concept_id"].map(SEXES),
                    "birth_day": _days(born),
                }
            ),
            PERSON_COLUMNS,
        )
        start, end = (_days(observed[f"observation_period_{side}_date"]) for side in ("start", "end"))
        periods = pd.DataFrame({"patient": _names(observed), "start": start, "end": end})
        self._periods = framed(periods, PERIOD_COLUMNS)
        self._events = {}
        for kind, (name, column, first, last) in EVENTS.items():
            rows = tables[name]
            told = pd.DataFrame(
                {
                    "patient": _names(rows),
                    "day": _days(rows[first]),
                    "end_day": _days(rows[last]),
                    "value": rows.get("value_as_number"),
                    "unit": rows.get("unit_source_value"),
                    "statement": kind + rows[f"{name}_id"].astype(str),
                    "code": rows[column].map(codes),
                }
            )
            self._events[kind] = framed(told, EVENT_COLUMNS | {"code": "str"})

    def persons(self) -> pd.DataFrame:
        return self._persons

    def periods(self) -> pd.DataFrame:
        return self._periods

    def events(self, asked: Asked) -> pd.DataFrame:
        events = pd.concat([self._events[kind] for kind in ([asked.kind] if asked.kind else self._events)])
        return events if asked.names == (ANY,) else events[events["code"].isin(asked.codes)]


def _names(rows: pd.DataFrame) -> pd.Series:
    return rows["person_id"].astype(int).astype(str)


def _days(dates: pd.Series) -> pd.Series:
    return (pd.to_datetime(dates) - EPOCH).dt.days.astype("float64")

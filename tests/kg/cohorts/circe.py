"""OHDSI's Circe over tables of the OMOP CDM, as another implementation that our cohorts are held against.

`duckcdm` is Circe and SqlRender in Python; the SQL that they make runs in Python's own SQLite.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from duckcdm.circe import build_cohort_query
from duckcdm.sqlrender import render, translate

TABLES = (
    "person",
    "observation_period",
    "visit_occurrence",
    "condition_occurrence",
    "drug_exposure",
    "drug_era",
    "measurement",
    "procedure_occurrence",
    "concept",
    "concept_ancestor",
)
EPOCH = pd.Timestamp("1970-01-01")
EVERYONE_BORN = pd.Timestamp("2001-01-01")


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read those of the tables that a folder has, whatever the capitals of their files' names."""
    files = {path.name.lower().partition(".")[0]: path for path in folder.glob("*.csv*")}
    return {name: pd.read_csv(files[name], low_memory=False) for name in TABLES if name in files}


def born_alike(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables with each person's calendar moved, so that all were born on 1 January 2001.

    Circe's age is the year of the index less the year of birth, as if everybody were born on 1 January. On these
    calendars everybody is, and that difference is the completed years; nothing else that Circe asks sees the move.
    """
    person = tables["person"]
    move = (EVERYONE_BORN - pd.to_datetime(person["birth_datetime"])).set_axis(person["person_id"])
    moved = {name: rows.copy() for name, rows in tables.items()}
    moved["person"]["year_of_birth"] = EVERYONE_BORN.year
    for rows in moved.values():
        for column in rows.columns[rows.columns.str.endswith("_date")]:
            if "person_id" in rows:
                rows[column] = pd.to_datetime(rows[column]) + rows["person_id"].map(move)
    return moved


class Circe:
    """Tables of the OMOP CDM in a database, and the persons of a cohort's definition among them."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.database = sqlite3.connect(":memory:")
        for name, rows in tables.items():
            kept = rows.copy()
            for column in kept:
                if column.endswith("_id") and kept[column].dtype.kind == "f":
                    kept[column] = kept[column].astype("Int64")
                if column.endswith("_date"):  # SqlRender's SQLite has dates as seconds
                    kept[column] = (pd.to_datetime(kept[column]) - EPOCH).dt.total_seconds()
            kept.to_sql(name, self.database, index=False)
        columns = "cohort_definition_id INT, subject_id INT, cohort_start_date REAL, cohort_end_date REAL"
        self.database.execute(f"CREATE TABLE cohort ({columns})")

    def persons(self, expression: Mapping[str, Any]) -> set[int]:
        """Return the persons of a cohort that is defined as ATLAS writes it."""
        query = build_cohort_query(json.dumps(expression), cdm_schema="main", target_table="cohort", cohort_id=1)
        self.database.executescript(translate(render(query), "sqlite"))
        return {row[0] for row in self.database.execute("SELECT subject_id FROM cohort")}

    def close(self) -> None:
        """Let go of the tables."""
        self.database.close()


def concepts(number: int, *ids: int) -> dict[str, Any]:
    """Return a concept set with its descendants."""
    items = [{"concept": {"CONCEPT_ID": concept}, "includeDescendants": True} for concept in ids]
    return {"id": number, "name": str(number), "expression": {"items": items}}


def event(what: str, number: int | None = None, **told: Any) -> dict[str, Any]:
    """Return a criterion on events of a table, of a concept set or of anything."""
    return {what: ({} if number is None else {"CodesetId": number}) | told}


def counted(
    criterion: Mapping[str, Any],
    window: tuple[int | None, int | None],
    *,
    least: int | None = None,
    most: int | None = None,
    exactly: int | None = None,
    **told: Any,
) -> dict[str, Any]:
    """Return how many events there must be in a window of days around the index; at least one unless it is said."""
    kind, count = (0, exactly) if exactly is not None else (1, most) if most is not None else (2, least or 1)
    occurrence = {"Type": kind, "Count": count} | told.pop("Occurrence", {})
    return {"Criteria": criterion, "StartWindow": days(window), "Occurrence": occurrence} | told


def days(window: tuple[int | None, int | None]) -> dict[str, Any]:
    """Return a window of days around the index, as ATLAS writes it; an end that is None is open."""
    ends = []
    for day, open_side in zip(window, (-1, 1), strict=True):
        ends.append({"Coeff": open_side} if day is None else {"Days": abs(day), "Coeff": -1 if day < 0 else 1})
    return {"Start": ends[0], "End": ends[1], "UseEventEnd": False}


def group(
    kind: str, *criteria: Mapping[str, Any], persons: Sequence[Any] = (), groups: Sequence[Any] = (), **told: Any
):
    """Return a group of criteria: `ALL`, `ANY`, `AT_LEAST` or `AT_MOST` with a `Count`."""
    parts = {"CriteriaList": list(criteria), "DemographicCriteriaList": list(persons), "Groups": list(groups)}
    return {"Type": kind} | parts | told


def cohort(
    sets: Sequence[Any],
    primary: Sequence[Any],
    *rules: Mapping[str, Any],
    observed: tuple[int, int] = (0, 0),
    limit: str = "First",
) -> dict[str, Any]:
    """Return a cohort's definition: concept sets, index events, how long these are observed, and inclusion rules."""
    return {
        "ConceptSets": list(sets),
        "PrimaryCriteria": {
            "CriteriaList": list(primary),
            "ObservationWindow": {"PriorDays": observed[0], "PostDays": observed[1]},
            "PrimaryCriteriaLimit": {"Type": limit},
        },
        "QualifiedLimit": {"Type": "All"},
        "ExpressionLimit": {"Type": "All"},
        "InclusionRules": [{"name": str(place), "expression": rule} for place, rule in enumerate(rules)],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
    }

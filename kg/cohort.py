"""Cohort: which patients of a store fit a definition, when each did first, and how many are left at each criterion.

A definition is a TOML file, or made in Python of what `kg.cohorts.criteria` has; docs/cohorts.md has every key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kg.cohorts.criteria import Definition, Event, recorded
from kg.cohorts.evaluate import evaluate
from kg.cohorts.events import in_units
from kg.cohorts.recorded import Recorded
from kg.cohorts.stored import StoredRecords, stored
from kg.files.checked import read_toml
from kg.notebook import notebook_html
from kg.stores.protocol import Store

__all__ = ["Cohort", "Definition", "read_definition", "select"]

SHOWN = 5
"""How many other units a note tells."""


@dataclass(frozen=True)
class Cohort:
    """The patients of a cohort, in order, and how they came to be left.

    `index` has a row for each index event that is kept: patient, day and end_day, on the patient's shifted calendar;
    `attrition` a row for each criterion, in the order in which they were applied: criterion, remaining (patients).
    """

    name: str
    patients: tuple[str, ...]
    index: pd.DataFrame
    attrition: pd.DataFrame
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the attrition: criterion, remaining."""
        return self.attrition

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        days = self.index[["patient", "day"]].astype({"day": "Int64"}).astype(object)
        return {
            "name": self.name,
            "patients": list(self.patients),
            "attrition": self.attrition.to_dict(orient="records"),
            "index": days.where(days.notna(), None).to_dict(orient="records"),
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Return how many patients there are, and what to know about the criteria."""
        count = len(self.patients)
        return "\n".join([f"{self.name}: {count:,} patient{'s' * (count != 1)}", *self.notes])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def read_definition(path: str | Path) -> Definition:
    """Read a cohort's definition from a TOML file; raises `DesignError`, which names every mistake with its key."""
    return read_toml(path, Definition)


def select(store: Store, definition: Definition) -> Cohort:
    """Return the patients that fit a definition; those whose consent is withdrawn are never among them.

    Raises `DesignError` with each name of the definition that means no node of the graph, or several.
    """
    records = stored(store, definition)
    fitted = evaluate(definition, records)
    criteria = ((key, wanted) for key, wanted in recorded(definition) if not key.startswith("outcome["))
    notes = tuple(note for key, wanted in criteria for note in _notes(key, wanted, definition, records))
    return Cohort(
        definition.name,
        tuple(sorted(fitted.index["patient"].unique())),
        fitted.index,
        pd.DataFrame(fitted.attrition, columns=["criterion", "remaining"]),
        notes,
    )


def _notes(key: str, wanted: Recorded, definition: Definition, records: StoredRecords) -> Iterator[str]:
    """Yield what a criterion may have missed: there is nothing of it, or it has no day, or stands in other units."""
    events = records.events(wanted.asked)
    if events.empty:
        yield f"{key}: no record is of {wanted}"
    undated = int((events["day"].isna() & ~events["negated"]).sum())
    if undated and not _without_days(wanted, definition):
        yield f"{key}: {undated:,} of {len(events):,} events have no day: they lie in no window and in no period"
    if wanted.value is not None and wanted.unit is not None:
        measured = events[events["value"].notna()]
        others = measured[~in_units(measured["unit"], wanted.unit)]["unit"].fillna("no unit").value_counts()
        if len(others):
            told = ", ".join(f"{count:,} in {unit}" for unit, count in others.head(SHOWN).items())
            yield f"{key}: {others.sum():,} of {len(measured):,} results are in other units and do not count ({told})"


def _without_days(wanted: Recorded, definition: Definition) -> bool:
    """Say whether events without a day count."""
    if isinstance(wanted, Event):
        return wanted.at_any_time and wanted.window is None and wanted.end_window is None
    return definition.entry.anytime

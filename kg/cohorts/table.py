"""Table: a cohort as a table for learning: a row a patient, what was known at the landmark, and one outcome."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kg.cohort import Cohort, select
from kg.cohorts.criteria import Definition
from kg.cohorts.features import features
from kg.cohorts.outcome import Outcome, Target
from kg.cohorts.stored import StoredRecords, stored
from kg.files.checked import DesignError
from kg.graph import data_version
from kg.notebook import notebook_html
from kg.query.people import sources
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

SUBJECT, SITE, OUTCOME, CENSORED = "USUBJID", "SITEID", "AVAL", "CNSR"
"""The columns beside the features, as in CDISC's ADaM; SITEID is the data set that a record is from."""


@dataclass(frozen=True)
class CohortTable:
    """The patients of a cohort, and an outcome to be foretold from `features`, all known at the landmark.

    `rows` has USUBJID (the pseudonym), SITEID, the features, AVAL (0 or 1, a number, or days) and, of a time, CNSR: 1
    where it was cut off. `left_out` has a row for each reason: reason, patients. `version` names the store's data and
    the `definition`; another of either is another table.
    """

    name: str
    outcome: str
    target: Target
    rows: pd.DataFrame
    features: tuple[str, ...]
    horizon: float | None
    left_out: pd.DataFrame
    version: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the rows."""
        return self.rows

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "target": self.target,
            "horizon": self.horizon,
            "version": self.version,
            "features": list(self.features),
            "left_out": self.left_out.to_dict("records"),
            "rows": self.rows.astype(object).where(self.rows.notna(), None).to_dict("records"),
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Return how many there are, what is foretold, who is left out, and of which data it is."""
        told = (
            f"{self.name}: {len(self.rows):,} patients, {len(self.features)} features; {self.outcome}: {self._told()}"
        )
        left_out = zip(self.left_out["reason"], self.left_out["patients"], strict=True)
        return "\n".join(
            [
                told,
                *(f"left out, {reason}: {count:,}" for reason, count in left_out),
                *self.notes,
                f"data version {self.version}",
            ]
        )

    def _told(self) -> str:
        value = self.rows[OUTCOME]
        if self.target == "binary":
            return f"{int(value.sum()):,} events"
        if self.target == "survival":
            return f"{int((self.rows[CENSORED] == 0).sum()):,} events in {self.horizon:,.0f} days"
        return f"mean {value.mean():.4g}" if len(value) else "no values"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def tabulate(store: Store, definition: Definition, outcome: str) -> CohortTable:
    """Return a cohort's table for one of the outcomes that its definition has.

    Raises `DesignError` for an outcome that is not there, for names that the graph does not have, and where `keep` is
    "all": a row a patient is expected.
    """
    wanted = chosen(definition, outcome)
    cohort, records = select(store, definition), stored(store, definition)
    index = landmarks(cohort, definition, records)
    settled = wanted.settle(index, records)
    kept = settled.left_out.isna()
    known = features(store, index[kept.to_numpy()].reset_index(drop=True), definition.features)
    outcome_columns = {OUTCOME: settled.value[kept].to_numpy()}
    if wanted.target == "survival":
        outcome_columns[CENSORED] = settled.censored[kept].to_numpy()
    rows = pd.concat([_rows(store, index[kept.to_numpy()], known), pd.DataFrame(outcome_columns)], axis=1)
    reasons = settled.left_out.value_counts().rename_axis("reason").rename("patients").reset_index()
    return CohortTable(
        definition.name,
        outcome,
        wanted.target,
        rows,
        tuple(known.columns),
        wanted.horizon,
        reasons,
        version_of(store, definition),
        (*cohort.notes, *_notes(cohort, index)),
    )


def at_landmark(store: Store, definition: Definition, columns: Sequence[str], patients: Sequence[str]) -> pd.DataFrame:
    """Return USUBJID, SITEID and these features of some patients (by identifier) of a cohort, without any outcome.

    The cohort is asked for as if no day after the index had to be observed: what is to come is not known yet. Patients
    that are not in it have no row.
    """
    entry = definition.entry.model_copy(update={"days_after": 0})
    open_ended = definition.model_copy(update={"entry": entry, "outcome": ()})
    index = landmarks(select(store, open_ended), open_ended, stored(store, open_ended))
    index = index[index["patient"].isin(list(patients))].reset_index(drop=True)
    if index.empty:
        return pd.DataFrame(columns=[SUBJECT, SITE, *columns])
    return _rows(store, index, features(store, index, definition.features, columns))


def chosen(definition: Definition, outcome: str) -> Outcome:
    """Return an outcome of a definition by its name; raises `DesignError`."""
    if definition.keep == "all":
        raise DesignError(f"{definition.name!r} keeps all index events: expected keep = first or last, a row a patient")
    for one in definition.outcome:
        if one.name == outcome:
            return one
    named = ", ".join(one.name for one in definition.outcome)
    there = (
        f"expected one of {named}" if named else "the file has no [[outcome]]; docs/cohorts.md says how to write one"
    )
    raise DesignError(f"{definition.name!r} has no outcome {outcome!r}: {there}")


def landmarks(cohort: Cohort, definition: Definition, records: StoredRecords) -> pd.DataFrame:
    """Return a row for each patient with a dated landmark, numbered from 0, with what outcomes and features need.

    Besides `kg.cohorts.outcome.INDEX_COLUMNS` that is sex and birth_day.
    """
    index = (
        cohort.index[["patient", "day", "end_day"]].drop_duplicates("patient").merge(records.persons(), on="patient")
    )
    if definition.features.at == "end":
        index = index.assign(day=index["end_day"])
    index = index[index["day"].notna()].reset_index(drop=True)
    observed = index[["patient", "day"]].rename_axis("row").reset_index().merge(records.periods(), on="patient")
    observed = observed[(observed["start"] <= observed["day"]) & (observed["day"] <= observed["end"])]
    longest = observed.sort_values(["row", "end"]).drop_duplicates("row", keep="last").set_index("row")
    span = longest[["start", "end"]].reindex(index.index).rename(columns={"end": "until"})
    return index.assign(start=span["start"], until=span["until"])


def version_of(store: Store, definition: Definition) -> str:
    """Return a name of the store's data and the definition: it changes when either does."""
    written = hashlib.sha256(definition.model_dump_json().encode()).hexdigest()[:8]
    return f"{data_version(read_releases(store))} cohort {written}"


def _rows(store: Store, index: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    who = index["patient"].reset_index(drop=True)
    site = who.map(sources(store, who.tolist())).rename(SITE)
    return pd.concat([who.rename(SUBJECT), site, known.reset_index(drop=True)], axis=1)


def _notes(cohort: Cohort, index: pd.DataFrame) -> list[str]:
    undated = len(cohort.patients) - len(index)
    unborn, unseen = int(index["birth_day"].isna().sum()), int(index["until"].isna().sum())
    return [
        *([f"{undated:,} patients have no day that could be the landmark, and no row"] if undated else []),
        *([f"the age of {unborn:,} patients is not known, or is withheld (90 or more)"] if unborn else []),
        *([f"{unseen:,} patients are not observed at the landmark"] if unseen else []),
    ]

"""A cohort of the graph: patients whose records a store holds, each as a model may see them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from kg.cohort import read_definition, select
from kg.files.checked import Number, Text
from kg.files.reach import NamedFile
from kg.files.table import read_csv
from kg.patients.journal import note
from kg.query.people import OWN_PREFIX
from kg.stores.opening import open_store
from kg.stores.protocol import Store, StoreError
from twin.chart import Days, of_record, several_from_graph
from twin.covariates import Covariate, Genotype
from twin.mixture import Mixture, as_text
from twin.patient import PatientError
from twin.populations.resampled import Resampled, Rows, in_order

VERB = "trial population"
"""How the store's journal names the question."""


@dataclass(frozen=True)
class _Asking:
    """What is asked of each record."""

    name: str
    covariates: tuple[Covariate, ...]


class GraphCohort(Resampled):
    """Patients of a `store`: those of a cohort's `definition` (a TOML file), or of `patients` (a CSV file of ids).

    By a definition, ages and measured covariates are those of a patient's first index day. What no record states is
    `given`, the same for everyone. A genotype that a record does not state is drawn as it is frequent, anew for each
    virtual patient. Whose record lacks what the model or `needs` asks for is left out and counted.
    """

    kind: Literal["cohort"] = "cohort"
    store: NamedFile
    definition: NamedFile | None = None
    patients: NamedFile | None = None
    given: dict[Text, Text | Number] = Field(default_factory=dict)
    needs: tuple[Text, ...] = ()

    def read(self) -> Rows:
        """Read the records; the store's journal is told."""
        self._check()
        wanted = tuple(replace(one, needed=True) if one.name in self.needs else one for one in self.covariates)
        asking = _Asking("the population", wanted)
        left_out: Counter[str] = Counter()
        found: list[Mixture] = []
        try:
            with open_store(self.store) as store:
                who, notes = self._patients(store)
                note(self.store, VERB, list(who))
                for record, seen in several_from_graph(store, list(who), asking):
                    try:
                        days = who.pop(record.id)
                        found.append(of_record(record, seen, asking, as_text(self.given), days=days))
                    except PatientError as failure:
                        left_out[str(failure).partition(";")[0]] += 1
        except StoreError as failure:
            raise ValueError(str(failure)) from None
        left_out += Counter({"the store has no patient of this id": len(who)})
        return _rows(self.covariates, found, left_out, notes)

    def _patients(self, store: Store) -> tuple[dict[str, Days | None], tuple[str, ...]]:
        """Return who is asked for, each with the day as of which, and what to know of the definition."""
        if self.definition is None:
            ids = [row["id"] for row in read_csv(str(self.patients), ["id"]).by_line().values()]
            return {one if one.startswith(OWN_PREFIX) else OWN_PREFIX + one: None for one in ids}, ()
        cohort = select(store, read_definition(self.definition))
        first = cohort.index.sort_values("day").drop_duplicates("patient")
        days = dict(zip(first["patient"], first["day"].astype("Int64"), strict=True))
        return {one: _as_of(days[one]) for one in cohort.patients}, (cohort.to_text(), *_applied(cohort.attrition))

    def _check(self) -> None:
        if (self.definition is None) == (self.patients is None):
            raise ValueError("expected one of definition (a cohort's TOML file) and patients (a CSV file of ids)")
        known = {covariate.name: covariate for covariate in self.covariates}
        for key, names in (("given", list(self.given)), ("needs", list(self.needs))):
            for name in names:
                if name not in known:
                    raise ValueError(f"{key}: got {name}, expected covariates: {', '.join(known)}")
        for name, text in as_text(self.given).items():
            if known[name].read(text) is None:
                raise ValueError(f"given.{name}: got {text}, expected {known[name].expected}")


def _as_of(day: Any) -> Days | None:
    return None if pd.isna(day) else (int(day), int(day))


def _applied(attrition: pd.DataFrame) -> Iterator[str]:
    for criterion, remaining in zip(attrition["criterion"], attrition["remaining"], strict=True):
        yield f"{criterion}: {remaining:,} patients left"


def _drawn(covariates: tuple[Covariate, ...], name: str) -> str:
    """Say by which frequencies a genotype is drawn that is not known."""
    [gene] = (one for one in covariates if one.name == name and isinstance(one, Genotype))
    assert gene.frequencies is not None
    usual = next(iter(gene.frequencies.shares))
    by = f"{gene.frequencies.by} ({usual} where that is not known)"
    return f"it is drawn by its alleles' frequencies by {by}; {gene.frequencies.source}"


def _rows(
    covariates: tuple[Covariate, ...], found: list[Mixture], left_out: Counter[str], notes: tuple[str, ...]
) -> Rows:
    """Return the rows of all patients, with the covariates that are known of every one."""
    known = set.intersection(*(set(one.covariates) for one in found)) if found else set[str]()
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([one.covariates[name] for one in found]) for name in in_order(covariates, known)
    }
    partly = in_order(covariates, {name for one in found for name in one.covariates} - known)
    drawn = Counter(name for one in found for name in one.marginalised)
    told = [
        *(
            f"The {name} of {count:,} patients is not known: {_drawn(covariates, name)}"
            for name, count in drawn.items()
        ),
        *(f"{name} is not known of all patients, and so of nobody; needs leaves the others out" for name in partly),
    ]
    return Rows(
        columns,
        np.repeat(np.arange(len(found)), [len(one.shares) for one in found]),
        np.concatenate([one.shares for one in found]) if found else np.zeros(0),
        dict(left_out),
        (*notes, *(f"{line}." for line in told)),
    )

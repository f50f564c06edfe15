"""Eligible: which patients of a store have a disease and nothing on record that speaks against a drug for it.

What is told are counts, by the gravest warning that each patient has, with those suppressed that would tell of few
(`kg.patients.suppression`); who the patients are is in the JSON alone, for whoever may see the records.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from kg.cohort import select
from kg.cohorts.criteria import Definition, Entry
from kg.notebook import notebook_html
from kg.patients.suppression import Released, suppress
from kg.query.safety.asked import Asked
from kg.query.safety.history import TAKES, histories
from kg.query.safety.warning import AGAINST, SEVERITIES, DrugWarning
from kg.safety import warnings_of
from kg.search import Node, find
from kg.stores.protocol import Store

FEWEST = 11
"""The fewest patients whose count is told: the rule of US agencies for cells of health data (CMS: none of 1 to 10)."""
NO_WARNING, TAKEN = "no warning", "has the drug on record"


@dataclass(frozen=True)
class Eligible:
    """The patients with a disease, by what speaks against a drug for each.

    `gravest` is the gravest warning that goes by something on each patient's record, None where there is none;
    `anybody` are the drug's warnings that are the same for all. `taken` are those left out since their records have
    the drug; `without` are the grades of warnings with which a patient does not fit.
    """

    drug: Node
    disease: Node
    without: tuple[str, ...]
    gravest: Mapping[str, DrugWarning | None]
    anybody: tuple[DrugWarning, ...]
    taken: frozenset[str]
    asked: tuple[Asked, ...]
    fewest: int = FEWEST

    @property
    def patients(self) -> tuple[str, ...]:
        """The patients who fit, by pseudonym."""
        return tuple(patient for patient, warning in self.gravest.items() if self._fits(patient, warning))

    def _fits(self, patient: str, warning: DrugWarning | None) -> bool:
        return patient not in self.taken and (warning is None or warning.severity not in self.without)

    @property
    def released(self) -> tuple[tuple[str, ...], Released]:
        """The groups of patients, and their counts as they may be shown."""
        groups = (NO_WARNING, *reversed(SEVERITIES), *([TAKEN] if self.taken else []))
        found = Counter(
            TAKEN if patient in self.taken else warning.severity if warning else NO_WARNING
            for patient, warning in self.gravest.items()
        )
        return groups, suppress([found[group] for group in groups], self.fewest)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each group of patients, by their gravest warning: warning, fits, patients (as shown)."""
        groups, released = self.released
        left_out = {*self.without, TAKEN}
        rows = [(group, group not in left_out, count) for group, count in zip(groups, released.cells, strict=True)]
        return pd.DataFrame(rows, columns=["warning", "fits", "patients"])

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values, with every patient who has the disease, and why one does not fit."""
        return {
            "drug": asdict(self.drug),
            "disease": asdict(self.disease),
            "without": list(self.without),
            "counts": self.to_frame().to_dict(orient="records"),
            "patients": list(self.patients),
            "anybody": [warning.to_json() for warning in self.anybody],
            "with_the_disease": [
                {
                    "patient": patient,
                    "fits": self._fits(patient, warning),
                    "taken": patient in self.taken,
                    "gravest": None if warning is None else warning.to_json(),
                }
                for patient, warning in self.gravest.items()
            ],
            "asked": [asdict(one) for one in self.asked],
        }

    def to_text(self) -> str:
        """Return how many patients have the disease, what lets one fit, and what was not checked."""
        _, released = self.released
        lines = [
            f"{self.drug.name} for {self.disease.name}: {released.total} patients have it; one fits without a warning "
            f"of {' or '.join(self.without)}" + (", and without the drug on record" if self.taken else ""),
            f"counts under {self.fewest} are not shown, nor what would tell them; --json lists who",
            *(f"in anybody: {warning.sentence}" for warning in self.anybody),
            *(str(one) for one in self.asked if not one.sources),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def eligible(
    store: Store, drug: str, disease: str, *, without: str = AGAINST, new: bool = False, fewest: int = FEWEST
) -> Eligible:
    """Return which patients have a disease, or one of its kinds, and no warning of this grade or a graver one.

    Drug and disease are given as for `kg.search.find`; a disease counts whenever a record states it. With `new`, who
    has the drug on record is left out. Who withdrew consent is not there. Raises what `find` raises, and `ValueError`
    for an unknown grade and for a `fewest` below 1.
    """
    if without not in SEVERITIES:
        raise ValueError(f"without: got {without!r}, expected one of {', '.join(SEVERITIES)}")
    if fewest < 1:
        raise ValueError(f"fewest: got {fewest}, expected 1 or more")
    candidate, illness = find(store, drug, "Drug"), find(store, disease, "Disease")
    having = Definition(name=illness.name, entry=Entry(condition=(illness.id,), anytime=True))
    patients = select(store, having).patients
    found = warnings_of(store, patients, [candidate.id])
    known = histories(store, patients) if new else {}
    taken = {who for who, history in known.items() if any(fact.node.id == candidate.id for fact in history.of(TAKES))}
    grades = list(SEVERITIES)
    return Eligible(
        candidate,
        illness,
        tuple(grades[: grades.index(without) + 1]),
        {patient: next((one for one in of.of(candidate.id) if one.because), None) for patient, of in found.items()},
        tuple(dict.fromkeys(one for of in found.values() for one in of.of(candidate.id) if not one.because)),
        frozenset(taken),
        next((of.asked for of in found.values()), ()),
        fewest,
    )

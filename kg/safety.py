"""Safety: what speaks against drugs for a patient of a store, each warning with its grade, its reason and its source.

A drug without a warning is not a safe one: `Warnings.asked` says which kinds of warnings the graph has sources of.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import pandas as pd

import kg.query.safety.kinds
from kg.notebook import notebook_html
from kg.query.people import find_patient
from kg.query.safety.asked import Asked, asked, names_of
from kg.query.safety.history import TAKES, histories
from kg.query.safety.warning import SEVERITIES, DrugWarning, Question, WarningKind
from kg.stores.protocol import Store

__all__ = ["SEVERITIES", "Asked", "DrugWarning", "Warnings", "kinds", "taken", "warnings", "warnings_of"]

WITHDREW = "the patient withdrew consent: the store says nothing of drugs for who did"
_COLUMNS = ["drug", "name", "severity", "kind", "because", "warning", "source", "derived"]


@dataclass(frozen=True)
class Warnings:
    """What speaks against drugs for one patient: by drug, the gravest first; drugs without a warning are not there.

    `asked` says of each kind which sources the graph has for it: a kind without any was not checked.
    """

    warnings: Mapping[str, tuple[DrugWarning, ...]]
    asked: tuple[Asked, ...]

    def of(self, drug: str) -> tuple[DrugWarning, ...]:
        """Return the warnings of a drug (by identifier), the gravest first."""
        return self.warnings.get(drug, ())

    def worst(self, drug: str) -> DrugWarning | None:
        """Return the gravest warning of a drug, if it has any."""
        return next(iter(self.of(drug)), None)

    def row(self, drug: str) -> dict[str, Any]:
        """Return what a ranking shows beside a drug: the gravest grade, how many warnings, what the gravest says."""
        worst = self.worst(drug)
        if worst is None:
            return {"warning": None, "warnings": 0, "because": None}
        return {"warning": worst.severity, "warnings": len(self.of(drug)), "because": f"{worst.kind}: {worst.sentence}"}

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each warning: drug, name, severity, kind, because, warning, source, derived."""
        rows = [
            (
                *(one.drug, one.name, one.severity, one.kind),
                ", ".join(node.name for node in one.because),
                one.sentence,
                ", ".join(
                    dict.fromkeys(f"{by.source} {by.source_version}".strip() for by in one.evidence if by.source)
                ),
                one.derived,
            )
            for found in self.warnings.values()
            for one in found
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "warnings": {drug: [one.to_json() for one in found] for drug, found in self.warnings.items()},
            "asked": [asdict(one) for one in self.asked],
            "severities": SEVERITIES,
        }

    def to_text(self) -> str:
        """Return how many drugs have a warning of each grade at worst, and which kinds were not checked."""
        worst = Counter(found[0].severity for found in self.warnings.values())
        lines = [
            f"{worst[grade]:,} drug{'s' * (worst[grade] != 1)}: {grade} ({told})"
            for grade, told in SEVERITIES.items()
            if worst[grade]
        ]
        lines += [str(one) for one in self.asked if not one.sources]
        return "\n".join([*(lines or ["no warning"]), "a drug without a warning is not a safe one"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@cache
def kinds() -> Mapping[str, WarningKind]:
    """Return every kind of warning by its name.

    >>> "allergy" in kinds()
    True
    """
    path = kg.query.safety.kinds.__path__
    modules = [
        importlib.import_module(f"{kg.query.safety.kinds.__name__}.{found.name}")
        for found in pkgutil.iter_modules(path)
    ]
    return {module.KIND.name: module.KIND for module in modules}


def warnings(store: Store, patient: str, drugs: Collection[str] | None = None, *, at: int | None = None) -> Warnings:
    """Return what speaks against these drugs (by identifier), or all, for a patient given as for `find_patient`.

    With `at`, a day on the patient's shifted calendar, only what was recorded by then counts, and the drugs taken are
    those of that day; a genome counts whenever it was read. Raises what `find_patient` raises, and `ValueError` for a
    patient who withdrew consent.
    """
    node = find_patient(store, patient)
    found = warnings_of(store, [node.id], drugs, at=at)
    if node.id not in found:
        raise ValueError(WITHDREW)
    return found[node.id]


def taken(store: Store, patient: str, *, at: int | None = None) -> tuple[str, ...]:
    """Return the drugs (by identifier) that a patient, given as for `find_patient`, takes on a day, or at the last.

    Raises what `warnings` raises.
    """
    node = find_patient(store, patient)
    known = histories(store, [node.id], at)
    if node.id not in known:
        raise ValueError(WITHDREW)
    return tuple(drug.id for drug in known[node.id].now(TAKES))


def warnings_of(
    store: Store, patients: Collection[str], drugs: Collection[str] | None = None, *, at: int | None = None
) -> dict[str, Warnings]:
    """Return the same for each of these patients (by identifier) who did not withdraw consent."""
    question = Question(store, histories(store, patients, at), names_of(store, drugs))
    found: dict[str, dict[str, list[DrugWarning]]] = {patient: {} for patient in question.patients}
    for kind in kinds().values():
        for patient, warning in kind.find(question):
            found[patient].setdefault(warning.drug, []).append(warning)
    told = tuple(asked(store, kind) for kind in kinds().values())
    return {patient: Warnings(_gravest_first(of), told) for patient, of in found.items()}


def _gravest_first(found: Mapping[str, list[DrugWarning]]) -> dict[str, tuple[DrugWarning, ...]]:
    """Return warnings by drug, each drug's by their grade, drugs by that of their first and by their number."""
    by_drug = {drug: tuple(sorted(of, key=lambda one: one.rank)) for drug, of in found.items()}
    return dict(sorted(by_drug.items(), key=lambda item: (item[1][0].rank, item[1][0].name.casefold(), item[0])))

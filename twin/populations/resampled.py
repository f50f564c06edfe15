"""Resampled: populations of real patients, who are drawn with replacement or taken in order; what kinds of it share."""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from twin.assumption import Assumption
from twin.covariates import Covariate
from twin.patient import Cohort
from twin.populations.population import Population, numbered
from twin.streams import uniforms


@dataclass(frozen=True, eq=False)
class Rows:
    """Real patients: a row for each, or several for one of whom something is not known, each as likely as its share.

    `covariates` [row] by name; `patient` [row] ascends from 0; `share` [row] sums to 1 for each patient. `left_out`
    counts who could not be used, by reason; `notes` say what else to know.
    """

    covariates: Mapping[str, NDArray[Any]]
    patient: NDArray[np.int64]
    share: NDArray[np.float64]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many patients there are."""
        return int(self.patient[-1]) + 1 if self.patient.size else 0

    def of(self, who: NDArray[np.int64], luck: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the row that each of these patients [patient] shows by this luck [patient]."""
        ends = self.patient + _within(self.patient, self.share)
        found = np.searchsorted(ends, who + luck, side="right")
        return np.minimum(found, np.searchsorted(self.patient, who, side="right") - 1)


class Resampled(Population):
    """Real patients: `order` says whether they are drawn with replacement, or each is enrolled once, in order.

    Nobody is enrolled under the id of the patient that they are drawn from.
    """

    order: Literal["resampled", "as listed"] = "resampled"

    @abstractmethod
    def read(self) -> Rows:
        """Read the patients; raise `ValueError` where there is none to enrol."""

    @cached_property
    def rows(self) -> Rows:
        """The patients, read once."""
        found = self.read()
        if not found.n:
            told = "; ".join(f"{count:,}: {reason}" for reason, count in found.left_out.items()) or "there are none"
            raise ValueError(f"no patient can be enrolled: {told}")
        return found

    @property
    def stated(self) -> tuple[str, ...]:
        """The covariates that are known of every patient, by name."""
        return tuple(self.rows.covariates)

    @property
    def most(self) -> int | None:
        """How many patients there are at most."""
        return self.rows.n if self.order == "as listed" else None

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Return all that its patients hang on: what was read, too."""
        known = {name: values.tolist() for name, values in self.rows.covariates.items()}
        told = json.dumps([known, self.rows.patient.tolist(), self.rows.share.tolist()])
        return super().fingerprint | {"rows": hashlib.sha256(told.encode()).hexdigest()}

    def sample(self, size: int, seed: int, first: int = 1) -> Cohort:
        """Return a cohort, the patients from number `first` on; raise `ValueError` where there are not so many."""
        ids, rows = numbered(size, first), self.rows
        if self.most is not None and first - 1 + size > self.most:
            raise ValueError(f"the population has {self.most:,} patients, and {first - 1 + size:,} are asked for")
        if self.order == "as listed":
            who = np.arange(first - 1, first - 1 + size)
        else:
            who = (uniforms(seed, "population: who", ids) * rows.n).astype(np.int64)
        row = rows.of(who, uniforms(seed, "population: what is not known", ids))
        return Cohort(ids, {name: values[row] for name, values in rows.covariates.items()})

    def assumptions(self) -> list[Assumption]:
        """Return who the patients are, and who was left out."""
        told = "each drawn with replacement" if self.order == "resampled" else "each enrolled once, in order"
        rows = [Assumption("population", f"Real patients, {told}; their number.", self.rows.n, "1", self.source)]
        for reason, count in self.rows.left_out.items():
            rows.append(Assumption("population", f"Left out of the population: {reason}.", count, "1"))
        told = (
            "Virtual patients have the covariates of real ones under other ids: keep what comes out as the records are."
        )
        return [*rows, *(Assumption("population", note) for note in self.rows.notes), Assumption("population", told)]

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy in another process is made: with what was read."""
        return _with_rows, (self.kind, self.covariates, self.model_dump(), self.rows)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            _ = self.rows if self.covariates else None
        except OSError as failure:
            raise ValueError(f"{failure.filename} cannot be read: {failure.strerror}") from failure
        return self


def in_order(covariates: tuple[Covariate, ...], names: set[str]) -> list[str]:
    """Return the names of covariates, those in `names`, in the order of the covariates."""
    return [covariate.name for covariate in covariates if covariate.name in names]


def _within(patient: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of a patient's shares up to each row."""
    whole = np.cumsum(share)
    first = np.searchsorted(patient, patient, side="left")
    return whole - (whole[first] - share[first])


def _with_rows(kind: str, covariates: tuple[Covariate, ...], content: dict[str, Any], rows: Rows) -> Population:
    found = Population.kinds()[kind].stating(covariates).model_construct(**content)
    found.__dict__["rows"] = rows
    return found

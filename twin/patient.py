"""Patients as a model sees them: covariates and genotypes, with units, from a file or made in Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.files.table import read_csv
from twin.covariates import Covariate, asked_for, unknown
from twin.model import Model


class PatientError(ValueError):
    """Patients that a model cannot take as they are; the message says what is wrong and what is allowed."""


@dataclass(frozen=True)
class Cohort:
    """Patients: their ids and their covariates, one array of n per name (see `twin.model.Model.covariates`)."""

    ids: tuple[str, ...]
    covariates: Mapping[str, NDArray[Any]]

    @property
    def n(self) -> int:
        """How many patients there are."""
        return len(self.ids)

    def some(self, who: NDArray[np.bool_] | NDArray[np.integer[Any]]) -> "Cohort":
        """Return some of the patients: a mask of all, or their places."""
        ids = tuple(np.array(self.ids, object)[who])
        return Cohort(ids, {name: values[who] for name, values in self.covariates.items()})


def read_cohort(path: str | Path, model: Model) -> Cohort:
    """Read patients from a CSV file with a column `id` and one for each covariate that the model asks for.

    A covariate that it does not ask for may have a column, with empty cells; columns of other names are ignored.
    Raises `PatientError` or `kg.files.text.FileError` that names the line, the column, what came and what is allowed.
    """
    table = read_csv(path, needed=["id", *(covariate.name for covariate in model.covariates if asked_for(covariate))])
    rows, there = table.by_line(), [covariate for covariate in model.covariates if covariate.name in table.header]
    _check_ids(path, rows)
    columns = {covariate.name: _read_column(path, rows, covariate) for covariate in there}
    return Cohort(tuple(row["id"] for row in rows.values()), columns)


def check(cohort: Cohort, model: Model) -> None:
    """Check that a cohort made in Python has the covariates that the model asks for, each as the model writes it.

    A missing number (NaN) passes: its patient fails alone, as a value. Raises `PatientError` otherwise.
    """
    if len(set(cohort.ids)) < cohort.n or not cohort.ids:
        raise PatientError(f"{cohort.n} patients have {len(set(cohort.ids))} ids; expected one each, and a patient")
    for covariate in model.covariates:
        values = cohort.covariates.get(covariate.name)
        if values is None and asked_for(covariate):
            raise PatientError(f"the cohort lacks {covariate.name}: {model.name} needs {covariate.expected}")
        if values is None:
            continue
        if len(values) != cohort.n:
            raise PatientError(f"{covariate.name} has {len(values)} values for {cohort.n} patients")
        try:
            missing = unknown(covariate.encode(values))
        except ValueError as failure:
            raise PatientError(str(failure)) from None
        if covariate.levels and asked_for(covariate) and missing.any():
            place = int(np.argmax(missing))
            raise PatientError(
                f"patient {place + 1}: {covariate.name} is {values[place]!s}, expected {covariate.expected}"
            )


def _check_ids(path: str | Path, rows: Mapping[int, Mapping[str, str]]) -> None:
    first: dict[str, int] = {}
    for line, row in rows.items():
        if not row["id"]:
            raise PatientError(f"{path}, line {line}, column id: nothing there; every patient needs an id")
        if row["id"] in first:
            raise PatientError(
                f"{path}, line {line}, column id: the same id as in line {first[row['id']]}; ids must differ"
            )
        first[row["id"]] = line


def _read_column(path: str | Path, rows: Mapping[int, Mapping[str, str]], covariate: Covariate) -> NDArray[Any]:
    values: list[float | str] = []
    nothing = "" if covariate.levels else np.nan
    for line, row in rows.items():
        cell = row[covariate.name]
        value = covariate.read(cell)
        if value is None and (cell or asked_for(covariate)):
            came = f"got {cell!r}" if cell else "nothing there"
            raise PatientError(f"{path}, line {line}, column {covariate.name}: {came}, expected {covariate.expected}")
        values.append(nothing if value is None else value)
    return np.array(values)

"""Table: what analyses need of an endpoint table (two arms, an outcome, covariates), and what they say where it lacks.

Columns are named as in CDISC's ADaM: USUBJID the subject, TRT01P the arm, AVAL the outcome, BASE its baseline, AVISITN
the visit, CNSR 0 for an event and 1 for a time that was cut off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.estimate import Estimate
from twin.model import Floats

Estimator = Callable[[pd.DataFrame], Estimate]
"""What every analysis is: an endpoint table goes in, an effect comes out."""

_RANK = 1e-9
"""A column's share that others leave unexplained, below which it is taken for a combination of them."""


class AnalysisError(ValueError):
    """A table that an analysis cannot be done on; the subclasses say why."""


class MissingColumn(AnalysisError):
    """A column is not in the table."""


class MissingValues(AnalysisError):
    """A column has values that are missing, infinite or no numbers."""


class OneArmOnly(AnalysisError):
    """One of the two arms has no subject."""


class TooFewSubjects(AnalysisError):
    """There are fewer subjects than the analysis needs."""


class NoEvents(AnalysisError):
    """There are no events, or none that tell the arms apart."""


class SingularDesign(AnalysisError):
    """A covariate is a combination of others, so that no effect is its own."""


class NotConverged(AnalysisError):
    """The likelihood has no maximum, or it was not found."""


@dataclass(frozen=True)
class Arms:
    """Which two arms are compared, treatment against control, and the column that names them."""

    treatment: str
    control: str
    column: str = "TRT01P"

    def __post_init__(self) -> None:
        if self.treatment == self.control:
            raise OneArmOnly(f"treatment and control are both {self.treatment!r}; expected two different arms")

    def rows(self, table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
        """Return the rows of the two arms.

        Raises `MissingColumn` for a column that is not there, `OneArmOnly` for an arm that has no row.
        """
        require(table, [self.column, *columns])
        for arm in (self.treatment, self.control):
            if not (table[self.column] == arm).any():
                have = ", ".join(sorted({repr(name) for name in table[self.column].dropna()})) or "none"
                raise OneArmOnly(f"the arm {arm!r} has no row in {self.column}; arms that have: {have}")
        return table[table[self.column].isin([self.treatment, self.control])].reset_index(drop=True)

    def treated(self, rows: pd.DataFrame) -> Floats:
        """Return 1 for a row of the treatment arm and 0 for one of control, [row]."""
        return np.asarray(rows[self.column] == self.treatment, np.float64)


def require(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `MissingColumn` for the first column that the table lacks."""
    for column in columns:
        if column not in table.columns:
            raise MissingColumn(f"the table has no column {column}; it has {', '.join(map(str, table.columns))}")


def numbers(rows: pd.DataFrame, column: str) -> Floats:
    """Return a column of finite numbers, [row]; raise `MissingValues` where it has others."""
    require(rows, [column])
    try:
        values = np.asarray(rows[column].to_numpy(np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise MissingValues(f"{column} holds {rows[column].dtype}, expected numbers") from None
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise MissingValues(
            f"{column} is missing or infinite in {bad} of {len(values)} rows; expected a number in each:"
            " leave those rows out, or impute them"
        )
    return values


def one_row_each(rows: pd.DataFrame, subject: str = "USUBJID") -> None:
    """Raise `AnalysisError` where a table that names its subjects has several rows of one."""
    if subject in rows.columns and rows[subject].duplicated().any():
        several = int(rows[subject].duplicated().sum())
        raise AnalysisError(f"{several} rows repeat a subject of {subject}; expected one row a subject: choose a visit")


def covariates(rows: pd.DataFrame, names: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    """Return covariates as columns [row, column] and what each is: numbers as they are, text as indicators.

    Of text, a category or a truth value the first level in order is the reference.
    """
    columns, told = [np.empty((len(rows), 0))], []
    for name in names:
        require(rows, [name])
        if pd.api.types.is_numeric_dtype(rows[name]) and not pd.api.types.is_bool_dtype(rows[name]):
            columns.append(numbers(rows, name)[:, np.newaxis])
            told.append(name)
            continue
        if rows[name].isna().any():
            raise MissingValues(f"{name} is missing in {int(rows[name].isna().sum())} of {len(rows)} rows")
        levels = pd.Categorical(rows[name])
        codes, kept = np.unique(levels.codes, return_inverse=True)
        columns.append(np.eye(len(codes))[kept][:, 1:])
        told.extend(f"{name}={levels.categories[code]}" for code in codes[1:])
    return np.hstack(columns), tuple(told)


def require_full_rank(design: Floats, names: Sequence[str]) -> None:
    """Raise `SingularDesign`, naming a column of [row, column] that is a combination of those before."""
    if design.shape[0] <= design.shape[1]:
        raise TooFewSubjects(
            f"{design.shape[0]} rows for {design.shape[1]} coefficients; expected more rows than coefficients"
        )
    length = np.sqrt((design**2).sum(axis=0))
    left = np.abs(np.diag(np.linalg.qr(design / np.where(length > 0.0, length, 1.0), mode="r")))
    if (left < _RANK).any():
        name = names[int(np.argmax(left < _RANK))]
        raise SingularDesign(f"{name} is constant, or a combination of the other covariates: leave it out")

"""Cases: rows with a truth and a prediction, what kind of prediction it is, and which group each row is of.

A "chance" foretells a truth of 0 or 1 by a number from 0 to 1, a "class" by 0 or 1, a "number" foretells a number. A
"figure" was measured of each row elsewhere, as the recall of each disease's ranked drugs is: it has no truth beside it.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import Floats
from twin.trials.analysis.table import AnalysisError, MissingColumn, MissingValues, require

Kind = Literal["chance", "class", "number", "figure"]
Booleans = NDArray[np.bool_]

NOT_STATED = "not stated"
"""The group of those whose group is missing: they are a group of their own, for they are seldom like the others."""
CROSSED = "*"
"""Between the columns whose combinations are the groups."""
MOST_GROUPS = 40


@dataclass(frozen=True)
class Asked:
    """What is compared in which groups: columns of a table, and the threshold from which a chance counts as a 1.

    A group is a column, or several with `*` between them, whose combinations are the groups. `figure` replaces truth
    and prediction. Without a `kind` it is told by the values. Rows of one `subject` are drawn together.
    """

    groups: tuple[str, ...]
    truth: str | None = None
    prediction: str | None = None
    figure: str | None = None
    kind: Kind | None = None
    threshold: float = 0.5
    subject: str = "USUBJID"

    def __post_init__(self) -> None:
        if not self.groups:
            raise AnalysisError("there is no group; expected one column at least whose values are the groups")
        if (self.figure is None) == (self.truth is None or self.prediction is None):
            raise AnalysisError(
                "expected a truth and a prediction, or a figure that was measured of each row, and not both"
            )
        if not 0.0 <= self.threshold <= 1.0:
            raise AnalysisError(f"got the threshold {self.threshold:g}, expected a chance from 0 to 1")

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of values: truth and prediction, or the figure."""
        return tuple(name for name in (self.figure, self.truth, self.prediction) if name is not None)


@dataclass(frozen=True)
class Cases:
    """Rows that have both values; all arrays are [row].

    `selected` is 1 for a class of 1, or a chance at the threshold or above; of numbers and figures there is none.
    `subject` numbers whose row it is, `groups` has each row's group by attribute; `place` is the row's in the table.
    """

    kind: Kind
    truth: Floats
    prediction: Floats
    selected: Floats
    subject: NDArray[np.int64]
    groups: dict[str, NDArray[np.object_]]
    place: NDArray[np.int64]
    threshold: float = 0.5

    def __getitem__(self, chosen: Any) -> "Cases":
        """Return some of the rows."""
        arrays = {name: getattr(self, name)[chosen] for name in ("truth", "prediction", "selected", "subject", "place")}
        return replace(self, groups={name: labels[chosen] for name, labels in self.groups.items()}, **arrays)

    def __len__(self) -> int:
        return self.truth.size

    @property
    def subjects(self) -> int:
        """Return how many subjects there are."""
        return int(np.unique(self.subject).size)

    @property
    def cells(self) -> tuple[int, ...]:
        """Return how many subjects have each truth and class: 0 and 0, 0 and 1, 1 and 0, 1 and 1; none without."""
        if self.kind not in ("chance", "class"):
            return ()
        return tuple(
            int(np.unique(self.subject[(self.truth == truth) & (self.selected == selected)]).size)
            for truth in (0.0, 1.0)
            for selected in (0.0, 1.0)
        )

    @property
    def events(self) -> int | None:
        """Return how many rows have a truth of 1; None where the truth is no class."""
        return int(self.truth.sum()) if self.kind in ("chance", "class") else None


@dataclass(frozen=True)
class LeftOut:
    """How many rows of each group lack the truth or the prediction: by attribute and group."""

    rows: int
    by_group: dict[tuple[str, str], int]


def cases_of(table: pd.DataFrame, asked: Asked) -> tuple[Cases, LeftOut]:
    """Return the rows of a table that have both values, and how many of each group lack one.

    Raises `MissingColumn`, `MissingValues` for what is no number, `AnalysisError` for values that are not of the kind.
    """
    require(table, asked.columns)
    groups = {name: labels_of(table, name) for name in asked.groups}
    values = [_numbers(table, name) for name in asked.columns]
    known = np.all([np.isfinite(one) for one in values], axis=0)
    if not known.any():
        raise MissingValues(f"no row has {' and '.join(asked.columns)}; expected rows that have both")
    out = {
        (name, str(group)): int(count)
        for name, labels in groups.items()
        for group, count in zip(*np.unique(labels[~known].astype(str), return_counts=True), strict=True)
    }
    truth, prediction = values[0][known], values[-1][known]
    kind = asked.kind or ("figure" if asked.figure else kind_of(truth, prediction))
    _check(kind, truth, prediction, asked)
    selected = np.full(truth.size, np.nan)
    if kind in ("chance", "class"):
        selected = (prediction >= (asked.threshold if kind == "chance" else 0.5)).astype(np.float64)
    subject = np.arange(len(table))
    if asked.subject in table.columns:
        if table[asked.subject].isna().any():
            raise MissingValues(f"{asked.subject} is missing in some rows; expected the subject of each row")
        subject = pd.factorize(table[asked.subject])[0]
    chosen = {name: labels[known] for name, labels in groups.items()}
    place = np.flatnonzero(known).astype(np.int64)
    found = Cases(kind, truth, prediction, selected, subject[known].astype(np.int64), chosen, place, asked.threshold)
    return found, LeftOut(int((~known).sum()), out)


def kind_of(truth: Floats, prediction: Floats) -> Kind:
    """Return what kind of prediction these are, by their values: [row] each.

    Raises `AnalysisError` where the truth is 0 or 1 and a prediction is no chance.
    """
    if not np.isin(truth, (0.0, 1.0)).all():
        return "number"
    if np.isin(prediction, (0.0, 1.0)).all():
        return "class"
    if ((prediction < 0.0) | (prediction > 1.0)).any():
        raise AnalysisError(
            "the truth is 0 or 1, and some predictions lie outside 0 to 1: turn scores into chances, or say that both"
            " are numbers (kind)"
        )
    return "chance"


def labels_of(table: pd.DataFrame, name: str) -> NDArray[np.object_]:
    """Return each row's group as text, [row]: of a column, or of combinations of columns with `*` between them.

    Raises `MissingColumn`, or `AnalysisError` for more groups than can be compared.
    """
    columns = [name] if name in table.columns else [part.strip() for part in name.split(CROSSED)]
    for column in columns:
        if column not in table.columns:
            raise MissingColumn(
                f"the table has no column {column} to group by; it has {', '.join(map(str, table.columns))}"
            )
    found = np.array([" and ".join(row) for row in zip(*(_texts(table[one]) for one in columns), strict=True)], object)
    if (count := np.unique(found.astype(str)).size) > MOST_GROUPS:
        raise AnalysisError(f"{name} has {count} different values; expected groups, {MOST_GROUPS} at most: make bands")
    return found


def _texts(values: "pd.Series[Any]") -> list[str]:
    def text(value: object) -> str:
        if value is None or value != value:
            return NOT_STATED
        return f"{value:g}" if isinstance(value, float) else str(value)

    return [text(value) for value in values.astype(object).where(values.notna(), None)]


def _numbers(table: pd.DataFrame, name: str) -> Floats:
    try:
        return np.asarray(table[name].to_numpy(np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise MissingValues(
            f"{name} holds text in some rows, expected numbers: for classes, 1 for those who have it and 0 for others"
        ) from None


def _check(kind: Kind, truth: Floats, prediction: Floats, asked: Asked) -> None:
    """Raise `AnalysisError` for values that are not of a kind which was named."""
    if kind not in ("chance", "class"):
        return
    if not np.isin(truth, (0.0, 1.0)).all():
        raise AnalysisError(f"{asked.truth} has values that are neither 0 nor 1; expected both for a {kind}")
    if kind == "class" and not np.isin(prediction, (0.0, 1.0)).all():
        raise AnalysisError(f"{asked.prediction} has values that are neither 0 nor 1; expected both for a class")
    if ((prediction < 0.0) | (prediction > 1.0)).any():
        raise AnalysisError(f"{asked.prediction} has values outside 0 to 1; expected chances")

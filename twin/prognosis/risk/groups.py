"""Groups: how a risk does by group of patients that it had not seen, as its card and a patient's page show it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from twin.prognosis.fairness.cases import Asked, Kind
from twin.prognosis.fairness.compare import Settings, compare
from twin.prognosis.fairness.withhold import withhold
from twin.prognosis.question import Question
from twin.prognosis.risk.validate import Validated
from twin.trials.analysis.table import AnalysisError, require

METRICS: Mapping[Kind, tuple[str, ...]] = {
    "chance": ("auroc", "brier", "mean_chance", "observed_rate", "observed_minus_chance", "calibration_slope"),
    "number": ("mean_error", "mean_absolute_error", "root_mean_squared_error"),
}
"""What is compared: figures that need no threshold, which whoever uses a risk chooses, and not who trains it."""
_LEVELS = 10
"""A number with more values than these is compared in thirds."""


def check_groups(table: pd.DataFrame, question: Question, names: Sequence[str]) -> None:
    """Raise `AnalysisError` for groups that are no columns, and where a time is foretold, which has no groups here."""
    if names and question.kind == "survival":
        raise AnalysisError(
            "got groups for the chance of an event until a horizon: of who is cut off before it, the truth is not "
            'known; leave --group out, or foretell an event within a window (kind "binary")'
        )
    require(table, list(names))


def by_group(
    rows: pd.DataFrame, validated: Validated, question: Question, kept: str, names: Sequence[str], settings: Settings
) -> dict[str, Any]:
    """Return the kept learner's figures by group, with disparities in words, as JSON values; nothing without groups.

    They are of patients left out alone. Of a graph's patients, whose pseudonyms stand in the rows, what tells of a
    handful is withheld.
    """
    if not names:
        return {}
    seen = validated.fold >= 0
    kind: Kind = "chance" if question.kind == "binary" else "number"
    told = {"subject": validated.subjects, "truth": validated.outcome, "prediction": validated.scores[kept].to_numpy()}
    table = pd.DataFrame(told | {name: _in_thirds(rows[name]) for name in names})[seen]
    asked = Asked(tuple(names), "truth", "prediction", kind=kind, subject="subject")
    found = compare(table, asked, Settings(METRICS[kind], settings.draws, settings.level, settings.seed))
    return (withhold(found) if _of_a_graph(rows, question) else found).to_json()


def _of_a_graph(rows: pd.DataFrame, question: Question) -> bool:
    from twin.prognosis.fairness.withhold import of_a_graph

    return of_a_graph(rows, Asked((question.outcome,), figure=question.outcome, subject=question.subject))


def _in_thirds(column: pd.Series) -> pd.Series:
    """Return a column's groups: its values, of a number with many of them three ranges with as many rows each.

    >>> _in_thirds(pd.Series(range(1, 13), dtype=float)).tolist()[::4]
    ['1 to 4', '5 to 8', '9 to 12']
    """
    if not pd.api.types.is_numeric_dtype(column) or column.nunique() <= _LEVELS:
        return column
    ends = np.quantile(column.dropna(), [1 / 3, 2 / 3])
    third = np.searchsorted(ends, column.to_numpy(float))
    labels = pd.Series(None, index=column.index, dtype=object)
    for place in np.unique(third[column.notna()]):
        own = (third == place) & column.notna()
        labels[own] = f"{column[own].min():.4g} to {column[own].max():.4g}"
    return labels

"""Encoded: how features become the columns of a regression: numbers scaled, gaps marked, levels as indicators."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Features


def encoder(features: Features, numeric: Any, beside: int = 0) -> Any:
    """Return the transformer of [row, feature], not yet fitted: numbers as `numeric` has them, levels as indicators.

    So many columns of numbers stand `beside` the features, behind them.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OneHotEncoder

    levels = [place for place, of_levels in enumerate(features.categorical) if of_levels]
    others = [place for place in range(len(features.names) + beside) if place not in levels]
    return make_column_transformer(
        (numeric, others), (OneHotEncoder(handle_unknown="ignore"), levels), sparse_threshold=0
    )


def scaled(marks: bool = True) -> Any:
    """Return the transformer of numbers: the mean where one is missing, beside `marks` of it, then in deviations."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(add_indicator=marks, keep_empty_features=True), StandardScaler())


@dataclass(frozen=True)
class Scale:
    """Mean and deviation of columns; a missing value becomes the mean, beside a mark for each column that had one."""

    mean: Floats
    sd: Floats
    marked: np.ndarray

    @classmethod
    def of(cls, matrix: Floats) -> "Scale":
        """Return the scale of [row, column]; a column that is missing in all rows, or constant, becomes 0."""
        known = np.isfinite(matrix)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, matrix, 0.0).sum(axis=0) / count
        sd = np.sqrt(np.where(known, (matrix - mean) ** 2, 0.0).sum(axis=0) / count)
        return cls(mean, np.where(sd > 0.0, sd, 1.0), np.asarray(~known.all(axis=0)))

    def of_one(self, matrix: Floats) -> Floats:
        """Return [row, scaled columns, then marks]."""
        known = np.isfinite(matrix)
        scaled = np.where(known, (matrix - self.mean) / self.sd, 0.0)
        return np.hstack([scaled, (~known[:, self.marked]).astype(np.float64)])


def indicators(features: Features, table: pd.DataFrame) -> Floats:
    """Return [row, column]: numbers as they are, an indicator for each level but the first."""
    matrix, columns = features.matrix(table), []
    for place, levels in enumerate(features.levels):
        column = matrix[:, place]
        if levels is None:
            columns.append(column)
        else:
            columns += [np.where(np.isfinite(column), column == level, np.nan) for level in range(1, len(levels))]
    return np.column_stack(columns) if columns else np.zeros((len(table), 1))

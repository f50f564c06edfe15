"""Tabular: prognoses learned from tables by scikit-learn: boosted trees, and the linear model that they must beat."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.learned import CrossValidation, Learned, learn
from twin.prognosis.question import Features, LearnMissing, Question
from twin.trials.analysis.table import numbers


@dataclass(frozen=True)
class TableForecast:
    """A fitted estimator of scikit-learn and how a table becomes its input: features, then the visit if there are."""

    features: Features
    estimator: Any
    question: Question

    def __call__(self, table: pd.DataFrame) -> Floats:
        """Return the forecast, or the chance, of each row."""
        inputs = _inputs(self.features, table, self.question)
        if self.question.kind == "binary":
            return np.asarray(self.estimator.predict_proba(inputs)[:, 1], np.float64)
        return np.asarray(self.estimator.predict(inputs), np.float64)


@dataclass(frozen=True)
class Boosting:
    """Gradient-boosted trees on histograms; missing values go the way that helps, levels are split by sets.

    Trees are shallow and slow to learn, as small trials need: see the measured gains in `docs/validation.md`.
    """

    trees: int = 120
    learning_rate: float = 0.05
    leaves: int = 6
    least_in_leaf: int = 20
    shrinkage: float = 1.0
    validation: CrossValidation = field(default_factory=CrossValidation)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis; raises `AnalysisError`, or `LearnMissing` without scikit-learn."""
        return learn(table, question, self._way, self.validation, progress)

    def _way(self, rows: pd.DataFrame, target: Floats, question: Question) -> TableForecast:
        try:
            from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        except ImportError:
            raise LearnMissing(_MISSING) from None
        features = Features.of(rows, question.features)
        kind = HistGradientBoostingClassifier if question.kind == "binary" else HistGradientBoostingRegressor
        estimator = kind(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least_in_leaf,
            l2_regularization=self.shrinkage,
            categorical_features=[*features.categorical, *([False] if question.visit else [])],
            early_stopping=False,
            random_state=self.validation.seed,
        )
        return TableForecast(features, estimator.fit(_inputs(features, rows, question), target), question)


@dataclass(frozen=True)
class Linear:
    """Linear or logistic regression, shrunk; a missing number is the mean with a mark, a level an indicator."""

    shrinkage: float = 1.0
    validation: CrossValidation = field(default_factory=CrossValidation)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis; raises `AnalysisError`, or `LearnMissing` without scikit-learn."""
        return learn(table, question, self._way, self.validation, progress)

    def _way(self, rows: pd.DataFrame, target: Floats, question: Question) -> TableForecast:
        try:
            from sklearn.compose import make_column_transformer
            from sklearn.impute import SimpleImputer
            from sklearn.linear_model import LogisticRegression, Ridge
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import OneHotEncoder, StandardScaler
        except ImportError:
            raise LearnMissing(_MISSING) from None
        features = Features.of(rows, question.features)
        levels = [place for place, level in enumerate(features.categorical) if level]
        inputs = _inputs(features, rows, question)
        numeric = [place for place in range(inputs.shape[1]) if place not in levels]
        scaled = make_column_transformer(
            (make_pipeline(SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler()), numeric),
            (OneHotEncoder(handle_unknown="ignore"), levels),
        )
        binary = question.kind == "binary"
        last = LogisticRegression(C=1.0 / self.shrinkage, max_iter=1000) if binary else Ridge(self.shrinkage)
        return TableForecast(features, make_pipeline(scaled, last).fit(inputs, target), question)


_MISSING = "learning a prognosis needs scikit-learn: pip install 'panakeia[learn]'"


def _inputs(features: Features, table: pd.DataFrame, question: Question) -> Floats:
    """Return [row, feature], the visit last where the question has visits."""
    matrix = features.matrix(table)
    return np.column_stack([matrix, numbers(table, question.visit)]) if question.visit else matrix

"""Tabular: what scikit-learn learns from tables: boosted trees, forests, and linear models that they must beat.

A class is a way to learn with its settings: `way` learns one forecast, `fit` a prognosis with intervals.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.encoded import encoder, scaled
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
        inputs = inputs_of(self.features, table, self.question)
        if self.question.kind == "binary":
            return np.asarray(self.estimator.predict_proba(inputs)[:, 1], np.float64)
        return np.asarray(self.estimator.predict(inputs), np.float64)


@dataclass(frozen=True)
class Boosting:
    """Gradient-boosted trees on histograms; missing values go the way that helps, levels are split by sets.

    Trees are shallow and slow to learn, as small trials need: see the measured gains in `docs/validation.md`. With
    `indicators`, levels are columns of 0 and 1 instead, so that a tree's Shapley values can be had.
    """

    trees: int = 120
    learning_rate: float = 0.05
    leaves: int = 6
    least_in_leaf: int = 20
    shrinkage: float = 1.0
    indicators: bool = False
    validation: CrossValidation = field(default_factory=CrossValidation)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis; raises `AnalysisError`, or `LearnMissing` without scikit-learn."""
        return learn(table, question, self.way, self.validation, progress)

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> TableForecast:
        """Return the forecast learned from rows and their outcomes, [row]."""
        try:
            from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
            from sklearn.pipeline import make_pipeline
        except ImportError:
            raise LearnMissing(MISSING) from None
        features = Features.of(rows, question.features)
        kind = HistGradientBoostingClassifier if question.kind == "binary" else HistGradientBoostingRegressor
        levels = [*features.categorical, *([False] if question.visit else [])]
        estimator = kind(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least_in_leaf,
            l2_regularization=self.shrinkage,
            categorical_features=None if self.indicators else levels,
            early_stopping=False,
            random_state=self.validation.seed,
        )
        if self.indicators:
            estimator = make_pipeline(encoder(features, "passthrough", width_beside(question)), estimator)
        return TableForecast(features, estimator.fit(inputs_of(features, rows, question), target), question)


@dataclass(frozen=True)
class Forest:
    """A random forest; a missing number is the median with a mark, a level an indicator.

    Breiman L. Random forests. Mach Learn 2001;45:5-32.
    """

    trees: int = 300
    least_in_leaf: int = 5
    tried: float | str = "sqrt"
    validation: CrossValidation = field(default_factory=CrossValidation)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis; raises `AnalysisError`, or `LearnMissing` without scikit-learn."""
        return learn(table, question, self.way, self.validation, progress)

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> TableForecast:
        """Return the forecast learned from rows and their outcomes, [row]."""
        try:
            from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
            from sklearn.impute import SimpleImputer
            from sklearn.pipeline import make_pipeline
        except ImportError:
            raise LearnMissing(MISSING) from None
        features = Features.of(rows, question.features)
        kind = RandomForestClassifier if question.kind == "binary" else RandomForestRegressor
        estimator = kind(
            n_estimators=self.trees,
            min_samples_leaf=self.least_in_leaf,
            max_features=self.tried,
            random_state=self.validation.seed,
        )
        filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        pipeline = make_pipeline(encoder(features, filled, width_beside(question)), estimator)
        return TableForecast(features, pipeline.fit(inputs_of(features, rows, question), target), question)


@dataclass(frozen=True)
class Linear:
    """Linear or logistic regression, shrunk; a missing number is the mean with a mark, a level an indicator.

    Without `marks` a missing number is the mean alone: a mark that few patients have parts them by chance unless it is
    shrunk, and says which hospital does not measure.

    `lasso` is the share of the shrinkage that is on the coefficients' size, which makes some of them 0, rather than on
    their squares: an elastic net. Zou H, Hastie T. J R Stat Soc B 2005;67:301-320.
    """

    shrinkage: float = 1.0
    lasso: float = 0.0
    marks: bool = True
    validation: CrossValidation = field(default_factory=CrossValidation)

    def fit(self, table: pd.DataFrame, question: Question, progress: Progress = silent) -> Learned:
        """Return the prognosis; raises `AnalysisError`, or `LearnMissing` without scikit-learn."""
        return learn(table, question, self.way, self.validation, progress)

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> TableForecast:
        """Return the forecast learned from rows and their outcomes, [row]."""
        try:
            from sklearn.pipeline import make_pipeline
        except ImportError:
            raise LearnMissing(MISSING) from None
        features = Features.of(rows, question.features)
        last = self._logistic() if question.kind == "binary" else self._linear(len(rows))
        pipeline = make_pipeline(encoder(features, scaled(self.marks), width_beside(question)), last)
        return TableForecast(features, pipeline.fit(inputs_of(features, rows, question), target), question)

    def _logistic(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        strength = 1.0 / self.shrinkage
        if not self.lasso:
            return LogisticRegression(C=strength, max_iter=1000, tol=1e-6)
        seed = self.validation.seed
        return LogisticRegression(
            C=strength, l1_ratio=self.lasso, solver="saga", max_iter=2000, tol=1e-3, random_state=seed
        )

    def _linear(self, rows: int) -> Any:
        from sklearn.linear_model import ElasticNet, Ridge

        if not self.lasso:
            return Ridge(self.shrinkage)
        return ElasticNet(self.shrinkage / rows, l1_ratio=self.lasso, max_iter=10_000)


MISSING = "learning a prognosis needs scikit-learn: pip install 'panakeia[learn]'"


def inputs_of(features: Features, table: pd.DataFrame, question: Question) -> Floats:
    """Return [row, feature], the visit last where the question has visits."""
    matrix = features.matrix(table)
    return np.column_stack([matrix, numbers(table, question.visit)]) if question.visit else matrix


def width_beside(question: Question) -> int:
    """Return how many columns `inputs_of` has beside the features."""
    return int(question.visit is not None)

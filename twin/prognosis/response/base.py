"""Base: the regressions that effects are learned by: a ridge whose penalty is chosen inside, or boosted trees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.encoded import encoder, scaled
from twin.prognosis.question import Features, LearnMissing

Kind = Literal["linear", "boosting"]
Fitted = Callable[[pd.DataFrame], Floats]
_PENALTIES = np.logspace(-1.0, 6.0, 15)
_MISSING = "learning who responds needs scikit-learn: pip install 'panakeia[learn]'"


@dataclass(frozen=True)
class Base:
    """A regression of numbers by features. Trees are few and shallow: effects differ less than outcomes do."""

    kind: Kind = "linear"
    trees: int = 60
    learning_rate: float = 0.05
    leaves: int = 4
    least_in_leaf: int = 50
    seed: int = 0

    def fit(self, table: pd.DataFrame, names: tuple[str, ...], target: Floats, weights: Floats | None = None) -> Fitted:
        """Return what foretells the target of a table's rows; raises `LearnMissing` without scikit-learn."""
        features = Features.of(table, names)
        regression = self._linear(features) if self.kind == "linear" else self._boosting(features)
        name = regression.steps[-1][0]
        given = {} if weights is None else {f"{name}__sample_weight": weights}
        regression.fit(features.matrix(table), target, **given)
        return lambda rows: np.asarray(regression.predict(features.matrix(rows)), np.float64)

    def _linear(self, features: Features) -> Any:
        try:
            from sklearn.linear_model import RidgeCV
            from sklearn.pipeline import make_pipeline
        except ImportError:
            raise LearnMissing(_MISSING) from None
        return make_pipeline(encoder(features, scaled()), RidgeCV(_PENALTIES))

    def _boosting(self, features: Features) -> Any:
        try:
            from sklearn.ensemble import HistGradientBoostingRegressor
            from sklearn.pipeline import make_pipeline
        except ImportError:
            raise LearnMissing(_MISSING) from None
        trees = HistGradientBoostingRegressor(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least_in_leaf,
            categorical_features=features.categorical,
            early_stopping=False,
            random_state=self.seed,
        )
        return make_pipeline(trees)

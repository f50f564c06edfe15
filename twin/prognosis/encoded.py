"""Encoded: how features become the columns of a regression: numbers scaled, gaps marked, levels as indicators."""

from typing import Any

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

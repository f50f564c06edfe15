"""Encoded: how features become the columns of a regression: numbers scaled, gaps marked, levels as indicators."""

from typing import Any

from twin.prognosis.question import Features, LearnMissing

_MISSING = "learning a prognosis needs scikit-learn: pip install 'panakeia[learn]'"


def encoder(features: Features) -> Any:
    """Return a transformer of scikit-learn for [row, feature]: a missing number is the mean, with a mark.

    Raises `LearnMissing` without scikit-learn.
    """
    try:
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError:
        raise LearnMissing(_MISSING) from None
    levels = [place for place, level in enumerate(features.categorical) if level]
    numeric = [place for place, level in enumerate(features.categorical) if not level]
    return make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore"), levels),
        sparse_threshold=0.0,
    )

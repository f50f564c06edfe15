"""Intervals against scipy's bootstrap and closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from gnn.metrics import bootstrap, clustered, paired


def test_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=77)
    ours = bootstrap(values, np.random.default_rng(2))
    theirs = scipy_bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(3), n_resamples=10_000)
    assert ours.mean == pytest.approx(values.mean())
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.lower == pytest.approx(theirs.confidence_interval.low, abs=0.03 * width)
    assert ours.upper == pytest.approx(theirs.confidence_interval.high, abs=0.03 * width)


def test_a_mean_over_clusters_varies_as_the_ratio_estimator_says() -> None:
    """Its standard error by linearisation: sqrt(sum of squared cluster residuals) over the number of pairs."""
    random = np.random.default_rng(4)
    clusters = np.repeat(np.arange(400), random.integers(1, 6, size=400))
    values = random.random(400)[clusters] + random.normal(scale=0.1, size=len(clusters))
    found = clustered(values, clusters * 7, np.random.default_rng(5))
    residuals = np.bincount(clusters, values - values.mean())
    error = np.sqrt(np.square(residuals).sum()) / len(values)
    assert found.mean == pytest.approx(values.mean())
    assert found.upper - found.lower == pytest.approx(2 * 1.96 * error, rel=0.05)
    alone = bootstrap(values, np.random.default_rng(5), draws=2_000)
    assert found.upper - found.lower > 1.5 * (alone.upper - alone.lower)


def test_a_difference_over_other_nodes_is_refused() -> None:
    with pytest.raises(ValueError, match="1 nodes have a value by one method only, first b: expected the same nodes"):
        paired(pd.Series([1.0], ["a"]), pd.Series([1.0, 2.0], ["a", "b"]))

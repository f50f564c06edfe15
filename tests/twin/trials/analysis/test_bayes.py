"""Posteriors, against conjugate formulas, Cook's sum and draws."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import beta as beta_function

from twin.trials.analysis.bayes import BetaBinomial, BetaPrior, NormalPosterior, NormalPrior
from twin.trials.analysis.linear import Unadjusted
from twin.trials.analysis.table import AnalysisError, Arms

ARMS = Arms("drug", "placebo")


def shares(drug: tuple[int, int], placebo: tuple[int, int]) -> pd.DataFrame:
    outcomes = [[1] * responded + [0] * (size - responded) for responded, size in (drug, placebo)]
    return pd.DataFrame({"TRT01P": ["drug"] * drug[1] + ["placebo"] * placebo[1], "AVAL": outcomes[0] + outcomes[1]})


def test_a_flat_prior_leaves_the_trial_s_effect() -> None:
    table = shares((30, 50), (18, 50))
    plain = Unadjusted(ARMS)(table)
    found = NormalPosterior(Unadjusted(ARMS), NormalPrior(0.0, np.inf))(table)
    assert (found.value, found.standard_error) == pytest.approx((plain.value, plain.standard_error))
    assert found.probability == pytest.approx(1.0 - 0.5 * 0.0145, abs=0.002)


def test_a_prior_as_sure_as_the_trial_counts_half() -> None:
    table = shares((30, 50), (18, 50))
    plain = Unadjusted(ARMS)(table)
    found = NormalPosterior(Unadjusted(ARMS), NormalPrior(0.0, plain.standard_error), above=False)(table)
    assert found.value == pytest.approx(plain.value / 2.0)
    assert found.standard_error == pytest.approx(plain.standard_error / np.sqrt(2.0))
    assert "prior normal, mean 0, deviation 0.0" in found.method
    assert found.probability is not None
    assert found.probability < 0.05


def test_the_chance_that_one_rate_is_higher_is_cook_s_sum() -> None:
    """Cook JD. Exact calculation of beta inequalities. MD Anderson 2003: beta(31, 21) above beta(19, 33)."""
    found = BetaBinomial(ARMS)(shares((30, 50), (18, 50)))
    terms = [beta_function(19 + i, 33 + 21) / ((21 + i) * beta_function(1 + i, 21)) for i in range(31)]
    assert found.probability == pytest.approx(sum(terms) / beta_function(19, 33), abs=1e-9)
    assert found.value == pytest.approx(31.0 / 52.0 - 19.0 / 52.0)


def test_the_interval_is_that_of_draws() -> None:
    found = BetaBinomial(ARMS, BetaPrior(2.0, 5.0), threshold=0.1)(shares((4, 20), (9, 25)))
    drawn = np.random.default_rng(1)
    gaps = drawn.beta(6.0, 21.0, 400_000) - drawn.beta(10.0, 17.0, 400_000)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(gaps, [0.025, 0.975])), abs=2e-3)
    assert found.standard_error == pytest.approx(gaps.std(), rel=0.01)
    assert found.probability == pytest.approx((gaps > 0.1).mean(), abs=2e-3)
    assert "beta(2, 5) on drug, beta(1, 1) on placebo" in found.method


def test_a_prior_that_is_none_is_named() -> None:
    with pytest.raises(AnalysisError, match="deviation -1"):
        NormalPrior(0.0, -1.0)
    with pytest.raises(AnalysisError, match="expected both above 0"):
        BetaPrior(0.0, 1.0)

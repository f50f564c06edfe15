"""A score that correlates rho with the outcome saves rho^2 of the variance; arms dealt anew err as often as asked."""

import numpy as np
import pandas as pd
import pytest

from twin.estimate import Estimate
from twin.prognosis.gain import saved, type_one_error
from twin.trials.analysis.linear import Ancova, Procova, Unadjusted
from twin.trials.analysis.table import Arms

ARMS = Arms("A", "B")


def trial(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    score = random.normal(size=count)
    outcome = 0.6 * score + 0.8 * random.normal(size=count)
    arm = random.permutation(np.repeat(["A", "B"], count // 2))
    return pd.DataFrame({"TRT01P": arm, "AVAL": outcome, "PROGNOSIS": score, "BASE": random.normal(size=count)})


def test_a_score_saves_the_square_of_its_correlation() -> None:
    found = saved(trial(4000, 0), Procova(ARMS), Unadjusted(ARMS), resamples=60)
    assert found.share.value == pytest.approx(0.36, abs=0.03)
    assert found.share.lower < found.share.value < found.share.upper
    nothing = saved(trial(4000, 0), Ancova(ARMS), Unadjusted(ARMS), resamples=20)
    assert nothing.share.value == pytest.approx(0.0, abs=0.01)


def test_arms_dealt_anew_err_as_often_as_asked() -> None:
    found = type_one_error(trial(80, 1), Procova(ARMS), ARMS, repeats=400)
    assert found.lower < 0.05 < found.upper


def test_an_analysis_that_always_finds_something_is_seen() -> None:
    def eager(table: pd.DataFrame) -> Estimate:
        return Estimate(1.0, 0.5, 1.5, 0.2, 0.95, "eager", p_value=0.001)

    assert type_one_error(trial(20, 2), eager, ARMS, repeats=50).value == 1.0

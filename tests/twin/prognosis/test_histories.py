"""The published tumours draw for draw, and real trials read without a column from after randomisation."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.histories import HISTORIES, actg175
from benchmarks.tumour_trajectories import (
    CAPACITY_CM3,
    CELLS_PER_CM3,
    DEADLY_CM3,
    OPTIONS,
    counterfactual,
    diameter_of,
    factual,
)

AFTER = {"cd420", "cd496", "cd820", "offtrt", "r", "cens", "days", "treat", "arms", "futime", "status", "day", "time"}
"""Columns of the four files that are known after randomisation only, or are the arm; of IST all that begin so:"""
AFTER_IST = ("D", "F", "RX", "OCCODE", "TD", "EXPD", "SET14D", "ID14", "CMPL", "H14", "ISC14", "STRK14")


@pytest.mark.mirror
@pytest.mark.parametrize("name", HISTORIES)
def test_no_feature_of_a_real_trial_is_from_after_randomisation(name: str, mirror: Path) -> None:
    history = HISTORIES[name](mirror)
    features = set(history.question.features)
    assert not features & (AFTER | {"AVAL", "CNSR", "TRT01P"})
    assert name != "IST" or not [feature for feature in features if feature.startswith(AFTER_IST)]
    assert {history.arms.treatment, history.arms.control} <= set(history.table["TRT01P"])
    assert history.table[list(history.usual)].notna().all().all()


@pytest.mark.mirror
def test_actg175_is_the_trial_that_was_published(mirror: Path) -> None:
    """Hammer SM et al. N Engl J Med 1996;335:1081-1090, as speff2trial has it: 532 and 522 patients in two arms."""
    table = actg175(mirror).table
    at_20 = table[table["AVISITN"] == 20.0]
    assert at_20["TRT01P"].value_counts()[["zidovudine", "zidovudine + didanosine"]].tolist() == [532, 522]
    assert np.corrcoef(at_20["BASE"], at_20["AVAL"])[0, 1] ** 2 == pytest.approx(0.34, abs=0.005)


def test_tumours_follow_the_equation_day_by_day() -> None:
    """Each step is done again from what is seen and each patient's truth; what is left is noise of deviation 0.01."""
    test = counterfactual(60, 2.0, np.random.RandomState(10))
    past, left = test.factual, []
    for patient, days in enumerate(past.days):
        truth, held = test.truth.one(patient), 0.0
        for day in range(days):
            volume, away = past.volume[patient, day], []
            for option, (chemotherapy, radiotherapy) in enumerate(OPTIONS):
                concentration, gray = held / 2.0 + 5.0 * chemotherapy, 2.0 * radiotherapy
                kill = truth.chemosensitivity * concentration + truth.radiosensitivity * (gray + gray**2 / 10.0)
                mean = 1.0 + truth.growth * np.log(CAPACITY_CM3 / volume) - kill
                after = test.outcome[patient, day, option]
                away.append(after / volume - mean if 0.0 < after < DEADLY_CM3 else np.nan)
            left.append(np.nanmean(away))
            np.testing.assert_allclose(away, np.where(np.isnan(away), np.nan, left[-1]), atol=1e-9)
            held = held / 2.0 + 5.0 * past.given[patient, day, 0]
    assert np.nanstd(left) == pytest.approx(0.01, rel=0.05)


def test_patients_end_by_death_or_recovery_and_treatment_follows_size() -> None:
    past = factual(4000, 4.0, np.random.RandomState(0))
    last = past.volume[np.arange(4000), past.days]
    ended = past.days < 59
    assert ((last[ended] == DEADLY_CM3) | (last[ended] == 0.0)).all()
    assert np.exp(-last[~ended & (last > 1e-6)] * CELLS_PER_CM3).max(initial=0.0) < 1e-9
    window = diameter_of(past.volume[:, :15]).mean(axis=1)
    alive = past.days > 15
    for some in (alive & (window > 4.0), alive & (window < 2.0)):
        likely = 1.0 / (1.0 + np.exp(-4.0 / 13.0 * (window[some] - 6.5)))
        assert past.given[some, 15].mean() == pytest.approx(likely.mean(), abs=0.03)


@pytest.mark.parametrize("own", [False, True])
def test_a_seed_gives_the_same_tumours_and_options_share_their_noise(own: bool) -> None:
    first, again = (counterfactual(30, 3.0, np.random.RandomState(7), own) for _ in range(2))
    np.testing.assert_array_equal(first.outcome, again.outcome)
    happened = (2 * first.factual.given[:, 0, 0] + first.factual.given[:, 0, 1]).astype(int)
    np.testing.assert_array_equal(first.outcome[np.arange(30), 0, happened], first.factual.volume[:, 1])

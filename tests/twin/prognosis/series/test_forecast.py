"""Forecasts against closed forms: an AR(2) process, a constant, and gaps."""

import numpy as np
import pytest
from scipy.signal import lfilter

from twin.prognosis.series.forecast import Autoregression, Horizon, Readings
from twin.prognosis.series.network import RecurrentForecast
from twin.trials.analysis.table import AnalysisError, TooFewSubjects

FIRST, SECOND, MEAN, NOISE = 1.6, -0.68, 110.0, 3.0
"""x(t) - mean = first (x(t-1) - mean) + second (x(t-2) - mean) + noise; its roots lie within the circle."""
STEPS = 6


def process(seed: int, count: int = 1500) -> Readings:
    noise = np.random.default_rng(seed).normal(0.0, NOISE, count + 200)
    values = MEAN + lfilter([1.0], [1.0, -FIRST, -SECOND], noise)[200:]
    return Readings(5.0 * np.arange(count), values)


def best(readings: Readings) -> np.ndarray:
    """Return the best forecast six steps ahead: the first row of the companion matrix to the sixth power."""
    companion = np.array([[FIRST, SECOND], [1.0, 0.0]])
    now, before = np.linalg.matrix_power(companion, STEPS)[0]
    away = readings.values - MEAN
    return MEAN + now * away[1:] + before * away[:-1]


def error_of_best() -> float:
    """Return the SD of what the best forecast leaves: the noise of six steps, by the process's impulse response."""
    response = lfilter([1.0], [1.0, -FIRST, -SECOND], np.eye(1, STEPS)[0])
    return float(NOISE * np.sqrt((response**2).sum()))


def test_an_ar2_process_is_recovered() -> None:
    learned = Autoregression(shrinkages=(1e-5, 1e-1)).fit([process(seed) for seed in range(12)])
    new = process(99)
    told = learned.predict(new)["PROGNOSIS"].to_numpy()
    assert learned.shrinkage == 1e-5
    assert learned.order >= 2
    start = learned.order - 1
    away = told[start:] - best(new)[start - 1 :]
    assert np.sqrt(np.mean(away**2)) < 0.05 * np.std(new.values)


def test_its_coefficients_are_those_of_the_closed_form() -> None:
    learned = Autoregression(orders=(2,), shrinkages=(0.0,)).fit([process(seed) for seed in range(30)])
    companion = np.array([[FIRST, SECOND], [1.0, 0.0]])
    now, before = np.linalg.matrix_power(companion, STEPS)[0]
    # x(6) - x(0) = constant + (now + before - 1) x(0) - before (x(0) - x(-1))
    expected = [MEAN * (1.0 - now - before), now + before - 1.0, -before]
    np.testing.assert_allclose(learned.coefficients[1:], expected[1:], atol=0.06)
    assert learned.coefficients[0] == pytest.approx(expected[0], rel=0.05)


def test_intervals_are_as_wide_as_the_process_says_and_hold_what_they_promise() -> None:
    learned = Autoregression().fit([process(seed) for seed in range(12)])
    assert learned.margin.above[0] == pytest.approx(1.6449 * error_of_best(), rel=0.06)
    new = process(77, 6000)
    told, truth = learned.predict(new).iloc[11:-STEPS], new.values[11 + STEPS :]
    inside = (truth >= told["LOWER"].to_numpy()) & (truth <= told["UPPER"].to_numpy())
    assert inside.mean() == pytest.approx(0.9, abs=0.03)


def test_great_shrinkage_is_persistence_with_the_mean_change() -> None:
    learned = Autoregression(orders=(3,), shrinkages=(1e9,)).fit([process(seed, 300) for seed in range(3)])
    new = process(5, 50)
    np.testing.assert_allclose(learned.predict(new)["PROGNOSIS"][2:], new.values[2:], atol=1.0)


@pytest.mark.parametrize("way", [Autoregression(), RecurrentForecast(networks=2, epochs=1)])
def test_a_constant_stays_as_it_is(way: Autoregression | RecurrentForecast) -> None:
    flat = [Readings(5.0 * np.arange(60), np.full(60, level)) for level in (100.0, 100.0, 100.0)]
    told = way.fit(flat).predict(flat[0])
    expected = np.full(60, 100.0)
    first = int(told["PROGNOSIS"].first_valid_index())
    tolerance = 1e-9 if isinstance(way, Autoregression) else 0.5
    np.testing.assert_allclose(told["PROGNOSIS"][first:], expected[first:], atol=tolerance)


def test_the_network_reaches_nearly_what_can_be_reached() -> None:
    learned = RecurrentForecast(networks=2, hidden=16, epochs=25).fit([process(seed, 600) for seed in range(4)])
    new = process(99)
    told = learned.predict(new)["PROGNOSIS"].to_numpy()[11:-STEPS]
    error = np.sqrt(np.mean((told - new.values[11 + STEPS :]) ** 2))
    persistence = np.sqrt(np.mean((new.values[11:-STEPS] - new.values[11 + STEPS :]) ** 2))
    assert error < 1.15 * error_of_best() < persistence


@pytest.mark.parametrize("way", [Autoregression(orders=(12,)), RecurrentForecast(networks=2, epochs=1)])
def test_no_forecast_across_a_gap(way: Autoregression | RecurrentForecast) -> None:
    learned = way.fit([process(seed, 200) for seed in range(3)])
    minutes = 5.0 * np.arange(40)
    minutes[20:] += 10.0
    told = learned.predict(Readings(minutes, process(9, 40).values))
    assert told["PROGNOSIS"].notna().to_numpy().nonzero()[0].tolist() == [*range(11, 20), *range(31, 40)]


def test_cases_need_the_run_and_the_reading_ahead() -> None:
    minutes = np.delete(5.0 * np.arange(30), 20)
    readings = Readings(minutes, np.arange(29.0))
    last, ahead = Horizon().cases(readings, 3)
    assert np.all(minutes[ahead] - minutes[last] == 30.0)
    # none is foretold of minute 100, which is not there (from minute 70), and none from runs that hold the gap
    assert minutes[last].tolist() == [5.0 * at for at in range(2, 24) if at not in (14, 20, 21, 22)]


def test_a_reading_ahead_is_within_half_a_step() -> None:
    minutes = np.array([0.0, 5.0, 10.0, 42.4, 80.0])
    for late, found in ((0.0, 1), (0.2, 0)):
        moved = minutes + np.array([0.0, 0.0, 0.0, late, 0.0])
        assert Horizon().cases(Readings(moved, np.ones(5)), 3)[0].size == found


@pytest.mark.parametrize("way", [Autoregression(), RecurrentForecast(networks=2, epochs=2)])
def test_what_comes_after_a_reading_does_not_change_its_forecast(way: Autoregression | RecurrentForecast) -> None:
    learned, new = way.fit([process(seed, 200) for seed in range(3)]), process(9, 60)
    changed = Readings(new.minutes, np.where(np.arange(60) > 30, 300.0, new.values))
    before, after = (learned.predict(one)["PROGNOSIS"][:31] for one in (new, changed))
    np.testing.assert_allclose(before, after, rtol=1e-6)
    assert before.notna().any()


def test_bad_input_is_refused() -> None:
    with pytest.raises(AnalysisError, match="not in order of time"):
        Readings(np.array([0.0, 5.0, 5.0]), np.ones(3))
    with pytest.raises(AnalysisError, match="no number"):
        Readings(np.array([0.0, 5.0]), np.array([1.0, np.nan]))
    with pytest.raises(AnalysisError, match="one of each"):
        Readings(np.arange(3.0), np.ones(2))
    with pytest.raises(AnalysisError, match="0 < step <= ahead"):
        Horizon(5.0, 30.0)
    with pytest.raises(AnalysisError, match="2 or more"):
        RecurrentForecast(networks=1)
    for way in (Autoregression(), RecurrentForecast()):
        with pytest.raises(TooFewSubjects, match="0 of 1 persons"):
            way.fit([process(0, 10)])

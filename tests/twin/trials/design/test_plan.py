"""Sizes, power and assurance, against rpact 3.3.4, statsmodels, closed forms and other optimisers."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from statsmodels.stats.power import TTestIndPower

from twin.trials.design.boundaries import Looks, equally_spaced
from twin.trials.design.comparison import Comparison, Means, Rates, Survival, restricted_rates
from twin.trials.design.plan import Beside, power_of, size_of
from twin.trials.design.spending import Rule
from twin.trials.design.timing import Accrual, Enrolment

EVEN = Enrolment((1.0,), (12.0,))


def one_look(alpha: float, sides: int, power: float) -> Looks:
    return Looks(Rule("obrien-fleming"), (1.0,), alpha, sides, 1.0 - power)


@pytest.mark.parametrize(
    ("comparison", "alpha", "sides", "power", "size"),
    [
        (Means(0.5, 1.0), 0.05, 2, 0.8, 127.5312),
        (Means(0.3, 1.0), 0.05, 2, 0.9, 468.9255),
        (Rates(0.4, 0.2), 0.05, 2, 0.8, 162.4485),
        (Survival(0.7), 0.05, 2, 0.9, 330.3779),
    ],
)
def test_sizes_are_rpact_s(comparison: Comparison, alpha: float, sides: int, power: float, size: float) -> None:
    assert size_of(comparison, one_look(alpha, sides, power)).size == pytest.approx(size, abs=5e-5)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_means_are_statsmodels_s(ratio: float) -> None:
    found = size_of(Means(-0.4, 1.0, allocation=ratio), one_look(0.02, 2, 0.85))
    control = TTestIndPower().solve_power(0.4, alpha=0.02, power=0.85, ratio=ratio)
    assert found.size == pytest.approx(control * (1.0 + ratio), rel=1e-6)
    assert power_of(Means(-0.4, 1.0, allocation=ratio), one_look(0.02, 2, 0.5), found.size).power == pytest.approx(0.85)


def test_interim_looks_inflate_a_size_as_in_rpact() -> None:
    looks = Looks(Rule("obrien-fleming"), equally_spaced(3), 0.025, 1, 0.2)
    found = size_of(Means(0.5, 1.0), looks)
    assert (found.size, found.expected_size_h1) == pytest.approx((129.7514, 109.194), abs=5e-4)
    again = power_of(Means(0.5, 1.0), looks, found.size)
    assert (again.power, again.expected_size_h1) == pytest.approx((0.8, found.expected_size_h1), abs=1e-9)


def test_assurance_is_its_closed_form() -> None:
    found = power_of(Means(0.5, 1.0, known_sd=True), one_look(0.05, 2, 0.8), 128.0, Beside(0.2))
    error = np.sqrt(2.0 / 64.0)
    closed = norm.cdf((0.5 - 1.959963985 * error) / np.hypot(error, 0.2))
    assert found.assurance == pytest.approx(closed, abs=1e-8)
    assert (found.assurance, found.power) == pytest.approx((0.71741, 0.80743), abs=5e-6)


def test_assurance_with_interim_looks_is_the_mean_power() -> None:
    looks = Looks(Rule("pocock"), equally_spaced(2))
    comparison = Means(0.5, 1.0, known_sd=True)
    found = power_of(comparison, looks, 128.0, Beside(0.2))

    def weighed(effect: float) -> float:
        drift = effect / np.sqrt(4.0 / 128.0)
        assert found.bounds is not None
        return float(found.bounds.walked(drift).above.sum() * norm.pdf(effect, 0.5, 0.2))

    assert found.assurance == pytest.approx(quad(weighed, -0.7, 1.7, limit=60, epsabs=1e-7)[0], abs=1e-5)


def test_a_margin_is_refuted_from_its_better_side() -> None:
    known = Means(0.0, 2.0, null=-0.8, known_sd=True)
    closed = 4.0 * (norm.isf(0.025) + norm.isf(0.1)) ** 2 * 4.0 / 0.64
    assert known.size(0.9, 0.025) == pytest.approx(closed)
    events = 4.0 * (norm.isf(0.025) + norm.isf(0.1)) ** 2 / np.log(1.3) ** 2
    assert Survival(1.0, null=1.3).size(0.9, 0.025) == pytest.approx(events)


@pytest.mark.parametrize(
    ("treatment", "control", "null", "ratio"),
    [
        (0.85, 0.85, -0.1, 1.0),
        (0.3, 0.5, 0.1, 2.0),
        (0.2, 0.15, 0.05, 0.5),
        (0.85, 0.85, -0.1, 2.0),
        (0.6, 0.4, 0.0, 3),
    ],
)
def test_rates_under_the_null_are_the_likeliest(treatment: float, control: float, null: float, ratio: float) -> None:
    def unlikely(rate: float) -> float:
        other = rate - null
        return -float(
            ratio * (treatment * np.log(rate) + (1 - treatment) * np.log(1 - rate))
            + control * np.log(other)
            + (1 - control) * np.log(1 - other)
        )

    within = (max(0.0, null) + 1e-9, min(1.0, 1.0 + null) - 1e-9)
    found = minimize_scalar(unlikely, bounds=within, method="bounded", options={"xatol": 1e-12})
    assert restricted_rates(treatment, control, null, ratio)[0] == pytest.approx(found.x, abs=1e-7)


def test_patients_for_events_are_those_of_a_simulation() -> None:
    accrual = Accrual(Enrolment((1.0,), (10.0,)), follow_up=6.0, control_median=(9.0,), dropout=0.02)
    patients = accrual.course(0.6, 2.0, 300.0).enrolment.total
    random, count = np.random.default_rng(3), 400_000
    treated = random.random(count) < 2.0 / 3.0
    event = random.exponential(9.0 / np.log(2.0) / np.where(treated, 0.6, 1.0))
    leaves = random.exponential(1.0 / 0.02, count)
    seen = (event < leaves) & (event < random.uniform(6.0, 16.0, count))
    share, error = seen.mean(), np.sqrt(0.25 / count)
    assert 300.0 / patients == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Means(0.0, 1.0), "the same as under the null"),
        (lambda: Means(0.5, 0.0), "got the sd 0, expected a number above 0"),
        (lambda: Rates(1.0, 0.5), "got the rate 1 on treatment"),
        (lambda: Survival(-1.0), "got the hazard ratio -1"),
        (lambda: Accrual(EVEN, -1.0, (10.0,)), "got follow-up -1"),
        (lambda: Accrual(EVEN, 1.0, (0.0,)), "got the control median 0"),
        (lambda: Beside(lost=1.0), "got the share 1 of patients lost"),
        (lambda: size_of(Survival(0.7), one_look(0.025, 1, 0.9), Beside(lost=0.1)), "tell the hazard of dropout"),
        (lambda: Beside(0.0), "got the effect's deviation 0"),
        (lambda: power_of(Means(0.5, 1.0), one_look(0.025, 1, 0.9), 3.0), "expected at least 4 patients"),
        (lambda: size_of(Means(1e-6, 1.0), one_look(0.025, 1, 0.9)), "no size under 1e"),
        (
            lambda: size_of(Means(0.5, 1.0), one_look(0.025, 1, 0.9), Beside(accrual=Accrual(EVEN, 1.0, (1.0,)))),
            "expected a time to event",
        ),
    ],
)
def test_what_has_no_size_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]


def test_a_plan_tells_its_assumptions() -> None:
    found = size_of(Survival(0.7), one_look(0.05, 2, 0.9), Beside(0.1, Accrual(EVEN, 12.0, (10.0,))))
    assert found.to_json()["assumptions"]["control_median"] == 10.0
    assert "hazard_ratio 0.7" in found.to_text()
    assert found.to_json()["patients_per_arm"] == {"control": 258, "treatment": 258}
    assert list(found.to_frame()["size"]) == [found.size]

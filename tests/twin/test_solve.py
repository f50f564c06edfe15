"""Closed forms of linear kinetics, held against matrix exponentials and integrals."""

from collections.abc import Iterator

import jax
import numpy as np
import pytest
from scipy import integrate, linalg

from twin import solve

RATES = np.array([[0.0227, 0.0095, 0.0199], [0.5, 0.5, 0.5], [0.001, 1e-6, 0.3]]).T
"""k10, k12, k21 (1/h) of three patients: typical S-warfarin, equal rates, hardly any periphery."""


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("hours", [0.0, 0.3, 24.0, 2000.0])
@pytest.mark.parametrize("absorption", ["apart", "fast", "slow", "nearly fast"])
def test_oral_two_compartment_kinetics_are_the_matrix_exponential(hours: float, absorption: str) -> None:
    modes = solve.two_compartment_modes(*RATES)
    rate = {
        "apart": np.full(3, 2.0),
        "fast": np.asarray(modes.fast_per_h),
        "slow": np.asarray(modes.slow_per_h),
        "nearly fast": np.asarray(modes.fast_per_h) * (1 + 1e-9),
    }[absorption]
    fast = modes.fast_share * solve.in_passage(rate, modes.fast_per_h, hours)
    slow = modes.slow_share * solve.in_passage(rate, modes.slow_per_h, hours)
    for patient, (k10, k12, k21) in enumerate(RATES.T):
        ka = rate[patient]
        system = np.array([[-ka, 0, 0], [ka, -k10 - k12, k21], [0, k12, -k21]])
        expected = (linalg.expm(system * hours) @ [1, 0, 0])[1]
        assert float(ka * (fast + slow)[patient]) == pytest.approx(expected, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("hours", [0.0, 1.0, 24.0, 500.0])
def test_a_chain_without_input_is_the_matrix_exponential(hours: float) -> None:
    rate, content = np.array([0.1, 0.517]), np.arange(12.0).reshape(6, 2)
    carried = solve.carry_chain(solve.transit_response(rate, np.float64(hours), 6), content)
    for patient in range(2):
        system = rate[patient] * (np.eye(6, k=-1) - np.eye(6))
        expected = linalg.expm(system * hours) @ content[:, patient]
        np.testing.assert_allclose(np.asarray(carried)[:, patient], expected, rtol=1e-10, atol=1e-14)


def test_a_transit_response_is_the_density_of_a_gamma_waiting_time() -> None:
    # What entered the first of 6 compartments leaves the last after a Gamma(6, k) time: k·response[5] is its density.
    def density(t: float) -> float:
        return 0.517 * float(solve.transit_response(np.array(0.517), np.array(t), 6)[5])

    total, _ = integrate.quad(density, 0, 200)
    mean, _ = integrate.quad(lambda t: t * density(t), 0, 200)
    assert total == pytest.approx(1, rel=1e-8)
    assert mean == pytest.approx(6 / 0.517, rel=1e-8)


@pytest.mark.parametrize("power", [0.0, 0.424, 1.0, 7.0])
def test_quadrature_integrates_fractional_powers(power: float) -> None:
    at, weights = solve.graded_nodes(24.0)
    found = float((weights * at**power).sum())
    assert found == pytest.approx(24 ** (power + 1) / (power + 1), rel=2e-6)

"""Solvers against SciPy's integrators on the same equations, and what the engine says of equations' structure."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from twin import library
from twin.engine import TOLERANCE, begin, float64_on_cpu, follow, typical
from twin.model import Compartment, Floats, Individual, Model
from twin.regimen import Doses, boluses
from twin.solve.choose import flat, solver_of, structure_of
from twin.solve.exponential import exponential, exponentials, integrals
from twin.solve.structure import Block
from twin.steps import carry
from twin.timeline import Entry, Look, timeline


def varied(model: Model, patients: int, sd: float = 0.3) -> Individual:
    """Return patients whose parameters are all over the place."""
    luck = np.random.default_rng(0)
    likely = typical(model, {})
    shares = {"most_inhibition"}
    return type(likely)(
        *(
            np.repeat(value, patients) * np.exp(sd * luck.standard_normal(patients) * (name not in shares))
            for name, value in zip(likely._fields, likely, strict=True)
        )
    )


def integrated(model: Model, one: Individual, doses: Floats, method: str = "DOP853") -> dict[str, Floats]:
    """Integrate a patient's equations with SciPy, a dose a day into the first compartment."""
    laid = flat(model)
    with float64_on_cpu():
        rates = jax.jit(laid.rates)
        state, seen = np.array(laid.start(one)), []
        for dose in doses:
            state[laid.places[0]] += dose
            run = solve_ivp(lambda _, y: np.asarray(rates(one, y)), (0, 24), state, method, rtol=1e-10, atol=1e-12)
            state = run.y[:, -1]
            seen.append(model.observe(one, laid.state(state)))
    return {name: np.array([float(day[name]) for day in seen]) for name in model.observables}


@pytest.mark.parametrize(
    ("name", "dose", "method", "off"),
    [
        ("generic_indirect_response", 100.0, "DOP853", 1e-8),
        ("generic_michaelis_menten", 100.0, "DOP853", 4e-6),
        ("generic_target_mediated", 50.0, "Radau", 1e-5),
    ],
)
def test_each_way_of_solving_agrees_with_scipy(name: str, dose: float, method: str, off: float) -> None:
    model = library.load(name)
    people, doses = varied(model, 4), np.full((4, 5), dose)
    doses[1, 2] = 0
    _, seen = carry(model, people, begin(model, people), doses)
    for patient in range(4):
        one = jax.tree.map(lambda array, patient=patient: array[patient], people)
        for observable, values in integrated(model, one, doses[patient], method).items():
            np.testing.assert_allclose(seen[observable][patient], values, rtol=off)


def test_the_engine_says_what_the_equations_are_like() -> None:
    said = {name: solver_of(library.load(name)).name for name in library.MODELS if name.startswith("generic")}
    assert said["generic_indirect_response"] == (
        "4 linear states: eigenvalues in closed form; 1 state driven: eigenvalues in closed form, "
        "quadrature of 20 nodes"
    )
    assert said["generic_michaelis_menten"].startswith("Runge-Kutta of order 5")
    assert said["generic_target_mediated"].startswith("Rosenbrock of order 4")
    found = structure_of(library.load("warfarin_hamberg2007"))
    assert (found.linear.way, found.linear.parts) == ("modes", ((0,), (1, 2)))
    assert [(block.way, len(block.places)) for block in found.driven] == [("chain", 6), ("modes", 1)]
    assert (found.drivers, found.entries, found.rest) == ((1,), (3, 9), ())


def compartments(count: int, luck: np.random.Generator) -> Floats:
    """Return the matrix of a system of compartments that all exchange with the first, and lose from it."""
    rates = np.exp(luck.normal(-1, 1, (2, count)))
    matrix = np.zeros((count, count))
    for place in range(1, count):
        matrix[0, 0] -= rates[0, place]
        matrix[place, 0] += rates[0, place]
        matrix[0, place] += rates[1, place]
        matrix[place, place] -= rates[1, place]
    matrix[0, 0] -= rates[0, 0]
    return matrix


@pytest.mark.parametrize("count", [1, 2, 3])
def test_modes_are_the_matrix_exponential(count: int) -> None:
    luck = np.random.default_rng(count)
    matrices = np.stack([compartments(count, luck) for _ in range(50)], axis=-1)
    hours = np.abs(luck.normal(0, 20, 50))
    block = Block(tuple(range(count)), "modes", (tuple(range(count)),))
    with float64_on_cpu():
        found, summed = np.asarray(exponentials(block, matrices, hours)), np.asarray(integrals(block, matrices, hours))
        plain = np.asarray(exponential(matrices * hours))
    for patient, (matrix, time) in enumerate(zip(matrices.T, hours, strict=True)):
        expected = expm(matrix.T * time)
        np.testing.assert_allclose(found[..., patient], expected, atol=1e-11)
        np.testing.assert_allclose(plain[..., patient], expected, atol=1e-11)
        wide = np.block([[matrix.T, np.eye(count)], [np.zeros((count, 2 * count))]])
        np.testing.assert_allclose(summed[..., patient], expm(wide * time)[:count, count:], rtol=1e-9, atol=1e-11)


def test_rates_that_coincide_are_no_trouble() -> None:
    model = library.load("generic_indirect_response")
    people = varied(model, 3, sd=0.0)
    people = people._replace(equilibration_per_h=people.absorption_per_h * np.array([1, 1 + 1e-12, 1 + 1e-5]))
    _, seen = carry(model, people, begin(model, people), np.full((3, 4), 100.0))
    for patient in range(3):
        one = jax.tree.map(lambda array, patient=patient: array[patient], people)
        expected = integrated(model, one, np.full(4, 100.0))
        np.testing.assert_allclose(seen["response"][patient], expected["response"], rtol=1e-6)


class Rate(NamedTuple):
    rate_per_h: Any


class Line(NamedTuple):
    chain: Any


def passing(length: int) -> Model:
    """A dose that passes through compartments in line, all at one rate, and leaves."""

    def rates(person: Rate, state: Line) -> Line:
        before = jax.numpy.concatenate([jax.numpy.zeros(1), state.chain[:-1]])
        return Line(person.rate_per_h * (before - state.chain))

    return Model(
        name="passing",
        citation="none",
        covariates=(),
        parameters={},
        individual=lambda theta, covariates: Rate(0.3),
        start=lambda person: Line(jax.numpy.zeros(length)),
        rates=rates,
        compartments={"first": Compartment("chain"), "third": Compartment("chain", 2, lag_h=lambda person: 2.0)},
        observe=lambda person, state: {"last": state.chain[-1]},
        observables={"last": "mg"},
    )


def test_a_chain_passes_on_as_the_gamma_distribution_says() -> None:
    model = passing(4)
    people = typical(model, {})
    assert structure_of(model).linear.way == "chain"
    hours = np.diff(np.array([0.0, 1.0, 7.0, 8.0, 30.0]))
    _, seen = carry(model, people, begin(model, people), np.array([[5.0, 0, 0, 0]]), hours)
    passed = 0.3 * np.cumsum(hours)
    np.testing.assert_allclose(seen["last"][0], 5 * np.exp(-passed) * passed**3 / 6, rtol=1e-12)


def given(**more: Any) -> Doses:
    return replace(boluses(np.zeros(1), np.full(1, 60.0)), **more)


def at(model: Model, doses: Doses, times: Floats, after: bool = False) -> Floats:
    people = typical(model, {})
    line = timeline([doses], [Look(times, np.full(len(times), after))], Entry.of(model.compartments, people, 1), 24.0)
    found = follow(model, people, begin(model, people), line)
    assert (found.error <= TOLERANCE).all()
    return next(iter(found.seen.values()))[0, line.asked[:, 0]]


@pytest.mark.parametrize("name", ["generic_indirect_response", "generic_michaelis_menten"])
def test_an_infusion_is_what_many_small_doses_are(name: str) -> None:
    model = library.load(name)
    times = np.array([1.0, 3.0, 5.0, 30.0])
    flowing = at(model, given(compartment=np.array([2]), rate=np.full(1, 20.0)), times)
    drops = replace(boluses((np.arange(300) + 0.5) / 100, np.full(300, 0.2)), compartment=np.full(300, 2))
    np.testing.assert_allclose(flowing, at(model, drops, times), rtol=1e-3)


def test_a_steady_state_is_where_many_doses_lead() -> None:
    model = library.load("generic_indirect_response")
    times = np.array([0.0, 5.0, 12.0])
    steady = at(model, given(steady=np.array([1]), interval_h=np.full(1, 12.0)), times, after=True)
    many = boluses(np.arange(80) * 12.0, np.full(80, 60.0))
    np.testing.assert_allclose(steady, at(model, many, times + 79 * 12.0, after=True), rtol=1e-8)


def test_a_reset_empties_the_body_and_a_lag_waits() -> None:
    model = passing(4)
    times = np.array([1.0, 4.0, 6.0, 9.0])
    twice = replace(boluses(np.array([0.0, 5.0]), np.full(2, 60.0)), reset_h=np.array([5.0]))
    once = at(model, given(), times)
    np.testing.assert_allclose(at(model, twice, times)[2:], once[:2], rtol=1e-12)
    late = at(model, given(compartment=np.array([2])), times)
    passed = 0.3 * (times - 2)
    np.testing.assert_allclose(late[1:], (60 * np.exp(-passed) * passed)[1:], rtol=1e-12)
    assert late[0] == 0
    gone = given(compartment=np.array([2]), reset_h=np.array([1.0]))  # the dose is on its way
    assert not at(model, gone, times).any()


def test_infusions_at_a_steady_state_may_overlap() -> None:
    model = library.load("generic_indirect_response")
    rate, interval, times = 4.0, 12.0, np.array([0.0, 2.0, 7.0, 11.0, 30.0])  # each infusion takes 15 hours
    flowing = {"compartment": np.array([2]), "rate": np.full(1, rate)}
    steady = at(model, given(**flowing, steady=np.array([1]), interval_h=np.full(1, interval)), times, True)
    many = replace(
        boluses(np.arange(100) * interval, np.full(100, 60.0)), compartment=np.full(100, 2), rate=np.full(100, rate)
    )
    np.testing.assert_allclose(steady, at(model, many, times + 99 * interval, True), rtol=1e-8)


def test_an_infusion_without_end_is_at_the_clearance() -> None:
    model = library.load("generic_indirect_response")
    endless = given(amount=np.zeros(1), compartment=np.array([2]), rate=np.full(1, 10.0), steady=np.array([1]))
    np.testing.assert_allclose(at(model, endless, np.zeros(1), True), 10.0 / 5.0, rtol=1e-8)


def test_a_reset_stops_what_flows() -> None:
    model = library.load("generic_indirect_response")
    flowing = {"compartment": np.array([2]), "rate": np.full(1, 5.0)}
    stopped = at(model, given(**flowing, reset_h=np.array([5.0])), np.array([4.0, 5.5, 20.0]))
    assert stopped[0] > 0 and (stopped[1:] == 0).all()

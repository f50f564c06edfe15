"""Claim: the engine solves each kind of model faster than general solvers do, as exactly as they.

Prints one JSON object. Rows are the kinds of equations: linear with a driven response, in closed form; the same by the
matrix exponential, as any linear model; saturable elimination by graded steps; target-mediated disposition, stiff;
warfarin. The work is 28 daily doses for patients whose parameters all differ, seen each day. Beside each in the same
process: diffrax (Tsit5, stiff: Kvaerno5) under vmap at 1e-6, and SciPy's LSODA at 1e-6 patient by patient. The error is
the largest relative one of all observables against DOP853 (stiff: Radau) at 1e-12, over `COMPARED` patients. Rates are
patients a second; compilation is apart.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from twin import engine, library
from twin.engine import begin, float64_on_cpu, follow, typical
from twin.model import Floats, Individual, Model
from twin.simulate import DAY_H
from twin.solve.choose import flat, solver_of, structure_of
from twin.solve.closed import closed
from twin.solve.solver import Solver
from twin.solve.structure import Block
from twin.timeline import Timeline

DAYS, COMPARED, LSODA = 28, 8, 3
ROWS = (
    ("linear, in closed form", "generic_indirect_response", 100.0, 65_536, 512),
    ("linear, by the matrix exponential", "generic_indirect_response", 100.0, 16_384, 0),
    ("nonlinear, graded steps", "generic_michaelis_menten", 100.0, 8_192, 512),
    ("stiff, graded steps", "generic_target_mediated", 50.0, 2_048, 128),
    ("warfarin", "warfarin_hamberg2007", 5.0, 32_768, 256),
)
"""What is measured: words, model, dose, patients, and how many of these the general solver gets."""


def varied(model: Model, patients: int) -> Individual:
    """Return patients whose parameters that may vary do, by 30 %."""
    luck = np.random.default_rng(0)
    stated = {
        "age_years": np.full(patients, 71.0),
        "CYP2C9": np.full(patients, "*1/*2"),
        "VKORC1": np.full(patients, "GA"),
    }
    likely = typical(model, {one.name: stated[one.name] for one in model.covariates})
    values = {
        name: np.broadcast_to(value, patients)
        * np.exp(0.3 * luck.standard_normal(patients) * (name in model.variability.between))
        for name, value in zip(likely._fields, likely, strict=True)
    }
    return type(likely)(**values)


def line(model: Model, patients: int, dose: float) -> Timeline:
    """Return a dose a day into the first compartment."""
    bolus = np.zeros((DAYS, len(model.compartments), 1))
    bolus[:, 0] = dose
    return Timeline(
        np.zeros(patients, np.int64), np.full(DAYS, DAY_H), bolus, None, None, None, (), np.arange(DAYS)[:, None]
    )


def by_matrix(model: Model) -> Solver:
    """Return the solver that a linear model has whose eigenvalues are in no closed form."""
    found = structure_of(model)
    driven = tuple(Block(block.places, "matrix") for block in found.driven)
    return closed(flat(model), replace(found, linear=Block(found.linear.places, "matrix"), driven=driven), False)


def reference(model: Model, one: Individual, dose: float, method: str, tolerance: float) -> Floats:
    """Return what SciPy sees of a patient each day, [observable, day]."""
    laid = flat(model)
    with float64_on_cpu():
        rates = jax.jit(laid.rates)
        share = next(iter(model.compartments.values())).bioavailability
        given = dose * (1.0 if share is None else float(share(one)))
        state, seen = np.array(laid.start(one)), []
        for _ in range(DAYS):
            state[laid.places[0]] += given
            run = solve_ivp(
                lambda _, y: np.asarray(rates(one, y)), (0, DAY_H), state, method, rtol=tolerance, atol=tolerance / 100
            )
            state = run.y[:, -1]
            seen.append([float(value) for value in model.observe(one, laid.state(state)).values()])
    return np.array(seen).T


def general(model: Model, people: Individual, dose: float, stiff: bool) -> Callable[[], Any]:
    """Return diffrax's run of all patients, compiled."""
    laid = flat(model)
    solver = diffrax.Kvaerno5() if stiff else diffrax.Tsit5()
    term = diffrax.ODETerm(lambda t, y, one: laid.rates(one, y))
    control = diffrax.PIDController(rtol=1e-6, atol=1e-8)
    share = next(iter(model.compartments.values())).bioavailability

    def course(one: Individual) -> Any:
        given = dose * (1.0 if share is None else share(one))

        def day(state: Any, _: Any) -> tuple[Any, Any]:
            state = state.at[laid.places[0]].add(given)
            run = diffrax.diffeqsolve(
                term,
                solver,
                0.0,
                DAY_H,
                0.05,
                state,
                one,
                stepsize_controller=control,
                max_steps=100_000,
                saveat=diffrax.SaveAt(t1=True),
            )
            return run.ys[0], run.ys[0]

        return jax.lax.scan(day, laid.start(one), None, length=DAYS)[1]

    return jax.jit(jax.vmap(course)).lower(people).compile()


def timed(run: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds and processor seconds of the best of two runs."""
    found = []
    for _ in range(2):
        wall, cpu = time.perf_counter(), time.process_time()
        jax.block_until_ready(run())
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(found)


def measured(words: str, name: str, dose: float, patients: int, others: int) -> dict[str, Any]:
    """Measure one row."""
    sys.stderr.write(f"{words}\n")
    model = library.load(name)
    people, stiff = varied(model, patients), name == "generic_target_mediated"
    solver = by_matrix(model) if words.endswith("exponential") else solver_of(model)
    state, days = begin(model, people), line(model, patients, dose)

    def ours() -> Any:
        return follow(model, people, state, days, solver)

    wall = time.perf_counter()
    courses = ours()
    first = time.perf_counter() - wall
    seconds, cpu = timed(ours)
    seen = np.stack([courses.seen[observable][:COMPARED] for observable in model.observables], axis=1)
    each = [jax.tree.map(lambda array, place=place: array[place], people) for place in range(COMPARED)]
    exact = np.stack([reference(model, one, dose, "Radau" if stiff else "DOP853", 1e-12) for one in each])
    found = {
        "work": words,
        "model": name,
        "solver": solver.name,
        "patients": patients,
        "patients_a_second": round(patients / seconds),
        "patients_a_processor_second": round(patients / cpu),
        "first_run_less_a_usual_one_seconds": round(first - seconds, 2),
        "largest_relative_error": float(np.abs(seen / exact - 1).max()),
    }
    wall = time.perf_counter()
    for one in each[:LSODA]:
        reference(model, one, dose, "LSODA", 1e-6)
    found["scipy_lsoda_patients_a_second"] = round(LSODA / (time.perf_counter() - wall), 2)
    if others:
        with float64_on_cpu():
            some = jax.tree.map(lambda array: jnp.asarray(array[:others]), people)
            wall = time.perf_counter()
            run = general(model, some, dose, stiff)
            compiled = time.perf_counter() - wall
            theirs, their_cpu = timed(lambda: run(some))
        found |= {
            "diffrax": "Kvaerno5" if stiff else "Tsit5",
            "diffrax_patients_a_second": round(others / theirs, 1),
            "diffrax_compilation_seconds": round(compiled, 2),
            "times_diffrax": round(patients / seconds / (others / theirs), 1),
            "times_diffrax_by_processor_seconds": round(patients / cpu / (others / their_cpu), 1),
        }
    return found


def rows(only: str) -> Iterator[dict[str, Any]]:
    """Measure all rows, or those with a word in their name."""
    for row in ROWS:
        if only in row[0]:
            yield measured(*row)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows whose words have this in them")
    options = parser.parse_args()
    result = {
        "benchmark": "twin_speed",
        "days": DAYS,
        "threads": engine.THREADS,
        "rows": list(rows(options.only)),
    }
    json.dump(result, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()

"""Patients to dose, and what is seen of them, without a trial around them."""

from collections.abc import Sequence

import numpy as np

from tests.twin.trials.designs import INR
from twin import library
from twin.model import Floats
from twin.trials.grid import Grid
from twin.trials.plan import Plan
from twin.trials.policies.policy import History, Patients, Policy
from twin.trials.titrations.titration import Titration

COVARIATES = {
    "age_years": np.array([60.0, 80.0]),
    "height_cm": np.array([175.0, 160.0]),
    "weight_kg": np.array([85.0, 60.0]),
    "race": np.array(["white", "white"]),
    "CYP2C9": np.array(["*1/*1", "*1/*3"]),
    "VKORC1": np.array(["GG", "AA"]),
}
"""Two patients on warfarin."""


def patients(covariates: dict[str, np.ndarray] | None = None, days: int = 84, n: int = 2, per_day: int = 1) -> Patients:
    """Patients of a trial in which each day may have a visit."""
    ids = tuple(f"S{number}" for number in range(n))
    grid = Grid(days, per_day, tuple(range(1, days + 2)))
    return Patients(
        library.load("warfarin_hamberg2007"), ids, COVARIATES if covariates is None else covariates, grid, 1
    )


def seen(who: Patients, day: int, values: Sequence[float] | Floats, given: Floats, name: str = INR) -> History:
    """What is known on a day on which these values are measured."""
    measured = np.full((who.n, day), np.nan)
    measured[:, -1] = values
    return History(who, tuple(range(1, day + 1)), {name: measured}, given)


def revised(policy: Policy, titration: Titration, plan: Plan, history: History) -> Plan:
    """The plan after a visit, by the policy, or else by the titration: as a trial does it."""
    return policy.revise(plan, history) or titration.revise(plan, history)

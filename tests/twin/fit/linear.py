"""A linear mixed model as a model of the twin: its likelihood has a closed form that owes nothing to the twin's.

y = a + b t + noise, a and b normal between patients and correlated; the level is a state that grows at the rate b.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from twin.error import Error
from twin.model import Compartment, Floats, Model
from twin.quantity import Assumed
from twin.variability import Variability

_MADE_UP = "made up for the test"


class Line(NamedTuple):
    intercept: Any
    slope: Any


class Level(NamedTuple):
    risen: Any


MODEL = Model(
    name="line",
    citation=_MADE_UP,
    covariates=(),
    parameters={"intercept": Assumed(5.0, "1", _MADE_UP), "slope": Assumed(0.4, "1/h", _MADE_UP)},
    individual=lambda theta, covariates: Line(theta["intercept"], theta["slope"]),
    start=lambda p: Level(0.0),
    rates=lambda p, s: Level(p.slope + 0.0 * s.risen),
    compartments={"level": Compartment("risen")},
    observe=lambda p, s: {"level": p.intercept + s.risen},
    observables={"level": "1"},
    variability=Variability(
        between={"intercept": Assumed(1.0, "SD", _MADE_UP), "slope": Assumed(0.2, "SD", _MADE_UP)},
        correlations={("intercept", "slope"): Assumed(0.3, "1", _MADE_UP)},
    ),
    errors={"level": Error(additive=Assumed(0.5, "1", _MADE_UP))},
)


def table(patients: int = 30, seed: int = 1) -> pd.DataFrame:
    """Return patients with 3 to 6 measurements each, at times of their own."""
    random, rows = np.random.default_rng(seed), []
    for who in range(patients):
        a, b = random.multivariate_normal([4.0, 0.5], [[1.5, 0.15], [0.15, 0.05]])
        for time in np.sort(random.uniform(0, 10, random.integers(3, 7))):
            rows.append((who + 1, time, a + b * time + 0.6 * random.standard_normal()))
    return pd.DataFrame(rows, columns=["ID", "TIME", "DV"])


def exact_ofv(frame: pd.DataFrame, theta: Floats, omega: Floats, sigma: float) -> float:
    """Return -2 ln L without n ln(2 pi): the measurements of each patient are jointly normal."""
    found = 0.0
    for _, one in frame.groupby("ID"):
        design = np.stack([np.ones(len(one)), one["TIME"].to_numpy()], axis=1)
        spread = design @ omega @ design.T + sigma**2 * np.eye(len(one))
        away = one["DV"].to_numpy() - design @ theta
        found += np.linalg.slogdet(spread)[1] + away @ np.linalg.solve(spread, away)
    return float(found)

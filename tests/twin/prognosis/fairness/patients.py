"""Made-up patients of three groups, whose chances fit one group and not another."""

import numpy as np
import pandas as pd
from scipy.special import expit


def patients(count: int = 900, seed: int = 0) -> pd.DataFrame:
    """Return a table with group, sex, a measurement, a truth, a chance that is too low in C, and a class."""
    random = np.random.default_rng(seed)
    group = random.choice(["A", "B", "C"], count, p=[0.5, 0.3, 0.2])
    measured = random.normal(size=count)
    truth = random.random(count) < expit(measured - 0.5 + 1.2 * (group == "C"))
    chance = np.round(expit(measured - 0.5 + 0.2 * random.normal(size=count)), 3)
    return pd.DataFrame(
        {
            "group": group,
            "sex": random.choice(["f", "m"], count),
            "measured": measured,
            "truth": truth.astype(float),
            "chance": chance,
            "class": (chance >= 0.4).astype(float),
            "dose": 30.0 + 5.0 * measured,
            "foretold": 30.0 + 4.0 * measured + 2.0 * (group == "B"),
        }
    )

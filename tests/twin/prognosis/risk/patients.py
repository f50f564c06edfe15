"""Made-up patients with gaps and levels, whose chance, number and time of an event are known."""

import numpy as np
import pandas as pd

from twin.prognosis.question import Question

FEATURES = ("age", "marker", "sex", "noise")


def patients(count: int = 300, seed: int = 0) -> pd.DataFrame:
    """Return patients of three hospitals: `died` (0, 1), `score` (a number), `days` and `CNSR` (a time)."""
    random = np.random.default_rng(seed)
    marker, age = random.normal(size=count), random.normal(60.0, 10.0, count)
    sex = random.choice(["female", "male"], count)
    risk = 1.2 * marker + 0.04 * (age - 60.0) + np.where(sex == "male", 0.5, -0.5)
    time, cut = random.exponential(np.exp(-risk) * 10.0), random.exponential(30.0, count)
    return pd.DataFrame(
        {
            "USUBJID": [f"SECRET-{number}" for number in range(count)],
            "age": np.where(random.uniform(size=count) < 0.1, np.nan, age),
            "marker": marker,
            "sex": pd.Series(sex).where(random.uniform(size=count) > 0.05, None),
            "noise": random.normal(size=count),
            "hospital": random.choice(["north", "south", "west"], count),
            "day": random.integers(0, 1000, count).astype(float),
            "died": (random.uniform(size=count) < 1.0 / (1.0 + np.exp(-risk))).astype(float),
            "score": 2.0 * risk + random.normal(size=count),
            "days": np.minimum(time, cut),
            "CNSR": (time > cut).astype(float),
        }
    )


QUESTIONS = {
    "binary": Question("died", "binary", FEATURES),
    "continuous": Question("score", "continuous", FEATURES),
    "survival": Question("days", "survival", FEATURES, horizon=12.0),
}

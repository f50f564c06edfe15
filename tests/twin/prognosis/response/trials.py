"""Made-up trials whose effects are known: 1 + slope * x1, of x1 normal; the outcome hangs on x1 and x2 as well."""

import numpy as np
import pandas as pd

from twin.prognosis.response.question import Asked
from twin.trials.analysis.table import Arms

ARMS = Arms("new", "old", "arm")
ASKED = Asked("y", ARMS, ("x1", "x2", "site"))


def trial(count: int = 600, slope: float = 1.0, seed: int = 0, chance: float = 0.5) -> pd.DataFrame:
    """Return a trial; `effect` is each patient's own, which no analysis reads."""
    random = np.random.default_rng(seed)
    x1, x2 = random.normal(size=(2, count))
    treated = random.random(count) < chance
    effect = 1.0 + slope * x1
    return pd.DataFrame(
        {
            "x1": x1,
            "x2": x2,
            "site": random.choice(["a", "b"], count),
            "arm": np.where(treated, "new", "old"),
            "y": x1 + 0.5 * x2 + treated * effect + random.normal(size=count),
            "effect": effect,
        }
    )

"""What-if: what other doses would do to one fitted patient, arm by arm on the same draws and luck."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from twin.engine import float64_on_cpu
from twin.fit.forecast import Forecast, by_moment, check_moments, courses, summary
from twin.fit.patient import Posterior
from twin.model import Floats
from twin.regimen import Doses, check_doses
from twin.solve.choose import structure_of


@dataclass(frozen=True, eq=False)
class Difference:
    """By how much one arm is above another at times [time], in the same draw: the median, and bounds that hold `level`.

    `higher` is how likely the arm is above the reference. Shapes: [observable, time].
    """

    arm: str
    reference: str
    time_h: Floats
    observables: Mapping[str, str]
    level: float
    value: Floats
    lower: Floats
    upper: Floats
    higher: Floats

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each observable and time, hours from the start."""
        told = ("value", "lower", "upper", "higher")
        return by_moment(self.time_h, self.observables, {name: getattr(self, name) for name in told})


@dataclass(frozen=True, eq=False)
class Arms:
    """Forecasts by arm, and the difference of each arm from each before it."""

    forecasts: Mapping[str, Forecast]
    differences: tuple[Difference, ...]


def what_if(
    posterior: Posterior, time_h: Floats, arms: Mapping[str, Doses], *, level: float = 0.9, seed: int = 0
) -> Arms:
    """Foretell what each arm's doses would come to, on the same draws and luck.

    Raises `RegimenError` for doses that the model cannot have, and `ValueError` for times that do not ascend.
    """
    moments, model = check_moments(time_h), posterior.model
    for doses in arms.values():
        check_doses(doses, model.compartments, linear=not structure_of(model).rest)
    with float64_on_cpu():
        seen = {name: courses(posterior, moments, doses) for name, doses in arms.items()}
    forecasts = {name: summary(posterior, moments, one, level, seed) for name, one in seen.items()}
    bounds = (0.5, 0.5 - level / 2, 0.5 + level / 2)
    differences = []
    for reference, arm in combinations(seen, 2):
        above = seen[arm] - seen[reference]
        value, lower, upper = np.quantile(above, bounds, axis=-1).transpose(0, 2, 1)
        higher = (above > 0).mean(axis=-1).T
        differences.append(Difference(arm, reference, moments, model.observables, level, value, lower, upper, higher))
    return Arms(forecasts, tuple(differences))


def continued(doses: Doses, other: Doses) -> Doses:
    """Return a patient's doses until the first of others, and the others from then on: what may still be changed.

    An infusion in progress goes on; resets count as doses do.
    """
    first = min([*other.time_h[:1], *other.reset_h[:1]], default=np.inf)
    kept = doses.time_h < first

    def joined(name: str) -> Any:
        return np.concatenate([getattr(doses, name)[kept], getattr(other, name)])

    return Doses(
        joined("time_h"),
        joined("amount"),
        joined("compartment"),
        joined("rate"),
        joined("interval_h"),
        joined("steady"),
        np.concatenate([doses.reset_h[doses.reset_h < first], other.reset_h]),
        joined("line"),
        other.place,
    )

"""Ever: whether an observable was outside a bound at some visit; an endpoint of safety."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kg.files.checked import Number, Text
from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.risk_difference import RiskDifference
from twin.trials.grid import Grid


class Ever(Endpoint):
    """1 for who was measured above, or below, a bound at least once while followed; else 0."""

    kind: Literal["ever"] = "ever"
    observable: Text
    above: Number | None = None
    below: Number | None = None
    better: Literal["higher", "lower"] = "lower"

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("expected either above or below, the bound that is passed")
        return self

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return (self.observable,)

    def outcome(self, course: Course) -> Outcome:
        """Return who was outside."""
        seen = course.seen(self.observable)
        outside = self.outside(seen)
        known = np.isfinite(seen).any(axis=1)
        return Value(np.where(known, outside.any(axis=1).astype(np.float64), np.nan))

    def outside(self, seen: Floats) -> NDArray[np.bool_]:
        """Return which measurements pass the bound; one that was not made (NaN) does not."""
        if self.above is not None:
            return np.asarray(seen > self.above)
        return np.asarray(seen < (-np.inf if self.below is None else self.below))

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        bound = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return f"the share ever measured with {self.observable} {bound}" + " while followed" * leave

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return RiskDifference()

    @property
    def failure(self) -> float:
        """The value of who failed."""
        return 0.0 if self.better == "higher" else 1.0

    @property
    def scale(self) -> tuple[float, str, str]:
        """Shares are read in percent, differences in points."""
        return 100.0, "%", " points"

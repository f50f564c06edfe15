"""Dose: the mean daily dose that was taken while a patient was followed."""

from typing import Literal

import numpy as np

from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.estimators.estimator import Estimator
from twin.trials.estimators.unadjusted import Unadjusted
from twin.trials.grid import Grid
from twin.trials.units import Day


class MeanDose(Endpoint):
    """What was taken from `from_day` on, a mean over the days followed."""

    kind: Literal["mean_dose"] = "mean_dose"
    from_day: Day = 1
    better: Literal["higher", "lower"] = "lower"

    def outcome(self, course: Course) -> Outcome:
        """Return each patient's mean daily dose."""
        day = course.grid.day_of_step
        counted = (day >= self.from_day) & (day <= course.last_day[:, np.newaxis])
        days = counted.sum(axis=1) / course.grid.per_day
        taken = course.doses.sum(axis=1, where=counted)
        return Value(np.divide(taken, days, out=np.full(course.n, np.nan), where=days > 0))

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        return f"the mean daily dose taken from day {self.from_day} on" + " while followed" * leave

    @property
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""
        return Unadjusted()

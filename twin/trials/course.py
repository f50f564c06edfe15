"""Course: what happened to all patients in one arm."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.model import Floats
from twin.trials.grid import Grid

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Course:
    """What happened to all patients in one arm, whether or not it was seen.

    - `true` [patient, step + 1] and `measured` [patient, visit], by observable;
    - `doses` taken and doses `given` (handed out), [patient, step];
    - `events` [patient] by hazard: the day on which it happened, infinite where it never did;
    - `last_day` [patient]: the last day of follow-up, infinite for who never leaves;
    - `died` [patient]: whether follow-up ended with life, so that nothing is missing after it.

    A course that could not be computed is NaN from there on.
    """

    arm: str
    grid: Grid
    true: Mapping[str, Floats]
    measured: Mapping[str, Floats]
    doses: Floats
    given: Floats
    events: Mapping[str, Floats]
    last_day: Floats
    died: Mask

    @property
    def n(self) -> int:
        """How many patients there are."""
        return len(self.last_day)

    @property
    def failed(self) -> Mask:
        """Whose course could not be computed: [patient]."""
        return np.asarray(~np.all([np.isfinite(one[:, -1]) for one in self.true.values()], axis=0))

    def seen(self, observable: str) -> Floats:
        """Return what was measured while patients were followed: [patient, visit], NaN where they were not."""
        days = np.array(self.grid.visits)
        return np.where(days <= self.last_day[:, np.newaxis], self.measured[observable], np.nan)

    def some(self, who: Mask | NDArray[np.intp]) -> "Course":
        """Return the course of some patients."""
        cut: dict[str, Any] = {
            field.name: {name: one[who] for name, one in value.items()} if isinstance(value, Mapping) else value[who]
            for field in fields(self)
            if field.name not in ("arm", "grid")
            for value in [getattr(self, field.name)]
        }
        return replace(self, **cut)

    def complete(self) -> "Course":
        """Return the course as if nobody had left; who died has."""
        stayed = np.where(self.died, self.last_day, np.inf)
        return replace(self, last_day=stayed)

    def until(self, day: Floats) -> "Course":
        """Return the course as if each patient had left before the morning after a day: [patient]."""
        return replace(self, last_day=np.minimum(self.last_day, day))

    def last_until(self, day: Floats) -> "Course":
        """Return the course in which what was last measured by a day [patient] stands for all that comes after it.

        Of who was followed until then; what is measured before the first dose stands for nothing: NaN after a day
        before any other visit.
        """
        happened = day <= np.minimum(self.last_day, self.grid.days)
        visits = np.array(self.grid.visits)
        place = np.searchsorted(visits, day, side="right") - 1  # of the last visit by that day
        known = (place >= 0) & (visits[np.maximum(place, 0)] > 1)
        later = happened[:, np.newaxis] & (visits > day[:, np.newaxis])
        measured = {}
        for name, values in self.measured.items():
            last = np.where(known, values[np.arange(self.n), np.maximum(place, 0)], np.nan)
            measured[name] = np.where(later, last[:, np.newaxis], values)
        return replace(self, measured=measured, last_day=np.where(happened, np.inf, self.last_day))

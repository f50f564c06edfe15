"""Study: a stored trial on a calendar, its subjects numbered as in a study's data."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import Floats
from twin.trials.course import Course
from twin.trials.export.names import slug
from twin.trials.policies.placebo import Placebo
from twin.trials.stored import Stored

START = date(2000, 1, 1)
"""The made-up day on which the first patient may come."""
SITE, COUNTRY = "001", "ZZZ"
"""One site, in no country: ZZZ is ISO 3166's code for users' own use."""
_FREQUENCIES = {6: "Q6H", 8: "TID", 12: "BID", 24: "QD", 48: "QOD", 168: "QS", 336: "Q2S", 504: "Q3S", 672: "Q4S"}
"""Hours from dose to dose -> CDISC's frequency."""

Dates = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Study:
    """A stored trial with an identifier and a start. In a trial of twins each twin is a subject in every arm."""

    stored: Stored
    study_id: str
    start: date = START

    @classmethod
    def of(cls, stored: Stored, study_id: str | None = None, start: date = START) -> "Study":
        """Return a study; its identifier is made of the trial's name if not given."""
        return cls(stored, study_id or slug(stored.design.trial.name), start)

    @property
    def twins(self) -> bool:
        """Whether patients are shown in every arm."""
        return self.stored.design.trial.design == "twins"

    @cached_property
    def subjects(self) -> tuple[pd.DataFrame, ...]:
        """For each arm a row a subject: its identifiers, ARM, ARMCD, TRT01PN, and FIRST, the date of day 1."""
        everyone = tuple(self.stored.potential["USUBJID"].drop_duplicates())
        came = dict(zip(everyone, self.stored.design.enrolment.days(everyone, self._seed), strict=True))
        found = []
        for place, (course, cohort) in enumerate(zip(self.stored.courses, self.stored.cohorts, strict=True), start=1):
            subject = [f"{name}-{place}" if self.twins else name for name in cohort.ids]
            first = [np.datetime64(self.start) + np.timedelta64(int(came[name]), "D") for name in cohort.ids]
            rows = {
                "STUDYID": self.study_id,
                "USUBJID": [f"{self.study_id}-{name}" for name in subject],
                "SUBJID": subject,
                "TWINID": cohort.ids,
                "ARM": course.arm,
                "ARMCD": f"ARM{place}",
                "TRT01PN": float(place),
                "FIRST": np.array(first, "datetime64[D]"),
            }
            found.append(pd.DataFrame(rows))
        return tuple(found)

    @property
    def _seed(self) -> int:
        return self.stored.design.trial.seed

    @property
    def treatment(self) -> str:
        """What is given: the drug that the model is named after, where it is of one."""
        model = self.stored.design.model
        return model.name.partition("_")[0].upper() if model.drug else "STUDY TREATMENT"

    @property
    def dose_unit(self) -> str:
        """The unit of doses, none where doses are pure numbers."""
        unit = self.stored.design.model.dose_unit
        return "" if unit == "1" else unit

    def ends(self, course: Course) -> Floats:
        """Return the day of each subject's end of participation: the morning after the last dose, if none earlier."""
        return np.minimum(course.last_day, course.grid.days + 1.0)

    @cached_property
    def doses(self) -> tuple[pd.DataFrame, ...]:
        """For each arm the intervals in which the same dose was taken at every scheduled time.

        Columns: row (of the subject in the arm), treatment, dose, frequency, first and last (steps, from 0). A placebo
        is a dose of 0 on every day of follow-up; what was held or missed is no interval.
        """
        design = self.stored.design
        return tuple(
            self._intervals(course, arm.policy.apart(design.grid), isinstance(arm.policy, Placebo), arm.policy.every_h)
            for course, arm in zip(self.stored.courses, design.arms, strict=True)
        )

    def _intervals(self, course: Course, apart: int, placebo: bool, every_h: float) -> pd.DataFrame:
        followed = course.grid.day_of_step <= course.last_day[:, np.newaxis]
        on_time = np.arange(course.grid.steps) % apart == 0
        taken = followed & ((course.doses > 0) | (on_time if placebo else False))
        row, step = np.nonzero(taken)
        dose = course.doses[row, step]
        new = np.ones(row.size, bool)
        new[1:] = (np.diff(row) != 0) | (np.diff(step) != apart) | (np.diff(dose) != 0)
        begins = np.flatnonzero(new)
        ends = np.append(begins[1:], row.size) - 1
        hours = int(every_h)
        return pd.DataFrame(
            {
                "row": row[begins],
                "treatment": np.where(dose[begins] > 0, self.treatment, "PLACEBO"),
                "dose": dose[begins],
                "frequency": _FREQUENCIES.get(hours, f"EVERY {hours} HOURS"),
                "first": step[begins],
                "last": step[ends],
            }
        )


def first_days(subjects: pd.DataFrame) -> Dates:
    """Return the date of each subject's day 1."""
    return subjects["FIRST"].to_numpy().astype("datetime64[D]")


def on_day(first: Dates, day: Floats) -> Dates:
    """Return the dates of days of the trial, from 1, NaT where a day is not finite; `first` is that of day 1."""
    known = np.isfinite(day)
    moved = first + (np.where(known, day, 1.0).astype(np.int64) - 1).astype("timedelta64[D]")
    return np.where(known, moved, np.datetime64("NaT", "D"))


def iso(dates: Dates) -> list[str]:
    """Return dates, or dates and times to the minute, as ISO 8601 has them; nothing for none."""
    return ["" if np.isnat(one) else str(one) for one in dates]

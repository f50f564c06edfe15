"""Study: a stored trial on a calendar, its subjects numbered as in a study's data."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import Floats
from twin.trials.course import Course
from twin.trials.export.dataset import ExportError
from twin.trials.export.names import slug
from twin.trials.policies.placebo import Placebo
from twin.trials.stored import Stored

START = date(2000, 1, 1)
"""The made-up day on which the first patient may come."""
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""The first and the last date of a study: within what programs that count in nanoseconds, as pandas, can hold."""
SITE, COUNTRY = "001", "ZZZ"
"""One site, in no country: ZZZ is ISO 3166's code for users' own use."""
_FREQUENCIES = {6: "Q6H", 8: "TID", 12: "BID", 24: "QD", 48: "QOD", 168: "QS", 336: "Q2S", 504: "Q3S", 672: "Q4S"}
"""Hours from dose to dose -> CDISC's frequency."""

Dates = NDArray[np.datetime64]


class BadStudyId(ExportError):
    """A STUDYID that says nothing, or has characters that cannot be shown."""


class OutOfCalendar(ExportError):
    """A start, or an end, of a study in a year that its dates cannot have."""


@dataclass(frozen=True, eq=False)
class Study:
    """A stored trial with an identifier and a start. In a trial of twins each twin is a subject in every arm.

    Raises `BadStudyId`, or `OutOfCalendar` where the start or the last day of who comes last is out of the calendar.
    """

    stored: Stored
    study_id: str
    start: date = START

    def __post_init__(self) -> None:
        if not self.study_id.strip() or not self.study_id.isprintable():
            raise BadStudyId(f"study: got {self.study_id!r}, expected an identifier of characters that can be seen")
        years = f"dates from {EARLIEST} to {LATEST}"
        if not EARLIEST <= self.start <= LATEST:
            raise OutOfCalendar(f"start: got {self.start}; an export has {years}: choose another start")
        last = max(self._came.values(), default=0.0)
        if not last + self.stored.design.days <= (LATEST - self.start).days:
            told = f"the last patient comes {last / 7:.4g} weeks after the start, {self.start}"
            todo = "choose an earlier start, or state a faster enrolment and run the trial again"
            raise OutOfCalendar(f"enrolment: {told}; an export has {years}: {todo}")

    @classmethod
    def of(cls, stored: Stored, study_id: str | None = None, start: date = START) -> "Study":
        """Return a study; its identifier is made of the trial's name if not given."""
        return cls(stored, slug(stored.design.trial.name) if study_id is None else study_id, start)

    @property
    def twins(self) -> bool:
        """Whether patients are shown in every arm."""
        return self.stored.design.trial.design == "twins"

    @cached_property
    def subjects(self) -> tuple[pd.DataFrame, ...]:
        """For each arm a row a subject: its identifiers, ARM, ARMCD, TRT01PN, and FIRST, the date of day 1."""
        came, found = self._came, []
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

    @cached_property
    def _came(self) -> dict[str, float]:
        """The day on which each patient comes, from 0."""
        everyone = tuple(self.stored.potential["USUBJID"].drop_duplicates())
        with np.errstate(over="ignore"):  # who comes at next to no rate comes never: an infinite day
            days = self.stored.design.enrolment.days(everyone, self.stored.design.trial.seed)
        return dict(zip(everyone, days.tolist(), strict=True))

    @property
    def named(self) -> list[tuple[str, str]]:
        """What the trial's design names and datasets show: each text, after its key in the trial's file."""
        design = self.stored.design
        found = [("study", self.study_id)]
        found += [(f"arms[{place}].name", arm.name) for place, arm in enumerate(design.arms)]
        found += [(f"hazards[{place}].name", hazard.name.upper()) for place, hazard in enumerate(design.hazards)]
        for place, endpoint in enumerate(design.endpoints):
            own = re.compile(re.escape(endpoint.name) + r"(CNSR|_D\d+)?")
            columns = [str(name) for name in self.stored.potential if own.fullmatch(str(name))]
            found.append((f"endpoints[{place}].name", max([endpoint.name, *columns], key=len)))
            found.append((f"endpoints[{place}].events", " OR ".join(getattr(endpoint, "events", ())).upper()))
        return found

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates of the patients, by name."""
        return tuple(self.stored.cohorts[0].covariates)

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

    def treated(self, course: Course, doses: pd.DataFrame) -> NDArray[np.bool_]:
        """Return who took something of what the arm gives: [patient]; everybody of an arm that gives nobody anything.

        `doses` are the arm's intervals.
        """
        took: NDArray[np.bool_] = np.isin(np.arange(course.n), doses["row"])
        return took | (not course.given.any() and doses.empty)

    def ends(self, course: Course) -> Floats:
        """Return the day of each subject's end of participation: the morning after the last dose, if none earlier."""
        return np.minimum(course.last_day, course.grid.days + 1.0)

    @cached_property
    def doses(self) -> tuple[pd.DataFrame, ...]:
        """For each arm the intervals in which the same dose was taken at every scheduled time.

        Columns: row (of the subject in the arm), treatment, dose, frequency, first and last (steps, from 0). A placebo
        is a dose of 0 on every day of follow-up; what was held or missed is no interval, nor is any other dose of 0.
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
        ends = np.append(begins, row.size)[1:] - 1  # none where nobody took anything
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

"""Schedule: when each look comes, what is known by then, and the power under hazards that need not be proportional."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from twin.trials.design.boundaries import Boundaries, Looks, boundaries
from twin.trials.design.spending import Floats
from twin.trials.design.timing import WITH_EVENTS, Course, Waiting, look_times


@dataclass(frozen=True)
class Schedule:
    """The looks of a trial of events: times, patients enrolled, events and average hazard ratios, each [look].

    `events` are control's and treatment's, [look, 2]; `power` is the chance to have rejected until each look, where
    bounds are told.
    """

    course: Course
    times: tuple[float, ...]
    enrolled: Floats
    events: Floats
    ratios: Floats
    bounds: Boundaries | None
    power: Floats | None

    @property
    def total(self) -> Floats:
        """Return the events of both arms, [look]."""
        return np.asarray(self.events.sum(axis=1))

    def ratio_at_bound(self, bounds: Floats) -> Floats:
        """Return the hazard ratio that is observed where z is at these bounds, [look]."""
        return np.asarray(np.exp(-bounds / np.sqrt(self.total * _worth(self.course.allocation))))

    def to_frame(self) -> pd.DataFrame:
        """Return a row a look."""
        frame = pd.DataFrame(
            {
                "look": np.arange(1, len(self.times) + 1),
                "time": self.times,
                "enrolled": self.enrolled,
                "events": self.total,
                "events_control": self.events[:, 0],
                "events_treatment": self.events[:, 1],
                "average_hazard_ratio": self.ratios,
            }
        )
        if self.bounds is not None:
            bounds = self.bounds.to_frame()
            frame["upper"], frame["lower"] = bounds["upper"], bounds["lower"]
            frame["hazard_ratio_at_bound"] = self.ratio_at_bound(bounds["upper"].to_numpy())
            frame["power"] = self.power
        return frame

    def to_json(self) -> dict[str, Any]:
        """Return the schedule and what it assumes as JSON values."""
        course = self.course
        return {
            "looks": self.to_frame().astype(object).where(lambda frame: frame.notna(), None).to_dict("records"),
            "patients": course.enrolment.total,
            "enrolment_ends": course.enrolment.length,
            "power": None if self.power is None else float(self.power[-1]),
            "boundaries": None if self.bounds is None else self.bounds.to_json(),
            "assumptions": {
                "enrolment": list(course.enrolment.rates),
                "accrual": list(course.enrolment.durations),
                "control_hazard": list(course.hazards.control),
                "hazard_ratio": list(course.hazards.ratios),
                "changes": list(course.hazards.changes),
                "dropout": course.hazards.dropout,
                "allocation": course.allocation,
            },
        }

    def to_text(self) -> str:
        """Return the schedule in a few lines."""
        enrolment = self.course.enrolment
        last = f"the last look at {self.times[-1]:.2f}"
        lines = [f"{enrolment.total:.1f} patients, enrolled until {enrolment.length:g}; {last}"]
        if len(set(self.course.hazards.ratios)) > 1:
            lines.append("hazards are not proportional: what a look sees is the average ratio of its events")
        if self.power is not None and self.bounds is not None:
            lines.append(f"power {self.power[-1]:.4f} at one-sided alpha {self.bounds.looks.alpha:g}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def schedule_for(
    course: Course, events: tuple[float, ...], waiting: Waiting = WITH_EVENTS, looks: Looks | None = None
) -> Schedule:
    """Return the schedule of looks at so many events; raise `ValueError` where they never come."""
    return schedule_at(course, look_times(course, events, waiting), looks)


def schedule_at(course: Course, times: tuple[float, ...], looks: Looks | None = None) -> Schedule:
    """Return the schedule of looks at these times.

    `looks` tell errors and how bounds are placed, one-sided; their information is what the events say. Raises
    `ValueError` for times that do not ascend or at which there is no event yet.
    """
    if not times or not all(earlier < later for earlier, later in zip((0.0, *times[:-1]), times, strict=True)):
        raise ValueError(f"got the times {times}, expected ascending numbers above 0")
    events = np.array([course.events(time).sum(axis=1) for time in times])
    logs = np.array([course.average_log_ratio(time) for time in times])
    enrolled = np.array([course.enrolment.enrolled(time) for time in times])
    bounds, power = None, None
    if looks is not None:
        if looks.sides != 1:
            raise ValueError(f"got {looks.sides} sides: the power of a schedule is one-sided, halve a two-sided alpha")
        total = events.sum(axis=1)
        information = tuple((total / total[-1]).tolist())
        bounds = boundaries(replace(looks, information=(*information[:-1], 1.0)))
        power = np.cumsum(bounds.walked(_drifts(logs, total, course.allocation)).rejecting)
    return Schedule(course, times, enrolled, events, np.exp(logs), bounds, power)


def _drifts(logs: Floats, events: Floats, allocation: float) -> Floats:
    """Return the drift of each step between looks, in units of the last look's information, [look]."""
    shares = events / events[-1]
    means = -logs * shares * np.sqrt(events[-1] * _worth(allocation))
    return np.asarray(np.diff(means, prepend=0.0) / np.diff(shares, prepend=0.0))


def _worth(allocation: float) -> float:
    """Return the information of one event."""
    return allocation / (1.0 + allocation) ** 2

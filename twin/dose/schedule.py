"""Schedules: how one dose after another is given, when its effect is looked at, and what is seen then.

Everybody takes the same schedule, each an amount of their own, perhaps another one for the first doses. A timeline of
unit doses is laid out once and scaled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import jax
import numpy as np

from twin.dose.target import DoseError
from twin.engine import TOLERANCE, begin, follow
from twin.model import Floats, Individual, Model
from twin.regimen import Doses
from twin.timeline import Entry, Look, timeline

AT_ONCE = 4096
"""Courses that are laid out at once."""
FEWEST_CYCLES, MOST_CYCLES = 16, 1024
SETTLED = 5e-3
"""A course is settled where its later half changes what is seen by no more than this share: what is left to come is
about the square of it, since the rest shrinks by as much again."""
TROUGH, MEAN, PEAK = "trough", "mean", "peak"
MEASURES = (TROUGH, MEAN, PEAK)
_EDGES = np.array([0.0, 1 / 256, 1 / 64, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0])
"""Of the pieces between two events, as shares: short where a dose has just come."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


@dataclass(frozen=True)
class Schedule:
    """A dose each `every_h` hours from time 0 on (infinity: one dose alone), into a compartment of the model.

    `compartment` is the model's usual one if not given; `duration_h` is an infusion's, 0 a bolus. What counts is the
    end of the last interval, before the next dose (trough), the mean or the highest value within it, or what is seen
    `after_h` hours after its dose. The interval ends at `at_h`; without it, when doses have been taken for so long that
    nothing changes any more. The `first` doses may have an amount of their own: see `Phases`.
    """

    every_h: float = 24.0
    compartment: str | None = None
    duration_h: float = 0.0
    measure: str = TROUGH
    after_h: float | None = None
    at_h: float | None = None
    first: int = 0

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise DoseError(f"got measure {self.measure!r}, expected {', '.join(MEASURES)}")
        if not self.every_h > 0 or not 0 <= self.duration_h < np.inf:
            raise DoseError(
                f"a dose each {self.every_h:g} h over {self.duration_h:g} h: expected an interval above 0 h and a"
                " duration from 0 h on"
            )
        if self.at_h is None and not np.isfinite(self.every_h):
            raise DoseError("one dose alone has no steady state: say when its effect is looked at (--at 3d)")
        if self.at_h is not None and not 0 < self.at_h < np.inf:
            raise DoseError(f"looked at after {self.at_h:g} h: expected a time after the first dose")
        if self.after_h is not None and not 0 <= self.after_h <= self.every_h:
            raise DoseError(
                f"looked at {self.after_h:g} h after a dose: expected 0 to {self.every_h:g} h, the interval"
            )
        if self.after_h is not None and self.at_h is not None:
            raise DoseError("give either a time after a dose (--after) or one of the course (--at), not both")

    def __str__(self) -> str:
        """Return how doses are given, in words."""
        how = "once" if not np.isfinite(self.every_h) else f"every {_time(self.every_h)}"
        how += f", each over {_time(self.duration_h)}" if self.duration_h else ""
        return how + (f", into {self.compartment}" if self.compartment else "")


class Phases(NamedTuple):
    """Amounts in two phases: of the schedule's `first` doses, and of all that come then. Shapes: alike."""

    first: Floats
    then: Floats


Amounts = Floats | Phases
"""What each takes: one amount, or one in each phase."""


@dataclass(frozen=True)
class Window:
    """When people are looked at: from `start_h` to `end_h`, mostly the last interval, of a course, settled or not."""

    start_h: float
    end_h: float
    settled: bool

    @property
    def words(self) -> str:
        """When that is, in words."""
        return f"after {_time(self.end_h)}" + (", at steady state" if self.settled else "")


def place_of(model: Model, schedule: Schedule) -> int:
    """Return the number of the compartment that doses go into, from 0; raise `DoseError` where there is none."""
    names = list(model.compartments)
    if schedule.compartment is None:
        return 0
    if schedule.compartment not in names:
        raise DoseError(f"got compartment {schedule.compartment!r}, expected one of {model.name}'s: {', '.join(names)}")
    return names.index(schedule.compartment)


def window_at(schedule: Schedule, end_h: float, settled: bool = False) -> Window:
    """Return the interval that ends at a time."""
    return Window(max(0.0, end_h - schedule.every_h), end_h, settled)


@dataclass(frozen=True)
class Seen:
    """What is seen of people in a window: courses by observable, [person, node]; NaN where they failed.

    `point` is the node that counts where one does. `weight` [person, node] is how long each node stands for, as a share
    of the window; none of it where only that one node was asked for.
    """

    courses: Mapping[str, Floats]
    weight: Floats
    point: int

    def counted(self, observable: str, measure: str) -> Floats:
        """Return what counts of an observable: [person]."""
        course = self.courses[observable]
        if measure == MEAN:
            return np.asarray((course * self.weight).sum(axis=1))
        return np.asarray(course.max(axis=1) if measure == PEAK else course[:, self.point])


def seen(model: Model, people: Individual, amounts: Amounts, schedule: Schedule, window: Window, whole: bool) -> Seen:
    """Return what is seen of people, each on an amount of their own: in the `whole` window, or at the one point.

    Shapes: people and amounts [person].
    """
    count, parts = len(jax.tree.leaves(amounts)[0]), []
    for first in range(0, count, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        few, given = jax.tree.map(lambda one, some=some: one[some], (people, amounts))
        parts.append(_some(model, few, given, schedule, window, whole))
    courses = {name: np.concatenate([part.courses[name] for part in parts]) for name in model.observables}
    return Seen(courses, np.concatenate([part.weight for part in parts]), parts[0].point)


def _some(model: Model, people: Individual, amounts: Amounts, schedule: Schedule, window: Window, whole: bool) -> Seen:
    first_amounts, then = amounts if isinstance(amounts, Phases) else (amounts, amounts)
    place, count = place_of(model, schedule), len(then)
    entry = Entry.of(model.compartments, people, count)
    lag = entry.lag_h[place]
    apart = np.stack([lag, entry.share[place] if schedule.duration_h else np.ones(count)])
    _, first, kind = np.unique(apart, axis=1, return_index=True, return_inverse=True)
    kinds = [_looks(schedule, window, float(lag[one]), whole) for one in first]
    few = jax.tree.map(lambda one: one[first], people)
    line, twice = (
        timeline(
            [_unit_doses(place, schedule, window, of_first)] * len(first),
            [look for look, _ in kinds],
            Entry.of(model.compartments, few, len(first)),
            model.longest_step_h,
        )
        for of_first in (1.0, 2.0 if schedule.first else 1.0)
    )
    column = line.column[kind]

    def given(unit: Floats, doubled: Floats) -> Floats:
        return np.asarray(unit[:, :, column] * then + (doubled - unit)[:, :, column] * (first_amounts - then))

    own = replace(
        line,
        column=np.arange(count),
        hours=line.hours if line.hours.ndim == 1 else line.hours[:, column],
        bolus=given(line.bolus, twice.bolus),
        inflow=None if line.inflow is None or twice.inflow is None else given(line.inflow, twice.inflow),
        asked=line.asked[:, column],
    )
    found = follow(model, people, begin(model, people), own)
    told = np.isfinite(np.array(jax.tree.leaves(people))).all(axis=0)
    failed = ~(told & (found.error <= TOLERANCE))
    courses = {name: np.take_along_axis(course, own.asked.T, axis=1) for name, course in found.seen.items()}
    for course in courses.values():
        course[failed | ~np.isfinite(course).all(axis=1)] = np.nan
    weight = np.stack([one for _, one in kinds])[kind]
    return Seen(courses, weight, int(np.flatnonzero(weight[0] == 0)[0]))


def _unit_doses(place: int, schedule: Schedule, window: Window, of_first: float) -> Doses:
    """Return doses of 1 until the window ends, those of the first phase of another amount, at the same times."""
    count = int(np.ceil(window.end_h / schedule.every_h - 1e-9)) if np.isfinite(schedule.every_h) else 1
    time: Floats = np.arange(count, dtype=np.float64) * (schedule.every_h if count > 1 else 0.0)
    none = np.zeros(count)
    amount = np.where(np.arange(count) < schedule.first, of_first, 1.0)
    rate = amount / schedule.duration_h if schedule.duration_h else none
    whole, line = np.zeros(count, np.int64), np.arange(1, count + 1)
    return Doses(time, amount, whole + place + 1, rate, none, whole, np.zeros(0), line, "dose")


def _looks(schedule: Schedule, window: Window, lag_h: float, whole: bool) -> tuple[Look, Floats]:
    """Return when a person whose doses come `lag_h` late is looked at, and how long each look stands for.

    Between two events (a dose comes, an infusion ends) the course is smooth.
    """
    start, length = window.start_h, window.end_h - window.start_h
    point = window.end_h if schedule.after_h is None else start + schedule.after_h
    times, weight = np.array([point]), np.zeros(1)
    if whole:
        cycle = schedule.every_h if np.isfinite(schedule.every_h) else np.inf
        events = np.array([np.mod(lag_h - start, cycle), np.mod(lag_h + schedule.duration_h - start, cycle)])
        more = np.arange(1, np.ceil(length / cycle - 1e-9))[:, None] * min(cycle, length)
        inside = np.minimum(np.append(events, events + more), length)
        edges = np.sort([0.0, *inside.tolist(), length])
        pieces = np.concatenate([low + (high - low) * _EDGES for low, high in pairwise(edges)])
        low, high = pieces[:-1], pieces[1:]
        nodes = low[:, None] + (high - low)[:, None] * (_NODES + 1) / 2
        times = np.append(times, start + nodes.ravel())
        weight = np.append(weight, ((high - low)[:, None] * _WEIGHTS / 2 / length).ravel())
    order = np.argsort(times, kind="stable")
    after = np.zeros(len(times), bool)
    after[0] = schedule.after_h is not None
    return Look(times[order], after[order]), weight[order]


def _time(hours: float) -> str:
    return f"{hours / 24:g} d" if hours >= 24 and hours % 24 == 0 else f"{hours:g} h"

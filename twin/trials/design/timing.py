"""Timing: when events come, from how patients are enrolled, fail and leave; so when a trial can be looked at.

Everything is constant by pieces: patients enrolled a unit of time, the control's hazard and the ratio of the hazards,
both by the time since a patient's entry; patients leave at a constant hazard. All times are in one unit. Lachin JM,
Foulkes MA. Evaluation of sample size and power for analyses of survival with allowance for nonuniform patient entry,
losses to follow-up, noncompliance, and stratification. Biometrics 1986;42:507-519.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq

from twin.trials.design.spending import Floats

_NEVER = 1e7
"""Times an enrolment's length after which no event is waited for."""


@dataclass(frozen=True)
class Enrolment:
    """Patients enrolled a unit of time, [piece], each for so long, [piece]; both arms together.

    >>> Enrolment((5.0, 15.0), (3.0, 3.0)).enrolled(4.0)
    30.0
    """

    rates: tuple[float, ...]
    durations: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.durations) or not self.rates:
            raise ValueError(
                f"got {len(self.rates)} rates of enrolment for {len(self.durations)} durations, expected one for each"
            )
        if not all(np.isfinite(rate) and rate >= 0.0 for rate in self.rates) or not any(self.rates):
            raise ValueError(f"got the rates of enrolment {self.rates}, expected numbers of 0 or more, not all 0")
        if not all(np.isfinite(length) and length > 0.0 for length in self.durations):
            raise ValueError(f"got the durations of enrolment {self.durations}, expected numbers above 0")

    @property
    def length(self) -> float:
        """Return when the last patient is enrolled."""
        return float(sum(self.durations))

    @property
    def total(self) -> float:
        """Return all patients."""
        return float(np.dot(self.rates, self.durations))

    def enrolled(self, time: float) -> float:
        """Return the patients enrolled until then."""
        return float(sum(rate * np.clip(time - begin, 0.0, end - begin) for rate, begin, end in self.pieces))

    @property
    def pieces(self) -> list[tuple[float, float, float]]:
        """Return (rate, from, to) of each piece."""
        edges = np.concatenate([[0.0], np.cumsum(self.durations)]).tolist()
        return [(rate, begin, end) for rate, (begin, end) in zip(self.rates, pairwise(edges), strict=True)]

    def scaled(self, patients: float) -> "Enrolment":
        """Return the enrolment of so many patients, in the same proportions over the same time."""
        factor = patients / self.total
        return Enrolment(tuple(rate * factor for rate in self.rates), self.durations)


@dataclass(frozen=True)
class Hazards:
    """The control's hazards and treatment's ratios to them, [piece], which change at times since entry, [piece - 1].

    `dropout` is the hazard of leaving, the same in both arms.
    """

    control: tuple[float, ...]
    ratios: tuple[float, ...]
    changes: tuple[float, ...] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        pieces = len(self.changes) + 1
        for name, values in (("hazards on control", self.control), ("hazard ratios", self.ratios)):
            if len(values) != pieces:
                raise ValueError(f"got {len(values)} {name} for {pieces - 1} changes, expected {pieces}")
            if not all(np.isfinite(value) and value > 0.0 for value in values):
                raise ValueError(f"got the {name} {values}, expected numbers above 0")
        if not all(earlier < later for earlier, later in pairwise((0.0, *self.changes))):
            raise ValueError(f"got the changes {self.changes}, expected ascending times above 0")
        if not (np.isfinite(self.dropout) and self.dropout >= 0.0):
            raise ValueError(f"got dropout {self.dropout:g}, expected 0 or more")

    @classmethod
    def of_medians(
        cls, medians: tuple[float, ...], ratios: tuple[float, ...], changes: tuple[float, ...], dropout: float
    ) -> "Hazards":
        """Return hazards, each of such a median time; one value stands for all pieces.

        Raises `ValueError` where the numbers of values do not fit, or where one is out of range.
        """
        for median in medians:
            if not (np.isfinite(median) and median > 0.0):
                raise ValueError(f"got the control median {median:g}, expected a number above 0")
        hazards = tuple(float(np.log(2.0) / median) for median in medians)
        pieces = len(changes) + 1
        spread = [values * pieces if len(values) == 1 else values for values in (hazards, ratios)]
        return cls(spread[0], spread[1], changes, dropout)

    def seen(self, since_entry: Floats, treated: bool) -> Floats:
        """Return the integral, over followed times from 0 to these, of the chance of an event seen by then.

        Shapes: [time] -> [piece, time], by the piece in which the event happens.
        """
        alive, found = 1.0, []
        edges = [0.0, *self.changes, np.inf]
        for hazard, ratio, (begin, end) in zip(self.control, self.ratios, pairwise(edges), strict=True):
            hazard = hazard * ratio if treated else hazard
            both = hazard + self.dropout
            within = np.clip(since_entry, begin, end) - begin
            gone = -np.expm1(-both * within) / both
            beyond = np.maximum(since_entry - end, 0.0) if np.isfinite(end) else 0.0
            whole = 1.0 if np.isinf(end) else float(-np.expm1(-both * (end - begin)))
            found.append(alive * hazard / both * (within - gone + whole * beyond))
            alive *= 1.0 - whole
        return np.array(found)


@dataclass(frozen=True)
class Course:
    """How a trial goes: enrolment, hazards, and patients on treatment for each one on control."""

    enrolment: Enrolment
    hazards: Hazards
    allocation: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.allocation) and self.allocation > 0.0):
            raise ValueError(f"got the allocation ratio {self.allocation:g}, expected a number above 0")

    def events(self, time: float) -> Floats:
        """Return the events to expect until then, [arm, piece]; control first, a piece is one of the hazards."""
        counted = np.zeros((2, len(self.hazards.control)))
        shares = (1.0 / (1.0 + self.allocation), self.allocation / (1.0 + self.allocation))
        for rate, begin, end in self.enrolment.pieces:
            since = np.maximum(time - np.array([begin, end]), 0.0)
            for arm, share in enumerate(shares):
                integral = self.hazards.seen(since, treated=arm == 1)
                counted[arm] += share * rate * (integral[:, 0] - integral[:, 1])
        return counted

    def total(self, time: float) -> float:
        """Return the events to expect until then, of both arms."""
        return float(self.events(time).sum())

    def time_of(self, events: float) -> float:
        """Return when so many events are to be expected; raise `ValueError` where they never are."""
        if not (np.isfinite(events) and events > 0.0):
            raise ValueError(f"got {events:g} events, expected a number above 0")
        latest = self.enrolment.length
        while self.total(latest) < events:
            latest *= 2.0
            if latest > _NEVER * self.enrolment.length:
                raise ValueError(
                    f"{self.enrolment.total:g} patients come to {self.total(latest):.1f} events in the end, expected"
                    f" {events:g}: enrol more, or plan with fewer events"
                )
        return float(brentq(lambda time: self.total(time) - events, 0.0, latest, xtol=1e-10))

    def average_log_ratio(self, time: float) -> float:
        """Return the logarithm of the average hazard ratio at a look: each piece's, weighed by its events until then.

        Mukhopadhyay P, Huang W, Metcalfe P, et al. Statistical and practical considerations in designing of
        immuno-oncology trials. J Biopharm Stat 2020;30:1130-1146.
        """
        weights = self.events(time).sum(axis=0)
        return float(weights @ np.log(self.hazards.ratios) / weights.sum())


@dataclass(frozen=True)
class Waiting:
    """What a look waits for beside its events: so long after the last patient is enrolled, so long after the last look.

    Without either, a look comes with its events.
    """

    follow_up: float | None = None
    gap: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("follow-up", self.follow_up or 0.0), ("gap between looks", self.gap)):
            if not (np.isfinite(value) and value >= 0.0):
                raise ValueError(f"got the {name} {value:g}, expected 0 or more")


WITH_EVENTS = Waiting()
"""A look waits for nothing but its events."""


def look_times(course: Course, events: tuple[float, ...], waiting: Waiting = WITH_EVENTS) -> tuple[float, ...]:
    """Return when each look comes: with its events, but not before what it waits for.

    Raises `ValueError` for events that do not ascend, or never come.
    """
    if not events or not all(earlier < later for earlier, later in pairwise((0.0, *events))):
        raise ValueError(f"got the events {events}, expected ascending numbers above 0")
    times: list[float] = []
    for wanted in events:
        earliest = 0.0 if waiting.follow_up is None else course.enrolment.length + waiting.follow_up
        if times:
            earliest = max(earliest, times[-1] + waiting.gap)
        times.append(max(course.time_of(wanted), earliest))
    return tuple(times)


@dataclass(frozen=True)
class Accrual:
    """How patients are to come and be followed, where their number is sought: `enrolment` tells proportions only.

    The last patient is followed for `follow_up`; `control_median` is the median time to the event on control, [piece],
    by the time since entry, which changes at `changes`. Until their event patients leave at a constant hazard,
    `dropout`.
    """

    enrolment: Enrolment
    follow_up: float
    control_median: tuple[float, ...]
    changes: tuple[float, ...] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.follow_up) and self.follow_up >= 0.0):
            raise ValueError(f"got follow-up {self.follow_up:g}, expected 0 or more")
        self.course(1.0, 1.0)

    def course(self, hazard_ratio: float, allocation: float, events: float | None = None) -> Course:
        """Return how the trial goes; with the patients who have so many events until the end, where they are told."""
        hazards = Hazards.of_medians(self.control_median, (hazard_ratio,), self.changes, self.dropout)
        course = Course(self.enrolment, hazards, allocation)
        if events is None:
            return course
        patients = events / course.total(self.end) * self.enrolment.total
        return Course(self.enrolment.scaled(patients), hazards, allocation)

    @property
    def end(self) -> float:
        """Return when the last patient has been followed for as long as is planned."""
        return self.enrolment.length + self.follow_up

    def to_json(self) -> dict[str, Any]:
        """Return what is assumed, by name; one value where there is one piece."""
        return {
            "accrual": _plain(self.enrolment.durations),
            "enrolment": _plain(self.enrolment.rates),
            "follow_up": self.follow_up,
            "control_median": _plain(self.control_median),
            "changes": list(self.changes),
            "dropout": self.dropout,
        }


def _plain(values: tuple[float, ...]) -> float | list[float]:
    return values[0] if len(values) == 1 else list(values)

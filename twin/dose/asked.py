"""What is asked of a dose search, and what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from twin.dose.schedule import TROUGH, Schedule, Window
from twin.dose.subjects import Spread, Subjects
from twin.dose.target import DoseError, Limit, Target, parse_hours, parse_limit, parse_target
from twin.model import Floats, Model

LEAST, MOST = 1e-3, 1e4
"""The doses that are tried where no bounds are given, in the model's unit."""
TRIED = 13
"""Doses of the first grid."""


@dataclass(frozen=True)
class Bounds:
    """The least and the most of one dose, and what it is a multiple of; None: anything is possible.

    Raises `DoseError` where no dose is within.
    """

    low: float | None = None
    high: float | None = None
    step: float | None = None

    def __post_init__(self) -> None:
        low, high = self.least, self.most
        if not (0 <= low < high < np.inf):
            raise DoseError(f"doses from {low:g} to {high:g}: expected 0 <= low < high")
        if self.step is not None and not (self.step > 0 and max(self.multiples[0], 1) <= self.multiples[1]):
            raise DoseError(f"no multiple of the step {self.step:g} is from {low:g} to {high:g}: choose another step")

    @property
    def least(self) -> float:
        """The least dose."""
        return 0.0 if self.low is None else self.low

    @property
    def most(self) -> float:
        """The most of a dose."""
        return max(MOST, 1000 * self.least) if self.high is None else self.high

    @property
    def multiples(self) -> tuple[float, float]:
        """The numbers of steps that the least and the most dose are."""
        assert self.step is not None
        return float(np.ceil(self.least / self.step - 1e-9)), float(np.floor(self.most / self.step + 1e-9))

    @property
    def grid(self) -> Floats:
        """The doses that are seen first, ascending: [dose]."""
        low, high = self.least, self.most
        if self.step is not None:
            low, high = (number * self.step for number in self.multiples)
        if low > 0:
            return np.geomspace(low, high, TRIED, dtype=np.float64)
        least = min(LEAST if self.high is None else high / 1000, high)
        return np.concatenate([np.zeros(1), np.geomspace(least, high, TRIED - 1, dtype=np.float64)])

    def around(self, dose: Floats) -> Floats:
        """Return the multiples of the step on both sides of each dose, within bounds: [2, patient]."""
        assert self.step is not None
        least, most = self.multiples
        below = np.floor(dose / self.step + 1e-9)
        return np.asarray((np.clip(np.stack([below, below + 1]), least, most) * self.step).round(12))


@dataclass(frozen=True)
class Change:
    """How doses change: the first `loading` are others than those for the long run, and bring what counts to the target
    `loaded_h` hours after the first one; None: at the end of the last loading dose's interval.

    `most` is by which share a dose may differ from the one before it; `current` is the dose that patients are on.
    Raises `DoseError` for what does not go together.
    """

    loading: int = 0
    loaded_h: float | None = None
    most: float | None = None
    current: float | None = None

    def __post_init__(self) -> None:
        if self.loading and self.current is not None:
            raise DoseError("loading doses are for who begins (--loading), not for who is on a dose (--current)")
        if self.loaded_h is not None and not self.loading:
            raise DoseError("say how many loading doses there are (--loading) until then (--loading-at)")
        if self.most is not None and not (self.most > 0 and (self.loading or self.current is not None)):
            raise DoseError(
                f"a change of at most {self.most:g}: expected a share above 0, and what doses change from: the dose a"
                " patient is on (--current) or loading doses (--loading)"
            )
        if self.current is not None and not (self.current > 0 and self.most is not None):
            raise DoseError(
                f"on a dose of {self.current:g}: expected one above 0, and the most it may change (--most-change)"
            )

    def held(self, dose: Floats, after: Floats) -> Floats:
        """Return first doses as near to wanted ones as the change to what comes after them lets them be: [patient]."""
        if self.most is None:
            return dose
        return np.clip(dose, after / (1 + self.most), after / (1 - self.most) if self.most < 1 else np.inf)


@dataclass(frozen=True)
class Asked:
    """What is asked of a dose: a target, how it is given, its bounds, limits that it must keep with a probability of
    `confidence` among patients like the one, and how doses may change."""

    target: Target
    schedule: Schedule = field(default_factory=Schedule)
    bounds: Bounds = field(default_factory=Bounds)
    limits: tuple[Limit, ...] = ()
    confidence: float = 0.95
    change: Change = field(default_factory=Change)

    def __post_init__(self) -> None:
        if not 0 < self.confidence <= 1:
            raise DoseError(f"the confidence is {self.confidence:g}; expected a share above 0, at most 1")
        change, every = self.change, self.schedule.every_h
        if self.schedule.at_h is not None and (change.loading or change.current is not None):
            raise DoseError(
                "loading doses (--loading) and a change from the dose a patient is on (--current) lead to a dose for"
                " the long run: leave out when it is looked at (--at)"
            )
        if change.loaded_h is not None and change.loaded_h < change.loading * every - 1e-9:
            raise DoseError(
                f"loaded after {change.loaded_h:g} h: expected {change.loading * every:g} h or more, when the last of"
                f" {change.loading} loading doses has had its interval"
            )

    def broken(self, kept: Floats) -> str:
        """Return which limits are kept less likely than asked, in words; empty where all are. Shape: kept [limit]."""
        told = [
            f"{limit} has a probability of {one:.2f}"
            for limit, one in zip(self.limits, kept, strict=True)
            if not one >= self.confidence
        ]
        return f"{', '.join(told)}; {self.confidence:g} is asked for" if told else ""

    @property
    def middle(self) -> float:
        """The target, or the middle of its range."""
        return (self.target.low + self.target.high) / 2


class How(TypedDict, total=False):
    """How a dose is given, looked at and bounded, as it is written: times as "12h" or "84d", limits as "OBSERVABLE<4".

    - `every`: how often, a day if not said, or "once"; `duration` of an infusion; `compartment` of the model;
    - `low`, `high`, `step`: bounds of one dose in the model's unit, and what it is a multiple of;
    - `measure`: what counts of the last interval, "trough", "mean" or "peak"; or what is seen some time `after` a dose;
    - `at`: when, after the first dose, that interval ends; if not said, once nothing changes any more;
    - `limits`, each kept throughout that interval with a probability of `confidence`;
    - `loading`: so many first doses of an amount of their own, which meets the target at `loading_at`, if not said at
      the end of their last interval; `most_change`: the share by which a dose may differ from the one before;
      `current`: the dose that patients are on.
    """

    low: float | None
    high: float | None
    step: float | None
    every: str
    compartment: str | None
    duration: str | None
    measure: str
    after: str | None
    at: str | None
    limits: Sequence[str]
    confidence: float
    loading: int | None
    loading_at: str | None
    most_change: float | None
    current: float | None


def asked(model: Model, target: str, **how: Unpack[How]) -> Asked:
    """Read what is asked of a dose, as it is written: a target, OBSERVABLE=2.5 or OBSERVABLE=2:3, and `How`.

    Raises `twin.dose.target.DoseError` for what cannot be read or does not fit together.
    """
    every = how.get("every", "24h")
    duration, after, at, loaded = how.get("duration"), how.get("after"), how.get("at"), how.get("loading_at")
    return Asked(
        parse_target(target, model),
        Schedule(
            np.inf if every == "once" else parse_hours(every),
            how.get("compartment"),
            parse_hours(duration) if duration else 0.0,
            how.get("measure", TROUGH),
            parse_hours(after) if after else None,
            parse_hours(at) if at else None,
        ),
        Bounds(how.get("low"), how.get("high"), how.get("step")),
        tuple(parse_limit(limit, model) for limit in how.get("limits", ())),
        how.get("confidence", 0.95),
        Change(
            how.get("loading") or 0,
            parse_hours(loaded) if loaded else None,
            how.get("most_change"),
            how.get("current"),
        ),
    )


@dataclass(frozen=True, eq=False)
class Found:
    """What was found, [patient] each: the dose, NaN where `reasons` (by id) say why there is none.

    `tried` is the dose itself, or the one that comes nearest; `value` what counts of the target's observable on it, and
    `spread` how patients differ on it. `monotone`: the observable only rises, or only falls, over the doses tried.
    """

    asked: Asked
    subjects: Subjects
    window: Window
    dose: Floats
    tried: Floats
    value: Floats
    spread: Spread
    monotone: NDArray[np.bool_]
    reasons: Mapping[str, str]

"""Solve: the smallest dose at which what is seen of each patient has a value.

A grid of doses is seen first, so that nothing is assumed of how the observable hangs on the dose; the first bracket of
the value is then divided until a straight line is exact enough. Where tablets have a size, the multiples of it on both
sides of the dose are seen, and the nearer one is taken.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kg.progress import Progress, silent
from twin.dose.asked import LEAST, Asked, Bounds
from twin.dose.schedule import FEWEST_CYCLES, MOST_CYCLES, SETTLED, Window, window_at
from twin.dose.subjects import Subjects, middles
from twin.dose.target import DoseError
from twin.model import Floats

NARROW = 1.004
"""How many times its lower end the upper end of a bracket may be, for a straight line to do."""
_SIDE = 1 / 32
"""How far on each side of a guess is seen, as a share of the bracket."""
_NEAR = np.array([0.25, 0.5, 0.8, 0.95, 1.02, 1.3])
"""Doses that are seen first where a shorter course has told about where the answer is, as shares of that."""
_FLAT = 1e-7
"""A change smaller than this, as a share of the largest value, is none."""

Response = Callable[[Floats], Floats]
"""What is seen of each patient on several doses: [dose, patient] of [dose, patient]."""


class Solved(NamedTuple):
    """[patient] each: whether the value is reached within the bounds, the dose, and what is seen on it.

    Where it is not reached, the dose comes nearest to it. `monotone`: what is seen only rises, or only falls.
    `restless`: nothing comes to rest, however many doses are taken; the value is not reached then.
    """

    met: NDArray[np.bool_]
    dose: Floats
    value: Floats
    monotone: NDArray[np.bool_]
    restless: NDArray[np.bool_]


def settled(
    subjects: Subjects, asked: Asked, value: float | Floats, progress: Progress = silent
) -> tuple[Window, Solved]:
    """Solve in the window that is asked for, or at each patient's steady state; returns the longest window needed.

    A patient's dose is searched for after more and more doses, until twice as many change what is seen of it no more.
    Raises `DoseError` where nobody's course comes to rest in `MOST_CYCLES` doses: a model may know no steady state.
    """
    schedule, count = asked.schedule, len(subjects.ids)
    wanted = np.broadcast_to(np.asarray(value, np.float64), (count,))
    if schedule.at_h is not None:
        window = window_at(schedule, schedule.at_h)
        return window, solve(_response(subjects, asked, window), wanted, asked.bounds)
    never, unknown = np.zeros(count, bool), np.full(count, np.nan)
    found = Solved(never.copy(), unknown.copy(), unknown.copy(), ~never, never.copy())
    left, calm, cycles = np.arange(count), never.copy(), FEWEST_CYCLES
    while cycles <= MOST_CYCLES:
        progress(f"search at {cycles} doses", 1 - len(left) / count)
        few, window = subjects.only(left), window_at(schedule, cycles * schedule.every_h, settled=True)
        now = _again(_response(few, asked, window), wanted[left], asked.bounds, _some(found, left))
        for whole, part in zip(found, now, strict=True):
            whole[left] = part
        left = left[~calm[left] & np.isfinite(found.value[left])]
        if not left.size:
            return window, found
        later = window_at(schedule, 2 * cycles * schedule.every_h)
        seen = _response(subjects.only(left), asked, later)(found.dose[left][None])[0]
        calm[left] = ~(np.abs(seen - found.value[left]) > SETTLED * np.abs(seen))
        cycles *= 2
    if len(left) == count:
        raise DoseError(
            f"{asked.target.observable} comes to no steady state in {MOST_CYCLES} doses {schedule}: say when it is"
            " looked at (--at 84d)"
        )
    found.restless[left], found.met[left] = True, False
    return window, found


def _some(found: Solved, left: NDArray[np.int64]) -> Solved:
    met, dose, value, monotone, restless = found
    return Solved(met[left], dose[left], value[left], monotone[left], restless[left])


def window_on(subjects: Subjects, doses: Floats, asked: Asked) -> Window:
    """Return the window that is asked for, or the first in which nobody changes any more on given doses: [patient].

    Where somebody always does, it is the last that was tried, and not said to be settled.
    """
    schedule = asked.schedule
    if schedule.at_h is not None:
        return window_at(schedule, schedule.at_h)
    cycles, before = FEWEST_CYCLES, np.full(len(doses), np.inf)
    while cycles <= MOST_CYCLES:
        window = window_at(schedule, cycles * schedule.every_h, settled=True)
        seen = _response(subjects, asked, window)(doses[None])[0]
        if not (np.abs(seen - before) > SETTLED * np.abs(seen)).any():
            return window
        cycles, before = 2 * cycles, seen
    return replace(window, settled=False)


def _again(response: Response, wanted: Floats, bounds: Bounds, before: Solved) -> Solved:
    """Solve near the dose that was found after fewer doses; all over where that is not enough for all."""
    if before.met.all() and before.monotone.all():
        near = solve(response, wanted, bounds, before.dose)
        if near.met.all():
            return near
    return solve(response, wanted, bounds)


def solve(response: Response, wanted: Floats, bounds: Bounds, near: Floats | None = None) -> Solved:
    """Return the smallest dose, within bounds, at which what is seen of each patient is as wanted: [patient].

    `near` has doses that are not far from it; NaN where nothing is known.
    """
    grid = np.repeat(bounds.grid[:, None], len(wanted), axis=1)
    if near is not None:
        grid = np.clip(np.where(np.isfinite(near), _NEAR[:, None] * near, np.nan), bounds.least, bounds.most)
    values = response(grid)
    rise = np.diff(values, axis=0) / np.nanmax(np.abs(values), axis=0, initial=1e-300)
    monotone = ~((rise > _FLAT).any(axis=0) & (rise < -_FLAT).any(axis=0))
    met, low, high = _narrowed(response, wanted, _first_bracket(grid, values, wanted))
    rising = high[1] - low[1]
    share = np.where(rising == 0, 0.0, (wanted - low[1]) / np.where(rising == 0, 1.0, rising))
    nearest = np.argmin(np.where(np.isfinite(values), np.abs(values - wanted), np.inf), axis=0)
    dose = np.where(met, low[0] + share * (high[0] - low[0]), np.take_along_axis(grid, nearest[None], axis=0)[0])
    if bounds.step is not None:
        tried = bounds.around(dose)
        away = np.abs(response(tried) - wanted)
        dose = np.where(away[1] < away[0], tried[1], tried[0])
    return Solved(met, dose, response(dose[None])[0], monotone, np.zeros(len(dose), bool))


Bracket = tuple[NDArray[np.bool_], Floats, Floats]
"""Who has a bracket, and dose and value at its low and its high end: [2, patient] each."""


def _narrowed(response: Response, wanted: Floats, bracket: Bracket) -> Bracket:
    """Return brackets that are narrow; who has none keeps none.

    Both sides of where a straight line would have the value are seen, so that a bracket shrinks even where it bends.
    """
    met, low, high = bracket
    while (met & (high[0] > NARROW * low[0]) & (high[0] > LEAST * (NARROW - 1))).any():
        rise = np.where(high[1] == low[1], 1.0, high[1] - low[1])
        guess = np.clip((wanted - low[1]) / rise, _SIDE, 1 - _SIDE)
        doses = _between(low[0], high[0], np.stack([guess - _SIDE, guess + _SIDE]))
        again, left, right = _first_bracket(
            np.concatenate([low[:1], doses, high[:1]]),
            np.concatenate([low[1:], response(doses), high[1:]]),
            wanted,
        )
        stuck = (left[0] == low[0]) & (right[0] == high[0])
        low, high = np.where(again, left, low), np.where(again, right, high)
        met = met & again & ~stuck
    return bracket[0], low, high


def _first_bracket(doses: Floats, values: Floats, wanted: Floats) -> Bracket:
    """Return the first bracket of each patient."""
    away = values - wanted
    with np.errstate(invalid="ignore"):
        crosses = np.isfinite(away[:-1]) & np.isfinite(away[1:]) & (np.sign(away[:-1]) * np.sign(away[1:]) <= 0)
    place = np.argmax(crosses, axis=0)[None]
    low, high = (
        np.concatenate([np.take_along_axis(what, place + one, axis=0) for what in (doses, values)]) for one in (0, 1)
    )
    return np.asarray(crosses.any(axis=0)), low, high


def _between(low: Floats, high: Floats, share: Floats) -> Floats:
    """Return doses between two, by shares of the logarithm where the lower one has any: [share, patient]."""
    positive = low > 0
    ratio = np.where(positive, high / np.where(positive, low, 1.0), 1.0)
    return np.where(positive, low * ratio**share, low + (high - low) * share)


def _response(subjects: Subjects, asked: Asked, window: Window) -> Response:
    return lambda amounts: middles(subjects, amounts, asked.schedule, window, asked.target.observable)

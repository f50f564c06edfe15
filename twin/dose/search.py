"""Search: the dose that brings each patient to a target under limits, or why no dose does.

A bound is never passed off as an answer: where no dose meets the target there is none, and the nearest is told apart.
"""

import numpy as np
from numpy.typing import NDArray

from kg.progress import Progress, part, silent
from twin.dose.asked import Asked, Found
from twin.dose.schedule import MOST_CYCLES, Window, place_of
from twin.dose.solve import Solved, settled, window_on
from twin.dose.subjects import Spread, Subjects, middles, spread
from twin.model import Floats

_TRIED = 25
"""Doses tried at once for the one that is in a range the longest, or that keeps limits."""
_ZOOMS = 2
_WIDER = 4.0
"""How many times the dose for the middle of a range may be more or less than the best."""
_NEVER = 1e-9


def find(subjects: Subjects, asked: Asked, progress: Progress = silent) -> Found:
    """Return the dose that brings each patient to a target, or the one that keeps the patient in a range the longest.

    Of several doses that meet a value the smallest is meant. Raises `twin.dose.target.DoseError` for what the model
    cannot do.
    """
    place_of(subjects.model, asked.schedule)
    target = asked.target
    window, solved = settled(subjects, asked, asked.middle, part(progress, 0.0, 0.6))
    progress("how patients differ on it", 0.6)
    if target.is_range:
        solved = _in_range(subjects, asked, window, solved)
    around = spread(subjects, solved.dose, asked.schedule, window, target, asked.limits)
    reasons = _unmet(subjects, asked, solved, around)
    breaking = solved.met & ~_kept(around, asked)
    if breaking.any() and not target.is_range:
        some = np.flatnonzero(breaking)
        solved = _within_limits(subjects, asked, window, solved, some)
        around = spread(subjects, solved.dose, asked.schedule, window, target, asked.limits)
    progress("how patients differ on it", 1.0)
    dose = np.array([np.nan if who in reasons else one for who, one in zip(subjects.ids, solved.dose, strict=True)])
    return Found(asked, subjects, window, dose, solved.dose, solved.value, around, solved.monotone, reasons)


def on_doses(subjects: Subjects, doses: Floats, asked: Asked) -> tuple[Floats, Spread, Window]:
    """Return what counts of patients on given doses [patient], in the window asked for or at steady state."""
    schedule, observable = asked.schedule, asked.target.observable
    window = window_on(subjects, doses, asked)
    value = middles(subjects, doses[None], schedule, window, observable)[0]
    return value, spread(subjects, doses, schedule, window, asked.target, asked.limits), window


def _kept(around: Spread, asked: Asked) -> NDArray[np.bool_]:
    """Return who keeps all limits, [patient]."""
    return np.asarray((around.kept >= asked.confidence).all(axis=0))


def _in_range(subjects: Subjects, asked: Asked, window: Window, solved: Solved) -> Solved:
    """Return the doses that are in the range the longest, of those that keep the limits: the smallest of the best."""
    bounds = asked.bounds
    low = np.maximum(solved.dose / _WIDER, max(bounds.least, bounds.grid[bounds.grid > 0].min()))
    high = np.clip(solved.dose * _WIDER, low, bounds.most)
    best, score = solved.dose, np.full(len(low), -1.0)
    for _ in range(_ZOOMS + 1):
        tried = np.geomspace(low, high, _TRIED)
        best, score = _best(subjects, asked, window, tried)
        ratio = (high / low) ** (1 / (_TRIED - 1))
        low, high = np.maximum(best / ratio, low), np.minimum(best * ratio, high)
    if bounds.step is not None:
        best, score = _best(subjects, asked, window, bounds.around(best))
    value = middles(subjects, best[None], asked.schedule, window, asked.target.observable)[0]
    return Solved((score > _NEVER) & ~solved.restless, best, value, solved.monotone, solved.restless)


def _best(subjects: Subjects, asked: Asked, window: Window, tried: Floats) -> tuple[Floats, Floats]:
    """Return the best of the doses tried, and how long they are in the range: [patient] each.

    Of doses that are as good, the one whose middle is nearest to the range's; a dose that breaks a limit is last.
    """
    scores = np.empty_like(tried)
    for place, doses in enumerate(tried):
        around = spread(subjects, doses, asked.schedule, window, asked.target, asked.limits)
        scores[place] = np.where(_kept(around, asked), around.in_range, -1.0)
    values = middles(subjects, tried, asked.schedule, window, asked.target.observable)
    away = np.abs(values - asked.middle)
    scores = np.where(np.isfinite(scores), scores, -2.0)
    equal = scores >= scores.max(axis=0) - _NEVER
    place = np.argmin(np.where(equal, np.nan_to_num(away, nan=np.inf), np.inf), axis=0)[None]
    return np.take_along_axis(tried, place, axis=0)[0], np.take_along_axis(scores, place, axis=0)[0]


def _within_limits(subjects: Subjects, asked: Asked, window: Window, solved: Solved, some: NDArray[np.int64]) -> Solved:
    """Return, for some patients, the dose that keeps the limits and comes nearest to the target; where none does, the
    one that keeps them most likely."""
    few, bounds = subjects.only(some), asked.bounds
    dose = solved.dose.copy()
    low = np.full(len(some), bounds.grid[bounds.grid > 0].min())
    high = np.full(len(some), bounds.most)
    for _ in range(_ZOOMS):
        tried = np.geomspace(low, high, _TRIED)
        if bounds.step is not None:
            tried = bounds.around(tried.ravel())[0].reshape(tried.shape)
        kept = np.stack(
            [spread(few, one, asked.schedule, window, asked.target, asked.limits).kept.min(axis=0) for one in tried]
        )
        away = np.abs(middles(few, tried, asked.schedule, window, asked.target.observable) - asked.target.low)
        allowed = kept >= asked.confidence
        rank = np.where(allowed, away, 1e12 * (2 - np.nan_to_num(kept)))
        place = np.argmin(rank, axis=0)[None]
        dose[some] = np.take_along_axis(tried, place, axis=0)[0]
        ratio = (high / low) ** (1 / (_TRIED - 1))
        low, high = dose[some] / ratio, np.minimum(dose[some] * ratio, bounds.most)
    value = middles(subjects, dose[None], asked.schedule, window, asked.target.observable)[0]
    return solved._replace(dose=dose, value=value)


def _unmet(subjects: Subjects, asked: Asked, solved: Solved, around: Spread) -> dict[str, str]:
    """Return why patients have no dose, by id."""
    unit, name, found = subjects.model.dose_unit, asked.target.observable, dict[str, str]()
    for place in np.flatnonzero(~(solved.met & _kept(around, asked))):
        who, dose, value = subjects.ids[place], solved.dose[place], solved.value[place]
        if who in subjects.missing:
            found[who] = f"{subjects.missing[who]} is missing"
        elif solved.restless[place]:
            found[who] = f"{name} comes to no steady state in {MOST_CYCLES} doses: say when it is looked at (--at 84d)"
        elif not np.isfinite(value):
            found[who] = "the course leaves the range of numbers at every dose tried"
        elif asked.target.is_range:
            why = "no dose within the bounds is ever in the range" if not solved.met[place] else "no dose keeps it"
            found[who] = f"{why}: {name} is {value:.4g} on {dose:.4g} {unit}"
        elif not solved.met[place]:
            most = "at most" if value < asked.target.low else "at least"
            found[who] = f"{name} reaches {most} {value:.4g}, on {dose:.4g} {unit}: {asked.target} is out of reach"
        else:
            found[who] = f"on {dose:.4g} {unit}, the dose for {asked.target}, {asked.broken(around.kept[:, place])}"
    return found

"""Loading: first doses that bring patients to a target early, and the steps from the dose they are on to another.

The dose for the long run is found first (`twin.dose.search`); these lead to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kg.progress import Progress, silent
from twin.dose.asked import Found
from twin.dose.schedule import PEAK, Phases, Window, window_at
from twin.dose.solve import Solved, solve
from twin.dose.subjects import Spread, middles, spread
from twin.model import Floats

PERIOD = 2
"""Limits and the highest value are looked at from the first dose until so many times when the target is met."""
MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class Loaded:
    """The loading doses found, [patient] each: NaN where `reasons` (by id) say why there is none.

    `tried` is the dose itself or the one that comes nearest, `wanted` what it would be if doses might change by more;
    `value` what counts in the window, with `spread`; `highest` the most that a middle comes to in the whole `period`.
    """

    window: Window
    period: Window
    dose: Floats
    tried: Floats
    wanted: Floats
    value: Floats
    highest: Floats
    spread: Spread
    reasons: Mapping[str, str]


def loaded(found: Found, progress: Progress = silent) -> Loaded:
    """Find each patient's loading dose: the smallest that meets the target, or the middle of its range, in time.

    Limits are held against the whole period, with the doses for the long run that follow.
    """
    asked, subjects = found.asked, found.subjects
    change, schedule = asked.change, replace(asked.schedule, first=asked.change.loading)
    end = change.loaded_h or change.loading * schedule.every_h
    window, period = window_at(schedule, end), Window(0.0, PERIOD * end, False)
    name, then = asked.target.observable, found.tried

    def response(doses: Floats) -> Floats:
        return middles(subjects, Phases(doses, np.broadcast_to(then, doses.shape)), schedule, window, name)

    progress("loading doses", 0.0)
    solved = solve(response, np.full(len(then), asked.middle), asked.bounds)
    tried = _given(found, solved.dose)
    given = Phases(tried, then)
    around = spread(subjects, given, schedule, window, asked.target, ())
    most = replace(schedule, measure=PEAK, after_h=None)
    highest = middles(subjects, Phases(tried[None], then[None]), most, period, name)[0]
    if asked.limits:
        around = replace(around, kept=spread(subjects, given, most, period, asked.target, asked.limits).kept)
    reasons = _without(found, solved, around)
    progress("loading doses", 1.0)
    dose = np.array([np.nan if who in reasons else one for who, one in zip(subjects.ids, tried, strict=True)])
    value = response(tried[None])[0]
    return Loaded(window, period, dose, tried, solved.dose, value, highest, around, reasons)


def steps_to(dose: float, found: Found) -> list[float]:
    """Return the doses from the one that patients are on to another, each as far from the one before as it may be.

    Whole multiples of the bounds' step; none of it where even one step of those is too far, or nothing is to change.
    """
    change, size = found.asked.change, found.asked.bounds.step
    assert change.current is not None and change.most is not None
    now, steps = change.current, list[float]()
    while np.isfinite(dose) and not np.isclose(now, dose) and len(steps) < MOST_STEPS:
        up = dose > now
        following = min(dose, now * (1 + change.most)) if up else max(dose, now * (1 - change.most))
        if size is not None:
            number = following / size
            following = round(float(np.floor(number + 1e-9) if up else np.ceil(number - 1e-9)) * size, 12)
        if np.isclose(following, now) or (following > now) != up:
            return []
        now = following
        steps.append(now)
    return steps


def _given(found: Found, wanted: Floats) -> Floats:
    """Return loading doses as they can be given: no further from the next doses than they may be, in whole tablets."""
    change, bounds = found.asked.change, found.asked.bounds
    if change.most is None:
        return wanted
    held = np.clip(change.held(wanted, found.tried), bounds.least, bounds.most)
    if bounds.step is None:
        return held
    tried = bounds.around(held)
    away = np.where(np.isclose(change.held(tried, found.tried), tried), np.abs(tried - wanted), np.inf)
    return np.asarray(np.where(away[1] < away[0], tried[1], tried[0]))


def _without(found: Found, solved: Solved, around: Spread) -> dict[str, str]:
    """Return why patients have no loading dose, by id."""
    asked, unit, reasons = found.asked, found.subjects.model.dose_unit, dict[str, str]()
    for place, who in enumerate(found.subjects.ids):
        dose, broken = f"loading doses of {solved.dose[place]:.4g} {unit}", asked.broken(around.kept[:, place])
        if who in found.reasons:
            reasons[who] = "there is no dose for the long run"
        elif not solved.met[place]:
            name, value = asked.target.observable, solved.value[place]
            reasons[who] = f"{name} comes to {value:.4g} on {dose}: {asked.middle:g} is out of reach"
        elif broken:
            reasons[who] = f"on {dose}, {broken}"
    return reasons

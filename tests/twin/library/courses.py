"""What the tests of models share: a model's course by the engine, and equations of one's own by SciPy's DOP853."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import solve_ivp

from twin.engine import TOLERANCE, begin, follow, typical
from twin.model import Floats, Individual, Model
from twin.timeline import Timeline

Given = tuple[float, str, float]
"""A dose: at which hour, into which compartment, how much."""


def individuals(model: Model, **covariates: object) -> Individual:
    """Return the typical parameters of patients with these covariates, one or [patient] each."""
    count = max((np.size(value) for value in covariates.values()), default=1)
    told = {name: np.broadcast_to(np.asarray(value), (count,)) for name, value in covariates.items()}
    return typical(model, told)


def course(
    model: Model, people: Individual, given: Sequence[Given], times_h: Sequence[float], **flowing: Floats
) -> dict[str, Floats]:
    """Return what is observed, [patient, time], before a dose of the same time.

    `flowing` has what flows into a compartment an hour all along, [patient].
    """
    patients = len(people[0])
    longest = np.arange(0.0, max(times_h), model.longest_step_h)
    grid = np.unique([0.0, *times_h, *(hour for hour, _, _ in given if hour < max(times_h)), *longest])
    names = list(model.compartments)
    bolus = np.zeros((len(grid) - 1, len(names), patients))
    for hour, compartment, amount in given:
        if hour < max(times_h):
            bolus[np.searchsorted(grid, hour), names.index(compartment)] += amount
    inflow = np.zeros_like(bolus) if flowing else None
    for compartment, rate in flowing.items():
        inflow[:, names.index(compartment)] = rate
    asked = np.arange(len(bolus))[:, None]
    line = Timeline(np.arange(patients), np.diff(grid), bolus, inflow, None, None, (), asked)
    state = begin(model, people)
    found = follow(model, people, state, line)
    assert (found.error <= TOLERANCE).all()
    places = np.searchsorted(grid, times_h) - 1
    return {name: seen[:, places] for name, seen in found.seen.items()}


def integrated(
    slope: Callable[[float, Floats], object],
    start: Sequence[float],
    given: Sequence[tuple[float, int, float]],
    times_h: Sequence[float],
) -> Floats:
    """Integrate equations of one's own with DOP853; doses are (hour, state, amount). Returns [time, state]."""
    y, now, found = np.array(start, float), 0.0, []
    pending = sorted(given)
    for end in times_h:
        while now < end:
            while pending and pending[0][0] <= now:
                _, place, amount = pending.pop(0)
                y[place] += amount
            until = min([end, *(hour for hour, _, _ in pending[:1])])
            y = solve_ivp(slope, (now, until), y, "DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
            now = until
        found.append(y)
    return np.array(found)


def daily(amount: float, compartment: str, days: int) -> list[Given]:
    """Return a dose a day."""
    return [(24.0 * day, compartment, amount) for day in range(days)]

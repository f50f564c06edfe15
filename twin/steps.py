"""Steps: carry patients from one dose to the next at equal intervals, for rules that choose doses on the way."""

import numpy as np

from twin.engine import TOLERANCE, follow
from twin.model import Floats, Individual, Model
from twin.timeline import Entry, Timeline


class LagError(ValueError):
    """Doses that take longer to arrive than the interval between them."""


def carry(
    model: Model, individuals: Individual, state: Floats, doses: Floats, every_h: float
) -> tuple[Floats, dict[str, Floats]]:
    """Carry patients over equal intervals, a dose at the start of each into the usual compartment, if it is not 0.

    Shapes: state [state, patient] and doses [patient, interval]. Returns the state after the last interval, and each
    observable at the end of each interval, [patient, interval]; both NaN from when a course failed on.

    Raises `LagError` where a dose arrives after the next one is due.
    """
    patients, count = doses.shape
    lag = Entry.of(model.compartments, individuals, patients).lag_h[0]
    if lag.max(initial=0.0) >= every_h:
        raise LagError(f"doses of {model.name} take longer to arrive than the {every_h:g} h between them")
    pieces = int(np.ceil(every_h / model.longest_step_h - 1e-9))
    rest = np.repeat(((every_h - lag) / pieces)[None], pieces, axis=0)
    hours = np.concatenate([lag[None], rest]) if lag.any() else rest
    arrival, each = len(hours) - pieces, len(hours)
    bolus = np.zeros((count, each, len(model.compartments), patients))
    bolus[:, arrival, 0] = doses.T
    alike = bool((hours == hours[:, :1]).all())
    line = Timeline(
        np.arange(patients),
        np.tile(hours[:, 0], count) if alike else np.tile(hours, (count, 1)),
        bolus.reshape(count * each, len(model.compartments), patients),
        None,
        None,
        None,
        (),
        np.arange(count * each)[:, None],
    )
    found = follow(model, individuals, state, line)
    ended = {name: course[:, each - 1 :: each].copy() for name, course in found.seen.items()}
    for course in ended.values():
        course[~(found.error <= TOLERANCE)] = np.nan
        course[~np.isfinite(course)] = np.nan
    lost = np.any([np.isnan(course[:, -1]) for course in ended.values()], axis=0)
    return np.where(lost, np.nan, found.state), ended

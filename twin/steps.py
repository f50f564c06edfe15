"""Steps: carry patients from one dose to the next, for rules that choose doses on the way."""

import numpy as np

from twin.engine import TOLERANCE, follow
from twin.model import Floats, Individual, Model
from twin.simulate import DAY_H
from twin.timeline import Entry, Timeline


class LagError(ValueError):
    """Doses that take longer to arrive than the interval between them."""


def carry(
    model: Model, individuals: Individual, state: Floats, doses: Floats, hours: float | Floats = DAY_H
) -> tuple[Floats, dict[str, Floats]]:
    """Carry patients over intervals, a dose at the start of each into the usual compartment, if it is not 0.

    `state` [state, patient] begins as `begin(model, individuals)`; `doses` are [patient, interval]; `hours` are the
    intervals' lengths, one for all or [interval]. Returns the state after the last interval, and each observable at the
    end of each interval, [patient, interval]; both NaN from when a course failed on.

    Raises `LagError` where a dose arrives after the next one is due.
    """
    patients, count = doses.shape
    lag = Entry.of(model.compartments, individuals, patients).lag_h[0]
    lengths = np.broadcast_to(np.asarray(hours, np.float64), (count,))
    if lag.any() and lag.max() >= lengths.min():
        raise LagError(f"doses of {model.name} take longer to arrive than the {lengths.min():g} h between them")
    pieces = max(1, int(np.ceil(lengths.max(initial=0.0) / model.longest_step_h - 1e-9)))
    parts = np.repeat((lengths[:, None, None] - lag) / pieces, pieces, axis=1)
    if lag.any():
        parts = np.concatenate([np.broadcast_to(lag, (count, 1, patients)), parts], axis=1)
    each = parts.shape[1]
    spans = parts.reshape(count * each, patients)
    bolus = np.zeros((count, each, len(model.compartments), patients))
    bolus[:, each - pieces, 0] = doses.T
    line = Timeline(
        np.arange(patients),
        spans[:, 0] if (spans == spans[:, :1]).all() else spans,
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

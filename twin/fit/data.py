"""Data to fit to: what was given to patients and measured of them, laid out for a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.covariates import asked_for, encode
from twin.fit.changing import AS_NONMEM, Changing, InTime, changing
from twin.fit.course import Plan
from twin.fit.events import BETWEEN, EVENT, NOTHING, NOW, Happened
from twin.fit.layout import WHOLE, Parted
from twin.fit.stretches import Held, Stretches
from twin.model import Floats, Model
from twin.nonmem import RegimenError
from twin.records import Observations, Record, Records, column, covariate, observables
from twin.regimen import Doses, check_doses
from twin.solve.choose import structure_of

Longs = NDArray[np.int64]

ROWS_AT_ONCE = 8
"""One patient's rows are filled up to a multiple of this, so that one compilation serves many patients."""

UNPARTED = "for no column says which occasion a record is of (--occasion): it is part of the residual error"


class Measurements(NamedTuple):
    """What was measured. Shapes: [observation, patient]; `used` is False where a patient has fewer than others.

    `kind` is the place of the observable among the model's.
    """

    value: Any
    kind: Any
    used: Any


class Case(NamedTuple):
    """All that a fit looks at, as arrays: covariates as numbers, the plan, and what was measured.

    A covariate is [patient], one that changes in time [stretch, patient]; `occasion` [stretch, patient] is the
    occasion's number, None where there is one stretch. `happened` is what is known of events, None where nothing is.
    """

    covariates: Mapping[str, Any]
    plan: Plan
    measured: Measurements
    occasion: Any = None
    happened: Happened | None = None


@dataclass(frozen=True, eq=False)
class DataSet:
    """Patients of a data set in a model's terms; `lines` [observation, patient] and `place` say where they stand.

    `changing` says what of them changes in time, None where nothing does.
    """

    ids: tuple[str, ...]
    case: Case
    doses: tuple[Doses, ...]
    lines: Longs
    place: str
    notes: tuple[str, ...]
    changing: Changing | None = None

    @property
    def observations(self) -> int:
        """How many measurements there are."""
        return sum(map(self.observed, range(len(self.ids))))

    def observed(self, patient: int) -> int:
        """Return how many a patient has, events too."""
        happened = self.case.happened
        events = 0 if happened is None else int((happened.code[:, patient] >= 0).sum())
        return int(self.case.measured.used[:, patient].sum()) + events

    @property
    def time_h(self) -> Floats:
        """When they were made, [observation, patient], infinite where there is none."""
        return np.asarray(self.case.plan.seen_h)


def data_set(
    model: Model,
    records: Records,
    called: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    rows: int = 1,
    in_time: InTime = AS_NONMEM,
) -> DataSet:
    """Lay out a data set for a model.

    `called` says what a DVID stands for, where it is neither an observable's name nor its number. `given` has
    covariates that the table does not, alike for all. Patients of whom nothing was measured are left out, and counted
    in the notes. The number of rows is a multiple of `rows`; `in_time` says how to read what changes in time.

    Raises `RegimenError`, with line and column, for what the model cannot do or does not understand.
    """
    chosen = [who for who, record in records.by_id.items() if record.observations.time_h.size]
    if not chosen:
        raise RegimenError(f"{records.place.rpartition(',')[0]}: nothing was measured; expected records with a DV")
    kinds = [observables(records, who, _observable(model, records.by_id[who]), called) for who in chosen]
    taken = [records.by_id[who] for who in chosen]
    for record, kind in zip(taken, kinds, strict=True):
        check_doses(record.doses, model.compartments, linear=not structure_of(model).rest)
        _check_values(model, records.place, record, kind)
    without = len(records.by_id) - len(chosen)
    notes = (f"patients of whom nothing was measured, left out: {without}",) if without else ()
    seen = [_with_hazards(model, record.observations, kind) for record, kind in zip(taken, kinds, strict=True)]
    moving = changing(model, records, chosen, given or {}, in_time)
    line = plan(
        model,
        [one.doses for one in taken],
        [one.time_h for one in seen],
        [one.after for one in seen],
        rows,
        moving.held if moving else None,
    )
    longest = len(line.seen_h)
    measured = Measurements(
        _columns([one.value for one in seen], longest, 1.0),
        _columns([one.kind for one in seen], longest, 0),
        _columns([one.kind < len(model.observables) for one in seen], longest, False),
    )
    still = [one for one in model.covariates if moving is None or one.name not in moving.covariates]
    told = {
        one.name: np.array([_told(records, who, one, given or {}) for who in chosen], dtype=object) for one in still
    }
    codes = {**encode(still, told, len(chosen)), **(moving.covariates if moving else {})}
    return DataSet(
        tuple(chosen),
        Case(codes, line, measured, moving.occasion if moving else None, _happened(model, seen)),
        tuple(one.doses for one in taken),
        _columns([one.line for one in seen], longest, 0),
        records.place,
        (*notes, *(moving.notes() if moving else ())),
        moving,
    )


class _Seen(NamedTuple):
    """Observations of one patient; of each event two, the cumulative hazard and, behind all, the hazard."""

    time_h: Any
    value: Any
    after: Any
    line: Any
    kind: Any


def _observable(model: Model, record: Record) -> tuple[str, ...]:
    """Return what a record's observations may be of; where labels are left out, there is but one."""
    names, labels = tuple(model.observables), record.observations.label
    return (*names, EVENT) if model.hazard and (not names or any(labels)) else names


def _with_hazards(model: Model, seen: Observations, kind: Longs) -> _Seen:
    events = kind == len(model.observables)
    own = _Seen(seen.time_h, seen.value, seen.after, seen.line, kind)
    return _Seen(*(np.concatenate([one, one[events]]) for one in own))._replace(
        kind=np.concatenate([kind, kind[events] + 1])
    )


def _happened(model: Model, seen: Sequence[_Seen]) -> Happened | None:
    """Return what is known of events, None where nothing is."""
    risk = [np.flatnonzero(one.kind == len(model.observables)) for one in seen]
    if not any(map(len, risk)):
        return None
    most = max(map(len, risk))
    hazards = [np.flatnonzero(one.kind == len(model.observables) + 1) for one in seen]
    return Happened(
        _columns([one.value[rows].astype(np.int64) for one, rows in zip(seen, risk, strict=True)], most, -1),
        _columns(risk, most, 0),
        _columns([np.append(-1, rows)[: len(rows)] for rows in risk], most, -1),
        _columns(hazards, most, 0),
    )


def parted_of(model: Model, data: DataSet) -> Parted:
    """Return how patients' time is parted in a data set."""
    if data.changing is None:
        return WHOLE
    most = data.changing.most_occasions
    return Parted(data.changing.stretches, most, tuple(model.variability.occasions) if most else ())


def plan(
    model: Model,
    doses: Sequence[Doses],
    seen_h: Sequence[Floats],
    after: Sequence[NDArray[np.bool_]],
    rows: int = 1,
    held: Sequence[Held] | None = None,
) -> Plan:
    """Lay out patients' doses and the times at which they are looked at; the number of rows is a multiple of `rows`.

    `held` says which stretch of a patient's time holds when, where there are several.
    """
    given = [_until(one, times) for one, times in zip(doses, seen_h, strict=True)]
    between = [_between(model, *both) for both in zip(given, seen_h, strict=True)]
    if held is not None:
        between = [
            np.concatenate([one, whole.change_h[whole.change_h < times.max()]])
            for one, whole, times in zip(between, held, seen_h, strict=True)
        ]

    def columns(parts: Sequence[Any], fill: Any, at_least: int = 0) -> Any:
        return _columns(parts, _filled(parts, rows, at_least), fill)

    series = [np.flatnonzero(one.steady) for one in given]
    steady = any(len(one) for one in series)
    flowing = any(one.rate.any() for one in given)
    return Plan(
        columns(seen_h, np.inf, 1),
        columns(after, False, 1),
        columns([one.time_h for one in given], np.inf, 1),
        columns([one.amount for one in given], 0.0, 1),
        columns([np.maximum(one.compartment - 1, 0) for one in given], 0, 1),
        columns([one.rate for one in given], 0.0, 1) if flowing else None,
        columns(series, -1) if steady else None,
        columns([one.steady[few] == 2 for one, few in zip(given, series, strict=True)], False) if steady else None,
        columns([one.interval_h[few] for one, few in zip(given, series, strict=True)], 24.0) if steady else None,
        columns([one.reset_h for one in given], np.inf),
        columns(between, np.inf),
        np.array([min(0.0, times.min(), *one.time_h[:1]) for one, times in zip(given, seen_h, strict=True)]),
        np.array([times.max() for times in seen_h]),
        None if held is None else _stretches(held, given, seen_h, after, rows),
    )


def _stretches(
    held: Sequence[Held], doses: Sequence[Doses], seen_h: Sequence[Floats], after: Sequence[Any], rows: int
) -> Stretches:
    """Return which stretch holds when, and for what happens, of patients with fewer changes or more."""

    def columns(parts: Sequence[Any], at_least: int) -> Any:
        return _columns(parts, _filled(parts, rows, at_least), 0)

    most = _filled([whole.change_h for whole in held], rows, 0)
    return Stretches(
        _columns([whole.change_h for whole in held], most, np.inf),
        np.stack([np.pad(whole.piece, (0, most + 1 - len(whole.piece)), mode="edge") for whole in held], axis=1),
        columns([one.at(time, late) for one, time, late in zip(held, seen_h, after, strict=True)], 1),
        columns([one.of_lines(given.line, given.time_h) for one, given in zip(held, doses, strict=True)], 1),
        columns([one.at(given.reset_h, True) for one, given in zip(held, doses, strict=True)], 0),
    )


def _filled(parts: Sequence[Any], rows: int, at_least: int) -> int:
    """Return how many rows there are: a multiple of `rows`."""
    longest = max(at_least, *(len(one) for one in parts))
    return -(-longest // rows) * rows


def _until(doses: Doses, seen_h: Floats) -> Doses:
    """Return the doses up to when a patient was looked at last.

    Raises `RegimenError` for an infusion at steady state that is longer than its interval.
    """
    last = seen_h.max()
    kept = doses.time_h <= last
    long = (doses.steady > 0) & (doses.interval_h > 0) & (doses.rate > 0)
    long &= doses.amount > doses.rate * doses.interval_h
    if long.any():
        raise RegimenError(
            f"{doses.place} {doses.line[np.argmax(long)]}, column II: infusions at steady state that overlap cannot be"
            " fitted; expected an interval of at least AMT/RATE"
        )
    return Doses(
        doses.time_h[kept],
        doses.amount[kept],
        doses.compartment[kept],
        doses.rate[kept],
        doses.interval_h[kept],
        doses.steady[kept],
        doses.reset_h[doses.reset_h <= last],
        doses.line[kept],
        doses.place,
    )


def _between(model: Model, doses: Doses, seen_h: Floats) -> Floats:
    """Return the moments that part what would be longer than the model's longest step; linear states need none."""
    found = structure_of(model)
    if not found.driven and not found.rest:
        return np.zeros(0)
    moments = np.unique(np.concatenate([[0.0], seen_h, doses.time_h, doses.reset_h]))
    gaps = np.diff(moments)
    pieces = np.maximum(np.ceil(gaps / model.longest_step_h - 1e-9), 1).astype(np.int64)
    return np.concatenate(
        [np.zeros(0)]
        + [start + gap * np.arange(1, n) / n for start, gap, n in zip(moments[:-1], gaps, pieces, strict=True)]
    )


def _columns(parts: Sequence[Any], longest: int, fill: Any) -> Any:
    """Return [row, patient] of patients with fewer rows or more."""
    return np.stack([np.pad(np.asarray(one), (0, longest - len(one)), constant_values=fill) for one in parts], axis=1)


def _told(records: Records, who: str, asked: Any, given: Mapping[str, str]) -> Any:
    """Return a patient's value of a covariate as the model reads it."""
    there = column(records.by_id[who], asked.name, asked.also) is not None
    if asked.name in given:
        text = given[asked.name]
    elif not there and not asked_for(asked):
        text = ""
    else:
        text = covariate(records, who, asked.name, asked.also)
    value = asked.read(text)
    if value is None and (text or asked_for(asked)):
        line = f"{records.place} {records.by_id[who].record_line[0]}"
        came = f"got {text!r}" if text else "nothing there"
        raise RegimenError(f"{line}, column {asked.name}: {came}, expected {asked.expected}")
    return value


def _check_values(model: Model, place: str, record: Record, kind: Longs) -> None:
    """Raise `RegimenError` for a value that an observable's error cannot have, or an observable without an error."""
    names = tuple(model.observables)
    if (kind == len(names)).any() and record.doses.reset_h.size:
        line = record.observations.line[np.argmax(kind == len(names))]
        raise RegimenError(f"{place} {line}, column DVID: events of a patient with a reset (EVID 3, 4) are not done")
    for value, number, line in zip(record.observations.value, kind, record.observations.line, strict=True):
        if number == len(names):
            if value not in (NOTHING, NOW, BETWEEN):
                raise RegimenError(
                    f"{place} {line}, column DV: got {value:g}, expected 0 (nothing happened until then), 1 (it"
                    " happened at that moment) or 2 (it happened since the event's record before)"
                )
            continue
        error = model.errors.get(names[number])
        if error is None:
            raise RegimenError(f"{place} {line}, column DVID: the model has no residual error for {names[number]}")
        if error.on_log is not None and value <= 0:
            raise RegimenError(
                f"{place} {line}, column DV: got {value:g}, expected a value > 0: the error is on the logarithm;"
                " leave the row out, or set MDV to 1"
            )

"""Report: what was found, as rows and as JSON values, beside what a second model says of the same doses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.progress import Progress, silent
from twin.catalogue import assumed
from twin.dose.asked import Asked, Bounds, Found
from twin.dose.loading import Loaded, loaded, steps_to
from twin.dose.search import on_doses
from twin.dose.solve import settled
from twin.dose.subjects import Spread, Subjects, middles, spread
from twin.dose.target import DoseError, Target
from twin.model import Floats, parameter_table

BESIDE = 0.1
"""Neighbours of a dose without a step are less and more by this share."""


@dataclass(frozen=True, eq=False)
class Second:
    """What another model of the same drug gives on the same doses, and its own dose for the target: [patient] each."""

    model: str
    value: Floats
    spread: Spread
    dose: Floats


@dataclass(frozen=True, eq=False)
class Neighbours:
    """What counts on doses beside those found: [neighbour, patient]; `spreads` has one each, where it was asked for."""

    dose: Floats
    value: Floats
    spreads: tuple[Spread, ...]


def second(found: Found, subjects: Subjects, progress: Progress = silent) -> Second:
    """Look at the doses found in another model; `subjects` are the same patients in it.

    Raises `DoseError` where it has no such observable or compartment, or doses are in another unit.
    """
    asked, model = found.asked, subjects.model
    if asked.target.observable not in model.observables or model.dose_unit != found.subjects.model.dose_unit:
        raise DoseError(f"{model.name} does not say what {asked.target.observable} comes to")
    progress(f"the same in {model.name}", 0.0)
    value, around, _ = on_doses(subjects, found.tried, asked)
    own = settled(subjects, asked, asked.middle, progress)[1]
    return Second(model.name, value, around, np.where(own.met, own.dose, np.nan))


def neighbours(found: Found, *, spreads: bool) -> Neighbours:
    """Look at the doses a step below and above those found, or a tenth of them."""
    bounds, asked = found.asked.bounds, found.asked
    away = found.tried * BESIDE if bounds.step is None else np.full_like(found.tried, bounds.step)
    doses = np.stack([np.maximum(found.tried - away, 0.0), found.tried + away]).round(12)
    value = middles(found.subjects, doses, asked.schedule, found.window, asked.target.observable)
    around = [
        spread(found.subjects, one, asked.schedule, found.window, asked.target, asked.limits)
        for one in (doses if spreads else [])
    ]
    return Neighbours(doses, value, tuple(around))


@dataclass(frozen=True, eq=False)
class Report:
    """What was found, with what is beside it."""

    found: Found
    beside: Neighbours
    second: Second | None
    loading: Loaded | None = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield what is told of each patient."""
        for place, who in enumerate(self.found.subjects.ids):
            yield self._row(place, who)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each patient, without the neighbours."""
        return pd.DataFrame([_flat(row) for row in self.rows()])

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        found, asked = self.found, self.found.asked
        model, schedule = found.subjects.model, asked.schedule
        return {
            "model": model.name,
            "citation": model.citation,
            "target": str(asked.target),
            "observable": asked.target.observable,
            "unit": model.observables[asked.target.observable],
            "dose_unit": model.dose_unit,
            "every_h": schedule.every_h if np.isfinite(schedule.every_h) else None,
            "compartment": schedule.compartment or next(iter(model.compartments)),
            "infused_over_h": schedule.duration_h,
            "measure": schedule.measure,
            "seen": found.window.words,
            "bounds": _bounds(asked.bounds),
            "limits": [str(limit) for limit in asked.limits],
            "confidence": asked.confidence,
            "most_change": asked.change.most,
            "current": asked.change.current,
            "loading": None
            if self.loading is None
            else {
                "doses": asked.change.loading,
                "seen": self.loading.window.words,
                "limits_and_highest": f"from the first dose to {self.loading.period.end_h:g} h",
            },
            "basis": found.subjects.basis,
            "covariates": list(found.subjects.told),
            "level": found.subjects.level,
            "patients": list(self.rows()),
            "without_a_dose": len(found.reasons),
            "assumptions": assumed({"parameters": parameter_table(model)}),
            "left_out": list(model.left_out),
        }

    def _row(self, place: int, who: str) -> dict[str, Any]:
        found, asked = self.found, self.found.asked
        reason = found.reasons.get(who)
        seen = _seen(found.tried, found.value, found.spread, place, asked)
        row = {"id": who, **(seen if reason is None else dict.fromkeys(seen)), "reason": reason}
        row["nearest"] = seen if reason is not None and seen["value"] is not None else None
        row["monotone"] = bool(found.monotone[place])
        row["neighbours"] = [
            {"dose": _told(dose[place]), "value": _told(value[place])}
            | (
                {name: _told(getattr(self.beside.spreads[number], name)[place]) for name in ("lower", "upper")}
                if self.beside.spreads
                else {}
            )
            for number, (dose, value) in enumerate(zip(self.beside.dose, self.beside.value, strict=True))
        ]
        if self.loading is not None:
            row["loading"] = self._loading(place, self.loading)
        if asked.change.current is not None:
            row["steps"] = steps_to(float(found.dose[place]), found)
        row["second_model"] = None
        if self.second is not None:
            told = _seen(found.tried, self.second.value, self.second.spread, place, asked)
            row["second_model"] = {
                "model": self.second.model,
                **told,
                "own_dose": _told(self.second.dose[place]),
            }
        return row

    def _loading(self, place: int, loading: Loaded) -> dict[str, Any]:
        """Return a patient's loading doses, or the nearest and why there are none."""
        who, asked = self.found.subjects.ids[place], self.found.asked
        seen = _seen(loading.tried, loading.value, loading.spread, place, replace(asked, target=_point(asked)))
        seen["highest"] = _told(loading.highest[place])
        reason, free = loading.reasons.get(who), loading.wanted[place]
        held = reason is None and not np.isclose(free, loading.tried[place])
        row = seen if reason is None else dict.fromkeys(seen)
        nearest = seen if reason is not None and seen["value"] is not None else None
        return {**row, "if_free": _told(free) if held else None, "reason": reason, "nearest": nearest}


def _point(asked: Asked) -> Target:
    """Return the value that loading doses are to meet."""
    return replace(asked.target, low=asked.middle, high=asked.middle)


def report(found: Found, other: Subjects | None, *, spreads: bool, progress: Progress = silent) -> Report:
    """Put together what was found, and what `other`, the same patients in a second model, come to on it.

    With `spreads`, the neighbours of a dose have bounds too.
    """
    beside = second(found, other, progress) if other else None
    return Report(
        found, neighbours(found, spreads=spreads), beside, loaded(found) if found.asked.change.loading else None
    )


def _seen(dose: Floats, value: Floats, around: Spread, place: int, asked: Asked) -> dict[str, Any]:
    """Return what counts on a patient's dose, with bounds."""
    told: dict[str, Any] = {
        "dose": _told(dose[place]),
        "value": _told(value[place]),
        "lower": _told(around.lower[place]),
        "upper": _told(around.upper[place]),
    }
    if asked.target.is_range:
        told["time_in_range"] = _told(around.in_range[place])
    if asked.limits:
        told["limits"] = {
            str(limit): _told(kept) for limit, kept in zip(asked.limits, around.kept[:, place], strict=True)
        }
    return told


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose parts are columns of their own."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "limits":
            flat |= {f"probability of {limit}": share for limit, share in (value or {}).items()}
        elif name == "nearest":
            flat |= {f"nearest_{part}": (value or {}).get(part) for part in ("dose", "value")}
        elif name == "second_model":
            flat |= {f"{name}_{part}": value[part] for part in ("value", "lower", "upper", "own_dose") if value}
        elif name == "loading":
            flat |= {f"loading_{part}": value[part] for part in ("dose", "value", "highest", "reason")}
        elif name == "steps":
            flat[name] = " ".join(f"{dose:g}" for dose in value)
        elif name != "neighbours":
            flat[name] = value
    return flat


def _bounds(bounds: Bounds) -> dict[str, float | None]:
    return {"low": bounds.low, "high": bounds.high, "step": bounds.step}


def _told(value: float) -> float | None:
    """Return a number, or None where there is none."""
    return float(value) if np.isfinite(value) else None

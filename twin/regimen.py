"""Doses and regimens: who takes how much and when, from NONMEM-style event records."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kg.files.number import number
from kg.files.table import read_csv
from twin.model import Floats

MAX_DOSES = 100_000
"""More doses than this from one record are a slip of the pen."""
MAX_DOSES_IN_ALL = 10_000_000
"""More doses than this from one file do not fit."""

_COLUMNS = ("ID", "TIME", "AMT", "II", "ADDL", "EVID", "CMT", "RATE", "SS")
_IGNORED = ("DV", "DVID", "MDV")
_NOTHING = ("", ".")
_EVID_OBSERVATION, _EVID_DOSE = 0, 1


class RegimenError(ValueError):
    """A regimen that cannot be given as it stands; the message names line and column."""


@dataclass(frozen=True)
class Doses:
    """Doses in the order of time: `time_h` [dose] from the start of treatment, `amount_mg` [dose]."""

    time_h: Floats
    amount_mg: Floats


@dataclass(frozen=True)
class Regimen:
    """Doses for everyone, or for each patient by id."""

    everyone: Doses | None
    by_id: Mapping[str, Doses]

    def for_patients(self, ids: Sequence[str]) -> list[Doses]:
        """Return each patient's doses.

        Raises `RegimenError` where a patient has no doses or doses have no patient.
        """
        if self.everyone is not None:
            return [self.everyone] * len(ids)
        strangers, without = len(self.by_id.keys() - set(ids)), len(set(ids) - self.by_id.keys())
        if strangers or without:
            raise RegimenError(
                f"the regimen has doses for {strangers} patients who are not in the cohort, and none for {without}"
                f" of the cohort's {len(ids)}; the IDs of both files must be the same, or leave the column ID out"
            )
        return [self.by_id[patient] for patient in ids]


def every(amount_mg: float, hours: float, days: float) -> Regimen:
    """Return a regimen of one dose each `hours` for `days`, the first at time 0, for everyone.

    Raises `RegimenError` for an interval that is not above 0 and for more than `MAX_DOSES` doses.

    >>> every(5.0, 24, 3).everyone.time_h.tolist()
    [0.0, 24.0, 48.0]
    """
    if not (hours > 0 and days * 24 / hours <= MAX_DOSES):
        raise RegimenError(
            f"got a dose each {hours:g} h for {days:g} days, expected hours > 0 and at most {MAX_DOSES} doses"
        )
    times: Floats = np.arange(math.ceil(days * 24 / hours), dtype=np.float64) * hours
    return Regimen(Doses(times, np.full(times.size, float(amount_mg))), {})


def read_regimen(path: str | Path) -> Regimen:
    """Read a regimen from a CSV file in NONMEM's columns.

    TIME and AMT are needed, in hours and mg; II (hours) and ADDL repeat a dose; with ID, each patient has doses of
    their own. Rows of EVID 0, or without EVID of AMT 0, are observations and ignored, as are the columns DV, DVID and
    MDV. Infusions (RATE), steady-state records (SS), resets (EVID 2 to 4) and compartments but the first are refused.

    Raises `RegimenError` or `kg.files.text.FileError` that names the line, the column, what came and what is allowed.
    """
    doses: dict[str | None, list[Doses]] = {}
    count = 0
    for line, row in read_csv(path, needed=("TIME", "AMT"), known=_COLUMNS + _IGNORED).by_line().items():
        where = f"{path}, line {line}"
        patient = row.get("ID")
        if patient == "":
            raise RegimenError(f"{where}, column ID: nothing there; every record needs one, or leave the column out")
        expanded = _expand(where, row)
        count += expanded.time_h.size
        if count > MAX_DOSES_IN_ALL:
            raise RegimenError(f"{where}: {count} doses so far, expected at most {MAX_DOSES_IN_ALL} in a file")
        doses.setdefault(patient, []).append(expanded)
    if not count:
        raise RegimenError(f"{path} has no doses; expected at least one record with AMT > 0")
    by_id = {patient: _together(parts) for patient, parts in doses.items() if patient is not None}
    return Regimen(None, by_id) if by_id else Regimen(_together(doses[None]), {})


def _expand(where: str, row: Mapping[str, str]) -> Doses:
    """Return the doses that one record stands for."""
    event = _whole(where, row, "EVID", -1)
    amount = _number(where, row, "AMT", 0.0)
    if event == _EVID_OBSERVATION or (event == -1 and amount == 0):
        return Doses(np.zeros(0), np.zeros(0))
    if event not in (-1, _EVID_DOSE):
        raise RegimenError(f"{where}, column EVID: got {event}, expected 1 (dose) or 0 (observation)")
    if amount <= 0:
        raise RegimenError(f"{where}, column AMT: got {amount:g}, expected a dose > 0 mg")
    if row["TIME"] in _NOTHING:
        raise RegimenError(f"{where}, column TIME: nothing there, expected hours >= 0")
    for name, allowed, why in (
        ("RATE", (0,), "0 (or nothing): the drug is swallowed, infusions are not simulated"),
        ("SS", (0,), "0 (or nothing): write the run-in as doses, with ADDL and II, and ask for times after it"),
        ("CMT", (1,), "1 (or nothing): the gut"),
    ):
        if _number(where, row, name, float(allowed[0])) not in allowed:
            raise RegimenError(f"{where}, column {name}: got {row[name]!r}, expected {why}")
    return _repeat(where, row, amount)


def _repeat(where: str, row: Mapping[str, str], amount: float) -> Doses:
    first = _number(where, row, "TIME", 0.0)
    more = _whole(where, row, "ADDL", 0)
    interval = _number(where, row, "II", 0.0)
    if more >= MAX_DOSES:
        raise RegimenError(f"{where}, column ADDL: got {more}, expected fewer than {MAX_DOSES} doses")
    if more > 0 and interval == 0:
        raise RegimenError(f"{where}, column II: ADDL {more} needs the hours between doses, expected > 0")
    if not math.isfinite(first + more * interval):
        raise RegimenError(f"{where}, column II: got {row['II']!r}, with which the last dose's time is no number")
    return Doses(first + interval * np.arange(more + 1, dtype=np.float64), np.full(more + 1, amount))


def _number(where: str, row: Mapping[str, str], name: str, default: float) -> float:
    text = row.get(name, "")
    if text in _NOTHING:
        return default
    value = number(text)
    if value is None or value < 0:
        raise RegimenError(f"{where}, column {name}: got {text!r}, expected a number >= 0")
    return value


def _whole(where: str, row: Mapping[str, str], name: str, default: int) -> int:
    value = _number(where, row, name, float(default))
    if value != int(value):
        raise RegimenError(f"{where}, column {name}: got {row[name]!r}, expected a whole number")
    return int(value)


def _together(parts: Sequence[Doses]) -> Doses:
    """Return doses in the order of time, those of one moment added up."""
    times, place = np.unique(np.concatenate([part.time_h for part in parts]), return_inverse=True)
    amounts = np.zeros(times.size)
    np.add.at(amounts, place, np.concatenate([part.amount_mg for part in parts]))
    return Doses(times, amounts)

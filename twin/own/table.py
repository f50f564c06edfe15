"""Tables: a model as rows of a CSV file, each of a kind, with formulas as text; alone, or on top of an SBML file.

`docs/own-models.md` has every kind. Formulas are read by libsbml, and become the same expressions as those of SBML.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from kg.files.number import number
from kg.files.reach import reached
from kg.files.table import read_csv
from kg.files.text import FileError
from twin.covariates import Category, Continuous, Covariate
from twin.error import Error
from twin.own.expression import Expression, Name, Number, names, product
from twin.own.formula import FormulaError, parsed
from twin.own.sbml import read_sbml
from twin.own.system import Entry, Observable, State, System
from twin.own.units import SECONDS
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

COLUMNS = ("kind", "name", "value", "unit", "source")
WAYS = {"bioavailability": "bioavailability", "lag": "lag_h", "rate_of_dose": "rate", "duration_of_dose": "duration_h"}
"""What may happen to doses on the way, by its kind, and what `twin.model.Compartment` calls it."""
ERRORS = {"error_additive": "additive", "error_proportional": "proportional", "error_on_log": "on_log"}
VARIES = {"variability": "between", "occasion": "occasions", "uncertainty": "uncertainty"}
SYMBOLS = ("parameter", "covariate", "individual", "state", "formula")
"""Kinds whose names share one space."""
KINDS = (
    *("model", "time", "sbml", *SYMBOLS, "rate", "observable", "dose", *WAYS, "hazard"),
    *(*VARIES, "correlation", *ERRORS, "left_out"),
)
LONGEST = 320
"""Of what is quoted in an error, in characters."""
NOT_STATED = "not stated"


T = TypeVar("T")


class RowError(ValueError):
    """A row that says nothing that can be understood."""


@dataclass(frozen=True)
class Row:
    """A row: its cells, and where it stands."""

    line: int
    kind: str
    name: str
    value: str
    unit: str
    source: str
    file: str

    def formula(self, otherwise: str = "") -> Expression:
        """Return the value as a formula; an empty one is `otherwise`."""
        try:
            return parsed(self.value or otherwise)
        except FormulaError as failure:
            raise RowError(f"{_short(self.value)!r} is no formula: {_short(str(failure))}") from None

    def number(self) -> float:
        """Return the value as a number."""
        found = number(self.value)
        if found is None:
            raise RowError(f"got {self.value!r}, expected a number")
        return found

    def quantity(self) -> Quantity:
        """Return the value as a number with its unit and source; a source may begin with "assumed:"."""
        word, colon, reason = self.source.partition(":")
        if colon and word.strip().lower() == "assumed":
            return Assumed(self.number(), self.unit or NOT_STATED, reason.strip())
        if not self.source:
            return Assumed(self.number(), self.unit or NOT_STATED, f"{self.file} states no source")
        return Measured(self.number(), self.unit or NOT_STATED, self.source)


@dataclass(frozen=True)
class _Table:
    """The rows of a file by kind; `wrong` takes what is wrong with them."""

    rows: Mapping[str, list[Row]]
    wrong: list[str] = field(default_factory=list)

    def all(self, kind: str, read: Callable[[Row], T]) -> dict[str, T]:
        """Return what the rows of a kind say, by name; a row that cannot be read is noted, and left out."""
        found: dict[str, T] = {}
        for row in self.rows[kind]:
            try:
                if row.name in found and kind not in SYMBOLS:  # of those it is said already
                    raise RowError("a row of this kind and name stands above")
                found[row.name] = read(row)
            except ValueError as failure:
                self.wrong.append(f"line {row.line}, {kind} {row.name}: {failure}")
        return found


def read_table(path: str | Path) -> System:
    """Read a model from a CSV file whose rows have a kind, a name, a value, a unit and a source.

    Raises `FileError` that lists all that is wrong, by line.
    """
    table = _table(path)
    model, below = _only(table, "model"), _below(table, Path(path).parent)
    parameters = table.all("parameter", Row.quantity)
    system = replace(
        below,
        name=model.name if model and model.name else below.name or Path(path).name.partition(".")[0],
        citation=model.value if model and model.value else below.citation or f"{Path(path).name}, a table of formulas",
        hours=below.hours * _time(table, below),
        parameters=_with_parameters(table, below, parameters),
        covariates=tuple(table.all("covariate", _covariate).values()),
        individual=table.all("individual", Row.formula),
        assigned={**below.assigned, **table.all("formula", Row.formula)},
        states={**below.states, **_states(table)},
        left_out=tuple(_left_out(table, below)),
    )
    entries, dose_unit = _doses(table, system)
    system = replace(system, entries=entries, dose_unit=dose_unit)
    observed = {row.name: row.unit or NOT_STATED for row in table.rows["observable"]}
    formulas = table.all("observable", lambda row: row.formula(row.name))
    own = {name: Observable(formula, observed[name]) for name, formula in formulas.items()}
    system = replace(system, observables=own or below.observables, hazard=_hazard(table))
    system = replace(system, variability=_variability(table, system), errors=_errors(table, system))
    _check(table, system)
    if table.wrong:
        raise FileError(f"{path} cannot be a model: " + "; ".join(table.wrong))
    return system


def _table(path: str | Path) -> _Table:
    """Return the rows by kind. The names of symbols are checked here: in formulas they have to be names."""
    cells = read_csv(path, needed=COLUMNS[:3], known=COLUMNS)
    table = _Table({kind: [] for kind in KINDS})
    first: dict[str, int] = {}
    for line, told in cells.by_line().items():
        row = Row(line, file=Path(path).name, **{column: told.get(column, "") for column in COLUMNS})
        if row.kind not in KINDS:
            table.wrong.append(f"line {line}: the kind {row.kind!r} is none of {', '.join(KINDS)}")
            continue
        if row.kind in SYMBOLS:
            if not _is_name(row):
                table.wrong.append(
                    f"line {line}: {row.name!r} cannot name a {row.kind}; expected letters, digits and _"
                )
            if row.name in first:
                table.wrong.append(f"line {line}: {row.name!r} has a meaning by line {first[row.name]}")
            first.setdefault(row.name, line)
        table.rows[row.kind].append(row)
    return table


def _is_name(row: Row) -> bool:
    """Return whether formulas can speak of a row by its name; what an SBML file names may be called anything."""
    if row.kind == "parameter" and (" " in row.name or "." in row.name):
        return True
    try:
        return parsed(row.name) == Name(row.name)
    except FormulaError:
        return False


def _only(table: _Table, kind: str) -> Row | None:
    """Return the one row of a kind, if there is one."""
    for row in table.rows[kind][1:]:
        table.wrong.append(f"line {row.line}: a second row of the kind {kind}")
    return table.rows[kind][0] if table.rows[kind] else None


def _below(table: _Table, folder: Path) -> System:
    """Return the system of the SBML file that the table stands on, or one without anything."""
    row = _only(table, "sbml")
    if row is None:
        return System("", "", 1.0, "", {}, {}, {}, {})
    try:
        found = read_sbml(reached(str(folder / row.value)))
    except (ValueError, OSError) as failure:
        table.wrong.append(f"line {row.line}: {failure}")
        return System("", "", 1.0, "", {}, {}, {}, {})
    stated = {own.name for kind in SYMBOLS for own in table.rows[kind]}
    there = {*found.constants, *found.assigned, *found.states, *found.entries}
    for own in (own for kind in SYMBOLS for own in table.rows[kind] if own.name in there):
        table.wrong.append(f"line {own.line}: {own.name!r} is a formula or a state in {row.value}, and stays it")
    left = {name: value for name, value in found.parameters.items() if name not in stated}
    return replace(found, parameters={**left, **_stated_again(table, found)})


def _stated_again(table: _Table, below: System) -> dict[str, Quantity]:
    """Return the parameters of the SBML file that rows give other values, in the same units."""
    found = {}
    for row in table.rows["parameter"]:
        stated = below.parameters.get(row.name)
        if stated is not None:
            if row.unit and {row.unit, stated.unit} != {"1", "dimensionless"} and row.unit != stated.unit:
                table.wrong.append(f"line {row.line}: the unit of {row.name} is {row.unit!r}, in SBML {stated.unit!r}")
            found[row.name] = stated
    return found


def _with_parameters(table: _Table, below: System, own: Mapping[str, Quantity]) -> dict[str, Quantity]:
    for row in table.rows["parameter"]:
        if (" " in row.name or "." in row.name) and row.name not in below.parameters:
            table.wrong.append(f"line {row.line}: {row.name!r} is no parameter of an SBML file")
    units = {name: quantity.unit for name, quantity in below.parameters.items()}
    found = {
        name: replace(quantity, unit=units.get(name, quantity.unit)) if quantity.unit == NOT_STATED else quantity
        for name, quantity in own.items()
    }
    return {**below.parameters, **found}


def _time(table: _Table, below: System) -> float:
    """Return how many hours the unit of time is, as a share of that of the system below."""
    row = _only(table, "time")
    if row is None:
        return 1.0
    if below.states:
        table.wrong.append(f"line {row.line}: the SBML file says the unit of time")
    if row.value not in SECONDS:
        table.wrong.append(f"line {row.line}: the unit of time is {row.value!r}; expected one of {', '.join(SECONDS)}")
    return SECONDS.get(row.value, 3600.0) / 3600


def _covariate(row: Row) -> Covariate:
    levels = tuple(level.strip() for level in row.value.split("|"))
    if len(levels) > 1:
        if len(set(levels)) < len(levels) or "" in levels:
            raise RowError(f"got {row.value!r}, expected levels that differ")
        return Category(row.name, levels)
    lower, colon, upper = row.value.partition(":")
    bounds = number(lower.strip()), number(upper.strip())
    if not colon or bounds[0] is None or bounds[1] is None or bounds[0] >= bounds[1]:
        raise RowError(f"got {row.value!r}, expected bounds such as 20:200, or levels such as female|male")
    return Continuous(row.name, row.unit or NOT_STATED, bounds[0], bounds[1])


def _states(table: _Table) -> dict[str, State]:
    starts = table.all("state", lambda row: row.formula("0"))
    rates = table.all("rate", Row.formula)
    for kind, other in (("state", "rate"), ("rate", "state")):
        there = {row.name for row in table.rows[other]}
        missing = (row for row in table.rows[kind] if row.name not in there)
        table.wrong.extend(f"line {row.line}: {row.name} has no {other}" for row in missing)
    return {name: State(start, rates.get(name, Number(0.0))) for name, start in starts.items()}


def _doses(table: _Table, system: System) -> tuple[dict[str, Entry], str]:
    """Return where doses enter, and the unit of doses: every state, or those that are named."""
    own = {row.name: row for row in table.rows["dose"]}
    named = table.all("dose", lambda row: row.value or row.name)
    for name, state in named.items():
        if state not in system.states and state not in system.entries:
            table.wrong.append(f"line {own[name].line}: {state!r} is no state; expected {', '.join(system.states)}")
    below = {**system.entries, **{name: Entry(name) for name in _new_states(table)}}
    entries = {n: Entry(below[s].state if s in below else s) for n, s in named.items()} or below
    for kind, way in WAYS.items():
        for name, formula in table.all(kind, Row.formula).items():
            if name not in entries:
                table.wrong.append(f"{kind} {name}: no dose is called so; expected {', '.join(entries)}")
                continue
            hours = {"lag_h": system.hours, "duration_h": system.hours, "rate": 1 / system.hours}.get(way, 1.0)
            formula = product(formula, Number(hours))
            entries[name] = replace(entries[name], way={**entries[name].way, way: formula})
    units = {row.unit for row in table.rows["dose"] if row.unit}
    if len(units) > 1:
        table.wrong.append(f"doses are in {' and '.join(sorted(units))}; expected one unit")
    return entries, next(iter(units), system.dose_unit or NOT_STATED)


def _hazard(table: _Table) -> Expression | None:
    """Return the formula of events in a unit of time, if there is one."""
    _only(table, "hazard")
    return next(iter(table.all("hazard", Row.formula).values()), None)


def _new_states(table: _Table) -> Iterator[str]:
    return (row.name for row in table.rows["state"])


def _variability(table: _Table, system: System) -> Variability:
    varies = {VARIES[kind]: table.all(kind, _positive) for kind in VARIES}
    for kind, what in VARIES.items():
        known = system.parameters if kind == "uncertainty" else system.given
        for name in varies[what].keys() - set(known):
            table.wrong.append(f"{kind} {name}: no parameter is called so; expected one of {', '.join(known)}")
    pairs: dict[tuple[str, str], Quantity] = {}
    for name, quantity in table.all("correlation", Row.quantity).items():
        one, _, other = name.partition(" ")
        if not {one, other} <= varies["between"].keys():
            table.wrong.append(f"correlation {name}: expected two names, with a space between, that have a variability")
        pairs[one, other] = quantity
    moved = varies["between"].keys() | varies["occasions"].keys()
    for name, formula in system.individual.items():
        if names(formula) & moved:
            later = ", ".join(sorted(names(formula) & moved))
            table.wrong.append(f"individual {name} depends on {later}, which varies after it; make it a formula")
    if table.wrong:
        return Variability()
    try:
        found = Variability(varies["between"], pairs, varies["occasions"], varies["uncertainty"])
    except ValueError as failure:
        table.wrong.append(str(failure))
        return Variability()
    if pairs and np.linalg.eigvalsh(found.omega()).min() <= 0:
        table.wrong.append("the correlations contradict each other; expected those of a covariance matrix")
    return found


def _positive(row: Row) -> Quantity:
    if row.number() <= 0:
        raise RowError(f"got {row.value!r}, expected a number above 0")
    return row.quantity()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} [...]"


def _errors(table: _Table, system: System) -> dict[str, Error]:
    parts: dict[str, dict[str, Quantity]] = {}
    for kind, part in ERRORS.items():
        for name, quantity in table.all(kind, _positive).items():
            parts.setdefault(name, {})[part] = quantity
    found = {}
    for name, own in parts.items():
        if name not in system.observables:
            table.wrong.append(f"error of {name}: no observable is called so; expected {', '.join(system.observables)}")
        try:
            found[name] = Error(**own)
        except ValueError as failure:
            table.wrong.append(f"error of {name}: {failure}")
    return found


def _left_out(table: _Table, below: System) -> Iterator[str]:
    yield from below.left_out
    yield from (row.value for row in table.rows["left_out"])
    if not table.rows["time"] and not below.states:
        yield "time has no unit in the file: hours are assumed"


def _check(table: _Table, system: System) -> None:
    if not system.states:
        table.wrong.append("there is no state; expected rows of the kinds state and rate")
    elif not system.observables and system.hazard is None:
        table.wrong.append("there is nothing to observe; expected a row of the kind observable")

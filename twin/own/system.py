"""Systems: equations by name, as a file states them, and the model that they make.

A reader turns a file into a system, and `model` turns that into functions of JAX: whatever the file, in one way.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from graphlib import CycleError, TopologicalSorter
from keyword import iskeyword
from typing import Any

import jax.numpy as jnp

from twin.covariates import Covariate
from twin.error import Error
from twin.model import Compartment, Form, Model, Theta
from twin.own.expression import TIME, Expression, Number, Values, evaluate, names
from twin.own.shape import Shape, moments, shape
from twin.quantity import Quantity
from twin.solve.flat import RISK
from twin.variability import Variability


@dataclass(frozen=True)
class State:
    """A state: what it is at the start, and how it changes in the model's unit of time."""

    start: Expression
    rate: Expression


@dataclass(frozen=True)
class Entry:
    """Where doses enter: the name of a state, and formulas of the parameters for what happens on the way (see
    `twin.model.Compartment`), by the name there."""

    state: str
    way: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Observable:
    """What can be observed, and its unit."""

    formula: Expression
    unit: str


@dataclass(frozen=True)
class System:
    """The equations of a file, all by name.

    - `hours`: how long the model's unit of time is;
    - `parameters`: numbers, each with its unit and source;
    - `individual`: parameters of a patient that are formulas of those and of covariates;
    - `constants`: what the start decides once and for all;
    - `assigned`: what is a formula at every moment;
    - `states`: what changes by its rate. Time is one of them where a formula asks for it.
    """

    name: str
    citation: str
    hours: float
    dose_unit: str
    parameters: Mapping[str, Quantity]
    states: Mapping[str, State]
    entries: Mapping[str, Entry]
    observables: Mapping[str, Observable]
    covariates: tuple[Covariate, ...] = ()
    individual: Mapping[str, Expression] = field(default_factory=dict)
    constants: Mapping[str, Expression] = field(default_factory=dict)
    assigned: Mapping[str, Expression] = field(default_factory=dict)
    variability: Variability = field(default_factory=Variability)
    errors: Mapping[str, Error] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    hazard: Expression | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """What a patient is known by: the names of parameters, covariates and formulas of them."""
        return (*self.parameters, *(one.name for one in self.covariates), *self.individual)

    @property
    def carried(self) -> tuple[str, ...]:
        """What of that is looked at later, or varies: the rest only makes the individual parameters."""
        formulas = [
            *self.constants.values(),
            *self.assigned.values(),
            *(one.formula for one in self.observables.values()),
        ]
        formulas += [part for one in self.states.values() for part in (one.start, one.rate)]
        formulas += [self.hazard] if self.hazard else []
        formulas += [part for one in self.entries.values() for part in one.way.values()]
        used = set().union(*map(names, formulas), self.variability.between, self.variability.occasions)
        return tuple(name for name in self.given if name in used) or self.given


def model(system: System) -> Model:
    """Return the model that a system makes. Raises `ValueError` that lists all that is wrong with its formulas."""
    system = _with_time(system)
    if wrong := faults(system):
        raise ValueError("; ".join(wrong))
    equations = _Equations.of(system)
    return Model(
        name=system.name,
        citation=system.citation,
        covariates=system.covariates,
        parameters=system.parameters,
        individual=equations.individual,
        start=equations.start,
        rates=equations.rates,
        compartments={name: equations.compartment(entry) for name, entry in system.entries.items()},
        observe=equations.observe,
        observables={name: one.unit for name, one in system.observables.items()},
        hazard=equations.hazard if system.hazard else None,
        variability=_by_field(system.variability, equations.person),
        errors=system.errors,
        left_out=system.left_out,
        dose_unit=system.dose_unit,
        form=_form(system, equations),
    )


def faults(system: System) -> list[str]:
    """Return what is wrong with a system's formulas: names that are nothing, and circles."""
    person = {*system.parameters, *(one.name for one in system.covariates)}
    known = {*system.given, *system.constants, *system.assigned, *system.states, TIME}
    moments = {**system.constants, **system.assigned, **{n: one.rate for n, one in system.states.items()}}
    moments |= {f"{name} at the start": one.start for name, one in system.states.items()}
    moments |= {f"the observable {name}": one.formula for name, one in system.observables.items()}
    moments |= {"the hazard": system.hazard} if system.hazard else {}
    found = [
        f"{name} depends on {_listed(names(formula) - known)}, which the model does not have"
        for name, formula in moments.items()
        if names(formula) - known
    ]
    of_person = {name: (formula, person | set(system.individual)) for name, formula in system.individual.items()}
    for name, entry in system.entries.items():
        of_person |= {f"{what} of {name}": (formula, set(system.given)) for what, formula in entry.way.items()}
    found += [
        f"{name} depends on {_listed(names(formula) - allowed)}; expected parameters and covariates alone"
        for name, (formula, allowed) in of_person.items()
        if names(formula) - allowed
    ]
    if not system.carried:
        found.append("there is no parameter; expected that some number has a name, not all to stand in formulas")
    for formulas in (system.assigned, _at_start(system), system.individual):
        circle = _circle(formulas)
        if circle and not any(circle in one for one in found):
            found.append(circle)
    return found


def _with_time(system: System) -> System:
    """Return the system with a state for time, where a formula asks for it."""
    formulas = [*system.assigned.values(), *(one.formula for one in system.observables.values())]
    formulas += [one.rate for one in system.states.values()] + ([system.hazard] if system.hazard else [])
    if any(TIME in names(formula) for formula in formulas):
        return replace(system, states={**system.states, TIME: State(Number(0.0), Number(1.0))})
    return system


@dataclass(frozen=True)
class _Equations:
    """A system's functions of one patient; `person` and `state` are the fields of the individual parameters and of the
    state, by name. What each formula needs is computed before it: the mappings are in that order."""

    system: System
    person: Mapping[str, str]
    state: Mapping[str, str]
    patient_type: type[Any]
    state_type: type[Any]
    individuals: Mapping[str, Expression]
    at_start: Mapping[str, Expression]
    assigned: Mapping[str, Expression]

    @classmethod
    def of(cls, system: System) -> "_Equations":
        person, state = fields(system.carried), fields(system.states)
        return cls(
            system,
            person,
            state,
            namedtuple("Parameters", person.values()),
            namedtuple("Body", state.values()),
            _ordered(system.individual),
            _ordered(_at_start(system)),
            _ordered(system.assigned),
        )

    def individual(self, theta: Theta, covariates: Mapping[str, Any]) -> Any:
        """Return the parameters of a patient with these covariates, without variability."""
        values = dict(theta) | {one.name: covariates[one.name] for one in self.system.covariates}
        values = _computed(self.individuals, values)
        return self.patient_type(**{self.person[name]: values[name] for name in self.person})

    def start(self, person: Any) -> Any:
        """Return the state before any dose."""
        values = self._beginning(person)
        return self.state_type(**{field: _float(values[name]) for name, field in self.state.items()})

    def rates(self, person: Any, body: Any) -> Any:
        """Return how the state changes an hour."""
        values, hours = self._now(person, body), self.system.hours
        change = {name: evaluate(one.rate, values) for name, one in self.system.states.items()}
        return self.state_type(**{field: _float(change[name]) / hours for name, field in self.state.items()})

    def observe(self, person: Any, body: Any) -> dict[str, Any]:
        """Return what can be observed."""
        values = self._now(person, body)
        return {name: _float(evaluate(one.formula, values)) for name, one in self.system.observables.items()}

    def hazard(self, person: Any, body: Any) -> Any:
        """Return the events an hour."""
        formula = self.system.hazard or Number(0.0)
        return _float(evaluate(formula, self._now(person, body))) / self.system.hours

    def ahead(self, known: Sequence[Expression], person: Any, body: Any) -> Any:
        """Return the hours until moments at which something changes, [moment]; below 0 when they are over."""
        values = self._now(person, body)
        return jnp.stack([(_float(evaluate(one, values)) - values[TIME]) * self.system.hours for one in known])

    def compartment(self, entry: Entry) -> Compartment:
        """Return where doses enter, whose formulas are functions of a patient, or of many."""

        def of(what: str) -> Callable[[Any], Any] | None:
            formula = entry.way.get(what)
            return None if formula is None else lambda person: _float(evaluate(formula, self._known(person)))

        ways = (of(what) for what in ("bioavailability", "lag_h", "rate", "duration_h"))
        return Compartment(self.state[entry.state], 0, *ways)

    def _known(self, person: Any) -> dict[str, Any]:
        return {name: getattr(person, field) for name, field in self.person.items()}

    def _beginning(self, person: Any) -> Values:
        return _computed(self.at_start, {**self._known(person), TIME: 0.0})

    def _now(self, person: Any, body: Any) -> Values:
        """Return what everything is at a moment."""
        values = self._known(person)
        if self.system.constants:
            beginning = self._beginning(person)
            values |= {name: beginning[name] for name in self.system.constants}
        values |= {name: getattr(body, field) for name, field in self.state.items()}
        return _computed(self.assigned, values)


def fields(called: Iterable[str]) -> dict[str, str]:
    """Return a field of a named tuple for each name, which is the name itself where it can be.

    >>> fields(["k", "lambda", "_x", "amount of A"])
    {'k': 'k', 'lambda': 'lambda_', '_x': 'x', 'amount of A': 'amount_of_A'}
    """
    found: dict[str, str] = {}
    taken = set(called := tuple(called))
    for name in called:
        own = re.sub(r"\W", "_", name).lstrip("_") or "value"
        own = f"n{own}" if own[0].isdigit() else own
        own = f"{own}_" if iskeyword(own) else own
        while own != name and own in taken:
            own += "_"
        taken.add(own)
        found[name] = own
    return found


def _computed(formulas: Mapping[str, Expression], values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(values)
    for name, formula in formulas.items():
        found[name] = evaluate(formula, found)
    return found


def _at_start(system: System) -> dict[str, Expression]:
    starts = {name: one.start for name, one in system.states.items() if name != TIME}
    return {**system.constants, **system.assigned, **starts, TIME: Number(0.0)}


def _ordered(formulas: Mapping[str, Expression]) -> dict[str, Expression]:
    """Return formulas so that each comes after those that it depends on. Raises `CycleError`."""
    graph = {name: names(formula) & formulas.keys() for name, formula in formulas.items()}
    return {name: formulas[name] for name in TopologicalSorter(graph).static_order()}


def _circle(formulas: Mapping[str, Expression]) -> str | None:
    try:
        _ordered(formulas)
    except CycleError as failure:
        return f"in a circle, each depends on the next: {', '.join(reversed(failure.args[1]))}"
    return None


def _by_field(variability: Variability, person: Mapping[str, str]) -> Variability:
    return replace(
        variability,
        between={person[name]: quantity for name, quantity in variability.between.items()},
        occasions={person[name]: quantity for name, quantity in variability.occasions.items()},
        correlations={(person[a], person[b]): quantity for (a, b), quantity in variability.correlations.items()},
    )


def _form(system: System, equations: _Equations) -> Form:
    """Return what the equations say of themselves."""
    known = {name: Shape(frozenset([name])) for name in system.states}

    def of(name: str) -> Shape:
        return known.get(name, Shape())

    for name, formula in equations.assigned.items():
        known[name] = shape(formula, of)
    slopes: dict[tuple[str, str], bool] = {}
    thresholds = False
    for name, one in system.states.items():
        rate = shape(one.rate, of)
        thresholds |= rate.thresholds
        slopes |= {(equations.state[name], equations.state[on]): on not in rate.bent for on in rate.on}
    if system.hazard:
        risk = shape(system.hazard, of)
        thresholds |= risk.thresholds
        slopes |= {(RISK, equations.state[on]): on not in risk.bent for on in risk.on}
    formulas = [*system.assigned.values(), *(one.rate for one in system.states.values())]
    formulas += [system.hazard] if system.hazard else []
    known_moments = moments(formulas, of) if thresholds else []
    return Form(slopes, thresholds, partial(equations.ahead, known_moments) if known_moments else None)


def _listed(found: Iterable[str]) -> str:
    return ", ".join(sorted(found))


def _float(value: Any) -> Any:
    return jnp.asarray(value, float)

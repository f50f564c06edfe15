"""SBML: Levels 2 and 3 as libsbml reads them, as a system of equations.

Species are states by their amount, whatever a formula means by their name: where that is a concentration, it is the
amount in the size of the compartment. Doses enter species, and other states that have a rule for their rate.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libsbml

from kg.files.text import FileError, read_text
from twin.own.expression import Apply, Expression, Function, Name, Number, product, total
from twin.own.formula import FormulaError, function, translated
from twin.own.refusal import faults
from twin.own.system import Entry, Observable, State, System
from twin.own.units import hours, units
from twin.quantity import Assumed, Measured, Quantity

AMOUNT, START = "amount of {}", "{} at the start"


@dataclass(frozen=True)
class _Read:
    """What has been read of a model of libsbml: formulas by what they are of; `wrong` takes what is wrong."""

    model: Any
    source: str
    units: Mapping[str, str]
    wrong: list[str]
    functions: dict[str, Function] = field(default_factory=dict)
    rates: dict[str, Expression] = field(default_factory=dict)
    assigned: dict[str, Expression] = field(default_factory=dict)
    initial: dict[str, Expression] = field(default_factory=dict)
    parameters: dict[str, Quantity] = field(default_factory=dict)
    constants: dict[str, Expression] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    observables: dict[str, Observable] = field(default_factory=dict)

    def formula(self, node: Any, element: Any, of: str, called: Mapping[str, str] | None = None) -> Expression:
        """Return a formula, 0 where there is a fault, which is noted."""
        try:
            return translated(node, self.functions, called)
        except FormulaError as failure:
            self.wrong.append(f"line {element.getLine()}: {of}: {failure}")
            return Number(0.0)

    def unit(self, name: str) -> str:
        """Return UCUM's code of a unit, "not stated" where the file has none."""
        return self.units.get(name, name or "not stated")


def read_sbml(path: str | Path) -> System:
    """Read an SBML file of Level 2 or 3 as a system of equations.

    Raises `FileError` that lists all for which it cannot be, by line.
    """
    text = _sbml_text(path)
    document = libsbml.readSBMLFromString(text)
    wrong, passed = faults(document, text)
    model = document.getModel()
    if wrong or model is None:
        raise _refused(path, wrong or ["there is no model; expected an <sbml> element with a <model>"])
    try:
        length, assumed = hours(model, units(model))
    except ValueError as failure:
        raise _refused(path, [str(failure)]) from None
    read = _Read(model, f"{Path(path).name}, SBML of the model {_title(model)!r}", units(model), wrong)
    for step in (_functions, _rules, _quantities, _species, _reactions):
        step(read)
    if not read.states:
        wrong.append("nothing changes: there is no species that a reaction changes and no rule for a rate")
    if wrong:
        raise _refused(path, wrong)
    dosed = [name for name in read.entries if model.getSpecies(name) is not None]
    amounts = {read.unit(_substance(model, model.getSpecies(name))) for name in dosed}
    return System(
        name=model.getId() or Path(path).stem,
        citation=_citation(model, path),
        hours=length,
        dose_unit=read.unit(_substance(model, model.getSpecies(dosed[0]))) if dosed else "not stated",
        parameters=read.parameters,
        states=read.states,
        entries={name: read.entries[name] for name in (*dosed, *(n for n in read.entries if n not in dosed))},
        observables=read.observables,
        constants=read.constants,
        assigned=read.assigned,
        left_out=tuple(_left_out(model, assumed, passed, amounts)),
    )


def _sbml_text(path: str | Path) -> str:
    """Return the text of a file that looks like SBML."""
    text = read_text(path)
    if not text.strip():
        raise FileError(f"{path}: nothing there; expected SBML")
    if "<!DOCTYPE" in text:
        raise FileError(f"{path}: a document with a DOCTYPE, such as a web page; expected SBML, which has none")
    if not re.search(r"<(\w+:)?sbml\b", text):
        raise FileError(f"{path}: no <sbml> element; expected SBML of Level 2 or 3")
    # the text is known to be UTF-8, whatever it says of itself, and libsbml would declare it on a line of its own
    return '<?xml version="1.0" encoding="UTF-8"?>' + re.sub(r"^\s*<\?xml\b.*?\?>", "", text, count=1, flags=re.DOTALL)


def _refused(path: str | Path, wrong: list[str]) -> FileError:
    return FileError(f"{path} cannot be a model: " + "; ".join(wrong))


def _title(model: Any) -> str:
    return str(model.getName() or model.getId() or "without a name")


def _citation(model: Any, path: str | Path) -> str:
    """Return what the model is called, the file, and what its annotation says that it is described by."""
    described = [
        model.getCVTerm(place).getResourceURI(which)
        for place in range(model.getNumCVTerms())
        if model.getCVTerm(place).getModelQualifierType() == libsbml.BQM_IS_DESCRIBED_BY
        for which in range(model.getCVTerm(place).getNumResources())
    ]
    of = f"SBML Level {model.getLevel()} Version {model.getVersion()}"
    return ", ".join([f"{_title(model)}: {Path(path).name}, {of}", *described])


def _left_out(model: Any, assumed: str | None, passed: list[str], amounts: set[str]) -> Iterator[str]:
    if assumed:
        yield assumed
    yield from (f"fault in the file, passed over: {one}" for one in passed)
    if len(amounts) > 1:
        yield f"one unit of doses: each is in the unit of its species ({', '.join(sorted(amounts))})"
    if model.getNumConstraints():
        yield "constraints: whether they hold is not watched"
    yield "variability, covariates and residual error: SBML has none"


def _functions(read: _Read) -> None:
    """Read function definitions, each after those that it calls."""
    left = [read.model.getFunctionDefinition(place) for place in range(read.model.getNumFunctionDefinitions())]
    failures: dict[str, str] = {}
    while left:
        failures, before = {}, len(left)
        for definition in list(left):
            try:
                read.functions[definition.getId()] = function(definition, read.functions)
                left.remove(definition)
            except FormulaError as failure:
                failures[definition.getId()] = f"line {definition.getLine()}: {definition.getId()}: {failure}"
        if len(left) == before:
            break
    read.wrong.extend(failures.values())


def _rules(read: _Read) -> None:
    for place in range(read.model.getNumRules()):
        rule = read.model.getRule(place)
        into = read.rates if rule.isRate() else read.assigned
        into[rule.getVariable()] = read.formula(rule.getMath(), rule, f"the rule of {rule.getVariable()}")
    for place in range(read.model.getNumInitialAssignments()):
        one = read.model.getInitialAssignment(place)
        read.initial[one.getSymbol()] = read.formula(one.getMath(), one, f"{one.getSymbol()} at the start")


def _quantities(read: _Read) -> None:
    """Read what is no species: compartments and parameters; each is a number, a formula, or a state."""
    for compartment in map(read.model.getCompartment, range(read.model.getNumCompartments())):
        size: Quantity | None = None
        unit = read.unit(_size_unit(read.model, compartment))
        if compartment.isSetSize():
            size = Measured(compartment.getSize(), unit, read.source)
        elif _dimensions(compartment):
            size = Assumed(1.0, unit, f"{read.source} states no size of the compartment")
        if size is not None:
            _quantity(read, compartment, size)
    for parameter in map(read.model.getParameter, range(read.model.getNumParameters())):
        unit = read.unit(parameter.getUnits())
        stated = Measured(parameter.getValue(), unit, read.source) if parameter.isSetValue() else None
        _quantity(read, parameter, stated)


def _quantity(read: _Read, element: Any, stated: Quantity | None) -> None:
    name = element.getId()
    unit = stated.unit if stated else read.unit(element.getUnits())
    if name in read.assigned:
        read.observables[name] = Observable(Name(name), unit)
        return
    if name in read.initial:
        start = read.initial[name]
    elif stated is None or not math.isfinite(stated.value):
        value = "no value" if stated is None else f"the value {stated.value:g}"
        read.wrong.append(f"line {element.getLine()}: {name} has {value}, and nothing gives it one that is a number")
        return
    elif name in read.rates:
        start = _at_start(read, name, stated)
    else:
        read.parameters[name] = stated
        return
    if name in read.rates:
        read.states[name] = State(start, read.rates[name])
        read.entries[name] = Entry(name)
        read.observables[name] = Observable(Name(name), unit)
    else:
        read.constants[name] = start


def _at_start(read: _Read, name: str, stated: Quantity) -> Expression:
    """Return the value at the start: a parameter of the model, but where it is nothing."""
    if not math.isfinite(stated.value):
        read.wrong.append(f"{name} is {stated.value:g} at the start; expected a number")
    if stated.value == 0:
        return Number(0.0)
    read.parameters[START.format(name)] = stated
    return Name(START.format(name))


def _species(read: _Read) -> None:
    """Read species: their amounts are states but where they are given, and their names mean what the file says."""
    changes = _changes(read)
    for species in map(read.model.getSpecies, range(read.model.getNumSpecies())):
        name, compartment = species.getId(), read.model.getCompartment(species.getCompartment())
        size = None if species.getHasOnlySubstanceUnits() or not _dimensions(compartment) else compartment.getId()
        unit = read.unit(_substance(read.model, species))
        within = unit if size is None else f"{unit}/{read.unit(_size_unit(read.model, compartment))}"
        if not species.getConstant() or name in read.assigned:
            read.observables[name] = Observable(Name(name), within)
        if name in read.assigned:
            continue
        if size is not None and compartment.isSetSize() and compartment.getSize() == 0 and not _made(read, size):
            read.wrong.append(f"line {species.getLine()}: {name} is a concentration in {size}, whose size is 0")
        amount = name if size is None else AMOUNT.format(name)
        start = _amount_at_start(read, species, size, unit)
        if size is not None:
            read.assigned[name] = Apply("divide", (Name(amount), Name(size)))
        if name in read.rates:
            rate = _amount_rate(read, name, size)
        elif species.getConstant() or species.getBoundaryCondition():
            read.constants[amount] = start
            continue
        else:
            rate = total(changes.get(name, [Number(0.0)]))
        read.states[amount], read.entries[name] = State(start, rate), Entry(amount)


def _made(read: _Read, name: str) -> bool:
    """Return whether a rule or an initial assignment says what something is."""
    return name in read.assigned or name in read.initial


def _amount_at_start(read: _Read, species: Any, size: str | None, unit: str) -> Expression:
    """Return the amount of a species at the start; its initial assignment is of what its name means."""
    name, whole = species.getId(), Name(species.getCompartment())
    if name in read.initial:
        return read.initial[name] if size is None else product(read.initial[name], whole)
    if species.isSetInitialConcentration():
        within = f"{unit}/{read.unit(_size_unit(read.model, read.model.getCompartment(species.getCompartment())))}"
        stated = Measured(species.getInitialConcentration(), within, read.source)
        return product(_at_start(read, name, stated), whole)
    if species.isSetInitialAmount():
        return _at_start(read, name, Measured(species.getInitialAmount(), unit, read.source))
    read.parameters[START.format(name)] = Assumed(0.0, unit, f"{read.source} states no initial amount")
    return Name(START.format(name))


def _amount_rate(read: _Read, name: str, size: str | None) -> Expression:
    """Return the rate of a species' amount by its rule, which is of what its name means."""
    rate = read.rates[name]
    if size is None:
        return rate
    if size in read.assigned:
        read.wrong.append(f"{name} has a rule for its rate in {size}, whose size has a formula: not supported")
    rate = product(rate, Name(size))
    return rate if size not in read.rates else total([rate, product(Name(name), read.rates[size])])


def _changes(read: _Read) -> dict[str, list[Expression]]:
    """Return by what reactions change the amount of each species."""
    found: dict[str, list[Expression]] = {}
    for reaction in map(read.model.getReaction, range(read.model.getNumReactions())):
        sides: list[tuple[Any, int, Callable[[Expression], Expression]]] = [
            (reaction.getReactant, reaction.getNumReactants(), lambda one: Apply("minus", (one,))),
            (reaction.getProduct, reaction.getNumProducts(), lambda one: one),
        ]
        for side, count, signed in sides:
            for reference in map(side, range(count)):
                species = read.model.getSpecies(reference.getSpecies())
                factor = species.getConversionFactor() or read.model.getConversionFactor()
                parts = [_stoichiometry(read, reference), Name(reaction.getId())]
                change = signed(product(*([Name(factor)] if factor else []), *parts))
                found.setdefault(species.getId(), []).append(change)
    return found


def _stoichiometry(read: _Read, reference: Any) -> Expression:
    """Return how many of a species take part: a number, or what its own name or formula says."""
    name = reference.getId()
    if name in read.assigned:
        return Name(name)
    if reference.isSetStoichiometryMath():
        return read.formula(reference.getStoichiometryMath().getMath(), reference, "the stoichiometry")
    value = reference.getStoichiometry()
    number = Number(float(value) if value == value else 1.0)
    if not name:
        return number
    if name in read.rates:
        read.states[name] = State(read.initial.get(name, number), read.rates[name])
    else:
        read.constants[name] = read.initial.get(name, number)
    return Name(name)


def _reactions(read: _Read) -> None:
    """Read the rates of reactions; what is local to one is called REACTION.NAME."""
    for reaction in map(read.model.getReaction, range(read.model.getNumReactions())):
        law, name = reaction.getKineticLaw(), reaction.getId()
        called = {}
        for local in map(law.getParameter, range(law.getNumParameters())):
            called[local.getId()] = f"{name}.{local.getId()}"
            if not math.isfinite(local.getValue()):  # NaN where there is none
                read.wrong.append(f"line {local.getLine()}: {local.getId()} of {name} has no value that is a number")
                continue
            stated = Measured(local.getValue(), read.unit(local.getUnits()), read.source)
            read.parameters[called[local.getId()]] = stated
        read.assigned[name] = read.formula(law.getMath(), law, f"the rate of {name}", called)


def _dimensions(compartment: Any) -> float:
    """Return in how many dimensions a compartment has a size, 3 where the file does not say."""
    found = compartment.getSpatialDimensionsAsDouble()
    return 3.0 if found != found else float(found)


def _size_unit(model: Any, compartment: Any) -> str:
    usual = {3.0: ("volume", model.getVolumeUnits()), 2.0: ("area", model.getAreaUnits())}
    level_2, level_3 = usual.get(_dimensions(compartment), ("length", model.getLengthUnits()))
    return str(compartment.getUnits() or (level_2 if model.getLevel() == 2 else level_3))


def _substance(model: Any, species: Any) -> str:
    return str(species.getSubstanceUnits() or ("substance" if model.getLevel() == 2 else model.getSubstanceUnits()))

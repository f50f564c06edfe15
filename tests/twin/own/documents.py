"""SBML documents of tests, as text: the parts of a model, with formulas in infix."""

from pathlib import Path

import libsbml

from twin.model import Model
from twin.own.file import read

HOURS = '<unitDefinition id="h"><listOfUnits>{}</listOfUnits></unitDefinition>'.format(
    '<unit kind="second" exponent="1" scale="0" multiplier="3600"/>'
)
MINUTES = '<unitDefinition id="m"><listOfUnits>{}</listOfUnits></unitDefinition>'.format(
    '<unit kind="second" exponent="1" scale="0" multiplier="60"/>'
)


def math(formula: str) -> str:
    """Return a formula in MathML."""
    text: str = libsbml.writeMathMLToString(libsbml.parseL3Formula(formula))
    return text.partition("?>")[2]


def compartment(name: str, size: float | None = 1.0, constant: bool = True) -> str:
    stated = "" if size is None else f'size="{size}"'
    return f'<compartment id="{name}" spatialDimensions="3" {stated} constant="{str(constant).lower()}"/>'


def species(name: str, amount: str = 'initialAmount="0"', only_amount: bool = True, **other: str) -> str:
    told = {"compartment": "c", "boundaryCondition": "false", "constant": "false", **other}
    said = " ".join(f'{key}="{value}"' for key, value in told.items())
    return f'<species id="{name}" {amount} hasOnlySubstanceUnits="{str(only_amount).lower()}" {said}/>'


def parameter(name: str, value: float | None, constant: bool = True, units: str = "dimensionless") -> str:
    stated = "" if value is None else f'value="{value}"'
    return f'<parameter id="{name}" {stated} constant="{str(constant).lower()}" units="{units}"/>'


def reaction(name: str, side: dict[str, float], law: str, modifiers: tuple[str, ...] = (), local: str = "") -> str:
    """Return a reaction by what it takes (below 0) and makes."""
    parts = {"Reactants": "", "Products": ""}
    for of, number in side.items():
        parts["Reactants" if number < 0 else "Products"] += (
            f'<speciesReference species="{of}" stoichiometry="{abs(number)}" constant="true"/>'
        )
    lists = "".join(f"<listOf{what}>{text}</listOf{what}>" for what, text in parts.items() if text)
    if modifiers:
        own = "".join(f'<modifierSpeciesReference species="{one}"/>' for one in modifiers)
        lists += f"<listOfModifiers>{own}</listOfModifiers>"
    inside = f"<listOfLocalParameters>{local}</listOfLocalParameters>" if local else ""
    return f'<reaction id="{name}" reversible="false">{lists}<kineticLaw>{math(law)}{inside}</kineticLaw></reaction>'


def rule(kind: str, of: str, formula: str) -> str:
    return f'<{kind}Rule variable="{of}">{math(formula)}</{kind}Rule>'


def initial(of: str, formula: str) -> str:
    return f'<initialAssignment symbol="{of}">{math(formula)}</initialAssignment>'


def document(attributes: str = 'timeUnits="h"', namespaces: str = "", **lists: str) -> str:
    """Return a document of Level 3 Version 2; each list is its elements, by its name without "listOf"."""
    lists = {"UnitDefinitions": HOURS, "Compartments": compartment("c"), **lists}
    order = ("FunctionDefinitions", "UnitDefinitions", "Compartments", "Species", "Parameters", "InitialAssignments")
    order += ("Rules", "Constraints", "Reactions", "Events")
    inside = "".join(f"<listOf{name}>{lists[name]}</listOf{name}>" for name in order if lists.get(name))
    core = 'xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"'
    first = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{first}\n<sbml {core} {namespaces}>\n<model id="own" {attributes}>{inside}</model></sbml>'


def model(folder: Path, text: str, name: str = "own.xml") -> Model:
    """Write a file and read it as a model."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read(path)

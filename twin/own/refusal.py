"""Refusals: what is wrong with an SBML document, and what of it no model here can do, each by name and line."""

import re
from collections.abc import Iterator
from typing import Any

import libsbml

LENIENT = {getattr(libsbml, name) for name in dir(libsbml) if name.startswith("AllowedAttributesOn")}
"""Faults of attributes: one that is missing is as Level 2 has it."""
_MISSING = re.compile(r"attribute '(\w+)' is missing|is missing the required attribute '(\w+)'")
_UNKNOWN = re.compile(r"Attribute '(\w+)' is not part of")
_DEFAULTS = {
    "hasOnlySubstanceUnits": "false",
    "boundaryCondition": "false",
    "constant": "as Level 2 has it",
    "reversible": "true",
    "fast": "false",
    "stoichiometry": "1",
}
_KNOWN_PACKAGES = {"layout", "render", "l3v2extendedmath"}
"""Packages that change no equation, or none beyond Level 3 Version 2."""


def faults(document: Any, text: str) -> tuple[list[str], list[str]]:
    """Return what a document cannot be read for, and what was passed over."""
    _check(document)
    wrong: list[str] = []
    passed: list[str] = []
    for place in range(document.getNumErrors()):
        error = document.getError(place)
        if error.getSeverity() < libsbml.LIBSBML_SEV_ERROR:
            continue
        said = _said(error)
        lenient = error.getErrorId() in LENIENT and _passable(said, text)
        (passed if lenient else wrong).append(said + (_taken(said) if lenient else ""))
    model = document.getModel()
    if model is not None:
        wrong += [*_packages(document), *_unsupported(model)]
    return list(dict.fromkeys(wrong)), list(dict.fromkeys(passed))


def _check(document: Any) -> None:
    """Let libsbml look for what is inconsistent, units and style apart, where the document could be read."""
    fatal = document.getNumErrors(libsbml.LIBSBML_SEV_FATAL)
    if fatal or document.getModel() is None:
        return
    for category, wanted in (
        (libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY, True),
        (libsbml.LIBSBML_CAT_IDENTIFIER_CONSISTENCY, True),
        (libsbml.LIBSBML_CAT_MATHML_CONSISTENCY, True),
        (libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL, True),
        (libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False),
        (libsbml.LIBSBML_CAT_SBO_CONSISTENCY, False),
        (libsbml.LIBSBML_CAT_MODELING_PRACTICE, False),
    ):
        document.setConsistencyChecks(category, wanted)
    document.checkConsistency()


def _said(error: Any) -> str:
    """Return what libsbml says, without the rule it quotes first."""
    lines = [line.strip() for line in error.getMessage().splitlines() if line.strip()]
    own = lines[-1] if lines and not lines[-1].startswith("Reference:") else error.getShortMessage()
    return f"line {error.getLine()}: {own.rstrip('.')}"


def _passable(said: str, text: str) -> bool:
    """Return whether an attribute that is missing has a usual value, or one that is unknown says "false"."""
    if missing := _MISSING.search(said):
        return (missing[1] or missing[2]) in _DEFAULTS
    if unknown := _UNKNOWN.search(said):
        values = re.findall(rf"\b{unknown[1]}\s*=\s*[\"']([^\"']*)[\"']", text)
        return set(values) <= {"false", "0"}
    return False


def _taken(said: str) -> str:
    if missing := _MISSING.search(said):
        return f"; taken as {_DEFAULTS[missing[1] or missing[2]]}".replace("taken as as", "taken as")
    return "; passed over, as it says false"


def _packages(document: Any) -> Iterator[str]:
    for place in range(document.getNumPlugins()):
        name = document.getPlugin(place).getPackageName()
        if name not in _KNOWN_PACKAGES and document.getPackageRequired(name):
            yield f"the package {name!r}, which changes the model's equations, is not supported"
    for place in range(document.getNumUnknownPackages()):
        address = document.getUnknownPackageURI(place)
        if document.getPackageRequired(address):
            yield f"the package {address}, which changes the model's equations, is not supported"


def _unsupported(model: Any) -> Iterator[str]:
    """Yield what the engine has no way to do; delays are found in the formulas."""
    if model.getLevel() < 2:
        yield "SBML Level 1; expected Level 2 or 3: convert the file, libsbml's setLevelAndVersion does"
    for place in range(model.getNumEvents()):
        event = model.getEvent(place)
        yield f"line {event.getLine()}: the event {event.getId() or place + 1} is not supported"
    for place in range(model.getNumRules()):
        rule = model.getRule(place)
        if rule.isAlgebraic():
            yield f"line {rule.getLine()}: an algebraic rule is not supported; solve it for one of its variables"
    for place in range(model.getNumReactions()):
        reaction = model.getReaction(place)
        if reaction.getFast():
            yield f"line {reaction.getLine()}: the reaction {reaction.getId()} is fast, which is not supported"
        law = reaction.getKineticLaw()
        if law is None or law.getMath() is None:
            yield f"line {reaction.getLine()}: the reaction {reaction.getId()} has no kinetic law"
        elif law.isSetTimeUnits() or law.isSetSubstanceUnits():
            yield f"line {law.getLine()}: the kinetic law of {reaction.getId()} has units of its own: not supported"

"""Formulas: libsbml's syntax trees, of MathML or of a formula as text, become expressions.

Nothing of a text is ever run: each node of the tree is one of a list, or refused by its name.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import libsbml

from twin.own.expression import OPERATORS, TIME, Apply, Call, Expression, Function, Name, Number, Piecewise

DEEPEST = 200
"""How deep a formula may be nested."""
AVOGADRO = 6.02214179e23
"""As SBML Level 3 fixes it, 1/mol."""

_CONSTANTS = {
    libsbml.AST_CONSTANT_E: 2.718281828459045,
    libsbml.AST_CONSTANT_PI: 3.141592653589793,
    libsbml.AST_CONSTANT_TRUE: True,
    libsbml.AST_CONSTANT_FALSE: False,
    libsbml.AST_NAME_AVOGADRO: AVOGADRO,
}
_NUMBERS = (libsbml.AST_REAL, libsbml.AST_REAL_E, libsbml.AST_RATIONAL)
_SIGNS = {
    libsbml.AST_PLUS: "plus",
    libsbml.AST_MINUS: "minus",
    libsbml.AST_TIMES: "times",
    libsbml.AST_DIVIDE: "divide",
    libsbml.AST_POWER: "power",
}
_FEWEST = {"max": 1, "min": 1, "eq": 2, "lt": 2, "leq": 2, "gt": 2, "geq": 2}
"""Of operators that take any number of arguments; the others of these take none too."""
_ANY_NUMBER = {"plus", "times", "and", "or", "xor", *_FEWEST}
_TWO = {"divide", "power", "root", "log", "quotient", "rem", "implies", "neq"}


class FormulaError(ValueError):
    """A formula that cannot be read, or has what is not supported; the message says what."""


@lru_cache
def _operators() -> dict[int, str]:
    """Return the operators of MathML by libsbml's number of them."""
    found = dict(_SIGNS)
    for family in ("FUNCTION", "LOGICAL", "RELATIONAL"):
        for name in OPERATORS:
            number = getattr(libsbml, f"AST_{family}_{name.upper()}", None)
            if number is not None:
                found[number] = name
    return found


def translated(
    node: Any, functions: Mapping[str, Function], called: Mapping[str, str] | None = None, depth: int = 0
) -> Expression:
    """Return libsbml's tree of a formula as an expression.

    `functions` are those that may be called, by name; `called` has what names mean that mean something else here.
    Raises `FormulaError`.
    """
    if node is None:
        raise FormulaError("there is no formula")
    if depth > DEEPEST:
        raise FormulaError(f"the formula is nested more than {DEEPEST} deep; name a part of it")
    kind = node.getType()
    if kind == libsbml.AST_INTEGER:
        return Number(float(node.getInteger()))
    if kind in _NUMBERS:
        return Number(float(node.getReal()))
    if kind in _CONSTANTS:
        return Number(_CONSTANTS[kind])
    if kind == libsbml.AST_NAME:
        return Name((called or {}).get(node.getName(), node.getName()))
    if kind == libsbml.AST_NAME_TIME:
        return Name(TIME)
    arguments = [translated(child, functions, called, depth + 1) for child in _children(node)]
    if kind == libsbml.AST_FUNCTION_PIECEWISE:
        return _piecewise(arguments)
    if kind == libsbml.AST_FUNCTION:
        return _call(node.getName(), tuple(arguments), functions)
    if kind not in _operators():
        raise FormulaError(f"{_named(node)} is not supported")
    return _applied(_operators()[kind], tuple(arguments))


def function(definition: Any, functions: Mapping[str, Function]) -> Function:
    """Return a function definition of SBML; `functions` are those that it may call. Raises `FormulaError`."""
    tree = definition.getMath()
    if tree is None or not tree.isLambda() or definition.getBody() is None:
        raise FormulaError("the function has no lambda with a body")
    arguments = tuple(definition.getArgument(place).getName() for place in range(definition.getNumArguments()))
    return Function(definition.getId(), arguments, translated(definition.getBody(), functions))


def parsed(text: str) -> Expression:
    """Return a formula that is written as text, in libsbml's infix syntax. Raises `FormulaError`.

    >>> parsed("k * A")
    Apply(operator='times', arguments=(Name(name='k'), Name(name='A')))
    """
    tree = libsbml.parseL3FormulaWithSettings(text, _settings())
    if tree is None:
        said = re.search(r".*(at position \d+: .*)", " ".join(libsbml.getLastParseL3Error().split()))
        raise FormulaError(said[1] if said else "there is no formula")
    return translated(tree, {})


@lru_cache
def _settings() -> Any:
    """Return how text is read: `log` of one argument, whose base may be 10 or e, is an error; capitals count."""
    settings = libsbml.L3ParserSettings()
    settings.setParseLog(libsbml.L3P_PARSE_LOG_AS_ERROR)
    settings.setComparisonCaseSensitivity(libsbml.L3P_COMPARE_BUILTINS_CASE_SENSITIVE)
    settings.setParseUnits(libsbml.L3P_NO_UNITS)
    return settings


def _children(node: Any) -> Iterator[Any]:
    return (node.getChild(place) for place in range(node.getNumChildren()))


def _piecewise(arguments: list[Expression]) -> Expression:
    pieces = tuple(zip(arguments[0::2], arguments[1::2], strict=False))
    otherwise = arguments[-1] if len(arguments) % 2 else Number(float("nan"))
    return Piecewise(pieces, otherwise)


def _call(name: str, arguments: tuple[Expression, ...], functions: Mapping[str, Function]) -> Expression:
    if name not in functions:
        raise FormulaError(f"no function is called {name!r}")
    expected = len(functions[name].arguments)
    if len(arguments) != expected:
        raise FormulaError(f"{name} has {len(arguments)} arguments; expected {expected}")
    return Call(functions[name], arguments)


def _applied(operator: str, arguments: tuple[Expression, ...]) -> Expression:
    count = len(arguments)
    if operator in ("root", "log") and count == 1:
        arguments, count = (Number(2.0 if operator == "root" else 10.0), *arguments), 2
    if operator in _ANY_NUMBER:
        fits = count >= _FEWEST.get(operator, 0)
    else:
        fits = count in ((1, 2) if operator == "minus" else (2,) if operator in _TWO else (1,))
    if not fits:
        raise FormulaError(f"{operator} has {count} arguments")
    return Apply(operator, arguments)


def _named(node: Any) -> str:
    """Return what a node is called, as an author knows it."""
    known = {libsbml.AST_FUNCTION_DELAY: "a delay", libsbml.AST_FUNCTION_RATE_OF: "rateOf"}
    return known.get(node.getType()) or repr(
        node.getName() or libsbml.formulaToL3String(node) or "a part of the formula"
    )

"""Expressions: the formulas of a model as trees, evaluated by JAX.

A logical value is a truth or a number, 0 being false, as SBML Level 3 Version 2 has it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise, starmap
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

TIME = "simulation time"
"""The name of the time since the start, in the unit of the model; no identifier has a space."""


@dataclass(frozen=True)
class Number:
    """A number, or a truth."""

    value: float | bool


@dataclass(frozen=True)
class Name:
    """What is called so in the model."""

    name: str


@dataclass(frozen=True)
class Apply:
    """One of `OPERATORS` with its arguments."""

    operator: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True)
class Piecewise:
    """The value of the first piece, (value, condition), whose condition holds; `otherwise` where none does."""

    pieces: tuple[tuple["Expression", "Expression"], ...]
    otherwise: "Expression"


@dataclass(frozen=True)
class Function:
    """A function of one's own: the names of its arguments, and what it comes to."""

    name: str
    arguments: tuple[str, ...]
    body: "Expression"


@dataclass(frozen=True)
class Call:
    """A function of one's own, called."""

    function: Function
    arguments: tuple["Expression", ...]


Expression: TypeAlias = Number | Name | Apply | Piecewise | Call
Values: TypeAlias = Mapping[str, Any]

_ROUNDING = 1e-9
"""A base below 0 by less is 0 but for rounding: what decays to nothing may end there."""
_NEAR = 1e-30
"""Where the slope of a power is taken in place of 0, so that it stays finite."""


def _power(base: Any, exponent: Any) -> Any:
    """Return a power whose slope at 0 is finite; whole exponents that are written as numbers take any base."""
    if isinstance(exponent, float | int) and float(exponent).is_integer() and abs(exponent) <= 64:
        return jnp.asarray(base) ** int(exponent)
    base = jnp.where((base < 0) & (base > -_ROUNDING) & (exponent != jnp.floor(exponent)), 0.0, base)
    still = base == 0
    found = jnp.power(jnp.where(still, base + _NEAR, base), exponent)
    exact = jax.lax.stop_gradient(jnp.power(jnp.where(still, base, 0.0), exponent) - found)
    return jnp.where(still, found + exact, found)


def _truth(value: Any) -> Any:
    return jnp.asarray(value) != 0


def _number(value: Any) -> Any:
    return jnp.where(value, 1.0, 0.0) if jnp.asarray(value).dtype == bool else value


def _folded(operation: Callable[[Any, Any], Any], nothing: float) -> Callable[..., Any]:
    return lambda *of: reduce(operation, of[1:], of[0]) if of else nothing


def _each_next(relation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *of: reduce(jnp.logical_and, starmap(relation, pairwise(of)))


def _logical(operation: Callable[[Any, Any], Any], nothing: bool) -> Callable[..., Any]:
    return lambda *of: reduce(operation, map(_truth, of), jnp.asarray(nothing))


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "plus": _folded(lambda a, b: a + b, 0.0),
    "times": _folded(lambda a, b: a * b, 1.0),
    "minus": lambda a, *b: a - b[0] if b else -a,
    "divide": lambda a, b: jnp.divide(a, b),
    "power": _power,
    "root": lambda degree, of: jnp.sqrt(of) if degree == 2 else _power(of, 1.0 / degree),
    "log": lambda base, of: jnp.log(of) / jnp.log(base),
    "ln": jnp.log,
    "exp": jnp.exp,
    "abs": jnp.abs,
    "floor": jnp.floor,
    "ceiling": jnp.ceil,
    "factorial": lambda of: jnp.exp(jax.scipy.special.gammaln(of + 1.0)),
    "max": _folded(jnp.maximum, -jnp.inf),
    "min": _folded(jnp.minimum, jnp.inf),
    "quotient": lambda a, b: jnp.trunc(jnp.divide(a, b)),
    "rem": lambda a, b: a - b * jnp.trunc(jnp.divide(a, b)),
    "and": _logical(jnp.logical_and, True),
    "or": _logical(jnp.logical_or, False),
    "xor": _logical(jnp.logical_xor, False),
    "not": lambda of: ~_truth(of),
    "implies": lambda a, b: ~_truth(a) | _truth(b),
    "eq": _each_next(lambda a, b: a == b),
    "neq": lambda a, b: jnp.asarray(a != b),
    "lt": _each_next(lambda a, b: a < b),
    "leq": _each_next(lambda a, b: a <= b),
    "gt": _each_next(lambda a, b: a > b),
    "geq": _each_next(lambda a, b: a >= b),
    "sin": jnp.sin,
    "cos": jnp.cos,
    "tan": jnp.tan,
    "sec": lambda x: 1.0 / jnp.cos(x),
    "csc": lambda x: 1.0 / jnp.sin(x),
    "cot": lambda x: 1.0 / jnp.tan(x),
    "sinh": jnp.sinh,
    "cosh": jnp.cosh,
    "tanh": jnp.tanh,
    "sech": lambda x: 1.0 / jnp.cosh(x),
    "csch": lambda x: 1.0 / jnp.sinh(x),
    "coth": lambda x: 1.0 / jnp.tanh(x),
    "arcsin": jnp.arcsin,
    "arccos": jnp.arccos,
    "arctan": jnp.arctan,
    "arcsec": lambda x: jnp.arccos(jnp.divide(1.0, x)),
    "arccsc": lambda x: jnp.arcsin(jnp.divide(1.0, x)),
    "arccot": lambda x: jnp.arctan(jnp.divide(1.0, x)),
    "arcsinh": jnp.arcsinh,
    "arccosh": jnp.arccosh,
    "arctanh": jnp.arctanh,
    "arcsech": lambda x: jnp.arccosh(jnp.divide(1.0, x)),
    "arccsch": lambda x: jnp.arcsinh(jnp.divide(1.0, x)),
    "arccoth": lambda x: jnp.arctanh(jnp.divide(1.0, x)),
}
"""What an operator of MathML does, by its name there; a root has its degree first, a logarithm its base."""


def evaluate(expression: Expression, values: Values) -> Any:
    """Return what an expression comes to, where each name has this value: numbers or arrays, all of one shape."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Name):
        return values[expression.name]
    if isinstance(expression, Piecewise):
        return _chosen(expression, values)
    arguments = [evaluate(one, values) for one in expression.arguments]
    if isinstance(expression, Call):
        return evaluate(expression.function.body, dict(zip(expression.function.arguments, arguments, strict=True)))
    if expression.operator not in ("and", "or", "xor", "not", "implies"):
        arguments = [_number(one) for one in arguments]
    return OPERATORS[expression.operator](*arguments)


def _chosen(expression: Piecewise, values: Values) -> Any:
    """Return the value of the piece that holds.

    The others are computed too, of harmless values, so that a piece that is undefined there spoils no gradient.
    """
    left, conditions = jnp.asarray(True), []
    for _, condition in expression.pieces:
        holds = _truth(evaluate(condition, values))
        conditions.append(left & holds)
        left = left & ~holds
    found = _held(expression.otherwise, values, left)
    for (value, _), condition in zip(expression.pieces, conditions, strict=True):
        found = jnp.where(condition, _held(value, values, condition), found)
    return found


def _held(expression: Expression, values: Values, condition: Any) -> Any:
    return _number(evaluate(expression, {name: jnp.where(condition, values[name], 1.0) for name in names(expression)}))


def names(expression: Expression) -> set[str]:
    """Return the names that an expression depends on.

    >>> sorted(names(Apply("plus", (Name("a"), Apply("times", (Number(2.0), Name("b")))))))
    ['a', 'b']
    """
    if isinstance(expression, Name):
        return {expression.name}
    return set().union(*map(names, parts(expression)))


def parts(expression: Expression) -> Iterator[Expression]:
    """Yield what an expression is made of; the body of a function is not: its names are its own."""
    if isinstance(expression, Piecewise):
        for piece in expression.pieces:
            yield from piece
        yield expression.otherwise
    elif isinstance(expression, Apply | Call):
        yield from expression.arguments


def total(parts: Sequence[Expression]) -> Expression:
    """Return a sum, or the one part itself."""
    return parts[0] if len(parts) == 1 else Apply("plus", tuple(parts))


def product(*parts: Expression) -> Expression:
    """Return a product, without ones."""
    left = [part for part in parts if part != Number(1.0)]
    return left[0] if len(left) == 1 else Apply("times", tuple(left))

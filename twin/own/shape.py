"""Shapes: what formulas say of themselves: of which states, whether linearly, and where they change by thresholds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from twin.own.expression import TIME, Apply, Call, Expression, Name, Number, Piecewise, parts

_RELATIONS = ("lt", "leq", "gt", "geq", "eq", "neq")
_LINEAR, _JUMPS = (
    ("plus", "minus"),
    (
        *_RELATIONS,
        *("and", "or", "xor", "not", "implies", "abs", "floor", "ceiling", "max", "min", "quotient", "rem"),
    ),
)


@dataclass(frozen=True)
class Shape:
    """The states that something depends on, those of them that its slope depends on, and whether it has thresholds."""

    on: frozenset[str] = frozenset()
    bent: frozenset[str] = frozenset()
    thresholds: bool = False


def shape(expression: Expression, of: Callable[[str], Shape]) -> Shape:
    """Return the shape of an expression, from those of the names in it.

    Sums, and products and quotients with what depends on no state, are linear; whatever else there is may not be.

    >>> product = Apply("times", (Name("k"), Name("A")))
    >>> sorted(shape(product, lambda name: Shape(frozenset([name]) - {"k"})).bent)
    []
    """
    if isinstance(expression, Number):
        return Shape()
    if isinstance(expression, Name):
        return of(expression.name)
    if isinstance(expression, Call):
        given = [shape(one, of) for one in expression.arguments]
        inside = dict(zip(expression.function.arguments, given, strict=True))
        return shape(expression.function.body, inside.__getitem__)
    own = [shape(part, of) for part in parts(expression)]
    on, bent = _union(one.on for one in own), _union(one.bent for one in own)
    thresholds = any(one.thresholds for one in own)
    if isinstance(expression, Piecewise):
        decided = any(shape(condition, of).on for _, condition in expression.pieces)
        return Shape(on, on if decided else bent, thresholds or decided)
    if _is_linear(expression, own):
        return Shape(on, bent, thresholds)
    return Shape(on, on, thresholds or (bool(on) and expression.operator in _JUMPS))


def _is_linear(expression: Apply, own: list[Shape]) -> bool:
    if expression.operator == "times":
        return sum(bool(one.on) for one in own) <= 1
    return expression.operator in _LINEAR or (expression.operator == "divide" and not own[1].on)


def moments(expressions: Iterable[Expression], of: Callable[[str], Shape]) -> list[Expression]:
    """Return what time is compared with, where that hangs on no state: when something changes for who waits."""
    found = []
    for expression in expressions:
        for relation in _relations(expression):
            for one, other in pairwise(relation.arguments):
                for time, moment in ((one, other), (other, one)):
                    if time == Name(TIME) and not shape(moment, of).on and moment not in found:
                        found.append(moment)
    return found


def _relations(expression: Expression) -> Iterator[Apply]:
    if isinstance(expression, Apply) and expression.operator in _RELATIONS:
        yield expression
    for part in parts(expression):
        yield from _relations(part)


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)

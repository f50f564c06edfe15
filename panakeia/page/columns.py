"""Columns: the numbers of a column written alike, so that their digits stand under each other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from panakeia.cells import cell

_DIGITS = 4
"""Digits that the largest number of a column is written with."""


@dataclass(frozen=True)
class Column:
    """A column of a table as it is read: its cells, and whether they are numbers, which stand to the right."""

    name: str
    is_number: bool
    cells: list[str]


def in_columns(rows: Sequence[Mapping[str, Any]], names: Sequence[Any]) -> list[Column]:
    """Return rows as their columns.

    >>> in_columns([{"drug": "metformin", "score": 0.9}], ["drug", "score"])[1]
    Column(name='score', is_number=True, cells=['0.9000'])
    """
    found = []
    for name in names:
        values = [row[name] for row in rows]
        told = [one for one in values if cell(one)]
        is_number = bool(told) and all(isinstance(one, Real) and not isinstance(one, bool) for one in told)
        found.append(Column(str(name), is_number, alike(values)))
    return found


def fixed(value: float | None, decimals: int) -> str:
    """Return a number with so many decimals; nothing for none, and what is too small for them says so.

    >>> fixed(0.5, 2), fixed(0.0001, 3), fixed(None, 2)
    ('0.50', '<0.001', '')
    """
    if value is None or value != value:
        return ""
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if 0.0 < value < least / 2 else f"{value:z,.{decimals}f}"


def alike(values: Sequence[Any]) -> list[str]:
    """Return the cells of a column: where all are fractions of like size, each with as many decimals as the others.

    >>> alike([0.9126, 0.1, None]), alike([115.0, 2.5]), alike([1e-9, 0.5]), alike(["a", 1.5])
    (['0.9126', '0.1000', ''], ['115.0', '2.5'], ['1e-09', '0.5'], ['a', '1.5'])
    """
    numbers = [one for one in values if isinstance(one, float) and math.isfinite(one) and one]
    told = [one for one in values if one is not None and one == one]
    if not numbers or len(numbers) < len([one for one in told if one != 0]) or all(one.is_integer() for one in numbers):
        return [cell(one) for one in values]
    decimals = max(_DIGITS - 1 - math.floor(math.log10(max(abs(one) for one in numbers))), 0)
    if min(abs(one) for one in numbers) < 10.0**-decimals / 2:
        return [cell(one) for one in values]
    return ["" if one is None or one != one else f"{one:z,.{decimals}f}" for one in values]

"""Numbers as text: decimal notation, with an exponent or without; nothing else is a number."""

import math
import re

_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_ZERO = re.compile(r"[1-9]")


def number(text: str) -> float | None:
    """Return the number that a text states, or None where it states none, or one beyond a float's reach.

    Python's `float` also takes `1_0`, `nan`, `inf`, full-width digits and spaces; it makes 1e999 infinite, 1e-999 zero.

    >>> number("-1.5e3"), number("1_0"), number("nan"), number("1e999"), number("1e-999")
    (-1500.0, None, None, None, None)
    """
    if not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    vanished = value == 0 and _NOT_ZERO.search(re.split("[eE]", text)[0])
    return None if math.isinf(value) or vanished else value

"""Settings in TOML: read whole, or refused with the file's name and the line or the key."""

import math
import tomllib
from pathlib import Path
from typing import Any

from kg.files.number import number
from kg.files.text import FileError, read_text

DEEPEST = 32
"""Tables and lists inside each other; more are no settings."""
_TOO_DEEP = f"more than {DEEPEST} tables and lists inside each other"

_SHOWN = 60
"""Longest key that an error shows, in characters."""


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises `FileError` for a file that is not UTF-8 or not TOML (v1.0), for tables and lists nested too deep, and for
    numbers that are not finite or not exact: whole numbers have 64 bits. Raises `OSError` for what cannot be opened.
    """
    text = read_text(path)
    try:
        content = tomllib.loads(text, parse_float=_finite_or_nan)
    except RecursionError:
        raise FileError(f"{path}: {_TOO_DEEP}") from None
    except ValueError as failure:  # beside TOMLDecodeError, Python's own limit of a whole number's digits
        raise FileError(f"{path}: not valid TOML: {failure}") from None
    _check_values(path, content)
    return content


def _finite_or_nan(text: str) -> float:
    value = number(text.replace("_", ""))  # TOML groups digits by underscores
    return math.nan if value is None else value


def _check_values(path: str | Path, content: dict[str, Any]) -> None:
    """Refuse a number that no setting is, and what is nested too deep; keys come as a user writes them."""
    left: list[tuple[str, int, Any]] = [("", 0, content)]
    while left:
        key, depth, value = left.pop()
        shown = key if len(key) <= _SHOWN else key[:_SHOWN] + "..."
        if depth > DEEPEST:
            raise FileError(f"{path}, {shown}: {_TOO_DEEP}")
        if isinstance(value, float) and math.isnan(value):
            raise FileError(f"{path}, {shown}: expected a finite number that 64 bits can hold")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise FileError(f"{path}, {shown}: expected a whole number that 64 bits can hold")
        if isinstance(value, dict):
            left += [(f"{key}.{name}" if key else name, depth + 1, part) for name, part in value.items()]
        elif isinstance(value, list):
            left += [(f"{key}[{place}]", depth + 1, part) for place, part in enumerate(value)]

"""Quantities: a number with its unit and where it comes from, or why it was chosen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """A value from the literature, with its unit and where it was read."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Assumed:
    """A value that no source settles, with its unit and why it was chosen; it reaches the report."""

    value: float
    unit: str
    reason: str


Quantity = Measured | Assumed

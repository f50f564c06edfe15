"""Assumption: what is taken for granted, told by what it is true of."""

from typing import NamedTuple

STATED = "stated by the design"


class Assumption(NamedTuple):
    """What is taken for granted: about what, in words; its value where it is a number, its unit, and why."""

    about: str
    assumption: str
    value: float | None = None
    unit: str = ""
    reason: str = ""

"""What a dose is to do: a value or a range of an observable, and limits that it must keep; read from short texts."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from kg.files.number import number
from twin.model import Model


class DoseError(ValueError):
    """A dose search that cannot be done as asked; the message says what came and what is expected."""


@dataclass(frozen=True)
class Target:
    """An observable is to have the value `low`, or to be between `low` and `high` for as long as may be."""

    observable: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise DoseError(f"the target's range is {self.low:g} to {self.high:g}; expected the lower bound first")

    @property
    def is_range(self) -> bool:
        """Whether it is a range of values."""
        return self.low < self.high

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.observable}={self.low:g}" + (f":{self.high:g}" if self.is_range else "")


@dataclass(frozen=True)
class Limit:
    """An observable is to stay below a bound, or above it, throughout the interval that is looked at."""

    observable: str
    below: bool
    bound: float

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.observable}{'<' if self.below else '>'}{self.bound:g}"


def parse_target(text: str, model: Model) -> Target:
    """Read a target, OBSERVABLE=2.5 or OBSERVABLE=2:3.

    Raises `DoseError` for another form, and for an observable that the model has none of.
    """
    name, equals, value = text.partition("=")
    low, colon, high = value.partition(":")
    bounds = [number(low.strip()), number(high.strip()) if colon else number(low.strip())]
    if not equals or bounds[0] is None or bounds[1] is None:
        raise DoseError(f"target {text!r}: expected OBSERVABLE=2.5, or a range, OBSERVABLE=2:3")
    return Target(_observable(name, model.observables, model), bounds[0], bounds[1])


def parse_limit(text: str, model: Model) -> Limit:
    """Read a limit, OBSERVABLE<4 or OBSERVABLE>1.

    Raises `DoseError` for another form, and for an observable that the model has none of.
    """
    found = re.fullmatch(r"([^<>=]+)([<>])=?([^<>=]+)", text)
    bound = number(found.group(3).strip()) if found else None
    if found is None or bound is None:
        raise DoseError(f"limit {text!r}: expected OBSERVABLE<4 or OBSERVABLE>1")
    return Limit(_observable(found.group(1), model.observables, model), found.group(2) == "<", bound)


def parse_hours(text: str) -> float:
    """Read a length of time, a number with the unit h or d, in hours.

    >>> parse_hours("12h"), parse_hours("1.5d")
    (12.0, 36.0)
    """
    value = number(text.strip()[:-1].strip())
    if value is None or value < 0 or text.strip()[-1:] not in ("h", "d"):
        raise DoseError(f"time {text!r}: expected a number and a unit, h or d, such as 12h")
    return value * (24.0 if text.strip()[-1] == "d" else 1.0)


def _observable(name: str, known: Collection[str], model: Model) -> str:
    """Return the observable that a name means, in whatever capitals."""
    folded = {one.casefold(): one for one in known}
    found = folded.get(name.strip().casefold())
    if found is None:
        raise DoseError(f"{model.name} does not observe {name.strip()!r}; expected one of {', '.join(known)}")
    return found

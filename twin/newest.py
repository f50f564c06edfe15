"""Newest: which of several measurements of a quantity counts, from a graph's record and from a chart in hand alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twin.covariates import Continuous


@dataclass(frozen=True)
class Reading:
    """One measurement under a code, as it was written; its day is since 1970-01-01, None where it has none."""

    code: str
    value: float
    unit: str | None
    day: int | None = None
    minute: int | None = None

    @property
    def when(self) -> tuple[float, float]:
        """What readings are put in order by: what has no day, or of a day no minute, comes before what has one."""
        least = float("-inf")
        return (least if self.day is None else self.day), (least if self.minute is None else self.minute)


@dataclass(frozen=True)
class Newest:
    """The newest value of a quantity in the model's unit, and its day; None where nothing of it has a day."""

    value: float
    day: int | None


def newest(readings: Iterable[Reading], by_code: Mapping[str, Continuous]) -> dict[str, Newest]:
    """Return the newest value of each quantity that a model takes from records, by its name.

    `by_code` says under which codes they stand (`twin.covariates.recorded_codes`). Of equal moments the reading that
    comes last counts. What is under another code, or in a unit that the model does not know, is not used.
    """
    found: dict[str, tuple[Reading, float]] = {}
    for one in readings:
        quantity = by_code.get(one.code)
        recorded = None if quantity is None else quantity.recorded
        factor = None if recorded is None else recorded.units.get(one.unit or "")
        if quantity is None or factor is None:
            continue
        if quantity.name not in found or one.when >= found[quantity.name][0].when:
            found[quantity.name] = one, one.value * factor
    return {name: Newest(value, one.day) for name, (one, value) in found.items()}

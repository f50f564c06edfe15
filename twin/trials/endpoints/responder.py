"""Responder: whether a measurement, or its change, is on the right side of a bound."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from twin.trials.course import Course
from twin.trials.endpoints.measured import Measured, percent_of
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.endpoints.share import YesOrNo
from twin.trials.grid import Grid
from twin.trials.units import Observed


class Responder(YesOrNo, Measured):
    """1 for who responds: what is measured, or its change (`of`), is at least or at most a bound; else 0.

    Who is not seen at that visit is no responder, unless `missing` is "left_out".
    """

    kind: Literal["responder"] = "responder"
    of: Literal["value", "change", "percent_change"] = "value"
    at_least: Observed | None = None
    at_most: Observed | None = None
    missing: Literal["no_response", "left_out"] = "no_response"

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("expected either at_least or at_most, the bound that makes a responder")
        return self

    def outcome(self, course: Course) -> Outcome:
        """Return who responds."""
        first, last = self.baseline(course), self.at_visit(course)
        counted = last if self.of == "value" else last - first
        if self.of == "percent_change":
            counted = percent_of(counted, first)
        met = counted >= self.at_least if self.at_least is not None else counted <= (self.at_most or 0.0)
        absent = np.nan if self.missing == "left_out" else 0.0
        return Value(np.where(np.isfinite(counted), met.astype(np.float64), absent), first)

    @property
    def from_baseline(self) -> bool:
        """Whether there is no outcome without a baseline."""
        return self.of != "value"

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        bound = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        told = "" if self.of == "value" else f"a {self.of.replace('_', ' ')} of "
        absent = ", who is not seen counting as no responder" if self.missing == "no_response" else ""
        return f"the share with {told}{self.observable} {bound} {self.when(grid)}{absent}"

    @property
    def wanted(self) -> tuple[float | None, float | None] | None:
        """The range of who responds, where what is measured counts, not its change."""
        return (self.at_least, self.at_most) if self.of == "value" else None

"""Composite: whether all, or any, of several binary endpoints are met."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import model_validator

from kg.files.checked import at_least
from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Value
from twin.trials.endpoints.share import YesOrNo
from twin.trials.grid import Grid

BINARY = ("responder", "ever")


class Composite(YesOrNo):
    """1 where `all` (or `any`) of its parts are 1; a part that is not known makes it unknown."""

    kind: Literal["composite"] = "composite"
    need: Literal["all", "any"]
    parts: Annotated[tuple[Endpoint, ...], at_least(2)]

    @model_validator(mode="after")
    def _binary(self) -> Self:
        others = [part.name for part in self.parts if part.kind not in BINARY]
        if others:
            raise ValueError(f"parts: {', '.join(others)} are no yes or no; expected kinds {' and '.join(BINARY)}")
        return self

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course."""
        return tuple({name: None for part in self.parts for name in part.observables})

    def outcome(self, course: Course) -> Outcome:
        """Return who meets it."""
        return self._joined([part.outcome(course) for part in self.parts])

    def outcome_until(self, course: Course, day: Floats) -> Outcome:
        """Return who meets it by a day [patient], on which treatment ended."""
        return self._joined([part.outcome_until(course, day) for part in self.parts])

    @property
    def at_one_visit(self) -> bool:
        """Whether a part of it is what is measured at one visit."""
        return any(part.at_one_visit for part in self.parts)

    def _joined(self, found: list[Outcome]) -> Value:
        values = np.array([one.value for one in found if isinstance(one, Value)])
        return Value(values.min(axis=0) if self.need == "all" else values.max(axis=0))

    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words."""
        joined = " and ".join(part.words(grid, leave=leave) for part in self.parts)
        return f"the share who meet {self.need} of: {joined}"

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        return [f"parts[{place}].{told}" for place, part in enumerate(self.parts) for told in part.mistakes(grid)]
